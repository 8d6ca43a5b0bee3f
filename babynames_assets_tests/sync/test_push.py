"""Tests of the push: what is sent, what is recorded, what a bad day leaves behind."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from babynames_assets.errors import FatalError, RetryableError
from babynames_assets.sync.push import push_years
from babynames_assets.sync.report import PushOptions, PushReport, YearPush
from babynames_assets.sync.set_aside import BatchesLeftError
from babynames_assets_tests.sync.conftest import ARCHIVE, Sync

KEEP = PushOptions(requests_in_flight=4, removed_contacts="keep", max_archive_share=0.5)


def names(count: int, births: int = 10) -> dict[str, int]:
    """Different names, all with the same births."""
    return {f"Name{chr(97 + number // 26)}{chr(97 + number % 26)}": births for number in range(count)}


def test_every_row_becomes_a_contact(sync: Sync) -> None:
    """After the first push HubSpot holds each row, and the state says so."""
    sync.load(1984, {"Mary": 9291, "Zoe": 5, "Zoë": 6, "ZOE": 7})

    report = sync.push(1984)

    assert report.years == {1984: YearPush(created=4)}
    assert sync.hubspot.births() == {"1984-F-Mary": "9291", "1984-F-Zoe": "5", "1984-F-Zoë": "6", "1984-F-ZOE": "7"}
    counts = sync.counts()
    assert (counts.synced, counts.pending, counts.refused, counts.to_remove) == (4, 0, 0, 0)


def test_a_second_push_sends_nothing(sync: Sync) -> None:
    """What HubSpot confirmed is not sent again."""
    sync.load(1984, names(150))
    sync.push(1984)
    before = sync.hubspot.upserts()

    report = sync.push(1984)

    assert report.contacts == 0
    assert sync.hubspot.upserts() == before


def test_a_push_with_nothing_to_do_makes_no_call(sync: Sync) -> None:
    """Not even to look at the properties: a sync a day of 145 years costs nothing when nothing is new."""
    sync.load(1984, names(3))
    sync.push(1984)
    before = sync.hubspot.stats()["requests"]

    sync.push(1984, 1985)

    assert sync.hubspot.stats()["requests"] == before


def test_a_push_makes_exactly_the_calls_that_the_difference_needs(sync: Sync) -> None:
    """250 new, 130 changed and 20 gone: four batches and one archive; nothing is written that HubSpot has so."""
    sync.load(1984, names(400))
    sync.push(1984)
    before = sync.hubspot.stats()
    again = {f"New{name[4:]}": 5 for name in names(250)}
    sync.load(1984, {**dict(list(names(380).items())), **dict.fromkeys(list(names(130)), 11), **again})

    sync.push(1984)

    after = sync.hubspot.stats()
    calls = {path: number - before["by_path"].get(path, 0) for path, number in after["by_path"].items()}
    assert {path.rsplit("/", 1)[1]: number for path, number in calls.items() if "batch" in path} == {
        "upsert": 4,
        "archive": 1,
    }
    assert after["writes"]["redundant"] == 0


def test_as_many_requests_are_under_way_as_allowed_and_no_more(sqlite_sync: Sync) -> None:
    """With seven batches, and answers slower than any machine sends five: five at a time."""
    sqlite_sync.load(1984, names(650))
    sqlite_sync.hubspot.order(kind="slow", path="/batch/upsert", delay=0.5, rate=1.0)

    sqlite_sync.push(1984, options=replace(ARCHIVE, requests_in_flight=5))

    assert sqlite_sync.hubspot.stats()["max_in_flight"] == 5
    assert sqlite_sync.counts().synced == 650


def test_only_what_changed_is_sent(sync: Sync) -> None:
    """One new row and one other count are one call of two contacts."""
    sync.load(1984, names(150))
    sync.push(1984)
    before = sync.hubspot.upserts()
    sync.load(1984, {**names(150), "Nameaa": 99, "Newcomer": 1})

    report = sync.push(1984)

    assert report.years[1984] == YearPush(created=1, updated=1)
    assert sync.hubspot.upserts() == before + 1
    assert sync.hubspot.births()["1984-F-Nameaa"] == "99"


def test_batches_are_filled_across_years(sync: Sync) -> None:
    """Three years of 40 names are two calls, not three."""
    for year in (2001, 2002, 2003):
        sync.load(year, names(40))

    report = sync.push(2001, 2002, 2003)

    assert sync.hubspot.upserts() == 2
    assert {year: push.created for year, push in report.years.items()} == {2001: 40, 2002: 40, 2003: 40}


def test_other_years_are_not_touched(sync: Sync) -> None:
    """A push of one year sends nothing of another."""
    sync.load(2001, names(3))
    sync.load(2002, names(3))

    sync.push(2001)

    assert sync.counts().pending == 3
    assert len(sync.hubspot.births()) == 3


def test_the_contact_of_a_row_that_has_gone_is_archived(sync: Sync) -> None:
    """HubSpot follows removals too, and the state forgets the contact."""
    sync.load(1984, names(10))
    sync.push(1984)
    sync.load(1984, names(9))

    report = sync.push(1984)

    assert report.years[1984] == YearPush(archived=1)
    assert len(sync.hubspot.births()) == 9
    assert sync.counts().recorded == 9


def test_a_row_that_comes_back_is_created_again(sync: Sync) -> None:
    """Archived and then back in a later release: the contact exists once more."""
    sync.load(1984, names(10))
    sync.push(1984)
    sync.load(1984, names(9))
    sync.push(1984)
    sync.load(1984, names(10))

    sync.push(1984)

    assert len(sync.hubspot.births()) == 10
    assert sync.counts().synced == 10


def test_contacts_are_kept_where_the_setting_says_so(sqlite_sync: Sync) -> None:
    """With removed_contacts=keep nothing is archived."""
    sqlite_sync.load(1984, names(10))
    sqlite_sync.push(1984)
    sqlite_sync.load(1984, names(9))

    report = sqlite_sync.push(1984, options=KEEP)

    assert report.contacts == 0
    assert len(sqlite_sync.hubspot.births()) == 10


def test_archiving_too_large_a_share_is_refused_and_changes_nothing(sqlite_sync: Sync) -> None:
    """A table that was emptied by accident does not empty HubSpot."""
    sqlite_sync.load(1984, names(10))
    sqlite_sync.push(1984)
    sqlite_sync.empty(1984)

    with pytest.raises(FatalError, match=r"10 of the 10 contacts of 1984.*BABYNAMES_HUBSPOT__MAX_ARCHIVE_SHARE"):
        sqlite_sync.push(1984)

    assert len(sqlite_sync.hubspot.births()) == 10


def test_one_year_that_lost_too_much_keeps_every_contact_of_all_years(sync: Sync) -> None:
    """A source that shrank by half: nothing is archived anywhere, what is new arrives all the same."""
    sync.load(1984, names(10))
    sync.load(1985, names(10))
    sync.push(1984, 1985)
    sync.load(1984, names(9))
    sync.load(1985, {**names(4), "Newcomer": 1})

    with pytest.raises(FatalError, match=r"6 of the 11 contacts of 1985 .* no contact of any year is archived"):
        sync.push(1984, 1985)

    assert len(sync.hubspot.births()) == 21
    assert sync.hubspot.stats()["writes"]["archived"] == 0


def test_a_refused_contact_is_a_dead_letter_and_does_not_hold_up_the_others(sync: Sync) -> None:
    """The reason is HubSpot's, the payload is what was sent, and all others arrive."""
    sync.load(1984, names(120))
    sync.push(1984)  # properties exist now, and can be broken
    sync.load(1984, {**names(120), "Anna": 1, "Mary": 2})
    sync.hubspot.order(kind="conflict", path="/batch/upsert", contains="1984-F-Mary", times=1000)

    report = sync.push(1984)

    assert report.years[1984] == YearPush(created=1, refused=1)
    [letter] = sync.letters()
    assert letter.letter_key == "1984-F-Mary"
    assert letter.year == 1984
    assert letter.payload["firstname"] == "Mary"
    assert "CONFLICT" in letter.error
    counts = sync.counts()
    assert (counts.synced, counts.pending, counts.refused) == (121, 0, 1)


