"""Bounds of every pre-activation over input sets: intervals, and the dual where they leave a sign open.

Each layer has a `noise`: the computed product of a row nu with the layer, nu @ (W a + b), is off by at most
|nu| @ noise + a flat amount, for every a within its bounds. With m = |W| |a| + |b| at most, noise is g * m, with
g = gamma(K) and K = `Network.operations`, which counts roundings forward and backward, so that the same noise serves
intervals and dual. K leaves SLACK roundings: for constants in W and b that were computed (a reciprocal, a scale of a
normalisation, a coefficient read from decimals), for the slopes of relaxations, for evaluating m and the bound
itself. `flat` pays for underflow: each computed number may be off by t = K * TINY beside its relative error.

Where bounds are to hold for every execution in binary32 (`Network.executed`), each layer's computed result differs
from the exact one on its computed operands by at most gamma_r * m + tiny (Higham, as in rounding.py, with u = 2^-24):
r = `Layer.roundings`, in any order of summation, with or without fused multiply-add. That is added to the noise: the
rounding of an execution acts like one more unknown term of z. `tiny` covers gradual underflow and the flushing to
zero of operands and results (2^-126 each, times 2^20 for factors inside an operator); a layer whose terms reach
2^100 has infinite noise: nothing is shown near overflow. Not covered: operators that are not executed as sums of
products (Winograd, FFT), in lower precision (TF32, float16), or on a graph whose nodes a compiler joined or replaced.
Max, min and moving numbers do not round.

Bounds that are not finite numbers are replaced by infinities: overflow and NaN never prove anything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from evidence.checker import smooth
from evidence.checker.layers import INPUT, RELU, TANH, Layer, Network
from evidence.checker.rounding import EPS, Floats

RULES = ADAPTIVE, ZERO, ONE = "adaptive", "zero", "one"
"""For the slope of the lower relaxation of an undecided ReLU: 1 if u >= -l else 0; always 0; always 1."""
SINGLE = 2.0**-24
"""Unit roundoff of binary32."""
SINGLE_TINY = 2.0**-106
"""2^20 times the smallest normal number of binary32."""
SINGLE_MOST = 2.0**100
"""Magnitude below which no partial result of an operator overflows in binary32 (constants of operators are bounded)."""


class Range:
    """A box of values [B, n] with its middle, an upper bound on half its width, and the largest magnitude."""

    def __init__(self, lower: Floats, upper: Floats) -> None:
        self.lower, self.upper = lower, upper

    @cached_property
    def middle(self) -> Floats:
        return (self.lower + self.upper) / 2

    @cached_property
    def radius(self) -> Floats:
        return np.maximum(self.upper - self.middle, self.middle - self.lower) * (1 + 4 * EPS)

    @cached_property
    def far(self) -> Floats:
        return np.maximum(np.abs(self.lower), np.abs(self.upper))


class Bounds(Range):
    """Of one layer's pre-activations, [B, n] each, with its noise [B, n] and flat error [B].

    up = max(u, 0), down = max(-l, 0). chord: slope of the line above max(z, 0), 0 or 1 where the sign is decided.
    """

    def __init__(self, activation: str, lower: Floats, upper: Floats, noise: Floats, flat: Floats) -> None:
        super().__init__(lower, upper)
        self.activation, self.noise, self.flat = activation, noise, flat
        self._slopes: dict[str, tuple[Floats, Floats]] = {}

    def tightened(self, lower: Floats, upper: Floats) -> Bounds:
        """The same layer with other bounds."""
        return Bounds(self.activation, lower, upper, self.noise, self.flat)

    @cached_property
    def after(self) -> Range:
        """Of the activation's values."""
        if self.activation == TANH:
            return Range(*smooth.values(self.lower, self.upper))
        return Range(np.maximum(self.lower, 0.0), np.maximum(self.upper, 0.0)) if self.activation == RELU else self

    @cached_property
    def lines(self) -> tuple[Floats, Floats, Floats, Floats]:
        """For tanh: slope and offset of a line below, then of one above, the offsets with room for the rounding of
        slope * mu, for each unit of mu."""
        (low, least), (high, most) = smooth.below(self.lower, self.upper), smooth.above(self.lower, self.upper)
        return low, least - 4 * EPS * low * self.far, high, most + 4 * EPS * high * self.far

    @cached_property
    def open(self) -> NDArray[np.bool_]:
        """Neurons for which tighter bounds would help: [B, n]."""
        if self.activation == TANH:
            return self.lower < self.upper
        return (self.lower < 0) & (self.upper > 0)

    @cached_property
    def up(self) -> Floats:
        return np.maximum(self.upper, 0.0)

    @cached_property
    def down(self) -> Floats:
        return np.maximum(-self.lower, 0.0)

    @cached_property
    def chord(self) -> Floats:
        width = self.up + self.down
        return np.divide(self.up, width, out=np.zeros_like(width), where=width > 0)

    @cached_property
    def half_cost(self) -> Floats:
        """Half of what min (mu max(z, 0) - nu z) is below zero at most, for each unit of -mu, where nu = chord * mu."""
        low = np.where(self.up > 0, (self.chord + 4 * EPS) * self.down, 0.0)
        return np.maximum((1 - self.chord) * self.up, low) / 2

    def slopes(self, rule: str) -> tuple[Floats, Floats]:
        """Mean and half of the difference of the slopes for mu >= 0, which a rule gives, and mu < 0, the chord's."""
        if rule not in self._slopes:
            undecided = (self.up > 0) & (self.down > 0)
            choice = self.up >= self.down if rule == ADAPTIVE else np.full(self.up.shape, rule == ONE)
            lower = np.where(undecided, choice.astype(np.float64), self.chord)
            self._slopes[rule] = (lower + self.chord) / 2, (lower - self.chord) / 2
        return self._slopes[rule]


