"""Star sets: images of a box under a ReLU network, by splitting at each undecided ReLU or by relaxing it.

A star is { center + basis @ a : a in a polytope } (Tran et al., FM 2019). Affine layers move center and basis. At
a ReLU whose sign is not the same on the whole star, `split` cuts the star in two, which loses nothing, and gives up
when too many stars arise; `enclose` keeps one star and replaces each undecided ReLU by a triangle with a variable
of its own, which encloses the true set (Ehlers, ATVA 2017).
Signs are first read off cheap bounds and known member points; only what they leave open costs a linear program.

float64 without outward rounding: signs are decided up to 1e-11 of a neuron's magnitude, and what is computed
here is a candidate for the checker. Not here: bounds of outputs and conditions (queries.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from evidence.engines.reachability.programs import Polytope, box_maximum, is_empty, maximise, maximise_all
from evidence.network import Affine, Network
from evidence.regions import Floats

Bounds = tuple[Floats, Floats]
_TOLERANCE = 1e-11
_ACTIVE, _OPEN, _INACTIVE = 1, 0, -1


@dataclass(frozen=True, eq=False)
class Star:
    """center: [m]; basis: [m, k]; domain: the polytope of the k variables; points: known members of it [p, k].

    The first variables, in [-1, 1], place the input in `box`, from its lower [n] to its upper [n] corner; later
    ones stand for relaxed ReLUs.
    """

    center: Floats
    basis: Floats
    domain: Polytope
    points: Floats
    box: Bounds

    def input(self, variables: Floats) -> Floats:
        """The input [n] that variables [k] belong to."""
        lower, upper = self.box
        return np.asarray(lower + (upper - lower) * (variables[: len(lower)] + 1) / 2)

    def hull(self) -> Bounds:
        """Bounds [m] of each coordinate over the box around the polytope."""
        upper = self.center + box_maximum(self.basis, self.domain.low, self.domain.high)
        lower = self.center - box_maximum(-self.basis, self.domain.low, self.domain.high)
        return lower, upper

    def values(self) -> Floats:
        """Coordinates of the known members: [p, m]."""
        return np.asarray(self.center + self.points @ self.basis.T)

    def affine(self, layer: Affine) -> Star:
        """The image under weight @ y + bias."""
        return replace(self, center=layer.weight @ self.center + layer.bias, basis=layer.weight @ self.basis)

    def cut(self, neuron: int, sign: int) -> Star:
        """The part where coordinate `neuron` is >= 0 (sign 1) or <= 0 (sign -1)."""
        values = sign * (self.center[neuron] + self.points @ self.basis[neuron])
        domain = self.domain.cut(-sign * self.basis[neuron], sign * float(self.center[neuron]))
        return replace(self, domain=domain, points=self.points[values >= 0])

    def magnitude(self) -> Floats:
        """Size [m] of the terms that make up each coordinate, the scale of its rounding."""
        reach = np.maximum(np.abs(self.domain.low), np.abs(self.domain.high))
        return np.asarray(np.abs(self.center) + np.abs(self.basis) @ reach)


def box_star(lower: Floats, upper: Floats, points: Floats) -> Star:
    """The star of a box [n], with member points [p, n] of the box."""
    middle = lower / 2 + upper / 2
    half = upper / 2 - lower / 2
    n = len(lower)
    domain = Polytope(np.zeros((0, n)), np.zeros(0), -np.ones(n), np.ones(n))
    placed = np.clip((points - middle) / np.where(half > 0, half, 1.0), -1.0, 1.0)
    return Star(middle, np.diag(half), domain, placed, (lower, upper))


def split(network: Network, start: Star, bounds: Sequence[Bounds], max_stars: int) -> tuple[Star, ...] | None:
    """Stars whose union is the set of outputs over `start`, or None when more than `max_stars` would be needed.

    bounds: for each ReLU layer, pre-activation bounds [m] that hold on the whole start, used beside the stars' own.
    """
    stars: list[Star] = [start]
    remaining = iter(bounds)
    for layer in network.layers:
        if isinstance(layer, Affine):
            stars = [star.affine(layer) for star in stars]
        else:
            after = _split_layer(stars, next(remaining), max_stars)
            if after is None:
                return None
            stars = after
    return tuple(stars)


def patterns(network: Network, points: Floats) -> int:
    """How many different combinations of ReLU signs occur at the inputs [p, n]: `split` needs as many stars."""
    values, signs = points, [np.zeros((len(points), 0), dtype=np.bool_)]
    for layer in network.layers:
        if isinstance(layer, Affine):
            values = values @ layer.weight.T + layer.bias
        else:
            signs.append(values > 0)
            values = np.maximum(values, 0.0)
    return len(np.unique(np.packbits(np.hstack(signs), axis=1), axis=0))


def enclose(network: Network, start: Star, bounds: Sequence[Bounds]) -> Star:
    """One star that contains all outputs over `start`. bounds: as for `split`."""
    star = start
    remaining = iter(bounds)
    for layer in network.layers:
        star = star.affine(layer) if isinstance(layer, Affine) else _relax(star, next(remaining))
    return star


# --- splitting -------------------------------------------------------------------------------------------------


Item = tuple[Star, NDArray[np.int8]]
"""A star before a ReLU layer and the signs of its neurons, as far as they are known."""


def _split_layer(stars: list[Star], bounds: Bounds, max_stars: int) -> list[Star] | None:
    """The stars after a ReLU layer, parts of one star side by side, or None when they would be too many."""
    items: list[Item] = [(star, np.zeros(len(star.center), dtype=np.int8)) for star in stars]
    waiting = list(range(len(items)))
    while waiting:
        decided = iter(_decide([items[i] for i in waiting], bounds))
        after: list[Item] = []
        open_now, waiting = set(waiting), []
        for i, item in enumerate(items):
            current = next(decided) if i in open_now else item
            if current is None:
                continue
            star, signs = current
            neuron = int(np.argmax(signs == _OPEN))
            if signs[neuron] != _OPEN:
                after.append(current)
                continue
            for sign in (_ACTIVE, _INACTIVE):
                known = signs.copy()
                known[neuron] = sign
                waiting.append(len(after))
                after.append((star.cut(neuron, sign), known))
        if len(after) > max_stars:
            return None
        items = after
    return [_masked(star, signs) for star, signs in items]


def _decide(items: list[Item], bounds: Bounds) -> list[Item | None]:
    """Signs of the neurons that are open, as far as they are the same on a whole star; None for an empty star."""
    asked = [_unseen(star, signs, bounds) for star, signs in items]
    answers = maximise_all([(item.directions, star.domain) for item, (star, _) in zip(asked, items, strict=True)])
    decided: list[Item | None] = []
    for (star, _), question, answer in zip(items, asked, answers, strict=True):
        if answer.points is None and is_empty(star.domain):
            decided.append(None)
            continue
        most = question.sides * star.center[question.neurons] + answer.upper
        excluded = most <= question.tolerance[question.neurons]
        question.signs[question.neurons[excluded]] = -question.sides[excluded]
        points = star.points if answer.points is None else np.vstack([star.points, answer.points[~excluded]])
        decided.append((replace(star, points=points), question.signs))
    return decided


@dataclass(frozen=True)
class _Question:
    """Signs known without solver, and for which (neuron, side) pairs no member of the star has been seen."""

    signs: NDArray[np.int8]
    neurons: NDArray[np.int64]
    sides: NDArray[np.int8]
    directions: Floats
    tolerance: Floats


def _unseen(star: Star, signs: NDArray[np.int8], bounds: Bounds) -> _Question:
    signs = signs.copy()
    tolerance = _TOLERANCE * star.magnitude()
    lower, upper = star.hull()
    lower, upper = np.maximum(lower, bounds[0]), np.minimum(upper, bounds[1])
    signs[(signs == _OPEN) & (lower >= -tolerance)] = _ACTIVE
    signs[(signs == _OPEN) & (upper <= tolerance)] = _INACTIVE
    values = star.values()
    sides = np.array([_ACTIVE, _INACTIVE], dtype=np.int8)
    unseen = np.stack([(side * values <= tolerance).all(axis=0) for side in sides]) & (signs == _OPEN)
    which, neurons = np.nonzero(unseen)
    return _Question(signs, neurons, sides[which], sides[which, None] * star.basis[neurons], tolerance)


def _masked(star: Star, signs: NDArray[np.int8]) -> Star:
    keep = (signs == _ACTIVE).astype(np.float64)
    return replace(star, center=star.center * keep, basis=star.basis * keep[:, None])


# --- relaxing --------------------------------------------------------------------------------------------------


def _relax(star: Star, bounds: Bounds) -> Star:
    """One star that encloses the image under the ReLU layer: a triangle for each undecided neuron."""
    lower, upper = star.hull()
    lower, upper = np.maximum(lower, bounds[0]), np.minimum(upper, bounds[1])
    undecided = np.flatnonzero((lower < 0) & (upper > 0))
    if len(undecided):
        directions = np.vstack([star.basis[undecided], -star.basis[undecided]])
        most = maximise(directions, star.domain).upper
        pad = _TOLERANCE * star.magnitude()[undecided]
        most_upper, most_lower = np.split(most, 2)
        upper[undecided] = np.minimum(upper[undecided], star.center[undecided] + most_upper + pad)
        lower[undecided] = np.maximum(lower[undecided], star.center[undecided] - most_lower - pad)
        undecided = undecided[(lower[undecided] < 0) & (upper[undecided] > 0)]
    signs = np.where(lower >= 0, _ACTIVE, _INACTIVE).astype(np.int8)
    values = star.values()[:, undecided]
    center, basis = star.center[undecided], star.basis[undecided]
    masked = _masked(star, signs)
    if len(undecided) == 0:
        return masked
    # Neuron z in [l, u] becomes u * t with a new t in [0, 1]:  z <= u t  and  u t <= u / (u - l) * (z - l).
    count, k = len(undecided), basis.shape[1]
    low, high = lower[undecided], upper[undecided]
    slope = high / (high - low)
    own = np.diag(high)
    rows = np.vstack([np.hstack([basis, -own]), np.hstack([-slope[:, None] * basis, own])])
    limits = np.concatenate([-center, slope * (center - low)])
    domain = star.domain.with_variables(rows, limits, np.zeros(count), np.ones(count))
    new_center = masked.center.copy()
    new_basis = np.hstack([masked.basis, np.zeros((len(new_center), count))])
    new_center[undecided] = 0.0
    new_basis[undecided] = 0.0
    new_basis[undecided, k + np.arange(count)] = high
    points = np.hstack([star.points, np.clip(np.maximum(values, 0.0) / high, 0.0, 1.0)])
    return Star(new_center, new_basis, domain, points, star.box)
