"""Branch and bound over the inputs: for networks with few inputs, many boxes of many regions at a time.

Each round bounds a batch of boxes (`crown.derive`, then every row of the condition with two choices of lower slopes),
drops what is proved, cuts proved slabs off (the linear bounds show on which side no violation can lie), and halves
the rest. The input to cut is the one that promises most: the spread of the linear bound across it, plus its share
in what the relaxation loses at the centre. Without that share an input whose slopes cancel would never be cut.
Every centre is also evaluated: a violation ends the search in its region.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evidence.engines.prover.boxes import Batch, BoxSearch, short
from evidence.engines.prover.growth import CUT, Ints
from evidence.engines.prover.rows import Assessed, Rows, assess
from evidence.regions import Floats

_WORTH = 0.2
"""Least share of a box's width that a proved slab must have to be cut off."""


@dataclass(kw_only=True)
class InputSearch(BoxSearch):
    """Open boxes of a chain network, bounded by CROWN."""

    rows: Rows

    def _round(self, batch: Batch) -> None:
        assessed = assess(self.rows, batch.parts, batch.region)
        self.growth.bound(batch.node)
        clauses = self.rows.clauses(batch.region, assessed.least)
        held = np.asarray((clauses > 0).all(axis=1))
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
        total = total - self.rows.chain.slack * (np.abs(least).sum(axis=2) + np.abs(assessed.offsets))
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
        room = np.where(
            (between[gone] > low[:, :, None]).all(axis=2) & (between[gone] < high[:, :, None]).all(axis=2),
            end - start,
            -1.0,
        )
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
