"""A whole installation for one test: emulators over HTTP, a warehouse, a Dagster instance on disk."""

import json
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from babynames_assets.definitions import defs
from babynames_assets.emulators import dataset, kaggle, serving
from babynames_assets.emulators.hubspot.app import create_app
from babynames_assets.settings import Settings, load_settings
from babynames_assets_tests.environment import clear_settings

TOKEN = "pat-canary-of-hubspot"
DATASET = "owner/names"
YEARLY = ["validated/baby_names", "warehouse/baby_names", "hubspot/contacts"]


@dataclass(frozen=True)
class Installation:
    """What a test may use: the folders, the addresses, and Dagster."""

    folder: Path
    hubspot_url: str
    instance: dg.DagsterInstance

    @property
    def settings(self) -> Settings:
        """The settings that every run of this installation reads."""
        return load_settings()

    def release(self, *, revision: int = 0, names_per_year: int = 30) -> dataset.Generated:
        """Publish a release of three years (one more a revision) on Kaggle."""
        file = self.folder / "release.csv"
        truth = dataset.generate(
            file, seed=7, first_year=2001, last_year=2003, names_per_year=names_per_year, revision=revision
        )
        kaggle.publish(self.folder / "kaggle", file)
        return truth

    def publish(self, text: str | bytes) -> None:
        """Publish a file with this text on Kaggle."""
        file = self.folder / "release.csv"
        file.write_bytes(text.encode() if isinstance(text, str) else text)
        kaggle.publish(self.folder / "kaggle", file)

    def run(
        self, *assets: str, years: tuple[int, int] | None = None, raise_on_error: bool = True
    ) -> dg.ExecuteInProcessResult:
        """Materialize some assets in one run, as the UI does: all years of a range in that run."""
        keys = [dg.AssetKey(asset.split("/")) for asset in assets]
        tags = {}
        if years:
            tags = {
                "dagster/asset_partition_range_start": str(years[0]),
                "dagster/asset_partition_range_end": str(years[1]),
            }
        job = defs.get_repository_def().get_implicit_global_asset_job_def()
        return job.execute_in_process(
            instance=self.instance, asset_selection=keys, tags=tags, raise_on_error=raise_on_error
        )

    def run_everything(self, years: tuple[int, int]) -> dg.ExecuteInProcessResult:
        """Acquire the newest version, then bring the years to it."""
        self.run("raw/baby_names_csv")
        return self.run(*YEARLY, years=years)

    def contacts(self) -> dict[str, dict[str, str]]:
        """Every contact that HubSpot holds, by key."""
        found: dict[str, dict[str, str]] = {}
        after = ""
        while True:
            page = self.hubspot(f"/_contacts?after={after}")
            for contact in page["results"]:
                found[contact["properties"]["baby_name_key"]] = contact["properties"]
            after = page.get("after") or ""
            if not after:
                return found

    def hubspot(self, path: str, body: Any = None) -> Any:
        """Call the HubSpot emulator's own side door."""
        request = urllib.request.Request(
            self.hubspot_url + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)


@pytest.fixture
def installation(warehouse_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    """An installation on SQLite, MySQL and MariaDB in turn."""
    yield from _install(warehouse_url, tmp_path, monkeypatch)
