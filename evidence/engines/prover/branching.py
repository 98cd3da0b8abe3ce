"""Which neurons are worth trying for the next split, and what trying them has taught."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evidence.engines.prover.arrays import Array
from evidence.engines.prover.ascent import Bounded
from evidence.engines.prover.chain import Chain
from evidence.engines.prover.growth import Ints
from evidence.engines.prover.nodes import Nodes
from evidence.regions import Floats

_RELIABLE = 4


@dataclass(frozen=True)
class Promise:
    """For B nodes: the neurons to try [B, D], what they promise (negative where decided) [B, D], their coefficients in
    each clause's bound [B, C, D], and which nodes have no undecided neuron left [B]."""

    candidates: Ints
    promise: Floats
    coefficients: Floats
    bare: NDArray[np.bool_]


def promise(
    chain: Chain,
    nodes: Nodes,
    weights: Array,
    leading: Ints,
    bounded: Bounded,
    of: Ints,
    clause: Ints,
    pairs: Ints,
    each: int,
) -> Promise:
    """The best neurons of each layer, `each` of them.

    A relaxed neuron is off by at most its gap -low * high / (high - low). What it promises is what that takes from the
    bound directly (coefficient * gap), plus its share in all that is lost, where the shares follow how far a gap can
    reach when nothing cancels: through that it also counts what it costs the bounds of later neurons.
    of, clause: node and clause of each bounded row; pairs: the rows that are still open.
    """
    xp, host, put = chain.place.xp, chain.place.host, chain.place.put
    low, high = nodes.low, nodes.high
    undecided = (low < 0) & (high > 0)
    width = np.where(undecided, high - low, 1.0)
    gap = np.where(undecided, -low * high / width, 0.0)[of[pairs]]
    chord = np.where(undecided, high / width, ((low >= 0) & (high > 0)).astype(np.float64))[of[pairs]]
    starts = np.cumsum([0, *chain.widths]).tolist()
    reach = np.zeros_like(gap)
    moved = xp.abs(weights[put(leading[clause[pairs]]), :])
    for k in range(chain.depth - 1, -1, -1):
        piece = slice(starts[k], starts[k + 1])
        reach[:, piece] = host(moved)
        moved = (moved * put(chord[:, piece])) @ chain.sizes[k]
    coefficient = np.concatenate([host(layer) for layer in bounded.coefficient], axis=1)
    direct, spread = np.abs(coefficient[pairs]) * gap, reach * gap
    lost = np.maximum(-host(bounded.value)[pairs], 0.0) + direct.sum(axis=1)
    share = spread / np.maximum(spread.sum(axis=1, keepdims=True), 1e-300)
    total = np.zeros(low.shape)
    np.add.at(total, of[pairs], direct + share * lost[:, None])
    total = np.where(undecided, np.maximum(total, 1e-300), -1.0)
    candidates = np.concatenate(
        [
            start + np.argsort(-total[:, start:end], axis=1, kind="stable")[:, :each]
            for start, end in itertools.pairwise(starts)
        ],
        axis=1,
    )
    coefficients = np.zeros((len(nodes), nodes.open.shape[1], candidates.shape[1]))
    coefficients[of, clause] = coefficient[np.arange(len(of))[:, None], candidates[of]]
    return Promise(
        candidates, np.take_along_axis(total, candidates, axis=1), coefficients, np.asarray(~undecided.any(axis=1))
    )


class Experience:
    """What splitting each of N neurons brought when it was tried: reliability branching (Achterberg, Koch, Martin:
    Branching rules revisited, Operations Research Letters 33, 2005). Gains are in units of the promise."""

    def __init__(self, neurons: int) -> None:
        self.gain, self.times = np.zeros((2, neurons)), np.zeros(neurons, dtype=np.int64)

    def reliable(self, neurons: Ints) -> NDArray[np.bool_]:
        """Which of these were tried often enough, so that they need not be tried again."""
        return self.times[neurons] >= _RELIABLE

    def learn(self, neurons: Ints, promise: Floats, gains: Floats) -> None:
        """Take in what trying neurons [M] of this promise [M] gained in both phases [2, M]."""
        np.add.at(self.times, neurons, 1)
        for phase in (0, 1):
            np.add.at(self.gain[phase], neurons, gains[phase] / promise)

    def expected(self, neurons: Ints, promise: Floats) -> Floats:
        """What splitting neurons [...] that were tried before will gain in both phases [2, ...]."""
        return self.gain[:, neurons] / np.maximum(self.times[neurons], 1) * promise
