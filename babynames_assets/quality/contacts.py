"""What the checks of hubspot/contacts say of the books: every row stands somewhere, and every state has its row."""

import datetime as dt
from collections.abc import Mapping, Sequence

from babynames_assets.quality.verdict import EXAMPLES, Verdict, Verdicts
from babynames_assets.sync.contacts import MAPPING
from babynames_assets.warehouse import contact_accounts, sync_pauses
from babynames_assets.warehouse.check_findings import CheckFinding
from babynames_assets.warehouse.contact_accounts import YearAccount
from babynames_assets.warehouse.engine import Connection, Engine, connect

Accounts = Mapping[int, YearAccount]


def check_books(engine: Engine, years: Sequence[int] | None, *, removes: bool) -> Verdicts:
    """Look at the sync state of some years.

    Args:
        engine: the warehouse.
        years: the years of the run; None for all.
        removes: whether the contact of a row that has gone is archived.
    """
    # One transaction: a sync that goes on meanwhile moves contacts from one count to another.
    with connect(engine) as connection:
        accounts = contact_accounts.by_year(connection, years, MAPPING)
        return {
            "no_sync_state_without_a_row": _without_row(connection, accounts),
            "every_row_is_synced_pending_or_refused": _accounted(connection, accounts),
            "every_contact_is_sent": _sent(accounts, sync_pauses.waiting(connection), removes=removes),
        }


def _without_row(connection: Connection, accounts: Accounts) -> Verdict:
    findings = [
        CheckFinding(
            year,
            f"{year}-{sex}-{name}",
            f"the sync state has it as contact {hubspot_id or '(unknown)'}, the table has no such row, and no "
            "load since has taken one away",
        )
        for year, account in accounts.items()
        if account.without_row
        for sex, name, hubspot_id in contact_accounts.states_without_row(connection, year, limit=EXAMPLES)
    ]
    numbers = {
        "without_row": sum(account.without_row for account in accounts.values()),
        "to_remove": sum(account.to_remove for account in accounts.values()),
    }
    return Verdict(numbers, findings)


def _accounted(connection: Connection, accounts: Accounts) -> Verdict:
    findings = []
    for year, one in accounts.items():
        accounted = one.synced + one.pending + one.dead_letters
        if one.rows != accounted:
            message = (
                f"the table has {one.rows:,} rows: {one.synced:,} synced, {one.pending:,} pending, "
                f"{one.dead_letters:,} with a dead letter, which are {accounted:,}"
            )
            findings.append(CheckFinding(year, f"contacts of {year}", message))
            lost = contact_accounts.refused_without_letter(connection, year, MAPPING, limit=EXAMPLES)
            findings += [
                CheckFinding(year, f"{year}-{sex}-{name}", "HubSpot refused it, and it has no dead letter")
                for sex, name in lost
            ]
    names = ("rows", "synced", "pending", "dead_letters")
    return Verdict({name: sum(getattr(one, name) for one in accounts.values()) for name in names}, findings)


def _sent(accounts: Accounts, paused: Mapping[int, dt.datetime], *, removes: bool) -> Verdict:
    """Whether nothing is left to be done; a year that is paused waits on purpose."""
    left = {year: one.pending + (one.to_remove if removes else 0) for year, one in accounts.items()}
    findings = [
        CheckFinding(year, f"contacts of {year}", f"{number:,} contacts are still to be sent or archived")
        for year, number in left.items()
        if number and year not in paused
    ]
    waiting = {year: until for year, until in paused.items() if left.get(year)}
    texts = {}
    if waiting:
        texts["paused"] = f"{len(waiting)} years go on by themselves after {max(waiting.values()):%Y-%m-%d %H:%M} UTC"
    numbers = {"left": sum(left.values()), "years_left": len(findings), "years_paused": len(waiting)}
    return Verdict(numbers, findings, texts=texts)
