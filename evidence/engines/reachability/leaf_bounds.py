"""Quick float64 bounds over many small boxes at once, and the box trees with which the checker can repeat them.

Linear functions of the outputs are bounded by backward substitution through the chain (CROWN, Zhang et al.,
NeurIPS 2018), every pre-activation likewise and intersected with intervals. A box that is not settled is halved
across the input to which the linear bound is most sensitive; the tree of cuts goes into the certificate.
Rounding is ignored: these numbers only choose cuts, and the checker derives its own bounds on the same boxes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from evidence.engines.certificate import Cut, Tree
from evidence.network import Affine, Network
from evidence.regions import Floats, OutputCondition

LayerBounds = list[tuple[Floats, Floats]]

_BATCH = 256
_MARGIN = 1e-9
"""A leaf counts as settled only this far (relative) inside, so that outward rounding does not lose it again."""


def layer_bounds(network: Network, lower: Floats, upper: Floats) -> LayerBounds:
    """Pre-activation bounds [B, m] of each ReLU layer over boxes [B, n]."""
    found: LayerBounds = []
    low, high = lower, upper
    for index, layer in enumerate(network.layers):
        if isinstance(layer, Affine):
            low, high = _interval(layer, low, high)
            continue
        if found:
            eye = np.eye(layer.size)
            back, _ = _backward(network, index, found, lower, upper, np.vstack([eye, -eye]))
            low = np.maximum(low, back[:, : layer.size])
            high = np.minimum(high, -back[:, layer.size :])
        found.append((low, high))
        low, high = np.maximum(low, 0.0), np.maximum(high, 0.0)
    return found


def lower_bounds(network: Network, lower: Floats, upper: Floats, rows: Floats) -> tuple[Floats, Floats]:
    """Lower bounds [B, k] of rows @ y over boxes [B, n], rows: [k, outputs]; and their input coefficients [B, k, n]."""
    found = layer_bounds(network, lower, upper)
    return _backward(network, len(network.layers), found, lower, upper, rows)


def _interval(layer: Affine, low: Floats, high: Floats) -> tuple[Floats, Floats]:
    middle, half = (low / 2 + high / 2) @ layer.weight.T + layer.bias, (high / 2 - low / 2) @ np.abs(layer.weight.T)
    return middle - half, middle + half


def _backward(
    network: Network, end: int, found: LayerBounds, lower: Floats, upper: Floats, rows: Floats
) -> tuple[Floats, Floats]:
    """Lower bounds of rows @ (values before layer `end`), by substitution back to the input."""
    coefficients = np.broadcast_to(rows, (len(lower), *rows.shape))
    constant = np.zeros((len(lower), len(rows)))
    relu = sum(not isinstance(layer, Affine) for layer in network.layers[:end])
    for layer in reversed(network.layers[:end]):
        if isinstance(layer, Affine):
            constant = constant + coefficients @ layer.bias
            coefficients = coefficients @ layer.weight
            continue
        relu -= 1
        low, high = found[relu]
        undecided = (low < 0) & (high > 0)
        width = np.where(undecided, high - low, 1.0)
        rise = np.where(undecided, high / width, (low >= 0).astype(np.float64))
        below = np.where(undecided, (high > -low).astype(np.float64), rise)
        negative = np.minimum(coefficients, 0.0)
        constant = constant + (negative @ np.where(undecided, -rise * low, 0.0)[:, :, None])[:, :, 0]
        coefficients = np.maximum(coefficients, 0.0) * below[:, None, :] + negative * rise[:, None, :]
    middle, half = lower / 2 + upper / 2, upper / 2 - lower / 2
    least = (coefficients @ middle[:, :, None] - np.abs(coefficients) @ half[:, :, None])[:, :, 0]
    return constant + least, np.asarray(coefficients)


# --- trees -----------------------------------------------------------------------------------------------------


@dataclass
class _Boxes:
    """A tree of boxes that grows. Node i is a leaf while cuts[i] is None; children[i] are its two parts."""

    lower: list[Floats]
    upper: list[Floats]
    cuts: list[Cut | None] = field(default_factory=lambda: [None])
    children: list[tuple[int, int]] = field(default_factory=lambda: [(0, 0)])

    @property
    def leaves(self) -> int:
        return len(self.cuts) // 2 + 1

    def boxes(self, nodes: Sequence[int]) -> tuple[Floats, Floats]:
        return np.stack([self.lower[i] for i in nodes]), np.stack([self.upper[i] for i in nodes])

    def halve(self, node: int, sensitivity: Floats) -> tuple[int, int] | None:
        """Halve a leaf across the input with the largest sensitivity [n] times width; None when it has no width."""
        low, high = self.lower[node], self.upper[node]
        middle = low / 2 + high / 2
        score = np.where((low < middle) & (middle < high), np.abs(sensitivity) * (high - low), -1.0)
        axis = int(np.argmax(score))
        if score[axis] < 0:
            return None
        at = float(middle[axis])
        parts = (len(self.cuts), len(self.cuts) + 1)
        for side in (0, 1):
            part_low, part_high = low.copy(), high.copy()
            (part_high if side == 0 else part_low)[axis] = at
            self.lower.append(part_low)
            self.upper.append(part_high)
            self.cuts.append(None)
            self.children.append((0, 0))
        self.cuts[node], self.children[node] = (axis, at), parts
        return parts

    def tree(self) -> Tree:
        found: list[Cut | None] = []
        waiting = [0]
        while waiting:
            node = waiting.pop()
            found.append(self.cuts[node])
            if self.cuts[node] is not None:
                waiting += reversed(self.children[node])
        return tuple(found)


def proof_tree(
    network: Network, lower: Floats, upper: Floats, condition: OutputCondition, max_leaves: int
) -> Tree | None:
    """Cuts of the box [n] on whose leaves the quick bounds show the condition; None when that takes too many.

    On each leaf every clause needs one row that is positive throughout. Gives up at once on a box whose middle
    violates the condition.
    """
    boxes = _Boxes([lower], [upper])
    waiting = [0]
    scale = _MARGIN * (1.0 + np.abs(condition.offsets))
    while waiting:
        nodes, waiting = waiting[:_BATCH], waiting[_BATCH:]
        low, high = boxes.boxes(nodes)
        if (condition.margins(network.forward(low / 2 + high / 2)) <= 0).any():
            return None
        bounds, coefficients = lower_bounds(network, low, high, condition.rows)
        values = bounds + condition.offsets - scale
        best, row = _clauses(values, condition.clause)
        for i in np.flatnonzero(best.min(axis=1) <= 0):
            # every unsettled clause has a say, each through the row that is nearest to settling it
            rows = row[i, best[i] <= 0]
            parts = boxes.halve(nodes[i], np.abs(coefficients[i, rows]).sum(axis=0))
            if parts is None or boxes.leaves > max_leaves:
                return None
            waiting += parts
    return boxes.tree()


def _clauses(values: Floats, clause: NDArray[np.int64]) -> tuple[Floats, NDArray[np.int64]]:
    """Best value of each clause [B, clauses] and the row that attains it, from values [B, k]."""
    best, rows = [], []
    for number in range(int(clause.max()) + 1):
        members = np.flatnonzero(clause == number)
        at = values[:, members].argmax(axis=1)
        rows.append(members[at])
        best.append(values[np.arange(len(values)), members[at]])
    return np.stack(best, axis=1), np.stack(rows, axis=1)


def parts(network: Network, lower: Floats, upper: Floats, count: int) -> list[tuple[Floats, Floats]]:
    """The box [n] cut into at most `count` boxes, those with the widest output bounds first."""
    eye = np.eye(network.outputs)
    rows = np.vstack([eye, -eye])
    boxes = _Boxes([lower], [upper])
    width: dict[int, tuple[float, Floats]] = {}
    fresh: Sequence[int] = [0]
    while True:
        bounds, coefficients = lower_bounds(network, *boxes.boxes(fresh), rows)
        for i, node in enumerate(fresh):
            width[node] = (-float(bounds[i].sum()), np.abs(coefficients[i]).sum(axis=0))
        if len(width) >= count:
            break
        widest = max(width, key=lambda node: (width[node][0], -node))
        halves = boxes.halve(widest, width[widest][1])
        if halves is None:
            break
        width.pop(widest)
        fresh = halves
    return [(boxes.lower[node], boxes.upper[node]) for node in width]


@dataclass(frozen=True)
class RangeTree:
    """Cuts of a box, the quick output bounds [outputs] over its leaves, and whether they are within tolerance."""

    tree: Tree
    lower: Floats
    upper: Floats
    reached: bool


def range_tree(
    network: Network, lower: Floats, upper: Floats, aim: tuple[Floats, Floats], max_leaves: int
) -> RangeTree:
    """Cut the box [n] until every output's bounds lie inside aim = (lower, upper) [outputs], worst leaves first."""
    m = network.outputs
    rows = np.vstack([np.eye(m), -np.eye(m)])
    wanted = np.concatenate([aim[0], -aim[1]])
    width = np.maximum(aim[1] - aim[0], 1e-12)
    scale = np.concatenate([width, width])
    boxes = _Boxes([lower], [upper])
    open_nodes: dict[int, tuple[float, Floats]] = {}
    bounds: dict[int, Floats] = {}
    fresh = [0]
    while True:
        for start in range(0, len(fresh), _BATCH):
            nodes = fresh[start : start + _BATCH]
            found, coefficients = lower_bounds(network, *boxes.boxes(nodes), rows)
            excess = (wanted - found) / scale
            for i, node in enumerate(nodes):
                bounds[node] = found[i]
                worst = int(excess[i].argmax())
                if excess[i, worst] > 0:
                    open_nodes[node] = (float(excess[i, worst]), coefficients[i, worst])
        room = max_leaves - boxes.leaves
        if not open_nodes or room <= 0:
            break
        order = sorted(open_nodes, key=lambda node: (-open_nodes[node][0], node))
        fresh = []
        for node in order[: min(room, _BATCH // 2, max(1, len(order) // 2))]:
            _, sensitivity = open_nodes.pop(node)
            parts = boxes.halve(node, sensitivity)
            if parts is not None:
                bounds.pop(node)
                fresh += parts
    least = np.min(np.stack(list(bounds.values())), axis=0)
    return RangeTree(boxes.tree(), least[:m], -least[m:], reached=bool((least >= wanted).all()))
