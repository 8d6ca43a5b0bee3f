"""Tests of the sensors that tell what goes wrong, in a real instance, up to what arrives at a real receiver."""

import json
from collections.abc import Iterator

import dagster as dg
import pytest
import sqlalchemy as sa

from babynames_assets.definitions import defs
from babynames_assets.notifications.completion import Complete, Count, begin, go_on
from babynames_assets.partitions import add_years
from babynames_assets.resources.notifier import NotifierFactory
from babynames_assets.resources.settings import SettingsFactory
from babynames_assets.resources.warehouse import WarehouseFactory
from babynames_assets.sensors.failed_checks import failed_checks
from babynames_assets.sensors.failed_runs import failed_runs
from babynames_assets.sensors.heartbeat import heartbeat
from babynames_assets.sensors.notifications_due import courier, notifications_due
from babynames_assets.sensors.standing_troubles import standing_troubles
from babynames_assets_tests.dagster_shell.conftest import YEARLY, Installation
from babynames_assets_tests.notifications.receivers import Answer, Receiver, receiving
from babynames_assets_tests.warehouse.letters import fail, line

HOLDS = "hubspot_holds_what_the_warehouse_says"
TABLE = "failed_runs/warehouse__baby_names"


class Desk:
    """The sensors of one installation, ticked as the daemon does: each with the cursor that it left."""

    def __init__(self, installation: Installation, receiver: Receiver) -> None:
        self.installation, self.receiver = installation, receiver
        self.cursors: dict[str, str | None] = {}

    def tick(self, sensor: dg.SensorDefinition) -> str:
        """Evaluate a sensor once, and say what it answers."""
        resources = {"warehouse": WarehouseFactory(), "settings": SettingsFactory(), "notifier": NotifierFactory()}
        with dg.build_sensor_context(
            instance=self.installation.instance,
            cursor=self.cursors.get(sensor.name),
            repository_def=defs.get_repository_def(),
            resources={name: one for name, one in resources.items() if name in sensor.required_resource_keys},
        ) as context:
            answer = sensor.evaluate_tick(context)
        assert not answer.run_requests
        self.cursors[sensor.name] = answer.cursor
        return answer.skip_message or ""

    def look(self) -> list[tuple[str, str]]:
        """Tick everything, and return what arrived by it: event and key."""
        before = len(self.receiver.requests)
        for sensor in (failed_runs, failed_checks, standing_troubles, notifications_due):
            self.tick(sensor)
        assert courier.wait(60) == []
        return [(one["event"], one["key"]) for one in self.arrived()[before:]]

    def arrived(self) -> list[dict[str, str]]:
        """All messages so far."""
        return [json.loads(request.body) for request in self.receiver.requests]


