"""One sync of this project, without Dagster.

It ends when everything is sent, or is told to end as by a signal: then what was sent is waited for and recorded. It
ends with 0 in both cases, and tells in a file what it did.
"""

import argparse
import json
import signal
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType

from pydantic import SecretStr

from babynames_assets.clients import open_hubspot, open_warehouse, requests_in_flight
from babynames_assets.hubspot import limits
from babynames_assets.observability.logging import configure_logging
from babynames_assets.resilience.allowances import Limit
from babynames_assets.setting_groups import HubSpotSettings, WarehouseSettings
from babynames_assets.settings import Settings
from babynames_assets.sync.options import push_options
from babynames_assets.sync.push import push_years
from babynames_assets.sync.report import PushReport
from babynames_assets.warehouse.engine import Engine
from benchmarks.sync.told import Told

OUT_OF_REACH = {limits.BURST: [Limit(400, 1.0)], limits.SEARCH: [Limit(400, 1.0)]}
"""In place of an account's limits: no sync is so fast, and the books are kept as ever."""

_SOON = 0.002


class Enough(BaseException):
    """The time or the number of batches is up; an exception from outside, as a signal's is."""


@dataclass
class _End:
    """When it was told to end, in seconds since 1970."""

    told_at: float | None = None

    def tell(self, _signal: int = 0, _frame: FrameType | None = None) -> None:
        """Stop the sync, once."""
        if self.told_at is None:
            self.told_at = time.time()
            raise Enough


def run() -> None:
    """Run the command line."""
    options = _options()
    settings = Settings(
        state_folder=options.state,
        warehouse=WarehouseSettings(url=SecretStr(options.url)),
        hubspot=HubSpotSettings(base_url=options.base_url, tier=options.tier, token=SecretStr(options.token)),
    )
    configure_logging(settings.log_level)
    engine = open_warehouse(settings)
    try:
        told = _push(engine, settings, options)
    finally:
        engine.dispose()
    if options.told:
        options.told.write_text(json.dumps(asdict(told)), encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sync.push", description=__doc__)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--url", required=True, help="of the warehouse")
    parser.add_argument("--base-url", required=True, help="of HubSpot")
    parser.add_argument("--token", required=True)
    parser.add_argument("--tier", choices=list(limits.TIERS), default="free")
    parser.add_argument("--unlimited", action="store_true", help="keep no limit that could be reached")
    parser.add_argument("--years", type=int, nargs="+", required=True)
    parser.add_argument("--seconds", type=float, help="end after so long")
    parser.add_argument("--batches", type=int, help="end after so many")
    parser.add_argument("--told", type=Path, help="takes what it did, as JSON")
    return parser.parse_args()


def _push(engine: Engine, settings: Settings, options: argparse.Namespace) -> Told:
    end, report = _End(), PushReport()

    def on_batch(now: PushReport) -> None:
        nonlocal report
        report = now
        if options.batches and now.contacts >= 100 * options.batches:
            # Not at once: inside this call the outcomes are not off the list yet, and would be counted twice.
            signal.setitimer(signal.ITIMER_REAL, _SOON)

    client = open_hubspot(settings, engine, allowed=OUT_OF_REACH if options.unlimited else None)
    terms = push_options(settings, requests_in_flight=requests_in_flight(settings))
    try:
        began, cpu = time.time(), time.process_time()
        signal.signal(signal.SIGALRM, end.tell)
        signal.setitimer(signal.ITIMER_REAL, options.seconds or 0.0)
        with suppress(Enough):
            report = push_years(engine, client, options.years, run_id="benchmark", options=terms, on_batch=on_batch)
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        return Told(began, end.told_at, time.time(), time.process_time() - cpu, report.contacts)
    finally:
        client.close()
