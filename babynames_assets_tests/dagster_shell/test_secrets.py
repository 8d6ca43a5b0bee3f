"""Tests that no secret is left behind by a run, wherever one looks."""

import logging
from pathlib import Path

import pytest

from babynames_assets_tests.dagster_shell.conftest import YEARLY, Installation
from babynames_assets_tests.hubspot.emulated import TOKEN

KAGGLE_TOKEN = "kaggle-canary-4711"


def leftovers(folder: Path) -> dict[Path, bytes]:
    """Every file below a folder: databases, logs, frames."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("fails", [False, True], ids=["a run that succeeds", "a run that fails"])
def test_a_run_leaves_no_secret_behind(
    sqlite_installation: Installation,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    fails: bool,
) -> None:
    """Not in Dagster's database, not in ours, not in a file, not in what is printed or logged."""
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("BABYNAMES_KAGGLE__TOKEN", KAGGLE_TOKEN)
    sqlite_installation.release()
    sqlite_installation.run("raw/baby_names_csv")
    if fails:
        sqlite_installation.hubspot.order(kind="unauthorized", times=100)

    result = sqlite_installation.run(*YEARLY, years=(2001, 2003), raise_on_error=False)

    assert result.success is not fails
    printed = capfd.readouterr()
    everywhere = {
        **leftovers(sqlite_installation.folder),
        Path("stdout"): printed.out.encode(),
        Path("stderr"): printed.err.encode(),
        Path("log"): caplog.text.encode(),
    }
    found = [
        path for path, content in everywhere.items() for secret in (TOKEN, KAGGLE_TOKEN) if secret.encode() in content
    ]
    assert found == []
    assert len(everywhere) > 10


def test_the_search_for_secrets_would_find_one(sqlite_installation: Installation) -> None:
    """A negative control: a token in a file below the folder is seen."""
    (sqlite_installation.folder / "careless.txt").write_text(f"token={TOKEN}")

    found = [path.name for path, content in leftovers(sqlite_installation.folder).items() if TOKEN.encode() in content]

    assert found == ["careless.txt"]
