"""Better multipliers for CROWN's last backward pass: slopes below undecided ReLUs and prices of phases.

The bound of B rows over one box is a concave-like function of the lower slopes alpha in [0, 1] and of beta >= 0, the
price of each phase that was split (alpha-CROWN, Xu et al., ICLR 2021; beta-CROWN, Wang et al., NeurIPS 2021). Its
gradient needs no automatic differentiation: it is the relaxed network's own forward pass at the input that minimises
the bound. Any multipliers give a sound bound; those kept here are rounded as the certificate stores them, and the
bound that is reported is the one with the rounded ones.
"""

from __future__ import annotations

from dataclasses import dataclass

from evidence.engines.prover.arrays import Array
from evidence.engines.prover.chain import Chain

_FIRST_STEP, _HALVED_AFTER = 1.3, 10
LEVELS = 255.0
"""Slopes are multiples of a 255th, as certificates hold them."""


@dataclass(frozen=True)
class Box:
    """One box [1, n], and for each ReLU layer bounds of the pre-activations, [1, w] or one line for each row [B, w], with
    float32 errors of the same shape."""

    center: Array
    radius: Array
    low: list[Array]
    high: list[Array]
    error: list[Array]


@dataclass
class Multipliers:
    """For B rows: lower slopes and prices, [B, w] for each ReLU layer; phases: 1, -1 or 0 where not split."""

    alpha: list[Array]
    beta: list[Array]
    phase: list[Array]

    def take(self, index: Array) -> Multipliers:
        """Those of some rows."""
        return Multipliers(*([layer[index, :] for layer in part] for part in (self.alpha, self.beta, self.phase)))


@dataclass(frozen=True)
class Bounded:
    """value [B]; point [B, n]: the input at which the relaxed network takes it; score: for each layer what the
    relaxation of each neuron costs at least in one of two senses [2, B, w]."""

    value: Array
    point: Array
    intercept: list[Array]
    violation: list[Array]
    coefficient: list[Array]
    """Of the activations, before their relaxation [B, w]."""


