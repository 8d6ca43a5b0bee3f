"""Tests of one incident being one message, on every kind of database."""

import datetime as dt
import json
import threading

import sqlalchemy as sa

from babynames_assets.notifications.channels import Route
from babynames_assets.notifications.news import Message
from babynames_assets.notifications.notifier import KEPT_DAYS, Terms
from babynames_assets.warehouse import delivery_reviews, incidents
from babynames_assets.warehouse.engine import Engine, connect, run_in_transaction
from babynames_assets_tests.notifications.samples import ALL, KEY, bad, good, news, notifier, route, stored, told


def let_hours_pass(engine: Engine, hours: float) -> None:
    """As if everything had happened so much earlier."""
    columns = {"incidents": ("opened_at", "last_seen_at", "told_at"), "notification_deliveries": ("settled_at",)}
    with engine.begin() as connection:
        for name, moments in columns.items():
            table = sa.Table(name, sa.MetaData(), autoload_with=connection)
            for row in connection.execute(table.select()).mappings().all():
                earlier = {one: row[one] - dt.timedelta(hours=hours) for one in moments if row[one]}
                if earlier:
                    connection.execute(table.update().where(table.c.id == row["id"]).values(earlier))


def open_keys(engine: Engine) -> list[str]:
    """What is wrong now."""
    with connect(engine) as connection:
        return [one.incident_key for one in incidents.open_incidents(connection)]


def test_a_hundred_failing_runs_are_one_message(engine: Engine) -> None:
    """Each seen by a look of its own; the end of the last year is the second message."""
    desk = notifier(engine)
    for year in range(1900, 2000):
        desk.saw([bad(year)])
    for year in range(1900, 2000):
        desk.saw([good(year)])

    assert told(engine) == [("slack", "opened"), ("slack", "resolved")]
    assert open_keys(engine) == []


def test_what_was_never_wrong_costs_no_row(engine: Engine) -> None:
    """Most runs go well."""
    assert notifier(engine).saw([good(2001), good(2002, key="another")]) == []

    assert stored(engine) == []
    with connect(engine) as connection:
        assert incidents.are_known(connection, [KEY, "another"]) == set()


def test_the_same_trouble_is_told_again_when_it_comes_back(engine: Engine) -> None:
    """After its end it is a new incident of the same key."""
    desk = notifier(engine)
    for sighting in (bad(2001), good(2001), bad(2001)):
        desk.saw([sighting])

    assert [event for _, event in told(engine)] == ["opened", "resolved", "opened"]
    assert Message.from_json(stored(engine)[2].message).times_seen == 1


def test_two_processes_that_see_the_same_tell_it_once(engine: Engine) -> None:
    """The incident's row is locked while it is judged, also when it is made."""
    barrier = threading.Barrier(4)

    def look() -> None:
        desk = notifier(engine)
        barrier.wait()
        desk.saw([bad(2001), bad(2002, key="another")])

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert told(engine) == [("slack", "opened")] * 2
    with connect(engine) as connection:
        assert [one.times_seen for one in incidents.open_incidents(connection)] == [4, 4]


def test_a_trouble_that_lasts_is_told_again_after_a_day(engine: Engine) -> None:
    """Once a day, not at every look."""
    desk = notifier(engine, hours=24)
    desk.saw([bad(2001)])
    let_hours_pass(engine, 23)
    assert desk.remind() == []

    let_hours_pass(engine, 2)
    desk.remind()
    desk.remind()

    assert [event for _, event in told(engine)] == ["opened", "reminded"]


def test_each_channel_is_told_what_it_wants_to_know(engine: Engine) -> None:
    """And no other news."""
    routes = [route("slack"), route("pagerduty", frozenset({"failed_runs"}))]
    notifier(engine, routes).saw([bad(2001), bad(key="failed_checks/x", kind="check_warnings")])

    assert sorted(told(engine)) == [("pagerduty", "opened"), ("slack", "opened"), ("slack", "opened")]


def test_the_end_is_told_to_some_always(engine: Engine) -> None:
    """An alert that is never resolved stays open at PagerDuty; people may not want to read of it."""
    routes = [route("slack"), route("pagerduty", always=True)]
    desk = notifier(engine, routes, tell_when_resolved=False)
    desk.saw([bad(2001)])
    desk.saw([good(2001)])

    assert told(engine)[2:] == [("pagerduty", "resolved")]


