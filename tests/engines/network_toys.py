"""Networks for the tests of evidence/network, and the comparison of all its forms with onnxruntime."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import torch
from engine_toys import Floats, model
from onnx import helper

from evidence.network import Graph, chain, read_graph, to_torch
from evidence.network.operators import Rectifier

NODE = helper.make_node
INT = np.int64


def ints(*values: int) -> np.ndarray:
    return np.array(values, INT)


def normal(seed: int, *shape: int) -> np.ndarray:
    """Float32 numbers of moderate size."""
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def session(data: bytes) -> Any:
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    return ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])


def executed(data: bytes, x: Floats, graph: Graph) -> Floats | None:
    """Outputs [B, m] of onnxruntime, one sample at a time; None when it does not take the model."""
    try:
        made = session(data)
        name = made.get_inputs()[0].name
        samples = x.astype(graph.precision).reshape(-1, *graph.input_shape)
        return np.stack([made.run(None, {name: row})[0].reshape(-1) for row in samples])
    except Exception as error:  # onnxruntime's own classes have no common base
        if type(error).__module__.startswith("onnxruntime"):
            return None
        raise


def points(graph: Graph, count: int = 4, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).normal(size=(count, graph.inputs)).astype(np.float32).astype(np.float64)


def agrees(data: bytes, tolerance: float = 2e-5) -> Graph:
    """The graph, after its forward pass and its torch module were compared with onnxruntime."""
    graph = read_graph(data, "toy.onnx")
    x = points(graph)
    expected = executed(data, x, graph)
    assert expected is not None, "onnxruntime refuses the model"
    own = graph.forward(x)
    assert own.shape == expected.shape
    size = 1 + np.abs(expected).max()
    assert np.abs(own - expected).max() < tolerance * size
    with torch.no_grad():
        out = to_torch(graph, torch.float64)(torch.tensor(x)).numpy()
    assert np.abs(out - own).max() < 1e-12 * size
    if all(node.operator.affine or isinstance(node.operator, Rectifier) for node in graph.nodes):
        try:
            lowered = chain(graph)
        except Exception as error:
            assert getattr(error, "finding", None) is not None, error
        else:
            assert np.abs(lowered.forward(x) - own).max() < 1e-9 * size
    return graph


def single(
    kind: str, shape: Sequence[int], constants: dict[str, Any] | None = None, opset: int = 17, **attributes: Any
) -> bytes:
    """A model of one node that reads x [shape] and then the constants in order."""
    constants = constants or {}
    given = {name: value for name, value in constants.items() if value is not None}
    operands = [name if value is not None else "" for name, value in constants.items()]
    node = NODE(kind, ["x", *operands], ["y"], **{k: v for k, v in attributes.items() if v is not None})
    return model([node], given, list(shape), None, opset)


def edited(data: bytes, edit: Any) -> bytes:
    loaded = onnx.load_model_from_string(data)
    edit(loaded)
    return bytes(loaded.SerializeToString())
