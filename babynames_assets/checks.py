"""Asset checks: what is asserted of an asset beside its own run. One that only reports does not stop what follows."""

import html
import re

import dagster as dg

from babynames_assets.assets import hubspot
from babynames_assets.letters.standing import Standing, standing
from babynames_assets.settings import Settings
from babynames_assets.warehouse.engine import Engine

_LONGEST_REASON = 200
_LONGEST_TABLE = 8_000
"""Characters: Dagster's MySQL storage keeps no more than 64 KiB of a check's metadata, and fails the run beyond."""


@dg.asset_check(
    asset=hubspot.KEY,
    description=(
        "Open dead letters, of lines and of contacts, are not more than BABYNAMES_DEAD_LETTERS__ALERT_ABOVE. "
        "See them with: babynames dead-letters list"
    ),
)
def open_dead_letters_are_below_the_threshold(
    settings: dg.ResourceParam[Settings], warehouse: dg.ResourceParam[Engine]
) -> dg.AssetCheckResult:
    """Count the open letters, with the most frequent reasons."""
    return judge_letters(standing(warehouse, alert_above=settings.dead_letters.alert_above))


def judge_letters(found: Standing) -> dg.AssetCheckResult:
    """The result of the check, whoever asks for it."""
    return dg.AssetCheckResult(
        passed=not found.is_alert,
        severity=dg.AssetCheckSeverity.ERROR,
        metadata={
            "open": found.letters,
            "threshold": found.alert_above,
            "lines": found.by_service.get("import", 0),
            "contacts": found.by_service.get("sync", 0),
            "for_a_person": found.for_a_person,
            "reasons": dg.MetadataValue.md(_as_table(found)),
        },
    )


def _as_table(found: Standing) -> str:
    if not found.reasons:
        return "No dead letter is open."
    lines = ["| letters | of | reason | for example |", "| ---: | --- | --- | --- |"]
    for reason in found.reasons:
        of = "contacts" if reason.service == "sync" else "lines"
        lines.append(f"| {reason.letters:,} | {of} | {_cell(reason.category or '')} | {_cell(reason.example)} |")
        if sum(len(line) + 1 for line in lines) > _LONGEST_TABLE:
            lines.pop()
    return "\n".join(lines)


def _cell(text: str) -> str:
    """Text from outside: it must not end its cell, nor become a link, a picture or markup of the page that shows it."""
    short = " ".join(text.split())
    short = short if len(short) <= _LONGEST_REASON else short[: _LONGEST_REASON - 1] + "…"
    return re.sub(r"([\\`*_\[\]|~!#])", r"\\\1", html.escape(short, quote=False))
