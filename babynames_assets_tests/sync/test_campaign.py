"""A short campaign: syncs that are killed, stormed and robbed of their database leave nothing lost, doubled or wrong.

``make campaign`` does the same for longer.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from babynames_assets_tests.crashing.warehouses import KINDS
from babynames_assets_tests.sync.crashing import checker
from babynames_assets_tests.sync.crashing.__main__ import MOST_REDUNDANT, problems_of, summary
from babynames_assets_tests.sync.crashing.campaign import Tally, opened
from babynames_assets_tests.sync.crashing.checker import Contact, Fault, Picture, State
from babynames_assets_tests.sync.crashing.plans import RunPlan, Step, draw

SMALL = (300, 700)


def plans(kind: str, runs: int) -> list[RunPlan]:
    """The first plans with faults for a kind of database, with small tables."""
    drawn = (draw(seed, KINDS, rows=SMALL) for seed in range(1, 1000))
    return [plan for plan in drawn if plan.kind == kind and not plan.is_calm][:runs]


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_lost_whatever_ends_a_sync(kind: str, tmp_path: Path) -> None:
    """Table, state, letters and HubSpot agree after every sync, and are equal in the end."""
    with opened([kind], tmp_path) as campaign:
        found = [text for plan in plans(kind, 2) for text in campaign.run(plan)]

    assert found == []
    assert campaign.tally.kills + campaign.tally.stops + campaign.tally.restarts > 0


def test_without_faults_nothing_is_written_twice(tmp_path: Path) -> None:
    """Twins and changes of the table alone are no reason."""
    calm = next(plan for seed in range(1000) if (plan := draw(seed, ["sqlite"], rows=SMALL)).is_calm)

    with opened(["sqlite"], tmp_path) as campaign:
        found = campaign.run(calm)

    assert found == []
    assert (campaign.tally.calm, campaign.tally.calm_redundant) == (1, 0)
    assert campaign.tally.writes["created"] > 0


def killed_often(only: str) -> RunPlan:
    """A run without a storm, whose first sync is killed at its second batch, the next at its third, then its fourth."""
    plan = draw(1, ["sqlite"], rows=(700, 700))
    step = Step(plan.steps[0].table, "kill", only=only)
    # Nine requests make the properties, and later five look at them; those behind are batches.
    kills = [replace(step, event=event) for event in (9 + 2, 5 + 3, 5 + 4)]
    return replace(plan, storm=[], in_flight=1, uses_oauth=False, steps=[*kills, Step(step.table, last=True)])


def test_a_loop_that_saves_the_fingerprint_before_delivery_is_caught(tmp_path: Path) -> None:
    """The checker sees rows that are called synced and that HubSpot does not have."""
    with opened(["sqlite"], tmp_path, way="fingerprint-first") as campaign:
        campaign.run(killed_often("request"))

    assert campaign.tally.kills == 3
    assert campaign.tally.faults["missing"] >= 100


def test_a_loop_that_saves_its_state_at_the_end_is_caught(tmp_path: Path) -> None:
    """Whatever was sent before a kill is sent again: more than the storm may cost."""
    with opened(["sqlite"], tmp_path, way="state-at-end") as campaign:
        campaign.run(killed_often("answer"))

    assert campaign.tally.kills == 3
    assert campaign.tally.redundant_share > MOST_REDUNDANT


@pytest.mark.parametrize("only", ["request", "answer"])
def test_the_same_kills_cost_the_real_loop_a_batch_each(tmp_path: Path, only: str) -> None:
    """With one request under way a kill costs what was under way: the counts tell the loops apart."""
    with opened(["sqlite"], tmp_path) as campaign:
        found = campaign.run(killed_often(only))

    assert found == []
    assert campaign.tally.kills == 3
    assert campaign.tally.writes["redundant"] == (300 if only == "answer" else 0)


def test_a_seed_draws_the_same_run_every_time() -> None:
    """And another seed another one."""
    assert draw(7, KINDS) == draw(7, KINDS)
    assert draw(7, KINDS) != draw(8, KINDS)


def test_the_seeds_reach_everything_that_can_happen() -> None:
    """Each database, calm and storm, tokens and OAuth, every kind of interruption, changes before a repetition."""
    drawn = [draw(seed, KINDS, rows=(20, 30)) for seed in range(200)]

    assert {plan.kind for plan in drawn} == set(KINDS)
    assert 5 < sum(plan.is_calm for plan in drawn) < 40
    assert {plan.uses_oauth for plan in drawn} == {True, False}
    assert {step.happening for plan in drawn for step in plan.steps} == {"nothing", "kill", "stop", "restart", "twin"}
    assert {fault["kind"] for plan in drawn for fault in plan.storm} >= {
        "burst",
        "apply_then_reset",
        "refuse",
        "locked",
    }
    changed_between = [
        plan
        for plan in drawn
        for step, following in zip(plan.steps, plan.steps[1:], strict=False)
        if not step.last and step.table != following.table
    ]
    assert len(changed_between) > 20
    assert all(plan.steps[-1].last for plan in drawn)
    assert not any(step.happening == "restart" for plan in drawn if plan.kind == "sqlite" for step in plan.steps)


KEY = "2001-F-Mary"
RIGHT = Picture({KEY: 7}, {KEY: State("synced", "1:7", "11")}, set(), [Contact("11", KEY, "7")])
REFUSED = Picture({KEY: 7}, {KEY: State("refused", "1:7", None)}, {KEY}, [])


def faults(look: object, picture: Picture) -> set[str]:
    """The kinds of what is wrong."""
    found: list[Fault] = list(look(picture))  # type: ignore[operator]  # a parameter of the test: one of the looks
    return {fault.kind for fault in found}


def test_what_is_right_is_nothing_wrong() -> None:
    """Synced, refused with a letter, and in doubt after a crash."""
    doubt = replace(RIGHT, state={KEY: State("in_doubt", "", "11")}, contacts=[Contact("11", KEY, "8")])

    assert faults(checker.at_the_end, RIGHT) == set()
    assert faults(checker.after_a_sync, REFUSED) == set()
    assert faults(checker.whenever, doubt) == set()


@pytest.mark.parametrize(
    ("picture", "kind"),
    [
        (replace(RIGHT, contacts=[]), "missing"),
        (replace(RIGHT, contacts=[Contact("11", KEY, "8")]), "stale"),
        (replace(RIGHT, contacts=[Contact("12", KEY, "7")]), "wrong_id"),
        (replace(RIGHT, contacts=[Contact("11", KEY, "7"), Contact("12", KEY, "7")]), "duplicate"),
    ],
)
def test_what_must_never_be_is_seen(picture: Picture, kind: str) -> None:
    """Also right after a crash."""
    assert kind in faults(checker.whenever, picture)


@pytest.mark.parametrize(
    ("picture", "kind"),
    [
        (replace(RIGHT, state={}), "missing"),
        (replace(RIGHT, table={KEY: 8}), "missing"),
        (replace(RIGHT, state={KEY: State("in_doubt", "", "11")}), "missing"),
        (replace(REFUSED, letters=set()), "unlettered"),
        (replace(RIGHT, letters={KEY}), "unlettered"),
        (replace(RIGHT, table={}), "unexpected"),
        (replace(RIGHT, table={}, state={}), "unexpected"),
        (replace(RIGHT, table={}, contacts=[]), "unexpected"),
    ],
)
def test_what_must_not_be_after_a_sync_is_seen(picture: Picture, kind: str) -> None:
    """Rows that are not in HubSpot, contacts without a row, refusals without a letter."""
    assert kind in faults(checker.after_a_sync, picture)


def test_what_must_not_be_at_the_end_is_seen() -> None:
    """A refusal is a difference then, and a letter is still open."""
    assert faults(checker.at_the_end, REFUSED) == {"missing", "unlettered"}
    assert "stale" in faults(checker.at_the_end, replace(RIGHT, contacts=[Contact("11", KEY, "8")]))


def test_a_campaign_says_what_was_not_reached() -> None:
    """Seeds to make again, a redundant share, calm runs that wrote twice, and controls that were not caught."""
    tally = Tally(runs=9, failed_seeds=[4], calm_redundant=2)
    tally.writes.update(created=60, redundant=40)
    blind = {
        "fingerprint-first": {"missing": 0, "redundant_share": 0.0},
        "state-at-end": {"missing": 0, "redundant_share": 0.1},
    }

    problems = problems_of(tally, blind)

    assert problems[0] == "seed 4: make campaign RUNS=1 SEED=4"
    assert [text for text in problems if "40.0% of all writes" in text]
    assert [text for text in problems if "2 contacts were written twice" in text]
    assert len([text for text in problems if "does not see" in text]) == 2


def test_a_campaign_that_went_well_has_no_problem() -> None:
    """The numbers of its line are those of the tally."""
    tally = Tally(runs=9, kills=12)
    tally.writes.update(created=90, redundant=10)
    seeing = {
        "fingerprint-first": {"missing": 7, "redundant_share": 0.0},
        "state-at-end": {"missing": 0, "redundant_share": 0.5},
    }

    assert problems_of(tally, seeing) == []
    line = summary(tally, 3)
    assert (line["runs"], line["kills"], line["missing"], line["redundant_share"]) == (9, 12, 0, 0.1)
