"""The process from which the commands of these tests are forked."""

from collections.abc import Iterator

import pytest

from babynames_assets_tests.cli.commands import COMMANDS


@pytest.fixture(scope="package", autouse=True)
def _commands_end() -> Iterator[None]:
    """It starts with the first command, and ends with the last test."""
    yield
    COMMANDS.close()
