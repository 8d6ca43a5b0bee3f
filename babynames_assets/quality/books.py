"""The findings of a stage's checks, kept in the warehouse."""

from collections.abc import Collection
from functools import partial

from babynames_assets.quality.verdict import Verdicts
from babynames_assets.warehouse import check_findings
from babynames_assets.warehouse.engine import Engine, run_in_transaction

MOST_FINDINGS = 1_000
"""Of one check at one look."""


def keep(engine: Engine, asset: str, verdicts: Verdicts, *, years: Collection[int] | None, run_id: str) -> None:
    """Put what a stage's checks find now in the place of what they had found of the same years.

    Args:
        engine: the warehouse.
        asset: what was checked, as place/thing.
        verdicts: what each check says.
        years: the years that were looked at; None for all.
        run_id: the run that looked.
    """
    found = {name: verdict.findings[:MOST_FINDINGS] for name, verdict in verdicts.items() if not verdict.is_doubt}
    if found:
        run_in_transaction(
            engine, partial(check_findings.replace, asset=asset, found=found, years=years, run_id=run_id)
        )
