"""Every answer of HubSpot, and none at all, has a named outcome: what is sent again, refused, paused or stopped."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import stamina

from babynames_assets.errors import FatalError, PausedError, RetryableError
from babynames_assets.hubspot.answer_rules import RULES, Action
from babynames_assets.hubspot.client import HubSpotClient
from babynames_assets_tests.hubspot.emulated import Emulated, contact
from babynames_assets_tests.hubspot.free_pace import FreeBooks, free_pace

ATTEMPTS = 3
BATCH = [contact(f"N{number}") for number in range(4)]
KEYS = {one.key for one in BATCH}


@dataclass(frozen=True)
class Case:
    """What HubSpot does to a batch of four, for how long, and what comes of it.

    Attributes:
        name: of the case.
        fault: the order to the emulator.
        outcome: ``written``, ``refused``, ``given up``, ``paused`` or ``stopped``.
        calls: upserts that are made.
        closed: seconds for which no process calls, at least and at most, by the books.
    """

    name: str
    fault: dict[str, Any]
    outcome: str
    calls: int
    closed: list[tuple[float, float]] = field(default_factory=list)


def once(kind: str, **more: Any) -> dict[str, Any]:
    """A fault that strikes one upsert."""
    return {"kind": kind, "path": "upsert", **more}


def lasting(kind: str, **more: Any) -> dict[str, Any]:
    """A fault that strikes every upsert."""
    return once(kind, times=1000, **more)


MARY = {"contains": '"1984-F-N2"'}
CASES = [
    Case("no answer is missing", once("slow", delay=0.01), "written", 1),
    Case("burst limit", once("burst"), "written", 2, [(1.0, 10.0)]),
    Case("burst limit that lasts", lasting("burst"), "given up", ATTEMPTS, [(1.0, 10.0)] * ATTEMPTS),
    Case("limit on a second, as search says it", once("secondly"), "written", 2, [(1.0, 1.0)]),
    Case("limit on a second, by its policy", once("secondly_policy"), "written", 2, [(1.0, 1.0)]),
    Case("burst limit, Retry-After 0", once("burst", retry_after="0"), "written", 2, [(0.0, 0.0)]),
    Case("burst limit, Retry-After 1", once("burst", retry_after="1"), "written", 2, [(1.0, 1.0)]),
    Case("burst limit, Retry-After 30", once("burst", retry_after="30"), "written", 2, [(30.0, 30.0)]),
    Case("burst limit, Retry-After of an hour", once("burst", retry_after="3600"), "written", 2, [(60.0, 60.0)]),
    Case(
        "burst limit, Retry-After a date that is over",
        once("burst", retry_after="Mon, 23 Nov 2020 17:00:30 GMT"),
        "written",
        2,
        [(0.0, 0.0)],
    ),
    Case("burst limit, Retry-After nonsense", once("burst", retry_after="soon"), "written", 2, [(1.0, 10.0)]),
    Case("the day is spent", once("daily"), "paused", 1),
    Case("locked", once("locked"), "written", 2),
    Case("migration, short", once("migrating", retry_after="5"), "written", 2),
    Case("migration, long", once("migrating", retry_after="7200"), "paused", 1),
    *(
        Case(f"{status} before the commit", once("status", status=status), "written", 2)
        for status in (408, 500, 502, 503, 504, 520, 521, 522, 523, 524)
    ),
    *(
        Case(f"{status} after the commit", once("apply_then_status", status=status), "written", 2)
        for status in (500, 502, 504, 524)
    ),
    Case("503 that lasts", lasting("status", status=503), "given up", ATTEMPTS),
    Case("503 that asks for 2 s", once("status", status=503, retry_after="2"), "written", 2),
    Case("reset before the commit", once("reset"), "written", 2),
    Case("reset after the commit", once("apply_then_reset"), "written", 2),
    Case("reset that lasts", lasting("reset"), "given up", ATTEMPTS),
    Case("cut in the middle of the answer", once("cut"), "written", 2),
    Case("cut after the commit", once("apply_then_cut"), "written", 2),
    Case("half of the JSON", once("truncated"), "written", 2),
    Case("a body that drips in", once("drip", delay=0.2), "written", 1),
    Case("an answer that is too slow", once("slow", delay=2.0), "written", 2),
    Case("200 without a body", once("blank"), "written", 2),
    Case("200 with a page", once("page"), "written", 2),
    Case("200 without results", once("empty"), "written", 2),
    Case("200 that passes over one", once("drop"), "written", 2),
    Case("200 without trace ids", once("untraced"), "written", 1),
    Case("409 for the batch, because of one", {**lasting("conflict"), **MARY}, "refused", 5),
    Case("400 for the batch, because of one", {**lasting("invalid"), **MARY}, "refused", 5),
    Case("413 for the batch, because of one", {**lasting("status", status=413), **MARY}, "refused", 5),
    Case("422 for the batch, because of one", {**lasting("status", status=422), **MARY}, "refused", 5),
    Case("401", once("unauthorized"), "stopped", 1),
    Case("403 in the middle", once("missing_scopes"), "stopped", 1),
    *(Case(str(status), once("status", status=status), "stopped", 1) for status in (301, 307, 404, 405, 414, 418)),
    Case("525", once("status", status=525), "stopped", 1),
    Case("526", once("status", status=526), "stopped", 1),
]


@pytest.fixture
def books() -> FreeBooks:
    """What the client told the other processes."""
    return FreeBooks()


@pytest.fixture
def impatient(hubspot: Emulated, books: FreeBooks) -> Iterator[HubSpotClient]:
    """A client that waits by its books, but by no clock."""
    client = hubspot.client(pace=free_pace(books), max_wait=60.0, read_timeout=1.0)
    client.ensure_schema()
    with stamina.set_testing(True, attempts=ATTEMPTS):
        yield client
    client.close()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_answer_has_its_outcome(
    impatient: HubSpotClient, hubspot: Emulated, books: FreeBooks, case: Case
) -> None:
    """A batch of four is written, has its culprit refused, is given up for this run, pauses, or stops the sync."""
    hubspot.order(**case.fault)

    assert outcome_of(impatient) == case.outcome

    assert hubspot.upserts() == case.calls
    assert [(least, most) for _, least, most in books.closed] == case.closed
    assert len(books.taken) - 9 == case.calls  # nine for the schema: each try took a place, and a call of the day
    if case.outcome in ("written", "refused"):
        assert hubspot.births().keys() == KEYS - ({"1984-F-N2"} if case.outcome == "refused" else set())
    assert hubspot.stats()["duplicates"] == 0


def outcome_of(client: HubSpotClient) -> str:
    """Send the batch, and name what comes of it."""
    try:
        outcome = client.upsert(BATCH)
    except PausedError as error:
        return "paused" if error.until else "paused without end"
    except RetryableError:
        return "given up"
    except FatalError:
        return "stopped"
    assert outcome.accepted.keys() | outcome.refused.keys() == KEYS
    assert outcome.refused.keys() <= {"1984-F-N2"}
    return "refused" if outcome.refused else "written"


def test_a_lost_answer_to_a_batch_creates_nothing_twice(impatient: HubSpotClient, hubspot: Emulated) -> None:
    """The repetition of a batch that was applied changes nothing."""
    hubspot.order(kind="apply_then_reset", path="upsert")

    impatient.upsert(BATCH)

    assert hubspot.stats()["writes"]["created"] == 4
    assert hubspot.stats()["writes"]["redundant"] == 4


def test_all_calls_wait_for_a_long_migration(impatient: HubSpotClient, hubspot: Emulated, books: FreeBooks) -> None:
    """The books are told for how long, so that no process calls meanwhile."""
    hubspot.order(kind="migrating", path="upsert", retry_after="7200")

    with pytest.raises(PausedError, match="another data centre"):
        impatient.upsert(BATCH)

    [(reason, seconds)] = books.pauses
    assert "another data centre" in reason
    assert seconds is not None
    assert 7190 < seconds <= 7200


def test_every_line_of_the_table_is_met_by_a_case() -> None:
    """A status that is not tried here would be a promise that nobody holds."""
    tried = {int(word) for case in CASES for word in case.name.split() if word.isdecimal() and len(word) == 3}
    tried |= {429, 423, 477}

    missed = [rule for rule in RULES if not any(rule.first <= status <= rule.last for status in tried)]

    assert missed == []
    assert {rule.action for rule in RULES} == set(Action)
