"""A scan accounts for every line of a file, whatever its layout, and is stored whole or not at all."""

import gzip
import json
import multiprocessing
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from structlog.testing import capture_logs

from babynames_assets.emulators.dataset import generate
from babynames_assets.errors import SourceError
from babynames_assets.ingest.content import digest
from babynames_assets.ingest.duplicates import CONFLICT, FINER_CONFLICT, TOO_MANY
from babynames_assets.ingest.durable_files import digest_of
from babynames_assets.ingest.frame_schema import FRAME_SCHEMA
from babynames_assets.ingest.memory import plan_for
from babynames_assets.ingest.provenance import read_provenance
from babynames_assets.ingest.scan import Scan, prove_that_no_line_is_lost, rejected, scan_file
from babynames_assets.ingest.year_frames import YearCounts
from babynames_assets.setting_groups import IngestSettings
from babynames_assets_tests.ingest.scanning import (
    HEADER,
    SOURCE,
    accounted,
    frame_rows,
    frozen_clock,
    reasons,
    rows,
    scan_bytes,
    scan_lines,
)

LEAST_MIB = 64
MARY = (1984, "F", "Mary", 10)
FILES = {
    "NationalNames.csv": "Id,Name,Year,Gender,Count\n1,Mary,1984,F,10\n",
    "StateNames.csv": "Id,Name,Year,Gender,State,Count\n1,Mary,1984,F,AK,7\n2,Mary,1984,F,AL,3\n",
    "babyNamesUSYOB-full.csv": "YearOfBirth,Name,Sex,Number\n1984,Mary,F,10\n",
    "baby-names-state.csv": "State,Sex,Year,Name,Count\nAK,F,1984,Mary,7\nAL,F,1984,Mary,3\n",
    "usa_1910_current.csv": "state,gender,year,name,number\nAK,F,1984,Mary,7\nAL,F,1984,Mary,3\n",
    "babynames.csv": '"year","sex","name","n","prop"\n1984,"F","Mary",10,0.07\n',
    "Popular_Baby_Names.csv": "Year of Birth,Gender,Ethnicity,Child's First Name,Count,Rank\n"
    "1984,FEMALE,HISPANIC,Mary,4,1\n1984,FEMALE,ASIAN,Mary,6,2\n1984,FEMALE,ASIAN,Mary,6,2\n",
    "new-york.csv": "year,first_name,county,sex,name_count\n1984,Mary,Kings,F,9\n1984,Mary,Queens,F,1\n",
    "yob1984.txt": "Mary,F,10\n",
    "alldata.txt": "Mary,F,10,1984\n",
    "cleaned.csv": ",Id,Name,Year,Gender,State,Count\n0,1,Mary,1984,F,AK,10\n",
    "index.csv": "Unnamed: 0,Name,Year,Gender,Count\n0,Mary,1984,F,10\n",
}


@pytest.mark.parametrize("name", FILES)
def test_every_layout_leads_to_the_same_row(tmp_path: Path, name: str) -> None:
    """Whatever the columns, their order and their grain: one row a year, sex and name."""
    scan = scan_bytes(tmp_path, FILES[name].encode(), name=name)
    assert rows(scan) == [MARY]
    assert accounted(scan) == scan.lines == FILES[name].count("\n")


def test_a_file_without_years_takes_the_year_of_the_setting(tmp_path: Path) -> None:
    """The layout of UCI's gender-by-name works with a setting."""
    content = b"Name,Gender,Count,Probability\nMary,F,10,0.1\n"
    assert rows(scan_bytes(tmp_path, content, settings=IngestSettings(year=1984))) == [MARY]


def test_the_name_that_the_source_gave_counts_and_not_the_name_on_disk(tmp_path: Path) -> None:
    """A raw file that is stored under its digest still tells its year."""
    path = tmp_path / "0a1b2c"
    path.write_bytes(b"Mary,F,10\n")
    scan = scan_file(
        path,
        tmp_path / "scan",
        source=replace(SOURCE, source_sha256="0a1b2c"),
        settings=IngestSettings(),
        file_name="yob1984.txt",
    )
    assert rows(scan) == [MARY]


