"""A year that is too large to be resolved at once gives the frame that it would give at once."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pytest

from babynames_assets.ingest.content import digest
from babynames_assets.ingest.memory import plan_for
from babynames_assets.ingest.scan import Scan, rejected, scan_file
from babynames_assets.ingest.schema import validated
from babynames_assets.setting_groups import IngestSettings
from babynames_assets_tests.ingest.scanning import SOURCE, accounted, frozen_clock

LINES = 250_000
LEAST_MIB, PLENTY_MIB = 64, 16_384


def scan_with(source: Path, memory_mib: int) -> Scan:
    """Scan with so much memory."""
    settings = IngestSettings(memory_mib=memory_mib)
    target = source.with_suffix(f".{memory_mib}")
    return scan_file(source, target, source=SOURCE, settings=settings, clock=frozen_clock)


def frame_of(scan: Scan, year: int) -> pl.DataFrame:
    """A year's frame."""
    return pl.read_parquet(scan.frame_path(year), hive_partitioning=False)


def national(rng: random.Random) -> Iterator[str]:
    """A year of many names, some of them more than once; a small year; bad lines."""
    yield "Year,Name,Sex,Count"
    for number in range(LINES):
        year = 1984 if number % 50 else 1985
        name = "".join(rng.choice("abcdefgh") for _ in range(7))
        yield f"{year},N{name},{rng.choice('FM')},{rng.choice([1, 2])}" if number % 1000 else f"{year},R2D2,F,1"


def by_state(rng: random.Random) -> Iterator[str]:
    """A year whose rows are sums over states; one name has more births than a number holds."""
    yield "State,Sex,Year,Name,Count"
    for number in range(LINES):
        name = "".join(rng.choice("abcde") for _ in range(4))
        yield f"{rng.choice(['AK', 'AL', 'NY'])},{rng.choice('FM')},1984,N{name},{1 + number % 2}"
    yield "AK,F,1984,Toomany,2147483647"
    yield "AL,F,1984,Toomany,1"


def one_key(rng: random.Random) -> Iterator[str]:
    """One name, again and again."""
    yield "Year,Name,Sex,Count"
    for _ in range(LINES):
        yield f"1984,Mary,F,{rng.choice([7, 7, 8])}"


@pytest.mark.parametrize("content", [national, by_state, one_key])
def test_memory_changes_nothing_in_the_result(
    tmp_path: Path, content: Callable[[random.Random], Iterator[str]]
) -> None:
    """Frames, counts and rejected lines are the same with little memory and with plenty."""
    source = tmp_path / "names.csv"
    rng = random.Random(3)  # noqa: S311 - rows of a test are no secret
    source.write_text("\n".join(content(rng)) + "\n")
    assert plan_for(LEAST_MIB).year_bytes < LINES * 20
    little, plenty = scan_with(source, LEAST_MIB), scan_with(source, PLENTY_MIB)
    assert little.years == plenty.years
    assert accounted(little) == little.lines
    for year, counts in little.years.items():
        frame = validated(frame_of(little, year))
        assert frame.equals(frame_of(plenty, year))
        assert (frame.height, frame["births"].cast(pl.Int64).sum(), digest(frame)) == (
            counts.valid,
            counts.births,
            counts.digest,
        )
    assert rejected(little.folder).sort("line").collect().equals(rejected(plenty.folder).sort("line").collect())
    assert not [path for path in little.folder.iterdir() if path.is_dir()]
