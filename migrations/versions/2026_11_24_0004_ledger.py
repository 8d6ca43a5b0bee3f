"""The books: each file, and what became of its lines in each year.

lines = header + valid + merged + duplicates + rejected.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "2026_11_24_0004"
down_revision = "2026_11_24_0003"
branch_labels = None
depends_on = None

_OPTIONS = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}
_MOMENT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")


def upgrade() -> None:
    op.create_table(
        "sources",
        sa.Column("source_sha256", sa.CHAR(64), primary_key=True),
        sa.Column("dataset", sa.String(255), nullable=False),
        sa.Column("version", sa.String(64), nullable=False),
        sa.Column("file_name", sa.String(255), nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("lines", sa.BigInteger, nullable=False),
        sa.Column("header_lines", sa.Integer, nullable=False),
        sa.Column("unplaced", sa.BigInteger, nullable=False),
        sa.Column("scanned_at", _MOMENT, nullable=False),
        if_not_exists=True,
        **_OPTIONS,
    )
    op.create_table(
        "ledger",
        sa.Column("source_sha256", sa.CHAR(64), primary_key=True),
        sa.Column("year", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("lines", sa.BigInteger, nullable=False),
        sa.Column("valid", sa.BigInteger, nullable=False),
        sa.Column("merged", sa.BigInteger, nullable=False),
        sa.Column("duplicates", sa.BigInteger, nullable=False),
        sa.Column("rejected", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.CHAR(64), nullable=False),
        sa.Column("inserted", sa.BigInteger),
        sa.Column("updated", sa.BigInteger),
        sa.Column("deleted", sa.BigInteger),
        sa.Column("unchanged", sa.BigInteger),
        sa.Column("run_id", sa.String(64)),
        sa.Column("scanned_at", _MOMENT, nullable=False),
        sa.Column("loaded_at", _MOMENT),
        sa.Column("is_current", sa.Boolean, nullable=False),
        if_not_exists=True,
        **_OPTIONS,
    )
    # MySQL knows no CREATE INDEX IF NOT EXISTS, and a crash may have left the index without the version.
    if "ix_ledger_year_is_current" not in {index["name"] for index in sa.inspect(op.get_bind()).get_indexes("ledger")}:
        op.create_index(op.f("ix_ledger_year_is_current"), "ledger", ["year", "is_current"])


def downgrade() -> None:
    op.drop_table("ledger", if_exists=True)
    op.drop_table("sources", if_exists=True)
