"""Statements about every float32 execution: no execution at hand ever leaves the bounds, whatever its order of sums."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from checker_toys import Files, boxes, file_of, linear, random_toy, run, statement, toy, whole
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper
from test_checker_operators import CASES, executed, graph

from evidence.checker import Report

F = np.float32
ONE = helper.make_node


def claimed(
    data: bytes, lower: Any, upper: Any, row: Any, above: float, arithmetic: str = "float32", **more: Any
) -> Report:
    """One box, row @ y > above."""
    files = Files()
    n, m = len(lower), len(row)
    value = statement(files.add(data), n, m, boxes([lower], [upper]), linear(row, above=above), arithmetic=arithmetic)
    return run(value, files, whole(1), **more)


def trap(big: float, half: float, relu: bool) -> bytes:
    nodes = [
        ONE("Add", ["x", "big"], ["p"]),
        ONE("Relu" if relu else "Identity", ["p"], ["q"]),
        ONE("Sub", ["q", "big"], ["r"]),
        ONE("Sub", ["r", "half"], ["y"]),
    ]
    return file_of(nodes, {"big": np.array([big], F), "half": np.array([half], F)}, "y", 1, 1)


@pytest.mark.parametrize("relu", [True, False])
@pytest.mark.parametrize("power", [20, 24, 27, 60])
def test_the_float_trap(power: int, relu: bool) -> None:
    """max(x + 2^k, 0) - 2^k - 1/2 on [.9, 1]: over the reals in [.4, .5]; in float32 -1/2 for large k."""
    data = trap(2.0**power, 0.5, relu)
    points = np.linspace(0.9, 1.0, 30, dtype=F).reshape(-1, 1)
    outputs = executed(data, points)
    if power <= 27:  # the checker's own float64 loses 2^60
        assert claimed(data, [0.9], [1.0], [1.0], 0.3, "real").proved == (True,)
    least = float(outputs.min())
    assert (least == -0.5) == (power >= 24)
    for above in (least, -0.45, 0.0, 0.3, 0.4):
        report = claimed(data, [0.9], [1.0], [1.0], above)
        assert report.refusal is None and report.proved == (power == 20 and above <= 0.0,), (above, least)
    wide = claimed(data, [0.9], [1.0], [1.0], -1e3 - 2.0 ** (power - 20), ranges=[[0, None]])
    assert wide.proved == (True,)
    assert wide.lower[0][0] <= least and outputs.max() <= wide.upper[0][0]


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    base=st.floats(1.0, 1e9, width=32),
    half=st.floats(-2.0, 2.0, width=32),
    width=st.integers(1, 6),
    depth=st.integers(1, 3),
    seed=st.integers(0, 2**32 - 1),
)
def test_variants_of_the_float_trap(base: float, half: float, width: int, depth: int, seed: int) -> None:
    """Large constants are added before a ReLU and taken away behind it, in several layers and neurons."""
    rng = np.random.default_rng(seed)
    nodes, current = [], "x"
    arrays = {"w": rng.normal(size=(width, width)).astype(F), "half": np.full(width, half, F)}
    for i in range(depth):
        arrays[f"c{i}"] = (base * rng.uniform(0.5, 2, size=width)).astype(F)
        nodes += [
            ONE("Add", [current, f"c{i}"], [f"p{i}"]),
            ONE("Relu", [f"p{i}"], [f"q{i}"]),
            ONE("Sub", [f"q{i}", f"c{i}"], [f"r{i}"]),
            ONE("MatMul", [f"r{i}", "w"], [f"z{i}"]),
        ]
        current = f"z{i}"
    nodes.append(ONE("Sub", [current, "half"], ["y"]))
    data = file_of(nodes, arrays, "y", width, width)
    lower, upper = np.full(width, 0.9), np.full(width, 1.0)
    points = rng.uniform(0.9, 1.0, size=(40, width)).astype(F)
    points = np.clip(points, F(0.9), F(1.0))
    outputs = executed(data, points).astype(np.float64)
    report = claimed(data, lower, upper, [1.0] + [0.0] * (width - 1), float(outputs[:, 0].min()), ranges=[[0, None]])
    assert report.refusal is None and report.proved == (False,)
    assert (outputs >= report.lower[0]).all() and (outputs <= report.upper[0]).all()


def shuffled_sum(rng: np.random.Generator, terms: np.ndarray) -> np.ndarray:
    """Sum over the last axis in float32, along a random binary tree."""
    parts = [terms[..., i].astype(F) for i in range(terms.shape[-1])]
    while len(parts) > 1:
        i, j = sorted(rng.choice(len(parts), size=2, replace=False).tolist())
        last = parts.pop(j)
        parts[i] = (parts[i] + last).astype(F)
    return parts[0]


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    seed=st.integers(0, 2**32 - 1),
    widths=st.lists(st.integers(1, 8), min_size=1, max_size=3),
    scale=st.sampled_from([1e-42, 1e-30, 1e-3, 1.0, 1e4, 1e15]),
    cancel=st.booleans(),
)
def test_random_orders_of_summation_stay_inside(seed: int, widths: list[int], scale: float, cancel: bool) -> None:
    """Networks whose last layer takes a difference of nearly equal sums, on boxes of one point and small ones."""
    rng = np.random.default_rng(seed)
    net = random_toy(rng, [3, *widths, 2], bias=0.3 * scale)
    if cancel and widths[-1] > 1:
        half = widths[-1] // 2
        for step in net.steps[-2:-1]:
            step.weight[half : 2 * half] = step.weight[:half]
            step.bias[half : 2 * half] = step.bias[:half]
        net.steps[-1].weight[:, half : 2 * half] = -net.steps[-1].weight[:, :half]
        net.steps[-1].weight[:, 2 * half :] = 0
        net.steps[-1].bias[:] = 0
    point = (rng.normal(size=3) * scale).astype(F)
    width = 0.0 if seed % 2 else 1e-6 * scale
    lower, upper = point.astype(float) - width, point.astype(float) + width
    data = net.onnx()
    report = claimed(data, lower, upper, [1.0, 0.0], 1e30, ranges=[[0, None]])
    assert report.refusal is None
    for _ in range(20):
        values = rng.uniform(lower, upper, size=(8, 3)).astype(F)
        values = values[((values >= lower) & (values <= upper)).all(axis=1)]
        values = np.concatenate([values, point[None]])
        for i, step in enumerate(net.steps):
            products = (values[:, None, :] * step.weight[None]).astype(F)
            bias = np.broadcast_to(step.bias, products.shape[:2])[..., None]
            values = shuffled_sum(rng, np.concatenate([products, bias.astype(F)], axis=-1))
            if i < len(net.steps) - 1:
                values = np.maximum(values, F(0))
        assert (values.astype(float) >= np.array(report.lower[0])).all()
        assert (values.astype(float) <= np.array(report.upper[0])).all()


@pytest.mark.parametrize("name", list(CASES))
def test_executions_of_every_operator_stay_inside(name: str) -> None:
    """onnxruntime's results at single points lie within the float32 bounds, which are not absurdly wide."""
    nodes, arrays, shape, opset = CASES[name]
    data = graph(nodes, arrays, shape, opset=opset)
    rng = np.random.default_rng(5)
    for scale in (1.0, 1e-3, 1e3):
        points = (rng.normal(size=(3, int(np.prod(shape)))) * scale).astype(F)
        outputs = executed(data, points)
        m = outputs.shape[1]
        files = Files()
        value = statement(
            files.add(data),
            points.shape[1],
            m,
            {
                "kind": "input-balls",
                "data": files.arrays(inputs=points, labels=np.zeros(3, dtype=np.int64)),
                "inputs": "all",
                "perturbation": {"kind": "sensor-error", "tolerances": {"x0": {"value": 0.0, "unit": "m"}}},
            },
            linear([1.0] + [0.0] * (m - 1)),
            arithmetic="float32",
        )
        report = run(value, files, [], ranges=[[r, None] for r in range(3)])
        assert report.refusal is None, report.refusal
        for r in range(3):
            low, high = np.array(report.lower[r]), np.array(report.upper[r])
            assert (outputs[r] >= low).all() and (outputs[r] <= high).all()
            assert (high - low < 4e-3 * max(1.0, scale)).all()


