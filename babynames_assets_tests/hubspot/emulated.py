"""An emulated HubSpot for tests: it runs in this process, and says what a client did to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from pydantic import SecretStr

from babynames_assets.emulators import serving
from babynames_assets.emulators.hubspot.app import create_app
from babynames_assets.hubspot.auth import StaticTokens
from babynames_assets.hubspot.client import HubSpotClient
from babynames_assets.hubspot.contact_writes import ContactWrite
from babynames_assets_tests.hubspot.free_pace import free_pace

TOKEN = "pat-test-canary-5f2c"
UPSERT = "/crm/objects/2026-03/contacts/batch/upsert"


@dataclass
class Clock:
    """A clock that a test sets; it starts on 2026-11-23 at 17:00 in UTC, noon in New York."""

    now: float = 1_795_453_200.0

    def __call__(self) -> float:
        """Seconds since 1970."""
        return self.now

    def forward(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


@dataclass
class Emulated:
    """A running emulator and the doors to it."""

    url: str
    session: requests.Session = field(default_factory=requests.Session)

    def client(self, **changes: Any) -> HubSpotClient:
        """A client that waits next to nothing between tries."""
        options: dict[str, Any] = {
            "base_url": self.url,
            "api_version": "2026-03",
            "tokens": StaticTokens({"BABYNAMES_HUBSPOT__TOKEN": SecretStr(TOKEN)}),
            "pace": free_pace(),
            "connect_timeout": 5,
            "read_timeout": 5,
            "attempts": 3,
            "max_wait": 0.01,
        }
        return HubSpotClient(**{**options, **changes})

    def call(self, method: str, path: str, body: Any = None, *, token: str = TOKEN) -> requests.Response:
        """Make a request of the API."""
        headers = {"Authorization": f"Bearer {token}"}
        return self.session.request(method, self.url + path, json=body, headers=headers, timeout=5)

    def upsert(self, *keys: str, **properties: str) -> list[dict[str, Any]]:
        """Put contacts there, found by their first names as e-mail addresses."""
        inputs = [
            {"id": f"{key}@example.com", "idProperty": "email", "properties": {"firstname": key, **properties}}
            for key in keys
        ]
        answer = self.call("POST", UPSERT, {"inputs": inputs})
        answer.raise_for_status()
        results: list[dict[str, Any]] = answer.json()["results"]
        return sorted(results, key=lambda result: int(result["id"]))

    def order(self, **fault: Any) -> None:
        """Order a fault."""
        assert self.session.post(f"{self.url}/_faults", json=[fault], timeout=5).status_code == 204

    def end_faults(self) -> None:
        """Have good days again, whatever was ordered."""
        assert self.session.delete(f"{self.url}/_faults", timeout=5).status_code == 204

    def tokens(self) -> list[str]:
        """Every token that it takes, or took."""
        known: list[str] = self.session.get(f"{self.url}/_tokens", timeout=5).json()
        return known

    def change_tokens(self, **order: Any) -> None:
        """Add, revoke or expire tokens."""
        assert self.session.post(f"{self.url}/_tokens", json=order, timeout=5).status_code == 204

    def storm(self, *faults: dict[str, Any], seed: int = 0) -> None:
        """Order faults with the seed of their dice."""
        order = {"seed": seed, "faults": list(faults)}
        assert self.session.post(f"{self.url}/_faults", json=order, timeout=5).status_code == 204

    def forward(self, seconds: float) -> None:
        """Let time pass."""
        assert self.session.post(f"{self.url}/_clock", json={"forward": seconds}, timeout=5).status_code == 200

    def stats(self) -> dict[str, Any]:
        """What came in so far."""
        answer: dict[str, Any] = self.session.get(f"{self.url}/_stats", timeout=5).json()
        return answer

    def upserts(self) -> int:
        """Calls of the batch upsert so far."""
        return int(self.stats()["by_path"].get(f"POST {UPSERT}", 0))

    def births(self) -> dict[str, str]:
        """The births of each contact, by its key."""
        dump = self.session.get(f"{self.url}/_contacts", timeout=5).json()
        return {one["properties"]["baby_name_key"]: one["properties"]["births"] for one in dump["results"]}

    def reset(self) -> None:
        """Make it a new account."""
        assert self.session.post(f"{self.url}/_reset", timeout=5).status_code == 204


@contextmanager
def emulated_hubspot(
    *, tier: str = "api_limit_increase", state_file: Path | None = None, **options: Any
) -> Iterator[Emulated]:
    """Run an emulator while the context is open."""
    app = create_app(**{"state_file": state_file, "token": TOKEN, "tier": tier, **options})
    with serving.running(app) as url:
        emulated = Emulated(url)
        try:
            yield emulated
        finally:
            emulated.session.close()


def contact(name: str, births: object = 100, year: int = 1984) -> ContactWrite:
    """A girl's name as a contact."""
    properties = {"firstname": name, "gender": "F", "birth_year": str(year), "births": str(births)}
    return ContactWrite(f"{year}-F-{name}", properties)
