"""The right to write the contacts of some years: one sync at a time, also when its holder dies or freezes.

HubSpot takes a late write from anybody, so a sync that does not know that it still holds its years sends nothing. What
it had sent by then, and could not record as its own, it records as in doubt: the next sync sends it again.
"""

import os
import socket
import time
import uuid
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial

import structlog

from babynames_assets.errors import BabynamesError, RetryableError
from babynames_assets.warehouse import sync_leases
from babynames_assets.warehouse.engine import Connection, Engine, run_in_transaction
from babynames_assets.warehouse.sync_leases import HeldYear

_log = structlog.get_logger(__name__)

_RENEWALS = 6
"""So often is a lease renewed in its time: a few may fail before it is in danger."""

_LONGEST_POLL = 1.0

_LOST = (
    "This sync was silent for so long that another one took its years: it stops. What it had sent without an answer is "
    "sent again. Run the years again when the other sync has ended; if this happens again, raise "
    "BABYNAMES_HUBSPOT__LEASE_SECONDS."
)
_NOT_RENEWED = (
    "This sync could not show for a while that it lives, so another one may have taken its years: nothing more is "
    "sent. Look for a database that does not answer or a machine that stood still, then run the years again."
)


class LeaseError(RetryableError):
    """Another sync holds the years."""


@dataclass(frozen=True)
class LeaseTerms:
    """How years are held.

    Attributes:
        seconds: how long without a sign of life.
        wait: seconds to wait for another holder. Longer than ``seconds``, so that a dead one is outlived.
    """

    seconds: float = 120.0
    wait: float = 300.0


class Lease:
    """Years that this process holds. ``check`` may be called from any thread, the rest from the one that made it."""

    def __init__(
        self, engine: Engine, years: Sequence[int], terms: LeaseTerms, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._engine, self._years, self._terms, self._clock = engine, years, terms, clock
        self._holder = uuid.uuid4().hex
        self._renewed_at = 0.0
        self._is_lost = False

    @property
    def years(self) -> Sequence[int]:
        """What it is about."""
        return self._years

    def take(self, run_id: str, *, sleep: Callable[[float], None] = time.sleep) -> None:
        """Wait until the years are free, and hold them.

        Args:
            run_id: the Dagster run, for whoever waits for this one.
            sleep: waits that many seconds.

        Raises:
            LeaseError: they are not free, for too long.
        """
        began, waited_for = self._clock(), None
        while in_the_way := self._try_to_take(run_id):
            if self._clock() >= began + self._terms.wait:
                raise LeaseError(_describe(in_the_way, self._terms))
            if waited_for != in_the_way[0].held_by:
                waited_for = in_the_way[0].held_by
                _log.info("sync_waits", years=[held.year for held in in_the_way], held_by=waited_for)
            sleep(min(_LONGEST_POLL, self._terms.seconds / _RENEWALS))

    def take_free(self, run_id: str) -> list[HeldYear]:
        """Hold those of the years that are free at this moment, and no others from now on.

        Args:
            run_id: as for ``take``.

        Returns:
            The years that others hold.
        """
        of_others: list[HeldYear] = []
        while self._years and (in_the_way := self._try_to_take(run_id)):
            of_others += in_the_way
            self._years = sorted({*self._years} - {held.year for held in in_the_way})
        return of_others

    def keep(self) -> None:
        """Renew the lease when it is time.

        Raises:
            LeaseError: somebody else holds one of the years by now.
        """
        asked_at = self._clock()
        if not self._is_lost and asked_at >= self._renewed_at + self._terms.seconds / _RENEWALS:
            renew = partial(sync_leases.renew, years=self._years, holder=self._holder, seconds=self._terms.seconds)
            self._is_lost = not run_in_transaction(self._engine, renew)
            self._renewed_at = asked_at
        if self._is_lost:
            raise LeaseError(_LOST)

    def check(self) -> None:
        """Return if a request may be sent now.

        In the second half of its time, unrenewed, a lease is no longer trusted: what is sent then could arrive after
        it has ended.

        Raises:
            LeaseError: the lease was not renewed for too long.
        """
        if self._is_lost:
            raise LeaseError(_LOST)
        if self._clock() > self._renewed_at + self._terms.seconds / 2:
            raise LeaseError(_NOT_RENEWED)

    def covers(self, connection: Connection, years: Collection[int]) -> bool:
        """Whether this process holds these years, and will until the transaction ends; if not, the lease is lost."""
        is_held = sync_leases.are_held(connection, years, holder=self._holder)
        self._is_lost = self._is_lost or not is_held
        return is_held

    def give_back(self) -> None:
        """Let others have the years; where the warehouse cannot be told, they have them when the lease ends."""
        try:
            run_in_transaction(self._engine, partial(sync_leases.release, years=self._years, holder=self._holder))
        except BabynamesError as error:
            # The sync itself is done, or has an error of its own.
            _log.warning("lease_not_given_back", error=str(error))

    def _try_to_take(self, run_id: str) -> list[HeldYear]:
        me = f"run {run_id}, process {os.getpid()} on {socket.gethostname()}"
        take = partial(sync_leases.take, held_by=me, years=self._years, holder=self._holder)
        self._renewed_at = self._clock()
        return run_in_transaction(self._engine, partial(take, seconds=self._terms.seconds))


def _describe(in_the_way: Sequence[HeldYear], terms: LeaseTerms) -> str:
    years = ", ".join(str(held.year) for held in in_the_way[:5]) + (" and others" if len(in_the_way) > 5 else "")
    return (
        f"Another sync ({in_the_way[0].held_by}) writes the contacts of {years} and did not end within "
        f"{terms.wait:,.0f} s; nothing was sent. Run these years again when it has ended. If its process is dead, they "
        f"are free {terms.seconds:,.0f} s after its last sign of life."
    )
