"""The emulated account's contacts and properties: held in memory, and in a file too where one was given.

The file is read once and written with each change, so that an account behaves alike with and without one. Another
process may share it: what that one wrote is read before the next request is handled.
"""

import time
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from babynames_assets.emulators.hubspot.definitions import BUILT_IN
from babynames_assets.emulators.hubspot.records import Contact
from babynames_assets.emulators.hubspot.search_lag import SearchLag
from babynames_assets.emulators.hubspot.state_file import StateFile
from babynames_assets.emulators.hubspot.unique_values import UniqueValues

FIRST_ID = 230_900_000_001


class Store:
    """Contacts and property definitions. All calls come from one thread, the server's.

    Args:
        file: SQLite file that survives a restart; None keeps the account in memory alone.
        clock: seconds since 1970.
        search_lag: seconds after which search knows of a change.
    """

    def __init__(self, file: Path | None, clock: Callable[[], float] = time.time, search_lag: float = 0.0) -> None:
        self._clock = clock
        self._file = StateFile(file) if file else None
        self._lag = SearchLag(search_lag, clock)
        self._moment: float | None = None
        self._before: list[tuple[int, Contact | None]] = []
        self._load()

    def close(self) -> None:
        """Close the file."""
        if self._file:
            self._file.close()

    def clear(self) -> None:
        """Forget all contacts and the properties that were added."""
        if self._file:
            self._file.clear()
        self._lag.clear()
        self._load()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Write all that happens inside, or nothing."""
        # All writes of a request happen at one moment.
        self._moment = self._clock()
        try:
            if self._file and self._file.begin():
                self._load()
            yield
            self._save()
        except BaseException:
            self._undo()
            raise
        finally:
            self._moment = None

    def count(self) -> int:
        """Contacts that are not archived."""
        return self._living

    @property
    def shared_values(self) -> int:
        """How often a living contact was given a unique value of another: a bug of this emulator, if ever."""
        return self._unique.shared

    def by_ids(self, ids: Iterable[str]) -> dict[str, Contact]:
        """Contacts by id, archived ones too; not those that were merged into another."""
        wanted = [int(one) for one in ids if one.isdecimal() and len(one) <= 18]
        return {str(one): contact for one in wanted if (contact := self._contacts.get(one))}

    def by_values(self, name: str, values: Iterable[str]) -> dict[str, Contact]:
        """Contacts by the values of a unique property."""
        owners = self._unique.owners(name)
        return {value: self._contacts[owners[value]] for value in values if value in owners}

    def survivor(self, contact_id: str) -> Contact | None:
        """The living contact into which another was merged, directly or by way of others."""
        merged = int(contact_id) if contact_id.isdecimal() and len(contact_id) <= 18 else 0
        if merged not in self._merged:
            return None
        while merged in self._merged:
            merged = self._merged[merged]
        contact = self._contacts[merged]
        return contact if contact.archived_at is None else None

    def page(self, *, after: int, limit: int, archived: bool = False) -> list[Contact]:
        """Contacts with greater ids, in their order."""
        found: list[Contact] = []
        for place in range(bisect_right(self._ids, after), len(self._ids)):
            contact = self._contacts.get(self._ids[place])
            if contact and (contact.archived_at is not None) is archived:
                found.append(contact)
                if len(found) >= limit:
                    break
        return found

    def searchable(self) -> Iterator[Contact]:
        """The contacts that search knows of, as it knows them, in the order of their ids."""
        outdated = self._lag.outdated()
        for one in self._ids:
            contact = outdated[one] if one in outdated else self._contacts.get(one)
            if contact and contact.archived_at is None:
                yield contact

    def insert(self, properties: dict[str, str]) -> Contact:
        """Add a contact."""
        now = self._now()
        kept = {name: value for name, value in properties.items() if value != ""}
        contact = Contact(self._ids[-1] + 1 if self._ids else FIRST_ID, kept, now, now)
        self._put(contact.id, contact)
        return contact

    def update(self, contact: Contact, changes: dict[str, str]) -> Contact:
        """Change properties; an empty value clears. Without a change it is the same contact that comes back."""
        contact = self._contacts[contact.id]
        merged = {**contact.properties, **changes}
        kept = {name: value for name, value in merged.items() if value != ""}
        if kept == contact.properties:
            return contact
        changed = Contact(contact.id, kept, contact.created_at, self._now())
        self._put(contact.id, changed)
        return changed

    def archive(self, contacts: Iterable[Contact]) -> list[Contact]:
        """Hide contacts, their unique values are free again; gives those that were not hidden before."""
        living = [one for one in (self._contacts[contact.id] for contact in contacts) if one.archived_at is None]
        for one in living:
            self._put(one.id, replace(one, archived_at=self._now()))
        return living

    def merge(self, survivor: Contact, gone: Contact) -> Contact:
        """Merge a contact into another: it takes over what the other does not have, and the id leads to the other."""
        self._merged[gone.id] = survivor.id
        self._put(gone.id, None)
        mine = {name: value for name, value in gone.properties.items() if not self.is_unique(name)}
        return self.update(survivor, {**mine, **survivor.properties})

    def save_definition(self, definition: dict[str, Any]) -> None:
        """Add or change a property."""
        name = definition["name"]
        if self._file:
            self._file.save_definition(name, definition)
        self.definitions[name] = definition
        if definition["hasUniqueValue"] and not self._unique.has(name):
            self._unique.add(name, self._contacts.values())

    def drop_definition(self, name: str) -> None:
        """Remove a property that was added."""
        if self._file:
            self._file.drop_definition(name)
        self._unique.drop(name)
        del self.definitions[name]

    def is_unique(self, name: str) -> bool:
        """Whether no two contacts may share a value of the property."""
        return self._unique.has(name)

    def _now(self) -> float:
        return self._clock() if self._moment is None else self._moment

    def _put(self, contact_id: int, contact: Contact | None) -> None:
        if self._moment is None:
            with self.writing():
                self._put(contact_id, contact)
            return
        self._before.append((contact_id, self._place(contact_id, contact)))

    def _place(self, contact_id: int, contact: Contact | None) -> Contact | None:
        before = self._contacts.get(contact_id)
        self._unique.move(contact_id, before, contact)
        self._living += _is_living(contact) - _is_living(before)
        if contact is None:
            self._contacts.pop(contact_id, None)
        else:
            self._contacts[contact_id] = contact
            if before is None and contact_id > (self._ids[-1] if self._ids else 0):
                self._ids.append(contact_id)
        return before

    def _save(self) -> None:
        if self._file:
            changed = dict.fromkeys(contact_id for contact_id, _ in self._before)
            self._file.save({one: self._contacts.get(one) for one in changed}, self._merged)
        self._lag.changed(self._before)
        self._before = []

    def _undo(self) -> None:
        for contact_id, before in reversed(self._before):
            self._place(contact_id, before)
            if before:
                self._merged.pop(contact_id, None)
            elif self._ids[-1] == contact_id:
                self._ids.pop()
        self._before = []
        if self._file:
            self._file.roll_back()

    def _load(self) -> None:
        added = self._file.definitions() if self._file else {}
        contacts = self._file.contacts() if self._file else ()
        self._merged = self._file.merges() if self._file else {}
        self._contacts: dict[int, Contact] = {contact.id: contact for contact in contacts}
        self._ids: list[int] = sorted({*self._contacts, *self._merged})
        self._living = sum(map(_is_living, self._contacts.values()))
        self.definitions: dict[str, dict[str, Any]] = {**BUILT_IN, **added}
        self._unique = UniqueValues()
        for name, definition in self.definitions.items():
            if definition["hasUniqueValue"]:
                self._unique.add(name, self._contacts.values())


def _is_living(contact: Contact | None) -> bool:
    return contact is not None and contact.archived_at is None
