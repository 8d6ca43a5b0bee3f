"""Slack's incoming webhooks, which other chats take too.

Source: docs.slack.dev/messaging/sending-messages-using-incoming-webhooks and the reference of its blocks.
"""

import json
from typing import Any

from pydantic import SecretStr

from babynames_assets.notifications.channels import Outgoing
from babynames_assets.notifications.news import Message
from babynames_assets.notifications.texts import facts, headline
from babynames_assets.notifications.web import Patience, post

_LONGEST_HEADER = 150
_LONGEST_SECTION = 3_000
_SIGNS = {"opened": ":red_circle:", "reminded": ":red_circle:", "resolved": ":large_green_circle:", "test": ":bell:"}


class Slack:
    """Posts a message to one channel of a chat."""

    def __init__(self, url: SecretStr, patience: Patience) -> None:
        self._url, self._patience = url, patience

    def send(self, outgoing: Outgoing) -> str:
        """Post a message, and return what came back."""
        body = json.dumps(payload(outgoing.message)).encode()
        return str(post(self._url, body, {}, what="Slack", patience=self._patience))


def payload(message: Message) -> dict[str, Any]:
    """A message as Slack takes it: ``text`` for notices on a phone, blocks for the channel."""
    sign = ":white_check_mark:" if message.kind == "completion" else _SIGNS[message.event]
    lines = "\n".join(f"*{name}:* {_escaped(text)}" for name, text in facts(message))
    return {
        "text": f"{sign} {_escaped(headline(message))}",
        "blocks": [
            {
                "type": "header",
                "text": {"type": "plain_text", "text": f"{sign} {headline(message)}"[:_LONGEST_HEADER], "emoji": True},
            },
            {"type": "section", "text": {"type": "mrkdwn", "text": lines[:_LONGEST_SECTION]}},
        ],
    }


def _escaped(text: str) -> str:
    # The three characters that Slack reads as its own: else a text could mention everybody (<!channel>).
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
