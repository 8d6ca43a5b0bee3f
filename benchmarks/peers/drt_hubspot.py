"""drt: a table of contacts to HubSpot, one project with one sync, as its documentation says.

https://github.com/drt-hub/drt, docs/connectors/hubspot.md, docs/guides/dead-letter-queue.md and docs/guides/retry.md,
release 1.2. ``python -m benchmarks.peers.drt_hubspot prepare --csv FILE --work FOLDER`` writes the project;
``... run -- ARGUMENTS`` in that folder is the command ``drt`` with two things set:

- HubSpot's address, which drt has in two constants and in no setting: the variable ``DRT_HUBSPOT`` has another. Nothing
  else of drt is changed.
- In the project: no pacing of its own, which is 9 calls a second at the most, and next to no wait between two tries.
  Both change how long it takes and not what it sends; twenty thousand calls would take 37 minutes.
"""

import argparse
import csv
import os
import sqlite3
import sys
from pathlib import Path

SYNC = "contacts"
ADDRESS = "DRT_HUBSPOT"

_PROFILE = """\
bench:
  type: sqlite
  database: {database}
"""
_PROJECT = """\
name: bench
version: "0.1"
profile: bench
"""
_SYNC = """\
name: contacts
model: ref('contacts')
destination:
  type: hubspot
  object_type: contacts
  id_property: baby_name_key
  auth:
    type: bearer
    token_env: HUBSPOT_TOKEN
  rate_limit:
    requests_per_second: 0
  retry:
    initial_backoff: 0.01
    max_backoff: 0.01
sync:
  mode: full
  batch_size: 100
  on_error: skip
  dlq:
    enabled: true
    max_records: 0
"""
_TABLE = "CREATE TABLE contacts (baby_name_key TEXT, firstname TEXT, gender TEXT, birth_year TEXT, births TEXT)"


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", choices=("prepare", "run"))
    parser.add_argument("--csv", type=Path, help="the release, for prepare")
    parser.add_argument("--work", type=Path, required=True, help="the project's folder, which is also its home")
    options, command = parser.parse_known_args()
    if options.mode == "prepare":
        prepare(options.csv, options.work)
    else:
        run(options.work, [argument for argument in command if argument != "--"])


def prepare(release: Path, work: Path) -> None:
    """Write the project and the table that it reads."""
    for folder in (work / "syncs", work / ".drt"):
        folder.mkdir(parents=True, exist_ok=True)
    database = work / "contacts.sqlite"
    (work / "drt_project.yml").write_text(_PROJECT, encoding="utf-8")
    (work / ".drt" / "profiles.yml").write_text(_PROFILE.format(database=database), encoding="utf-8")
    (work / "syncs" / f"{SYNC}.yml").write_text(_SYNC, encoding="utf-8")
    connection = sqlite3.connect(database)
    with connection, release.open(encoding="utf-8", newline="") as file:
        connection.execute(_TABLE)
        rows = csv.DictReader(file)
        connection.executemany("INSERT INTO contacts VALUES (?, ?, ?, ?, ?)", map(_contact, rows))
    connection.close()


def run(work: Path, command: list[str]) -> None:
    """Be the command ``drt`` in the project's folder."""
    os.chdir(work)
    os.environ |= {"HOME": str(work), "DO_NOT_TRACK": "1"}
    from drt.cli.main import app  # noqa: PLC0415 - only now is its home this folder
    from drt.destinations import hubspot  # noqa: PLC0415 - as above

    address = os.environ[ADDRESS]
    hubspot._HUBSPOT_API = f"{address}/crm/v3/objects"  # noqa: SLF001 - see above
    hubspot._HUBSPOT_PROPERTIES_API = f"{address}/crm/v3/properties"  # noqa: SLF001 - see above
    sys.argv = ["drt", *command]
    app()


def _contact(row: dict[str, str]) -> tuple[str, ...]:
    year, name, sex, births = row["YearOfBirth"], row["Name"], row["Sex"], row["Number"]
    return f"{year}-{sex}-{name}", name, sex, year, births


if __name__ == "__main__":
    main()
