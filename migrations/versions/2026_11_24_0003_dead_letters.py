"""What could not go on, with the reason.

Lines of files and contacts share the table and its tools.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "2026_11_24_0003"
down_revision = "2026_11_24_0002"
branch_labels = None
depends_on = None

_OPTIONS = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}
_MOMENT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")
_LONG_TEXT = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql")


def upgrade() -> None:
    op.create_table(
        "dead_letters",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("service", sa.String(16), nullable=False),
        sa.Column("letter_key", sa.String(160), nullable=False),
        sa.Column("year", sa.SmallInteger),
        sa.Column("source_sha256", sa.CHAR(64)),
        sa.Column("payload", _LONG_TEXT, nullable=False),
        sa.Column("error", _LONG_TEXT, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("first_attempt_at", _MOMENT, nullable=False),
        sa.Column("last_attempt_at", _MOMENT, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.UniqueConstraint("service", "letter_key", name=op.f("uq_dead_letters_service_letter_key")),
        sa.CheckConstraint("service IN ('import', 'sync')", name=op.f("ck_dead_letters_service")),
        sa.CheckConstraint(
            "status IN ('open', 'retrying', 'resolved', 'discarded')", name=op.f("ck_dead_letters_status")
        ),
        if_not_exists=True,
        **_OPTIONS,
    )
    # MySQL knows no CREATE INDEX IF NOT EXISTS, and a crash may have left the index without the version.
    if "ix_dead_letters_status_service" not in {
        index["name"] for index in sa.inspect(op.get_bind()).get_indexes("dead_letters")
    }:
        op.create_index(op.f("ix_dead_letters_status_service"), "dead_letters", ["status", "service"])


def downgrade() -> None:
    op.drop_table("dead_letters", if_exists=True)
