"""From the bytes of an ONNX file to its nodes and constants, strictly: what is not known to the last bit is refused.

It shares only the protobuf classes of the `onnx` package with the engines' reader. Refused (N152) are external data,
element types other than float, double and integers, values that are not finite, functions, sparse weights, other
operator sets. What the nodes mean: operators.py.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from evidence.checker.refusals import N_NETWORK, Refused

OPSETS = range(7, 25)
"""Versions of the ONNX operator set over which the operators that are read kept their meaning."""
MAX_BYTES = 256_000_000
MAX_WIDTH = 2**18
"""Numbers in one tensor that flows through the network."""
FLOAT, INT32, INT64, BOOL, DOUBLE = 1, 6, 7, 9, 11
_TENSOR_TYPES = {
    FLOAT: ("<f4", "float_data"),
    DOUBLE: ("<f8", "double_data"),
    INT64: ("<i8", "int64_data"),
    INT32: ("<i4", "int32_data"),
    BOOL: ("?", "int32_data"),
}
_ATTRIBUTE_FIELDS = {1: "f", 2: "i", 3: "s", 4: "t", 6: "floats", 7: "ints"}


@dataclass(frozen=True)
class Node:
    """One node: operator, names of inputs ("" where left out) and outputs, attributes by name."""

    name: str
    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Any]


@dataclass(frozen=True)
class File:
    """nodes in file order; constants: float values as float64, integers as int64; single: all floats are binary32."""

    opset: int
    nodes: tuple[Node, ...]
    constants: dict[str, NDArray[Any]]
    input: str
    shape: tuple[int, ...]
    output: str
    single: bool


def refused(reason: str) -> Refused:
    """The refusal N152 with a reason."""
    return Refused.of(N_NETWORK, reason)


def load(data: bytes) -> File:
    """Read a file. Raises Refused N152."""
    if len(data) > MAX_BYTES:
        raise refused(f"{len(data)} bytes are more than {MAX_BYTES}")
    model = onnx.ModelProto()
    try:
        model.ParseFromString(data)
    except Exception as error:  # the protobuf package's own exception; its module is no dependency of ours
        raise refused(f"not an ONNX file ({type(error).__name__})") from None
    versions = [item.version for item in model.opset_import if item.domain in ("", "ai.onnx")]
    if len(versions) != 1 or versions[0] not in OPSETS:
        raise refused(f"operator set version {versions}, known are {OPSETS[0]} to {OPSETS[-1]}")
    if model.functions or model.training_info or model.graph.sparse_initializer:
        raise refused("functions, training information and sparse weights are not read")
    graph = model.graph
    constants = {proto.name: tensor(proto) for proto in graph.initializer}
    if len(constants) != len(graph.initializer) or "" in constants:
        raise refused("the name of a constant is empty or occurs twice")
    ports = [port for port in graph.input if port.name not in constants]
    if len(ports) != 1 or len(graph.output) != 1 or not ports[0].name:
        raise refused(f"{len(ports)} inputs and {len(graph.output)} outputs, one of each is read")
    nodes = tuple(_node(proto) for proto in graph.node)
    types = {proto.data_type for proto in graph.initializer} | {ports[0].type.tensor_type.elem_type}
    types |= {proto.t.data_type for node in graph.node for proto in node.attribute if proto.type == 4}
    types |= {node.attributes.get("to") for node in nodes if node.operator == "Cast"}
    return File(
        versions[0], nodes, constants, ports[0].name, _shape(ports[0]), graph.output[0].name, DOUBLE not in types
    )


def tensor(proto: Any) -> NDArray[Any]:
    """The array of a TensorProto. Raises Refused when it lies elsewhere, is of another type or not finite."""
    if proto.data_location != 0 or proto.external_data or proto.HasField("segment"):
        raise refused(f"tensor {proto.name!r} is stored outside the file or in pieces")
    if proto.data_type not in _TENSOR_TYPES:
        raise refused(f"tensor {proto.name!r} has element type {proto.data_type}")
    dtype, field = _TENSOR_TYPES[proto.data_type]
    listed = getattr(proto, field)
    if len(proto.raw_data) and len(listed):
        raise refused(f"tensor {proto.name!r} holds its values twice")
    raw = bytes(proto.raw_data)
    shape = tuple(proto.dims)
    count = math.prod(shape)
    if min(shape, default=1) < 1 or count != (len(raw) / np.dtype(dtype).itemsize if raw else len(listed)):
        raise refused(f"tensor {proto.name!r} of shape {list(shape)} is empty or holds another number of values")
    flat = np.frombuffer(raw, dtype) if raw else np.array(listed, dtype)
    if flat.dtype.kind != "f":
        return flat.astype(np.int64).reshape(shape)
    values = flat.astype(np.float64).reshape(shape)
    if not np.isfinite(values).all():
        raise refused(f"tensor {proto.name!r} holds NaN or infinite values")
    return values


def _node(proto: Any) -> Node:
    if proto.domain not in ("", "ai.onnx"):
        raise refused(f"node {proto.name!r}: operator {proto.domain}::{proto.op_type} is not read")
    attributes: dict[str, Any] = {}
    for item in proto.attribute:
        if item.type not in _ATTRIBUTE_FIELDS or item.ref_attr_name or item.name in attributes:
            raise refused(f"node {proto.name!r}: attribute {item.name!r} of {proto.op_type} is not read, or repeats")
        value = getattr(item, _ATTRIBUTE_FIELDS[item.type])
        if item.type in (1, 6) and not np.isfinite(value).all():
            raise refused(f"node {proto.name!r}: attribute {item.name!r} is NaN or infinite")
        attributes[item.name] = tuple(value) if item.type in (6, 7) else tensor(value) if item.type == 4 else value
    return Node(proto.name, proto.op_type, tuple(proto.input), tuple(proto.output), attributes)


def _shape(port: Any) -> tuple[int, ...]:
    """Fixed sizes of the input; a free first axis is the batch, of which one is looked at."""
    dims = port.type.tensor_type.shape.dim
    shape = [dim.dim_value if dim.HasField("dim_value") else -1 for dim in dims]
    if shape and shape[0] == -1:
        shape[0] = 1
    if min(shape, default=1) < 1 or math.prod(shape) > MAX_WIDTH:
        raise refused(f"the input {port.name!r} has no fixed size, or is too large")
    if port.type.tensor_type.elem_type not in (FLOAT, DOUBLE):
        raise refused(f"the input {port.name!r} is not a floating-point tensor")
    return tuple(shape)