def test_overflow_in_float32_proves_nothing() -> None:
    """Over the reals the two huge terms cancel; in float32 they are infinite."""
    net = toy(([[1e20], [1e20]], [0, 0]), ([[1e20, -1e20]], [1.0]))
    assert claimed(net.onnx(), [0.5], [0.5], [1.0], 0.0).proved == (False,)
    beyond = toy(([[1e20]], [0]), ([[1e20]], [0]))  # 5e39 over the reals, infinite in float32
    assert claimed(beyond.onnx(), [0.5], [0.5], [-1.0], -1e41).proved == (False,)
    assert claimed(beyond.onnx(), [0.5], [0.5], [-1.0], -1e41, "real").proved == (True,)
    fine = toy(([[1e10], [1e10]], [0, 0]), ([[1e10, 1e10]], [1.0]))
    assert claimed(fine.onnx(), [0.5], [0.5], [1.0], 0.0).proved == (True,)


def test_networks_that_are_not_single_are_refused() -> None:
    for nodes, arrays in (
        ([ONE("Cast", ["x"], ["d"], to=TensorProto.DOUBLE), ONE("Cast", ["d"], ["y"], to=TensorProto.FLOAT)], {}),
        ([ONE("Add", ["x", "c"], ["y"])], {"c": np.ones(2)}),
        ([ONE("Softmax", ["x"], ["y"])], {}),
    ):
        report = claimed(graph(nodes, arrays, (1, 2)), [0.0, 0.0], [1.0, 1.0], [1.0, -1.0], 0.0)
        assert report.refusal is not None and report.refusal.startswith("N151")
        real = claimed(graph(nodes, arrays, (1, 2)), [0.0, 0.0], [1.0, 1.0], [1.0, -1.0], 0.0, "real")
        assert real.refusal is None and real.proved == (False,)


