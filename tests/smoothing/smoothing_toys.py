"""Small networks and tasks for the smoothing tests."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from evidence.digest import of_bytes
from evidence.engines.base import Task
from evidence.network import Affine, Network, Relu
from evidence.records.base import Scalar
from evidence.regions import expand
from evidence.specification import InputBalls, KeepLabel, L2Ball, Port, Statement
from evidence.verdict import Predictor

Floats = NDArray[np.float64]
Layers = Sequence[tuple[Floats, Floats]]


def onnx_bytes(layers: Layers) -> bytes:
    """A chain of Gemm and Relu."""
    nodes, constants, tensor = [], [], "x"
    for i, (weight, bias) in enumerate(layers):
        constants += [
            onnx.numpy_helper.from_array(weight.astype(np.float32), f"w{i}"),
            onnx.numpy_helper.from_array(bias.astype(np.float32), f"b{i}"),
        ]
        nodes.append(onnx.helper.make_node("Gemm", [tensor, f"w{i}", f"b{i}"], [f"z{i}"], transB=1))
        tensor = f"z{i}"
        if i < len(layers) - 1:
            nodes.append(onnx.helper.make_node("Relu", [tensor], [f"a{i}"]))
            tensor = f"a{i}"
    ports = [
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [None, size])
        for name, size in (("x", layers[0][0].shape[1]), (tensor, len(layers[-1][1])))
    ]
    graph = onnx.helper.make_graph(nodes, "toy", ports[:1], ports[1:], constants)
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 13)], ir_version=8)
    return bytes(model.SerializeToString())


def chain(layers: Layers) -> Network:
    """The same network without going through a file."""
    parts: list[Affine | Relu] = []
    for weight, bias in layers:
        parts += [Affine(weight, bias), Relu(len(bias))]
    n = layers[0][0].shape[1]
    return Network("toy", n, len(layers[-1][1]), tuple(parts[:-1]), (1, n))


def statement_parts(
    inputs: Floats, labels: NDArray[np.int64], model: bytes, eps: float = 0.1
) -> tuple[Statement, bytes]:
    """A keep-label statement of the smoothed predictor, and the data set it names."""
    stream = io.BytesIO()
    np.savez(stream, inputs=inputs, labels=labels)
    data = stream.getvalue()
    outputs = int(labels.max()) + 2
    return (
        Statement(
            model=of_bytes(model),
            inputs=tuple(Port(name=f"x{i}", unit="m") for i in range(inputs.shape[1])),
            outputs=tuple(f"c{i}" for i in range(outputs)),
            predictor=Predictor.SMOOTHED,
            regions=InputBalls(data=of_bytes(data), perturbation=L2Ball.model_validate({"eps": f"{eps} m"})),
            condition=KeepLabel(),
        ),
        data,
    )


def task_of(
    layers: Layers,
    inputs: Floats,
    labels: Sequence[int],
    parameters: Mapping[str, Scalar],
    eps: float = 0.1,
    seed: int = 0,
    **changes: Any,
) -> Task:
    """A task whose statement is changed as given."""
    model = onnx_bytes(layers)
    statement, data = statement_parts(inputs, np.array(labels, dtype=np.int64), model, eps)
    outputs = tuple(f"c{i}" for i in range(len(layers[-1][1])))
    statement = Statement.model_validate({**dict(statement), "outputs": outputs, **changes})
    return Task(statement, expand(statement, {of_bytes(data): data}.__getitem__), model, parameters, seed)


def halves(direction: Floats, offset: float = 0.0) -> Layers:
    """Class 0 where direction @ x + offset > 0, class 1 where it is below, a tie on the hyperplane."""
    return [(np.stack([direction, -direction]), np.array([offset, -offset]))]
