"""A webhook for programs: the message as JSON, signed, with the moment and a number that a receiver can tell it by."""

import json
import time
from collections.abc import Callable

from pydantic import SecretStr

from babynames_assets.notifications.channels import Outgoing
from babynames_assets.notifications.signing import NUMBER_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, signature
from babynames_assets.notifications.web import Patience, post


class Webhook:
    """Posts signed messages to one address."""

    def __init__(
        self, url: SecretStr, secret: SecretStr, patience: Patience, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._url, self._secret, self._patience, self._clock = url, secret, patience, clock

    def send(self, outgoing: Outgoing) -> str:
        """Post a message, signed at this moment, and return what came back."""
        body = json.dumps(outgoing.message.as_json(), ensure_ascii=False, separators=(",", ":")).encode()
        timestamp = int(self._clock())
        headers = {
            TIMESTAMP_HEADER: str(timestamp),
            SIGNATURE_HEADER: signature(self._secret.get_secret_value(), timestamp, body),
            NUMBER_HEADER: str(outgoing.number),
        }
        return str(post(self._url, body, headers, what="The webhook", patience=self._patience))
