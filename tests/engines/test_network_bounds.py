"""Bounds, attacks, smoothing and runs of networks that are no chains: residual, LeakyRelu, MaxPool, Clip, Sigmoid."""

from __future__ import annotations

import gzip
import json
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest

if find_spec("torch") is None or find_spec("auto_LiRPA") is None or find_spec("onnxruntime") is None:
    pytest.skip("torch, auto_LiRPA or onnxruntime is not installed", allow_module_level=True)

from engine_toys import Files, Floats, ball_statement, chain, model, random_weights, task
from network_toys import NODE, normal, single
from test_network_graphs import random_graph

from evidence.engines.bounds import lirpa
from evidence.engines.bounds.engine import run
from evidence.engines.bounds.lirpa import Bounder, Method, Sets
from evidence.engines.smoothing.engine import run as run_smoothing
from evidence.errors import UnsupportedError
from evidence.network import Graph, read_graph, read_network
from evidence.network.prepared import prepared
from evidence.specification import Linear, LinearConstraint
from evidence.verdict import Predictor

METHODS: tuple[Method, ...] = ("ibp", "crown-ibp", "crown", "alpha-crown")
SAMPLES = 500


def sets_of(centers: Floats, radius: Floats, euclidean: bool) -> Sets:
    half = radius[:, None]
    return Sets(centers - half, centers + half, centers, radius if euclidean else None)


