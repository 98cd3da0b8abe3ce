"""Branch and bound over the phases of ReLUs: for networks with many inputs, one box at a time.

At the root the inner bounds get slopes of their own (`sharpening.py`), which stay in force below. A node splits one
neuron into its two phases; its parts derive their inner bounds again, where that is cheap, and then climb on the
multipliers of every clause that is still open, the price of each phase among them (`ascent.py`). A clause that holds
is separated and never looked at again below. Before a split, the neurons of each layer that promise most are tried
(`branching.py`). The input at which the relaxed network is least is evaluated each time: a violation ends the search.
Where no neuron is left to split, linear programming decides (`cells.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evidence.engines.certificate import ClauseOffer, packed
from evidence.engines.prover.arrays import Array
from evidence.engines.prover.ascent import LEVELS, Ascent, Multipliers, chosen
from evidence.engines.prover.boxes import nothing
from evidence.engines.prover.branching import Experience, Promise, promise
from evidence.engines.prover.cells import affine, optimum
from evidence.engines.prover.crown import Parts, Table, derive
from evidence.engines.prover.growth import CLAUSE, SPLIT, Growth, Ints
from evidence.engines.prover.limits import Limits
from evidence.engines.prover.nodes import Nodes
from evidence.engines.prover.relaxed import Relaxation
from evidence.engines.prover.rows import Rows, lasting_error
from evidence.engines.prover.sharpening import box_of, sharpen
from evidence.regions import Floats

_ROOT_STEPS, _STEPS = 100, 12
_NUMBERS = 1 << 21
"""In one array of multipliers of a batch, eight times over."""
_CANDIDATES = 3
"""Neurons of each layer that may be tried before a split."""
_TRIED = 3
"""Of those that were tried often before: so many that should bring most by experience are tried again."""
_WORTH = 6.0
"""Inner bounds are derived again below the root where that costs at most so many ascents."""
_SMALL = 160
"""Neurons of a network whose open nodes get a linear programme each: fewer and better splits are worth its time."""
_SOLVED = 32
"""Nodes in a batch of such a network."""
_FACTORS = (1.0, 10.0, 100.0, 1000.0)
"""Of the prices that show that a part is empty, times the size of the bounds at the root."""
_CROSSED = 1e-9
"""By what a lower bound must exceed an upper one before a part counts as empty: constant neurons cross by rounding."""
_BEYOND = 0.05
"""How far beyond the goal a step of the ascent aims, on the same scale."""

Found = Callable[[int, Floats], None]


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
        self.starts = np.cumsum([0, *self.chain.widths]).tolist()
        self.condition = int(rows.of[region])
        self.weights = rows.weights[self.condition]
        self.member = rows.goals.clause[self.condition]
        self.clauses = int(self.member.max()) + 1
        self.small = self.starts[-1] <= _SMALL
        """Whether every node that an ascent leaves open gets a linear programme."""
        self.table: Table = {}
        self.experience = Experience(self.starts[-1])
        self.again = False
        """Whether parts derive their inner bounds again."""
        self.stuck = False
        """Whether a part could neither be split nor decided."""
        self.leading = np.zeros(self.clauses, dtype=np.int64)
        """The row of each clause that is to be shown, chosen at the root."""
        self.scale = 1.0
        self.waiting: list[Nodes] = []
        """The open nodes, last in first out; none before the root was bounded."""
        self.proved = 0.0
        """Share of the box."""

    def run(self, node: int, lower: Floats, upper: Floats, between: Callable[[], None] = nothing) -> bool:
        """Prove the region's condition on a box [n] below `node`, or go on with what waits; True when every part is
        proved. `between` is called after every round."""
        self.lower, self.upper = self.put(lower[None]), self.put(upper[None])
        if not self.waiting:
            if self._reached():
                return False
            self._wait(*self._root(node))
        while self.waiting:
            if self.stuck or self.region in self.violated or self._reached():
                return False
            batch = self.waiting.pop()
            most = _SOLVED if self.small else max(2, _NUMBERS // (8 * self.clauses * self.starts[-1]))
            if len(batch) > most:
                self.waiting.append(batch.take(np.arange(len(batch) - most)))
                batch = batch.take(np.arange(len(batch) - most, len(batch)))
            self._wait(*self._round(self._split(batch), _STEPS))
            self.report(self.proved)
            between()
        return not self.stuck and self.region not in self.violated

    def _reached(self) -> bool:
        return self.limits.reached(len(self.growth.kind.values))

    def _wait(self, left: Nodes, closed: float) -> None:
        self.proved += closed
        if len(left):
            self.waiting.append(left)

    @property
    def enough(self) -> float:
        """What a bound must exceed zero by."""
        return 100 * self.chain.slack * self.scale

    # --- the root ---

    def _root(self, node: int) -> tuple[Nodes, float]:
        """The root after sharpening and a long ascent, and the share of it that is proved."""
        parts = self._unbounded()
        derive(self.chain, parts)
        sharpened = sharpen(self.chain, parts, self._reached)
        self.table = sharpened.table
        parts = self._unbounded()  # once more in the order of the checker, which has the slopes from the beginning
        derive(self.chain, parts, self.table)
        self.growth.bound(np.array([node]))
        if sharpened.offers:
            self.growth.inner[node] = sharpened.offers
        root = replace(
            self.empty(1),
            node=np.array([node]),
            share=np.ones(1),
            low=np.concatenate([self.host(layer) for layer in parts.low], axis=1),
            high=np.concatenate([self.host(layer) for layer in parts.high], axis=1),
            open=np.array([[bool((self.member == c).any()) for c in range(self.clauses)]]),
        )
        box = box_of(self.chain, self.lower, self.upper, parts.low, parts.high)
        ascent = Ascent(self.chain, box, self.weights, self._offsets(root)[0, :], self.chain.depth)
        value, given = ascent.climb(ascent.start(len(self.member)), _ROOT_STEPS // 4, 0.0)
        values = self.host(value)
        self.leading = np.array([np.where(self.member == c, values, -np.inf).argmax() for c in range(self.clauses)])
        self.scale = float(np.abs(values).max())
        root.alpha[0] = np.concatenate([self.host(layer) for layer in given.alpha], axis=1)[self.leading]
        left, closed = self._round(root, _ROOT_STEPS)
        self.again = self._worth(root, int(left.open.sum()))
        return left, closed

    def empty(self, count: int = 0) -> Nodes:
        """So many nodes of this search about which nothing is known."""
        neurons, clauses = self.starts[-1], self.clauses
        return Nodes(
            np.zeros(count, np.int64),
            np.zeros(count),
            np.full((count, neurons), -np.inf),
            np.full((count, neurons), np.inf),
            np.zeros((count, neurons), np.int8),
            np.zeros((count, clauses), np.bool_),
            np.zeros(count),
            np.zeros((count, clauses, neurons), np.float32),
            np.zeros((count, clauses, neurons), np.float32),
            np.zeros((count, 0), np.int64),
            np.zeros((count, 0), np.int64),
            np.zeros((count, 0)),
            np.zeros((count, clauses, 0)),
        )

    def _unbounded(self) -> Parts:
        full, widths = self.chain.place.full, self.chain.widths
        low, high = [full((1, width), -np.inf) for width in widths], [full((1, width), np.inf) for width in widths]
        return Parts(self.lower, self.upper, low, high)

    def _worth(self, root: Nodes, clauses: int) -> bool:
        """Whether deriving the inner bounds of a part costs little beside an ascent on so many clauses."""
        sizes = [int(weight.shape[0] * weight.shape[1]) for weight in self.chain.weights[:-1]]
        undecided = (root.low[0] < 0) & (root.high[0] > 0)
        cost = 0.0
        for k in range(1, self.chain.depth):
            cost += 4 * int(undecided[self.starts[k] : self.starts[k + 1]].sum()) * sum(sizes[:k])
        return cost <= _WORTH * 2 * _STEPS * clauses * sum(sizes)

    # --- one round ---

    def _round(self, nodes: Nodes, steps: int) -> tuple[Nodes, float]:
        """Bound nodes; those that stay open, ordered so that the least open come last, and the share that is proved."""
        if self.again:
            nodes = self._derived(nodes)
            self.growth.bound(nodes.node)
        of, clause, ascent, start = self._ascent(nodes)
        enough = self.enough
        value, given = ascent.climb(start, steps, enough, _BEYOND * self.scale)
        if self.small:
            value, given = self._solved(nodes, of, ascent, value, given)
        values, held = self.host(value), self.host(value) > enough
        nodes.alpha[of, clause], nodes.beta[of, clause] = self._flat(given.alpha), self._flat(given.beta)
        empty = np.asarray((nodes.low > nodes.high + _CROSSED * (1 + np.abs(nodes.low))).any(axis=1))
        still: NDArray[np.bool_] = nodes.open.copy()
        still[of[held], clause[held]] = False
        still[empty] = False
        closed = sum((self._settle(nodes, b, still[b], bool(empty[b])) for b in range(len(nodes))), 0.0)
        nodes = replace(nodes, open=still, deficit=np.zeros(len(nodes)))
        pairs = np.flatnonzero(still[of, clause])
        if not len(pairs):
            return nodes.take(np.zeros(0, dtype=np.int64)), closed
        bounded = ascent.bound(given)
        self._consider(self.host(bounded.point)[pairs])
        found = promise(self.chain, nodes, self.weights, self.leading, bounded, of, clause, pairs, _CANDIDATES)
        nodes = replace(nodes, candidates=found.candidates, promise=found.promise, coefficients=found.coefficients)
        closed += self._cells(nodes, found)
        worst = np.full(len(nodes), np.inf)
        np.minimum.at(worst, of, values)
        np.add.at(nodes.deficit, of, np.minimum(values, 0.0))
        left = np.flatnonzero(nodes.open.any(axis=1))
        return nodes.take(left[np.argsort(worst[left], kind="stable")]), closed

    def _solved(
        self, nodes: Nodes, of: Ints, ascent: Ascent, value: Array, given: Multipliers
    ) -> tuple[Array, Multipliers]:
        """The bounds and multipliers with those of linear programming, where these are better."""
        lower, upper = self.host(self.lower)[0], self.host(self.upper)[0]
        rows, before = self.host(ascent.rows), self.host(value)
        alpha, beta = self._flat(given.alpha), self._flat(given.beta)
        empty, points = np.zeros(len(of), np.bool_), []
        for at in np.flatnonzero(before <= self.enough).tolist():
            if self._reached():
                break
            node = of[at]
            low, high, phase = nodes.low[node], nodes.high[node], nodes.phase[node]
            found = Relaxation(self.chain, low, high, phase, lower, upper).least(rows[at])
            if found is not None:
                alpha[at], beta[at], empty[at] = found.alpha, found.beta, found.empty
                if not found.empty:
                    points.append(found.point)
        if points:
            self._consider(np.stack(points))
        alpha = np.rint(alpha * LEVELS) / LEVELS
        for factor in _FACTORS if empty.any() else _FACTORS[:1]:
            prices = np.where(empty[:, None], beta * factor * self.scale, beta)
            tried = Multipliers(self._layers(alpha), self._layers(prices), given.phase)
            reached = ascent.value(tried)
            given = chosen(self.xp, reached > value, tried, given)
            value = self.xp.maximum(value, reached)
        return value, given

    def _derived(self, nodes: Nodes) -> Nodes:
        """The nodes with inner bounds derived again."""
        xp, count = self.xp, len(nodes)
        parts = Parts(
            xp.broadcast_to(self.lower, (count, self.lower.shape[1])),
            xp.broadcast_to(self.upper, (count, self.upper.shape[1])),
            self._layers(nodes.low),
            self._layers(nodes.high),
        )
        derive(self.chain, parts, self.table, self.put(self._layer(nodes.last())))
        return replace(nodes, low=self._flat(parts.low), high=self._flat(parts.high))

    def _ascent(self, nodes: Nodes) -> tuple[Ints, Ints, Ascent, Multipliers]:
        """One row for each node and open clause: the node and the clause, the ascent and where it starts."""
        of, clause = np.nonzero(nodes.open)
        row = self.put(self.leading[clause])
        box = box_of(self.chain, self.lower, self.upper, self._layers(nodes.low[of]), self._layers(nodes.high[of]))
        ascent = Ascent(
            self.chain, box, self.weights[row, :], self._offsets(nodes)[self.put(of), row], self.chain.depth
        )
        parts = (nodes.alpha[of, clause], nodes.beta[of, clause], nodes.phase[of])
        return of, clause, ascent, Multipliers(*(self._layers(part) for part in parts))

    def _offsets(self, nodes: Nodes) -> Array:
        """Offsets of all rows for each node [B, k], less what a float32 execution of the last map may take."""
        which = self.put(np.full(len(nodes), self.condition))
        high = self.put(nodes.high[:, self.starts[-2] :])
        return self.rows.offsets[which, :] - lasting_error(self.rows, which, high)

    def _layers(self, values: NDArray[Any]) -> list[Array]:
        pieces = zip(self.starts[:-1], self.starts[1:], strict=True)
        return [self.put(values[:, a:b].astype(np.float64)) for a, b in pieces]

    def _flat(self, layers: list[Array]) -> Floats:
        return np.concatenate([self.host(layer) for layer in layers], axis=1)

    def _consider(self, points: Floats) -> None:
        """Tell of the point that is nearest to a violation."""
        regions = np.full(len(points), self.region)
        margins = self.rows.clauses(regions, self.rows.evaluate(regions, points)).min(axis=1)
        self.found(self.region, points[int(margins.argmin())])

    # --- what is recorded ---

    def _settle(self, nodes: Nodes, b: int, still: NDArray[Any], empty: bool) -> float:
        """Record what is shown of one node and separate the clauses that hold; the share that is closed with it."""
        node, shown = int(nodes.node[b]), np.flatnonzero(nodes.open[b] & ~still).tolist()
        if empty or not still.any():
            self.growth.close(np.array([node]))
            if not empty:
                self.growth.offers[node] = self._offer(nodes, b, shown)
            return float(nodes.share[b])
        for c in shown:
            first = int(self.growth.divide(np.array([node]), CLAUSE, np.array([c]), None, None)[0])
            self.growth.close(np.array([first]))
            self.growth.offers[first] = self._offer(nodes, b, [c])
            node = first + 1
        nodes.node[b] = node
        return 0.0

    def _offer(self, nodes: Nodes, b: int, clauses: list[int]) -> tuple[ClauseOffer | None, ...]:
        """What proves these clauses on a node; None for the others."""
        offers: list[ClauseOffer | None] = [None] * self.clauses
        # a neuron whose bound is zero here may be undecided to the checker, which rounds outward: the slope of its phase
        low, high = nodes.low[b], nodes.high[b]
        for c in clauses:
            number = int(np.flatnonzero(np.flatnonzero(self.member == c) == self.leading[c])[0])
            alpha = np.where(high <= 0, 0.0, np.where(low >= 0, 1.0, nodes.alpha[b, c]))
            slopes = [packed(alpha[i:j]) for i, j in zip(self.starts[:-1], self.starts[1:], strict=True)]
            prices = [float(f"{nodes.beta[b, c, abs(code) - 1]:.9g}") for code in nodes.steps(b)]
            offers[c] = ClauseOffer(number, slopes, prices)
        return tuple(offers)

    # --- splitting ---

    def _split(self, nodes: Nodes) -> Nodes:
        """Both phases of the candidate of each node whose two parts are left least open."""
        neurons, every = nodes.candidates, np.arange(len(nodes))
        gains = self.experience.expected(neurons, nodes.promise)
        trying = (nodes.promise > 0) & ~self.experience.reliable(neurons)
        self._try(nodes, trying, gains)
        known = np.argsort(-_score(nodes, gains), axis=1, kind="stable")[:, :_TRIED]
        best = np.zeros_like(trying)
        np.put_along_axis(best, known, True, axis=1)
        self._try(nodes, best & ~trying & (nodes.promise > 0), gains)
        chosen = np.where(best, _score(nodes, gains), -np.inf).argmax(axis=1)
        neuron = neurons[every, chosen]
        layer = self._layer(neuron)
        first = self.growth.divide(nodes.node, SPLIT, layer, neuron - np.array(self.starts)[layer], None)
        return replace(nodes.halves(chosen), node=np.concatenate([first, first + 1]))

    def _try(self, nodes: Nodes, which: NDArray[np.bool_], gains: Floats) -> None:
        """Try these candidates [B, D]: what they gain in both phases, into `gains` [2, B, D] and for later."""
        for c in range(which.shape[1]):
            at = np.flatnonzero(which[:, c])
            if len(at):
                after = self._tried(nodes.take(at).halves(np.full(len(at), c))).reshape(2, -1)
                gains[:, at, c] = after - nodes.deficit[at]
                self.experience.learn(nodes.candidates[at, c], nodes.promise[at, c], gains[:, at, c])

    def _layer(self, neurons: Ints) -> Ints:
        """The layer of each neuron; -1 for -1."""
        return np.searchsorted(self.starts, neurons, side="right") - 1

    def _tried(self, trial: Nodes) -> Floats:
        """How negative the open clauses of trial parts remain, in sum, with the multipliers that they inherit [B]."""
        if self.again:
            trial = self._derived(trial)
        of, _, ascent, start = self._ascent(trial)
        total = np.zeros(len(trial))
        np.add.at(total, of, np.minimum(self.host(ascent.value(start)), 0.0))
        return total

    def _cells(self, nodes: Nodes, found: Promise) -> float:
        """Decide the nodes that have no undecided neuron left; the share that is closed."""
        return sum(self._cell(nodes, b) for b in np.flatnonzero(found.bare & nodes.open.any(axis=1)).tolist())

    def _cell(self, nodes: Nodes, b: int) -> float:
        one = nodes.take(np.array([b]))
        _, clauses, ascent, given = self._ascent(one)
        signs = (one.low[0] >= 0) & (one.high[0] > 0)
        active = [signs[i:j] for i, j in zip(self.starts[:-1], self.starts[1:], strict=True)]
        codes = one.steps(0)
        slope, shift, walls, heights = affine(self.chain, active, codes, self.starts)
        top, offsets = self.host(self.weights), self.host(self._offsets(one))[0]
        lower, upper = self.host(self.lower)[0], self.host(self.upper)[0]
        combined: dict[int, Floats] = {}
        for at, c in enumerate(clauses.tolist()):
            rows = self._rows_of(c)
            cell = optimum(top[rows] @ slope, top[rows] @ shift + offsets[rows], walls, heights, lower, upper)
            if cell is None:
                self.stuck = True
                return 0.0
            self.found(self.region, cell.point)
            combined[c] = np.round(cell.weights, 9)
            for code, price in zip(codes, cell.prices.tolist(), strict=True):
                neuron = abs(code) - 1
                layer = int(np.searchsorted(self.starts, neuron, side="right")) - 1
                one.beta[0, c, neuron] = price
                given.beta[layer][at, neuron - self.starts[layer]] = price
        rows_of = [(self._rows_of(c), weights) for c, weights in combined.items()]
        ascent.rows = self.put(np.stack([weights @ top[rows] for rows, weights in rows_of]))
        ascent.offset = self.put(np.array([weights @ offsets[rows] for rows, weights in rows_of]))
        if not bool((self.host(ascent.value(given)) > self.enough).all()):
            self.stuck = True
            return 0.0
        nodes.open[b] = False
        self.growth.close(one.node)
        offer = self._offer(one, 0, clauses.tolist())
        self.growth.offers[int(one.node[0])] = tuple(
            None if item is None else item if len(combined[c]) == 1 else item._replace(weights=combined[c].tolist())
            for c, item in enumerate(offer)
        )
        return float(one.share[0])

    def _rows_of(self, clause: int) -> Ints:
        """The rows of a clause, without those at the end that repeat the first one to fill up (`Goals`)."""
        rows = np.flatnonzero(self.member == clause)
        goals = self.rows.goals
        table = np.column_stack([goals.rows[self.condition], goals.offsets[self.condition]])
        while len(rows) > 1 and rows[0] == 0 and (table[rows[-1]] == table[0]).all():
            rows = rows[:-1]
        return rows


def _score(nodes: Nodes, gains: Floats) -> Floats:
    """How good a split by each candidate is [B, D], when both parts gain this [2, B, D]."""
    after = np.minimum(nodes.deficit[:, None] + gains, 0.0)
    return np.where(nodes.promise > 0, after.min(axis=0) + 0.1 * after.max(axis=0), -np.inf)
