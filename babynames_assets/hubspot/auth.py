"""Which token a call carries, and what becomes of one that HubSpot refuses.

The transport asks before every try, and tells what HubSpot answered. ``oauth.py`` is the other source of tokens.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import structlog
from pydantic import SecretStr

from babynames_assets.errors import FatalError, RetryableError
from babynames_assets.hubspot.answer_rules import SCOPES
from babynames_assets.hubspot.responses import Answer, describe

_log = structlog.get_logger(__name__)

UNAUTHORIZED = 401
GUIDE = "docs/guides/hubspot-credentials.md"


@dataclass(frozen=True)
class Bearer:
    """A token for one try of a call.

    Attributes:
        token: the secret.
        name: what it is called where people read of it.
    """

    token: SecretStr
    name: str

    def hidden_in(self, text: str) -> str:
        """A text without the token: a careless proxy repeats what it was sent in its errors, and those are logged."""
        return text.replace(self.token.get_secret_value(), "[the token]")


class TokenSource(Protocol):
    """Where the tokens come from. Safe to share between threads."""

    def current(self) -> Bearer:
        """The token for the next try.

        Raises:
            RetryableError: there is none now; another try may find one.
            FatalError: a person has to change something.
        """

    def heard(self, bearer: Bearer, answer: Answer) -> None:
        """Learn from HubSpot's answer to a try with this token.

        Raises:
            RetryableError: HubSpot refused the token, and there is another one to try at once.
            FatalError: HubSpot refused the token, and a person has to change something.
        """


class StaticTokens:
    """Service keys or private-app tokens, which last until a person revokes them.

    Two of them bridge a rotation: whichever HubSpot takes is used, and when it is refused the other one, so that the
    order of the steps does not matter and none of them needs a pause.
    """

    def __init__(self, tokens: Mapping[str, SecretStr]) -> None:
        """Make a source.

        Args:
            tokens: by the name of their setting; the first is preferred.
        """
        self._tokens = tokens
        self._lock = threading.Lock()
        self._used = next(iter(tokens))
        self._refused: set[str] = set()
        self._reported: str | None = None

    def current(self) -> Bearer:
        """The token that HubSpot takes, as far as is known."""
        with self._lock:
            return Bearer(self._tokens[self._used], self._used)

    def heard(self, bearer: Bearer, answer: Answer) -> None:
        """Learn from HubSpot's answer to a try with this token.

        Raises:
            RetryableError: HubSpot refused it, and the other one has not been refused since.
            FatalError: HubSpot refused every token.
        """
        with self._lock:
            if answer.status == UNAUTHORIZED:
                self._give_up(bearer, answer)
            elif 200 <= answer.status < 300 and bearer.name == self._used:
                self._keep()

    def _keep(self) -> None:
        self._refused.clear()
        if self._reported == self._used:
            return
        self._reported = self._used
        newest, *older = self._tokens
        if older and self._used == newest:
            advice = f"{newest} works: when every host has it, {older[0]} can be removed"
            _log.info("hubspot_token_accepted", setting=newest, advice=advice)
        else:
            _log.info("hubspot_token_accepted", setting=self._used)

    def _give_up(self, bearer: Bearer, answer: Answer) -> None:
        if bearer.name == self._used:
            self._refused.add(bearer.name)
            left = [name for name in self._tokens if name not in self._refused]
            if not left:
                self._refused.clear()  # whoever calls again later may find that one of them is good again
                raise FatalError(_all_refused(list(self._tokens), answer))
            self._used = left[0]
            _log.warning("hubspot_token_refused", setting=bearer.name, next=self._used, answer=describe(answer))
        # Else another call met the refusal before this one did, and the token was changed already.
        raise RetryableError(f"{describe(answer)} {bearer.name} is refused; {self._used} is tried.", retry_after=0.0)


def _all_refused(names: list[str], answer: Answer) -> str:
    which = " and ".join(names)
    refused = "neither of the tokens" if len(names) > 1 else "not the token"
    return (
        f"{describe(answer)} HubSpot takes {refused} in {which}: unknown, revoked or expired. Set "
        f"BABYNAMES_HUBSPOT__TOKEN to a valid service key or private-app token with the scopes {SCOPES}; {GUIDE} says "
        "where to find one."
    )
