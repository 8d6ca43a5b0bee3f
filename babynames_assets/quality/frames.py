"""What the checks of validated/baby_names say: the frames, and the file that they were read from."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from babynames_assets.errors import FatalError
from babynames_assets.ingest.frames import FrameStore
from babynames_assets.ingest.provenance import Provenance
from babynames_assets.ingest.raw_files import RawFile
from babynames_assets.ingest.scan import Scan
from babynames_assets.quality.anomalies import neighbours_verdict
from babynames_assets.quality.frame_facts import AGAIN, BIRTHS, NULL, SEX, YEAR, FrameFacts, look_at
from babynames_assets.quality.lines import lines_verdict
from babynames_assets.quality.verdict import Verdict, Verdicts
from babynames_assets.quality_settings import QualitySettings
from babynames_assets.warehouse import ledger
from babynames_assets.warehouse.check_findings import CheckFinding
from babynames_assets.warehouse.engine import Engine, connect

FEW_LINES = 10
"""So many rejected lines of a year are never too many: a small year has a large share of a handful."""

FEW_ROWS = 20
"""So many missing rows never make a year incomplete."""


@dataclass(frozen=True)
class LookedAt:
    """A year's frame: what it says of itself, and what is in it."""

    told: Provenance
    facts: FrameFacts


def check_frames(
    engine: Engine,
    frames: FrameStore,
    raw: RawFile,
    scan: Scan,
    years: Sequence[int] | None,
    settings: QualitySettings,
) -> Verdicts:
    """Look at the frames of some years.

    Args:
        engine: the warehouse, for the ledger.
        frames: the frames.
        raw: the current file.
        scan: what reading it found.
        years: the years of the run; None for all that have a frame.
        settings: the limits.
    """
    wanted = frames.years() if years is None else years
    unlike, looked = _look(frames, wanted)
    sound = {year: one for year, one in looked.items() if one.facts.unlike is None}
    unlike += [_unlike(one.facts) for one in looked.values() if one.facts.unlike is not None]
    with connect(engine) as connection:
        held = ledger.current_rows(connection)
    return {
        "columns_and_types_are_as_declared": Verdict({"years": len(wanted), "years_unlike": len(unlike)}, unlike),
        "no_value_is_null": _rows_verdict(sound, NULL),
        "no_key_is_there_twice": _rows_verdict(sound, AGAIN),
        "sex_is_f_or_m": _rows_verdict(sound, SEX),
        "each_row_is_of_its_year": _rows_verdict(sound, YEAR),
        "births_are_counts": _rows_verdict(sound, BIRTHS),
        "rejected_lines_are_few": _rejected_verdict(sound, settings.max_rejected_share),
        "every_line_is_accounted_for": lines_verdict(engine, raw, scan),
        "the_frames_equal_the_file": _totals_verdict(sound, raw, scan),
        "each_year_is_complete": _complete_verdict(sound, scan, held, settings),
        "totals_follow_the_years_around": neighbours_verdict(
            {year: (one.facts.rows, one.facts.births) for year, one in sound.items()},
            {year: (counts.valid, counts.births) for year, counts in scan.years.items()},
            settings.max_z,
        ),
    }


def _look(frames: FrameStore, years: Sequence[int]) -> tuple[list[CheckFinding], dict[int, LookedAt]]:
    findings, looked = [], {}
    for year in years:
        try:
            stored = frames.get(year)
        except FatalError as error:
            findings.append(CheckFinding(year, f"frame of {year}", str(error)))
        else:
            looked[year] = LookedAt(stored.provenance, look_at(stored.path, year))
    return findings, looked


def _unlike(facts: FrameFacts) -> CheckFinding:
    return CheckFinding(facts.year, f"frame of {facts.year}", facts.unlike or "")


def _rows_verdict(looked: Mapping[int, LookedAt], kind: str) -> Verdict:
    """Whether no row is wrong in this way."""
    numbers = {
        "rows": sum(one.facts.rows for one in looked.values()),
        "rows_wrong": sum(one.facts.wrong[kind] for one in looked.values()),
        "years_wrong": sum(one.facts.wrong[kind] > 0 for one in looked.values()),
    }
    return Verdict(numbers, [finding for one in looked.values() for finding in one.facts.examples.get(kind, ())])


def _rejected_verdict(looked: Mapping[int, LookedAt], limit: float) -> Verdict:
    lines = sum(one.told.lines for one in looked.values())
    rejected = sum(one.told.rejected for one in looked.values())
    findings = [
        CheckFinding(
            year,
            f"lines of {year}",
            f"{one.told.rejected:,} of {one.told.lines:,} lines are rejected, which is "
            f"{one.told.rejected / one.told.lines:.1%}; the limit is {limit:.1%}",
        )
        for year, one in looked.items()
        if one.told.rejected > max(FEW_LINES, limit * one.told.lines)
    ]
    share = rejected / lines if lines else 0.0
    return Verdict({"lines": lines, "rejected": rejected, "rejected_share": share, "limit": limit}, findings)


def _totals_verdict(looked: Mapping[int, LookedAt], raw: RawFile, scan: Scan) -> Verdict:
    """Rows and births of each frame against those that reading the file counted."""
    findings = []
    for year, one in looked.items():
        counted = scan.years.get(year)
        rows, births = (counted.valid, counted.births) if counted else (0, 0)
        if one.told.source_sha256 != raw.sha256:  # not validated from this file yet: it can be told by its rows alone
            rows, births = one.told.valid, one.facts.births
        if (one.facts.rows, one.facts.births) != (rows, births):
            is_now = f"the frame has {one.facts.rows:,} rows and {one.facts.births:,} births"
            findings.append(
                CheckFinding(year, f"frame of {year}", f"{is_now}, the file {rows:,} rows and {births:,} births")
            )
    numbers = {
        "rows": sum(one.facts.rows for one in looked.values()),
        "births": sum(one.facts.births for one in looked.values()),
        "years_wrong": len(findings),
        "years_of_another_file": sum(one.told.source_sha256 != raw.sha256 for one in looked.values()),
    }
    return Verdict(numbers, findings)


def _complete_verdict(
    looked: Mapping[int, LookedAt], scan: Scan, held: Mapping[int, int], settings: QualitySettings
) -> Verdict:
    """Rows of each frame against the year before it, and against what the table was last brought to."""
    # A year behind the file's last one is awaited: it may have a partition already, and is not incomplete.
    before = {year + 1: counts.valid for year, counts in scan.years.items() if year < max(scan.years)}
    findings = [
        *_missing(looked, before, settings.min_share_of_year_before, "the year before has"),
        *_missing(looked, held, settings.min_share_of_last_load, "the table was last brought to"),
    ]
    compared = [one.facts.rows / before[year] for year, one in looked.items() if before.get(year)]
    return Verdict(
        {
            "rows": sum(one.facts.rows for one in looked.values()),
            "rows_in_the_table": sum(held.get(year, 0) for year in looked),
            "least_share_of_year_before": min(compared, default=1.0),
            "years_wrong": len({finding.year for finding in findings}),
        },
        findings,
    )


def _missing(
    looked: Mapping[int, LookedAt], expected: Mapping[int, int], share: float, what: str
) -> Iterator[CheckFinding]:
    for year, one in looked.items():
        rows, wanted = one.facts.rows, expected.get(year, 0)
        if wanted - rows > max(FEW_ROWS, (1 - share) * wanted):
            yield CheckFinding(
                year,
                f"frame of {year}",
                f"it has {rows:,} rows, and {what} {wanted:,}: {rows / wanted:.1%}, the least is {share:.0%}",
            )
