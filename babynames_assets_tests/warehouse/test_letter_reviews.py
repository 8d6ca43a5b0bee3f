"""Tests of what a person decides of dead letters."""

import pytest

from babynames_assets.warehouse.engine import Engine
from babynames_assets.warehouse.letter_claims import claim, due
from babynames_assets.warehouse.letter_queries import LetterFilter
from babynames_assets.warehouse.letter_reviews import discard, retry
from babynames_assets.warehouse.letter_status import UNSETTLED
from babynames_assets_tests.warehouse.letters import (
    ANYTHING,
    CONTACT,
    LINE,
    contact,
    fail,
    found,
    history,
    let_hours_pass,
    line,
    only,
)


def test_a_retried_letter_is_due_now_whatever_attempts_it_had(engine: Engine) -> None:
    """Also one that no redrive would ever take by itself again."""
    for _ in range(12):
        fail(engine, CONTACT)
    exhausted = only(engine)

    done = retry(engine, ANYTHING)

    assert (exhausted.attempts, exhausted.next_attempt_at) == (12, None)
    assert (done.changed, dict(done.passed_over)) == (1, {})
    assert due(engine) is not None
    assert [event.event for event in history(engine, exhausted.id)][-1] == "retried"


def test_a_line_is_passed_over_and_counted(engine: Engine) -> None:
    """Sending it would mean nothing: nobody is told that it was retried."""
    fail(engine, LINE, CONTACT)

    done = retry(engine, ANYTHING)

    assert done.changed == 1
    assert dict(done.passed_over) == {("import", "open"): 1}


def test_a_discarded_letter_keeps_the_reason_and_waits_for_nothing(engine: Engine) -> None:
    """Whoever asks later why it was left finds the answer at the letter and in its history."""
    fail(engine, CONTACT)
    let_hours_pass(engine)

    done = discard(engine, ANYTHING, reason="a test account; 'quoted', 100 %, ë")

    letter = only(engine)
    assert done.changed == 1
    assert (letter.status, letter.next_attempt_at) == ("discarded", None)
    assert letter.note == history(engine, letter.id)[-1].note == "a test account; 'quoted', 100 %, ë"
    assert due(engine) is None


def test_a_discarded_letter_can_be_taken_up_again(engine: Engine) -> None:
    """A decision may be reversed; the history keeps both."""
    fail(engine, CONTACT)
    discard(engine, ANYTHING, reason="known")

    retry(engine, ANYTHING)

    letter = only(engine)
    assert (letter.status, letter.note) == ("open", None)
    assert [event.event for event in history(engine, letter.id)] == ["failed", "discarded", "retried"]


def test_what_a_redrive_holds_is_left_to_it(engine: Engine) -> None:
    """Its outcome comes in a moment; the count says that it was passed over and what it is."""
    fail(engine, CONTACT)
    let_hours_pass(engine)
    claim(engine, "a redrive", limit=1)

    done = [discard(engine, ANYTHING, reason="known"), retry(engine, ANYTHING)]

    assert [(one.changed, dict(one.passed_over)) for one in done] == [(0, {("sync", "retrying"): 1})] * 2
    assert only(engine).status == "retrying"


def test_only_what_the_filter_means_is_changed(engine: Engine) -> None:
    """The others stay as they are."""
    fail(engine, contact("1984-F-Mary"), contact("1984-F-Zoe"), LINE)
    [mary, *_] = found(engine, LetterFilter(service="sync"))

    discard(engine, LetterFilter(ids=[mary.id]), reason="known")

    assert {letter.letter_key: letter.status for letter in found(engine)} == {
        "1984-F-Mary": "discarded",
        "1984-F-Zoe": "open",
        LINE.letter_key: "open",
    }


@pytest.mark.parametrize("count", [0, 999, 1000, 1001, 2500])
def test_every_letter_is_reached_whatever_their_number(sqlite_engine: Engine, count: int) -> None:
    """Page by page, although discarding takes them out of the filter that pages are read by."""
    fail(sqlite_engine, *(line(number) for number in range(count)))

    done = discard(sqlite_engine, LetterFilter(statuses=UNSETTLED), reason="an old file")

    assert done.changed == count
    assert [letter.status for letter in found(sqlite_engine)] == ["discarded"] * count
