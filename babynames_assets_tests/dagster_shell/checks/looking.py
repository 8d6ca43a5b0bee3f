"""What a look at an installation's checks shows, by real runs of Dagster."""

from collections.abc import Iterable

import dagster as dg

from babynames_assets.definitions import defs
from babynames_assets_tests.dagster_shell.conftest import Installation

GRAPH = defs.resolve_asset_graph()
EVERY_CHECK = {key.name for key in GRAPH.asset_check_keys}


def look(installation: Installation) -> dict[str, dg.AssetCheckEvaluation]:
    """Execute every check alone, as the UI's button does: each looks at all years."""
    job = defs.get_repository_def().get_implicit_global_asset_job_def()
    checks = job.get_subset(asset_selection=set(), asset_check_selection=set(GRAPH.asset_check_keys))
    said = by_name(checks.execute_in_process(instance=installation.instance, raise_on_error=False))
    assert said.keys() == EVERY_CHECK  # a step that failed says nothing, and that is not green
    return said


def by_name(result: dg.ExecuteInProcessResult) -> dict[str, dg.AssetCheckEvaluation]:
    """What each check of a run said."""
    return {one.check_name: one for one in result.get_asset_check_evaluations()}


def red(said: dict[str, dg.AssetCheckEvaluation]) -> set[str]:
    """The checks that did not pass."""
    return {name for name, one in said.items() if not one.passed}


def release(rows: dict[int, int], *, births: Iterable[tuple[int, int]] = (), junk: dict[int, int] | None = None) -> str:
    """The text of a release.

    Args:
        rows: year -> names of that year, each with 100 births.
        births: year and births of each name in it, where that is another number.
        junk: year -> lines of that year that are to be rejected.
    """
    each = dict(births)
    lines = [f"{year},{name(n)},F,{each.get(year, 100)}" for year, number in rows.items() for n in range(number)]
    lines += [f"{year},R2D2,F,{n + 1}" for year, number in (junk or {}).items() for n in range(number)]
    return "\n".join(["Year,Name,Sex,Count", *lines]) + "\n"


def name(number: int) -> str:
    """A name that is no other number's."""
    return "Na" + "".join(chr(ord("a") + int(digit)) for digit in str(number))
