"""Tests of the way from the settings to the channels."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from babynames_assets.errors import ConfigurationError
from babynames_assets.notification_settings import NotificationSettings
from babynames_assets.notifications.opening import backoff, open_routes, patience, terms
from babynames_assets.settings import Settings

SLACK = {"slack_url": "https://hooks.example/x"}
MAIL = {"smtp_host": "mail.example", "email_from": "a@example.com", "email_to": "b@example.com, c@example.com"}
PAGERDUTY = {"pagerduty_key": "R" * 32}
WEBHOOK = {"webhook_url": "https://example.com/x", "webhook_secret": "k" * 16}


def settings(**values: Any) -> NotificationSettings:
    """The group with these values."""
    return NotificationSettings(**values)


def test_nothing_is_configured_by_default() -> None:
    """And then nobody is told."""
    assert open_routes(settings()) == []


def test_each_channel_is_on_when_its_settings_are_there() -> None:
    """With the news that are its own; a page is for trouble."""
    routes = open_routes(settings(**SLACK, **MAIL, **PAGERDUTY, **WEBHOOK, slack_news="completion, dead_letters"))

    kinds = {route.name: route.kinds for route in routes}
    assert list(kinds) == ["slack", "email", "pagerduty", "webhook"]
    assert kinds["slack"] == {"completion", "dead_letters"}
    assert "completion" in kinds["email"]
    assert "completion" not in kinds["pagerduty"]
    assert [route.name for route in routes if route.is_always_told_of_ends] == ["pagerduty"]


@pytest.mark.parametrize(
    ("values", "missing"),
    [
        ({"smtp_host": "mail.example"}, ["EMAIL_FROM", "EMAIL_TO"]),
        ({"email_to": "a@example.com", "email_from": "b@example.com"}, ["SMTP_HOST"]),
        ({**MAIL, "smtp_user": "me"}, ["SMTP_PASSWORD"]),
        ({"webhook_url": "https://example.com"}, ["WEBHOOK_SECRET"]),
        ({"webhook_secret": "k" * 16}, ["WEBHOOK_URL"]),
    ],
)
def test_a_channel_that_is_half_configured_says_what_is_missing(values: dict[str, str], missing: list[str]) -> None:
    """It would else be taken for one that works."""
    with pytest.raises(ConfigurationError) as caught:
        open_routes(settings(**values))

    for name in missing:
        assert f"BABYNAMES_NOTIFICATIONS__{name}" in str(caught.value)


@pytest.mark.parametrize(
    "values",
    [
        {"slack_url": "hooks.slack.com/services/x"},
        {"slack_url": "https://"},
        {"slack_news": "failed_runs,failures"},
        {"pagerduty_news": "completion"},
        {"email_to": "nobody"},
        {"email_from": "a@example.com\nBcc: b@example.com"},
        {"webhook_secret": "short"},
        {"heartbeat_url": "ftp://example.com"},
    ],
)
def test_a_value_that_cannot_work_is_refused(values: dict[str, str]) -> None:
    """At the start, and not when something has failed."""
    with pytest.raises(ValidationError):
        settings(**values)


def test_no_secret_shows() -> None:
    """Neither in the settings nor in the channels."""
    group = settings(**SLACK, **PAGERDUTY, **WEBHOOK, **MAIL, smtp_user="me", smtp_password="hunter22")

    shown = repr(group) + repr(open_routes(group)) + repr([vars(route.channel) for route in open_routes(group)])

    for secret in ("hooks.example", "RRRR", "example.com/x", "kkkk", "hunter22"):
        assert secret not in shown


def test_the_terms_are_those_of_the_settings(tmp_path: Path) -> None:
    """How often, how long, and what is cut out of texts."""
    group = settings(**SLACK, attempts=3, first_wait=2, connect_timeout=1, read_timeout=4, remind_after_hours=12)
    whole = Settings(_env_file=None, state_folder=tmp_path, notifications=group)

    assert (backoff(group).attempts, backoff(group).first_wait, backoff(group).max_wait) == (3, 2, 3600)
    assert (patience(group).connect, patience(group).read) == (1, 4)
    assert terms(whole).remind_after.total_seconds() == 12 * 3600
    assert "https://hooks.example/x" in terms(whole).secrets
