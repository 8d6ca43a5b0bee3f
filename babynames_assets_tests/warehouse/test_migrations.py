"""Tests of the schema's migrations."""

import re
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from pydantic import SecretStr

from babynames_assets.errors import FatalError
from babynames_assets.warehouse import migrations
from babynames_assets.warehouse.engine import Connection, Engine, connect, open_engine
from babynames_assets.warehouse.tables import METADATA
from babynames_assets_tests.warehouse.frames import load, stored

VERSIONS = Path(__file__).parents[2] / "migrations" / "versions"


@pytest.fixture
def empty(warehouse_url: str) -> Engine:
    """An engine on an empty database."""
    return open_engine(SecretStr(warehouse_url))


def tables(engine: Engine) -> set[str]:
    """The tables that exist, Alembic's own left out."""
    return set(sa.inspect(engine).get_table_names()) - {"alembic_version"}


def definitions(engine: Engine) -> dict[str, str]:
    """How the database itself describes each table."""
    with connect(engine) as connection:
        return {name: _definition(connection, name) for name in sorted(tables(engine))}


def _definition(connection: Connection, table: str) -> str:
    if connection.dialect.name != "sqlite":
        text = connection.exec_driver_sql(f"SHOW CREATE TABLE {table}").one()[1]
        lines = [" ".join(line.split()).rstrip(",") for line in text.splitlines()]
        # SQLAlchemy makes a table's indexes in no order of its own. The rest keeps its order: the sort is stable.
        return ", ".join(sorted(lines, key=lambda line: line if line.startswith("KEY ") else ""))
    query = sa.text("SELECT sql FROM sqlite_master WHERE tbl_name = :table AND sql IS NOT NULL ORDER BY name")
    return "\n".join(_in_order(re.sub(r"\s+", " ", text)) for text in connection.scalars(query, {"table": table}))


def _in_order(statement: str) -> str:
    """A definition with its parts in alphabetical order: SQLite writes an added column behind the constraints."""
    head, _, parts = statement.rpartition(")")[0].partition("(")
    return f"{head}({', '.join(sorted(part.strip() for part in re.split(r',(?![^(]*[)])', parts)))})"


def test_up_makes_every_table(empty: Engine) -> None:
    """From nothing to the newest schema."""
    assert tables(empty) == set()

    migrations.up(empty)

    assert tables(empty) == set(METADATA.tables)
    assert migrations.status(empty).pending == []
    empty.dispose()


def test_up_down_up_ends_where_it_began(empty: Engine) -> None:
    """Each migration undoes what it did, one at a time, down to nothing, and can be applied again."""
    migrations.up(empty)
    first = definitions(empty)

    for _ in migrations.history():
        before = definitions(empty)
        migrations.down(empty)
        assert tables(empty) <= before.keys()
        assert definitions(empty) != before
    assert tables(empty) == set()

    migrations.up(empty)
    assert definitions(empty) == first
    empty.dispose()


def test_several_steps_are_undone_at_once(empty: Engine) -> None:
    """The tables of the newest two migrations go, the others stay."""
    migrations.up(empty)

    migrations.down(empty, steps=2)

    status = migrations.status(empty)
    assert [revision.revision for revision in status.pending] == [
        revision.revision for revision in migrations.history()[-2:]
    ]
    empty.dispose()


def test_up_again_changes_nothing_and_keeps_the_rows(engine: Engine) -> None:
    """A deployment may run it every time."""
    load(engine, 2001, ("F", "Mary", 7))

    migrations.up(engine)

    assert stored(engine, 2001) == [("F", "Mary", 7)]


def test_more_steps_than_there_are_cannot_be_undone(empty: Engine) -> None:
    """The message says how many there are, and nothing is undone."""
    with pytest.raises(FatalError, match="There are 0 migrations to undo, not 1"):
        migrations.down(empty)

    migrations.up(empty)
    with pytest.raises(FatalError, match=f"There are {len(migrations.history())} migrations to undo, not 99"):
        migrations.down(empty, steps=99)

    assert migrations.status(empty).pending == []
    empty.dispose()


def test_the_models_equal_the_migrated_schema(empty: Engine) -> None:
    """What the code believes of the tables is what the migrations made."""
    migrations.up(empty)

    with empty.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, METADATA)

    assert differences == []
    empty.dispose()


def test_tables_made_from_the_models_are_those_of_the_migrations(empty: Engine) -> None:
    """Down to partitions, collations and constraints, as the database itself describes them."""
    METADATA.create_all(empty)
    from_models = definitions(empty)
    METADATA.drop_all(empty)

    migrations.up(empty)

    assert definitions(empty) == from_models
    empty.dispose()


def test_text_is_compared_by_code_point_whatever_the_database_says(engine: Engine) -> None:
    """The database of the tests is latin1: each table says for itself what it needs."""
    if engine.dialect.name == "sqlite":
        return
    for definition in definitions(engine).values():
        assert "ENGINE=InnoDB" in definition
        assert "COLLATE=utf8mb4_bin" in definition


