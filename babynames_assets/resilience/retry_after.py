"""The Retry-After header of HTTP: how long the other side asks to be left alone."""

import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime


def seconds_asked(header: str | None, clock: Callable[[], float] = time.time) -> float | None:
    """Seconds from a Retry-After header, which holds seconds or a date; one that holds neither says nothing.

    Args:
        header: its value, None where there is none.
        clock: seconds since 1970, to compare a date with.
    """
    if header is None:
        return None
    try:
        if header.strip().isdecimal():
            return float(header)
        return max(0.0, parsedate_to_datetime(header).timestamp() - clock())
    except (ValueError, OverflowError):
        return None
