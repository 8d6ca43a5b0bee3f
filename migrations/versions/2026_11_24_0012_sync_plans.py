"""What people ask of the sync beside syncing: plans, and readings back.

A plan is kept with the picture that it was made from, so that a sync can tell whether it still holds. A reconciliation
is kept with how far it came, because the calls of a day may end before it does.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "2026_11_24_0012"
down_revision = "2026_11_24_0011"
branch_labels = None
depends_on = None

_OPTIONS = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}
_MOMENT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")
_LONG_TEXT = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql")


def upgrade() -> None:
    op.create_table(
        "sync_plans",
        sa.Column("plan_id", sa.String(16), primary_key=True),
        sa.Column("first_year", sa.SmallInteger, nullable=False),
        sa.Column("last_year", sa.SmallInteger, nullable=False),
        sa.Column("picture", _LONG_TEXT, nullable=False),
        sa.Column("digest", sa.CHAR(64), nullable=False),
        sa.Column("made_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("begun_at", _MOMENT),
        sa.Column("finished_at", _MOMENT),
        if_not_exists=True,
        **_OPTIONS,
    )
    op.create_table(
        "reconciliations",
        sa.Column("task", sa.String(64), primary_key=True),
        sa.Column("progress", _LONG_TEXT, nullable=False),
        sa.Column("begun_at", _MOMENT, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.Column("finished_at", _MOMENT),
        if_not_exists=True,
        **_OPTIONS,
    )


def downgrade() -> None:
    op.drop_table("reconciliations", if_exists=True)
    op.drop_table("sync_plans", if_exists=True)