def test_a_new_warehouse_has_one_partition_for_everything(engine: Engine) -> None:
    """Years get their own when they are loaded."""
    if engine.dialect.name == "sqlite":
        return
    definition = definitions(engine)["baby_names"]

    assert re.search(r"PARTITION BY RANGE \(`year`\)", definition)
    assert re.findall(r"PARTITION `?(p_\w+|p\d+)`?", definition) == ["p_future"]


def test_a_second_migrator_waits_and_then_finds_nothing_to_do(empty: Engine) -> None:
    """Several processes may be deployed at once."""
    failures: list[BaseException] = []
    start = threading.Barrier(4)

    def migrate() -> None:
        try:
            start.wait(timeout=30)
            migrations.up(empty)
        except BaseException as error:  # noqa: BLE001 - handed to the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=migrate) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)

    assert failures == []
    assert tables(empty) == set(METADATA.tables)
    empty.dispose()


@pytest.mark.parametrize("applied", range(len(migrations.history())))
def test_a_second_try_after_a_crash_succeeds(engine: Engine, applied: int) -> None:
    """A server commits each table on its own: the tables may be there and the version not yet."""
    if engine.dialect.name == "sqlite":
        return  # there a migration is one transaction
    before = definitions(engine)
    previous = [None, *(revision.revision for revision in migrations.history())][applied]
    with engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM alembic_version"))
        if previous:
            connection.execute(sa.text("INSERT INTO alembic_version VALUES (:previous)"), {"previous": previous})

    migrations.up(engine)

    assert definitions(engine) == before
    migrations.require_migrated(engine)


def test_an_empty_database_is_refused_with_the_command(empty: Engine) -> None:
    """Whoever forgot to migrate learns how."""
    with pytest.raises(FatalError, match=r"at nothing.*Run: babynames migrate up"):
        migrations.require_migrated(empty)
    empty.dispose()


def test_a_schema_that_lags_behind_is_refused_with_the_command(engine: Engine) -> None:
    """A new release does not start on the old schema."""
    migrations.down(engine)

    with pytest.raises(FatalError, match=f"this version needs {migrations.history()[-1].revision}"):
        migrations.require_migrated(engine)


def test_a_schema_of_a_newer_release_is_refused(engine: Engine) -> None:
    """An old release does not touch what it does not know."""
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '2999_01_01_0001'"))

    for use in (migrations.status, migrations.up, migrations.down, migrations.require_migrated):
        with pytest.raises(FatalError, match="2999_01_01_0001, which this version does not know"):
            use(engine)


def test_a_migrated_warehouse_is_accepted(engine: Engine) -> None:
    """The everyday case."""
    migrations.require_migrated(engine)

    status = migrations.status(engine)
    assert (status.current, status.pending) == (status.head, [])


def test_history_is_oldest_first_and_says_what_each_is_for() -> None:
    """Names begin with the date, so that the folder lists in the same order."""
    history = migrations.history()

    assert [revision.revision for revision in history] == sorted(revision.revision for revision in history)
    assert all(str(revision).startswith(f"{revision.revision}  {revision.purpose}") for revision in history)
    assert all(revision.purpose.endswith(".") for revision in history)


def test_files_are_named_after_their_revision() -> None:
    """Date first, a number within the day, the purpose."""
    files = sorted(file.stem for file in VERSIONS.glob("*.py"))

    assert len(files) == len(migrations.history())
    for stem, revision in zip(files, migrations.history(), strict=True):
        assert re.fullmatch(r"\d{4}_\d\d_\d\d_\d{4}_\w+", stem)
        assert stem.startswith(revision.revision)


def test_states_of_contacts_survive_the_migration_that_knows_doubt_and_its_undoing(engine: Engine) -> None:
    """The release before knows two states: what was in doubt is pending there too, and no id is lost."""

    def states() -> list[tuple[str, str, str, str | None]]:
        with connect(engine) as connection:
            query = "SELECT name, status, fingerprint, hubspot_id FROM contact_sync_state ORDER BY name"
            return [tuple(row) for row in connection.exec_driver_sql(query)]

    rows = [
        "(2001, 'F', 'Anna', '1:9', 'synced', '11', '2026-01-01 00:00:00')",
        "(2001, 'F', 'Emma', '1:9', 'refused', NULL, '2026-01-01 00:00:00')",
        "(2001, 'F', 'Mary', '', 'in_doubt', '12', '2026-01-01 00:00:00')",
        "(2001, 'F', 'Zoe', '', 'in_doubt', NULL, '2026-01-01 00:00:00')",
    ]
    with engine.begin() as connection:
        connection.exec_driver_sql(f"INSERT INTO contact_sync_state VALUES {', '.join(rows)}")
    known = [revision.revision for revision in migrations.history()]
    before = states()

    migrations.down(engine, steps=len(known) - known.index("2026_11_24_0013"))
    undone = states()
    migrations.up(engine)

    assert undone == [
        ("Anna", "synced", "1:9", "11"),
        ("Emma", "refused", "1:9", None),
        ("Mary", "synced", "", "12"),
    ]
    assert states() == undone
    assert [row[0] for row in before] == ["Anna", "Emma", "Mary", "Zoe"]
