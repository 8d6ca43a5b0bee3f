"""Compares table, state, dead letters and HubSpot, each read by plain means."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa

from babynames_assets.sync.contacts import MAPPING
from babynames_assets.warehouse.engine import Engine, connect
from babynames_assets.warehouse.tables import baby_names, contact_sync_state, dead_letters
from babynames_assets_tests.hubspot.emulated import Emulated

Kind = Literal["missing", "stale", "duplicate", "unexpected", "unlettered", "wrong_id"]


@dataclass(frozen=True)
class State:
    """What the warehouse says of a contact."""

    status: str
    fingerprint: str
    hubspot_id: str | None


@dataclass(frozen=True)
class Contact:
    """A contact of HubSpot."""

    hubspot_id: str
    key: str
    births: str


@dataclass(frozen=True)
class Picture:
    """All that there is, by contact key.

    Attributes:
        table: births of the rows.
        state: what the warehouse believes.
        letters: the open letters.
        contacts: what HubSpot holds.
    """

    table: dict[str, int]
    state: dict[str, State]
    letters: set[str]
    contacts: list[Contact]


@dataclass(frozen=True)
class Fault:
    """Something that should not be."""

    kind: Kind
    text: str


def take_picture(engine: Engine, hubspot: Emulated) -> Picture:
    """Read everything; nobody may be writing."""
    state = contact_sync_state.c
    with connect(engine) as connection:
        table = {_key(*row[:3]): row[3] for row in connection.execute(sa.select(baby_names))}
        states = {
            _key(year, sex, name): State(*rest)
            for year, sex, name, *rest in connection.execute(
                sa.select(state.year, state.sex, state.name, state.status, state.fingerprint, state.hubspot_id)
            )
        }
        open_ones = dead_letters.c.status.in_(["open", "retrying"])
        letters = set(connection.scalars(sa.select(dead_letters.c.letter_key).where(open_ones)))
    return Picture(table, states, letters, list(_contacts(hubspot)))


def whenever(picture: Picture) -> Iterator[Fault]:
    """What must never be, also right after a crash: a contact is shown as sent only as HubSpot has it.

    HubSpot may have a newer write of a contact that the state calls in doubt, and of no other.
    """
    held = {one.key: one for one in picture.contacts}
    for key, state in picture.state.items():
        if state.status != "synced":
            continue
        if key not in held:
            yield Fault("missing", f"{key} is called synced, and HubSpot does not have it")
        elif state.fingerprint != f"{MAPPING}:{held[key].births}":
            yield Fault("stale", f"{key} is called synced as {state.fingerprint}, and HubSpot has {held[key].births}")
        elif state.hubspot_id != held[key].hubspot_id:
            yield Fault("wrong_id", f"{key} is called contact {state.hubspot_id}, and is {held[key].hubspot_id}")
    for key, times in Counter(one.key for one in picture.contacts).items():
        if times > 1:
            yield Fault("duplicate", f"{key} has {times} contacts")


def after_a_sync(picture: Picture) -> Iterator[Fault]:
    """What must not be when a sync has ended well: each row is in HubSpot as it is, or refused with a letter."""
    yield from whenever(picture)
    for key, births in picture.table.items():
        state = picture.state.get(key)
        if state is None or state.fingerprint != f"{MAPPING}:{births}":
            yield Fault("missing", f"{key} has {births} births, and the state is {state}")
        elif state.status == "refused" and key not in picture.letters:
            yield Fault("unlettered", f"{key} is refused without a dead letter")
    for key in picture.letters:
        state = picture.state.get(key)
        if state is None or state.status != "refused":
            yield Fault("unlettered", f"{key} has a dead letter, and the state is {state}")
    for key in {one.key for one in picture.contacts} - picture.table.keys():
        yield Fault("unexpected", f"{key} is a contact without a row")
    for key in picture.state.keys() - picture.table.keys():
        yield Fault("unexpected", f"{key} has a state without a row")


def at_the_end(picture: Picture) -> Iterator[Fault]:
    """What must not be when the weather is fine and what was refused is sent again: anything but equality."""
    yield from after_a_sync(picture)
    held = {one.key: one.births for one in picture.contacts}
    for key, births in picture.table.items():
        if key not in held:
            yield Fault("missing", f"{key} has a row and no contact")
        elif held[key] != str(births):
            yield Fault("stale", f"{key} has {births} births, and HubSpot has {held[key]}")
    for key in sorted(picture.letters):
        yield Fault("unlettered", f"{key} still has a dead letter")


def _contacts(hubspot: Emulated) -> Iterator[Contact]:
    after: int | None = 0
    while after is not None:
        page = hubspot.session.get(f"{hubspot.url}/_contacts", params={"after": after}, timeout=30).json()
        for one in page["results"]:
            yield Contact(one["id"], one["properties"]["baby_name_key"], one["properties"]["births"])
        after = page["after"]


def _key(year: int, sex: str, name: str) -> str:
    return f"{year}-{sex}-{name}"
