"""What `babynames doctor` says of HubSpot's calls."""

import datetime as dt

import pytest

from babynames_assets.cli.calls import describe_calls
from babynames_assets.clients import open_pace
from babynames_assets.errors import RetryableError
from babynames_assets.hubspot.limits import ACCOUNT, BURST, limits_of
from babynames_assets.resilience.allowances import DailyTerms
from babynames_assets.resilience.circuits import Circuit
from babynames_assets.setting_groups import HubSpotSettings
from babynames_assets.settings import Settings
from babynames_assets.warehouse import circuit_breakers
from babynames_assets.warehouse.call_books import CallBooks
from babynames_assets.warehouse.engine import Engine

SETTINGS = Settings(hubspot=HubSpotSettings(tier="free", daily_reserve=0.2))


def books(engine: Engine) -> CallBooks:
    """Those of the account."""
    return CallBooks(engine, ACCOUNT, limits_of("free"), DailyTerms(250_000, 0.2))


def test_before_the_first_call_there_is_nothing_to_say(engine: Engine) -> None:
    """A new installation has no books yet."""
    assert describe_calls(SETTINGS, engine) == "none was made yet"


def test_it_says_what_is_spent_and_what_is_left(sqlite_engine: Engine) -> None:
    """Less the reserve of the settings."""
    books(sqlite_engine).take(BURST, 3)

    said = describe_calls(SETTINGS, sqlite_engine)

    assert said.startswith("3 of 20")
    assert said.endswith("are spent, 199,997 may still be")


def test_it_says_where_days_are_not_counted(sqlite_engine: Engine) -> None:
    """As for OAuth apps."""
    books(sqlite_engine).take(BURST, 3)

    settings = Settings(hubspot=HubSpotSettings(tier="oauth_app"))

    assert describe_calls(settings, sqlite_engine).endswith("are spent, and days are not counted")


def test_it_says_until_when_calls_are_paused_and_why(sqlite_engine: Engine) -> None:
    """In UTC, with the reason."""
    error = books(sqlite_engine).pause("HubSpot moves the account.", 3600)

    said = describe_calls(SETTINGS, sqlite_engine)

    assert said.endswith(f"paused until {error.until:%Y-%m-%d %H:%M:%S} UTC: HubSpot moves the account.")


def test_it_says_that_hubspot_is_down(sqlite_engine: Engine) -> None:
    """Since when, until when it is left alone, and what to look at."""
    noon = dt.datetime(2026, 11, 23, 17, 0)  # noqa: DTZ001 - in UTC, as circuits have it
    circuit_breakers.change(sqlite_engine, ACCOUNT, lambda _circuit, _moment: Circuit(12, noon, noon + dt.timedelta(1)))

    with pytest.raises(RetryableError, match=r"since 2026-11-23 17:00:00 UTC, 12 times in a row.*status\.hubspot\.com"):
        describe_calls(SETTINGS, sqlite_engine)


def test_the_pace_of_the_settings_is_the_one_that_it_describes(sqlite_engine: Engine) -> None:
    """A turn that is taken by the client's own pace stands in the same books."""
    pace = open_pace(SETTINGS, sqlite_engine)

    with pace.turn("/crm/objects/2026-03/contacts") as turn:
        pace.wait(turn)

    assert describe_calls(SETTINGS, sqlite_engine).startswith("1 of")
