"""ONNX bytes -> the parsed graph, its stored constants, and its one input and one output, all within limits.

Files are not trusted: sizes are compared before anything is allocated for them, nothing outside the bytes is read.
Not here: what the nodes mean (reading.py).
"""

from __future__ import annotations

import math
from collections.abc import Container
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from evidence.diagnostics import Place
from evidence.errors import InputError, UnsupportedError
from evidence.network.operators import Shape
from evidence.network.refusals import (
    MAX_MODEL_BYTES,
    MAX_NODES,
    MAX_RANK,
    MAX_WEIGHTS,
    N_EXTERNAL,
    N_FIT,
    N_LARGE,
    N_MODEL,
    N_OPERATOR,
    N_OPSET,
    N_PORTS,
    N_WEIGHT,
    OPSETS,
)

TYPES = ("float32", "float64", "float16", "int64", "int32", "bool")
"""Types of stored numbers that may occur; only float32 ones take part in the network's own arithmetic."""


@dataclass(frozen=True)
class Parsed:
    """A model file whose outer form is sound. opset: version of the standard operator set."""

    graph: Any
    opset: int


def parse(data: bytes, name: str, opsets: range = OPSETS) -> Parsed:
    """Parse and check what lies around the nodes. Raises InputError or UnsupportedError N110, N112, N115, N118."""
    if len(data) > MAX_MODEL_BYTES:
        raise InputError.of(N_LARGE, f"{len(data)} bytes", Place(name), expected=f"at most {MAX_MODEL_BYTES}")
    try:
        model = onnx.load_model_from_string(data)
    except Exception as error:  # protobuf's own error class differs between its versions
        raise InputError.of(N_MODEL, f"cannot be parsed: {str(error)[:200]}", Place(name)) from None
    graph = model.graph
    if not graph.node or not graph.input:
        raise InputError.of(N_MODEL, "the file holds no network", Place(name))
    if model.functions:
        raise UnsupportedError.of(N_OPERATOR, f"model function {model.functions[0].name[:200]!r}", Place(name))
    standard = [item.version for item in model.opset_import if item.domain in ("", "ai.onnx")]
    if len(standard) != 1 or standard[0] not in opsets:
        raise UnsupportedError.of(
            N_OPSET,
            f"operator set {', '.join(map(str, standard[:5])) or 'not given'}",
            Place(name),
            expected=f"{opsets.start} to {opsets.stop - 1}",
        )
    if len(graph.node) > MAX_NODES:
        raise UnsupportedError.of(N_LARGE, f"{len(graph.node)} nodes", Place(name), expected=f"<= {MAX_NODES}")
    return Parsed(graph, int(standard[0]))


def stored(graph: Any, name: str) -> dict[str, NDArray[Any]]:
    """The initializers by name. Raises InputError or UnsupportedError N110..N115."""
    if graph.sparse_initializer:
        raise UnsupportedError.of(N_OPERATOR, "sparse weights", Place(name))
    total = 0
    arrays: dict[str, NDArray[Any]] = {}
    for tensor in graph.initializer:
        total += math.prod(tensor.dims)
        if total > MAX_WEIGHTS:
            raise UnsupportedError.of(N_LARGE, f"more than {MAX_WEIGHTS} weights", Place(name, element=tensor.name))
        if tensor.name in arrays or not tensor.name:
            raise InputError.of(
                N_MODEL, f"two weights are named {tensor.name[:200]!r}, or one has no name", Place(name)
            )
        arrays[tensor.name] = array_of(tensor, name, tensor.name)
    return arrays


