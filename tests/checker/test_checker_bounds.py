"""The dual bound: exact where it can be computed by hand, never above the truth in rational arithmetic."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from checker_toys import (
    Files,
    Toy,
    balls,
    boxes,
    file_of,
    linear,
    random_toy,
    ranges_of,
    run,
    statement,
    toy,
    whole,
)
from onnx import helper


def sampled(rng: np.random.Generator, lower: np.ndarray, upper: np.ndarray, count: int) -> np.ndarray:
    """Random points and all corners of a box [n]."""
    n = len(lower)
    corners = np.array(np.meshgrid(*[[0.0, 1.0]] * n)).reshape(n, -1).T
    return np.asarray(lower + np.concatenate([rng.uniform(size=(count, n)), corners]) * (upper - lower))


def test_absolute_value_by_hand() -> None:
    """y = max(x, 0) + max(-x, 0) on [-1, 2] is in [0, 2]; chords give 2 at most, equal slopes give 0 at least."""
    net = toy(([[1], [-1]], [0, 0]), ([[1, 1]], [0]))
    lower, upper = ranges_of(net, [[-1.0]], [[2.0]])
    assert -1e-12 < lower[0, 0] <= 0
    assert 2 <= upper[0, 0] < 2 + 1e-12


def test_triangle_by_hand() -> None:
    """y = max(x0 + x1, 0) - max(x0 - x1, 0) on [-1, 1]^2.

    Both pre-activations are in [-2, 2]. The chord of each is (z + 2) / 2. Lower bound with slope a for the first:
    a (x0 + x1) - (x0 - x1)/2 - 1, which for a = 0 has its minimum -2 and for a = 1 the minimum -3 at (-1, -1).
    """
    net = toy(([[1, 1], [1, -1]], [0, 0]), ([[1, -1]], [0]))
    lower, upper = ranges_of(net, [[-1.0, -1.0]], [[1.0, 1.0]])
    assert -2 - 1e-12 < lower[0, 0] <= -2
    assert 2 <= upper[0, 0] < 2 + 1e-12


def test_two_hidden_layers_by_hand() -> None:
    """h = max(x, 0) on [-1, 1], g = max(h - 1/2, 0), y = g - h.

    Lower: the chord of h is (x+1)/2, so h - 1/2 is in [-1/2, 1/2] (its lower relaxation max(x,0) >= 0 or >= x).
    With slope 0 for g: y >= -h >= -(x+1)/2 >= -1. With slope 1: y >= h - 1/2 - h = -1/2, which is attained.
    """
    net = toy(([[1]], [0]), ([[1], [1]], [-0.5, 0]), ([[1, -1]], [0]))
    lower, _ = ranges_of(net, [[-1.0]], [[1.0]])
    assert -0.5 - 1e-12 < lower[0, 0] <= -0.5


def test_slopes_of_the_certificate_are_used_and_cannot_forge() -> None:
    """y = max(x, 0) - x/2 on [-1, 1] is at least 0; only the slope 1/2, or a cut at 0, shows more than -1/2."""
    net = toy(([[1], [1]], [0, 8]), ([[1, -0.5]], [4]))
    files = Files()
    value = statement(files.add(net.onnx()), 1, 1, boxes([[-1]], [[1]]), linear([1], above=-0.125))
    assert run(value, files, [[0, None, None]]).proved == (False,)
    assert run(value, files, [[0, None, [[[0, None, [[0.5, 1.0]]]]]]]).proved == (True,)
    assert run(value, files, [[0, [[0, 0.0], None, None], None]]).proved == (True,)
    for slope in (0.9, -3.0, 1e300, -1e308, 5e-324):
        assert run(value, files, [[0, None, [[[0, None, [[slope, slope]]]]]]]).proved == (False,)
    hopeless = statement(value["model"], 1, 1, boxes([[-1]], [[1]]), linear([1], above=0.0))
    rng = np.random.default_rng(5)
    for _ in range(50):
        slope = float(rng.normal() * 10.0 ** rng.integers(-3, 300))
        assert run(hopeless, files, [[0, None, [[[0, None, [[slope, 0.5]]]]]]]).proved == (False,)


@pytest.mark.parametrize("spread", [0, 3, 12])
def test_affine_networks_are_bounded_tightly_and_never_above_the_exact_minimum(spread: int) -> None:
    """Composed affine maps with weights scaled by up to 10^+-spread, against the minimum in rationals."""
    rng = np.random.default_rng(spread)
    for trial in range(40):
        n, h = int(rng.integers(1, 6)), int(rng.integers(1, 6))

        def scaled(*shape: int, by: int = spread) -> np.ndarray:
            return np.asarray(rng.normal(size=shape) * 10.0 ** rng.integers(-by, by + 1, size=shape), dtype=np.float32)

        first, second = (scaled(h, n), scaled(h)), (scaled(2, h), scaled(2))
        # Large positive biases keep every ReLU active, so that the network is affine without the checker knowing.
        net = Toy(tuple(toy(first, second).steps)) if trial % 2 else _without_relu(first, second)
        lower = rng.normal(size=n)
        upper = lower + rng.uniform(0, 1, size=n)
        found_low, found_high = ranges_of(net, [lower], [upper])
        samples = [net.exact(point) for point in sampled(rng, lower, upper, 20)]
        for j in range(2):
            assert all(Fraction(found_low[0, j]) <= y[j] <= Fraction(found_high[0, j]) for y in samples)
        if not trial % 2:
            for j, (least, most, size) in enumerate(_exact_range(net, lower, upper)):
                assert Fraction(found_low[0, j]) <= least
                assert Fraction(found_high[0, j]) >= most
                assert float(least - Fraction(found_low[0, j])) <= 1e-9 * size
                assert float(Fraction(found_high[0, j]) - most) <= 1e-9 * size


def _without_relu(*pairs: tuple[np.ndarray, np.ndarray]) -> Toy:
    net = toy(*pairs)
    return Toy(tuple(type(step)(step.weight, step.bias, False) for step in net.steps))


def _exact_range(net: Toy, lower: np.ndarray, upper: np.ndarray) -> list[tuple[Fraction, Fraction, float]]:
    """Exact range of an affine network's outputs over a box, and the size of the terms that make it up."""
    n, m = net.sizes
    offset = net.exact([0.0] * n)
    columns = [
        [a - b for a, b in zip(net.exact([float(i == k) for i in range(n)]), offset, strict=True)] for k in range(n)
    ]
    sizes = np.ones(n) * np.maximum(np.abs(lower), np.abs(upper))
    for step in net.steps:
        sizes = np.abs(step.weight) @ sizes + np.abs(step.bias)
    found = []
    for j in range(m):
        ends = [sorted((columns[k][j] * Fraction(lower[k]), columns[k][j] * Fraction(upper[k]))) for k in range(n)]
        found.append((offset[j] + sum(e[0] for e in ends), offset[j] + sum(e[1] for e in ends), float(sizes[j])))
    return found


