"""From the bytes of an ONNX file to a chain of affine layers and ReLUs: the checker's own reader.

It shares only the protobuf classes of the `onnx` package with the engines' reader. It walks the nodes once, in
file order; the value that flows through is one tensor, whose shape is followed exactly and which is read as a flat
vector in row-major order. Whatever it does not know, it refuses (N152): another operator, attribute, element type,
opset, a branch, an unused node, external data, a weight that is not finite. Nothing is skipped or guessed.
The network is read as a function over the real numbers: float32 weights are exact in float64, casts between
floating-point types are the identity, a division by c is kept as a product with 1/c, rounded once (see
`dual.py`, which counts that rounding). Consecutive affine maps are not multiplied out: that would round.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from evidence.checker.refusals import N_NETWORK, Refused
from evidence.checker.rounding import Floats

OPSETS = range(7, 25)
"""Versions of the ONNX operator set over which the operators below kept their meaning."""
MAX_BYTES = 256_000_000
MAX_WIDTH = 2**18
"""Numbers that one layer may take or give."""
_FLOAT, _DOUBLE, _INT64 = 1, 11, 7
_TENSOR_TYPES = {_FLOAT: ("<f4", "float_data"), _DOUBLE: ("<f8", "double_data"), _INT64: ("<i8", "int64_data")}


@dataclass(frozen=True)
class Layer:
    """z = weight @ a + bias, then max(z, 0) if `relu`. weight: [out, in], or [n] for a diagonal matrix."""

    weight: Floats
    bias: Floats
    relu: bool = False

    @cached_property
    def weight_size(self) -> Floats:
        return np.abs(self.weight)

    @cached_property
    def bias_size(self) -> Floats:
        return np.abs(self.bias)

    @property
    def inputs(self) -> int:
        return int(self.weight.shape[-1])

    @property
    def outputs(self) -> int:
        return len(self.bias)


def read(data: bytes) -> tuple[Layer, ...]:
    """The network's layers, the last one without ReLU. Raises Refused N152 with the node and the reason."""
    if len(data) > MAX_BYTES:
        raise _refused(f"{len(data)} bytes are more than {MAX_BYTES}")
    model = onnx.ModelProto()
    try:
        model.ParseFromString(data)
    except Exception as error:  # the protobuf package's own exception; its module is no dependency of ours
        raise _refused(f"not an ONNX file ({type(error).__name__})") from None
    versions = [item.version for item in model.opset_import if item.domain in ("", "ai.onnx")]
    if len(versions) != 1 or versions[0] not in OPSETS:
        raise _refused(f"operator set version {versions}, known are {OPSETS[0]} to {OPSETS[-1]}")
    if model.functions or model.training_info or model.graph.sparse_initializer:
        raise _refused("functions, training information and sparse weights are not read")
    return _Walk(model.graph).layers()


def _refused(reason: str) -> Refused:
    return Refused.of(N_NETWORK, reason)


def _tensor(proto: Any) -> NDArray[Any]:
    """The array of a TensorProto. Raises Refused when it lies elsewhere, is of another type or not finite."""
    if proto.data_location != 0 or proto.external_data or proto.HasField("segment"):
        raise _refused(f"tensor {proto.name!r} is stored outside the file or in pieces")
    if proto.data_type not in _TENSOR_TYPES:
        raise _refused(f"tensor {proto.name!r} has element type {proto.data_type}")
    dtype, field = _TENSOR_TYPES[proto.data_type]
    listed = getattr(proto, field)
    if len(proto.raw_data) and len(listed):
        raise _refused(f"tensor {proto.name!r} holds its values twice")
    raw = bytes(proto.raw_data)
    shape = tuple(proto.dims)
    count = math.prod(shape)
    if min(shape, default=1) < 1 or count != (len(raw) / np.dtype(dtype).itemsize if raw else len(listed)):
        raise _refused(f"tensor {proto.name!r} of shape {list(shape)} is empty or holds another number of values")
    flat = np.frombuffer(raw, dtype) if raw else np.array(listed, dtype)
    if proto.data_type == _INT64:
        return flat.reshape(shape)
    values = flat.astype(np.float64).reshape(shape)
    if not np.isfinite(values).all():
        raise _refused(f"tensor {proto.name!r} holds NaN or infinite values")
    return values


