"""What the UI shows of a table: its columns, and a few of its rows."""

import dagster as dg
import polars as pl

PREVIEW_ROWS = 5

COLUMNS = dg.TableSchema(
    columns=[
        dg.TableColumn("year", "int", description="Year of birth"),
        dg.TableColumn("sex", "string", description="F or M", constraints=dg.TableColumnConstraints(nullable=False)),
        dg.TableColumn("name", "string", description="As the dataset spells it; case and accents tell names apart"),
        dg.TableColumn("births", "int", description="Registered births, at least 1"),
    ],
    constraints=dg.TableConstraints(other=["primary key (year, sex, name)"]),
)


def preview(frame: pl.DataFrame) -> dg.MarkdownMetadataValue:
    """The names with the most births, as a Markdown table.

    Args:
        frame: columns year, sex, name, births.
    """
    rows = frame.sort("births", descending=True).head(PREVIEW_ROWS).rows()
    lines = ["| year | sex | name | births |", "| --- | --- | --- | ---: |"]
    lines += [f"| {year} | {sex} | {name} | {births:,} |" for year, sex, name, births in rows]
    return dg.MetadataValue.md("\n".join(lines))
