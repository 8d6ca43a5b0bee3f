"""What a person decides of dead letters on the command line: to have them sent again, or to leave it at that."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console

from babynames_assets.cli.letter_filters import OfReason, OfService, OfStatus, OfYears, Since, letter_filter
from babynames_assets.cli.letter_tables import counted
from babynames_assets.clients import open_hubspot, open_warehouse, requests_in_flight
from babynames_assets.errors import FatalError
from babynames_assets.letters.advice import OF_A_LINE
from babynames_assets.settings import load_settings
from babynames_assets.sync.options import push_options
from babynames_assets.sync.redrive import RedriveReport, redrive
from babynames_assets.warehouse import letter_queries, letter_reviews, migrations
from babynames_assets.warehouse.dead_letters import Service
from babynames_assets.warehouse.engine import Engine, connect
from babynames_assets.warehouse.letter_queries import LetterFilter
from babynames_assets.warehouse.letter_reviews import Reviewed
from babynames_assets.warehouse.letter_status import Status

Numbers = Annotated[list[int] | None, typer.Argument(metavar="NUMBER", help="Numbers of letters, as list shows them.")]
Every = Annotated[bool, typer.Option("--all", help="Every open letter; filters may narrow it.")]

_console = Console(highlight=False, soft_wrap=True)


def retry(
    letter_ids: Numbers = None,
    every: Every = False,
    service: OfService = None,
    status: OfStatus = None,
    years: OfYears = None,
    reason: OfReason = None,
    since: Since = None,
    now: Annotated[bool, typer.Option("--now", help="Send all that is due at once, and wait for it.")] = False,
) -> None:
    """Have contacts sent again now, whatever attempts they had; exit code 1 if one that was named cannot be."""
    wanted = _meant(letter_ids, every, letter_filter(service, status, years, reason, since))
    with migrated_warehouse() as engine:
        unknown = _unknown_numbers(engine, letter_ids)
        done = letter_reviews.retry(engine, wanted)
        _console.print(f"Due now: {counted(done.changed)}.")
        if now:
            _send(engine)
        elif done.changed:
            _console.print("The sensor due_dead_letters has them sent within a minute; or add --now.")
    _end(done, unknown, named=bool(letter_ids), why=_why_not_retried)


def discard(
    because: Annotated[str, typer.Option(help="Why, for whoever asks later; it is kept with each letter.")],
    letter_ids: Numbers = None,
    every: Every = False,
    service: OfService = None,
    status: OfStatus = None,
    years: OfYears = None,
    reason: OfReason = None,
    since: Since = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask first.")] = False,
) -> None:
    """Leave it at the failure of some letters. They stay, with the reason, and can be retried later."""
    wanted = _meant(letter_ids, every, letter_filter(service, status, years, reason, since))
    with migrated_warehouse() as engine:
        unknown = _unknown_numbers(engine, letter_ids)
        with connect(engine) as connection:
            letters = letter_queries.count(connection, wanted)
        if letters and not yes:
            typer.confirm(f"Discard {counted(letters)}?", abort=True)
        done = letter_reviews.discard(engine, wanted, reason=because)
    _console.print(f"Discarded: {counted(done.changed)}.")
    _end(done, unknown, named=bool(letter_ids), why=_why)


def unknown_letters(numbers: list[int]) -> str:
    """The message of numbers that no letter has."""
    named = ", ".join(str(number) for number in numbers)
    return f"There is no dead letter {named}. See them with: babynames dead-letters list --status any"


@contextmanager
def migrated_warehouse() -> Iterator[Engine]:
    """The warehouse, whose schema is up to date."""
    engine = open_warehouse(load_settings())
    try:
        migrations.require_migrated(engine)
        yield engine
    finally:
        engine.dispose()


def _meant(letter_ids: list[int] | None, every: bool, by_filter: LetterFilter) -> LetterFilter:
    is_narrowed = by_filter != letter_filter(None, None, None, None, None)
    if letter_ids:
        if every or is_narrowed:
            raise typer.BadParameter("Name letters by numbers or by filters, not by both.")
        return LetterFilter(ids=letter_ids)
    if not every and not is_narrowed:
        raise typer.BadParameter("Say which letters: their numbers, filters such as --reason CONFLICT, or --all.")
    return by_filter


def _unknown_numbers(engine: Engine, letter_ids: list[int] | None) -> list[int]:
    if not letter_ids:
        return []
    with connect(engine) as connection:
        known = letter_queries.page(connection, LetterFilter(ids=letter_ids), limit=len(letter_ids))
    return sorted(set(letter_ids) - {letter.id for letter in known})


def _send(engine: Engine) -> None:
    settings = load_settings()
    client = open_hubspot(settings, engine)
    options = push_options(settings, requests_in_flight=requests_in_flight(settings))
    try:
        more = True
        while more:
            report = redrive(
                engine, client, run_id="babynames dead-letters", options=options, on_batch=lambda _report: None
            )
            _say(report)
            more = report.has_more
    finally:
        client.close()


def _say(report: RedriveReport) -> None:
    _console.print(
        f"Sent: {report.accepted:,} accepted, {report.refused:,} refused again; "
        f"{report.row_has_gone + report.confirmed_before:,} had nothing to send."
    )
    if report.years_held:
        years = ", ".join(str(year) for year in report.years_held)
        _console.print(f"A sync writes {years} at this moment; letters of those years stay due.")
    if report.is_paused:
        when = report.paused_until or "a while"
        _console.print(f"The calls of the day are spent; the rest is due again after {when}.")


def _end(done: Reviewed, unknown: list[int], *, named: bool, why: Callable[[Service, Status], str]) -> None:
    """Say what was passed over and why; what was named and is not done is a failure."""
    for what, letters in sorted(done.passed_over.items()):
        _console.print(f"Passed over: {counted(letters)}, {why(*what)}", markup=False)
    if unknown:
        raise FatalError(unknown_letters(unknown))
    if (named and done.passed_over) or (done.passed_over and not done.changed):
        raise typer.Exit(1)


def _why_not_retried(service: Service, status: Status) -> str:
    return f"of lines. {OF_A_LINE}" if service == "import" and status != "resolved" else _why(service, status)


def _why(_service: Service, status: Status) -> str:
    if status in ("resolved", "discarded"):
        return f"already {status}."
    return "which a redrive sends at this moment. Look again in a minute."
