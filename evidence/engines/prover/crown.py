"""CROWN in float64 for many parts of the input space at a time (Zhang et al., NeurIPS 2018).

A part is a box with the bounds of all pre-activations that its ancestors have derived. `derive` tightens them in
place. Only neurons that are still undecided cost anything: their rows are collected over all parts (ragged batches)
and worked off in pieces that fit the cache. What a part inherits stays valid, because it lies inside its ancestor.
Not here: rounding (bounds are candidates until the checker has derived them again), which part to cut.
"""

from __future__ import annotations

from dataclasses import dataclass

from evidence.engines.prover.arrays import Array
from evidence.engines.prover.chain import Chain

PIECE = 60_000
"""Numbers in one array of rows: several of them should fit the second-level cache."""
_CERTAIN = 1e-9
"""Of the upper bound: how far above zero a lower bound must be for a neuron to count as active."""
SPLIT = 2.0**-1022
"""The lower bound of a neuron that was split to z >= 0: the checker knows its phase, so that no rounding hides it."""


@dataclass
class Parts:
    """B parts. lower, upper: boxes [B, n]; low, high: for each ReLU layer the bounds of its pre-activations [B, w]."""

    lower: Array
    upper: Array
    low: list[Array]
    high: list[Array]


@dataclass(frozen=True)
class Relaxation:
    """Of one ReLU layer: slope_low * z <= max(z, 0) <= slope_high * z + shift on [low, high]; [B, w] each.

    active: whether z is certainly positive (beyond rounding: where the checker's bound, rounded outward, falls just
    below zero, its slope 0 would not be the engine's 1); error: what a float32 execution may add to z (zero for bounds
    over the reals).
    """

    slope_low: Array
    slope_high: Array
    shift: Array
    active: Array
    error: Array


@dataclass(frozen=True)
class LinearForms:
    """Linear lower bounds coefficients @ x + offset of rows over parts, and their least value on the part's box."""

    coefficients: Array
    offset: Array
    least: Array


def relaxation(chain: Chain, low: Array, high: Array, error: Array) -> Relaxation:
    """The chord above, below it the slope 1 where high >= -low, else 0 (DeepPoly's choice, the smaller area)."""
    xp = chain.place.xp
    zero = chain.place.full((1, 1), 0.0)
    up, down = xp.maximum(high, zero), xp.maximum(-low, zero)
    width = up + down
    # a neuron that is zero counts as inactive, as it does to the checker
    chord = xp.where((low >= 0) & (high > 0), 1.0, up / xp.where(width > 0, width, 1.0))
    slope = xp.astype((up >= down) & (up > 0), xp.float64)
    return Relaxation(slope, chord, chord * down, (low > _CERTAIN * up) | (low == SPLIT), error)


def flattened(layers: list[Relaxation]) -> list[Relaxation]:
    """The same relaxations with slope 0 below every undecided neuron: looser alone, yet often better beside the first."""
    return [
        Relaxation(layer.slope_low * layer.active, layer.slope_high, layer.shift, layer.active, layer.error)
        for layer in layers
    ]


def backward(
    chain: Chain, rows: Array, offset: Array, of: Array, layers: list[Relaxation], slopes: list[Array] | None = None
) -> tuple[Array, Array]:
    """Linear lower bounds in the inputs of rows [R, w] @ max(z, 0) + offset [R], the ReLU layer being the last of
    `layers`; `of` [R] names the part of each row; slopes: below undecided neurons, in place of the layers' [R, w]."""
    xp, zero = chain.place.xp, chain.place.full((1, 1), 0.0)
    for k in range(len(layers) - 1, -1, -1):
        layer = layers[k]
        below = xp.minimum(rows, zero)
        above = rows - below
        offset = offset + xp.sum(below * layer.shift[of, :], axis=1)
        if slopes is None:
            above *= layer.slope_low[of, :]
        else:
            chord = layer.slope_high[of, :]
            above *= xp.where((chord > 0) & ~layer.active[of, :], slopes[k], chord)
        below *= layer.slope_high[of, :]
        above += below
        if chain.roundings is not None:
            offset = offset - xp.sum(xp.abs(above) * layer.error[of, :], axis=1)
        offset = offset + above @ chain.biases[k]
        rows = above @ chain.weights[k]
    return rows, offset


