"""The ``babynames`` command, as a program and as ``python -m babynames_assets.cli``."""

from babynames_assets.startup import without_collecting


def run() -> None:
    """Run the command."""
    with without_collecting():
        from babynames_assets.cli.main import run as run_command  # noqa: PLC0415 - what the block is for
    run_command()


if __name__ == "__main__":
    run()
