"""Each value is taken or rejected for a reason that tells a person what to mend."""

from pathlib import Path

import pytest

from babynames_assets.ingest.fields import BAD_QUOTES, BLANK, TOO_LONG
from babynames_assets.ingest.rules import LONGEST_TEXT
from babynames_assets.ingest.scan import rejected
from babynames_assets.setting_groups import IngestSettings
from babynames_assets_tests.ingest.scanning import HEADER, accounted, reasons, rows, scan_bytes, scan_lines

GOOD = "1990,Good,F,5"
TWO = "the number of fields is not 4"

TAKEN = {
    "1984,Mary,F,10": (1984, "F", "Mary", 10),
    " 1984 , Mary ,\tF, 10 ": (1984, "F", "Mary", 10),
    "1984,Mary,female,10": (1984, "F", "Mary", 10),
    "1984,Mary,GIRL,10": (1984, "F", "Mary", 10),
    "1984,John,Male,10": (1984, "M", "John", 10),
    "1984,John,boy,10": (1984, "M", "John", 10),
    "1984,John,m,0010": (1984, "M", "John", 10),
    "1880,John,M,2147483647": (1880, "M", "John", 2147483647),
    "2026,John,M,1": (2026, "M", "John", 1),
    '1984,"Mary",F,"10"': (1984, "F", "Mary", 10),
    "1984,O'Hara,F,10": (1984, "F", "O'Hara", 10),
    "1984,D\u2019Arcy,F,10": (1984, "F", "D\u2019Arcy", 10),
    "1984,Anne-Marie,F,10": (1984, "F", "Anne-Marie", 10),
    "1984,St. John,M,10": (1984, "M", "St. John", 10),
    "1984,Nan,F,10": (1984, "F", "Nan", 10),
    "1984,Null,M,10": (1984, "M", "Null", 10),
    "1984,\u05e9\u05e8\u05d4,F,10": (1984, "F", "\u05e9\u05e8\u05d4", 10),
    "1984,\u0928\u0940\u0932\u092e,F,10": (1984, "F", "\u0928\u0940\u0932\u092e", 10),
    "1984,Zoe\u0308,F,10": (1984, "F", "Zo\u00eb", 10),
    "1984," + "A" * 100 + ",F,10": (1984, "F", "A" * 100, 10),
    "1984,\u00a0Mary\u00a0,F,10": (1984, "F", "Mary", 10),
}


@pytest.mark.parametrize("line", TAKEN)
def test_a_good_line_becomes_a_row(tmp_path: Path, line: str) -> None:
    """Spellings that mean one thing only are read as that."""
    scan = scan_lines(tmp_path, line)
    assert (rows(scan), reasons(scan)) == ([TAKEN[line]], {})


NAME_CHARACTERS = "the name holds something else than letters, blanks, apostrophes, hyphens and full stops"
FIRST_LETTER = "the name does not begin with a letter"
YEARS = "the year is not within 1880 to 2026"
NO_YEAR = "the year is not a whole number in plain digits"
SEX = "the sex is none of F, M, female, male, girl, boy"
DIGIT = "the sex is a digit, which does not say whether it means F or M"
DECIMAL = "the births have a decimal point; only whole numbers in plain digits are read"
EXPONENT = "the births are written with an exponent; only plain digits are read"
THOUSANDS = "the births have a thousands separator; only plain digits are read"
NO_NUMBER = "the births are not a number"

