"""Hold a sync to a plan: nothing larger than a setting, and nothing that empties a year, is done unseen.

A plan is good for one sync. A sync that was paused, or died, goes on with its plan, also when it is started by a sensor
that knows of none: what is left has to be part of what was planned.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import structlog

from babynames_assets.errors import FatalError
from babynames_assets.hubspot.client import HubSpotClient
from babynames_assets.sync.contacts import MAPPING
from babynames_assets.sync.picture import Picture, Removed, changes_since, picture_of
from babynames_assets.sync.push import push_years
from babynames_assets.sync.report import PushOptions, PushReport
from babynames_assets.warehouse import clock, sync_differences, sync_plans
from babynames_assets.warehouse.engine import Connection, Engine, connect, run_in_transaction
from babynames_assets.warehouse.sync_plans import KeptPlan

_log = structlog.get_logger(__name__)

_SHOWN = 3


class PlanError(FatalError):
    """A sync may not begin as it was asked for; the message says which plan it needs."""


@dataclass(frozen=True)
class Approval:
    """What a sync may do.

    Attributes:
        plan: the plan that it carries out, if any.
        archives: contacts that it may archive by year, whatever the share.
    """

    plan: KeptPlan | None = None
    archives: Mapping[int, int] = field(default_factory=dict)


def push_approved(
    engine: Engine,
    client: HubSpotClient,
    years: Sequence[int],
    *,
    plan_id: str | None,
    run_id: str,
    options: PushOptions,
    on_batch: Callable[[PushReport], None],
) -> PushReport:
    """Push some years as a plan says, or without one where none is needed.

    Args:
        engine: the warehouse.
        client: HubSpot.
        years: the partitions to bring up to date.
        plan_id: the plan to carry out, or None.
        run_id: that of the push.
        options: those of the push.
        on_batch: that of the push.

    Raises:
        PlanError: a plan is needed, or this one does not hold; nothing is done.
    """
    approval = approve(engine, years, options=options, plan_id=plan_id)
    approved = replace(options, approved_archives=approval.archives)
    report = push_years(engine, client, years, run_id=run_id, options=approved, on_batch=on_batch)
    if approval.plan:
        _finish_if_done(engine, approval.plan, options.removed_contacts)
    return report


def approve(engine: Engine, years: Sequence[int], *, options: PushOptions, plan_id: str | None) -> Approval:
    """Decide whether a sync may begin, and enter that its plan is begun.

    Raises:
        PlanError: a plan is needed, or this one does not hold.
    """
    with connect(engine) as connection:
        begun = sync_plans.begun(connection)
    most = options.plan_required_above
    if plan_id is None and most is None and not begun:
        return Approval()
    picture = _read_picture(engine, years, options.removed_contacts)
    if plan_id is not None:
        plan = run_in_transaction(engine, lambda connection: _begin(connection, plan_id, years, picture))
        return _approval(plan, picture)
    for plan in begun:
        if _why_not(plan, years, picture, now=plan.made_at) is None:
            return _approval(plan, picture)
    if most is not None and picture.contacts > most:
        raise PlanError(
            f"This sync would write and archive {picture.contacts:,} contacts; more than {most:,} need a plan "
            f"(BABYNAMES_HUBSPOT__PLAN_REQUIRED_ABOVE). Run babynames sync plan --years {_range(years)}, look at it, "
            "and start the sync with its id: babynames sync run --plan ID, or plan_id in the run config of "
            "hubspot/contacts."
        )
    return Approval()


def _approval(plan: KeptPlan, picture: Picture) -> Approval:
    _log.info("plan_carried_out", plan_id=plan.plan_id, contacts=picture.contacts)
    return Approval(plan, {year: found.archive for year, found in picture.years.items() if found.archive})


def _begin(connection: Connection, plan_id: str, years: Sequence[int], picture: Picture) -> KeptPlan:
    plan = sync_plans.find(connection, plan_id)
    another = f"Make another: babynames sync plan --years {_range(years)}"
    if plan is None:
        raise PlanError(
            f"There is no plan {plan_id!r}: it is mistyped, of another warehouse, or so old that it was dropped. "
            f"{another}"
        )
    if reason := _why_not(plan, years, picture, now=clock.moment(connection)):
        raise PlanError(f"The plan {plan_id} {reason}. Nothing was sent. {another}")
    sync_plans.begin(connection, plan_id)
    return plan


def _why_not(plan: KeptPlan, years: Sequence[int], picture: Picture, *, now: dt.datetime) -> str | None:
    if plan.finished_at:
        return f"was carried out by {plan.finished_at:%Y-%m-%d %H:%M} UTC, and a plan is good for one sync"
    if not plan.begun_at and plan.expires_at < now:
        return f"expired at {plan.expires_at:%Y-%m-%d %H:%M} UTC"
    if missing := [year for year in years if not plan.covers(year)]:
        return f"is for {_range([plan.first_year, plan.last_year])}, not for {_range(missing)}"
    changes = changes_since(Picture.from_json(plan.picture), picture, years, is_begun=plan.begun_at is not None)
    if not changes:
        return None
    more = f"; and {len(changes) - _SHOWN} years more" if len(changes) > _SHOWN else ""
    return f"no longer holds: {'; '.join(changes[:_SHOWN])}{more}"


def _finish_if_done(engine: Engine, plan: KeptPlan, removed_contacts: Removed) -> None:
    """A plan of more years than this sync's is finished by the sync that does the last of them."""
    left = _read_picture(engine, range(plan.first_year, plan.last_year + 1), removed_contacts)
    if all(year.is_empty for year in left.years.values()):
        run_in_transaction(engine, lambda connection: sync_plans.finish(connection, plan.plan_id))
        _log.info("plan_finished", plan_id=plan.plan_id)


def _read_picture(engine: Engine, years: Sequence[int], removed_contacts: Removed) -> Picture:
    with connect(engine) as connection:
        differences = sync_differences.by_year(connection, years, MAPPING)
        return picture_of(connection, differences, removed_contacts)


def _range(years: Sequence[int]) -> str:
    first, last = min(years), max(years)
    return f"{first}" if first == last else f"{first}-{last}"
