"""Tests of the whole graph, by real Dagster runs: from a file on Kaggle to contacts in HubSpot."""

import dagster as dg
import polars as pl
import pytest

from babynames_assets_tests.dagster_shell.conftest import YEARLY, Installation
from babynames_assets_tests.releases import as_contacts, read_release


def published(installation: Installation, revision: int) -> pl.DataFrame:
    """The rows that a published release holds: year, name, sex, births."""
    return read_release(installation.folder / f"release-{revision}.csv", range(2001, 2004 + revision))


def test_every_line_of_the_file_arrives_or_is_a_dead_letter(installation: Installation) -> None:
    """Lines, rows, contacts and dead letters add up to what the generator wrote, and HubSpot equals the file."""
    truth = installation.release()

    result = installation.run_everything(2001, 2003)

    assert result.success
    raw = installation.metadata("raw/baby_names_csv")
    assert (raw["lines"], raw["duplicates"], raw["rejected"]) == (truth.lines, truth.duplicates, truth.rejected)
    assert installation.rows() == truth.valid
    assert len(installation.letters()) == truth.rejected
    assert installation.hubspot.births() == as_contacts(published(installation, 0))


def test_a_range_is_one_run(sqlite_installation: Installation) -> None:
    """Three years of three assets are one run with nine materializations."""
    sqlite_installation.release()
    sqlite_installation.run("raw/baby_names_csv")

    result = sqlite_installation.run(*YEARLY, years=(2001, 2003))

    events = [event for event in result.all_events if event.is_step_materialization]
    assert len(events) == 9
    assert {event.partition for event in events} == {"2001", "2002", "2003"}


def test_one_year_alone_materializes(sqlite_installation: Installation) -> None:
    """The other years are not loaded and not synced."""
    sqlite_installation.release()
    sqlite_installation.run("raw/baby_names_csv")

    sqlite_installation.run(*YEARLY, years=(2002, 2002))

    assert sqlite_installation.table(2002).height == sqlite_installation.rows() > 0
    assert {key[:4] for key in sqlite_installation.hubspot.births()} == {"2002"}


def test_a_second_run_does_nothing(installation: Installation) -> None:
    """The same version again: no download, no row written, no contact sent."""
    installation.release()
    installation.run_everything(2001, 2003)
    rows, calls = installation.rows(), installation.hubspot.upserts()

    installation.run_everything(2001, 2003)

    assert installation.metadata("raw/baby_names_csv")["is_new"] is False
    for year in ("2001", "2002", "2003"):
        loaded = installation.metadata("warehouse/baby_names", year)
        assert (loaded["inserted"], loaded["updated"], loaded["deleted"]) == (0, 0, 0)
        assert loaded["unchanged"] == installation.table(int(year)).height
    assert (installation.rows(), installation.hubspot.upserts()) == (rows, calls)


def test_the_next_release_writes_and_sends_its_difference_alone(installation: Installation) -> None:
    """What is inserted, updated, deleted, created and archived equals a plain comparison of the two files."""
    installation.release()
    installation.run_everything(2001, 2003)
    before = published(installation, 0)

    installation.release(revision=1)
    installation.run_everything(2001, 2004)

    after = published(installation, 1)
    key = ["year", "sex", "name"]
    both = before.join(after, on=key, how="inner", suffix="_after")
    new, gone = after.join(before, on=key, how="anti").height, before.join(after, on=key, how="anti").height
    changed = both.filter(pl.col("births") != pl.col("births_after")).height
    loads = [installation.metadata("warehouse/baby_names", str(year)) for year in range(2001, 2005)]
    pushes = [installation.metadata("hubspot/contacts", str(year)) for year in range(2001, 2005)]
    assert [sum(load[name] for load in loads) for name in ("inserted", "updated", "deleted")] == [new, changed, gone]
    assert [sum(push[name] for push in pushes) for name in ("created", "updated", "archived")] == [new, changed, gone]
    assert changed > 0
    assert installation.hubspot.births() == as_contacts(after)


def test_a_new_year_becomes_a_partition_when_its_data_arrives(sqlite_installation: Installation) -> None:
    """The UI offers 2004 after the release that has it, and not before."""
    sqlite_installation.release()
    sqlite_installation.run("raw/baby_names_csv")
    before = sqlite_installation.instance.get_dynamic_partitions("years")

    sqlite_installation.release(revision=1)
    sqlite_installation.run("raw/baby_names_csv")

    assert list(before) == ["2001", "2002", "2003"]
    assert list(sqlite_installation.instance.get_dynamic_partitions("years")) == ["2001", "2002", "2003", "2004"]


