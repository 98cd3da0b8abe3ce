"""The pieces of the bound one by one: any slopes, every layer, and the error terms where they matter most.

The networks here cancel: exact results are many orders of magnitude below the terms that make them up, so that a
forgotten error term shows at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from checker_toys import (
    Files,
    Toy,
    balls,
    chained,
    evaluate,
    known_bounds,
    linear,
    random_toy,
    row_bounds,
    run,
    statement,
    toy,
    whole,
)

from evidence.checker import dual, onnx_reader
from evidence.checker.bounds import ADAPTIVE, ONE, ZERO, Bounds
from evidence.checker.layers import RELU, Network
from evidence.checker.problem import Sets
from evidence.checker.rounding import EPS


def network(net: Toy) -> Network:
    return onnx_reader.read(net.onnx())


def points_in(rng: np.random.Generator, lower: np.ndarray, upper: np.ndarray, count: int) -> np.ndarray:
    """Corners and random points of a box [n]."""
    n = len(lower)
    corners = np.array(np.meshgrid(*[[0.0, 1.0]] * n)).reshape(n, -1).T
    return np.asarray(lower + np.concatenate([corners, rng.uniform(size=(count, n))]) * (upper - lower))


@pytest.mark.parametrize("kind", ["inside", "outside", "huge"])
def test_any_slopes_give_valid_bounds(kind: str) -> None:
    """Slopes inside [0, 1], far outside, and huge: the bound of each row stays below every sampled value."""
    rng = np.random.default_rng({"inside": 1, "outside": 2, "huge": 3}[kind])
    finite = 0
    for _ in range(60):
        toy_net = random_toy(rng, [2, *rng.integers(1, 7, size=int(rng.integers(1, 4))).tolist(), 2])
        net, n = network(toy_net), 40
        lower = rng.normal(size=2)
        upper = lower + rng.uniform(0.2, 2, size=2)
        sets = Sets(lower[None], upper[None])
        known = known_bounds(net, sets, (ADAPTIVE,))
        rows = rng.normal(size=(n, 2))
        slopes = []
        for layer in net.layers[:-1]:
            drawn = rng.uniform(0, 1, size=(n, layer.outputs))
            if kind != "inside":
                drawn = rng.normal(size=drawn.shape) * (3 if kind == "outside" else 10.0 ** rng.uniform(0, 160))
            slopes.append(drawn)
        with np.errstate(all="ignore"):
            found = row_bounds(known, sets, rows, np.zeros(n, dtype=np.int64), slopes)
        values = toy_net.rough(points_in(rng, lower, upper, 2000)) @ rows.T
        assert (found <= values.min(axis=0) + 1e-9).all()
        finite += np.isfinite(found).sum()
    assert finite > 1000


def test_every_rule_bounds_every_layer() -> None:
    """Bounds of pre-activations of all layers hold at sampled points, and the dual is tighter than intervals."""
    rng = np.random.default_rng(4)
    for trial in range(25):
        toy_net = random_toy(rng, [3, 8, 8, 8, 2], normalised=bool(trial % 2))
        net = network(toy_net)
        lower = rng.normal(size=3)
        upper = lower + rng.uniform(0.1, 1.5, size=3)
        ball = (None, None) if trial % 3 else ((lower + upper)[None] / 2, np.array([0.4]))
        sets = Sets(lower[None], upper[None], *ball)
        points = points_in(rng, lower, upper, 300)
        if ball[0] is not None:
            points = points[np.linalg.norm(points - ball[0], axis=1) <= 0.4]
        widths = []
        for rules in ((), (ADAPTIVE,), (ZERO,), (ONE,), (ADAPTIVE, ZERO, ONE)):
            bounds = known_bounds(net, sets, rules).layers
            for values, bound in zip(evaluate(net, points), bounds, strict=True):
                assert (values >= bound.lower - 1e-9).all() and (values <= bound.upper + 1e-9).all()
            widths.append(float((bounds[-1].upper - bounds[-1].lower).sum()))
        assert max(widths[1:]) < widths[0]


def cancelling(rng: np.random.Generator, inputs: int = 3) -> Iterator[Toy]:
    """Networks on up to three inputs in which the terms of some layer nearly cancel."""
    for trial in range(200):
        widths = [int(rng.integers(1, inputs + 1)), *rng.integers(2, 6, size=int(rng.integers(1, 4))).tolist(), 1]
        if trial % 4 == 0:
            widths[-3] = 1
        pairs = [(rng.normal(size=(b, a)), rng.normal(size=b) * (trial % 2) * 1e-3) for a, b in pairwise(widths)]
        # the last row is made orthogonal to the first column of the product of some layers before it
        column, row = pairs[-2][0][:, 0], pairs[-1][0][0]
        if trial % 4 and len(pairs) > 2:
            column = np.linalg.multi_dot([w for w, _ in pairs[-2::-1]])[:, 0]
        row[-1] = -(row[:-1] @ column[:-1]) / column[-1]
        yield toy(*pairs) if trial % 3 else affine(toy(*pairs))


def affine(net: Toy) -> Toy:
    """The same without any ReLU."""
    return Toy(tuple(type(step)(step.weight, step.bias, False) for step in net.steps), net.minus, net.by)


def test_bounds_of_every_layer_hold_a_point_in_spite_of_cancellation() -> None:
    """Interval bounds of a set of one point against the exact pre-activations, in rationals."""
    rng = np.random.default_rng(5)
    for trial, net in enumerate(cancelling(rng)):
        n = net.sizes[0]
        if trial % 2:
            by = rng.uniform(0.1, 9, size=n).astype(np.float32)
            net = Toy(net.steps, (rng.normal(size=n) * 1000).astype(np.float32) if trial % 4 == 1 else None, by)
        point = rng.normal(size=n) * 10.0 ** rng.integers(-3, 4)
        for rules in ((), (ADAPTIVE, ZERO, ONE)):
            bounds = known_bounds(network(net), Sets(point[None], point[None]), rules).layers
            for exact, bound in zip(net.trace(point.tolist()), bounds, strict=False):
                for z, low, high in zip(exact, bound.lower[0], bound.upper[0], strict=True):
                    assert Fraction(low) <= z <= Fraction(high)


def test_dual_holds_in_spite_of_cancellation() -> None:
    """Rows of +-1 at the output over boxes whose widths are far below rounding, against rationals at all corners."""
    rng = np.random.default_rng(6)
    for net in cancelling(rng):
        chain, n = network(net), net.sizes[0]
        point = np.zeros(n)
        point[0] = rng.normal()
        lower, upper = point[None], point[None] + 2e-16 * rng.uniform(size=(1, n)) * (rng.uniform() < 0.5)
        sets = Sets(lower, upper)
        known = known_bounds(chain, sets, (ADAPTIVE,))
        low, high = row_bounds(known, sets, np.array([[1.0], [-1.0]]), np.array([0, 0])) * np.array([1, -1])
        for corner in points_in(rng, lower[0], upper[0], 0):
            y = net.exact(corner.tolist())[0]
            assert Fraction(low) <= y <= Fraction(high)


def test_one_layer_in_spite_of_cancellation() -> None:
    """A row almost orthogonal to a single layer's weights, over boxes and balls in one dimension, in rationals."""
    rng = np.random.default_rng(7)
    for _ in range(100):
        h = int(rng.integers(2, 8))
        weight, row = rng.normal(size=(h, 1)).astype(np.float32).astype(np.float64), rng.normal(size=(1, h))
        row[0, -1] = -(row[0, :-1] @ weight[:-1, 0]) / weight[-1, 0]
        chain = chained((weight, np.zeros(h), False))
        slope = sum((Fraction(r) * Fraction(w) for r, w in zip(row[0], weight[:, 0], strict=True)), Fraction(0))
        for center, radius in ((0.0, 1.0), (1.0, 0.0), (-1.0, 0.0), (0.7, 1e-9)):
            truth = slope * Fraction(center) - Fraction(radius) * abs(slope)
            at, wide = np.array([[center]]), np.array([[9.0]])
            ball = Sets(-wide, wide, at, np.array([radius]))
            box = Sets(at - radius, at + radius)
            for sets in (ball, box):
                found = row_bounds(known_bounds(chain, sets, ()), sets, row, np.array([0]))
                assert Fraction(found[0]) <= truth


