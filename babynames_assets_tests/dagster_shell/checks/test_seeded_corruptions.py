"""One corruption for each check, in real runs of Dagster: that check reports it, and no unrelated one."""

from collections.abc import Callable
from datetime import timedelta

import dagster as dg
import polars as pl
import pytest
import sqlalchemy as sa

from babynames_assets.clients import open_raw_files
from babynames_assets.warehouse.engine import run_in_transaction
from babynames_assets_tests.dagster_shell.checks import frames_corrupted as frames
from babynames_assets_tests.dagster_shell.checks.looking import EVERY_CHECK, by_name, look, name, red, release
from babynames_assets_tests.dagster_shell.conftest import YEARLY, Installation
from babynames_assets_tests.sync.reading_back import People

ROWS = {2001: 40, 2002: 40}
FRAMES, TABLE, CONTACTS = YEARLY

FRAME_CORRUPTIONS: dict[str, Callable[[pl.DataFrame], pl.DataFrame]] = {
    "no_value_is_null": frames.null_sex,
    "no_key_is_there_twice": frames.same_key_again,
    "sex_is_f_or_m": frames.other_sex,
    "each_row_is_of_its_year": frames.other_year,
    "births_are_counts": frames.no_births,
    "the_frames_equal_the_file": frames.more_births,
}
TABLE_CORRUPTIONS = {
    "the_table_is_as_migrated": ["ALTER TABLE baby_names ADD COLUMN remark INTEGER"],
    "table_values_are_in_their_domain": [
        f"UPDATE baby_names SET births = 0 WHERE year = 2001 AND name = '{name(1)}'",
        f"UPDATE baby_names SET births = 200 WHERE year = 2001 AND name = '{name(2)}'",
    ],
    "the_table_equals_the_frames": [f"UPDATE baby_names SET births = 99 WHERE year = 2001 AND name = '{name(1)}'"],
}
BOOK_CORRUPTIONS = {
    "no_sync_state_without_a_row": (
        "INSERT INTO contact_sync_state (year, sex, name, fingerprint, status, hubspot_id, synced_at) "
        "VALUES (2001, 'F', 'Ghost', '1:5', 'synced', '999', '2999-01-01 00:00:00.000000')"
    ),
    "every_row_is_synced_pending_or_refused": "DELETE FROM dead_letters WHERE service = 'sync'",
    "every_valid_row_is_in_the_table": "UPDATE ledger SET is_current = 0 WHERE year = 2001",
    "every_contact_is_sent": f"DELETE FROM contact_sync_state WHERE year = 2001 AND name = '{name(1)}'",
}


def execute(installation: Installation, *statements: str) -> None:
    """Change the warehouse by hand."""
    run_in_transaction(installation.engine, lambda connection: [connection.execute(sa.text(one)) for one in statements])


def everything(installation: Installation, rows: dict[int, int] = ROWS) -> None:
    """Load and sync a release."""
    installation.publish(release(rows))
    installation.run_everything(min(rows), max(rows))


def test_a_sound_run_is_green(installation: Installation) -> None:
    """Every check is evaluated by the runs themselves, and passes, on a release with bad lines in it."""
    installation.release()

    raw = installation.run("raw/baby_names_csv")
    yearly = installation.run(*YEARLY, years=(2001, 2003))

    said = by_name(raw) | by_name(yearly)
    assert said.keys() == EVERY_CHECK
    assert red(said) == set()


def test_the_next_release_is_green_too(sqlite_installation: Installation) -> None:
    """It adds a year, revises some counts and drops a few rows, as each real release does."""
    sqlite_installation.release()
    sqlite_installation.run_everything(2001, 2003)
    sqlite_installation.release(revision=1)

    result = sqlite_installation.run_everything(2001, 2004)

    assert red(by_name(result)) == set()
    assert red(look(sqlite_installation)) == set()


@pytest.mark.parametrize("check", FRAME_CORRUPTIONS)
def test_a_frame_that_is_not_as_it_was_stored_stops_before_the_table(
    check: str, sqlite_installation: Installation
) -> None:
    """Its provenance is the wanted one, so no step writes it anew: only the check sees it, and the table stays."""
    everything(sqlite_installation)
    frames.corrupt_frame(sqlite_installation, FRAME_CORRUPTIONS[check])
    before = sqlite_installation.table(2001)

    result = sqlite_installation.run(*YEARLY, years=(2001, 2002), raise_on_error=False)

    said = by_name(result)
    assert red(said) == {check}
    assert said[check].severity == dg.AssetCheckSeverity.ERROR
    assert "2001" in str(said[check].description)
    assert not result.success
    assert {event.asset_key for event in result.all_events if event.is_step_materialization} == {
        dg.AssetKey(FRAMES.split("/"))
    }
    assert sqlite_installation.table(2001).equals(before)


