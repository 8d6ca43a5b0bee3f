"""The rows of encrypted secrets: one a secret, with the lease of whoever renews it, by the database's clock."""

import datetime as dt

import sqlalchemy as sa

from babynames_assets.secret_store import SealedSecret
from babynames_assets.warehouse.clock import moment
from babynames_assets.warehouse.engine import Connection, Engine, connect, run_in_transaction
from babynames_assets.warehouse.rows import upsert
from babynames_assets.warehouse.tables import sealed_secrets

_COLUMNS = sealed_secrets.c


class SealedSecrets:
    """The encrypted secrets of a warehouse. Safe to share between threads and processes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def read(self, name: str) -> SealedSecret | None:
        """A secret, if there is one of that name."""
        found = self._select(_COLUMNS.name == name)
        return found[0] if found else None

    def all(self) -> list[SealedSecret]:
        """Every secret, by name."""
        return self._select(sa.true())

    def replace(self, name: str, sealed: str, *, version: int) -> bool:
        """Write a secret if its version is still the one that was read; it ends the lease on it.

        Args:
            name: what it is.
            sealed: the encrypted text.
            version: of the secret that was read, 0 if there was none.

        Returns:
            False if it has another version by now; nothing is written then.
        """

        def write(connection: Connection) -> bool:
            _hold(connection, name)
            written = connection.execute(
                sealed_secrets.update()
                .where(_COLUMNS.name == name, _COLUMNS.version == version)
                .values(
                    sealed=sealed,
                    version=version + 1,
                    written_at=moment(connection),
                    leased_by=None,
                    leased_until=None,
                )
            )
            return written.rowcount == 1

        return run_in_transaction(self._engine, write)

    def reseal(self, name: str, sealed: str, *, version: int) -> None:
        """Encrypt a secret otherwise, if it is still that version; all else, a lease on it too, stays."""
        statement = (
            sealed_secrets.update().where(_COLUMNS.name == name, _COLUMNS.version == version).values(sealed=sealed)
        )
        run_in_transaction(self._engine, lambda connection: connection.execute(statement))

    def lease(self, name: str, holder: str, seconds: float) -> bool:
        """Keep others from renewing the secret for a while, or for a while longer.

        Args:
            name: the secret; it need not exist yet.
            holder: who asks, unlike any other.
            seconds: how long; nobody holds a secret for longer without asking again.

        Returns:
            False while another holds it.
        """

        def take(connection: Connection) -> bool:
            held_by, until = _hold(connection, name)
            now = moment(connection)
            end = now + dt.timedelta(seconds=seconds)
            # A lease that ends later than a new one would was written before the clock was set back.
            if held_by not in (None, holder) and until is not None and now < until <= end:
                return False
            values = {"leased_by": holder, "leased_until": end}
            connection.execute(sealed_secrets.update().where(_COLUMNS.name == name).values(values))
            return True

        return run_in_transaction(self._engine, take)

    def release(self, name: str, holder: str) -> None:
        """End a lease before its time; another holder's stays."""
        statement = (
            sealed_secrets.update()
            .where(_COLUMNS.name == name, _COLUMNS.leased_by == holder)
            .values(leased_by=None, leased_until=None)
        )
        run_in_transaction(self._engine, lambda connection: connection.execute(statement))

    def forget(self, name: str) -> bool:
        """Delete a secret; False if there is none."""
        statement = sealed_secrets.delete().where(_COLUMNS.name == name)
        return run_in_transaction(self._engine, lambda connection: connection.execute(statement).rowcount == 1)

    def _select(self, condition: sa.ColumnElement[bool]) -> list[SealedSecret]:
        query = (
            sa.select(_COLUMNS.name, _COLUMNS.sealed, _COLUMNS.version, _COLUMNS.written_at)
            .where(condition, _COLUMNS.sealed.is_not(None))
            .order_by(_COLUMNS.name)
        )
        with connect(self._engine) as connection:
            rows = connection.execute(query).all()
            now = moment(connection)
        return [
            SealedSecret(row.name, row.sealed, row.version, max(0.0, (now - row.written_at).total_seconds()))
            for row in rows
        ]


def _hold(connection: Connection, name: str) -> tuple[str | None, dt.datetime | None]:
    """Make the row if there is none, and keep others from it until the transaction ends; who leases it until when."""
    upsert(connection, sealed_secrets, [{"name": name, "version": 0}], keys=["name"], update={"name": _COLUMNS.name})
    query = sa.select(_COLUMNS.leased_by, _COLUMNS.leased_until).where(_COLUMNS.name == name).with_for_update()
    held_by, until = connection.execute(query).one()
    return held_by, until