@pytest.mark.parametrize("spread", [0, 6, 12])
def test_a_point_is_enclosed_in_rationals(spread: int) -> None:
    """On a set of one point every width is rounding: bounds enclose the exact output, whatever the scaling."""
    rng = np.random.default_rng(100 + spread)
    for trial in range(30):
        pairs = []
        widths = [int(k) for k in rng.integers(1, 12, size=4)]
        for m, n in itertools.pairwise(widths):
            scale = 10.0 ** rng.integers(-spread, spread + 1, size=(n, m)) if spread else 1.0
            pairs.append((rng.normal(size=(n, m)) * scale, rng.normal(size=n) * 10.0**spread))
        more: dict[str, Any] = {}
        if trial % 3 == 0:
            more = {
                "minus": rng.normal(size=widths[0]).astype(np.float32) * 1000,
                "by": rng.uniform(0.1, 7, size=widths[0]).astype(np.float32),
            }
        net = toy(*pairs, **more)
        n, m = net.sizes
        points = rng.normal(size=(5, n)) * 1000
        files = Files()
        data = files.arrays(inputs=points, labels=np.zeros(5, dtype=np.int64))
        exactly: dict[str, Any] = {"kind": "input-balls", "data": data, "inputs": "all"}
        exactly["perturbation"] = {"kind": "sensor-error", "tolerances": {"x0": {"value": 0.0, "unit": "m"}}}
        value = statement(files.add(net.onnx(bool(trial % 2))), n, m, exactly, linear([1] + [0] * (m - 1)))
        report = run(value, files, [], ranges=[[r, None] for r in range(5)])
        assert report.refusal is None, report.refusal
        for r, point in enumerate(points):
            exact = net.exact(point)
            for j in range(m):
                assert Fraction(report.lower[r][j]) <= exact[j] <= Fraction(report.upper[r][j])
            if not spread:
                assert max(np.subtract(report.upper[r], report.lower[r])) < 1e-6


