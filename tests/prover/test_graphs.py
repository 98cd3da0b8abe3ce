"""The prover on networks that are no chains: small ones of each kind, against samples executed by onnxruntime."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from engine_toys import Files, Floats, box_statement, model, task
from network_toys import NODE, normal, session
from prover_toys import positive, prove

from evidence.engines.bounds.engine import WITHOUT_SOFTMAX
from evidence.engines.bounds.lirpa import Bounder
from evidence.engines.prover.engine import run
from evidence.network import Graph, read_graph, simplest
from evidence.specification import ChosenAmong, Linear, LinearConstraint, Statement, Within
from evidence.store import Store
from evidence.verdict import Arithmetic, Verdict

PLAIN = ["LeakyRelu", "Sigmoid", "Tanh", "Clip"]
KINDS = ["residual", *PLAIN, "MaxPool", "images"]


def plain(kind: str, seed: int = 1, last: str = "") -> bytes:
    """Two layers of six neurons with an activation of this kind, then perhaps one more operator."""
    constants = {
        "w1": normal(seed, 6, 2),
        "b1": normal(seed + 10, 6) / 2,
        "w2": normal(seed + 20, 6, 6) / 2,
        "b2": normal(seed + 30, 6) / 2,
        "w3": normal(seed + 40, 2, 6),
        "b3": normal(seed + 50, 2),
    }
    more: list[str] = []
    if kind == "Clip":
        constants |= {"low": np.array(-0.5, np.float32), "high": np.array(0.75, np.float32)}
        more = ["low", "high"]
    nodes = [
        NODE("Gemm", ["x", "w1", "b1"], ["z1"], transB=1),
        NODE(kind, ["z1", *more], ["a1"]),
        NODE("Gemm", ["a1", "w2", "b2"], ["z2"], transB=1),
        NODE(kind, ["z2", *more], ["a2"]),
        NODE("Gemm", ["a2", "w3", "b3"], ["y3" if last else "y"], transB=1),
    ]
    if last:
        nodes.append(NODE(last, ["y3"], ["y"]))
    return model(nodes, constants, ["batch", 2], ["batch", 2])


def residual() -> bytes:
    """Two blocks with a skip each."""
    constants = {f"w{k}": normal(k, 4, 4) / 2 for k in (1, 2, 3, 4)} | {f"b{k}": normal(k + 9, 4) / 2 for k in (1, 2)}
    constants |= {"w0": normal(7, 4, 2), "w5": normal(8, 2, 4)}
    nodes = [NODE("Gemm", ["x", "w0"], ["s0"], transB=1)]
    for k, (before, after) in enumerate([("s0", "s1"), ("s1", "s2")]):
        nodes += [
            NODE("Gemm", [before, f"w{2 * k + 1}", f"b{k + 1}"], [f"z{k}"], transB=1),
            NODE("Relu", [f"z{k}"], [f"r{k}"]),
            NODE("Gemm", [f"r{k}", f"w{2 * k + 2}"], [f"t{k}"], transB=1),
            NODE("Add", [f"t{k}", before], [after]),
        ]
    nodes.append(NODE("Gemm", ["s2", "w5"], ["y"], transB=1))
    return model(nodes, constants, ["batch", 2], ["batch", 2])


def images(kind: str) -> bytes:
    """Images of 3 x 3: a convolution, a normalisation, a bent operator, a dense layer."""
    constants = {
        "w1": normal(3, 2, 1, 2, 2),
        "b1": normal(4, 2) / 2,
        "scale": np.array([0.5, -1.25], np.float32),
        "shift": normal(5, 2),
        "mean": normal(6, 2) / 4,
        "var": np.array([0.5, 2.0], np.float32),
        "w2": normal(8, 2, 2 if kind == "MaxPool" else 8),
    }
    bent = NODE(kind, ["n"], ["a"], kernel_shape=[2, 2]) if kind == "MaxPool" else NODE(kind, ["n"], ["a"])
    nodes = [
        NODE("Conv", ["x", "w1", "b1"], ["c"]),
        NODE("BatchNormalization", ["c", "scale", "shift", "mean", "var"], ["n"]),
        bent,
        NODE("Flatten", ["a"], ["f"]),
        NODE("Gemm", ["f", "w2"], ["y"], transB=1),
    ]
    return model(nodes, constants, ["batch", 1, 3, 3], ["batch", 2])


def toy(kind: str) -> tuple[bytes, Floats, Floats]:
    """A network and a box."""
    if kind in ("MaxPool", "images"):
        middle = normal(12, 9).astype(np.float64).round(2)
        return images("Tanh" if kind == "images" else kind), middle - 0.0625, middle + 0.0625
    data = residual() if kind == "residual" else plain(kind)
    return data, np.array([-0.5, -0.25]), np.array([0.5, 0.75])


def executed(data: bytes, x: Floats) -> Floats:
    """Outputs [B, m] of onnxruntime in float32."""
    shape = read_graph(data, "toy").input_shape
    made = session(data)
    rows = x.astype(np.float32).reshape(-1, *shape)
    return np.stack([made.run(None, {"x": row})[0].reshape(-1) for row in rows]).astype(np.float64)


def samples(lower: Floats, upper: Floats) -> Floats:
    """Corners, or some of them, and random points."""
    generator = np.random.default_rng(0)
    sides = list(itertools.islice(itertools.product((0.0, 1.0), repeat=len(lower)), 512))
    share = np.concatenate([np.array(sides), generator.uniform(size=(1500, len(lower)))])
    return lower + share * (upper - lower)


def above(data: bytes, lower: Floats, upper: Floats, least: float, files: Files, **more: Any) -> Statement:
    """Output y0 stays above `least` on the box."""
    condition = Linear(all_of=(LinearConstraint(coefficients={"y0": 1.0}, greater_than=least),))
    return box_statement(files, data, [(lower, upper)], **({"decision": "none", "condition": condition} | more))


@pytest.mark.parametrize("kind", KINDS)
def test_what_holds_is_proved_and_what_does_not_is_refuted(kind: str, tmp_path: Path) -> None:
    data, lower, upper = toy(kind)
    assert isinstance(simplest(read_graph(data, kind)), Graph)
    seen = executed(data, samples(lower, upper))[:, 0]
    low, spread = float(seen.min()), float(seen.max() - seen.min())
    files = Files()

    held = prove(above(data, lower, upper, low - 0.1 * spread, files), files, Store(tmp_path))
    assert held.verdict is Verdict.PROVED, held
    assert [(item.what, item.agreed, item.of) for item in held.rechecks] == [("bounds", 1, 1)]

    false = prove(above(data, lower, upper, low + 0.05 * spread, files), files, Store(tmp_path))
    assert false.verdict is Verdict.REFUTED
    x = np.array(false.counterexamples[0].input)
    assert ((lower <= x) & (x <= upper)).all()
    assert executed(data, x[None])[0, 0] <= low + 0.05 * spread


@pytest.mark.parametrize("kind", ["residual", "Tanh", "Clip"])
def test_several_clauses_and_regions_agree_with_samples(kind: str, tmp_path: Path) -> None:
    data, lower, upper = toy(kind)
    middle = (lower + upper) / 2
    boxes = [(lower, middle), (middle, upper), (lower, upper)]
    seen = [executed(data, samples(*box)) for box in boxes]
    ranges = {
        name: {"lower": float(seen[0][:, j].min() - 0.1), "upper": float(seen[0][:, j].max() + 0.1), "unit": "1"}
        for j, name in enumerate(("y0", "y1"))
    }
    files = Files()
    statement = box_statement(files, data, boxes, decision="none", condition=Within(ranges=ranges))  # type: ignore[arg-type]
    record = prove(statement, files, Store(tmp_path))
    for letter, found in zip(record.regions, seen, strict=True):
        inside = all(span["lower"] < v < span["upper"] for j, span in enumerate(ranges.values()) for v in found[:, j])
        assert letter in ("P" if inside else "R", "P" if inside else "U")
    assert record.regions[0] == "P"


@pytest.mark.parametrize("kind", ["residual", "LeakyRelu"])
def test_float32_statements_are_left_to_the_checker(kind: str, tmp_path: Path) -> None:
    data, lower, upper = toy(kind)
    seen = executed(data, samples(lower, upper))[:, 0]
    least = float(seen.min() - 0.1 * (seen.max() - seen.min()))
    files = Files()
    record = prove(
        above(data, lower, upper, least, files, arithmetic=Arithmetic.FLOAT32), files, Store(tmp_path), timeout=20.0
    )
    assert record.verdict is Verdict.PROVED
    assert record.guarantee.arithmetic is Arithmetic.FLOAT32


def test_a_final_softmax_is_left_out_only_where_outputs_are_compared(tmp_path: Path) -> None:
    data = plain("Tanh", last="Softmax")
    lower, upper = np.array([-0.125, -0.125]), np.array([0.125, 0.125])
    winner = int(executed(data, np.zeros((1, 2))).argmax())
    files = Files()
    compared = box_statement(files, data, [(lower, upper)], condition=ChosenAmong(outputs=(f"y{winner}",)))
    outcome = run(task(compared, files, timeout=10.0))
    assert WITHOUT_SOFTMAX in outcome.assumptions
    assert prove(compared, files, Store(tmp_path)).verdict is Verdict.PROVED

    absolute = run(task(positive(data, lower, upper, files), files, timeout=10.0))
    assert WITHOUT_SOFTMAX not in absolute.assumptions
    assert not absolute.candidates.any()
    assert "Softmax" in absolute.reason

    single = run(task(compared.model_copy(update={"arithmetic": Arithmetic.FLOAT32}), files, timeout=10.0))
    assert not single.candidates.any()
    assert "Softmax" in single.reason


def test_a_softmax_behind_a_chain_is_left_out_too(tmp_path: Path) -> None:
    data = plain("Relu", last="Softmax")
    winner = int(executed(data, np.zeros((1, 2))).argmax())
    files = Files()
    box = (np.array([-0.0625, -0.0625]), np.array([0.0625, 0.0625]))
    record = prove(
        box_statement(files, data, [box], condition=ChosenAmong(outputs=(f"y{winner}",))), files, Store(tmp_path)
    )
    assert record.verdict is Verdict.PROVED
    assert WITHOUT_SOFTMAX in record.assumptions


def test_a_failure_of_the_library_leaves_the_region_open(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*arguments: Any) -> Any:
        raise RuntimeError("no such node")

    monkeypatch.setattr(Bounder, "bound", fails)
    data, lower, upper = toy("Tanh")
    files = Files()
    outcome = run(task(above(data, lower, upper, -100.0, files), files, timeout=10.0))
    assert not outcome.candidates.any()
    assert "no such node" in outcome.reason


def test_limits_end_a_search_with_what_is_proved_so_far() -> None:
    data, lower, upper = toy("Tanh")
    files = Files()
    seen = executed(data, samples(lower, upper))[:, 0]
    statement = above(data, lower, upper, float(seen.min()) - 1e-4, files)
    shares: list[int] = []
    given = task(statement, files, max_parts=6, timeout=30.0)
    outcome = run(type(given)(**(vars(given) | {"progress": lambda done, total, note: shares.append(done)})))
    assert not outcome.candidates.any()
    assert "6 parts" in outcome.reason
    assert shares == sorted(shares)
    assert 0 < shares[-1] < 1000
