"""A desk whose installation the command finds: the same state folder, the same warehouse."""

from pathlib import Path

from babynames_assets.warehouse.engine import Engine
from babynames_assets_tests.cli.test_command import Command
from babynames_assets_tests.loading.desk import Desk


def desk_and_command(folder: Path, engine: Engine) -> tuple[Desk, Command]:
    """Both look at the same things."""
    command = Command(folder)
    url = engine.url.render_as_string(hide_password=False)
    command.environment["BABYNAMES_WAREHOUSE__URL"] = url
    return Desk(folder / "state", engine), command
