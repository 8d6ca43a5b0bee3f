"""The pace of calls, with real books: limits that are learnt, days that end, a HubSpot that is down."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
import sqlalchemy as sa
import stamina

from babynames_assets.errors import CircuitOpenError, FatalError, PausedError, RetryableError
from babynames_assets.hubspot.client import HubSpotClient
from babynames_assets.hubspot.limits import ACCOUNT, BURST, SEARCH
from babynames_assets.resilience.allowances import DailyTerms
from babynames_assets.resilience.circuits import Circuit, CircuitTerms
from babynames_assets.warehouse import circuit_breakers, daily_budgets, tables
from babynames_assets.warehouse.engine import Engine, connect
from babynames_assets_tests.hubspot.emulated import Clock, contact, emulated_hubspot
from babynames_assets_tests.hubspot.paced import CIRCUIT, pace_of, paced_client

NEW_YORK = dt.timezone(-dt.timedelta(hours=5))
TUESDAY = dt.datetime(2026, 11, 24, 0, 1, tzinfo=NEW_YORK)
BATCH = [contact("Mary")]
DETAILS = "/account-info/2026-03/details"
USAGE = "/account-info/2026-03/api-usage/daily/private-apps"


def learnt(engine: Engine) -> dict[str, int | None]:
    """The calls that the service allows, by bucket."""
    columns = tables.rate_limits.c
    with connect(engine) as connection:
        return {
            row.bucket: row.learnt_calls for row in connection.execute(sa.select(columns.bucket, columns.learnt_calls))
        }


def circuit_of(engine: Engine) -> Circuit:
    """HubSpot's circuit."""
    return circuit_breakers.read(engine, ACCOUNT).circuit


def test_the_tier_is_learnt_from_the_first_answers(engine: Engine) -> None:
    """A setting that promises 190 calls where HubSpot allows 100 is corrected for all processes, and nothing is 429."""
    clock = Clock()
    with emulated_hubspot(tier="free", clock=clock) as hubspot:
        with paced_client(hubspot, pace_of(engine, clock, tier="professional")) as client:
            client.ensure_schema()
            for number in range(250):
                client.upsert([contact(f"N{number}")])

        stats = hubspot.stats()
        assert learnt(engine) == {BURST: 100}
        assert stats["max_requests_in_10s"] <= 100
        assert stats["violations"] == 0
        assert clock.now - Clock().now > 20


def test_a_setting_below_what_hubspot_allows_is_kept(sqlite_engine: Engine) -> None:
    """An installation that is to leave calls for others does."""
    clock = Clock()
    with emulated_hubspot(tier="api_limit_increase", clock=clock) as hubspot:
        with paced_client(hubspot, pace_of(sqlite_engine, clock, tier="free")) as client:
            client.ensure_schema()
            for number in range(250):
                client.upsert([contact(f"N{number}")])

        assert learnt(sqlite_engine) == {BURST: 250}
        assert hubspot.stats()["max_requests_in_10s"] <= 100


def test_searches_keep_their_own_limit_and_teach_nothing(sqlite_engine: Engine) -> None:
    """Twenty searches take four seconds, spend nothing of the ten seconds, and none is 429."""
    clock = Clock()
    with emulated_hubspot(clock=clock) as hubspot:
        with paced_client(hubspot, pace_of(sqlite_engine, clock)) as client:
            for _ in range(20):
                client._transport.call("POST", "/crm/objects/2026-03/contacts/search", {"filterGroups": []})  # noqa: SLF001

        assert hubspot.stats()["max_searches_in_1s"] <= 5
        assert hubspot.stats()["violations"] == 0
        assert learnt(sqlite_engine) == {SEARCH: None}


def test_a_limit_that_is_met_closes_the_bucket_for_all_processes(sqlite_engine: Engine) -> None:
    """After a 429 nobody calls for a second, whichever process met it, and for as long as HubSpot says if it does."""
    clock = Clock()
    with emulated_hubspot(clock=clock) as hubspot:
        paces = [pace_of(sqlite_engine, clock) for _ in range(2)]
        with paced_client(hubspot, paces[0], max_wait=60.0) as met, paced_client(hubspot, paces[1]) as other:
            waited = []
            for told in (None, "30"):
                hubspot.order(kind="burst", retry_after=told)
                with stamina.set_testing(True, attempts=1), pytest.raises(RetryableError):
                    met.account()
                before = clock.now
                other._transport.call("GET", DETAILS)  # noqa: SLF001 - the smallest call
                waited.append(clock.now - before)

            assert 1 <= waited[0] < 2
            assert 30 <= waited[1] < 31


