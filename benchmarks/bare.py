"""The server's own bulk load of a CSV file as it comes: one statement, one connection, nothing checked.

``python -m benchmarks.bare --csv FILE --url URL``
"""

import argparse
from pathlib import Path
from urllib.parse import urlsplit

import pymysql

_LOAD = (
    "LOAD DATA LOCAL INFILE %s INTO TABLE baby_names CHARACTER SET utf8mb4 "
    "FIELDS TERMINATED BY ',' LINES TERMINATED BY '\\n' IGNORE 1 LINES (year, name, sex, births)"
)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bare", description=__doc__)
    parser.add_argument("--csv", type=Path, required=True)
    parser.add_argument("--url", required=True)
    options = parser.parse_args()
    place = urlsplit(options.url)
    connection = pymysql.connect(
        host=place.hostname,
        port=place.port or 3306,
        user=place.username,
        password=place.password or "",
        database=place.path.strip("/"),
        charset="utf8mb4",
        local_infile=True,
    )
    with connection, connection.cursor() as cursor:
        cursor.execute(_LOAD, (str(options.csv),))
        connection.commit()


if __name__ == "__main__":
    main()
