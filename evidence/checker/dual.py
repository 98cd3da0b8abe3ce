"""Lower bounds of linear functions of a ReLU network's outputs over a set of inputs, rounded outward.

The network is z_i = W_i a_{i-1} + b_i, a_i = max(z_i, 0) or z_i, with input a_0 = x. For the row nu_L = c and ANY
vectors nu_i of floats at the other layers, with mu_i = W_{i+1}^T nu_{i+1},

    c . z_L  =  sum_i nu_i . b_i  +  mu_0 . x  +  sum_i (mu_i . a_i - nu_i . z_i)
            >=  sum_i nu_i . b_i  +  min_x mu_0 . x  +  sum_i sum_j min_{l <= z <= u} (mu_ij act(z) - nu_ij z)

where l, u bound the pre-activation z_ij (Lagrangian dual: Dvijotham et al., UAI 2018; Wong & Kolter, ICML 2018;
Salman et al., NeurIPS 2019). Because nu is free, it is taken as computed, with whatever rounding it suffered; only
mu, the minima and the sums are enclosed. The choice nu = slope * mu, with the chord's slope u / (u - l) where mu
is negative, is CROWN's (Zhang et al., NeurIPS 2018): any other choice is as sound, only less tight.

Rounding, in terms of `rounding.py`: with g = gamma(K), K = widest layer + number of layers + 16, and t = K * TINY,
  * computed mu is within error = g * (|nu| @ |W|) + t of the exact one. K exceeds the operations on any path by
    more than 12: this pays for reciprocals in W (a Div node) and coefficients in c, each rounded once from the
    number that is meant, for the subtractions in mu - nu - error, and for evaluating the error terms;
  * sums of non-negative terms (`loss`, `size`) are within a factor 1 +- g/2, which the factor 1 + g at the end pays;
  * `size` is the sum of the magnitudes of all that is added up in `value`, whose error is at most g/2 * size.
A bound that is not a finite number is replaced by -inf: overflow and NaN never prove anything. No overflow gets
lost on the way: every nu that is not finite makes its row's loss NaN, and minimum, maximum and + hand NaN on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evidence.checker.onnx_reader import Layer
from evidence.checker.regions import Ints, Sets
from evidence.checker.rounding import TINY, Floats, gamma

BLOCK = 1 << 15
"""Numbers in one intermediate array: a dozen of them should fit the second-level cache."""
ADAPTIVE, ZERO, ONE = "adaptive", "zero", "one"
"""Rules for the slope of the lower relaxation of an undecided ReLU: 1 if u >= -l else 0; always 0; always 1."""


@dataclass(frozen=True)
class Network:
    """The layers and the error constants g and t of the module's docstring."""

    layers: tuple[Layer, ...]

    @property
    def operations(self) -> int:
        return max(max(layer.inputs, layer.outputs) for layer in self.layers) + len(self.layers) + 16

    @property
    def g(self) -> float:
        return gamma(self.operations)

    @property
    def t(self) -> float:
        return self.operations * TINY


class Bounds:
    """Of one layer's pre-activations, [B, n] each; up = max(u, 0), down = max(-l, 0), far = max(|l|, |u|)."""

    def __init__(self, lower: Floats, upper: Floats) -> None:
        self.lower, self.upper = lower, upper
        self.up, self.down = np.maximum(upper, 0.0), np.maximum(-lower, 0.0)
        self.far = np.maximum(np.abs(lower), np.abs(upper))


@dataclass(frozen=True)
class Query:
    """Rows whose lower bounds are wanted: rows @ z_depth + offset over set `of`, for each of Q rows.

    rows: [Q, n]; of: [Q]; offset: [Q]; slopes: None, or for each ReLU layer the slopes [Q, neurons] of its undecided
    neurons (NaN: by the rule).
    """

    depth: int
    rows: Floats
    of: Ints
    offset: Floats | None = None
    slopes: Sequence[Floats] | None = None

    def part(self, at: slice) -> Query:
        """Some of the rows."""
        offset = None if self.offset is None else self.offset[at]
        slopes = None if self.slopes is None else [array[at] for array in self.slopes]
        return Query(self.depth, self.rows[at], self.of[at], offset, slopes)


def intervals(net: Network, layer: Layer, lower: Floats, upper: Floats) -> Bounds:
    """Bounds of the layer's pre-activations by interval arithmetic, from those of its inputs [B, n]."""
    middle = (lower + upper) / 2
    radius = np.maximum(upper - middle, middle - lower) * (1 + net.g)
    size = np.abs(middle)
    if layer.weight.ndim == 1:
        center = middle * layer.weight + layer.bias
        spread = (radius + net.g * size) * layer.weight_size
    else:
        center = middle @ layer.weight.T + layer.bias
        spread = (radius + net.g * size) @ layer.weight_size.T
    spread = spread * (1 + net.g) + net.g * layer.bias_size + net.t
    low, high = center - spread, center + spread
    return Bounds(np.where(np.isfinite(low), low, -np.inf), np.where(np.isfinite(high), high, np.inf))


def layer_bounds(net: Network, sets: Sets, rules: Sequence[str]) -> list[Bounds]:
    """Bounds of all pre-activations over each set: intervals, and for undecided ReLUs the dual by each rule too."""
    found: list[Bounds] = []
    lower, upper = sets.lower, sets.upper
    loose = sets.radius is not None  # intervals are as good as the dual until something couples the coordinates
    for depth, layer in enumerate(net.layers):
        bounds = intervals(net, layer, lower, upper)
        if layer.relu and loose and rules:
            bounds = _refined(net, sets, found, depth, bounds, rules)
        found.append(bounds)
        lower, upper = bounds.lower, bounds.upper
        if layer.relu:
            lower, upper = np.maximum(lower, 0.0), np.maximum(upper, 0.0)
        loose = loose or layer.weight.ndim == 2
    return found


