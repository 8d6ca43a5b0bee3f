"""Tests of what checks may give Dagster: no more than its storage takes, whatever they found."""

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from babynames_assets.checks.results import MOST_BYTES, capped, result
from babynames_assets_tests.servers.databases import fresh_database
from babynames_assets_tests.servers.kinds import Kind

SHELL = Path(__file__).parents[2] / "babynames_assets"
MUCH = "é and more, row by row\n" * 3_000
"""70 KB."""

_VALUES = st.one_of(
    st.integers(),
    st.floats(allow_nan=False),
    st.text(max_size=40_000),
    st.text(max_size=40_000).map(dg.MetadataValue.md),
    st.lists(st.text(max_size=200), max_size=200),
)


def stored_bytes(metadata: dict[str, dg.MetadataValue]) -> int:
    """What Dagster's storage keeps of an evaluation with this metadata, beside some hundred bytes of its own."""
    evaluation = dg.AssetCheckEvaluation(
        asset_key=dg.AssetKey("a"), check_name="b", passed=True, metadata=metadata, severity=dg.AssetCheckSeverity.WARN
    )
    return len(dg.serialize_value(evaluation))


@given(st.dictionaries(st.text(max_size=50), _VALUES, max_size=8))
@settings(max_examples=50, deadline=None)
def test_no_metadata_is_larger_than_the_limit(metadata: dict[str, Any]) -> None:
    """Whatever it holds; and what fits is not touched."""
    wanted = dict(dg.AssetCheckResult(passed=True, metadata=metadata).metadata)

    kept = capped(metadata)

    assert stored_bytes(kept) < MOST_BYTES + 1_000
    assert kept.keys() <= wanted.keys()
    assert kept == wanted or stored_bytes(wanted) > MOST_BYTES


def test_numbers_stay_and_a_long_text_says_that_it_goes_on() -> None:
    """The UI plots the numbers; whoever reads the text learns where the rest is."""
    kept = capped({"rows": 5, "examples": dg.MetadataValue.md("é" * 70_000)})

    assert kept["rows"].value == 5
    assert isinstance(kept["examples"], dg.MarkdownMetadataValue)
    assert str(kept["examples"].value).endswith("babynames checks findings")
    assert len(str(kept["examples"].value)) > 2_000


def test_a_long_description_is_cut_too() -> None:
    """It stands in the same column."""
    assert len(result(passed=False, description="x" * 70_000).description or "") < 2_000


@pytest.mark.parametrize("kind", list(Kind))
def test_seventy_kilobytes_are_a_result_on_mysql_and_not_a_failed_run(
    kind: Kind, server_url: Callable[[Kind], str], tmp_path: Path
) -> None:
    """On Dagster's own storage in a server: what passes through ``result`` is stored, what does not fails the run."""
    with fresh_database(server_url(kind)) as url, mysql_instance(url, tmp_path) as instance:
        through = evaluate(instance, lambda: result(passed=True, metadata={"rows": 5, "text": MUCH}))
        around = evaluate(instance, lambda: dg.AssetCheckResult(passed=True, metadata={"rows": 5, "text": MUCH}))

        assert through.success
        [evaluation] = through.get_asset_check_evaluations()
        assert evaluation.metadata["rows"].value == 5
        assert not around.success


def mysql_instance(url: str, folder: Path) -> dg.DagsterInstance:
    """An instance that keeps its runs and events in a server."""
    mysql_url = sa.make_url(url).set(drivername="mysql+mysqlconnector").render_as_string(hide_password=False)
    return dg.DagsterInstance.local_temp(str(folder), overrides={"storage": {"mysql": {"mysql_url": mysql_url}}})


def evaluate(instance: dg.DagsterInstance, give: Callable[[], dg.AssetCheckResult]) -> dg.ExecuteInProcessResult:
    """Run a check that gives this."""

    @dg.asset
    def asset() -> None: ...

    @dg.asset_check(asset=asset)
    def checked() -> dg.AssetCheckResult:
        return give()

    job = dg.Definitions(assets=[asset], asset_checks=[checked]).resolve_implicit_global_asset_job_def()
    return job.execute_in_process(instance=instance, raise_on_error=False)


def test_every_result_passes_through_the_one_function() -> None:
    """Nothing else in the shell makes a result of its own."""
    makers = {
        str(path.relative_to(SHELL))
        for path in SHELL.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("AssetCheckResult")
    }

    assert makers == {"checks/results.py"}
