"""A generated dataset that looks like the real one: names, skewed counts, and a few dozen bad lines on purpose.

The same seed gives the same bytes on every machine. ``revision`` gives the releases of the following years: each adds a
year, revises some counts of the years before and drops a few rows, as each real release does.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HEADER = "YearOfBirth,Name,Sex,Number"

_ONSETS = (*"BCDFGHJKLMNPRSTVWZ", "Br", "Ch", "Cl", "Gr", "Ph", "Sh", "St", "Th", "Tr")
_VOWELS = ["a", "e", "i", "o", "u", "ai", "ea", "ia"]
_MIDDLES = ["b", "d", "l", "ll", "m", "n", "nn", "r", "rr", "s", "t", "v", "nd", "rl", "st"]
_ENDS = {
    "F": ("a", "ah", "e", "elle", "ette", "ia", "ine", "lyn", "y"),
    "M": ("an", "as", "ard", "en", "er", "in", "o", "on", "us"),
}
_FAMOUS = {
    "F": [
        "Mary",
        "Anna",
        "Zoe",
        "Zoë",
        "ZOE",
        "Chloé",
        "O'Hara",
        "Anne-Marie",
        "Nuñez",
        "Siân",
        "D\u2019Arcy",
        "Mary Ann",
    ],
    "M": ["John", "William", "José", "Jean-Luc", "D'Angelo", "Søren", "St. John", "Łukasz", "Jürgen", "Никита"],
}
_REVISED_SHARE = 0.03
_REMOVED_SHARE = 0.0005
_MALFORMED = (
    "{year},Mary,X,10",
    "{year},Mary,1,10",
    "{year},Mary,,10",
    "{year},,F,10",
    "{year},=cmd|' /C calc'!A0,F,10",
    "{year},R2D2,M,10",
    "{year},Ann\x00,F,10",
    "{year}," + "A" * 300 + ",F,10",
    "{year},Mary,F,-5",
    "{year},Mary,F,0",
    "{year},Mary,F,7065.0",
    "{year},Mary,F,1e3",
    "{year},Mary,F,nan",
    "{year},Mary,F,",
    '{year},Mary,F,"1,000"',
    "{year},Mary,F,99999999999",
    "{year},Mary,F",
    "{year},Mary,Ann,F,10",
    '{year},"Mary,F,10',
    "0,Mary,F,10",
    "99999,Mary,F,10",
    "year,Mary,F,10",
    "",
)

Row = tuple[int, str, str, int]
"""Year, sex, name, births."""


@dataclass(frozen=True)
class Generated:
    """What a generated file holds.

    Attributes:
        lines: physical lines, with the header.
        valid: rows with an identity of their own.
        duplicates: repetitions of an earlier row.
        rejected: malformed lines, and lines that contradict an earlier row.
    """

    lines: int
    valid: int
    duplicates: int
    rejected: int


def generate(
    path: Path,
    *,
    seed: int,
    first_year: int = 1880,
    last_year: int = 2024,
    rows: int = 20_000,
    revision: int = 0,
) -> Generated:
    """Write a release of the dataset.

    Args:
        path: the CSV file to write.
        seed: decides the names and counts.
        first_year: year of the first rows.
        last_year: year of the last rows in revision 0; each revision adds one.
        rows: number of valid rows in revision 0, about.
        revision: 0 for the first release, n for the one that follows n years later.
    """
    valid = _release(seed, first_year, last_year, rows, revision)
    lines, duplicates, rejected = _with_bad_lines(valid, _random(f"{seed} bad lines"))
    # Bytes, because a text file would change the line ends on some systems.
    path.write_bytes("".join(f"{line}\n" for line in [HEADER, *lines]).encode())
    return Generated(lines=1 + len(lines), valid=len(valid), duplicates=duplicates, rejected=rejected)


def _release(seed: int, first_year: int, last_year: int, rows: int, revision: int) -> list[Row]:
    names = {sex: _names(sex, _random(f"{seed} {sex}")) for sex in ("F", "M")}
    sizes = _sizes(first_year, last_year, rows)
    release = [row for year, size in sizes.items() for row in _year(seed, year, size, names)]
    for number in range(1, revision + 1):
        year = last_year + number
        release = [
            *_revised(release, _random(f"{seed} revision {number}")),
            *_year(seed, year, sizes[last_year], names),
        ]
    return release


def _names(sex: str, rng: random.Random) -> list[str]:
    """Many different names; those in front are the popular ones."""
    syllables = [f"{onset}{vowel}" for onset in _ONSETS for vowel in _VOWELS]
    built = [f"{start}{middle}{end}" for start in syllables for middle in _MIDDLES for end in _ENDS[sex]]
    rng.shuffle(built)
    return list(dict.fromkeys([*_FAMOUS[sex], *built]))


def _sizes(first_year: int, last_year: int, rows: int) -> dict[int, int]:
    """Rows of each year: the last year has about four times as many as the first."""
    years = range(first_year, last_year + 1)
    weights = {year: 1 + 3 * (year - first_year) / max(1, len(years) - 1) for year in years}
    return {year: max(4, round(rows * weight / sum(weights.values()))) for year, weight in weights.items()}


def _year(seed: int, year: int, size: int, names: dict[str, list[str]]) -> list[Row]:
    """A year's rows as the real file orders them: girls first, then by count, then by name."""
    rng = _random(f"{seed} {year}")
    rows: list[Row] = []
    for sex, share in (("F", 0.6), ("M", 0.4)):
        number = max(2, round(size * share))
        chosen = [*names[sex][: number // 2], *rng.sample(names[sex][number // 2 :], number - number // 2)]
        # Zipf's law: the name of rank r is given about 1/r times as often as the first.
        counts = [max(5, round(rng.uniform(0.8, 1.2) * 60 * size / rank)) for rank in range(1, number + 1)]
        rows += sorted(((year, sex, name, count) for name, count in zip(chosen, counts, strict=True)), key=_file_order)
    return rows


def _file_order(row: Row) -> tuple[int, str]:
    return (-row[3], row[2])


def _revised(release: list[Row], rng: random.Random) -> Iterator[Row]:
    for year, sex, name, births in release:
        chance = rng.random()
        if chance < _REMOVED_SHARE:
            continue
        yield year, sex, name, births + rng.randint(1, 9) if chance < _REMOVED_SHARE + _REVISED_SHARE else births


def _with_bad_lines(valid: list[Row], rng: random.Random) -> tuple[list[str], int, int]:
    """The lines of a file with duplicates, contradictions and malformed lines strewn in behind the rows they follow."""
    lines = [_line(row) for row in valid]
    repeated = rng.sample(valid, min(30, len(valid)))
    contradicted = rng.sample(valid, min(10, len(valid)))
    malformed = [text.format(year=rng.choice(valid)[0]) for text in _MALFORMED]
    for line in malformed:
        lines.insert(rng.randrange(len(lines) + 1), line)
    later = [_line(row) for row in repeated] + [_line((*row[:3], row[3] + 1)) for row in contradicted]
    # A line counts as a repetition only behind the row that it repeats.
    for line, row in zip(later, [*repeated, *contradicted], strict=True):
        lines.insert(rng.randrange(lines.index(_line(row)) + 1, len(lines) + 1), line)
    return lines, len(repeated), len(malformed) + len(contradicted)


def _line(row: Row) -> str:
    year, sex, name, births = row
    return f"{year},{name},{sex},{births}"


def _random(seed: str) -> random.Random:
    return random.Random(seed)  # noqa: S311 - names for a test file are no secret
