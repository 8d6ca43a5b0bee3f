"""The header decides which column is what, and a layout that cannot work is refused."""

import pytest

from babynames_assets.errors import SourceError
from babynames_assets.ingest.layouts import MAX_COLUMNS, Layout, resolve_layout

LAYOUTS = {
    "Id,Name,Year,Gender,Count": Layout(columns=5, name=1, year=2, sex=3, births=4),
    "Id,Name,Year,Gender,State,Count": Layout(columns=6, name=1, year=2, sex=3, births=5, finer_grain=(4,)),
    "YearOfBirth,Name,Sex,Number": Layout(columns=4, year=0, name=1, sex=2, births=3),
    "State,Sex,Year,Name,Count": Layout(columns=5, finer_grain=(0,), sex=1, year=2, name=3, births=4),
    "state,gender,year,name,number": Layout(columns=5, finer_grain=(0,), sex=1, year=2, name=3, births=4),
    "year,sex,name,n,prop": Layout(columns=5, year=0, sex=1, name=2, births=3),
    "Year of Birth,Gender,Ethnicity,Child's First Name,Count,Rank": Layout(
        columns=6, year=0, sex=1, finer_grain=(2,), name=3, births=4
    ),
    "year,first_name,county,sex,name_count": Layout(columns=5, year=0, name=1, finer_grain=(2,), sex=3, births=4),
    "Year,First Name,County,Sex,Count": Layout(columns=5, year=0, name=1, finer_grain=(2,), sex=3, births=4),
    ",Id,Name,Year,Gender,State,Count": Layout(columns=7, name=2, year=3, sex=4, finer_grain=(5,), births=6),
    "Unnamed: 0,Id,Name,Year,Gender,Count": Layout(columns=6, name=2, year=3, sex=4, births=5),
    '"year","name","n","sex"': Layout(columns=4, year=0, name=1, births=2, sex=3),
}


@pytest.mark.parametrize("header", LAYOUTS)
def test_each_published_header_is_understood(header: str) -> None:
    """The columns of every published layout are found by their names."""
    assert resolve_layout(header, file_name="names.csv", year=None) == LAYOUTS[header]


@pytest.mark.parametrize(
    "header",
    ["YEAROFBIRTH,NAME,SEX,NUMBER", "\ufeffyear_of_birth,name,sex,number", " Year of Birth , Name, Sex ,Number "],
)
def test_case_blanks_underscores_and_a_byte_order_mark_do_not_matter(header: str) -> None:
    """A header is known by its words, not by how they are set."""
    assert resolve_layout(header, file_name="names.csv", year=None) == LAYOUTS["YearOfBirth,Name,Sex,Number"]


def test_a_file_without_year_column_takes_its_year_from_the_setting() -> None:
    """Name, gender, count and probability are enough when a setting supplies the year."""
    layout = resolve_layout("Name,Gender,Count,Probability", file_name="name_gender_dataset.csv", year=1999)
    assert layout == Layout(columns=4, name=0, sex=1, births=2, fixed_year=1999)


def test_a_year_column_wins_over_the_setting() -> None:
    """The setting is for files that have no year column."""
    layout = resolve_layout("YearOfBirth,Name,Sex,Number", file_name="names.csv", year=1999)
    assert (layout.year, layout.fixed_year) == (0, None)


@pytest.mark.parametrize("file_name", ["yob1880.txt", "YOB1880.TXT", "yob1880.csv"])
def test_a_headerless_file_takes_its_year_from_its_name(file_name: str) -> None:
    """The Social Security Administration writes the year into the name of the file only."""
    layout = resolve_layout("Mary,F,7065", file_name=file_name, year=None)
    assert layout == Layout(columns=3, name=0, sex=1, births=2, fixed_year=1880, header_lines=0)


def test_a_headerless_file_takes_its_year_from_the_setting() -> None:
    """A renamed file of the Social Security Administration works with the setting."""
    layout = resolve_layout("Mary,F,7065", file_name="names.txt", year=1880)
    assert (layout.fixed_year, layout.header_lines) == (1880, 0)


def test_a_headerless_file_with_years_needs_nothing_else() -> None:
    """Name, sex, occurrences and year are known by their look."""
    layout = resolve_layout("Mary,F,7065,1880", file_name="alldata.txt", year=None)
    assert layout == Layout(columns=4, name=0, sex=1, births=2, year=3, header_lines=0)


def test_a_file_name_that_contradicts_the_setting_is_refused() -> None:
    """Two different years for one file are not resolved by a guess."""
    with pytest.raises(SourceError, match=r"yob1880\.txt names the year 1880, but BABYNAMES_INGEST__YEAR is 1999"):
        resolve_layout("Mary,F,7065", file_name="yob1880.txt", year=1999)


@pytest.mark.parametrize("line", ["Name,Gender,Count", "Mary,F,7065"])
def test_a_missing_year_is_refused_with_the_setting_that_supplies_it(line: str) -> None:
    """The message names the file, the header and the setting."""
    with pytest.raises(
        SourceError, match=r"names\.csv has no column for the year .*Set BABYNAMES_INGEST__YEAR"
    ) as caught:
        resolve_layout(line, file_name="names.csv", year=None)
    assert line in str(caught.value)


REFUSED = {
    "Name,Sex": "no column for births",
    "year,name,percent,sex": "no column for births: .*A share .percent. cannot be turned into a number of births",
    "Year,Sex,Count": "no column for name: .*Known column names are name: .*firstname",
    "Year,Name,Count": "no column for sex",
    "a,b,c": "no column for name and sex and births",
    "Year,Name,Name,Sex,Count": "2 columns for the name",
    "Year,Name,First Name,Sex,Count": "2 columns for the name",
    "Year,year,Name,Sex,Count": "2 columns for the year",
    "Year;Name;Sex;Count": "separated by commas, not by semicolons or tabs",
    "Year\tName\tSex\tCount": "separated by commas, not by semicolons or tabs",
    "": "first line is blank",
    " \t": "first line is blank",
    "<!DOCTYPE html>": "not a CSV file but a web page",
    "  <html><head>": "not a CSV file but a web page",
    "PK\x03\x04\x14": "first line holds control characters",
    "Y\x00e\x00a\x00r\x00": "first line holds control characters",
    "Ann\ufffde,Pr\ufffdnom": "not valid UTF-8; save the file in UTF-8",
    'Year,"Name,Sex,Count': "cannot be read as CSV",
    "Year,Na\rme,Sex,Count": "cannot be read as CSV",
    "Year,Name,Sex,Count" + ",x" * MAX_COLUMNS: "the most allowed is 100",
}


@pytest.mark.parametrize("line", REFUSED)
def test_a_layout_that_cannot_work_is_refused_with_what_is_missing(line: str) -> None:
    """Each refusal says in plain words what is wrong with the header."""
    with pytest.raises(SourceError, match=REFUSED[line]) as caught:
        resolve_layout(line, file_name="names.csv", year=1999)
    assert str(caught.value).startswith("names.csv")


def test_a_long_header_is_cut_in_the_message() -> None:
    """A message stays readable, whatever the file holds."""
    with pytest.raises(SourceError) as caught:
        resolve_layout("x" * 5000, file_name="names.csv", year=None)
    assert len(str(caught.value)) < 500
