"""Whatever a file holds, the account of its lines holds too."""

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from babynames_assets.errors import SourceError
from babynames_assets.ingest.frame_schema import FRAME_SCHEMA
from babynames_assets_tests.ingest.scanning import HEADER, accounted, reasons, rows, scan_bytes

LAYOUTS = [HEADER, "Id,Name,Year,Gender,State,Count", "Name,Year,Sex,N"]

names = st.one_of(
    st.sampled_from(["Mary", "Zoe", "Zo\u00eb", "ZOE", "Zoe\u0308", "", "nan", "=1+1", "O'Hara"]),
    st.text(max_size=12),
)
years = st.one_of(st.sampled_from(["1984", "1985", "0", "99999", "", "1984.0"]), st.text(max_size=6))
sexes = st.one_of(st.sampled_from(["F", "M", "female", "boy", "X", "0", ""]), st.text(max_size=3))
births = st.one_of(
    st.integers(-5, 20).map(str),
    st.sampled_from(["", "nan", "1e3", "7.0", "+5", "2147483647", "99999999999", "1,000"]),
    st.text(max_size=6),
)


@contextmanager
def folder() -> Iterator[Path]:
    """A folder for one example."""
    with TemporaryDirectory() as name:
        yield Path(name)


def check(content: bytes) -> None:
    """Scan the content and prove what must always hold."""
    with folder() as path, suppress(SourceError):
        scan = scan_bytes(path, content)
        assert accounted(scan) == scan.lines
        listed = reasons(scan)
        assert len(listed) == scan.unplaced + sum(counts.rejected for counts in scan.years.values())
        assert all(listed.values())
        assert all(scan.header_lines < line <= scan.lines for line in listed)
        for year, counts in scan.years.items():
            frame = FRAME_SCHEMA.validate(pl.read_parquet(scan.frame_path(year), hive_partitioning=False))
            total = frame["births"].cast(pl.Int64).sum()  # two rows may hold more than their type
            assert (frame.height, total) == (counts.valid, counts.births)
            assert set(frame["year"]) <= {year}


@settings(max_examples=60, deadline=None)
@given(header=st.sampled_from([HEADER, "Name,Sex,N,Year,State", "Mary,F,7,1984", ""]), rest=st.binary(max_size=300))
def test_arbitrary_bytes_raise_nothing_but_a_source_error(header: str, rest: bytes) -> None:
    """Garbage behind any first line is told apart line by line."""
    check(f"{header}\n1984,Mary,F,1\nMary,F,1,1984,AK\n".encode() + rest if header else rest)


@settings(max_examples=60, deadline=None)
@given(lines=st.lists(st.tuples(years, names, sexes, births), max_size=12), header=st.sampled_from(LAYOUTS))
def test_whatever_the_values_the_frames_pass_the_schema(lines: list[tuple[str, ...]], header: str) -> None:
    """The rules of the scan and the schema agree: what the rules let pass, the schema lets pass."""
    text = io.StringIO()
    writer = csv.writer(text)
    for year, name, sex, number in [("1984", "Good", "F", "5"), *lines]:
        by_column = {"yearofbirth": year, "year": year, "name": name, "sex": sex, "gender": sex}
        writer.writerow([by_column.get(column.lower(), number) for column in header.split(",")])
    check(f"{header}\n{text.getvalue()}".encode())


@settings(max_examples=40, deadline=None)
@given(
    lines=st.lists(
        st.tuples(
            st.integers(1880, 1883), st.sampled_from("FM"), st.sampled_from(["A", "B", "\u00c9"]), st.integers(1, 3)
        ),
        min_size=1,
        max_size=30,
    )
)
def test_the_first_line_of_each_key_wins(lines: list[tuple[int, str, str, int]]) -> None:
    """A plain dictionary gives the same rows, duplicates and rejected lines as the scan."""
    first: dict[tuple[int, str, str], int] = {}
    conflicts = []
    for number, (year, sex, name, count) in enumerate(lines, start=2):
        if first.setdefault((year, sex, name), count) != count:
            conflicts.append(number)
    text = "\n".join([HEADER, *(f"{year},{name},{sex},{count}" for year, sex, name, count in lines)])
    with folder() as path:
        scan = scan_bytes(path, text.encode())
        assert rows(scan) == sorted((*key, count) for key, count in first.items())
        assert sorted(reasons(scan)) == conflicts
        assert sum(counts.duplicates for counts in scan.years.values()) == len(lines) - len(first) - len(conflicts)


@settings(max_examples=30, deadline=None)
@given(
    lines=st.lists(
        st.tuples(st.sampled_from(["A", "B"]), st.sampled_from(["AK", "AL", "x,y"]), st.integers(1, 9)),
        min_size=1,
        max_size=20,
        unique_by=lambda line: line[:2],
    )
)
def test_the_births_of_a_finer_grain_are_kept_in_the_sum(lines: list[tuple[str, str, int]]) -> None:
    """Summing states loses no birth and no line."""
    text = "".join(f'1984,{name},F,"{state}",{count}\n' for name, state, count in lines)
    with folder() as path:
        counts = scan_bytes(path, f"Year,Name,Sex,State,Count\n{text}".encode()).years[1984]
        assert counts.births == sum(count for _, _, count in lines)
        assert counts.valid + counts.merged == counts.lines == len(lines)