def test_a_spent_day_stops_at_once_and_goes_on_by_itself_after_midnight(engine: Engine) -> None:
    """HubSpot says DAILY once; until the account's midnight nobody asks it, and then the same client simply works."""
    clock = Clock()
    with emulated_hubspot(clock=clock) as hubspot, paced_client(hubspot, pace_of(engine, clock)) as client:
        client.ensure_schema()
        hubspot.order(kind="daily")

        with pytest.raises(
            PausedError, match=r"daily limit.*goes on by itself after 2026-11-24 05:01:00 UTC"
        ) as caught:
            client.upsert(BATCH)
        asked = hubspot.stats()["requests"]
        with pytest.raises(PausedError) as again:
            client.upsert(BATCH)

        assert caught.value.until == again.value.until == TUESDAY
        assert hubspot.stats()["requests"] == asked
        clock.now = TUESDAY.timestamp()
        assert client.upsert(BATCH).accepted


def test_a_day_that_another_process_found_spent_is_spent(sqlite_engine: Engine) -> None:
    """A process that starts afterwards asks the books, and not HubSpot."""
    clock = Clock()
    with emulated_hubspot(clock=clock) as hubspot:
        with paced_client(hubspot, pace_of(sqlite_engine, clock)) as first:
            first.account()
            hubspot.order(kind="daily")
            with pytest.raises(PausedError):
                first.upsert(BATCH)
        asked = hubspot.stats()["requests"]

        with paced_client(hubspot, pace_of(sqlite_engine, clock)) as second, pytest.raises(PausedError):
            second.ensure_schema()

        assert hubspot.stats()["requests"] == asked


def test_what_other_apps_spend_is_left_out_of_our_budget(sqlite_engine: Engine) -> None:
    """Of a day of fifty calls another app spends thirty: we stop at the reserve of five, and never meet the limit."""
    clock = Clock()
    with emulated_hubspot(daily_limit=50, clock=clock) as hubspot:
        for _ in range(30):
            hubspot.call("GET", DETAILS)
        with paced_client(hubspot, pace_of(sqlite_engine, clock, terms=DailyTerms(50, 0.1))) as client:
            made, _ = spend_the_day(client)

        assert made == 15
        assert hubspot.stats()["violations"] == 0


def test_a_day_with_fewer_calls_than_its_tier_is_learnt(sqlite_engine: Engine) -> None:
    """The tier says 625,000; HubSpot says forty, of which four stay."""
    clock = Clock()
    with emulated_hubspot(daily_limit=40, clock=clock) as hubspot:
        pace = pace_of(sqlite_engine, clock, terms=DailyTerms(625_000, 0.1))
        with paced_client(hubspot, pace) as client:
            made, _ = spend_the_day(client)

        assert made == 36
        assert hubspot.stats()["violations"] == 0


def test_for_thirty_days_the_reserve_is_never_touched(sqlite_engine: Engine) -> None:
    """In a month in which the clocks change each day spends all that it may, with others spending too, and no more."""
    clock = Clock(dt.datetime(2026, 10, 15, 12, tzinfo=dt.UTC).timestamp())
    limit, reserve = 40, 4
    with emulated_hubspot(daily_limit=limit, clock=clock) as hubspot:
        for day in range(30):
            others = day % 7
            for _ in range(others):
                hubspot.call("GET", DETAILS)
            # A new process each day, as a sync is one.
            with paced_client(hubspot, pace_of(sqlite_engine, clock, terms=DailyTerms(limit, 0.1))) as client:
                made, until = spend_the_day(client)

            usage = hubspot.call("GET", USAGE).json()["results"][0]
            assert usage["currentUsage"] == limit - reserve + 1  # this very question is the one call more
            assert made == limit - reserve - others
            clock.now = until.timestamp()

        assert hubspot.stats()["violations"] == 0
        assert until == dt.datetime(2026, 11, 14, 0, 1, tzinfo=NEW_YORK)


def test_a_sensor_reads_until_when_calls_are_paused(sqlite_engine: Engine) -> None:
    """The database says it, and says nothing any more when the time is over."""
    with emulated_hubspot() as hubspot, paced_client(hubspot, pace_of(sqlite_engine)) as client:
        client.account()
        hubspot.order(kind="daily")

        with pytest.raises(PausedError) as caught:
            client.upsert(BATCH)

    with connect(sqlite_engine) as connection:
        assert daily_budgets.paused_until(connection, ACCOUNT) == caught.value.until


