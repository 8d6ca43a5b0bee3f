"""The secrets that change at run time: encrypted rows that all processes and hosts share, and who may renew one.

A secret that the settings give never comes here. One that a service hands out, such as a new OAuth refresh token, has
to be kept where every host finds it; so it lies in the warehouse, encrypted by ``BABYNAMES_SECRET_KEY``, and whoever
reads the database or its backup without that key learns nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import SecretStr

from babynames_assets.errors import ConfigurationError, FatalError

NEW_KEY = "`babynames secrets new-key` prints one"


@dataclass(frozen=True)
class SealedSecret:
    """An encrypted secret as it lies in its row.

    Attributes:
        name: what it is.
        sealed: the encrypted text.
        version: grows with every change.
        age: seconds since it was written, by the database's clock.
    """

    name: str
    sealed: str
    version: int
    age: float


@dataclass(frozen=True)
class StoredSecret:
    """A secret, opened; the other fields are those of its row."""

    value: SecretStr
    version: int
    age: float


@dataclass(frozen=True)
class SecretSummary:
    """What may be told of a secret.

    Attributes:
        name: what it is.
        age: seconds since it was written.
        is_readable: whether one of the keys opens it.
    """

    name: str
    age: float
    is_readable: bool


class SecretRows(Protocol):
    """Where the encrypted secrets lie."""

    def read(self, name: str) -> SealedSecret | None:
        """A secret, if there is one of that name."""

    def all(self) -> list[SealedSecret]:
        """Every secret, by name."""

    def replace(self, name: str, sealed: str, *, version: int) -> bool:
        """Write a secret if its version is still the one that was read, 0 for none; it ends the lease on it."""

    def reseal(self, name: str, sealed: str, *, version: int) -> None:
        """Encrypt a secret otherwise, if it is still that version; all else stays."""

    def lease(self, name: str, holder: str, seconds: float) -> bool:
        """Keep others from renewing the secret for a while, or for a while longer; False while another holds it."""

    def release(self, name: str, holder: str) -> None:
        """End a lease before its time."""

    def forget(self, name: str) -> bool:
        """Delete a secret; False if there is none."""


class SecretStore:
    """Opens and seals secrets on their way from and to their rows. Safe to share between threads."""

    def __init__(self, rows: SecretRows, keys: SecretStr | None) -> None:
        """Make a store.

        Args:
            rows: where the secrets lie.
            keys: keys with commas between them: the first encrypts, all decrypt.

        Raises:
            ConfigurationError: there is no key, or one is of another form.
        """
        self._rows, self._keys = rows, _keyring(keys)

    def read(self, name: str) -> StoredSecret | None:
        """A secret, if there is one of that name.

        Raises:
            FatalError: it was encrypted by a key that is not among ours.
        """
        row = self._rows.read(name)
        return None if row is None else StoredSecret(self._open(row), row.version, row.age)

    def write(self, name: str, value: SecretStr, *, version: int) -> bool:
        """Keep a secret, and end the lease on it.

        Args:
            name: what it is.
            value: the secret.
            version: of the secret that it replaces, 0 for none.

        Returns:
            False if the secret is no longer that version: another process was quicker, and nothing is written.
        """
        return self._rows.replace(name, self._seal(value.get_secret_value()), version=version)

    def lease(self, name: str, holder: str, seconds: float) -> bool:
        """Become the one who may renew a secret, or stay it; False while another holder is.

        A holder that dies is forgotten when its time is over. One that is only slow finds in ``write`` that another
        was quicker.
        """
        return self._rows.lease(name, holder, seconds)

    def release(self, name: str, holder: str) -> None:
        """End a lease before its time."""
        self._rows.release(name, holder)

    def reseal(self) -> int:
        """Encrypt every secret by the first key, so that the others can be dropped.

        Returns:
            How many secrets there are.

        Raises:
            FatalError: one was encrypted by a key that is not among ours.
        """
        rows = self._rows.all()
        opened = [(row, self._open(row).get_secret_value()) for row in rows]
        for row, text in opened:
            # One that was renewed meanwhile is sealed by the first key already.
            self._rows.reseal(row.name, self._seal(text), version=row.version)
        return len(rows)

    def summaries(self) -> list[SecretSummary]:
        """What lies here, by name."""
        return [SecretSummary(row.name, row.age, self._can_open(row)) for row in self._rows.all()]

    def forget(self, name: str) -> bool:
        """Delete a secret; False if there is none."""
        return self._rows.forget(name)

    def _can_open(self, row: SealedSecret) -> bool:
        try:
            self._open(row)
        except FatalError:
            return False
        return True

    def _open(self, row: SealedSecret) -> SecretStr:
        try:
            return SecretStr(self._keys.decrypt(row.sealed).decode())
        except (InvalidToken, UnicodeDecodeError):
            raise FatalError(
                f"The secret {row.name!r} in the warehouse was encrypted by another key than those in "
                "BABYNAMES_SECRET_KEY: add that key there after a comma. If it is lost, run `babynames secrets forget "
                f"{row.name}`: the sync then begins again with the refresh token of the settings."
            ) from None

    def _seal(self, text: str) -> str:
        return self._keys.encrypt(text.encode()).decode()


def new_key() -> str:
    """A key for ``BABYNAMES_SECRET_KEY``."""
    return Fernet.generate_key().decode()


def _keyring(keys: SecretStr | None) -> MultiFernet:
    if keys is None:
        raise ConfigurationError(
            "BABYNAMES_SECRET_KEY is not set: it encrypts the secrets that change at run time, such as the tokens of "
            f"OAuth, which the warehouse keeps for all hosts. {NEW_KEY}; give every host the same."
        )
    return MultiFernet(_fernets(keys.get_secret_value().split(",")))


def _fernets(keys: Iterable[str]) -> Iterable[Fernet]:
    for place, key in enumerate(keys, start=1):
        try:
            yield Fernet(key)
        except ValueError:
            raise ConfigurationError(
                f"BABYNAMES_SECRET_KEY: key {place} is not a key, which is 32 bytes in URL-safe base64. {NEW_KEY}."
            ) from None