REJECTED = {
    "": [BLANK],
    "   ": [BLANK],
    "1984,Mary,F": [TWO],
    "1984,Mary,F,10,": [TWO],
    "1984,Mary,Ann,F,10": [TWO],
    '1984,"Mary, Ann",F': [TWO],
    '1984,"Mary, Ann",F,10,x': [TWO],
    '1984,"Mary,F,10': [BAD_QUOTES],
    '1984,Ma"ry,F,10': [BAD_QUOTES],
    '1984,"Mary"x,F,10': [BAD_QUOTES],
    '1984,"Mary, Ann",F,10': [NAME_CHARACTERS],
    '1984,"Mary ""Ann""",F,10': [NAME_CHARACTERS],
    "0,Mary,F,10": [YEARS],
    "99999,Mary,F,10": [YEARS],
    "1879,Mary,F,10": [YEARS],
    "2027,Mary,F,10": [YEARS],
    "9" * 30 + ",Mary,F,10": [YEARS],
    "-1984,Mary,F,10": [NO_YEAR],
    "+1984,Mary,F,10": [NO_YEAR],
    "1984.0,Mary,F,10": [NO_YEAR],
    "MCMLXXXIV,Mary,F,10": [NO_YEAR],
    "\u0661\u0669\u0668\u0664,Mary,F,10": [NO_YEAR],
    ",Mary,F,10": ["the year is empty"],
    "1984,Mary,X,10": [SEX],
    "1984,Mary,FM,10": [SEX],
    "1984,Mary,,10": ["the sex is empty"],
    "1984,Mary,0,10": [DIGIT],
    "1984,Mary,1,10": [DIGIT],
    "1984,,F,10": ["the name is empty"],
    "1984,  ,F,10": ["the name is empty"],
    "1984," + "A" * 101 + ",F,10": ["the name is longer than 100 characters"],
    "1984," + "A" * 300 + ",F,10": ["the name is longer than 100 characters"],
    "1984,=cmd|' /C calc'!A0,F,10": [FIRST_LETTER],
    "1984,=1+1,F,10": [FIRST_LETTER],
    "1984,+Mary,F,10": [FIRST_LETTER],
    "1984,-Mary,F,10": [FIRST_LETTER],
    "1984,@SUM(A1),F,10": [FIRST_LETTER],
    "1984,'Mary,F,10": [FIRST_LETTER],
    "1984,\U0001f476,F,10": [FIRST_LETTER],
    "1984,\u0301Mary,F,10": [FIRST_LETTER],
    "1984,<script>,F,10": [FIRST_LETTER],
    "1984,Mary\U0001f476,F,10": [NAME_CHARACTERS],
    "1984,Mary2,F,10": [NAME_CHARACTERS],
    "1984,Mary|calc,F,10": [NAME_CHARACTERS],
    "1984,Mary;DROP TABLE,F,10": [NAME_CHARACTERS],
    "1984,Mary\u202eAnn,F,10": [NAME_CHARACTERS],
    "1984,Mary\u200bAnn,F,10": [NAME_CHARACTERS],
    "1984,Ma\x00ry,F,10": ["the name holds a control character"],
    "1984,Ma\x1b[31mry,F,10": ["the name holds a control character"],
    "1984,Ma\rry,F,10": ["the name holds a control character"],
    "1984,Mary,F,": ["the births are empty"],
    "1984,Mary,F,0": ["the births are 0, but at least 1 is needed"],
    "1984,Mary,F,000": ["the births are 0, but at least 1 is needed"],
    "1984,Mary,F,-5": ["the births are negative"],
    "1984,Mary,F,-5.5": ["the births are negative"],
    "1984,Mary,F,+5": ["the births have a plus sign; only plain digits are read"],
    "1984,Mary,F,7065.0": [DECIMAL],
    "1984,Mary,F,3.5": [DECIMAL],
    "1984,Mary,F,1e3": [EXPONENT],
    "1984,Mary,F,1E9": [EXPONENT],
    '1984,Mary,F,"1,000"': [THOUSANDS],
    "1984,Mary,F,1 000": [THOUSANDS],
    "1984,Mary,F,nan": [NO_NUMBER],
    "1984,Mary,F,inf": [NO_NUMBER],
    "1984,Mary,F,ten": [NO_NUMBER],
    "1984,Mary,F,1O": [NO_NUMBER],
    "1984,Mary,F,\u0661\u0660": [NO_NUMBER],
    "1984,Mary,F,1\x000": [NO_NUMBER],
    "1984,Mary,F,2147483648": ["the births are more than 2,147,483,647"],
    "1984,Mary,F," + "9" * 40: ["the births are more than 2,147,483,647"],
    "1984,Mary,F," + "9" * 70_000: [TOO_LONG],
    "1984," + '"' * 70_000 + ",F,10": [TOO_LONG],
    "year,2nd,X,-1": [NO_YEAR, SEX, FIRST_LETTER, "the births are negative"],
}


@pytest.mark.parametrize("line", REJECTED, ids=lambda line: repr(line[:40]))
def test_a_bad_line_is_rejected_with_all_its_reasons_and_stops_no_other(tmp_path: Path, line: str) -> None:
    """The lines before and behind become rows, and the bad one is kept with its number."""
    scan = scan_lines(tmp_path, GOOD, line, "1990,Gooder,F,5")
    assert reasons(scan) == {3: REJECTED[line]}
    assert [name for _, _, name, _ in rows(scan)] == ["Good", "Gooder"]
    assert accounted(scan) == scan.lines == 4


