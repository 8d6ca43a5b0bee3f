"""A sign of life for somebody outside: when it ends, what would tell of trouble is itself in trouble."""

from babynames_assets.notifications.opening import patience
from babynames_assets.notifications.web import get
from babynames_assets.settings import Settings
from babynames_assets.warehouse import delivery_reviews
from babynames_assets.warehouse.engine import Engine, connect


def reason_for_silence(engine: Engine) -> str | None:
    """Why no sign is given, although this process lives; None when all is well."""
    with connect(engine) as connection:
        dead = delivery_reviews.counts(connection).get("dead", 0)
    if dead:
        return f"{dead:,} message(s) could not be delivered: babynames notify list --status dead"
    return None


def beat(settings: Settings) -> str | None:
    """Give the sign; None where nobody waits for one.

    Raises:
        RetryableError: nobody answers now.
        FatalError: the address is of no use.
    """
    url = settings.notifications.heartbeat_url
    if url is None:
        return None
    return str(get(url, what="The heartbeat's address", patience=patience(settings.notifications)))
