"""The storm that this sync and its peer meet, and what a storm has left of some contacts."""

import re
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

REFUSED = r"^\d{4}-F-Z[io]"
"""Keys of contacts that the account refuses for good: about two in a hundred of the girls."""

_CONTACTS = "/objects/"
"""In the path of every call that reads or writes contacts, and of none that makes properties."""

STORM: Mapping[str, object] = {
    "seed": 2026,
    "faults": [
        {"kind": "refuse", "matches": REFUSED},
        {"kind": "burst", "path": _CONTACTS, "rate": 0.03, "retry_after": "1"},
        {"kind": "status", "path": _CONTACTS, "status": 503, "rate": 0.03},
        {"kind": "apply_then_status", "path": _CONTACTS, "status": 504, "rate": 0.03},
        {"kind": "drop", "path": _CONTACTS, "count": 5, "rate": 0.05},
        {"kind": "pass_over", "path": _CONTACTS, "count": 5, "rate": 0.05},
        {"kind": "empty", "path": _CONTACTS, "rate": 0.01},
    ],
}
"""By request. ``drop`` and ``pass_over`` leave records out of a batch's answer; a request for one contact has no batch,
so only ``empty``, which answers 200 and does nothing, is silent towards it."""


@dataclass(frozen=True)
class Aftermath:
    """What a storm has left, in contacts.

    Attributes:
        missing: HubSpot does not hold them as they should be, and does not refuse them.
        lost: missing, and whoever sent them does not know.
        refused: those that HubSpot refuses.
        unexplained: refused, and whoever sent them does not know.
    """

    missing: int
    lost: int
    refused: int
    unexplained: int


def aftermath(wanted: Mapping[str, str], held: Mapping[str, str], known: AbstractSet[str]) -> Aftermath:
    """Compare what HubSpot holds with what it should hold.

    Args:
        wanted: births by key.
        held: the same of the contacts that HubSpot has.
        known: keys that the books of whoever sent them name as not sent.
    """
    refused = refused_of(wanted)
    missing = {key for key, births in wanted.items() if key not in refused and held.get(key) != births}
    return Aftermath(len(missing), len(missing - known), len(refused), len(refused - known))


def refused_of(keys: Iterable[str]) -> set[str]:
    """Those that the account refuses for good."""
    return {key for key in keys if re.search(REFUSED, key)}
