"""Layouts: which column of a file is the year, the sex, the name and the number of births.

Not here: what a value must look like (``rules.py``). A header is known by its words, whatever their case, blanks,
underscores and order; columns that nobody knows are ignored.
"""

import csv
import re
from dataclasses import dataclass

from babynames_assets.errors import SourceError

YEAR_SETTING = "BABYNAMES_INGEST__YEAR"
MAX_COLUMNS = 100

_ROLES = {
    "year": {"year", "yearofbirth", "birthyear", "yob"},
    "sex": {"sex", "gender"},
    "name": {"name", "firstname", "childsfirstname", "givenname", "babyname"},
    "births": {"births", "count", "number", "n", "namecount", "occurrences", "frequency"},
}
_FINER_GRAIN = {"state", "statecode", "county", "ethnicity"}
_SHARES = {"percent", "percentage", "prop", "proportion", "probability"}
_SSA_FILE_NAME = re.compile(r"yob(\d{4})\.(txt|csv)", re.IGNORECASE)
_SSA_LINE = re.compile(r"(?P<name>[^,]*),[ ]*[MFmf][ ]*,[ ]*\d+[ ]*(?P<year>,[ ]*\d+[ ]*)?")
_CONTROL_CHARACTER = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True)
class Layout:
    """Where the values stand in a line.

    Attributes:
        columns: number of fields of every line.
        sex: index of the field of that name; so are ``name``, ``births`` and ``year``.
        year: None where no column holds the year; then ``fixed_year`` is set.
        finer_grain: fields (state, county, ethnicity) by which a file splits what is one row here.
        fixed_year: the year of all rows of a file without a column for it.
        header_lines: lines to skip at the top, 0 or 1.
    """

    columns: int
    sex: int
    name: int
    births: int
    year: int | None = None
    finer_grain: tuple[int, ...] = ()
    fixed_year: int | None = None
    header_lines: int = 1


def resolve_layout(first_line: str, *, file_name: str, year: int | None) -> Layout:
    """Tell the layout of a file from its first line.

    Args:
        first_line: the line without its end; a byte order mark does not matter.
        file_name: base name of the file; the SSA's ``yob1984.txt`` tells the year.
        year: the setting that gives a file without a year column its year.

    Raises:
        SourceError: the layout is unknown or lacks something; the message says what, and which setting supplies it.
    """
    line = first_line.removeprefix("\ufeff")
    _refuse_what_is_no_csv(line, file_name)
    if headerless := _headerless_layout(line, file_name, year):
        return headerless
    fields = _header_fields(line, file_name)
    roles = _columns_by_role(fields, line, file_name)
    _refuse_missing(roles, fields, line, file_name)
    return Layout(
        columns=len(fields),
        sex=roles["sex"],
        name=roles["name"],
        births=roles["births"],
        year=roles.get("year"),
        finer_grain=tuple(index for index, field in enumerate(fields) if field in _FINER_GRAIN),
        fixed_year=None if "year" in roles else _year_from_outside(file_name, year, line),
    )


def _refuse_what_is_no_csv(line: str, file_name: str) -> None:
    if not line.strip():
        raise SourceError(
            f"{file_name}: the first line is blank, so there is no header to read. Remove the blank lines at the top."
        )
    if line.lstrip().startswith("<"):
        raise SourceError(
            f"{file_name} is not a CSV file but a web page or XML: it begins with {_excerpt(line)}. "
            "A server probably sent an error page instead of the data; download the file again."
        )
    if _CONTROL_CHARACTER.search(line):
        raise SourceError(
            f"{file_name} is not a CSV file in UTF-8: its first line holds control characters ({_excerpt(line)}). "
            "It is binary, compressed or UTF-16; unpack it or save it as CSV in UTF-8."
        )


def _headerless_layout(line: str, file_name: str, year: int | None) -> Layout | None:
    """The files of the Social Security Administration have no header: name,sex,number[,year]."""
    match = _SSA_LINE.fullmatch(line)
    if not match:
        return None
    if match["year"]:
        return Layout(columns=4, name=0, sex=1, births=2, year=3, header_lines=0)
    fixed_year = _year_from_outside(file_name, year, line)
    return Layout(columns=3, name=0, sex=1, births=2, fixed_year=fixed_year, header_lines=0)


def _year_from_outside(file_name: str, year: int | None, line: str) -> int:
    match = _SSA_FILE_NAME.fullmatch(file_name)
    named = int(match[1]) if match else None
    if named and year and named != year:
        raise SourceError(
            f"{file_name} names the year {named}, but {YEAR_SETTING} is {year}. "
            "Unset it, or rename the file if the setting is right."
        )
    if found := named or year:
        return found
    raise SourceError(
        f"{file_name} has no column for the year (first line: {_excerpt(line)}). Set {YEAR_SETTING} to the year of all "
        "its rows, or name the file yobYYYY.txt as the Social Security Administration does."
    )


def _header_fields(line: str, file_name: str) -> list[str]:
    try:
        fields = next(csv.reader([line], strict=True))
    except csv.Error as error:
        raise SourceError(f"{file_name}: the header cannot be read as CSV ({error}): {_excerpt(line)}.") from error
    if len(fields) > MAX_COLUMNS:
        raise SourceError(
            f"{file_name}: the header has {len(fields)} columns, the most allowed is {MAX_COLUMNS}: {_excerpt(line)}."
        )
    return [re.sub(r"[\W_]", "", field).casefold() for field in fields]


def _columns_by_role(fields: list[str], line: str, file_name: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for role, aliases in _ROLES.items():
        indexes = [index for index, field in enumerate(fields) if field in aliases]
        if len(indexes) > 1:
            raise SourceError(
                f"{file_name}: the header has {len(indexes)} columns for the {role}, "
                f"so it is unclear which one counts: {_excerpt(line)}. Remove all but one."
            )
        if indexes:
            found[role] = indexes[0]
    return found


def _refuse_missing(roles: dict[str, int], fields: list[str], line: str, file_name: str) -> None:
    missing = [role for role in ("name", "sex", "births") if role not in roles]
    if not missing:
        return
    known = "; ".join(f"{role}: {', '.join(sorted(_ROLES[role]))}" for role in missing)
    raise SourceError(
        f"{file_name}: the header has no column for {' and '.join(missing)}: {_excerpt(line)}. "
        f"{_hint(missing, fields, line)}Known column names are {known}."
    )


def _hint(missing: list[str], fields: list[str], line: str) -> str:
    if "births" in missing and _SHARES.intersection(fields):
        return "A share (percent) cannot be turned into a number of births; get the file that has counts. "
    if len(fields) == 1 and (";" in line or "\t" in line):
        return "The fields must be separated by commas, not by semicolons or tabs. "
    if "\ufffd" in line:
        return "The line is not valid UTF-8; save the file in UTF-8. "
    return ""


def _excerpt(line: str) -> str:
    return repr(line if len(line) <= 120 else line[:117] + "...")
