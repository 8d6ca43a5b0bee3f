"""The ``babynames`` command: every subcommand, and how an error ends it."""

import signal
import sys
from typing import Annotated

import typer

from babynames_assets.cli import (
    backfill,
    checks,
    dagster_instance,
    dead_letters,
    demo,
    dev,
    doctor,
    emulate,
    ledger,
    migrate,
    notify,
    reconcile,
    secrets,
    sync,
    verify,
)
from babynames_assets.errors import BabynamesError
from babynames_assets.observability.logging import configure_logging
from babynames_assets.settings import load_settings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Baby names from Kaggle to MySQL to HubSpot, with nothing lost.",
)
app.add_typer(migrate.app, name="migrate")
app.add_typer(emulate.app, name="emulate")
app.add_typer(secrets.app, name="secrets")
app.add_typer(sync.app, name="sync")
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(notify.app, name="notify")
app.add_typer(dagster_instance.app, name="instance")
app.command("backfill")(backfill.backfill)
app.add_typer(checks.app, name="checks")
app.command("demo")(demo.demo)
app.command("dev")(dev.dev)
app.command("doctor")(doctor.doctor)
app.command("ledger")(ledger.ledger)
app.command("reconcile")(reconcile.reconcile)
app.command("verify")(verify.verify)


@app.callback()
def configure(
    log_level: Annotated[
        str, typer.Option(help="The least severe log line to print: debug, info, warning or error.")
    ] = "warning",
) -> None:
    """Baby names from Kaggle to MySQL to HubSpot, with nothing lost."""
    configure_logging(log_level, environment=load_settings().environment)


def run() -> None:
    """Run the command; an error that was foreseen is a message and exit code 1, never a traceback."""
    # Like Ctrl-C, so that a terminated command ends the processes that it started.
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    try:
        app()
    except BabynamesError as error:
        typer.echo(f"babynames: {error}", err=True)
        sys.exit(1)
