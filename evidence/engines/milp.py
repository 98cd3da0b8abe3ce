"""The least margin of a condition over a box, by mixed-integer programming: exact for small ReLU chains, no proof.

A condition is violated where some clause has all its rows at or below zero. So for each clause

    minimise s   subject to   row_i @ y + offset_i <= s  for its rows,  y = network(x),  lower <= x <= upper

and the condition is violated on the box iff some clause's least s is <= 0. A ReLU a = max(z, 0) that may be on or
off gets a binary d: a >= 0, a >= z, a <= high d, a <= z - low (1 - d) (Tjeng, Xiao, Tedrake, ICLR 2019); [low, high]
are the bounds of this package's CROWN, loosened against their own rounding. HiGHS, through scipy.optimize.milp, works
in floating point with tolerances and leaves no proof: its answers cross-check, they never prove. The margin at its
point is evaluated again by the network itself, so a point is a fact and only `bound` is the solver's word.
Not here: replaying points (evidence/replay.py), what follows from answers (evidence/crosscheck.py).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from evidence.engines.prover.arrays import place
from evidence.engines.prover.chain import Chain, chain_of
from evidence.engines.prover.crown import Parts, derive
from evidence.network import Network
from evidence.regions import Floats, OutputCondition

_LOOSER = 1e-9
"""Relative and absolute: far above the rounding of float64 bounds, far below the solver's tolerances."""


@dataclass(frozen=True)
class Minimum:
    """The least margin over a box as the solver sees it.

    bound: below every margin, on the solver's word (-inf where it gave none); value: the margin that the network
    takes at `point` [n], in float64 (inf and None where no point was found); optimal: no limit ended the search.
    """

    bound: float
    value: float
    point: Floats | None
    optimal: bool


