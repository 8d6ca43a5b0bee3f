"""Dead letters over the threshold, as news."""

from babynames_assets.letters.standing import Standing
from babynames_assets.notifications.news import News
from babynames_assets.notifications.sightings import Sighting

KEY = "dead_letters/open"

_WHAT_TO_DO = "babynames dead-letters list shows them; docs/guides/dead-letters.md says what helps"


def sighting(found: Standing) -> Sighting:
    """Whether too many letters are open."""
    return Sighting(KEY, frozenset(), _news(found) if found.is_alert else None)


def _news(found: Standing) -> News:
    reasons = found.reasons[:1]
    most = f", most of them ({reasons[0].letters:,}) because: {reasons[0].example}" if reasons else ""
    return News(
        kind="dead_letters",
        title=f"{found.letters:,} dead letters are open, more than {found.alert_above:,}",
        where="hubspot/contacts",
        why=f"{found.for_a_person:,} of them wait for a person{most}",
        what_to_do=_WHAT_TO_DO,
        path="/assets/hubspot/contacts?view=checks",
    )
