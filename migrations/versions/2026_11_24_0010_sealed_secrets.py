"""Secrets that change at run time, encrypted.

A row a secret, such as the tokens of an OAuth app; it also says which process renews it, until when.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "2026_11_24_0010"
down_revision = "2026_11_24_0009"
branch_labels = None
depends_on = None

_OPTIONS = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}
_MOMENT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")


def upgrade() -> None:
    op.create_table(
        "sealed_secrets",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("sealed", sa.Text),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("written_at", _MOMENT),
        sa.Column("leased_by", sa.String(64)),
        sa.Column("leased_until", _MOMENT),
        if_not_exists=True,
        **_OPTIONS,
    )


def downgrade() -> None:
    op.drop_table("sealed_secrets", if_exists=True)
