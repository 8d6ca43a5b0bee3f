"""Tests of the plan that a sync is held to."""

import datetime as dt

import pytest

from babynames_assets.errors import FatalError
from babynames_assets.sync.approval import PlanError
from babynames_assets.sync.report import YearPush
from babynames_assets.warehouse import ledger, tables
from babynames_assets.warehouse.baby_names import LoadCounts
from babynames_assets.warehouse.engine import Connection, run_in_transaction
from babynames_assets.warehouse.ledger import YearRecord
from babynames_assets_tests.sync.conftest import Sync
from babynames_assets_tests.sync.planning import calls_of, plan, push
from babynames_assets_tests.sync.test_push import names


def age(sync: Sync, by: dt.timedelta) -> None:
    """Make every plan older."""
    columns = tables.sync_plans.c

    def work(connection: Connection) -> None:
        for row in connection.execute(tables.sync_plans.select()).all():
            moments = {
                name: getattr(row, name) - by
                for name in ("made_at", "expires_at", "begun_at")
                if getattr(row, name) is not None
            }
            connection.execute(tables.sync_plans.update().where(columns.plan_id == row.plan_id).values(moments))

    run_in_transaction(sync.engine, work)


def enter(sync: Sync, year: int, digest: str) -> None:
    """Enter in the ledger that a year was brought to a content."""
    record = YearRecord(year, lines=3, valid=3, merged=0, duplicates=0, rejected=0, digest=digest)
    counts = LoadCounts(inserted=3, updated=0, deleted=0, unchanged=0)
    run_in_transaction(
        sync.engine, lambda connection: ledger.record_load(connection, "f" * 64, record, counts, run_id="test")
    )


def test_a_sync_over_the_set_size_needs_a_plan(sync: Sync) -> None:
    """The message says the size, the setting, and the two commands; HubSpot is not asked for anything."""
    sync.load(2001, names(20))

    def refused() -> None:
        with pytest.raises(PlanError, match=r"20 contacts; more than 19 .*PLAN_REQUIRED_ABOVE.*sync plan --years 2001"):
            push(sync, 2001, plan_required_above=19)

    assert not calls_of(sync.hubspot, refused)
    assert push(sync, 2001, plan_required_above=20).years[2001] == YearPush(created=20)


def test_a_sync_with_its_plan_is_carried_out(sync: Sync) -> None:
    """The plan lifts the limit for what it shows."""
    sync.load(2001, names(20))
    made = plan(sync)

    report = push(sync, 2001, plan_id=made.plan_id, plan_required_above=0)

    assert report.years[2001] == YearPush(created=20)


def test_what_is_archived_counts_for_the_size(sqlite_sync: Sync) -> None:
    """Removing is work like writing; contacts that are kept are not."""
    sqlite_sync.load(2001, names(20))
    push(sqlite_sync, 2001)
    sqlite_sync.load(2001, names(15))

    with pytest.raises(PlanError, match="5 contacts; more than 4"):
        push(sqlite_sync, 2001, plan_required_above=4)

    push(sqlite_sync, 2001, plan_required_above=4, removed_contacts="keep")


def test_a_plan_is_good_for_one_sync(sync: Sync) -> None:
    """The second one is told when it was carried out."""
    sync.load(2001, names(20))
    made = plan(sync)
    push(sync, 2001, plan_id=made.plan_id)

    with pytest.raises(PlanError, match=rf"{made.plan_id} was carried out by {dt.datetime.now(dt.UTC):%Y-%m-}"):
        push(sync, 2001, plan_id=made.plan_id)


def test_an_id_that_is_none_is_refused_with_the_command(sync: Sync) -> None:
    """A slip of the pen syncs nothing."""
    sync.load(2001, names(2))
    sync.load(2005, names(2))

    with pytest.raises(PlanError, match=r"no plan 'nonsense'.*babynames sync plan --years 2001-2005"):
        push(sync, 2001, 2005, plan_id="nonsense")

    assert sync.hubspot.births() == {}


def test_a_plan_expires(sync: Sync) -> None:
    """What was approved long ago is looked at again."""
    sync.load(2001, names(2))
    made = plan(sync)
    age(sync, dt.timedelta(hours=25))

    with pytest.raises(PlanError, match=rf"{made.plan_id} expired at .*Make another"):
        push(sync, 2001, plan_id=made.plan_id)


def test_a_plan_that_was_begun_does_not_expire(sync: Sync) -> None:
    """A sync that waits for the next day's calls goes on with its plan."""
    sync.load(2001, names(250))
    made = plan(sync)
    sync.hubspot.order(kind="missing_scopes", path="/batch/upsert", skip=1, times=1)
    with pytest.raises(FatalError, match="scope"):
        push(sync, 2001, plan_id=made.plan_id, requests_in_flight=1)
    age(sync, dt.timedelta(hours=30))

    report = push(sync, 2001, plan_id=made.plan_id)

    assert report.years[2001].created == 150
    assert len(sync.hubspot.births()) == 250


