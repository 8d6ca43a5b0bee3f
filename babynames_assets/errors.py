"""Errors, named by what the caller should do about them.

Every message says what was tried, what came back, and whether another try helps.
"""

import datetime as dt


class BabynamesError(Exception):
    """Base of every error that this package raises on purpose."""


class RetryableError(BabynamesError):
    """Another try may succeed.

    Attributes:
        retry_after: seconds that the other side asked to wait, or None when it said nothing.
    """

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class CircuitOpenError(RetryableError):
    """The service is down and is left alone for a while: nothing was sent, and trying at once is of no use."""


class RejectedError(BabynamesError):
    """One item was refused for a reason of its own; it belongs in the dead letters, the others go on."""


class FatalError(BabynamesError):
    """Another try cannot succeed until a person changes something; the message says what."""


class PausedError(BabynamesError):
    """Nothing is wrong: the calls of the day are spent, and the work goes on by itself when there are new ones.

    Attributes:
        until: the moment from which calls are made again, with its zone; None while it is not known.
    """

    def __init__(self, message: str, *, until: dt.datetime | None) -> None:
        super().__init__(message)
        self.until = until


class SourceError(FatalError):
    """A file cannot be used as it is: damaged, unsafe, or of an unknown layout."""


class ConfigurationError(FatalError):
    """A setting is missing or wrong; the message names it and the values that are good."""
