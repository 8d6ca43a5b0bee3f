"""Counts what a process does, and does something to it at an event: the same event again with the same seed."""

import threading
from collections.abc import Callable
from typing import Any

import requests.adapters
import sqlalchemy as sa

from babynames_assets.warehouse.engine import Engine


class Events:
    """Statements and commits of a database, requests to HubSpot and their answers, from all threads."""

    def __init__(self, event: int, only: str, delay: float, act: Callable[[str], None]) -> None:
        """Begin to count.

        Args:
            event: the number of the event at which ``act`` is called; 0 for never.
            only: the kind of events that is counted; empty for all.
            delay: seconds after it.
            act: told what kind of event it was.
        """
        self._event, self._only, self._delay, self._act = event, only, delay, act
        self._lock = threading.Lock()
        self._count = 0

    def watch(self, engine: Engine) -> None:
        """Count the events of an engine, and those of every request."""
        sa.event.listen(engine, "before_cursor_execute", lambda *_: self._happened("statement"))
        sa.event.listen(engine, "commit", lambda *_: self._happened("commit"))
        sa.event.listen(engine, "checkin", lambda *_: self._happened("committed"))
        send = requests.adapters.HTTPAdapter.send

        def counted(adapter: Any, *arguments: Any, **named: Any) -> requests.Response:
            self._happened("request")
            answer = send(adapter, *arguments, **named)
            self._happened("answer")
            return answer

        requests.adapters.HTTPAdapter.send = counted  # type: ignore[method-assign,assignment]

    def _happened(self, what: str) -> None:
        if self._only not in ("", what):
            return
        with self._lock:
            self._count += 1
            is_it = self._count == self._event
        if not is_it:
            return
        if self._delay:
            threading.Timer(self._delay, self._act, (what,)).start()
        else:
            self._act(what)
