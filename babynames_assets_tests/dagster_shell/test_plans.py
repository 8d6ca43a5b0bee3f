"""Tests of runs that are held to a plan."""

from typing import Any

import pytest

from babynames_assets.assets.hubspot import PLAN_TAG
from babynames_assets.sync.plan import SyncPlan, plan_sync
from babynames_assets_tests.dagster_shell.conftest import Installation

CONTACTS = "hubspot/contacts"


def loaded(installation: Installation, births: int = 7) -> SyncPlan:
    """Load two years up to the table, and plan what is left."""
    rows = "".join(f"{year},Na{letter},F,{births}\n" for year in (2001, 2002) for letter in "abc")
    installation.publish(f"Year,Name,Sex,Count\n{rows}")
    installation.run("raw/baby_names_csv")
    installation.run("validated/baby_names", "warehouse/baby_names", years=(2001, 2002))
    return plan_sync(installation.engine, None, installation.settings.hubspot)


@pytest.mark.parametrize("by", ["config", "tag"])
def test_a_run_carries_out_the_plan_that_it_is_given(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    """In the run config of the asset, or as a tag of the run, which a backfill from the UI can have too."""
    monkeypatch.setenv("BABYNAMES_HUBSPOT__PLAN_REQUIRED_ABOVE", "5")
    made = loaded(installation)
    told: dict[str, dict[str, Any]] = {
        "config": {"config": {"hubspot__contacts": {"plan_id": made.plan_id}}},
        "tag": {"tags": {PLAN_TAG: made.plan_id}},
    }

    refused = installation.run(CONTACTS, years=(2001, 2002), raise_on_error=False)
    before = installation.hubspot.births()
    carried_out = installation.run(CONTACTS, years=(2001, 2002), **told[by])

    assert not refused.success
    assert before == {}
    failure = next(event for event in refused.all_events if event.is_step_failure)
    assert "babynames sync plan --years 2001-2002" in str(failure.step_failure_data.error)
    assert carried_out.success
    assert len(installation.hubspot.births()) == made.totals.create == 6


def test_a_run_with_a_plan_that_no_longer_holds_fails_before_it_sends(sqlite_installation: Installation) -> None:
    """The table was loaded again since, with the same number of other rows: the ledger tells."""
    made = loaded(sqlite_installation)
    loaded(sqlite_installation, births=8)

    result = sqlite_installation.run(
        CONTACTS,
        years=(2001, 2002),
        config={"hubspot__contacts": {"plan_id": made.plan_id}},
        raise_on_error=False,
    )

    assert not result.success
    failure = next(event for event in result.all_events if event.is_step_failure)
    assert "2001 was loaded with other rows since" in str(failure.step_failure_data.error)
    assert sqlite_installation.hubspot.births() == {}


def test_a_backfill_of_single_years_shares_a_plan(sqlite_installation: Installation) -> None:
    """Two runs of a year each are two parts of the plan; it is carried out after the second."""
    made = loaded(sqlite_installation)
    config = {"hubspot__contacts": {"plan_id": made.plan_id}}

    first = sqlite_installation.run(CONTACTS, years=(2001, 2001), config=config)
    second = sqlite_installation.run(CONTACTS, years=(2002, 2002), config=config)
    third = sqlite_installation.run(CONTACTS, years=(2002, 2002), config=config, raise_on_error=False)

    assert first.success
    assert second.success
    assert not third.success
    assert len(sqlite_installation.hubspot.births()) == 6
