"""Tests of rows that travel as one JSON text, to the database and from it."""

import datetime as dt

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError

from babynames_assets.warehouse import json_rows
from babynames_assets.warehouse.engine import Engine
from babynames_assets.warehouse.tables import contact_sync_state as table

COLUMNS = tuple(table.c[name] for name in ("year", "name", "hubspot_id", "synced_at"))
MOMENT = dt.datetime(2026, 11, 24, 1, 2, 3, 456789)  # noqa: DTZ001 - as the tables store moments

HOSTILE = [
    "Zoë",
    "O'Brien",
    '"; DROP TABLE x; --',
    "a\\'b",
    "%s",
    ":json_rows",
    "{}",
    "[1]",
    "null",
    "李",
    "🙂",
    " ",
    "NULL",
]


def there_and_back(engine: Engine, *rows: tuple[int, str, str | None]) -> list[tuple[object, ...]]:
    """The rows as the database takes them out of the text."""
    given = [(*row, MOMENT.isoformat(sep=" ")) for row in rows]
    with engine.connect() as connection:
        query = json_rows.as_select(connection.dialect, COLUMNS)
        return [tuple(row) for row in connection.execute(query, json_rows.as_parameter(given))]


def test_rows_arrive_with_the_types_of_their_columns(engine: Engine) -> None:
    """Numbers, texts, nothing, and a moment to the microsecond."""
    found = there_and_back(engine, (2001, "Mary", "17"), (1880, "Anna", None))

    assert sorted(found) == [(1880, "Anna", None, MOMENT), (2001, "Mary", "17", MOMENT)]


def test_hostile_texts_arrive_as_they_are(engine: Engine) -> None:
    """Nothing in a text is taken for SQL, for JSON, or for a parameter, in whatever character set the database is."""
    found = there_and_back(engine, *((2001, text, None) for text in HOSTILE))

    assert sorted(str(name) for _, name, _, _ in found) == sorted(HOSTILE)


def test_no_rows_are_no_rows(engine: Engine) -> None:
    """An empty text is not a row of nothing."""
    assert there_and_back(engine) == []


def test_a_text_that_does_not_fit_is_an_error(server_engine: Engine) -> None:
    """It is neither cut nor left out: an id that is not HubSpot's would archive another contact."""
    row = (2001, "F", "Mary", "1:7", "synced", "1" * 33, MOMENT.isoformat(sep=" "))
    columns = tuple(table.columns)
    with server_engine.connect() as connection:
        query = json_rows.as_select(connection.dialect, columns)
        with pytest.raises(DBAPIError, match="hubspot_id"):
            connection.execute(table.insert().from_select(columns, query), json_rows.as_parameter([row]))


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=100)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 9999), texts, st.none() | st.text("0123456789", max_size=32)), max_size=20))
def test_any_rows_arrive(engine: Engine, rows: list[tuple[int, str, str | None]]) -> None:
    """Whatever texts, in the order in which they were given or another."""
    found = there_and_back(engine, *rows)

    assert sorted(found, key=repr) == sorted(((*row, MOMENT) for row in rows), key=repr)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 9999), texts, st.none() | st.text("0123456789", max_size=32)), max_size=20))
def test_any_rows_are_fetched(engine: Engine, rows: list[tuple[int, str, str | None]]) -> None:
    """What the database puts into one text is what it would have given row by row."""
    given = [(*row, MOMENT.isoformat(sep=" ")) for row in rows]
    with engine.connect() as connection:
        source = json_rows.as_select(connection.dialect, COLUMNS).subquery()
        query = sa.select(source.c.year, source.c.name, source.c.hubspot_id)
        one_text = json_rows.fetch(connection, query.params(json_rows.as_parameter(given)))

    assert sorted(one_text, key=repr) == sorted(([*row] for row in rows), key=repr)