def one_layer(lower: list[float], upper: list[float]) -> Bounds:
    """Bounds of a ReLU layer by hand, without rounding."""
    n = len(lower)
    return Bounds(RELU, np.array([lower]), np.array([upper]), np.zeros((1, n)), np.zeros(1))


def test_what_a_relu_loses_by_hand() -> None:
    """The minimum of mu max(z, 0) - nu z over [l, u], for decided and undecided neurons."""
    mu, of = np.array([[1.0, -1.0, 0.5]]), np.array([0])
    for lower, upper, wanted in (([1.0] * 3, [2.0] * 3, mu), ([-2.0] * 3, [-1.0, -1.0, 0.0], 0 * mu)):
        for rule in (ADAPTIVE, ZERO, ONE):
            for slopes in (None, np.full((1, 3), 0.3)):
                loss = np.zeros(1)
                bounds = one_layer(lower, upper)
                if slopes is None:
                    nu = dual._by_rule(mu, bounds, of, rule, loss)
                else:
                    nu = dual._offered(mu, bounds, dual.Query(0, of, slopes={0: slopes}), 0, rule, loss)
                np.testing.assert_array_equal(nu, wanted)
                np.testing.assert_allclose(loss, 0, atol=1e-14)
    # undecided on [-1, 3]: f(z) = mu max(z, 0) - nu z has its least value at -1, 0 or 3
    open_ = one_layer([-1.0] * 3, [3.0] * 3)
    for slope in (-2.0, 0.0, 0.3, 1.0, 1.7):
        loss = np.zeros(1)
        query = dual.Query(0, of, slopes={0: np.full((1, 3), slope)})
        nu = dual._offered(mu, open_, query, 0, ADAPTIVE, loss)
        np.testing.assert_allclose(nu, [[slope, -0.75, 0.5 * slope]])
        lost = [min(0.0, nu[0, j], (mu[0, j] - nu[0, j]) * 3) for j in range(3)]
        np.testing.assert_allclose(loss, -np.sum(lost))
    for rule, slope in ((ADAPTIVE, 1.0), (ONE, 1.0), (ZERO, 0.0)):
        loss = np.zeros(1)
        np.testing.assert_allclose(dual._by_rule(mu, open_, of, rule, loss), [[slope, -0.75, 0.5 * slope]])
        assert 0.75 <= loss[0] < 0.75 + 1e-14


