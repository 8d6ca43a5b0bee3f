"""Tests of how the database describes a table, against how the migrations leave it."""

import sqlalchemy as sa

from babynames_assets.warehouse import table_shape
from babynames_assets.warehouse.engine import Engine, connect, run_in_transaction
from babynames_assets.warehouse.tables import baby_names


def differences(engine: Engine) -> dict[str, str]:
    """What is not as it was made."""
    with connect(engine) as connection:
        return dict(table_shape.differences(connection, baby_names))


def change(engine: Engine, statement: str) -> None:
    """Change a table by hand."""
    run_in_transaction(engine, lambda connection: connection.execute(sa.text(statement)))


def test_the_table_is_as_the_migrations_leave_it(engine: Engine) -> None:
    """On each database, whatever it calls the types."""
    assert differences(engine) == {}


def test_a_column_more_or_less_is_seen(engine: Engine) -> None:
    """By its name."""
    change(engine, "ALTER TABLE baby_names ADD COLUMN remark INTEGER")
    change(engine, "ALTER TABLE baby_names DROP COLUMN births")

    assert differences(engine) == {
        "remark": "the table has this column besides",
        "births": "there is no such column",
    }


def test_a_table_that_is_gone_is_seen(engine: Engine) -> None:
    """And is no error."""
    change(engine, "DROP TABLE baby_names")

    assert differences(engine) == {"baby_names": "there is no such table"}


def test_a_collation_that_takes_two_names_for_one_is_seen(server_engine: Engine) -> None:
    """Also where a column's definition does not spell it out, because the table has the same."""
    change(server_engine, "ALTER TABLE baby_names CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci")

    found = differences(server_engine)

    assert found.keys() == {"sex", "name"}
    assert "names that differ would be one" in found["name"]


def test_another_type_nulls_and_another_key_are_seen(server_engine: Engine) -> None:
    """Each in words."""
    change(server_engine, "ALTER TABLE baby_names MODIFY births VARCHAR(20) NULL")
    change(server_engine, "ALTER TABLE baby_names DROP PRIMARY KEY, ADD PRIMARY KEY (year, name)")

    found = differences(server_engine)

    assert "not INTEGER" in found["births"]
    assert "it takes nulls" in found["births"]
    assert found["primary key"] == "it is made of year, name"
