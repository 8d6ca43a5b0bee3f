"""Who owns which value of a unique property; no two living contacts own the same."""

from collections.abc import Iterable, Mapping

from babynames_assets.emulators.hubspot.records import Contact


class UniqueValues:
    """The owners of each unique property's values.

    Attributes:
        shared: how often a value was taken by a second contact.
    """

    def __init__(self) -> None:
        self._owners: dict[str, dict[str, int]] = {}
        self.shared = 0

    def has(self, name: str) -> bool:
        """Whether the property is unique here."""
        return name in self._owners

    def owners(self, name: str) -> Mapping[str, int]:
        """Contact ids by value."""
        return self._owners.get(name, {})

    def add(self, name: str, contacts: Iterable[Contact]) -> None:
        """Make a property unique; of two contacts with one value the first owns it."""
        owners = self._owners.setdefault(name, {})
        for contact in contacts:
            if value := _value_of(contact, name):
                owners.setdefault(value, contact.id)

    def drop(self, name: str) -> None:
        """Make a property like any other."""
        self._owners.pop(name, None)

    def move(self, contact_id: int, before: Contact | None, after: Contact | None) -> None:
        """Follow a contact from one state to the next; None stands for a contact that is not there."""
        for name, owners in self._owners.items():
            old, new = _value_of(before, name), _value_of(after, name)
            if old == new:
                continue
            if old is not None and owners.get(old) == contact_id:
                del owners[old]
            if new is not None:
                self.shared += owners.get(new, contact_id) != contact_id
                owners[new] = contact_id


def _value_of(contact: Contact | None, name: str) -> str | None:
    return None if contact is None or contact.archived_at is not None else contact.properties.get(name)
