"""How HubSpot's calls stand, in words: what of the day is spent, whether calls are paused, whether HubSpot is down."""

from babynames_assets.clients import daily_terms
from babynames_assets.errors import RetryableError
from babynames_assets.hubspot.limits import ACCOUNT
from babynames_assets.settings import Settings
from babynames_assets.warehouse import circuit_breakers, daily_budgets
from babynames_assets.warehouse.engine import Engine, connect


def describe_calls(settings: Settings, engine: Engine) -> str:
    """What the books of all processes say.

    Raises:
        RetryableError: HubSpot failed so often that it is left alone for now.
    """
    circuit, _ = circuit_breakers.read(engine, ACCOUNT)
    if not circuit.is_closed:
        raise RetryableError(
            f"HubSpot has not answered since {circuit.failing_since:%Y-%m-%d %H:%M:%S} UTC, {circuit.failures} times "
            f"in a row: no call is made before {circuit.open_until:%H:%M:%S} UTC, then one tries it. If this lasts, "
            "look at status.hubspot.com, and check the network and BABYNAMES_HUBSPOT__BASE_URL."
        )
    with connect(engine) as connection:
        budget = daily_budgets.read(connection, ACCOUNT)
    if budget is None:
        return "none was made yet"
    left = budget.left(daily_terms(settings))
    spent = f"{budget.spent:,} of {budget.day} are spent"
    allowed = f", {left:,} may still be" if left is not None else ", and days are not counted"
    if budget.paused_until:
        return f"{spent}; paused until {budget.paused_until:%Y-%m-%d %H:%M:%S} UTC: {budget.pause_reason}"
    return spent + allowed
