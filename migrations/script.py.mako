"""${message}

Policy: one concern a revision; the file's name begins with the date; the previous release of the code works with it;
downgrade() undoes it; a second try after a crash half-way succeeds; up, down and up again is tested on SQLite, MySQL
and MariaDB.
"""

import sqlalchemy as sa
from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
