"""Faults that refuse a request as HubSpot itself does, with its JSON."""

from collections.abc import Callable

from babynames_assets.emulators.hubspot import replies
from babynames_assets.emulators.hubspot.faults.struck import Kind, Strike, Struck
from babynames_assets.emulators.hubspot.limits import WINDOW_HEADERS
from babynames_assets.emulators.hubspot.replies import ApiError, Reply

WRITE_SCOPE = "crm.objects.contacts.write"


def _conflict() -> ApiError:
    return ApiError(409, "Contact already exists. Existing ID: 6001", "CONFLICT")


def _locked() -> ApiError:
    return ApiError(423, "Resource is locked. Please try again later.", "LOCKED")


def _migrating() -> ApiError:
    error = ApiError(477, "This account is being migrated to another data center.", "MIGRATION_IN_PROGRESS")
    error.headers = {"Retry-After": "60"}
    return error


def _burst() -> ApiError:
    error = replies.burst_limited()
    error.headers = {"x-hubspot-ratelimit-remaining": "0"}
    return error


def _searching() -> ApiError:
    error = replies.search_limited()
    error.headers = dict.fromkeys(WINDOW_HEADERS)
    return error


def _second() -> ApiError:
    error = replies.second_limited()
    error.headers = {"x-hubspot-ratelimit-secondly-remaining": "0"}
    return error


def _daily() -> ApiError:
    error = replies.daily_limited()
    error.headers = {"x-hubspot-ratelimit-daily-remaining": "0"}
    return error


def _refusing(make: Callable[[], ApiError]) -> Strike:
    def strike(struck: Struck) -> Reply:
        error = make()
        error.headers = {**error.headers, **struck.headers()}
        error.delay = struck.delay()
        raise error

    return strike


_MAKERS: dict[str, tuple[str, Callable[[], ApiError]]] = {
    "burst": ("429: the ten seconds are spent; none remaining", _burst),
    "secondly": ("429 as search says it: no policy, no headers of the ten seconds", _searching),
    "secondly_policy": ("429 as other endpoints say it: policy SECONDLY", _second),
    "daily": ("429: the day is spent, policy DAILY; none remaining", _daily),
    "unauthorized": ("401: the token is unknown", replies.unauthorized),
    "missing_scopes": (f"403: the token has lost {WRITE_SCOPE}", lambda: replies.missing_scopes(WRITE_SCOPE)),
    "not_found": ("404: nothing is here", replies.not_found),
    "conflict": ("409 for the whole batch: a value belongs to another contact", _conflict),
    "locked": ("423: locked, for `seconds` if given; HubSpot's locks last 2", _locked),
    "migrating": ("477: the account is being moved; Retry-After, 60 unless said", _migrating),
    "invalid": ("400 VALIDATION_ERROR for the whole batch", lambda: replies.invalid("Some values were not valid.")),
}

REFUSALS = {name: Kind(about, _refusing(make)) for name, (about, make) in _MAKERS.items()}
