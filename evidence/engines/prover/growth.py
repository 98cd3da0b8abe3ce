"""The growing partition of the regions: which node was cut or split where, and the pre-order entries in the end.

Nodes are numbers; columns grow by blocks, because a search may make a million of them. A node is bounded (the
checker is told to derive bounds there), then may lose slabs on which the condition is shown already, then is a leaf,
a cut across an input, a split by a neuron's phase, or a separation of clauses.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evidence.engines.certificate import BOUNDS, LeafOffer, Token, Tree
from evidence.regions import Floats

Ints = NDArray[np.int64]

OPEN, LEAF, CUT, SPLIT, CLAUSE = 0, 1, 2, 3, 4


class Column:
    """An array that grows at its end."""

    def __init__(self, dtype: type, width: int = 0) -> None:
        self._values: NDArray[Any] = np.zeros((1024, width) if width else 1024, dtype=dtype)
        self._count = 0

    def extend(self, values: NDArray[Any]) -> None:
        """Append rows."""
        need = self._count + len(values)
        if need > len(self._values):
            grown = np.zeros((max(need, 2 * len(self._values)), *self._values.shape[1:]), self._values.dtype)
            grown[: self._count] = self._values[: self._count]
            self._values = grown
        self._values[self._count : need] = values
        self._count = need

    @property
    def values(self) -> NDArray[Any]:
        """The rows so far; may be written to."""
        return self._values[: self._count]


@dataclass
class Growth:
    """The nodes of all partitions. kind: what became of a node; item, at: input and place of a cut, or layer and
    neuron of a split, or the clause; first: number of the first child (the second is the next); slabs: number of
    the first slab and how many; bounded: whether bounds were derived here."""

    inputs: int
    kind: Column = field(default_factory=lambda: Column(np.int8))
    item: Column = field(default_factory=lambda: Column(np.int64))
    neuron: Column = field(default_factory=lambda: Column(np.int64))
    at: Column = field(default_factory=lambda: Column(np.float64))
    first: Column = field(default_factory=lambda: Column(np.int64))
    bounded: Column = field(default_factory=lambda: Column(np.bool_))
    slabs: dict[int, list[tuple[int, int, float]]] = field(default_factory=dict)
    offers: dict[int, LeafOffer] = field(default_factory=dict)
    inner: dict[int, list[Any]] = field(default_factory=dict)

    def add(self, count: int) -> Ints:
        """New open nodes; their numbers."""
        start = len(self.kind.values)
        self.kind.extend(np.zeros(count, np.int8))
        for column in (self.item, self.neuron, self.first):
            column.extend(np.zeros(count, np.int64))
        self.at.extend(np.zeros(count))
        self.bounded.extend(np.zeros(count, np.bool_))
        return np.arange(start, start + count)

    def close(self, nodes: Ints) -> None:
        """The nodes are proved leaves."""
        self.kind.values[nodes] = LEAF

    def bound(self, nodes: Ints) -> None:
        """Bounds were derived at the nodes."""
        self.bounded.values[nodes] = True

    def clip(self, node: int, slabs: list[tuple[int, int, float]]) -> None:
        """Cut proved slabs off a node: (input, side, at), side 0 for what lies below `at`, 1 for what lies above."""
        self.slabs[node] = slabs

    def divide(self, nodes: Ints, kind: int, item: Ints, neuron: Ints | None, at: Floats | None) -> Ints:
        """Two children for each node: numbers of the first ones [B]; the second ones are the next numbers."""
        first = self.add(2 * len(nodes))[::2]
        self.kind.values[nodes] = kind
        self.item.values[nodes] = item
        if neuron is not None:
            self.neuron.values[nodes] = neuron
        if at is not None:
            self.at.values[nodes] = at
        self.first.values[nodes] = first
        return first

    def entries(self, root: int) -> tuple[Tree, tuple[LeafOffer | None, ...]]:
        """The partition below a node in pre-order, and what is offered at its leaves."""
        tree: list[Token] = []
        leaves: list[LeafOffer | None] = []
        kind, item, neuron = self.kind.values.tolist(), self.item.values.tolist(), self.neuron.values.tolist()
        at, first, bounded = self.at.values.tolist(), self.first.values.tolist(), self.bounded.values.tolist()
        stack: list[int] = [root]
        while stack:
            node = stack.pop()
            if node < 0:  # the proved slab above what was just written
                tree.append(None)
                leaves.append(None)
                continue
            if bounded[node]:
                inner = self.inner.get(node)
                tree.append(BOUNDS if inner is None else [BOUNDS, inner])
            for axis, side, place in self.slabs.get(node, ()):
                tree.append([axis, place])
                if side == 0:
                    tree.append(None)
                    leaves.append(None)
                else:
                    stack.append(-1)
            if kind[node] in (OPEN, LEAF):
                tree.append(None)
                leaves.append(self.offers.get(node))
                continue
            if kind[node] == CUT:
                tree.append([item[node], at[node]])
            elif kind[node] == SPLIT:
                tree.append(["relu", item[node], neuron[node]])
            else:
                tree.append(["clause", item[node]])
            stack += [first[node] + 1, first[node]]
        return tree, tuple(leaves)
