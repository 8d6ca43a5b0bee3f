"""Tests of what the doctor says of Dagster's instance: good is good, and each fault is named with its remedy."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest
from dagster._daemon.types import DaemonHeartbeat
from dagster_shared.error import SerializableErrorInfo

from babynames_assets.errors import ConfigurationError, FatalError
from babynames_assets.instance import standing
from babynames_assets.instance.opening import open_instance
from babynames_assets.instance.storage import pool_of
from babynames_assets.instance.vigil import show
from babynames_assets.instance.workers import this_worker
from babynames_assets.settings import Settings, load_settings
from babynames_assets_tests.environment import clear_settings
from babynames_assets_tests.instance.homes import EMBEDDED, make_home
from babynames_assets_tests.notifications.receivers import Answer, receiving
from babynames_assets_tests.servers.private import free_port


@pytest.fixture
def embedded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    """An instance on SQLite."""
    clear_settings(monkeypatch, tmp_path)
    with dg.DagsterInstance.from_config(str(make_home(tmp_path, EMBEDDED))) as opened:
        yield opened


def settings(environment: str = "production") -> Settings:
    """The settings of an environment."""
    return load_settings().model_copy(update={"environment": environment})


def beat(instance: dg.DagsterInstance, *, age: float = 0, leave_out: int = 0) -> None:
    """Every part of the daemon shows that it lives, but for some."""
    kinds = sorted(instance.get_required_daemon_types())
    for kind in kinds[leave_out:]:
        instance.add_daemon_heartbeat(DaemonHeartbeat(time.time() - age, kind, "daemon", []))


def started(instance: dg.DagsterInstance) -> dg.DagsterRun:
    """A run that is under way."""

    @dg.op
    def step() -> None:
        """Nothing."""

    @dg.job
    def one_step() -> None:
        step()

    return instance.create_run_for_job(one_step, status=dg.DagsterRunStatus.STARTED)


def test_an_instance_in_production_is_good_in_every_respect(instance: dg.DagsterInstance) -> None:
    """On MySQL and MariaDB, as deploy/dagster.yaml makes it, with a daemon."""
    beat(instance)

    assert "pooled, schema up to date, in UTC" in standing.storage(instance, settings())
    assert "pool warehouse: 2, pool hubspot: 2" in standing.limits(instance, settings())
    assert "parts of the daemon live" in standing.daemons(instance, settings())
    assert standing.runs(instance, settings()) == "0 under way, each with its process; 0 hold slots of pools"


def test_a_short_column_is_named(instance: dg.DagsterInstance) -> None:
    """With the command that mends it."""
    pool = pool_of(instance)
    assert pool is not None
    with pool.connect() as connection:
        connection.exec_driver_sql("ALTER TABLE asset_check_executions MODIFY evaluation_event TEXT")

    with pytest.raises(FatalError, match=r"asset_check_executions\.evaluation_event.*babynames instance widen"):
        standing.storage(instance, settings())


def test_an_old_schema_is_named(instance: dg.DagsterInstance) -> None:
    """With the command that migrates it."""
    pool = pool_of(instance)
    assert pool is not None
    with pool.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '000000000000'")

    with pytest.raises(FatalError, match=r"000000000000.*dagster instance migrate"):
        standing.storage(instance, settings())


def test_a_storage_without_a_pool_is_a_fault(storage_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is dagster-mysql's own."""
    home = make_home(tmp_path, EMBEDDED)
    with (home / "dagster.yaml").open("a") as file:
        file.write(f"\nstorage:\n  mysql:\n    mysql_url: {storage_url}\n")

    with (
        dg.DagsterInstance.from_config(str(home)) as stock,
        pytest.raises(FatalError, match="a connection for each query"),
    ):
        standing.storage(stock, settings())


def test_files_are_good_on_a_laptop_and_a_fault_in_production(embedded: dg.DagsterInstance) -> None:
    """They cannot be shared between machines."""
    assert "SQLite files" in standing.storage(embedded, settings("development"))
    with pytest.raises(FatalError, match=r"deploy/dagster\.yaml"):
        standing.storage(embedded, settings("production"))


def test_an_instance_without_the_limits_says_which_are_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dagster's defaults notice no dead run."""
    clear_settings(monkeypatch, tmp_path)
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}\n")

    with (
        dg.DagsterInstance.from_config(str(tmp_path)) as bare,
        pytest.raises(FatalError, match=r"run_launcher.*run_monitoring.*pools.*retention"),
    ):
        standing.limits(bare, settings())


