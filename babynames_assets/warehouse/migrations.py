"""The schema's migrations: forward, back, and where it stands. Two migrators never race."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
import structlog
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from babynames_assets.errors import FatalError, RetryableError
from babynames_assets.warehouse.engine import Connection, Engine, connect, run_in_transaction

_LOCK = "babynames_migrations"
_LOCK_SECONDS = 120

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Revision:
    """One migration."""

    revision: str
    purpose: str

    def __str__(self) -> str:
        return f"{self.revision}  {self.purpose}"


@dataclass(frozen=True)
class MigrationStatus:
    """Where a warehouse stands: its newest migration, ours, and those between, oldest first."""

    current: str | None
    head: str
    pending: list[Revision]


def up(engine: Engine) -> None:
    """Apply what is missing. A second migrator waits, and then finds nothing to do."""
    _exclusively(engine, _upgrade)


def down(engine: Engine, *, steps: int = 1) -> None:
    """Undo the newest migrations, with the rows of the tables that they made.

    Raises:
        FatalError: there are fewer migrations to undo.
    """
    _exclusively(engine, lambda connection: _downgrade(connection, steps))


def status(engine: Engine) -> MigrationStatus:
    """Where the warehouse stands.

    Raises:
        FatalError: its schema is newer than this code.
    """
    with connect(engine) as connection:
        return _status(connection)


def history() -> list[Revision]:
    """Every migration, oldest first."""
    scripts = ScriptDirectory.from_config(_config())
    return [Revision(script.revision, script.doc) for script in reversed(list(scripts.walk_revisions()))]


def require_migrated(engine: Engine) -> None:
    """Refuse a warehouse whose schema is not ours.

    Raises:
        FatalError: migrations are missing; the message says how to apply them.
    """
    found = status(engine)
    if found.pending:
        raise FatalError(
            f"The warehouse's schema is at {found.current or 'nothing'}, but this version needs {found.head}. "
            "Run: babynames migrate up"
        )


def _upgrade(connection: Connection) -> None:
    pending = _status(connection).pending
    if pending:
        command.upgrade(_config(connection), "head")
        _log.info("migrations_applied", revisions=[revision.revision for revision in pending])


def _downgrade(connection: Connection, steps: int) -> None:
    found = _status(connection)
    applied = len(history()) - len(found.pending)
    if steps > applied:
        raise FatalError(f"There are {applied} migrations to undo, not {steps}.")
    command.downgrade(_config(connection), f"-{steps}")
    _log.info("migrations_undone", steps=steps, was=found.current)


def _status(connection: Connection) -> MigrationStatus:
    current = MigrationContext.configure(connection).get_current_revision()
    known = history()
    names = [revision.revision for revision in known]
    if current is not None and current not in names:
        raise FatalError(
            f"The warehouse's schema is at {current}, which this version does not know: a newer one migrated "
            "it. Use that version, or undo its migrations with it first."
        )
    done = names.index(current) + 1 if current else 0
    return MigrationStatus(current=current, head=names[-1], pending=known[done:])


def _exclusively(engine: Engine, work: Callable[[Connection], None]) -> None:
    if engine.dialect.name == "sqlite":
        run_in_transaction(engine, work)
        return
    with connect(engine) as guard, _locked(guard), connect(engine) as connection:
        work(connection)
        connection.commit()


@contextmanager
def _locked(connection: Connection) -> Iterator[None]:
    if connection.scalar(sa.select(sa.func.get_lock(_LOCK, _LOCK_SECONDS))) != 1:
        raise RetryableError(f"Another process has been migrating for {_LOCK_SECONDS} s. Try again when it has ended.")
    try:
        yield
    finally:
        connection.scalar(sa.select(sa.func.release_lock(_LOCK)))


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_folder()))
    config.attributes["connection"] = connection
    return config


def _folder() -> Path:
    """In a checkout the migrations stand beside the package, in a wheel inside it."""
    package = Path(__file__).parents[1]
    inside = package / "_migrations"
    return inside if inside.is_dir() else package.parent / "migrations"
