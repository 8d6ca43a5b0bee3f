"""Tests of the states of a dead letter: the table of changes, the guide that shows it, the statements that obey it."""

from dataclasses import dataclass, replace
from pathlib import Path

import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from babynames_assets.resilience.backoff import Backoff
from babynames_assets.warehouse import clock, dead_letters, letter_claims, letter_reviews
from babynames_assets.warehouse.engine import Connection, Engine, run_in_transaction
from babynames_assets.warehouse.letter_queries import LetterFilter
from babynames_assets.warehouse.letter_status import STATUSES, UNSETTLED, Change, Status, status_after
from babynames_assets_tests.warehouse.letters import contact, fail, found, history, let_hours_pass

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "dead-letters.md"
CHANGES: tuple[Change, ...] = ("fail", "claim", "release", "resolve", "discard", "retry")
MOST = 3
KEYS = ("1984-F-Mary", "1984-F-Zoe", "1984-F-Zoë")
WORDS = ("CONFLICT: Existing ID: 6001", "VALIDATION_ERROR: births: not valid")


def test_the_guide_shows_the_table_of_changes() -> None:
    """Every cell of it: what a change makes of a letter in each status, or that it does not apply."""
    rows = [line for line in GUIDE.read_text().splitlines() if line.startswith(tuple(f"| `{one}` " for one in CHANGES))]

    shown = {}
    for row in rows:
        change, _, *cells = [cell.strip() for cell in row.strip("|").split("|")]
        shown[change.strip("`")] = cells

    assert shown == {change: [status_after(change, status) or "-" for status in STATUSES] for change in CHANGES}


def test_a_letter_is_settled_only_by_success_or_by_a_person() -> None:
    """No failure, claim or release closes one."""
    closing = {
        change for change in CHANGES for status in UNSETTLED if status_after(change, status) not in (*UNSETTLED, None)
    }

    assert closing == {"resolve", "discard"}


def test_what_a_person_discarded_stays_so_while_it_fails_in_the_same_words() -> None:
    """Another reason is news, and opens it."""
    assert status_after("fail", "discarded", is_same_reason=True) == "discarded"
    assert status_after("fail", "discarded") == "open"


def test_a_claim_that_has_ended_leaves_a_letter_as_open_as_any() -> None:
    """A redrive that died does not keep a person from deciding."""
    for change in ("claim", "discard", "retry"):
        assert status_after(change, "retrying") is None
        assert status_after(change, "retrying", claim_has_ended=True) == status_after(change, "open")
    assert status_after("release", "retrying", claim_has_ended=True) == "open"


@dataclass(frozen=True)
class Model:
    """A letter as the rules say it should be."""

    status: Status = "open"
    error: str = WORDS[0]
    attempts: int = 1
    claim: str | None = None
    is_due: bool = False
    waits: bool = True
    events: int = 1


