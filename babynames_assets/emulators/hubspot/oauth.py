"""The OAuth endpoints of the emulated HubSpot: tokens for a refresh token, a code or the app itself; what one is."""

import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from babynames_assets.emulators.hubspot.calls import Call
from babynames_assets.emulators.hubspot.gate import Gate
from babynames_assets.emulators.hubspot.rendering import PORTAL_ID
from babynames_assets.emulators.hubspot.replies import Reply
from babynames_assets.emulators.hubspot.tokens import Tokens

VERSIONS = ("v1", "v3", "2026-03", "2026-09")
SCOPES = ["oauth", "crm.objects.contacts.read", "crm.objects.contacts.write", "crm.schemas.contacts.write"]
USER_ID = 1

Form = dict[str, str]


def oauth_routes(gate: Gate) -> list[Route]:
    """The routes; they need no token, spend nothing of the limits, and can be struck by faults."""
    tokens = gate.tokens
    calls: dict[str, Callable[[Tokens, Form], Reply]] = {
        "token": _token,
        "token/introspect": _introspect,
        "token/revoke": _revoke,
    }
    routes = [Route("/oauth/authorize", _authorization(tokens), methods=["GET"])]
    for version in VERSIONS:
        for path, answer in calls.items():
            handler = _handler(tokens, answer)
            routes.append(Route(f"/oauth/{version}/{path}", gate.before(handler, is_open=True), methods=["POST"]))
    return [*routes, Route("/_tokens", _door(tokens), methods=["GET", "POST"])]


def _handler(tokens: Tokens, answer: Callable[[Tokens, Form], Reply]) -> Callable[[Call], Reply]:
    def handle(call: Call) -> Reply:
        form = {name: values[-1] for name, values in parse_qs(call.raw.decode("utf-8", "replace")).items()}
        if form.get("client_id") != tokens.app.client_id:
            return _refused("invalid_client", "BAD_CLIENT_ID", "missing or unknown client id")
        if not secrets.compare_digest(form.get("client_secret", "").encode(), tokens.app.client_secret.encode()):
            return _refused("invalid_client", "BAD_CLIENT_SECRET", "missing or invalid client secret")
        return answer(tokens, form)

    return handle


def _token(tokens: Tokens, form: Form) -> Reply:
    grant = form.get("grant_type")
    if grant == "refresh_token":
        refresh_token = form.get("refresh_token", "")
        if refresh_token not in tokens.refresh_tokens:
            reason = "refresh token is invalid, expired or revoked"
            return _refused("invalid_grant", "BAD_REFRESH_TOKEN", reason)
        return _given(tokens, refresh_token)
    if grant == "authorization_code":
        if tokens.codes.pop(form.get("code", ""), None) != form.get("redirect_uri", ""):
            return _refused("invalid_grant", "BAD_AUTH_CODE", "missing or unknown auth code")
        return _given(tokens, tokens.new_refresh_token())
    if grant == "client_credentials":
        return _given(tokens, None)
    return _refused("unsupported_grant_type", "BAD_GRANT_TYPE", "missing or unknown grant type")


def _given(tokens: Tokens, refresh_token: str | None) -> Reply:
    given = tokens.give(refresh_token)
    body: dict[str, Any] = {
        "token_type": "bearer",
        "access_token": given.access_token,
        "hub_id": PORTAL_ID,
        "scopes": SCOPES,
        "token_use": "access_token",
        "expires_in": int(given.lifetime),
        "user_id": USER_ID,
    }
    if given.refresh_token is not None:
        body["refresh_token"] = given.refresh_token
    return _private(200, body)


def _introspect(tokens: Tokens, form: Form) -> Reply:
    token = form.get("token", "")
    left = tokens.seconds_left(token)
    is_refresh_token = token in tokens.refresh_tokens
    if left <= 0 and not is_refresh_token:
        return _private(200, {"active": False})
    body = {
        "active": True,
        "token": token,
        "token_type": "bearer",
        "token_use": "refresh_token" if is_refresh_token else "access_token",
        "client_id": tokens.app.client_id,
        "app_id": 1,
        "hub_id": PORTAL_ID,
        "user_id": USER_ID,
        "scopes": SCOPES,
    }
    return _private(200, body if is_refresh_token else {**body, "expires_in": int(left)})


def _revoke(tokens: Tokens, form: Form) -> Reply:
    tokens.revoke(form.get("token", ""))
    return _private(200, {})


def _refused(error: str, status: str, reason: str) -> Reply:
    return _private(400, {"error": error, "error_description": reason, "status": status, "message": reason})


def _private(status: int, body: dict[str, Any]) -> Reply:
    return Reply(status, body, {"Cache-Control": "no-store"})


def _authorization(tokens: Tokens) -> Callable[[Request], Any]:
    """The page on which a person installs the app. Here the person always says yes."""

    async def authorize(request: Request) -> Response:
        address = request.query_params.get("redirect_uri", "")
        if request.query_params.get("client_id") != tokens.app.client_id or not address.startswith("http://"):
            return JSONResponse({"message": "unknown client_id, or a redirect_uri that is none of this machine"}, 400)
        code = secrets.token_urlsafe(16)
        tokens.codes[code] = address
        answer = {"code": code, "state": request.query_params.get("state", "")}
        return RedirectResponse(f"{address}?{urlencode(answer)}", 302)

    return authorize


def _door(tokens: Tokens) -> Callable[[Request], Any]:
    """For tests and people: all tokens, and ``{"add": [...], "revoke": [...], "expire": true}`` to change them."""

    async def change(request: Request) -> Response:
        if request.method == "GET":
            return JSONResponse(sorted(tokens.all()))
        order = await request.json()
        tokens.lasting.update(order.get("add", []))
        for token in order.get("revoke", []):
            tokens.revoke(token)
        if order.get("expire"):
            tokens.expire()
        return Response(status_code=204)

    return change