def test_the_cost_of_a_chord_pays_for_its_rounding() -> None:
    """For mu < 0 the computed nu and cost cover the minimum exactly, in rationals, for thousands of [l, u]."""
    rng = np.random.default_rng(8)
    for trial in range(300):
        rule = (ADAPTIVE, ZERO, ONE)[trial % 3]
        lower = (-(10.0 ** rng.uniform(-20, 5, size=9))).tolist()
        upper = (10.0 ** rng.uniform(-20, 5, size=9)).tolist()
        mu, bounds = -(10.0 ** rng.uniform(-5, 5, size=(1, 9))), one_layer(lower, upper)
        nu = dual._by_rule(mu, bounds, np.array([0]), rule, np.zeros(1))
        for j in range(9):
            m, v = Fraction(mu[0, j]), Fraction(nu[0, j])
            least = min((m - v) * Fraction(upper[j]), v * -Fraction(lower[j]), Fraction(0))
            paid = -2 * m * Fraction(bounds.half_cost[0, j]) - m * Fraction(8 * EPS * upper[j])  # SLACK pays the last
            assert paid * (1 + Fraction(1, 10**14)) >= -least and v <= 0


def test_slopes_by_rule_are_exact_enough_for_positive_mu() -> None:
    """For mu >= 0 nu is slope * mu but for what SLACK pays; it is 0 where the slope is 0, and never negative."""
    rng = np.random.default_rng(9)
    for rule in (ADAPTIVE, ZERO, ONE):
        for _ in range(100):
            lower = -(10.0 ** rng.uniform(-20, 5, size=9)) * (rng.uniform(size=9) < 0.8)
            upper = 10.0 ** rng.uniform(-20, 5, size=9) * (rng.uniform(size=9) < 0.8)
            mu, bounds = 10.0 ** rng.uniform(-5, 5, size=(1, 9)), one_layer(lower.tolist(), upper.tolist())
            nu = dual._by_rule(mu, bounds, np.array([0]), rule, np.zeros(1))[0]
            for j in range(9):
                ruled = {ADAPTIVE: upper[j] >= -lower[j], ZERO: False, ONE: True}[rule]
                slope = ruled if lower[j] < 0 < upper[j] else upper[j] > 0
                assert nu[j] == 0 if not slope else abs(nu[j] - mu[0, j]) <= 4 * EPS * mu[0, j]
                if lower[j] == 0 < upper[j]:
                    assert nu[j] == mu[0, j]


