"""The files of a run: two releases, the same sorted by key, and the first one with three and ten times the rows.

Without files of the user's, the releases are generated: 145 years, sizes and counts as in the real one, and every row
valid, so that a bulk load that checks nothing ends with the same table. The same seed gives the same rows.
"""

import os
import random
import time
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from benchmarks.measure import BenchmarkError

HEADER = "YearOfBirth,Name,Sex,Number"
SEED = 1880
FULL_ROWS = 2_117_000
QUICK_ROWS = 200_000
SCALES = (1, 3, 10)

_FIRST_YEAR, _LAST_YEAR = 1880, 2023
_REVISED_SHARE, _REMOVED_SHARE, _ADDED_SHARE = 0.017, 0.000_015, 0.000_2
_SYLLABLES = [consonant + vowel for consonant, vowel in product("bcdfghjklmnprstvwz", "aeiou")]
_POPULAR_SHARE = 0.6
_BYTES_A_ROW = 17
_AN_HOUR = 3600

Row = tuple[int, str, str, int]
"""Year, name, sex, births: the order of the file's columns."""


@dataclass(frozen=True)
class Content:
    """Some rows as three numbers, which two different sets of rows do not share by accident.

    Attributes:
        rows: how many.
        births: their sum.
        checksum: the sum of the CRC-32 of each row's line ``year,sex,name,births``.
    """

    rows: int
    births: int
    checksum: int


@dataclass(frozen=True)
class Release:
    """A release as files; the archive stands alone in its folder.

    Attributes:
        archive: the ZIP file with the CSV in it.
        csv: the same CSV.
        content: what a table holds that has all its rows.
        years: the first and the last year.
    """

    archive: Path
    csv: Path
    content: Content
    years: tuple[int, int]


@dataclass(frozen=True)
class Datasets:
    """What a run loads. ``scaled`` has the first release with so many times the rows, by the factor."""

    name: str
    release: Release
    next_release: Release
    sorted_csv: Path
    scaled: dict[int, Release]


def make(folder: Path, *, archive: Path | None, step: Path | None, quick: bool) -> Datasets:
    """Write the files of a run.

    Args:
        folder: where to.
        archive: the user's release, a ZIP file with one CSV; without it both releases are generated.
        step: the user's next release; without it, the next one is made of ``archive`` as generated ones are.
        quick: about 200,000 rows only.
    """
    lines, later = _two_files(folder, archive, step, QUICK_ROWS if quick else None)
    return Datasets(
        name=archive.name if archive else f"generated, seed {SEED}",
        release=_release(folder / "release", lines),
        next_release=_release(folder / "next", later),
        sorted_csv=_sorted(lines, folder / "sorted.csv"),
        scaled={
            times: _release(folder / f"{times}x", _multiplied(lines, folder / f"{times}x.csv", times))
            for times in SCALES
            if times > 1
        },
    )


def pair(folder: Path, *, archive: Path | None, step: Path | None, rows: int) -> tuple[Release, Release]:
    """Write two releases, the second of which follows the first.

    Args:
        folder: where to.
        archive: as for ``make``; all of its rows are taken.
        step: as for ``make``.
        rows: about how many are generated where no archive is given.
    """
    lines, later = _two_files(folder, archive, step, None, generate=rows)
    return _release(folder / "release", lines), _release(folder / "next", later)


def single(folder: Path, rows: int) -> Release:
    """Write one release of about so many generated rows.

    Args:
        folder: where to; it does not exist yet, and the CSV stands beside it.
        rows: about how many.
    """
    csv = folder.with_suffix(".csv")
    _write(csv, generated(rows))
    return _release(folder, csv)


def generated(rows: int, *, seed: int = SEED) -> Iterator[Row]:
    """About so many rows of 144 years; inside a year by sex, then by count, as the real file has them."""
    names = {sex: _names(sex, seed, rows) for sex in ("F", "M")}
    years = range(_FIRST_YEAR, _LAST_YEAR + 1)
    weights = {year: 1 + 3 * (year - _FIRST_YEAR) / len(years) for year in years}
    for year in years:
        yield from _year(year, round(rows * weights[year] / sum(weights.values())), names, seed)


def revised(release: Iterable[Row], *, seed: int = SEED) -> Iterator[Row]:
    """The release that follows: one year more, some counts revised, few rows gone or new."""
    rng = _random(f"{seed} next release")
    last: list[Row] = []
    for year, name, sex, births in release:
        if not last or last[-1][0] != year:
            last = []
        last.append((year, name, sex, births))
        chance = rng.random()
        if chance < _REMOVED_SHARE:
            continue
        yield year, name, sex, births + (rng.randint(1, 9) if chance < _REMOVED_SHARE + _REVISED_SHARE else 0)
        if rng.random() < _ADDED_SHARE:
            yield year, f"{name}-New", sex, 5
    for year, name, sex, births in last:
        yield year + 1, name, sex, births + rng.randint(0, 9)


