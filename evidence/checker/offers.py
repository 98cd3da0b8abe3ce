"""What a certificate offers for leaves and inner bounds: JSON values to arrays of multipliers.

Only shapes, types and the sign of weights are examined: any slopes and betas give valid bounds.
All functions raise ValueError for a value that is not of the form in docs/certificates.md.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evidence.checker.linear import Ints
from evidence.checker.rounding import Floats


@dataclass(frozen=True)
class Entry:
    """For one clause of one leaf. rows, weights: numbers and weights of the clause's rows; betas: [splits above] or
    None; slopes: for each Relu node [neurons] (NaN: by the rule) or None."""

    clause: int
    rows: Ints
    weights: Floats
    betas: Floats | None
    slopes: list[Floats | None]


def entries(value: Any, clauses: Ints, splits: int, relus: Sequence[int]) -> list[Entry]:
    """What is offered for a leaf: at most one entry for each clause.

    clauses: [rows] number of each row's clause; splits: phases split above the leaf; relus: neurons of each Relu.
    """
    if value is None:
        return []
    count = int(clauses.max()) + 1
    if type(value) is not list or len(value) != count:
        raise ValueError(f"what is offered for a leaf is not a list for {count} clauses")
    found = []
    for clause, item in enumerate(value):
        if item is None:
            continue
        if type(item) is not list or len(item) != 3:
            raise ValueError("what is offered for a clause is not [weights, betas, slopes]")
        weights, betas, slopes = item
        rows = np.flatnonzero(clauses == clause)
        given = None if betas is None else numbers(betas, splits, "betas")
        found.append(Entry(clause, rows, _weights(weights, len(rows)), given, layers(slopes, relus)))
    return found


def _weights(value: Any, rows: int) -> Floats:
    if type(value) is int:
        if not 0 <= value < rows:
            raise ValueError(f"weights name row {value!s:.20} of {rows}")
        found = np.zeros(rows)
        found[value] = 1.0
        return found
    found = numbers(value, rows, "weights")
    if not (found >= 0).all():
        raise ValueError("weights must be numbers that are not negative")
    return found


def layers(value: Any, relus: Sequence[int]) -> list[Floats | None]:
    """Slopes: None, or a list with None, numbers [neurons] or packed numbers for each Relu node."""
    if value is None:
        return [None] * len(relus)
    if type(value) is not list or len(value) != len(relus):
        raise ValueError(f"slopes are not given for {len(relus)} Relu nodes")
    return [None if part is None else _slopes(part, width) for part, width in zip(value, relus, strict=True)]


def _slopes(value: Any, width: int) -> Floats:
    """Slopes of one layer: a list of numbers and nulls, or a text in base64 with a byte of 255ths for each."""
    if type(value) is not str:
        return numbers(value, width, "slopes", gaps=True)
    try:
        found = np.frombuffer(base64.b64decode(value, validate=True), dtype=np.uint8)
    except ValueError:
        raise ValueError("slopes are no text in base64") from None
    if len(found) != width:
        raise ValueError(f"slopes are packed for {len(found)} neurons of {width}")
    return found / 255.0


def numbers(value: Any, count: int, what: str, gaps: bool = False) -> Floats:
    """A list of numbers [count]; gaps: null becomes NaN. No infinity, no other NaN."""
    if type(value) is not list or len(value) != count:
        raise ValueError(f"{what} are not a list of {count} numbers")
    if gaps:
        value = [math.nan if part is None else part for part in value]
    try:
        found = np.array(value) if value else np.empty(0)
    except ValueError:  # lists of different lengths in it
        found = np.empty(0, dtype=object)
    if found.dtype.kind not in "iuf" or found.shape != (count,):
        raise ValueError(f"{what} are not a list of {count} numbers")
    found = found.astype(np.float64)
    if np.isinf(found).any():
        raise ValueError(f"{what} are not finite")
    return found


@dataclass(frozen=True)
class Inner:
    """Offered slopes for bounds of single neurons of one Relu: neuron [E], side [E] (1 from below, -1 from above),
    slopes: for each earlier Relu node [E, neurons] (NaN: by the rule)."""

    neuron: Ints
    side: Floats
    slopes: list[Floats]


def inner(items: list[Any], relus: Sequence[int]) -> dict[int, Inner]:
    """By Relu node, what a "bounds" entry offers: a list of [k, j, side, slopes]."""
    listed: dict[int, list[tuple[int, int, list[Floats | None]]]] = {}
    for item in items:
        if type(item) is not list or len(item) != 4 or any(type(number) is not int for number in item[:3]):
            raise ValueError("slopes for inner bounds are not [k, j, side, slopes]")
        k, j, side, slopes = item
        if not (0 <= k < len(relus) and 0 <= j < relus[k] and side in (1, -1)):
            raise ValueError(f"neuron {j!s:.20} of Relu {k!s:.20} or side {side!s:.20} does not exist")
        listed.setdefault(k, []).append((j, side, layers(slopes, relus[:k])))
    found = {}
    for k, entries in listed.items():
        neuron, side, slopes = zip(*entries, strict=True)
        each = [stacked([row[m] for row in slopes], width) for m, width in enumerate(relus[:k])]
        found[k] = Inner(np.array(neuron), np.array(side, dtype=np.float64), each)
    return found


def stacked(rows: Sequence[Floats | None], width: int) -> Floats:
    """Rows [Q, width]; NaN throughout where a row is None."""
    found = np.full((len(rows), width), np.nan)
    for number, row in enumerate(rows):
        if row is not None:
            found[number] = row
    return found
