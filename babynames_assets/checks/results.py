"""The results that checks give Dagster: every one passes through here, and none is too large for its storage."""

import json
from collections.abc import Mapping
from typing import Any, cast

import dagster as dg

MOST_BYTES = 16 * 1024
"""Of all metadata of a result, as it is stored. Dagster on MySQL keeps an evaluation in a TEXT column of 64 KiB, and a
larger one fails the run; the rows themselves stand in the table ``check_findings``."""

_TEXTS = (dg.MarkdownMetadataValue, dg.TextMetadataValue)
_LONGEST_DESCRIPTION = 1_000
_CUT = "\n\n… and more than is shown here: babynames checks findings"


def result(
    *,
    passed: bool,
    metadata: Mapping[str, Any] | None = None,
    severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.ERROR,
    check_name: str | None = None,
    description: str | None = None,
) -> dg.AssetCheckResult:
    """The result of a check, with as much of its metadata as any storage takes.

    Args:
        passed: whether what the check asserts holds.
        metadata: numbers, which the UI plots, and texts.
        severity: how bad it is that it does not.
        check_name: which one, where a step evaluates several.
        description: what is wrong, in a sentence.
    """
    return dg.AssetCheckResult(
        passed=passed,
        check_name=check_name,
        severity=severity,
        description=_shortened(description, _LONGEST_DESCRIPTION) if description else None,
        metadata=capped(metadata or {}),
    )


def capped(metadata: Mapping[str, Any]) -> dict[str, dg.MetadataValue]:
    """The metadata in at most ``MOST_BYTES``: the longest text is cut first; what cannot be cut is left out."""
    values = dict(dg.AssetCheckResult(passed=True, metadata=metadata).metadata)
    while (excess := sum(map(_bytes, values.items())) - MOST_BYTES) > 0:
        name, value = max(values.items(), key=_bytes)
        text = str(value.value) if isinstance(value, _TEXTS) else ""
        share = 1 - excess / _bytes((name, value))
        keep = int(len(text) * share) - len(_CUT)
        if keep > 0:
            make = dg.MetadataValue.md if isinstance(value, dg.MarkdownMetadataValue) else dg.MetadataValue.text
            values[name] = make(_shortened(text.removesuffix(_CUT), keep))
        else:
            del values[name]
    return values


def _bytes(entry: tuple[str, dg.MetadataValue]) -> int:
    """What an entry takes in the storage, where a letter beyond ASCII takes six bytes or twelve."""
    name, value = entry
    return len(json.dumps(name)) + len(dg.serialize_value(cast("Any", value)))


def _shortened(text: str, longest: int) -> str:
    """The beginning of a text; where it has lines, whole ones, because half a row is no row of a table."""
    if len(text) <= longest:
        return text
    beginning = text[:longest]
    return (beginning.rpartition("\n")[0] or beginning) + _CUT
