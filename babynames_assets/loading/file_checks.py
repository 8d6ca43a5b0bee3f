"""Checks of a whole file: its bytes, its lines, its entry in the ledger, its dead letters."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from babynames_assets.errors import SourceError
from babynames_assets.ingest.raw_files import RawFile, RawFiles
from babynames_assets.ingest.scan import Scan, rejected
from babynames_assets.loading.findings import REENTER, Finding, found_by_reading
from babynames_assets.loading.letter_keys import LetterKeys
from babynames_assets.loading.sources import require_current
from babynames_assets.warehouse.engine import Connection
from babynames_assets.warehouse.ledger_report import SourceEntry, count_letters, known_letters

_EXAMPLES = 5
_READ_AT_ONCE = 2**20
_LETTERS_AT_ONCE = 10_000


def kept_file(raw_files: RawFiles) -> RawFile | Finding:
    """The current file, its bytes proved to be those that were kept, or how they differ.

    Raises:
        FatalError: no file was ever kept.
    """
    if raw_files.current() is None and (raw_files.folder / "current.json").exists():
        message = f"the current file in {raw_files.folder} is gone, or is longer or shorter than it was kept"
        return Finding("raw file", "differs", None, message, "Materialize raw/baby_names_csv again.")
    raw = require_current(raw_files)
    try:
        raw_files.verify(raw)
    except SourceError as error:
        return found_by_reading("raw file", None, error)
    return raw


def count_lines(path: Path) -> int:
    """Lines by their ends: LF, or CR in a file that begins without an LF; a last line may have no end."""
    count, last = 0, b""
    with path.open("rb") as file:
        piece = file.read(_READ_AT_ONCE)
        end = b"\r" if b"\r" in piece and b"\n" not in piece else b"\n"
        while piece:
            count += piece.count(end)
            last = piece[-1:]
            piece = file.read(_READ_AT_ONCE)
    return count + (last not in {b"", end})


def check_lines(raw: RawFile, scan: Scan) -> Iterator[Finding]:
    """The file has as many line ends as the scan accounts for lines."""
    counted = count_lines(raw.path)
    kept = sum(year.valid + year.merged + year.duplicates for year in scan.years.values())
    accounted = scan.header_lines + kept + rejected(scan.folder).select(pl.len()).collect().item()
    if not counted == scan.lines == accounted:
        yield Finding(
            "lines",
            "differs",
            None,
            f"the file has {counted:,} line ends, its scan read {scan.lines:,} lines and accounts for {accounted:,}",
            "This is a bug in babynames_assets, not in the file: report it with the file.",
        )


def check_source(raw: RawFile, scan: Scan, entry: SourceEntry | None) -> Iterator[Finding]:
    """The file is entered, with the lines that it has."""
    if entry is None:
        remedy = "Materialize validated/baby_names."
        yield Finding("ledger", "pending", None, "the file and its rejected lines are not entered yet", remedy)
        return
    counted = {
        "bytes": raw.path.stat().st_size,
        "lines": scan.lines,
        "header_lines": scan.header_lines,
        "unplaced": scan.unplaced,
    }
    wrong = [
        f"{name} {getattr(entry, name):,}, counted {number:,}"
        for name, number in counted.items()
        if getattr(entry, name) != number
    ]
    if wrong:
        message = f"the file's entry in the table sources says {'; '.join(wrong)}"
        yield Finding("ledger", "differs", None, message, REENTER.format(sha256=raw.sha256))


def check_letters(connection: Connection, raw: RawFile, scan: Scan) -> Iterator[Finding]:
    """Every rejected line has its dead letter, whatever became of that, and no letter of the file lacks its line.

    Letters are found by their key, made from the line's text: files share the letter of a text that they share, and it
    names the file that was entered last.
    """
    letter_keys = LetterKeys()
    lost: list[int] = []
    missing = named_after_file = 0
    lines = rejected(scan.folder).select("line", "text")
    for rows in lines.collect_batches(chunk_size=_LETTERS_AT_ONCE, maintain_order=True):
        keys = {letter_keys.next(text): line for line, text in rows.iter_rows()}
        letters = known_letters(connection, keys)
        gone = [line for key, line in keys.items() if key not in letters]
        lost = sorted(lost + gone)[:_EXAMPLES]
        missing += len(gone)
        named_after_file += sum(sha256 == raw.sha256 for sha256 in letters.values())
    remedy = REENTER.format(sha256=raw.sha256)
    if missing:
        message = f"rejected lines without a dead letter: {missing:,}, for example line {', '.join(map(str, lost))}"
        yield Finding("dead letters", "differs", None, message, remedy)
    if extra := count_letters(connection, raw.sha256) - named_after_file:
        yield Finding(
            "dead letters",
            "differs",
            None,
            f"dead letters that name the file, which has no such rejected line: {extra:,}",
            "They were written for other settings or from outside: review them, then set their status to discarded and "
            "their source_sha256 to NULL.",
        )
