"""Tests of Dagster's benchmark: its graph has the shape of ours, its goals have bounds, and a quick backfill runs."""

import sys
from pathlib import Path

import pytest

from babynames_assets.definitions import defs as ours
from babynames_assets_tests.servers.kinds import Kind
from benchmarks.dagster import storages
from benchmarks.dagster.__main__ import GOALS
from benchmarks.dagster.graph import defs as empty
from benchmarks.goals import missed
from benchmarks.measure import BenchmarkError
from benchmarks.servers import Server, running


def test_the_empty_graph_has_the_assets_of_ours() -> None:
    """Their keys, what they depend on, and their pools: only the work is missing."""
    graphs = [definitions.get_repository_def().asset_graph for definitions in (ours, empty)]
    shapes = [{node.key: node.parent_keys for node in graph.asset_nodes if node.is_materializable} for graph in graphs]
    outside = shapes[0].keys() ^ shapes[1].keys()

    assert outside == set()
    for key, parents in shapes[1].items():
        assert {parent for parent in shapes[0][key] if parent in shapes[0]} == set(parents)


@pytest.mark.parametrize(("measure", "bound"), [("dagster_overhead_seconds", 15.0), ("import_seconds", 3.0)])
def test_a_goal_is_missed_beyond_its_bound(measure: str, bound: float) -> None:
    """The bound itself is good."""
    good = {"dagster_overhead_seconds": 1.0, "import_seconds": 1.0}

    assert missed("mysql", {**good, measure: bound}, excused={}, goals=GOALS) == []
    assert len(missed("mysql", {**good, measure: bound + 0.1}, excused={}, goals=GOALS)) == 1


def test_a_backfill_over_our_storage_takes_few_connections_and_stock_takes_many(tmp_path: Path) -> None:
    """With TLS, on a server of its own, of which both stored every year."""
    with running(Kind.MYSQL) as server:
        found = {
            name: storages.backfill(server, configure, tmp_path / name, sys.executable, years=3, limit_seconds=250)
            for name, configure in {"ours": storages.ours, "stock": storages.stock}.items()
        }

    assert found["ours"].connections < 20
    assert found["stock"].connections > 100
    assert found["ours"].events > 40
    assert found["ours"].seconds > 0


def test_a_server_without_certificates_is_no_measurement(tmp_path: Path) -> None:
    """A backfill without TLS would stand in a table that says TLS."""
    server = Server.__new__(Server)
    server.data_folder, server.version = tmp_path, "10.11"

    with pytest.raises(BenchmarkError, match="no certificate"):
        storages.with_tls(server, "mysql+pymysql://root@127.0.0.1/x")
