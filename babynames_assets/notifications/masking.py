"""Secrets cut out of texts that leave this installation: an error may quote what it was given."""

import re
from collections.abc import Iterable

MASK = "***"
_SHORTEST = 6
"""Characters: a shorter secret is a word that stands in many texts."""

_LONGEST_LINE = 300

_LOOKS_SECRET = (
    (re.compile(r"(://[^/\s:@]*:)[^/\s@]+@"), rf"\1{MASK}@"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{6,}"), rf"\1 {MASK}"),
    (
        re.compile(
            r"(?i)\b([\w-]*(?:password|passwd|secret|token|api[_-]?key|authorization)\w*[\"']?\s*[=:]\s*)[\"']?[^\s\"',;&]+"
        ),
        rf"\1{MASK}",
    ),
    (re.compile(r"\bpat-[\w-]{6,}"), MASK),
    (re.compile(r"(https?://hooks\.slack\.com/)\S+"), rf"\1{MASK}"),
)


def masked(text: str, secrets: Iterable[str] = ()) -> str:
    """A text without secrets.

    Args:
        text: what somebody else wrote.
        secrets: those that are known, the longest first; what only looks like one is cut out too.
    """
    for secret in secrets:
        if len(secret) >= _SHORTEST:
            text = text.replace(secret, MASK)
    for pattern, instead in _LOOKS_SECRET:
        text = pattern.sub(instead, text)
    return text


def first_line(text: str, longest: int = _LONGEST_LINE) -> str:
    """The first line that says something, in one piece and not longer than people read."""
    line = next((" ".join(line.split()) for line in text.splitlines() if line.strip()), "")
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"
