"""Settings: every value that differs between two installations, read from the environment in this file alone.

A variable is named ``BABYNAMES_`` + group + ``__`` + field, for example ``BABYNAMES_HUBSPOT__TIER``. A file of such
lines, named by ``BABYNAMES_ENV_FILE`` (default ``.env``), is read too; the environment wins over it. A secret may lie
in a file of its own, which the variable with ``_FILE`` at its end names. ``docs/settings.md`` lists them all.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal

from dotenv import dotenv_values
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from babynames_assets import variables as names
from babynames_assets.errors import ConfigurationError
from babynames_assets.variables import FILE_SUFFIX, PREFIX

ENV_FILE_VARIABLE = "BABYNAMES_ENV_FILE"
TEST_SUITE_PREFIX = "BABYNAMES_TEST_"


def _is_in_one_piece(secret: SecretStr) -> SecretStr:
    # A token travels in a header. One with a line end is refused there by an error that quotes it.
    text = secret.get_secret_value()
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("it holds a space, a line end or a letter beyond ASCII, which no token has")
    return secret


Seconds = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Token = Annotated[SecretStr, AfterValidator(_is_in_one_piece)]


class _Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class WarehouseSettings(_Group):
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


class KaggleSettings(_Group):
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


class IngestSettings(_Group):
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


class HubSpotSettings(_Group):
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


class DeadLetterSettings(_Group):
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


class Settings(BaseSettings):
    """All settings of one process."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
        env_ignore_empty=True,
    )

    environment: Literal["development", "staging", "production", "test"] = Field(
        default="development", description="Which installation this is; it stands in every log line."
    )
    state_folder: Path = Field(
        default=Path(".babynames"), description="Raw files, validated frames and the embedded databases."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least severe log line to print."
    )
    secret_key: Token | None = Field(
        default=None,
        description="Encrypts the secrets that change at run time, which the warehouse keeps; OAuth needs it. "
        "`babynames secrets new-key` prints one. Several, with commas between: the first encrypts, all decrypt.",
    )
    warehouse: WarehouseSettings = WarehouseSettings()
    kaggle: KaggleSettings = KaggleSettings()
    ingest: IngestSettings = IngestSettings()
    hubspot: HubSpotSettings = HubSpotSettings()
    dead_letters: DeadLetterSettings = DeadLetterSettings()

    @property
    def warehouse_url(self) -> SecretStr:
        """The warehouse's URL, or that of the embedded SQLite file."""
        return self.warehouse.url or SecretStr(f"sqlite:///{self.state_folder.absolute() / 'warehouse.sqlite'}")

    @property
    def landing_folder(self) -> Path:
        """The folder that is searched for dropped files."""
        return self.ingest.landing_folder or self.state_folder / "landing"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is pydantic's
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is pydantic's
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments win over the environment, the environment over the env file."""
        for source in (env_settings, dotenv_settings):
            if isinstance(source, EnvSettingsSource):
                # Or the file of a secret would be a field that its group does not have.
                source.env_vars = {
                    name: value for name, value in source.env_vars.items() if not name.upper().endswith(FILE_SUFFIX)
                }
        return init_settings, env_settings, dotenv_settings


def load_settings() -> Settings:
    """Read the settings from the environment, the env file and the files of secrets.

    Raises:
        ConfigurationError: a value is not allowed, a variable's name is unknown, or a secret's file cannot be read; the
            message lists all bad values.
    """
    env_file = os.environ.get(ENV_FILE_VARIABLE, ".env")
    values = _ours()
    names.refuse_unknown(Settings, values, place=f"environment, or {env_file}")
    try:
        return Settings(_env_file=env_file, **names.secrets_from_files(Settings, values))
    except ValidationError as error:
        lines = [names.describe(Settings, detail) for detail in error.errors(include_url=False)]
        raise ConfigurationError("These settings cannot be used:\n" + "\n".join(lines)) from None


def environment_with(changes: Mapping[str, str]) -> dict[str, str]:
    """This process's environment with changes, for a child process."""
    return {**os.environ, **changes}


def configured_names() -> set[str]:
    """The variables of this project to which the environment or the env file gives a value."""
    return {name for name, value in _ours().items() if value}


def variables() -> Iterator[tuple[str, str, str]]:
    """Name, default and description of every setting, in the order of this file."""
    return names.variables(Settings)


def secret_variables() -> list[str]:
    """The names of the settings that are secret; each may have ``_FILE`` at its end and name a file."""
    return names.secret_variables(Settings)


def _ours() -> dict[str, str | None]:
    env_file = os.environ.get(ENV_FILE_VARIABLE, ".env")
    found = {**(dotenv_values(env_file) if Path(env_file).is_file() else {}), **os.environ}
    named = {name.upper(): value for name, value in found.items() if name.upper().startswith(PREFIX)}
    others = {name for name in named if name == ENV_FILE_VARIABLE or name.startswith(TEST_SUITE_PREFIX)}
    return {name: value for name, value in named.items() if name not in others}