def test_softmax_and_numbers_that_only_rounding_makes_a_comparison() -> None:
    """Of three probabilities exp(1), exp(0) and exp(2000) to one, the first two differ by less than 1e-400; those of
    1e-35 and 0 have a ratio below 1 + 1e-30. As floats, both properties would read: one output is above the other."""
    text = "".join(f"(declare-const {name} Real)" for name in ("X_0", "Y_0", "Y_1", "Y_2"))
    text += "(assert (and (>= X_0 0) (<= X_0 1) ({}))"
    nodes = [ONE("Gemm", ["x", "w", "b"], ["z"], transB=1), ONE("Softmax", ["z"], ["y"])]
    for formula, bias, exact in (
        ("<= (- Y_0 Y_1) 1e-400", [1.0, 0.0, 2000.0], False),
        ("<= (- Y_0 Y_1) 2e-324", [1.0, 0.0, 2000.0], False),
        (f"<= Y_0 (* 1.{'0' * 29}1 Y_1)", [1e-35, 0.0, 0.0], False),
        ("<= (* 0.3 Y_0) (* 0.3 Y_1)", [1.0, 0.0, 2000.0], True),
    ):
        files = Files()
        arrays = {"w": np.zeros((3, 1), np.float32), "b": np.array(bias, np.float32)}
        file = files.add(text.format(formula).encode() + b")")
        place = {"kind": "property-file", "file": file}
        value = statement(files.add(graph(nodes, arrays, (1, 1))), 1, 3, place, {"kind": "property-holds"})
        report = run(value, files, whole(1))
        assert report.proved == ((True,) if exact else ()), formula
        assert exact or (report.refusal is not None and report.refusal.startswith("N152"))


def test_softmax_keeps_the_order_of_outputs() -> None:
    net = random_toy(np.random.default_rng(3), [2, 5, 3])
    files = Files()
    plain = net.onnx()
    from checker_toys import load

    model = load(plain)
    model.graph.node.append(ONE("Softmax", [model.graph.output[0].name], ["soft"]))
    model.graph.output[0].name = "soft"
    soft = bytes(model.SerializeToString())
    point = np.array([0.3, -0.2])
    best = int(net.rough(point[None]).argmax())
    place = boxes([point - 1e-3], [point + 1e-3])
    kept = {"kind": "chosen-among", "outputs": [f"y{best}"]}
    for data in (plain, soft):
        value = statement(files.add(data), 2, 3, place, kept)
        assert run(value, files, whole(1)).proved == (True,)
        wrong = statement(files.add(data), 2, 3, place, {"kind": "never-chosen", "outputs": [f"y{best}"]})
        assert run(wrong, files, whole(1)).proved == (False,)
    row = [0.0] * 3
    row[best], row[best - 1] = 2.0, -2.0
    model_name = files.add(soft)
    assert run(statement(model_name, 2, 3, place, linear(row)), files, whole(1)).proved == (True,)
    for condition in (linear(row, above=-0.5), linear([1.0, 0, 0]), linear([2.0, -1.0, 0]), linear([1.0, 1.0, -2.0])):
        report = run(statement(model_name, 2, 3, place, condition), files, whole(1))
        assert report.refusal is not None and report.refusal.startswith("N152")
    report = run(statement(model_name, 2, 3, place, linear(row)), files, [], ranges=[[0, None]])
    assert report.refusal is not None and report.refusal.startswith("N152")