def bound(
    chain: Chain,
    parts: Parts,
    rows: Array,
    offset: Array,
    of: Array,
    layers: list[Relaxation],
    slopes: list[Array] | None = None,
) -> LinearForms:
    """`backward` in pieces, with the least values over the boxes of the parts."""
    xp = chain.place.xp
    widest = max([*chain.widths, chain.inputs])
    step = max(16, PIECE // widest)
    center, radius = (parts.lower + parts.upper) / 2, (parts.upper - parts.lower) / 2
    found = []
    for at in range(0, int(rows.shape[0]), step):
        piece = slice(at, at + step)
        given = None if slopes is None else [layer[piece, :] for layer in slopes]
        coefficients, constant = backward(chain, rows[piece, :], offset[piece], of[piece], layers, given)
        least = constant + xp.sum(
            coefficients * center[of[piece], :] - xp.abs(coefficients) * radius[of[piece], :], axis=1
        )
        found.append((coefficients, constant, least))
    if len(found) == 1:
        return LinearForms(*found[0])
    return LinearForms(*(xp.concat([item[i] for item in found], axis=0) for i in range(3)))


Table = dict[int, list[Array]]
"""For inner bounds of a ReLU layer: lower slopes [2 w, w'] for each earlier layer, of each neuron from below, then
from above; NaN where none are offered."""


def _both(
    chain: Chain,
    parts: Parts,
    k: int,
    of: Array,
    neuron: Array,
    layers: list[Relaxation],
    slopes: list[Array] | None,
    error: Array,
) -> tuple[Array, Array]:
    """Bounds from below and from above of the pre-activations of neurons [M] of layer k of parts `of` [M]."""
    xp = chain.place.xp
    rows, bias, count = chain.weights[k][neuron, :], chain.biases[k][neuron], int(neuron.shape[0])
    at = xp.concat([neuron, neuron + chain.widths[k]])
    given = None if slopes is None else [layer[at, :] for layer in slopes]
    both = xp.concat([rows, -rows]), xp.concat([bias, -bias]), xp.concat([of, of])
    least = bound(chain, parts, *both, layers, given).least
    lost = error[of, neuron] if chain.roundings is not None else 0.0
    return least[:count] - lost, -least[count:] + lost


def derive(chain: Chain, parts: Parts, table: Table | None = None, changed: Array | None = None) -> list[Relaxation]:
    """Tighten the bounds of all pre-activations of the parts in place; their relaxations, layer by layer.

    With a table of slopes every undecided neuron is bounded by them, too. changed [B]: the layer of each part in which
    alone it differs from the part whose bounds it has inherited; up to there they would come out as they are.
    """
    xp = chain.place.xp
    zero = chain.place.full((1, 1), 0.0)
    before, after = parts.lower, parts.upper
    layers: list[Relaxation] = []
    for k in range(chain.depth):
        # intervals first, as the checker does: bounds that differ from its own could turn the relaxation
        center, radius = (before + after) / 2, (after - before) / 2
        error = chain.error(k, xp.maximum(xp.abs(before), xp.abs(after)))
        middle, spread = center @ chain.weights[k].T + chain.biases[k], radius @ chain.sizes[k].T + error
        low, high = xp.maximum(parts.low[k], middle - spread), xp.minimum(parts.high[k], middle + spread)
        if k > 0:
            open_ = (low < 0) & (high > 0)
            of, neuron = xp.nonzero(open_ if changed is None else open_ & (changed < k)[:, None])
            for slopes in [None, *([table[k]] if table is not None and k in table else [])]:
                left = (low[of, neuron] < 0) & (high[of, neuron] > 0)  # offered slopes as the checker uses them
                of, neuron = of[left], neuron[left]
                if int(of.shape[0]):
                    below, above = _both(chain, parts, k, of, neuron, layers, slopes, error)
                    low[of, neuron] = xp.maximum(low[of, neuron], below)
                    high[of, neuron] = xp.minimum(high[of, neuron], above)
        parts.low[k], parts.high[k] = low, high
        layers.append(relaxation(chain, low, high, error))
        before, after = xp.maximum(low, zero), xp.maximum(high, zero)
    return layers
