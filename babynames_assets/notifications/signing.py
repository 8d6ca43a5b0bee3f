"""Signatures of the webhook: HMAC-SHA256 over the moment and the body.

The moment is signed too, so that a receiver can refuse a message that somebody caught and sends again later.
"""

import hashlib
import hmac

TIMESTAMP_HEADER = "X-Babynames-Timestamp"
SIGNATURE_HEADER = "X-Babynames-Signature"
NUMBER_HEADER = "X-Babynames-Delivery"

REPLAY_WINDOW_SECONDS = 300
"""How old a message may be for a receiver to take it; another attempt is signed anew."""

_SCHEME = "v1"


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """The signature of a body at a moment, in seconds since 1970."""
    digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"{_SCHEME}={digest}"
