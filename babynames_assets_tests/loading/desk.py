"""A desk for the tests: files come in by the landing folder, and go to the books and the table."""

import os
from collections.abc import Iterable
from pathlib import Path

import sqlalchemy as sa

from babynames_assets.clients import open_frames, open_raw_files
from babynames_assets.ingest.acquire import acquire
from babynames_assets.ingest.kaggle import KaggleDatasets
from babynames_assets.ingest.raw_files import RawFile
from babynames_assets.loading.books import record_file
from babynames_assets.loading.frames import publish_year
from babynames_assets.loading.sources import require_current, scan_raw
from babynames_assets.loading.years import LoadOptions, load_frame
from babynames_assets.settings import Settings
from babynames_assets.warehouse.baby_names import LoadCounts
from babynames_assets.warehouse.engine import Engine
from babynames_assets.warehouse.partitioning import ensure_years

HEADER = "Year,Name,Sex,Count\n"
_LONG_AGO = 1_700_000_000


class Desk:
    """An installation without Dagster: what the assets do, called directly."""

    def __init__(self, folder: Path, engine: Engine) -> None:
        """Start with nothing."""
        self.settings = Settings(state_folder=folder, _env_file=None)
        self.raw_files = open_raw_files(self.settings)
        self.frames = open_frames(self.settings)
        self.engine = engine

    def take(self, lines: str) -> RawFile:
        """Let a file of these lines arrive."""
        return self.take_bytes((HEADER + lines).encode())

    def take_bytes(self, content: bytes) -> RawFile:
        """Let a file of these bytes arrive."""
        landing = self.settings.landing_folder
        landing.mkdir(parents=True, exist_ok=True)
        path = landing / "names.csv"
        path.write_bytes(content)
        os.utime(path, (_LONG_AGO, _LONG_AGO))  # a file that has just changed is waited for
        with KaggleDatasets(base_url="http://127.0.0.1:9", token=None, connect_timeout=1, read_timeout=1) as nobody:
            return acquire(self.raw_files, nobody, settings=self.settings.kaggle, landing_folder=landing).raw

    def validate(self, years: Iterable[int]) -> None:
        """What materializing validated/baby_names does."""
        raw = require_current(self.raw_files)
        scan = scan_raw(raw, self.settings)
        record_file(self.engine, raw, scan)
        for year in years:
            publish_year(self.frames, raw, scan, year)

    def load(self, years: Iterable[int], *, compare_always: bool = False) -> list[LoadCounts]:
        """What materializing warehouse/baby_names does, and what it did in each year."""
        options = LoadOptions(max_delete_share=1.0, compare_always=compare_always)
        done = []
        for year in years:
            ensure_years(self.engine, year, year)
            done.append(load_frame(self.engine, self.frames.get(year), run_id="0123456789-run", options=options))
        return done

    def damage(self, statement: str, **values: object) -> int:
        """Change the warehouse behind the loader's back; the number of rows that were hit."""
        with self.engine.begin() as connection:
            return connection.execute(sa.text(statement), values).rowcount
