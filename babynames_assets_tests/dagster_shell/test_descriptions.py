"""Tests of what a person sees of an asset in Dagster's UI."""

import re
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from babynames_assets.assets.descriptions import COLUMNS, described, lineage_from_file, with_sources
from babynames_assets.definitions import defs
from babynames_assets.ingest.header import SourceColumn
from babynames_assets.year_ranges import name_years
from babynames_assets_tests.dagster_shell.conftest import YEARLY, Installation

DOCS = Path(__file__).parents[2] / "docs"
LINEAGE = "dagster/column_lineage"


def sources(lineage: dg.TableColumnLineage) -> dict[str, set[str]]:
    """Column -> the columns it is made of, as place/thing:column."""
    return {
        column: {f"{source.asset_key.to_user_string()}:{source.column_name}" for source in found}
        for column, found in lineage.deps_by_column.items()
    }


def test_every_asset_names_pages_that_exist() -> None:
    """A person who wants to know more is never sent to a page that is not there."""
    for asset in defs.get_repository_def().asset_graph.asset_nodes:
        pages = re.findall(r"`docs/([^`]+)`", asset.description or "")
        assert pages, asset.key
        assert [page for page in pages if not (DOCS / page).is_file()] == [], asset.key


def test_pages_are_links_where_the_settings_say_at_what_address_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """With or without a slash at its end; without an address the page is named."""
    monkeypatch.setenv("BABYNAMES_DOCS_URL", "https://docs.example.com/names/")
    linked = described("A table.", "guides/verify.md")
    monkeypatch.delenv("BABYNAMES_DOCS_URL")

    assert linked == "A table.\n\nRead on: [guides/verify.md](https://docs.example.com/names/guides/verify.md)"
    assert described("A table.", "guides/verify.md") == "A table.\n\nRead on: `docs/guides/verify.md`"
    assert described("A table.") == "A table."


@pytest.mark.parametrize("address", ["javascript:alert(1)", "docs", "https://docs.example.com/a) [b](http://c"])
def test_an_address_that_is_none_makes_no_link(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The code location loads all the same; the first run says what is wrong with the setting."""
    monkeypatch.setenv("BABYNAMES_DOCS_URL", address)

    assert described("A table.", "guides/verify.md") == "A table.\n\nRead on: `docs/guides/verify.md`"


def test_every_asset_that_is_made_has_columns_tags_and_owners(sqlite_installation: Installation) -> None:
    """Those of the raw file are the file's own; the others are known before a run."""
    sqlite_installation.release()
    sqlite_installation.run_everything(2001, 2003)
    graph = defs.get_repository_def().asset_graph

    columns = {
        key: {**graph.get(dg.AssetKey(key.split("/"))).metadata, **sqlite_installation.metadata(key)}[
            "dagster/column_schema"
        ]
        for key in ("raw/baby_names_csv", *YEARLY)
    }

    names = {key: [column.name for column in schema.columns] for key, schema in columns.items()}
    assert names == {
        "raw/baby_names_csv": ["YearOfBirth", "Name", "Sex", "Number"],
        "validated/baby_names": ["year", "sex", "name", "births"],
        "warehouse/baby_names": ["year", "sex", "name", "births"],
        "hubspot/contacts": ["baby_name_key", "firstname", "gender", "birth_year", "births"],
    }
    assert all(column.description for schema in columns.values() for column in schema.columns)
    for key in names:
        node = graph.get(dg.AssetKey(key.split("/")))
        assert {"data", "writes-to"} <= node.tags.keys()
        assert node.owners


def test_a_contact_can_be_followed_back_to_the_columns_of_the_file(sqlite_installation: Installation) -> None:
    """Property -> table -> frame -> file, as data for whoever asks Dagster, and in words for whoever reads."""
    sqlite_installation.release()
    sqlite_installation.run_everything(2001, 2003)

    contacts, table, frame = (sources(sqlite_installation.metadata(key)[LINEAGE]) for key in reversed(YEARLY))

    assert contacts["baby_name_key"] == {f"warehouse/baby_names:{column}" for column in ("year", "sex", "name")}
    assert contacts["firstname"] == {"warehouse/baby_names:name"}
    assert table["births"] == {"validated/baby_names:births"}
    assert frame == {
        "year": {"raw/baby_names_csv:YearOfBirth"},
        "sex": {"raw/baby_names_csv:Sex"},
        "name": {"raw/baby_names_csv:Name"},
        "births": {"raw/baby_names_csv:Number"},
    }
    columns = sqlite_installation.metadata("validated/baby_names")["dagster/column_schema"].columns
    assert columns[3].description.endswith("From `Number` of raw/baby_names_csv.")


def test_a_column_that_no_column_of_the_file_holds_says_so() -> None:
    """The year of yob1984.txt stands in its name."""
    columns = [SourceColumn("field 1", "name"), SourceColumn("field 2", "sex"), SourceColumn("field 3", "births")]

    schema = with_sources(COLUMNS, lineage_from_file(columns, dg.AssetKey(["raw", "baby_names_csv"])))

    assert (schema.columns[0].description or "").endswith("the name of the file or a setting says it.")
    assert (schema.columns[2].description or "").endswith("From `field 1` of raw/baby_names_csv.")
    assert schema.constraints == COLUMNS.constraints


def test_each_year_shows_its_own_numbers(sqlite_installation: Installation) -> None:
    """One run of three years: no year shows the births, the rows, the names or the contacts of another one."""
    sqlite_installation.release()
    sqlite_installation.run_everything(2001, 2003)

    for year in (2001, 2002, 2003):
        table = sqlite_installation.table(year)
        seen: dict[str, dict[str, Any]] = {key: sqlite_installation.metadata(key, str(year)) for key in YEARLY}
        rows = {key: found["dagster/partition_row_count"] for key, found in seen.items()}
        assert rows == dict.fromkeys(YEARLY, table.height)
        for key in YEARLY[:2]:
            assert seen[key]["births"] == table["births"].sum()
            assert seen[key]["preview"].count(f"| {year} |") == 5
        contacts = seen["hubspot/contacts"]
        assert (contacts["created"], contacts["synced"], contacts["pending"]) == (table.height, table.height, 0)
        assert (contacts["refused"], contacts["dead_letters"]) == (0, 0)


def test_the_births_of_the_file_are_those_of_its_years(sqlite_installation: Installation) -> None:
    """So that a plot over versions shows a release that lost some."""
    sqlite_installation.release()
    sqlite_installation.run_everything(2001, 2003)

    raw = sqlite_installation.metadata("raw/baby_names_csv")

    assert raw["births"] == sum(sqlite_installation.table(year)["births"].sum() for year in (2001, 2002, 2003))
    assert raw["dagster/row_count"] == raw["lines"] - 1
    assert raw["years"] == "2001 to 2003"


@pytest.mark.parametrize(
    ("years", "text"),
    [([1984], "1984"), ([1881, 1880], "1880 to 1881"), ([2023, 1880, 1881, 1882], "1880 to 1882, 2023")],
)
def test_years_with_a_gap_do_not_read_as_a_range(years: list[int], text: str) -> None:
    """A file of 1880 to 1882 and 2023 does not have 1950."""
    assert name_years(years, to=" to ") == text
