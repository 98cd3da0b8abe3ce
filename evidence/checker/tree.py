"""Reading the tree of a region: tokens in pre-order to arrays that a walk can follow without recursion.

Both parts of a cut or split are closed and share the face; a separation leaves the part as it is and asks for one
clause of the condition first, then for the others. So whatever the tree, its leaves cover the region and the
condition. Whether a cut lies inside its part is for the walk to see. Not here: bounds, what is offered for leaves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evidence.checker.linear import Ints
from evidence.checker.rounding import Floats

LEAF, CUT, SPLIT, BOUNDS, SEPARATION = 0, 1, 2, 3, 4


@dataclass(frozen=True)
class Tree:
    """T entries, an array [T] of each:

    kind; item: input of a cut, neuron of a split counted over all Relus, or clause; at: coordinate of a cut; other:
    place of the second part of a cut, split or separation (the first stands next); leaf: number of the leaf; below:
    how many leaves stand in the tree that starts here. leaves: in all. inner: what entries of kind BOUNDS offer, by
    their place.
    """

    kind: NDArray[np.int8]
    item: Ints
    at: Floats
    other: Ints
    leaf: Ints
    below: Ints
    leaves: int
    inner: dict[int, list[Any]] = field(default_factory=dict)


def read(tokens: Sequence[Any] | None, inputs: int, relus: Sequence[int], splits: bool) -> Tree:
    """Read the entries of a tree. relus: number of neurons of each Relu node; splits: whether phases may be split.

    Raises ValueError when the tree is not well formed: also when entries are missing or left over.
    """
    tokens = [None] if tokens is None else tokens
    count = len(tokens)
    kind, item, other = np.zeros(count, np.int8), np.zeros(count, np.int64), np.zeros(count, np.int64)
    at = np.zeros(count)
    inner: dict[int, list[Any]] = {}
    waiting: list[int] = []
    open_parts = 1
    for i, token in enumerate(tokens):
        if not open_parts:
            raise ValueError("the tree has more entries than its cuts leave room for")
        if token is None:
            open_parts -= 1
            if waiting:
                other[waiting.pop()] = i + 1
            continue
        what, item[i], at[i] = _entry(token, inputs, relus, splits)
        kind[i] = what
        if what != BOUNDS:
            waiting.append(i)
            open_parts += 1
        elif token != "bounds":
            inner[i] = token[1]
    if open_parts:
        raise ValueError(f"{open_parts} parts of the tree are left open")
    end = list(range(1, count + 1))  # place behind the tree that starts here
    for i, what in zip(range(count - 1, -1, -1), reversed(kind.tolist()), strict=True):
        if what != LEAF:
            end[i] = end[i + 1] if what == BOUNDS else end[other[i]]
    before = np.concatenate([[0], np.cumsum(kind == LEAF)])
    below = before[np.array(end)] - before[:-1]
    return Tree(kind, item, at, other, before[:-1], below, int(before[-1]), inner)


def _entry(token: Any, inputs: int, relus: Sequence[int], splits: bool) -> tuple[int, int, float]:
    """Kind, item and coordinate of an entry that is no leaf."""
    match token:
        case [axis, place] if type(axis) is int and type(place) in (int, float):
            if not 0 <= axis < inputs or not abs(place) < 1e300:
                raise ValueError(f"a cut of input {axis!s:.20} at {place!s:.20} of {inputs} inputs")
            return CUT, axis, place
        case ["clause", number] if type(number) is int:
            if not 0 <= number < 2**31:
                raise ValueError(f"clause {number!s:.20} does not exist")
            return SEPARATION, number, 0.0
        case ["relu", k, j]:
            if not splits:
                raise ValueError("phases are split only where Relu is the network's only non-linearity")
            if type(k) is not int or type(j) is not int or not (0 <= k < len(relus) and 0 <= j < relus[k]):
                raise ValueError(f"a split of neuron {j!s:.20} of Relu {k!s:.20}, which the network does not have")
            return SPLIT, sum(relus[:k]) + j, 0.0
        case "bounds" | ["bounds", list()]:
            return BOUNDS, 0, 0.0
    raise ValueError('an entry of the tree is neither null, [input, at], ["relu", k, j], ["clause", c] nor "bounds"')
