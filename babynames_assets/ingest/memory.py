"""How much a scan holds at once, as the setting ``BABYNAMES_INGEST__MEMORY_MIB`` allows.

While blocks are judged, two at a time, candidates wait in memory; while candidates are resolved, two batches at a time,
the rest of them still waits. A block that is judged line by line takes many times its bytes, candidates that are
resolved a few times theirs; the shares leave room for that.
"""

from dataclasses import dataclass

import polars as pl

MIB = 2**20

_STRING_VIEW_BYTES = 16


@dataclass(frozen=True)
class MemoryPlan:
    """What a scan holds at once.

    Attributes:
        block_bytes: bytes of the file in one block.
        held_bytes: candidates that wait in memory before they go to disk.
        batch_bytes: candidates of several years that are resolved together.
        year_bytes: candidates of one year that are; those of a larger one are resolved in ranges of keys.
    """

    block_bytes: int
    held_bytes: int
    batch_bytes: int
    year_bytes: int


def plan_for(memory_mib: int) -> MemoryPlan:
    """Divide the memory that the setting allows."""
    memory = memory_mib * MIB
    return MemoryPlan(
        block_bytes=memory // 128,
        held_bytes=memory * 5 // 16,
        batch_bytes=memory // 32,
        year_bytes=memory // 16,
    )


def bytes_of(frame: pl.DataFrame) -> int:
    """Bytes that a frame takes in memory; Polars' own estimate leaves out the views by which it finds strings."""
    strings = sum(dtype == pl.String for dtype in frame.dtypes)
    return int(frame.estimated_size()) + _STRING_VIEW_BYTES * strings * frame.height
