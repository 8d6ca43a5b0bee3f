"""A sign of life for somebody outside, who tells when it ends: a dead-man's switch."""

import dagster as dg

from babynames_assets.errors import BabynamesError
from babynames_assets.notifications.heartbeat import beat, reason_for_silence
from babynames_assets.settings import Settings
from babynames_assets.warehouse.engine import Engine

_WATCHED = ("failed_runs", "failed_checks", "standing_troubles", "notifications_due")


@dg.sensor(
    minimum_interval_seconds=300,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="All that tells of trouble works: BABYNAMES_NOTIFICATIONS__HEARTBEAT_URL is called.",
)
def heartbeat(
    context: dg.SensorEvaluationContext, settings: dg.ResourceParam[Settings], warehouse: dg.ResourceParam[Engine]
) -> dg.SkipReason:
    """Give the sign, unless what tells of trouble is itself in trouble."""
    if settings.notifications.heartbeat_url is None:
        return dg.SkipReason("Nobody waits for a sign: BABYNAMES_NOTIFICATIONS__HEARTBEAT_URL is not set.")
    if reason := reason_for_silence(warehouse) or _why_sensors_do_not_work(context.instance):
        return dg.SkipReason(f"Silent, so that somebody looks: {reason}")
    try:
        return dg.SkipReason(f"The sign was taken: {beat(settings)}")
    except BabynamesError as error:
        return dg.SkipReason(f"The sign was not taken: {error}")


def _why_sensors_do_not_work(instance: dg.DagsterInstance) -> str | None:
    for state in instance.all_instigator_state():
        if state.instigator_name not in _WATCHED:
            continue
        if not state.is_running:
            return f"the sensor {state.instigator_name} is stopped."
        [*newest] = instance.get_ticks(state.instigator_origin_id, state.selector_id, limit=1)
        if newest and newest[0].is_failure:
            return f"the last tick of the sensor {state.instigator_name} failed."
    return None
