"""Any frame into any state of a year: the table becomes the frame, and the counts are those of a plain comparison."""

from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from babynames_assets.ingest.content import digest
from babynames_assets.ingest.frames import FrameStore, StoredFrame
from babynames_assets.ingest.schema import COLUMNS
from babynames_assets.loading.years import LoadOptions, load_frame
from babynames_assets.warehouse import ledger
from babynames_assets.warehouse.baby_names import SCHEMA, LoadCounts, load_year
from babynames_assets.warehouse.engine import Engine, connect, open_engine, run_in_transaction
from babynames_assets.warehouse.ledger import YearRecord
from babynames_assets.warehouse.tables import baby_names
from babynames_assets.warehouse.tables import ledger as ledger_table
from babynames_assets_tests.loading.stored_frames import put_frame
from babynames_assets_tests.servers.databases import Schema, apply_schema, fresh_database
from babynames_assets_tests.servers.kinds import Kind

Rows = dict[tuple[str, str], int]
"""Sex and name -> births."""

YEAR, NEIGHBOUR = 2001, 2002
OLD_FILE, NEW_FILE = "a" * 64, "b" * 64
TEXT = st.characters(codec="utf-8", exclude_categories=["Cs"], exclude_characters="\0")
HOSTILE = st.one_of(
    st.sampled_from(
        "'\"\\,;%\t\n\r\b\x1a`#-/*:{}()?NaAäÄaZ\N{COMBINING DIAERESIS}\N{ZERO WIDTH JOINER}ß\N{NO-BREAK SPACE}👶𝒵名"
    ),
    TEXT,
)
NAMES = st.one_of(
    st.sampled_from(
        ["NULL", "\\N", "null", "", "Zoe", "Zoë", "ZOE", "Zoe\N{COMBINING DIAERESIS}", "%s", "%(name)s", ":name"]
    ),
    st.text(HOSTILE, max_size=12),
    st.text(HOSTILE, max_size=100),
).filter(lambda name: not name.endswith(" "))  # the servers pass over spaces at the end; a load refuses two such names
YEARS: st.SearchStrategy[Rows] = st.dictionaries(
    st.tuples(st.sampled_from("FM"), NAMES), st.integers(0, 2**31 - 1), max_size=12
)
VALID = st.builds(
    lambda first, rest: (first + rest).rstrip(" "),
    st.one_of(st.sampled_from("NZznéß名"), st.characters(codec="utf-8", categories=["L"])),
    st.text(
        st.one_of(
            st.sampled_from(" '\u2019.-ULoë\N{COMBINING DIAERESIS}"),
            st.characters(codec="utf-8", categories=["L", "M"]),
        ),
        max_size=30,
    ),
)
FRAMES: st.SearchStrategy[Rows] = st.dictionaries(
    st.tuples(st.sampled_from("FM"), st.one_of(st.sampled_from(["NULL", "Null", "N"]), VALID)),
    st.integers(1, 2**31 - 1),
    min_size=1,
    max_size=12,
)
"""What a validated frame may hold; a table may hold anything."""
# More than a load sends in a statement, so that a file is loaded where the server takes one.
MANY: Rows = {("M", f"Many{number:03}'\\\t\"{number}"): number for number in range(250)}
MANY_VALID: Rows = {
    ("M", f"Ma.ny' {chr(97 + number % 26)}-{chr(97 + number // 26)}"): number + 1 for number in range(250)
}
CAMPAIGN = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module", params=["sqlite", *(kind.value for kind in Kind)])
def warehouse(
    request: pytest.FixtureRequest,
    server_url: Callable[[Kind], str],
    migrated_schema: Callable[[str], Schema],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Engine]:
    """One warehouse for all examples of a kind of database: a fresh one would cost more than the load."""
    if request.param == "sqlite":
        yield from _migrated(
            f"sqlite:///{tmp_path_factory.mktemp('properties') / 'w.sqlite'}", migrated_schema("sqlite")
        )
        return
    with fresh_database(server_url(Kind(request.param))) as url:
        yield from _migrated(url, migrated_schema(request.param))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the frames of all examples lie, one after another."""
    return tmp_path_factory.mktemp("frames")


@CAMPAIGN
@given(before=YEARS, after=YEARS.filter(bool), many_before=st.booleans(), many_after=st.booleans())
def test_any_year_becomes_any_frame(
    warehouse: Engine, before: Rows, after: Rows, many_before: bool, many_after: bool
) -> None:
    """Whatever the names hold and whoever put the rows there; and other years stay as they are."""
    before, after = before | MANY if many_before else before, after | MANY if many_after else after
    _put(warehouse, before)

    counts = run_in_transaction(
        warehouse, lambda connection: load_year(connection, YEAR, _frame(after), max_delete_share=1.0)
    )

    assert _held(warehouse) == {YEAR: after, NEIGHBOUR: {("F", "Anna"): 7}}
    assert counts == _difference(before, after)


@CAMPAIGN
@given(before=YEARS, after=FRAMES, many=st.booleans(), in_ledger=st.sampled_from([None, OLD_FILE, NEW_FILE]))
def test_any_year_becomes_the_frame_of_a_file_and_the_ledger_says_so(
    warehouse: Engine, folder: Path, before: Rows, after: Rows, many: bool, in_ledger: str | None
) -> None:
    """Whether the ledger knows nothing of the year, another file, or this file with other content."""
    after = after | MANY_VALID if many else after
    frame = _stored(folder, after)
    _put(warehouse, before)
    if in_ledger:
        _enter(warehouse, in_ledger, before)
    is_held = in_ledger == frame.provenance.source_sha256 and before == after

    counts = load_frame(warehouse, frame, run_id="run", options=LoadOptions(1.0))
    again = load_frame(warehouse, frame, run_id="run", options=LoadOptions(1.0))

    assert _held(warehouse)[YEAR] == after
    assert counts == (LoadCounts(unchanged=len(after)) if is_held else _difference(before, after))
    assert again == LoadCounts(unchanged=len(after))
    with connect(warehouse) as connection:
        assert ledger.current(connection) == {YEAR: ledger.CurrentYear(NEW_FILE, frame.provenance.digest)}


@CAMPAIGN
@given(before=YEARS, after=FRAMES)
def test_a_year_that_the_ledger_is_wrong_about_is_mended_when_asked(
    warehouse: Engine, folder: Path, before: Rows, after: Rows
) -> None:
    """The ledger says that the table has the frame, and somebody has changed the table: ``compare_always`` looks."""
    frame = _stored(folder, after)
    _put(warehouse, before)
    _enter(warehouse, NEW_FILE, after)

    counts = load_frame(warehouse, frame, run_id="run", options=LoadOptions(1.0, compare_always=True))

    assert _held(warehouse)[YEAR] == after
    assert counts == _difference(before, after)


def _migrated(url: str, schema: Schema) -> Iterator[Engine]:
    engine = open_engine(SecretStr(url))
    apply_schema(engine, schema)
    yield engine
    engine.dispose()


def _frame(rows: Rows) -> pl.DataFrame:
    return pl.DataFrame([(YEAR, *key, births) for key, births in rows.items()], schema=SCHEMA, orient="row")


def _stored(folder: Path, rows: Rows) -> StoredFrame:
    frame = _frame(rows).select(list(COLUMNS)).sort("year", "sex", "name")
    return put_frame(FrameStore(folder / "frames"), YEAR, frame, NEW_FILE, folder / "scanned.parquet")


def _put(engine: Engine, rows: Rows) -> None:
    """Write a year without the code under test, with one row in the year after it and nothing in the ledger."""
    values = [{"year": YEAR, "sex": sex, "name": name, "births": births} for (sex, name), births in rows.items()]
    values.append({"year": NEIGHBOUR, "sex": "F", "name": "Anna", "births": 7})
    with engine.begin() as connection:
        connection.execute(ledger_table.delete())
        connection.execute(baby_names.delete())
        connection.execute(baby_names.insert(), values)


def _enter(engine: Engine, source_sha256: str, rows: Rows) -> None:
    """Let the ledger say that a year has these rows."""
    year = YearRecord(YEAR, len(rows), len(rows), 0, 0, 0, digest(_frame(rows).sort("year", "sex", "name")))
    run_in_transaction(
        engine, lambda connection: ledger.record_load(connection, source_sha256, year, LoadCounts(), "earlier")
    )


def _held(engine: Engine) -> dict[int, Rows]:
    """The table, read without the code under test."""
    found: dict[int, Rows] = {}
    with connect(engine) as connection:
        for year, sex, name, births in connection.execute(sa.select(baby_names)):
            found.setdefault(year, {})[sex, name] = births
    return found


def _difference(before: Rows, after: Rows) -> LoadCounts:
    both = before.keys() & after.keys()
    return LoadCounts(
        inserted=len(after.keys() - before.keys()),
        updated=sum(before[key] != after[key] for key in both),
        deleted=len(before.keys() - after.keys()),
        unchanged=sum(before[key] == after[key] for key in both),
    )
