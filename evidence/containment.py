"""Which regions of a statement a known execution refutes: its input lies inside, its outputs break the condition there.

An execution is a float32 input with the outputs that a runtime gave, as a counterexample of any record holds it. A quick
look at the widened boxes of `expand`, which contain the stated regions, leaves few pairs; for those the exact tests of
replay.py decide. Not here: executing anything (replay.py); which records speak of the same network
(assurance/counterexamples.py).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from evidence.regions import Floats, RegionSet
from evidence.replay import lies_inside, violated_in
from evidence.specification import Statement

Singles = NDArray[np.float32]
_PAIRS = 1 << 21
"""So many pairs of input and region are looked at together."""


def singles(values: tuple[float, ...]) -> Singles | None:
    """Numbers as float32, or None where one of them is no float32 number: then no runtime computed with them."""
    with np.errstate(over="ignore"):
        found = np.array(values, dtype=np.float64).astype(np.float32)
    same = np.isfinite(found).all() and found.astype(np.float64).tolist() == list(values)
    return found if same else None


def candidates(regions: RegionSet, inputs: Singles) -> Iterator[tuple[int, int]]:
    """Pairs (input, region) that may lie inside each other, for inputs [E, n]: all that do, and few others.

    Raises nothing: inputs of another width than the regions' lie in none of them.
    """
    if inputs.ndim != 2 or not len(inputs) or inputs.shape[1] != regions.lower.shape[1]:
        return
    order = _telling_first(regions)
    at_once = max(1, _PAIRS // len(regions))
    for start in range(0, len(inputs), at_once):
        points = inputs[start : start + at_once].astype(np.float64)
        first = points[:, order[0], None]
        which, where = np.nonzero((regions.lower[:, order[0]] <= first) & (first <= regions.upper[:, order[0]]))
        done = 1
        while len(which) and done < len(order):
            columns = order[done : done + max(1, _PAIRS // len(which))]
            there = points[which[:, None], columns]
            rows = where[:, None]
            inside = ((regions.lower[rows, columns] <= there) & (there <= regions.upper[rows, columns])).all(axis=1)
            which, where = which[inside], where[inside]
            done += len(columns)
        yield from zip((which + start).tolist(), where.tolist(), strict=True)


def _telling_first(regions: RegionSet) -> NDArray[np.int64]:
    """The inputs in an order in which the first ones tell most regions apart: far spread, narrow intervals."""
    widths: Floats = (regions.upper / 2 - regions.lower / 2).mean(axis=0)
    spread: Floats = regions.centers.max(axis=0) / 2 - regions.centers.min(axis=0) / 2
    with np.errstate(over="ignore"):
        return np.argsort(-spread / (widths + np.finfo(np.float64).tiny), kind="stable")


def refutes(statement: Statement, regions: RegionSet, region: int, x: Singles, output: Singles) -> bool:
    """Exact test that an execution with input [n] and outputs [m] is a counterexample in a region, as `replay` has it.

    Only of the network itself: a smoothed classifier is another function, and nothing here speaks of it.
    """
    return violated_in(statement, regions, region, x, output) and lies_inside(statement, regions, region, x)
