"""The best multipliers of one node by linear programming: exact where an ascent only comes near.

HiGHS (through scipy) finds the least value of a row over the triangle relaxation of the node. Its dual solution is what
an ascent looks for: lower slopes, and prices of the phases (Wong, Kolter: Provable defenses, ICML 2018; Salman et al.:
A convex relaxation barrier, NeurIPS 2019). Where the relaxation is empty the prices show that. Nothing rests on the
solver's word: the bound is evaluated again with these multipliers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from evidence.engines.prover.chain import Chain
from evidence.regions import Floats


@dataclass(frozen=True)
class Relaxed:
    """For N neurons: lower slopes alpha [N], prices beta [N] of those that were split; point [n]: where the least value
    is taken; empty: whether the relaxation is, then the prices may be multiplied by any factor."""

    alpha: Floats
    beta: Floats
    point: Floats
    empty: bool


class Relaxation:
    """The linear programme of one node. low, high [N]: bounds of the pre-activations, with the phases of splits; phase
    [N]: 1, -1 or 0; lower, upper [n]: the box."""

    def __init__(
        self, chain: Chain, low: Floats, high: Floats, phase: NDArray[np.int8], lower: Floats, upper: Floats
    ) -> None:
        host, inputs, neurons = chain.place.host, chain.inputs, len(low)
        self.inputs, self.neurons = inputs, neurons
        pre, shift = np.zeros((neurons, inputs + neurons)), np.zeros(neurons)  # pre-activations of all neurons
        before, at = slice(0, inputs), 0
        for k, width in enumerate(chain.widths):
            own = slice(at, at + width)
            pre[own, before], shift[own] = host(chain.weights[k]), host(chain.biases[k])
            before, at = slice(inputs + at, inputs + at + width), at + width
        post = np.concatenate([np.zeros((neurons, inputs)), np.eye(neurons)], axis=1)
        self.open = np.flatnonzero((low < 0) & (high > 0))
        self.split = np.flatnonzero(phase)
        active = np.flatnonzero((low >= 0) & (high > 0))
        chord = (high / np.where(high > low, high - low, 1.0))[self.open]
        side = phase[self.split].astype(np.float64)
        self.matrix = np.concatenate(
            [
                (pre - post)[self.open],
                post[self.open] - chord[:, None] * pre[self.open],
                -side[:, None] * pre[self.split],
            ]
        )
        self.most = np.concatenate(
            [-shift[self.open], chord * (shift[self.open] - low[self.open]), side * shift[self.split]]
        )
        self.equal, self.to = (post - pre)[active], shift[active]
        ends = np.zeros((neurons, 2))
        ends[self.open, 1] = np.inf
        ends[active] = -np.inf, np.inf
        self.ends = np.concatenate([np.stack([lower, upper], axis=1), ends])

    def least(self, row: Floats) -> Relaxed | None:
        """The multipliers of the least value of row [w] @ activations of the last ReLU layer; None if the solver fails."""
        cost = np.zeros(self.inputs + self.neurons)
        cost[len(cost) - len(row) :] = row
        found = linprog(cost, self.matrix, self.most, self.equal, self.to, self.ends, method="highs")
        empty = found.status == 2
        if empty:  # by how much the walls must give way, and at which prices
            give = np.zeros((len(self.most), 1))
            give[2 * len(self.open) :] = -1.0
            found = linprog(
                np.append(np.zeros(len(cost)), 1.0),
                np.concatenate([self.matrix, give], axis=1),
                self.most,
                np.concatenate([self.equal, np.zeros((len(self.equal), 1))], axis=1),
                self.to,
                np.concatenate([self.ends, [[0.0, np.inf]]]),
                method="highs",
            )
        if found.status != 0 or (empty and not found.fun > 0):
            return None
        prices = np.maximum(-np.asarray(found.ineqlin.marginals), 0.0)
        above = prices[: len(self.open)]
        total = above + np.maximum(np.asarray(found.lower.marginals)[self.inputs + self.open], 0.0)
        alpha, beta = np.zeros(self.neurons), np.zeros(self.neurons)
        alpha[self.open] = above / np.where(total > 0, total, 1.0)
        beta[self.split] = prices[2 * len(self.open) :] / (found.fun if empty else 1.0)
        return Relaxed(alpha, beta, np.asarray(found.x[: self.inputs]), empty)
