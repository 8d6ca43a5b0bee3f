"""The table of HubSpot's answers: what each one means for the sync. ``docs/guides/hubspot-answers.md`` shows it.

Sources: developers.hubspot.com, error handling and usage guidelines; recorded traffic for what they leave out, for
example that 429 comes without Retry-After.
"""

from dataclasses import dataclass
from enum import Enum

from babynames_assets.hubspot.wire import ErrorBody

SCOPES = "crm.objects.contacts.read, crm.objects.contacts.write and crm.schemas.contacts.write"


class Action(Enum):
    """What the sync does about an answer."""

    GO_ON = "goes on"
    TRY_AGAIN = "tries again"
    SLOW_DOWN = "tries again, and for a while no process calls"
    WAIT_OR_PAUSE = "tries again; pauses if it has to wait for more than a minute"
    PAUSE = "pauses until the account's next day"
    HALVE = "halves the batch down to the culprits, which become dead letters"
    CHANGE_LOGIN = "tries again if there is another token, else stops"
    STOP = "stops"


@dataclass(frozen=True)
class Rule:
    """A line of the table.

    Attributes:
        first: the lowest HTTP status that it is about.
        last: the highest one.
        action: what the sync does.
        meaning: what the answer says, and what helps.
        wait: seconds until the next try where HubSpot does not say; None: the client's own, doubled each time.
        policy: only with this ``policyName``; or, where an answer names none,
        words: only with these words in its message.
    """

    first: int
    last: int
    action: Action
    meaning: str
    wait: float | None = None
    policy: str = ""
    words: str = ""

    def is_about(self, status: int, error: ErrorBody) -> bool:
        """Whether an answer is meant."""
        if not self.first <= status <= self.last:
            return False
        policy = str(error.get("policyName") or "").upper()
        if self.policy and policy:
            return policy == self.policy
        return self.words in str(error.get("message") or "")


def rule_for(status: int, error: ErrorBody) -> Rule:
    """The first line that is about an answer."""
    return next(rule for rule in RULES if rule.is_about(status, error))


RULES = (
    Rule(200, 299, Action.GO_ON, "Done. A contact that the answer does not name is sent once more."),
    Rule(300, 399, Action.STOP, "The API does not redirect: check BABYNAMES_HUBSPOT__BASE_URL."),
    # Bisecting would blame a hundred contacts for a property that is not unique.
    Rule(400, 400, Action.STOP, "Contacts cannot be found by a property that is not unique.", words="by non-unique"),
    Rule(400, 400, Action.HALVE, "The request holds something that HubSpot does not accept."),
    Rule(
        401,
        401,
        Action.CHANGE_LOGIN,
        "The token is unknown, revoked or expired: set BABYNAMES_HUBSPOT__TOKEN to a valid service key or private-app "
        f"token with the scopes {SCOPES}.",
    ),
    Rule(
        403,
        403,
        Action.STOP,
        f"The token lacks a scope: give its service key, private app or OAuth app the scopes {SCOPES}.",
    ),
    Rule(
        404,
        404,
        Action.STOP,
        "There is nothing at this path: check BABYNAMES_HUBSPOT__BASE_URL and BABYNAMES_HUBSPOT__API_VERSION.",
    ),
    Rule(408, 408, Action.TRY_AGAIN, "HubSpot waited too long for the request."),
    Rule(409, 409, Action.HALVE, "The request conflicts with what HubSpot holds."),
    Rule(413, 413, Action.HALVE, "The request is too large."),
    Rule(422, 422, Action.HALVE, "The request holds something that HubSpot does not accept."),
    Rule(423, 423, Action.TRY_AGAIN, "HubSpot locked the contacts for a moment (2 s).", wait=2.0),
    Rule(
        429,
        429,
        Action.PAUSE,
        "HubSpot accepts no more calls of this account today.",
        policy="DAILY",
        words="daily limit",
    ),
    Rule(
        429,
        429,
        Action.SLOW_DOWN,
        "The calls of this second are spent, and something else spends them too.",
        wait=1.0,
        policy="SECONDLY",
        words="your secondly limit",
    ),
    Rule(
        429,
        429,
        Action.SLOW_DOWN,
        "The calls of these ten seconds are spent: something else spends them too, or BABYNAMES_HUBSPOT__TIER is too "
        "high.",
        wait=10.0,
    ),
    Rule(
        477,
        477,
        Action.WAIT_OR_PAUSE,
        "HubSpot is moving the account to another data centre; it can take a day.",
        wait=60.0,
    ),
    Rule(525, 526, Action.STOP, "TLS failed at HubSpot's edge: another try does not mend it; see status.hubspot.com."),
    Rule(500, 599, Action.TRY_AGAIN, "HubSpot could not answer."),
    Rule(100, 999, Action.STOP, "This status is not part of the API: check BABYNAMES_HUBSPOT__BASE_URL."),
)
