"""What Kaggle's failures mean: another try, or something for a person to change, and what."""

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import requests

from babynames_assets.errors import BabynamesError, FatalError, RetryableError

# Kaggle's own Retry-After is not to be trusted (kaggle-cli issue 938): neither hours nor a negative number is obeyed.
MAX_RETRY_AFTER = 60.0

_RETRYABLE = {408, 425, 429}


def api_error(rpc: str, dataset: str, base_url: str, error: requests.HTTPError) -> BabynamesError:
    """The error for an API call that was answered with a failure."""
    response: requests.Response = error.response
    status, message = _status_and_message(response)
    tried = f"Kaggle ({base_url}) answered {rpc} of {dataset} with {status}: {message}."
    if status in _RETRYABLE or status >= 500:
        return RetryableError(f"{tried} Another try may succeed.", retry_after=retry_after(response))
    return FatalError(f"{tried} {_remedy(status, dataset)}")


def storage_error(response: requests.Response) -> BabynamesError:
    """The error for a signed link that did not give the file."""
    status = response.status_code
    tried = f"The storage behind Kaggle's link answered {status} ({response.reason})."
    # 400, 403, 404 and 410 are what an expired or withdrawn link gives: the next try asks for a new one.
    if status in _RETRYABLE | {400, 403, 404, 410} or status >= 500:
        return RetryableError(f"{tried} Another try asks for a new link.", retry_after=retry_after(response))
    return FatalError(
        f"{tried} Download the dataset in a browser and drop the file into the landing folder, "
        "or see whether a proxy stands between this machine and storage.googleapis.com."
    )


def connection_error(what: str, host: str, error: requests.RequestException) -> BabynamesError:
    """The error for a call that got no answer. The original's text may hold a signed link, so it is not repeated."""
    name = type(error).__name__
    if isinstance(error, requests.exceptions.SSLError):
        return FatalError(
            f"No trusted connection to {host} for {what} ({name}). If a proxy re-signs the traffic, "
            "name its certificate in REQUESTS_CA_BUNDLE."
        )
    if isinstance(error, requests.ConnectionError | requests.Timeout | requests.exceptions.ChunkedEncodingError):
        return RetryableError(f"No answer from {host} for {what} ({name}). Another try may succeed.")
    return FatalError(f"{what} cannot be asked of {host} ({name}). Check BABYNAMES_KAGGLE__BASE_URL.")


def unreadable_answer(rpc: str, base_url: str) -> RetryableError:
    """The error for an answer that is not what the API documents."""
    return RetryableError(
        f"Kaggle ({base_url}) answered {rpc} with something that is not a dataset's description. Another try may "
        "succeed; if it does not, check BABYNAMES_KAGGLE__BASE_URL and whether a proxy answers in Kaggle's place."
    )


def retry_after(response: requests.Response) -> float | None:
    """Seconds to wait as the answer asks, between 0 and :data:`MAX_RETRY_AFTER`; None when it says nothing usable."""
    value = response.headers.get("Retry-After", "").strip()
    try:
        seconds = float(value)
    except ValueError:
        try:
            moment = parsedate_to_datetime(value)
        except ValueError:
            return None
        seconds = (moment.astimezone(UTC) - datetime.now(UTC)).total_seconds()
    return min(max(seconds, 0.0), MAX_RETRY_AFTER) if math.isfinite(seconds) else None


def _status_and_message(response: requests.Response) -> tuple[int, str]:
    """Status and text of a failure; an answer with status 200 may carry the real code in its body."""
    try:
        body = response.json()
    except requests.exceptions.JSONDecodeError:
        body = None
    if isinstance(body, dict):
        nested = body.get("error")
        failure = nested if isinstance(nested, dict) else body
        code = failure.get("code")
        message = str(failure.get("message") or response.reason)[:300].rstrip(".")
        return (code if isinstance(code, int) and code >= 400 else response.status_code), message
    return response.status_code, response.reason or "no explanation"


def _remedy(status: int, dataset: str) -> str:
    if status == 401:
        return (
            "The token is missing, wrong or expired: create one at https://www.kaggle.com/settings "
            "and set BABYNAMES_KAGGLE__TOKEN."
        )
    if status == 403:
        return (
            f"Open https://www.kaggle.com/datasets/{dataset} as the token's owner and accept its rules (and verify the "
            "phone number if Kaggle asks), or set BABYNAMES_KAGGLE__TOKEN to a token that may read it."
        )
    if status == 404:
        return (
            "No such dataset or version, or it is private: check BABYNAMES_KAGGLE__DATASET and "
            "BABYNAMES_KAGGLE__VERSION, and set BABYNAMES_KAGGLE__TOKEN if it is private."
        )
    return "Another try will not help; or drop the file into the landing folder, which works without Kaggle."