def sampled(graph: Graph, centers: Floats, radius: Floats, rows: Floats, euclidean: bool, seed: int) -> Floats:
    """Least value [B, k] of each row over points of each set: corners (or the sphere) and inside."""
    pick = np.random.default_rng(seed)
    offset = pick.uniform(-1, 1, size=(SAMPLES, *centers.shape))
    offset[: SAMPLES // 2] = np.sign(offset[: SAMPLES // 2])
    if euclidean:
        offset /= np.maximum(np.linalg.norm(offset, axis=2, keepdims=True), 1)
    seen = graph.forward((centers + offset * radius[:, None]).reshape(-1, graph.inputs))
    return np.asarray(np.einsum("bkm,sbm->sbk", rows, seen.reshape(SAMPLES, len(centers), -1)).min(axis=0))


def residual(seed: int = 0) -> bytes:
    """x -> Gemm, Relu (5), Gemm, + skip, Relu (4), Gemm: two ReLUs of different sizes and a skip between."""
    nodes = [
        NODE("Gemm", ["x", "w0", "b0"], ["a"]),
        NODE("Relu", ["a"], ["r"]),
        NODE("Gemm", ["r", "w1", "b1"], ["c"]),
        NODE("MatMul", ["x", "ws"], ["d"]),
        NODE("Add", ["c", "d"], ["s"]),
        NODE("Relu", ["s"], ["t"]),
        NODE("Gemm", ["t", "w2"], ["u"]),
        NODE("Add", ["u", "x"], ["y"]),
    ]
    constants = {
        "w0": normal(seed, 3, 5),
        "b0": normal(seed + 1, 5),
        "w1": normal(seed + 2, 5, 4) / np.float32(2),
        "b1": normal(seed + 3, 4),
        "ws": normal(seed + 4, 3, 4),
        "w2": normal(seed + 5, 4, 3) / np.float32(2),
    }
    return model(nodes, constants, ["n", 3], ["n", 3])


@pytest.mark.parametrize("euclidean", [False, True])
@pytest.mark.parametrize("seed", [*range(12), 17, 23])
def test_no_sample_lies_below_any_bound(seed: int, euclidean: bool) -> None:
    graph = read_graph(random_graph(seed), "toy")
    pick = np.random.default_rng(seed)
    centers, radius = pick.normal(size=(5, graph.inputs)), pick.uniform(0.005, 0.3, size=5)
    rows = pick.normal(size=(5, 2, graph.outputs))
    least = sampled(graph, centers, radius, rows, euclidean, seed)
    bounder = Bounder(graph, batch=8, iterations=4)
    sets = sets_of(centers, radius, euclidean)
    bounds = {method: bounder.bound(method, sets, rows).lower for method in METHODS}
    tolerance = 1e-9 * (1 + np.abs(least).max())
    for method, lower in bounds.items():
        assert lower.dtype == np.float64
        assert (lower <= least + tolerance).all(), method
        assert np.isfinite(lower).all()
    assert (bounds["alpha-crown"] >= bounds["crown"]).all()


@pytest.mark.parametrize("kind", ["Relu", "LeakyRelu", "Sigmoid", "Tanh", "Clip", "MaxPool", "Identity"])
def test_operators_at_the_very_input_and_output(kind: str) -> None:
    attributes: dict[str, Any] = {"kernel_shape": [3, 2]} if kind == "MaxPool" else {}
    constants = {"l": np.float32(-0.3), "h": np.float32(0.4)} if kind == "Clip" else None
    graph = read_graph(single(kind, [1, 1, 4, 3], constants, **attributes), "toy")
    pick = np.random.default_rng(1)
    centers, radius = pick.normal(size=(6, 12)), pick.uniform(0.05, 1, size=6)
    rows = pick.normal(size=(6, 3, graph.outputs))
    for euclidean in (False, True):
        least = sampled(graph, centers, radius, rows, euclidean, 2)
        bounder = Bounder(graph, batch=8, iterations=3)
        for method in METHODS:
            assert (bounder.bound(method, sets_of(centers, radius, euclidean), rows).lower <= least + 1e-9).all()


def test_bounds_of_points_are_the_values() -> None:
    for seed in (0, 3, 5):
        graph = read_graph(random_graph(seed), "toy")
        centers = np.random.default_rng(0).normal(size=(3, graph.inputs))
        rows = np.tile(np.eye(graph.outputs)[:3], (3, 1, 1))
        exact = np.einsum("bkm,bm->bk", rows, graph.forward(centers))
        for method in METHODS:
            found = Bounder(graph, batch=8, iterations=2).bound(method, Sets(centers, centers, centers), rows)
            assert np.abs(found.lower - exact).max() < 1e-5


def test_a_chain_has_the_same_bounds_as_a_graph() -> None:
    data = chain(random_weights([3, 9, 9, 2], seed=4))
    centers = np.random.default_rng(0).normal(size=(7, 3))
    rows = np.tile(np.eye(2), (7, 1, 1))
    for euclidean in (False, True):
        sets = sets_of(centers, np.full(7, 0.2), euclidean)
        for method in METHODS:
            one = Bounder(read_network(data, "toy")).bound(method, sets, rows)
            other = Bounder(read_graph(data, "toy")).bound(method, sets, rows)
            assert np.abs(one.lower - other.lower).max() < 1e-9
            if method == "alpha-crown":
                assert one.slopes is not None and other.slopes is not None
                for a, b in zip(one.slopes, other.slopes, strict=True):
                    assert np.abs(a - b).max() < 1e-3


@pytest.mark.parametrize("euclidean", [False, True])
def test_convolutions_have_the_same_bounds_as_their_matrices(euclidean: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    nodes = [
        NODE("Conv", ["x", "w1", "b1"], ["a"], pads=[1, 0, 0, 1], strides=[2, 1]),
        NODE("Relu", ["a"], ["b"]),
        NODE("Conv", ["b", "w2", "b2"], ["c"], pads=[1, 1, 1, 1], dilations=[1, 2]),
        NODE("Add", ["c", "a"], ["d"]),
        NODE("Relu", ["d"], ["e"]),
        NODE("AveragePool", ["e"], ["y"], kernel_shape=[2, 2]),
    ]
    constants = {"w1": normal(1, 3, 2, 3, 2), "b1": normal(2, 3), "w2": normal(3, 3, 3, 3, 2), "b2": normal(4, 3)}
    graph = read_graph(model(nodes, constants, [1, 2, 6, 5], None), "toy")
    pick = np.random.default_rng(0)
    centers, rows = pick.normal(size=(4, graph.inputs)), pick.normal(size=(4, 2, graph.outputs))
    sets = sets_of(centers, np.full(4, 0.05), euclidean)
    found = []
    for dense in (0, 10**7):
        monkeypatch.setattr(lirpa, "prepared", lambda net, dense_input, dense=dense: prepared(net, dense_input, dense))
        bounder = Bounder(graph, batch=8, iterations=3)
        found.append([bounder.bound(method, sets, rows, coefficients=method != "ibp").lower for method in METHODS[:3]])
    for one, other in zip(*found, strict=True):
        assert np.abs(one - other).max() < 1e-9


def test_slopes_of_residual_networks_come_in_the_order_of_the_file() -> None:
    bounder = Bounder(read_graph(residual(), "toy"), batch=8)
    centers = np.random.default_rng(0).normal(size=(6, 3))
    sets = sets_of(centers, np.full(6, 0.8), False)
    found = bounder.bound("alpha-crown", sets, np.tile(np.eye(3), (6, 1, 1)))
    assert found.slopes is not None
    assert [layer.shape for layer in found.slopes] == [(6, 3, 5), (6, 3, 4)]
    assert Bounder(read_graph(random_graph(1), "toy")).bound("alpha-crown", sets.take(slice(0, 0)), np.zeros((0, 1, 1)))


def test_numbers_beyond_the_tables_of_tanh_give_no_bound() -> None:
    nodes = [NODE("Mul", ["x", "k"], ["a"]), NODE("Tanh", ["a"], ["y"])]
    graph = read_graph(model(nodes, {"k": np.float32(1000)}, [1, 2], None), "toy")
    centers = np.array([[-1.0, -1.0], [0.1, 0.1]])
    rows = np.tile(np.array([[[-1.0, 0.0]]]), (2, 1, 1))
    for method in ("crown", "alpha-crown"):
        lower = Bounder(graph, batch=8).bound(method, sets_of(centers, np.array([0.9, 0.2]), False), rows).lower
        assert lower[0, 0] == -np.inf
        assert -100 < lower[1, 0] <= -1 + 1e-9


def test_what_cannot_be_bounded_is_named() -> None:
    nodes = [NODE("Gemm", ["x", "w"], ["a"]), NODE("Softmax", ["a"], ["y"], name="the_node")]
    graph = read_graph(model(nodes, {"w": normal(1, 2, 3)}, ["n", 2], None), "toy")
    with pytest.raises(UnsupportedError, match="the_node") as caught:
        Bounder(graph)
    assert (caught.value.finding.code, caught.value.finding.place.element) == ("N112", "the_node")


# --- runs --------------------------------------------------------------------------------------------------------


def labelled(data: bytes, count: int = 12) -> tuple[Floats, Any]:
    graph = read_graph(data, "toy")
    inputs = np.random.default_rng(1).normal(size=(count, graph.inputs)).astype(np.float32).astype(np.float64)
    return inputs, graph.forward(inputs).argmax(axis=1).astype(np.int64)


def test_a_run_on_a_residual_network() -> None:
    data, files = residual(), Files()
    inputs, labels = labelled(data)
    for norm in ("linf", "l2"):
        statement = ball_statement(files, data, inputs, labels, 0.1, norm)
        more: dict[str, Any] = {"max_leaves": 16} if norm == "linf" else {"radius": True, "radius_limit": 1.0}
        outcome = run(task(statement, files, method="alpha-crown", **more))
        assert outcome.candidates.sum() > 0
        assert not set(np.flatnonzero(outcome.candidates)) & set(outcome.violations)
        graph, pick = read_graph(data, "toy"), np.random.default_rng(5)
        for region in np.flatnonzero(outcome.candidates):
            offset = pick.uniform(-1, 1, size=(SAMPLES, 3))
            if norm == "l2":
                offset /= np.maximum(np.linalg.norm(offset, axis=1, keepdims=True), 1)
            assert (graph.forward(inputs[region] + 0.1 * offset).argmax(axis=1) == labels[region]).all()
        for region, point in outcome.violations.items():
            assert graph.forward(point[None]).argmax() != labels[region]


def with_softmax() -> bytes:
    nodes = [NODE("Gemm", ["x", "w"], ["a"]), NODE("Relu", ["a"], ["b"]), NODE("Gemm", ["b", "v"], ["c"])]
    constants = {"w": normal(1, 3, 6), "v": normal(2, 6, 3)}
    return model([*nodes, NODE("Softmax", ["c"], ["y"], axis=1)], constants, ["n", 3], ["n", 3])


def test_a_run_on_a_network_that_ends_in_softmax_leaves_it_out_where_it_may() -> None:
    data, files = with_softmax(), Files()
    inputs, labels = labelled(data)
    outcome = run(task(ball_statement(files, data, inputs, labels, 0.02), files, method="crown"))
    assert outcome.candidates.mean() > 0.5
    assert any("Softmax" in line for line in outcome.assumptions)
    assert outcome.certificate is not None
    assert json.loads(gzip.decompress(outcome.certificate))["proofs"]
    constraint = LinearConstraint(coefficients={"y0": 1.0}, greater_than=0.2)
    statement = ball_statement(files, data, inputs, labels, 0.02).model_copy(
        update={"condition": Linear(all_of=(constraint,)), "decision": "none"}
    )
    with pytest.raises(UnsupportedError, match="Softmax") as caught:
        run(task(statement, files))
    assert caught.value.finding.code == "E112"


@pytest.mark.parametrize("make", [residual, with_softmax])
@pytest.mark.parametrize("noise", ["shared", "independent"])
def test_smoothing_of_networks_that_are_no_chains(make: Any, noise: str) -> None:
    data, files = make(), Files()
    inputs, labels = labelled(data, 3)
    statement = ball_statement(files, data, inputs, labels, 0.01, "l2", predictor=Predictor.SMOOTHED)
    outcome = run_smoothing(task(statement, files, sigma=0.05, n_estimation=4000, noise=noise))
    details: Any = outcome.details
    graph, pick = read_graph(data, "toy"), np.random.default_rng(3)
    for number in range(3):
        noisy = inputs[number] + 0.05 * pick.normal(size=(4000, 3))
        share = (graph.forward(noisy).argmax(axis=1) == details.predicted[number]).mean()
        assert abs(details.successes[number] / 4000 - share) < 0.05


def test_shifts_that_no_layer_can_take_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """A border that is not zero gives a convolution a bias that differs from place to place; so does a skip."""
    nodes = [
        NODE("Relu", ["x"], ["r"]),
        NODE("Pad", ["r", "p", "v"], ["a"]),
        NODE("Conv", ["a", "w"], ["b"]),
        NODE("Relu", ["b"], ["c"]),
        NODE("Add", ["c", "k"], ["d"]),
        NODE("Relu", ["d"], ["e"]),
        NODE("Conv", ["e", "w"], ["f"], pads=[1, 1, 1, 1]),
        NODE("Add", ["f", "d"], ["g"]),
        NODE("Tanh", ["g"], ["y"]),
    ]
    constants = {
        "p": np.array([0, 0, 1, 1, 0, 0, 1, 1], np.int64),
        "v": np.float32(2),
        "w": normal(1, 2, 2, 3, 3),
        "k": normal(2, 1, 2, 3, 4),
    }
    graph = read_graph(model(nodes, constants, [1, 2, 3, 4], None), "toy")
    monkeypatch.setattr(lirpa, "prepared", lambda net, dense_input: prepared(net, dense_input, 0))
    pick = np.random.default_rng(0)
    centers, radius = pick.normal(size=(4, graph.inputs)), np.full(4, 0.1)
    rows = pick.normal(size=(4, 2, graph.outputs))
    for euclidean in (False, True):
        least = sampled(graph, centers, radius, rows, euclidean, 1)
        bounder = Bounder(graph, batch=8, iterations=3)
        for method in METHODS:
            assert (bounder.bound(method, sets_of(centers, radius, euclidean), rows).lower <= least + 1e-9).all()