def test_messages_use_the_name_that_the_source_gave(tmp_path: Path) -> None:
    """A person knows the file by that name, not by its digest."""
    path = tmp_path / "0a1b2c"
    path.write_text(HEADER, encoding="utf-16")
    with pytest.raises(SourceError, match=r"^names\.csv is in UTF-16"):
        scan_file(
            path,
            tmp_path / "scan",
            source=SOURCE,
            settings=IngestSettings(),
            file_name="names.csv",
        )


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("last", ["", "end"])
def test_line_ends_and_byte_order_mark_change_nothing(tmp_path: Path, end: str, mark: str, last: str) -> None:
    """LF, CRLF and CR, with and without a mark, with and without a last line end."""
    content = mark + end.join([HEADER, "1984,Mary,F,10", "1984,Ann,F,5"]) + (end if last else "")
    scan = scan_bytes(tmp_path, content.encode())
    assert rows(scan) == [(1984, "F", "Ann", 5), MARY]
    assert (scan.lines, scan.header_lines) == (3, 1)


def test_equal_repetitions_are_duplicates_and_others_are_rejected(tmp_path: Path) -> None:
    """The first line of a key stays; equal ones are dropped, different ones rejected."""
    lines = ["1984,Mary,F,10", "1984,Mary,F,11", "1984,Mary,F,10", "1984,Mary,M,10", "1984,Mary,F,11"]
    scan = scan_lines(tmp_path, *lines)
    assert rows(scan) == [MARY, (1984, "M", "Mary", 10)]
    assert reasons(scan) == {3: [CONFLICT], 6: [CONFLICT]}
    assert (scan.years[1984].duplicates, scan.years[1984].rejected, scan.years[1984].lines) == (1, 2, 5)
    assert rejected(scan.folder).collect()["text"].to_list() == ["1984,Mary,F,11", "1984,Mary,F,11"]


def test_years_are_sorted_and_their_rows_too(tmp_path: Path) -> None:
    """The order of the file does not show in the frames."""
    scan = scan_lines(tmp_path, "1990,Zoe,F,1", "1984,Mary,M,2", "1984,Ann,M,3", "1984,Mary,F,10", "1990,Ann,F,4")
    assert list(scan.years) == [1984, 1990]
    assert frame_rows(scan, 1984) == [MARY, (1984, "M", "Ann", 3), (1984, "M", "Mary", 2)]
    assert [scan.years[1984].births, scan.years[1990].births] == [15, 5]


def test_the_same_rows_in_another_order_have_the_same_digest(tmp_path: Path) -> None:
    """The digest speaks of the content alone."""
    lines = ["1984,Mary,F,10", "1984,Ann,F,5", "1984,John,M,7"]
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one, other = scan_lines(tmp_path / "a", *lines), scan_lines(tmp_path / "b", *reversed(lines), lines[0])
    assert one.years[1984].digest == other.years[1984].digest


def test_rows_of_a_finer_grain_are_summed(tmp_path: Path) -> None:
    """Each state is a row of the file; the frame has their sum, and the account has the rows folded in."""
    lines = ["Mary,1984,F,AK,7", "Mary,1984,F,AL,3", "Mary,1984,F,AL,3", "Mary,1984,F,AK,8", "John,1984,M,AK,1"]
    scan = scan_lines(tmp_path, *lines, header="Name,Year,Gender,State,Count")
    counts = scan.years[1984]
    assert rows(scan) == [MARY, (1984, "M", "John", 1)]
    assert (counts.valid, counts.merged, counts.duplicates, counts.rejected) == (2, 1, 1, 1)
    assert reasons(scan) == {5: [FINER_CONFLICT]}


def test_a_sum_that_does_not_fit_is_rejected_with_all_its_lines(tmp_path: Path) -> None:
    """No row is stored with a wrong sum, and the other rows stay."""
    lines = ["Mary,1984,F,AK,2147483647", "Mary,1984,F,AL,1", "John,1984,M,AK,1", "Eve,1985,F,AK,2147483647"]
    scan = scan_lines(tmp_path, *lines, "Eve,1985,F,AL,9", "Ann,1985,X,AL,9", header="Name,Year,Gender,State,Count")
    assert rows(scan) == [(1984, "M", "John", 1)]
    assert {line: why for line, why in reasons(scan).items() if line != 7} == {n: [TOO_MANY] for n in (2, 3, 5, 6)}
    assert (scan.years[1984].rejected, scan.years[1985].rejected, scan.years[1985].valid) == (2, 3, 0)


def test_two_fields_of_a_finer_grain_are_not_confused(tmp_path: Path) -> None:
    """State and county together make the grain."""
    lines = ["Mary,1984,F,a,bc,1", "Mary,1984,F,ab,c,2", "Mary,1984,F,a,bc,1"]
    scan = scan_lines(tmp_path, *lines, header="Name,Year,Gender,State,County,Count")
    assert (rows(scan), scan.years[1984].duplicates) == ([(1984, "F", "Mary", 3)], 1)


