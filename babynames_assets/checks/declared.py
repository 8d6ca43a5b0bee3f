"""How the checks of a stage are declared, and how what they say becomes results of Dagster."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import dagster as dg

from babynames_assets.checks.markdown import cell, table
from babynames_assets.checks.results import result
from babynames_assets.partitions import checked_years
from babynames_assets.quality import books
from babynames_assets.quality.verdict import Verdict, Verdicts
from babynames_assets.warehouse.engine import Engine

FINDINGS = "findings"
"""The metadata of a check that keeps what it finds row by row."""

GUIDE = "docs/guides/morning-look.md"


@dataclass(frozen=True)
class Declared:
    """A check as the UI shows it.

    Attributes:
        name: what it asserts, as a sentence.
        says: the same with what it is compared to.
        is_blocking: what fails it does not go on to the next asset.
        severity: how bad it is when it does not hold.
    """

    name: str
    says: str
    is_blocking: bool = False
    severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.ERROR


def specs(asset: dg.AssetKey, declared: Sequence[Declared]) -> list[dg.AssetCheckSpec]:
    """The specifications of a stage's checks."""
    return [
        dg.AssetCheckSpec(
            one.name,
            asset=asset,
            description=f"{one.says} When it is red: {GUIDE}",
            blocking=one.is_blocking,
            metadata={"severity": one.severity.value, "guide": f"{GUIDE}#{one.name}"},
        )
        for one in declared
    ]


def results(
    context: dg.AssetCheckExecutionContext,
    asset: dg.AssetKey,
    declared: Sequence[Declared],
    verdicts: Verdicts,
    warehouse: Engine,
) -> Iterator[dg.AssetCheckResult]:
    """Keep what the checks found, and give Dagster their results: those that this run was asked for."""
    asked = {key.name for key in context.selected_asset_check_keys}
    chosen = [one for one in declared if one.name in asked]
    verdicts = {one.name: verdicts[one.name] for one in chosen}
    years = checked_years(context)
    books.keep(warehouse, asset.to_user_string(), verdicts, years=years, run_id=context.run.run_id)
    for one in chosen:
        yield _result(one, verdicts[one.name])


def _result(check: Declared, verdict: Verdict) -> dg.AssetCheckResult:
    findings = verdict.findings
    description = None
    if findings:
        more = f" And {len(findings) - 1:,} more." if len(findings) > 1 else ""
        description = f"{findings[0].place}: {findings[0].message.rstrip('.')}.{more}"
    elif verdict.is_doubt:
        description = "; ".join(verdict.texts.values())
    return result(
        passed=verdict.passed,
        check_name=check.name,
        severity=dg.AssetCheckSeverity.WARN if verdict.is_doubt else check.severity,
        description=description,
        metadata={
            **verdict.numbers,
            **verdict.texts,
            **({FINDINGS: dg.MetadataValue.md(_as_table(verdict))} if findings else {}),
        },
    )


def _as_table(verdict: Verdict) -> str:
    rows = [f"| {one.year or ''} | {cell(one.place)} | {cell(one.message)} |" for one in verdict.findings]
    return table(["| year | where | what |", "| ---: | --- | --- |"], rows)