def test_a_frame_of_other_types_is_seen_and_mended_by_the_next_run(sqlite_installation: Installation) -> None:
    """The other checks leave it out; validated/baby_names writes such a frame anew."""
    everything(sqlite_installation)
    frames.corrupt_frame(sqlite_installation, frames.other_type)

    said = look(sqlite_installation)
    result = sqlite_installation.run(*YEARLY, years=(2001, 2002))

    assert red(said) == {"columns_and_types_are_as_declared"}
    assert "births Int64" in str(said["columns_and_types_are_as_declared"].description)
    assert red(by_name(result)) == set()


@pytest.mark.parametrize("check", TABLE_CORRUPTIONS)
def test_a_table_that_was_changed_by_hand_stops_before_hubspot(check: str, installation: Installation) -> None:
    """The ledger says that the years are loaded, so the load passes over them: the check sees it, nothing is sent."""
    everything(installation)
    execute(installation, *TABLE_CORRUPTIONS[check])
    calls = installation.hubspot.upserts()

    result = installation.run(*YEARLY, years=(2001, 2002), raise_on_error=False)

    assert red(by_name(result)) == {check}
    assert not result.success
    assert dg.AssetKey(CONTACTS.split("/")) not in {
        event.asset_key for event in result.all_events if event.is_step_materialization
    }
    assert installation.hubspot.upserts() == calls


@pytest.mark.parametrize("check", BOOK_CORRUPTIONS)
def test_books_that_do_not_add_up_are_seen(check: str, installation: Installation) -> None:
    """A state of no row, a refused contact whose letter is gone, a year that no load left, a row without an outcome."""
    installation.hubspot.order(kind="conflict", path="/batch/upsert", contains=f"2001-F-{name(3)}", times=1000)
    everything(installation)
    assert red(look(installation)) == set()

    execute(installation, BOOK_CORRUPTIONS[check])

    assert red(look(installation)) == {check}


def test_a_contact_that_somebody_edited_is_seen(sqlite_installation: Installation) -> None:
    """HubSpot differs, and everything here is as it should be."""
    everything(sqlite_installation)
    People(sqlite_installation.hubspot).edit(f"2001-F-{name(1)}", births="7")

    assert red(look(sqlite_installation)) == {"hubspot_holds_what_the_warehouse_says"}


