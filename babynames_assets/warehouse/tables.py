"""The tables, as the newest migration leaves them."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

METADATA = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

MOMENT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")
"""A moment in UTC, to the microsecond."""

# Zoe and Zoë, or two spellings by case, are different names: only a binary collation keeps them apart.
_OPTIONS: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}
_BY_YEAR = "RANGE (year) (PARTITION p_future VALUES LESS THAN MAXVALUE)"

_LONG_TEXT = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql")

baby_names = sa.Table(
    "baby_names",
    METADATA,
    sa.Column("year", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("sex", sa.CHAR(1), primary_key=True),
    sa.Column("name", sa.String(100), primary_key=True),
    sa.Column("births", sa.Integer, nullable=False),
    mysql_partition_by=_BY_YEAR,
    **_OPTIONS,
)

contact_sync_state = sa.Table(
    "contact_sync_state",
    METADATA,
    sa.Column("year", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("sex", sa.CHAR(1), primary_key=True),
    sa.Column("name", sa.String(100), primary_key=True),
    sa.Column("fingerprint", sa.String(64), nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("hubspot_id", sa.String(32)),
    sa.Column("synced_at", MOMENT, nullable=False),
    sa.CheckConstraint("status IN ('synced', 'refused', 'in_doubt')", name="status"),
    **_OPTIONS,
)

dead_letters = sa.Table(
    "dead_letters",
    METADATA,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("service", sa.String(16), nullable=False),
    sa.Column("letter_key", sa.String(160), nullable=False),
    sa.Column("year", sa.SmallInteger),
    sa.Column("source_sha256", sa.CHAR(64)),
    sa.Column("payload", _LONG_TEXT, nullable=False),
    sa.Column("error", _LONG_TEXT, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("first_attempt_at", MOMENT, nullable=False),
    sa.Column("last_attempt_at", MOMENT, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("category", sa.String(64)),
    sa.Column("message", _LONG_TEXT),
    sa.Column("correlation_id", sa.String(64)),
    sa.Column("next_attempt_at", MOMENT),
    sa.Column("claimed_by", sa.String(64)),
    sa.Column("note", _LONG_TEXT),
    sa.UniqueConstraint("service", "letter_key"),
    sa.CheckConstraint("service IN ('import', 'sync')", name="service"),
    sa.CheckConstraint("status IN ('open', 'retrying', 'resolved', 'discarded')", name="status"),
    sa.Index(None, "status", "service"),
    sa.Index("ix_dead_letters_to_redrive", "service", "status", "next_attempt_at"),
    **_OPTIONS,
)

# Without a foreign key: its locks would reach from the history into letters that a redrive has claimed.
dead_letter_events = sa.Table(
    "dead_letter_events",
    METADATA,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("letter_id", sa.BigInteger, nullable=False),
    sa.Column("happened_at", MOMENT, nullable=False),
    sa.Column("event", sa.String(16), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("error", _LONG_TEXT),
    sa.Column("correlation_id", sa.String(64)),
    sa.Column("note", _LONG_TEXT),
    sa.CheckConstraint("event IN ('failed', 'retried', 'released', 'resolved', 'discarded')", name="event"),
    sa.Index(None, "letter_id"),
    **_OPTIONS,
)

sources = sa.Table(
    "sources",
    METADATA,
    sa.Column("source_sha256", sa.CHAR(64), primary_key=True),
    sa.Column("dataset", sa.String(255), nullable=False),
    sa.Column("version", sa.String(64), nullable=False),
    sa.Column("file_name", sa.String(255), nullable=False),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("lines", sa.BigInteger, nullable=False),
    sa.Column("header_lines", sa.Integer, nullable=False),
    sa.Column("unplaced", sa.BigInteger, nullable=False),
    sa.Column("scanned_at", MOMENT, nullable=False),
    **_OPTIONS,
)

ledger = sa.Table(
    "ledger",
    METADATA,
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
    sa.Column("scanned_at", MOMENT, nullable=False),
    sa.Column("loaded_at", MOMENT),
    sa.Column("is_current", sa.Boolean, nullable=False, default=False),
    sa.Index(None, "year", "is_current"),
    **_OPTIONS,
)

rate_limits = sa.Table(
    "rate_limits",
    METADATA,
    sa.Column("bucket", sa.String(64), primary_key=True),
    sa.Column("admitted_at", _LONG_TEXT, nullable=False),
    sa.Column("updated_at", MOMENT, nullable=False),
    sa.Column("learnt_calls", sa.Integer),
    sa.Column("learnt_seconds", sa.Double),
    sa.Column("closed_until", MOMENT),
    sa.Column("closed_seconds", sa.Double),
    **_OPTIONS,
)

daily_budgets = sa.Table(
    "daily_budgets",
    METADATA,
    sa.Column("account", sa.String(64), primary_key=True),
    sa.Column("time_zone", sa.String(64)),
    sa.Column("day", sa.Date, nullable=False),
    sa.Column("allowed", sa.BigInteger),
    sa.Column("spent", sa.BigInteger, nullable=False),
    sa.Column("paused_until", MOMENT),
    sa.Column("pause_reason", sa.String(255)),
    **_OPTIONS,
)

circuit_breakers = sa.Table(
    "circuit_breakers",
    METADATA,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("failing_since", MOMENT),
    sa.Column("open_until", MOMENT),
    sa.Column("trial_holder", sa.String(64)),
    sa.Column("trial_until", MOMENT),
    **_OPTIONS,
)

year_locks = sa.Table(
    "year_locks",
    METADATA,
    sa.Column("year", sa.SmallInteger, primary_key=True, autoincrement=False),
    **_OPTIONS,
)

sealed_secrets = sa.Table(
    "sealed_secrets",
    METADATA,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("sealed", sa.Text),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("written_at", MOMENT),
    sa.Column("leased_by", sa.String(64)),
    sa.Column("leased_until", MOMENT),
    **_OPTIONS,
)

sync_leases = sa.Table(
    "sync_leases",
    METADATA,
    sa.Column("year", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("holder", sa.String(64), nullable=False),
    sa.Column("held_by", sa.String(255), nullable=False),
    sa.Column("expires_at", MOMENT, nullable=False),
    **_OPTIONS,
)

sync_pauses = sa.Table(
    "sync_pauses",
    METADATA,
    sa.Column("year", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("until_at", MOMENT, nullable=False),
    **_OPTIONS,
)

synced_years = sa.Table(
    "synced_years",
    METADATA,
    sa.Column("year", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("digest", sa.CHAR(64), nullable=False),
    sa.Column("mapping", sa.String(16), nullable=False),
    sa.Column("synced_at", MOMENT, nullable=False),
    **_OPTIONS,
)

sync_plans = sa.Table(
    "sync_plans",
    METADATA,
    sa.Column("plan_id", sa.String(16), primary_key=True),
    sa.Column("first_year", sa.SmallInteger, nullable=False),
    sa.Column("last_year", sa.SmallInteger, nullable=False),
    sa.Column("picture", _LONG_TEXT, nullable=False),
    sa.Column("digest", sa.CHAR(64), nullable=False),
    sa.Column("made_at", MOMENT, nullable=False),
    sa.Column("expires_at", MOMENT, nullable=False),
    sa.Column("begun_at", MOMENT),
    sa.Column("finished_at", MOMENT),
    **_OPTIONS,
)

reconciliations = sa.Table(
    "reconciliations",
    METADATA,
    sa.Column("task", sa.String(64), primary_key=True),
    sa.Column("progress", _LONG_TEXT, nullable=False),
    sa.Column("begun_at", MOMENT, nullable=False),
    sa.Column("updated_at", MOMENT, nullable=False),
    sa.Column("finished_at", MOMENT),
    **_OPTIONS,
)

incidents = sa.Table(
    "incidents",
    METADATA,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("incident_key", sa.String(255), nullable=False),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("news", _LONG_TEXT, nullable=False),
    sa.Column("reach", _LONG_TEXT, nullable=False),
    sa.Column("told_reach", _LONG_TEXT, nullable=False),
    sa.Column("opened_at", MOMENT, nullable=False),
    sa.Column("last_seen_at", MOMENT, nullable=False),
    sa.Column("told_at", MOMENT, nullable=False),
    sa.Column("times_seen", sa.Integer, nullable=False),
    sa.Column("resolved_at", MOMENT),
    sa.UniqueConstraint("incident_key"),
    sa.Index(None, "resolved_at"),
    **_OPTIONS,
)

notification_deliveries = sa.Table(
    "notification_deliveries",
    METADATA,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("incident_id", sa.BigInteger, nullable=False),
    sa.Column("channel", sa.String(32), nullable=False),
    sa.Column("event", sa.String(16), nullable=False),
    sa.Column("message", _LONG_TEXT, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("created_at", MOMENT, nullable=False),
    sa.Column("next_attempt_at", MOMENT),
    sa.Column("settled_at", MOMENT),
    sa.Column("claimed_by", sa.String(64)),
    sa.Column("note", _LONG_TEXT),
    sa.CheckConstraint("status IN ('waiting', 'sending', 'sent', 'dead', 'discarded')", name="status"),
    sa.Index("ix_notification_deliveries_due", "channel", "status", "next_attempt_at"),
    sa.Index("ix_notification_deliveries_in_order", "incident_id", "channel", "status"),
    sa.Index("ix_notification_deliveries_settled", "status", "settled_at"),
    **_OPTIONS,
)

check_findings = sa.Table(
    "check_findings",
    METADATA,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("asset", sa.String(64), nullable=False),
    sa.Column("check_name", sa.String(64), nullable=False),
    sa.Column("year", sa.SmallInteger),
    sa.Column("place", sa.String(255), nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("run_id", sa.String(64), nullable=False),
    sa.Column("found_at", MOMENT, nullable=False),
    **_OPTIONS,
)
