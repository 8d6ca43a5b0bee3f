"""Tests of babynames secrets, and of what the command says of the ways to log in to HubSpot, as a user sees them."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from babynames_assets_tests.cli.test_command import Command

APP = {
    "BABYNAMES_HUBSPOT__OAUTH_CLIENT_ID": "emulator-app",
    "BABYNAMES_HUBSPOT__OAUTH_CLIENT_SECRET": "emulator-app-secret",
    "BABYNAMES_HUBSPOT__OAUTH_REFRESH_TOKEN": "emulator-refresh-token",
}


@pytest.fixture
def babynames(tmp_path: Path) -> Command:
    """The command, on a migrated warehouse of its own."""
    command = Command(tmp_path)
    assert command("migrate", "up").returncode == 0
    return command


@pytest.fixture
def hubspot(babynames: Command) -> Iterator[str]:
    """The address of an emulator that takes two tokens and has an OAuth app."""
    process = babynames.popen(
        *("emulate", "hubspot", "--stop-with-stdin", "--latency", "0"),
        *("--token", "pat-old-canary", "--token", "pat-new-canary", "--rotate-refresh-token"),
    )
    assert process.stdout is not None
    url: str = json.loads(process.stdout.readline())["url"]
    babynames.environment["BABYNAMES_HUBSPOT__BASE_URL"] = url
    # It is no Kaggle, and says so at once: a server that is not there would be tried again for seconds.
    babynames.environment["BABYNAMES_KAGGLE__BASE_URL"] = url
    yield url
    process.communicate(timeout=30)


def key_of(babynames: Command) -> str:
    """A new key, as a user makes one."""
    made = babynames("secrets", "new-key")
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


def finding(babynames: Command, subject: str, **changes: str) -> str:
    """What the doctor finds, in one line; no canary shows anywhere."""
    finished = babynames("doctor", **changes, COLUMNS="2000")
    assert "canary" not in finished.stdout + finished.stderr
    [row] = [line for line in finished.stdout.splitlines() if f"│ {subject} " in line]
    return " ".join(row.split())


def test_doctor_tells_each_token_s_state_while_they_are_rotated(babynames: Command, hubspot: str) -> None:
    """Both work; then the old one is revoked, and it says so of that one alone; then neither works."""
    tokens = {
        "BABYNAMES_HUBSPOT__TOKEN": "pat-old-canary",
        "BABYNAMES_HUBSPOT__TOKEN_NEXT": "pat-new-canary",
    }
    both = finding(babynames, "HubSpot", **tokens)
    requests.post(f"{hubspot}/_tokens", json={"revoke": ["pat-old-canary"]}, timeout=5)
    new_one = finding(babynames, "HubSpot", **tokens)
    requests.post(f"{hubspot}/_tokens", json={"revoke": ["pat-new-canary"]}, timeout=5)
    none = finding(babynames, "HubSpot", **tokens)

    assert "good" in both
    assert "by BABYNAMES_HUBSPOT__TOKEN_NEXT; account 62515" in both
    assert "by BABYNAMES_HUBSPOT__TOKEN; limits" in both
    assert "good" in new_one
    assert "takes not the token in BABYNAMES_HUBSPOT__TOKEN:" in new_one
    assert "bad" in none
    assert "takes not the token in BABYNAMES_HUBSPOT__TOKEN_NEXT:" in none


def test_doctor_logs_in_by_oauth_and_keeps_the_new_refresh_token(babynames: Command, hubspot: str) -> None:
    """Again and again, although each refresh token works once."""
    babynames.environment |= {**APP, "BABYNAMES_SECRET_KEY": key_of(babynames)}

    found = [finding(babynames, "HubSpot") for _ in range(2)]
    secrets = finding(babynames, "secrets")

    assert all("good" in one and "by OAuth app emulator-app;" in one for one in found)
    assert "1 in the warehouse, encrypted, all readable" in secrets


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"BABYNAMES_SECRET_KEY": ""}, "BABYNAMES_SECRET_KEY is not set"),
        ({"BABYNAMES_SECRET_KEY": "short-canary"}, "key 1 is not a key"),
        ({"BABYNAMES_HUBSPOT__OAUTH_CLIENT_SECRET": ""}, "needs BABYNAMES_HUBSPOT__OAUTH_CLIENT_SECRET too"),
        ({"BABYNAMES_HUBSPOT__OAUTH_REFRESH_TOKEN": "wrong-canary"}, "BAD_REFRESH_TOKEN"),
        ({"BABYNAMES_HUBSPOT__OAUTH_CLIENT_SECRET": "wrong-canary"}, "BAD_CLIENT_SECRET"),
        ({"BABYNAMES_HUBSPOT__OAUTH_CLIENT_ID": "wrong"}, "BAD_CLIENT_ID"),
        ({"BABYNAMES_HUBSPOT__TOKEN": "pat-old-canary"}, "which one is meant"),
    ],
)
def test_doctor_says_what_is_wrong_with_oauth(
    babynames: Command, hubspot: str, changes: dict[str, str], message: str
) -> None:
    """Each mistake by name."""
    babynames.environment |= {**APP, "BABYNAMES_SECRET_KEY": key_of(babynames)}

    found = finding(babynames, "HubSpot", **changes)

    assert "bad" in found
    assert message in found


def test_a_lost_key_is_told_and_overcome(babynames: Command, hubspot: str) -> None:
    """Doctor and list name the secret that no key opens; without it the next login begins anew."""
    first, second = key_of(babynames), key_of(babynames)
    babynames.environment |= {**APP, "BABYNAMES_SECRET_KEY": first}
    assert "good" in finding(babynames, "HubSpot")
    babynames.environment["BABYNAMES_SECRET_KEY"] = second

    doctor = [finding(babynames, subject) for subject in ("HubSpot", "secrets")]
    listed = babynames("secrets", "list")
    name = listed.stdout.split(":")[0]
    forgotten = babynames("secrets", "forget", name)

    assert all("bad" in found and name in found for found in doctor)
    assert listed.returncode == 1
    assert "of another key" in listed.stdout
    assert forgotten.returncode == 0
    assert babynames("secrets", "forget", name).returncode == 1
    assert babynames("secrets", "list").returncode == 0


def test_a_key_is_rotated_without_losing_a_secret(babynames: Command, hubspot: str) -> None:
    """The new key in front of the old one, reseal, then the old one can go."""
    old, new = key_of(babynames), key_of(babynames)
    babynames.environment |= {**APP, "BABYNAMES_SECRET_KEY": old}
    assert "good" in finding(babynames, "HubSpot")

    babynames.environment["BABYNAMES_SECRET_KEY"] = f"{new},{old}"
    resealed = babynames("secrets", "reseal")
    babynames.environment["BABYNAMES_SECRET_KEY"] = new

    assert resealed.returncode == 0
    assert "1 secret(s)" in resealed.stdout
    assert "readable" in babynames("secrets", "list").stdout
    assert "good" in finding(babynames, "HubSpot")


def test_without_a_key_the_command_says_how_to_make_one(babynames: Command) -> None:
    """It never invents one that nobody keeps."""
    listed = babynames("secrets", "list")

    assert listed.returncode == 1
    assert "babynames secrets new-key" in listed.stderr
    assert "Traceback" not in listed.stderr


def test_a_warehouse_without_secrets_says_so(babynames: Command) -> None:
    """And doctor finds nothing wrong with that."""
    listed = babynames("secrets", "list", BABYNAMES_SECRET_KEY=key_of(babynames))

    assert listed.returncode == 0
    assert "holds no secret" in listed.stdout
    assert "OAuth is not used" in finding(babynames, "secrets", BABYNAMES_KAGGLE__BASE_URL="http://127.0.0.1:9")
