"""Branch and bound over the phases of ReLUs: for networks with many inputs, one box at a time.

At the root the inner bounds get slopes of their own (`ascent.py`), which stay in force below. A node splits one neuron
into its two phases; its parts derive their inner bounds again, many parts at a time, and then climb on the multipliers
of every clause that is still open, the price of each phase among them. A clause that holds is separated and never
looked at again below. The neuron to split is the one that promises most: what its relaxation takes from the bound
directly, plus its share in all that is lost, through the bounds of later neurons. The input at which the relaxed
network is least is evaluated each time: a violation ends the search.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evidence.engines.certificate import ClauseOffer, packed
from evidence.engines.prover.arrays import Array
from evidence.engines.prover.ascent import Ascent, Bounded, Box, Multipliers
from evidence.engines.prover.cells import optimum
from evidence.engines.prover.crown import Parts, Table, derive
from evidence.engines.prover.growth import CLAUSE, SPLIT, Growth, Ints
from evidence.engines.prover.limits import Limits
from evidence.engines.prover.rows import Rows, lasting_error
from evidence.regions import Floats

_ROOT_STEPS, _INNER_STEPS, _STEPS = 100, 25, 12
_NUMBERS = 1 << 21
"""In one array of multipliers of a batch."""
_CANDIDATES = 3
"""Neurons of each layer that are tried before a split."""
_WORTH = 6.0
"""Inner bounds are derived again below the root where that costs at most so many ascents."""
_CROSSED = 1e-9
"""By what a lower bound must exceed an upper one before a part counts as empty: constant neurons cross by rounding."""
_ENOUGH = 1e-7
"""What a bound must exceed zero by, relative to the largest bound at the root."""
_BEYOND = 0.05
"""How far beyond the goal a step of the ascent aims, on the same scale."""

Found = Callable[[int, Floats], None]
Bools = NDArray[np.bool_]


@dataclass
class _Nodes:
    """B open nodes. phase: [B, N] over all neurons; open: [B, C] clauses that are still to be shown; alpha, beta: of
    the leading row of each clause [B, C, N]; path: splits from the root, neuron + 1 or its negative."""

    node: Ints
    share: Floats
    low: list[Floats]
    high: list[Floats]
    phase: NDArray[np.int8]
    open: Bools
    alpha: NDArray[np.float32]
    beta: NDArray[np.float32]
    path: list[tuple[int, ...]]
    split: Ints
    """The neuron to split next [B], and its coefficient in each clause's bound, `size` [B, C]."""
    size: Floats
    candidates: Any = None
    promise: Any = None
    sizes: Any = None

    def take(self, index: Ints) -> _Nodes:
        """Copies of some of them."""
        return _Nodes(
            self.node[index],
            self.share[index],
            [layer[index] for layer in self.low],
            [layer[index] for layer in self.high],
            self.phase[index],
            self.open[index],
            self.alpha[index],
            self.beta[index],
            [self.path[i] for i in index.tolist()],
            self.split[index],
            self.size[index],
            None if self.candidates is None else self.candidates[index],
            None if self.candidates is None else self.promise[index],
            None if self.candidates is None else self.sizes[index],
        )