def test_too_many_dead_letters_are_seen(sqlite_installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three rejected lines where two are allowed."""
    monkeypatch.setenv("BABYNAMES_DEAD_LETTERS__ALERT_ABOVE", "2")
    sqlite_installation.publish(release(ROWS, junk={2001: 3}))

    result = sqlite_installation.run_everything(2001, 2002)

    assert red(by_name(result)) == {"open_dead_letters_are_below_the_threshold"}


def test_a_year_of_rejected_lines_stops_before_the_table(sqlite_installation: Installation) -> None:
    """A quarter of a year's lines cannot be used; the other year alone would pass."""
    sqlite_installation.publish(release(ROWS, junk={2001: 14}))
    sqlite_installation.run("raw/baby_names_csv")

    result = sqlite_installation.run(*YEARLY, years=(2001, 2002), raise_on_error=False)
    other = sqlite_installation.run(*YEARLY, years=(2002, 2002))

    assert red(by_name(result)) == {"rejected_lines_are_few"}
    assert by_name(result)["rejected_lines_are_few"].metadata["rejected"].value == 14
    assert not result.success
    assert sqlite_installation.rows() == 40
    assert red(by_name(other)) == set()


def test_a_truncated_year_stops_before_the_table(sqlite_installation: Installation) -> None:
    """Less than the year before it; and less than what the table holds, where the year before is short as well."""
    everything(sqlite_installation, {2001: 100, 2002: 100})

    sqlite_installation.publish(release({2001: 100, 2002: 70}))
    sqlite_installation.run("raw/baby_names_csv")
    beside_the_year_before = sqlite_installation.run(*YEARLY, years=(2001, 2002), raise_on_error=False)
    sqlite_installation.publish(release({2001: 75, 2002: 75}))
    sqlite_installation.run("raw/baby_names_csv")
    beside_the_ledger = sqlite_installation.run(*YEARLY, years=(2001, 2002), raise_on_error=False)

    for result in (beside_the_year_before, beside_the_ledger):
        assert red(by_name(result)) == {"each_year_is_complete"}
        assert not result.success
    assert sqlite_installation.rows() == 200
    assert len(sqlite_installation.hubspot.births()) == 200


def test_births_that_do_not_follow_the_years_around_are_a_warning(sqlite_installation: Installation) -> None:
    """A year has all its names and half its births: somebody should look, and nobody is stopped."""
    rows = {year: 20 + year % 3 for year in range(2001, 2016)}
    sqlite_installation.publish(release(rows, births=[(2008, 50)]))

    result = sqlite_installation.run_everything(2001, 2015)

    said = by_name(result)["totals_follow_the_years_around"]
    assert result.success
    assert red(by_name(result)) == {"totals_follow_the_years_around"}
    assert said.severity == dg.AssetCheckSeverity.WARN
    assert "totals of 2008" in str(said.metadata["findings"].value)
    assert "2003" not in str(said.metadata["findings"].value)


def test_a_line_that_vanished_is_seen(sqlite_installation: Installation) -> None:
    """What reading the file left holds one rejected line less than it counted."""
    sqlite_installation.publish(release(ROWS, junk={2001: 3}))
    sqlite_installation.run_everything(2001, 2002)
    [rejected] = sqlite_installation.settings.state_folder.glob("scans/*/rejected.parquet")
    pl.read_parquet(rejected).head(2).write_parquet(rejected)

    result = sqlite_installation.run(*YEARLY, years=(2001, 2002), raise_on_error=False)

    assert red(by_name(result)) == {"every_line_is_accounted_for"}
    assert not result.success


def test_a_ledger_that_says_otherwise_is_seen(sqlite_installation: Installation) -> None:
    """The file is whole, and its entry is not."""
    everything(sqlite_installation)
    execute(sqlite_installation, "UPDATE sources SET lines = lines + 1")

    assert red(look(sqlite_installation)) == {"every_line_is_accounted_for"}


def test_a_raw_file_that_was_changed_is_seen(sqlite_installation: Installation) -> None:
    """Another digit in a file of the same length."""
    everything(sqlite_installation)
    raw = open_raw_files(sqlite_installation.settings).current()
    assert raw is not None
    raw.path.chmod(0o644)
    raw.path.write_text(raw.path.read_text().replace("100", "101", 1))

    said = look(sqlite_installation)

    assert red(said) == {"the_kept_file_is_whole"}
    assert "materialize raw/baby_names_csv again" in str(said["the_kept_file_is_whole"].description)


def test_a_release_that_nobody_took_is_seen(sqlite_installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """A newer version is out for longer than is allowed: the check names the stage that is behind."""
    monkeypatch.setenv("BABYNAMES_QUALITY__FRESH_HOURS", str(timedelta(microseconds=1) / timedelta(hours=1)))
    everything(sqlite_installation)
    assert red(look(sqlite_installation)) == set()

    sqlite_installation.publish(release({2001: 40, 2002: 41}))
    said = look(sqlite_installation)

    assert red(said) == {"the_newest_release_has_arrived"}
    assert "raw/baby_names_csv: version 2 is out" in str(said["the_newest_release_has_arrived"].description)


def test_a_check_that_is_broken_fails_its_step_and_says_nothing_of_the_data(
    sqlite_installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug is no red check."""
    everything(sqlite_installation)

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("babynames_assets.checks.warehouse.check_table", broken)
    result = sqlite_installation.run(TABLE, years=(2001, 2002), raise_on_error=False)

    assert not result.success
    assert by_name(result) == {}


def test_every_check_was_corrupted() -> None:
    """No check is without its corruption in this module."""
    here = {*FRAME_CORRUPTIONS, *TABLE_CORRUPTIONS, *BOOK_CORRUPTIONS}
    others = EVERY_CHECK - here
    source = __import__("pathlib").Path(__file__).read_text()

    assert here <= EVERY_CHECK
    assert {check for check in others if f'{{"{check}"}}' not in source} == set()
