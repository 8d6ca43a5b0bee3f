"""Tests of Slack, PagerDuty and the signed webhook against real HTTP servers that take what the real ones take."""

import hashlib
import hmac
import json
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from babynames_assets.errors import FatalError, RetryableError
from babynames_assets.notifications.channels import Channel
from babynames_assets.notifications.news import Message
from babynames_assets.notifications.pagerduty import PagerDuty
from babynames_assets.notifications.slack import Slack
from babynames_assets.notifications.web import Patience
from babynames_assets.notifications.webhook import Webhook
from babynames_assets_tests.notifications.certificates import server_context
from babynames_assets_tests.notifications.receivers import Answer, Receiver, receiving
from babynames_assets_tests.notifications.samples import MESSAGE, outgoing

QUICK = Patience(connect=2, read=0.3)
ROUTING_KEY = "R" * 32
SIGNING_KEY = "k" * 32
EVENT = {"routing_key", "event_action", "dedup_key", "payload", "links", "images", "client", "client_url"}
PAYLOAD = {"summary", "source", "severity", "timestamp", "component", "group", "class", "custom_details"}
GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "notifications.md"


def slack(receiver: Receiver) -> Slack:
    """A chat at the receiver."""
    return Slack(SecretStr(receiver.url), QUICK)


def pagerduty(receiver: Receiver) -> PagerDuty:
    """PagerDuty at the receiver."""
    return PagerDuty(receiver.url.partition("/services")[0] + "/", SecretStr(ROUTING_KEY), QUICK)


def webhook(receiver: Receiver, at: float = 1_700_000_000.9) -> Webhook:
    """A webhook at the receiver, at a fixed moment."""
    return Webhook(SecretStr(receiver.url), SecretStr(SIGNING_KEY), QUICK, clock=lambda: at)


def channels(receiver: Receiver) -> list[Channel]:
    """Each channel that speaks HTTP."""
    return [slack(receiver), pagerduty(receiver), webhook(receiver)]


def check_blocks(body: dict[str, Any]) -> None:
    """What Slack refuses a payload for."""
    assert set(body) == {"text", "blocks"}
    assert body["text"]
    assert 1 <= len(body["blocks"]) <= 50
    header, section = body["blocks"]
    assert header["type"] == "header"
    assert header["text"]["type"] == "plain_text"
    assert 1 <= len(header["text"]["text"]) <= 150
    assert section["type"] == "section"
    assert section["text"]["type"] == "mrkdwn"
    assert 1 <= len(section["text"]["text"]) <= 3000


def check_event(event: dict[str, Any]) -> None:
    """PagerDuty's schema of an event, version 2."""
    assert set(event) <= EVENT
    assert re.fullmatch(r"\w{32}", event["routing_key"])
    assert event["event_action"] in {"trigger", "acknowledge", "resolve"}
    assert 1 <= len(event["dedup_key"]) <= 255
    if event["event_action"] != "trigger":
        return
    payload = event["payload"]
    assert {"summary", "source", "severity"} <= set(payload)
    assert set(payload) <= PAYLOAD
    assert 1 <= len(payload["summary"]) <= 1024
    assert payload["severity"] in {"critical", "error", "warning", "info"}
    assert isinstance(payload["custom_details"], dict)
    assert all(set(link) <= {"href", "text"} and link["href"].startswith("http") for link in event.get("links", []))


def test_slack_gets_what_happened_where_why_and_what_to_do() -> None:
    """The payload is one that Slack takes."""
    with receiving() as receiver:
        reply = slack(receiver).send(outgoing())

    [request] = receiver.requests
    body = json.loads(request.body)
    check_blocks(body)
    assert reply == "200 ok"
    assert request.headers["content-type"] == "application/json"
    assert body["text"] == ":red_circle: warehouse/baby_names failed (2001-2003)"
    text = body["blocks"][1]["text"]["text"]
    for part in ("2001-2003", "cannot answer now", "babynames doctor", "https://dagster.example/runs/0a1b", "2 times"):
        assert part in text


def test_a_text_from_outside_cannot_mention_everybody_in_slack() -> None:
    """An error that quotes <!channel> is a text like any other, and one without an end is cut."""
    with receiving() as receiver:
        slack(receiver).send(outgoing(why="<!channel> & " + "x" * 5_000, title="y" * 500))

    body = json.loads(receiver.requests[0].body)
    check_blocks(body)
    assert "&lt;!channel&gt; &amp; " in body["blocks"][1]["text"]["text"]
    assert "<!channel>" not in receiver.requests[0].body.decode()


def test_pagerduty_opens_one_alert_and_closes_the_same() -> None:
    """Trigger, trigger again for the reminder, resolve: all of one key, which differs by installation."""
    with receiving(Answer(202, b'{"status":"success"}')) as receiver:
        channel = pagerduty(receiver)
        replies = [channel.send(outgoing(event=event)) for event in ("opened", "reminded", "resolved")]
        channel.send(outgoing(environment="staging"))

    events = [json.loads(request.body) for request in receiver.requests]
    for event in events:
        check_event(event)
    assert {request.path for request in receiver.requests} == {"/v2/enqueue"}
    assert [event["event_action"] for event in events] == ["trigger", "trigger", "resolve", "trigger"]
    assert len({event["dedup_key"] for event in events[:3]}) == 1
    assert events[3]["dedup_key"] != events[0]["dedup_key"]
    assert events[0]["payload"]["severity"] == "error"
    assert events[0]["links"] == [{"href": "https://dagster.example/runs/0a1b", "text": "Dagster"}]
    assert replies[0] == '202 {"status":"success"}'


