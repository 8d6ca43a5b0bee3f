"""Faults that refuse a request as HubSpot itself does, with its JSON."""

from collections.abc import Callable, Mapping

from babynames_assets.emulators.hubspot import replies
from babynames_assets.emulators.hubspot.faults.struck import Kind, Strike, Struck
from babynames_assets.emulators.hubspot.limits import LIMIT_PREFIX, WINDOW_HEADERS
from babynames_assets.emulators.hubspot.replies import ApiError, Reply

WRITE_SCOPE = "crm.objects.contacts.write"

Make = Callable[[], ApiError]


def _claimed() -> ApiError:
    return replies.conflict(6001)


def _scope_lost() -> ApiError:
    return replies.missing_scopes(WRITE_SCOPE)


def _locked() -> ApiError:
    return ApiError(423, "Resource is locked. Please try again later.", "LOCKED")


def _migrating() -> ApiError:
    return ApiError(477, "This account is being migrated to another data center.", "MIGRATION_IN_PROGRESS")


def _invalid() -> ApiError:
    return replies.invalid("Some values were not valid.")


def _refusing(make: Make, headers: Mapping[str, str | None]) -> Strike:
    def strike(struck: Struck) -> Reply:
        error = make()
        error.headers = {**headers, **struck.headers()}
        error.delay = struck.delay()
        raise error

    return strike


_MAKERS: dict[str, tuple[str, Make, Mapping[str, str | None]]] = {
    "burst": (
        "429: the ten seconds are spent; none remaining",
        replies.burst_limited,
        {f"{LIMIT_PREFIX}remaining": "0"},
    ),
    "secondly": (
        "429 as search says it: no policy, no headers of the ten seconds",
        replies.search_limited,
        dict.fromkeys(WINDOW_HEADERS),
    ),
    "secondly_policy": (
        "429 as other endpoints say it: policy SECONDLY",
        replies.second_limited,
        {f"{LIMIT_PREFIX}secondly-remaining": "0"},
    ),
    "daily": (
        "429: the day is spent, policy DAILY; none remaining",
        replies.daily_limited,
        {f"{LIMIT_PREFIX}daily-remaining": "0"},
    ),
    "unauthorized": ("401: the token is unknown", replies.unauthorized, {}),
    "missing_scopes": (f"403: the token has lost {WRITE_SCOPE}", _scope_lost, {}),
    "not_found": ("404: nothing is here", replies.not_found, {}),
    "conflict": ("409 for the whole batch: a value belongs to another contact", _claimed, {}),
    "locked": ("423: locked, for `seconds` if given; HubSpot's locks last 2", _locked, {}),
    "migrating": ("477: the account is being moved; Retry-After, 60 unless said", _migrating, {"Retry-After": "60"}),
    "invalid": ("400 VALIDATION_ERROR for the whole batch", _invalid, {}),
}

REFUSALS = {name: Kind(about, _refusing(make, headers)) for name, (about, make, headers) in _MAKERS.items()}
