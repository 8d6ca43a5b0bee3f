"""What an emulated account keeps in its file, and what survives a restart or a kill."""

import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from babynames_assets.emulators.hubspot.definitions import complete
from babynames_assets.emulators.hubspot.store import Store
from babynames_assets_tests.hubspot.emulated import TOKEN, UPSERT, Emulated, emulated_hubspot

PROGRAM = """
import sys
from pathlib import Path
from babynames_assets.emulators import serving
from babynames_assets.emulators.hubspot.app import create_app

app = create_app(state_file=Path(sys.argv[1]), token=sys.argv[2], tier="free", calls_per_window=0, daily_limit=0)
serving.serve(app, port=0, announce=lambda url: print(url, flush=True), stop_with_stdin=False)
"""
KEY = complete({"name": "key", "type": "string", "fieldType": "text", "hasUniqueValue": True})


@dataclass
class Killable(Emulated):
    """An emulator as a process of its own."""

    kill: Callable[[], None] = lambda: None


@contextmanager
def killed_emulator(file: Path) -> Iterator[Killable]:
    """An emulator that ends by SIGKILL."""
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(file), TOKEN], stdout=subprocess.PIPE, text=True)
    with process:
        assert process.stdout
        emulated = Killable(process.stdout.readline().strip(), kill=process.kill)
        try:
            yield emulated
        finally:
            process.kill()
            emulated.session.close()


def test_a_restart_keeps_contacts_and_properties(tmp_path: Path) -> None:
    """With a state file, contacts, ids, unique values and properties are there after a restart."""
    property_ = {"name": "nick", "label": "x", "type": "string", "fieldType": "text", "groupName": "contactinformation"}
    with emulated_hubspot(state_file=tmp_path / "state.sqlite") as before:
        before.call("POST", "/crm/properties/2026-03/contacts", property_)
        [mary] = before.upsert("mary", nick="m")

    with emulated_hubspot(state_file=tmp_path / "state.sqlite") as after:
        [again] = after.upsert("mary", nick="n")

        assert (again["id"], again["new"]) == (mary["id"], False)
        assert after.stats()["contacts"] == 1


def test_a_killed_emulator_keeps_what_it_answered_for(tmp_path: Path) -> None:
    """SIGKILL loses no contact of a batch that was answered, time after time; keys and ids stay one contact's."""
    file = tmp_path / "state.sqlite"
    ids: dict[str, str] = {}
    for start in range(3):
        with killed_emulator(file) as hubspot:
            results = hubspot.upsert(*(f"n{number}" for number in range(start * 50, start * 50 + 100)))
            for one in results:
                assert ids.setdefault(one["properties"]["email"], one["id"]) == one["id"]

    with emulated_hubspot(state_file=file) as after:
        assert after.stats()["contacts"] == len(ids) == 200
        assert after.stats()["duplicates"] == 0


def test_a_batch_that_a_kill_interrupts_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    """Killed while batches come in: each that was answered is whole, and the one under way is whole or not there."""
    file = tmp_path / "state.sqlite"
    answered: list[int] = []
    ten_answered = threading.Event()

    def send(hubspot: Emulated) -> None:
        with suppress(requests.exceptions.ConnectionError, requests.exceptions.ChunkedEncodingError):
            for batch in range(10_000):
                hubspot.upsert(*(f"n{batch}-{number}" for number in range(50)))
                answered.append(batch)
                if batch == 10:
                    ten_answered.set()

    with killed_emulator(file) as hubspot, ThreadPoolExecutor(1) as pool:
        sending = pool.submit(send, hubspot)
        assert ten_answered.wait(timeout=60)
        hubspot.kill()
        sending.result(timeout=60)

    store = Store(file)
    batches = Counter(
        int(one.properties["firstname"][1:].partition("-")[0]) for one in store.page(after=0, limit=10**6)
    )
    store.close()
    assert set(batches.values()) == {50}
    assert set(answered) <= set(batches) <= {*answered, len(answered)}


def test_memory_is_forgotten() -> None:
    """Without a state file every start is a new account."""
    with emulated_hubspot() as before:
        before.upsert("mary")

    with emulated_hubspot() as after:
        assert after.stats()["contacts"] == 0


