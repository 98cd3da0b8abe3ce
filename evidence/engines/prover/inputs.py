"""Branch and bound over the inputs: for networks with few inputs, many boxes of many regions at a time.

Each round bounds a batch of boxes (`crown.derive`, then every row of the condition with two choices of lower slopes),
drops what is proved, cuts proved slabs off (the linear bounds show on which side no violation can lie), and halves
the rest. The input to cut is the one that promises most: the spread of the linear bound across it, plus its share
in what the relaxation loses at the centre. Without that share an input whose slopes cancel would never be cut.
Every centre is also evaluated: a violation ends the search in its region.
"""

from __future__ import annotations

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evidence.engines.prover.crown import Parts
from evidence.engines.prover.growth import CUT, Growth, Ints
from evidence.engines.prover.limits import Limits
from evidence.engines.prover.rows import Assessed, Rows, assess
from evidence.regions import Floats

_BATCH = 256
_WORTH = 0.2
"""Least share of a box's width that a proved slab must have to be cut off."""
_SLACK = 1e-9
"""Of a linear bound's terms: what it must exceed zero by where it cuts off a slab, so that the checker agrees."""
_THIN = 1e-7
"""Inputs whose width is below this share of their region's, or of their own size, are not cut any more."""

Found = Callable[[int, Floats], None]
"""Told of a region and a point in it that violates its condition in float64."""


@dataclass
class Batch:
    """B open nodes. share: of their region's volume."""

    parts: Parts
    node: Ints
    region: Ints
    share: Floats

    def take(self, index: NDArray[np.int64] | slice) -> Batch:
        """Copies of some of the nodes."""
        parts = self.parts
        return Batch(
            Parts(
                parts.lower[index],
                parts.upper[index],
                [low[index] for low in parts.low],
                [high[index] for high in parts.high],
            ),
            self.node[index],
            self.region[index],
            self.share[index],
        )

    def __len__(self) -> int:
        return len(self.node)


def joined(batches: list[Batch]) -> Batch:
    """Several batches as one."""
    if len(batches) == 1:
        return batches[0]
    layers = range(len(batches[0].parts.low))
    return Batch(
        Parts(
            np.concatenate([batch.parts.lower for batch in batches]),
            np.concatenate([batch.parts.upper for batch in batches]),
            [np.concatenate([batch.parts.low[k] for batch in batches]) for k in layers],
            [np.concatenate([batch.parts.high[k] for batch in batches]) for k in layers],
        ),
        np.concatenate([batch.node for batch in batches]),
        np.concatenate([batch.region for batch in batches]),
        np.concatenate([batch.share for batch in batches]),
    )


def fresh(rows: Rows, lower: Floats, upper: Floats, node: Ints, region: Ints, share: Floats) -> Batch:
    """Nodes about whose pre-activations nothing is known yet."""
    widths = rows.chain.widths
    low = [np.full((len(lower), width), -np.inf) for width in widths]
    high = [np.full((len(lower), width), np.inf) for width in widths]
    return Batch(Parts(lower.copy(), upper.copy(), low, high), node, region, share)