def test_a_line_that_the_next_release_mends_is_a_dead_letter_no_more(sqlite_installation: Installation) -> None:
    """Letters follow the newest file: one is resolved, one stays, one is new."""
    sqlite_installation.publish("YearOfBirth,Name,Sex,Number\n2001,Mary,F,7\n2001,Anna,X,1\n2001,Zoe,F,-5\n")
    sqlite_installation.run_everything(2001, 2001)
    first = {letter.payload["text"]: letter for letter in sqlite_installation.letters()}

    sqlite_installation.publish("YearOfBirth,Name,Sex,Number\n2001,Mary,F,7\n2001,Anna,F,1\n2001,Zoe,F,-5\n2001,,F,3\n")
    sqlite_installation.run_everything(2001, 2001)

    second = {letter.payload["text"]: letter for letter in sqlite_installation.letters()}
    assert set(first) == {"2001,Anna,X,1", "2001,Zoe,F,-5"}
    assert set(second) == {"2001,Zoe,F,-5", "2001,,F,3"}
    assert second["2001,Zoe,F,-5"].attempts == 2
    assert first["2001,Anna,X,1"].payload["line"] == 3
    assert "sex" in first["2001,Anna,X,1"].error


def test_a_file_in_the_landing_folder_works_without_kaggle(
    sqlite_installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The day that Kaggle is gone: the dropped file goes through the whole graph."""
    monkeypatch.setenv("BABYNAMES_KAGGLE__BASE_URL", "http://127.0.0.1:9")
    landing = sqlite_installation.settings.landing_folder
    landing.mkdir(parents=True)
    (landing / "names.csv").write_text("Year,Name,Gender,Count\n2001,Mary,F,7\n")

    result = sqlite_installation.run_everything(2001, 2001)

    assert result.success
    assert sqlite_installation.metadata("raw/baby_names_csv")["origin"] == "landing"
    assert sqlite_installation.hubspot.births() == {"2001-F-Mary": "7"}


def test_a_truncated_release_changes_nothing(installation: Installation) -> None:
    """Half of a year's rows are gone: the load is refused, and the table and HubSpot stay as they were."""
    installation.publish("Year,Name,Sex,Count\n" + "".join(f"2001,Na{chr(97 + n)},F,9\n" for n in range(10)))
    installation.run_everything(2001, 2001)

    installation.publish("Year,Name,Sex,Count\n" + "".join(f"2001,Na{chr(97 + n)},F,9\n" for n in range(5)))
    installation.run("raw/baby_names_csv")
    result = installation.run(*YEARLY, years=(2001, 2001), raise_on_error=False)

    assert not result.success
    failure = next(event for event in result.all_events if event.is_step_failure)
    assert "BABYNAMES_WAREHOUSE__MAX_DELETE_SHARE" in str(failure.step_failure_data.error)
    assert installation.rows() == len(installation.hubspot.births()) == 10


def test_a_file_without_data_fails_before_any_year_is_touched(sqlite_installation: Installation) -> None:
    """Header only: the raw asset says so, and everything downstream stays as it was."""
    sqlite_installation.publish("Year,Name,Sex,Count\n2001,Mary,F,7\n")
    sqlite_installation.run_everything(2001, 2001)

    sqlite_installation.publish("Year,Name,Sex,Count\n")
    result = sqlite_installation.run("raw/baby_names_csv", raise_on_error=False)

    assert not result.success
    failure = next(event for event in result.all_events if event.is_step_failure)
    assert "no data rows" in str(failure.step_failure_data.error)
    assert sqlite_installation.rows() == 1


def test_a_warehouse_that_was_never_migrated_is_refused_with_the_command(
    sqlite_installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first message after a deployment that forgot the migration says what to run."""
    monkeypatch.setenv("BABYNAMES_WAREHOUSE__URL", f"sqlite:///{sqlite_installation.folder}/empty.sqlite")
    sqlite_installation.release()
    sqlite_installation.run("raw/baby_names_csv")

    with pytest.raises(dg.DagsterResourceFunctionError) as caught:
        sqlite_installation.run(*YEARLY, years=(2001, 2001))

    assert "babynames migrate up" in str(caught.value.__cause__)


def test_the_graph_is_described_for_people() -> None:
    """Every asset has a description, an owner, kinds and a group that is the first part of its key."""
    from babynames_assets.definitions import defs  # noqa: PLC0415 - named here, where it is looked at

    for asset in defs.resolve_asset_graph().asset_nodes:
        assert asset.description, asset.key
        assert asset.group_name == asset.key.path[0]
        assert asset.kinds, asset.key
        assert asset.owners or not asset.is_materializable, asset.key


def test_a_partition_shows_what_a_person_wants_to_see(sqlite_installation: Installation) -> None:
    """Rows, rejected, digest and preview; inserted and the like; created and the like, and where the contacts are."""
    sqlite_installation.release()

    sqlite_installation.run_everything(2001, 2003)

    raw = sqlite_installation.metadata("raw/baby_names_csv")
    assert raw["bytes"] > 0
    assert len(raw["sha256"]) == 64
    assert raw["version"] == "1"
    validated = sqlite_installation.metadata("validated/baby_names", "2003")
    assert validated["dagster/partition_row_count"] == sqlite_installation.table(2003).height
    assert "| year | sex | name | births |" in validated["preview"]
    warehouse = sqlite_installation.metadata("warehouse/baby_names", "2003")
    assert warehouse["inserted"] == sqlite_installation.table(2003).height
    contacts = sqlite_installation.metadata("hubspot/contacts", "2003")
    assert contacts["contact_list"].startswith(sqlite_installation.hubspot.url)
    assert contacts["synced"] == sqlite_installation.table(2003).height