def test_no_sampled_point_lies_outside_the_bounds_of_random_networks() -> None:
    """10,000 points for each of twelve networks; the closest ones in rationals. Bounds are not absurdly wide."""
    rng = np.random.default_rng(7)
    for trial in range(12):
        net = random_toy(rng, [int(rng.integers(1, 5)), 8, 8, 8, 3][: 3 + trial % 3], normalised=trial % 2 == 0)
        n, _ = net.sizes
        lower = rng.normal(size=n)
        upper = lower + rng.uniform(0.05, 0.8, size=n)
        low, high = ranges_of(net, [lower], [upper])
        points = sampled(rng, lower, upper, 10_000)
        outputs = net.rough(points)
        assert (outputs >= low - 1e-9).all() and (outputs <= high + 1e-9).all()
        for j in range(outputs.shape[1]):
            least, most = int(outputs[:, j].argmin()), int(outputs[:, j].argmax())
            assert net.exact(points[least])[j] >= Fraction(low[0, j])
            assert net.exact(points[most])[j] <= Fraction(high[0, j])
        assert ((high - low)[0] <= 6 * (outputs.max(axis=0) - outputs.min(axis=0)) + 1e-6).all()


def test_cuts_tighten_and_cover() -> None:
    """Sixty-four leaves bound tighter than one, and their union bound still holds every sampled point."""
    rng = np.random.default_rng(8)
    net = random_toy(rng, [2, 10, 10, 2])
    lower, upper = np.array([-1.0, -1.0]), np.array([1.0, 1.0])

    def tree(low: np.ndarray, high: np.ndarray, depth: int) -> list[object]:
        if depth == 0:
            return [None]
        axis = depth % 2
        at = float(low[axis] + rng.uniform(0.2, 0.8) * (high[axis] - low[axis]))
        below, above = high.copy(), low.copy()
        below[axis] = above[axis] = at
        return [[axis, at], *tree(low, below, depth - 1), *tree(above, high, depth - 1)]

    coarse_low, coarse_high = ranges_of(net, [lower], [upper])
    low, high = ranges_of(net, [lower], [upper], trees=[tree(lower, upper, 6)])
    outputs = net.rough(sampled(rng, lower, upper, 10_000))
    assert (outputs >= low - 1e-9).all() and (outputs <= high + 1e-9).all()
    assert ((high - low) < 0.9 * (coarse_high - coarse_low)).all()


def test_euclidean_ball_of_a_linear_classifier_in_closed_form() -> None:
    """Class 0 is kept exactly within the distance to the plane; radii a little above are not confirmed."""
    rng = np.random.default_rng(9)
    w = rng.normal(size=(2, 6)).astype(np.float32)
    net = toy((w, [0.25, -0.5]))
    points = rng.normal(size=(40, 6))
    margins = net.rough(points) @ np.array([1.0, -1.0])
    gap = w[0].astype(np.float64) - w[1].astype(np.float64)
    distance = np.abs(margins) / np.linalg.norm(gap)
    files = Files()
    data = files.arrays(inputs=points, labels=(margins < 0).astype(np.int64))
    value = statement(files.add(net.onnx()), 6, 2, balls(data, "l2", 0.01), {"kind": "keep-label"})
    inside = run(value, files, [], radii=(distance * (1 - 1e-9)).tolist())
    outside = run(value, files, [], radii=(distance * (1 + 1e-9)).tolist())
    assert inside.refusal is None
    assert inside.radii == tuple(float(r) for r in distance * (1 - 1e-9))
    assert outside.radii == (0.0,) * 40
    linf = statement(value["model"], 6, 2, balls(data, "linf", 0.01), {"kind": "keep-label"})
    distance = np.abs(margins) / np.abs(gap).sum()
    assert run(linf, files, [], radii=(distance * (1 - 1e-9)).tolist()).radii is not None
    assert 0.0 not in (run(linf, files, [], radii=(distance * (1 - 1e-9)).tolist()).radii or ())
    assert set(run(linf, files, [], radii=(distance * (1 + 1e-9)).tolist()).radii or ()) == {0.0}


def test_euclidean_ball_of_a_relu_network_against_samples() -> None:
    """No point of a confirmed ball changes the label; the ball is not treated as its hull."""
    rng = np.random.default_rng(10)
    net = random_toy(rng, [8, 16, 16, 3])
    points = rng.normal(size=(12, 8))
    labels = net.rough(points).argmax(axis=1)
    files = Files()
    data = files.arrays(inputs=points, labels=labels)
    model = files.add(net.onnx())
    tried = np.linspace(0.01, 0.4, 12)
    l2 = run(statement(model, 8, 3, balls(data, "l2", 0.1), {"kind": "keep-label"}), files, [], radii=tried.tolist())
    linf = run(
        statement(model, 8, 3, balls(data, "linf", 0.1), {"kind": "keep-label"}), files, [], radii=tried.tolist()
    )
    assert l2.radii is not None and linf.radii is not None
    assert sum(r > 0 for r in l2.radii) > sum(r > 0 for r in linf.radii) > 0
    for point, label, radius in zip(points, labels, l2.radii, strict=True):
        directions = rng.normal(size=(4000, 8))
        directions *= radius / np.linalg.norm(directions, axis=1, keepdims=True)
        assert (net.rough(point + directions).argmax(axis=1) == label).all()


