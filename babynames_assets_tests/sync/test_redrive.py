"""Tests of the redrive: what is due is sent as the warehouse has it now, once, and each outcome is recorded."""

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from babynames_assets.errors import FatalError, RetryableError
from babynames_assets.resilience.backoff import Backoff
from babynames_assets.sync.leases import Lease, LeaseError
from babynames_assets.sync.redrive import BATCHES, RedriveReport, redrive
from babynames_assets.warehouse import letter_claims, letter_reviews
from babynames_assets.warehouse.letter_queries import LetterFilter, StoredLetter
from babynames_assets_tests.sync.conftest import ARCHIVE, Sync
from babynames_assets_tests.warehouse.letters import contact, fail, found, history, let_hours_pass


def run(sync: Sync, **options: object) -> RedriveReport:
    """Redrive what is due."""
    return redrive(
        sync.engine,
        sync.client,
        run_id="test",
        options=replace(ARCHIVE, **options),  # type: ignore[arg-type]
        on_batch=lambda _report: None,
    )


def refuse(sync: Sync, *names: str, births: int = 2, times: int = 1000) -> None:
    """Bring 1984 to these names and Emma; HubSpot refuses all but Emma, so many times each, and hours pass."""
    sync.load(1984, {**dict.fromkeys(names, births), "Emma": 1})
    for name in names:
        sync.hubspot.order(kind="conflict", path="/batch/upsert", contains=f"1984-F-{name}", times=times)
    sync.push(1984)
    let_hours_pass(sync.engine)


def letter_of(sync: Sync, name: str) -> StoredLetter:
    """The letter of a contact, whatever its status."""
    [letter] = [one for one in found(sync.engine) if one.letter_key == f"1984-F-{name}"]
    return letter


def events(sync: Sync, name: str) -> list[str]:
    """What happened to the letter of a contact."""
    return [event.event for event in history(sync.engine, letter_of(sync, name).id)]


def test_a_contact_arrives_when_the_cause_is_gone(sync: Sync) -> None:
    """HubSpot has it, the state says so, the letter is resolved and tells how it came to that."""
    refuse(sync, "Mary")
    sync.hubspot.end_faults()

    report = run(sync)

    assert (report.accepted, report.refused) == (1, 0)
    assert sync.hubspot.births()["1984-F-Mary"] == "2"
    counts = sync.counts()
    assert (counts.synced, counts.pending, counts.refused) == (2, 0, 0)
    assert letter_of(sync, "Mary").status == "resolved"
    assert letter_of(sync, "Mary").note == "HubSpot took the contact."
    assert events(sync, "Mary") == ["failed", "resolved"]


def test_what_is_sent_is_the_row_as_it_is_now(sync: Sync) -> None:
    """Not the one that was refused: it may be a year old."""
    refuse(sync, "Mary", births=2)
    sync.load(1984, {"Mary": 99, "Emma": 1})
    sync.hubspot.end_faults()

    run(sync)

    assert letter_of(sync, "Mary").payload["births"] == "2"
    assert sync.hubspot.births()["1984-F-Mary"] == "99"
    assert sync.counts().synced == 2


def test_a_contact_that_is_refused_again_waits_longer(sync: Sync) -> None:
    """One attempt more, the next one later, and the state still says refused."""
    refuse(sync, "Mary")
    backoff = Backoff(attempts=5, first_wait=1000, max_wait=1e6)

    report = run(sync, backoff=backoff)

    letter = letter_of(sync, "Mary")
    assert (report.accepted, report.refused) == (0, 1)
    assert (letter.status, letter.attempts) == ("open", 2)
    assert letter.next_attempt_at is not None
    wait = (letter.next_attempt_at - letter.last_attempt_at).total_seconds()
    assert 990 <= wait <= 2010
    assert sync.counts().refused == 1
    assert run(sync, backoff=backoff).letters == 0


def test_after_the_last_attempt_a_letter_waits_for_a_person(sync: Sync) -> None:
    """It stays open, no redrive takes it, and a person's wish is one attempt more."""
    refuse(sync, "Mary")
    twice = Backoff(attempts=2)

    run(sync, backoff=twice)
    exhausted = letter_of(sync, "Mary")
    let_hours_pass(sync.engine)
    by_itself = run(sync, backoff=twice)
    letter_reviews.retry(sync.engine, LetterFilter(ids=[exhausted.id]))
    by_a_person = run(sync, backoff=twice)

    assert (exhausted.status, exhausted.attempts, exhausted.next_attempt_at) == ("open", 2, None)
    assert (by_itself.letters, by_a_person.refused) == (0, 1)
    assert letter_of(sync, "Mary").attempts == 3


def test_a_letter_whose_row_has_gone_is_resolved_without_a_call(sync: Sync) -> None:
    """There is nothing to send any more; nor is there for a key that no row can have."""
    refuse(sync, "Mary")
    sync.load(1984, {"Emma": 1})
    fail(sync.engine, contact("no key of a contact"))
    let_hours_pass(sync.engine)
    before = sync.hubspot.upserts()

    report = run(sync)

    assert report.row_has_gone == 2
    assert sync.hubspot.upserts() == before
    assert "no longer has the row" in (letter_of(sync, "Mary").note or "")
    assert sync.letters() == []


