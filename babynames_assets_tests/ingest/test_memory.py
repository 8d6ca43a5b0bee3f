"""The setting for memory decides the size of everything that a scan holds."""

import polars as pl
import pytest

from babynames_assets.ingest.lines import MAX_LINE_BYTES
from babynames_assets.ingest.memory import MIB, bytes_of, plan_for


@pytest.mark.parametrize("mib", [64, 256, 4096])
def test_what_is_held_at_once_stays_within_the_setting(mib: int) -> None:
    """What waits, two batches with room for their sorted copies, and the blocks that are judged."""
    plan = plan_for(mib)
    assert plan.held_bytes + 2 * 4 * plan.year_bytes <= mib * MIB
    assert plan.held_bytes + 2 * 30 * plan.block_bytes <= mib * MIB
    assert plan.batch_bytes < plan.year_bytes


def test_the_least_setting_has_room_for_the_longest_line() -> None:
    """A block that is smaller than a line would make no sense."""
    assert plan_for(64).block_bytes >= 2 * MAX_LINE_BYTES


def test_the_bytes_of_a_frame_count_what_stands_for_each_text() -> None:
    """A number takes its own size, a text sixteen bytes beside its letters."""
    assert bytes_of(pl.DataFrame({"line": [1, 2]}, schema={"line": pl.Int64})) == 16
    assert bytes_of(pl.DataFrame({"name": ["Ann", "Zoe"]})) >= 32
