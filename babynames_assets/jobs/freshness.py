"""``check_freshness_job``: asks whether the newest release has arrived, also while nothing else runs."""

import dagster as dg

from babynames_assets.assets import hubspot as hubspot_assets
from babynames_assets.checks.hubspot import FRESHNESS
from babynames_assets.priorities import NEW_DATA

check_freshness_job = dg.define_asset_job(
    "check_freshness_job",
    selection=dg.AssetSelection.checks(dg.AssetCheckKey(hubspot_assets.KEY, FRESHNESS)),
    description="Asks whether the newest release is in the table and in HubSpot, of all years; changes nothing.",
    tags=NEW_DATA,
)
