"""Answers find their inputs, and reasons become words."""

import json
import random
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from babynames_assets.hubspot.matching import match
from babynames_assets.hubspot.reasons import missing_scopes, parse_error, reason_of
from babynames_assets.hubspot.wire import BatchAnswer, ErrorBody

KEY_BY_TRACE = {f"t-{number}": f"1984-F-N{number}" for number in range(100)}
FATES = st.sampled_from(["result", "error", "both", "silence"])


@given(fates=st.lists(FATES, min_size=100, max_size=100), order=st.randoms())
def test_every_input_finds_its_own_answer(fates: list[str], order: random.Random) -> None:
    """In any order of results and errors, each input gets its own answer, and none if there is none."""
    results = [
        {"id": f"id-{n}", "objectWriteTraceId": f"t-{n}"} for n, fate in enumerate(fates) if fate in ("result", "both")
    ]
    errors = [
        {"message": f"m-{n}", "context": {"objectWriteTraceId": [f"t-{n}"]}}
        for n, fate in enumerate(fates)
        if fate in ("error", "both")
    ]
    order.shuffle(results)
    order.shuffle(errors)
    answer: BatchAnswer = json.loads(json.dumps({"results": results, "errors": errors}))

    matched = match(answer, KEY_BY_TRACE)

    for number, fate in enumerate(fates):
        key = f"1984-F-N{number}"
        assert (key in matched.results) == (fate == "result")
        assert (key in matched.errors) == (fate in ("error", "both"))
        if fate == "result":
            assert matched.results[key]["id"] == f"id-{number}"


def test_one_error_can_refuse_several_inputs() -> None:
    """An error that names several trace ids refuses each of those inputs."""
    answer: BatchAnswer = {"errors": [{"message": "no", "context": {"objectWriteTraceId": ["t-1", "t-2"]}}]}

    assert match(answer, KEY_BY_TRACE).errors.keys() == {"1984-F-N1", "1984-F-N2"}


def test_an_error_can_name_its_input_by_its_key() -> None:
    """An error without trace ids is matched by the keys in its context."""
    answer: BatchAnswer = {"errors": [{"message": "no", "context": {"ids": ["1984-F-N3", "unknown"]}}]}

    assert match(answer, KEY_BY_TRACE).errors.keys() == {"1984-F-N3"}


def test_a_result_without_its_trace_id_is_known_by_its_key() -> None:
    """A result that lost its trace id is matched by the unique property in it."""
    answer: BatchAnswer = {"results": [{"id": "7", "properties": {"baby_name_key": "1984-F-N4"}}]}

    assert match(answer, KEY_BY_TRACE).results.keys() == {"1984-F-N4"}


@pytest.mark.parametrize(
    "answer",
    [
        {"results": [{"id": "7", "objectWriteTraceId": "of another batch"}]},
        {"results": [{"objectWriteTraceId": "t-1"}]},
        {"results": [{"id": "7"}]},
        {"errors": [{"message": "no"}]},
        {"errors": [{"message": "no", "context": {"objectWriteTraceId": ["of another batch"]}}]},
        {"results": None, "errors": None},
        {},
    ],
)
def test_an_answer_that_belongs_to_no_input_is_given_to_none(answer: BatchAnswer) -> None:
    """A stray result, one without an id, or a stray error answers for no input."""
    matched = match(answer, KEY_BY_TRACE)

    assert matched.results == {}
    assert matched.errors == {}


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (
            (
                'Property values were not valid: [{"isValid":false,"message":"Email address x is invalid",'
                '"error":"INVALID_EMAIL","name":"email"}]'
            ),
            "email: Email address x is invalid (INVALID_EMAIL)",
        ),
        ('Property values were not valid: [{"name":"a"},{"message":"b"}]', "a: not valid; a property: b"),
        ("Property values were not valid: [{", "Property values were not valid: [{"),
        ("Property values were not valid: [1]", "Property values were not valid: [1]"),
        ("Property values were not valid: 1", "Property values were not valid: 1"),
        ("resource not found", "resource not found"),
        ("", "no reason given"),
    ],
)
def test_a_message_becomes_words(message: str, reason: str) -> None:
    """The JSON inside a message is written out; a message without it, or with broken JSON, stays as it is."""
    assert reason_of(ErrorBody(message=message)) == reason


@given(text=st.text())
def test_any_body_of_an_error_can_be_read(text: str) -> None:
    """Whatever text comes with an error, a short reason on one line comes out, or HubSpot's own words."""
    reason = reason_of(parse_error(text))

    assert reason
    assert "\n" not in reason


def test_a_gateway_s_page_becomes_a_short_line() -> None:
    """A page of HTML becomes one line of at most 200 characters, and no text becomes words that say so."""
    assert len(reason_of(parse_error("<html>\n" + "x\n" * 500))) == 200
    assert reason_of(parse_error("")) == "no text"


def test_missing_scopes_are_found_wherever_they_are_named() -> None:
    """The scopes of all details are listed once each, in order; other context is not."""
    error: ErrorBody = {
        "errors": [
            {"context": {"requiredGranularScopes": ["b", "a"]}},
            {"context": {"requiredScopes": ["a"], "ids": ["1"]}},
            {"message": "no context"},
        ]
    }

    assert missing_scopes(error) == ["a", "b"]
    assert missing_scopes({}) == []


@pytest.mark.parametrize("errors", ["no", ["no"], 7, [{"context": "no"}], [{"context": {"scopes": [[]]}}]])
def test_a_proxy_s_refusal_names_no_scopes(errors: object) -> None:
    """A 403 of another shape than HubSpot's names no scopes, and is no bug."""
    assert missing_scopes(cast("ErrorBody", {"errors": errors})) == []
