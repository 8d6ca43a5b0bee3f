"""Tests of the columns of a file as people see them."""

from pathlib import Path

import pytest

from babynames_assets.ingest.header import SourceColumn, source_columns


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        (
            "YearOfBirth,Name,Sex,Number\n1984,Mary,F,10\n",
            [("YearOfBirth", "year"), ("Name", "name"), ("Sex", "sex"), ("Number", "births")],
        ),
        (
            '\ufeffId,"First Name", Gender ,Count,Year\r\n1,Mary,F,10,1984\r\n',
            [("Id", None), ("First Name", "name"), ("Gender", "sex"), ("Count", "births"), ("Year", "year")],
        ),
        (
            "Mary,F,10,1984\nAnna,F,9,1984\n",
            [("field 1", "name"), ("field 2", "sex"), ("field 3", "births"), ("field 4", "year")],
        ),
    ],
    ids=["as on Kaggle", "a mark, quotes, blanks and a column that is not read", "without a header"],
)
def test_a_column_is_called_as_its_file_calls_it(
    text: str, columns: list[tuple[str, str | None]], tmp_path: Path
) -> None:
    """Each with what it is read as, in the order of the file."""
    file = tmp_path / "names.csv"
    file.write_bytes(text.encode())

    found = source_columns(file, file_name="names.csv", year=None)

    assert found == [SourceColumn(*column) for column in columns]


def test_a_year_that_stands_in_the_name_of_the_file_is_no_column(tmp_path: Path) -> None:
    """Nothing claims that the year was read from a field."""
    file = tmp_path / "names.csv"
    file.write_text("Mary,F,10\n")

    found = source_columns(file, file_name="yob1984.txt", year=None)

    assert [column.read_as for column in found] == ["name", "sex", "births"]
