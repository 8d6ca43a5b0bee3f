"""Tests of reading contacts back: each key is found or missing by name, and a silence is neither."""

from collections.abc import Sequence
from typing import Any

import pytest

from babynames_assets.errors import FatalError, PausedError, RetryableError
from babynames_assets.hubspot.client import HubSpotClient
from babynames_assets.hubspot.contact_reads import PAGE, ReadContact
from babynames_assets.hubspot.wire import SearchFilter
from babynames_assets_tests.hubspot.emulated import Emulated, contact

CONTACTS = "/crm/objects/2026-03/contacts"
NAMES = ["firstname", "births"]
OF_1984: list[list[SearchFilter]] = [[{"propertyName": "birth_year", "operator": "EQ", "value": "1984"}]]


def put(client: HubSpotClient, *names: str, year: int = 1984) -> dict[str, str]:
    """Put girls' names there; their ids by key."""
    accepted = client.upsert([contact(name, year=year) for name in names]).accepted
    return {key: one.hubspot_id for key, one in accepted.items()}


def keys(names: Sequence[str]) -> list[str]:
    """The keys of some girls' names."""
    return [f"1984-F-{name}" for name in names]


def test_contacts_are_found_by_their_keys(client: HubSpotClient) -> None:
    """With the properties asked for, their key and their id."""
    ids = put(client, "Mary", "Zoë")

    outcome = client.read(keys(["Zoë", "Mary"]), NAMES)

    assert outcome.missing == frozenset()
    assert {key: one.hubspot_id for key, one in outcome.found.items()} == ids
    mary = outcome.found["1984-F-Mary"]
    assert (mary.key, mary.properties["firstname"], mary.properties["births"]) == ("1984-F-Mary", "Mary", "100")


def test_missing_keys_are_named(client: HubSpotClient) -> None:
    """HubSpot answers 207 and names them; the others are found all the same."""
    put(client, "Mary")

    outcome = client.read(keys(["Mary", "Nobody", "Noone"]), NAMES)

    assert list(outcome.found) == ["1984-F-Mary"]
    assert outcome.missing == {"1984-F-Nobody", "1984-F-Noone"}


def test_names_are_told_apart(client: HubSpotClient) -> None:
    """The contact of Zoë does not answer for Zoe."""
    put(client, "Zoë", "ZOE")

    outcome = client.read(keys(["Zoe", "Zoë", "ZOE"]), NAMES)

    assert outcome.missing == {"1984-F-Zoe"}


def test_a_full_batch_is_one_call_and_no_batch_is_none(client: HubSpotClient, hubspot: Emulated) -> None:
    """A hundred a call; nothing to read costs nothing; a hundred and one are refused before any call."""
    names = [f"Name{chr(97 + number // 26)}{chr(97 + number % 26)}" for number in range(100)]
    put(client, *names)
    before = hubspot.stats()["requests"]

    assert len(client.read(keys(names), NAMES).found) == 100
    assert hubspot.stats()["requests"] == before + 1
    assert client.read([], NAMES).found == {}
    with pytest.raises(ValueError, match="at most 100"):
        client.read(keys([*names, "Mary"]), NAMES)
    assert hubspot.stats()["requests"] == before + 1


def test_silence_is_asked_about_once_more(client: HubSpotClient, hubspot: Emulated) -> None:
    """A contact that is left out of an answer is found by the next one."""
    put(client, "Mary", "Anna", "Zoe")
    hubspot.order(kind="drop", path="/batch/read", count=2)

    outcome = client.read(keys(["Mary", "Anna", "Zoe", "Nobody"]), NAMES)

    assert len(outcome.found) == 3
    assert outcome.missing == {"1984-F-Nobody"}


@pytest.mark.parametrize("kind", ["drop", "empty"])
def test_silence_is_never_taken_for_absence(client: HubSpotClient, hubspot: Emulated, kind: str) -> None:
    """Nothing is reported as deleted because HubSpot had no word on it."""
    put(client, "Mary", "Anna")
    hubspot.order(kind=kind, path="/batch/read", times=2)

    with pytest.raises(RetryableError, match=r"twice without a word on \d of 2 contacts"):
        client.read(keys(["Mary", "Anna"]), NAMES)


def test_an_answer_that_is_no_object_says_nothing(client: HubSpotClient, hubspot: Emulated) -> None:
    """A page of a proxy is tried again, and then an error; never an empty account."""
    put(client, "Mary")
    hubspot.order(kind="page", path="/batch/read", times=100)

    with pytest.raises(RetryableError, match="not JSON"):
        client.read(keys(["Mary"]), NAMES)


def test_a_key_that_is_not_unique_in_the_account_is_a_message(hubspot: Emulated) -> None:
    """An account without the property: a person has to look."""
    client = hubspot.client()

    with pytest.raises(FatalError, match="non-unique"):
        client.read(keys(["Mary"]), NAMES)
    client.close()


