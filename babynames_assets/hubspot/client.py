"""The client of HubSpot's contacts: every contact that goes in comes out accepted or refused.

A batch is an upsert by a unique property, so that sending it twice does no harm; the client does so after a timeout or
a 5xx, when nobody knows whether HubSpot carried it out.
"""

import datetime as dt
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit

import structlog

from babynames_assets.errors import BabynamesError, FatalError, PausedError, RetryableError
from babynames_assets.hubspot.account import Account, read_account
from babynames_assets.hubspot.auth import TokenSource
from babynames_assets.hubspot.matching import match
from babynames_assets.hubspot.paths import Paths
from babynames_assets.hubspot.properties import KEY_PROPERTY, ensure_properties
from babynames_assets.hubspot.reasons import reason_of
from babynames_assets.hubspot.responses import RefusedError
from babynames_assets.hubspot.transport import Patience, Transport
from babynames_assets.hubspot.wire import BatchAnswer, UpsertInput
from babynames_assets.resilience.rate_limiter import RateLimiter

_log = structlog.get_logger(__name__)

MAX_BATCH = 100
"""The most inputs that HubSpot takes in one batch call."""

ALIKE = 10
"""So many contacts, all of a batch, refused in the same words are no contacts' fault but a cause of their own."""

NO_ANSWER = "NO_ANSWER"
"""Category of a contact of which HubSpot said neither that it was written nor that it was refused."""


@dataclass(frozen=True)
class ContactWrite:
    """A contact as it shall be.

    Attributes:
        key: value of the unique property, for example ``1984-F-Mary``.
        properties: the other properties; every value is text.
    """

    key: str
    properties: Mapping[str, str]


@dataclass(frozen=True)
class Accepted:
    """HubSpot wrote the contact, or found it so already."""

    hubspot_id: str
    is_new: bool


@dataclass(frozen=True)
class Refusal:
    """HubSpot did not write the contact, and why."""

    category: str
    message: str
    correlation_id: str


@dataclass(frozen=True)
class BatchOutcome:
    """What became of each contact, by its key: every one is in exactly one of the two."""

    accepted: dict[str, Accepted] = field(default_factory=dict)
    refused: dict[str, Refusal] = field(default_factory=dict)


