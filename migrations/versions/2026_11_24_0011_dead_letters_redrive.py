"""What a dead letter needs to be tried again and looked through.

When its next attempt is due, who has taken it, HubSpot's reason in parts, and its history. Letters of contacts that are
open become due at once: until now nothing sent them again.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "2026_11_24_0011"
down_revision = "2026_11_24_0010"
branch_labels = None
depends_on = None

_OPTIONS = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}
_MOMENT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")
_LONG_TEXT = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql")

_NEW_COLUMNS = {
    "category": sa.String(64),
    "message": _LONG_TEXT,
    "correlation_id": sa.String(64),
    "next_attempt_at": _MOMENT,
    "claimed_by": sa.String(64),
    "note": _LONG_TEXT,
}
_DUE = "ix_dead_letters_to_redrive"


def upgrade() -> None:
    # A server commits each of these on its own: a second try after a crash meets those that are there already.
    existing = {column["name"] for column in sa.inspect(op.get_bind()).get_columns("dead_letters")}
    for name, type_ in _NEW_COLUMNS.items():
        if name not in existing:
            op.add_column("dead_letters", sa.Column(name, type_))
    if not _has_index("dead_letters", _DUE):
        op.create_index(_DUE, "dead_letters", ["service", "status", "next_attempt_at"])
    op.create_table(
        "dead_letter_events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("letter_id", sa.BigInteger, nullable=False),
        sa.Column("happened_at", _MOMENT, nullable=False),
        sa.Column("event", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("error", _LONG_TEXT),
        sa.Column("correlation_id", sa.String(64)),
        sa.Column("note", _LONG_TEXT),
        sa.CheckConstraint(
            "event IN ('failed', 'retried', 'released', 'resolved', 'discarded')",
            name=op.f("ck_dead_letter_events_event"),
        ),
        if_not_exists=True,
        **_OPTIONS,
    )
    if not _has_index("dead_letter_events", "ix_dead_letter_events_letter_id"):
        op.create_index(op.f("ix_dead_letter_events_letter_id"), "dead_letter_events", ["letter_id"])
    op.execute(
        "UPDATE dead_letters SET category = substr(error, 1, instr(error, ': ') - 1), "
        "message = substr(error, instr(error, ': ') + 2) "
        "WHERE service = 'sync' AND status = 'open' AND category IS NULL AND instr(error, ': ') BETWEEN 2 AND 65"
    )
    op.execute(
        "UPDATE dead_letters SET next_attempt_at = last_attempt_at "
        "WHERE service = 'sync' AND status = 'open' AND next_attempt_at IS NULL"
    )


def downgrade() -> None:
    op.drop_table("dead_letter_events", if_exists=True)
    if _has_index("dead_letters", _DUE):
        op.drop_index(_DUE, "dead_letters")
    existing = {column["name"] for column in sa.inspect(op.get_bind()).get_columns("dead_letters")}
    for name in reversed(_NEW_COLUMNS):
        if name in existing:
            op.drop_column("dead_letters", name)


def _has_index(table: str, name: str) -> bool:
    return name in {index["name"] for index in sa.inspect(op.get_bind()).get_indexes(table)}
