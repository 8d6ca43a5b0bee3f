"""What goes wrong and whom that is told: incidents, and the messages about them with their deliveries."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "2026_11_24_0014"
down_revision = "2026_11_24_0013"
branch_labels = None
depends_on = None

_OPTIONS = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}
_MOMENT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")
_LONG_TEXT = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql")
_INDEXES = {
    ("incidents", "ix_incidents_resolved_at"): ["resolved_at"],
    ("notification_deliveries", "ix_notification_deliveries_due"): ["channel", "status", "next_attempt_at"],
    ("notification_deliveries", "ix_notification_deliveries_in_order"): ["incident_id", "channel", "status"],
    ("notification_deliveries", "ix_notification_deliveries_settled"): ["status", "settled_at"],
}
_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "incidents",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("incident_key", sa.String(255), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("news", _LONG_TEXT, nullable=False),
        sa.Column("reach", _LONG_TEXT, nullable=False),
        sa.Column("told_reach", _LONG_TEXT, nullable=False),
        sa.Column("opened_at", _MOMENT, nullable=False),
        sa.Column("last_seen_at", _MOMENT, nullable=False),
        sa.Column("told_at", _MOMENT, nullable=False),
        sa.Column("times_seen", sa.Integer, nullable=False),
        sa.Column("resolved_at", _MOMENT),
        sa.UniqueConstraint("incident_key", name=op.f("uq_incidents_incident_key")),
        if_not_exists=True,
        **_OPTIONS,
    )
    op.create_table(
        "notification_deliveries",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("incident_id", sa.BigInteger, nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("event", sa.String(16), nullable=False),
        sa.Column("message", _LONG_TEXT, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("next_attempt_at", _MOMENT),
        sa.Column("settled_at", _MOMENT),
        sa.Column("claimed_by", sa.String(64)),
        sa.Column("note", _LONG_TEXT),
        sa.CheckConstraint(
            "status IN ('waiting', 'sending', 'sent', 'dead', 'discarded')",
            name=op.f("ck_notification_deliveries_status"),
        ),
        if_not_exists=True,
        **_OPTIONS,
    )
    for (table, name), columns in _INDEXES.items():
        # MySQL knows no CREATE INDEX IF NOT EXISTS, and a crash may have left the index without the version.
        if name not in {index["name"] for index in sa.inspect(op.get_bind()).get_indexes(table)}:
            op.create_index(op.f(name), table, columns)


def downgrade() -> None:
    op.drop_table("notification_deliveries", if_exists=True)
    op.drop_table("incidents", if_exists=True)