def test_float_trap_is_proved_over_the_reals_only() -> None:
    """y = max(x + 2^27, 0) - 2^27 - 1/2 on [.9, 1] is in [.4, .5]; every float32 execution gives -1/2."""
    big, half = np.array([2.0**27], dtype=np.float32), np.array([0.5], dtype=np.float32)
    nodes = [
        helper.make_node("Add", ["x", "big"], ["p"]),
        helper.make_node("Relu", ["p"], ["q"]),
        helper.make_node("Sub", ["q", "big"], ["r"]),
        helper.make_node("Sub", ["r", "half"], ["y"]),
    ]
    files = Files()
    model = files.add(file_of(nodes, {"big": big, "half": half}, "y", 1, 1))
    value = statement(model, 1, 1, boxes([[0.9]], [[1.0]]), linear([1], above=0.0))
    assert run(value, files, whole(1)).proved == (True,)
    report = run(value, files, [], ranges=[[0, None]])
    assert 0.4 - 1e-5 < report.lower[0][0] <= 0.4
    assert 0.5 <= report.upper[0][0] < 0.5 + 1e-5
    assert run({**value, "arithmetic": "float32"}, files, whole(1)).proved == (False,)
    for claim in ("float32-one-implementation", "not-applicable"):
        refused = run({**value, "arithmetic": claim}, files, whole(1))
        assert refused.refusal is not None and refused.refusal.startswith("N151")
        assert refused.proved == ()
    below = statement(model, 1, 1, boxes([[0.9]], [[1.0]]), linear([-1], above=0.0))
    assert run(below, files, whole(1)).proved == (False,)  # what float32 executions would do


def test_a_threshold_that_is_attained_is_not_proved() -> None:
    """y > t is false where y = t: no rounding may prove it, in either direction, for thousands of thresholds."""
    rng = np.random.default_rng(11)
    for _ in range(20):
        net = _without_relu(
            (rng.normal(size=(3, 2)), rng.normal(size=3)), (rng.normal(size=(1, 3)), rng.normal(size=1))
        )
        lower = rng.normal(size=(50, 2))
        upper = lower + rng.uniform(0, 1, size=(50, 2)) * (rng.uniform(size=(50, 1)) < 0.7)
        files = Files()
        model = files.add(net.onnx())
        for r in range(0, 50, 10):
            least = _exact_range(net, lower[r], upper[r])[0][0]
            above = float(least)
            above = above if Fraction(above) >= least else math.nextafter(above, math.inf)
            value = statement(model, 2, 1, boxes(lower[r : r + 1], upper[r : r + 1]), linear([1], above=above))
            assert run(value, files, whole(1)).proved == (False,)
            easy = statement(model, 2, 1, boxes(lower[r : r + 1], upper[r : r + 1]), linear([1], above=above - 1e-9))
            assert run(easy, files, whole(1)).proved == (True,)


def test_overflow_and_underflow_prove_nothing() -> None:
    """Weights at the ends of the float32 range, stacked until float64 overflows or underflows."""
    huge, tiny = np.float32(3e38), np.float32(1e-45)
    files = Files()
    for w in (huge, tiny):
        net = toy(*[([[w]], [w])] * 9)
        for above in (0.0, 1e299, -1.0):
            for sign in (1.0, -1.0):
                point = statement(files.add(net.onnx()), 1, 1, boxes([[1.0]], [[2.0]]), linear([sign], above=above))
                report = run(point, files, whole(1))
                if report.proved[0]:
                    assert all(sign * net.exact([x])[0] > Fraction(above) for x in (1.0, 1.5, 2.0))
    # +inf - inf along one path must not come out as a bound
    net = toy(*[([[huge, huge], [huge, huge]], [0, 0])] * 8, ([[1, -1]], [0]))
    value = statement(files.add(net.onnx()), 2, 1, boxes([[1, 1]], [[1, 1]]), linear([1], above=-1.0))
    report = run(value, files, whole(1), ranges=[[0, None]])
    assert report.proved == (False,) and report.lower == {}
