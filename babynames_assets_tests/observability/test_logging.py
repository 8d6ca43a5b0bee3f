"""Tests of the log lines."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from babynames_assets.observability.logging import configure_logging
from babynames_assets_tests.environment import logging_as_it_was


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Always a terminal."""
        return True


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """Each test leaves the process's logging as it found it."""
    with logging_as_it_was():
        yield


def test_outside_a_terminal_a_line_is_json() -> None:
    """A log collector reads each line by itself."""
    stream = io.StringIO()
    configure_logging("info", environment="staging", stream=stream)

    structlog.get_logger("babynames_assets.sync").info("contacts_pushed", contacts=100)

    line = json.loads(stream.getvalue())
    assert line["event"] == "contacts_pushed"
    assert line["contacts"] == 100
    assert line["level"] == "info"
    assert line["logger"] == "babynames_assets.sync"
    assert line["environment"] == "staging"
    assert line["timestamp"].endswith("Z")


def test_a_line_of_another_library_has_the_same_shape() -> None:
    """Records of the standard library's logging go through the same chain."""
    stream = io.StringIO()
    configure_logging("info", stream=stream)
    structlog.contextvars.bind_contextvars(correlation_id="run-1")

    logging.getLogger("somebody.else").warning("watch %s", "out")

    line = json.loads(stream.getvalue())
    assert line["event"] == "watch out"
    assert line["correlation_id"] == "run-1"


def test_on_a_terminal_a_line_is_for_people() -> None:
    """A person does not read JSON."""
    stream = Terminal()
    configure_logging("info", stream=stream)

    structlog.get_logger("x").info("year_loaded", year=1984)

    assert "year_loaded" in stream.getvalue()
    with pytest.raises(json.JSONDecodeError):
        json.loads(stream.getvalue())


def test_lines_below_the_level_are_not_printed() -> None:
    """The level is a setting."""
    stream = io.StringIO()
    configure_logging("warning", stream=stream)

    structlog.get_logger("x").info("year_loaded")

    assert stream.getvalue() == ""


def test_an_exception_stays_on_one_line() -> None:
    """A traceback is a field of the line, not twenty lines."""
    stream = io.StringIO()
    configure_logging("info", stream=stream)
    try:
        int("no such year")
    except ValueError:
        structlog.get_logger("x").exception("load_failed")

    assert len(stream.getvalue().splitlines()) == 1
    assert "no such year" in json.loads(stream.getvalue())["exception"]
