"""What the asset checks hold the data to; ``settings.py`` reads it, ``docs/settings.md`` lists it."""

from pydantic import Field

from babynames_assets.setting_groups import SettingGroup, Share


class QualitySettings(SettingGroup):
    """What the asset checks hold the data to."""

    max_rejected_share: Share = Field(
        default=0.05,
        description="A year of which a larger share of the lines is rejected does not reach the table "
        "(ten lines are never too many).",
    )
    min_share_of_year_before: Share = Field(
        default=0.75,
        description="A year with fewer rows than this share of the year before it does not reach the table "
        "(twenty rows are never too few).",
    )
    min_share_of_last_load: Share = Field(
        default=0.95,
        description="A year with fewer rows than this share of what the table holds of it does not reach the table "
        "(twenty rows are never too few).",
    )
    max_z: float = Field(
        default=7,
        gt=0,
        description="A year whose births change otherwise than its rows by more robust standard deviations than this, "
        "as the years around it do, is shown as a warning.",
    )
    fresh_hours: float = Field(
        default=4,
        gt=0,
        description="Hours within which a release must be in the table and in HubSpot.",
    )
