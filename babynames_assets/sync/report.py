"""What a push did, and how it was asked to."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from babynames_assets.resilience.backoff import Backoff
from babynames_assets.sync.leases import LeaseTerms


@dataclass
class YearPush:
    """What a push did in one year, in contacts."""

    created: int = 0
    updated: int = 0
    refused: int = 0
    archived: int = 0


@dataclass(frozen=True)
class PushOptions:
    """How a push behaves; the fields are the settings of the same names.

    Attributes:
        requests_in_flight: batches sent side by side.
        removed_contacts: what happens to the contact of a row that has gone.
        max_archive_share: the largest share of a year's contacts that may be archived.
        approved_archives: so many contacts of a year may be archived whatever their share, because a plan shows them.
        plan_required_above: so many contacts may be written and archived without a plan; None for any number.
        lease: how the years are held against other syncs.
        stop_seconds: how long answers are waited for when somebody wants this process to end.
        backoff: when a contact that is refused is tried again.
    """

    requests_in_flight: int
    removed_contacts: Literal["archive", "keep"]
    max_archive_share: float
    approved_archives: Mapping[int, int] = field(default_factory=dict)
    plan_required_above: int | None = None
    lease: LeaseTerms = field(default_factory=LeaseTerms)
    stop_seconds: float = 20.0
    backoff: Backoff = field(default_factory=Backoff)


@dataclass
class PushReport:
    """What a push did, by year.

    Attributes:
        years: the counts.
        paused_until: when the rest can be sent, if the calls of the day were spent before all was done.
    """

    years: dict[int, YearPush] = field(default_factory=dict)
    paused_until: dt.datetime | None = None

    @property
    def contacts(self) -> int:
        """Contacts for which HubSpot gave an answer."""
        return sum(year.created + year.updated + year.refused + year.archived for year in self.years.values())
