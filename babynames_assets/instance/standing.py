"""Whether Dagster's instance is as it should be: what ``babynames doctor`` says of it.

Each examination returns what is good as a sentence, and raises FatalError with what is wrong and how to mend it.
"""

import datetime as dt
import time
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

import dagster as dg
import requests
import sqlalchemy as sa
from dagster._core.storage.dagster_run import FINISHED_STATUSES

from babynames_assets.errors import FatalError
from babynames_assets.instance.launcher import WatchfulRunLauncher
from babynames_assets.instance.opening import open_instance
from babynames_assets.instance.storage import VARIABLE, pool_of
from babynames_assets.instance.text_columns import short_columns
from babynames_assets.instance.vigil import last_sign
from babynames_assets.instance.workers import is_alive
from babynames_assets.settings import Settings

POOLS = ("warehouse", "hubspot")

_SERVED = ("production", "staging")
_LONGEST_DIFFERENCE = 60.0
_HEARTBEAT_SECONDS = 120.0
"""A daemon's heartbeats are half a minute apart."""
_PROBE_SECONDS = 10.0

Examination = Callable[[dg.DagsterInstance, Settings], str]


def examinations() -> Mapping[str, Callable[[Settings], str]]:
    """All examinations, by what they look at."""
    return {f"Dagster's {name}": _on_the_instance(look) for name, look in _LOOKS.items()}


def _on_the_instance(look: Examination) -> Callable[[Settings], str]:
    def examine(settings: Settings) -> str:
        with open_instance(settings) as instance:
            return look(instance, settings)

    return examine


def storage(instance: dg.DagsterInstance, settings: Settings) -> str:
    """It answers, over a pool; its schema, its columns and its clock are in order."""
    _require_migrated(instance)
    pool = pool_of(instance)
    if pool is None:
        kind = urlsplit(str(getattr(instance.run_storage, "mysql_url", ""))).scheme
        if kind:
            raise FatalError(
                "Dagster opens a connection for each query, without limits of time: name PooledMySQLStorage in "
                f"dagster.yaml, as deploy/dagster.yaml does, and set {VARIABLE}."
            )
        if settings.environment in _SERVED:
            raise FatalError(
                f"Dagster keeps SQLite files, in the environment {settings.environment}: use deploy/dagster.yaml."
            )
        return "SQLite files, schema up to date"
    if short := short_columns(pool):
        names = ", ".join(str(column) for column in short)
        raise FatalError(
            f"These columns hold 64 KiB, and a large check would fail its run: {names}. Run: babynames instance widen"
        )
    return f"{pool.url.render_as_string()}, pooled, schema up to date, {_clock(pool)}"


def _require_migrated(instance: dg.DagsterInstance) -> None:
    for part in (instance.run_storage, instance.event_log_storage, instance.schedule_storage):
        found = part.alembic_version() if part else None
        if found and found[0] != found[1]:
            raise FatalError(
                f"The schema of Dagster's storage is {found[0]}, and this version of Dagster needs {found[1]}. Stop "
                "Dagster and run: dagster instance migrate"
            )


def _clock(pool: sa.Engine) -> str:
    query = sa.text("SELECT @@session.time_zone, UNIX_TIMESTAMP(SYSDATE(6))")
    with pool.connect() as connection:
        zone, moment = connection.execute(query).one()
    difference = float(moment) - time.time()
    if zone != "+00:00" or abs(difference) > _LONGEST_DIFFERENCE:
        raise FatalError(
            f"The clock of the database's server differs from this machine's by {difference:.0f} s (its sessions are "
            f"in {zone}): ticks and runs would be sorted wrongly. Synchronise both by NTP."
        )
    return "in UTC"


def limits(instance: dg.DagsterInstance, settings: Settings) -> str:  # noqa: ARG001 - as the others
    """dagster.yaml says what the graph relies on."""
    missing = [
        what
        for what, is_so in {
            "run_launcher: WatchfulRunLauncher": isinstance(instance.run_launcher, WatchfulRunLauncher),
            "run_monitoring: enabled": instance.run_monitoring_enabled,
            "run_monitoring: free_slots_after_run_end_seconds": bool(
                instance.run_monitoring_settings.get("free_slots_after_run_end_seconds")
            ),
            "run_retries: retry_on_asset_or_op_failure: false": not (
                instance.run_retries_enabled and instance.run_retries_retry_on_asset_or_op_failure
            ),
            "concurrency: pools": bool(instance.get_concurrency_config().pool_config.default_pool_limit),
            "retention": bool(instance.get_settings("retention")),
        }.items()
        if not is_so
    ]
    if missing:
        raise FatalError(f"dagster.yaml lacks: {'; '.join(missing)}. Take them over from deploy/dagster.yaml.")
    queue = instance.get_concurrency_config().run_queue_config
    runs = queue.max_concurrent_runs if queue else "any number of"
    return f"{runs} runs at a time; {_pools(instance)}; dead runs are noticed, lasting failures not tried again"