def test_a_refused_contact_is_not_sent_again_until_its_row_changes(sync: Sync) -> None:
    """The second push leaves it alone; a new count sends it, and its dead letter is resolved."""
    sync.load(1984, {"Mary": 2})
    sync.hubspot.order(kind="conflict", path="/batch/upsert", contains="1984-F-Mary", times=1)
    sync.push(1984)
    before = sync.hubspot.upserts()

    again = sync.push(1984)
    sent_again = sync.hubspot.upserts() - before
    sync.load(1984, {"Mary": 3})
    changed = sync.push(1984)

    assert (again.contacts, sent_again) == (0, 0)
    assert changed.years[1984] == YearPush(created=1)
    assert sync.letters() == []
    assert sync.hubspot.births() == {"1984-F-Mary": "3"}


def test_a_refused_contact_whose_row_goes_is_forgotten_with_its_letter(sync: Sync) -> None:
    """Nothing is left of it to archive, and nobody has to look at its letter any more."""
    sync.load(1984, {"Mary": 2, "Anna": 1, "Emma": 1})
    sync.hubspot.order(kind="conflict", path="/batch/upsert", contains="1984-F-Mary", times=1000)
    sync.push(1984)
    sync.load(1984, {"Anna": 1, "Emma": 1})

    sync.push(1984)

    assert sync.letters() == []
    assert sync.counts().recorded == 2


