"""The result of a check that was evaluated by a job, outside of the check's own step."""

import dagster as dg


def report_result(instance: dg.DagsterInstance, check: dg.AssetChecksDefinition, result: dg.AssetCheckResult) -> None:
    """Enter the result, as if the check had run."""
    [key] = check.check_keys
    instance.report_runless_asset_event(
        dg.AssetCheckEvaluation(
            asset_key=key.asset_key,
            check_name=key.name,
            passed=result.passed,
            metadata=result.metadata,
            severity=result.severity,
        )
    )
