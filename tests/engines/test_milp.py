"""The MILP against exact enumeration of activation patterns, and between attack and CROWN."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from engine_toys import chain, random_weights
from scipy.optimize import linprog

from evidence.engines.milp import Encoding
from evidence.engines.prover.arrays import place
from evidence.engines.prover.chain import chain_of
from evidence.engines.prover.crown import Parts, bound, derive
from evidence.network import Affine, Network, Relu, read_network
from evidence.regions import Floats, OutputCondition

NODES, SECONDS = 100_000, 60.0


def condition(rows: list[list[float]], offsets: list[float], clause: list[int]) -> OutputCondition:
    return OutputCondition(np.array(rows), np.array(offsets), np.array(clause, dtype=np.int64))


def enumerated(network: Network, lower: Floats, upper: Floats, goal: OutputCondition) -> float:
    """Least margin: a linear programme for every pattern of active neurons and every clause."""
    affine = [layer for layer in network.layers if isinstance(layer, Affine)]
    best = np.inf
    for pattern in product([0, 1], repeat=sum(layer.size for layer in network.layers if isinstance(layer, Relu))):
        signs, matrix, shift = list(pattern), np.eye(network.inputs), np.zeros(network.inputs)
        left, right = [], []
        for layer in affine[:-1]:
            matrix, shift = layer.weight @ matrix, layer.weight @ shift + layer.bias
            on = np.array([signs.pop(0) for _ in shift], dtype=float)
            left.append(np.where(on[:, None] > 0, -matrix, matrix))
            right.append(np.where(on > 0, shift, -shift))
            matrix, shift = on[:, None] * matrix, on * shift
        matrix, shift = affine[-1].weight @ matrix, affine[-1].weight @ shift + affine[-1].bias
        for clause in set(goal.clause.tolist()):
            mine = goal.clause == clause
            rows = np.hstack([goal.rows[mine] @ matrix, -np.ones((int(mine.sum()), 1))])
            ends = -(goal.rows[mine] @ shift + goal.offsets[mine])
            inner = [np.hstack([block, np.zeros((len(block), 1))]) for block in left]
            found = linprog(
                np.eye(network.inputs + 1)[-1],
                A_ub=np.vstack([*inner, rows]),
                b_ub=np.concatenate([*right, ends]),
                bounds=[*zip(lower, upper, strict=True), (None, None)],
            )
            if found.status == 0:
                best = min(best, float(found.fun))
    return best


def toy(sizes: list[int], seed: int) -> Network:
    return read_network(chain(random_weights(sizes, seed)), "toy")


@pytest.mark.parametrize("seed", range(6))
def test_the_optimum_is_that_of_exact_enumeration(seed: int) -> None:
    network = toy([2, 3, 3, 2], seed)
    box = np.array([-1.0, -0.5]), np.array([0.6, 1.0])
    # clauses: y0 > -4 or y1 > -4 ; y0 - y1 > -9: shifted up, so that no violation ends the search early
    goal = condition([[1, 0], [0, 1], [1, -1]], [4.0, 4.0, 9.0], [0, 0, 1])
    found = Encoding(network, *box).least_margin(goal, NODES, SECONDS)
    exact = enumerated(network, *box, goal)
    assert exact > 0 and found.optimal
    assert found.bound == pytest.approx(exact, abs=1e-5)
    assert found.value == pytest.approx(exact, abs=1e-5)
    assert found.point is not None and (box[0] <= found.point).all() and (found.point <= box[1]).all()
    assert goal.margins(network.forward(found.point[None]))[0] == found.value


@pytest.mark.parametrize("seed", range(5))
def test_sampled_above_milp_above_crown(seed: int) -> None:
    network = toy([3, 10, 10, 2], seed + 10)
    lower, upper = np.full(3, -0.8), np.full(3, 0.7)
    goal = condition([[1, -1]], [20.0], [0])
    found = Encoding(network, lower, upper).least_margin(goal, NODES, SECONDS)
    points = np.random.default_rng(seed).uniform(lower, upper, size=(4000, 3))
    sampled = goal.margins(network.forward(points)).min()
    mine = chain_of(network, place("cpu"), float32=False)
    parts = Parts(lower[None], upper[None], [np.full((1, 10), -np.inf)] * 2, [np.full((1, 10), np.inf)] * 2)
    layers = derive(mine, parts)
    rows = goal.rows @ mine.weights[-1]
    crown = bound(mine, parts, rows, goal.rows @ mine.biases[-1] + goal.offsets, np.zeros(1, int), layers).least[0]
    assert found.optimal
    assert crown - 1e-6 <= found.bound <= found.value + 1e-6 <= sampled + 2e-6


def test_a_violation_is_a_point_that_the_network_confirms() -> None:
    network = toy([2, 8, 1], 3)
    box = np.array([-2.0, -2.0]), np.array([2.0, 2.0])
    values = network.forward(np.random.default_rng(0).uniform(-2, 2, size=(5000, 2)))[:, 0]
    goal = condition([[1.0]], [-float(np.quantile(values, 0.02))], [0])
    found = Encoding(network, *box).least_margin(goal, NODES, SECONDS)
    assert found.value < 0 and found.point is not None and found.bound <= found.value + 1e-6
    assert goal.margins(network.forward(found.point[None]))[0] == found.value


def test_limits_end_without_a_claim() -> None:
    network = toy([6, 24, 24, 24, 2], 1)
    encoding = Encoding(network, np.full(6, -2.0), np.full(6, 2.0))
    found = encoding.least_margin(condition([[1, -1]], [1000.0], [0]), 1, 0.02)
    sampled = network.forward(np.random.default_rng(0).uniform(-2, 2, size=(2000, 6)))
    assert encoding.undecided > 40 and not found.optimal
    assert found.bound <= (sampled[:, 0] - sampled[:, 1]).min() + 1000.0 + 1e-6


def test_networks_without_undecided_neurons_are_linear_programmes() -> None:
    network = toy([2, 4, 1], 5)
    point = np.array([0.3, -0.2])
    encoding = Encoding(network, point - 1e-6, point + 1e-6)
    found = encoding.least_margin(condition([[1.0]], [50.0], [0]), NODES, SECONDS)
    assert encoding.undecided == 0 and found.optimal
    assert found.bound == pytest.approx(float(network.forward(point[None])[0, 0]) + 50.0, abs=1e-4)
