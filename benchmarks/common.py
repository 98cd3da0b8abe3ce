"""What the benchmarks share: the examples' statements, and a stopwatch that takes the best of some repeats."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from assurance.loading import LoadedCase, load
from evidence.regions import RegionSet, expand
from evidence.specification import Statement

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


def best_of(repeats: int, work: Callable[[], object]) -> float:
    """Shortest time of some repeats, in seconds, after one repeat that is not counted."""
    work()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def statement_of(example: str, requirement: str) -> tuple[LoadedCase, Statement, RegionSet, bytes]:
    """The statement of one requirement of an example, its regions, and the network's bytes."""
    loaded = load(EXAMPLES / example)
    statement = loaded.claims[requirement].statement
    files = {item.declared: item.path for item in loaded.files}
    blobs = {digest: path.read_bytes() for digest, path in files.items()}
    return loaded, statement, expand(statement, blobs.__getitem__), blobs[statement.model]