def test_what_was_answered_before_a_fatal_error_is_recorded(sqlite_sync: Sync) -> None:
    """A token that loses its scope in the middle: what HubSpot took before is never sent again."""
    sqlite_sync.load(1984, names(600))
    sqlite_sync.hubspot.order(kind="missing_scopes", path="/batch/upsert", skip=3, times=100)

    with pytest.raises(FatalError, match="scope"):
        sqlite_sync.push(1984, options=replace(ARCHIVE, requests_in_flight=2))

    arrived = sqlite_sync.hubspot.births()
    counts = sqlite_sync.counts()
    assert len(arrived) == 300
    assert (counts.synced, counts.pending) == (300, 300)


def test_what_was_in_flight_behind_a_failed_batch_is_recorded_too(sqlite_sync: Sync) -> None:
    """The first batch fails, those sent beside it are answered: their outcome is not thrown away."""
    sqlite_sync.load(1984, names(400))
    sqlite_sync.hubspot.order(kind="status", status=503, contains="1984-F-Nameaa", times=1000)

    with pytest.raises(RetryableError):
        sqlite_sync.push(1984)

    assert len(sqlite_sync.hubspot.births()) == sqlite_sync.counts().synced == 300


def test_a_batch_that_gets_no_answer_keeps_nothing_else_waiting(sync: Sync) -> None:
    """All its tries fail: the others are sent, what has gone is archived, and the error says what is left."""
    sync.load(1984, names(400))
    sync.push(1984)
    sync.load(1984, names(390, births=2))
    sync.hubspot.order(kind="status", status=503, path="/batch/upsert", contains="1984-F-Nameaa", times=6)

    with pytest.raises(BatchesLeftError, match="could not answer 1 of the batches, which stay pending"):
        sync.push(1984)

    counts = sync.counts()
    assert (counts.pending, counts.synced, len(sync.hubspot.births())) == (100, 290, 390)
    assert sync.push(1984).years[1984] == YearPush(updated=100)


