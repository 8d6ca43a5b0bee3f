"""Plans of a sync that were shown to somebody: kept, so that a sync can be held to one."""

import datetime as dt
from dataclasses import asdict, dataclass

import sqlalchemy as sa

from babynames_assets.warehouse import clock
from babynames_assets.warehouse.engine import Connection
from babynames_assets.warehouse.tables import sync_plans

KEPT = dt.timedelta(days=30)
"""A plan that expired, or was carried out, so long ago is dropped when the next one is kept."""

RESUMED = dt.timedelta(days=7)
"""So long after its beginning a plan that is not finished is gone on with by syncs that are given none."""


@dataclass(frozen=True)
class KeptPlan:
    """A plan as it lies in the table; moments are UTC without a zone.

    Attributes:
        plan_id: what a person types.
        first_year: first year that it speaks of.
        last_year: last year that it speaks of.
        picture: what it was made from, as JSON.
        digest: SHA-256 of the picture.
        made_at: when.
        expires_at: it cannot be begun later.
        begun_at: when a sync began to carry it out.
        finished_at: when nothing of it was left to do.
    """

    plan_id: str
    first_year: int
    last_year: int
    picture: str
    digest: str
    made_at: dt.datetime
    expires_at: dt.datetime
    begun_at: dt.datetime | None = None
    finished_at: dt.datetime | None = None

    def covers(self, year: int) -> bool:
        """Whether the plan speaks of a year."""
        return self.first_year <= year <= self.last_year


def keep(
    connection: Connection, plan_id: str, years: tuple[int, int], picture: str, digest: str, *, valid: dt.timedelta
) -> KeptPlan:
    """Keep a new plan, and drop those that are long over.

    Args:
        connection: a transaction.
        plan_id: a new id.
        years: first and last year.
        picture: what the plan was made from, as JSON.
        digest: its SHA-256.
        valid: how long a sync may begin to carry it out.
    """
    now = clock.moment(connection)
    connection.execute(sync_plans.delete().where(sync_plans.c.expires_at < now - KEPT))
    plan = KeptPlan(plan_id, *years, picture, digest, now, now + valid)
    connection.execute(sync_plans.insert().values(**asdict(plan)))
    return plan


def find(connection: Connection, plan_id: str) -> KeptPlan | None:
    """The plan of an id, held until the transaction ends, so that two syncs do not begin it at once."""
    row = connection.execute(sync_plans.select().where(sync_plans.c.plan_id == plan_id).with_for_update()).one_or_none()
    return KeptPlan(**row._mapping) if row else None  # noqa: SLF001 - SQLAlchemy's public name for a row's columns


def begun(connection: Connection) -> list[KeptPlan]:
    """The plans that a sync began lately and did not finish, newest first."""
    columns = sync_plans.c
    query = (
        sync_plans.select()
        .where(columns.finished_at.is_(None), columns.begun_at > clock.moment(connection) - RESUMED)
        .order_by(columns.begun_at.desc())
    )
    return [KeptPlan(**row._mapping) for row in connection.execute(query)]  # noqa: SLF001 - as above


def begin(connection: Connection, plan_id: str) -> None:
    """Enter that a sync carries a plan out; the first time counts."""
    _date(connection, plan_id, sync_plans.c.begun_at)


def finish(connection: Connection, plan_id: str) -> None:
    """Enter that nothing of a plan is left to do."""
    _date(connection, plan_id, sync_plans.c.finished_at)


def _date(connection: Connection, plan_id: str, column: sa.Column) -> None:
    connection.execute(
        sync_plans.update()
        .where(sync_plans.c.plan_id == plan_id, column.is_(None))
        .values({column: clock.moment(connection)})
    )
