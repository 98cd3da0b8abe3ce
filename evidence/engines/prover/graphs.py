"""Branch and bound over the inputs of networks that are no chains of affine maps and ReLUs, with auto_LiRPA's bounds.

Residual networks, LeakyRelu, Sigmoid, Tanh, MaxPool, Clip and so on: intervals first, then CROWN, and alpha-CROWN where
its slopes can go into the certificate, which is where Relu is all that bends. Open boxes are halved across the input
that the linear bounds depend on most; every fourth time across the one that was cut least, because an input that
matters can have a slope of zero. Every centre is evaluated: a violation ends the search in its region.
The bounds count for nothing until the checker, which knows nothing of auto_LiRPA, has derived its own.
Not here: splitting by phases, so networks with many inputs are decided near the root or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from evidence.engines.bounds.goals import Goals, goals_of
from evidence.engines.bounds.lirpa import Bounder, Method, Sets
from evidence.engines.bounds.splitting import assess
from evidence.engines.prover.boxes import Batch, BoxSearch, fresh, nothing
from evidence.engines.prover.growth import Growth, Ints
from evidence.engines.prover.limits import Limits
from evidence.engines.prover.violations import Violations
from evidence.errors import UnsupportedError
from evidence.network import Graph
from evidence.regions import Floats, RegionSet

BATCH = 64
_FEW = 16
"""Up to so many inputs, a cut is worth more than optimised slopes, but at the root."""
_FAIR = 4
_SLACK, _SINGLE_SLACK = 1e-9, 1e-5
"""By what a bound must exceed zero, relative to the size of the outputs: the checker rounds outward, and for float32
adds what an execution may lose."""


@dataclass(kw_only=True)
class GraphSearch(BoxSearch):
    """Open boxes of a graph. slack: see `_SLACK`."""

    graph: Graph
    bounder: Bounder
    goals: Goals
    slack: float
    failure: str = ""
    """Why the search ended early where the library failed."""

    def run(self, limits: Limits, between: Callable[[], None] = nothing) -> None:
        """As for every search. The library fails in ways of its own on networks that it cannot treat, and when memory
        runs out: that ends the search, and `failure` says so."""
        if self.failure:
            return
        try:
            super().run(limits, between)
        except UnsupportedError as error:
            self.failure = error.finding.message
        except (NotImplementedError, RuntimeError, MemoryError) as error:
            self.failure = f"auto_LiRPA cannot bound {self.graph.name}: {type(error).__name__}: {str(error)[:200]}"

    def _round(self, batch: Batch) -> None:
        sets = Sets(batch.parts.lower, batch.parts.upper, batch.parts.lower / 2 + batch.parts.upper / 2)
        outputs = self._look(batch, sets.centers)
        open_ = np.flatnonzero(~np.isin(batch.region, list(self.violated)))
        batch, sets, outputs = batch.take(open_), sets.take(open_), outputs[open_]
        if not len(batch):
            return
        try:
            found = assess(self.bounder, self._method(batch), sets, self.goals, batch.region, choose_cut=True)
        except BaseException:
            self.stack.append(batch)  # it is still open
            raise
        held = found.margins > self.slack * self._size(batch.region, outputs)
        for place, offer in found.slopes.items():
            if held[place]:
                self.growth.offers[int(batch.node[place])] = offer
        self._prove(batch, held)
        left = np.flatnonzero(~held)
        batch = batch.take(left)
        width = self.width[batch.region]
        score = np.divide(batch.parts.upper - batch.parts.lower, width, out=np.zeros_like(width), where=width > 0)
        # shares of boxes are halved with each cut
        steep = np.flatnonzero(np.rint(-np.log2(batch.share)).astype(np.int64) % _FAIR != _FAIR - 1)
        score[steep, found.cut[left][steep]] += 1.0
        self._halve(batch, score, batch.parts.lower, batch.parts.upper)

    def _method(self, batch: Batch) -> Method:
        few = int((self.width > 0).any(axis=0).sum()) <= _FEW
        optimise = self.bounder.carries_slopes and (not few or bool((batch.share == 1).all()))
        return "alpha-crown" if optimise else "crown"

    def _look(self, batch: Batch, centers: Floats) -> Floats:
        """The outputs at the centres [B, outputs]; violations are told."""
        outputs = self.graph.forward(centers)
        rows = np.einsum("bkm,bm->bk", self.goals.matrix(batch.region), outputs)
        for hit in np.flatnonzero(self.goals.margins(batch.region, rows) <= 0):
            self.found(int(batch.region[hit]), centers[hit])
        return outputs

    def _size(self, regions: Ints, outputs: Floats) -> Floats:
        """How large the terms of the conditions' rows are at the centres [B]."""
        terms = np.abs(self.goals.matrix(regions)) @ np.abs(outputs)[:, :, None]
        return np.asarray((terms[:, :, 0] + np.abs(self.goals.offsets[self.goals.of[regions]])).max(axis=1))


def graph_search(
    graph: Graph,
    regions: RegionSet,
    growth: Growth,
    roots: Ints,
    which: Sequence[int],
    violations: Violations,
    proved: Floats,
    single: bool,
    device: str,
) -> GraphSearch:
    """A search in the regions `which`, whose partitions start at `roots` [R]. single: for float32 executions.

    Raises MissingLibraryError E110; UnsupportedError N112, N115 with the node that auto_LiRPA cannot bound.
    """
    index = np.array(which, dtype=np.int64)
    start = fresh((), regions.lower[index], regions.upper[index], roots[index], index, np.ones(len(index)))
    bounder = Bounder(graph, BATCH, device)
    return GraphSearch(
        growth=growth,
        width=regions.upper - regions.lower,
        found=violations.consider,
        violated=violations.points,
        proved=proved,
        stack=[start] if len(index) else [],
        batch=bounder.batch,
        graph=graph,
        bounder=bounder,
        goals=goals_of(regions),
        slack=_SINGLE_SLACK if single else _SLACK,
    )
