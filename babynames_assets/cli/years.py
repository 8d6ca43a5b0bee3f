"""Years as people write them on the command line: one, or a range."""

import re

from babynames_assets.errors import ConfigurationError


def parse_years(text: str | None) -> tuple[int, int] | None:
    """First and last year of ``2024`` or ``2015-2024``; None for no text.

    Raises:
        ConfigurationError: it is no year and no range.
    """
    if not text:
        return None
    match = re.fullmatch(r"(\d{4})(?:-(\d{4}))?", text.strip())
    if not match:
        raise ConfigurationError(f"YEARS={text!r} is neither a year (2024) nor a range (2015-2024).")
    first, last = int(match[1]), int(match[2] or match[1])
    if first > last:
        raise ConfigurationError(f"YEARS={text!r}: the first year comes after the last.")
    return first, last
