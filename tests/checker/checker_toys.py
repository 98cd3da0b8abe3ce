"""Small networks, statements and certificates for the tests of the checker. Written apart from the engines' code."""

from __future__ import annotations

import gzip
import hashlib
import io
import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from evidence.checker import Report, bounds, check, dual
from evidence.checker.layers import INPUT, NONE, RELU, TANH, Layer, Network
from evidence.checker.linear import Dense
from evidence.checker.problem import Condition, Sets

Array = NDArray[Any]


@dataclass(frozen=True)
class Step:
    """One affine layer, float32, and whether a ReLU follows."""

    weight: Array
    bias: Array
    relu: bool = True


@dataclass(frozen=True)
class Toy:
    """A chain network: (x - minus) / by, then the steps."""

    steps: tuple[Step, ...]
    minus: Array | None = None
    by: Array | None = None

    def trace(self, point: Sequence[float | Fraction]) -> list[list[Fraction]]:
        """Over the rationals: the values after the subtraction, after the division, before each ReLU."""
        values = [Fraction(v) for v in point]
        seen = []
        if self.minus is not None:
            values = [v - Fraction(float(c)) for v, c in zip(values, self.minus, strict=True)]
            seen.append(values)
        if self.by is not None:
            values = [v / Fraction(float(c)) for v, c in zip(values, self.by, strict=True)]
            seen.append(values)
        for step in self.steps:
            rows = zip(step.weight.tolist(), step.bias.tolist(), strict=True)
            values = [sum((Fraction(w) * v for w, v in zip(row, values, strict=True)), Fraction(b)) for row, b in rows]
            seen.append(values)
            if step.relu:
                values = [max(v, Fraction(0)) for v in values]
        return [*seen, values]

    def exact(self, point: Sequence[float | Fraction]) -> list[Fraction]:
        """The output over the rationals."""
        return self.trace(point)[-1]

    def rough(self, points: Array) -> Array:
        """Outputs for points [B, n] in float64, not rounded outward."""
        values = np.asarray(points, dtype=np.float64)
        if self.minus is not None:
            values = values - self.minus.astype(np.float64)
        if self.by is not None:
            values = values / self.by.astype(np.float64)
        for step in self.steps:
            values = values @ step.weight.T.astype(np.float64) + step.bias.astype(np.float64)
            if step.relu:
                values = np.maximum(values, 0)
        return values

    @property
    def sizes(self) -> tuple[int, int]:
        return self.steps[0].weight.shape[1], len(self.steps[-1].bias)

    def onnx(self, transposed: bool = True) -> bytes:
        """As an ONNX file with Sub, Div, Gemm (transB) or MatMul and Add, Relu."""
        nodes, arrays, current = [], {}, "x"
        for name, operator, value in (("minus", "Sub", self.minus), ("by", "Div", self.by)):
            if value is not None:
                arrays[name] = value.astype(np.float32)
                nodes.append(helper.make_node(operator, [current, name], [f"{name}_out"]))
                current = f"{name}_out"
        for i, step in enumerate(self.steps):
            arrays[f"b{i}"] = step.bias.astype(np.float32)
            if transposed:
                arrays[f"w{i}"] = step.weight.astype(np.float32)
                nodes.append(helper.make_node("Gemm", [current, f"w{i}", f"b{i}"], [f"z{i}"], transB=1))
            else:
                arrays[f"w{i}"] = step.weight.T.astype(np.float32)
                nodes.append(helper.make_node("MatMul", [current, f"w{i}"], [f"m{i}"]))
                nodes.append(helper.make_node("Add", [f"m{i}", f"b{i}"], [f"z{i}"]))
            current = f"z{i}"
            if step.relu:
                nodes.append(helper.make_node("Relu", [current], [f"a{i}"]))
                current = f"a{i}"
        return file_of(nodes, arrays, current, *self.sizes)


