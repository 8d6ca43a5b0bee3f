"""Looks at a year's Parquet frame itself, a part at a time, and trusts nothing that was counted when it was written."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from babynames_assets.ingest.frame_files import read_parts
from babynames_assets.ingest.frames import ROWS_IN_PART
from babynames_assets.ingest.schema import COLUMNS, KEY, MOST_BIRTHS, SEXES, keys_ascend
from babynames_assets.quality.verdict import EXAMPLES
from babynames_assets.warehouse.check_findings import CheckFinding

Rule = Callable[[int], pl.Expr]

NULL, AGAIN, SEX, YEAR, BIRTHS = "null", "again", "sex", "year", "births"

# What is wrong with a row, by the kind of wrong; nulls are their own kind alone.
_WRONG: Mapping[str, Rule] = {
    NULL: lambda _year: pl.any_horizontal(pl.all().is_null()),
    AGAIN: lambda _year: ~keys_ascend(),
    SEX: lambda _year: ~pl.col("sex").is_in(SEXES),
    YEAR: lambda year: pl.col("year") != year,
    BIRTHS: lambda _year: ~pl.col("births").is_between(1, MOST_BIRTHS),
}
_WORDS: Mapping[str, str] = {
    NULL: "the row has a null: {row}",
    AGAIN: "its key is not above the key before it: it is there twice, or the frame is not sorted: {row}",
    SEX: "its sex is {sex}, which is neither F nor M",
    YEAR: "its year is {year}, and it stands in the frame of {of}",
    BIRTHS: "its births are {births}, which is no count from 1",
}


@dataclass
class FrameFacts:
    """What is in a year's frame.

    Attributes:
        unlike: why it is no frame of the declared columns and types; None if it is one. Then nothing else is known.
        rows: rows.
        births: their births together.
        wrong: rows that are wrong, by the kind of wrong.
        examples: some of them.
    """

    year: int
    unlike: str | None = None
    rows: int = 0
    births: int = 0
    wrong: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[CheckFinding]] = field(default_factory=dict)


def look_at(path: Path, year: int) -> FrameFacts:
    """Read a frame through; one that cannot be read is a finding, not an error."""
    facts = FrameFacts(year)
    try:
        schema = pl.scan_parquet(path, hive_partitioning=False).collect_schema()
        if list(schema.items()) != list(COLUMNS.items()):
            is_now = ", ".join(f"{name} {kind}" for name, kind in schema.items())
            facts.unlike = f"its columns are {is_now}"
        else:
            for part in _with_last_row(read_parts(path, ROWS_IN_PART)):
                _add(facts, *part)
    except (PolarsError, OSError) as error:
        return FrameFacts(year, unlike=f"it cannot be read: {error}")
    return facts


def _with_last_row(parts: Iterator[pl.DataFrame]) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """Each part, and where it is joined to the one before: two rows whose keys must ascend as well."""
    last = pl.DataFrame(schema=COLUMNS)
    for part in parts:
        yield part, pl.concat([last, part.head(1)])
        last = part.tail(1)


def _add(facts: FrameFacts, part: pl.DataFrame, seam: pl.DataFrame) -> None:
    rules = {kind: rule(facts.year) for kind, rule in _WRONG.items()}
    births = pl.col("births").cast(pl.Int64).sum().alias("sum of births")
    found = part.select(births, *(rule.sum().alias(f"wrong {kind}") for kind, rule in rules.items())).row(0, named=True)
    facts.rows += part.height
    facts.births += found["sum of births"]
    for kind, rule in rules.items():
        if number := found[f"wrong {kind}"]:
            _remember(facts, kind, number, part.filter(rule))
    if broken := seam.select(rules[AGAIN].sum()).item():
        _remember(facts, AGAIN, broken, seam.tail(1))


def _remember(facts: FrameFacts, kind: str, number: int, rows: pl.DataFrame) -> None:
    facts.wrong[kind] += number
    known = facts.examples.setdefault(kind, [])
    for row in rows.head(EXAMPLES - len(known)).iter_rows(named=True):
        place = "-".join(str(row[column]) for column in KEY)
        message = _WORDS[kind].format(row=tuple(row.values()), of=facts.year, **row)
        known.append(CheckFinding(facts.year, place, message))
