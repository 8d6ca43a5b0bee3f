"""A running Kaggle emulator with one dataset, for tests."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
from pydantic import SecretStr

from babynames_assets.emulators.kaggle import create_app
from babynames_assets.emulators.kaggle_faults import Fault
from babynames_assets.emulators.kaggle_versions import publish
from babynames_assets.emulators.serving import running
from babynames_assets.ingest.kaggle import KaggleDatasets

DATASET = "someone/names"


@dataclass(frozen=True)
class KaggleService:
    """Where the emulator runs and what it serves."""

    url: str
    folder: Path

    def publish(self, content: bytes, name: str = "names.csv") -> int:
        """Publish a file of that content."""
        file = self.folder.parent / name
        file.write_bytes(content)
        return publish(self.folder, file)

    def archive(self, number: int) -> bytes:
        """The bytes that the storage holds."""
        return (self.folder / str(number) / "archive.zip").read_bytes()

    def fail(self, *faults: Fault) -> None:
        """Make the next requests fail."""
        requests.post(f"{self.url}/_faults", json=faults, timeout=5).raise_for_status()

    def forgive(self) -> None:
        """Forget the failures that are left, and the counts."""
        requests.delete(f"{self.url}/_faults", timeout=5).raise_for_status()

    def reset(self) -> None:
        """Forget everything, so that one emulator can serve many tests."""
        self.forgive()
        shutil.rmtree(self.folder, ignore_errors=True)

    def requests(self) -> dict[str, int]:
        """How often each call was made."""
        counts: dict[str, int] = requests.get(f"{self.url}/_stats", timeout=5).json()["requests"]
        return counts

    def client(self, *, token: str | None = None, read_timeout: float = 5, tries: int = 2) -> KaggleDatasets:
        """A client of ours for it."""
        secret = None if token is None else SecretStr(token)
        return KaggleDatasets(
            base_url=self.url, token=secret, connect_timeout=5, read_timeout=read_timeout, tries=tries
        )


@contextmanager
def kaggle_service(folder: Path, *, token: str | None = None, link_seconds: float = 300) -> Iterator[KaggleService]:
    """Run an emulator while the context is open."""
    app = create_app(folder / "published", dataset=DATASET, token=token, link_seconds=link_seconds)
    with running(app) as url:
        yield KaggleService(url, folder / "published")