def array_of(tensor: Any, name: str, element: str) -> NDArray[Any]:
    """The numbers of a TensorProto. Raises InputError or UnsupportedError N110..N112, N114, N115."""
    element = element[:200]
    place = Place(name, element=element)
    if tensor.data_location == onnx.TensorProto.EXTERNAL or tensor.external_data:
        raise UnsupportedError.of(N_EXTERNAL, f"{element!r} lies in another file", place)
    if len(tensor.dims) > MAX_RANK or any(size < 0 for size in tensor.dims) or math.prod(tensor.dims) > MAX_WEIGHTS:
        raise UnsupportedError.of(N_LARGE, f"{element!r} has shape {list(tensor.dims[:MAX_RANK])}", place)
    try:
        kind = onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type).name
    except (KeyError, ValueError, TypeError):
        kind = "unknown"
    if kind not in TYPES:
        raise UnsupportedError.of(
            N_OPERATOR, f"{element!r} holds numbers of type {kind}", place, expected=", ".join(TYPES)
        )
    try:
        array = np.asarray(onnx.numpy_helper.to_array(tensor))
    except (ValueError, TypeError, KeyError, NotImplementedError, OverflowError) as error:
        raise InputError.of(N_MODEL, f"{element!r} cannot be read: {str(error)[:200]}", place) from None
    if array.shape != tuple(tensor.dims) or array.dtype.name != kind:
        raise InputError.of(N_MODEL, f"{element!r} cannot be read: {array.shape} {array.dtype}", place)
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise InputError.of(N_WEIGHT, f"{element!r} holds NaN or infinite numbers", place)
    return array


def entry(graph: Any, constants: Container[str], name: str, double: bool = False) -> tuple[str, Shape, str]:
    """Name of the only input that is no weight, the shape of one sample, batch axis of one included, and its type.

    Float64 is accepted only if `double`. Raises UnsupportedError N115, N117.
    """
    ports = [port for port in graph.input if port.name not in constants]
    if len(ports) != 1:
        raise UnsupportedError.of(N_PORTS, f"{len(ports)} inputs", Place(name), expected="one input")
    port = ports[0]
    kind = _float_kind(port, name, double)
    place = Place(name, element=port.name[:200])
    dims = list(port.type.tensor_type.shape.dim)
    if not 2 <= len(dims) <= MAX_RANK:
        raise UnsupportedError.of(N_PORTS, f"{len(dims)} axes", place, expected="a batch axis and the input's axes")
    sizes = [dim.dim_value for dim in dims]  # 0 where the axis has a name or is open
    if sizes[0] not in (0, 1):
        raise UnsupportedError.of(N_PORTS, f"a fixed batch of {sizes[0]}", place, expected="an open batch, or one")
    if any(size < 1 for size in sizes[1:]):
        raise UnsupportedError.of(N_PORTS, "an axis of open length", place, expected="fixed lengths after the batch")
    if math.prod(sizes[1:]) > MAX_WEIGHTS:
        raise UnsupportedError.of(N_LARGE, f"{math.prod(sizes[1:])} inputs", place)
    return str(port.name), (1, *(int(size) for size in sizes[1:])), kind


def exit_of(graph: Any, name: str, double: bool = False) -> tuple[str, tuple[int, ...] | None]:
    """Name of the only output and its declared shape, 0 for open axes, or None when it declares none (N117)."""
    if len(graph.output) != 1:
        raise UnsupportedError.of(N_PORTS, f"{len(graph.output)} outputs", Place(name), expected="one output")
    port = graph.output[0]
    _float_kind(port, name, double)
    tensor = port.type.tensor_type
    return str(port.name), tuple(int(dim.dim_value) for dim in tensor.shape.dim) if tensor.HasField("shape") else None


def require_declared(shape: Shape, declared: tuple[int, ...] | None, name: str) -> None:
    """Raise InputError N116 when the computed shape of the output is not the declared one."""
    if declared is None:
        return
    agree = len(declared) == len(shape) and all(d in (0, s) for d, s in zip(declared, shape, strict=True))
    if not agree:
        raise InputError.of(
            N_FIT,
            f"the output has shape {list(shape)}",
            Place(name),
            expected=f"{list(declared[:MAX_RANK])}, as declared",
        )


def _float_kind(port: Any, name: str, double: bool) -> str:
    kinds = {onnx.TensorProto.FLOAT: "float32"} | ({onnx.TensorProto.DOUBLE: "float64"} if double else {})
    kind = kinds.get(port.type.tensor_type.elem_type) if port.type.WhichOneof("value") == "tensor_type" else None
    if kind is None:
        label, expected = port.name[:200], " or ".join(kinds.values())
        raise UnsupportedError.of(
            N_PORTS, f"{label!r} is no {expected} tensor", Place(name, element=label), expected=expected
        )
    return kind
