"""The open nodes of a search over phases, and splitting them."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from evidence.engines.prover.crown import SPLIT
from evidence.engines.prover.growth import Ints
from evidence.regions import Floats


@dataclass(frozen=True)
class Nodes:
    """B open nodes over N neurons, C clauses and D candidates for the next split.

    low, high: bounds of all pre-activations [B, N]; phase: 1, -1 or 0 [B, N]; open: clauses that are still to be shown
    [B, C]; deficit: how negative their bounds are, in sum [B]; alpha, beta: multipliers of the leading row of each clause [B, C, N]; path: in order from the root,
    neuron + 1 for a split to z >= 0, its negative for one to z <= 0, then 0 [B, L]; candidates: neurons [B, D], their
    promise [B, D], and their coefficients in each clause's bound [B, C, D].
    """

    node: Ints
    share: Floats
    low: Floats
    high: Floats
    phase: NDArray[np.int8]
    open: NDArray[np.bool_]
    deficit: Floats
    alpha: NDArray[np.float32]
    beta: NDArray[np.float32]
    path: Ints
    candidates: Ints
    promise: Floats
    coefficients: Floats

    def __len__(self) -> int:
        return len(self.node)

    def take(self, index: Ints) -> Nodes:
        """Copies of some of them."""
        return Nodes(*(getattr(self, item.name)[index] for item in fields(self)))

    def steps(self, b: int) -> list[int]:
        """The path of one node, without its padding."""
        return [int(code) for code in self.path[b] if code]

    def last(self) -> Ints:
        """The neuron of each node's last split; -1 at the root [B]."""
        count = (self.path != 0).sum(axis=1)
        padded = np.concatenate([np.zeros((len(self), 1), np.int64), self.path], axis=1)
        code: Ints = padded[np.arange(len(self)), count]
        return np.abs(code) - 1

    def halves(self, chosen: Ints) -> Nodes:
        """Both phases of the node's candidate `chosen` [B]: first all with z <= 0, then all with z >= 0.

        The price of the phase starts where the bound is that of the node: coefficient * (1 - alpha) where z >= 0,
        coefficient * alpha where z <= 0, as far as the coefficient is positive. Node numbers are the parents'.
        """
        every, count = np.arange(len(self)), len(self)
        neuron = self.candidates[every, chosen]
        size = np.maximum(self.coefficients[every, :, chosen], 0.0)
        both = self.take(np.concatenate([every, every]))
        both.phase[every, neuron], both.phase[count + every, neuron] = -1, 1
        both.high[every, neuron], both.low[count + every, neuron] = 0.0, SPLIT
        alpha = self.alpha[every, :, neuron]
        both.beta[every, :, neuron] = size * alpha
        both.beta[count + every, :, neuron] = size * (1 - alpha)
        code = np.concatenate([-neuron - 1, neuron + 1])
        path = np.concatenate([both.path, np.zeros((2 * count, 1), np.int64)], axis=1)
        path[np.arange(2 * count), (path != 0).sum(axis=1)] = code
        return replace(both, share=both.share / 2, path=path)


def joined(blocks: list[Nodes]) -> Nodes:
    """Several blocks of nodes as one."""
    deepest = max(block.path.shape[1] for block in blocks)
    wide = [replace(b, path=np.pad(b.path, ((0, 0), (0, deepest - b.path.shape[1])))) for b in blocks]
    return Nodes(*(np.concatenate([getattr(block, item.name) for block in wide]) for item in fields(Nodes)))
