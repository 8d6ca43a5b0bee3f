"""Tests of the years that wait for another day."""

import datetime as dt
from functools import partial

from babynames_assets.warehouse import clock, sync_pauses
from babynames_assets.warehouse.engine import Engine, connect, run_in_transaction

NEW_YORK = dt.timezone(dt.timedelta(hours=-5))


def moment(engine: Engine, seconds: float) -> dt.datetime:
    """So many seconds from now by the database's clock, in a zone that is not UTC."""
    with connect(engine) as connection:
        now = clock.moment(connection).replace(tzinfo=dt.UTC)
    return (now + dt.timedelta(seconds=seconds)).astimezone(NEW_YORK)


def pause(engine: Engine, until: dt.datetime, *years: int) -> None:
    """Let years wait."""
    run_in_transaction(engine, partial(sync_pauses.pause, years=years, until=until))


def over(engine: Engine) -> dict[int, dt.datetime]:
    """The years that may go on."""
    with connect(engine) as connection:
        return sync_pauses.over(connection)


def test_a_pause_is_over_when_its_moment_has_come(engine: Engine) -> None:
    """Whatever zone the moment was given in; years that still wait are left out."""
    past, future = moment(engine, -60), moment(engine, 60)
    pause(engine, past, 2001, 2003)
    pause(engine, future, 2002)

    assert over(engine) == {2001: past, 2003: past}


def test_a_year_that_is_paused_again_waits_for_the_newer_moment(engine: Engine) -> None:
    """The day after was spent too."""
    pause(engine, moment(engine, -60), 2001)

    pause(engine, moment(engine, 60), 2001)

    assert over(engine) == {}


def test_a_pause_that_is_ended_is_forgotten(engine: Engine) -> None:
    """Of these years and no others."""
    pause(engine, moment(engine, -60), 2001, 2002, 2003)

    run_in_transaction(engine, partial(sync_pauses.end, years=[2001, 2003, 2050]))

    assert over(engine).keys() == {2002}


def test_nothing_waits_at_first(engine: Engine) -> None:
    """And ending nothing is no error."""
    run_in_transaction(engine, partial(sync_pauses.end, years=[]))
    pause(engine, moment(engine, -60))

    assert over(engine) == {}
