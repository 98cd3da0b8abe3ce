"""Pausing the search for reference cycles while something is built that stays.

Reading a case of 10,000 records makes millions of objects, none of them garbage. Python walks all of them again and
again to find that out, which takes as long as the reading. Memory is freed by reference counts as ever.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def cycles_left_alone() -> Iterator[None]:
    """As decorator or context: no search for cycles inside; outside, all is as it was."""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()