class _Walk:
    """One pass over the nodes. `current` names the tensor that flows, `shape` is its shape for a batch of one."""

    def __init__(self, graph: Any) -> None:
        self.graph = graph
        self.names: set[str] = set()
        self.constants = {self._new(proto.name): _tensor(proto) for proto in graph.initializer}
        ports = [port for port in graph.input if port.name not in self.constants]
        if len(ports) != 1 or len(graph.output) != 1:
            raise _refused(f"{len(ports)} inputs and {len(graph.output)} outputs, one of each is read")
        self.current = self._new(ports[0].name)
        self.shape = _input_shape(ports[0])
        self.chain: list[Layer] = []

    def layers(self) -> tuple[Layer, ...]:
        for node in self.graph.node:
            if node.op_type not in _OPERATORS or node.domain not in ("", "ai.onnx") or len(node.output) != 1:
                raise _refused(f"node {node.name!r}: operator {node.domain}::{node.op_type} is not read")
            step, arity, allowed = _OPERATORS[node.op_type]
            attributes = _attributes(node, allowed)
            if node.op_type == "Constant":
                if not node.attribute or node.input:
                    raise _refused(f"node {node.name!r}: a Constant without a tensor")
                self.constants[self._new(node.output[0])] = _tensor(attributes["value"])
                continue
            inputs = list(node.input)
            while inputs and not inputs[-1]:  # an optional input that is left out
                inputs.pop()
            operands = [self.constants.get(name) for name in inputs if name != self.current]
            known = [operand for operand in operands if operand is not None]
            if inputs.count(self.current) != 1 or len(known) != len(inputs) - 1:
                raise _refused(f"node {node.name!r}: {inputs} are not {self.current!r} and constants: not a chain")
            if len(known) not in arity or any(value.dtype != np.float64 for value in known) != (step is _Walk._reshape):
                raise _refused(f"node {node.name!r}: {node.op_type} with {len(known)} constants, or of another type")
            try:
                step(self, node.op_type, known, inputs.index(self.current), **attributes)
            except ValueError as error:
                shapes = ", ".join(str(list(value.shape)) for value in known)
                raise _refused(f"node {node.name!r}: {node.op_type} of {list(self.shape)} {shapes}: {error}") from None
            self.current = self._new(node.output[0])
        if self.graph.output[0].name != self.current:
            raise _refused("the last node does not give the network's output")
        if not self.chain or self.chain[-1].relu:
            self._scaled(np.ones(self.size), np.zeros(self.size))
        widest = max(max(layer.inputs, layer.outputs) for layer in self.chain)
        if widest > MAX_WIDTH:
            raise _refused(f"a layer of {widest} numbers is wider than {MAX_WIDTH}")
        return tuple(self.chain)

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    def _new(self, name: str) -> str:
        if name in self.names or not name:
            raise _refused(f"the name {name!r} is empty or given twice")
        self.names.add(name)
        return name

    def _scaled(self, weight: Floats, bias: Floats) -> None:
        self.chain.append(Layer(weight, bias))

    def _affine(self, weight: Floats, bias: Floats | None) -> None:
        self.chain.append(Layer(np.ascontiguousarray(weight), np.zeros(len(weight)) if bias is None else bias.copy()))

    # The operators. `known` are the constant inputs, `at` is the place of the current tensor among all inputs.
    # Each changes `chain` and `shape`, or raises ValueError with the reason why it does not read this use.

    def _elementwise(self, operator: str, known: list[NDArray[Any]], at: int) -> None:
        value = known[0]
        shape = np.broadcast_shapes(self.shape, value.shape)
        if math.prod(shape) != self.size or len(shape) < len(self.shape):
            raise ValueError("broadcasting changes the size")
        self.shape = shape
        c = np.broadcast_to(value, shape).reshape(-1).copy()
        one, zero = np.ones(self.size), np.zeros(self.size)
        last = self.chain[-1] if self.chain else None
        if operator == "Add" and last is not None and not last.relu and not last.bias.any():
            self.chain[-1] = replace(last, bias=c)  # W a + 0 + c is exact
        elif operator == "Add":
            self._scaled(one, c)
        elif operator == "Sub":
            self._scaled(-one if at else one, c if at else -c)
        elif operator == "Mul":
            self._scaled(c, zero)
        elif at or not ((np.abs(c) > 1e-150) & (np.abs(c) < 1e150)).all():
            raise ValueError("only divisions by constants of ordinary size are read")
        else:
            self._scaled(1.0 / c, zero)

    def _matmul(self, operator: str, known: list[NDArray[Any]], at: int) -> None:
        value = known[0]
        axis = -2 if at and len(self.shape) > 1 else -1  # over which axis the current tensor is contracted
        if value.ndim != 2 or not self.shape or self.shape[axis] != self.size:
            raise ValueError("not a matrix times a vector")
        weight = value if at else value.T
        if weight.shape[1] != self.size:
            raise ValueError("the sizes do not fit")
        shape = list(self.shape)  # the other axes have length 1
        shape[axis] = len(weight)
        self.shape = tuple(shape)
        self._affine(weight, None)

    def _gemm(
        self, operator: str, known: list[NDArray[Any]], at: int, alpha: float, beta: float, transA: int, transB: int
    ) -> None:
        weight, *rest = known
        if alpha != 1.0 or beta != 1.0 or transA or transB not in (0, 1) or at:
            raise ValueError("alpha, beta, transA and a constant first factor are not read")
        weight = weight if transB else weight.T
        if len(self.shape) != 2 or weight.ndim != 2 or self.shape != (1, weight.shape[1]):
            raise ValueError("the sizes do not fit")
        self.shape = (1, len(weight))
        self._affine(weight, np.broadcast_to(rest[0], self.shape).reshape(-1) if rest else None)

    def _relu(self, operator: str, known: list[NDArray[Any]], at: int) -> None:
        if not self.chain:
            self._scaled(np.ones(self.size), np.zeros(self.size))
        self.chain[-1] = replace(self.chain[-1], relu=True)

    def _identity(self, operator: str, known: list[NDArray[Any]], at: int) -> None:
        """Nothing happens over the real numbers."""

    def _cast(self, operator: str, known: list[NDArray[Any]], at: int, to: int) -> None:
        if to not in (_FLOAT, _DOUBLE):
            raise ValueError("only casts to float and double are read")

    def _flatten(self, operator: str, known: list[NDArray[Any]], at: int, axis: int) -> None:
        rank = len(self.shape)
        if not -rank <= axis <= rank:
            raise ValueError(f"no axis {axis}")
        head = math.prod(self.shape[: axis + rank if axis < 0 else axis])
        self.shape = (head, self.size // head)

    def _reshape(self, operator: str, known: list[NDArray[Any]], at: int, allowzero: int) -> None:
        if known[0].ndim != 1 or at:
            raise ValueError("the shape is no list")
        wanted = [int(d) for d in known[0]]
        for axis, d in enumerate(wanted):
            if d == 0 and not allowzero and axis < len(self.shape):
                wanted[axis] = self.shape[axis]
        fixed = math.prod(d for d in wanted if d != -1)
        if wanted.count(-1) == 1 and fixed > 0:
            wanted[wanted.index(-1)] = self.size // fixed
        if min(wanted, default=1) < 1 or math.prod(wanted) != self.size:
            raise ValueError(f"no shape {known[0].tolist()}")
        self.shape = tuple(wanted)


def _input_shape(port: Any) -> tuple[int, ...]:
    """Fixed sizes of the input; a free first axis is the batch, of which one is looked at."""
    dims = port.type.tensor_type.shape.dim
    shape = [dim.dim_value if dim.HasField("dim_value") else -1 for dim in dims]
    if shape and shape[0] == -1:
        shape[0] = 1
    if min(shape, default=1) < 1 or math.prod(shape) >= 2**24:
        raise _refused(f"the input {port.name!r} has no fixed size, or is too large")
    if port.type.tensor_type.elem_type not in (_FLOAT, _DOUBLE):
        raise _refused(f"the input {port.name!r} is not a floating-point tensor")
    return tuple(shape)


def _attributes(node: Any, allowed: dict[str, Any]) -> dict[str, Any]:
    """Values of the node's attributes, else the given defaults. Another name or type is refused."""
    found = dict(allowed)
    for item in node.attribute:
        kind, field = {float: (1, "f"), int: (2, "i")}.get(type(allowed.get(item.name)), (4, "t"))
        twice = sum(other.name == item.name for other in node.attribute) > 1
        if item.name not in allowed or item.type != kind or item.ref_attr_name or twice:
            raise _refused(f"node {node.name!r}: attribute {item.name!r} of {node.op_type} is not read")
        found[item.name] = getattr(item, field)
    return found


_OPERATORS: dict[str, tuple[Callable[..., None], range, dict[str, Any]]] = {
    "Gemm": (_Walk._gemm, range(1, 3), {"alpha": 1.0, "beta": 1.0, "transA": 0, "transB": 0}),
    "MatMul": (_Walk._matmul, range(1, 2), {}),
    "Add": (_Walk._elementwise, range(1, 2), {}),
    "Sub": (_Walk._elementwise, range(1, 2), {}),
    "Mul": (_Walk._elementwise, range(1, 2), {}),
    "Div": (_Walk._elementwise, range(1, 2), {}),
    "Relu": (_Walk._relu, range(1), {}),
    "Identity": (_Walk._identity, range(1), {}),
    "Cast": (_Walk._cast, range(1), {"to": 0}),
    "Flatten": (_Walk._flatten, range(1), {"axis": 1}),
    "Reshape": (_Walk._reshape, range(1, 2), {"allowzero": 0}),
    "Constant": (_Walk._identity, range(1), {"value": None}),
}
"""How each operator is read, with how many constants, and the attributes it may have, with their defaults."""
