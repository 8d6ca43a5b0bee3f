"""What becomes of each contact when HubSpot says too little, or somebody wants no more calls."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from babynames_assets.emulators import serving
from babynames_assets.errors import FatalError
from babynames_assets.hubspot.client import HubSpotClient
from babynames_assets.hubspot.matching import OTHER_CONTACT, match
from babynames_assets_tests.hubspot.emulated import Emulated, contact


class EnoughError(Exception):
    """Somebody wants no more calls."""


def counted(calls: int) -> Callable[[], None]:
    """A check that lets so many pass."""
    left = iter(range(calls))

    def check() -> None:
        if next(left, None) is None:
            raise EnoughError

    return check


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(bad=st.sets(st.integers(0, 39), max_size=4))
def test_an_error_that_names_nobody_is_brought_home_by_smaller_batches(hubspot: Emulated, bad: set[int]) -> None:
    """A 207 whose errors have no trace ids: exactly the bad contacts are refused, each with HubSpot's reason."""
    hubspot.reset()
    client = hubspot.client()
    client.ensure_schema()
    hubspot.order(kind="untraced", path="/batch/upsert", rate=1.0)
    batch = [contact(f"N{number}", births="many" if number in bad else number) for number in range(40)]

    outcome = client.upsert(batch)

    assert outcome.refused.keys() == {f"1984-F-N{number}" for number in bad}
    assert all("many was not a valid number" in refusal.message for refusal in outcome.refused.values())
    assert outcome.accepted.keys() == hubspot.births().keys() == {one.key for one in batch} - outcome.refused.keys()
    assert hubspot.upserts() <= 1 + 2 * 7 * len(bad)
    client.close()


def test_an_answer_about_a_contact_with_another_key_is_a_refusal() -> None:
    """One contact cannot stand for two rows: what HubSpot wrote is not what was asked for."""
    answer = {"id": "7", "objectWriteTraceId": "t-1", "properties": {"baby_name_key": "1984-F-Anna"}}

    matched = match({"results": [answer]}, {"t-1": "1984-F-Mary"})  # type: ignore[list-item]

    assert matched.results == {}
    error = matched.errors["1984-F-Mary"]
    assert error["category"] == OTHER_CONTACT
    assert error["message"] == "HubSpot answered for this contact with contact 7, whose baby_name_key is 1984-F-Anna."


def test_a_refusal_that_hubspot_gave_counts_more_than_an_answer_about_another() -> None:
    """Its own words say more."""
    answer = {"id": "7", "objectWriteTraceId": "t-1", "properties": {"baby_name_key": "1984-F-Anna"}}
    error = {"message": "no", "context": {"objectWriteTraceId": ["t-1"]}}

    matched = match({"results": [answer], "errors": [error]}, {"t-1": "1984-F-Mary"})  # type: ignore[list-item]

    assert matched.errors["1984-F-Mary"]["message"] == "no"


def test_a_check_before_a_request_can_end_the_call(client: HubSpotClient, hubspot: Emulated) -> None:
    """Before the first request of an upsert, an archive or a look-up nothing has been sent."""
    before = hubspot.stats()["requests"]

    for call in (
        lambda: client.upsert([contact("Mary")], before=counted(0)),
        lambda: client.archive(["1"], before=counted(0)),
        lambda: client.find(["1984-F-Mary"], before=counted(0)),
    ):
        with pytest.raises(EnoughError):
            call()

    assert hubspot.stats()["requests"] == before


def test_a_check_is_made_before_every_try(client: HubSpotClient, hubspot: Emulated) -> None:
    """Two tries that fail are each checked when they begin and right before their request; the third is not made."""
    hubspot.order(kind="status", status=503, path="/batch/upsert", times=10)

    with pytest.raises(EnoughError):
        client.upsert([contact("Mary")], before=counted(4))

    assert hubspot.upserts() == 2


def test_a_check_is_made_before_every_smaller_batch(client: HubSpotClient, hubspot: Emulated) -> None:
    """A batch that is halved is many requests."""
    hubspot.order(kind="conflict", path="/batch/upsert", contains="1984-F-Mary", times=100)

    with pytest.raises(EnoughError):
        client.upsert([contact(name) for name in ("Mary", "Anna", "Emma", "Zoe")], before=counted(4))

    assert hubspot.upserts() == 2


def test_an_archive_that_is_answered_with_errors_is_no_success() -> None:
    """A 2xx alone proves nothing: the message names the reason, and nothing is forgotten."""

    async def archive(_request: Request) -> JSONResponse:
        return JSONResponse({"status": "COMPLETE", "errors": [{"message": "one is locked"}]}, 207)

    app = Starlette(routes=[Route("/{path:path}", archive, methods=["POST"])])
    with serving.running(app) as url:
        client = Emulated(url).client()
        with pytest.raises(FatalError, match="archived not all of 2 contacts: one is locked"):
            client.archive(["1", "2"])
        client.close()
