"""Projected gradient descent on one region, many points at a time, every point against a clause of its own.

Descending always on the clause that is nearest to being violated gets stuck where another one could be: here every
clause has its share of the points from start to end. For chain networks on the CPU, in float32, without torch.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evidence.engines.attack import Stop, never, of_chain
from evidence.network import Network
from evidence.regions import Floats, OutputCondition

_FIRST, _LAST = 0.25, 0.005
"""Steps at the start and in the end, as shares of the region's width."""

Singles = NDArray[np.float32]


def descend(
    network: Network,
    lower: Singles,
    upper: Singles,
    condition: OutputCondition,
    points: int,
    steps: int,
    seed: int,
    stop: Stop = never,
) -> tuple[Singles, Floats]:
    """The best inputs found in a box [n], best first, and the condition's margin at them: [points, n], [points].

    Where the points start they are evaluated in any case; `stop` ends the descent from there."""
    model, gradient = of_chain(network)
    generator = np.random.default_rng(seed)
    clauses = np.unique(condition.clause)
    target = clauses[np.arange(points) % len(clauses)]
    width = upper - lower
    x = (lower + generator.random((points, len(lower)), dtype=np.float32) * width).astype(np.float32)
    x[: len(clauses)] = (lower / 2 + upper / 2)[None]
    x = np.clip(x, lower, upper)
    best, margin = x.copy(), np.full(points, np.inf)
    mine = condition.clause[None] == target[:, None]
    for step in range(steps + 1):
        outputs = model(x)
        found = condition.margins(outputs.astype(np.float64))
        better = found < margin
        best[better], margin[better] = x[better], found[better]
        if step == steps or margin.min() < 0 or stop():
            break
        values = outputs.astype(np.float64) @ condition.rows.T + condition.offsets
        row = np.where(mine, values, -np.inf).argmax(axis=1)
        slope = gradient(x, condition.rows[row].astype(np.float32))
        size = np.float32(_FIRST * (_LAST / _FIRST) ** (step / steps))
        x = np.clip(x - size * width * np.sign(slope), lower, upper)
    order = np.argsort(margin, kind="stable")
    return best[order], margin[order]
