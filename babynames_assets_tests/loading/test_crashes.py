"""A load that is killed, or whose server crashes, leaves each year whole, and the next run brings all to the frames.

``make campaign-load`` does the same for longer.
"""

from pathlib import Path

import pytest

from babynames_assets.warehouse.engine import Engine
from babynames_assets_tests.crashing.warehouses import KINDS, warehouse
from babynames_assets_tests.loading.crashing import checker
from babynames_assets_tests.loading.crashing.campaign import Campaign
from babynames_assets_tests.loading.crashing.checker import State
from babynames_assets_tests.loading.crashing.content import Content, Rows, digest_of
from babynames_assets_tests.loading.crashing.releases import Release, make_releases

OLD: Rows = frozenset({("F", "Anna", 1), ("F", "Mary", 2)})
NEW: Rows = frozenset({("F", "Anna", 3), ("M", "John", 4)})
HALF: Rows = frozenset({("F", "Anna", 3)})
BEFORE: Content = {2001: OLD, 2002: OLD}
WANTED: Content = {2001: NEW, 2002: NEW}
RIGHT = State(BEFORE, {year: [digest_of(year, OLD)] for year in BEFORE})


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> list[Release]:
    """What the loaders load."""
    return make_releases(tmp_path_factory.mktemp("releases"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_load_survives_every_crash(kind: str, releases: list[Release], tmp_path: Path) -> None:
    """A killed loader or server leaves each year as before or as its frame says, and the next run finishes the rest.

    A load whose server crashes either outlives it or ends with an error that says to try again.
    """
    with warehouse(kind, tmp_path) as (engine, server):
        campaign = Campaign(engine, releases, seed=f"1 {kind}")

        campaign.kill_loaders(4)
        if server:
            campaign.restart_servers(server, 1)

    assert campaign.tally.faults + campaign.tally.wrong_ends == []
    assert (campaign.tally.kills, campaign.tally.restarts) == (4, 1 if server else 0)


@pytest.mark.parametrize(
    ("way", "sees"),
    [("ledger-first", "the ledger names another content than the table has"), ("halves", "fewer from the frame")],
)
def test_a_loader_that_breaks_the_promise_is_caught(
    way: str, sees: str, sqlite_engine: Engine, releases: list[Release]
) -> None:
    """Random kills hit the short moment in which it is wrong: the campaign can see what it looks for."""
    campaign = Campaign(sqlite_engine, releases, seed="1", way=way)

    while not campaign.tally.faults:
        campaign.kill_loaders(campaign.tally.kills + 1)
        assert campaign.tally.kills < 40

    assert any(sees in fault for fault in campaign.tally.faults)


@pytest.mark.parametrize(
    ("state", "said", "sees"),
    [
        (RIGHT, {2001}, "2001: it was said to be loaded, but 2 rows more and 2 fewer"),
        (State({**BEFORE, 2001: HALF}, RIGHT.digests), set(), "2001: 1 rows more and 2 fewer from before"),
        (State({**BEFORE, 2001: NEW}, RIGHT.digests), set(), "2001: the ledger names another content"),
        (State({**BEFORE, 1999: NEW}, RIGHT.digests), set(), "1999: 2 rows more and 0 fewer from before"),
        (State(BEFORE, {**RIGHT.digests, 2002: []}), set(), "2002: it has rows, but the ledger does not know it"),
        (State(BEFORE, {**RIGHT.digests, 2002: ["a", "b"]}), set(), "2002: the ledger calls 2 contents current"),
        (State({2001: OLD}, RIGHT.digests), set(), "2002: 0 rows more and 2 fewer from before"),
    ],
)
def test_every_way_to_be_wrong_after_a_crash_is_seen(state: State, said: set[int], sees: str) -> None:
    """Lost years, half years, years of nobody, and a ledger that says otherwise."""
    faults = checker.after_a_crash(state, BEFORE, WANTED, said)

    assert any(fault.startswith(sees) for fault in faults)


def test_a_crash_between_two_years_is_nothing_wrong() -> None:
    """The first year is new and the second as before, and so says the ledger."""
    mixed = State({2001: NEW, 2002: OLD}, {2001: [digest_of(2001, NEW)], 2002: [digest_of(2002, OLD)]})

    assert checker.after_a_crash(mixed, BEFORE, WANTED, {2001}) == []
    assert checker.after_a_run(mixed, WANTED)
