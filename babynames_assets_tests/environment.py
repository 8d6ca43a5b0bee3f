"""The environment of a test: no setting of the machine reaches it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import structlog

from babynames_assets.settings import configured_names


def clear_settings(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Take every setting out of the environment, and keep a .env file of the checkout from being read."""
    for name in configured_names():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("BABYNAMES_ENV_FILE", str(folder / "test.env"))


@contextmanager
def logging_as_it_was() -> Iterator[None]:
    """A run configures the logging of its process; the next test must not inherit that."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
