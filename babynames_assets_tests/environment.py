"""The environment of a test: no setting of the machine reaches it."""

from pathlib import Path

import pytest

from babynames_assets.settings import configured_names


def clear_settings(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Take every setting out of the environment, and keep a .env file of the checkout from being read."""
    for name in configured_names():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("BABYNAMES_ENV_FILE", str(folder / "test.env"))
