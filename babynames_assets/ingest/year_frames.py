"""From the shards of a scan to the final frame of each year, and the account of its lines."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import polars as pl

from babynames_assets.ingest.content import Content
from babynames_assets.ingest.duplicates import Resolved, resolve_duplicates
from babynames_assets.ingest.durable_files import digest_of
from babynames_assets.ingest.frame_files import write_frame
from babynames_assets.ingest.key_ranges import split_by_key
from babynames_assets.ingest.memory import MemoryPlan
from babynames_assets.ingest.provenance import FrameSource, Provenance, as_metadata
from babynames_assets.ingest.rejects import Rejects
from babynames_assets.ingest.schema import COLUMNS, validated
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
        digest: SHA-256 of the frame's content, as ``content.digest`` defines it.
        file_sha256: SHA-256 of the frame's Parquet file.
    """

    lines: int
    valid: int
    merged: int
    duplicates: int
    rejected: int
    births: int
    digest: str
    file_sha256: str

    def provenance(self, source: FrameSource) -> Provenance:
        """What the year's frame says of itself."""
        return Provenance(
            dataset=source.dataset,
            version=source.version,
            source_sha256=source.source_sha256,
            lines=self.lines,
            valid=self.valid,
            merged=self.merged,
            duplicates=self.duplicates,
            rejected=self.rejected,
            digest=self.digest,
        )


class _Others(NamedTuple):
    """Lines that are no rows, by year."""

    merged: Counter[int]
    duplicates: Counter[int]
    rejected: Counter[int]

    def add(self, resolved: Resolved) -> None:
        self.merged.update(resolved.merged)
        self.duplicates.update(resolved.duplicates)
        if not resolved.rejected.is_empty():
            self.rejected.update(dict(resolved.rejected.group_by("year").len().iter_rows()))


class _Task(NamedTuple):
    """A batch to resolve; ``part`` takes the rows of one that is only a range of a year's keys."""

    batch: Batch
    part: Path | None = None


class _Finished(NamedTuple):
    """A resolved batch, without its rows: its frames are written, or its part is."""

    resolved: Resolved
    years: dict[int, YearCounts]
    part: Path | None


def frame_path(folder: Path, year: int) -> Path:
    """The Parquet file of a year's frame in the folder of a scan."""
    return folder / f"year={year}.parquet"


def finish_years(
    shards: Shards,
    rejects: Rejects,
    folder: Path,
    *,
    source: FrameSource,
    pieces: Path,
    plan: MemoryPlan,
    plain_text: pl.Expr,
) -> dict[int, YearCounts]:
    """Write the final frame of every year that has a line, and tell what became of its lines.

    Lines that contradict an earlier one join the rejects.

    Args:
        shards: the candidates.
        rejects: the lines that are rejected already.
        folder: takes the frames.
        source: the file, for the frames' provenance.
        pieces: a folder for what is between shard and frame.
        plan: says how much is resolved at once.
        plain_text: gives the line of a candidate without text.
    """
    judged = rejects.by_year
    writer = _Writer(folder, source)
    years: dict[int, YearCounts] = {}
    in_parts = _Others(Counter(), Counter(), Counter(judged))
    parts: defaultdict[int, list[Path]] = defaultdict(list)
    tasks = _tasks(shards, pieces, plan)
    for finished in in_order(lambda task: _finish(task, writer, judged, plan, plain_text), tasks):
        rejects.add(finished.resolved.rejected)
        years |= finished.years
        in_parts.add(finished.resolved)
        if finished.part:
            parts[int(finished.part.parent.name)].append(finished.part)
    for year, files in parts.items():
        years[year] = writer.join(year, files, in_parts)
    for year in (in_parts.duplicates.keys() | in_parts.rejected.keys()) - years.keys():
        years[year] = writer.write(year, pl.DataFrame(schema=COLUMNS), in_parts)
    return dict(sorted(years.items()))


class _Writer:
    """Writes frames with their provenance."""

    def __init__(self, folder: Path, source: FrameSource) -> None:
        self._folder, self._source = folder, source

    def write(self, year: int, frame: pl.DataFrame, others: _Others) -> YearCounts:
        """Write a frame that is in memory."""
        content = Content()
        content.add(frame)
        return self._write(year, frame.lazy(), content, others)

    def join(self, year: int, files: list[Path], others: _Others) -> YearCounts:
        """Write the parts of a year, which come in the order of the keys, as one frame."""
        content = Content()
        last: tuple[str, str] = ("", "")
        for file in files:
            rows = pl.read_ipc(file)
            if not rows.is_empty():
                if not last < rows.select("sex", "name").row(0):
                    raise RuntimeError(f"The key ranges of {year} overlap. This is a bug; nothing was changed.")
                last = rows.select("sex", "name").row(-1)
            content.add(rows)
        return self._write(year, pl.scan_ipc(files), content, others)

    def _write(self, year: int, frame: pl.LazyFrame, content: Content, others: _Others) -> YearCounts:
        merged, duplicates, rejected = others.merged[year], others.duplicates[year], others.rejected[year]
        counts = YearCounts(
            lines=content.rows + merged + duplicates + rejected,
            valid=content.rows,
            merged=merged,
            duplicates=duplicates,
            rejected=rejected,
            births=content.births,
            digest=content.digest,
            file_sha256="",
        )
        path = frame_path(self._folder, year)
        write_frame(frame, path, as_metadata(counts.provenance(self._source)))
        return replace(counts, file_sha256=digest_of(path))


def _tasks(shards: Shards, pieces: Path, plan: MemoryPlan) -> Iterator[_Task]:
    for batch in shards.batches():
        if batch.bytes <= plan.year_bytes:
            yield _Task(batch)
            continue
        [year] = batch.shards
        for number, keys in enumerate(split_by_key(batch, pieces / str(year), plan)):
            yield _Task(keys, pieces / str(year) / f"frame-{number:06}.arrow")


def _finish(task: _Task, writer: _Writer, judged: Counter[int], plan: MemoryPlan, plain_text: pl.Expr) -> _Finished:
    resolved = resolve_duplicates(task.batch.parts(plan.year_bytes), plain_text=plain_text)
    frame = validated(resolved.frame)
    emptied = resolved._replace(frame=frame.clear())
    if task.part:
        frame.write_ipc(task.part)
        return _Finished(emptied, {}, task.part)
    others = _Others(Counter(), Counter(), Counter(judged))
    others.add(resolved)
    years = frame.with_columns(pl.col("year").set_sorted()).partition_by("year", as_dict=True)
    return _Finished(
        emptied, {int(year): writer.write(int(year), rows, others) for (year,), rows in years.items()}, None
    )
