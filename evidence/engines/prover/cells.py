"""The exact optimum on one cell: where every neuron's phase is decided, the network is affine and an LP decides.

HiGHS (through scipy) gives the least value of a row on the cell, an input where it is taken, and the prices of the
phases. The prices go into the certificate; nothing rests on the solver's word.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog

from evidence.regions import Floats


@dataclass(frozen=True)
class Cell:
    """value: least value of the row (infinite on an empty cell); point: where [n]; prices: one for each phase."""

    value: float
    point: Floats
    prices: Floats


def optimum(row: Floats, offset: float, walls: Floats, heights: Floats, lower: Floats, upper: Floats) -> Cell | None:
    """Least row @ x + offset over the box where walls @ x + heights >= 0 ([S, n], [S]); None if the solver fails."""
    box = np.stack([lower, upper], axis=1)
    found = linprog(row, A_ub=-walls, b_ub=heights, bounds=box, method="highs")
    if found.status == 0:
        return Cell(float(found.fun + offset), np.asarray(found.x), np.maximum(-np.asarray(found.ineqlin.marginals), 0.0))
    if found.status != 2:
        return None
    # empty: by how much the walls must give way, and at which prices
    count = len(heights)
    relaxed = linprog(
        np.append(np.zeros(len(row)), 1.0),
        A_ub=np.concatenate([-walls, -np.ones((count, 1))], axis=1),
        b_ub=heights,
        bounds=np.concatenate([box, [[0.0, np.inf]]]),
        method="highs",
    )
    if relaxed.status != 0 or relaxed.fun <= 0:
        return None
    prices = np.maximum(-np.asarray(relaxed.ineqlin.marginals), 0.0)
    least = offset + float(np.minimum(row * lower, row * upper).sum())
    return Cell(np.inf, np.asarray(relaxed.x[:-1]), prices * 2 * (abs(least) + 1.0) / relaxed.fun)
