"""``python -m babynames_assets.cli``: the same as the ``babynames`` command."""

from babynames_assets.cli.main import run

run()
