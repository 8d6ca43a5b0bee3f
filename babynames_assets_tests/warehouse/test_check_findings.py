"""Tests of the findings of checks: what is wrong now, in a table that does not grow."""

from collections.abc import Collection, Sequence

from babynames_assets.quality import books
from babynames_assets.quality.verdict import Verdict
from babynames_assets.warehouse import check_findings
from babynames_assets.warehouse.check_findings import CheckFinding, StoredFinding
from babynames_assets.warehouse.engine import Engine, connect

ASSET = "validated/baby_names"


def keep(
    engine: Engine,
    found: dict[str, Sequence[CheckFinding]],
    *,
    years: Collection[int] | None = None,
    asset: str = ASSET,
    run_id: str = "run",
) -> None:
    """Enter what some checks say."""
    verdicts = {name: Verdict(findings=findings) for name, findings in found.items()}
    books.keep(engine, asset, verdicts, years=years, run_id=run_id)


def of_year(year: int | None, place: str = "2001-F-Zoë") -> CheckFinding:
    """Something that is wrong in a year."""
    return CheckFinding(year, place, "it is not as it should be")


def stored(engine: Engine, **narrowed: object) -> list[StoredFinding]:
    """What is wrong now."""
    with connect(engine) as connection:
        return check_findings.page(connection, **{"limit": 5_000, **narrowed})  # type: ignore[arg-type]  # filters by name, of several types


def test_a_look_replaces_what_the_look_before_found_of_the_same_years(engine: Engine) -> None:
    """What it did not look at stays, and what is about no year is looked at each time."""
    keep(engine, {"a": [of_year(2001), of_year(2002), of_year(None)]}, run_id="first")

    keep(engine, {"a": [of_year(2001, "other")]}, years=[2001], run_id="second")

    assert [(one.year, one.place, one.run_id) for one in stored(engine)] == [
        (2002, "2001-F-Zoë", "first"),
        (2001, "other", "second"),
    ]


def test_a_check_that_passes_leaves_nothing(engine: Engine) -> None:
    """And the findings of other checks and assets stay."""
    keep(engine, {"a": [of_year(2001)], "b": [of_year(2001)]})
    keep(engine, {"a": [of_year(2001)]}, asset="warehouse/baby_names")

    keep(engine, {"a": []})

    assert [(one.asset, one.check_name) for one in stored(engine)] == [(ASSET, "b"), ("warehouse/baby_names", "a")]


def test_the_table_does_not_grow(engine: Engine) -> None:
    """However often a check looks, and however much it finds."""
    many = [of_year(2001, f"row {number}") for number in range(books.MOST_FINDINGS + 500)]

    for _ in range(3):
        keep(engine, {"a": many})

    assert len(stored(engine)) == books.MOST_FINDINGS


def test_a_check_that_could_not_look_leaves_what_was_found(engine: Engine) -> None:
    """Not to have been able to ask is no news."""
    keep(engine, {"a": [of_year(2001)]})

    books.keep(engine, ASSET, {"a": Verdict(is_doubt=True)}, years=None, run_id="run")

    assert len(stored(engine)) == 1


def test_long_texts_are_cut_and_not_refused(engine: Engine) -> None:
    """A path or a server's message has any length, and every letter."""
    keep(engine, {"a": [CheckFinding(2001, "é" * 9_999, "🙂" * 99_999)]})

    [found] = stored(engine)
    assert found.place == "é" * 255
    assert found.message == "🙂" * 2_000


def test_pages_follow_each_other_and_can_be_narrowed(engine: Engine) -> None:
    """By check and by years; the count is of all pages."""
    keep(engine, {"a": [of_year(2001), of_year(2002)], "b": [of_year(2003)]})

    first = stored(engine, limit=2)
    rest = stored(engine, after=first[-1].id)

    assert [one.year for one in (*first, *rest)] == [2001, 2002, 2003]
    assert [one.year for one in stored(engine, check_name="a", years=(2002, 2003))] == [2002]
    with connect(engine) as connection:
        assert check_findings.count(connection) == 3
        assert check_findings.count(connection, check_name="b", years=(2001, 2002)) == 0
