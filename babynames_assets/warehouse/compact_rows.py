"""Reads a year as one text that the database puts together: a tenth of the client's work of fetching rows."""

from dataclasses import dataclass

import polars as pl
import sqlalchemy as sa
from polars.exceptions import PolarsError

from babynames_assets.warehouse.engine import Connection
from babynames_assets.warehouse.tables import baby_names

_SCHEMA = {"sex": pl.String, "name": pl.String, "births": pl.Int32}
_LINES = {
    "sqlite": "group_concat(sex || ',' || name || ',' || births || char(10), '')",
    "mysql": "GROUP_CONCAT(sex, ',', name, ',', births, '\n' SEPARATOR '')",
}


@dataclass(frozen=True)
class KeyRange:
    """Rows whose (sex, name) is above the first bound, or from the start, up to the second, or to the end."""

    above: tuple[str, str] | None = None
    up_to: tuple[str, str] | None = None


ALL = KeyRange()


def read_rows(connection: Connection, year: int, keys: KeyRange = ALL) -> pl.DataFrame:
    """The rows of a year or of a part of it, in any order.

    Args:
        connection: the warehouse.
        year: the partition.
        keys: which of its rows.

    Returns:
        sex, name, births.
    """
    where = sa.and_(baby_names.c.year == year, *_conditions(keys))
    lines: sa.ColumnElement[str] = sa.literal_column(_LINES[connection.dialect.name])
    number, text = connection.execute(sa.select(sa.func.count(), lines).select_from(baby_names).where(where)).one()
    rows = _parsed(text) if number else pl.DataFrame(schema=_SCHEMA)
    # A server cuts a text that is longer than the packets it sends; a cut text lacks rows or its last line end. A name
    # that nobody validated may hold a line end or a comma: there are then more lines than rows, or too many fields.
    return rows if rows is not None and rows.height == number else _fetched(connection, where)


def _conditions(keys: KeyRange) -> list[sa.ColumnElement[bool]]:
    # Written out: MySQL does not use the key for (sex, name) > (...).
    sex, name = baby_names.c.sex, baby_names.c.name
    found: list[sa.ColumnElement[bool]] = []
    if keys.above:
        found += [sex >= keys.above[0], sa.or_(sex > keys.above[0], name > keys.above[1])]
    if keys.up_to:
        found += [sex <= keys.up_to[0], sa.or_(sex < keys.up_to[0], name <= keys.up_to[1])]
    return found


def _parsed(text: str | bytes) -> pl.DataFrame | None:
    content = text if isinstance(text, bytes) else text.encode()
    # Without its end a text was cut, perhaps inside the last number. A CR would be taken for a part of a line's end.
    if not content.endswith(b"\n") or b"\r" in content:
        return None
    try:
        rows = pl.read_csv(content, has_header=False, schema=_SCHEMA, quote_char=None, empty_string_is_null=False)
    except PolarsError:
        return None
    return None if rows["births"].has_nulls() else rows


def _fetched(connection: Connection, where: sa.ColumnElement[bool]) -> pl.DataFrame:
    columns = baby_names.c
    rows = connection.execute(sa.select(columns.sex, columns.name, columns.births).where(where)).all()
    return pl.DataFrame([tuple(row) for row in rows], schema=_SCHEMA, orient="row")
