"""Contacts in HubSpot that carry a key of ours and of which the warehouse knows nothing."""

import re
from collections.abc import Sequence

from babynames_assets.hubspot.contact_reads import ReadContact
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


def without_row(engine: Engine, contacts: Sequence[ReadContact]) -> list[Drift]:
    """Those of some contacts of which neither the table nor the state knows."""
    rows = {contact.hubspot_id: _row_of(contact.key or "") for contact in contacts}
    with connect(engine) as connection:
        strangers = sync_readback.without_row(connection, [row for row in rows.values() if row])
    return [
        Drift("unknown", contact.key or "", contact.hubspot_id)
        for contact in contacts
        if (row := rows[contact.hubspot_id]) is None or row in strangers
    ]


def _row_of(key: str) -> RowKey | None:
    """The row that a key belongs to; None for one that no row can have."""
    match = _KEY.fullmatch(key)
    return (int(match[1]), match[2], match[3]) if match else None