def test_a_batch_that_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    """When the state file refuses a write in the middle of a batch, none of it is there."""
    file = tmp_path / "state.sqlite"
    with emulated_hubspot(state_file=file) as hubspot:
        other = sqlite3.connect(file)
        other.execute(
            "CREATE TRIGGER refuse BEFORE INSERT ON contacts WHEN instr(NEW.properties, 'anna') "
            "BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        )
        other.commit()
        other.close()

        answer = hubspot.call("POST", UPSERT, {"inputs": [_input("mary"), _input("anna"), _input("zoe")]})

        assert answer.status_code == 500
        assert "disk full" in answer.json()["message"]
        assert hubspot.stats()["contacts"] == 0


def test_two_emulators_on_one_file_are_one_account(tmp_path: Path) -> None:
    """What one wrote the other knows before it handles its next request: no key and no id comes twice."""
    file = tmp_path / "state.sqlite"
    with emulated_hubspot(state_file=file) as one, emulated_hubspot(state_file=file) as other:
        [mary] = one.upsert("mary")
        [anna] = other.upsert("anna")
        [again] = other.upsert("mary", lastname="Smith")
        [zoe] = one.upsert("zoe")

        assert (again["id"], again["new"]) == (mary["id"], False)
        assert len({mary["id"], anna["id"], zoe["id"]}) == 3
        assert (
            one.call("GET", f"/crm/v3/objects/contacts/{mary['id']}?properties=lastname").json()["properties"][
                "lastname"
            ]
            == "Smith"
        )


def test_what_is_refused_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    """A batch that is refused as a whole, and one that another process is in the way of, write nothing."""
    file = tmp_path / "state.sqlite"
    with emulated_hubspot(state_file=file) as hubspot:
        hubspot.upsert("mary", "anna")

        taken = {**_input("mary"), "properties": {"email": "anna@example.com"}}
        answer = hubspot.call("POST", UPSERT, {"inputs": [_input("zoe"), taken]})

        assert answer.status_code == 409
    with emulated_hubspot(state_file=file) as hubspot:
        assert hubspot.stats()["contacts"] == 2


def test_a_file_holds_definitions_and_contacts(tmp_path: Path) -> None:
    """Opened again, a file gives back the contacts, the properties and the unique values."""
    before = Store(tmp_path / "state.sqlite")
    before.save_definition(KEY)
    contact = before.insert({"key": "Zoë"})
    before.close()

    after = Store(tmp_path / "state.sqlite")

    assert after.by_values("key", ["Zoë"]) == {"Zoë": contact}
    after.drop_definition("key")
    after.close()
    assert "key" not in Store(tmp_path / "state.sqlite").definitions


def test_merges_and_archivings_survive_a_restart(tmp_path: Path) -> None:
    """The id of a merged contact leads to the other, the archived stay hidden, and neither id is given again."""
    file = tmp_path / "state.sqlite"
    before = Store(file)
    before.save_definition(KEY)
    one, two, three = (before.insert({"key": key, "firstname": key}) for key in ("a", "b", "c"))
    with before.writing():
        before.merge(survivor=one, gone=three)
    before.archive([two])
    before.close()

    after = Store(file)

    assert after.survivor(str(three.id)) == after.by_values("key", ["a"])["a"]
    assert after.by_values("key", ["b", "c"]) == {}
    assert after.count() == 1
    assert after.insert({"key": "d"}).id == three.id + 1
    after.close()


def test_a_file_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    """Files that had a table for unique values: the contacts are there and found by their keys."""
    file = tmp_path / "state.sqlite"
    store = Store(file)
    store.save_definition(KEY)
    contact = store.insert({"key": "a"})
    store.close()
    with sqlite3.connect(file) as old:
        old.executescript(
            "DROP TABLE merges; CREATE TABLE unique_values (property TEXT, value TEXT, contact_id INTEGER, "
            "PRIMARY KEY (property, value)) WITHOUT ROWID; INSERT INTO unique_values VALUES ('key', 'a', 1);"
            "CREATE INDEX contacts_by_archived_at ON contacts (archived_at);"
        )
    old.close()

    again = Store(file)

    assert again.by_values("key", ["a"]) == {"a": contact}
    again.close()


def _mary() -> dict[str, Any]:
    return {"inputs": [_input("mary")]}


def _input(name: str) -> dict[str, Any]:
    return {"id": f"{name}@example.com", "idProperty": "email", "properties": {"firstname": name}}
