"""Small networks, statements and files for the tests of engines and runs."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from evidence.digest import of_bytes
from evidence.engines.base import Task
from evidence.regions import expand
from evidence.specification import Boxes, InputBalls, KeepLabel, L2Ball, LinfBall, NamedBox, Port, Range, Statement

Floats = NDArray[np.float64]
Weights = Sequence[tuple[Floats, Floats]]


def model(nodes: list[Any], constants: Mapping[str, NDArray[Any]], inputs: Any, outputs: Any, opset: int = 17) -> bytes:
    """An ONNX file with input x and output y of these shapes."""
    graph = helper.make_graph(
        nodes,
        "toy",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, inputs)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, outputs)],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    return bytes(made.SerializeToString())


def chain(weights: Weights) -> bytes:
    """Affine layers with ReLUs between them; weights are stored as float32."""
    nodes, constants, tensor = [], {}, "x"
    for number, (weight, bias) in enumerate(weights):
        last = number == len(weights) - 1
        constants[f"w{number}"] = weight.astype(np.float32)
        constants[f"b{number}"] = bias.astype(np.float32)
        made = "y" if last else f"a{number}"
        nodes.append(helper.make_node("Gemm", [tensor, f"w{number}", f"b{number}"], [made], transB=1))
        if not last:
            nodes.append(helper.make_node("Relu", [made], [f"r{number}"]))
            tensor = f"r{number}"
    return model(nodes, constants, ["batch", weights[0][0].shape[1]], ["batch", weights[-1][0].shape[0]])


def random_weights(sizes: Sequence[int], seed: int = 0) -> Weights:
    """Random layers of these sizes, with weights that float32 holds exactly."""
    generator = np.random.default_rng(seed)
    return [
        (
            (generator.normal(size=(b, a)) * 1.4 / np.sqrt(a)).astype(np.float32).astype(np.float64),
            (generator.normal(size=b) * 0.3).astype(np.float32).astype(np.float64),
        )
        for a, b in pairwise(sizes)
    ]


def npz(**arrays: NDArray[Any]) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **arrays)  # type: ignore[arg-type]
    return stream.getvalue()


class Files(dict[str, bytes]):
    """Bytes by digest."""

    def add(self, data: bytes) -> str:
        self[of_bytes(data)] = data
        return of_bytes(data)


def ports(count: int, unit: str = "1") -> tuple[Port, ...]:
    return tuple(Port(name=f"x{i}", unit=unit) for i in range(count))


def outputs(count: int) -> tuple[str, ...]:
    return tuple(f"y{i}" for i in range(count))


def ball_statement(
    files: Files, network: bytes, inputs: Floats, labels: NDArray[np.int64], eps: float, norm: str = "linf", **more: Any
) -> Statement:
    """Each label is kept within eps of its input."""
    data = files.add(npz(inputs=inputs, labels=labels))
    kind = LinfBall if norm == "linf" else L2Ball
    regions = InputBalls(data=data, perturbation=kind(eps={"value": eps, "unit": "1"}))  # type: ignore[arg-type]
    last = onnx.load_model_from_string(network).graph.output[0].type.tensor_type.shape.dim[1].dim_value
    fields: dict[str, Any] = {
        "model": files.add(network),
        "inputs": ports(inputs.shape[1]),
        "outputs": outputs(last),
        "regions": regions,
        "condition": KeepLabel(),
    }
    return Statement(**(fields | more))


def box_statement(files: Files, network: bytes, boxes: Sequence[tuple[Floats, Floats]], **more: Any) -> Statement:
    """A condition (given in `more`) over explicit boxes."""
    count = len(boxes[0][0])
    named = tuple(
        NamedBox(
            id=f"box {number}",
            ranges={
                f"x{i}": Range(lower=float(low), upper=float(high), unit="1")
                for i, (low, high) in enumerate(zip(*box, strict=True))
            },
        )
        for number, box in enumerate(boxes)
    )
    last = onnx.load_model_from_string(network).graph.output[0].type.tensor_type.shape.dim[1].dim_value
    fields: dict[str, Any] = {
        "model": files.add(network),
        "inputs": ports(count),
        "outputs": outputs(last),
        "regions": Boxes(boxes=named),
    }
    return Statement(**(fields | more))


def task(statement: Statement, files: Files, **parameters: Any) -> Task:
    return Task(statement, expand(statement, files.__getitem__), files[statement.model], parameters)


def float_trap() -> tuple[bytes, Floats, Floats]:
    """y = ReLU(x + 2^27) - 2^27 - 0.5: in [0.4, 0.5] over the reals on [0.9, 1], -0.5 in every float32 execution."""
    constants = {"big": np.array([2.0**27], np.float32), "half": np.array([0.5], np.float32)}
    nodes = [
        helper.make_node("Add", ["x", "big"], ["a"]),
        helper.make_node("Relu", ["a"], ["r"]),
        helper.make_node("Sub", ["r", "big"], ["s"]),
        helper.make_node("Sub", ["s", "half"], ["y"]),
    ]
    return model(nodes, constants, ["batch", 1], ["batch", 1]), np.array([0.9]), np.array([1.0])