def test_all_bad_lines_together_are_each_rejected(tmp_path: Path) -> None:
    """The whole corpus in one file: a quote that is never closed swallows nothing."""
    scan = scan_lines(tmp_path, GOOD, *REJECTED, GOOD)
    assert reasons(scan) == dict(enumerate(REJECTED.values(), start=3))
    assert scan.years[1990].duplicates == 1
    assert accounted(scan) == scan.lines == len(REJECTED) + 3


def test_bytes_that_are_not_utf_8_cost_their_line_only(tmp_path: Path) -> None:
    """A Latin-1 name among UTF-8 ones is rejected in its year, and its text is kept as far as it can be read."""
    scan = scan_bytes(tmp_path, f"{HEADER}\n1984,Zo\u00eb,F,5\n".encode() + b"1984,Zo\xeb,F,6\n1984,\xffZoe,M,7\n")
    assert rows(scan) == [(1984, "F", "Zo\u00eb", 5)]
    assert reasons(scan) == {
        3: ["the line holds bytes that are not UTF-8", NAME_CHARACTERS],
        4: ["the line holds bytes that are not UTF-8", FIRST_LETTER],
    }
    assert scan.years[1984].rejected == 2
    assert rejected(scan.folder).collect()["text"][0] == "1984,Zo\ufffd,F,6"


def test_damaged_bytes_in_an_ignored_column_reject_the_line(tmp_path: Path) -> None:
    """A line that is damaged anywhere is not trusted."""
    scan = scan_bytes(tmp_path, b"Year,Name,Sex,Count,Note\n1984,Mary,F,5,\xff\n1984,Ann,F,5,\n")
    assert reasons(scan) == {2: ["the line holds bytes that are not UTF-8"]}


def test_names_that_differ_by_case_or_accent_only_stay_apart(tmp_path: Path) -> None:
    """Zoe, ZOE and Zo\u00eb are three names."""
    scan = scan_lines(tmp_path, "1984,Zoe,F,1", "1984,Zo\u00eb,F,2", "1984,ZOE,F,3")
    assert rows(scan) == [(1984, "F", "ZOE", 3), (1984, "F", "Zoe", 1), (1984, "F", "Zo\u00eb", 2)]


def test_two_spellings_of_one_accent_are_one_name(tmp_path: Path) -> None:
    """A letter with its mark behind it equals the letter that has the mark built in."""
    scan = scan_lines(tmp_path, "1984,Zo\u00eb,F,2", "1984,Zoe\u0308,F,2")
    assert (scan.years[1984].valid, scan.years[1984].duplicates) == (1, 1)


def test_a_rejected_line_can_be_placed_in_its_year_or_not(tmp_path: Path) -> None:
    """A line counts in its year where the year can be read and is allowed, else among the unplaced."""
    scan = scan_lines(tmp_path, GOOD, "1991,Mary,X,1", "0,Mary,F,1", "1990,Mary,F")
    assert (scan.years[1990].rejected, scan.years[1991].rejected, scan.unplaced) == (0, 1, 2)
    assert rejected(scan.folder).collect()["year"].to_list() == [1991, None, None]


def test_the_text_of_a_rejected_line_is_cut(tmp_path: Path) -> None:
    """A huge line does not make a huge dead letter."""
    scan = scan_lines(tmp_path, GOOD, "1984," + "x" * 10_000_000)
    assert reasons(scan) == {3: [TOO_LONG]}
    assert len(rejected(scan.folder).collect()["text"][0]) == LONGEST_TEXT


def test_the_settings_decide_the_allowed_years_and_lengths(tmp_path: Path) -> None:
    """First year, last year and the longest name come from the settings."""
    settings = IngestSettings(first_year=1900, last_year=1950, max_name_length=4)
    lines = [HEADER, "1899,Mary,F,1", "1900,Mary,F,1", "1950,Marya,F,1", "1951,Mary,F,1", ""]
    scan = scan_bytes(tmp_path, "\n".join(lines).encode(), settings=settings)
    years = "the year is not within 1900 to 1950"
    assert reasons(scan) == {2: [years], 4: ["the name is longer than 4 characters"], 5: [years]}


def test_quoted_fields_are_read_as_csv_says(tmp_path: Path) -> None:
    """A comma inside quotes belongs to the field, and so does a doubled quote."""
    scan = scan_lines(
        tmp_path, '"1984","Mary","F","5","a, ""b"""', "1984,Ann,F,6,", header='"Year","Name","Sex","Count","Note"'
    )
    assert rows(scan) == [(1984, "F", "Ann", 6), (1984, "F", "Mary", 5)]