def test_a_row_that_hubspot_has_confirmed_is_not_sent_again(sync: Sync) -> None:
    """A letter that a crash of an older release left open is closed by what the state knows."""
    sync.load(1984, {"Mary": 2})
    sync.push(1984)
    fail(sync.engine, contact("1984-F-Mary"))
    let_hours_pass(sync.engine)
    before = sync.hubspot.upserts()

    report = run(sync)

    assert report.confirmed_before == 1
    assert sync.hubspot.upserts() == before
    assert sync.letters() == []


def test_many_that_are_refused_alike_are_counted_one_by_one(sync: Sync) -> None:
    """A push takes that for a cause of its own and stops; to a redrive it is no news, and each letter waits on."""
    names = [f"Name{letter}" for letter in "abcdefghijkl"]
    refuse(sync, *names[:3])
    refuse(sync, *names[:3], *names[3:6])
    refuse(sync, *names[:6], *names[6:9])
    refuse(sync, *names[:9], *names[9:])

    report = run(sync)

    assert report.refused == len(names)
    assert all(letter.status == "open" and letter.attempts >= 2 for letter in sync.letters())


def test_silence_on_a_whole_batch_is_one_more_attempt_of_each(sync: Sync) -> None:
    """Otherwise contacts that HubSpot never names would be sent for ever, and never counted."""
    refuse(sync, "Mary", "Zoe")
    sync.hubspot.end_faults()
    sync.hubspot.order(kind="drop", path="/batch/upsert", times=1000, count=100)

    report = run(sync)

    assert report.refused == 2
    assert {letter.category for letter in sync.letters()} == {"NO_ANSWER"}


def test_nothing_due_is_nothing_asked(sync: Sync) -> None:
    """Not even the properties: no call is spent."""
    refuse(sync, "Mary")
    run(sync)
    before = sync.hubspot.stats()["requests"]

    report = run(sync)

    assert report.letters == 0
    assert sync.hubspot.stats()["requests"] == before


def test_two_redrives_at_once_send_each_contact_once(sync: Sync) -> None:
    """One of them holds the year, the other leaves it; every letter is resolved."""
    refuse(sync, *(f"Name{letter}" for letter in "abcdefgh"))
    sync.hubspot.end_faults()
    start = threading.Barrier(2)
    clients = [sync.hubspot.client(), sync.hubspot.client()]

    def one(number: int) -> RedriveReport:
        start.wait(timeout=30)
        return redrive(sync.engine, clients[number], run_id=str(number), options=ARCHIVE, on_batch=lambda _report: None)

    with ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(one, range(2)))

    for client in clients:
        client.close()
    assert sum(report.accepted for report in reports) == 8
    assert sync.letters() == []
    assert sync.counts().synced == 9


def test_years_that_a_push_writes_are_left_to_it(sync: Sync) -> None:
    """Their letters stay due, and those of other years are sent."""
    refuse(sync, "Mary")
    sync.load(1999, {"Zoe": 1, "Emma": 1})
    sync.hubspot.order(kind="conflict", path="/batch/upsert", contains="1999-F-Zoe", times=1000)
    sync.push(1999)
    let_hours_pass(sync.engine)
    sync.hubspot.end_faults()
    push = Lease(sync.engine, [1984], ARCHIVE.lease)
    push.take("a push")

    while_held = run(sync)
    push.give_back()
    afterwards = run(sync)

    assert (while_held.years_held, while_held.accepted) == ([1984], 1)
    assert (afterwards.years_held, afterwards.accepted) == ([], 1)
    assert letter_claims.due(sync.engine) is None


def test_a_redrive_gives_the_years_back(sync: Sync) -> None:
    """Whatever its end: the next push does not wait for a lease to run out."""
    refuse(sync, "Mary")

    run(sync)
    sync.load(1984, {"Mary": 3, "Emma": 1})
    sync.hubspot.end_faults()

    assert sync.push(1984).years[1984].created == 1


def test_a_hubspot_that_is_down_leaves_the_letters_as_they_were(sync: Sync) -> None:
    """Nothing was refused: no attempt is counted, and they are due again after the first wait."""
    refuse(sync, "Mary")
    sync.hubspot.end_faults()
    sync.hubspot.order(kind="status", status=503, path="/batch/upsert", times=100)

    with pytest.raises(RetryableError, match="503"):
        run(sync, backoff=Backoff(first_wait=1000))

    letter = letter_of(sync, "Mary")
    assert (letter.status, letter.attempts) == ("open", 1)
    assert "503" in (letter.note or "")
    assert letter.next_attempt_at is not None
    assert letter.next_attempt_at > letter.last_attempt_at + dt.timedelta(seconds=990)
    assert events(sync, "Mary") == ["failed", "released"]