def test_long_texts_stay_inside_the_limits_of_pagerduty() -> None:
    """Also a key that is longer than PagerDuty takes stays the same from one event to the next."""
    with receiving(Answer(202)) as receiver:
        channel = pagerduty(receiver)
        for event in ("opened", "resolved"):
            channel.send(outgoing(event=event, key="k" * 400, title="t" * 3_000))

    events = [json.loads(request.body) for request in receiver.requests]
    for event in events:
        check_event(event)
    assert events[0]["dedup_key"] == events[1]["dedup_key"]


def test_a_test_of_pagerduty_leaves_no_alert_open() -> None:
    """It is triggered as information, and resolved."""
    with receiving(Answer(202)) as receiver:
        pagerduty(receiver).send(outgoing(event="test", key="test"))

    events = [json.loads(request.body) for request in receiver.requests]
    assert [event["event_action"] for event in events] == ["trigger", "resolve"]
    assert events[0]["payload"]["severity"] == "info"


def test_the_webhook_is_signed_over_its_moment_and_its_body() -> None:
    """A receiver that knows the key computes the same, and finds the number that repeats when it is sent again."""
    with receiving() as receiver:
        webhook(receiver).send(outgoing(number=12))

    [request] = receiver.requests
    timestamp = request.headers["x-babynames-timestamp"]
    expected = hmac.new(SIGNING_KEY.encode(), timestamp.encode() + b"." + request.body, hashlib.sha256).hexdigest()
    assert timestamp == "1700000000"
    assert request.headers["x-babynames-signature"] == f"v1={expected}"
    assert request.headers["x-babynames-delivery"] == "12"
    document = json.loads(request.body)
    assert document["version"] == 1
    assert Message.from_json(document) == MESSAGE


def test_the_receiver_of_the_guide_takes_what_is_signed_and_nothing_else() -> None:
    """The snippet that people copy refuses another body, another moment, another key and an old message."""
    [snippet] = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    namespace: dict[str, Any] = {}
    exec(snippet, namespace)  # noqa: S102 - the guide's own lines
    is_genuine = namespace["is_genuine"]
    with receiving() as receiver:
        webhook(receiver).send(outgoing())
    [request] = receiver.requests
    headers = {"X-Babynames-Timestamp": "1700000000", "X-Babynames-Signature": request.headers["x-babynames-signature"]}
    soon = 1_700_000_100

    assert is_genuine(SIGNING_KEY, headers, request.body, now=soon)
    assert not is_genuine(SIGNING_KEY, headers, request.body + b" ", now=soon)
    assert not is_genuine(SIGNING_KEY, {**headers, "X-Babynames-Timestamp": "1700000001"}, request.body, now=soon)
    assert not is_genuine("another key", headers, request.body, now=soon)
    assert not is_genuine(SIGNING_KEY, headers, request.body, now=soon + 300)
    assert not is_genuine(SIGNING_KEY, {}, request.body, now=soon)
    assert not is_genuine(SIGNING_KEY, {**headers, "X-Babynames-Timestamp": "soon"}, request.body, now=soon)


@pytest.mark.parametrize(
    ("answer", "kind", "retry_after"),
    [
        (Answer(429, b"slow", {"Retry-After": "30"}), RetryableError, 30.0),
        (Answer(429, b"slow", {"Retry-After": "whenever"}), RetryableError, None),
        (Answer(500, b"oops"), RetryableError, None),
        (Answer(503, b"oops", {"Retry-After": "5"}), RetryableError, 5.0),
        (Answer(408, b"late"), RetryableError, None),
        (Answer(400, b"invalid_payload"), FatalError, None),
        (Answer(403, b"action_prohibited"), FatalError, None),
        (Answer(404, b"no_service"), FatalError, None),
        (Answer(302, b"", {"Location": "http://127.0.0.1:9/elsewhere"}), FatalError, None),
        (Answer(200, b"ok", delay=1.0), RetryableError, None),
    ],
    ids=lambda value: str(value.status) if isinstance(value, Answer) else "",
)
def test_what_each_answer_means(answer: Answer, kind: type[Exception], retry_after: float | None) -> None:
    """Whether another try is of use, and after how long; no error quotes the address, which is a secret."""
    with receiving(answer) as receiver:
        for channel in channels(receiver):
            with pytest.raises(kind) as caught:
                channel.send(outgoing())

            assert getattr(caught.value, "retry_after", None) == retry_after
            for secret in ("s3cr3t-path", ROUTING_KEY, SIGNING_KEY):
                assert secret not in str(caught.value)
    assert len(receiver.requests) == 3  # a redirect is not followed


def test_a_receiver_that_is_not_there_may_come_back() -> None:
    """A refused connection is worth another try, and its error quotes no address."""
    with receiving() as receiver:
        gone = receiver.url

    with pytest.raises(RetryableError) as caught:
        Slack(SecretStr(gone), QUICK).send(outgoing())

    assert "s3cr3t-path" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_an_address_that_is_none_is_for_a_person() -> None:
    """No try can succeed."""
    with pytest.raises(FatalError, match="cannot be used"):
        Slack(SecretStr("https://[not-a-host/x"), QUICK).send(outgoing())


def test_a_certificate_is_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is sent to a server that nobody vouches for; with its authority it gets the message."""
    context, trusted = server_context(tmp_path)
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    with receiving(tls=context) as receiver:
        with pytest.raises(FatalError, match="not trusted"):
            slack(receiver).send(outgoing())
        assert receiver.requests == []

        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(trusted))
        assert slack(receiver).send(outgoing()) == "200 ok"


def test_no_secret_shows_in_what_a_channel_looks_like() -> None:
    """Nor in that of what it holds."""
    with receiving() as receiver:
        for channel in channels(receiver):
            shown = repr(channel) + repr(vars(channel))
            for secret in ("s3cr3t-path", ROUTING_KEY, SIGNING_KEY):
                assert secret not in shown