class PhaseSearch:
    """The search in one region's box, below one node of its partition."""

    def __init__(
        self,
        rows: Rows,
        growth: Growth,
        region: int,
        found: Found,
        violated: Collection[int],
        limits: Limits,
        report: Callable[[float], None],
    ) -> None:
        self.rows, self.growth, self.region, self.found, self.violated = rows, growth, region, found, violated
        self.limits, self.report = limits, report
        self.chain = rows.chain
        self.xp, self.put, self.host = self.chain.place.xp, self.chain.place.put, self.chain.place.host
        self.starts = np.cumsum([0, *self.chain.widths])
        self.condition = int(rows.of[region])
        self.member = rows.goals.clause[self.condition]
        self.clauses = int(self.member.max()) + 1
        self.table: Table = {}
        self.stuck = False

    def run(self, node: int, lower: Floats, upper: Floats) -> bool:
        """Prove the region's condition on a box [n] below `node`; True when every part is proved."""
        self.lower, self.upper = self.put(lower[None]), self.put(upper[None])
        full = self.chain.place.full
        widths = self.chain.widths
        parts = Parts(
            self.lower, self.upper, [full((1, w), -np.inf) for w in widths], [full((1, w), np.inf) for w in widths]
        )
        derive(self.chain, parts)
        inner = self._sharpen(parts)
        self.again = False
        self.growth.bound(np.array([node]))
        if inner:
            self.growth.inner[node] = inner
        neurons = int(self.starts[-1])
        root = _Nodes(
            np.array([node]),
            np.ones(1),
            [self.host(layer) for layer in parts.low],
            [self.host(layer) for layer in parts.high],
            np.zeros((1, neurons), np.int8),
            np.array([[bool((self.member == c).any()) for c in range(self.clauses)]]),
            np.zeros((1, self.clauses, neurons), np.float32),
            np.zeros((1, self.clauses, neurons), np.float32),
            [()],
            np.zeros(1, np.int64),
            np.zeros((1, self.clauses)),
        )
        waiting = [self._open_root(root)]
        self.again = self._worth(parts, int(waiting[0].open.sum()))
        proved = 0.0
        while waiting:
            batch = waiting.pop()
            if not len(batch.node):
                continue
            if self.region in self.violated or self.limits.reached(len(self.growth.kind.values)):
                return False
            most = max(2, _NUMBERS // (8 * self.clauses * neurons))
            if len(batch.node) > most:
                waiting.append(batch.take(np.arange(len(batch.node) - most)))
                batch = batch.take(np.arange(len(batch.node) - most, len(batch.node)))
            left, closed = self._round(self._split(batch), _STEPS)
            proved += closed
            self.report(proved)
            if self.stuck:
                return False
            waiting.append(left)
        return not self.stuck

    def _worth(self, parts: Parts, clauses: int) -> bool:
        """Whether deriving the inner bounds of a part costs little beside an ascent on so many clauses."""
        sizes = [int(weight.shape[0] * weight.shape[1]) for weight in self.chain.weights[:-1]]
        derive_cost = 0.0
        for k in range(1, self.chain.depth):
            undecided = int(((self.host(parts.low[k]) < 0) & (self.host(parts.high[k]) > 0)).sum())
            derive_cost += 4 * undecided * sum(sizes[:k])
        return derive_cost <= _WORTH * 2 * _STEPS * clauses * sum(sizes)

    def _open_root(self, root: _Nodes) -> _Nodes:
        """The leading row of each clause by CROWN's own slopes, then the first ascent."""
        count = len(self.member)
        box = self._box(root, np.zeros(count, dtype=np.int64))
        weights = self.rows.weights[self.condition]
        ascent = Ascent(self.chain, box, weights, self._offsets(root)[0], self.chain.depth)
        start = ascent.start(count)
        value, given = ascent.climb(start, _ROOT_STEPS // 4, 0.0)
        values = self.host(value)
        self.leading = np.array([int(np.where(self.member == c, values, -np.inf).argmax()) for c in range(self.clauses)])
        self.number = [int(np.flatnonzero(np.flatnonzero(self.member == c) == self.leading[c])[0]) if (self.member == c).any() else 0 for c in range(self.clauses)]
        self.scale = float(np.abs(values).max())
        alpha = np.concatenate([self.host(layer) for layer in given.alpha], axis=1)
        root.alpha[0] = alpha[self.leading]
        left, _ = self._round(root, _ROOT_STEPS, derived=True)
        return left

    def _offsets(self, nodes: _Nodes) -> Array:
        """Offsets of all rows for each node [B, k], less what a float32 execution of the last map may take."""
        which = self.put(np.full(len(nodes.node), self.condition))
        return self.rows.offsets[which, :] - lasting_error(self.rows, which, self.put(nodes.high[-1]))

    def _box(self, nodes: _Nodes, of: Ints, depth: int | None = None) -> Box:
        low = [self.put(layer[of]) for layer in nodes.low[:depth]]
        high = [self.put(layer[of]) for layer in nodes.high[:depth]]
        error, far = [], self.xp.maximum(self.xp.abs(self.lower), self.xp.abs(self.upper))
        for k in range(len(low)):
            error.append(self.chain.error(k, far))
            far = self.xp.maximum(high[k], self.chain.place.full((1, 1), 0.0))
        return Box((self.lower + self.upper) / 2, (self.upper - self.lower) / 2, low, high, error)

    def _sharpen(self, parts: Parts) -> list[Any]:
        """Optimise slopes for the bounds of undecided inner neurons; what the certificate offers for them."""
        xp, chain = self.xp, self.chain
        inner: list[Any] = []
        nodes = _Nodes(
            np.zeros(1, np.int64), np.ones(1), parts.low, parts.high, *([np.zeros(0)] * 4), [], *([np.zeros(0)] * 2)  # type: ignore[arg-type]
        )
        for k in range(1, chain.depth):
            undecided = np.flatnonzero(self.host((parts.low[k] < 0) & (parts.high[k] > 0))[0])
            if not len(undecided):
                continue
            table = [np.full((2 * chain.widths[k], width), np.nan) for width in chain.widths[:k]]
            step = max(8, _NUMBERS // (2 * sum(chain.widths[:k]) + chain.inputs))
            far = xp.maximum(parts.high[k - 1], chain.place.full((1, 1), 0.0))
            for at in range(0, len(undecided), step):
                chosen = undecided[at : at + step]
                neurons, count = self.put(chosen), len(chosen)
                rows, bias = chain.weights[k][neurons, :], chain.biases[k][neurons]
                lost = chain.error(k, far)[0, :][neurons] if chain.roundings is not None else 0.0 * bias
                box = self._box(nodes, np.zeros(1, dtype=np.int64), k)
                ascent = Ascent(chain, box, xp.concat([rows, -rows]), xp.concat([bias - lost, -bias - lost]), k)
                value, given = ascent.climb(ascent.start(2 * count), _INNER_STEPS, 0.0, 0.0)
                low, high = parts.low[k][0, :][neurons], parts.high[k][0, :][neurons]
                parts.low[k][0, neurons] = xp.maximum(low, value[:count])
                parts.high[k][0, neurons] = xp.minimum(high, -value[count:])
                for m, layer in enumerate(given.alpha):
                    values = self.host(layer)
                    table[m][chosen], table[m][chosen + chain.widths[k]] = values[:count], values[count:]
                for row in range(2 * count):
                    slopes = [packed(self.host(layer[row, :])) for layer in given.alpha]
                    inner.append([k, int(chosen[row % count]), 1 if row < count else -1, slopes])
            self.table[k] = [self.put(np.nan_to_num(layer)) for layer in table]
        return inner

    def _round(self, nodes: _Nodes, steps: int, derived: bool = False) -> tuple[_Nodes, float]:
        """Bound nodes; those that stay open, ordered so that the least open come last, and the share that is proved."""
        if not derived:
            self._derive(nodes)
            if self.again:
                self.growth.bound(nodes.node)
        of, clause, ascent, start = self._ascent(nodes)
        enough = _ENOUGH * self.scale
        value, given = ascent.climb(start, steps, enough, _BEYOND * self.scale)
        bounded = ascent.bound(given)
        held = self.host(value) > enough
        crossed = [(low > high + _CROSSED * (1 + np.abs(low))) for low, high in zip(nodes.low, nodes.high, strict=True)]
        empty = np.any([layer.any(axis=1) for layer in crossed], axis=0)
        alpha = np.concatenate([self.host(layer) for layer in given.alpha], axis=1)
        beta = np.concatenate([self.host(layer) for layer in given.beta], axis=1)
        nodes.alpha[of, clause], nodes.beta[of, clause] = alpha, beta
        open_ = nodes.open.copy()
        open_[of[held], clause[held]] = False
        open_[empty] = False
        closed = 0.0
        for b in range(len(nodes.node)):
            closed += self._settle(nodes, b, open_[b], bool(empty[b]), alpha, beta, of, clause)
        nodes.open = open_
        left = np.flatnonzero(open_.any(axis=1))
        if len(left):
            self._consider(bounded, np.flatnonzero(~held & ~empty[of]))
            nodes.open = open_
            bare = self._promise(nodes, bounded, of, clause, ~held)
            for b in bare.tolist():
                closed += self._cell(nodes, b)
            left = np.flatnonzero(nodes.open.any(axis=1))
            worst = np.full(len(nodes.node), np.inf)
            np.minimum.at(worst, of, self.host(value))
            left = left[np.argsort(worst[left], kind="stable")]
        return nodes.take(left), closed

    def _ascent(self, nodes: _Nodes) -> tuple[Ints, Ints, Ascent, Multipliers]:
        """One row for each node and open clause: the node and the clause, the ascent and where it starts."""
        of, clause = np.nonzero(nodes.open)
        row = self.put(self.leading[clause])
        weights = self.rows.weights[self.condition][row, :]
        ascent = Ascent(self.chain, self._box(nodes, of), weights, self._offsets(nodes)[self.put(of), row], self.chain.depth)
        pieces = list(zip(self.starts[:-1].tolist(), self.starts[1:].tolist(), strict=True))

        def layers(values: NDArray[Any]) -> list[Array]:
            return [self.put(values[:, a:b].astype(np.float64)) for a, b in pieces]

        start = Multipliers(layers(nodes.alpha[of, clause]), layers(nodes.beta[of, clause]), layers(nodes.phase[of]))
        return of, clause, ascent, start

    def _derive(self, nodes: _Nodes) -> None:
        if not self.again:
            return
        count = len(nodes.node)
        xp = self.xp
        parts = Parts(
            xp.broadcast_to(self.lower, (count, self.lower.shape[1])),
            xp.broadcast_to(self.upper, (count, self.upper.shape[1])),
            [self.put(layer) for layer in nodes.low],
            [self.put(layer) for layer in nodes.high],
        )
        derive(self.chain, parts, self.table)
        nodes.low, nodes.high = [self.host(layer) for layer in parts.low], [self.host(layer) for layer in parts.high]

    def _settle(
        self,
        nodes: _Nodes,
        b: int,
        still: Bools,
        empty: bool,
        alpha: Floats,
        beta: Floats,
        of: Ints,
        clause: Ints,
    ) -> float:
        """Record what is shown of one node: separate the clauses that hold; the share that is closed with it."""
        shown = np.flatnonzero(nodes.open[b] & ~still)
        node = int(nodes.node[b])
        if empty:
            self.growth.close(np.array([node]))
            return float(nodes.share[b])
        offers = {int(c): self._offer(nodes.path[b], int(c), *_row(of, clause, b, int(c), alpha, beta)) for c in shown}
        if not still.any():
            self.growth.close(np.array([node]))
            self.growth.offers[node] = tuple(offers.get(c) for c in range(self.clauses))
            return float(nodes.share[b])
        for c in offers:
            first = int(self.growth.divide(np.array([node]), CLAUSE, np.array([c]), None, None)[0])
            self.growth.close(np.array([first]))
            self.growth.offers[first] = tuple(offers[c] if d == c else None for d in range(self.clauses))
            node = first + 1
        nodes.node[b] = node
        return 0.0

    def _offer(self, path: tuple[int, ...], clause: int, alpha: Floats, beta: Floats) -> ClauseOffer:
        slopes = [packed(alpha[a:b]) for a, b in zip(self.starts[:-1], self.starts[1:], strict=True)]
        prices = [float(f"{beta[abs(code) - 1]:.9g}") for code in path]
        return ClauseOffer(self.number[clause], slopes, prices)

    def _consider(self, bounded: Bounded, which: Ints) -> None:
        if not len(which):
            return
        points = self.host(bounded.point)[which]
        regions = np.full(len(points), self.region)
        margins = self.rows.clauses(regions, self.rows.evaluate(regions, points)).min(axis=1)
        self.found(self.region, points[int(margins.argmin())])  # if not it, then perhaps a point downhill from it

    def _cell(self, nodes: _Nodes, b: int) -> float:
        """Decide a node on which every phase is decided by linear programming; the share that is closed with it."""
        one = nodes.take(np.array([b]))
        _, clauses, ascent, given = self._ascent(one)
        rows, walls, heights = self._affine(one)
        for at, clause in enumerate(clauses.tolist()):
            row, offset = rows[clause]
            found = optimum(row, offset, walls, heights, self.host(self.lower)[0], self.host(self.upper)[0])
            if found is None:
                self.stuck = True
                return 0.0
            self.found(self.region, found.point)
            for code, price in zip(one.path[0], found.prices.tolist(), strict=True):
                one.beta[0, clause, abs(code) - 1] = price
                layer = int(np.searchsorted(self.starts, abs(code) - 1, side="right")) - 1
                given.beta[layer][at, abs(code) - 1 - int(self.starts[layer])] = price
        if not bool((self.host(ascent.value(given)) > _ENOUGH * self.scale).all()):
            self.stuck = True
            return 0.0
        nodes.open[b] = False
        self.growth.close(one.node)
        self.growth.offers[int(one.node[0])] = tuple(
            self._offer(one.path[0], c, one.alpha[0, c], one.beta[0, c]) if c in clauses else None
            for c in range(self.clauses)
        )
        return float(one.share[0])

    def _affine(self, one: _Nodes) -> tuple[dict[int, tuple[Floats, float]], Floats, Floats]:
        """On a node with all phases decided: the open clauses' rows as affine functions of the input, and the walls of
        the splits, walls @ x + heights >= 0."""
        weights = [self.host(weight) for weight in self.chain.weights]
        biases = [self.host(bias) for bias in self.chain.biases]
        inputs = self.chain.inputs
        slope, shift = np.eye(inputs), np.zeros(inputs)
        wall: dict[int, tuple[Floats, float]] = {}
        for k in range(self.chain.depth):
            slope, shift = weights[k] @ slope, weights[k] @ shift + biases[k]
            for code in one.path[0]:
                j = abs(code) - 1 - int(self.starts[k])
                if 0 <= j < len(shift):
                    side = 1.0 if code > 0 else -1.0
                    wall[code] = (side * slope[j], side * float(shift[j]))
            active = one.low[k][0] >= 0
            slope, shift = slope * active[:, None], shift * active
        top = self.host(self.rows.weights[self.condition])
        offsets = self.host(self._offsets(one))[0]
        rows = {
            int(c): (top[self.leading[c]] @ slope, float(top[self.leading[c]] @ shift + offsets[self.leading[c]]))
            for c in np.flatnonzero(one.open[0])
        }
        listed = [wall[code] for code in one.path[0]]
        walls = np.array([item[0] for item in listed]).reshape(len(listed), inputs)
        return rows, walls, np.array([item[1] for item in listed])

    def _promise(self, nodes: _Nodes, bounded: Bounded, of: Ints, clause: Ints, open_: Bools) -> Ints:
        """Choose the neurons to try for each open node; the nodes that have no undecided neuron left."""
        chain, xp = self.chain, self.xp
        pairs = np.flatnonzero(open_)
        size = [np.abs(self.host(layer)[pairs]) for layer in bounded.coefficient]
        moved = xp.abs(self.rows.weights[self.condition][self.put(self.leading[clause[pairs]]), :])
        reach: list[Floats] = []
        for k in range(chain.depth - 1, -1, -1):
            reach.insert(0, self.host(moved))
            low, high = self.put(nodes.low[k][of[pairs]]), self.put(nodes.high[k][of[pairs]])
            chord = xp.where(low >= 0, 1.0, xp.where(high <= 0, 0.0, high / xp.where(high > low, high - low, 1.0)))
            moved = (moved * chord) @ chain.sizes[k]
        gap = [
            np.where((low < 0) & (high > 0), -low * high / np.where(high > low, high - low, 1.0), 0.0)
            for low, high in zip(nodes.low, nodes.high, strict=True)
        ]
        gaps = np.concatenate(gap, axis=1)
        direct = np.concatenate(size, axis=1) * gaps[of[pairs]]
        spread = np.concatenate(reach, axis=1) * gaps[of[pairs]]
        lost = np.maximum(-self.host(bounded.value)[pairs], 0.0) + direct.sum(axis=1)
        total = spread / np.maximum(spread.sum(axis=1, keepdims=True), 1e-300) * lost[:, None]
        promise = np.zeros_like(gaps)
        np.add.at(promise, of[pairs], direct + total)
        promise = np.where(gaps > 0, promise, -1.0)
        best = [
            a + np.argsort(-promise[:, a:b], axis=1, kind="stable")[:, :_CANDIDATES]
            for a, b in zip(self.starts[:-1], self.starts[1:], strict=True)
        ]
        nodes.candidates = np.concatenate(best, axis=1)
        nodes.promise = np.take_along_axis(promise, nodes.candidates, axis=1)
        nodes.split = promise.argmax(axis=1)
        coefficient = np.concatenate([self.host(layer) for layer in bounded.coefficient], axis=1)
        nodes.sizes = np.zeros((len(nodes.node), self.clauses, nodes.candidates.shape[1]))
        nodes.sizes[of, clause] = coefficient[np.arange(len(of))[:, None], nodes.candidates[of]]
        return np.flatnonzero((promise.max(axis=1) < 0) & nodes.open.any(axis=1))

    def _choose(self, nodes: _Nodes) -> None:
        """Try the best candidate of every layer on both phases, and take the one whose worse part gains most."""
        count = len(nodes.node)
        score = np.full(nodes.candidates.shape, -np.inf)
        every = np.arange(count)
        for c in range(nodes.candidates.shape[1]):
            usable = np.flatnonzero(nodes.promise[:, c] > 0)
            if not len(usable):
                continue
            some = nodes.take(usable)
            some.split, some.size = some.candidates[:, c], some.sizes[:, :, c]
            trial = self._parts(some, np.concatenate([some.node, some.node]))
            values = self._try(trial)
            a, b = values[: len(usable)], values[len(usable) :]
            score[usable, c] = np.minimum(a, b) + 0.1 * np.maximum(a, b)
        pick = score.argmax(axis=1)
        nodes.split = nodes.candidates[every, pick]
        nodes.size = nodes.sizes[every, :, pick]

    def _try(self, trial: _Nodes) -> Floats:
        """How negative the open clauses of trial parts remain, in sum, with the multipliers that they inherit [B]."""
        self._derive(trial)
        of, _, ascent, start = self._ascent(trial)
        total = np.zeros(len(trial.node))
        np.add.at(total, of, np.minimum(self.host(ascent.value(start)), 0.0))
        return total

    def _split(self, nodes: _Nodes) -> _Nodes:
        """The children of nodes."""
        self._choose(nodes)
        layer = np.searchsorted(self.starts, nodes.split, side="right") - 1
        first = self.growth.divide(nodes.node, SPLIT, layer, nodes.split - self.starts[layer], None)
        return self._parts(nodes, np.concatenate([first, first + 1]))

    def _parts(self, nodes: _Nodes, numbers: Ints) -> _Nodes:
        """The two phases of every node's neuron. Its price starts where the bound is that of the node: coefficient *
        (1 - alpha) where z >= 0, coefficient * alpha where z <= 0, as far as the coefficient is positive."""
        count, every = len(nodes.node), np.arange(len(nodes.node))
        layer = np.searchsorted(self.starts, nodes.split, side="right") - 1
        place = nodes.split - self.starts[layer]
        both = nodes.take(np.concatenate([every, every]))
        both.node = numbers
        both.share = both.share / 2
        phase = np.repeat(np.array([-1, 1], np.int8), count)
        both.phase[np.arange(2 * count), both.split] = phase
        for side, at in ((-1, every), (1, count + every)):
            for k in np.unique(layer).tolist():
                mine = np.flatnonzero(layer == k)
                bounds, rows, columns = (both.high, both.low)[side > 0][k], at[mine], place[mine]
                bounds[rows, columns] = 0.0
            alpha = np.take_along_axis(both.alpha[at], both.split[at][:, None, None], axis=2)[:, :, 0]
            price = np.maximum(both.size[at], 0.0) * (1 - alpha if side > 0 else alpha)
            both.beta[at[:, None], np.arange(self.clauses)[None], both.split[at][:, None]] = price
        both.path = [(*path, (j + 1) * side) for side in (-1, 1) for path, j in zip(nodes.path, nodes.split.tolist(), strict=True)]
        return both


def _row(
    of: Ints, clause: Ints, b: int, c: int, alpha: Floats, beta: Floats
) -> tuple[Floats, Floats]:
    at = int(np.flatnonzero((of == b) & (clause == c))[0])
    return alpha[at], beta[at]
