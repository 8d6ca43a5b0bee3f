"""What a service says of its limit, beside what the settings say.

The smaller of the two is kept, by every process; and a bucket whose limit was met stays closed for all.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "2026_11_24_0007"
down_revision = "2026_11_24_0006"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")
_COLUMNS = {
    "learnt_calls": sa.Integer(),
    "learnt_seconds": sa.Double(),
    "closed_until": _MOMENT,
    "closed_seconds": sa.Double(),
}


def upgrade() -> None:
    present = {column["name"] for column in sa.inspect(op.get_bind()).get_columns("rate_limits")}
    for name, kind in _COLUMNS.items():
        if name not in present:
            op.add_column("rate_limits", sa.Column(name, kind))


def downgrade() -> None:
    present = {column["name"] for column in sa.inspect(op.get_bind()).get_columns("rate_limits")}
    for name in reversed(_COLUMNS):
        if name in present:
            op.drop_column("rate_limits", name)
