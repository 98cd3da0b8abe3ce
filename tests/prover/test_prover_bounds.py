"""CROWN and the ascent on its multipliers: sound, equal to auto_LiRPA, the same numbers on torch as on numpy."""

from __future__ import annotations

from importlib.util import find_spec
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from engine_toys import Floats, Weights, chain, random_weights

from evidence.engines.prover.arrays import Place, place
from evidence.engines.prover.ascent import Ascent, Box, Multipliers
from evidence.engines.prover.chain import Chain, chain_of
from evidence.engines.prover.crown import LinearForms, Parts, Relaxation, bound, derive, flattened
from evidence.network import read_network

CPU = place("cpu")


def on_torch() -> Place:
    pytest.importorskip("torch")
    from array_api_compat import torch

    return Place(torch, "cpu")


def made(weights: Weights, at: Place = CPU, float32: bool = False) -> Chain:
    return chain_of(read_network(chain(weights), "toy"), at, float32)


def parts(net: Chain, lower: Floats, upper: Floats) -> Parts:
    put, count = net.place.put, len(lower)
    full = net.place.full
    return Parts(
        put(lower),
        put(upper),
        [full((count, w), -np.inf) for w in net.widths],
        [full((count, w), np.inf) for w in net.widths],
    )


def boxes(count: int, inputs: int, seed: int = 0, width: float = 0.5) -> tuple[Floats, Floats]:
    generator = np.random.default_rng(seed)
    lower = generator.normal(size=(count, inputs))
    return lower, lower + generator.uniform(0, width, size=(count, inputs))


def preactivations(weights: Weights, x: Any, dtype: type = np.float64) -> list[Any]:
    """Of every affine layer, at x [S, n]."""
    found, values = [], x.astype(dtype)
    for weight, bias in weights:
        found.append((values @ weight.T.astype(dtype) + bias.astype(dtype)).astype(dtype))
        values = np.maximum(found[-1], 0)
    return found


