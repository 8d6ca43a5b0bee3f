"""The client of HubSpot's contacts: every contact that goes in comes out accepted or refused.

A batch is an upsert by a unique property, so that sending it twice does no harm; the client does so after a timeout or
a 5xx, when nobody knows whether HubSpot carried it out.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast
from urllib.parse import quote, urlsplit

import structlog

from babynames_assets.errors import BabynamesError, FatalError
from babynames_assets.hubspot.account import Account, read_account
from babynames_assets.hubspot.auth import TokenSource
from babynames_assets.hubspot.contact_reads import (
    PAGE,
    ReadContact,
    ReadOutcome,
    SearchPage,
    read_by_key,
    read_page,
    shown_contact,
)
from babynames_assets.hubspot.contact_writes import MAX_BATCH, BatchOutcome, ContactWrite
from babynames_assets.hubspot.pace import Pace
from babynames_assets.hubspot.paths import Paths
from babynames_assets.hubspot.properties import KEY_PROPERTY, ensure_properties
from babynames_assets.hubspot.reasons import reason_of
from babynames_assets.hubspot.responses import NotFoundError, RefusedError
from babynames_assets.hubspot.transport import Patience, Success, Transport
from babynames_assets.hubspot.upserting import upsert_batch
from babynames_assets.hubspot.wire import SearchAnswer, SearchFilter, UpsertInput

_log = structlog.get_logger(__name__)


class HubSpotClient:
    """One HubSpot account's contacts. Safe to share between threads."""

    def __init__(  # noqa: PLR0913 - each is a setting of its own, and named
        self,
        *,
        base_url: str,
        api_version: str,
        tokens: TokenSource,
        pace: Pace,
        connect_timeout: float = 10.0,
        read_timeout: float = 90.0,
        connections: int = 4,
        attempts: int = 6,
        max_wait: float = 60.0,
    ) -> None:
        """Make a client; it connects when it is used.

        Args:
            base_url: the API's address.
            api_version: ``2026-03``, another date, or ``v3``.
            tokens: gives the token of each try.
            pace: gives each try of each call its turn.
            connect_timeout: seconds to wait for a connection.
            read_timeout: seconds to wait for an answer.
            connections: calls that will be made side by side.
            attempts: the most tries of one call.
            max_wait: the longest wait between two tries, in seconds.
        """
        patience = Patience(connect_timeout, read_timeout, attempts, max_wait)
        self._transport = Transport(base_url, tokens, pace, patience=patience, connections=connections)
        self._paths = Paths(api_version)
        self._pace = pace
        self._account: Account | None = None

    def upsert(
        self,
        contacts: Sequence[ContactWrite],
        *,
        before: Callable[[], None] = lambda: None,
        were_refused: bool = False,
    ) -> BatchOutcome:
        """Create or update up to 100 contacts.

        A batch that HubSpot refuses whole is halved until the culprits stand alone. Contacts that HubSpot passes over
        in silence are sent once more; if it is silent again they are refused, or the batch fails if it was silent on
        all.

        Args:
            contacts: each key once.
            before: called before every request; what it raises ends the upsert.
            were_refused: each of them was refused before. That all are refused alike, or in silence, is then no news,
                and each outcome is returned.

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

        def call(inputs: list[UpsertInput]) -> Success:
            return self._batch("upsert", {"inputs": inputs}, before)

        return upsert_batch(call, contacts, were_refused=were_refused)

    def find(self, keys: Sequence[str], *, before: Callable[[], None] = lambda: None) -> dict[str, str]:
        """The ids of up to 100 contacts, by their keys; keys that HubSpot does not have are left out.

        Raises: as ``read``.
        """
        return {key: contact.hubspot_id for key, contact in self.read(keys, [], before=before).found.items()}

    def read(
        self, keys: Sequence[str], names: Iterable[str], *, before: Callable[[], None] = lambda: None
    ) -> ReadOutcome:
        """Read up to 100 contacts by their keys: each is found, or HubSpot says that it is missing.

        Args:
            keys: values of the unique property.
            names: properties to read.
            before: called before every request; what it raises ends the call.

        Raises:
            ValueError: there are more than 100.
            RetryableError: HubSpot could not answer, or had no word on some of them.
            PausedError: the calls of the day are spent.
            FatalError: HubSpot refuses, or a person has to change something.
        """
        _require_batch(keys)
        if not keys:
            return ReadOutcome({}, frozenset())
        with _refused_as_fatal(f"look up {len(keys)} contacts", keys[0]):
            return read_by_key(lambda body: _object(self._batch("read", body, before)), keys, names)

    def read_one(
        self, hubspot_id: str, names: Iterable[str], *, before: Callable[[], None] = lambda: None
    ) -> ReadContact | None:
        """The contact to which an id leads, which has another one if it was merged away; None where there is none."""
        shown = ",".join([KEY_PROPERTY, *names])
        path = f"{self._paths.contacts}/{quote(hubspot_id, safe='')}?properties={shown}"
        try:
            return shown_contact(_object(self._transport.call("GET", path, before=before)))
        except NotFoundError:
            return None

    def search(
        self,
        groups: Sequence[Sequence[SearchFilter]],
        names: Iterable[str],
        *,
        after: str = "",
        limit: int = PAGE,
        before: Callable[[], None] = lambda: None,
    ) -> SearchPage:
        """Search contacts, a page at a time, in the order of their ids; see ``contact_reads.read_page``.

        Search knows of a change only after a while.
        """

        def call(body: dict[str, Any]) -> SearchAnswer:
            reply = self._transport.call("POST", f"{self._paths.contacts}/search", body, before=before)
            return cast("SearchAnswer", _object(reply))

        with _refused_as_fatal("search contacts", str(groups)):
            return read_page(call, groups, names, after=after, limit=limit)

    def archive(self, hubspot_ids: Sequence[str], *, before: Callable[[], None] = lambda: None) -> None:
        """Archive up to 100 contacts; one that is archived already does no harm.

        Args:
            hubspot_ids: which.
            before: called before every request; what it raises ends the call.

        Raises:
            ValueError: there are more than 100.
            RetryableError: HubSpot could not answer; a repetition is safe.
            PausedError: the calls of the day are spent.
            FatalError: HubSpot refuses, or a person has to change something.
        """
        distinct = list(dict.fromkeys(hubspot_ids))
        _require_batch(distinct)
        if not distinct:
            return
        body = {"inputs": [{"id": hubspot_id} for hubspot_id in distinct]}
        with _refused_as_fatal(f"archive {len(distinct)} contacts", distinct[0]):
            answer = self._batch("archive", body, before).body or {}
        if errors := answer.get("errors"):
            raise FatalError(
                f"HubSpot archived not all of {len(distinct)} contacts: {reason_of(errors[0])}. Look them up in "
                "HubSpot; the next sync archives all of them again."
            )

    def ensure_schema(self) -> None:
        """Make sure that the contacts' properties exist as they are needed, above all the unique key.

        Raises:
            FatalError: a property exists in a form that cannot be used; the message says what to do.
        """
        try:
            # Asked now, because the account's midnight has to be known before its day is spent.
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
            self._pace.set_time_zone(self._account.time_zone)
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

    def _batch(self, name: str, body: Mapping[str, Any], before: Callable[[], None]) -> Success:
        return self._transport.call("POST", f"{self._paths.contacts}/batch/{name}", body, before=before)


def _object(reply: Success) -> Any:
    """The body of an answer, or an empty one for what is no JSON object."""
    return reply.body if isinstance(reply.body, dict) else {}


def _require_batch(inputs: Sequence[str]) -> None:
    if len(inputs) > MAX_BATCH:
        raise ValueError(f"A batch takes at most {MAX_BATCH} contacts; this one has {len(inputs)}.")


@contextmanager
def _refused_as_fatal(what: str, first: str) -> Iterator[None]:
    try:
        yield
    except RefusedError as error:
        raise FatalError(
            f"HubSpot refuses to {what}, {first} the first: {error} (correlation id {error.correlation_id}). Nothing "
            "of it is done; look the contacts up in HubSpot."
        ) from error
