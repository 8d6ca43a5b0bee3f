"""The code location: everything that Dagster loads, wired in one place."""

from babynames_assets.startup import without_collecting

with without_collecting():
    import dagster as dg

    from babynames_assets.assets import hubspot, raw, validated, warehouse
    from babynames_assets.checks.hubspot import (
        contact_checks,
        hubspot_holds_what_the_warehouse_says,
        open_dead_letters_are_below_the_threshold,
    )
    from babynames_assets.checks.raw import the_kept_file_is_whole
    from babynames_assets.checks.validated import frame_checks
    from babynames_assets.checks.warehouse import table_checks
    from babynames_assets.instance import file_batches, migration_scripts
    from babynames_assets.instance.executor import watched_in_process_executor
    from babynames_assets.jobs.freshness import check_freshness_job
    from babynames_assets.jobs.prepare_years import prepare_years_job
    from babynames_assets.jobs.prune_instance import prune_instance_job
    from babynames_assets.jobs.reconcile import reconcile_contacts_job
    from babynames_assets.jobs.redrive import redrive_dead_letters_job
    from babynames_assets.resources.hubspot import HubSpotFactory
    from babynames_assets.resources.kaggle import FrameStoreFactory, KaggleFactory, KaggleWatchFactory, RawFilesFactory
    from babynames_assets.resources.notifier import NotifierFactory
    from babynames_assets.resources.settings import SettingsFactory
    from babynames_assets.resources.warehouse import WarehouseFactory
    from babynames_assets.schedules import (
        daily_refresh,
        freshness_every_four_hours,
        new_year_partitions,
        weekly_prune,
        weekly_reconcile,
    )
    from babynames_assets.sensors.changed_years import changed_years
    from babynames_assets.sensors.due_dead_letters import due_dead_letters
    from babynames_assets.sensors.failed_checks import failed_checks
    from babynames_assets.sensors.failed_runs import failed_runs
    from babynames_assets.sensors.heartbeat import heartbeat
    from babynames_assets.sensors.landed_file import landed_file
    from babynames_assets.sensors.new_kaggle_version import new_kaggle_version
    from babynames_assets.sensors.notifications_due import notifications_due
    from babynames_assets.sensors.paused_syncs import paused_syncs
    from babynames_assets.sensors.standing_troubles import standing_troubles

file_batches.store_them_together()
migration_scripts.name_them_by_path()

defs = dg.Definitions(
    assets=[
        raw.KAGGLE_DATASET,
        raw.baby_names_csv,
        validated.baby_names,
        warehouse.baby_names,
        hubspot.contacts,
    ],
    asset_checks=[
        the_kept_file_is_whole,
        frame_checks,
        table_checks,
        contact_checks,
        hubspot_holds_what_the_warehouse_says,
        open_dead_letters_are_below_the_threshold,
    ],
    jobs=[check_freshness_job, prepare_years_job, prune_instance_job, reconcile_contacts_job, redrive_dead_letters_job],
    sensors=[
        changed_years,
        due_dead_letters,
        failed_checks,
        failed_runs,
        heartbeat,
        landed_file,
        new_kaggle_version,
        notifications_due,
        paused_syncs,
        standing_troubles,
    ],
    schedules=[daily_refresh, freshness_every_four_hours, new_year_partitions, weekly_prune, weekly_reconcile],
    resources={
        "settings": SettingsFactory(),
        "kaggle": KaggleFactory(),
        "kaggle_watch": KaggleWatchFactory(),
        "raw_files": RawFilesFactory(),
        "frames": FrameStoreFactory(),
        "warehouse": WarehouseFactory(),
        "hubspot": HubSpotFactory(),
        "notifier": NotifierFactory(),
    },
    # A chain of four steps gains nothing from a process a step, and each process costs seconds.
    executor=watched_in_process_executor,
)
