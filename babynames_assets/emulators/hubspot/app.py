"""The emulated HubSpot as an application: its routes, old and dated, and the doors for tests and people.

Not part of HubSpot: ``/_stats`` (what came in), ``/_faults`` (order bad days), ``/_clock`` (let time pass), ``/_reset``
(start anew), ``/_contacts`` (all contacts, for comparison), ``/_tokens`` (revoke or expire them). They need no token;
the server listens on this machine alone.
"""

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import Route

from babynames_assets.emulators.hubspot import account, batches, contacts, properties, search
from babynames_assets.emulators.hubspot.admin import admin_routes
from babynames_assets.emulators.hubspot.calls import Call, Handler
from babynames_assets.emulators.hubspot.clock import Clock
from babynames_assets.emulators.hubspot.faults.fault import Storm
from babynames_assets.emulators.hubspot.faults.schedule import Faults
from babynames_assets.emulators.hubspot.gate import Gate
from babynames_assets.emulators.hubspot.latency import Latencies, Latency
from babynames_assets.emulators.hubspot.limits import DailyCounter, Limits, RollingWindow
from babynames_assets.emulators.hubspot.oauth import oauth_routes
from babynames_assets.emulators.hubspot.replies import Reply, not_found
from babynames_assets.emulators.hubspot.statistics import SEARCH_WINDOW, Statistics
from babynames_assets.emulators.hubspot.store import Store
from babynames_assets.emulators.hubspot.tokens import App, Tokens
from babynames_assets.errors import ConfigurationError
from babynames_assets.hubspot.limits import TIERS, WINDOW

SEARCHES_PER_SECOND = 5
VERSIONS = ("2026-03", "2026-09")
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def create_app(  # noqa: PLR0913 - each is an option of its own, and named
    *,
    state_file: Path | None,
    token: str | Sequence[str],
    tier: str,
    calls_per_window: int | None = None,
    searches_per_second: int | None = SEARCHES_PER_SECOND,
    daily_limit: int | None = None,
    latency: Latency = 0.0,
    search_lag: float = 0.0,
    storm: Storm | None = None,
    seed: int = 0,
    oauth: App | None = None,
    clock: Callable[[], float] = time.time,
) -> Starlette:
    """Make the application. A limit of 0 is none at all.

    Args:
        state_file: SQLite file of its contacts and properties; None keeps them in memory.
        token: the bearer token that it asks for, or several that it takes.
        tier: whose limits it enforces: a name in TIERS.
        calls_per_window: calls in ten seconds; None takes the tier's.
        searches_per_second: searches in a second.
        daily_limit: calls a day; None takes the tier's.
        latency: seconds that each answer takes, or their least and most.
        search_lag: seconds after which search knows of a change.
        storm: faults on order from the start.
        seed: decides the latencies.
        oauth: the OAuth app that the account has installed; None takes one whose secrets everyone knows.
        clock: seconds since 1970.

    Raises:
        ConfigurationError: there is no such tier.
        ValueError: a fault of the storm is of an unknown kind, or lacks what it needs.
    """
    if tier not in TIERS:
        raise ConfigurationError(f"There is no tier {tier!r}; there are {', '.join(TIERS)}.")
    now = Clock(clock)
    faults = Faults()
    if storm:
        faults.add(storm)
    gate = Gate(
        store=Store(state_file, now, search_lag),
        tokens=Tokens([token] if isinstance(token, str) else token, oauth or App(), now),
        limits=Limits(
            burst=RollingWindow(_limit(calls_per_window, TIERS[tier].calls_per_window), WINDOW, now),
            search=RollingWindow(searches_per_second or None, SEARCH_WINDOW, now),
            daily=DailyCounter(_limit(daily_limit, TIERS[tier].calls_per_day), now),
        ),
        faults=faults,
        statistics=Statistics(),
        latencies=Latencies(latency, seed),
        clock=now,
    )

    @asynccontextmanager
    async def closing(_app: Starlette) -> AsyncIterator[None]:
        yield
        gate.store.close()

    return Starlette(routes=[*admin_routes(gate), *oauth_routes(gate), *_api_routes(gate)], lifespan=closing)


def _limit(given: int | None, of_tier: int | None) -> int | None:
    return of_tier if given is None else given or None


def _api_routes(gate: Gate) -> list[Route]:
    routes = [
        Route("/account-info/{version}/details", gate.before(account.details)),
        Route(
            "/account-info/{version}/api-usage/daily/private-apps",
            gate.before(lambda call: account.usage(call, gate.limits.daily)),
        ),
    ]
    for kind in ("/crm/v3/{}/contacts", *(f"/crm/{{}}/{version}/contacts" for version in VERSIONS)):
        routes += _contact_routes(gate, kind.format("objects")) + _property_routes(gate, kind.format("properties"))
    return [*routes, Route("/{path:path}", gate.before(_nothing), methods=METHODS)]


def _contact_routes(gate: Gate, path: str) -> list[Route]:
    batch_calls = {
        "create": batches.create,
        "read": batches.read,
        "update": batches.update,
        "upsert": batches.upsert,
        "archive": batches.archive,
    }
    return [
        *(_route(gate, "POST", f"{path}/batch/{name}", call) for name, call in batch_calls.items()),
        _route(gate, "POST", f"{path}/search", search.search, is_search=True),
        _route(gate, "POST", f"{path}/merge", contacts.merge),
        _route(gate, "GET", path, contacts.list_all),
        _route(gate, "POST", path, contacts.create),
        _route(gate, "GET", f"{path}/{{id}}", contacts.get),
        _route(gate, "PATCH", f"{path}/{{id}}", contacts.change),
        _route(gate, "DELETE", f"{path}/{{id}}", contacts.archive),
    ]


def _property_routes(gate: Gate, path: str) -> list[Route]:
    return [
        _route(gate, "GET", path, properties.list_all),
        _route(gate, "POST", path, properties.create),
        _route(gate, "GET", f"{path}/{{name}}", properties.get),
        _route(gate, "PATCH", f"{path}/{{name}}", properties.change),
        _route(gate, "DELETE", f"{path}/{{name}}", properties.archive),
    ]


def _route(gate: Gate, method: str, path: str, handler: Handler, *, is_search: bool = False) -> Route:
    return Route(path, gate.before(handler, path, is_search=is_search), methods=[method])


def _nothing(_call: Call) -> Reply:
    raise not_found()
