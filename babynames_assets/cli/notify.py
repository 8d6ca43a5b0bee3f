"""``babynames notify``: try the channels, see what is wrong and what was told, mend what could not be delivered."""

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from babynames_assets.cli.sync import warehouse
from babynames_assets.errors import BabynamesError, ConfigurationError
from babynames_assets.notifications.channels import Outgoing, Route
from babynames_assets.notifications.delivery import deliver
from babynames_assets.notifications.heartbeat import beat
from babynames_assets.notifications.news import Message, moment_text, years_text
from babynames_assets.notifications.opening import GUIDE, backoff, open_notifier, open_routes
from babynames_assets.notifications.texts import headline
from babynames_assets.settings import Settings, load_settings
from babynames_assets.warehouse import delivery_reviews, incidents
from babynames_assets.warehouse.delivery_reviews import Status
from babynames_assets.warehouse.engine import connect, run_in_transaction

app = typer.Typer(no_args_is_help=True, help="Who is told what goes wrong: channels, incidents, messages.")

Numbers = Annotated[list[int] | None, typer.Argument(metavar="NUMBER", help="Numbers of messages, as list shows them.")]
Every = Annotated[bool, typer.Option("--all", help="Every message that could not be delivered.")]

_console = Console(highlight=False)


@app.command()
def test() -> None:
    """Send a test message to each channel, and say what came back; exit code 1 when one did not take it."""
    settings = load_settings()
    routes = open_routes(settings.notifications)
    if not routes and settings.notifications.heartbeat_url is None:
        raise ConfigurationError(f"No channel is configured, so nothing was sent: {GUIDE} says how.")
    answers = [_try(route, settings) for route in routes] + [_try_heartbeat(settings)]
    if not all(answers):
        raise typer.Exit(1)


@app.command("list")
def list_(
    status: Annotated[Status | None, typer.Option(help="Of this status alone.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="The most messages to show.")] = 50,
) -> None:
    """List messages, the newest first: to whom, about what, how often tried, what came back."""
    with warehouse() as (_, engine), connect(engine) as connection:
        statuses = None if status is None else [status]
        found = delivery_reviews.deliveries(connection, statuses=statuses, limit=limit)
    rows = [
        (
            one.id,
            one.channel,
            one.status,
            one.attempts,
            _at(one.created_at),
            headline(Message.from_json(one.message)),
            one.note,
        )
        for one in found
    ]
    _show(("", "channel", "status", "tries", "since", "message", "what came back"), rows, nothing="No message.")


@app.command("incidents")
def incidents_(
    days: Annotated[float, typer.Option(min=0, help="Also what was over within so many days.")] = 0,
) -> None:
    """List what is wrong now."""
    with warehouse() as (_, engine), connect(engine) as connection:
        found = [*incidents.open_incidents(connection), *(incidents.resolved_since(connection, days) if days else ())]
    rows = [
        (
            one.incident_key,
            one.news["title"],
            years_text(one.reach),
            one.times_seen,
            _at(one.opened_at),
            _at(one.resolved_at),
        )
        for one in found
    ]
    _show(("key", "what", "years", "times", "since", "until"), rows, nothing="Nothing is wrong.")


@app.command()
def resolve(
    key: Annotated[str, typer.Argument(help="The incident, as `babynames notify incidents` names it.")],
) -> None:
    """Close an incident that nothing closes by itself, such as that of a job which is gone; it is told as its end."""
    with warehouse() as (settings, engine):
        if not open_notifier(settings, engine).close(key):
            raise ConfigurationError(f"There is no open incident {key!r}: `babynames notify incidents` shows them.")
    _console.print(f"{key} is closed.")


@app.command()
def retry(numbers: Numbers = None, every: Every = False) -> None:
    """Have messages that could not be delivered sent again."""
    meant = _meant(numbers, every)
    with warehouse() as (_, engine):
        again = run_in_transaction(engine, lambda connection: delivery_reviews.retry(connection, meant))
    _console.print(f"{again:,} message(s) are sent again.")


@app.command()
def discard(
    because: Annotated[str, typer.Option(help="Why, for whoever looks later.")],
    numbers: Numbers = None,
    every: Every = False,
) -> None:
    """Give messages up that could not be delivered."""
    meant = _meant(numbers, every)
    with warehouse() as (_, engine):
        gone = run_in_transaction(
            engine, lambda connection: delivery_reviews.discard(connection, meant, because=because)
        )
    _console.print(f"{gone:,} message(s) are discarded.")


@app.command()
def send() -> None:
    """Send what is due, as the sensor notifications_due does: for an installation without Dagster's daemon."""
    with warehouse() as (settings, engine):
        for route in open_routes(settings.notifications):
            done = deliver(engine, route, backoff(settings.notifications))
            _console.print(f"{route.name}: {done.sent:,} sent, {done.postponed:,} postponed, {done.dead:,} dead")


def _meant(numbers: Collection[int] | None, every: bool) -> Collection[int] | None:
    if bool(numbers) == every:
        raise ConfigurationError(
            "Name messages by their numbers, as `babynames notify list` shows them, or give --all."
        )
    return numbers or None


def _try(route: Route, settings: Settings) -> bool:
    message = Message(
        event="test",
        kind="failed_runs",
        key="test",
        title="this installation can tell you what goes wrong",
        where="babynames notify test",
        years="",
        why="Somebody tries whether messages arrive",
        what_to_do="Nothing",
        run_id=None,
        link=settings.notifications.ui_url,
        opened_at=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        times_seen=1,
        environment=settings.environment,
    )
    try:
        reply = route.channel.send(Outgoing(0, message))
    except BabynamesError as error:
        _console.print(f"[red]bad[/red]  {route.name}: {error}", markup=True)
        return False
    _console.print(f"[green]good[/green] {route.name}: {reply}")
    return True


def _try_heartbeat(settings: Settings) -> bool:
    try:
        reply = beat(settings)
    except BabynamesError as error:
        _console.print(f"[red]bad[/red]  heartbeat: {error}")
        return False
    if reply is not None:
        _console.print(f"[green]good[/green] heartbeat: {reply}")
    return True


def _show(headings: tuple[str, ...], rows: Sequence[tuple[object, ...]], *, nothing: str) -> None:
    if not rows:
        _console.print(nothing)
        return
    table = Table()
    for heading in headings:
        table.add_column(heading, overflow="fold")  # a key that is cut cannot be given to `resolve`
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    _console.print(table)


def _at(moment: dt.datetime | None) -> str:
    return "" if moment is None else moment_text(moment)
