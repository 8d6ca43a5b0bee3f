"""The states of a dead letter, and what leads from one to the next.

    (none) --fail--> open --claim--> retrying --fail--> open
                      |                 |  ^-- release or an ended claim: open again
                      |                 +-----resolve--> resolved
                      +--resolve--> resolved --fail--> open
                      +--discard--> discarded --retry, or fail for another reason--> open

A claim is for a time: when that is over, a letter that is still retrying counts as open, because the redrive that took
it has died.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

Status = Literal["open", "retrying", "resolved", "discarded"]
Change = Literal["fail", "claim", "release", "resolve", "discard", "retry"]

STATUSES: tuple[Status, ...] = ("open", "retrying", "resolved", "discarded")

UNSETTLED: tuple[Status, ...] = ("open", "retrying")
"""Something is still to be done about these."""

_CHANGES: Mapping[Change, Mapping[Status, Status]] = MappingProxyType(
    {
        "fail": {"open": "open", "retrying": "open", "resolved": "open", "discarded": "open"},
        "claim": {"open": "retrying"},
        "release": {"retrying": "open"},
        "resolve": {"open": "resolved", "retrying": "resolved"},
        "discard": {"open": "discarded"},
        "retry": {"open": "open", "discarded": "open"},
    }
)


def status_after(
    change: Change, status: Status, *, claim_has_ended: bool = False, is_same_reason: bool = False
) -> Status | None:
    """What a change makes of a letter; None when it does not apply to it.

    Args:
        change: what happens.
        status: what the letter is.
        claim_has_ended: nobody holds the letter any more, although it is retrying.
        is_same_reason: it fails in the words in which it failed before: what a person discarded stays discarded.
    """
    if change == "fail" and status == "discarded" and is_same_reason:
        return "discarded"
    after = _CHANGES[change].get(status)
    if after is None and status == "retrying" and claim_has_ended:
        return _CHANGES[change].get("open")
    return after
