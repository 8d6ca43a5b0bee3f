"""The groups of settings: every value that differs between two installations, with its default and its meaning.

``settings.py`` reads them; ``docs/settings.md`` lists them.
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr


def _is_in_one_piece(secret: SecretStr) -> SecretStr:
    # A token travels in a header. One with a line end is refused there by an error that quotes it.
    text = secret.get_secret_value()
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("it holds a space, a line end or a letter beyond ASCII, which no token has")
    return secret


Seconds = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Token = Annotated[SecretStr, AfterValidator(_is_in_one_piece)]


class SettingGroup(BaseModel):
    """Settings that share the first part of their names."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class WarehouseSettings(SettingGroup):
    """The database that holds the tables and the sync's state."""

    url: SecretStr | None = Field(
        default=None,
        description="SQLAlchemy URL: `mysql+pymysql://user:password@host/database` (MySQL and MariaDB) "
        "or `sqlite:///file`. With `?ssl_ca=/path/to/ca.pem` at its end the connection is encrypted and the server's "
        "certificate checked. Empty: `warehouse.sqlite` in the state folder.",
    )
    pool_size: int = Field(default=5, ge=1, le=100, description="Connections kept open by one process.")
    connect_timeout: Seconds = Field(default=10, description="Seconds to wait for a connection.")
    read_timeout: Seconds = Field(default=300, description="Seconds to wait for an answer of the server.")
    load_connections: int = Field(
        default=3, ge=1, le=16, description="Years loaded side by side by one run (SQLite: always one)."
    )
    compare: Literal["by_ledger", "always"] = Field(
        default="by_ledger",
        description="`always` compares every row of a year even where the ledger says that the table holds this very "
        "content: for a table that was changed by hand.",
    )
    max_delete_share: Share = Field(
        default=0.2,
        description="A load that would delete more than this share of a year is refused, "
        "because a truncated source must not empty a table.",
    )


class KaggleSettings(SettingGroup):
    """Where dataset versions come from."""

    dataset: str = Field(
        default="thedevastator/us-baby-names-by-year-of-birth",
        pattern=r"^[A-Za-z0-9][\w-]*/[A-Za-z0-9][\w-]*$",
        description="The dataset, as `owner/slug`.",
    )
    version: int | None = Field(default=None, ge=1, description="Pin one version. Empty: the newest.")
    member: str | None = Field(default=None, description="The CSV file to take when the archive holds more than one.")
    base_url: str = Field(
        default="https://api.kaggle.com",
        pattern=r"^https?://",
        description="Kaggle's API, or an emulator of it.",
    )
    token: Token | None = Field(default=None, description="Kaggle API token. Public datasets need none.")
    connect_timeout: Seconds = Field(default=10, description="Seconds to wait for a connection.")
    read_timeout: Seconds = Field(default=60, description="Seconds to wait for the next bytes.")
    max_archive_bytes: int = Field(default=10 * 2**30, ge=1, description="A larger download is refused.")
    max_unpacked_bytes: int = Field(
        default=100 * 2**30, ge=1, description="An archive that unpacks to more is refused."
    )
    max_unpack_ratio: float = Field(
        default=200, ge=1, description="An archive that unpacks to more times its size is refused."
    )


class IngestSettings(SettingGroup):
    """How a file is read."""

    landing_folder: Path | None = Field(
        default=None,
        description="Files dropped here are taken instead of Kaggle's. Empty: `landing` in the state folder.",
    )
    first_year: int = Field(default=1880, ge=1, le=9999, description="A row of an earlier year is rejected.")
    last_year: int | None = Field(
        default=None, ge=1, le=9999, description="A row of a later year is rejected. Empty: the current year."
    )
    year: int | None = Field(
        default=None, ge=1, le=9999, description="The year of all rows, for a file that has no year column."
    )
    max_name_length: int = Field(default=100, ge=1, le=100, description="A longer name is rejected.")
    memory_mib: int = Field(
        default=256,
        ge=64,
        description="MiB that reading a file may take, about, beside the program itself.",
    )


