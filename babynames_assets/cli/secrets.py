"""``babynames secrets``: the key that encrypts what changes at run time, and what lies under it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich import print as show

from babynames_assets.clients import open_secrets, open_warehouse
from babynames_assets.errors import ConfigurationError
from babynames_assets.secret_store import SecretStore, new_key
from babynames_assets.settings import load_settings
from babynames_assets.warehouse import migrations

app = typer.Typer(no_args_is_help=True, help="Secrets that change at run time: the warehouse keeps them encrypted.")


@app.command("new-key")
def new_key_() -> None:
    """Print a new key for BABYNAMES_SECRET_KEY."""
    typer.echo(new_key())


@app.command("list")
def list_() -> None:
    """List the secrets by name, with their age; exit code 1 when no key opens one. No secret is shown."""
    with _secrets() as secrets:
        found = secrets.summaries()
    for secret in found:
        state = "readable" if secret.is_readable else "[red]of another key[/red]"
        show(f"{secret.name}: {state}, written {secret.age / 60:,.0f} minutes ago")
    if not found:
        show("The warehouse holds no secret.")
    if not all(secret.is_readable for secret in found):
        raise typer.Exit(1)


@app.command()
def reseal() -> None:
    """Encrypt every secret by the first key of BABYNAMES_SECRET_KEY; the keys behind it can be removed afterwards."""
    with _secrets() as secrets:
        show(f"{secrets.reseal()} secret(s) are encrypted by the first key.")


@app.command()
def forget(name: Annotated[str, typer.Argument(help="The secret, as `babynames secrets list` names it.")]) -> None:
    """Delete a secret that no key opens any more; the next sync gets another with what the settings hold."""
    with _secrets() as secrets:
        if not secrets.forget(name):
            raise ConfigurationError(f"There is no secret {name!r}: `babynames secrets list` shows their names.")
    show(f"{name} is forgotten.")


@contextmanager
def _secrets() -> Iterator[SecretStore]:
    settings = load_settings()
    engine = open_warehouse(settings)
    try:
        migrations.require_migrated(engine)
        yield open_secrets(settings, engine)
    finally:
        engine.dispose()
