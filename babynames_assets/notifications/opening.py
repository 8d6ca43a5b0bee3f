"""From the settings to the channels: which there are, what each is told, and what of its settings is missing."""

import datetime as dt
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, cast

from babynames_assets.errors import ConfigurationError
from babynames_assets.notification_settings import NotificationSettings, listed
from babynames_assets.notifications.channels import Channel, Route
from babynames_assets.notifications.delivery import LONGEST_WAIT
from babynames_assets.notifications.mail import Mail, MailServer
from babynames_assets.notifications.news import Kind
from babynames_assets.notifications.notifier import Notifier, Terms
from babynames_assets.notifications.pagerduty import PagerDuty
from babynames_assets.notifications.slack import Slack
from babynames_assets.notifications.web import Patience
from babynames_assets.notifications.webhook import Webhook
from babynames_assets.resilience.backoff import Backoff
from babynames_assets.settings import Settings, secret_values
from babynames_assets.warehouse.engine import Engine

GUIDE = "docs/guides/notifications.md"


def open_routes(settings: NotificationSettings) -> list[Route]:
    """The channels that are configured; none where nothing is.

    Raises:
        ConfigurationError: a channel has only some of the settings that it needs.
    """
    routes = []
    for name, open_channel in _CHANNELS.items():
        if channel := open_channel(settings):
            kinds = frozenset(cast("Kind", kind) for kind in listed(getattr(settings, f"{name}_news")))
            routes.append(Route(name, kinds, is_always_told_of_ends=name == "pagerduty", channel=channel))
    return routes


def open_notifier(settings: Settings, engine: Engine) -> Notifier:
    """What keeps the incidents and enters the messages about them."""
    return Notifier(engine, open_routes(settings.notifications), terms(settings))


def terms(settings: Settings) -> Terms:
    """How this installation tells."""
    notifications = settings.notifications
    return Terms(
        environment=settings.environment,
        ui_url=notifications.ui_url,
        remind_after=dt.timedelta(hours=notifications.remind_after_hours),
        tell_when_resolved=notifications.tell_when_resolved,
        secrets=secret_values(settings),
    )


def backoff(settings: NotificationSettings) -> Backoff:
    """How often a message is tried, and when again."""
    return Backoff(settings.attempts, settings.first_wait, LONGEST_WAIT)


def patience(settings: NotificationSettings) -> Patience:
    """How long a receiver is waited for."""
    return Patience(settings.connect_timeout, settings.read_timeout)


def _slack(settings: NotificationSettings) -> Channel | None:
    return Slack(settings.slack_url, patience(settings)) if settings.slack_url else None


def _mail(settings: NotificationSettings) -> Channel | None:
    given = _all_or_none(settings, "smtp_host", "email_from", "email_to")
    if given is None:
        return None
    host, sender, receivers = given
    login = _all_or_none(settings, "smtp_user", "smtp_password")
    server = MailServer(
        host,
        settings.smtp_port,
        settings.smtp_security,
        login=(login[0], login[1]) if login else None,
        timeout=settings.read_timeout,
    )
    return Mail(server, sender, listed(receivers))


def _pagerduty(settings: NotificationSettings) -> Channel | None:
    key = settings.pagerduty_key
    return PagerDuty(settings.pagerduty_url, key, patience(settings)) if key else None


def _webhook(settings: NotificationSettings) -> Channel | None:
    given = _all_or_none(settings, "webhook_url", "webhook_secret")
    return Webhook(given[0], given[1], patience(settings)) if given else None


_CHANNELS: Mapping[str, Callable[[NotificationSettings], Channel | None]] = MappingProxyType(
    {"slack": _slack, "email": _mail, "pagerduty": _pagerduty, "webhook": _webhook}
)


def _all_or_none(settings: NotificationSettings, *names: str) -> list[Any] | None:
    values = {name: getattr(settings, name) for name in names}
    missing = [f"BABYNAMES_NOTIFICATIONS__{name.upper()}" for name, value in values.items() if not value]
    if len(missing) == len(names):
        return None
    if missing:
        raise ConfigurationError(f"To be used, this channel needs {' and '.join(missing)} too ({GUIDE}).")
    return list(values.values())
