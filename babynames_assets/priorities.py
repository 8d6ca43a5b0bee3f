"""Which of the runs that wait begins first: new data before what a person can wait for, upkeep last."""

from typing import Final

_TAG: Final = "dagster/priority"

NEW_DATA: Final = {_TAG: "10"}
"""Tags of a run that brings new data nearer to HubSpot, or asks whether it has arrived."""

UPKEEP: Final = {_TAG: "-10"}
"""Tags of a run that is as good an hour later. What says nothing, as a person's runs and backfills, has 0."""
