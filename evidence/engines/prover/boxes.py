"""A search that halves boxes: the stack of open boxes, what is proved of them, and how they are cut.

How a round bounds its boxes is for the subclasses to say: inputs.py for chains of affine maps and ReLUs, graphs.py for
everything else.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from evidence.engines.prover.crown import Parts
from evidence.engines.prover.growth import CUT, Growth, Ints
from evidence.engines.prover.limits import Limits
from evidence.regions import Floats

_BATCH = 256
_THIN = 1e-7
"""Inputs whose width is below this share of their region's, or of their own size, are not cut any more."""

Found = Callable[[int, Floats], None]
"""Told of a region and a point in it that violates its condition in float64."""


def nothing() -> None:
    """Called between rounds where nobody wants to be."""


@dataclass
class Batch:
    """B open nodes. share: of their region's volume."""

    parts: Parts
    node: Ints
    region: Ints
    share: Floats

    def take(self, index: NDArray[np.int64] | slice) -> Batch:
        """Copies of some of the nodes."""
        parts = self.parts
        return Batch(
            Parts(
                parts.lower[index],
                parts.upper[index],
                [low[index] for low in parts.low],
                [high[index] for high in parts.high],
            ),
            self.node[index],
            self.region[index],
            self.share[index],
        )

    def __len__(self) -> int:
        return len(self.node)


def joined(batches: list[Batch]) -> Batch:
    """Several batches as one."""
    if len(batches) == 1:
        return batches[0]
    layers = range(len(batches[0].parts.low))
    return Batch(
        Parts(
            np.concatenate([batch.parts.lower for batch in batches]),
            np.concatenate([batch.parts.upper for batch in batches]),
            [np.concatenate([batch.parts.low[k] for batch in batches]) for k in layers],
            [np.concatenate([batch.parts.high[k] for batch in batches]) for k in layers],
        ),
        np.concatenate([batch.node for batch in batches]),
        np.concatenate([batch.region for batch in batches]),
        np.concatenate([batch.share for batch in batches]),
    )


def fresh(widths: Sequence[int], lower: Floats, upper: Floats, node: Ints, region: Ints, share: Floats) -> Batch:
    """Nodes about whose layers, of these widths, nothing is known yet."""
    low = [np.full((len(lower), width), -np.inf) for width in widths]
    high = [np.full((len(lower), width), np.inf) for width in widths]
    return Batch(Parts(lower.copy(), upper.copy(), low, high), node, region, share)


@dataclass
class BoxSearch:
    """The open nodes of one search, last in first out. `width`: of each region's box [R, n]; `batch`: nodes in a
    round."""

    growth: Growth
    width: Floats
    found: Found
    violated: Collection[int]
    proved: Floats
    """Share of each region's volume that is proved [R]."""
    stack: list[Batch]
    stuck: list[Batch] = field(default_factory=list)
    """Nodes too thin to be cut."""
    batch: int = _BATCH

    def run(self, limits: Limits, between: Callable[[], None] = nothing) -> None:
        """Work until nothing is open or a limit is reached; what is then open stays on the stack. `between` is
        called after every round."""
        while self.stack and not limits.reached(len(self.growth.kind.values)):
            batch = self._next()
            if len(batch):
                self._round(batch)
            limits.report(self.proved)
            between()

    def open(self) -> list[Batch]:
        """All nodes that are not proved, of regions that are not violated."""
        violated = list(self.violated)
        nodes = [batch.take(np.flatnonzero(~np.isin(batch.region, violated))) for batch in (*self.stack, *self.stuck)]
        return [batch for batch in nodes if len(batch)]

    def regions(self) -> list[int]:
        """Regions that are neither proved nor violated."""
        found = {int(region) for batch in self.open() for region in batch.region}
        return sorted(found - set(self.violated))

    def _next(self) -> Batch:
        taken, room = [], self.batch
        while self.stack and room:
            top = self.stack.pop()
            if len(top) > room:
                self.stack.append(top.take(slice(0, len(top) - room)))
                top = top.take(slice(len(top) - room, None))
            room -= len(top)
            taken.append(top)
        batch = joined(taken)
        left = ~np.isin(batch.region, list(self.violated))
        return batch if left.all() else batch.take(np.flatnonzero(left))

    @abstractmethod
    def _round(self, batch: Batch) -> None:
        """Bound a batch: `_prove` what holds, `_halve` the rest."""

    def _prove(self, batch: Batch, which: NDArray[np.bool_]) -> None:
        self.growth.close(batch.node[which])
        np.add.at(self.proved, batch.region[which], batch.share[which])

    def _halve(self, batch: Batch, score: Floats, lower: Floats, upper: Floats) -> None:
        for b in np.flatnonzero((lower != batch.parts.lower).any(axis=1) | (upper != batch.parts.upper).any(axis=1)):
            below, above = (
                np.flatnonzero(lower[b] != batch.parts.lower[b]),
                np.flatnonzero(upper[b] != batch.parts.upper[b]),
            )
            slabs = [(int(i), 0, float(lower[b, i])) for i in below] + [(int(i), 1, float(upper[b, i])) for i in above]
            self.growth.clip(int(batch.node[b]), slabs)
        before = batch.parts.upper - batch.parts.lower
        width = upper - lower
        kept = np.prod(np.divide(width, before, out=np.ones_like(width), where=before > 0), axis=1)
        np.add.at(self.proved, batch.region, batch.share * (1 - kept))
        batch.share = batch.share * kept
        batch.parts.lower, batch.parts.upper = lower, upper
        at = short((lower + upper) / 2, width, 0)
        usable = (width > _THIN * self.width[batch.region]) & (width > _THIN * np.abs(at)) & (lower < at) & (at < upper)
        chosen = np.where(usable, score, -1.0).argmax(axis=1)
        rows = np.arange(len(batch))
        stuck = ~usable[rows, chosen]
        if stuck.any():
            self.stuck.append(batch.take(np.flatnonzero(stuck)))
            fine = np.flatnonzero(~stuck)
            batch, chosen, at = batch.take(fine), chosen[fine], at[fine]
            rows = np.arange(len(batch))
        if not len(batch):
            return
        place = at[rows, chosen]
        first = self.growth.divide(batch.node, CUT, chosen, None, place)
        batch.share = batch.share / 2
        other = batch.take(np.arange(len(batch)))
        batch.node, other.node = first, first + 1
        batch.parts.upper = batch.parts.upper.copy()
        batch.parts.upper[rows, chosen] = place
        other.parts.lower[rows, chosen] = place
        self.stack += [other, batch]


def short(values: Floats, width: Floats, direction: int) -> Floats:
    """Values rounded to a thousandth of the width or so, in few decimal digits: certificates store them as text.
    direction: -1 down, 1 up, 0 to the nearest."""
    digits = np.clip(3 - np.floor(np.log10(np.where(width > 0, width, 1.0))), 0, 300)
    scale = 10.0**digits
    with np.errstate(over="ignore", invalid="ignore"):
        scaled = values * scale
        rounded = (np.floor(scaled), np.rint(scaled), np.ceil(scaled))[direction + 1] / scale
    return np.where(np.isfinite(rounded), rounded, values)
