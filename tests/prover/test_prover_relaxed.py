"""Linear programmes over the triangle relaxation of a node: their multipliers give their value, and none is better."""

from __future__ import annotations

import numpy as np
import pytest
from engine_toys import random_weights
from test_prover_bounds import boxes, made, parts

from evidence.engines.prover.ascent import Ascent, Multipliers
from evidence.engines.prover.crown import derive
from evidence.engines.prover.relaxed import Relaxation
from evidence.engines.prover.sharpening import box_of


@pytest.mark.parametrize("seed", range(12))
def test_the_multipliers_give_what_no_ascent_exceeds(seed: int) -> None:
    source = np.random.default_rng(seed)
    net = made(random_weights([5, 10, 9, 3], seed))
    given = parts(net, *boxes(1, 5, seed, width=1.5))
    derive(net, given)
    widths = net.widths
    low, high = np.concatenate(given.low, axis=1)[0], np.concatenate(given.high, axis=1)[0]
    open_ = np.flatnonzero((low < 0) & (high > 0))
    phase = np.zeros(len(low), np.int8)
    for neuron in source.permutation(open_)[: seed % 4]:
        phase[neuron] = source.choice([-1, 1])
        low[neuron], high[neuron] = (2.0**-1022, high[neuron]) if phase[neuron] > 0 else (low[neuron], 0.0)
    ends = np.cumsum(widths)[:-1]

    def split(values: np.ndarray) -> list[np.ndarray]:
        return [piece[None].astype(np.float64) for piece in np.split(values, ends)]

    row = net.weights[-1][0]
    box = box_of(net, given.lower, given.upper, split(low), split(high))
    ascent = Ascent(net, box, row[None], net.biases[-1][:1], net.depth)
    found = Relaxation(net, low, high, phase, given.lower[0], given.upper[0]).least(row)
    assert found is not None
    multipliers = Multipliers(split(found.alpha), split(found.beta), split(phase))
    if found.empty:
        for factor in (1e2, 1e4):
            prices = [layer * factor for layer in multipliers.beta]
            higher = ascent.value(Multipliers(multipliers.alpha, prices, multipliers.phase))
        assert higher > 0
        return
    value = float(ascent.value(multipliers)[0])
    start = ascent.start(1)
    _, best = ascent.climb(Multipliers(start.alpha, start.beta, multipliers.phase), 2000, 1e3, 1.0)
    assert value >= float(ascent.value(best)[0]) - 1e-7
    # a relaxation lies below the network, at its own point too
    x = source.uniform(given.lower[0], given.upper[0], size=(20_000, 5))
    z, kept = x, np.ones(len(x), bool)
    for weight, bias, side in zip(net.weights[:-1], net.biases[:-1], split(phase), strict=True):
        z = z @ weight.T + bias
        kept &= ((side[0] <= 0) | (z >= 0)).all(axis=1) & ((side[0] >= 0) | (z <= 0)).all(axis=1)
        z = np.maximum(z, 0)
    outputs = (z @ net.weights[-1].T + net.biases[-1])[kept, 0]
    assert not len(outputs) or outputs.min() >= value - 1e-9
    assert (found.point >= given.lower[0] - 1e-9).all() and (found.point <= given.upper[0] + 1e-9).all()


def test_contradicting_phases_are_empty() -> None:
    """Two neurons with opposite pre-activations cannot both be negative by more than nothing."""
    weights = [(np.array([[1.0], [-1.0]]), np.array([-0.5, -0.5])), (np.array([[1.0, 1.0]]), np.array([-9.0]))]
    net = made(weights)
    given = parts(net, np.array([[-1.0]]), np.array([[1.0]]))
    derive(net, given)
    low, high = np.concatenate(given.low, axis=1)[0], np.concatenate(given.high, axis=1)[0]
    phase = np.array([1, 1], np.int8)
    found = Relaxation(net, np.full(2, 2.0**-1022), high, phase, given.lower[0], given.upper[0]).least(np.ones(2))
    assert found is not None and found.empty
    assert (found.beta > 0).all() and low.min() < 0
