"""What a run found: tables for a person, one line of JSON for a program."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.goals import GOALS
from benchmarks.measure import Samples

_DIGITS = 4


def as_json(
    measures: Mapping[str, float | str], samples: Samples, *, version: str, missing_peers: Mapping[str, str]
) -> dict[str, Any]:
    """What the JSON line says of one server."""
    rounded = {name: value if isinstance(value, str) else round(value, _DIGITS) for name, value in measures.items()}
    return {
        **rounded,
        "version": version,
        "startup_seconds": round(samples.seconds("startup"), 3),
        "peers_unavailable": dict(missing_peers),
        "medians": {name: samples.medians(name) for name in samples.names()},
        "phases": {name: phases for name in samples.names() if (phases := samples.phases(name))},
    }


def show(console: Console, results: Mapping[str, Mapping[str, Any]]) -> None:
    """Print the medians of each server, then the measures beside their goals."""
    for server, result in results.items():
        console.print(_medians(f"{server} {result['version']}", result["medians"]))
        console.print(_phases(f"Where {server}'s seconds go", result["phases"]))
        for peer, reason in result["peers_unavailable"].items():
            console.print(f"{peer} {reason}")
    console.print(_goals(results))


def _medians(title: str, medians: Mapping[str, Mapping[str, float | None]]) -> Table:
    table = Table("process", "seconds", "fastest", "slowest", "CPU s", "server CPU s", "peak MiB", "runs", title=title)
    for name, found in medians.items():
        cells = [found[column] for column in ("seconds", "fastest_seconds", "slowest_seconds", "cpu_seconds")]
        server_cpu, memory = found["server_cpu_seconds"], (found["rss_bytes"] or 0) / 2**20
        texts = ["-" if cell is None else f"{cell:.2f}" for cell in (*cells, server_cpu)]
        table.add_row(name, *texts, f"{memory:.0f}", f"{found['runs']}")
    return table


def _phases(title: str, phases: Mapping[str, Mapping[str, float]]) -> Table:
    names = list(dict.fromkeys(name for found in phases.values() for name in found))
    table = Table("process", *names, title=title)
    for process, found in phases.items():
        table.add_row(process, *(f"{found[name]:.2f}" if name in found else "-" for name in names))
    return table


def _goals(results: Mapping[str, Mapping[str, Any]]) -> Table:
    table = Table("measure", "goal", *results, title="Goals")
    for goal in GOALS:
        found = [result.get(goal.measure) for result in results.values()]
        cells = [
            "-" if value is None else f"[{'green' if goal.is_met_by(value) else 'red'}]{value:,.3f}" for value in found
        ]
        table.add_row(goal.measure, str(goal), *cells)
    return table
