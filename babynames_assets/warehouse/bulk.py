"""Many rows of names into the table, by the fastest way that the server allows.

MySQL and MariaDB take ``LOAD DATA LOCAL INFILE`` from memory where both ends allow it, otherwise statements of many
rows; SQLite takes a prepared statement. ``docs/decisions/0009-bulk-loading.md`` has the measurements.
"""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import polars as pl
import structlog
from sqlalchemy.exc import DBAPIError

from babynames_assets.errors import FatalError
from babynames_assets.warehouse.engine import TAKES_FILES, Connection

FEW_ROWS = 200
"""So many are sent faster in a statement than as a file."""

_STATEMENT_ROWS = 5_000
_STATEMENT_BYTES = 512 * 2**10
_SHOWN = 200
# binary: the lines are in the table's own encoding; MySQL need not look at each character twice.
_LOAD = (
    "LOAD DATA LOCAL INFILE '{name}' REPLACE INTO TABLE baby_names CHARACTER SET binary "
    "FIELDS TERMINATED BY ',' {quotes}ESCAPED BY '' LINES TERMINATED BY '\\n' (year, sex, name, births)"
)
_QUOTES = "OPTIONALLY ENCLOSED BY '\"' "
_INSERT = "INSERT INTO baby_names (year, sex, name, births) VALUES"
_STATEMENT = f"{_INSERT} {{rows}} ON DUPLICATE KEY UPDATE births = VALUES(births)"
_SQLITE = f"{_INSERT} (?, ?, ?, ?) ON CONFLICT DO UPDATE SET births = excluded.births"

_DEPRECATED = 1287
_FILES_REFUSED = {1148, 3948, 4166}  # the codes of MySQL 5, MySQL 8 and MariaDB

_log = structlog.get_logger(__name__)


def way(connection: Connection) -> str:
    """How this connection loads many rows: ``local_infile``, ``statements`` or ``sqlite``."""
    if connection.dialect.name == "sqlite":
        return "sqlite"
    return "local_infile" if connection.info[TAKES_FILES] else "statements"


def write(connection: Connection, rows: pl.DataFrame, *, present: int, lines: memoryview | None = None) -> None:
    """Insert rows, or give those whose key exists their births.

    Args:
        connection: a transaction.
        rows: year, sex, name, births; sorted by the key, which is the order in which the servers are fastest.
        present: how many of the keys exist in the table, each with other births.
        lines: the rows as lines of text, as ``YearPart`` describes them, if the caller has them.

    Raises:
        FatalError: the server took other rows than these; roll back.
    """
    if rows.is_empty():
        return
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(_SQLITE, rows.rows())
    elif rows.height <= FEW_ROWS or way(connection) == "statements" or not _load_file(connection, rows, present, lines):
        touched, warnings = 0, []
        for values in _literals(rows):
            touched += _execute(connection, _STATEMENT.format(rows=values))
            warnings += _warnings(connection)
        _require_all(rows, touched, present, warnings)


def _load_file(connection: Connection, rows: pl.DataFrame, present: int, lines: memoryview | None) -> bool:
    """Load the rows as a file; false when the server, or something before it, refuses files after all."""
    content, quotes = (_quoted_lines(rows), _QUOTES) if lines is None else (lines, "")
    dbapi_connection: Any = connection.connection.dbapi_connection
    try:
        with dbapi_connection.offering(content) as name:
            touched = _execute(connection, _LOAD.format(name=name, quotes=quotes))
    except DBAPIError as error:
        if not error.orig or error.orig.args[0] not in _FILES_REFUSED:
            raise
        connection.info[TAKES_FILES] = False
        _log.warning("local_infile_refused", reason=str(error.orig.args[-1]), way="statements")
        return False
    _require_all(rows, touched, present, _warnings(connection))
    return True


def _quoted_lines(rows: pl.DataFrame) -> memoryview:
    content = BytesIO()
    # Where quotes are known to the server at all, an unquoted NULL is a missing value and not a name.
    rows.write_csv(content, include_header=False, quote_style="non_numeric")
    return content.getbuffer()


def _warnings(connection: Connection) -> list[str]:
    """What the server has to say of the last statement, but for its dislike of ``VALUES()``."""
    dbapi_connection: Any = connection.connection.dbapi_connection
    if not dbapi_connection.has_warnings():
        return []
    return [text for _, code, text in connection.exec_driver_sql("SHOW WARNINGS") if code != _DEPRECATED]


def _require_all(rows: pl.DataFrame, touched: int, present: int, warnings: list[str]) -> None:
    """A value that the server cuts, or a row that it skips, is an error here, also where it is a warning to it."""
    expected = rows.height + present  # a row that replaces another counts twice
    if warnings or touched != expected:
        reason = warnings[0] if warnings else f"{touched:,} row changes instead of {expected:,}"
        raise FatalError(
            f"The server did not take the {rows.height:,} rows of {rows['year'][0]} as they were sent ({reason}). "
            "Nothing is changed. If something between here and the server changes the SQL mode, take it away; else "
            "report this."
        )


def _execute(connection: Connection, statement: str) -> int:
    try:
        # Without parameters a percent sign in a name is only that.
        return connection.exec_driver_sql(statement, execution_options={"no_parameters": True}).rowcount
    except DBAPIError as error:
        error.statement = f"{statement[:_SHOWN]} ..."  # the whole of it would fill the log
        raise


def _literals(rows: pl.DataFrame) -> Iterator[str]:
    """The rows as SQL, ``(1984,'F','Mary',7),...``, in pieces that fit into a statement."""
    sex, name = (_quoted(column) for column in ("sex", "name"))
    row = pl.format("({},{},{},{})", "year", sex, name, "births")
    longest: Any = rows["name"].str.len_bytes().max()
    # Escaped, a name may be twice as long; a server refuses a statement that is longer than max_allowed_packet.
    for piece in rows.iter_slices(max(1, min(_STATEMENT_ROWS, _STATEMENT_BYTES // (2 * longest + 32)))):
        yield piece.select(row.str.join(",")).item()


def _quoted(column: str) -> pl.Expr:
    """A string literal; the connection's SQL mode lets backslashes escape."""
    escaped = pl.col(column).str.replace_all("\\", "\\\\", literal=True).str.replace_all("'", "''", literal=True)
    return pl.format("'{}'", escaped)