def test_a_year_with_rejected_lines_only_has_an_empty_frame(tmp_path: Path) -> None:
    """Such a year is known to the source, but has no row."""
    scan = scan_lines(tmp_path, "1984,Mary,F,10", "1985,Mary,F,x")
    assert frame_rows(scan, 1985) == []
    assert (scan.years[1985].valid, scan.years[1985].rejected, scan.years[1985].births) == (0, 1, 0)


REFUSED = {
    "empty": (b"", "is empty"),
    "only a byte order mark": (b"\xef\xbb\xbf", "is empty"),
    "header only": (f"{HEADER}\n".encode(), "has a header but no data rows"),
    "header without line end": (HEADER.encode(), "has a header but no data rows"),
    "UTF-16": (f"{HEADER}\n1984,Mary,F,1\n".encode("utf-16"), "is in UTF-16"),
    "UTF-16 without mark": (f"{HEADER}\n1984,Mary,F,1\n".encode("utf-16-le"), "control characters"),
    "HTML": (b"<!DOCTYPE html>\n<html></html>\n", "web page"),
    "gzip": (gzip.compress(f"{HEADER}\n".encode()), "control characters"),
    "zip": (b"PK\x03\x04\x14\x00\x00\x00", "control characters"),
    "blank first line": (f"\n{HEADER}\n1984,Mary,F,1\n".encode(), "first line is blank"),
    "blank data": (f"{HEADER}\n\n\n".encode(), "none of its 2 data lines can be used.*the line is blank"),
    "wrong order": (f"{HEADER}\n1984,F,Mary,10\n".encode(), r"none of its 1 data lines.*the sex is none of.*\(1 lines"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_file_that_brings_nothing_is_refused(tmp_path: Path, kind: str) -> None:
    """Nothing is stored: a source that answers with nothing must not delete everything."""
    content, message = REFUSED[kind]
    with pytest.raises(SourceError, match=message):
        scan_bytes(tmp_path, content)
    assert [path.name for path in tmp_path.iterdir()] == ["names.csv"]


def test_a_finished_scan_is_returned_without_reading_the_file(tmp_path: Path) -> None:
    """The file may even be gone."""
    first = scan_lines(tmp_path, "1984,Mary,F,10", "1984,Mary,X,10")
    (tmp_path / "names.csv").unlink()
    again = scan_file(
        tmp_path / "names.csv",
        first.folder,
        source=SOURCE,
        settings=IngestSettings(),
        clock=frozen_clock,
    )
    assert again == first


@pytest.mark.parametrize("change", ["sha256", "rules", "cut record"])
def test_a_scan_of_something_else_is_replaced(tmp_path: Path, change: str) -> None:
    """Another file, other rules or a damaged record: the file is read again, and nothing old stays."""
    old = scan_lines(tmp_path, "1984,Mary,F,10", "1990,Marianne,F,10")
    if change == "cut record":
        (old.folder / "scan.json").write_text('{"format": 1, ')
    content = (HEADER + "\n1984,Ann,F,10\n1985,Ann,F,1\n").encode()
    settings = IngestSettings(max_name_length=7) if change == "rules" else IngestSettings()
    new = scan_bytes(tmp_path, content, settings=settings, sha256="0b" if change == "sha256" else "0a")
    assert rows(new) == [(1984, "F", "Ann", 10), (1985, "F", "Ann", 1)]
    assert sorted(path.name for path in new.folder.iterdir()) == [
        "rejected.parquet",
        "scan.json",
        "year=1984.parquet",
        "year=1985.parquet",
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["names.csv", "scan"]


def test_the_current_year_is_the_last_allowed_one(tmp_path: Path) -> None:
    """A new year is allowed when it begins, and the file is then read again."""
    assert reasons(scan_lines(tmp_path, "2026,Ann,F,1", "2027,Ann,F,1")) == {3: ["the year is not within 1880 to 2026"]}
    later = scan_file(
        tmp_path / "names.csv",
        tmp_path / "scan",
        source=SOURCE,
        settings=IngestSettings(),
        clock=lambda: frozen_clock().replace(year=2027),
    )
    assert reasons(later) == {}


def test_the_present_year_is_known_without_being_told(tmp_path: Path) -> None:
    """The clock of the machine is the default."""
    (tmp_path / "names.csv").write_text(f"{HEADER}\n1984,Mary,F,10\n9999,Mary,F,10\n")
    scan = scan_file(tmp_path / "names.csv", tmp_path / "scan", source=SOURCE, settings=IngestSettings())
    assert (len(scan.years), scan.unplaced) == (1, 1)


def test_two_processes_may_scan_the_same_file_at_once(tmp_path: Path) -> None:
    """Both get the same result, and nothing half-made stays behind."""
    source = tmp_path / "names.csv"
    generated = generate(source, seed=5, rows=3000)
    context = multiprocessing.get_context("spawn")
    with context.Pool(2) as pool:
        scans = pool.starmap(scan_generated, [(source, tmp_path / "scan")] * 4)
    assert all(scan == scans[0] for scan in scans)
    assert sum(counts.valid for counts in scans[0].years.values()) == generated.valid
    assert sorted(path.name for path in tmp_path.iterdir()) == ["names.csv", "scan"]


def scan_generated(source: Path, target: Path) -> Scan:
    """Scan in a process of its own."""
    return scan_file(source, target, source=SOURCE, settings=IngestSettings(), clock=frozen_clock)


def test_the_record_says_how_the_scan_was_made(tmp_path: Path) -> None:
    """A person can read which file and which rules led to the result."""
    scan = scan_lines(tmp_path, "1984,Mary,F,10")
    record = json.loads((scan.folder / "scan.json").read_text())
    assert record["rules"] == {"first_year": 1880, "last_year": 2026, "max_name_length": 100}
    assert (record["source_sha256"], record["file_name"], record["lines"]) == ("0a", "names.csv", 2)


def test_a_scan_says_in_the_log_what_it_found(tmp_path: Path) -> None:
    """One event with the numbers, and none when the stored result is returned."""
    with capture_logs() as logs:
        scan_lines(tmp_path, "1984,Mary,F,10", "1984,Mary,X,10")
        scan_lines(tmp_path, "1984,Mary,F,10", "1984,Mary,X,10")
    assert [(log["event"], log["lines"], log["rejected"], log["years"]) for log in logs] == [("file_scanned", 3, 1, 1)]


def test_the_rejected_lines_have_their_columns_even_where_there_are_none(tmp_path: Path) -> None:
    """Who reads the dead letters need not ask whether there are any."""
    lines = rejected(scan_lines(tmp_path, "1984,Mary,F,10").folder).collect()
    assert (lines.height, lines.columns) == (0, ["line", "year", "text", "reasons"])


def test_a_large_file_is_read_in_blocks_without_losing_a_line(tmp_path: Path) -> None:
    """More than is held in memory, years scattered over all blocks, a bad line in each thousand."""
    note = "x" * 300
    lines = [f"{1900 + n % 100},{letters(n)},{'F' if n % 1000 else 'X'},{n + 1},{note}" for n in range(150_000)]
    content = "\n".join(["Year,Name,Sex,Count,Note", *lines])
    assert len(content) > plan_for(LEAST_MIB).held_bytes > 10 * plan_for(LEAST_MIB).block_bytes
    scan = scan_bytes(tmp_path, content.encode(), settings=IngestSettings(memory_mib=LEAST_MIB))
    assert accounted(scan) == scan.lines == 150_001
    assert list(reasons(scan)) == list(range(2, 150_002, 1000))
    assert sum(counts.valid for counts in scan.years.values()) == 149_850
    assert sum(counts.births for counts in scan.years.values()) == sum(n + 1 for n in range(150_000) if n % 1000)


def letters(number: int) -> str:
    """A different name for each number."""
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


def test_every_frame_passes_the_schema_and_has_the_digest_of_its_counts(tmp_path: Path) -> None:
    """What is on disk is what was validated and counted."""
    generate(tmp_path / "generated.csv", seed=2, rows=2000)
    scan = scan_generated(tmp_path / "generated.csv", tmp_path / "scan")
    for year, counts in scan.years.items():
        frame = pl.read_parquet(scan.frame_path(year), hive_partitioning=False)
        FRAME_SCHEMA.validate(frame)
        assert (frame.height, digest(frame)) == (counts.valid, counts.digest)
        assert digest_of(scan.frame_path(year)) == counts.file_sha256
        assert read_provenance(scan.frame_path(year)) == counts.provenance(SOURCE)


def test_a_lost_line_is_a_bug_that_is_not_passed_over() -> None:
    """If the scan ever dropped a line, it would say so instead of storing the rest."""
    counts = YearCounts(lines=5, valid=2, merged=0, duplicates=1, rejected=2, births=7, digest="0a", file_sha256="0b")
    scan = Scan(Path("scan"), "0a", header_lines=1, lines=8, years={1984: counts}, unplaced=1)
    with pytest.raises(RuntimeError, match=r"names.csv read 8 lines but accounts for 7.*a bug in babynames_assets"):
        prove_that_no_line_is_lost(scan, "names.csv")
