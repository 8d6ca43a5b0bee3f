"""The SQLite file that an emulated account survives in, a kill included."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from babynames_assets.emulators.hubspot.records import Contact

_TABLES = """
CREATE TABLE IF NOT EXISTS contacts (
    id INTEGER PRIMARY KEY, properties TEXT NOT NULL, created_at REAL NOT NULL, updated_at REAL NOT NULL, archived_at
    REAL
);
CREATE TABLE IF NOT EXISTS merges (id INTEGER PRIMARY KEY, survivor INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS properties (name TEXT PRIMARY KEY, definition TEXT NOT NULL);
"""
# Earlier versions kept the owners of unique values and an index here; both follow from the contacts.
_LEFTOVERS = "DROP TABLE IF EXISTS unique_values; DROP INDEX IF EXISTS contacts_by_archived_at;"


class StateFile:
    """Reads everything, and writes what changed."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        # A killed emulator loses nothing; a power cut may cost it its last contacts, which is fair for a stand-in.
        self._db.executescript(f"PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; {_TABLES} {_LEFTOVERS}")
        self._seen = self._version()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def begin(self) -> bool:
        """Keep every other process from writing until ``save`` or ``roll_back``.

        Returns:
            Whether another one wrote since this was called last.
        """
        self._db.execute("BEGIN IMMEDIATE")
        before, self._seen = self._seen, self._version()
        return before != self._seen

    def save(self, contacts: Mapping[int, Contact | None], merges: Mapping[int, int]) -> None:
        """Write contacts, None for one that was merged into another, and end what ``begin`` began."""
        rows = [
            (one.id, _dump(one.properties), one.created_at, one.updated_at, one.archived_at)
            for one in contacts.values()
            if one
        ]
        gone = [(contact_id, merges[contact_id]) for contact_id, contact in contacts.items() if not contact]
        self._db.executemany("INSERT OR REPLACE INTO contacts VALUES (?, ?, ?, ?, ?)", rows)
        self._db.executemany("DELETE FROM contacts WHERE id = ?", [(contact_id,) for contact_id, _ in gone])
        self._db.executemany("INSERT OR REPLACE INTO merges VALUES (?, ?)", gone)
        self._db.execute("COMMIT")

    def roll_back(self) -> None:
        """End what ``begin`` began, and write nothing."""
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")

    def clear(self) -> None:
        """Forget everything."""
        self._db.executescript("DELETE FROM contacts; DELETE FROM merges; DELETE FROM properties;")

    def contacts(self) -> Iterator[Contact]:
        """All contacts, in the order of their ids."""
        rows = self._db.execute("SELECT id, properties, created_at, updated_at, archived_at FROM contacts ORDER BY id")
        for contact_id, properties, created_at, updated_at, archived_at in rows:
            yield Contact(contact_id, json.loads(properties), created_at, updated_at, archived_at)

    def merges(self) -> dict[int, int]:
        """Ids of merged contacts, and whose they are now."""
        return dict(self._db.execute("SELECT id, survivor FROM merges"))

    def definitions(self) -> dict[str, dict[str, Any]]:
        """The properties that were added."""
        rows = self._db.execute("SELECT name, definition FROM properties")
        return {name: json.loads(definition) for name, definition in rows}

    def save_definition(self, name: str, definition: Mapping[str, Any]) -> None:
        """Add or change a property."""
        self._db.execute("INSERT OR REPLACE INTO properties VALUES (?, ?)", (name, json.dumps(definition)))

    def drop_definition(self, name: str) -> None:
        """Remove a property."""
        self._db.execute("DELETE FROM properties WHERE name = ?", (name,))

    def _version(self) -> int:
        return int(self._db.execute("PRAGMA data_version").fetchone()[0])


def _dump(properties: Mapping[str, str]) -> str:
    return json.dumps(properties, ensure_ascii=False, separators=(",", ":"))
