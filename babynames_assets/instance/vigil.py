"""Signs of life of the processes that execute runs, and what follows when there are none.

A worker writes a sign every ten seconds into the key-value store of Dagster's instance, from its executor. Whoever
watches compares no clocks: a worker whose process it cannot see is dead when its sign has not changed in all of the
watcher's looks, none of which failed or came late, for as long as ``SILENT_SECONDS``. A storage that stalls stops the
looks too, and then the time begins anew.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import dagster as dg
import structlog

from babynames_assets.instance.workers import Worker, from_text, is_alive, this_worker

BEAT_SECONDS = 10.0
SILENT_SECONDS = 75.0
LONGEST_PAUSE_SECONDS = 30.0
"""Between two looks; after a longer one the watcher knows nothing of the time between."""

SIGN_KEY = "babynames/worker/"
"""Before the id of a run: where its newest sign of life is kept."""
_log = structlog.get_logger(__name__)


@contextmanager
def signs_of_life(instance: dg.DagsterInstance, run_id: str, *, seconds: float = BEAT_SECONDS) -> Iterator[None]:
    """Show that this process executes a run, until the block ends.

    Args:
        instance: keeps the signs.
        run_id: the run.
        seconds: between two signs.
    """
    worker = this_worker()
    show(instance, run_id, worker)
    ended = threading.Event()
    thread = threading.Thread(
        target=_beat, args=(instance, run_id, worker, ended, seconds), name="signs of life", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def show(instance: dg.DagsterInstance, run_id: str, worker: Worker) -> None:
    """Write one sign of life."""
    instance.run_storage.set_cursor_values({SIGN_KEY + run_id: worker.as_text()})


def last_sign(instance: dg.DagsterInstance, run_id: str) -> Worker | None:
    """The newest sign of life of a run; None before the first one."""
    key = SIGN_KEY + run_id
    text = instance.run_storage.get_cursor_values({key}).get(key)
    return from_text(text) if text else None


def _beat(instance: dg.DagsterInstance, run_id: str, worker: Worker, ended: threading.Event, seconds: float) -> None:
    while not ended.wait(seconds):
        worker = worker.next_beat()
        try:
            show(instance, run_id, worker)
        except Exception as error:  # noqa: BLE001 - the work goes on whatever becomes of one sign; the next one follows
            _log.warning("sign_of_life_failed", run_id=run_id, error=str(error))


@dataclass(frozen=True)
class _Silence:
    """How long a sign has stayed as it is, in looks without a gap."""

    sign: Worker | None
    since: float
    last_look: float


class Vigil:
    """Watches runs over many looks; the state is this process's own.

    Args:
        clock: seconds that never go back.
        look: whether a worker lives, None where that cannot be seen.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        look: Callable[[Worker], bool | None] = is_alive,
    ) -> None:
        self._clock = clock
        self._look = look
        self._silences: dict[str, _Silence] = {}

    def is_dead(self, run_id: str, sign: Worker | None) -> bool:
        """Look once more at a run that is said to be under way.

        Args:
            run_id: the run.
            sign: its newest sign of life.
        """
        seen = self._look(sign) if sign else None
        if seen is not None:
            self._silences.pop(run_id, None)
            return not seen
        return self._silent_seconds(run_id, sign) >= SILENT_SECONDS

    def _silent_seconds(self, run_id: str, sign: Worker | None) -> float:
        now = self._clock()
        self._forget(now)
        before = self._silences.get(run_id)
        if before is None or before.sign != sign:
            before = _Silence(sign, since=now, last_look=now)
        self._silences[run_id] = replace(before, last_look=now)
        return now - before.since

    def _forget(self, now: float) -> None:
        """What was not looked at for a while: runs that have ended, and all of them after a pause."""
        kept = {run: one for run, one in self._silences.items() if now - one.last_look <= LONGEST_PAUSE_SECONDS}
        self._silences = kept