class Ascent:
    """The bound of rows [B, w] @ activations of ReLU layer `depth - 1`, plus offset [B], as a function of multipliers."""

    def __init__(self, chain: Chain, box: Box, rows: Array, offset: Array, depth: int) -> None:
        self.chain, self.box, self.rows, self.offset, self.depth = chain, box, rows, offset, depth
        self.xp = chain.place.xp
        self._zero = chain.place.full((1, 1), 0.0)

    def start(self, count: int) -> Multipliers:
        """CROWN's own slopes, nothing split."""
        xp, zero = self.xp, self._zero
        layers = range(self.depth)
        shape = [(count, int(self.box.low[k].shape[1])) for k in layers]
        alpha = [
            xp.broadcast_to(xp.astype(self.box.high[k] >= -self.box.low[k], xp.float64), shape[k]) + zero
            for k in layers
        ]
        none = [self.chain.place.full(size, 0.0) for size in shape]
        return Multipliers(alpha, none, [layer + zero for layer in none])

    def relaxed(self, given: Multipliers) -> list[tuple[Array, Array, Array, Array]]:
        """For each layer: lower slope, upper slope, upper shift, and where the sign is undecided."""
        xp, zero = self.xp, self._zero
        found = []
        for k in range(self.depth):
            phase = given.phase[k]
            low = xp.where(phase > 0, xp.maximum(self.box.low[k], zero), self.box.low[k])
            high = xp.where(phase < 0, xp.minimum(self.box.high[k], zero), self.box.high[k])
            open_ = (low < 0) & (high > 0)
            width = xp.where(open_, high - low, 1.0)
            chord = xp.where(open_, high / width, xp.where((low >= 0) & (high > 0), 1.0, 0.0))
            shift = xp.where(open_, -chord * low, 0.0)
            below = xp.where(open_, given.alpha[k], chord)
            found.append((below, chord, shift, open_))
        return found

    def bound(self, given: Multipliers) -> Bounded:
        """The bound with these multipliers, and what is needed to choose a split."""
        return self._pass(given, gradient=False)[0]

    def value(self, given: Multipliers) -> Array:
        """The bound alone."""
        return self._pass(given, gradient=False, scores=False)[0].value

    def _pass(
        self, given: Multipliers, gradient: bool, scores: bool = True
    ) -> tuple[Bounded, list[Array], list[Array]]:
        xp, zero, chain = self.xp, self._zero, self.chain
        layers = self.relaxed(given)
        rows, offset = self.rows, self.offset
        above_of, rows_of = [zero] * self.depth, [zero] * self.depth
        for k in range(self.depth - 1, -1, -1):
            below_slope, chord, shift, _ = layers[k]
            below = xp.minimum(rows, zero)
            above = rows - below
            rows_of[k], above_of[k] = rows, above
            offset = offset + xp.sum(below * shift, axis=1)
            nu = above * below_slope + below * chord - given.beta[k] * given.phase[k]
            if chain.roundings is not None:
                offset = offset - xp.sum(xp.abs(nu) * self.box.error[k], axis=1)
            offset = offset + nu @ chain.biases[k]
            rows = nu @ chain.weights[k]
        value = offset + rows @ self.box.center[0, :] - xp.abs(rows) @ self.box.radius[0, :]
        point = self.box.center - xp.sign(rows) * self.box.radius
        if not (gradient or scores):
            return Bounded(value, point, [], [], []), [], []
        alpha_slope, beta_slope, intercept, violation = [], [], [], []
        activation = point
        for k in range(self.depth):
            below_slope, chord, shift, open_ = layers[k]
            z = activation @ chain.weights[k].T + chain.biases[k]
            activation = xp.where(rows_of[k] >= 0, below_slope * z, chord * z + shift)
            if gradient:
                alpha_slope.append(xp.where(open_, above_of[k] * z, 0.0))
                beta_slope.append(-given.phase[k] * z)
            if scores:
                size = xp.abs(rows_of[k])
                intercept.append(xp.where(open_, (size - above_of[k]) * shift, 0.0))
                violation.append(xp.where(open_, size * xp.abs(activation - xp.maximum(z, zero)), 0.0))
        return Bounded(value, point, intercept, violation, rows_of if scores else []), alpha_slope, beta_slope

    def _scale(self, given: Multipliers) -> list[Array]:
        """Of what size a price can be of use: the coefficient of the neuron in the bound, at least the layer's mean."""
        xp, zero, chain = self.xp, self._zero, self.chain
        layers, rows, found = self.relaxed(given), self.rows, [zero] * self.depth
        for k in range(self.depth - 1, -1, -1):
            size = xp.abs(rows)
            found[k] = xp.maximum(size, xp.mean(size, axis=1)[:, None])
            below = xp.minimum(rows, zero)
            rows = ((rows - below) * layers[k][0] + below * layers[k][1]) @ chain.weights[k]
        return found

    def climb(self, given: Multipliers, steps: int, target: float, beyond: float = 0.0) -> tuple[Array, Multipliers]:
        """Ascend for some steps from the given multipliers; the best bounds [B] and the rounded multipliers that
        give them. The step is Polyak's, towards `target`, along the projected subgradient, shrinking with time; prices
        are measured in units of their neuron's coefficient. Rows above the target stay where they are."""
        xp, depth = self.xp, range(self.depth)
        best, best_value = given, self.value(given)
        now = Multipliers(list(given.alpha), list(given.beta), given.phase)
        split = any(bool(xp.any(layer != 0)) for layer in given.phase)
        scale = [layer**2 for layer in self._scale(given)] if split else []
        for step in range(steps):
            bounded, alpha_slope, beta_slope = self._pass(now, gradient=True, scores=False)
            better = bounded.value > best_value
            best_value = xp.where(better, bounded.value, best_value)
            best = chosen(xp, better, now, best)
            if bool(xp.all(best_value > target)):
                break
            length = self.chain.place.full((1,), 1e-300)
            for k in depth:
                alpha, slope = now.alpha[k], alpha_slope[k]
                blocked = ((alpha <= 0) & (slope < 0)) | ((alpha >= 1) & (slope > 0))
                alpha_slope[k] = xp.where(blocked, 0.0, slope)
                length = length + xp.sum(alpha_slope[k] ** 2, axis=1)
                if split:
                    beta_slope[k] = xp.where((now.beta[k] <= 0) & (beta_slope[k] < 0), 0.0, beta_slope[k])
                    length = length + xp.sum(scale[k] * beta_slope[k] ** 2, axis=1)
            short = xp.maximum(target - bounded.value, self._zero[0, :]) + beyond
            size = (_FIRST_STEP / (1 + step / _HALVED_AFTER) * short / length)[:, None]
            for k in depth:
                now.alpha[k] = xp.clip(now.alpha[k] + size * alpha_slope[k], 0.0, 1.0)
                if split:
                    now.beta[k] = xp.maximum(now.beta[k] + size * scale[k] * beta_slope[k], self._zero)
        value = self.value(now)
        best = chosen(xp, value > best_value, now, best)
        rounded = Multipliers([xp.round(layer * LEVELS) / LEVELS for layer in best.alpha], best.beta, best.phase)
        return self.value(rounded), rounded


def chosen(xp: object, better: Array, now: Multipliers, best: Multipliers) -> Multipliers:
    """For each row [B] the multipliers of `now` where they are better, else of `best`."""
    mask = better[:, None]
    return Multipliers(
        [xp.where(mask, a, b) for a, b in zip(now.alpha, best.alpha, strict=True)],  # type: ignore[attr-defined]
        [xp.where(mask, a, b) for a, b in zip(now.beta, best.beta, strict=True)],  # type: ignore[attr-defined]
        now.phase,
    )
