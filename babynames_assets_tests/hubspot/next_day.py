"""The account's next day, without waiting for it: nothing is spent, and no call is paused any more."""

from babynames_assets.warehouse.engine import Engine, run_in_transaction
from babynames_assets.warehouse.tables import daily_budgets


def begin_next_day(engine: Engine) -> None:
    """Let the books of calls be those of a new day."""
    fresh = daily_budgets.update().values(spent=0, paused_until=None, pause_reason=None)
    run_in_transaction(engine, lambda connection: connection.execute(fresh).close())