def test_a_sync_that_knows_of_no_plan_goes_on_with_the_one_that_was_begun(sync: Sync) -> None:
    """A sensor starts the rest of a paused sync; after a week a person is asked again."""
    sync.load(2001, names(250))
    made = plan(sync)
    sync.hubspot.order(kind="missing_scopes", path="/batch/upsert", skip=1, times=1)
    with pytest.raises(FatalError, match="scope"):
        push(sync, 2001, plan_id=made.plan_id, requests_in_flight=1)
    sync.load(2002, names(1))

    with pytest.raises(PlanError, match="151 contacts"):
        push(sync, 2001, 2002, plan_required_above=0)
    age(sync, dt.timedelta(days=8))
    with pytest.raises(PlanError, match="150 contacts"):
        push(sync, 2001, plan_required_above=0)
    age(sync, dt.timedelta(days=-8))
    report = push(sync, 2001, plan_required_above=0)

    assert report.years[2001].created == 150
    with pytest.raises(PlanError, match="was carried out"):
        push(sync, 2001, plan_id=made.plan_id)


def test_a_plan_covers_its_years_alone(sync: Sync) -> None:
    """A sync may do part of it, and not more."""
    for year in (2001, 2002, 2003):
        sync.load(year, names(3))
    made = plan(sync, 2001, 2002)

    with pytest.raises(PlanError, match="is for 2001-2002, not for 2003"):
        push(sync, 2002, 2003, plan_id=made.plan_id)

    assert push(sync, 2001, plan_id=made.plan_id).contacts == 3
    assert push(sync, 2002, plan_id=made.plan_id).contacts == 3
    with pytest.raises(PlanError, match="was carried out"):
        push(sync, 2002, plan_id=made.plan_id)


def test_a_plan_whose_counts_have_changed_no_longer_holds(sync: Sync) -> None:
    """Another sync did part of it, without this plan: what it says is not true any more."""
    for year in (2001, 2002):
        sync.load(year, names(3))
    made = plan(sync)
    push(sync, 2001)

    with pytest.raises(PlanError, match=r"no longer holds: 2001 has 0 to create, .* not 3 to create.*Make another"):
        push(sync, 2001, 2002, plan_id=made.plan_id)

    assert len(sync.hubspot.births()) == 3


def test_other_rows_of_the_same_number_are_another_plan(sqlite_sync: Sync) -> None:
    """The counts are equal; the ledger says that the content is not."""
    sqlite_sync.load(2001, names(3))
    enter(sqlite_sync, 2001, "a" * 64)
    made = plan(sqlite_sync)
    sqlite_sync.load(2001, {"Mary": 1, "Anna": 1, "Zoe": 1})
    enter(sqlite_sync, 2001, "b" * 64)

    with pytest.raises(PlanError, match="no longer holds: 2001 was loaded with other rows since"):
        push(sqlite_sync, 2001, plan_id=made.plan_id)


def test_many_changed_years_are_summed_up(sqlite_sync: Sync) -> None:
    """145 of them are no message for a person."""
    for year in range(2001, 2009):
        sqlite_sync.load(year, names(1))
    made = plan(sqlite_sync)
    for year in range(2001, 2009):
        sqlite_sync.load(year, names(2))

    with pytest.raises(PlanError, match=r"2003 has 2 to create.*; and 5 years more"):
        push(sqlite_sync, *range(2001, 2009), plan_id=made.plan_id)


def test_a_plan_made_under_another_setting_no_longer_holds(sqlite_sync: Sync) -> None:
    """What it shows as archived would be kept."""
    sqlite_sync.load(2001, names(3))
    made = plan(sqlite_sync)

    with pytest.raises(PlanError, match="BABYNAMES_HUBSPOT__REMOVED_CONTACTS is keep now, not archive"):
        push(sqlite_sync, 2001, plan_id=made.plan_id, removed_contacts="keep")


def test_a_source_that_shrinks_archives_nothing_without_a_plan(sync: Sync) -> None:
    """Half of the rows, or all of them, are gone: contacts stay until somebody has seen which would go."""
    sync.load(2001, names(10))
    sync.load(2002, names(10))
    push(sync, 2001, 2002)
    sync.load(2001, names(4))
    sync.empty(2002)

    with pytest.raises(FatalError, match=r"6 of the 10 contacts of 2001.*MAX_ARCHIVE_SHARE.*sync plan --years 2001"):
        push(sync, 2001, 2002)
    assert len(sync.hubspot.births()) == 20
    made = plan(sync)
    report = push(sync, 2001, 2002, plan_id=made.plan_id)

    assert made.needs_plan == [2001, 2002]
    assert [year.archived for year in report.years.values()] == [6, 10]
    assert len(sync.hubspot.births()) == 4


def test_a_plan_lifts_the_guard_for_what_it_shows_alone(sqlite_sync: Sync) -> None:
    """A table that goes on shrinking after the plan was made archives nothing."""
    sqlite_sync.load(2001, names(10))
    push(sqlite_sync, 2001)
    sqlite_sync.load(2001, names(4))
    made = plan(sqlite_sync)
    sqlite_sync.load(2001, names(3))

    with pytest.raises(PlanError, match=r"7 to archive, not .* 6 to archive"):
        push(sqlite_sync, 2001, plan_id=made.plan_id)

    assert len(sqlite_sync.hubspot.births()) == 10
