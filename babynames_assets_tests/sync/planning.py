"""Plans and syncs by plan, for the tests of both."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from babynames_assets.setting_groups import HubSpotSettings
from babynames_assets.sync.approval import push_approved
from babynames_assets.sync.plan import SyncPlan, plan_sync
from babynames_assets.sync.report import PushReport
from babynames_assets_tests.hubspot.emulated import Emulated
from babynames_assets_tests.sync.conftest import ARCHIVE, Sync

CONTACTS = "/crm/objects/2026-03/contacts"


def hubspot_settings(**changes: Any) -> HubSpotSettings:
    """Settings under which half of a year may be archived."""
    return HubSpotSettings(**{"max_archive_share": 0.5, **changes})


def plan(sync: Sync, first: int | None = None, last: int | None = None, **changes: Any) -> SyncPlan:
    """Plan a sync of a year, a range, or all."""
    years = None if first is None else (first, last or first)
    return plan_sync(sync.engine, years, hubspot_settings(**changes))


def push(sync: Sync, *years: int, plan_id: str | None = None, **changes: Any) -> PushReport:
    """Sync some years as a new process does, with a client of its own."""
    client = sync.hubspot.client()
    try:
        return push_approved(
            sync.engine,
            client,
            years,
            plan_id=plan_id,
            run_id="test",
            options=replace(ARCHIVE, **changes),
            on_batch=lambda _report: None,
        )
    finally:
        client.close()


def calls_of(hubspot: Emulated, work: Callable[[], object]) -> Counter[str]:
    """The calls that some work makes, by method and path."""
    before = Counter(hubspot.stats()["by_path"])
    work()
    return Counter(hubspot.stats()["by_path"]) - before
