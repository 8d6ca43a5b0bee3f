"""Compares the table and the ledger with the releases, reading both in one snapshot and by plain statements."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from babynames_assets.warehouse.engine import Engine, connect
from babynames_assets.warehouse.tables import baby_names, ledger
from babynames_assets_tests.loading.crashing.content import YEARS, Content, Rows, digest_of


@dataclass(frozen=True)
class State:
    """What the warehouse holds: the rows of each year, and the digests that the ledger calls current."""

    content: Content
    digests: dict[int, list[str]]


def read_state(engine: Engine) -> State:
    """The state as it is now, in one snapshot."""
    rows: dict[int, list[tuple[str, str, int]]] = defaultdict(list)
    digests: dict[int, list[str]] = defaultdict(list)
    with connect(engine) as connection:
        for year, sex, name, births in connection.execute(sa.select(baby_names)):
            rows[year].append((sex, name, births))
        for year, digest in connection.execute(sa.select(ledger.c.year, ledger.c.digest).where(ledger.c.is_current)):
            digests[year].append(digest)
    for year, found in rows.items():
        assert len(set(found)) == len(found), f"the key does not keep the rows of {year} apart"
    return State({year: frozenset(found) for year, found in rows.items()}, dict(digests))


def after_a_crash(state: State, before: Content, wanted: Content, said: Collection[int]) -> list[str]:
    """What is wrong right after a crash: each year is as before or as wanted, and the ledger names what it is.

    Args:
        state: what is there.
        before: the rows when the load began.
        wanted: the rows of the release that was being loaded.
        said: the years that the load had said were done: those have no way back.
    """
    return [fault for year in _years(state) for fault in _faults(year, state, before, wanted, said)]


def after_a_run(state: State, wanted: Content) -> list[str]:
    """What is wrong after a run that ended well: every year is as wanted, and the ledger has it."""
    found = after_a_crash(state, wanted, wanted, YEARS)
    return found + [f"{year}: the ledger does not have it" for year in YEARS if not state.digests.get(year)]


def _years(state: State) -> list[int]:
    return sorted({*YEARS, *state.content, *state.digests})


def _faults(year: int, state: State, before: Content, wanted: Content, said: Collection[int]) -> Iterator[str]:
    rows, digests = state.content.get(year, frozenset()), state.digests.get(year, [])
    old, new = (content.get(year, frozenset()) for content in (before, wanted))
    if rows not in (old, new):
        yield f"{year}: {_difference(rows, old)} from before, {_difference(rows, new)} from the frame"
    elif year in said and rows != new:
        yield f"{year}: it was said to be loaded, but {_difference(rows, new)} from the frame"
    if len(digests) > 1:
        yield f"{year}: the ledger calls {len(digests)} contents current"
    elif digests and digests != [digest_of(year, rows)]:
        yield f"{year}: the ledger names another content than the table has"
    elif rows and not digests:
        yield f"{year}: it has rows, but the ledger does not know it"


def _difference(rows: Rows, other: Rows) -> str:
    return f"{len(rows - other)} rows more and {len(other - rows)} fewer"
