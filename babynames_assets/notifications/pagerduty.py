"""PagerDuty's Events API v2: a trouble triggers an alert, its end resolves the same one.

Source: developer.pagerduty.com/docs/events-api-v2-overview and the schemas of its events.
"""

import hashlib
import json
from types import MappingProxyType
from typing import Any

from pydantic import SecretStr

from babynames_assets.notifications.channels import Outgoing
from babynames_assets.notifications.news import Message
from babynames_assets.notifications.texts import facts, headline
from babynames_assets.notifications.web import Patience, post

_LONGEST_SUMMARY = 1_024
_LONGEST_KEY = 255
_SEVERITIES = MappingProxyType(
    {
        "blocking_checks": "critical",
        "failed_runs": "error",
        "failed_checks": "error",
        "dead_letters": "error",
        "check_warnings": "warning",
        "completion": "info",
    }
)


class PagerDuty:
    """Opens and closes alerts of one PagerDuty service."""

    def __init__(self, base_url: str, routing_key: SecretStr, patience: Patience) -> None:
        self._url = SecretStr(base_url.rstrip("/") + "/v2/enqueue")
        self._routing_key, self._patience = routing_key, patience

    def send(self, outgoing: Outgoing) -> str:
        """Trigger or resolve an alert. A test triggers one of the severity ``info``, and resolves it."""
        actions = ("trigger", "resolve") if outgoing.message.event == "test" else (_action(outgoing.message),)
        replies = []
        for action in actions:
            event = {"routing_key": self._routing_key.get_secret_value(), **alert(outgoing.message, action)}
            body = json.dumps(event).encode()
            replies.append(str(post(self._url, body, {}, what="PagerDuty", patience=self._patience)))
        return "; ".join(replies)


def alert(message: Message, action: str) -> dict[str, Any]:
    """An event without the routing key. One incident has one key, so PagerDuty keeps it as one alert."""
    event: dict[str, Any] = {"event_action": action, "dedup_key": _dedup_key(message)}
    if action == "resolve":
        return event
    event["payload"] = {
        "summary": headline(message)[:_LONGEST_SUMMARY],
        "source": f"babynames_assets ({message.environment})",
        "severity": "info" if message.event == "test" else _SEVERITIES[message.kind],
        "timestamp": message.opened_at,
        "component": message.where,
        "class": message.kind,
        "custom_details": dict(facts(message)),
    }
    if message.link:
        event["links"] = [{"href": message.link, "text": "Dagster"}]
    return event


def _action(message: Message) -> str:
    return "resolve" if message.event == "resolved" else "trigger"


def _dedup_key(message: Message) -> str:
    key = f"babynames/{message.environment}/{message.key}"
    return key if len(key) <= _LONGEST_KEY else f"babynames/{hashlib.sha256(key.encode()).hexdigest()}"
