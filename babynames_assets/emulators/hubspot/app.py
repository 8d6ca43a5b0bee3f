"""The emulated HubSpot as an application: its routes, old and dated, and the doors for tests and people.

Not part of HubSpot: ``/_stats`` (what came in), ``/_faults`` (order bad days), ``/_reset`` (start anew), ``/_contacts``
(all contacts, for comparison), ``/_tokens`` (revoke or expire them). They need no token; the server listens on this
machine alone.
"""

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import Route

from babynames_assets.emulators.hubspot import account, batches, contacts, properties, search
from babynames_assets.emulators.hubspot.admin import admin_routes
from babynames_assets.emulators.hubspot.calls import Call
from babynames_assets.emulators.hubspot.faults import Faults
from babynames_assets.emulators.hubspot.gate import Gate
from babynames_assets.emulators.hubspot.limits import DailyCounter, RollingWindow
from babynames_assets.emulators.hubspot.oauth import oauth_routes
from babynames_assets.emulators.hubspot.replies import Reply, not_found
from babynames_assets.emulators.hubspot.statistics import Statistics
from babynames_assets.emulators.hubspot.store import Store
from babynames_assets.emulators.hubspot.tokens import App, Tokens
from babynames_assets.errors import ConfigurationError
from babynames_assets.hubspot.limits import TIERS, WINDOW

SEARCHES_PER_SECOND = 5
VERSIONS = ("2026-03", "2026-09")
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def create_app(
    *,
    state_file: Path | None,
    token: str | Sequence[str],
    tier: str,
    daily_limit: int | None = None,
    latency: float = 0.0,
    oauth: App | None = None,
    clock: Callable[[], float] = time.time,
) -> Starlette:
    """Make the application.

    Args:
        state_file: SQLite file of its contacts and properties; None keeps them in memory.
        token: the bearer token that it asks for, or several that it takes.
        tier: whose limits it enforces: a name in TIERS.
        daily_limit: calls a day; None takes the tier's.
        latency: seconds that each answer takes.
        oauth: the OAuth app that the account has installed; None takes one whose secrets everyone knows.
        clock: seconds since 1970.

    Raises:
        ConfigurationError: there is no such tier.
    """
    if tier not in TIERS:
        raise ConfigurationError(f"There is no tier {tier!r}; there are {', '.join(TIERS)}.")
    store = Store(state_file, clock)
    gate = Gate(
        store=store,
        tokens=Tokens([token] if isinstance(token, str) else token, oauth or App(), clock),
        burst=RollingWindow(TIERS[tier].calls_per_window, WINDOW, clock),
        search=RollingWindow(SEARCHES_PER_SECOND, 1.0, clock),
        daily=DailyCounter(daily_limit or TIERS[tier].calls_per_day, clock),
        faults=Faults(),
        statistics=Statistics(clock),
        latency=latency,
        clock=clock,
    )

    @asynccontextmanager
    async def closing(_app: Starlette) -> AsyncIterator[None]:
        yield
        store.close()

    return Starlette(routes=[*admin_routes(gate), *oauth_routes(gate), *_api_routes(gate)], lifespan=closing)


def _api_routes(gate: Gate) -> list[Route]:
    routes = [Route("/account-info/{version}/details", gate.before(account.details))]
    routes.append(
        Route(
            "/account-info/{version}/api-usage/daily/private-apps",
            gate.before(lambda call: account.usage(call, gate.daily)),
        )
    )
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
        *(Route(f"{path}/batch/{name}", gate.before(call), methods=["POST"]) for name, call in batch_calls.items()),
        Route(f"{path}/search", gate.before(search.search, is_search=True), methods=["POST"]),
        Route(path, gate.before(contacts.list_all), methods=["GET"]),
        Route(path, gate.before(contacts.create), methods=["POST"]),
        Route(f"{path}/{{id}}", gate.before(contacts.get), methods=["GET"]),
        Route(f"{path}/{{id}}", gate.before(contacts.change), methods=["PATCH"]),
        Route(f"{path}/{{id}}", gate.before(contacts.archive), methods=["DELETE"]),
    ]


def _property_routes(gate: Gate, path: str) -> list[Route]:
    return [
        Route(path, gate.before(properties.list_all), methods=["GET"]),
        Route(path, gate.before(properties.create), methods=["POST"]),
        Route(f"{path}/{{name}}", gate.before(properties.get), methods=["GET"]),
        Route(f"{path}/{{name}}", gate.before(properties.change), methods=["PATCH"]),
        Route(f"{path}/{{name}}", gate.before(properties.archive), methods=["DELETE"]),
    ]


def _nothing(_call: Call) -> Reply:
    raise not_found()
