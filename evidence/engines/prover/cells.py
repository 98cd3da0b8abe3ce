"""The exact optimum on one cell: where every neuron's phase is decided, the network is affine and an LP decides.

HiGHS (through scipy) gives the least value of a clause on the cell, an input where it is taken, the weights of the
clause's rows and the prices of the phases. Weights and prices go into the certificate; nothing rests on the solver's word.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from evidence.engines.prover.chain import Chain
from evidence.regions import Floats


@dataclass(frozen=True)
class Cell:
    """value: least value of the best row (infinite on an empty cell); point: where [n]; weights: of the rows, not
    negative, in sum 1 [k]: their combination is nowhere below `value`; prices: one for each wall [S]."""

    value: float
    point: Floats
    weights: Floats
    prices: Floats


def optimum(rows: Floats, offsets: Floats, walls: Floats, heights: Floats, lower: Floats, upper: Floats) -> Cell | None:
    """Least value of the best of k rows @ x + offsets over the box where walls @ x + heights >= 0 ([S, n], [S]).

    None if the solver fails. By duality some combination of the rows has the same least value: one row alone often
    has not, where one is positive here, another there."""
    count, walled = len(rows), len(heights)
    box = np.stack([lower, upper], axis=1)
    found = linprog(
        np.append(np.zeros(len(lower)), 1.0),
        A_ub=np.block([[rows, -np.ones((count, 1))], [-walls, np.zeros((walled, 1))]]),
        b_ub=np.concatenate([-offsets, heights]),
        bounds=np.concatenate([box, [[-np.inf, np.inf]]]),
        method="highs",
    )
    if found.status == 0:
        duals = np.maximum(-np.asarray(found.ineqlin.marginals), 0.0)
        total = duals[:count].sum()
        if not total > 0:
            return None
        return Cell(float(found.fun), np.asarray(found.x[:-1]), duals[:count] / total, duals[count:] / total)
    if found.status != 2:
        return None
    # empty: by how much the walls must give way, and at which prices
    relaxed = linprog(
        np.append(np.zeros(len(lower)), 1.0),
        A_ub=np.concatenate([-walls, -np.ones((walled, 1))], axis=1),
        b_ub=heights,
        bounds=np.concatenate([box, [[0.0, np.inf]]]),
        method="highs",
    )
    if relaxed.status != 0 or relaxed.fun <= 0:
        return None
    prices = np.maximum(-np.asarray(relaxed.ineqlin.marginals), 0.0)
    least = float(offsets[0] + np.minimum(rows[0] * lower, rows[0] * upper).sum())
    weights = np.append(1.0, np.zeros(count - 1))
    return Cell(np.inf, np.asarray(relaxed.x[:-1]), weights, prices * 2 * (abs(least) + 1.0) / relaxed.fun)


def affine(
    chain: Chain, active: list[NDArray[np.bool_]], codes: list[int], starts: list[int]
) -> tuple[Floats, Floats, Floats, Floats]:
    """The activations of the last ReLU layer as slope @ x + shift where these neurons are active, and the walls of the
    splits `codes` (neuron + 1 for z >= 0, its negative for z <= 0): walls @ x + heights >= 0."""
    host = chain.place.host
    slope, shift = np.eye(chain.inputs), np.zeros(chain.inputs)
    wall: dict[int, tuple[Floats, float]] = {}
    for k in range(chain.depth):
        weight = host(chain.weights[k])
        slope, shift = weight @ slope, weight @ shift + host(chain.biases[k])
        for code in codes:
            place = abs(code) - 1 - starts[k]
            if 0 <= place < len(shift):
                side = 1.0 if code > 0 else -1.0
                wall[code] = (side * slope[place], side * float(shift[place]))
        slope, shift = slope * active[k][:, None], shift * active[k]
    walls = np.array([wall[code][0] for code in codes]).reshape(len(codes), chain.inputs)
    return slope, shift, walls, np.array([wall[code][1] for code in codes])
