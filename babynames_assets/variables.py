"""From the fields of the settings to their variables: the names, the secrets that lie in files, the errors.

Reads no environment itself: what is set is an argument.
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from babynames_assets.errors import ConfigurationError

PREFIX = "BABYNAMES_"
FILE_SUFFIX = "_FILE"
"""After the name of a secret: a file that holds it, as Docker and Kubernetes mount them."""

SettingsClass = type[BaseModel]


def variables(settings: SettingsClass) -> Iterator[tuple[str, str, str]]:
    """Name, default and description of every setting, in the order of their fields."""
    for path, field in _fields(settings):
        default = "" if field.default is None else str(field.default)
        yield _name(path), default, field.description or ""


def secret_variables(settings: SettingsClass) -> list[str]:
    """The names of the settings that are secret; each may have ``_FILE`` at its end and name a file."""
    return [_name(path) for path, field in _fields(settings) if _holds_a_secret(field.annotation)]


def secret_values(settings: BaseModel) -> list[str]:
    """The secrets of some settings, in plain text, the longest first; a list of keys also key by key."""
    found = set[str]()
    for path, _ in _fields(type(settings)):
        value: Any = settings
        for part in path:
            value = getattr(value, part)
        if isinstance(value, SecretStr):
            text = value.get_secret_value()
            found |= {text, *text.split(",")}
    return sorted(found - {""}, key=len, reverse=True)


def secrets_from_files(settings: SettingsClass, values: Mapping[str, str | None]) -> dict[str, Any]:
    """The secrets whose variables name a file, as nested fields of the settings.

    Args:
        settings: the class of the settings.
        values: what is set, by the variable's name.

    Raises:
        ConfigurationError: a file cannot be read, or its secret is set otherwise too.
    """
    found: dict[str, Any] = {}
    for path, field in _fields(settings):
        name = _name(path)
        file = values.get(name + FILE_SUFFIX)
        if not file or not _holds_a_secret(field.annotation):
            continue
        if values.get(name):
            raise ConfigurationError(f"{name} and {name}{FILE_SUFFIX} are both set: remove one of them.")
        group = found
        for part in path[:-1]:
            group = group.setdefault(part, {})
        group[path[-1]] = _read(name + FILE_SUFFIX, Path(file))
    return found


def refuse_unknown(settings: SettingsClass, names: Iterable[str], *, place: str) -> None:
    """Refuse names that are no settings, with the closest one that is.

    Args:
        settings: the class of the settings.
        names: what is set.
        place: where they come from, for the message.

    Raises:
        ConfigurationError: there is such a name.
    """
    known = [name for name, _, _ in variables(settings)]
    known += [name + FILE_SUFFIX for name in secret_variables(settings)]
    unknown = sorted(set(names) - set(known))
    if not unknown:
        return
    lines = []
    for name in unknown:
        close = difflib.get_close_matches(name, known, n=1, cutoff=0.8)
        lines.append(f"  {name}: no such setting" + (f"; did you mean {close[0]}?" if close else ""))
    raise ConfigurationError(
        f"These settings do not exist ({place}):\n" + "\n".join(lines) + "\ndocs/settings.md lists them all."
    )


def describe(settings: SettingsClass, detail: ErrorDetails) -> str:
    """A bad value by its variable, with what a good one means; never the value itself."""
    name = _name(detail["loc"])
    meaning = {known: description for known, _, description in variables(settings)}.get(name, "")
    return f"  {name}: {detail['msg']}. {meaning}".rstrip()


def _fields(settings: SettingsClass) -> Iterator[tuple[tuple[str, ...], FieldInfo]]:
    for name, field in settings.model_fields.items():
        if isinstance(field.default, BaseModel):
            for inner, inner_field in type(field.default).model_fields.items():
                yield (name, inner), inner_field
        else:
            yield (name,), field


def _name(path: Sequence[str | int]) -> str:
    return PREFIX + "__".join(str(part) for part in path).upper()


def _holds_a_secret(annotation: object) -> bool:
    return annotation is SecretStr or any(_holds_a_secret(part) for part in get_args(annotation))


def _read(name: str, file: Path) -> str:
    try:
        text = file.read_text("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text in UTF-8"
        raise ConfigurationError(f"{name}: the file {file} cannot be read ({reason}).") from None
    if not text:
        raise ConfigurationError(f"{name}: the file {file} is empty.")
    return text
