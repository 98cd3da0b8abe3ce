"""Small networks and tasks for the reachability tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from evidence.digest import of_bytes
from evidence.engines.base import Task
from evidence.network import Affine, Network, Relu
from evidence.records.base import Scalar
from evidence.regions import expand
from evidence.specification import Boxes, NamedBox, Port, Range, Statement, Within

Floats = NDArray[np.float64]
Layers = Sequence[tuple[Any, Any]]
"""Weight [out, in] and bias [out] of each affine layer."""
ANY = Within(ranges={"y0": Range(lower=-1e6, upper=1e6, unit="1")})
"""A condition that every output in these tests fulfils."""


def chain(layers: Layers) -> Network:
    """Affine layers with a ReLU between each two."""
    parts: list[Affine | Relu] = []
    for weight, bias in layers:
        parts += [Affine(np.array(weight, dtype=float), np.array(bias, dtype=float)), Relu(len(bias))]
    n = parts[0].weight.shape[1] if isinstance(parts[0], Affine) else 0
    return Network("toy", n, len(layers[-1][1]), tuple(parts[:-1]), (1, n))


def random_layers(sizes: Sequence[int], seed: int) -> list[tuple[Floats, Floats]]:
    """Float32 weights, so that the ONNX file holds the same network."""
    rng = np.random.default_rng(seed)
    return [
        (
            (1.4 * rng.standard_normal((m, n)) / np.sqrt(n)).astype(np.float32).astype(np.float64),
            (0.3 * rng.standard_normal(m)).astype(np.float32).astype(np.float64),
        )
        for n, m in pairwise(sizes)
    ]


def onnx_bytes(layers: Layers) -> bytes:
    """A chain of Gemm and Relu."""
    nodes, constants, tensor = [], [], "x"
    for i, (weight, bias) in enumerate(layers):
        for kind, array in (("w", weight), ("b", bias)):
            constants.append(onnx.numpy_helper.from_array(np.array(array, dtype=np.float32), f"{kind}{i}"))
        nodes.append(onnx.helper.make_node("Gemm", [tensor, f"w{i}", f"b{i}"], [f"z{i}"], transB=1))
        tensor = f"z{i}"
        if i < len(layers) - 1:
            nodes.append(onnx.helper.make_node("Relu", [tensor], [f"a{i}"]))
            tensor = f"a{i}"
    ports = [
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [None, size])
        for name, size in (("x", np.array(layers[0][0]).shape[1]), (tensor, len(layers[-1][1])))
    ]
    graph = onnx.helper.make_graph(nodes, "toy", ports[:1], ports[1:], constants)
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 13)], ir_version=8)
    return bytes(model.SerializeToString())


def no_blob(digest: str) -> bytes:
    raise KeyError(digest)


def task_of(
    layers: Layers,
    boxes: Sequence[tuple[Sequence[float], Sequence[float]]],
    condition: Any = ANY,
    parameters: Mapping[str, Scalar] | None = None,
    seed: int = 0,
    **changes: Any,
) -> Task:
    """A task over named boxes; the statement's fields can be changed."""
    model = onnx_bytes(layers)
    n, m = np.array(layers[0][0]).shape[1], len(layers[-1][1])
    named = tuple(
        NamedBox(
            id=f"box {i}",
            ranges={f"x{j}": Range(lower=low[j], upper=high[j], unit="ft") for j in range(n)},
        )
        for i, (low, high) in enumerate(boxes)
    )
    fields: dict[str, Any] = {
        "model": of_bytes(model),
        "inputs": tuple(Port(name=f"x{i}", unit="ft") for i in range(n)),
        "outputs": tuple(f"y{i}" for i in range(m)),
        "regions": Boxes(boxes=named),
        "condition": condition,
        **changes,
    }
    statement = Statement.model_validate(fields)
    return Task(statement, expand(statement, no_blob), model, parameters or {}, seed)
