"""The calls of a day, shared by all processes.

A row an account: how many of its day are spent, and until when nothing is called.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "2026_11_24_0008"
down_revision = "2026_11_24_0007"
branch_labels = None
depends_on = None

_OPTIONS = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}
_MOMENT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")


def upgrade() -> None:
    op.create_table(
        "daily_budgets",
        sa.Column("account", sa.String(64), primary_key=True),
        sa.Column("time_zone", sa.String(64)),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("allowed", sa.BigInteger),
        sa.Column("spent", sa.BigInteger, nullable=False),
        sa.Column("paused_until", _MOMENT),
        sa.Column("pause_reason", sa.String(255)),
        if_not_exists=True,
        **_OPTIONS,
    )


def downgrade() -> None:
    op.drop_table("daily_budgets", if_exists=True)