def _refined(
    net: Network, sets: Sets, before: list[Bounds], depth: int, bounds: Bounds, rules: Sequence[str]
) -> Bounds:
    """The intersection of given bounds with those of the dual, for the neurons whose sign is undecided."""
    width = net.layers[depth].outputs
    lower, upper = bounds.lower.copy(), bounds.upper.copy()
    undecided = np.argwhere((lower < 0) & (upper > 0))
    for part in np.split(undecided, range(0, len(undecided), max(1, 32 * BLOCK // width))[1:]):
        of, neuron = part.T
        count = len(of)
        rows = np.zeros((2 * count, width))
        rows[np.arange(count), neuron] = 1.0
        rows[np.arange(count, 2 * count), neuron] = -1.0
        query = Query(depth, rows, np.concatenate([of, of]))
        best = np.max([lower_bounds(net, sets, before, query, rule) for rule in rules], axis=0)
        lower[of, neuron] = np.maximum(lower[of, neuron], best[:count])
        upper[of, neuron] = np.minimum(upper[of, neuron], -best[count:])
    return Bounds(lower, upper)


def lower_bounds(net: Network, sets: Sets, bounds: Sequence[Bounds], query: Query, rule: str = ADAPTIVE) -> Floats:
    """A lower bound for each row of the query [Q], -inf where none was found. `bounds`: of all layers in between."""
    step = max(1, BLOCK // net.operations)
    slices = [slice(at, at + step) for at in range(0, len(query.rows), step)]
    return np.concatenate([np.empty(0), *(_block(net, sets, bounds, query.part(at), rule) for at in slices)])


def _block(net: Network, sets: Sets, bounds: Sequence[Bounds], query: Query, rule: str) -> Floats:
    nu, of = query.rows, query.of
    value = np.zeros(len(nu)) if query.offset is None else query.offset.copy()
    size, loss = np.abs(value), np.zeros(len(nu))
    slopes = list(query.slopes or ())
    for depth in range(query.depth, -1, -1):
        layer, nu_size = net.layers[depth], np.abs(nu)
        value += nu @ layer.bias
        size += nu_size @ layer.bias_size
        loss += 0.0 * nu_size.sum(axis=1)  # 0 * inf is NaN: after an overflow nothing is found
        if layer.weight.ndim == 1:
            mu = nu * layer.weight
            error = net.g * np.abs(mu) + net.t
        else:
            mu = nu @ layer.weight
            error = net.g * (nu_size @ layer.weight_size) + net.t
        if depth == 0:
            break
        below = bounds[depth - 1]
        if net.layers[depth - 1].relu:
            nu, lost = _relu(mu, error, below, of, rule, slopes.pop() if slopes else None)
        else:
            nu, lost = mu, error * below.far[of]
        loss += lost.sum(axis=1) + net.t

    lower, upper = sets.lower[of], sets.upper[of]
    middle = (lower + upper) / 2
    radius = np.maximum(upper - middle, middle - lower) * (1 + net.g)
    mu_size = np.abs(mu)
    box = _total(
        net,
        value + (mu * middle).sum(axis=1),
        size + (mu_size * np.abs(middle)).sum(axis=1),
        loss + (mu_size * radius + error * (np.abs(middle) + radius)).sum(axis=1),
    )
    if sets.radius is None or sets.center is None:
        return box
    center = sets.center[of]
    length = np.sqrt((mu * mu).sum(axis=1) + net.t) + error.sum(axis=1)  # of mu, at least
    ball = _total(
        net,
        value + (mu * center).sum(axis=1),
        size + (mu_size * np.abs(center)).sum(axis=1),
        loss + sets.radius[of] * length + (error * np.abs(center)).sum(axis=1),
    )
    return np.maximum(box, ball)


def _relu(
    mu: Floats, error: Floats, below: Bounds, of: Ints, rule: str, slopes: Floats | None
) -> tuple[Floats, Floats]:
    """nu for a ReLU layer [Q, n], and by how much min over [l, u] of (mu max(z, 0) - nu z) may be below zero.

    That function is linear on either side of 0, so its minimum is at l, at u or at 0, where it is 0. For z >= 0
    it is at least (mu - error - nu) z. A ReLU that is always active has down = 0 and takes nu = mu; one that
    never is has up = 0 and takes nu = 0, so the value at 0 costs nothing where 0 lies outside [l, u].
    """
    up, down = below.up[of], below.down[of]
    width = up + down
    chord = np.divide(up, width, out=np.zeros_like(up), where=width > 0)
    if rule == ADAPTIVE:
        slope = (up >= down).astype(np.float64)
    else:
        slope = np.where((up > 0) & (down > 0), 1.0 if rule == ONE else 0.0, chord)
    if slopes is not None:
        slope = np.where((up > 0) & (down > 0) & ~np.isnan(slopes), slopes, slope)
    nu = np.where(mu >= 0, slope, chord) * mu
    least = np.minimum((mu - nu - error) * up, nu * down)
    return nu, -np.minimum(least, 0.0)


def _total(net: Network, value: Floats, size: Floats, loss: Floats) -> Floats:
    """value - loss, minus all rounding of both; -inf where that is not a number."""
    low = value - (loss * (1 + net.g) + net.g * size + net.t * len(net.layers))
    return np.where(np.isfinite(low), low, -np.inf)