@dataclass(frozen=True)
class Known:
    """Bounds of the input and of the first layers of a network, over the same B sets."""

    net: Network
    input: Range
    layers: list[Bounds]

    def source(self, number: int) -> Range:
        """Of the values a_s of a source."""
        return self.input if number == INPUT else self.layers[number].after

    def noise(self, layer: Layer) -> tuple[Floats, Floats]:
        """Noise [B, n] and flat error [B] of a layer whose sources are known."""
        size: Floats = np.broadcast_to(layer.bias_size, (len(self.input.lower), layer.outputs))
        spare = np.ones(len(size))
        for number, matrix in layer.terms:
            far = self.source(number).far
            size = size + matrix.forward_size(far)
            spare = spare + far.sum(axis=1)
        before = self.layers[-1].flat if self.layers else 0.0
        noise = self.net.g * (1 + 2 * self.net.g) * size + self.net.t
        if self.net.executed:
            noise = noise + _executed(layer, size, spare)
        return noise, before + self.net.t * spare

    def interval(self, layer: Layer, noise: Floats) -> tuple[Floats, Floats]:
        """Lower and upper bounds of a layer whose sources are known, by interval arithmetic."""
        center: Floats = np.broadcast_to(layer.bias, noise.shape)
        spread = np.zeros(noise.shape)
        for number, matrix in layer.terms:
            source = self.source(number)
            center = center + matrix.forward(source.middle)
            spread = spread + matrix.forward_size(source.radius)
        spread = spread * (1 + 2 * self.net.g) + noise
        low, high = center - spread, center + spread
        return np.where(np.isfinite(low), low, -np.inf), np.where(np.isfinite(high), high, np.inf)


def _executed(layer: Layer, size: Floats, spare: Floats) -> Floats:
    """What executions in binary32 add to the noise. size: m [B, n]; spare: 1 and the sum of |a| [B]."""
    part = layer.roundings * SINGLE
    tiny = SINGLE_TINY * (layer.roundings + 2) * (4 + layer.gain + spare[:, None])
    return np.where(size < SINGLE_MOST, 1.000001 * (part / (1 - part) * size + tiny), np.inf)


Refine = Callable[[Known, int, Bounds], Bounds]


def forward(
    net: Network,
    lower: Floats,
    upper: Floats,
    given: tuple[Floats, Floats] | None,
    refine: Refine | None,
    derive: bool = True,
) -> Known:
    """Bounds of all layers over boxes [B, n], layer by layer.

    given: bounds [B, neurons] of the bent layers that hold already; derive: intersect them with intervals, else
    they are taken as they are. refine(known, depth, bounds) returns tighter bounds of a bent layer.
    """
    known = Known(net, Range(lower, upper), [])
    for depth, layer in enumerate(net.layers):
        noise, flat = known.noise(layer)
        bent = depth in net.starts
        at = slice(net.starts[depth], net.starts[depth] + layer.outputs) if bent else slice(0)
        if bent and given is not None and not derive:
            low, high = given[0][:, at], given[1][:, at]
        else:
            low, high = known.interval(layer, noise)
            if bent and given is not None:
                low, high = np.maximum(low, given[0][:, at]), np.minimum(high, given[1][:, at])
        bounds = Bounds(layer.activation, low, high, noise, flat)
        known.layers.append(refine(known, depth, bounds) if bent and refine is not None else bounds)
    return known


def joined(known: Known) -> tuple[Floats, Floats]:
    """The bounds of the bent layers side by side: two arrays [B, neurons]."""
    none = np.empty((len(known.input.lower), 0))
    kept = [known.layers[i] for i in known.net.bent]
    return np.hstack([none, *(b.lower for b in kept)]), np.hstack([none, *(b.upper for b in kept)])