@pytest.fixture
def desk(sqlite_installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """An installation that tells everything to a webhook, and whose sensors have looked once."""
    with receiving() as receiver:
        monkeypatch.setenv("BABYNAMES_NOTIFICATIONS__WEBHOOK_URL", receiver.url)
        monkeypatch.setenv("BABYNAMES_NOTIFICATIONS__WEBHOOK_SECRET", "k" * 32)
        monkeypatch.setenv("BABYNAMES_NOTIFICATIONS__UI_URL", "https://dagster.example")
        add_years(sqlite_installation.instance, 2001, 2003)
        yield Desk(sqlite_installation, receiver)


def break_the_table(installation: Installation) -> None:
    """Loads fail from now on."""
    with installation.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE baby_names RENAME TO hidden"))


def mend_the_table(installation: Installation) -> None:
    """Loads go on."""
    with installation.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE hidden RENAME TO baby_names"))


def load(installation: Installation, *years: int) -> None:
    """A run of the table for some years, whatever becomes of it."""
    installation.run("warehouse/baby_names", years=(years[0], years[-1]), raise_on_error=False)


def evaluation(
    *, passed: bool, severity: dg.AssetCheckSeverity, blocking: bool, **metadata: dg.MetadataValue
) -> dg.AssetCheckEvaluation:
    """A result of a check of the contacts."""
    return dg.AssetCheckEvaluation(
        asset_key=dg.AssetKey(["hubspot", "contacts"]),
        check_name=HOLDS,
        passed=passed,
        severity=severity,
        blocking=blocking,
        metadata={"drift": dg.MetadataValue.int(3), **metadata},
    )


def test_a_failed_run_is_told_once_and_so_is_its_end(desk: Desk) -> None:
    """With the asset, the years, the reason and a link; a run of further years of the same trouble says nothing."""
    installation = desk.installation
    installation.release()
    installation.run("raw/baby_names_csv")
    installation.run("validated/baby_names", years=(2001, 2003))
    desk.look()
    break_the_table(installation)
    load(installation, 2001, 2002)
    load(installation, 2003)

    assert desk.look() == [("opened", TABLE)]
    message = desk.arrived()[-1]
    run = installation.instance.get_run_by_id(message["run_id"])
    assert run
    assert message["years"] == "2001-2003"
    assert message["where"] == "warehouse/baby_names"
    assert "no such table" in message["why"]
    assert message["link"] == f"https://dagster.example/runs/{run.run_id}"
    assert message["what_to_do"].endswith("babynames backfill --failed")

    load(installation, 2001, 2003)
    assert desk.look() == []
    mend_the_table(installation)
    load(installation, 2001, 2002)
    assert desk.look() == []  # one year still fails
    load(installation, 2003)
    assert desk.look() == [("resolved", TABLE)]


def test_failures_of_before_the_first_look_are_no_news_and_those_of_a_restart_are(desk: Desk) -> None:
    """Years of history would be a flood; what failed while the daemon was down is what people want to know."""
    installation = desk.installation
    installation.release()
    load(installation, 2001, 2001)  # fails: there is no file yet
    assert desk.look() == []

    load(installation, 2001, 2001)
    restarted = Desk(installation, desk.receiver)
    restarted.cursors = dict(desk.cursors)

    assert [event for event, _ in restarted.look()] == ["opened"]
    assert restarted.look() == []


def test_many_finished_runs_are_read_in_their_order(desk: Desk) -> None:
    """More failures than a tick reads, then the success: in the end nothing is wrong."""
    desk.look()
    installation = desk.installation
    for _ in range(21):
        load(installation, 2001, 2001)
    installation.release()
    installation.run_everything(2001, 2003)

    events = [event for _ in range(3) for event, key in desk.look() if key.startswith("failed_runs")]

    assert events == ["opened", "resolved"]


def test_a_run_that_dagster_tries_again_is_not_told(desk: Desk) -> None:
    """The last try is."""
    desk.look()
    installation = desk.installation
    installation.run(
        "warehouse/baby_names", years=(2001, 2001), raise_on_error=False, tags={"dagster/will_retry": "true"}
    )
    assert desk.look() == []

    load(installation, 2001, 2001)
    assert [event for event, _ in desk.look()] == ["opened"]


def test_a_run_that_never_began_is_told(desk: Desk) -> None:
    """Runs do not start: nothing of it has a step to name."""
    desk.look()
    instance = desk.installation.instance
    job = defs.get_repository_def().get_implicit_global_asset_job_def()
    run = instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTING)
    instance.report_run_failed(run, "the launcher has no room")

    assert desk.look() == [("opened", "failed_runs/not_started")]
    assert desk.arrived()[-1]["why"] == "the launcher has no room"
    desk.installation.release()
    desk.installation.run("raw/baby_names_csv")
    assert desk.look() == [("resolved", "failed_runs/not_started")]


@pytest.mark.parametrize(
    ("severity", "blocking", "kind"),
    [
        (dg.AssetCheckSeverity.WARN, False, "check_warnings"),
        (dg.AssetCheckSeverity.ERROR, False, "failed_checks"),
        (dg.AssetCheckSeverity.ERROR, True, "blocking_checks"),
    ],
)
def test_a_failed_check_of_any_severity_is_told(
    desk: Desk, severity: dg.AssetCheckSeverity, blocking: bool, kind: str
) -> None:
    """Also where no run has failed; once, and so is its end."""
    instance = desk.installation.instance
    instance.report_runless_asset_event(evaluation(passed=False, severity=severity, blocking=blocking))
    assert desk.look() == []  # it failed before anybody looked

    key = f"failed_checks/hubspot/contacts/{HOLDS}"
    instance.report_runless_asset_event(evaluation(passed=False, severity=severity, blocking=blocking))
    assert desk.look() == [("opened", key)]
    message = desk.arrived()[-1]
    assert (message["kind"], message["why"]) == (kind, "drift: 3")
    assert message["link"] == f"https://dagster.example/assets/hubspot/contacts?view=checks&checkDetail={HOLDS}"

    instance.report_runless_asset_event(evaluation(passed=False, severity=severity, blocking=blocking))
    assert desk.look() == []
    instance.report_runless_asset_event(evaluation(passed=True, severity=severity, blocking=blocking))
    assert desk.look() == [("resolved", key)]


def test_the_message_of_a_check_names_the_command_that_shows_what_is_wrong(desk: Desk) -> None:
    """Where the check keeps what it found; else it says where the numbers stand."""
    desk.look()
    instance, error = desk.installation.instance, dg.AssetCheckSeverity.ERROR

    instance.report_runless_asset_event(evaluation(passed=False, severity=error, blocking=False))
    desk.look()
    bare = desk.arrived()[-1]["what_to_do"]
    instance.report_runless_asset_event(evaluation(passed=True, severity=error, blocking=False))
    desk.look()
    table = dg.MetadataValue.md("| year | where | what |")
    instance.report_runless_asset_event(evaluation(passed=False, severity=error, blocking=False, findings=table))
    desk.look()

    assert "docs/guides/morning-look.md" in bare
    assert "babynames" not in bare
    assert desk.arrived()[-1]["what_to_do"].endswith(f"babynames checks findings --check {HOLDS}")


