"""Upserts: every contact that goes in comes out accepted or refused, whatever HubSpot does."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from babynames_assets.errors import FatalError, RetryableError
from babynames_assets.hubspot.client import HubSpotClient
from babynames_assets.hubspot.contact_writes import NO_ANSWER, Accepted, BatchOutcome, ContactWrite
from babynames_assets_tests.hubspot.emulated import UPSERT, Emulated, contact
from babynames_assets_tests.hubspot.free_pace import FreeBooks, free_pace

BATCH = [contact(f"Name{number}", births=number) for number in range(100)]
KEYS = {one.key for one in BATCH}
WITH_ONE_EMULATOR = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def test_new_contacts_are_created(client: HubSpotClient, hubspot: Emulated) -> None:
    """A batch of new contacts is created in one call, each with an id of its own, and HubSpot holds its values."""
    outcome = client.upsert(BATCH)

    assert outcome.accepted.keys() == KEYS
    assert outcome.refused == {}
    assert all(accepted.is_new for accepted in outcome.accepted.values())
    assert len({accepted.hubspot_id for accepted in outcome.accepted.values()}) == 100
    assert hubspot.births() == {f"1984-F-Name{number}": str(number) for number in range(100)}
    assert hubspot.upserts() == 1


def test_known_contacts_are_updated(client: HubSpotClient, hubspot: Emulated) -> None:
    """The second write of a contact keeps its id and is not new."""
    first = client.upsert([contact("Mary", births=5)])

    second = client.upsert([contact("Mary", births=6)])

    assert second.accepted == {"1984-F-Mary": Accepted(first.accepted["1984-F-Mary"].hubspot_id, is_new=False)}
    assert hubspot.births() == {"1984-F-Mary": "6"}


@pytest.mark.parametrize("version", ["v3", "2026-03", "2026-09"])
def test_every_version_of_the_api_takes_an_upsert(hubspot: Emulated, version: str) -> None:
    """The client works with the old paths and with the dated ones."""
    client = hubspot.client(api_version=version)

    client.ensure_schema()
    outcome = client.upsert([contact("Mary")])
    client.archive([outcome.accepted["1984-F-Mary"].hubspot_id])

    assert hubspot.births() == {}
    assert hubspot.stats()["by_status"] == {"404": 4, "201": 4, "200": 2, "204": 1}
    client.close()


def test_no_contacts_are_no_call(client: HubSpotClient, hubspot: Emulated) -> None:
    """An empty batch is not sent."""
    assert client.upsert([]) == BatchOutcome()
    assert hubspot.upserts() == 0


@pytest.mark.parametrize("batch", [[*BATCH, contact("Mary")], [contact("Mary", 1), contact("Mary", 2)]])
def test_a_batch_that_cannot_be_sent_is_a_bug(client: HubSpotClient, batch: list[ContactWrite]) -> None:
    """More than a hundred contacts, or a key twice, is the caller's mistake."""
    with pytest.raises(ValueError, match="at most 100 contacts, each key once"):
        client.upsert(batch)


@pytest.mark.parametrize(
    "name", ["Zoë", "O'Brien", 'Say "hi"', "李", "<b>x</b>", "=cmd|' /C calc'!A0", "a\\b", "x" * 300]
)
def test_names_arrive_as_they_are(client: HubSpotClient, hubspot: Emulated, name: str) -> None:
    """Whatever a name is made of, HubSpot holds it unchanged."""
    outcome = client.upsert([contact(name)])

    assert outcome.accepted.keys() == {f"1984-F-{name}"}
    assert hubspot.births() == {f"1984-F-{name}": "100"}


def test_names_that_differ_by_case_or_accent_are_different_contacts(client: HubSpotClient, hubspot: Emulated) -> None:
    """Zoe, Zoë and ZOE are three contacts."""
    outcome = client.upsert([contact("Zoe"), contact("Zoë"), contact("ZOE")])

    assert len(outcome.accepted) == 3
    assert len(hubspot.births()) == 3


def test_a_refused_contact_says_why_in_words(client: HubSpotClient, hubspot: Emulated) -> None:
    """A contact with a bad value is refused with the property, the value and the code; the others are written."""
    outcome = client.upsert([contact("Mary"), contact("Anna", births="many")])

    assert outcome.accepted.keys() == {"1984-F-Mary"}
    refusal = outcome.refused["1984-F-Anna"]
    assert refusal.category == "VALIDATION_ERROR"
    assert refusal.message == "births: many was not a valid number. (INVALID_INTEGER)"
    assert hubspot.upserts() == 1


