"""A server for trials, until standard input closes: ``python -m babynames_assets_tests.servers mysql|mariadb``."""

import sys

from babynames_assets_tests.servers.kinds import Kind, ServerError
from babynames_assets_tests.servers.provision import server


def main(arguments: list[str]) -> int:
    """Start a server, print its URL, and wait."""
    if arguments not in [[kind] for kind in Kind]:
        sys.stderr.write(f"Usage: python -m babynames_assets_tests.servers {'|'.join(Kind)}\n")
        return 2
    try:
        with server(Kind(arguments[0])) as url:
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
