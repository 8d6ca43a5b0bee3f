"""The benchmark of the emulated HubSpot ends with its numbers."""

import json
from pathlib import Path

import pytest

from benchmarks import emulator


@pytest.mark.parametrize("has_file", [False, True])
def test_the_last_line_is_json(capsys: pytest.CaptureFixture[str], tmp_path: Path, has_file: bool) -> None:
    """Batches a second, and a second of CPU, for contacts that are new, known and changed."""
    emulator.main(["--batches", "8", *(["--state", str(tmp_path / "state.sqlite")] if has_file else [])])

    result = json.loads(capsys.readouterr().out.splitlines()[-1])

    assert result["batches"] == 8
    assert result["memory_mib"] > 0
    for phase in ("created", "redundant", "updated"):
        assert result[phase]["per_second"] > 0
        assert result[phase]["per_cpu_second"] > 0