@WITH_ONE_EMULATOR
@given(bad=st.sets(st.integers(0, 99)))
def test_exactly_the_bad_contacts_are_refused(hubspot: Emulated, bad: set[int]) -> None:
    """Whichever contacts of a batch hold a bad value, those are refused and all others are accepted."""
    hubspot.reset()
    client = hubspot.client()
    client.ensure_schema()
    batch = [contact(f"N{number}", births=f"x{number}" if number in bad else 1) for number in range(100)]

    outcome = client.upsert(batch)

    assert outcome.refused.keys() == {f"1984-F-N{number}" for number in bad}
    assert outcome.accepted.keys() == hubspot.births().keys() == {one.key for one in batch} - outcome.refused.keys()
    client.close()


@WITH_ONE_EMULATOR
@given(bad=st.sets(st.integers(0, 99), max_size=6), kind=st.sampled_from(["conflict", "bad request"]))
def test_a_batch_refused_whole_is_halved_down_to_the_culprits(hubspot: Emulated, bad: set[int], kind: str) -> None:
    """Whichever contacts make HubSpot refuse every batch that they are in, only those are refused in the end."""
    hubspot.reset()
    client = hubspot.client()
    client.ensure_schema()
    for number in bad:
        if kind == "conflict":
            hubspot.order(kind="conflict", contains=f'"1984-F-N{number}"', times=1000)
        else:
            hubspot.order(kind="status", status=400, contains=f'"1984-F-N{number}"', times=1000)

    outcome = client.upsert([contact(f"N{number}") for number in range(100)])

    assert outcome.refused.keys() == {f"1984-F-N{number}" for number in bad}
    assert outcome.accepted.keys() == hubspot.births().keys()
    assert len(outcome.accepted) == 100 - len(bad)
    assert hubspot.upserts() <= 1 + 2 * 7 * len(bad)
    client.close()


def test_a_conflict_carries_its_category_and_correlation_id(client: HubSpotClient, hubspot: Emulated) -> None:
    """The culprit of a conflict is refused with HubSpot's category, words and correlation id."""
    hubspot.order(kind="conflict", contains="1984-F-Anna", times=1000)

    refusal = client.upsert([contact("Mary"), contact("Anna")]).refused["1984-F-Anna"]

    assert refusal.category == "CONFLICT"
    assert refusal.message == "Contact already exists. Existing ID: 6001"
    assert len(refusal.correlation_id) == 36


@pytest.mark.parametrize("fault", [{"kind": "conflict"}, {"kind": "status", "status": 400}])
def test_a_batch_refused_for_one_reason_stops_the_sync(
    client: HubSpotClient, hubspot: Emulated, fault: dict[str, object]
) -> None:
    """When HubSpot refuses all of many contacts in the same words, the sync stops and no contact is blamed."""
    hubspot.order(**fault, path="upsert", times=1000)

    with pytest.raises(FatalError, match=r"refuses all 10 contacts .*Mend the cause"):
        client.upsert(BATCH[:10])

    assert client.upsert(BATCH[:9]).refused.keys() == {one.key for one in BATCH[:9]}


def test_a_property_that_vanishes_stops_the_sync(client: HubSpotClient, hubspot: Emulated) -> None:
    """When somebody deletes a property during a sync, the sync stops and names it; the next one creates it anew."""
    hubspot.call("DELETE", "/crm/properties/2026-03/contacts/births")

    with pytest.raises(FatalError, match=r'Property "births" does not exist \(PROPERTY_DOESNT_EXIST\)'):
        client.upsert(BATCH)

    client.ensure_schema()
    assert client.upsert(BATCH).accepted.keys() == KEYS


def test_a_refusal_in_a_207_has_a_correlation_id(client: HubSpotClient) -> None:
    """The correlation id of the answer goes with each refusal in it."""
    [refusal] = client.upsert([contact("Mary"), contact("Anna", births="x")]).refused.values()

    assert len(refusal.correlation_id) == 36


def test_text_that_is_no_unicode_is_refused_alone(client: HubSpotClient) -> None:
    """A name with half a character in it, which no JSON can carry, is refused; its neighbours are written."""
    outcome = client.upsert([contact("Mary"), contact("\ud800"), contact("Anna")])

    assert outcome.accepted.keys() == {"1984-F-Mary", "1984-F-Anna"}
    assert outcome.refused["1984-F-\ud800"].category == "HTTP_400"


FAULTS = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(
            ["burst", "locked", "status", "apply_then_status", "drop", "cut", "apply_then_cut", "page", "conflict"]
        ),
        "status": st.sampled_from([400, 500, 502, 503, 504, 524]),
        "skip": st.integers(0, 3),
        "times": st.integers(1, 3),
        "count": st.integers(1, 40),
    }
)


