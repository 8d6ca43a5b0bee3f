"""What a sync that is under way, paused or dead leaves for the next one.

Which years it holds and until when, which years wait for another day, and of which contacts a write was begun that has
no recorded outcome.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "2026_11_24_0013"
down_revision = "2026_11_24_0012"
branch_labels = None
depends_on = None

_OPTIONS = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}
_MOMENT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")
_CHECK = "ck_contact_sync_state_status"
_COLUMNS = ["year", "sex", "name", "fingerprint", "status", "hubspot_id", "synced_at"]


def upgrade() -> None:
    op.create_table(
        "sync_leases",
        sa.Column("year", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("holder", sa.String(64), nullable=False),
        sa.Column("held_by", sa.String(255), nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        if_not_exists=True,
        **_OPTIONS,
    )
    op.create_table(
        "sync_pauses",
        sa.Column("year", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("until_at", _MOMENT, nullable=False),
        if_not_exists=True,
        **_OPTIONS,
    )
    _allow("'synced', 'refused', 'in_doubt'")


def downgrade() -> None:
    # The release before sends whatever has another fingerprint, and knows two states.
    op.execute("DELETE FROM contact_sync_state WHERE status = 'in_doubt' AND hubspot_id IS NULL")
    op.execute("UPDATE contact_sync_state SET status = 'synced' WHERE status = 'in_doubt'")
    _allow("'synced', 'refused'")
    op.drop_table("sync_pauses", if_exists=True)
    op.drop_table("sync_leases", if_exists=True)


def _allow(states: str) -> None:
    condition = f"status IN ({states})"
    if op.get_context().dialect.name == "sqlite":
        _make_again(condition)
        return
    # A server commits each statement on its own: a second try after a crash may find no constraint.
    if _CHECK in {check["name"] for check in sa.inspect(op.get_bind()).get_check_constraints("contact_sync_state")}:
        op.drop_constraint(op.f(_CHECK), "contact_sync_state", type_="check")
    op.create_check_constraint(op.f(_CHECK), "contact_sync_state", condition)


def _make_again(condition: str) -> None:
    """SQLite cannot change a constraint of a table that is there."""
    op.rename_table("contact_sync_state", "contact_sync_state_before")
    state = op.create_table(
        "contact_sync_state",
        sa.Column("year", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("sex", sa.CHAR(1), primary_key=True),
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("hubspot_id", sa.String(32)),
        sa.Column("synced_at", _MOMENT, nullable=False),
        sa.CheckConstraint(condition, name=op.f(_CHECK)),
    )
    before = sa.table("contact_sync_state_before", *(sa.column(name) for name in _COLUMNS))
    op.execute(state.insert().from_select(_COLUMNS, sa.select(before)))
    op.drop_table("contact_sync_state_before")