def samples(lower: Floats, upper: Floats, count: int = 200) -> Floats:
    """[S, B, n]: random points and corners of boxes."""
    generator = np.random.default_rng(1)
    share = generator.random((count, *lower.shape))
    share[: count // 2] = share[: count // 2].round()
    return lower + share * (upper - lower)


def whole(net: Chain, given: Parts, layers: list[Relaxation]) -> LinearForms:
    """Bounds of every output, for every part: rows in the order of parts."""
    count, outputs = int(given.lower.shape[0]), int(net.weights[-1].shape[0])
    xp, put = net.place.xp, net.place.put
    of = put(np.repeat(np.arange(count), outputs))
    rows = xp.concat([net.weights[-1]] * count, axis=0)
    return bound(net, given, rows, xp.concat([net.biases[-1]] * count, axis=0), of, layers)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("float32", [False, True])
def test_sampled_points_lie_inside_the_bounds(seed: int, float32: bool) -> None:
    weights = random_weights([3, 9, 8, 7, 4], seed)
    net = made(weights, float32=float32)
    lower, upper = boxes(6, 3, seed)
    if float32:
        lower, upper = lower.astype(np.float32).astype(np.float64), upper.astype(np.float32).astype(np.float64)
    given = parts(net, lower, upper)
    layers = derive(net, given)
    forms = [whole(net, given, choice) for choice in (layers, flattened(layers))]
    dtype = np.float32 if float32 else np.float64
    room = 0.0 if float32 else 1e-9
    for b in range(len(lower)):
        x = samples(lower[b : b + 1], upper[b : b + 1])[:, 0].astype(dtype)
        x = np.clip(x, lower[b].astype(dtype), upper[b].astype(dtype))
        *hidden, last = preactivations(weights, x, dtype)
        for k, z in enumerate(hidden):
            assert (z >= given.low[k][b] - room).all() and (z <= given.high[k][b] + room).all()
        lost = net.error(net.depth, np.maximum(given.high[-1], 0.0))[b] if float32 else 1e-9
        for form in forms:
            mine = slice(4 * b, 4 * b + 4)
            assert (last >= form.least[mine] - lost).all()
            linear = x.astype(np.float64) @ form.coefficients[mine].T + form.offset[mine]
            assert (last >= linear - lost).all()


def test_a_child_lies_inside_its_parent() -> None:
    net = made(random_weights([3, 9, 8, 4], 3))
    lower, upper = boxes(4, 3, 3, width=2.0)
    parent = parts(net, lower, upper)
    derive(net, parent)
    child = Parts(lower, (lower + upper) / 2, [a.copy() for a in parent.low], [a.copy() for a in parent.high])
    derive(net, child)
    for k in range(net.depth):
        assert (child.low[k] >= parent.low[k]).all() and (child.high[k] <= parent.high[k]).all()
    assert (whole(net, child, derive(net, child)).least >= whole(net, parent, derive(net, parent)).least).mean() > 0.8


def test_a_given_bound_is_kept() -> None:
    net = made(random_weights([2, 6, 5, 2], 1))
    given = parts(net, *boxes(1, 2, 1))
    given.low[0][:] = 0.125
    derive(net, given)
    assert (given.low[0] >= 0.125).all()


def test_equal_to_auto_lirpa() -> None:
    pytest.importorskip("torch")
    if find_spec("auto_LiRPA") is None:
        pytest.skip("auto_LiRPA is not installed")
    from evidence.engines.bounds.lirpa import Bounder, Sets

    weights = random_weights([4, 20, 20, 3], seed=2)
    net = made(weights)
    lower, upper = boxes(5, 4, 7, width=0.1)  # so small that intervals add nothing to CROWN's inner bounds
    given = parts(net, lower, upper)
    least = whole(net, given, derive(net, given)).least.reshape(5, 3)
    sets = Sets(lower, upper, lower / 2 + upper / 2)
    theirs = Bounder(read_network(chain(weights), "toy")).bound("crown", sets, np.tile(np.eye(3), (5, 1, 1))).lower
    np.testing.assert_allclose(least, theirs, rtol=1e-6, atol=1e-6)


# --- torch ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("float32", [False, True])
def test_torch_gives_the_numbers_of_numpy(float32: bool) -> None:
    weights = random_weights([3, 9, 8, 4], 5)
    lower, upper = boxes(6, 3, 5, width=1.0)
    found = []
    for at in (CPU, on_torch()):
        net = made(weights, at, float32)
        given = parts(net, lower, upper)
        layers = derive(net, given)
        forms = [whole(net, given, choice) for choice in (layers, flattened(layers))]
        ascent, start = problem(net, given, 0)
        value, best = ascent.climb(start, 30, 100.0)
        numbers = [
            *given.low,
            *given.high,
            *(f.least for f in forms),
            *(f.coefficients for f in forms),
            value,
            *best.alpha,
        ]
        found.append([at.host(array) for array in numbers])
    for mine, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-7, atol=1e-9)


# --- the ascent ------------------------------------------------------------------------------------------------------


def problem(net: Chain, given: Parts, b: int) -> tuple[Ascent, Multipliers]:
    """The outputs of one part, and where the ascent starts."""
    one = slice(b, b + 1)
    far = net.place.xp.maximum(net.place.xp.abs(given.lower[one, :]), net.place.xp.abs(given.upper[one, :]))
    errors = []
    for k in range(net.depth):
        errors.append(net.error(k, far))
        far = net.place.xp.maximum(given.high[k][one, :], net.place.full((1, 1), 0.0))
    center, radius = (given.lower + given.upper) / 2, (given.upper - given.lower) / 2
    low, high = [layer[one, :] for layer in given.low], [layer[one, :] for layer in given.high]
    box = Box(center[one, :], radius[one, :], low, high, errors)
    ascent = Ascent(net, box, net.weights[-1], net.biases[-1], net.depth)
    return ascent, ascent.start(int(net.weights[-1].shape[0]))