def test_a_token_that_lost_its_scope_stops_the_redrive_with_its_message(sync: Sync) -> None:
    """And the letters wait for the person who mends it."""
    refuse(sync, "Mary")
    sync.hubspot.end_faults()
    sync.hubspot.order(kind="missing_scopes", path="/batch/upsert", times=100)

    with pytest.raises(FatalError, match="scope"):
        run(sync)

    assert letter_of(sync, "Mary").status == "open"


def test_a_day_whose_calls_are_spent_pauses_the_redrive(sync: Sync) -> None:
    """That is no failure: the report says until when, and the letters wait until then."""
    refuse(sync, "Mary")
    sync.hubspot.end_faults()
    sync.hubspot.order(kind="daily", path="/batch/upsert", times=1)

    report = run(sync)

    letter = letter_of(sync, "Mary")
    assert report.is_paused
    assert report.paused_until is not None
    assert letter.next_attempt_at == report.paused_until.astimezone(dt.UTC).replace(tzinfo=None)
    assert (letter.status, letter.attempts) == ("open", 1)


def test_an_exception_from_outside_leaves_no_letter_claimed(sqlite_sync: Sync) -> None:
    """A terminated redrive gives back what it took; what was answered by then is recorded."""
    refuse(sqlite_sync, "Mary")
    sqlite_sync.hubspot.end_faults()

    def stop(_report: RedriveReport) -> None:
        raise SystemExit(143)

    with pytest.raises(SystemExit):
        redrive(sqlite_sync.engine, sqlite_sync.client, run_id="test", options=ARCHIVE, on_batch=stop)

    assert sqlite_sync.counts().synced == 2
    assert letter_of(sqlite_sync, "Mary").status == "resolved"


def test_the_letters_of_a_redrive_that_was_killed_are_sent_by_the_next(sync: Sync) -> None:
    """It took them and died; when its claim has ended they are due again."""
    refuse(sync, "Mary")
    sync.hubspot.end_faults()
    letter_claims.claim(sync.engine, "killed", limit=100)

    before_its_end = run(sync)
    let_hours_pass(sync.engine)
    after_its_end = run(sync)

    assert (before_its_end.letters, after_its_end.accepted) == (0, 1)
    assert letter_of(sync, "Mary").status == "resolved"


def test_an_answer_that_got_lost_does_no_harm(sync: Sync) -> None:
    """HubSpot wrote the contact, the answer never came: the repetition finds it written."""
    refuse(sync, "Mary")
    sync.hubspot.end_faults()
    sync.hubspot.order(kind="apply_then_status", status=504, path="/batch/upsert", times=1)

    report = run(sync)

    assert report.accepted == 1
    assert sync.hubspot.births()["1984-F-Mary"] == "2"


def test_a_redrive_that_lost_its_years_records_nothing_as_its_own(sync: Sync, monkeypatch: pytest.MonkeyPatch) -> None:
    """It stood still, and a sync took the year: the contact is in doubt, its letter is due again, the run fails."""
    monkeypatch.setattr("babynames_assets.sync.redrive.MAX_BATCH", 1)
    refuse(sync, "Mary", "Zoe")
    sync.hubspot.end_faults()

    def lose_the_year(_report: RedriveReport) -> None:
        with sync.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE sync_leases SET holder = 'another sync'")

    one_by_one = replace(ARCHIVE, requests_in_flight=1)
    with pytest.raises(LeaseError, match="another one took its years"):
        redrive(sync.engine, sync.client, run_id="test", options=one_by_one, on_batch=lose_the_year)

    assert sorted(letter.status for letter in found(sync.engine)) == ["open", "resolved"]
    counts = sync.counts()
    assert (counts.synced, counts.pending, counts.refused) == (2, 1, 0)


def test_a_redrive_is_short_and_says_that_there_is_more(sqlite_sync: Sync, monkeypatch: pytest.MonkeyPatch) -> None:
    """A push of the same years waits meanwhile: the rest is for the next one."""
    monkeypatch.setattr("babynames_assets.sync.redrive.MAX_BATCH", 1)
    rows = {f"Name{chr(97 + n // 26)}{chr(97 + n % 26)}": 1 for n in range(BATCHES + 5)}
    sqlite_sync.load(1984, rows)
    fail(sqlite_sync.engine, *(contact(f"1984-F-{name}") for name in rows))
    let_hours_pass(sqlite_sync.engine)

    first, second = run(sqlite_sync), run(sqlite_sync)

    assert (first.accepted, first.has_more) == (BATCHES, True)
    assert (second.accepted, second.has_more) == (5, False)


def test_what_was_done_is_said_in_one_line(sqlite_sync: Sync) -> None:
    """Of numbers, not of contents."""
    refuse(sqlite_sync, "Mary")
    sqlite_sync.hubspot.end_faults()

    with capture_logs() as lines:
        run(sqlite_sync)

    [line] = [line for line in lines if line["event"] == "dead_letters_redriven"]
    assert (line["letters"], line["accepted"], line["refused"]) == (1, 1, 0)