def test_a_batch_that_is_answered_at_last_needs_no_second_push(sync: Sync) -> None:
    """Its tries are spent in the middle; behind all others it goes through."""
    sync.load(1984, names(400))
    sync.hubspot.order(kind="status", status=503, contains="1984-F-Nameaa", times=3)

    report = sync.push(1984)

    assert report.years[1984] == YearPush(created=400)
    assert len(sync.hubspot.births()) == sync.counts().synced == 400


def test_whoever_cannot_be_told_of_progress_does_not_change_the_count(sync: Sync) -> None:
    """The error ends the push; its report counts every contact that was answered, once."""
    sync.load(1984, names(1500))
    told: list[PushReport] = []

    def tell(report: PushReport) -> None:
        told.append(report)
        raise ValueError("no console")

    with pytest.raises(ValueError, match="no console"):
        push_years(sync.engine, sync.client, [1984], run_id="test", options=ARCHIVE, on_batch=tell)

    assert told[-1].contacts == sync.counts().synced == len(sync.hubspot.births())


def test_the_push_after_a_failed_one_converges(sync: Sync) -> None:
    """Nothing needs to be cleaned up: the next push sends what is missing and no more."""
    sync.load(1984, names(400))
    sync.hubspot.order(kind="status", status=503, contains="1984-F-Nameaa", times=6)
    with pytest.raises(RetryableError):
        sync.push(1984)
    before = sync.hubspot.upserts()

    report = sync.push(1984)

    assert report.years[1984].created == 100
    assert sync.hubspot.upserts() == before + 1
    assert len(sync.hubspot.births()) == sync.counts().synced == 400


def test_an_answer_that_got_lost_does_no_harm(sync: Sync) -> None:
    """HubSpot wrote the batch, the answer never came: the repetition finds it written."""
    sync.load(1984, names(100))
    sync.hubspot.order(kind="apply_then_status", status=504, path="/batch/upsert", times=1)

    report = sync.push(1984)

    assert report.years[1984] == YearPush(updated=100)
    assert len(sync.hubspot.births()) == sync.counts().synced == 100


def test_a_contact_that_hubspot_passes_over_in_silence_is_not_shown_as_sent(sync: Sync) -> None:
    """A 200 that does not name a contact is not an acknowledgement of it."""
    sync.load(1984, names(3))
    sync.hubspot.order(kind="drop", path="/batch/upsert", times=2)

    sync.push(1984)

    counts = sync.counts()
    assert counts.synced + counts.refused == 3
    assert counts.refused == len(sync.letters()) == 1


def test_progress_is_told_after_each_recorded_batch(sqlite_sync: Sync) -> None:
    """What is told is what is recorded."""
    from babynames_assets.sync.push import push_years  # noqa: PLC0415 - the fixture wraps it without progress

    sqlite_sync.load(1984, names(250))
    told: list[tuple[int, int]] = []

    push_years(
        sqlite_sync.engine,
        sqlite_sync.client,
        [1984],
        run_id="test",
        options=ARCHIVE,
        on_batch=lambda report: told.append((report.contacts, sqlite_sync.counts().synced)),
    )

    assert told[-1] == (250, 250)
    assert all(answered == recorded for answered, recorded in told)


births = st.dictionaries(st.sampled_from(list(names(12))), st.integers(1, 3), min_size=1)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=births, second=births)
def test_whatever_the_table_becomes_hubspot_becomes_it_too(
    sqlite_sync: Sync, first: dict[str, int], second: dict[str, int]
) -> None:
    """Any two states of a year: after each push HubSpot equals the table."""
    sqlite_sync.begin_anew()
    options = replace(ARCHIVE, max_archive_share=1.0)
    for state in (first, second):
        sqlite_sync.load(1999, state)

        sqlite_sync.push(1999, options=options)

        assert sqlite_sync.hubspot.births() == {f"1999-F-{name}": str(number) for name, number in state.items()}
        assert sqlite_sync.counts().pending == 0
