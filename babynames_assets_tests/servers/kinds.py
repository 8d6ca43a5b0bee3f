"""The two kinds of server that the warehouse runs on besides SQLite."""

import enum


class Kind(enum.StrEnum):
    """A kind of server; its value stands in test ids and environment variables."""

    MYSQL = "mysql"
    MARIADB = "mariadb"

    @property
    def variable(self) -> str:
        """The environment variable that may name a server of this kind that runs already."""
        return f"BABYNAMES_TEST_{self.name}_URL"


class ServerError(Exception):
    """No server could be had; the message says what to do."""
