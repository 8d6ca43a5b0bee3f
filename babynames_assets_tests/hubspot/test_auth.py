"""Tests of lasting tokens: two of them bridge a rotation, whatever the order of its steps."""

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from babynames_assets.errors import FatalError
from babynames_assets.hubspot.auth import StaticTokens
from babynames_assets.hubspot.client import HubSpotClient
from babynames_assets_tests.hubspot.emulated import TOKEN, Emulated, contact

OLD, NEW = "BABYNAMES_HUBSPOT__TOKEN", "BABYNAMES_HUBSPOT__TOKEN_NEXT"
NEXT = "pat-next-canary-77aa"


@pytest.fixture
def rotating(hubspot: Emulated) -> Iterator[HubSpotClient]:
    """A client with a new and an old token, of which HubSpot knows the old one."""
    client = hubspot.client(tokens=StaticTokens({NEW: SecretStr(NEXT), OLD: SecretStr(TOKEN)}))
    client.ensure_schema()
    yield client
    client.close()


def send(client: HubSpotClient, name: str = "Mary") -> None:
    """Bring a contact to HubSpot."""
    assert client.upsert([contact(name)]).accepted


def test_the_old_token_is_used_while_the_new_one_is_not_good_yet(hubspot: Emulated) -> None:
    """One call is refused; from then on the old one is used, and the log says so once, without either secret."""
    client = hubspot.client(tokens=StaticTokens({NEW: SecretStr(NEXT), OLD: SecretStr(TOKEN)}))

    with capture_logs() as logs:
        client.ensure_schema()
        send(client)

    assert hubspot.stats()["by_status"]["401"] == 1
    refused = [line for line in logs if line["event"] == "hubspot_token_refused"]
    accepted = [line for line in logs if line["event"] == "hubspot_token_accepted"]
    assert [(line["setting"], line["next"]) for line in refused] == [(NEW, OLD)]
    assert [(line["setting"], "advice" in line) for line in accepted] == [(OLD, False)]
    assert TOKEN not in repr(logs)
    assert NEXT not in repr(logs)
    client.close()


def test_the_new_token_is_used_once_it_is_good_and_the_old_one_can_go(hubspot: Emulated) -> None:
    """No call is refused, and the log says once that the old token can be removed."""
    hubspot.change_tokens(add=[NEXT])
    client = hubspot.client(tokens=StaticTokens({NEW: SecretStr(NEXT), OLD: SecretStr(TOKEN)}))

    with capture_logs() as logs:
        client.ensure_schema()
        send(client)

    assert "401" not in hubspot.stats()["by_status"]
    assert [line["advice"] for line in logs if line["event"] == "hubspot_token_accepted"] == [
        f"{NEW} works: when every host has it, {OLD} can be removed"
    ]
    client.close()


def test_a_token_that_is_revoked_in_the_middle_hands_over_to_the_other(
    rotating: HubSpotClient, hubspot: Emulated
) -> None:
    """The sync that is under way goes on, in both directions."""
    send(rotating, "Anna")

    hubspot.change_tokens(add=[NEXT], revoke=[TOKEN])
    send(rotating, "Berta")
    hubspot.change_tokens(add=[TOKEN], revoke=[NEXT])
    send(rotating, "Clara")

    assert hubspot.births().keys() == {"1984-F-Anna", "1984-F-Berta", "1984-F-Clara"}
    assert hubspot.stats()["by_status"]["401"] == 3


@pytest.mark.parametrize("order", list(itertools.permutations(["give", "set", "revoke"])))
def test_no_order_of_the_steps_interrupts_a_rotation(hubspot: Emulated, order: tuple[str, ...]) -> None:
    """HubSpot makes the new key, the setting gets it, HubSpot ends the old one: a sync works after every step.

    Unless the old key ends before the new one is both made and set, when nothing can work.
    """
    given = {OLD: SecretStr(TOKEN)}
    done: set[str] = set()
    for step in order:
        done.add(step)
        if step == "give":
            hubspot.change_tokens(add=[NEXT])
        elif step == "set":
            given = {NEW: SecretStr(NEXT), **given}
        else:
            hubspot.change_tokens(revoke=[TOKEN])
        client = hubspot.client(tokens=StaticTokens(given))
        if "revoke" in done and done != {"give", "set", "revoke"}:
            with pytest.raises(FatalError, match=OLD):
                client.account()
        else:
            assert client.account().portal_id == 62515
        client.close()


def test_two_refused_tokens_stop_with_what_to_do(hubspot: Emulated) -> None:
    """After one call with each; the message names both settings, the scopes and the guide, and neither secret."""
    hubspot.change_tokens(revoke=[TOKEN])
    client = hubspot.client(tokens=StaticTokens({NEW: SecretStr(NEXT), OLD: SecretStr(TOKEN)}))

    with pytest.raises(FatalError, match=rf"neither of the tokens in {NEW} and {OLD}") as caught:
        client.account()

    assert "crm.objects.contacts.write" in str(caught.value)
    assert "docs/guides/hubspot-credentials.md" in str(caught.value)
    assert TOKEN not in str(caught.value)
    assert NEXT not in str(caught.value)
    assert hubspot.stats()["by_status"] == {"401": 2}
    client.close()


def test_a_token_that_is_good_again_is_found(rotating: HubSpotClient, hubspot: Emulated) -> None:
    """A client that was refused wholly works again when the account does."""
    hubspot.change_tokens(revoke=[TOKEN])
    with pytest.raises(FatalError):
        send(rotating)

    hubspot.change_tokens(add=[TOKEN])

    send(rotating)


def test_one_token_is_refused_without_a_second_try(hubspot: Emulated) -> None:
    """There is nothing else to try."""
    client = hubspot.client(tokens=StaticTokens({OLD: SecretStr("pat-unknown")}))

    with pytest.raises(FatalError, match=rf"takes not the token in {OLD}"):
        client.account()

    assert hubspot.stats()["by_status"] == {"401": 1}
    client.close()


def test_many_calls_at_once_change_the_token_together(rotating: HubSpotClient, hubspot: Emulated) -> None:
    """Refusals that come late do not change it back."""
    send(rotating)
    hubspot.change_tokens(add=[NEXT], revoke=[TOKEN])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: send(rotating, f"N{number}"), range(40)))

    assert hubspot.stats()["contacts"] == 41
    assert hubspot.stats()["by_status"]["401"] <= 1 + 8


@pytest.mark.parametrize("kind", ["burst", "locked", "status", "missing_scopes", "conflict"])
def test_an_answer_that_is_no_success_proves_no_token(hubspot: Emulated, kind: str) -> None:
    """Only after a success the log says that a token works."""
    client = hubspot.client(attempts=1)
    hubspot.order(kind=kind)

    with capture_logs() as logs, pytest.raises(Exception, match=r"HubSpot answered|exists"):
        client.account()

    assert [line for line in logs if line["event"] == "hubspot_token_accepted"] == []
    client.close()


def test_a_source_shows_no_secret(hubspot: Emulated) -> None:
    """Not in the repr of the client, the source or a token."""
    source = StaticTokens({NEW: SecretStr(NEXT), OLD: SecretStr(TOKEN)})
    client = hubspot.client(tokens=source)

    shown = repr(client) + repr(vars(client)) + repr(source) + repr(vars(source)) + repr(source.current())

    assert TOKEN not in shown
    assert NEXT not in shown
    client.close()
