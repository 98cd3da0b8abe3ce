"""The conditions of the regions as rows on the last ReLU layer, and what CROWN says of them on many parts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evidence.engines.bounds.goals import Goals
from evidence.engines.prover.arrays import Array
from evidence.engines.prover.chain import Chain
from evidence.engines.prover.crown import Parts, Relaxation, bound, derive, flattened
from evidence.engines.prover.growth import Ints
from evidence.regions import Floats


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of C conditions, k each, as linear functions of the activations of the last ReLU layer.

    weights: [C, k, w]; offsets: [C, k]; magnitudes: [C, k, outputs]; of: [R] the condition of each region.
    """

    chain: Chain
    goals: Goals
    weights: Array
    offsets: Array
    magnitudes: Array
    of: Ints

    def clauses(self, regions: Ints, values: Floats) -> Floats:
        """The best row of each clause [B, clauses] for values of the rows [B, k]; infinite where a condition has
        fewer clauses."""
        member = self.goals.clause[self.of[regions]]
        best = []
        for clause in range(int(self.goals.clause.max()) + 1):
            mine = member == clause
            best.append(np.where(mine.any(axis=1), np.where(mine, values, -np.inf).max(axis=1), np.inf))
        return np.stack(best, axis=1)

    def evaluate(self, regions: Ints, points: Floats) -> Floats:
        """The rows [B, k] at points [B, n], in float64."""
        place = self.chain.place
        outputs = place.host(self.chain.forward(place.put(points)))
        which = self.of[regions]
        return np.asarray(np.einsum("bkm,bm->bk", self.goals.rows[which], outputs) + self.goals.offsets[which])

    def members(self, regions: Ints, clauses: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """[B, k] the rows of the clauses that are marked [B, clauses]."""
        return np.take_along_axis(clauses, self.goals.clause[self.of[regions]], axis=1)


@dataclass(frozen=True)
class Assessed:
    """What bounds say of B parts. least: [B, k] lower bounds of the rows; coefficients [B, 2k, n], offsets [B, 2k]:
    linear lower bounds in the inputs, by two choices of slopes; influence: [B, k, n] how much each input can move a
    row, all cancellation ignored."""

    least: Floats
    coefficients: Floats
    offsets: Floats
    influence: Floats


def rows_of(chain: Chain, goals: Goals) -> Rows:
    """The rows of all conditions for this network."""
    put = chain.place.put
    rows, offsets = put(goals.rows), put(goals.offsets)
    weights = rows @ chain.weights[-1]
    return Rows(chain, goals, weights, rows @ chain.biases[-1] + offsets, chain.place.xp.abs(rows), goals.of)


def lasting_error(rows: Rows, which: Array, high: Array) -> Array | float:
    """What the float32 execution of the last affine map may take from each row [B, k]; its operands are at most
    `high`."""
    chain = rows.chain
    if chain.roundings is None:
        return 0.0
    xp = chain.place.xp
    error = chain.error(chain.depth, xp.maximum(high, chain.place.full((1, 1), 0.0)))
    return xp.sum(rows.magnitudes[which, :, :] * error[:, None, :], axis=2)


def assess(rows: Rows, parts: Parts, regions: Ints) -> Assessed:
    """Tighten the bounds of the parts in place (host arrays) and bound every row of their conditions."""
    chain = rows.chain
    place, xp = chain.place, chain.place.xp
    here = Parts(
        place.put(parts.lower),
        place.put(parts.upper),
        [place.put(low) for low in parts.low],
        [place.put(high) for high in parts.high],
    )
    layers = derive(chain, here)
    parts.low, parts.high = [place.host(low) for low in here.low], [place.host(high) for high in here.high]
    which = place.put(rows.of[regions])
    batch, count = len(regions), int(rows.offsets.shape[1])
    flat = place.put(np.repeat(np.arange(batch), count))
    weights = xp.reshape(rows.weights[which, :, :], (batch * count, -1))
    offsets = rows.offsets[which, :]
    far = here.high[-1] if chain.depth else xp.maximum(xp.abs(here.lower), xp.abs(here.upper))
    lost = lasting_error(rows, which, far)
    offsets = xp.reshape(offsets - lost, (-1,))
    forms = [bound(chain, here, weights, offsets, flat, choice) for choice in (layers, flattened(layers))]
    least = xp.maximum(forms[0].least, forms[1].least)
    least = least - chain.slack * (xp.abs(forms[0].least) + xp.abs(forms[0].offset))
    influence = _influence(chain, weights, flat, layers)
    return Assessed(
        place.host(least).reshape(batch, count),
        np.concatenate([place.host(form.coefficients).reshape(batch, count, -1) for form in forms], axis=1),
        np.concatenate([place.host(form.offset).reshape(batch, count) for form in forms], axis=1),
        place.host(influence).reshape(batch, count, -1),
    )


def _influence(chain: Chain, weights: Array, of: Array, layers: list[Relaxation]) -> Array:
    moved = chain.place.xp.abs(weights)
    for k in range(chain.depth - 1, -1, -1):
        moved = (moved * layers[k].slope_high[of, :]) @ chain.sizes[k]
    return moved
