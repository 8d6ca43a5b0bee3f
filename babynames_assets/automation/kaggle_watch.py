"""Looks at Kaggle's dataset now and then: cheaply, less often while it fails, and never for long."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

from babynames_assets.automation.cursors import Remembered
from babynames_assets.automation.requests import Asked, ask
from babynames_assets.errors import BabynamesError, RetryableError
from babynames_assets.ingest.kaggle import DatasetVersion
from babynames_assets.ingest.raw_files import RawFile
from babynames_assets.resilience.deadline import within
from babynames_assets.setting_groups import AutomationSettings

LOOK_SECONDS = 4.0
"""A look ends by then, whatever Kaggle does: a sensor has to answer within five seconds."""


@dataclass(frozen=True)
class KaggleWatch(Remembered):
    """What is known from one look to the next; it is a sensor's cursor.

    Attributes:
        version: the newest version, as ``name_of`` names it; None before the first look.
        next_look: when Kaggle is asked again, in seconds since 1970.
        failures: looks without an answer since the last one with an answer.
        error: what the last look met instead of an answer.
    """

    version: str | None = None
    next_look: float = 0.0
    failures: int = 0
    error: str | None = None

    def look(self, latest: Callable[[], DatasetVersion], now: float, terms: AutomationSettings) -> Self:
        """Ask Kaggle if it is time.

        Args:
            latest: asks for the newest version.
            now: seconds since 1970.
            terms: how often.
        """
        if now < self.next_look:
            return self
        try:
            version = within(LOOK_SECONDS, latest, what="Kaggle's newest version")
        except BabynamesError as error:
            failures = self.failures + 1
            wait = max(terms.kaggle_seconds * 2.0 ** min(failures - 1, 60), _asked_to_wait(error))
            wait = min(wait, max(terms.max_retry_seconds, terms.kaggle_seconds))
            return replace(self, next_look=now + wait, failures=failures, error=str(error))
        return replace(self, version=name_of(version), next_look=now + terms.kaggle_seconds, failures=0, error=None)

    def request(self, now: float, terms: AutomationSettings) -> Asked | None:
        """The request for the newest version, if one is due."""
        return ask(self.asked, self.version, now, terms) if self.version else None


def name_of(version: DatasetVersion) -> str:
    """A version with its moment: Kaggle lets a publisher replace a version under its number."""
    return f"{version.dataset} {version.number} of {version.updated_at.isoformat()}"


def is_here(version: str | None, current: RawFile | None) -> bool:
    """Whether the current raw file is that version."""
    if version is None or current is None or current.origin != "kaggle":
        return False
    return version == f"{current.dataset} {current.version} of {current.updated_at.isoformat()}"


def _asked_to_wait(error: BabynamesError) -> float:
    return error.retry_after or 0.0 if isinstance(error, RetryableError) else 0.0
