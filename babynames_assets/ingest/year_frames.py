"""From the shards of a scan to the final frame of each year, and the account of its lines."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import polars as pl

from babynames_assets.ingest.duplicates import Resolved, resolve_duplicates
from babynames_assets.ingest.frame_files import write_frame
from babynames_assets.ingest.key_ranges import split_by_key
from babynames_assets.ingest.memory import MemoryPlan
from babynames_assets.ingest.rejects import Rejects
from babynames_assets.ingest.schema import COLUMNS, Content, validated
from babynames_assets.ingest.shards import Batch, Shards
from babynames_assets.ingest.side_by_side import in_order


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


class _Task(NamedTuple):
    """A batch to resolve; ``part`` takes the rows of one that is only a range of a year's keys."""

    batch: Batch
    part: Path | None = None


class _Finished(NamedTuple):
    """A resolved batch: its frames are written, or its part is."""

    resolved: Resolved
    frames: dict[int, Content]
    part: Path | None


def frame_path(folder: Path, year: int) -> Path:
    """The Parquet file of a year's frame in the folder of a scan."""
    return folder / f"year={year}.parquet"


def finish_years(
    shards: Shards, rejects: Rejects, folder: Path, *, pieces: Path, plan: MemoryPlan, plain_text: pl.Expr
) -> dict[int, YearCounts]:
    """Write the final frame of every year that has a line, and tell what became of its lines.

    Lines that contradict an earlier one join the rejects.

    Args:
        shards: the candidates.
        rejects: the lines that are rejected already.
        folder: takes the frames.
        pieces: a folder for what is between shard and frame.
        plan: says how much is resolved at once.
        plain_text: gives the line of a candidate without text.
    """
    merged, duplicates = Counter[int](), Counter[int]()
    frames: dict[int, Content] = {}
    parts: defaultdict[int, list[Path]] = defaultdict(list)
    for finished in in_order(lambda task: _finish(task, folder, plan, plain_text), _tasks(shards, pieces, plan)):
        merged += finished.resolved.merged
        duplicates += finished.resolved.duplicates
        rejects.add(finished.resolved.rejected)
        frames |= finished.frames
        if finished.part:
            parts[int(finished.part.parent.name)].append(finished.part)
    for year, files in parts.items():
        frames[year] = _join(files, frame_path(folder, year))
    return _counts(frames, merged, duplicates, rejects.by_year, folder)


def _tasks(shards: Shards, pieces: Path, plan: MemoryPlan) -> Iterator[_Task]:
    for batch in shards.batches():
        if batch.bytes <= plan.year_bytes:
            yield _Task(batch)
            continue
        [year] = batch.shards
        for number, keys in enumerate(split_by_key(batch, pieces / str(year), plan)):
            yield _Task(keys, pieces / str(year) / f"frame-{number:06}.arrow")


def _finish(task: _Task, folder: Path, plan: MemoryPlan, plain_text: pl.Expr) -> _Finished:
    resolved = resolve_duplicates(task.batch.parts(plan.year_bytes), plain_text=plain_text)
    frame = validated(resolved.frame)
    emptied = resolved._replace(frame=frame.clear())
    if task.part:
        frame.write_ipc(task.part)
        return _Finished(emptied, {}, task.part)
    years = frame.with_columns(pl.col("year").set_sorted()).partition_by("year", as_dict=True)
    return _Finished(emptied, {int(year): _write(rows, folder) for (year,), rows in years.items()}, None)


def _write(frame: pl.DataFrame, folder: Path) -> Content:
    write_frame(frame.lazy(), frame_path(folder, frame["year"][0]))
    return Content().add(frame)


def _join(files: list[Path], target: Path) -> Content:
    """Write the parts of a year, which come in the order of the keys, as one frame."""
    content = Content()
    last: tuple[str, str] = ("", "")
    for file in files:
        rows = pl.read_ipc(file)
        if not rows.is_empty():
            if not last < rows.select("sex", "name").row(0):
                raise RuntimeError(f"The ranges of {target.name} overlap. This is a bug; nothing was changed.")
            last = rows.select("sex", "name").row(-1)
        content.add(rows)
    write_frame(pl.scan_ipc(files), target)
    return content


def _counts(
    frames: dict[int, Content], merged: Counter[int], duplicates: Counter[int], rejected: Counter[int], folder: Path
) -> dict[int, YearCounts]:
    for year in (duplicates.keys() | rejected.keys()) - frames.keys():
        write_frame(pl.LazyFrame(schema=COLUMNS), frame_path(folder, year))
        frames[year] = Content()
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
        for year, frame in sorted(frames.items())
    }
