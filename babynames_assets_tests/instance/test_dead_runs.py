"""A run whose processes were killed, under a real daemon: it fails, and its slot is free, within two minutes."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import psutil
import pytest

from babynames_assets.instance.vigil import last_sign
from babynames_assets.settings import environment_with
from babynames_assets_tests.environment import clear_settings
from babynames_assets_tests.instance import waiting_location
from babynames_assets_tests.instance.homes import PRODUCTION, make_home
from babynames_assets_tests.instance.waiting_location import MAY_END, POOL
from babynames_assets_tests.servers.databases import fresh_database
from babynames_assets_tests.servers.kinds import Kind

LONGEST_SECONDS = 120
ROUNDS = 3


@contextmanager
def daemon(home: Path) -> Iterator[Path]:
    """A daemon on a code location of a code server's own; gives its log. Every process that it started ends with it."""
    log = home / "daemon.log"
    workspace = ["--python-file", waiting_location.__file__, "--working-directory", str(home)]
    with log.open("w") as file:
        process = psutil.Popen(
            [sys.executable, "-m", "dagster._daemon", "run", *workspace],
            stdout=file,
            stderr=subprocess.STDOUT,
            cwd=home,
            env=environment_with({"DAGSTER_HOME": str(home)}),
        )
        try:
            yield log
        finally:
            family = [*process.children(recursive=True), process]
            process.terminate()
            for one in psutil.wait_procs(family, timeout=30)[1]:
                one.kill()
            psutil.wait_procs(family, timeout=30)


def until(is_so: Callable[[], object], *, seconds: float = 900) -> float:
    """Wait until something is so, and return how long that took."""
    began = time.monotonic()
    while not is_so():
        assert time.monotonic() - began < seconds, "it did not happen"
        time.sleep(0.5)
    return time.monotonic() - began


def holders(instance: dg.DagsterInstance) -> set[str]:
    """The runs that hold a slot of the pool."""
    return {slot.run_id for slot in instance.event_log_storage.get_concurrency_info(POOL).claimed_slots}


@pytest.mark.timeout(1800)
def test_a_killed_run_fails_and_frees_its_slot_while_a_stopped_one_is_left_alone(
    server_url: Callable[[Kind], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its worker and its code server are killed at once. The next run takes the slot; stopped a while, it goes on."""
    clear_settings(monkeypatch, tmp_path)
    home = make_home(tmp_path, PRODUCTION)
    with fresh_database(server_url(Kind.MYSQL)) as url:
        monkeypatch.setenv("BABYNAMES_DAGSTER__STORAGE_URL", url)
        with dg.DagsterInstance.from_config(str(home)) as instance:
            instance.event_log_storage.set_concurrency_slots(POOL, 1)
            with daemon(home) as log:
                dead = _kill_the_run_that_works(instance)
                seconds = until(lambda: _has_failed(instance, dead) and dead not in holders(instance))
                assert seconds < LONGEST_SECONDS
                stopped = _stop_the_run_that_works_now(instance, log)
                (home / MAY_END).touch()
                until(lambda: _status(instance, stopped) == dg.DagsterRunStatus.SUCCESS)
            events = [event.message for event in instance.all_logs(dead)]
            assert any("has ended without a word" in message for message in events)


def _kill_the_run_that_works(instance: dg.DagsterInstance) -> str:
    until(lambda: holders(instance))
    [run_id] = holders(instance)
    sign = last_sign(instance, run_id)
    assert sign is not None
    worker = psutil.Process(sign.pid)
    code_server = worker.parent()
    assert code_server is not None
    assert "grpc" in " ".join(code_server.cmdline())
    code_server.kill()
    worker.kill()
    return run_id


def _stop_the_run_that_works_now(instance: dg.DagsterInstance, log: Path) -> str:
    until(lambda: holders(instance))
    [run_id] = holders(instance)
    sign = last_sign(instance, run_id)
    assert sign is not None
    worker = psutil.Process(sign.pid)
    worker.send_signal(signal.SIGSTOP)
    checks = log.read_text().count(f"Checking run {run_id}")
    until(lambda: log.read_text().count(f"Checking run {run_id}") >= checks + ROUNDS)
    assert _status(instance, run_id) == dg.DagsterRunStatus.STARTED
    worker.send_signal(signal.SIGCONT)
    return run_id


def _status(instance: dg.DagsterInstance, run_id: str) -> dg.DagsterRunStatus:
    run = instance.get_run_by_id(run_id)
    assert run is not None
    return run.status


def _has_failed(instance: dg.DagsterInstance, run_id: str) -> bool:
    return _status(instance, run_id) == dg.DagsterRunStatus.FAILURE
