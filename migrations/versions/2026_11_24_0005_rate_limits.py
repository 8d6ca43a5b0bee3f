"""Rolling windows of calls, shared by all processes.

A row a bucket; its lock makes the limit exact.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "2026_11_24_0005"
down_revision = "2026_11_24_0004"
branch_labels = None
depends_on = None

_OPTIONS = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}
_MOMENT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")
_LONG_TEXT = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql")


def upgrade() -> None:
    op.create_table(
        "rate_limits",
        sa.Column("bucket", sa.String(64), primary_key=True),
        sa.Column("admitted_at", _LONG_TEXT, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        if_not_exists=True,
        **_OPTIONS,
    )


def downgrade() -> None:
    op.drop_table("rate_limits", if_exists=True)
