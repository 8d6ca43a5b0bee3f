"""Settings: every value that differs between two installations, read from the environment in this file alone.

A variable is named ``BABYNAMES_`` + group + ``__`` + field, for example ``BABYNAMES_HUBSPOT__TIER``. A file of such
lines, named by ``BABYNAMES_ENV_FILE`` (default ``.env``), is read too; the environment wins over it.
``docs/settings.md`` lists them all.
"""

import difflib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal

from dotenv import dotenv_values
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from babynames_assets.errors import ConfigurationError

PREFIX = "BABYNAMES_"
ENV_FILE_VARIABLE = "BABYNAMES_ENV_FILE"
TEST_SUITE_PREFIX = "BABYNAMES_TEST_"

Seconds = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]


class _Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class WarehouseSettings(_Group):
    """The database that holds the tables and the sync's state."""

    url: SecretStr | None = Field(
        default=None,
        description="SQLAlchemy URL: `mysql+pymysql://user:password@host/database` (MySQL and MariaDB) "
        "or `sqlite:///file`. Empty: `warehouse.sqlite` in the state folder.",
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
    token: SecretStr | None = Field(default=None, description="Kaggle API token. Public datasets need none.")
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
    token: SecretStr | None = Field(default=None, description="Service key or private-app token (`pat-...`).")
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
    plan_required_above: int | None = Field(
        default=None,
        ge=0,
        description="A sync that would write and archive more contacts than this is refused, unless it is given the "
        "id of a plan. Empty: none needs a plan.",
    )
    plan_valid_hours: float = Field(default=24, gt=0, description="Hours within which a sync can begin a plan.")


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
        return init_settings, env_settings, dotenv_settings


def load_settings() -> Settings:
    """Read the settings from the environment and the env file.

    Raises:
        ConfigurationError: a value is not allowed, or a variable's name is unknown; the message lists all.
    """
    env_file = os.environ.get(ENV_FILE_VARIABLE, ".env")
    _refuse_unknown_names(env_file)
    try:
        return Settings(_env_file=env_file)
    except ValidationError as error:
        lines = [_describe(detail) for detail in error.errors(include_url=False)]
        raise ConfigurationError("These settings cannot be used:\n" + "\n".join(lines)) from None


def environment_with(changes: Mapping[str, str]) -> dict[str, str]:
    """This process's environment with changes, for a child process."""
    return {**os.environ, **changes}


def configured_names() -> set[str]:
    """The variables of this project to which the environment or the env file gives a value."""
    return {name for name, value in _ours().items() if value}


def variables() -> Iterator[tuple[str, str, str]]:
    """Name, default and description of every setting, in the order of this file."""
    for name, field in Settings.model_fields.items():
        if isinstance(field.default, _Group):
            for inner, inner_field in type(field.default).model_fields.items():
                yield (
                    f"{PREFIX}{name}__{inner}".upper(),
                    _default_text(inner_field.default),
                    inner_field.description or "",
                )
        else:
            yield f"{PREFIX}{name}".upper(), _default_text(field.default), field.description or ""


def _ours() -> dict[str, str | None]:
    env_file = os.environ.get(ENV_FILE_VARIABLE, ".env")
    found = {**(dotenv_values(env_file) if Path(env_file).is_file() else {}), **os.environ}
    named = {name.upper(): value for name, value in found.items() if name.upper().startswith(PREFIX)}
    others = {name for name in named if name == ENV_FILE_VARIABLE or name.startswith(TEST_SUITE_PREFIX)}
    return {name: value for name, value in named.items() if name not in others}


def _default_text(value: object) -> str:
    return "" if value is None else str(value)


def _refuse_unknown_names(env_file: str) -> None:
    known = [name for name, _, _ in variables()]
    unknown = sorted(_ours().keys() - known)
    if not unknown:
        return
    lines = []
    for name in unknown:
        close = difflib.get_close_matches(name, known, n=1, cutoff=0.8)
        lines.append(f"  {name}: no such setting" + (f"; did you mean {close[0]}?" if close else ""))
    raise ConfigurationError(
        f"These settings do not exist (environment, or {env_file}):\n"
        + "\n".join(lines)
        + "\ndocs/settings.md lists them all."
    )


def _describe(detail: ErrorDetails) -> str:
    name = PREFIX + "__".join(str(part) for part in detail["loc"]).upper()
    meaning = {known: description for known, _, description in variables()}.get(name, "")
    return f"  {name}: {detail['msg']}. {meaning}".rstrip()
