"""Tests of the plan: it says exactly what the sync that follows does."""

import datetime as dt
import random
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from babynames_assets.errors import FatalError
from babynames_assets.sync.plan import Calls, SyncPlan
from babynames_assets.sync.report import PushReport
from babynames_assets.warehouse.sync_differences import DifferenceExample, YearDifference
from babynames_assets_tests.sync.conftest import Sync
from babynames_assets_tests.sync.planning import CONTACTS, calls_of, plan, push
from babynames_assets_tests.sync.test_push import names

UPSERT, ARCHIVE, READ = (f"POST {CONTACTS}/batch/{name}" for name in ("upsert", "archive", "read"))


def done(report: PushReport) -> tuple[int, int, int]:
    """Contacts created, updated and archived."""
    years = report.years.values()
    return (
        sum(year.created for year in years),
        sum(year.updated for year in years),
        sum(year.archived for year in years),
    )


def planned(made: SyncPlan) -> tuple[int, int, int]:
    """Contacts to create, to update and to archive."""
    return made.totals.create, made.totals.update, made.totals.archive


def test_a_new_warehouse_is_all_to_be_created(sync: Sync) -> None:
    """250 rows of two years are three upserts: batches are filled across years."""
    sync.load(2001, names(150))
    sync.load(2002, names(100))

    made = plan(sync)

    assert made.years == {2001: YearDifference(create=150), 2002: YearDifference(create=100)}
    assert made.totals == YearDifference(create=250)
    assert made.calls == Calls(schema=5, upsert=3, look_up=0, archive=0)
    assert made.calls.total == 8


def test_what_is_up_to_date_costs_nothing(sync: Sync) -> None:
    """Not a single call, and so does the sync."""
    sync.load(2001, names(30))
    push(sync, 2001)

    made = plan(sync)

    assert made.years == {2001: YearDifference(unchanged=30, recorded=30)}
    assert made.calls.total == 0
    assert made.seconds == 0
    assert not calls_of(sync.hubspot, lambda: push(sync, 2001))


def test_a_yearly_release_makes_exactly_the_calls_that_were_planned(sync: Sync) -> None:
    """A new year, revisions and a few removals in old ones: the counts of each year, and each kind of call, hold."""
    rng = random.Random(1880)  # noqa: S311 - the same rows in every run
    everything = {year: {name: rng.randint(5, 900) for name in names(120)} for year in range(2001, 2007)}
    for year, rows in everything.items():
        sync.load(year, rows)
    push(sync, *everything)
    for rows in everything.values():
        rows.update({name: rows[name] + 1 for name in rng.sample(sorted(rows), 25)})
        for name in rng.sample(sorted(rows), 3):
            del rows[name]
        rows["Newcomer"] = 5
    everything[2007] = names(210)
    for year, rows in everything.items():
        sync.load(year, rows)
    made = plan(sync)
    reports: list[PushReport] = []

    calls = calls_of(sync.hubspot, lambda: reports.append(push(sync, *everything, plan_id=made.plan_id)))

    assert planned(made) == done(reports[0])
    for year, found in made.years.items():
        did = reports[0].years[year]
        assert (found.create, found.update, found.archive) == (did.created, did.updated, did.archived), year
    assert (calls[UPSERT], calls[ARCHIVE], calls[READ]) == (made.calls.upsert, made.calls.archive, 0)
    assert calls.total() == made.calls.total
    assert (made.calls.upsert, made.calls.archive) == (4, 1)
    assert plan(sync).calls.total == 0


def test_contacts_that_have_to_be_looked_up_first_are_calls_too(sync: Sync) -> None:
    """A contact that HubSpot refused has no id; when its row goes, HubSpot is asked whether it is there."""
    sync.load(2001, names(10))
    sync.hubspot.order(kind="conflict", path="/batch/upsert", contains="2001-F-Nameaa", times=1000)
    push(sync, 2001)
    rows = names(10)
    del rows["Nameaa"], rows["Nameab"]
    sync.load(2001, rows)
    made = plan(sync)

    calls = calls_of(sync.hubspot, lambda: push(sync, 2001))

    assert made.years[2001] == YearDifference(unchanged=8, archive=2, uncertain=1, recorded=10)
    assert made.calls == Calls(schema=0, upsert=0, look_up=1, archive=1)
    assert calls == Counter({READ: 1, ARCHIVE: 1})


def test_refused_rows_wait_and_cost_no_call(sync: Sync) -> None:
    """They are shown, and a sync does not send them."""
    sync.load(2001, {"Mary": 1, "Anna": 1})
    sync.hubspot.order(kind="conflict", path="/batch/upsert", contains="2001-F-Mary", times=1000)
    push(sync, 2001)

    made = plan(sync)

    assert made.totals == YearDifference(unchanged=1, refused=1, recorded=2)
    assert made.calls.total == 0