def file_of(
    nodes: Sequence[Any], arrays: dict[str, Array], output: str, inputs: int, outputs: int, opset: int = 13
) -> bytes:
    """ONNX bytes of a graph with input x [N, inputs]."""
    graph = helper.make_graph(
        list(nodes),
        "toy",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", inputs])],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, ["N", outputs])],
        [numpy_helper.from_array(np.ascontiguousarray(value), name) for name, value in arrays.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    return bytes(model.SerializeToString())


def toy(*steps: tuple[Any, Any], last_relu: bool = False, **more: Any) -> Toy:
    """From (weight, bias) pairs, rounded to float32; ReLU after each but the last."""
    made = [
        Step(
            np.atleast_2d(np.array(w, dtype=np.float32)),
            np.atleast_1d(np.array(b, dtype=np.float32)),
            last_relu or i < len(steps) - 1,
        )
        for i, (w, b) in enumerate(steps)
    ]
    return Toy(tuple(made), **more)


def random_toy(rng: np.random.Generator, widths: Sequence[int], bias: float = 0.3, normalised: bool = False) -> Toy:
    """A random ReLU network with these widths, inputs first."""
    pairs = [
        (rng.normal(size=(n, m)) * np.sqrt(2 / m), bias * rng.normal(size=n)) for m, n in itertools.pairwise(widths)
    ]
    if not normalised:
        return toy(*pairs)
    n = widths[0]
    minus, by = rng.normal(size=n).astype(np.float32), rng.uniform(0.3, 3, size=n).astype(np.float32)
    return toy(*pairs, minus=minus, by=by)


def digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Files(dict[str, bytes]):
    """Bytes by digest."""

    def add(self, data: bytes) -> str:
        self[digest(data)] = data
        return digest(data)

    def arrays(self, **arrays: Array) -> str:
        stream = io.BytesIO()
        np.savez(stream, **arrays)  # type: ignore[arg-type]
        return self.add(stream.getvalue())


def statement(model: str, inputs: int, outputs: int, regions: Any, condition: Any, **changes: Any) -> dict[str, Any]:
    """The JSON of a statement with inputs x0.. in m and outputs y0.."""
    return {
        "model": model,
        "inputs": [{"name": f"x{i}", "unit": "m"} for i in range(inputs)],
        "outputs": [f"y{i}" for i in range(outputs)],
        "decision": "argmax",
        "predictor": "base",
        "arithmetic": "real",
        "regions": regions,
        "condition": condition,
        **changes,
    }


def boxes(lower: Any, upper: Any) -> dict[str, Any]:
    """Regions of kind boxes from corners [R, n]."""
    listed = [
        {
            "id": f"box {r}",
            "ranges": {
                f"x{i}": {"lower": a, "upper": b, "unit": "m"} for i, (a, b) in enumerate(zip(lo, hi, strict=True))
            },
        }
        for r, (lo, hi) in enumerate(
            zip(np.asarray(lower, float).tolist(), np.asarray(upper, float).tolist(), strict=True)
        )
    ]
    return {"kind": "boxes", "boxes": listed}


def balls(data: str, kind: str, eps: float, inputs: Any = "all") -> dict[str, Any]:
    """Regions of kind input-balls, Linf or L2."""
    return {
        "kind": "input-balls",
        "data": data,
        "inputs": inputs,
        "perturbation": {"kind": kind, "eps": {"value": eps, "unit": "m"}},
    }


def linear(*rows: Sequence[float], above: float = 0.0) -> dict[str, Any]:
    """Every row @ y > above."""
    parts = [
        {"coefficients": {f"y{i}": float(c) for i, c in enumerate(row)}, "greater_than": float(above)} for row in rows
    ]
    return {"kind": "linear", "all_of": parts}


def named(value: dict[str, Any]) -> str:
    """Digest of a statement's canonical JSON."""
    return digest(json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode())


def packed(document: Any) -> bytes:
    """A certificate from any JSON value."""
    return gzip.compress(json.dumps(document).encode(), mtime=0)


def certificate(value: dict[str, Any], proofs: Any, **more: Any) -> bytes:
    """A certificate for a statement."""
    return packed({"format": "assurance-certificate/2", "statement": named(value), "proofs": proofs, **more})


def run(value: dict[str, Any], files: Files, proofs: Any, **more: Any) -> Report:
    """Check proofs of a statement."""
    return check(value, certificate(value, proofs, **more), files.__getitem__)


def whole(count: int) -> list[Any]:
    """Proofs that offer each region as a single leaf."""
    return [[i, None, None] for i in range(count)]


def ranges_of(net: Toy, lower: Any, upper: Any, trees: Any = None) -> tuple[Array, Array]:
    """The checker's outer bounds on every output over boxes [R, n]: two arrays [R, m]."""
    files = Files()
    n, m = net.sizes
    value = statement(files.add(net.onnx()), n, m, boxes(lower, upper), linear([1.0] + [0.0] * (m - 1)))
    count = len(np.asarray(lower))
    asked = [[r, None if trees is None else trees[r]] for r in range(count)]
    report = run(value, files, [], ranges=asked)
    assert report.refusal is None, report.refusal
    return np.array([report.lower[r] for r in range(count)]), np.array([report.upper[r] for r in range(count)])


def load(data: bytes) -> Any:
    """The ONNX model of some bytes, to be changed by a test."""
    return onnx.load_model_from_string(data)


def chained(*steps: tuple[Array, Array, bool]) -> Network:
    """A plain chain from (weight, bias, whether a ReLU follows)."""
    layers = [Layer(((i - 1, Dense(w)),), b, RELU if relu else NONE) for i, (w, b, relu) in enumerate(steps)]
    return Network(tuple(layers), tuple(i for i, layer in enumerate(layers) if layer.activation == RELU))


def worst(condition: Condition, values: Array) -> Array:
    """From values of the rows [B, k]: that of the worst clause, each by its best row [B]."""
    clauses = [values[:, condition.clause == c].max(axis=1) for c in range(condition.clauses)]
    return np.asarray(np.min(clauses, axis=0))


def evaluate(net: Network, points: Array) -> list[Array]:
    """Pre-activations of every layer for points [B, n], in float64; the last is the output."""
    after, found = {INPUT: np.asarray(points, dtype=np.float64)}, []
    for i, layer in enumerate(net.layers):
        z = sum((matrix.forward(after[source]) for source, matrix in layer.terms), np.zeros(1)) + layer.bias
        found.append(z)
        after[i] = np.maximum(z, 0) if layer.activation == RELU else np.tanh(z) if layer.activation == TANH else z
    return found


def known_bounds(net: Network, sets: Sets, rules: tuple[str, ...]) -> bounds.Known:
    """The checker's bounds of every layer over input sets."""

    def refine(known: bounds.Known, depth: int, found: bounds.Bounds) -> bounds.Bounds:
        return dual.refined(known, depth, found, sets, rules)

    return bounds.forward(net, sets.lower, sets.upper, None, refine)


def row_bounds(known: bounds.Known, sets: Sets, rows: Array, of: Array, slopes: Any = None) -> Array:
    """Lower bounds of rows @ outputs. slopes: for each ReLU layer [Q, neurons]."""
    depth = len(known.net.layers) - 1
    given = {} if slopes is None else dict(zip(known.net.bent, slopes, strict=True))
    query = dual.Query(depth, np.asarray(of), np.asarray(rows, dtype=np.float64), slopes=given)
    return dual.lower_bounds(known, known.layers[depth], sets, query)
