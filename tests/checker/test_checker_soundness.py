"""Adversarial search against the checker: whatever it proves, no point may contradict, in rational arithmetic."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from checker_toys import Files, Toy, balls, boxes, linear, random_toy, run, statement, whole
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


def worst_points(net: Toy, rows: np.ndarray, lower: np.ndarray, upper: np.ndarray, rng: Any) -> np.ndarray:
    """The three points with the smallest least margin: corners, 2,000 random points, then a local search."""
    n = len(lower)
    unit = np.concatenate([np.array(np.meshgrid(*[[0.0, 1.0]] * n)).reshape(n, -1).T, rng.uniform(size=(2000, n))])
    points = lower + unit * (upper - lower)
    values = (net.rough(points) @ rows.T).min(axis=1)
    best = points[np.argsort(values)[:3]]
    step = (upper - lower) / 4
    for _ in range(12):
        moved = np.clip(best[:, None] + rng.normal(size=(3, 60, n)) * step, lower, upper)
        moved = np.concatenate([best[:, None], moved], axis=1)
        values = (net.rough(moved.reshape(-1, n)) @ rows.T).min(axis=1).reshape(3, -1)
        best = moved[np.arange(3), values.argmin(axis=1)]
        step /= 2
    return np.asarray(best)


def least(net: Toy, rows: np.ndarray, point: np.ndarray) -> Fraction:
    """The least row value at a point, exactly."""
    outputs = net.exact(point.tolist())
    return min(sum((Fraction(c) * y for c, y in zip(row, outputs, strict=True)), Fraction(0)) for row in rows.tolist())


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    seed=st.integers(0, 2**32 - 1),
    widths=st.lists(st.integers(1, 9), min_size=1, max_size=4),
    inputs=st.integers(1, 4),
    outputs=st.integers(2, 4),
    width=st.sampled_from([0.0, 1e-12, 1e-6, 1e-3, 0.1, 0.5, 2.0]),
    scale=st.sampled_from([1e-6, 1.0, 1.0, 1e5]),
    normalised=st.booleans(),
    cuts=st.integers(0, 3),
)
def test_no_proved_region_has_a_violating_point(
    seed: int, widths: list[int], inputs: int, outputs: int, width: float, scale: float, normalised: bool, cuts: int
) -> None:
    """Thresholds are placed around the sampled minimum, where a loose proof would be a false one."""
    rng = np.random.default_rng(seed)
    net = random_toy(rng, [inputs, *widths, outputs], normalised=normalised)
    lower = rng.normal(size=inputs) * scale
    upper = lower + rng.uniform(0.5, 1, size=inputs) * width * scale
    rows = np.round(rng.normal(size=(int(rng.integers(1, 3)), outputs)), 3)
    points = worst_points(net, rows, lower, upper, rng)
    exact = min(least(net, rows, point) for point in points)
    files = Files()
    model = files.add(net.onnx(bool(seed % 2)))
    tree: list[Any] = [None]
    for _ in range(cuts):
        axis = int(rng.integers(inputs))
        tree = [[axis, float(lower[axis])], None, *tree]
    size = max(1.0, abs(float(exact)))
    for gap in (0.0, 1e-15, 1e-12, 1e-6, 0.1):
        above = float(exact) + gap * size
        if Fraction(above) < exact:
            above = float(np.nextafter(above, np.inf))
        value = statement(model, inputs, outputs, boxes([lower], [upper]), linear(*rows.tolist(), above=above))
        assert run(value, files, [[0, tree, None]]).proved == (False,)
    for gap in (1e-12, 1e-9, 1e-6, 1e-3, 0.1, 1.0, 10.0):
        above = float(exact) - gap * size
        value = statement(model, inputs, outputs, boxes([lower], [upper]), linear(*rows.tolist(), above=above))
        report = run(value, files, [[0, tree, None]])
        assert report.refusal is None
        if report.proved[0]:
            assert exact > Fraction(above)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    seed=st.integers(0, 2**32 - 1),
    kind=st.sampled_from(["linf", "l2"]),
    decision=st.sampled_from(["argmax", "argmin"]),
    hidden=st.lists(st.integers(2, 10), min_size=1, max_size=3),
)
def test_no_confirmed_radius_holds_another_decision(seed: int, kind: str, decision: str, hidden: list[int]) -> None:
    """Radii spread around the attackable ones: each confirmed ball is searched for another decision."""
    rng = np.random.default_rng(seed)
    n, m, count = int(rng.integers(1, 6)), int(rng.integers(2, 5)), 6
    net = random_toy(rng, [n, *hidden, m], normalised=bool(seed % 2))
    sign = 1.0 if decision == "argmax" else -1.0
    points = rng.normal(size=(count, n))
    labels = (sign * net.rough(points)).argmax(axis=1)
    files = Files()
    data = files.arrays(inputs=points, labels=labels)
    value = statement(files.add(net.onnx()), n, m, balls(data, kind, 0.01), {"kind": "keep-label"}, decision=decision)
    report = run(value, files, whole(count), radii=(10.0 ** rng.uniform(-3, 0.5, size=count)).tolist())
    assert report.refusal is None and report.radii is not None
    for point, label, radius, proved in zip(points, labels, report.radii, report.proved, strict=True):
        for size in (radius, 0.01 * proved):
            moves = rng.normal(size=(3000, n)) if kind == "l2" else rng.uniform(-1, 1, size=(3000, n))
            moves[1000:] = np.sign(moves[1000:]) if kind == "linf" else moves[1000:]
            length = np.linalg.norm(moves, axis=1) if kind == "l2" else np.abs(moves).max(axis=1)
            outputs = sign * net.rough(point + size * moves / length[:, None])
            others = np.delete(outputs, label, axis=1).max(axis=1)
            assert size == 0 or (outputs[:, label] > others - 1e-9).all()
            if size > 0:
                worst = point + size * moves[(outputs[:, label] - others).argmin()] / length[
                    (outputs[:, label] - others).argmin()
                ] * (1 - 1e-12)
                exact = [Fraction(sign) * y for y in net.exact(worst.tolist())]
                assert all(exact[label] > y for j, y in enumerate(exact) if j != label)


def test_table_cells_against_a_dense_grid() -> None:
    """Every proved cell keeps its corner entry at 125 points; most cells that do are proved."""
    rng = np.random.default_rng(12)
    net = random_toy(rng, [3, 12, 12, 4], normalised=True)
    axes = [np.sort(rng.uniform(-2, 2, size=12)) for _ in range(3)]
    grid = np.array(np.meshgrid(*axes, indexing="ij")).reshape(3, -1).T
    entry = net.rough(grid).argmax(axis=1).reshape(12, 12, 12).astype(np.int8)
    files = Files()
    table = files.arrays(advisory=entry, **{f"grid_x{i}": axis for i, axis in enumerate(axes)})
    place = {"kind": "table-cells", "table": table, "cells": "corners-agree"}
    value = statement(files.add(net.onnx()), 3, 4, place, {"kind": "corner-entry"})
    count = run(value, files, []).regions
    report = run(value, files, whole(count))
    region, kept, proved = 0, 0, 0
    unit = np.array(np.meshgrid(*[np.linspace(0, 1, 5)] * 3, indexing="ij")).reshape(3, -1).T
    for i in range(11):
        for j in range(11):
            for k in range(11):
                corners = entry[i : i + 2, j : j + 2, k : k + 2]
                if corners.min() != corners.max():
                    continue
                low = np.array([axes[0][i], axes[1][j], axes[2][k]])
                high = np.array([axes[0][i + 1], axes[1][j + 1], axes[2][k + 1]])
                same = bool((net.rough(low + unit * (high - low)).argmax(axis=1) == corners.min()).all())
                assert same or not report.proved[region]
                kept, proved, region = kept + same, proved + report.proved[region], region + 1
    assert region == count > 500
    assert proved > 0.8 * kept
