"""The emulated account's contacts and properties, in SQLite: a file survives a restart, memory does not."""

# ruff: noqa: S608 - the pieces put together are constants of this package; every value is bound

import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from babynames_assets.emulators.hubspot.definitions import BUILT_IN

FIRST_ID = 230_900_000_001

_TABLES = """
CREATE TABLE IF NOT EXISTS contacts (
    id INTEGER PRIMARY KEY, properties TEXT NOT NULL, created_at REAL NOT NULL, updated_at REAL NOT NULL, archived_at
    REAL
);
CREATE INDEX IF NOT EXISTS contacts_by_archived_at ON contacts (archived_at);
CREATE TABLE IF NOT EXISTS unique_values (
    property TEXT NOT NULL, value TEXT NOT NULL, contact_id INTEGER NOT NULL, PRIMARY KEY (property, value)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS properties (name TEXT PRIMARY KEY, definition TEXT NOT NULL);
"""
_COLUMNS = "id, properties, created_at, updated_at, archived_at"


@dataclass(frozen=True)
class Contact:
    """A stored contact; times are seconds since 1970."""

    id: int
    properties: dict[str, str]
    created_at: float
    updated_at: float
    archived_at: float | None = None


class Store:
    """Contacts and property definitions. All calls come from one thread, the server's."""

    def __init__(self, file: Path | None, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._db = sqlite3.connect(file or ":memory:", check_same_thread=False, isolation_level=None)
        # A killed emulator loses nothing; a power cut may cost it its last contacts, which is fair for a stand-in.
        self._db.executescript(f"PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; {_TABLES}")
        self._load_definitions()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def clear(self) -> None:
        """Forget all contacts and the properties that were added."""
        self._db.executescript("DELETE FROM contacts; DELETE FROM unique_values; DELETE FROM properties;")
        self._load_definitions()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Write all that happens inside, or nothing."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def count(self) -> int:
        """Contacts that are not archived."""
        return int(self._db.execute("SELECT count(*) FROM contacts WHERE archived_at IS NULL").fetchone()[0])

    def by_ids(self, ids: Iterable[str]) -> dict[str, Contact]:
        """Contacts by id, archived ones too."""
        wanted = [int(one) for one in ids if one.isdecimal() and len(one) <= 18]
        rows = self._db.execute(f"SELECT {_COLUMNS} FROM contacts WHERE id IN ({_marks(wanted)})", wanted)
        return {str(row[0]): _contact(row) for row in rows}

    def by_values(self, name: str, values: Sequence[str]) -> dict[str, Contact]:
        """Contacts by the values of a unique property."""
        rows = self._db.execute(
            f"SELECT u.value, {_COLUMNS} FROM unique_values u JOIN contacts ON id = u.contact_id "
            f"WHERE u.property = ? AND u.value IN ({_marks(values)})",
            [name, *values],
        )
        return {row[0]: _contact(row[1:]) for row in rows}

    def page(self, *, after: int, limit: int, archived: bool = False) -> list[Contact]:
        """Contacts with greater ids, in their order."""
        state = "IS NOT NULL" if archived else "IS NULL"
        rows = self._db.execute(
            f"SELECT {_COLUMNS} FROM contacts WHERE id > ? AND archived_at {state} ORDER BY id LIMIT ?", (after, limit)
        )
        return [_contact(row) for row in rows]

    def select(
        self, condition: str, arguments: Sequence[object], *, limit: int, offset: int
    ) -> tuple[int, list[Contact]]:
        """Count the contacts that meet a condition on ``properties``, and give a page of them."""
        clause = f"FROM contacts WHERE archived_at IS NULL AND ({condition})"
        total = self._db.execute(f"SELECT count(*) {clause}", arguments).fetchone()[0]
        rows = self._db.execute(f"SELECT {_COLUMNS} {clause} ORDER BY id LIMIT ? OFFSET ?", [*arguments, limit, offset])
        return int(total), [_contact(row) for row in rows]

    def insert(self, properties: dict[str, str]) -> Contact:
        """Add a contact."""
        now = self._clock()
        kept = {name: value for name, value in properties.items() if value != ""}
        last = self._db.execute("SELECT max(id) FROM contacts").fetchone()[0]
        contact = Contact((last or FIRST_ID - 1) + 1, kept, now, now)
        self._db.execute(
            "INSERT INTO contacts (id, properties, created_at, updated_at) VALUES (?, ?, ?, ?)",
            (contact.id, _dump(kept), now, now),
        )
        self._own(contact.id, kept)
        return contact

    def update(self, contact: Contact, changes: dict[str, str]) -> Contact:
        """Change properties; an empty value clears. A change to what is there already is none."""
        merged = {**contact.properties, **changes}
        kept = {name: value for name, value in merged.items() if value != ""}
        if kept == contact.properties:
            return contact
        now = self._clock()
        self._db.execute(
            "UPDATE contacts SET properties = ?, updated_at = ? WHERE id = ?", (_dump(kept), now, contact.id)
        )
        self._disown(contact, changes)
        self._own(contact.id, {name: value for name, value in changes.items() if value != ""})
        return Contact(contact.id, kept, contact.created_at, now)

    def archive(self, contacts: Iterable[Contact]) -> None:
        """Hide contacts; their unique values are free again."""
        for contact in contacts:
            self._db.execute(
                "UPDATE contacts SET archived_at = ? WHERE id = ? AND archived_at IS NULL", (self._clock(), contact.id)
            )
            self._disown(contact, contact.properties)

    def save_definition(self, definition: dict[str, Any]) -> None:
        """Add or change a property."""
        self._db.execute(
            "INSERT OR REPLACE INTO properties (name, definition) VALUES (?, ?)",
            (definition["name"], json.dumps(definition)),
        )
        self.definitions[definition["name"]] = definition

    def drop_definition(self, name: str) -> None:
        """Remove a property that was added."""
        self._db.execute("DELETE FROM properties WHERE name = ?", (name,))
        self._db.execute("DELETE FROM unique_values WHERE property = ?", (name,))
        del self.definitions[name]

    def is_unique(self, name: str) -> bool:
        """Whether no two contacts may share a value of the property."""
        return bool(self.definitions.get(name, {}).get("hasUniqueValue"))

    def _load_definitions(self) -> None:
        added = self._db.execute("SELECT name, definition FROM properties").fetchall()
        self.definitions: dict[str, dict[str, Any]] = {
            **BUILT_IN,
            **{name: json.loads(definition) for name, definition in added},
        }

    def _own(self, contact_id: int, values: dict[str, str]) -> None:
        for name, value in values.items():
            if self.is_unique(name):
                self._db.execute("INSERT OR REPLACE INTO unique_values VALUES (?, ?, ?)", (name, value, contact_id))

    def _disown(self, contact: Contact, names: Iterable[str]) -> None:
        for name in names:
            if self.is_unique(name) and name in contact.properties:
                self._db.execute(
                    "DELETE FROM unique_values WHERE property = ? AND value = ? AND contact_id = ?",
                    (name, contact.properties[name], contact.id),
                )


def _contact(row: tuple[Any, ...]) -> Contact:
    return Contact(row[0], json.loads(row[1]), row[2], row[3], row[4])


def _dump(properties: dict[str, str]) -> str:
    return json.dumps(properties, ensure_ascii=False, separators=(",", ":"))


def _marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))
