"""Kaggle's dataset API through its own SDK: which version is the newest, and its bytes from any offset.

Importing this module authenticates nothing and opens no connection. The SDK finds no credentials in the environment or
in the home folder, because it is given a session that is ready. The token goes to the API alone, never to the storage
that its signed links point to; neither the token nor a link appears in an error or a log line.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import urljoin, urlsplit

import requests
import structlog
from kagglesdk.datasets.services.dataset_api_service import DatasetApiClient
from kagglesdk.datasets.types.dataset_api_service import ApiDataset, ApiDownloadDatasetRequest, ApiGetDatasetRequest
from kagglesdk.kaggle_env import KaggleEnv
from kagglesdk.kaggle_http_client import KaggleHttpClient
from pydantic import SecretStr

from babynames_assets.errors import ConfigurationError, FatalError, RetryableError
from babynames_assets.ingest.kaggle_errors import (
    api_error,
    connection_error,
    storage_error,
    unreadable_answer,
)
from babynames_assets.resilience.retry import retrying

USER_AGENT = "babynames-assets"
CALL_TRIES = 4

_log = structlog.get_logger(__name__)
_Answer = TypeVar("_Answer")


@dataclass(frozen=True)
class DatasetVersion:
    """One published version of a dataset.

    Attributes:
        dataset: ``owner/slug``.
        number: the version's number, from 1.
        updated_at: when it was published (UTC).
        total_bytes: size of the dataset's newest version as Kaggle counts it; None when it says nothing.
    """

    dataset: str
    number: int
    updated_at: datetime
    total_bytes: int | None


class KaggleDatasets:
    """Reads one Kaggle API. Close it, or use it as a context manager.

    Args:
        base_url: the API's address, without ``/v1``.
        token: API token; None for public datasets.
        connect_timeout: seconds to wait for a connection.
        read_timeout: seconds to wait for the next bytes.
        tries: how often a call is tried when the failure may pass.
    """

    def __init__(
        self,
        *,
        base_url: str,
        token: SecretStr | None,
        connect_timeout: float,
        read_timeout: float,
        tries: int = CALL_TRIES,
    ) -> None:
        timeouts = (connect_timeout, read_timeout)
        self._base_url = base_url.rstrip("/")
        self._tries = tries
        self._api_session = _Session(timeouts, follow_redirects=False)
        self._api_session.headers["Content-Type"] = "application/json"
        if token is not None:
            self._api_session.auth = KaggleHttpClient.BearerAuth(token.get_secret_value())
        self._storage_session = _Session(timeouts, follow_redirects=True)
        # A body that a proxy compresses on its way has neither the announced length nor the announced digest.
        self._storage_session.headers["Accept-Encoding"] = "identity"
        self._datasets = DatasetApiClient(_HttpClient(self._base_url, self._api_session))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._api_session.close()
        self._storage_session.close()

    def latest(self, dataset: str, version: int | None = None) -> DatasetVersion:
        """The newest version of a dataset, or the pinned one.

        Raises:
            RetryableError: Kaggle was not reachable, or too busy, in every try.
            FatalError: the dataset or version does not exist, or may not be read.
        """
        request = ApiGetDatasetRequest()
        request.owner_slug, request.dataset_slug = _owner_and_slug(dataset)
        answer = retrying(
            lambda: self._call("GetDataset", dataset, lambda: self._datasets.get_dataset(request)),
            what=f"Kaggle GetDataset {dataset}",
            attempts=self._tries,
        )
        found = self._version_in(answer, dataset, version)
        _log.info(
            "dataset_version_found", dataset=dataset, version=found.number, updated_at=found.updated_at.isoformat()
        )
        return found

    def open_download(self, version: DatasetVersion, *, offset: int = 0, etag: str | None = None) -> requests.Response:
        """Ask for a new signed link and open it; tries once, because the download counts its own tries.

        Args:
            version: what to download.
            offset: the first byte wanted; the rest is asked for only if ``etag`` still is the file's.
            etag: the ETag that the bytes before ``offset`` came with.

        Returns:
            A streamed answer with status 200 (the whole file), 206 (from ``offset``) or 416 (``offset`` lies beyond
            the end). The caller closes it.

        Raises:
            RetryableError: another try, which asks for another link, may succeed.
            FatalError: a person has to change something first.
        """
        request = ApiDownloadDatasetRequest()
        request.owner_slug, request.dataset_slug = _owner_and_slug(version.dataset)
        request.dataset_version_number = version.number
        link = self._call("DownloadDataset", version.dataset, lambda: self._link(request))
        headers = {"Range": f"bytes={offset}-", "If-Range": etag} if offset and etag else {}
        try:
            response = self._storage_session.get(link, headers=headers, stream=True)
        except requests.RequestException as error:
            # "from None": the original error's text holds the signed link.
            raise connection_error("the download", urlsplit(link).netloc, error) from None
        if response.status_code in (200, 206, 416):
            return response
        with response:
            raise storage_error(response)

    def _call(self, rpc: str, dataset: str, send: Callable[[], _Answer]) -> _Answer:
        try:
            return send()
        except requests.exceptions.JSONDecodeError as error:
            raise unreadable_answer(rpc, self._base_url) from error
        except requests.HTTPError as error:
            raise api_error(rpc, dataset, self._base_url, error) from error
        except requests.RequestException as error:
            raise connection_error(rpc, self._base_url, error) from error
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            # What the SDK's parser raises for JSON of another shape.
            raise unreadable_answer(rpc, self._base_url) from error

    def _link(self, request: Any) -> str:
        response: requests.Response = self._datasets.download_dataset(request)
        with response:
            location = response.headers.get("Location")
            if not response.is_redirect or location is None:
                raise RetryableError(
                    f"Kaggle ({self._base_url}) answered DownloadDataset with status {response.status_code} and "
                    f"{response.headers.get('Content-Type', 'no content type')} instead of a link to the file. "
                    "Another try may succeed; if it does not, a proxy may answer in Kaggle's place."
                )
        return urljoin(self._base_url, location)

    def _version_in(self, answer: ApiDataset, dataset: str, wanted: int | None) -> DatasetVersion:
        newest: int = answer.current_version_number
        if not newest or answer.last_updated is None:
            raise unreadable_answer("GetDataset", self._base_url)
        if wanted is not None and wanted > newest:
            raise FatalError(
                f"{dataset} has no version {wanted}; its newest is {newest}. Change BABYNAMES_KAGGLE__VERSION."
            )
        number = newest if wanted is None else wanted
        dates = {listed.version_number: listed.creation_date for listed in answer.versions}
        updated_at: datetime = (dates.get(number) if number != newest else None) or answer.last_updated
        # The SDK reads times without a zone; they are UTC.
        return DatasetVersion(dataset, number, updated_at.replace(tzinfo=UTC), answer.total_bytes or None)


class _Session(requests.Session):
    """A session whose calls all have timeouts, and that follows redirects only if told so."""

    def __init__(self, timeouts: tuple[float, float], *, follow_redirects: bool) -> None:
        super().__init__()
        self.headers["User-Agent"] = USER_AGENT
        self._timeouts = timeouts
        self._follow_redirects = follow_redirects

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        options["timeout"] = self._timeouts
        options["allow_redirects"] = self._follow_redirects
        return super().send(request, **options)


class _HttpClient(KaggleHttpClient):  # type: ignore[misc]  # kagglesdk ships no types
    """The SDK's client, on an address and a session of ours instead of those that it would find by itself."""

    def __init__(self, base_url: str, session: requests.Session) -> None:
        super().__init__(env=KaggleEnv.PROD, user_agent=USER_AGENT)
        self._endpoint = base_url
        # A session that is there already keeps the SDK from reading credentials from the environment and $HOME.
        self._session = session


def _owner_and_slug(dataset: str) -> tuple[str, str]:
    owner, slash, slug = dataset.partition("/")
    if not (owner and slash and slug) or "/" in slug:
        raise ConfigurationError(f"{dataset!r} is not a dataset. Set BABYNAMES_KAGGLE__DATASET to owner/slug.")
    return owner, slug
