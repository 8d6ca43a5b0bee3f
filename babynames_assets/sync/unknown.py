"""Contacts in HubSpot that carry a key of ours and of which the warehouse knows nothing."""

import re
from collections.abc import Sequence

from babynames_assets.hubspot.client import HubSpotClient
from babynames_assets.hubspot.contact_reads import ReadContact
from babynames_assets.hubspot.contact_writes import MAX_BATCH
from babynames_assets.hubspot.properties import KEY_PROPERTY
from babynames_assets.hubspot.wire import SearchFilter
from babynames_assets.sync.drift import Drift
from babynames_assets.warehouse import sync_readback
from babynames_assets.warehouse.engine import Engine, connect
from babynames_assets.warehouse.sync_readback import RowKey

Groups = Sequence[Sequence[SearchFilter]]

_KEY = re.compile(r"(\d{4})-([FM])-(.{1,100})", re.DOTALL)
_HAS_KEY: SearchFilter = {"propertyName": KEY_PROPERTY, "operator": "HAS_PROPERTY"}


def of_year(year: int) -> Groups:
    """The search for contacts of a year."""
    return [[{"propertyName": "birth_year", "operator": "EQ", "value": str(year)}, _HAS_KEY]]


def of_other_years(first: int, last: int) -> Groups:
    """The search for contacts of no year of a range."""
    return [
        [{"propertyName": "birth_year", "operator": "LT", "value": str(first)}, _HAS_KEY],
        [{"propertyName": "birth_year", "operator": "GT", "value": str(last)}, _HAS_KEY],
        [{"propertyName": "birth_year", "operator": "NOT_HAS_PROPERTY"}, _HAS_KEY],
    ]


def strangers(engine: Engine, client: HubSpotClient, contacts: Sequence[ReadContact]) -> list[Drift]:
    """Those of some contacts that search shows, of which neither the table nor the state knows.

    They are read by their keys once more, because search shows what was archived a moment ago, too.
    """
    rows = {contact.key: _row_of(contact.key) for contact in contacts if contact.key}
    with connect(engine) as connection:
        without_row = sync_readback.without_row(connection, [row for row in rows.values() if row])
    keys = [key for key, row in rows.items() if row is None or row in without_row]
    found: list[Drift] = []
    for start in range(0, len(keys), MAX_BATCH):
        outcome = client.read(keys[start : start + MAX_BATCH], [])
        found += [Drift("unknown", key, contact.hubspot_id) for key, contact in outcome.found.items()]
    return found


def _row_of(key: str) -> RowKey | None:
    """The row that a key belongs to; None for one that no row can have."""
    match = _KEY.fullmatch(key)
    return (int(match[1]), match[2], match[3]) if match else None
