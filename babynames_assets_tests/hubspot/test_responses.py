"""What an answer means: the cases that no server needs to be asked for."""

import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from babynames_assets.errors import BabynamesError, FatalError, PausedError, RetryableError
from babynames_assets.hubspot.responses import Answer, LimitedError, RefusedError, error_of, raise_for

NOW = 1_795_453_200.0


def answer(status: int, text: str = "", **headers: str) -> Answer:
    """An answer to some call."""
    return Answer("GET /x", status, {name.replace("_", "-"): value for name, value in headers.items()}, text)


@pytest.mark.parametrize("status", [200, 201, 204, 207])
def test_a_success_means_nothing_more(status: int) -> None:
    """A 2xx raises nothing."""
    raise_for(answer(status))


@pytest.mark.parametrize(
    ("text", "kind", "waits"),
    [
        ('{"policyName":"TEN_SECONDLY_ROLLING"}', RetryableError, 10.0),
        ('{"policyName":"SECONDLY"}', RetryableError, 1.0),
        ('{"message":"You have reached your secondly limit."}', RetryableError, 1.0),
        ('{"message":"You have reached your ten_secondly_rolling limit."}', RetryableError, 10.0),
        ('{"message":"something new"}', RetryableError, 10.0),
        ("<html>", RetryableError, 10.0),
        ('{"policyName":"DAILY"}', PausedError, None),
        ('{"policyName":"daily"}', PausedError, None),
        ('{"message":"You have reached your daily limit."}', PausedError, None),
    ],
)
def test_a_429_is_told_by_its_policy_or_its_words(text: str, kind: type[BabynamesError], waits: float | None) -> None:
    """Each kind of 429 has its own wait; the daily one has none, because only midnight helps."""
    with pytest.raises(kind) as caught:
        raise_for(answer(429, text))

    assert getattr(caught.value, "retry_after", None) == waits


@pytest.mark.parametrize(
    ("header", "waits"),
    [
        ("Mon, 23 Nov 2026 17:00:30 GMT", 30.0),
        ("Mon, 23 Nov 2026 16:00:00 GMT", 0.0),
        ("0", 0.0),
        ("3600", 3600.0),
        ("9" * 400, float("inf")),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("²", None),
    ],
)
def test_retry_after_holds_seconds_or_a_date(header: str, waits: float | None) -> None:
    """Seconds and dates are understood, a date in the past means at once, and anything else says nothing."""
    error = error_of(answer(503, retry_after=header), clock=lambda: NOW)

    assert isinstance(error, RetryableError)
    assert error.retry_after == waits


def test_a_limit_on_seconds_concerns_all_calls_and_a_failure_only_one() -> None:
    """After 429 nobody should call; after 503 others may."""
    assert isinstance(error_of(answer(429, "{}")), LimitedError)
    assert not isinstance(error_of(answer(503)), LimitedError)


@pytest.mark.parametrize(("header", "waits"), [(None, 60.0), ("5", 5.0), ("60", 60.0)])
def test_a_short_migration_is_waited_for(header: str | None, waits: float) -> None:
    """477 normally says how long; without it the client comes back in a minute."""
    error = error_of(answer(477, **({"retry_after": header} if header else {})))

    assert isinstance(error, RetryableError)
    assert error.retry_after == waits


@pytest.mark.parametrize(("header", "hours"), [("7200", 2), ("9" * 400, 24), ("Mon, 23 Nov 2026 18:00:00 GMT", 1)])
def test_a_long_migration_pauses_all_calls(header: str, hours: int) -> None:
    """As long as HubSpot asks for, but no longer than the day that it can take."""
    error = error_of(answer(477, retry_after=header), clock=lambda: NOW)

    assert isinstance(error, PausedError)
    assert error.until == dt.datetime.fromtimestamp(NOW + hours * 3600, dt.UTC)


@given(status=st.integers(100, 999), text=st.text() | st.dictionaries(st.text(), st.text()).map(json.dumps))
def test_every_answer_has_a_line_of_the_table(status: int, text: str) -> None:
    """Whatever HubSpot, or something before it, says: it becomes nothing, or an error that quotes the status."""
    error = error_of(answer(status, text))

    assert (error is None) == (200 <= status < 300)
    assert error is None or isinstance(error, RefusedError) or f"answered {status}" in str(error)


@pytest.mark.parametrize("status", [400, 409, 413, 422])
def test_a_refused_request_keeps_what_hubspot_said(status: int) -> None:
    """A request refused for its content carries category, reason, status and correlation id."""
    with pytest.raises(RefusedError, match="bad thing") as caught:
        raise_for(answer(status, '{"message":"bad thing","category":"SOME"}', x_hubspot_correlation_id="c-1"))

    assert (caught.value.category, caught.value.correlation_id, caught.value.status) == ("SOME", "c-1", status)


def test_a_refusal_without_a_category_is_named_after_its_status() -> None:
    """Where HubSpot gives no category, the status stands for it."""
    with pytest.raises(RefusedError) as caught:
        raise_for(answer(400, '{"message":"Invalid input JSON on line 3, column 9"}'))

    assert caught.value.category == "HTTP_400"
    assert caught.value.correlation_id == "unknown"


def test_an_expired_token_is_fatal() -> None:
    """401 of an expired token says which setting to renew."""
    with pytest.raises(FatalError, match=r"expired 0 second.*BABYNAMES_HUBSPOT__TOKEN"):
        raise_for(answer(401, '{"message":"The OAuth token used to make this call expired 0 second(s) ago."}'))
