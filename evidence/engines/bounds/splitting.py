"""Proving regions by bounds: each as a whole first, then, boxes only, by cutting those that stay open.

`assess` bounds sets by ever tighter methods, each only on what the cheaper one left open. `split` is branch and
bound over the inputs, many boxes at a time: an open box is halved across the input that contributes most to the
slope of its open rows (|coefficient| * width). Where relaxations cancel, an input that matters can have no slope
at all, so every fourth cut goes across the input that was cut least. Its only limit is the number of leaves for
each region, so it gives the same result on every machine. Balls are not cut.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from evidence.engines.bounds.goals import Goals, Index
from evidence.engines.bounds.lirpa import Bounder, Method, Sets
from evidence.engines.certificate import ClauseOffer, Cut, LeafOffer, Proof
from evidence.network import Model
from evidence.regions import Floats

Notify = Callable[[int, int, str], None]

_FAIR = 4
_ROUNDING = 1e-13
_TINY = 1e-290
_BLOCK = 16
"""Batches that are bounded before their coefficients are dropped."""


@dataclass(frozen=True)
class Assessment:
    """What bounds say of B sets. margins: [B]; slopes: for sets that need them; cut: [B] input to cut, or -1."""

    margins: Floats
    slopes: dict[int, LeafOffer]
    cut: Index


@dataclass
class _Growing:
    """The partition of one region while it grows: nodes are addressed by their path of 0 (lower) and 1 (upper)."""

    cuts: dict[str, Cut] = field(default_factory=dict)
    slopes: dict[str, LeafOffer] = field(default_factory=dict)
    leaves: int = 1

    def proof(self, region: int) -> Proof:
        """The finished partition in pre-order."""
        tree: list[Cut | None] = []
        slopes: list[LeafOffer | None] = []
        stack = [""]
        while stack:
            path = stack.pop()
            cut = self.cuts.get(path)
            tree.append(cut)
            if cut is None:
                slopes.append(self.slopes.get(path))
            else:
                stack += [path + "1", path + "0"]
        return Proof(region, tuple(tree), tuple(slopes))


@dataclass(frozen=True)
class Split:
    """proofs: region -> partition on whose every part the bounds hold; violating: region -> a point [n] at which
    the network, in float64, violates the condition (a hint for the attack's replay, no result)."""

    proofs: dict[int, Proof]
    violating: dict[int, Floats]


def ladder(method: Method) -> tuple[Method, ...]:
    """Methods from cheap to tight, up to the one that was asked for."""
    steps: dict[Method, tuple[Method, ...]] = {
        "ibp": ("ibp",),
        "crown-ibp": ("ibp", "crown-ibp"),
        "crown": ("ibp", "crown"),
        "alpha-crown": ("ibp", "crown", "alpha-crown"),
    }
    return steps[method]


def assess(
    bounder: Bounder,
    method: Method,
    sets: Sets,
    goals: Goals,
    regions: Index,
    choose_cut: bool = False,
    notify: Notify = lambda done, total, note: None,
) -> Assessment:
    """Bound sets [B] that belong to `regions` [B]; a set whose margin is positive is decided and left alone."""
    count = len(sets)
    margins = np.full(count, -np.inf)
    cut = np.full(count, -1, dtype=np.int64)
    slopes: dict[int, LeafOffer] = {}
    for step in ladder(method):
        todo = np.flatnonzero(margins <= 0)
        block = bounder.batch * _BLOCK
        for start in range(0, len(todo), block):
            index = todo[start : start + block]
            found = bounder.bound(step, sets.take(index), goals.matrix(regions[index]), choose_cut)
            margins[index] = np.maximum(margins[index], goals.margins(regions[index], found.lower))
            if found.coefficients is not None:
                weight = goals.undecided(regions[index], found.lower)[:, :, None] * np.abs(found.coefficients)
                width = sets.upper[index] - sets.lower[index]
                cut[index] = (weight.sum(axis=1) * width).argmax(axis=1)
            if found.slopes is not None:
                for place in np.flatnonzero(margins[index] > 0):
                    slopes[int(index[place])] = [
                        ClauseOffer(position, [layer[place, row].tolist() for layer in found.slopes])
                        for row, position in goals.leading(int(regions[index[place]]), found.lower[place])
                    ]
            notify(count - len(todo) + start + len(index), count, f"{step} bounds")
    return Assessment(margins, slopes, cut)


def split(
    bounder: Bounder,
    network: Model,
    method: Method,
    sets: Sets,
    goals: Goals,
    regions: Index,
    max_leaves: int,
    notify: Notify = lambda done, total, note: None,
) -> Split:
    """Branch and bound over boxes `sets` [B] of `regions` [B], which bounds left open as a whole."""
    growing = {int(region): _Growing() for region in regions}
    initial = {int(region): sets.upper[i] - sets.lower[i] for i, region in enumerate(regions)}
    violating: dict[int, Floats] = {}
    owner, paths = regions, [""] * len(regions)
    state = assess(bounder, method, sets, goals, owner, choose_cut=True)
    proofs: dict[int, Proof] = {}
    while len(owner):
        for place, slopes in state.slopes.items():
            growing[int(owner[place])].slopes[paths[place]] = slopes
        for place, margin in zip(*_centres(network, sets, goals, owner, state.margins <= 0), strict=True):
            if margin <= 0:
                violating.setdefault(int(owner[place]), sets.centers[place])
        open_places = _affordable(owner, state.margins <= 0, growing, violating, max_leaves)
        finished = set(map(int, owner)) - set(map(int, owner[state.margins <= 0]))
        proofs |= {region: growing[region].proof(region) for region in finished}
        notify(len(proofs), len(growing), "splitting")
        cuts = [
            _cut(sets, int(place), _preferred(int(state.cut[place]), len(paths[place])), initial[int(owner[place])])
            for place in open_places
        ]
        thin = {int(owner[place]) for place, cut in zip(open_places, cuts, strict=True) if cut is None}
        kept = [
            (int(place), cut)
            for place, cut in zip(open_places, cuts, strict=True)
            if cut is not None and int(owner[place]) not in thin
        ]
        for place, cut in kept:
            growing[int(owner[place])].cuts[paths[place]] = cut
            growing[int(owner[place])].leaves += 1
        paths = [paths[place] + side for place, _ in kept for side in "01"]
        owner = np.repeat(owner[[place for place, _ in kept]], 2) if kept else owner[:0]
        sets = _halves(sets, kept)
        state = assess(bounder, method, sets, goals, owner, choose_cut=True)
    return Split(proofs, violating)


def _centres(
    network: Model, sets: Sets, goals: Goals, owner: Index, where: NDArray[np.bool_]
) -> tuple[list[int], list[float]]:
    """Places of the chosen sets and the condition's margin at their centres, in float64."""
    places = np.flatnonzero(where)
    if not len(places):
        return [], []
    outputs = network.forward(sets.centers[places])
    rows = np.einsum("bkm,bm->bk", goals.matrix(owner[places]), outputs)
    return places.tolist(), goals.margins(owner[places], rows).tolist()


def _affordable(
    owner: Index,
    is_open: NDArray[np.bool_],
    growing: dict[int, _Growing],
    violating: dict[int, Floats],
    max_leaves: int,
) -> Index:
    """Open places whose region is worth another round: not violated, and not over its number of leaves."""
    regions, count = np.unique(owner[is_open], return_counts=True)
    worth = [
        int(region)
        for region, more in zip(regions, count, strict=True)
        if int(region) not in violating and growing[int(region)].leaves + int(more) <= max_leaves
    ]
    return np.flatnonzero(is_open & np.isin(owner, worth))


def _preferred(steepest: int, depth: int) -> int:
    """The input with the steepest contribution, or -1 when it is the turn of the widest."""
    return -1 if depth % _FAIR == _FAIR - 1 else steepest


def _cut(sets: Sets, place: int, chosen: int, initial: Floats) -> Cut | None:
    """Where to halve a box: across the chosen input, else the one that is widest relative to its region.

    Inputs that are exact but for outward rounding are never cut; None when no other is left.
    """
    lower, upper = sets.lower[place], sets.upper[place]
    middle = lower / 2 + upper / 2
    real = (upper - lower > _ROUNDING * (np.abs(lower) + np.abs(upper))) & (upper - lower > _TINY)
    usable = real & (lower < middle) & (middle < upper)
    if not usable.any():
        return None
    if chosen < 0 or not usable[chosen]:
        chosen = int(np.where(usable, (upper - lower) / np.where(usable, initial, 1.0), -1.0).argmax())
    return chosen, float(middle[chosen])


def _halves(sets: Sets, kept: list[tuple[int, Cut]]) -> Sets:
    """Lower and upper half of each box, in turn."""
    places = np.repeat(np.array([place for place, _ in kept], dtype=np.int64), 2)
    lower, upper = sets.lower[places], sets.upper[places]
    for number, (_, (coordinate, at)) in enumerate(kept):
        upper[2 * number, coordinate] = at
        lower[2 * number + 1, coordinate] = at
    return Sets(lower, upper, lower / 2 + upper / 2)
