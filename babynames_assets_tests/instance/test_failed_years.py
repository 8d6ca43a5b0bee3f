"""Tests of which years Dagster says failed, by real runs on SQLite, MySQL and MariaDB."""

import dagster as dg

from babynames_assets.instance.failed_years import failed_years

YEARS = dg.StaticPartitionsDefinition(["2001", "2002", "2003", "2004"])


@dg.asset(partitions_def=YEARS, key=["place", "thing"])
def thing(context: dg.AssetExecutionContext) -> None:
    """An asset that fails on order."""
    if context.run.tags.get("fails"):
        raise dg.Failure("on purpose")


def run(instance: dg.DagsterInstance, year: str, *, fails: bool = False) -> str:
    """One run of one year."""
    tags = {"fails": "yes"} if fails else {}
    return dg.materialize([thing], instance=instance, partition_key=year, tags=tags, raise_on_error=False).run_id


def test_a_year_failed_when_its_last_run_did(any_instance: dg.DagsterInstance) -> None:
    """Not when a later one made it, and not when none was asked for."""
    run(any_instance, "2001")
    failed = run(any_instance, "2001", fails=True)
    run(any_instance, "2002", fails=True)
    run(any_instance, "2002")
    canceled = run(any_instance, "2003", fails=True)
    record = any_instance.get_run_by_id(canceled)
    assert record is not None
    any_instance.report_run_canceled(record)

    found = failed_years(any_instance, ["place/thing"])

    assert [(one.year, one.run_id, one.status) for one in found] == [
        (2001, failed, "failure"),
        (2003, canceled, "canceled"),
    ]


def test_a_run_under_way_has_not_failed(any_instance: dg.DagsterInstance) -> None:
    """Nor has an asset that nobody ever asked for."""
    job = dg.define_asset_job("all_of_it", "*").resolve(asset_graph=dg.Definitions([thing]).resolve_asset_graph())
    any_instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED, tags={"dagster/partition": "2001"})

    assert failed_years(any_instance, ["place/thing", "no/asset"]) == []
