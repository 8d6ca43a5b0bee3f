"""What ``babynames sync`` prints: plans, pushes and where the contacts stand, for people and as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from babynames_assets.setting_groups import HubSpotSettings
from babynames_assets.sync.day import Day
from babynames_assets.sync.plan import SyncPlan, total_of
from babynames_assets.sync.report import PushReport
from babynames_assets.sync.standing import SyncStanding
from babynames_assets.warehouse.sync_differences import DifferenceExample, YearDifference
from babynames_assets.year_ranges import name_years

_console = Console(highlight=False, soft_wrap=True)

_PLAN = ("create", "update", "archive", "unchanged", "refused")
_STANDING = ("synced", "pending", "refused", "to_remove")
_PUSH = ("created", "updated", "refused", "archived")


def plan_document(plan: SyncPlan) -> dict[str, Any]:
    """A plan as JSON."""
    return {
        **asdict(plan),
        "day": _day_document(plan.day),
        "made_at": plan.made_at.isoformat(),
        "expires_at": plan.expires_at.isoformat(),
        "calls": {**asdict(plan.calls), "total": plan.calls.total},
        "totals": asdict(plan.totals),
        "share_of_day": plan.share_of_day,
        "fits_today": plan.fits_today,
    }


def show_plan(plan: SyncPlan, settings: HubSpotSettings) -> None:
    """A plan for a person."""
    totals = plan.totals
    years = _range(plan.first_year, plan.last_year)
    _console.print(
        f"[bold]Plan {plan.plan_id}[/bold] for {years}, made {plan.made_at:%Y-%m-%d %H:%M} UTC, to be begun before "
        f"{plan.expires_at:%Y-%m-%d %H:%M} UTC"
    )
    todo = {year: asdict(found) for year, found in plan.years.items() if found.create + found.update + found.archive}
    print_years(todo, _PLAN, asdict(totals))
    if len(todo) < len(plan.years):
        _console.print(f"{len(plan.years) - len(todo):,} of {len(plan.years):,} years have nothing to do.")
    _console.print(_cost(plan, settings.tier))
    if totals.refused:
        _console.print(
            f"{totals.refused:,} rows wait as dead letters: HubSpot refused them, and a sync does not send them again "
            "until they change."
        )
    if plan.kept:
        _console.print(
            f"{plan.kept:,} contacts have no row any more and are kept (BABYNAMES_HUBSPOT__REMOVED_CONTACTS)."
        )
    if plan.needs_plan:
        _console.print(
            f"[yellow]{name_years(plan.needs_plan)}: more than {settings.max_archive_share:.0%} of the contacts would "
            "be archived. A sync without this plan refuses that.[/yellow]"
        )
    for example in plan.examples:
        _console.print(f"    {escape(_example(example))}")
    _console.print(f"To carry it out: babynames sync run --years {years} --plan {plan.plan_id}")


def push_document(report: PushReport) -> dict[str, Any]:
    """What a push did, as JSON."""
    return {
        "years": {year: asdict(push) for year, push in report.years.items()},
        "paused_until": report.paused_until.isoformat() if report.paused_until else None,
    }


def show_push(report: PushReport) -> None:
    """What a push did, for a person."""
    done = {year: asdict(push) for year, push in report.years.items()}
    totals = {name: sum(year[name] for year in done.values()) for name in _PUSH}
    print_years({year: push for year, push in done.items() if any(push.values())}, _PUSH, totals)
    if report.paused_until:
        _console.print(
            f"[yellow]Paused: the calls of the day are spent. The rest can be sent after "
            f"{report.paused_until:%Y-%m-%d %H:%M %Z}: the sensor paused_syncs requests it, or run this again.[/yellow]"
        )
    elif not any(totals.values()):
        _console.print("Nothing to do: HubSpot holds what the table says.")


def standing_document(standing: SyncStanding) -> dict[str, Any]:
    """Where the contacts stand, as JSON."""
    return {
        "totals": _counts(total_of(standing.years)),
        "years": {year: _counts(found) for year, found in standing.years.items()},
        "paused": {year: until.isoformat() for year, until in standing.paused.items()},
        "held": {held.year: held.held_by for held in standing.held},
        "begun_plans": [plan.plan_id for plan in standing.begun],
        "day": _day_document(standing.day),
        "left_alone_until": standing.left_alone_until.isoformat() if standing.left_alone_until else None,
    }


def show_standing(standing: SyncStanding) -> None:
    """Where the contacts stand, for a person."""
    rows = {year: _counts(found) for year, found in standing.years.items()}
    print_years(rows, _STANDING, _counts(total_of(standing.years)))
    for until in sorted(set(standing.paused.values())):
        years = [year for year, moment in standing.paused.items() if moment == until]
        _console.print(f"Paused until {until:%Y-%m-%d %H:%M %Z}, when the day has new calls: {name_years(years)}")
    for holder in dict.fromkeys(held.held_by for held in standing.held):
        years = [held.year for held in standing.held if held.held_by == holder]
        _console.print(f"Written at this moment by {escape(holder)}: {name_years(years)}")
    for plan in standing.begun:
        years_of_plan = _range(plan.first_year, plan.last_year)
        _console.print(
            f"Plan {plan.plan_id} for {years_of_plan} is begun and not finished: a sync of them goes on with it."
        )

    if standing.left_alone_until:
        _console.print(
            f"[yellow]HubSpot could not answer: no call is made before {standing.left_alone_until:%H:%M:%S %Z}, and "
            "then one to try it (status.hubspot.com).[/yellow]"
        )
    _console.print(_day_words(standing.day))


def print_years(rows: Mapping[Any, Mapping[str, int]], columns: Sequence[str], totals: Mapping[str, int]) -> None:
    """A table of counts by year, with their totals below."""
    table = Table(show_footer=True)
    table.add_column("year", "total")
    for name in columns:
        table.add_column(name.replace("_", " "), f"{totals[name]:,}", justify="right", no_wrap=True)
    for year, counts in rows.items():
        table.add_row(str(year), *(f"{counts[name]:,}" for name in columns))
    _console.print(table)


def _counts(found: YearDifference) -> dict[str, int]:
    return {
        "synced": found.unchanged,
        "pending": found.create + found.update,
        "refused": found.refused,
        "to_remove": found.archive,
    }


def _cost(plan: SyncPlan, tier: str) -> str:
    calls = plan.calls
    parts = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in asdict(calls).items() if count) or "none"
    share = "" if plan.share_of_day is None else f", {plan.share_of_day:.1%} of a day's"
    later = "" if plan.fits_today else " It pauses when they are spent, and goes on the next day."
    rate = f"at least {_duration(plan.seconds)} at the rate of tier {tier}"
    return f"{calls.total:,} calls ({parts}){share}; {rate}. {_day_words(plan.day)}{later}"


def _day_words(day: Day) -> str:
    if day.paused_until:
        return f"No call is made before {day.paused_until:%Y-%m-%d %H:%M %Z}."
    if day.left is None:
        return "The calls of a day are not limited."
    return f"{day.left:,} calls of today's {day.calls:,} are left."


def _day_document(day: Day) -> dict[str, Any]:
    return {**asdict(day), "paused_until": day.paused_until.isoformat() if day.paused_until else None}


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def _example(example: DifferenceExample) -> str:
    # A name that was written from outside may hold anything, and a terminal obeys some of it.
    row = f"{example.kind} {example.year} {example.sex!r} {example.name!r}"
    there = "unknown births" if example.births_in_hubspot is None else f"{example.births_in_hubspot:,} births"
    if example.kind == "archive":
        return f"{row}: {there} in HubSpot, no row in the table"
    if example.kind == "update":
        return f"{row}: {there} in HubSpot, {example.births_in_table:,} in the table"
    return f"{row}: {example.births_in_table:,} births"


def _range(first: int, last: int) -> str:
    return f"{first}" if first == last else f"{first}-{last}"
