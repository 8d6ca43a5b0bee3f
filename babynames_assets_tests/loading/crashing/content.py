"""What a release says, as plain rows."""

import hashlib

YEARS = range(2001, 2012)

Rows = frozenset[tuple[str, str, int]]
"""Sex, name and births of each row of a year."""

Content = dict[int, Rows]
"""The rows of each year of ``YEARS``."""


def digest_of(year: int, rows: Rows) -> str:
    """The digest that a ledger row should have, computed without the code under test."""
    lines = "".join(f"{year},{sex},{name},{births}\n" for sex, name, births in sorted(rows))
    return hashlib.sha256(lines.encode()).hexdigest()
