"""Many processes and one OAuth app: together they ask HubSpot for one token."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from babynames_assets.variables import PREFIX
from babynames_assets.warehouse.engine import Engine
from babynames_assets_tests.hubspot.emulated import Emulated, emulated_hubspot
from babynames_assets_tests.hubspot.oauth_client import APP, KEY, oauth_tokens, requests_of_tokens, secret_store

PROCESSES = 8
CALLS = 3
PROGRAM = f"""
import sys
from babynames_assets.clients import open_hubspot_tokens, open_warehouse
from babynames_assets.observability.logging import configure_logging
from babynames_assets.settings import load_settings
configure_logging()
settings = load_settings()
tokens = open_hubspot_tokens(settings, open_warehouse(settings))
print("ready", flush=True)
sys.stdin.readline()
for _ in range({CALLS}):
    print(tokens.current().token.get_secret_value(), flush=True)
"""


@pytest.fixture(params=[False, True], ids=["one refresh token", "rotating refresh tokens"])
def slow_hubspot(request: pytest.FixtureRequest) -> Iterator[Emulated]:
    """An emulator that takes its time, so that all processes are waiting when the token comes."""
    with emulated_hubspot(oauth=replace(APP, rotates=request.param), latency=0.2) as emulated:
        yield emulated


def grow_old(engine: Engine) -> None:
    """As if all tokens had been kept long ago."""
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE sealed_secrets SET written_at = '2001-01-01 00:00:00'")


def test_eight_processes_that_start_with_an_expired_token_renew_it_once(
    engine: Engine, warehouse_url: str, slow_hubspot: Emulated, tmp_path: Path
) -> None:
    """All of them then hold the same one, and HubSpot takes it."""
    old = oauth_tokens(slow_hubspot, secret_store(engine)).current().token.get_secret_value()
    slow_hubspot.change_tokens(expire=True)
    grow_old(engine)
    asked_before = requests_of_tokens(slow_hubspot)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(PREFIX)},
        "BABYNAMES_ENV_FILE": str(tmp_path / "none.env"),
        "BABYNAMES_STATE_FOLDER": str(tmp_path),
        "BABYNAMES_SECRET_KEY": KEY,
        "BABYNAMES_WAREHOUSE__URL": warehouse_url,
        "BABYNAMES_HUBSPOT__BASE_URL": slow_hubspot.url,
        "BABYNAMES_HUBSPOT__OAUTH_CLIENT_ID": APP.client_id,
        "BABYNAMES_HUBSPOT__OAUTH_CLIENT_SECRET": APP.client_secret,
        "BABYNAMES_HUBSPOT__OAUTH_REFRESH_TOKEN": APP.refresh_token,
    }
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(PROCESSES)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"

    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    outputs = [process.communicate(timeout=120) for process in processes]

    assert [process.returncode for process in processes] == [0] * PROCESSES, outputs
    held = {token for out, _ in outputs for token in out.split()}
    assert len(held) == 1
    assert held != {old}
    assert requests_of_tokens(slow_hubspot) == asked_before + 1
    assert slow_hubspot.call("GET", "/account-info/2026-03/details", token=held.pop()).status_code == 200
