"""Of the lines with one key the first stays, equal ones are dropped, and the others are rejected."""

import polars as pl

from babynames_assets.ingest.duplicates import CONFLICT, FINER_CONFLICT, TOO_MANY, Resolved, resolve_duplicates
from babynames_assets.ingest.schema import MOST_BIRTHS

Candidate = tuple[int, int, str, str, int]
"""Line, year, sex, name, births."""


def resolve(*candidates: Candidate, grain: list[str] | None = None) -> Resolved:
    """Resolve candidates, with the grain of each or without."""
    schema = {"line": pl.Int64, "year": pl.Int16, "sex": pl.String, "name": pl.String, "births": pl.Int32}
    frame = pl.DataFrame(list(candidates), schema=schema, orient="row").with_columns(text=pl.format("line {}", "line"))
    frame = frame.with_columns(grain=pl.Series(grain)) if grain else frame
    whole = resolve_duplicates([frame.lazy()])
    if frame["line"].is_sorted():
        one_by_one = resolve_duplicates([row.lazy() for row in frame.iter_slices(1)])
        assert [part.rows() for part in (one_by_one.frame, one_by_one.rejected.sort("line"))] == [
            part.rows() for part in (whole.frame, whole.rejected.sort("line"))
        ]
        assert (one_by_one.merged, one_by_one.duplicates) == (whole.merged, whole.duplicates)
    return whole


def reasons(resolved: Resolved) -> dict[int, list[str]]:
    """The reasons by number of the line."""
    return dict(resolved.rejected.select("line", "reasons").iter_rows())


def test_the_first_line_stays_even_if_it_comes_last_here() -> None:
    """The number of the line decides, not the order in which shards are read."""
    resolved = resolve((9, 1984, "F", "Mary", 8), (5, 1984, "F", "Mary", 7))
    assert resolved.frame.rows() == [(1984, "F", "Mary", 7)]
    assert reasons(resolved) == {9: [CONFLICT]}


def test_duplicates_are_counted_in_their_year() -> None:
    """A line is compared with the first of its key, not with the one before."""
    lines = [(2, 7), (3, 8), (4, 7), (5, 7), (6, 8)]
    resolved = resolve(*[(line, 1984, "F", "Mary", births) for line, births in lines], (7, 1985, "F", "Mary", 7))
    assert (dict(resolved.duplicates), dict(resolved.merged)) == ({1984: 2}, {})
    assert reasons(resolved) == {3: [CONFLICT], 6: [CONFLICT]}


def test_year_sex_and_name_all_belong_to_the_key() -> None:
    """Rows that differ in one of them are different rows."""
    resolved = resolve(
        (2, 1984, "F", "Mary", 1), (3, 1985, "F", "Mary", 2), (4, 1984, "M", "Mary", 3), (5, 1984, "F", "mary", 4)
    )
    assert resolved.frame.height == 4
    assert (resolved.rejected.height, resolved.duplicates.total()) == (0, 0)


def test_rejected_lines_keep_their_text_and_year() -> None:
    """They go to the dead letters like any other."""
    rejected = resolve((2, 1984, "F", "Mary", 1), (3, 1984, "F", "Mary", 2)).rejected
    assert rejected.rows() == [(3, 1984, "line 3", [CONFLICT])]


def test_sums_of_a_finer_grain_account_for_each_line() -> None:
    """Two states become one row: one line is folded into the other."""
    resolved = resolve(
        (2, 1984, "F", "Mary", 1),
        (3, 1984, "F", "Mary", 2),
        (4, 1984, "F", "Mary", 2),
        (5, 1984, "F", "Mary", 9),
        grain=["AK", "AL", "AL", "AK"],
    )
    assert resolved.frame.rows() == [(1984, "F", "Mary", 3)]
    assert (dict(resolved.merged), dict(resolved.duplicates)) == ({1984: 1}, {1984: 1})
    assert reasons(resolved) == {5: [FINER_CONFLICT]}


def test_a_sum_at_the_limit_is_kept_and_one_above_is_rejected() -> None:
    """No number wraps round."""
    resolved = resolve(
        (2, 1984, "F", "Mary", MOST_BIRTHS - 1),
        (3, 1984, "F", "Mary", 1),
        (4, 1984, "M", "John", MOST_BIRTHS),
        (5, 1984, "M", "John", 1),
        grain=["AK", "AL", "AK", "AL"],
    )
    assert resolved.frame.rows() == [(1984, "F", "Mary", MOST_BIRTHS)]
    assert reasons(resolved) == {4: [TOO_MANY], 5: [TOO_MANY]}
    assert +resolved.merged == {1984: 1}