def test_a_check_that_fails_in_a_run_that_succeeds_is_told(desk: Desk) -> None:
    """Dagster calls that run a success."""
    installation = desk.installation
    installation.release()
    desk.look()
    installation.hubspot.order(kind="daily", path="/batch/read", times=100)
    installation.run_everything(2001, 2003)
    installation.hubspot.end_faults()

    told = desk.look()

    assert ("opened", f"failed_checks/hubspot/contacts/{HOLDS}") in told
    assert not [key for _, key in told if key.startswith("failed_runs")]


def test_too_many_dead_letters_are_told_until_they_are_few_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also those that no run has made."""
    monkeypatch.setenv("BABYNAMES_DEAD_LETTERS__ALERT_ABOVE", "1")
    desk.look()
    fail(desk.installation.engine, line(number=1), line(number=2))

    assert desk.look() == [("opened", "dead_letters/open")]
    assert "2 dead letters are open, more than 1" in desk.arrived()[-1]["title"]
    monkeypatch.setenv("BABYNAMES_DEAD_LETTERS__ALERT_ABOVE", "2")
    assert desk.look() == [("resolved", "dead_letters/open")]


def test_the_end_of_a_release_is_told_once_with_its_numbers(desk: Desk) -> None:
    """Not before the last contact has arrived; the next release is told too, although its years are mostly the same."""
    installation = desk.installation
    desk.look()
    installation.release()
    installation.run("raw/baby_names_csv")
    installation.run(*YEARLY[:2], years=(2001, 2003))
    assert desk.look() == []
    installation.run(YEARLY[2], years=(2001, 2003))

    [(event, key)] = desk.look()
    rows = installation.rows()
    assert event == "opened"
    assert key.startswith("completion/")
    assert desk.arrived()[-1]["why"] == f"3 years, {rows:,} rows, {rows:,} contacts"
    assert desk.look() == []

    installation.release(revision=1)
    installation.run_everything(2001, 2004)
    assert [key.partition("/")[0] for _, key in desk.look()] == ["completion"]


def test_a_release_is_counted_a_few_years_at_a_time(sqlite_installation: Installation) -> None:
    """A tick that has no more time leaves the rest for the next one, by its cursor."""
    sqlite_installation.release()
    sqlite_installation.run_everything(2001, 2003)
    engine, count, looks = sqlite_installation.engine, Count(), 0
    complete: Complete | None = None
    while complete is None:
        count, complete = go_on(engine, begin(count.as_text(), engine), seconds=-1, at_once=1)
        looks += 1

    assert looks == 4  # one for each year, and one that finds nothing left
    assert complete.count.rows == sqlite_installation.rows()
    assert complete.count.years == 3


def test_a_slow_receiver_keeps_no_tick_waiting(desk: Desk) -> None:
    """A tick ends without it; the message arrives beside the ticks, once."""
    desk.receiver.answers = [Answer(delay=6.0)]
    desk.look()
    load(desk.installation, 2001, 2001)
    desk.tick(failed_runs)
    answer = desk.tick(notifications_due)
    again = desk.tick(notifications_due)

    assert answer.endswith("still being sent: webhook.")
    assert "No message is due" in again or "still being sent" in again
    assert courier.wait(60) == []
    assert len(desk.receiver.requests) == 1


def test_the_heart_beats_while_what_tells_of_trouble_works(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Silent without an address, while a message is dead, and when an address does not answer."""
    assert "not set" in desk.tick(heartbeat)
    with receiving() as outside:
        monkeypatch.setenv("BABYNAMES_NOTIFICATIONS__HEARTBEAT_URL", outside.url)
        assert "taken: 200 ok" in desk.tick(heartbeat)

        desk.receiver.answers = [Answer(404)]
        desk.look()
        load(desk.installation, 2001, 2001)
        desk.look()
        assert "could not be delivered" in desk.tick(heartbeat)

    assert [request.method for request in outside.requests] == ["GET"]


def test_without_a_channel_nothing_is_sent(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the sensors look all the same."""
    for name in ("URL", "SECRET"):
        monkeypatch.delenv(f"BABYNAMES_NOTIFICATIONS__WEBHOOK_{name}")
    desk.look()
    load(desk.installation, 2001, 2001)

    assert desk.look() == []
    assert desk.tick(notifications_due) == "No channel is configured: nothing is sent."
