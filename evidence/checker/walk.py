"""Walking the trees of many regions together: from the sets of the regions down to the parts at the leaves.

Parts are taken from the top of a stack, a batch at a time, each is moved on by the entry of its tree at which it
stands, and what comes of it is put on top: memory stays bounded by batch times depth. A part is a box, the bounds that
hold on it for the neurons (those that its nearest "bounds" entry derived, clamped by the phases split since), the
phases, and the slopes that are in force. A part on which some neuron's lower bound lies above its upper bound holds
no point, because both bounds are sound; it is dropped, for there is nothing to prove on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evidence.checker import offers
from evidence.checker.bounds import ADAPTIVE, Bounds, Known, forward, joined
from evidence.checker.dual import Query, lower_bounds, refined
from evidence.checker.layers import Network
from evidence.checker.linear import Ints
from evidence.checker.problem import Sets
from evidence.checker.refusals import N_CERTIFICATE, Refused
from evidence.checker.rounding import Floats
from evidence.checker.tree import BOUNDS, CUT, LEAF, SEPARATION, SPLIT, Tree

BATCH = 256
"""Parts that are moved on together at most."""
MAX_WAITING = 100_000_000
"""Numbers that the parts on the stack may hold."""
MAX_SLOPES = 8_000_000
"""Slopes for inner bounds that one entry may offer, and that are looked at together."""


@dataclass(frozen=True)
class Parts:
    """K parts. owner: number of the set [K]; token: place in the forest [K]; lower, upper: box [K, n];
    low, high: bounds of the bent layers' neurons [K, N]; derived: whether a "bounds" entry stands above [K];
    phases: in path order, neuron + 1 where split to z >= 0, -(neuron + 1) where to z <= 0, then 0 [K, D];
    asked: which clauses of the condition are to be shown [K, C]; slopes: place of the nearest "bounds" entry above
    that offers slopes, or -1 [K]."""

    owner: Ints
    token: Ints
    lower: Floats
    upper: Floats
    low: Floats
    high: Floats
    derived: NDArray[np.bool_]
    phases: Ints
    asked: NDArray[np.bool_]
    slopes: Ints

    def __len__(self) -> int:
        return len(self.owner)

    def take(self, index: NDArray[Any]) -> Parts:
        """The parts with these numbers (or this mask)."""
        return Parts(*(getattr(self, name)[index] for name in self.__dataclass_fields__))

    def empty(self) -> NDArray[np.bool_]:
        """Which parts certainly hold no point."""
        return np.asarray((self.low > self.high).any(axis=1))


def together(blocks: Sequence[Parts]) -> Parts:
    """Several blocks of parts as one."""
    if len(blocks) == 1:
        return blocks[0]
    depth = max(block.phases.shape[1] for block in blocks)
    wide = [replace(b, phases=np.pad(b.phases, ((0, 0), (0, depth - b.phases.shape[1])))) for b in blocks]
    names = Parts.__dataclass_fields__
    return Parts(*(np.concatenate([getattr(block, name) for block in wide]) for name in names))


class Forest:
    """The trees of several sets in one set of arrays (see `Tree`)."""

    def __init__(self, trees: Sequence[Tree]) -> None:
        self.roots = np.cumsum([0, *(len(tree.kind) for tree in trees)])[:-1]
        self.first_leaf = np.cumsum([0, *(tree.leaves for tree in trees)])
        self.kind = np.concatenate([tree.kind for tree in trees])
        self.item = np.concatenate([tree.item for tree in trees])
        self.at = np.concatenate([tree.at for tree in trees])
        self.other = np.concatenate([tree.other + root for tree, root in zip(trees, self.roots, strict=True)])
        self.leaf = np.concatenate([tree.leaf + n for tree, n in zip(trees, self.first_leaf[:-1], strict=True)])
        self.below = np.concatenate([tree.below for tree in trees])
        self.inner = {
            int(root) + place: given
            for tree, root in zip(trees, self.roots, strict=True)
            for place, given in tree.inner.items()
        }


class Walk:
    """The walk through the trees of `sets`, one tree for each.

    failed: sets that need not be looked at further, with the reason; `settle` may add to it.
    settle(parts): called with parts that stand at leaves. clauses: how many the condition of each set has; rows: at
    most so many rows or clauses are looked at for each part.
    """

    def __init__(
        self,
        net: Network,
        sets: Sets,
        trees: Sequence[Tree],
        failed: dict[int, str],
        settle: Callable[[Parts], None],
        clauses: Ints,
        rows: int,
    ) -> None:
        self.net, self.sets, self.failed, self.settle, self.clauses = net, sets, failed, settle, clauses
        self.forest = Forest(trees)
        self.read: dict[int, dict[int, offers.Inner]] = {}
        self.unseen = np.array([tree.leaves for tree in trees])
        self.widths = [net.layers[i].outputs for i in net.relus]
        size = net.inputs + net.neurons + rows
        self.batch = max(1, min(BATCH, (1 << 19) // size))
        self.most = MAX_WAITING // (2 * size)

    def run(self) -> None:
        """Visit every leaf of every tree, but for those of failed sets.

        Parts at leaves and at "bounds" entries are put aside until a batch of them is together.
        """
        moving: list[Parts] = []
        deriving: list[Parts] = []
        at_leaves: list[Parts] = []
        unseen = 0
        while True:
            enough = sum(map(len, deriving)) >= self.batch
            if not moving and not enough and unseen < len(self.sets):
                moving.append(self._roots(np.arange(unseen, min(unseen + self.batch, len(self.sets)))))
                unseen += len(moving[-1])
            if moving and not enough:
                parts = self._taken(moving)
                kind = self.forest.kind[parts.token]
                at_leaves.append(parts.take(kind == LEAF))
                deriving.append(parts.take(kind == BOUNDS))
                for wanted, move in ((CUT, self._cut), (SPLIT, self._split), (SEPARATION, self._separate)):
                    if (kind == wanted).any():
                        moving.extend(move(parts.take(kind == wanted)))
            elif deriving:
                parts = self._taken(deriving)
                if len(parts):
                    moving.extend(self._derive(parts))
            elif not at_leaves:
                break
            if sum(map(len, at_leaves)) >= self.batch or not (moving or deriving or unseen < len(self.sets)):
                while at_leaves:
                    parts = self._taken(at_leaves)
                    if len(parts):
                        np.subtract.at(self.unseen, parts.owner, 1)
                        self.settle(parts)
            if sum(map(len, (*moving, *deriving))) > self.most:
                raise Refused.of(N_CERTIFICATE, "its trees are too deep for the memory that the checker allows itself")
        for owner in np.flatnonzero(self.unseen).tolist():  # only a set that failed is not walked to the end
            self.failed.setdefault(owner, "not every leaf was looked at")

    def _held(self, parts: Parts) -> Parts:
        """Without parts that hold no point: with them, the leaves below are done."""
        empty = parts.empty()
        if not empty.any():
            return parts
        np.subtract.at(self.unseen, parts.owner[empty], self.forest.below[parts.token[empty]])
        return parts.take(~empty)

    def _taken(self, stack: list[Parts]) -> Parts:
        """A batch from the top of a stack that is not empty, without parts of sets that failed."""
        taken: list[Parts] = []
        free = self.batch
        while stack and free:
            top = stack.pop()
            if len(top) > free:
                stack.append(top.take(np.arange(len(top) - free)))
                top = top.take(np.arange(len(top) - free, len(top)))
            taken.append(top)
            free -= len(top)
        parts = together(taken)
        return parts.take(~np.isin(parts.owner, list(self.failed))) if self.failed else parts

    def _roots(self, owner: Ints) -> Parts:
        shape = (len(owner), self.net.neurons)
        return Parts(
            owner,
            self.forest.roots[owner],
            self.sets.lower[owner],
            self.sets.upper[owner],
            np.full(shape, -np.inf),
            np.full(shape, np.inf),
            np.zeros(len(owner), dtype=bool),
            np.zeros((len(owner), 0), dtype=np.int64),
            np.arange(max(self.clauses, default=0)) < self.clauses[owner][:, None],
            np.full(len(owner), -1),
        )

    def _both(self, parts: Parts) -> tuple[Parts, Parts]:
        """Two copies, at the first and at the second part's entry. Arrays that the caller changes are its own."""
        return replace(parts, token=parts.token + 1), replace(parts, token=self.forest.other[parts.token])

    def _cut(self, parts: Parts) -> Iterator[Parts]:
        axis, at, every = self.forest.item[parts.token], self.forest.at[parts.token], np.arange(len(parts))
        outside = ~((parts.lower[every, axis] <= at) & (at <= parts.upper[every, axis]))
        for k in np.flatnonzero(outside).tolist():
            reason = f"a cut of input {axis[k]} at {at[k]:g} lies outside the part that it cuts"
            self.failed.setdefault(int(parts.owner[k]), reason)
        below, above = self._both(parts)
        upper, lower = parts.upper.copy(), parts.lower.copy()
        upper[every, axis] = lower[every, axis] = at
        yield replace(above, lower=lower)
        yield replace(below, upper=upper)

    def _split(self, parts: Parts) -> Iterator[Parts]:
        neuron, every = self.forest.item[parts.token], np.arange(len(parts))
        for k in np.flatnonzero((np.abs(parts.phases) == neuron[:, None] + 1).any(axis=1)).tolist():
            self.failed.setdefault(int(parts.owner[k]), "a neuron is split twice on one path")
        off, on = self._both(parts)
        high, low = parts.high.copy(), parts.low.copy()
        high[every, neuron] = np.minimum(high[every, neuron], 0.0)
        low[every, neuron] = np.maximum(low[every, neuron], 0.0)
        on = replace(on, low=low, phases=_appended(parts.phases, neuron + 1))
        off = replace(off, high=high, phases=_appended(parts.phases, -(neuron + 1)))
        yield self._held(on)
        yield self._held(off)

    def _separate(self, parts: Parts) -> Iterator[Parts]:
        clause = self.forest.item[parts.token]
        for k in np.flatnonzero(clause >= self.clauses[parts.owner]).tolist():
            self.failed.setdefault(int(parts.owner[k]), f"the condition has no clause {clause[k]}")
        one, others = self._both(parts)
        named = np.arange(parts.asked.shape[1]) == clause[:, None]
        yield replace(others, asked=parts.asked & ~named)
        yield replace(one, asked=parts.asked & named)

    def _derive(self, parts: Parts) -> Iterator[Parts]:
        own = np.array([token if token in self.forest.inner else -1 for token in parts.token.tolist()])
        parts = replace(parts, slopes=np.where(own >= 0, own, parts.slopes))
        if self._offered(np.unique(parts.slopes)) <= MAX_SLOPES:
            yield self._derived(parts)
        else:
            for token in np.unique(parts.slopes):
                yield self._derived(parts.take(parts.slopes == token))

    def _offered(self, tokens: Iterable[int]) -> int:
        """Slopes that these entries offer together."""
        return sum(len(self.forest.inner.get(int(token), ())) for token in tokens) * self.net.neurons

    def _derived(self, parts: Parts) -> Parts:
        offered = [(parts.slopes == token, self._inner(token, parts)) for token in np.unique(parts.slopes).tolist()]
        sets = self.sets_of(parts)

        def refine(known: Known, depth: int, bounds: Bounds) -> Bounds:
            bounds = refined(known, depth, bounds, sets, (ADAPTIVE,))
            for member, given in offered:
                if depth in given:
                    bounds = _with_slopes(known, depth, bounds, sets, np.flatnonzero(member), given[depth])
            return bounds

        low, high = joined(forward(self.net, parts.lower, parts.upper, (parts.low, parts.high), refine))
        derived = np.ones(len(parts), dtype=bool)
        return self._held(replace(parts, token=parts.token + 1, low=low, high=high, derived=derived))

    def _inner(self, token: int, parts: Parts) -> dict[int, offers.Inner]:
        """What the entry at this place offers for inner bounds, by layer. A malformed offer fails its set."""
        if token < 0:
            return {}
        if token not in self.read:
            if self._offered([token, *self.read]) > MAX_SLOPES:
                self.read.clear()
            try:
                if self._offered([token]) > MAX_SLOPES:
                    raise ValueError("too many slopes are offered for the inner bounds of a part")
                found = offers.inner(self.forest.inner[token], self.widths)
            except ValueError as error:
                self.failed.setdefault(int(parts.owner[parts.slopes == token][0]), str(error))
                found = {}
            self.read[token] = {self.net.relus[k]: item for k, item in found.items()}
        return self.read[token]

    def sets_of(self, parts: Parts) -> Sets:
        """The input sets of parts: their boxes, inside the ball of their region if it is one."""
        if self.sets.radius is None or self.sets.center is None:
            return Sets(parts.lower, parts.upper)
        return Sets(parts.lower, parts.upper, self.sets.center[parts.owner], self.sets.radius[parts.owner])