def packed(csv: Path, archive: Path) -> Path:
    """A release's archive, as it comes from Kaggle."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.write(csv, "babyNamesUSYOB-full.csv")
    return archive


def _two_files(
    folder: Path, archive: Path | None, step: Path | None, sample: int | None, *, generate: int = FULL_ROWS
) -> tuple[Path, Path]:
    """The CSV files of a release and of the next, from the archives as far as they are given, and then of a sample."""
    if archive:
        lines = _sampled(archive, folder / "given.csv", sample)
        if step:
            return lines, _sampled(step, folder / "given-next.csv", sample)
    else:
        lines = folder / "generated.csv"
        _write(lines, generated(sample or generate))
    later = folder / "generated-next.csv"
    _write(later, revised(rows_of(lines)))
    return lines, later


def _year(year: int, size: int, names: dict[str, list[str]], seed: int) -> Iterator[Row]:
    rng = _random(f"{seed} {year}")
    for sex, share in (("F", 0.6), ("M", 0.4)):
        number = round(size * share)
        popular = round(number * _POPULAR_SHARE)
        chosen = names[sex][:popular] + rng.sample(names[sex][popular:], number - popular)
        for rank, name in enumerate(chosen, start=1):
            # Zipf's law: the name of rank r is given about 1/r times as often as the first.
            yield year, name, sex, max(5, 60 * size // rank)


def _names(sex: str, seed: int, rows: int) -> list[str]:
    """Different names, more than any year has; those in front are the popular ones."""
    rng = _random(f"{seed} {sex}")
    built = ["".join(syllables).capitalize() for syllables in product(_SYLLABLES, repeat=3)]
    return rng.sample(built, min(len(built), max(200, rows // 50)))


def _multiplied(source: Path, target: Path, times: int) -> Path:
    """Each row so many times, each time with another name."""
    _write(
        target,
        (
            (year, name if number == 0 else f"{name}-{'BCDEFGHIJ'[number - 1]}", sex, births)
            for year, name, sex, births in rows_of(source)
            for number in range(times)
        ),
    )
    return target


def _sorted(source: Path, target: Path) -> Path:
    """By the table's key, which is year, sex, name in the order of their bytes."""
    _write(target, sorted(rows_of(source), key=lambda row: (row[0], row[2], row[1].encode())))
    return target


def _sampled(archive: Path, target: Path, rows: int | None) -> Path:
    """The CSV in an archive, or about so many of its rows: those that the name decides, the same in each release."""
    with zipfile.ZipFile(archive) as zipped:
        members = [name for name in zipped.namelist() if name.lower().endswith(".csv")]
        if len(members) != 1:
            raise BenchmarkError(f"{archive} should hold one CSV file, but holds {zipped.namelist()}.")
        member = members[0]
        with zipped.open(member) as file, target.open("wb") as output:
            lines = iter(file)
            if (header := next(lines, b"").strip().decode("utf-8-sig")) != HEADER:
                raise BenchmarkError(f"{member} in {archive} begins with {header!r}; the benchmark reads {HEADER!r}.")
            output.write(f"{HEADER}\n".encode())
            share = 1.0 if rows is None else rows / (zipped.getinfo(member).file_size / _BYTES_A_ROW)
            output.writelines(line for line in lines if share >= 1 or _chance(line) < share)
    return target


def _chance(line: bytes) -> float:
    year_name_sex = line.rpartition(b",")[0]
    return zlib.crc32(year_name_sex) / 2**32


def _release(folder: Path, csv: Path) -> Release:
    folder.mkdir()
    archive = packed(csv, folder / "babyNamesUSYOB.zip")
    # A file that changed a moment ago may still be being copied: the landing folder would wait and see.
    old = time.time() - _AN_HOUR
    os.utime(archive, (old, old))
    content, years = _account(rows_of(csv))
    return Release(archive, csv, content, years)


def _account(found: Iterable[Row]) -> tuple[Content, tuple[int, int]]:
    rows = total = checksum = last = 0
    first = 9999
    for year, name, sex, births in found:
        rows, total, first, last = rows + 1, total + births, min(first, year), max(last, year)
        checksum += zlib.crc32(f"{year},{sex},{name},{births}".encode())
    return Content(rows, total, checksum), (first, last)


def rows_of(csv: Path) -> Iterator[Row]:
    """The rows of a file of ours."""
    with csv.open(encoding="utf-8") as file:
        next(file)
        for line in file:
            year, name, sex, births = line.rstrip("\n").split(",")
            yield int(year), name, sex, int(births)


def _write(target: Path, rows: Iterable[Row]) -> None:
    with target.open("w", encoding="utf-8", newline="\n") as file:
        file.write(f"{HEADER}\n")
        file.writelines(f"{year},{name},{sex},{births}\n" for year, name, sex, births in rows)


def _random(seed: str) -> random.Random:
    return random.Random(seed)  # noqa: S311 - names for a benchmark are no secret
