"""One whole run of this project's data path, without Dagster: land an archive, read it, bring the table to it.

``python -m benchmarks.ours --archive X.zip --state FOLDER --url URL``
"""

import argparse
from pathlib import Path

from pydantic import SecretStr

from babynames_assets.ingest.acquire import acquire
from babynames_assets.ingest.frames import FrameStore
from babynames_assets.ingest.kaggle import KaggleDatasets
from babynames_assets.ingest.raw_files import RawFiles
from babynames_assets.loading.books import record_file
from babynames_assets.loading.frames import publish_years
from babynames_assets.loading.sources import scan_raw
from babynames_assets.loading.years import LoadOptions, load_years
from babynames_assets.settings import IngestSettings, Settings, WarehouseSettings
from babynames_assets.warehouse.engine import Engine, connect, open_engine
from babynames_assets.warehouse.partitioning import ensure_years


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ours", description=__doc__)
    parser.add_argument("--archive", type=Path, help="stands alone in its folder; without it: connect and end")
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--url", required=True)
    options = parser.parse_args()
    settings = Settings(
        state_folder=options.state,
        warehouse=WarehouseSettings(url=SecretStr(options.url)),
        ingest=IngestSettings(landing_folder=options.archive.parent if options.archive else None),
    )
    engine = open_engine(settings.warehouse_url)
    try:
        if options.archive:
            load(engine, settings)
        else:
            with connect(engine):
                pass
    finally:
        engine.dispose()


def load(engine: Engine, settings: Settings) -> None:
    """Bring the table to the newest file in the landing folder."""
    raw_files = RawFiles(settings.state_folder / "raw")
    frames = FrameStore(settings.state_folder / "validated")
    kaggle = KaggleDatasets(
        base_url=settings.kaggle.base_url, token=None, connect_timeout=1, read_timeout=1
    )  # not asked: the landing folder has a file
    raw = acquire(raw_files, kaggle, settings=settings.kaggle, landing_folder=settings.landing_folder).raw
    scan = scan_raw(raw, settings)
    record_file(engine, raw, scan)
    years = list(range(min(scan.years), max(scan.years) + 1))
    publish_years(frames, raw, scan, years)
    ensure_years(engine, years[0], years[-1])
    options = LoadOptions(
        max_delete_share=settings.warehouse.max_delete_share, connections=settings.warehouse.load_connections
    )
    load_years(engine, frames, years, run_id="benchmark", options=options, on_loaded=lambda _year, _counts: None)


if __name__ == "__main__":
    main()
