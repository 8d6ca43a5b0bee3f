"""Bad days by rate: a seed decides where they strike, and the same seed decides the same again."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from babynames_assets.emulators.hubspot.faults.fault import Fault, parse_storm, read_storm
from babynames_assets.emulators.hubspot.faults.schedule import Faults
from babynames_assets_tests.hubspot.emulated import UPSERT, Emulated, emulated_hubspot

CONTACTS = "/crm/objects/2026-03/contacts"
SEARCH = f"{CONTACTS}/search"
STORM: list[dict[str, Any]] = [
    {"kind": "burst", "rate": 0.05},
    {"kind": "status", "status": 500, "rate": 0.05},
    {"kind": "apply_then_status", "status": 502, "rate": 0.05, "path": "/batch/upsert"},
    {"kind": "apply_then_reset", "rate": 0.05},
    {"kind": "slow", "delay": [0.1, 2.0], "rate": 0.1},
]


@pytest.fixture(scope="module")
def running() -> Iterator[Emulated]:
    """One emulator without limits."""
    with emulated_hubspot(calls_per_window=0, daily_limit=0) as emulated:
        yield emulated


@pytest.fixture
def hubspot(running: Emulated) -> Emulated:
    """The emulator with a new account."""
    running.reset()
    return running


def played(faults: Faults, paths: list[str], now: float = 0.0) -> list[str | None]:
    """The kinds of fault that requests meet, one after the other."""
    strikes = [faults.take(path, b"", now) for path in paths]
    return [strike.fault.kind if strike else None for strike in strikes]


def ordered(*faults: dict[str, Any], seed: int = 0) -> Faults:
    """Faults on order."""
    made = Faults()
    made.order({"seed": seed, "faults": list(faults)})
    return made


def an_input(name: str, trace: str | None = None) -> dict[str, Any]:
    """An input that is found by its e-mail address."""
    item = {"id": f"{name}@example.com", "idProperty": "email", "properties": {"firstname": name}}
    return item if trace is None else {**item, "objectWriteTraceId": trace}


@given(seed=st.integers(), other=st.integers())
@settings(max_examples=30)
def test_a_seed_decides_where_a_storm_strikes(seed: int, other: int) -> None:
    """One seed, one storm; another seed, another one."""
    paths = [UPSERT] * 200

    first = played(ordered(*STORM, seed=seed), paths)

    assert first == played(ordered(*STORM, seed=seed), paths)
    assert seed == other or first != played(ordered(*STORM, seed=other), paths)


@given(paths=st.lists(st.sampled_from([UPSERT, SEARCH]), min_size=50, max_size=50))
@settings(max_examples=50)
def test_what_the_nth_request_meets_does_not_depend_on_others(paths: list[str]) -> None:
    """A fault of one path strikes the n-th request of that path, whatever requests of other paths come between."""
    storm = [{"kind": "burst", "rate": 0.9, "path": "/search"}, {"kind": "daily", "rate": 0.3, "path": "/upsert"}]

    mixed = played(ordered(*storm, seed=5), paths)

    upserts = [kind for path, kind in zip(paths, mixed, strict=True) if path == UPSERT]
    assert upserts == played(ordered(*storm, seed=5), [UPSERT] * len(upserts))


def test_a_fault_draws_even_when_another_strikes() -> None:
    """The streams of two faults are their own: taking the first away changes nothing of the second."""
    weak = {"kind": "daily", "rate": 0.3}
    both = played(ordered({"kind": "burst", "rate": 0.5}, weak, seed=3), [UPSERT] * 300)
    second_alone = played(ordered({"kind": "burst", "rate": 0.0}, weak, seed=3), [UPSERT] * 300)

    assert "daily" in both
    assert [one for one, other in zip(second_alone, both, strict=True) if other != "burst"] == [
        other for other in both if other != "burst"
    ]


def test_a_rate_is_met_in_the_long_run() -> None:
    """Of ten thousand requests each fault strikes about its share of those that the ones before it left."""
    kinds = played(ordered({"kind": "burst", "rate": 0.1}, {"kind": "cut", "rate": 0.2}), [UPSERT] * 10_000)

    assert 900 < kinds.count("burst") < 1100
    assert 1650 < kinds.count("cut") < 1950


def test_a_storm_can_come_in_runs() -> None:
    """With times each hit strikes so many requests in a row, after those that it lets pass at first."""
    kinds = played(ordered({"kind": "cut", "rate": 0.05, "times": 4, "skip": 20}), [UPSERT] * 400)

    text = "".join("x" if kind else "." for kind in kinds)
    runs = [len(run) for run in text.split(".") if run]
    assert text.startswith("." * 20)
    assert len(runs) >= 3
    assert all(run >= 4 for run in runs[:-1])


def test_a_storm_can_be_an_outage() -> None:
    """With seconds each hit strikes everything that matches for so long."""
    faults = ordered({"kind": "status", "rate": 0.05, "seconds": 30})
    kinds = [played(faults, [UPSERT], now=float(second))[0] for second in range(2000)]

    runs = [len(run) for run in "".join("x" if kind else "." for kind in kinds).split(".") if run]
    assert len(runs) >= 3
    assert all(run >= 30 for run in runs[:-1])


def test_a_script_in_a_storm_is_played_once() -> None:
    """A fault without a rate strikes as it is written, beside those with one."""
    faults = ordered({"kind": "cut", "times": 2, "skip": 1}, {"kind": "burst", "rate": 0.0})

    assert played(faults, [UPSERT] * 5) == [None, "cut", "cut", None, None]
    assert [entry["kind"] for entry in faults.as_json()] == ["burst"]


def test_a_storm_over_http_is_the_same_twice(hubspot: Emulated) -> None:
    """One request after the other, a client meets the same answers again after a reset."""
    order = [fault for fault in STORM if fault["kind"] not in ("slow", "apply_then_reset")]
    answers = []
    for _ in range(2):
        hubspot.reset()
        hubspot.storm(*order, seed=42)
        answers.append([hubspot.call("POST", UPSERT, {"inputs": [an_input("mary")]}).status_code for _ in range(80)])

    assert answers[0] == answers[1]
    assert {429, 500, 502, 200} == set(answers[0])
    assert hubspot.stats()["injected"].keys() == {"burst", "status", "apply_then_status"}
    assert hubspot.stats()["violations"] == 0


@pytest.mark.parametrize("attempts", [0, 2])
def test_records_that_match_are_refused(hubspot: Emulated, attempts: int) -> None:
    """By trace id in a 207, for ever or for the first attempts; the others are written."""
    hubspot.order(kind="refuse", matches="^zo", attempts=attempts)
    batch = {"inputs": [an_input(name, name) for name in ("mary", "zoe", "zora", "anzo")]}

    answers = [hubspot.call("POST", UPSERT, batch) for _ in range(3)]

    refused = [
        sorted(error["context"]["objectWriteTraceId"][0] for error in answer.json().get("errors", []))
        for answer in answers
    ]
    assert refused == [["zoe", "zora"], ["zoe", "zora"], [] if attempts else ["zoe", "zora"]]
    assert answers[0].json()["errors"][0]["category"] == "VALIDATION_ERROR"
    assert "zoe@example.com is refused by a validation rule" in answers[0].text
    assert hubspot.stats()["refused_by_rule"] == {"refuse": 4 if attempts else 6}
    assert hubspot.stats()["contacts"] == (4 if attempts else 2)


def test_a_refused_record_without_a_trace_id_refuses_its_batch(hubspot: Emulated) -> None:
    """As with any bad value: 400, and nothing is written."""
    hubspot.order(kind="refuse", matches="zoe")

    answer = hubspot.call("POST", UPSERT, {"inputs": [an_input("mary"), an_input("zoe")]})

    assert answer.status_code == 400
    assert hubspot.stats()["contacts"] == 0


def test_a_claimed_record_conflicts_with_its_whole_batch(hubspot: Emulated) -> None:
    """409 for every batch that it is in, traced or not; without it the batch is written."""
    hubspot.order(kind="claimed", matches="^zoe@")

    whole = hubspot.call("POST", UPSERT, {"inputs": [an_input("mary", "t-1"), an_input("zoe", "t-2")]})
    alone = hubspot.call("POST", UPSERT, {"inputs": [an_input("mary", "t-1")]})

    assert (whole.status_code, whole.json()["category"]) == (409, "CONFLICT")
    assert alone.status_code == 200


@pytest.mark.parametrize("path", [CONTACTS, f"{CONTACTS}/batch/create", f"{CONTACTS}/batch/update"])
def test_rules_hold_for_every_way_of_writing(hubspot: Emulated, path: str) -> None:
    """A single contact, a batch of new ones, and a batch of changes."""
    [mary] = hubspot.upsert("mary")
    hubspot.order(kind="refuse", matches="forbidden")
    properties = {"firstname": "forbidden"}
    inputs = [{"id": mary["id"], "properties": properties}] if path.endswith("update") else [{"properties": properties}]

    answer = hubspot.call("POST", path, {"properties": properties} if path == CONTACTS else {"inputs": inputs})

    assert answer.status_code == 400
    assert "VALIDATION_RULE" in answer.json()["message"]


@given(keys=st.permutations([f"n{number}" for number in range(40)]), seed=st.integers(0, 50))
@settings(max_examples=40)
def test_which_records_a_share_concerns_does_not_depend_on_their_order(keys: list[str], seed: int) -> None:
    """Two clients that send the same contacts in any order and any number of times meet the same refusals."""
    faults = ordered({"kind": "refuse", "share": 0.2}, seed=seed)
    again = ordered({"kind": "refuse", "share": 0.2}, seed=seed)

    refused = {key for key in keys if faults.rules.refusal(key, {})}

    assert refused == {key for key in sorted(keys) * 2 if again.rules.refusal(key, {})}


def test_a_share_is_met_in_the_long_run() -> None:
    """Of ten thousand contacts a tenth, and other ones with another seed."""
    one, other = ordered({"kind": "refuse", "share": 0.1}), ordered({"kind": "refuse", "share": 0.1}, seed=1)
    keys = [f"1984-F-N{number}" for number in range(10_000)]

    refused = {key for key in keys if one.rules.refusal(key, {})}

    assert 900 < len(refused) < 1100
    assert refused != {key for key in keys if other.rules.refusal(key, {})}


def test_an_order_is_read_from_json_or_from_its_file(tmp_path: Path) -> None:
    """A list, or an object with a seed; a seed beside it wins."""
    file = tmp_path / "storm.json"
    file.write_text('{"seed": 7, "faults": [{"kind": "cut", "rate": 0.5}]}', encoding="utf-8")

    assert read_storm(str(file)) == parse_storm({"seed": 7, "faults": [{"kind": "cut", "rate": 0.5}]})
    assert read_storm(str(file), seed=9).seed == 9
    assert read_storm(' [{"kind": "cut"}]').faults == [Fault(kind="cut")]
    with pytest.raises(FileNotFoundError):
        read_storm(str(tmp_path / "none.json"))
    with pytest.raises(ValueError, match="line 1 column"):
        read_storm("[{")
