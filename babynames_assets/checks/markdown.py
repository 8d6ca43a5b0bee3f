"""Markdown that a check shows: tables of bounded length, of text that may come from outside."""

import html
import re
from collections.abc import Sequence

_LONGEST_CELL = 200
_LONGEST_TABLE = 8_000
"""Characters: a check may show two tables, and all of its metadata has an end (``results.MOST_BYTES``)."""


def table(head: Sequence[str], rows: Sequence[str]) -> str:
    """As many rows as there is room for."""
    lines = list(head)
    for row in rows:
        if sum(len(line) + 1 for line in (*lines, row)) > _LONGEST_TABLE:
            break
        lines.append(row)
    return "\n".join(lines)


def cell(text: str) -> str:
    """Text from outside: it must not end its cell, nor become a link, a picture or markup of the page that shows it."""
    short = " ".join(text.split())
    short = short if len(short) <= _LONGEST_CELL else short[: _LONGEST_CELL - 1] + "…"
    return re.sub(r"([\\`*_\[\]|~!#])", r"\\\1", html.escape(short, quote=False))
