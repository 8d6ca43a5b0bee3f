"""Tests of babynames notify, and of what the doctor says of the channels, as a user sees them."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from babynames_assets.warehouse.engine import Engine, open_engine
from babynames_assets_tests.cli.test_command import Command
from babynames_assets_tests.notifications.receivers import Answer, Receiver, mail_server, receiving
from babynames_assets_tests.notifications.samples import KEY, bad, notifier, route

NOTIFICATIONS = "BABYNAMES_NOTIFICATIONS__"
SIGNING_KEY = "canary-" + "k" * 32


@pytest.fixture
def babynames(tmp_path: Path) -> Command:
    """The command, on a migrated warehouse of its own."""
    command = Command(tmp_path)
    assert command("migrate", "up").returncode == 0
    return command


@pytest.fixture
def engine(babynames: Command) -> Iterator[Engine]:
    """The warehouse of the command."""
    engine = open_engine(SecretStr(f"sqlite:///{babynames.folder / 'state' / 'warehouse.sqlite'}"))
    yield engine
    engine.dispose()


@pytest.fixture
def receiver(babynames: Command) -> Iterator[Receiver]:
    """A webhook that the command is told of."""
    with receiving() as running:
        babynames.environment[f"{NOTIFICATIONS}WEBHOOK_URL"] = running.url
        babynames.environment[f"{NOTIFICATIONS}WEBHOOK_SECRET"] = SIGNING_KEY
        yield running


def finding(babynames: Command) -> str:
    """What the doctor finds of the notifications, in one line; no canary shows anywhere."""
    finished = babynames("doctor", COLUMNS="2000", BABYNAMES_KAGGLE__BASE_URL="http://127.0.0.1:9")
    assert "canary" not in finished.stdout + finished.stderr
    [row] = [line for line in finished.stdout.splitlines() if "│ notifications " in line]
    return " ".join(row.split())


def test_a_test_says_what_came_back_from_each_channel(babynames: Command, receiver: Receiver) -> None:
    """Exit code 1 when one of them did not take it, and that one is named with the reason."""
    with mail_server() as box:
        mail = {"SMTP_HOST": "localhost", "SMTP_PORT": str(box.port), "SMTP_SECURITY": "none"}
        mail |= {"EMAIL_FROM": "a@example.com", "EMAIL_TO": "b@example.com"}
        settings = {f"{NOTIFICATIONS}{name}": value for name, value in mail.items()}
        finished = babynames("notify", "test", **settings)
        receiver.answers = [Answer(401, b"wrong signature")]
        refused = babynames("notify", "test", **settings)

    assert finished.returncode == 0, finished.stderr
    assert "good email: taken for b@example.com" in finished.stdout
    assert "good webhook: 200 ok" in finished.stdout
    assert json.loads(receiver.requests[0].body)["event"] == "test"
    assert len(box.mails) == 2
    assert refused.returncode == 1
    assert "bad" in refused.stdout
    assert "webhook: The webhook answered 401 wrong signature" in " ".join(refused.stdout.split())
    for one in (finished, refused):
        assert "canary" not in one.stdout + one.stderr
        assert "s3cr3t-path" not in one.stdout + one.stderr


def test_without_a_channel_a_test_says_what_to_do(babynames: Command) -> None:
    """And the doctor says that nobody is told; that alone is no trouble."""
    finished = babynames("notify", "test")

    assert finished.returncode == 1
    assert "No channel is configured" in finished.stderr
    assert "good │ notifications │ none: nobody is told" in finding(babynames)


def test_the_doctor_names_the_channels_and_what_they_lack(babynames: Command, receiver: Receiver) -> None:
    """A half of a channel is none."""
    assert "good │ notifications │ webhook; no heartbeat" in finding(babynames)

    del babynames.environment[f"{NOTIFICATIONS}WEBHOOK_SECRET"]
    assert "bad │ notifications │ To be used, this channel needs BABYNAMES_NOTIFICATIONS__WEBHOOK_SECRET" in finding(
        babynames
    )


def test_a_person_sees_what_is_wrong_and_has_messages_sent_again(
    babynames: Command, engine: Engine, receiver: Receiver
) -> None:
    """From a message that could not be delivered to one that arrived, and the end of the incident."""
    notifier(engine, [route("webhook")]).saw([bad(2001, 2002)])
    receiver.answers = [Answer(404), Answer(200)]

    assert "0 sent, 0 postponed, 1 dead" in babynames("notify", "send").stdout
    assert "bad │ notifications │ 1 message(s) could not be delivered" in finding(babynames)
    dead = babynames("notify", "list", "--status", "dead").stdout
    assert "answered 404" in " ".join(dead.replace("│", " ").split())
    shown = babynames("notify", "incidents").stdout
    assert KEY in shown
    assert "2001-2002" in shown

    assert babynames("notify", "retry").returncode == 1
    assert "1 message(s) are sent again" in babynames("notify", "retry", "--all").stdout
    assert "1 sent, 0 postponed, 0 dead" in babynames("notify", "send").stdout
    assert "0 message(s) are discarded" in babynames("notify", "discard", "1", "--because", "told").stdout

    assert babynames("notify", "resolve", "unknown").returncode == 1
    assert babynames("notify", "resolve", KEY).returncode == 0
    assert "Nothing is wrong" in babynames("notify", "incidents").stdout
    assert KEY in babynames("notify", "incidents", "--days", "1").stdout
    babynames("notify", "send")
    assert [json.loads(request.body)["event"] for request in receiver.requests] == ["opened", "opened", "resolved"]
