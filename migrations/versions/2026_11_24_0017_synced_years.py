"""The content of each year that HubSpot was last brought to whole: what tells a year whose contacts are behind."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "2026_11_24_0017"
down_revision = "2026_11_24_0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "synced_years",
        sa.Column("year", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("digest", sa.CHAR(64), nullable=False),
        sa.Column("mapping", sa.String(16), nullable=False),
        sa.Column("synced_at", sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql"), nullable=False),
        if_not_exists=True,
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
    )


def downgrade() -> None:
    op.drop_table("synced_years", if_exists=True)
