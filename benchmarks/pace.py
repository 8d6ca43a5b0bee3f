"""How much of HubSpot's allowance several processes use together: ``python -m benchmarks.pace``; its last line is JSON.

The emulated HubSpot counts on arrival, strictly; the processes share their books in one warehouse and make as many
calls side by side as a sync does. With ``--books`` it measures instead what one place costs the process that asks.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import requests
from pydantic import SecretStr

from babynames_assets.clients import daily_terms, open_hubspot, open_warehouse, requests_in_flight
from babynames_assets.hubspot.limits import BURST, PADDING, TIERS, WINDOW
from babynames_assets.observability.logging import configure_logging
from babynames_assets.resilience.allowances import Limit
from babynames_assets.setting_groups import HubSpotSettings, WarehouseSettings
from babynames_assets.settings import Settings
from babynames_assets.warehouse.call_books import CallBooks
from babynames_assets.warehouse.migrations import up
from babynames_assets_tests.servers.databases import fresh_database
from babynames_assets_tests.servers.kinds import Kind
from babynames_assets_tests.servers.provision import server

TOKEN = "pat-benchmark"  # noqa: S105 - of an emulator that lives as long as the benchmark
WINDOWS = 6
BOOKED = 1000


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print the result as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", choices=["sqlite", *Kind], default="sqlite", help="where the books are")
    parser.add_argument("--tier", choices=list(TIERS), default="free", help="whose allowance")
    parser.add_argument("--latency", default="0.1-2", help="seconds that an answer takes")
    parser.add_argument("--processes", type=int, default=2, help="that make calls")
    parser.add_argument("--windows", type=float, default=WINDOWS, help="how long to measure, in windows of 10.25 s")
    parser.add_argument("--books", action="store_true", help="measure what a place costs")
    parser.add_argument("--worker", nargs=2, metavar=("WAREHOUSE", "HUBSPOT"), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    configure_logging("warning")
    if options.worker:
        _call_for_ever(_settings(options.tier, *options.worker))
        return
    with _warehouse(options.server) as url:
        measured = _cost_of_a_place(options.tier, url) if options.books else _share(options, url)
    print(json.dumps({"server": options.server, "tier": options.tier, **measured}))  # noqa: T201 - its result


def _share(options: argparse.Namespace, warehouse: str) -> dict[str, float]:
    seconds = options.windows * (WINDOW + PADDING)
    with _emulator(options.tier, options.latency) as hubspot, ExitStack() as workers:
        for _ in range(options.processes):
            workers.enter_context(_worker(options.tier, warehouse, hubspot))
        while not (began := _stats(hubspot)["first_request_at"]):
            time.sleep(0.05)
        time.sleep(max(0.0, began + seconds - time.time()))
        stats = _stats(hubspot)
    allowed = seconds / WINDOW * TIERS[options.tier].calls_per_window
    return {
        "latency": options.latency,
        "processes": options.processes,
        "calls": stats["requests"],
        "share": round(stats["requests"] / allowed, 4),
        "answers_429": stats["violations"],
        "max_in_10s": stats["max_requests_in_10s"],
    }


def _cost_of_a_place(tier: str, warehouse: str) -> dict[str, float]:
    """A place that is free, one at a time, with as many in the window as 150 calls a second leave there."""
    settings = _settings(tier, warehouse, "http://127.0.0.1:9")
    engine = open_warehouse(settings)
    books = CallBooks(engine, "cost", {BURST: [Limit(10**6, WINDOW + PADDING)]}, daily_terms(settings))
    for _ in range(BOOKED // 100):
        books.take(BURST, 100)
    cpu, started = time.process_time(), time.perf_counter()
    for _ in range(BOOKED):
        books.take(BURST, 1)
    used, took = time.process_time() - cpu, time.perf_counter() - started
    engine.dispose()
    return {"cpu_microseconds": round(used / BOOKED * 1e6), "microseconds": round(took / BOOKED * 1e6)}


def _call_for_ever(settings: Settings) -> None:
    engine = open_warehouse(settings)
    client = open_hubspot(settings, engine)
    path = "/account-info/2026-03/details"

    def call() -> None:
        while True:
            client._transport.call("GET", path)  # noqa: SLF001 - the call with the smallest answer

    for _ in range(requests_in_flight(settings)):
        threading.Thread(target=call, daemon=True).start()
    sys.stdin.read()


def _settings(tier: str, warehouse: str, hubspot: str) -> Settings:
    return Settings(
        warehouse=WarehouseSettings(url=SecretStr(warehouse)),
        hubspot=HubSpotSettings.model_validate({"base_url": hubspot, "token": TOKEN, "tier": tier}),
    )


@contextmanager
def _warehouse(kind: str) -> Iterator[str]:
    with ExitStack() as stack:
        if kind == "sqlite":
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            url = f"sqlite:///{Path(folder) / 'warehouse.sqlite'}"
        else:
            url = stack.enter_context(fresh_database(stack.enter_context(server(Kind(kind), durable=True))))
        engine = open_warehouse(_settings("free", url, "http://127.0.0.1:9"))
        up(engine)
        engine.dispose()
        yield url


@contextmanager
def _emulator(tier: str, latency: str) -> Iterator[str]:
    options = ["--token", TOKEN, "--tier", tier, "--latency", latency, "--daily-limit", "0", "--stop-with-stdin"]
    command = [sys.executable, "-m", "babynames_assets.cli", "emulate", "hubspot", *options]
    with _process(command) as process:
        line = process.stdout.readline() if process.stdout else ""
        if not line:
            raise SystemExit("The emulator did not start.")
        yield json.loads(line)["url"]


@contextmanager
def _worker(tier: str, warehouse: str, hubspot: str) -> Iterator[None]:
    with _process([sys.executable, "-m", "benchmarks.pace", "--tier", tier, "--worker", warehouse, hubspot]):
        yield


@contextmanager
def _process(command: list[str]) -> Iterator["subprocess.Popen[str]"]:
    """A process that ends when its standard input does."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            with suppress(OSError):
                process.communicate(timeout=10)


def _stats(hubspot: str) -> dict[str, float]:
    answer: dict[str, float] = requests.get(f"{hubspot}/_stats", timeout=10).json()
    return answer


if __name__ == "__main__":
    main()