class TestDaemons:
    """What the heartbeats say."""

    def test_a_part_that_is_silent_is_named(self, embedded: dg.DagsterInstance) -> None:
        """Whatever the environment is: the others live."""
        beat(embedded, leave_out=1)

        with pytest.raises(FatalError, match=r"No sign of life since .*dagster-daemon run"):
            standing.daemons(embedded, settings("development"))

    def test_an_error_is_named(self, embedded: dg.DagsterInstance) -> None:
        """It stands in the daemon's log."""
        beat(embedded)
        kind = min(embedded.get_required_daemon_types())
        error = SerializableErrorInfo("broken", [], None)
        embedded.add_daemon_heartbeat(DaemonHeartbeat(time.time(), kind, "daemon", [error]))

        with pytest.raises(FatalError, match=f"meets errors in {kind}"):
            standing.daemons(embedded, settings("development"))

    def test_none_is_a_fault_where_it_is_needed_and_none_on_a_laptop(self, embedded: dg.DagsterInstance) -> None:
        """Nobody lets one run there all day."""
        assert "make dev runs one" in standing.daemons(embedded, settings("development"))
        with pytest.raises(FatalError, match="No sign of life yet"):
            standing.daemons(embedded, settings("staging"))

        beat(embedded, age=3600)
        assert "none since" in standing.daemons(embedded, settings("development"))


class TestRuns:
    """What the signs of life and the pools say."""

    def test_a_run_whose_process_lives_is_good(self, embedded: dg.DagsterInstance) -> None:
        """So is one that cannot be seen from here."""
        show(embedded, started(embedded).run_id, this_worker())
        show(embedded, started(embedded).run_id, replace(this_worker(), place="elsewhere"))

        assert "2 under way" in standing.runs(embedded, settings())

    def test_a_run_whose_process_has_ended_is_named(self, embedded: dg.DagsterInstance) -> None:
        """It is found before the daemon fails it."""
        run = started(embedded)
        show(embedded, run.run_id, replace(this_worker(), started=1))

        with pytest.raises(FatalError, match=f"{run.run_id}.*terminate them"):
            standing.runs(embedded, settings())

    def test_a_slot_of_a_run_that_has_ended_is_named(self, embedded: dg.DagsterInstance) -> None:
        """Others wait for it."""
        run = started(embedded)
        storage = embedded.event_log_storage
        storage.set_concurrency_slots("hubspot", 1)
        assert storage.claim_concurrency_slot("hubspot", run.run_id, "step").is_claimed
        embedded.report_run_failed(run)

        with pytest.raises(FatalError, match=f"Slots of pools.*{run.run_id}"):
            standing.runs(embedded, settings())


class TestWebserver:
    """What it answers itself is good; test_command.py asks the real one."""

    def at(self, address: str | None) -> Settings:
        """Settings that say where Dagster's UI is."""
        known = settings()
        return known.model_copy(
            update={"notifications": known.notifications.model_copy(update={"ui_url": address and f"{address}/"})}
        )

    @pytest.mark.parametrize(
        "answer",
        [Answer(body=b"<!doctype html><title>Dagster</title>"), Answer(body=b"[]"), Answer(401), Answer(502)],
        ids=["page", "other JSON", "login", "proxy"],
    )
    def test_what_answers_in_its_place_is_named(self, embedded: dg.DagsterInstance, answer: Answer) -> None:
        """A page says nothing of the process behind it."""
        with (
            receiving(answer) as server,
            pytest.raises(FatalError, match=rf"/server_info answers {answer.status}.*BABYNAMES_NOTIFICATIONS__UI_URL"),
        ):
            standing.webserver(embedded, self.at(f"http://127.0.0.1:{server.server_address[1]}"))

        assert [request.path for request in server.requests] == ["/server_info"]

    def test_silence_is_named(self, embedded: dg.DagsterInstance) -> None:
        """With what to start."""
        with pytest.raises(FatalError, match=r"does not answer \(ConnectionError\): start dagster-webserver"):
            standing.webserver(embedded, self.at(f"http://127.0.0.1:{free_port()}"))

    def test_an_address_that_nobody_named_is_not_looked_at(self, embedded: dg.DagsterInstance) -> None:
        """And the doctor says so."""
        assert "BABYNAMES_NOTIFICATIONS__UI_URL" in standing.webserver(embedded, self.at(None))


def test_the_examinations_open_the_instance_that_dagster_home_names(
    embedded: dg.DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the variable it is that of make dev, and without that the message says how to make one."""
    monkeypatch.setenv("BABYNAMES_STATE_FOLDER", str(tmp_path / "state"))  # a checkout may have an instance by now
    with pytest.raises(ConfigurationError, match="make dev"), open_instance(load_settings()):
        pass

    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster-home"))
    found = {name: look(settings("development")) for name, look in standing.examinations().items()}

    subjects = ("storage", "limits", "daemon", "runs", "webserver")
    assert set(found) == {f"Dagster's {subject}" for subject in subjects}
