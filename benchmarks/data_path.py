"""The data path from a landed archive to the table: unpack, read, publish, load; the assets do the same."""

import argparse
from pathlib import Path

from pydantic import SecretStr

from babynames_assets.ingest.frames import FrameStore
from babynames_assets.ingest.landed_tables import take_landed
from babynames_assets.ingest.landing import newest_landed_file
from babynames_assets.ingest.raw_files import RawFiles
from babynames_assets.loading.books import record_file
from babynames_assets.loading.frames import publish_years
from babynames_assets.loading.sources import scan_raw
from babynames_assets.loading.years import LoadOptions, load_years
from babynames_assets.setting_groups import IngestSettings, WarehouseSettings
from babynames_assets.settings import Settings
from babynames_assets.warehouse.engine import Engine, connect, open_engine
from babynames_assets.warehouse.partitioning import ensure_years
from benchmarks.phases import Phases


def run() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ours", description=__doc__)
    parser.add_argument("--archive", type=Path, help="stands alone in its folder; without it: connect and end")
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--url", required=True)
    parser.add_argument("--phases", type=Path, help="takes how long each phase took, as JSON")
    options = parser.parse_args()
    phases = Phases()
    settings = Settings(
        state_folder=options.state,
        warehouse=WarehouseSettings(url=SecretStr(options.url)),
        ingest=IngestSettings(landing_folder=options.archive.parent if options.archive else None),
    )
    engine = open_engine(settings.warehouse_url)
    try:
        if options.archive:
            load(engine, settings, phases)
        else:
            with connect(engine):
                pass
    finally:
        engine.dispose()
    if options.phases:
        phases.write(options.phases)


def load(engine: Engine, settings: Settings, phases: Phases) -> None:
    """Bring the table to the newest file in the landing folder."""
    raw_files = RawFiles(settings.state_folder / "raw")
    frames = FrameStore(settings.state_folder / "validated")
    with phases.phase("unpack"), raw_files.locked():
        landed = newest_landed_file(settings.landing_folder)
        if landed is None:
            raise SystemExit(f"There is no archive in {settings.landing_folder}.")
        raw = take_landed(raw_files, landed, settings.kaggle)
    with phases.phase("scan"):
        scan = scan_raw(raw, settings)
    with phases.phase("record"):
        record_file(engine, raw, scan)
    years = list(range(min(scan.years), max(scan.years) + 1))
    with phases.phase("publish"):
        publish_years(frames, raw, scan, years)
    options = LoadOptions(
        max_delete_share=settings.warehouse.max_delete_share, connections=settings.warehouse.load_connections
    )
    with phases.phase("load"):
        ensure_years(engine, years[0], years[-1])
        load_years(engine, frames, years, run_id="benchmark", options=options, on_loaded=lambda _year, _counts: None)
