"""From the settings to how a push, a redrive or a reading back behaves."""

from babynames_assets.resilience.backoff import Backoff
from babynames_assets.settings import Settings
from babynames_assets.sync.leases import LeaseTerms
from babynames_assets.sync.reconcile_walk import ReconcileOptions
from babynames_assets.sync.report import PushOptions


def push_options(settings: Settings, *, requests_in_flight: int) -> PushOptions:
    """What the settings say.

    Args:
        settings: the settings.
        requests_in_flight: for how many calls side by side the client was made.
    """
    hubspot, letters = settings.hubspot, settings.dead_letters
    return PushOptions(
        requests_in_flight=requests_in_flight,
        removed_contacts=hubspot.removed_contacts,
        max_archive_share=hubspot.max_archive_share,
        plan_required_above=hubspot.plan_required_above,
        lease=LeaseTerms(seconds=hubspot.lease_seconds, wait=hubspot.lease_wait),
        stop_seconds=hubspot.stop_seconds,
        backoff=Backoff(attempts=letters.attempts, first_wait=letters.first_wait, max_wait=letters.max_wait),
    )


def reconcile_options(
    settings: Settings, *, requests_in_flight: int, repair: bool, archive_unknown: bool, from_start: bool
) -> ReconcileOptions:
    """What the settings say, and what was asked for.

    Args:
        settings: the settings.
        requests_in_flight: for how many calls side by side the client was made.
        repair: have the next sync send again what differs.
        archive_unknown: archive contacts that have no row.
        from_start: do not go on from where the last run stopped.
    """
    return ReconcileOptions(
        repair=repair,
        archive_unknown=archive_unknown,
        from_start=from_start,
        max_archive_share=settings.hubspot.max_archive_share,
        requests_in_flight=requests_in_flight,
        stop_seconds=settings.hubspot.stop_seconds,
    )
