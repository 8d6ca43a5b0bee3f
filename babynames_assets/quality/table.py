"""What the checks of warehouse/baby_names say: the table, beside the frames and the ledger."""

from collections.abc import Iterator, Mapping, Sequence

import polars as pl
from polars.exceptions import PolarsError

from babynames_assets.errors import FatalError
from babynames_assets.ingest.frame_files import open_frame
from babynames_assets.ingest.frames import FrameStore
from babynames_assets.quality.verdict import EXAMPLES, Verdict, Verdicts
from babynames_assets.warehouse import ledger, table_shape, table_totals
from babynames_assets.warehouse.check_findings import CheckFinding
from babynames_assets.warehouse.engine import Connection, Engine, connect
from babynames_assets.warehouse.ledger import CurrentYear
from babynames_assets.warehouse.table_totals import YearTotals
from babynames_assets.warehouse.tables import baby_names

Totals = Mapping[int, YearTotals]


def check_table(engine: Engine, frames: FrameStore, years: Sequence[int] | None) -> Verdicts:
    """Look at some years of the table.

    Args:
        engine: the warehouse.
        frames: the validated frames.
        years: the years of the run; None for all that the table, the ledger or the frames have.
    """
    # One transaction: what a load that goes on meanwhile does is seen whole, or not at all.
    with connect(engine) as connection:
        wrong = table_shape.differences(connection, baby_names)
        shape = Verdict({"columns": len(baby_names.c), "columns_wrong": len(wrong)}, [_of_shape(*one) for one in wrong])
        if any(name in baby_names.c for name, _ in wrong):
            # What cannot be read as it was made cannot be counted either.
            unknown = Verdict(is_doubt=True, texts={"note": "The table is not as it was made: it was not counted."})
            return {"the_table_is_as_migrated": shape, **dict.fromkeys(_COUNTED, unknown)}
        totals = table_totals.by_year(connection, years)
        loaded, rows = ledger.current(connection), ledger.current_rows(connection)
        domain = list(_outside_domain(connection, totals))
    asked = sorted({*totals, *rows, *frames.years()}) if years is None else list(years)
    return {
        "the_table_is_as_migrated": shape,
        "table_values_are_in_their_domain": Verdict(
            {
                "rows": sum(year.rows for year in totals.values()),
                "rows_wrong": sum(year.other_sex + year.no_count for year in totals.values()),
            },
            domain,
        ),
        "the_table_equals_the_frames": _frames_verdict(asked, totals, loaded, frames),
        "every_valid_row_is_in_the_table": _ledger_verdict(asked, totals, rows),
    }


_COUNTED = ("table_values_are_in_their_domain", "the_table_equals_the_frames", "every_valid_row_is_in_the_table")


def _of_shape(name: str, message: str) -> CheckFinding:
    return CheckFinding(None, f"baby_names.{name}", message)


def _outside_domain(connection: Connection, totals: Totals) -> Iterator[CheckFinding]:
    for year, found in totals.items():
        if found.other_sex or found.no_count:
            for sex, name, births in table_totals.examples_outside_domain(connection, year, limit=EXAMPLES):
                yield CheckFinding(year, f"{year}-{sex}-{name}", f"its sex is {sex}, its births are {births}")


def _frames_verdict(
    years: Sequence[int], totals: Totals, loaded: Mapping[int, CurrentYear], frames: FrameStore
) -> Verdict:
    """Rows and births of the table against those that the Parquet files hold."""
    findings, not_loaded, rows, births = [], 0, 0, 0
    with_frame = set(frames.years())
    for year in years:
        held = totals.get(year, YearTotals())
        rows, births = rows + held.rows, births + held.births
        if year not in with_frame:
            continue
        try:
            frame = frames.get(year)
            if year not in loaded or loaded[year].digest != frame.provenance.digest:
                not_loaded += 1  # validated anew, and not loaded since: not the table's fault
                continue
            in_frame = open_frame(frame.path).select(pl.len(), pl.col("births").cast(pl.Int64).sum()).collect().row(0)
        except (FatalError, PolarsError, OSError) as error:
            findings.append(CheckFinding(year, f"frame of {year}", f"it cannot be read: {error}"))
            continue
        if in_frame != (held.rows, held.births):
            message = (
                f"the table has {held.rows:,} rows and {held.births:,} births, the frame {in_frame[0]:,} rows and "
            )
            findings.append(CheckFinding(year, f"table of {year}", f"{message}{in_frame[1]:,} births"))
    numbers = {"rows": rows, "births": births, "years_wrong": len(findings), "years_not_loaded": not_loaded}
    return Verdict(numbers, findings)


def _ledger_verdict(years: Sequence[int], totals: Totals, rows: Mapping[int, int]) -> Verdict:
    """``valid = table``: the rows of each year are as many as the ledger says that the last load left."""
    findings = []
    for year in years:
        held = totals.get(year, YearTotals()).rows
        if held != rows.get(year, 0):
            told = f"the last load left {rows[year]:,}" if year in rows else "no load of the year is entered"
            findings.append(CheckFinding(year, f"table of {year}", f"the table has {held:,} rows; {told}"))
    numbers = {
        "valid": sum(rows.get(year, 0) for year in years),
        "table_rows": sum(totals[year].rows for year in years if year in totals),
        "years_wrong": len(findings),
    }
    return Verdict(numbers, findings)
