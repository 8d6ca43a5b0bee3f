"""From the shards of a scan to the final frame of each year, and the account of its lines."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import polars as pl

from babynames_assets.ingest.duplicates import resolve_duplicates
from babynames_assets.ingest.rejects import Rejects
from babynames_assets.ingest.schema import COLUMNS, digest, validated
from babynames_assets.ingest.shards import Shards

_WRITERS = 4


@dataclass(frozen=True)
class YearCounts:
    """What became of the lines of one year.

    Attributes:
        lines: the sum of the next four.
        valid: rows of the year's frame.
        merged: rows of a finer grain (state, county, ethnicity) that were folded into another row.
        duplicates: repetitions of an earlier line.
        rejected: lines with a reason in ``rejected.parquet``.
        births: sum of the frame's births.
        digest: SHA-256 of the frame's content, as ``schema.digest`` defines it.
    """

    lines: int
    valid: int
    merged: int
    duplicates: int
    rejected: int
    births: int
    digest: str


class _Written(NamedTuple):
    rows: int
    births: int
    digest: str


def frame_path(folder: Path, year: int) -> Path:
    """The Parquet file of a year's frame in the folder of a scan."""
    return folder / f"year={year}.parquet"


def finish_years(shards: Shards, rejects: Rejects, folder: Path) -> dict[int, YearCounts]:
    """Write the final frame of every year that has a line, and tell what became of its lines.

    Lines that contradict an earlier one join the rejects.
    """
    merged, duplicates = Counter[int](), Counter[int]()
    written: dict[int, _Written] = {}
    for files in shards.batches():
        resolved = resolve_duplicates(pl.scan_ipc(files))
        merged += resolved.merged
        duplicates += resolved.duplicates
        rejects.add(resolved.rejected)
        written |= _write_frames(validated(resolved.frame), folder)
    rejected = rejects.by_year
    for year in (duplicates.keys() | rejected.keys()) - written.keys():
        written[year] = _write_frame(pl.DataFrame(schema=COLUMNS), frame_path(folder, year))
    return {
        year: YearCounts(
            lines=frame.rows + merged[year] + duplicates[year] + rejected[year],
            valid=frame.rows,
            merged=merged[year],
            duplicates=duplicates[year],
            rejected=rejected[year],
            births=frame.births,
            digest=frame.digest,
        )
        for year, frame in sorted(written.items())
    }


def _write_frames(frame: pl.DataFrame, folder: Path) -> dict[int, _Written]:
    """Write the years of a frame side by side: each is small, and Polars alone would keep one core busy."""
    frames = {int(year): part for (year,), part in frame.partition_by("year", as_dict=True).items()}
    with ThreadPoolExecutor(_WRITERS) as pool:
        written = pool.map(lambda year: _write_frame(frames[year], frame_path(folder, year)), frames)
        return dict(zip(frames, written, strict=True))


def _write_frame(frame: pl.DataFrame, path: Path) -> _Written:
    frame.write_parquet(path, compression="lz4")
    return _Written(frame.height, int(frame["births"].cast(pl.Int64).sum()), digest(frame))
