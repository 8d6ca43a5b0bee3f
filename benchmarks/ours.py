"""One whole run of this project's data path, without Dagster, started as the ``babynames`` command is.

``python -m benchmarks.ours --archive X.zip --state FOLDER --url URL``
"""

from babynames_assets.startup import without_collecting


def main() -> None:
    """Run the command line."""
    with without_collecting():
        from benchmarks.data_path import run  # noqa: PLC0415 - what the block is for
    run()


if __name__ == "__main__":
    main()
