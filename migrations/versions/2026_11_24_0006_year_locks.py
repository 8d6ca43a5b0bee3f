"""One writer a year.

A row a year, which a load holds until it commits. Locking the rows of the year itself cost twice the time of reading
them, and an empty year has none.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24_0006"
down_revision = "2026_11_24_0005"
branch_labels = None
depends_on = None

_OPTIONS = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}


def upgrade() -> None:
    op.create_table(
        "year_locks",
        sa.Column("year", sa.SmallInteger, primary_key=True, autoincrement=False),
        if_not_exists=True,
        **_OPTIONS,
    )


def downgrade() -> None:
    op.drop_table("year_locks", if_exists=True)