@WITH_ONE_EMULATOR
@given(script=st.lists(FAULTS, max_size=5), bad=st.sets(st.integers(0, 39), max_size=5))
def test_no_contact_is_ever_called_sent_that_is_not_there(
    hubspot: Emulated, script: list[dict[str, object]], bad: set[int]
) -> None:
    """On any bad day a batch either fails with a clear error, or tells the truth about each of its contacts."""
    hubspot.reset()
    client = hubspot.client()
    client.ensure_schema()
    for fault in script:
        hubspot.order(**fault)
    batch = [contact(f"N{number}", births=f"x{number}" if number in bad else number) for number in range(40)]

    outcome = BatchOutcome()
    with suppress(RetryableError, FatalError):
        outcome = client.upsert(batch)
        assert outcome.accepted.keys() | outcome.refused.keys() == {one.key for one in batch}
        assert not outcome.accepted.keys() & outcome.refused.keys()

    there = hubspot.births()
    assert outcome.accepted.keys() <= there.keys()
    assert len(there) == hubspot.stats()["contacts"]
    client.close()


def test_a_contact_passed_over_in_silence_is_sent_once_more(client: HubSpotClient, hubspot: Emulated) -> None:
    """Contacts that a 200 does not name are sent again alone, and accepted when HubSpot names them."""
    hubspot.order(kind="drop", count=3, path="upsert")

    outcome = client.upsert(BATCH)

    assert outcome.accepted.keys() == KEYS
    assert hubspot.upserts() == 2


def test_lasting_silence_is_a_refusal(client: HubSpotClient, hubspot: Emulated) -> None:
    """A contact that HubSpot does not name twice is refused: silence is not success."""
    hubspot.order(kind="drop", count=1, path="upsert")
    hubspot.order(kind="drop", count=1, path="upsert")

    outcome = client.upsert(BATCH)

    assert len(outcome.accepted) == 99
    [refusal] = outcome.refused.values()
    assert refusal.category == NO_ANSWER
    assert "neither as written nor as refused" in refusal.message


def test_silence_on_a_whole_batch_blames_no_contact(client: HubSpotClient, hubspot: Emulated) -> None:
    """When HubSpot names none of a batch twice, the batch fails as a whole, because no contact is at fault."""
    hubspot.order(kind="drop", count=100, path="upsert", times=2)

    with pytest.raises(RetryableError, match="named none of 100 contacts"):
        client.upsert(BATCH)


def test_contacts_that_were_refused_before_are_each_judged_again(client: HubSpotClient, hubspot: Emulated) -> None:
    """That all of them are refused alike, or in silence, is no news then: nothing is raised, each has its outcome."""
    hubspot.order(kind="conflict", path="/batch/upsert", times=1000)
    alike = client.upsert(BATCH[:12], were_refused=True)
    hubspot.end_faults()
    hubspot.order(kind="drop", path="/batch/upsert", times=2, count=12)

    silent = client.upsert(BATCH[:12], were_refused=True)

    keys = {one.key for one in BATCH[:12]}
    assert (alike.accepted, alike.refused.keys()) == ({}, keys)
    assert {refusal.category for refusal in alike.refused.values()} == {"CONFLICT"}
    assert (silent.accepted, silent.refused.keys()) == ({}, keys)
    assert {refusal.category for refusal in silent.refused.values()} == {NO_ANSWER}


def test_a_lone_contact_in_silence_is_refused(client: HubSpotClient, hubspot: Emulated) -> None:
    """One contact that HubSpot keeps passing over does not stop the sync."""
    hubspot.order(kind="drop", count=1, path="upsert", times=2)

    outcome = client.upsert([contact("Mary")])

    assert outcome.refused["1984-F-Mary"].category == NO_ANSWER


@pytest.mark.parametrize("kind", ["apply_then_status", "apply_then_cut"])
def test_a_batch_whose_answer_was_lost_is_sent_again(client: HubSpotClient, hubspot: Emulated, kind: str) -> None:
    """When HubSpot wrote a batch but its answer got lost, the repetition creates nothing twice."""
    hubspot.order(kind=kind, path="upsert", status=504)

    outcome = client.upsert(BATCH)

    assert outcome.accepted.keys() == KEYS
    assert not any(accepted.is_new for accepted in outcome.accepted.values())
    assert hubspot.stats()["contacts"] == 100


def test_threads_share_a_client(client: HubSpotClient, hubspot: Emulated) -> None:
    """Batches sent side by side each get their own answers."""
    batches = [[contact(f"T{thread}N{number}") for number in range(20)] for thread in range(16)]

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(client.upsert, batches))

    for batch, outcome in zip(batches, outcomes, strict=True):
        assert outcome.accepted.keys() == {one.key for one in batch}
    assert hubspot.stats()["contacts"] == 320


def test_each_try_takes_a_place(hubspot: Emulated) -> None:
    """Every try takes a place, and spends a call of the day: a repetition too."""
    books = FreeBooks()
    client = hubspot.client(pace=free_pace(books))
    client.ensure_schema()
    before = len(books.taken)
    hubspot.order(kind="status", status=503, path=UPSERT, times=2)

    client.upsert([contact("Mary")])

    assert len(books.taken) - before == 3
    client.close()