def test_kept_contacts_are_no_work(sqlite_sync: Sync) -> None:
    """Where removed contacts are kept, they are counted apart, and no example shows them as archived."""
    sqlite_sync.load(2001, names(10))
    push(sqlite_sync, 2001)
    sqlite_sync.load(2001, names(7))

    made = plan(sqlite_sync, removed_contacts="keep")

    assert made.totals == YearDifference(unchanged=7, recorded=10)
    assert (made.kept, made.calls.total, made.examples) == (3, 0, [])


def test_a_plan_speaks_of_the_years_asked_for(sqlite_sync: Sync) -> None:
    """Others are left out, also where they have work."""
    for year in (2001, 2002, 2003):
        sqlite_sync.load(year, names(5))

    made = plan(sqlite_sync, 2002, 2010)

    assert list(made.years) == [2002, 2003]
    assert (made.first_year, made.last_year) == (2002, 2010)
    everything = plan(sqlite_sync)
    assert (everything.first_year, everything.last_year) == (2001, 2003)


def test_a_plan_of_nothing_is_refused(sqlite_sync: Sync) -> None:
    """A year that is not there is more likely a slip than a wish."""
    with pytest.raises(FatalError, match=r"no row and no contact at all: materialize warehouse/baby_names first"):
        plan(sqlite_sync)
    sqlite_sync.load(2001, names(1))
    with pytest.raises(FatalError, match="no row and no contact of 1950 to 1959"):
        plan(sqlite_sync, 1950, 1959)


def test_examples_show_old_and_new_births(sqlite_sync: Sync) -> None:
    """The old ones are those that HubSpot confirmed."""
    sqlite_sync.load(2001, {"Mary": 7, "Gone": 3, "Same": 1})
    push(sqlite_sync, 2001)
    sqlite_sync.load(2001, {"Mary": 8, "New": 2, "Same": 1})

    assert plan(sqlite_sync).examples == [
        DifferenceExample("create", 2001, "F", "New", None, 2),
        DifferenceExample("update", 2001, "F", "Mary", 7, 8),
        DifferenceExample("archive", 2001, "F", "Gone", 3, None),
    ]


@pytest.mark.parametrize(
    ("tier", "calls_per_day", "seconds"),
    [("free", 250_000, 2.48), ("professional", 625_000, 1.3), ("oauth_app", None, 2.25)],
)
def test_the_cost_is_that_of_the_tier(sqlite_sync: Sync, tier: str, calls_per_day: int | None, seconds: float) -> None:
    """25 upserts and 5 looks at the schema: as a share of the day, and at about twelve calls a second or more."""
    for year in range(2001, 2006):
        sqlite_sync.load(year, names(500))

    made = plan(sqlite_sync, tier=tier)

    assert made.calls.total == 30
    assert made.calls_per_day == calls_per_day
    assert made.share_of_day == (30 / calls_per_day if calls_per_day else None)
    assert made.seconds == pytest.approx(seconds, abs=0.005)


def test_years_that_lose_too_much_are_named(sqlite_sync: Sync) -> None:
    """A sync without this plan would refuse them."""
    for year in (2001, 2002):
        sqlite_sync.load(year, names(10))
        push(sqlite_sync, year)
    sqlite_sync.load(2001, names(3))
    sqlite_sync.load(2002, names(6))

    assert plan(sqlite_sync).needs_plan == [2001]
    assert plan(sqlite_sync, max_archive_share=0.1).needs_plan == [2001, 2002]
    assert plan(sqlite_sync, max_archive_share=0.1, removed_contacts="keep").needs_plan == []


def test_a_plan_is_good_for_a_day_or_as_long_as_is_set(sqlite_sync: Sync) -> None:
    """Its moments carry their zone."""
    sqlite_sync.load(2001, names(1))

    made = plan(sqlite_sync)

    assert made.expires_at - made.made_at == dt.timedelta(hours=24)
    assert made.made_at.tzinfo is dt.UTC
    assert plan(sqlite_sync, plan_valid_hours=0.5).expires_at < made.expires_at


def test_planning_asks_nothing_of_hubspot(sqlite_sync: Sync) -> None:
    """It needs no token and no network."""
    sqlite_sync.load(2001, names(3))

    assert not calls_of(sqlite_sync.hubspot, lambda: plan(sqlite_sync))


births = st.dictionaries(st.sampled_from(list(names(12))), st.integers(1, 3), min_size=1)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=births, second=births)
def test_whatever_changes_the_sync_does_what_the_plan_says(
    sqlite_sync: Sync, first: dict[str, int], second: dict[str, int]
) -> None:
    """Any two states of a year: contacts and calls are those of the plan."""
    for rows in (first, second):
        sqlite_sync.load(1999, rows)
        made = plan(sqlite_sync)
        reports: list[PushReport] = []

        def sync(plan_id: str = made.plan_id, reports: list[PushReport] = reports) -> None:
            reports.append(push(sqlite_sync, 1999, plan_id=plan_id))

        calls = calls_of(sqlite_sync.hubspot, sync)

        assert done(reports[0]) == planned(made)
        assert (calls[UPSERT], calls[ARCHIVE]) == (made.calls.upsert, made.calls.archive)
