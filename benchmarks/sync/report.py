"""What a run found, for a person."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.report import goals_table
from benchmarks.sync.goals import GOALS


def show(console: Console, result: Mapping[str, Any]) -> None:
    """Print who did what beside whom, then the measures beside their goals."""
    compared: Mapping[str, Mapping[str, Any]] = result["beside"]
    table = Table("", *compared, title=f"The same {result['run']['contacts']:,} contacts")
    for name in compared["ours"]:
        table.add_row(name, *(_cell(found[name]) for found in compared.values()))
    console.print(table)
    for peer, reason in result["run"]["peers_unavailable"].items():
        console.print(f"{peer} {reason}")
    console.print(goals_table({result["run"]["server"]: result}, GOALS))


def _cell(value: object) -> str:
    return "\n".join(map(str, value)) if isinstance(value, list) else f"{value:,}"
