"""Whatever a client sends, the emulated HubSpot answers as HubSpot would: it never breaks down."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from babynames_assets_tests.hubspot.emulated import Emulated, emulated_hubspot

CONTACTS = "/crm/v3/objects/contacts"
PROPERTIES = "/crm/v3/properties/contacts"
CALLS = [
    *(("POST", f"{CONTACTS}/batch/{name}") for name in ("create", "read", "update", "upsert", "archive")),
    ("POST", CONTACTS),
    ("POST", f"{CONTACTS}/search"),
    ("PATCH", f"{CONTACTS}/230900000001"),
    ("POST", PROPERTIES),
    ("PATCH", f"{PROPERTIES}/nick"),
]

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=5),
    st.just("email"),
    st.just("a@b.co"),
)
WORDS = st.sampled_from(
    [
        "inputs",
        "id",
        "idProperty",
        "objectWriteTraceId",
        "properties",
        "email",
        "firstname",
        "name",
        "label",
        "type",
        "fieldType",
        "groupName",
        "options",
        "value",
        "filterGroups",
        "filters",
        "propertyName",
        "operator",
        "values",
        "highValue",
        "query",
        "limit",
        "after",
        "EQ",
        "IN",
        "BETWEEN",
        "createdate",
    ]
)
VALUES = st.recursive(
    st.one_of(SCALARS, WORDS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=5),
    max_leaves=12,
)
INPUTS = st.fixed_dictionaries(
    {"inputs": st.lists(st.dictionaries(WORDS, VALUES, max_size=4), max_size=3)},
    optional={"idProperty": VALUES, "properties": VALUES},
)
SEARCHES = st.fixed_dictionaries(
    {
        "filterGroups": st.lists(
            st.fixed_dictionaries(
                {
                    "filters": st.lists(
                        st.fixed_dictionaries(
                            {
                                "propertyName": st.sampled_from(["email", "createdate", "hs_object_id"]) | VALUES,
                                "operator": st.sampled_from(["EQ", "IN", "BETWEEN", "LT", "CONTAINS_TOKEN"]) | VALUES,
                            },
                            optional={"value": VALUES, "values": VALUES, "highValue": VALUES},
                        ),
                        max_size=2,
                    )
                }
            ),
            max_size=2,
        )
    },
    optional={"query": VALUES, "limit": VALUES, "after": VALUES, "properties": VALUES},
)


@pytest.fixture(scope="module")
def hubspot() -> Iterator[Emulated]:
    """One emulator for this file, with limits that nobody reaches in it."""
    ticks = iter(range(0, 10**9, 100))
    with emulated_hubspot(clock=lambda: float(next(ticks)), daily_limit=10**9) as emulated:
        yield emulated


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    call=st.sampled_from(CALLS), body=st.one_of(VALUES, INPUTS, SEARCHES, st.dictionaries(WORDS, VALUES, max_size=6))
)
def test_no_body_breaks_it_down(hubspot: Emulated, call: tuple[str, str], body: Any) -> None:
    """Any JSON gets an answer with JSON of its own and a correlation id, and never a 500."""
    answer = hubspot.call(*call, body)

    assert answer.status_code < 500
    assert answer.headers["x-hubspot-correlation-id"]
    assert answer.status_code == 204 or isinstance(answer.json(), dict)
