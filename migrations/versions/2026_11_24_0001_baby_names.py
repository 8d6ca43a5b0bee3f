"""The table of names.

Its key is its order on disk; a partition a year is made ahead of each load.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24_0001"
down_revision = None
branch_labels = None
depends_on = None

_OPTIONS = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}


def upgrade() -> None:
    op.create_table(
        "baby_names",
        sa.Column("year", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("sex", sa.CHAR(1), primary_key=True),
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("births", sa.Integer, nullable=False),
        mysql_partition_by="RANGE (year) (PARTITION p_future VALUES LESS THAN MAXVALUE)",
        if_not_exists=True,
        **_OPTIONS,
    )


def downgrade() -> None:
    op.drop_table("baby_names", if_exists=True)