def test_a_warning_that_becomes_an_error_reaches_those_who_want_errors(engine: Engine) -> None:
    """And when it is a warning again, it is over for them."""
    pages = Route("pagerduty", ALL - {"check_warnings"}, True, route().channel)
    desk = notifier(engine, [pages])
    for kind in ("check_warnings", "failed_checks", "check_warnings"):
        desk.saw([bad(kind=kind)])

    assert told(engine) == [("pagerduty", "opened"), ("pagerduty", "resolved")]
    assert open_keys(engine) == [KEY]


def test_without_a_channel_nothing_is_sent_and_the_incident_is_kept(engine: Engine) -> None:
    """Whoever looks finds it, and a channel that is configured later tells it at the next reminder."""
    notifier(engine, []).saw([bad(2001)])
    let_hours_pass(engine, 25)
    assert stored(engine) == []
    assert open_keys(engine) == [KEY]

    notifier(engine).remind()

    assert told(engine) == [("slack", "reminded")]


def test_completion_is_told_once(engine: Engine) -> None:
    """Whoever asks, and however often; it is no trouble that stays open."""
    desk, done = notifier(engine), news(kind="completion")

    assert [desk.tell_once("completion/1", done) for _ in range(3)] == [True, False, False]
    assert desk.tell_once("completion/2", done)
    assert told(engine) == [("slack", "opened")] * 2
    assert open_keys(engine) == []


def test_a_person_can_end_what_nothing_ends(engine: Engine) -> None:
    """Such as the failure of a job that is gone."""
    desk = notifier(engine)
    desk.saw([bad(2001, 2002)])

    assert not desk.close("unknown")
    assert desk.close(KEY)
    assert not desk.close(KEY)
    assert told(engine) == [("slack", "opened"), ("slack", "resolved")]


def test_a_message_tells_enough_and_no_secret(engine: Engine) -> None:
    """Neither a secret that is known, nor what looks like one, gets into a row."""
    why = "\n\nGET https://user:hunter22@host/x failed for hot-secret, token=abcdefgh\nsecond line"
    desk = notifier(engine, secrets=["hot-secret"])
    desk.saw([bad(2001, 2002, 2004, why=why)])

    [delivery] = stored(engine)
    message = Message.from_json(delivery.message)
    assert message.why == "GET https://user:***@host/x failed for ***, token=***"
    assert message.years == "2001-2002, 2004"
    assert message.link == "https://dagster.example/runs/0a1b"
    assert message.environment == "test"
    assert dt.datetime.fromisoformat(message.opened_at).tzinfo
    with connect(engine) as connection:
        [incident] = incidents.open_incidents(connection)
    for secret in ("hunter22", "hot-secret", "abcdefgh"):
        assert secret not in json.dumps(delivery.message)
        assert secret not in json.dumps(dict(incident.news))


def test_old_messages_are_forgotten_and_those_that_are_needed_stay(engine: Engine) -> None:
    """What was sent or discarded long ago goes; what nobody has got stays."""
    desk = notifier(engine)
    for number in range(4):
        desk.saw([bad(key=str(number))])
    statuses = dict(zip((one.id for one in stored(engine)), ("sent", "discarded", "dead", "waiting"), strict=True))
    table = sa.table("notification_deliveries", *(sa.column(name) for name in ("id", "status", "settled_at")))
    with engine.begin() as connection:
        for number, status in statuses.items():
            settled = {"status": status, "settled_at": sa.func.now() if status != "waiting" else None}
            connection.execute(table.update().where(table.c.id == number).values(settled))
    assert desk.forget() == 0

    let_hours_pass(engine, (KEPT_DAYS + 1) * 24)

    assert desk.forget() == 2
    assert [one.status for one in stored(engine)] == ["dead", "waiting"]
    run_in_transaction(engine, lambda connection: delivery_reviews.discard(connection, None, because="test"))


def test_the_terms_show_no_secret() -> None:
    """Not even in a traceback that prints them."""
    terms = Terms("test", None, dt.timedelta(hours=1), tell_when_resolved=True, secrets=["hot-secret"])

    assert "hot-secret" not in repr(terms)