def test_a_hubspot_that_is_down_is_left_alone(engine: Engine) -> None:
    """After four failures in a row no request is made; each call fails at once, and says when one may be tried."""
    with emulated_hubspot() as hubspot, paced_client(hubspot, pace_of(engine), attempts=4) as client:
        client.ensure_schema()
        hubspot.order(kind="status", status=503, times=1000)
        with pytest.raises(RetryableError):
            client.upsert(BATCH)
        asked = hubspot.stats()["requests"]

        for _ in range(50):
            with pytest.raises(CircuitOpenError, match="left alone") as caught:
                client.upsert(BATCH)

        assert hubspot.stats()["requests"] == asked
        assert caught.value.retry_after is not None
        assert 0 < caught.value.retry_after <= CIRCUIT.open_seconds
        assert not circuit_of(engine).is_closed


def test_a_circuit_that_opens_ends_the_retries_of_all_threads(sqlite_engine: Engine) -> None:
    """However many calls are under way, and however many tries each has left: after it opened nobody asks."""
    terms = CircuitTerms(failures=20, failing_seconds=0.0, open_seconds=30.0)
    with emulated_hubspot() as hubspot:
        with paced_client(hubspot, pace_of(sqlite_engine, circuit=terms), attempts=100) as client:
            hubspot.order(kind="reset", times=1000)

            with ThreadPoolExecutor(8) as pool:
                errors = [one.exception() for one in [pool.submit(client.upsert, BATCH) for _ in range(8)]]

        assert all(isinstance(error, CircuitOpenError) for error in errors)
        assert 20 <= hubspot.stats()["requests"] < 20 + 8


def test_one_call_tries_a_hubspot_that_was_down_and_all_go_on(sqlite_engine: Engine) -> None:
    """When the time is over, one request goes out; it is answered, and calls pass again."""
    terms = CircuitTerms(failures=1, failing_seconds=0.0, open_seconds=0.1)
    with emulated_hubspot() as hubspot, paced_client(hubspot, pace_of(sqlite_engine, circuit=terms)) as client:
        client.ensure_schema()
        hubspot.order(kind="status", status=500, path="upsert")
        with pytest.raises(CircuitOpenError):
            client.upsert(BATCH)

        outcome = None
        while outcome is None:
            try:
                outcome = client.upsert(BATCH)
            except CircuitOpenError:
                continue

        assert outcome.accepted
        assert circuit_of(sqlite_engine) == Circuit()
        assert hubspot.upserts() == 2


@pytest.mark.parametrize("fault", ["burst", "conflict", "missing_scopes", "unauthorized", "locked", "invalid"])
def test_a_hubspot_that_refuses_is_not_down(sqlite_engine: Engine, fault: str) -> None:
    """Only calls without an answer and 5xx count; a limit or a bad request says that HubSpot is well."""
    with emulated_hubspot() as hubspot, paced_client(hubspot, pace_of(sqlite_engine), attempts=8) as client:
        client.ensure_schema()
        hubspot.order(kind=fault, path="upsert", times=8)

        for _ in range(8):
            with suppress(RetryableError, FatalError):
                client.upsert([contact(f"N{number}") for number in range(12)])

        assert circuit_of(sqlite_engine) == Circuit()


def test_a_trial_that_finds_the_day_spent_is_given_back(sqlite_engine: Engine) -> None:
    """The next one may try when there are calls again."""
    terms = CircuitTerms(failures=1, failing_seconds=0.0, open_seconds=0.001)
    with emulated_hubspot() as hubspot, paced_client(hubspot, pace_of(sqlite_engine, circuit=terms)) as client:
        client.account()
        hubspot.order(kind="daily")
        with pytest.raises(PausedError):
            client.upsert(BATCH)
        circuit_breakers.change(sqlite_engine, ACCOUNT, lambda circuit, moment: circuit.failed(moment, None, terms))

        with pytest.raises((PausedError, CircuitOpenError)):
            client.upsert(BATCH)

        assert circuit_of(sqlite_engine).trial_holder is None


def spend_the_day(client: HubSpotClient) -> tuple[int, dt.datetime]:
    """Make calls until there are none left: how many were made, and when there are new ones."""
    client.account()
    made = 1
    try:
        while True:
            client._transport.call("GET", DETAILS)  # noqa: SLF001 - the smallest call
            made += 1
    except PausedError as error:
        assert error.until is not None  # noqa: PT017 - all errors but this one go on
        return made, error.until
