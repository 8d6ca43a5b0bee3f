"""What is said where nothing begins by itself."""

OFF = (
    "Nothing begins by itself here. BABYNAMES_AUTOMATION__ENABLED=true lets it; in staging and production, and under "
    "`make dev` while HubSpot is emulated, it is so without the setting."
)
