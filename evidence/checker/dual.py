"""Lower bounds of linear functions of a network's pre-activations over a set of inputs, rounded outward.

The network is z_i = sum_s W_is a_s + b_i, a_i = act(z_i), a_-1 = x. For a row nu_d at layer d and ANY vectors nu_i
of floats at the layers before it, with mu_s = sum_i W_is^T nu_i over the layers i <= d that use a_s,

    nu_d . z_d  =  sum_i nu_i . b_i  +  mu_-1 . x  +  sum_s (mu_s . a_s - nu_s . z_s)
                >= sum_i nu_i . b_i  +  min_x mu_-1 . x  +  sum_s sum_j min_{l <= z <= u} (mu_sj act(z) - nu_sj z)

where l, u bound the pre-activation z_sj (Lagrangian dual: Dvijotham et al., UAI 2018; Wong & Kolter, ICML 2018;
Salman et al., NeurIPS 2019). Because nu is free, it is taken as computed, with whatever rounding it suffered; only
mu, the minima and the sums are enclosed. The choice nu = slope * mu, with the chord's slope u / (u - l) where mu
is negative, is CROWN's (Zhang et al., NeurIPS 2018). On a part where z_sj has one sign, nu = mu - beta (z >= 0) or
nu = beta (z <= 0) is beta-CROWN's (Wang et al., NeurIPS 2021). Any other choice is as sound, only less tight.
A tanh lies between two lines (smooth.py), whose slopes give nu.

Rounding (terms of bounds.py): the products nu_i . (W a + b), computed through mu and b, are off by at most
|nu_i| @ noise_i, and by `flat` for underflow. What is lost in the minima (`loss`) is a sum of terms that are not
negative: its computed value is within a factor 1 +- g of the exact one, which the factor 1 + 2g at the end pays.
A bound that is not a finite number is replaced by -inf: overflow and NaN never prove anything. No overflow gets
lost on the way: every nu that is not finite makes |nu| @ noise infinite or NaN, and minimum, maximum and + hand
NaN on; every mu that is not finite makes its nu so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from evidence.checker.bounds import ADAPTIVE, Bounds, Known
from evidence.checker.layers import INPUT, RELU, TANH, Network
from evidence.checker.linear import Ints
from evidence.checker.problem import Sets
from evidence.checker.rounding import EPS, Floats

BLOCK = 1 << 15
"""Numbers in one intermediate array: a dozen of them should fit the second-level cache."""
LEAST_ROWS = 128
"""Rows of one block at least: a wide matrix is read once for each block."""


@dataclass(frozen=True)
class Betas:
    """Multipliers of phases: in row [E] at layer [E], neuron [E]: nu = mu - beta where sign is 1, beta where -1."""

    row: Ints
    layer: Ints
    neuron: Ints
    sign: Ints
    beta: Floats

    def part(self, first: int, last: int) -> Betas:
        """Those of the rows first to last - 1, counted from first."""
        kept = (self.row >= first) & (self.row < last)
        return Betas(self.row[kept] - first, self.layer[kept], self.neuron[kept], self.sign[kept], self.beta[kept])


@dataclass(frozen=True)
class Query:
    """Q rows over layer `depth` whose lower bounds are wanted, each over one set `of` [Q].

    Either `rows` [Q, n], or for single neurons `neuron` [Q] and `sign` [Q] (+1 or -1).
    slopes: for some ReLU layers the slopes [Q, neurons] of undecided neurons (NaN: by the rule).
    """

    depth: int
    of: Ints
    rows: Floats | None = None
    neuron: Ints | None = None
    sign: Floats | None = None
    slopes: Mapping[int, Floats] = field(default_factory=dict)
    betas: Betas | None = None

    def part(self, first: int, last: int) -> Query:
        """The rows first to last - 1."""

        def cut(array: Any) -> Any:
            return None if array is None else array[first:last]

        slopes = {layer: cut(array) for layer, array in self.slopes.items()}
        betas = None if self.betas is None else self.betas.part(first, last)
        return Query(self.depth, cut(self.of), cut(self.rows), cut(self.neuron), cut(self.sign), slopes, betas)


def lower_bounds(known: Known, own: Bounds, sets: Sets, query: Query, rule: str = ADAPTIVE) -> Floats:
    """A lower bound for each row of the query [Q], -inf where none was found.

    known: bounds of all layers before query.depth; own: the noise of that layer; sets: the input sets.
    """
    found = np.empty(len(query.of))
    step = max(LEAST_ROWS, BLOCK // known.net.operations)
    for at in range(0, len(found), step):
        found[at : at + step] = _block(known, own, sets, query.part(at, at + step), rule)
    return found


def _block(known: Known, own: Bounds, sets: Sets, query: Query, rule: str) -> Floats:
    net, of = known.net, query.of
    layer = net.layers[query.depth]
    mu: dict[int, Floats] = {}
    if query.neuron is not None and query.sign is not None:
        value = query.sign * layer.bias[query.neuron]
        loss = own.noise[of, query.neuron]
        for source, matrix in layer.terms:
            _add(mu, source, query.sign[:, None] * matrix.picked(query.neuron))
    else:
        assert query.rows is not None
        value, loss = np.zeros(len(of)), np.zeros(len(of))
        _back(net, own, query.depth, query.rows, of, mu, value, loss)
    for depth in range(query.depth - 1, -1, -1):
        if depth not in mu:
            continue
        bounds = known.layers[depth]
        nu = mu.pop(depth)
        if net.layers[depth].activation == TANH:
            nu = _between_lines(net, nu, bounds, of, value, loss)
        elif net.layers[depth].activation == RELU:
            if query.betas is None and depth not in query.slopes:
                nu = _by_rule(nu, bounds, of, rule, loss)
            else:
                nu = _offered(nu, bounds, query, depth, rule, loss)
        _back(net, bounds, depth, nu, of, mu, value, loss)
    loss += own.flat[of]
    if INPUT not in mu:
        return _total(net, value, loss)
    return _over_inputs(known, sets, of, mu[INPUT], value, loss)


def _add(mu: dict[int, Floats], source: int, rows: Floats) -> None:
    mu[source] = mu[source] + rows if source in mu else rows


def _back(
    net: Network, bounds: Bounds, depth: int, nu: Floats, of: Ints, mu: dict[int, Floats], value: Floats, loss: Floats
) -> None:
    """Carry nu at a layer to its bias (`value`), its rounding (`loss`) and its sources (`mu`)."""
    value += nu @ net.layers[depth].bias
    loss += np.vecdot(np.abs(nu), bounds.noise.take(of, axis=0))
    for source, matrix in net.layers[depth].terms:
        _add(mu, source, matrix.back(nu))


def _by_rule(mu: Floats, bounds: Bounds, of: Ints, rule: str, loss: Floats) -> Floats:
    """nu for a ReLU layer by a rule; adds to the loss by how much min (mu max(z, 0) - nu z) may be below zero.

    nu = mean * mu + half * |mu|: slope times mu for mu >= 0, the chord's slope c times mu for mu < 0. For mu >= 0 and
    a slope of 0 or 1 the minimum is 0; for mu < 0 it is at l or u, -c l mu or (1 - c) u mu. A ReLU of one sign has its
    own slope, 0 or 1.
    Rounding: nu has the sign of mu, is 0 where the slope is, and else is off by at most 4 EPS |mu|, which moves the
    minimum by at most 4 EPS |mu| u, paid by SLACK in the noise of the layers that use a (|mu| u <= |nu| |W| |a|), or
    by 4 EPS |mu| down for mu < 0, which `half_cost` holds.
    """
    mean, half = bounds.slopes(rule)
    size = np.abs(mu)
    loss += np.vecdot(size - mu, bounds.half_cost.take(of, axis=0))
    size *= half.take(of, axis=0)
    nu: Floats = mu * mean.take(of, axis=0)
    nu += size
    return nu


def _between_lines(net: Network, mu: Floats, bounds: Bounds, of: Ints, value: Floats, loss: Floats) -> Floats:
    """nu for a tanh layer: mu tanh(z) - nu z is at least mu times the offset of the line below, or above if mu < 0."""
    low, least, high, most = (array[of] for array in bounds.lines)
    positive = np.maximum(mu, 0.0)
    negative = mu - positive
    value += np.vecdot(positive, least) + np.vecdot(negative, most)
    sizes = np.vecdot(positive, np.abs(least)) - np.vecdot(negative, np.abs(most))
    loss += net.g * sizes
    return positive * low + negative * high


def _offered(mu: Floats, bounds: Bounds, query: Query, depth: int, rule: str, loss: Floats) -> Floats:
    """The same with offered slopes and multipliers of phases: nu may be anything.

    The function is linear on either side of 0, so its minimum is at l, at u or at 0, where it is 0; where 0 lies
    outside [l, u] counting it costs nothing, since up or down is 0 and nu is mu or 0 unless a beta says otherwise.
    """
    of, slopes, betas = query.of, query.slopes.get(depth), query.betas
    up, down, chord = bounds.up[of], bounds.down[of], bounds.chord[of]
    mean, half = bounds.slopes(rule)
    slope = (mean + half)[of]
    if slopes is not None:
        slope = np.where((up > 0) & (down > 0) & ~np.isnan(slopes), slopes, slope)
    nu = np.where(mu >= 0, slope, chord) * mu
    if betas is not None:
        here = betas.layer == depth
        row, neuron, beta = betas.row[here], betas.neuron[here], betas.beta[here]
        nu[row, neuron] = np.where(betas.sign[here] > 0, mu[row, neuron] - beta, beta)
    loss -= np.minimum(np.minimum((mu - nu) * up, nu * down), 0.0).sum(axis=1)
    loss += 0.0 * mu.sum(axis=1)  # a beta replaces mu: what is not finite must not get lost
    return nu


def _over_inputs(known: Known, sets: Sets, of: Ints, mu: Floats, value: Floats, loss: Floats) -> Floats:
    """The minimum over the input set: over its box, and over its ball where it is inside one."""
    net, box, size = known.net, known.input, np.abs(mu)
    middle = box.middle[of]
    lost = loss + np.vecdot(size, box.radius[of] + net.g * np.abs(middle))
    found = _total(net, value + np.vecdot(mu, middle), lost)
    if sets.radius is None or sets.center is None:
        return found
    center, length = sets.center[of], np.sqrt((mu * mu).sum(axis=1) + net.t)  # at least, up to rounding
    lost = loss + sets.radius[of] * length + net.g * np.vecdot(size, np.abs(center))
    return np.maximum(found, _total(net, value + np.vecdot(mu, center), lost))


def _total(net: Network, value: Floats, loss: Floats) -> Floats:
    """value - loss, minus the rounding that is left; -inf where that is not a number."""
    low = value - (loss * (1 + 2 * net.g) + 4 * EPS * np.abs(value) + net.t)
    return np.where(np.isfinite(low), low, -np.inf)


def refined(known: Known, depth: int, bounds: Bounds, sets: Sets, rules: tuple[str, ...]) -> Bounds:
    """The intersection of a layer's bounds with those of the dual, for the neurons where that may help."""
    of, neuron = np.nonzero(bounds.open)
    if not rules or not len(of) or not (known.net.coupled[depth] or sets.radius is not None):
        return bounds
    sign = np.repeat([1.0, -1.0], len(of))
    query = Query(depth, np.tile(of, 2), neuron=np.tile(neuron, 2), sign=sign)
    best = np.max([lower_bounds(known, bounds, sets, query, rule) for rule in rules], axis=0)
    lower, upper = bounds.lower.copy(), bounds.upper.copy()
    lower[of, neuron] = np.maximum(lower[of, neuron], best[: len(of)])
    upper[of, neuron] = np.minimum(upper[of, neuron], -best[len(of) :])
    return bounds.tightened(lower, upper)
