"""Tests of sending files from memory: to a real server what was offered, to a hostile one nothing."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from babynames_assets.errors import FatalError
from babynames_assets.warehouse.engine import open_engine
from babynames_assets.warehouse.local_files import LocalFileConnection
from babynames_assets_tests.warehouse.frames import load
from babynames_assets_tests.warehouse.hostile_server import hostile_server


@pytest.mark.parametrize("statement", [b"SELECT", b"INSERT INTO year_locks"], ids=["at first", "in a transaction"])
def test_a_server_that_asks_for_a_file_of_this_machine_gets_nothing(tmp_path: Path, statement: bytes) -> None:
    """Any server may answer any statement by naming a file; the client reads none and says at once why it stopped."""
    secret = tmp_path / "secret.txt"
    secret.write_text("the token")

    with hostile_server(str(secret), statement) as server:
        engine = open_engine(SecretStr(f"mysql+pymysql://root@127.0.0.1:{server.port}/names"))
        with pytest.raises(FatalError, match=r"secret\.txt.*not offered.*not to be trusted"):
            load(engine, 2001, ("F", "Mary", 7))
        engine.dispose()

    assert server.received == b""


def test_an_offered_file_is_given_once_and_by_its_own_name() -> None:
    """Another name, or a second request, gets nothing."""
    connection = LocalFileConnection(defer_connect=True)

    with connection.offering(b"rows") as name:
        assert bytes(connection.take_offered(name) or b"") == b"rows"
        assert connection.take_offered(name) is None
    with connection.offering(b"rows"):
        assert connection.take_offered("/etc/passwd") is None
    with connection.offering(b"rows") as name:
        pass
    assert connection.take_offered(name) is None
