"""What the UI shows of an asset: its columns and where they come from, a few of its rows, and the pages to read."""

from collections.abc import Mapping, Sequence

import dagster as dg
import polars as pl

from babynames_assets.hubspot.properties import KEY_PROPERTY, SCHEMA
from babynames_assets.ingest.header import SourceColumn
from babynames_assets.settings import docs_url

OWNERS = ["team:data-engineering"]

_REQUIRED = dg.TableColumnConstraints(nullable=False)
COLUMNS = dg.TableSchema(
    columns=[
        dg.TableColumn("year", "int", description="Year of birth.", constraints=_REQUIRED),
        dg.TableColumn("sex", "string", description="F or M.", constraints=_REQUIRED),
        dg.TableColumn(
            "name",
            "string",
            description="As the dataset spells it; case and accents tell names apart.",
            constraints=_REQUIRED,
        ),
        dg.TableColumn(
            "births",
            "int",
            description="Children of this sex who got this name in this year; at least 1.",
            constraints=_REQUIRED,
        ),
    ],
    constraints=dg.TableConstraints(other=["primary key (year, sex, name)"]),
)

_SOURCES_OF_PROPERTIES = {
    KEY_PROPERTY: ["year", "sex", "name"],
    "firstname": ["name"],
    "gender": ["sex"],
    "birth_year": ["year"],
    "births": ["births"],
}


def described(text: str, *pages: str) -> str:
    """A description, and the pages of the documentation that go on where it ends.

    Args:
        text: Markdown.
        pages: paths in ``docs/``; they are links where ``BABYNAMES_DOCS_URL`` says at what address the pages are.
    """
    address = docs_url()
    links = [f"[{page}]({address.rstrip('/')}/{page})" if address else f"`docs/{page}`" for page in pages]
    return f"{text}\n\nRead on: {', '.join(links)}" if links else text


def raw_columns(columns: Sequence[SourceColumn]) -> dg.TableSchema:
    """The columns of a file, as it names them."""
    return dg.TableSchema(
        [
            dg.TableColumn(name, "text", description=f"Read as {read_as}." if read_as else "Not read.")
            for name, read_as in columns
        ]
    )


def with_sources(columns: dg.TableSchema, lineage: dg.TableColumnLineage) -> dg.TableSchema:
    """The columns, each with where it comes from in words: the open-source UI draws no lineage of columns."""
    described_columns = [
        dg.TableColumn(
            column.name,
            column.type,
            description=f"{column.description} {_words(lineage.deps_by_column.get(column.name, []))}",
            constraints=column.constraints,
        )
        for column in columns.columns
    ]
    return dg.TableSchema(described_columns, constraints=columns.constraints)


def contact_columns() -> dg.TableSchema:
    """The properties that a contact has of us, as HubSpot describes them."""
    first_name = dg.TableColumn("firstname", "string", description="The name. HubSpot's own property.")
    ours = [
        dg.TableColumn(
            wanted["name"],
            wanted["type"],
            description=wanted["description"],
            constraints=dg.TableColumnConstraints(unique=wanted["name"] == KEY_PROPERTY),
        )
        for wanted in SCHEMA
    ]
    return dg.TableSchema([*ours[:1], first_name, *ours[1:]])


def lineage_from_file(columns: Sequence[SourceColumn], file: dg.AssetKey) -> dg.TableColumnLineage:
    """Which columns of a file the columns of a frame are read from; a year may stand in the file's name alone."""
    return _lineage({column.read_as: [column.name] for column in columns if column.read_as}, file)


def lineage_unchanged(upstream: dg.AssetKey) -> dg.TableColumnLineage:
    """Every column of a table from the column of the same name."""
    return _lineage({column.name: [column.name] for column in COLUMNS.columns}, upstream)


def lineage_of_contacts(table: dg.AssetKey) -> dg.TableColumnLineage:
    """Which columns of the table the properties of a contact are made of."""
    return _lineage(_SOURCES_OF_PROPERTIES, table)


def preview(top: pl.DataFrame) -> dg.MarkdownMetadataValue:
    """Rows as a Markdown table.

    Args:
        top: columns year, sex, name, births.
    """
    lines = ["| year | sex | name | births |", "| --- | --- | --- | ---: |"]
    lines += [f"| {year} | {sex} | {name} | {births:,} |" for year, sex, name, births in top.rows()]
    return dg.MetadataValue.md("\n".join(lines))


def _words(sources: Sequence[dg.TableColumnDep]) -> str:
    if not sources:
        return "From no column: the name of the file or a setting says it."
    names = ", ".join(f"`{source.column_name}`" for source in sources)
    return f"From {names} of {sources[0].asset_key.to_user_string()}."


def _lineage(sources: Mapping[str, Sequence[str]], upstream: dg.AssetKey) -> dg.TableColumnLineage:
    return dg.TableColumnLineage(
        {column: [dg.TableColumnDep(upstream, source) for source in names] for column, names in sources.items()}
    )