def _appended(phases: Ints, code: Ints) -> Ints:
    """Phases [K, D] with one more for each part [K], behind its last."""
    count = np.count_nonzero(phases, axis=1)
    longer = np.pad(phases, ((0, 0), (0, int(count.max() == phases.shape[1]))))
    longer[np.arange(len(longer)), count] = code
    return longer


def _with_slopes(known: Known, depth: int, bounds: Bounds, sets: Sets, of: Ints, given: offers.Inner) -> Bounds:
    """The intersection with what offered slopes give for these sets [k], where the sign of a neuron is open."""
    member, entry = np.nonzero(bounds.open[of][:, given.neuron])
    relus = known.net.relus
    lower, upper = bounds.lower.copy(), bounds.upper.copy()
    step = max(1, MAX_SLOPES // known.net.neurons)
    for at in range(0, len(entry), step):
        which, chosen = of[member[at : at + step]], entry[at : at + step]
        neuron, side = given.neuron[chosen], given.side[chosen]
        slopes = {relus[m]: array[chosen] for m, array in enumerate(given.slopes)}
        found = lower_bounds(known, bounds, sets, Query(depth, which, neuron=neuron, sign=side, slopes=slopes))
        below = side > 0
        np.maximum.at(lower, (which[below], neuron[below]), found[below])
        np.minimum.at(upper, (which[~below], neuron[~below]), -found[~below])
    return bounds.tightened(lower, upper)
