"""Settings: every value that differs between two installations, read from the environment in this file alone.

A variable is named ``BABYNAMES_`` + group + ``__`` + field, for example ``BABYNAMES_HUBSPOT__TIER``. A file of such
lines, named by ``BABYNAMES_ENV_FILE`` (default ``.env``), is read too; the environment wins over it. A secret may lie
in a file of its own, which the variable with ``_FILE`` at its end names. ``docs/settings.md`` lists them all.
"""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from babynames_assets import variables as names
from babynames_assets.errors import ConfigurationError
from babynames_assets.notification_settings import NotificationSettings
from babynames_assets.quality_settings import QualitySettings
from babynames_assets.setting_groups import (
    AutomationSettings,
    DagsterSettings,
    DeadLetterSettings,
    HubSpotSettings,
    IngestSettings,
    KaggleSettings,
    Token,
    WarehouseSettings,
)
from babynames_assets.variables import FILE_SUFFIX, PREFIX

ENV_FILE_VARIABLE = "BABYNAMES_ENV_FILE"
_WEB_ADDRESS = r"^https?://[^\s<>()\[\]]+$"
TEST_SUITE_PREFIX = "BABYNAMES_TEST_"


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
    docs_url: str | None = Field(
        default=None,
        pattern=_WEB_ADDRESS,
        description="Where people read the folder `docs/` in a browser, for example its page in your repository. "
        "Descriptions in Dagster's UI then link to its pages; without it they name them. It is read when the code "
        "location is loaded.",
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
    notifications: NotificationSettings = NotificationSettings()
    dagster: DagsterSettings = DagsterSettings()
    automation: AutomationSettings = AutomationSettings()
    quality: QualitySettings = QualitySettings()

    @property
    def begins_by_itself(self) -> bool:
        """Whether sensors and schedules begin work: not where somebody tries things out on real services."""
        chosen = self.automation.enabled
        return self.environment in ("staging", "production") if chosen is None else chosen

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


def docs_url() -> str | None:
    """Where the documentation can be read, whatever else is set.

    Definitions are made before the first run, and must show in the UI also where another setting is wrong.
    """
    address = _ours().get("BABYNAMES_DOCS_URL") or ""
    return address if re.match(_WEB_ADDRESS, address) else None


def environment_with(changes: Mapping[str, str]) -> dict[str, str]:
    """This process's environment with changes, for a child process."""
    return {**os.environ, **changes}


def dagster_home() -> Path | None:
    """The folder of Dagster's instance, if the environment names one."""
    home = os.environ.get("DAGSTER_HOME")
    return Path(home) if home else None


def set_unless_set(name: str, value: str) -> None:
    """Give a variable of this process and its children a value, unless somebody gave it one."""
    os.environ.setdefault(name, value)


def configured_names() -> set[str]:
    """The variables of this project to which the environment or the env file gives a value."""
    return {name for name, value in _ours().items() if value}


def variables() -> Iterator[tuple[str, str, str]]:
    """Name, default and description of every setting, in the order of this file."""
    return names.variables(Settings)


def secret_variables() -> list[str]:
    """The names of the settings that are secret; each may have ``_FILE`` at its end and name a file."""
    return names.secret_variables(Settings)


def secret_values(settings: Settings) -> list[str]:
    """The secrets that are set, so that they can be cut out of a text that goes somewhere."""
    return names.secret_values(settings)


def _ours() -> dict[str, str | None]:
    env_file = os.environ.get(ENV_FILE_VARIABLE, ".env")
    found = {**(dotenv_values(env_file) if Path(env_file).is_file() else {}), **os.environ}
    named = {name.upper(): value for name, value in found.items() if name.upper().startswith(PREFIX)}
    others = {name for name in named if name == ENV_FILE_VARIABLE or name.startswith(TEST_SUITE_PREFIX)}
    return {name: value for name, value in named.items() if name not in others}