class Encoding:
    """One network on one box as linear constraints. `undecided` ReLUs may be on or off there: one binary for each."""

    def __init__(self, network: Network, lower: Floats, upper: Floats) -> None:
        """lower, upper: [n]. Costs one CROWN bound of every neuron."""
        self.network, self.lower, self.upper = network, lower, upper
        self._chain = chain_of(network, place("cpu"), float32=False)
        self._low, self._high = _activation_bounds(self._chain, lower, upper)
        self.undecided = sum(
            int(((low < 0) & (high > 0)).sum()) for low, high in zip(self._low, self._high, strict=True)
        )
        self._sizes = [network.inputs, *self._chain.widths, self.undecided, 1]
        """Groups of variables: inputs, ReLUs layer by layer, binaries, s."""
        self._blocks: tuple[Any, Floats, Floats] | None = None

    def least_margin(self, condition: OutputCondition, nodes: int, seconds: float) -> Minimum:
        """The least margin over the box; at most `nodes` nodes for each clause and about `seconds` in all.

        It ends early at the first point that violates the condition.
        """
        deadline = time.monotonic() + seconds
        bound, value, point, optimal = np.inf, np.inf, None, True
        for clause in range(int(condition.clause.max()) + 1):
            mine = condition.clause == clause
            if not mine.any():
                continue
            left = deadline - time.monotonic()
            found = (
                self._clause(condition, condition.rows[mine], condition.offsets[mine], nodes, left)
                if left > 0
                else Minimum(-np.inf, np.inf, None, False)
            )
            bound, optimal = min(bound, found.bound), optimal and found.optimal
            if found.value < value:
                value, point = found.value, found.point
            if value < 0:
                return Minimum(-np.inf, value, point, False)  # nothing is known of the clauses that are left
        return Minimum(float(bound), float(value), point, optimal)

    def _clause(self, condition: OutputCondition, rows: Floats, offsets: Floats, nodes: int, seconds: float) -> Minimum:
        from scipy import optimize, sparse

        matrix, least, most = self._constraints()
        # row @ (W a + b) + offset <= s
        last, shift = rows @ self._chain.weights[-1], rows @ self._chain.biases[-1] + offsets
        margin = self._placed({self._chain.depth: last, len(self._sizes) - 1: np.full((len(rows), 1), -1.0)}, len(rows))
        total = sum(self._sizes)
        cost, integral = np.zeros(total), np.zeros(total)
        cost[-1] = 1.0
        integral[total - 1 - self.undecided : total - 1] = 1
        constraints = optimize.LinearConstraint(
            sparse.vstack([matrix, margin]).tocsr(),
            np.concatenate([least, np.full(len(rows), -np.inf)]),
            np.concatenate([most, -shift]),
        )
        with _quiet():
            answer: Any = optimize.milp(
                cost,
                integrality=integral,
                bounds=optimize.Bounds(*self._ranges()),
                constraints=constraints,
                options={"time_limit": max(seconds, 0.01), "node_limit": nodes, "mip_rel_gap": 0.0},
            )
        optimal = answer.status == 0
        bound = -np.inf
        if optimal:
            bound = float(answer.fun)
        if self.undecided and answer.get("mip_dual_bound") is not None:
            given = float(answer.mip_dual_bound)
            bound = min(bound, given) if optimal else given
        if answer.x is None:
            return Minimum(_number(bound), np.inf, None, False)
        point = np.clip(np.asarray(answer.x[: self.network.inputs], dtype=np.float64), self.lower, self.upper)
        value = float(condition.margins(self.network.forward(point[None]))[0])
        return Minimum(_number(bound), value, point, optimal)

    def _ranges(self) -> tuple[Floats, Floats]:
        """Ends of all variables."""
        low = [self.lower, *(np.zeros(size) for size in self._sizes[1:-1]), np.array([-np.inf])]
        high = [
            self.upper,
            *(np.maximum(high, 0.0) for high in self._high),
            np.ones(self.undecided),
            np.array([np.inf]),
        ]
        return np.concatenate(low), np.concatenate(high)

    def _constraints(self) -> tuple[Any, Floats, Floats]:
        """Constraints of all ReLUs: matrix, lower and upper ends. ReLUs that are always off have the range [0, 0]."""
        if self._blocks is None:
            from scipy import sparse

            blocks, least, most = [], [], []
            binary = len(self._sizes) - 2
            before = 0
            for k, (low, high) in enumerate(zip(self._low, self._high, strict=True)):
                weight, bias = self._chain.weights[k], self._chain.biases[k]
                on, either = np.flatnonzero(low >= 0), np.flatnonzero((low < 0) & (high > 0))
                own, chosen = np.eye(len(bias)), np.zeros((len(either), self.undecided))
                chosen[np.arange(len(either)), before + np.arange(len(either))] = 1.0
                before += len(either)
                blocks += [
                    self._placed({k: -weight[on], k + 1: own[on]}, len(on)),
                    self._placed({k: -weight[either], k + 1: own[either]}, len(either)),
                    self._placed(
                        {k: -weight[either], k + 1: own[either], binary: -low[either, None] * chosen}, len(either)
                    ),
                    self._placed({k + 1: own[either], binary: -high[either, None] * chosen}, len(either)),
                ]
                free = np.full(len(either), np.inf)
                least += [bias[on], bias[either], -free, -free]
                most += [bias[on], free, bias[either] - low[either], np.zeros(len(either))]
            empty = np.zeros(0)
            matrix = sparse.vstack([self._placed({}, 0), *blocks])
            self._blocks = matrix, np.concatenate([empty, *least]), np.concatenate([empty, *most])
        return self._blocks

    def _placed(self, parts: dict[int, Floats], count: int) -> Any:
        """`count` rows with these coefficients for these groups of variables."""
        from scipy import sparse

        columns = [
            sparse.csr_array(parts[group]) if group in parts else sparse.csr_array((count, size))
            for group, size in enumerate(self._sizes)
        ]
        return sparse.hstack(columns)


def _activation_bounds(chain: Chain, lower: Floats, upper: Floats) -> tuple[list[Floats], list[Floats]]:
    """Bounds of all pre-activations on the box, layer by layer, by intervals and CROWN."""
    parts = Parts(
        lower[None],
        upper[None],
        [np.full((1, width), -np.inf) for width in chain.widths],
        [np.full((1, width), np.inf) for width in chain.widths],
    )
    derive(chain, parts)
    low = [values[0] - _LOOSER * (1 + np.abs(values[0])) for values in parts.low]
    high = [values[0] + _LOOSER * (1 + np.abs(values[0])) for values in parts.high]
    return low, high


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """HiGHS writes some lines past its own options, to the process's standard output, where JSON may be expected."""
    sys.stdout.flush()
    saved, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        yield
    finally:
        with contextlib.suppress(OSError, AttributeError, TypeError):
            ctypes.CDLL(None).fflush(None)  # what the C library still holds back
        os.dup2(saved, 1)
        os.close(saved)
        os.close(nowhere)


def _number(bound: float) -> float:
    return -np.inf if np.isnan(bound) else bound