class HubSpotClient:
    """One HubSpot account's contacts. Safe to share between threads."""

    def __init__(  # noqa: PLR0913 - each is a setting of its own, and named
        self,
        *,
        base_url: str,
        api_version: str,
        tokens: TokenSource,
        limiter: RateLimiter,
        connect_timeout: float = 10.0,
        read_timeout: float = 90.0,
        connections: int = 4,
        attempts: int = 6,
        max_wait: float = 60.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Make a client; it connects when it is used.

        Args:
            base_url: the API's address.
            api_version: ``2026-03``, another date, or ``v3``.
            tokens: gives the token of each try.
            limiter: admits each try of each call.
            connect_timeout: seconds to wait for a connection.
            read_timeout: seconds to wait for an answer.
            connections: calls that will be made side by side.
            attempts: the most tries of one call.
            max_wait: the longest wait between two tries, in seconds.
            clock: seconds since 1970, to know the account's next midnight.
        """
        patience = Patience(connect_timeout, read_timeout, attempts, max_wait)
        self._transport = Transport(base_url, tokens, limiter, patience=patience, connections=connections)
        self._paths = Paths(api_version)
        self._clock = clock
        self._account: Account | None = None

    def upsert(self, contacts: Sequence[ContactWrite]) -> BatchOutcome:
        """Create or update up to 100 contacts.

        A batch that HubSpot refuses whole is halved until the culprits stand alone. Contacts that HubSpot passes over
        in silence are sent once more; if it is silent again they are refused, or the batch fails if it was silent on
        all.

        Raises:
            ValueError: there are more than 100 contacts, or two with the same key.
            RetryableError: HubSpot could not answer; nothing is known of these contacts, and a repetition is safe.
            PausedError: the calls of the day are spent.
            FatalError: a person has to change something.
        """
        if len(contacts) > MAX_BATCH or len({contact.key for contact in contacts}) < len(contacts):
            raise ValueError(
                f"A batch takes at most {MAX_BATCH} contacts, each key once; this one has {len(contacts)}."
            )
        outcome = self._upsert_by_halves(contacts)
        if silent := _unanswered(contacts, outcome):
            _log.warning("contacts_unanswered", contacts=len(silent), of=len(contacts))
            _add(outcome, self._upsert_by_halves(silent))
            _refuse_silent(contacts, outcome)
        _stop_if_all_are_refused_alike(outcome)
        return outcome

    def archive(self, hubspot_ids: Sequence[str]) -> None:
        """Archive up to 100 contacts; one that is archived already does no harm.

        Raises:
            ValueError: there are more than 100.
            RetryableError: HubSpot could not answer; a repetition is safe.
            FatalError: HubSpot refuses, or a person has to change something.
        """
        distinct = list(dict.fromkeys(hubspot_ids))
        if len(distinct) > MAX_BATCH:
            raise ValueError(f"A batch takes at most {MAX_BATCH} contacts; this one has {len(distinct)}.")
        if not distinct:
            return
        body = {"inputs": [{"id": hubspot_id} for hubspot_id in distinct]}
        with self._dating_the_daily_limit():
            try:
                self._transport.call("POST", f"{self._paths.contacts}/batch/archive", body)
            except RefusedError as error:
                raise FatalError(
                    f"HubSpot refuses to archive {len(distinct)} contacts, {distinct[0]} the first: {error} "
                    f"(correlation id {error.correlation_id}). None of them is archived; look the contacts up in "
                    "HubSpot."
                ) from error

    def ensure_schema(self) -> None:
        """Make sure that the contacts' properties exist as they are needed, above all the unique key.

        Raises:
            FatalError: a property exists in a form that cannot be used; the message says what to do.
        """
        with self._dating_the_daily_limit():
            try:
                # Learnt now, because on the day that the daily limit is met it can no longer be asked.
                self.account()
            except FatalError as error:
                _log.warning("hubspot_account_unknown", error=str(error))
            ensure_properties(self._transport, self._paths)

    def account(self) -> Account:
        """Whose token this is; asked once.

        Raises:
            FatalError: HubSpot does not take the token.
        """
        if self._account is None:
            self._account = read_account(self._transport, self._paths)
        return self._account

    def contact_list_url(self) -> str:
        """The address of the account's contact list, for a person; never fails a sync that is done."""
        scheme = urlsplit(self._transport.base_url).scheme
        try:
            account = self.account()
        except BabynamesError as error:
            _log.warning("hubspot_account_unknown", error=str(error))
            return "https://app.hubspot.com/contacts"
        return f"{scheme}://{account.ui_domain}/contacts/{account.portal_id}/objects/0-1/views/all/list"

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def _upsert_by_halves(self, contacts: Sequence[ContactWrite]) -> BatchOutcome:
        if not contacts:
            return BatchOutcome()
        try:
            return self._upsert_once(contacts)
        except RefusedError as error:
            if len(contacts) == 1:
                refusal = Refusal(error.category, str(error), error.correlation_id)
                return BatchOutcome(refused={contacts[0].key: refusal})
            _log.warning("batch_halved", contacts=len(contacts), reason=str(error))
        middle = len(contacts) // 2
        outcome = self._upsert_by_halves(contacts[:middle])
        _add(outcome, self._upsert_by_halves(contacts[middle:]))
        return outcome

    def _upsert_once(self, contacts: Sequence[ContactWrite]) -> BatchOutcome:
        batch = uuid.uuid4().hex
        inputs = [_as_input(contact, f"{batch}-{number}") for number, contact in enumerate(contacts)]
        with self._dating_the_daily_limit():
            reply = self._transport.call("POST", f"{self._paths.contacts}/batch/upsert", {"inputs": inputs})
        answer = cast("BatchAnswer", reply.body if isinstance(reply.body, dict) else {})
        matched = match(answer, {item["objectWriteTraceId"]: item["id"] for item in inputs})
        return BatchOutcome(
            accepted={key: Accepted(result["id"], result.get("new", False)) for key, result in matched.results.items()},
            refused={
                key: Refusal(error.get("category", "UNKNOWN"), reason_of(error), reply.correlation_id)
                for key, error in matched.errors.items()
            },
        )

    @contextmanager
    def _dating_the_daily_limit(self) -> Iterator[None]:
        try:
            yield
        except PausedError as error:
            now = dt.datetime.fromtimestamp(self._clock(), dt.UTC)
            resets_at = self._account.next_midnight(now) if self._account else None
            when = resets_at.isoformat() if resets_at else "midnight in the account's time zone"
            raise PausedError(f"{error} Run the sync again after {when}.", until=resets_at) from error


def _as_input(contact: ContactWrite, trace_id: str) -> UpsertInput:
    return {
        "id": contact.key,
        "idProperty": KEY_PROPERTY,
        "objectWriteTraceId": trace_id,
        "properties": {KEY_PROPERTY: contact.key, **contact.properties},
    }


def _unanswered(contacts: Sequence[ContactWrite], outcome: BatchOutcome) -> list[ContactWrite]:
    return [
        contact for contact in contacts if contact.key not in outcome.accepted and contact.key not in outcome.refused
    ]


def _add(outcome: BatchOutcome, other: BatchOutcome) -> None:
    outcome.accepted.update(other.accepted)
    outcome.refused.update(other.refused)


def _refuse_silent(contacts: Sequence[ContactWrite], outcome: BatchOutcome) -> None:
    silent = _unanswered(contacts, outcome)
    if len(silent) == len(contacts) > 1:
        raise RetryableError(
            f"HubSpot answered twice with success and named none of {len(contacts)} contacts in it. Nothing is "
            "recorded as sent; the next sync repeats the batch."
        )
    for contact in silent:
        message = "HubSpot answered twice with success, but neither as written nor as refused did it name this contact."
        outcome.refused[contact.key] = Refusal(NO_ANSWER, message, "")


def _stop_if_all_are_refused_alike(outcome: BatchOutcome) -> None:
    # A deleted property or a full account refuses every contact in the same words. Two million dead letters of one
    # cause help nobody: the cause has to go first.
    reasons = {refusal.message for refusal in outcome.refused.values()}
    if outcome.accepted or len(reasons) != 1 or len(outcome.refused) < ALIKE:
        return
    refusal = next(iter(outcome.refused.values()))
    raise FatalError(
        f"HubSpot refuses all {len(outcome.refused)} contacts of a batch for the same reason: {refusal.message} "
        f"({refusal.category}; correlation id {refusal.correlation_id or 'unknown'}). Mend the cause in the account, "
        "then run the sync again; nothing of this batch is recorded."
    )
