"""Tests of the look at a frame's own rows, in parts of any size."""

import itertools
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from babynames_assets.ingest.schema import COLUMNS
from babynames_assets.quality import frame_facts
from babynames_assets.quality.frame_facts import AGAIN, BIRTHS, NULL, SEX, YEAR, look_at
from babynames_assets.quality.verdict import EXAMPLES

ROW = tuple[int | None, str | None, str | None, int | None]


def stored(folder: Path, *rows: ROW) -> Path:
    """A frame of these rows as a file."""
    path = folder / "year=2001.parquet"
    pl.DataFrame(list(rows), schema=COLUMNS, orient="row").write_parquet(path)
    return path


def test_a_sound_frame_is_counted(tmp_path: Path) -> None:
    """Its rows and births, and nothing wrong."""
    facts = look_at(stored(tmp_path, (2001, "F", "Anna", 5), (2001, "F", "Mary", 7), (2001, "M", "Anna", 1)), 2001)

    assert (facts.unlike, facts.rows, facts.births, facts.wrong.total()) == (None, 3, 13, 0)


def test_an_empty_frame_is_sound(tmp_path: Path) -> None:
    """A year that the file does not have any more."""
    facts = look_at(stored(tmp_path), 2001)

    assert (facts.unlike, facts.rows, facts.births) == (None, 0, 0)


@pytest.mark.parametrize(
    ("kind", "row", "says"),
    [
        (NULL, (2001, None, "Zoe", 5), "null"),
        (AGAIN, (2001, "F", "Anna", 5), "there twice"),
        (SEX, (2001, "X", "Zoe", 5), "its sex is X"),
        (YEAR, (2002, "F", "Zoe", 5), "its year is 2002"),
        (BIRTHS, (2001, "F", "Zoe", 0), "its births are 0"),
    ],
)
@pytest.mark.parametrize("rows_in_part", [1, 100])
def test_each_kind_of_wrong_is_its_own(
    kind: str, row: ROW, says: str, rows_in_part: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No other kind is counted with it, wherever a part ends."""
    monkeypatch.setattr(frame_facts, "ROWS_IN_PART", rows_in_part)

    facts = look_at(stored(tmp_path, (2001, "F", "Anna", 5), row), 2001)

    assert facts.wrong == {kind: 1}
    [example] = facts.examples[kind]
    assert says in example.message
    assert example.year == 2001


@given(numbers=st.lists(st.integers(1, 5), min_size=1, max_size=40), rows_in_part=st.integers(1, 7))
@settings(max_examples=40, deadline=None)
def test_the_size_of_the_parts_changes_nothing(
    numbers: list[int], rows_in_part: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Keys that do not ascend are found at a part's end as within it."""
    path = stored(tmp_path_factory.mktemp("frame"), *((2001, "F", f"Na{chr(96 + one)}", one) for one in numbers))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(frame_facts, "ROWS_IN_PART", rows_in_part)
        facts = look_at(path, 2001)

    falls = sum(after <= before for before, after in itertools.pairwise(numbers))
    assert (facts.rows, facts.births) == (len(numbers), sum(numbers))
    assert facts.wrong[AGAIN] == falls
    assert len(facts.examples.get(AGAIN, [])) == min(falls, EXAMPLES)


def test_other_columns_or_types_are_no_frame(tmp_path: Path) -> None:
    """Then nothing else is known of it."""
    path = tmp_path / "year=2001.parquet"
    pl.DataFrame({"year": [2001], "name": ["Anna"]}).write_parquet(path)

    assert "year Int64, name String" in str(look_at(path, 2001).unlike)


def test_a_file_that_cannot_be_read_is_a_finding_and_no_error(tmp_path: Path) -> None:
    """Damage, or nothing at all."""
    damaged = tmp_path / "year=2001.parquet"
    damaged.write_bytes(b"PAR1 and no more")

    assert "cannot be read" in str(look_at(damaged, 2001).unlike)
    assert "cannot be read" in str(look_at(tmp_path / "none.parquet", 2001).unlike)
