"""One sync of this project as a process of its own, without Dagster, started as the ``babynames`` command is.

``python -m benchmarks.sync.push --url URL --base-url URL --token TOKEN --state FOLDER --years 1984 1985``
"""

from babynames_assets.startup import without_collecting


def main() -> None:
    """Run the command line."""
    with without_collecting():
        from benchmarks.sync.one_push import run  # noqa: PLC0415 - what the block is for
    run()


if __name__ == "__main__":
    main()