def _pools(instance: dg.DagsterInstance) -> str:
    default = instance.get_concurrency_config().pool_config.default_pool_limit
    known = {pool.name: pool.limit for pool in instance.event_log_storage.get_pool_limits()}
    return ", ".join(f"pool {name}: {known.get(name, default)}" for name in POOLS)


def daemons(instance: dg.DagsterInstance, settings: Settings) -> str:
    """The daemon shows that it lives, and met no error."""
    beats = instance.get_daemon_heartbeats()
    needed = instance.get_required_daemon_types()
    now = time.time()
    silent = sorted(kind for kind in needed if kind not in beats or now - beats[kind].timestamp > _HEARTBEAT_SECONDS)
    failing = sorted(kind for kind in needed if kind not in silent and beats[kind].errors)
    if failing:
        raise FatalError(f"The daemon meets errors in {', '.join(failing)}: read its log.")
    if not silent:
        return f"{len(needed)} parts of the daemon live"
    last = max((beat.timestamp for beat in beats.values()), default=None)
    since = f"since {dt.datetime.fromtimestamp(last, dt.UTC):%Y-%m-%d %H:%M:%S} UTC" if last else "yet"
    if settings.environment in _SERVED or len(silent) < len(needed):
        raise FatalError(
            f"No sign of life {since} from: {', '.join(silent).lower()}. Nothing is scheduled, queued or watched "
            "without it. Run one: dagster-daemon run"
        )
    return f"no daemon runs (none {since}); make dev runs one"


def runs(instance: dg.DagsterInstance, settings: Settings) -> str:  # noqa: ARG001 - as the others
    """No run is under way without a process, and no slot of a pool is held by one that has ended."""
    under_way = instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))
    dead = [run.run_id for run in under_way if (sign := last_sign(instance, run.run_id)) and is_alive(sign) is False]
    if dead:
        raise FatalError(
            f"These runs are STARTED, and their processes have ended: {', '.join(dead)}. The daemon fails them within "
            "two minutes; without a daemon terminate them in the UI."
        )
    holders = set(instance.event_log_storage.get_concurrency_run_ids())
    ended = instance.get_runs(dg.RunsFilter(run_ids=sorted(holders), statuses=FINISHED_STATUSES)) if holders else []
    if ended:
        names = ", ".join(run.run_id for run in ended)
        raise FatalError(
            f"Slots of pools are held by runs that have ended: {names}. The daemon frees them within seconds; by hand "
            "in the UI: Deployment, Concurrency, Free all slots."
        )
    return f"{len(under_way)} under way, each with its process; {len(holders)} hold slots of pools"


def webserver(instance: dg.DagsterInstance, settings: Settings) -> str:  # noqa: ARG001 - as the others
    """It answers by itself, and not with the page of the UI, which comes from a cache or a proxy as well."""
    if not settings.notifications.ui_url:
        return "not looked at: BABYNAMES_NOTIFICATIONS__UI_URL does not say where it is"
    url = f"{settings.notifications.ui_url.rstrip('/')}/server_info"
    try:
        answer = requests.get(url, timeout=_PROBE_SECONDS)
        versions = answer.json() if answer.ok else {}
    except requests.JSONDecodeError:
        versions = {}
    except requests.RequestException as error:
        raise FatalError(
            f"{url} does not answer ({type(error).__name__}): start dagster-webserver there, or correct "
            "BABYNAMES_NOTIFICATIONS__UI_URL."
        ) from error
    version = versions.get("dagster_webserver_version") if isinstance(versions, dict) else None
    if not version:
        raise FatalError(
            f"{url} answers {answer.status_code}, and not as Dagster's webserver does: correct "
            "BABYNAMES_NOTIFICATIONS__UI_URL, or let what stands before it pass this path on."
        )
    return f"version {version} answers at {url}"


_LOOKS: dict[str, Examination] = {
    "storage": storage,
    "limits": limits,
    "daemon": daemons,
    "runs": runs,
    "webserver": webserver,
}
