"""Starts a process in two thirds of the time: Python's garbage collector rests while modules are imported.

Imports make half a million objects that live until the process ends. The collector would look through all of them again
and again while they are made, and once more at the end, and find nothing.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collecting() -> Iterator[None]:
    """Collect nothing inside the block, and never look at what was made in it."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