@dataclass
class InputSearch:
    """The open nodes of one search, last in first out. `width`: of each region's box [R, n]."""

    rows: Rows
    growth: Growth
    width: Floats
    found: Found
    violated: Collection[int]
    proved: Floats
    """Share of each region's volume that is proved [R]."""
    stack: list[Batch]
    stuck: list[Batch]
    """Nodes too thin to be cut."""

    def run(self, limits: Limits) -> None:
        """Work until nothing is open or a limit is reached; what is then open stays on the stack."""
        while self.stack and not limits.reached(len(self.growth.kind.values)):
            batch = self._next()
            if len(batch):
                self._round(batch)
            limits.report(self.proved)

    def open(self) -> list[Batch]:
        """All nodes that are not proved, of regions that are not violated."""
        violated = list(self.violated)
        nodes = [batch.take(np.flatnonzero(~np.isin(batch.region, violated))) for batch in (*self.stack, *self.stuck)]
        return [batch for batch in nodes if len(batch)]

    def regions(self) -> list[int]:
        """Regions that are neither proved nor violated."""
        found = {int(region) for batch in self.open() for region in batch.region}
        return sorted(found - set(self.violated))

    def _next(self) -> Batch:
        taken, room = [], _BATCH
        while self.stack and room:
            top = self.stack.pop()
            if len(top) > room:
                self.stack.append(top.take(slice(0, len(top) - room)))
                top = top.take(slice(len(top) - room, None))
            room -= len(top)
            taken.append(top)
        batch = joined(taken)
        left = ~np.isin(batch.region, list(self.violated))
        return batch if left.all() else batch.take(np.flatnonzero(left))

    def _round(self, batch: Batch) -> None:
        assessed = assess(self.rows, batch.parts, batch.region)
        self.growth.bound(batch.node)
        clauses = self.rows.clauses(batch.region, assessed.least)
        held = (clauses > 0).all(axis=1)
        self._prove(batch, held)
        left = np.flatnonzero(~held)
        if not len(left):
            return
        batch, is_open = batch.take(left), clauses[left] <= 0
        assessed = Assessed(*(values[left] for values in vars(assessed).values()))
        values = self._look(batch)
        score = self._promise(batch, assessed, values, self.rows.members(batch.region, is_open))
        # with two open clauses a point may violate either: only what neither needs could be cut off
        single = is_open & (is_open.sum(axis=1, keepdims=True) == 1)
        lower, upper, gone, cut = self._clipped(batch, assessed, self.rows.members(batch.region, single))
        self._prove(batch, gone)
        self._part(batch, np.flatnonzero(gone), cut)
        kept = np.flatnonzero(~gone)
        self._halve(batch.take(kept), score[kept], lower[kept], upper[kept])

    def _prove(self, batch: Batch, which: NDArray[np.bool_]) -> None:
        self.growth.close(batch.node[which])
        np.add.at(self.proved, batch.region[which], batch.share[which])

    def _look(self, batch: Batch) -> Floats:
        """The rows at the centres [B, k]; violations are told."""
        middle = (batch.parts.lower + batch.parts.upper) / 2
        values = self.rows.evaluate(batch.region, middle)
        margin = self.rows.clauses(batch.region, values).min(axis=1)
        for hit in np.flatnonzero(margin <= 0):
            self.found(int(batch.region[hit]), middle[hit])
        return values

    def _promise(self, batch: Batch, assessed: Assessed, values: Floats, active: NDArray[np.bool_]) -> Floats:
        """What cutting each input promises [B, n]: more is better."""
        k = values.shape[1]
        width = batch.parts.upper - batch.parts.lower
        middle = (batch.parts.lower + batch.parts.upper) / 2
        form = assessed.coefficients[:, :k]
        lost = np.maximum(values - (np.einsum("bkn,bn->bk", form, middle) + assessed.offsets[:, :k]), 0.0)
        spread = assessed.influence * width[:, None]
        share = spread / np.maximum(spread.sum(axis=2, keepdims=True), 1e-300)
        promise = np.abs(form) * width[:, None] + lost[:, :, None] * share
        return np.asarray((promise * active[:, :, None]).sum(axis=1))

    def _clipped(
        self, batch: Batch, assessed: Assessed, active: NDArray[np.bool_]
    ) -> tuple[Floats, Floats, NDArray[np.bool_], Floats]:
        """Boxes without the slabs on which an active row is positive by its linear bound, which boxes are gone, and
        between which places [B, n, 2] a cut of a box that is gone leaves two parts with a positive row each."""
        lower, upper = batch.parts.lower, batch.parts.upper
        a, active = assessed.coefficients, np.concatenate([active, active], axis=1)[:, :, None]
        least = np.where(a > 0, a * lower[:, None], a * upper[:, None])
        total = least.sum(axis=2) + assessed.offsets
        total = total - _SLACK * (np.abs(least).sum(axis=2) + np.abs(assessed.offsets))
        with np.errstate(over="ignore", invalid="ignore"):
            edge = (least - total[:, :, None]) / np.where(a == 0, 1.0, a)
        high = np.where((a > 0) & active, edge, np.inf).min(axis=1)
        low = np.where((a < 0) & active, edge, -np.inf).max(axis=1)
        gone = ((low > upper) | (high < lower) | (low > high)).any(axis=1)
        worth = _WORTH * (upper - lower)
        at_low, at_high = short(low, upper - lower, -1), short(high, upper - lower, 1)
        lower = np.where((low - lower > worth) & (at_low < upper), at_low, lower)
        upper = np.where((upper - high > worth) & (at_high > lower), at_high, upper)
        return lower, upper, gone, np.stack([high, low], axis=2)

    def _part(self, batch: Batch, gone: Ints, between: Floats) -> None:
        """Cut boxes that are gone because one row holds below, another above, into these two leaves."""
        low, high = batch.parts.lower[gone], batch.parts.upper[gone]
        start, end = np.maximum(between[gone, :, 0], low), np.minimum(between[gone, :, 1], high)
        room = np.where((between[gone] > low[:, :, None]).all(axis=2) & (between[gone] < high[:, :, None]).all(axis=2), end - start, -1.0)
        axis = room.argmax(axis=1)
        for b, node in enumerate(batch.node[gone].tolist()):
            i = int(axis[b])
            if room[b, i] <= 0:
                continue  # one row holds on all of the box
            at = float(short(np.array((start[b, i] + end[b, i]) / 2), np.array(end[b, i] - start[b, i]), 0))
            self.growth.close(self._children(node, i, at))

    def _children(self, node: int, axis: int, at: float) -> Ints:
        first = self.growth.divide(np.array([node]), CUT, np.array([axis]), None, np.array([at]))
        return np.concatenate([first, first + 1])

    def _halve(self, batch: Batch, score: Floats, lower: Floats, upper: Floats) -> None:
        for b in np.flatnonzero((lower != batch.parts.lower).any(axis=1) | (upper != batch.parts.upper).any(axis=1)):
            below, above = np.flatnonzero(lower[b] != batch.parts.lower[b]), np.flatnonzero(upper[b] != batch.parts.upper[b])
            slabs = [(int(i), 0, float(lower[b, i])) for i in below] + [(int(i), 1, float(upper[b, i])) for i in above]
            self.growth.clip(int(batch.node[b]), slabs)
        before = batch.parts.upper - batch.parts.lower
        width = upper - lower
        kept = np.prod(np.divide(width, before, out=np.ones_like(width), where=before > 0), axis=1)
        np.add.at(self.proved, batch.region, batch.share * (1 - kept))
        batch.share = batch.share * kept
        batch.parts.lower, batch.parts.upper = lower, upper
        at = short((lower + upper) / 2, width, 0)
        usable = (width > _THIN * self.width[batch.region]) & (width > _THIN * np.abs(at)) & (lower < at) & (at < upper)
        chosen = np.where(usable, score, -1.0).argmax(axis=1)
        rows = np.arange(len(batch))
        stuck = ~usable[rows, chosen]
        if stuck.any():
            self.stuck.append(batch.take(np.flatnonzero(stuck)))
            fine = np.flatnonzero(~stuck)
            batch, chosen, at = batch.take(fine), chosen[fine], at[fine]
            rows = np.arange(len(batch))
        if not len(batch):
            return
        place = at[rows, chosen]
        first = self.growth.divide(batch.node, CUT, chosen, None, place)
        batch.share = batch.share / 2
        other = batch.take(np.arange(len(batch)))
        batch.node, other.node = first, first + 1
        batch.parts.upper = batch.parts.upper.copy()
        batch.parts.upper[rows, chosen] = place
        other.parts.lower[rows, chosen] = place
        self.stack += [other, batch]


def short(values: Floats, width: Floats, direction: int) -> Floats:
    """Values rounded to a thousandth of the width or so, in few decimal digits: certificates store them as text.
    direction: -1 down, 1 up, 0 to the nearest."""
    digits = np.clip(3 - np.floor(np.log10(np.where(width > 0, width, 1.0))), 0, 300)
    scale = 10.0**digits
    with np.errstate(over="ignore", invalid="ignore"):
        scaled = values * scale
        rounded = (np.floor(scaled), np.rint(scaled), np.ceil(scaled))[direction + 1] / scale
    return np.where(np.isfinite(rounded), rounded, values)