class Letters(RuleBasedStateMachine):
    """Any order of changes: the table of the warehouse follows the table of the rules."""

    engine: Engine

    @initialize()
    def nothing(self) -> None:
        """No letter yet."""
        self.model: dict[str, Model] = {}
        self.claims = 0
        with self.engine.begin() as connection:
            for table in ("dead_letters", "dead_letter_events"):
                connection.execute(sa.text(f"DELETE FROM {table}"))

    @rule(key=st.sampled_from(KEYS), words=st.sampled_from(WORDS))
    def fail(self, key: str, words: str) -> None:
        """Something is refused, for the first time or again."""
        fail(self.engine, replace(contact(key), error=words), backoff=Backoff(attempts=MOST))
        if (before := self.model.get(key)) is None:
            self.model[key] = Model(error=words)
            return
        status = status_after("fail", before.status, is_same_reason=words == before.error)
        assert status
        attempts = 1 if before.status == "resolved" else before.attempts + 1
        waits = status == "open" and attempts < MOST
        self.model[key] = Model(status, words, attempts, waits=waits, events=before.events + 1)

    @rule(key=st.sampled_from(KEYS))
    def resolve(self, key: str) -> None:
        """It went through after all."""
        run_in_transaction(self.engine, lambda connection: dead_letters.resolve(connection, "sync", [key, "unknown"]))
        self.change("resolve", [key])

    @rule(key=st.sampled_from(KEYS))
    def discard(self, key: str) -> None:
        """A person leaves it at that."""
        letter_reviews.discard(self.engine, self.of(key), reason="known")
        self.change("discard", [key])

    @rule(key=st.sampled_from(KEYS))
    def retry(self, key: str) -> None:
        """A person wants another attempt now."""
        letter_reviews.retry(self.engine, self.of(key))
        self.change("retry", [key], is_due=True)

    @rule(limit=st.integers(1, len(KEYS)))
    def claim(self, limit: int) -> None:
        """A redrive takes what is due."""
        self.claims += 1
        due = {key for key, letter in self.model.items() if letter.is_due and self.next_status("claim", letter)}

        taken = {letter.letter_key for letter in letter_claims.claim(self.engine, str(self.claims), limit=limit)}

        assert taken <= due
        assert len(taken) == min(limit, len(due))
        for key in taken:
            self.model[key] = replace(self.model[key], status="retrying", claim=str(self.claims), is_due=False)

    @rule()
    def release(self) -> None:
        """The last redrive gives back what it still holds, and it is due at once."""
        mine = [key for key, letter in self.model.items() if letter.claim == str(self.claims)]

        def give_back(connection: Connection) -> int:
            now = clock.moment(connection)
            return letter_claims.release(connection, str(self.claims), until=now, note="down")

        assert run_in_transaction(self.engine, give_back) == len(mine)
        self.change("release", mine, is_due=True)

    @rule()
    def hours_pass(self) -> None:
        """Waits and claims come to their ends."""
        let_hours_pass(self.engine)
        for key, letter in self.model.items():
            self.model[key] = replace(letter, is_due=letter.waits)

    @invariant()
    def the_warehouse_says_the_same(self) -> None:
        """Status, words, attempts, claim, whether it waits, and one event for each change."""
        stored = {letter.letter_key: letter for letter in found(self.engine)}
        with self.engine.connect() as connection:
            rows = connection.execute(sa.text("SELECT letter_key, claimed_by FROM dead_letters"))
            claims = {row.letter_key: row.claimed_by for row in rows}
        assert stored.keys() == self.model.keys()
        for key, model in self.model.items():
            letter = stored[key]
            assert (letter.status, letter.error, letter.attempts) == (model.status, model.error, model.attempts)
            assert (letter.next_attempt_at is not None) == model.waits
            assert claims[key] == model.claim
            assert len(history(self.engine, letter.id)) == model.events

    def of(self, key: str) -> LetterFilter:
        """The letter of a key, as a person names it."""
        return LetterFilter(ids=[letter.id for letter in found(self.engine) if letter.letter_key == key])

    def next_status(self, change: Change, letter: Model) -> Status | None:
        """What the rules say."""
        return status_after(change, letter.status, claim_has_ended=letter.status == "retrying" and letter.is_due)

    def change(self, change: Change, keys: list[str], *, is_due: bool = False) -> None:
        """Do to the model what was done to the warehouse."""
        for key in keys:
            before = self.model.get(key)
            if before and (status := self.next_status(change, before)):
                self.model[key] = replace(
                    before, status=status, claim=None, is_due=is_due, waits=is_due, events=before.events + 1
                )


def test_every_order_of_changes_obeys_the_rules(engine: Engine) -> None:
    """The statements on SQLite, MySQL and MariaDB make of every letter what the table of changes says."""

    class OnThisDatabase(Letters):
        pass

    OnThisDatabase.engine = engine

    run_state_machine_as_test(
        OnThisDatabase,
        settings=settings(
            max_examples=20,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
        ),
    )