class HubSpotSettings(SettingGroup):
    """The HubSpot account that mirrors the warehouse."""

    base_url: str = Field(
        default="https://api.hubapi.com",
        pattern=r"^https?://",
        description="HubSpot's API, or an emulator of it.",
    )
    api_version: str = Field(
        default="2026-03",
        pattern=r"^(\d{4}-(03|09)|v3)$",
        description="Version in the API's paths: `2026-03`, `2026-09`, ... or `v3`.",
    )
    tier: Literal["free", "starter", "professional", "enterprise", "api_limit_increase", "oauth_app"] = Field(
        default="free", description="The account's subscription; it sets the calls allowed in ten seconds."
    )
    token: Token | None = Field(default=None, description="Service key or private-app token (`pat-...`).")
    token_next: Token | None = Field(
        default=None,
        description="While a token is rotated: the new one. It is tried first; the other is used while it is refused.",
    )
    oauth_client_id: str | None = Field(
        default=None,
        pattern=r"^[\x21-\x7e]+$",
        description="Client id of the OAuth app that is used instead of a token.",
    )
    oauth_client_secret: Token | None = Field(default=None, description="Client secret of the OAuth app.")
    oauth_refresh_token: Token | None = Field(
        default=None,
        description="Refresh token that HubSpot gave when the OAuth app was authorised. A newer one that HubSpot hands "
        "out later is kept in the warehouse, encrypted.",
    )
    connect_timeout: Seconds = Field(default=10, description="Seconds to wait for a connection.")
    read_timeout: Seconds = Field(
        default=90, description="Seconds to wait for an answer (HubSpot itself gives up after 100)."
    )
    requests_in_flight: int | None = Field(
        default=None,
        ge=1,
        le=256,
        description="Batches sent side by side. Empty: as many as use the whole allowance of the tier when HubSpot "
        "takes 5 s to answer.",
    )
    lease_seconds: Seconds = Field(
        default=120,
        description="A sync that shows no sign of life for so long loses its years to the next one.",
    )
    lease_wait: float = Field(
        default=300, ge=0, description="Seconds that a sync waits for another one that holds the same years."
    )
    stop_seconds: float = Field(
        default=20,
        ge=0,
        description="Seconds that a sync which is told to end waits for answers to what it has sent.",
    )
    removed_contacts: Literal["archive", "keep"] = Field(
        default="archive", description="What happens to the contact of a row that has gone."
    )
    max_archive_share: Share = Field(
        default=0.2,
        description="A sync that would archive more than this share of a year's contacts is refused, "
        "unless it is given the id of a plan that shows them.",
    )
    daily_reserve: float = Field(
        default=0.1, ge=0, lt=1, description="Share of the day's calls that is left unspent, for emergencies."
    )
    circuit_failures: int = Field(
        default=10, ge=1, description="After so many failures in a row (no answer, or 5xx) HubSpot is left alone."
    )
    circuit_failing_seconds: float = Field(
        default=10, ge=0, description="But not before failures last so long: retries are for what passes sooner."
    )
    circuit_open_seconds: Seconds = Field(
        default=30, description="Seconds for which it is left alone; then one call tries it."
    )
    plan_required_above: int | None = Field(
        default=None,
        ge=0,
        description="A sync that would write and archive more contacts than this is refused, unless it is given the "
        "id of a plan. Empty: none needs a plan.",
    )
    check_sample: int = Field(
        default=500,
        ge=0,
        le=100_000,
        description="Contacts, chosen at random, that are read back after each sync to see that HubSpot still holds "
        "them; a call a hundred. 0: none.",
    )
    plan_valid_hours: float = Field(default=24, gt=0, description="Hours within which a sync can begin a plan.")

    @property
    def uses_oauth(self) -> bool:
        """Whether anything of an OAuth app is set."""
        return any((self.oauth_client_id, self.oauth_client_secret, self.oauth_refresh_token))


class DeadLetterSettings(SettingGroup):
    """What becomes of what was refused."""

    attempts: int = Field(
        default=10,
        ge=1,
        le=1000,
        description="The most attempts of a refused contact, the first included; after the last one its dead letter "
        "stays open for a person.",
    )
    first_wait: Seconds = Field(
        default=300, description="Seconds before the second attempt, doubled with every further one."
    )
    max_wait: Seconds = Field(default=86400, description="The longest wait between two attempts, in seconds.")
    alert_above: int = Field(
        default=100, ge=0, description="More open dead letters than this fail the asset check and log an error."
    )


class AutomationSettings(SettingGroup):
    """What begins by itself."""

    enabled: bool | None = Field(
        default=None,
        description="Whether sensors and schedules begin work by themselves. Empty: in staging and production, and "
        "under `make dev` while HubSpot is emulated.",
    )
    kaggle_seconds: Seconds = Field(
        default=900, description="Seconds between two looks at the dataset's version; twice as long after each failure."
    )
    retry_seconds: Seconds = Field(
        default=300, description="Seconds before what failed is asked for again, doubled with every further failure."
    )
    max_retry_seconds: Seconds = Field(default=21600, description="The longest such wait, in seconds.")
    max_runs: int = Field(
        default=12,
        ge=1,
        le=145,
        description="The most runs that changed years are asked for in at once; beyond it ranges with few years "
        "between them become one.",
    )


class DagsterSettings(SettingGroup):
    """Dagster's own storage, where its instance is configured by deploy/dagster.yaml."""

    storage_url: SecretStr | None = Field(
        default=None,
        description="SQLAlchemy URL of the MySQL or MariaDB database that keeps Dagster's runs, events and schedules, "
        "as `BABYNAMES_WAREHOUSE__URL`; a database of its own. Only deploy/dagster.yaml uses it: without that file "
        "Dagster keeps SQLite files.",
    )
    pool_size: int = Field(default=5, ge=1, le=100, description="Connections kept open by one process.")
    connect_timeout: Seconds = Field(default=10, description="Seconds to wait for a connection.")
    read_timeout: Seconds = Field(default=60, description="Seconds to wait for an answer of the server.")
    keep_events_days: int = Field(
        default=30,
        ge=1,
        description="Days that log lines and events of steps and runs are kept; then a run's page is empty.",
    )
    keep_history_days: int = Field(
        default=365,
        ge=1,
        description="Days that materializations, observations and check results are kept which newer ones have "
        "followed. The newest of each asset and partition stays for ever.",
    )
    keep_runs_days: int = Field(
        default=180, ge=1, description="Days that runs are kept, but for those that a kept materialization came from."
    )
