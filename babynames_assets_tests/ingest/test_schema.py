"""The schema of a year's frame refuses what is not sorted, unique and sound."""

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandera.errors import SchemaErrors

from babynames_assets.ingest.content import Content, digest
from babynames_assets.ingest.frame_schema import FRAME_SCHEMA
from babynames_assets.ingest.schema import COLUMNS, is_valid, validated

Row = tuple[int, str, str | None, int | None]

GOOD: list[Row] = [(1984, "F", "Ann", 5), (1984, "F", "Mary", 10), (1984, "M", "Ann", 1)]


def frame(*rows: Row) -> pl.DataFrame:
    """A frame of rows in the schema's types."""
    return pl.DataFrame(list(rows), schema=COLUMNS, orient="row")


def test_a_good_frame_passes_unchanged() -> None:
    """Sorted rows with unique keys are what a year's frame is."""
    good = frame(*GOOD)
    assert validated(good) is good


def test_an_empty_frame_passes() -> None:
    """A year may have no row."""
    assert validated(frame()).is_empty()


def test_years_may_follow_one_another() -> None:
    """Several years in a row are sorted by year first."""
    rows = [(1984, "M", "Zoe", 1), (1985, "F", "Ann", 1)]
    assert validated(frame(*rows)).rows() == rows


BAD: dict[str, list[Row]] = {
    "year 0": [(0, "F", "Ann", 5)],
    "year 10000": [(10000, "F", "Ann", 5)],
    "sex X": [(1984, "X", "Ann", 5)],
    "no births": [(1984, "F", "Ann", 0)],
    "negative births": [(1984, "F", "Ann", -1)],
    "empty name": [(1984, "F", "", 5)],
    "formula": [(1984, "F", "=1+1", 5)],
    "digit": [(1984, "F", "Ann2", 5)],
    "control character": [(1984, "F", "An\x00n", 5)],
    "long name": [(1984, "F", "A" * 101, 5)],
    "null name": [(1984, "F", None, 5)],
    "null births": [(1984, "F", "Ann", None)],
    "equal keys": [(1984, "F", "Ann", 5), (1984, "F", "Ann", 6)],
    "names out of order": [(1984, "F", "Mary", 5), (1984, "F", "Ann", 5)],
    "sexes out of order": [(1984, "M", "Ann", 5), (1984, "F", "Mary", 5)],
    "years out of order": [(1985, "F", "Ann", 5), (1984, "M", "Mary", 5)],
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_frame_is_refused(kind: str) -> None:
    """Values are checked, not types alone."""
    with pytest.raises(SchemaErrors):
        validated(frame(*BAD[kind]))


@pytest.mark.parametrize(
    "wrong",
    [
        frame(*GOOD).with_columns(pl.col("year").cast(pl.Int64)),
        frame(*GOOD).with_columns(pl.col("births").cast(pl.Int64)),
        frame(*GOOD).select("sex", "year", "name", "births"),
        frame(*GOOD).drop("births"),
        frame(*GOOD).with_columns(extra=1),
    ],
)
def test_other_columns_or_types_are_refused(wrong: pl.DataFrame) -> None:
    """A frame has exactly its four columns, in their order and types."""
    with pytest.raises(SchemaErrors):
        validated(wrong)


TYPES = [dict(COLUMNS), COLUMNS | {"year": pl.Int64}, COLUMNS | {"sex": pl.Enum(["F", "M"])}]
values = st.tuples(
    st.sampled_from([-1, 0, 1, 1984, 1985, 9999, 10000, None]),
    st.sampled_from(["F", "F", "M", "M", None]),
    st.one_of(
        st.sampled_from(
            ["Ann", "Mary", "ann", "Zo\u00eb", "", " A", "A ", "A\n", "A" * 100, "A" * 101, "An\x00n", None]
        ),
        st.text(max_size=3),
    ),
    st.sampled_from([-1, 0, 1, 5, 2**31 - 1, None]),
)


def passes_pandera(rows: pl.DataFrame) -> bool:
    """Whether the schema itself takes the frame."""
    try:
        FRAME_SCHEMA.validate(rows, lazy=True)
    except SchemaErrors:
        return False
    return True


@settings(max_examples=400, deadline=None)
@given(
    rows=st.lists(values, max_size=4),
    in_order=st.booleans(),
    types=st.sampled_from([TYPES[0], *TYPES]),
    columns=st.sampled_from([list(COLUMNS), list(COLUMNS), list(COLUMNS)[::-1], list(COLUMNS)[:3]]),
)
def test_the_expressions_and_pandera_agree(
    rows: list[Row], in_order: bool, types: dict[str, Any], columns: list[str]
) -> None:
    """Whatever the frame: the quick check takes what the schema takes, and nothing else."""
    built = pl.DataFrame(rows, schema=types, orient="row").select(columns)
    built = built.sort(pl.all()) if in_order else built
    assert is_valid(built) == passes_pandera(built)


good_rows = st.lists(
    st.tuples(
        st.sampled_from([1, 1984, 9999]),
        st.sampled_from("FM"),
        st.sampled_from(["Ann", "Zo\u00eb", "A" * 100]),
        st.sampled_from([1, 2**31 - 1]),
    ),
    unique_by=lambda row: row[:3],
    max_size=6,
)


@settings(max_examples=60, deadline=None)
@given(rows=good_rows, spoilt=st.booleans())
def test_the_expressions_and_pandera_agree_on_good_frames(rows: list[Row], spoilt: bool) -> None:
    """Good frames are taken by both; so is what a later year follows, and a repeated row by none."""
    built = frame(*sorted(rows), *(sorted(rows)[-1:] if spoilt else []))
    assert is_valid(built) == passes_pandera(built) == (not (spoilt and rows))


def test_the_content_of_parts_is_that_of_the_whole() -> None:
    """Rows, births and digest do not show where a frame was cut."""
    content = Content()
    for part in frame(*GOOD).iter_slices(2):
        content.add(part)
    assert (content.rows, content.births, content.digest) == (3, 16, digest(frame(*GOOD)))


def test_the_sum_of_births_may_exceed_a_births_own_limit() -> None:
    """Two billions and two billions are four."""
    most = 2**31 - 1
    content = Content()
    content.add(frame((1984, "F", "Ann", most), (1984, "M", "Ann", most)))
    assert content.births == 2 * most


def test_the_digest_is_that_of_the_lines() -> None:
    """Anybody can compute it with printf and sha256sum."""
    rows = frame((1984, "F", "Ann", 5), (1984, "F", "Zo\u00eb", 10))
    assert digest(rows) == "5b43633e88177742c99cc125331adc7de063ac64cbd868d5fa1b6e88bec87280"


def test_the_digest_of_an_empty_frame_is_that_of_nothing() -> None:
    """The well-known SHA-256 of no bytes."""
    assert digest(frame()) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_the_digest_changes_with_every_value() -> None:
    """Year, sex, name and births all count."""
    variants = [(1984, "F", "Ann", 5), (1985, "F", "Ann", 5), (1984, "M", "Ann", 5), (1984, "F", "Anne", 5)]
    assert len({digest(frame(row)) for row in [*variants, (1984, "F", "Ann", 6)]}) == 5
