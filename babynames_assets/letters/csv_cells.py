"""Text from outside as cells of a CSV file that no spreadsheet takes for a formula.

Source: owasp.org/www-community/attacks/CSV_Injection. A cell that begins like a formula gets an apostrophe, which a
spreadsheet shows as text. A reader with another separator, or that gives up on a quote, begins its cells elsewhere: so
does each place inside a text where one could begin.
"""

import csv
import re
from collections.abc import Iterable, Sequence
from typing import Protocol

# Also as they are written in full width and as small forms, which spreadsheets of some languages read like the others.
_FORMULA = r"=+\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b"
# Blanks and characters without a shape: some readers drop them from the beginning of a cell.
_UNSEEN = r"(?:[^\S\t\r\n]|[\x00-\x08\x0b\x0c\x0e-\x1f\u00ad\u200b-\u200f\u2060\ufeff])*"
_BEGINS_A_CELL = re.compile(rf"(?:^|(?<=[,;|\t\r\n\"']))(?={_UNSEEN}[{_FORMULA}])|^(?=[\t\r\n])")


class Output(Protocol):
    """Takes text."""

    def write(self, text: str, /) -> object:
        """Take some more."""


def guarded(text: str) -> str:
    """The text, with an apostrophe wherever a reader could take what follows for a formula; else as it is."""
    return _BEGINS_A_CELL.sub("'", text)


def write_rows(out: Output, rows: Iterable[Sequence[str]]) -> int:
    """Write rows, every cell guarded and in quotes, and return how many there were.

    Args:
        out: takes the text; it changes no line ends.
        rows: read one at a time.
    """
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    number = 0
    for number, row in enumerate(rows, start=1):  # noqa: B007 - the last one is the answer
        writer.writerow([guarded(cell) for cell in row])
    return number
