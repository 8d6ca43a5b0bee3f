"""Tests of the push after one that died between HubSpot's answer and its own commit, while the table changed."""

from dataclasses import replace
from functools import partial

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from babynames_assets.sync.contacts import MAPPING, as_contact, contact_key
from babynames_assets.sync.report import YearPush
from babynames_assets.warehouse import sync_pieces
from babynames_assets.warehouse.engine import run_in_transaction
from babynames_assets_tests.sync.conftest import ARCHIVE, Sync
from babynames_assets_tests.sync.test_push import names

ANY_SHARE = replace(ARCHIVE, max_archive_share=1.0)


def die_while_sending(sync: Sync, *, is_sent: bool = True) -> None:
    """What a push leaves that is killed before or after HubSpot carried out its first batch of 1984."""
    rows = run_in_transaction(sync.engine, partial(sync_pieces.next_changed, year=1984, mapping=MAPPING))
    if is_sent and rows:
        sync.client.ensure_schema()
        sync.client.upsert([as_contact(row, row.births) for row in rows[:100]])


def die_while_archiving(sync: Sync, *, is_sent: bool = True) -> None:
    """What a push leaves that is killed before or after HubSpot archived."""
    gone = run_in_transaction(sync.engine, partial(sync_pieces.next_removed, year=1984))
    if is_sent and gone:
        found = sync.client.find([contact_key(row) for row in gone])
        sync.client.archive([*found.values()])


def test_what_was_sent_is_sent_again_and_found_as_it_is(sync: Sync) -> None:
    """At least once: a hundred contacts a second time, the others once, none twice in HubSpot."""
    sync.load(1984, names(250))
    die_while_sending(sync)

    report = sync.push(1984)

    assert report.years[1984] == YearPush(created=150, updated=100)
    assert sync.hubspot.stats()["writes"]["redundant"] == 100
    assert len(sync.hubspot.births()) == sync.counts().synced == 250


def test_a_row_that_goes_back_to_what_was_confirmed_is_sent(sync: Sync) -> None:
    """HubSpot has the 8 of the sync that died; the 7 that it confirmed before is not what it has."""
    sync.load(1984, {"Mary": 7})
    sync.push(1984)
    sync.load(1984, {"Mary": 8})
    die_while_sending(sync)
    sync.load(1984, {"Mary": 7})

    sync.push(1984)

    assert sync.hubspot.births() == {"1984-F-Mary": "7"}


def test_a_new_row_that_is_deleted_leaves_no_contact_behind(sync: Sync) -> None:
    """The sync that died created it, and nobody knows its id: HubSpot is asked for its key."""
    sync.load(1984, {"Anna": 1})
    sync.push(1984)
    sync.load(1984, {"Anna": 1, "Mary": 7})
    die_while_sending(sync)
    sync.load(1984, {"Anna": 1})

    sync.push(1984)

    assert sync.hubspot.births() == {"1984-F-Anna": "1"}
    assert sync.counts().recorded == 1


def test_a_new_row_that_was_never_sent_and_is_deleted_is_forgotten(sync: Sync) -> None:
    """It was in doubt, HubSpot does not know it, nothing is archived."""
    sync.load(1984, {"Anna": 1})
    sync.push(1984)
    sync.load(1984, {"Anna": 1, "Mary": 7})
    die_while_sending(sync, is_sent=False)
    sync.load(1984, {"Anna": 1})

    sync.push(1984)

    assert sync.counts().recorded == 1
    assert sync.hubspot.stats()["writes"]["archived"] == 0


def test_a_row_that_comes_back_while_its_contact_is_archived_is_sent(sync: Sync) -> None:
    """The state called it synced as it is; HubSpot has archived it."""
    sync.load(1984, {"Anna": 1, "Mary": 7})
    sync.push(1984)
    sync.load(1984, {"Anna": 1})
    die_while_archiving(sync)
    sync.load(1984, {"Anna": 1, "Mary": 7})

    sync.push(1984)

    assert sync.hubspot.births() == {"1984-F-Anna": "1", "1984-F-Mary": "7"}


def test_an_archive_that_was_carried_out_is_no_harm_the_second_time(sync: Sync) -> None:
    """The contact is gone already; its state follows."""
    sync.load(1984, {"Anna": 1, "Mary": 7})
    sync.push(1984)
    sync.load(1984, {"Anna": 1})
    die_while_archiving(sync)

    sync.push(1984)

    assert sync.hubspot.births() == {"1984-F-Anna": "1"}
    assert sync.counts().recorded == 1


def test_a_contact_that_was_written_and_then_refused_is_archived_when_its_row_goes(sync: Sync) -> None:
    """A refused row has no id; HubSpot may have an older version of it all the same."""
    sync.load(1984, {"Anna": 1, "Emma": 1, "Mary": 7})
    die_while_sending(sync)
    sync.hubspot.order(kind="refuse", matches="^Mary$")
    sync.push(1984)
    sync.load(1984, {"Anna": 1, "Emma": 1})

    sync.push(1984)

    assert sync.hubspot.births() == {"1984-F-Anna": "1", "1984-F-Emma": "1"}
    assert sync.letters() == []


def test_a_contact_that_got_another_id_is_archived_by_it(sync: Sync) -> None:
    """Somebody deleted it in HubSpot, a sync created it anew and died: the id of the state is another contact's."""
    sync.load(1984, {"Anna": 1, "Mary": 7})
    sync.push(1984)
    [old] = sync.client.find(["1984-F-Mary"]).values()
    sync.client.archive([old])
    sync.load(1984, {"Anna": 1, "Mary": 8})
    die_while_sending(sync)
    sync.load(1984, {"Anna": 1})

    sync.push(1984)

    assert sync.hubspot.births() == {"1984-F-Anna": "1"}


def test_archiving_costs_no_other_call_than_archiving(sync: Sync) -> None:
    """Where nobody died no contact is looked up: one call for a hundred contacts."""
    sync.load(1984, names(150))
    sync.push(1984)
    sync.load(1984, names(100))
    before = sync.hubspot.stats()["requests"]

    sync.push(1984)

    assert sync.hubspot.stats()["requests"] - before == 1


births = st.dictionaries(st.sampled_from(list(names(8))), st.integers(1, 3), min_size=1)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=births, second=births, third=births, sent=st.booleans(), archived=st.booleans())
def test_whatever_a_sync_that_died_has_done_the_next_one_makes_hubspot_equal_to_the_table(
    sqlite_sync: Sync, first: dict[str, int], second: dict[str, int], third: dict[str, int], sent: bool, archived: bool
) -> None:
    """Three states of the table: the first is synced, the sync of the second dies somewhere, the third comes."""
    sqlite_sync.begin_anew()
    sqlite_sync.load(1984, first)
    sqlite_sync.push(1984, options=ANY_SHARE)
    sqlite_sync.load(1984, second)
    die_while_sending(sqlite_sync, is_sent=sent)
    if sent:
        die_while_archiving(sqlite_sync, is_sent=archived)
    sqlite_sync.load(1984, third)

    sqlite_sync.push(1984, options=ANY_SHARE)

    assert sqlite_sync.hubspot.births() == {f"1984-F-{name}": str(number) for name, number in third.items()}
    assert sqlite_sync.counts().synced == sqlite_sync.counts().recorded == len(third)
