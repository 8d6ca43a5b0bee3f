"""How HubSpot differs from what it confirmed: contacts that were edited, deleted or merged there."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from babynames_assets.hubspot.client import HubSpotClient
from babynames_assets.hubspot.contact_reads import ReadContact, ReadOutcome
from babynames_assets.hubspot.properties import KEY_PROPERTY
from babynames_assets.sync.contacts import as_contact, contact_key
from babynames_assets.warehouse.sync_readback import ConfirmedContact

Kind = Literal["edited", "deleted", "merged", "unknown"]
KINDS: tuple[Kind, ...] = ("edited", "deleted", "merged", "unknown")

MOST_LOOKED_UP = 10
"""Of so many contacts that are missing from a batch each is looked up by its id, to tell a merge from a deletion. More
were hardly merged by hand, and would cost a call each."""

Values = Mapping[str, tuple[str | None, str | None]]


@dataclass(frozen=True)
class Drift:
    """A contact that is not as it should be.

    Attributes:
        kind: what happened to it.
        key: value of the unique property.
        hubspot_id: the contact's id, for one that is unknown here; else the id that was confirmed.
        values: property -> what it should be and what it is.
        contact: the row, unless the contact is unknown here.
        is_there: whether HubSpot has a contact of this key.
    """

    kind: Kind
    key: str
    hubspot_id: str
    values: Values = field(default_factory=dict)
    contact: ConfirmedContact | None = None
    is_there: bool = True


@dataclass(frozen=True)
class Reading:
    """What a batch that was read back showed.

    Attributes:
        contacts: the batch.
        present: contacts that HubSpot has, and that carry their year of birth.
        drift: those that are not as they should be.
    """

    contacts: Sequence[ConfirmedContact]
    present: int
    drift: Sequence[Drift]


def read_back(
    client: HubSpotClient, contacts: Sequence[ConfirmedContact], before: Callable[[], None] = lambda: None
) -> Reading:
    """Compare a batch of contacts with what HubSpot holds.

    Args:
        client: HubSpot.
        contacts: at most as many as a batch takes.
        before: called before every request; what it raises ends the reading.
    """
    wanted = {contact_key(contact): contact for contact in contacts}
    outcome = client.read(list(wanted), _names(contacts), before=before)
    drift, present = [], 0
    for key, contact in wanted.items():
        if found := outcome.found.get(key):
            should = as_contact(contact, contact.births).properties
            present += _is_same(should["birth_year"], found.properties.get("birth_year"))
            drift += _of_found(contact, found, should)
    return Reading(contacts, present, [*drift, *_of_missing(client, wanted, outcome, before)])


def _of_found(contact: ConfirmedContact, found: ReadContact, should: Mapping[str, str]) -> list[Drift]:
    values = {name: (value, found.properties.get(name)) for name, value in should.items()}
    differing = {name: pair for name, pair in values.items() if not _is_same(*pair)}
    key = contact_key(contact)
    if found.hubspot_id != contact.hubspot_id:
        ids = {"hs_object_id": (contact.hubspot_id, found.hubspot_id)}
        return [Drift("merged", key, contact.hubspot_id, {**ids, **differing}, contact)]
    return [Drift("edited", key, contact.hubspot_id, differing, contact)] if differing else []


def _of_missing(
    client: HubSpotClient,
    wanted: Mapping[str, ConfirmedContact],
    outcome: ReadOutcome,
    before: Callable[[], None],
) -> list[Drift]:
    missing = [(key, contact) for key, contact in wanted.items() if key in outcome.missing]
    if len(missing) > MOST_LOOKED_UP:
        return [_lost("deleted", contact) for _, contact in missing]
    drift = []
    for key, contact in missing:
        there = client.read_one(contact.hubspot_id, [], before=before)
        if there is None:
            drift.append(_lost("deleted", contact))
        elif there.hubspot_id != contact.hubspot_id:
            drift.append(_lost("merged", contact, {"hs_object_id": (contact.hubspot_id, there.hubspot_id)}))
        else:
            drift.append(_lost("edited", contact, {KEY_PROPERTY: (key, there.key)}))
    return drift


def _lost(kind: Kind, contact: ConfirmedContact, values: Values | None = None) -> Drift:
    return Drift(kind, contact_key(contact), contact.hubspot_id, values or {}, contact, is_there=False)


def _names(contacts: Sequence[ConfirmedContact]) -> list[str]:
    return list(as_contact(contacts[0], contacts[0].births).properties)


def _is_same(should: str, found: str | None) -> bool:
    """HubSpot may write a number in another way, for example 9291.0."""
    if should == found or found is None:
        return should == found
    try:
        return should.isdecimal() and float(found) == int(should)
    except ValueError:
        return False