def test_the_spent_day_is_a_pause(client: HubSpotClient, hubspot: Emulated) -> None:
    """Reading back waits for the next day as sending does."""
    hubspot.order(kind="daily", path="/batch/read")

    with pytest.raises(PausedError):
        client.read(keys(["Mary"]), NAMES)


def test_find_gives_the_ids(client: HubSpotClient) -> None:
    """For those who want to know nothing else."""
    ids = put(client, "Mary")

    assert client.find(keys(["Mary", "Nobody"])) == ids


def test_an_id_leads_to_its_contact(client: HubSpotClient) -> None:
    """As long as it is there."""
    [mary] = put(client, "Mary").values()

    found = client.read_one(mary, NAMES)

    assert found is not None
    assert (found.hubspot_id, found.key, found.properties["births"]) == (mary, "1984-F-Mary", "100")


def test_the_id_of_a_merged_contact_leads_to_the_other(client: HubSpotClient, hubspot: Emulated) -> None:
    """Which says by its own id that it is another; its key answers for it alone."""
    ids = put(client, "Mary", "Maria")
    merge = {"primaryObjectId": ids["1984-F-Maria"], "objectIdToMerge": ids["1984-F-Mary"]}
    assert hubspot.call("POST", f"{CONTACTS}/merge", merge).status_code == 200

    found = client.read_one(ids["1984-F-Mary"], NAMES)

    assert found is not None
    assert (found.hubspot_id, found.key) == (ids["1984-F-Maria"], "1984-F-Maria")
    assert client.read(keys(["Mary", "Maria"]), NAMES).missing == {"1984-F-Mary"}


def test_the_id_of_a_deleted_contact_leads_nowhere(client: HubSpotClient, hubspot: Emulated) -> None:
    """Deleted, or never there: both are None."""
    [mary] = put(client, "Mary").values()
    hubspot.call("DELETE", f"{CONTACTS}/{mary}")

    assert client.read_one(mary, NAMES) is None
    assert client.read_one("999", NAMES) is None
    assert client.read_one("../properties", NAMES) is None


def test_an_answer_without_a_contact_is_no_contact(client: HubSpotClient, hubspot: Emulated) -> None:
    """Success without an id is not taken for one."""
    [mary] = put(client, "Mary").values()
    hubspot.order(kind="empty", path=f"/contacts/{mary}")

    with pytest.raises(RetryableError, match="showed no contact"):
        client.read_one(mary, NAMES)


def pages(client: HubSpotClient, limit: int = PAGE) -> list[list[ReadContact]]:
    """All pages of a search for 1984."""
    found, after = [], ""
    while True:
        page = client.search(OF_1984, NAMES, after=after, limit=limit)
        found.append(list(page.contacts))
        if page.total <= len(page.contacts):
            return found
        after = page.contacts[-1].hubspot_id


def test_a_search_is_walked_by_id(client: HubSpotClient) -> None:
    """Each contact once, in the order of ids, whatever the size of a page; others are left out."""
    ids = put(client, *(f"Name{letter}" for letter in "abcdefg"))
    put(client, "Mary", year=1985)

    found = pages(client, limit=3)

    assert [len(page) for page in found] == [3, 3, 1]
    assert [one.hubspot_id for page in found for one in page] == sorted(ids.values(), key=int)


def test_a_search_that_finds_nothing_is_one_page(client: HubSpotClient) -> None:
    """Which says so."""
    assert client.search(OF_1984, NAMES).total == 0
    assert pages(client) == [[]]


def test_alternatives_are_walked_by_id_as_well(client: HubSpotClient) -> None:
    """The place from which a page begins counts for each of them."""
    ids = put(client, "Mary", "Anna") | put(client, "Mary", year=1986)
    groups: list[list[SearchFilter]] = [
        [{"propertyName": "birth_year", "operator": operator, "value": "1985"}] for operator in ("LT", "GT")
    ]

    first = client.search(groups, NAMES, limit=2)
    second = client.search(groups, NAMES, after=first.contacts[-1].hubspot_id, limit=2)

    assert (first.total, second.total) == (3, 1)
    assert {one.hubspot_id for one in (*first.contacts, *second.contacts)} == set(ids.values())


@pytest.mark.parametrize("fault", [{"kind": "drop"}, {"kind": "empty"}])
def test_a_search_that_shows_less_than_it_counts_is_asked_again(
    client: HubSpotClient, hubspot: Emulated, fault: dict[str, Any]
) -> None:
    """Once; the second time it is an error, and never an account without strangers."""
    put(client, "Mary", "Anna")
    hubspot.order(path="/search", **fault)
    assert len(client.search(OF_1984, NAMES).contacts) == 2

    hubspot.order(path="/search", times=2, **fault)
    with pytest.raises(RetryableError, match="twice, and not whole"):
        client.search(OF_1984, NAMES)