def test_nothing_that_is_not_finite_gets_lost_behind_a_beta() -> None:
    """A beta replaces mu by a number: an infinite mu must still spoil the bound."""
    bounds, one = one_layer([-1.0], [2.0]), np.array([0])
    for sign in (1, -1):
        betas = dual.Betas(one, one, one, np.array([sign]), np.array([0.5]))
        for value in (np.inf, -np.inf, np.nan):
            loss = np.zeros(1)
            with np.errstate(all="ignore"):
                nu = dual._offered(np.array([[value]]), bounds, dual.Query(0, one, betas=betas), 0, ADAPTIVE, loss)
                assert not np.isfinite(loss + 0 * nu[:, 0]).any()


def test_overflow_never_becomes_a_bound() -> None:
    """Infinite and NaN weights of every kind inside the evaluation give -inf, not a number."""
    for value in (np.inf, -np.inf, np.nan, 1e308, -1e308):
        for relu in (True, False):
            first = (np.array([[value], [-value]]), np.array([value, -value]), relu)
            chain = chained(first, (np.array([[1e308, 1e308]]), np.zeros(1), False))
            sets = Sets(np.array([[-1.0]]), np.array([[1.0]]))
            with np.errstate(all="ignore"):
                known = known_bounds(chain, sets, (ADAPTIVE, ZERO, ONE))
                found = row_bounds(known, sets, np.array([[1.0], [-1.0]]), np.array([0, 0]))
            assert (found < 1e300).all() and not np.isnan(found).any()
            if not np.isfinite(value):
                assert (found == -np.inf).all()


def test_rounded_coefficients_are_not_taken_for_the_decimal_ones() -> None:
    """0.3 x - 0.1 (3 x) is zero over the decimals; as floats its coefficients say otherwise by 3e-17 x."""
    net = affine(toy((np.array([[1.0], [3.0]]), [0, 0])))
    files = Files()
    model = files.add(net.onnx())
    for x in (1.0, -1.0, 1e6, -1e6):
        data = files.arrays(inputs=np.array([[x]]), labels=np.array([0]))
        for row in ([0.3, -0.1], [-0.3, 0.1]):
            value = statement(model, 1, 2, balls(data, "linf", 0.0), linear(row))
            assert run(value, files, whole(1)).proved == (False,)
