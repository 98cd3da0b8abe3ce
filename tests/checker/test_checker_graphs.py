"""Statements about networks that are no plain chains: whatever is offered, no region is confirmed against a sample."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from checker_toys import Files, boxes, evaluate, linear, run, statement
from test_checker_operators import CASES, graph
from test_checker_splits import drawn, random_slopes

from evidence.checker import onnx_reader

ONLY_RELU = ["residual", "conv-conv", "concat", "add-tensors", "split", "dropout"]


def offers(rng: np.random.Generator, low: np.ndarray, high: np.ndarray, relus: list[int], clauses: int) -> Any:
    """A small tree with cuts, phases and bounds, and multipliers for its leaves."""
    tree: list[Any] = []
    leaves: list[Any] = []
    stack: list[Any] = [(low, high, ())]
    while stack:
        low, high, done = stack.pop()
        if rng.uniform() < 0.5:
            tree.append("bounds")
        kind = rng.choice(["leaf", "cut", "relu", "clause"]) if len(tree) < 12 else "leaf"
        if kind == "cut":
            axis, share = int(rng.integers(len(low))), rng.uniform()
            at = float(np.clip(low[axis] + share * (high[axis] - low[axis]), low[axis], high[axis]))
            below, above = high.copy(), low.copy()
            below[axis] = above[axis] = at
            tree.append([axis, at])
            stack += [(above, high, done), (low, below, done)]
        elif kind == "relu" and relus:
            k = int(rng.integers(len(relus)))
            neuron = (k, int(rng.integers(relus[k])))
            if neuron in done:
                tree.append(None)
                leaves.append(None)
                continue
            tree.append(["relu", *neuron])
            stack += [(low, high, (*done, neuron))] * 2
        elif kind == "clause":
            tree.append(["clause", int(rng.integers(clauses))])
            stack += [(low, high, done)] * 2
        else:
            tree.append(None)
            entry = [[0, drawn(rng, len(done)), random_slopes(rng, relus)] for _ in range(clauses)]
            leaves.append(entry if rng.uniform() < 0.7 else None)
    return tree, leaves


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("arithmetic", ["real", "float32"])
def test_no_graph_is_confirmed_against_a_sample(name: str, arithmetic: str) -> None:
    """Thresholds at a sampled value: not proved. Thresholds far below: proved."""
    nodes, arrays, shape, opset = CASES[name]
    data = graph(nodes, arrays, shape, opset=opset)
    net = onnx_reader.read(data)
    rng = np.random.default_rng(7)
    n, m = net.inputs, net.outputs
    lower = rng.normal(size=n)
    upper = lower + rng.uniform(0, 0.3, size=n)
    unit = rng.uniform(size=(200, n))
    unit[:100] = np.round(unit[:100])
    outputs = evaluate(net, lower + unit * (upper - lower))[-1]
    rows = rng.normal(size=(2, m)).round(2)
    least = (outputs @ rows.T).min(axis=0)
    files = Files()
    model = files.add(data)
    relus = [net.layers[i].outputs for i in net.relus] if net.splits else []
    for above, proved in ((least + 1e-6 * (1 + np.abs(least)), False), (least - 1e3 * (1 + np.abs(least)), True)):
        condition = linear(rows[0], above=float(above[0]))
        condition["all_of"] += linear(rows[1], above=float(above[1]) - 1e4 * (not proved))["all_of"]
        value = statement(model, n, m, boxes([lower], [upper]), condition, arithmetic=arithmetic)
        assert run(value, files, [[0, None, None]]).proved == (proved,)
        for _ in range(4):
            tree, leaves = offers(rng, lower, upper, relus, 2)
            report = run(value, files, [[0, tree, leaves if name in ONLY_RELU else None]])
            assert report.refusal is None
            assert report.proved == (proved,)


@pytest.mark.parametrize("name", ["max-pool", "clip", "leaky-relu", "sigmoid", "tanh"])
def test_phases_are_split_only_where_relu_is_the_only_kink(name: str) -> None:
    nodes, arrays, shape, opset = CASES[name]
    data = graph(nodes, arrays, shape, opset=opset)
    net = onnx_reader.read(data)
    files = Files()
    value = statement(
        files.add(data),
        net.inputs,
        net.outputs,
        boxes([[0.0] * net.inputs], [[1.0] * net.inputs]),
        linear([1.0] + [0.0] * (net.outputs - 1), above=-1e6),
    )
    assert run(value, files, [[0, ["bounds", None], None]]).proved == (True,)
    report = run(value, files, [[0, [["relu", 0, 0], None, None], None]])
    assert report.proved == (False,) and "phases" in report.reasons[0]
