"""Lines are cut into fields as CSV says, and lines that cannot be cut are told apart."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from babynames_assets.ingest.fields import (
    BAD_QUOTES,
    BLANK,
    TOO_LONG,
    Fields,
    cut_into_fields,
    wrong_number_of_fields,
)
from babynames_assets.ingest.layouts import MAX_COLUMNS, Layout
from babynames_assets.ingest.lines import MAX_LINE_BYTES, Block

FOUR = Layout(columns=4, year=0, name=1, sex=2, births=3)
STATES = Layout(columns=5, year=0, name=1, sex=2, births=3, finer_grain=(4,))


def block_of(*lines: str, first: int = 1) -> Block:
    """A block of these lines."""
    return Block(first, "".join(f"{line}\n" for line in lines).encode())


def cut(*lines: str, layout: Layout = FOUR) -> Fields:
    """The fields of lines."""
    return cut_into_fields(block_of(*lines), layout)


def values(fields: Fields) -> list[tuple[str, ...]]:
    """The values without number and text, in the order of the lines."""
    return fields.cut.sort("line").drop("line", "text").rows()


def reasons(fields: Fields) -> dict[int, str]:
    """The reasons by number of the line."""
    return dict(fields.malformed.select("line", "reason").iter_rows())


def test_fields_are_taken_by_their_place() -> None:
    """The layout says which field is what; others are left."""
    layout = Layout(columns=6, name=5, sex=3, births=1, year=2)
    assert values(cut("a,7,1984,F,b,Mary", layout=layout)) == [("1984", "F", "Mary", "7")]


def test_fields_are_not_trimmed_or_judged_here() -> None:
    """Blanks and nonsense go on to the rules."""
    assert values(cut(" x ,,?, ")) == [(" x ", "?", "", " ")]


def test_a_fixed_year_stands_in_each_line() -> None:
    """A layout without a year column supplies it."""
    layout = Layout(columns=3, name=0, sex=1, births=2, fixed_year=1984, header_lines=0)
    fields = cut("Mary,F,7", '"Ann",F,8', layout=layout)
    assert values(fields) == [("1984", "F", "Mary", "7"), ("1984", "F", "Ann", "8")]


def test_lines_keep_their_numbers_and_text() -> None:
    """Numbers count from the block's first line, with and without quotes."""
    fields = cut_into_fields(block_of("1,b,c,d", '"2",b,c,d', "", first=40), FOUR)
    assert fields.cut.sort("line").select("line", "text").rows() == [(40, "1,b,c,d"), (41, '"2",b,c,d')]
    assert reasons(fields) == {42: BLANK}


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ('1984,"Mary",F,7', "Mary"),
        ('1984,"Mary, Ann",F,7', "Mary, Ann"),
        ('1984,"Mary ""Ann""",F,7', 'Mary "Ann"'),
        ('1984,"",F,7', ""),
        ('1984,"""",F,7', '"'),
        ('1984,",",F,7', ","),
        ('1984,Mary,"F",7', "Mary"),
    ],
)
def test_quotes_are_removed_as_csv_says(line: str, name: str) -> None:
    """A quoted field may hold commas and doubled quotes."""
    assert cut(line).cut["name"].to_list() == [name]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("", BLANK),
        (" \t ", BLANK),
        ("a,b,c", wrong_number_of_fields(FOUR)),
        ("a,b,c,d,e", wrong_number_of_fields(FOUR)),
        ('"a","b","c"', wrong_number_of_fields(FOUR)),
        ('"a,b,c,d"', wrong_number_of_fields(FOUR)),
        ('a,"b,c,d', BAD_QUOTES),
        ('a,b",c,d', BAD_QUOTES),
        ('a,"b"b,c,d', BAD_QUOTES),
        ('a, "b",c,d', BAD_QUOTES),
        ('a,b,c,"', BAD_QUOTES),
        ("x" * (MAX_LINE_BYTES + 1), TOO_LONG),
        ('"' * (MAX_LINE_BYTES + 1), TOO_LONG),
        ("é" * (MAX_LINE_BYTES // 2 + 1), TOO_LONG),
    ],
    ids=lambda value: repr(value[:20]),
)
def test_a_line_that_cannot_be_cut_says_why(line: str, reason: str) -> None:
    """The reason speaks of the line's form, and its neighbours are cut."""
    fields = cut("a,b,c,d", line, 'e,"f",g,h')
    assert reasons(fields) == {2: reason}
    assert values(fields) == [("a", "c", "b", "d"), ("e", "g", "f", "h")]


def test_a_line_of_just_the_longest_length_is_cut() -> None:
    """The limit itself is allowed."""
    line = "a,b,c,"
    assert reasons(cut(line + "x" * (MAX_LINE_BYTES - len(line)))) == {}


def test_the_finer_grain_is_told_apart_even_with_commas_in_it() -> None:
    """Two fields that only look alike when joined stay two."""
    layout = Layout(columns=6, year=0, name=1, sex=2, births=3, finer_grain=(4, 5))
    grain = cut('1984,Mary,F,7,"a,b",c', '1984,Mary,F,7,a,"b,c"', "1984,Mary,F,7, a , b", layout=layout).cut["grain"]
    assert grain.n_unique() == 3
    assert "grain" not in cut("1984,Mary,F,7").cut.columns


def test_the_widest_layout_can_be_cut_with_quotes() -> None:
    """As many columns as a header may have are no trouble."""
    layout = Layout(columns=MAX_COLUMNS, year=0, name=1, sex=2, births=MAX_COLUMNS - 1)
    line = ",".join(['"1984"', '"Mary"', '"F"', *['"x,y"'] * (MAX_COLUMNS - 4), '"7"'])
    assert values(cut(line, layout=layout)) == [("1984", "F", "Mary", "7")]


def test_a_block_without_lines_has_no_fields() -> None:
    """The block of a header alone is empty."""
    fields = cut()
    assert (fields.cut.height, fields.malformed.height) == (0, 0)


text = st.text(st.characters(blacklist_characters="\r\n", blacklist_categories=["Cs"]), max_size=8)


@settings(max_examples=60, deadline=None)
@given(records=st.lists(st.tuples(text, text, text, text), min_size=1, max_size=6), quoting=st.sampled_from([0, 1]))
def test_what_a_csv_writer_writes_is_read_back(records: list[tuple[str, str, str, str]], quoting: int) -> None:
    """Whatever the values: a line written by Python's csv module gives them back."""
    written = io.StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL if quoting else csv.QUOTE_MINIMAL, lineterminator="\n").writerows(records)
    fields = cut(*written.getvalue().split("\n")[:-1])
    assert fields.malformed.is_empty()
    assert fields.cut.sort("line").select("year", "name", "sex", "births").rows() == records
