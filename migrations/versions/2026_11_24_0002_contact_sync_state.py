"""What HubSpot last confirmed of each row.

Same key as the table of names, so that the two compare in the order of their key.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "2026_11_24_0002"
down_revision = "2026_11_24_0001"
branch_labels = None
depends_on = None

_OPTIONS = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}
_MOMENT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")


def upgrade() -> None:
    op.create_table(
        "contact_sync_state",
        sa.Column("year", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("sex", sa.CHAR(1), primary_key=True),
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("hubspot_id", sa.String(32)),
        sa.Column("synced_at", _MOMENT, nullable=False),
        sa.CheckConstraint("status IN ('synced', 'refused')", name=op.f("ck_contact_sync_state_status")),
        if_not_exists=True,
        **_OPTIONS,
    )


def downgrade() -> None:
    op.drop_table("contact_sync_state", if_exists=True)
