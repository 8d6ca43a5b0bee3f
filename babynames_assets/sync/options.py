"""From the settings to how a push or a redrive behaves."""

from babynames_assets.resilience.backoff import Backoff
from babynames_assets.settings import Settings
from babynames_assets.sync.leases import LeaseTerms
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
