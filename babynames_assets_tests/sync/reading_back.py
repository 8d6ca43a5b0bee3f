"""People who change contacts behind the project's back, and a reading back that finds them, for the tests of both."""

from dataclasses import replace
from typing import Any
from urllib.parse import quote

from babynames_assets.sync.reconcile import Reconciliation, reconcile
from babynames_assets.sync.reconcile_walk import ReconcileOptions
from babynames_assets_tests.hubspot.emulated import UPSERT, Emulated
from babynames_assets_tests.sync.conftest import Sync
from babynames_assets_tests.sync.planning import CONTACTS

ALL = ReconcileOptions(max_archive_share=0.5)


class People:
    """They work in HubSpot, and know contacts by their keys."""

    def __init__(self, hubspot: Emulated) -> None:
        """Let them into an account."""
        self._hubspot = hubspot

    def id_of(self, key: str) -> str:
        """The id of a contact."""
        answer = self._hubspot.call("GET", f"{CONTACTS}/{quote(key)}?idProperty=baby_name_key")
        assert answer.status_code == 200, key
        return str(answer.json()["id"])

    def edit(self, key: str, **properties: str) -> None:
        """Change properties of a contact."""
        body = {"properties": properties}
        assert self._hubspot.call("PATCH", f"{CONTACTS}/{self.id_of(key)}", body).status_code == 200

    def delete(self, *keys: str) -> None:
        """Delete contacts."""
        for key in keys:
            assert self._hubspot.call("DELETE", f"{CONTACTS}/{self.id_of(key)}").status_code == 204

    def merge(self, gone: str, *, into: str) -> None:
        """Merge a contact into another."""
        body = {"primaryObjectId": self.id_of(into), "objectIdToMerge": self.id_of(gone)}
        assert self._hubspot.call("POST", f"{CONTACTS}/merge", body).status_code == 200

    def add(self, *keys: str, **properties: str) -> None:
        """Add contacts with keys like ours."""
        for start in range(0, len(keys), 100):
            inputs = [
                {
                    "id": key,
                    "idProperty": "baby_name_key",
                    "objectWriteTraceId": key,
                    "properties": {"firstname": "Somebody", "births": "1", "birth_year": key[:4], **properties},
                }
                for key in keys[start : start + 100]
            ]
            assert self._hubspot.call("POST", UPSERT, {"inputs": inputs}).status_code == 200


def read_back(sync: Sync, first: int | None = None, last: int | None = None, **changes: Any) -> Reconciliation:
    """Read a year, a range or everything back, as a new process does."""
    years = None if first is None else (first, last or first)
    client = sync.hubspot.client()
    try:
        return reconcile(
            sync.engine,
            client,
            years,
            options=replace(ALL, **changes),
        )
    finally:
        client.close()