@pytest.mark.parametrize("seed", range(4))
def test_any_multipliers_bound_from_below(seed: int) -> None:
    weights = random_weights([3, 8, 7, 3], seed)
    net = made(weights)
    lower, upper = boxes(1, 3, seed, width=2.0)
    given = parts(net, lower, upper)
    derive(net, given)
    ascent, start = problem(net, given, 0)
    *hidden, last = preactivations(weights, samples(lower, upper, 3000)[:, 0])
    generator = np.random.default_rng(seed)
    for _ in range(20):
        split = [
            np.broadcast_to(generator.integers(-1, 2, size=(1, w)) * (generator.random((1, w)) < 0.2), (3, w))
            for w in net.widths
        ]
        inside = np.ones(len(last), dtype=bool)
        for z, phase in zip(hidden, split, strict=True):
            inside &= (z * phase[0] >= 0).all(axis=1)
        random = Multipliers(
            [generator.random((3, w)) for w in net.widths],
            [generator.exponential(size=(3, w)) for w in net.widths],
            split,
        )
        for multipliers in (random, Multipliers(start.alpha, random.beta, split)):
            value = ascent.value(multipliers)
            bounded = ascent.bound(multipliers)
            np.testing.assert_array_equal(value, bounded.value)
            if inside.any():
                assert (value <= last[inside].min(axis=0) + 1e-9).all()
            climbed, kept = ascent.climb(multipliers, 10, 100.0)
            assert all(((a >= 0) & (a <= 1)).all() for a in kept.alpha) and all((b >= 0).all() for b in kept.beta)
            if inside.any():
                assert (climbed <= last[inside].min(axis=0) + 1e-9).all()


@pytest.mark.parametrize("seed", range(4))
def test_climbing_never_lowers_a_bound(seed: int) -> None:
    net = made(random_weights([4, 12, 10, 3], seed))
    given = parts(net, *boxes(1, 4, seed, width=2.0))
    derive(net, given)
    ascent, start = problem(net, given, 0)
    before = ascent.value(start)
    once, best = ascent.climb(start, 40, 100.0)
    twice, _ = ascent.climb(best, 40, 100.0)
    assert (once >= before - 1e-12).all()
    assert (twice >= once - 1e-12).all()
    assert (once > before + 1e-6).any()


def test_the_start_of_crown_is_crown() -> None:
    net = made(random_weights([4, 12, 10, 3], 9))
    given = parts(net, *boxes(1, 4, 9, width=2.0))
    layers = derive(net, given)
    ascent, start = problem(net, given, 0)
    np.testing.assert_allclose(ascent.value(start), whole(net, given, layers).least, rtol=1e-12, atol=1e-12)


def test_a_child_starts_no_lower_than_its_parent() -> None:
    """The price of a new phase starts where the parent's bound is kept (nodes.Nodes.halves)."""
    from evidence.engines.prover.nodes import Nodes

    net = made(random_weights([4, 12, 10, 3], 4))
    given = parts(net, *boxes(1, 4, 4, width=2.0))
    derive(net, given)
    ascent, start = problem(net, given, 0)
    value, best = ascent.climb(start, 20, 100.0)
    bounded = ascent.bound(best)
    low, high = np.concatenate(given.low, axis=1), np.concatenate(given.high, axis=1)
    undecided = np.flatnonzero((low < 0)[0] & (high > 0)[0])
    alpha, beta = np.concatenate(best.alpha, axis=1), np.concatenate(best.beta, axis=1)
    size = np.concatenate(bounded.coefficient, axis=1)
    node = Nodes(
        np.zeros(1, np.int64),
        np.ones(1),
        low,
        high,
        np.zeros(low.shape, np.int8),
        np.ones((1, 3), np.bool_),
        np.zeros(1),
        alpha[None].astype(np.float32),
        beta[None].astype(np.float32),
        np.zeros((1, 0), np.int64),
        undecided[None],
        np.ones((1, len(undecided))),
        size[:, undecided][None],
    )
    starts = np.cumsum([0, *net.widths])
    for chosen in range(len(undecided)):
        both = node.halves(np.array([chosen]))
        assert both.steps(0) == [-undecided[chosen] - 1] and both.steps(1) == [undecided[chosen] + 1]
        for side in (0, 1):
            pieces = [slice(a, b) for a, b in pairwise(starts.tolist())]
            inner = Parts(
                given.lower,
                given.upper,
                [both.low[side : side + 1, p] for p in pieces],
                [both.high[side : side + 1, p] for p in pieces],
            )
            child, _ = problem(net, inner, 0)
            given_on = Multipliers(
                [both.alpha[side][:, p].astype(np.float64) for p in pieces],
                [both.beta[side][:, p].astype(np.float64) for p in pieces],
                [
                    np.broadcast_to(both.phase[side : side + 1, p], (3, p.stop - p.start)).astype(np.float64)
                    for p in pieces
                ],
            )
            assert (child.value(given_on) >= value - 1e-4 * np.abs(value)).all()  # the multipliers are float32
