"""A server for trials, until standard input closes: ``python -m babynames_assets_tests.servers mysql|mariadb``.

With ``--durable`` it runs as it ships, a commit on the disk; without, it is in a hurry.
"""

import sys

from babynames_assets_tests.servers.kinds import Kind, ServerError
from babynames_assets_tests.servers.provision import server

_DURABLE = "--durable"


def main(arguments: list[str]) -> int:
    """Start a server, print its URL, and wait."""
    kinds = [argument for argument in arguments if argument != _DURABLE]
    if kinds not in [[kind] for kind in Kind]:
        sys.stderr.write(f"Usage: python -m babynames_assets_tests.servers {'|'.join(Kind)} [{_DURABLE}]\n")
        return 2
    try:
        with server(Kind(kinds[0]), durable=_DURABLE in arguments) as url:
            sys.stdout.write(f"{url}\n")
            sys.stdout.flush()
            sys.stdin.read()
    except ServerError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
