"""ONNX bytes -> a chain of affine maps and ReLUs, for the engines.

Read are float32 networks with one input and one output whose nodes form a chain of Gemm, MatMul, Add, Sub, Mul
and Div with constants, Relu, Flatten, Reshape, Identity and Cast to float32. Inputs and outputs are treated as
flat vectors of one sample (the first axis of the model's input is the batch). Consecutive affine nodes are merged,
in float64, into one layer: the chain is the same function over the real numbers up to that rounding.
Everything else is refused with one coded error that names the node; nothing is skipped or guessed.

Not here: other architectures, quantised operators, float32 semantics (evidence/replay.py executes the bytes
themselves). The independent checker has its own reader and uses nothing of this module.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from numpy.typing import NDArray

from evidence.diagnostics import Code, Place, Severity, code
from evidence.errors import AssuranceError, InputError, UnsupportedError
from evidence.provenance import require
from evidence.regions import Floats

if TYPE_CHECKING:
    import torch

MAX_MODEL_BYTES = 512_000_000
MAX_WEIGHTS = 50_000_000
"""Numbers in all constants together, and in any one merged weight matrix."""
MAX_NODES = 2_000

N_MODEL = code("N110", Severity.ERROR, "not a readable ONNX model", "give the .onnx file that the exporter wrote")
N_EXTERNAL = code(
    "N111",
    Severity.ERROR,
    "weights outside the model file",
    "save the model in one file (onnx.save with save_as_external_data=False)",
)
N_OPERATOR = code(
    "N112",
    Severity.ERROR,
    "unsupported operator or attribute",
    "export the network as a chain of Gemm, MatMul, Add, Sub, Mul, Div, Relu, Flatten, Reshape, Identity",
)
N_CHAIN = code(
    "N113", Severity.ERROR, "the network is not a chain", "branches, skips and unused nodes are not supported"
)
N_WEIGHT = code("N114", Severity.ERROR, "NaN or infinite weight", "train or export the network again")
N_LARGE = code("N115", Severity.ERROR, "network too large", "use a smaller network")
N_FIT = code("N116", Severity.ERROR, "shapes inside the network do not fit", "export the network again")
N_PORTS = code(
    "N117",
    Severity.ERROR,
    "unsupported input or output of the network",
    "one float32 input with the batch as first axis and one float32 output",
)
N_OPSET = code("N118", Severity.ERROR, "unsupported operator set", "export with the standard operator set, 7 or later")


@dataclass(frozen=True, eq=False)
class Affine:
    """y = weight @ x + bias. weight: [out, in]; bias: [out]; float64, read-only."""

    weight: Floats
    bias: Floats


@dataclass(frozen=True)
class Relu:
    """y = max(x, 0) for each of `size` neurons."""

    size: int


Layer = Affine | Relu


@dataclass(frozen=True, eq=False)
class Network:
    """A chain network. inputs, outputs: lengths of its vectors; no two affine layers follow each other.

    input_shape: the shape, batch of one included, in which the ONNX model takes a sample.
    """

    name: str
    inputs: int
    outputs: int
    layers: tuple[Layer, ...]
    input_shape: tuple[int, ...]

    def forward(self, x: Floats) -> Floats:
        """Outputs [B, outputs] for inputs x [B, inputs], in float64."""
        values = np.asarray(x, dtype=np.float64)
        for layer in self.layers:
            if isinstance(layer, Affine):
                values = values @ layer.weight.T + layer.bias
            else:
                values = np.maximum(values, 0.0)
        return values

    @property
    def relus(self) -> tuple[int, ...]:
        """Sizes of the ReLU layers, in order."""
        return tuple(layer.size for layer in self.layers if isinstance(layer, Relu))


def read_network(data: bytes, name: str) -> Network:
    """Read an ONNX model. Raises InputError or UnsupportedError N110..N118 with file and node in its place."""
    graph = _graph(data, name)
    constants = _constants(graph, name)
    shape, tensor = _input(graph, constants, name)
    chain = _Chain(name, constants, shape, tensor)
    for node in graph.node:
        chain.take(node)
    if len(graph.output) != 1:
        raise UnsupportedError.of(N_PORTS, f"{len(graph.output)} outputs", Place(name), expected="one output")
    output = graph.output[0]
    _require_float(output, name)
    if output.name != chain.tensor:
        raise UnsupportedError.of(
            N_CHAIN, f"the chain ends in {chain.tensor!r}, not in the output {output.name!r}", Place(name)
        )
    inputs, outputs = math.prod(shape), math.prod(chain.shape)
    return Network(name, inputs, outputs, chain.layers(), shape)


def to_torch(network: Network, dtype: torch.dtype) -> torch.nn.Sequential:
    """The network as a torch module in evaluation mode, without gradients of its weights.

    Raises MissingLibraryError E110 when torch is absent.
    """
    require("torch")
    import torch

    modules: list[torch.nn.Module] = []
    for layer in network.layers:
        if isinstance(layer, Affine):
            linear = torch.nn.Linear(layer.weight.shape[1], layer.weight.shape[0], dtype=dtype)
            with torch.no_grad():
                linear.weight.copy_(torch.tensor(layer.weight))
                linear.bias.copy_(torch.tensor(layer.bias))
            modules.append(linear)
        else:
            modules.append(torch.nn.ReLU())
    return torch.nn.Sequential(*modules).eval().requires_grad_(False)


# --- reading ---------------------------------------------------------------------------------------------------


def _graph(data: bytes, name: str) -> Any:
    if len(data) > MAX_MODEL_BYTES:
        raise InputError.of(N_LARGE, f"{len(data)} bytes", Place(name), expected=f"at most {MAX_MODEL_BYTES}")
    try:
        model = onnx.load_model_from_string(data)
    except Exception as error:  # protobuf's own error class differs between its versions
        raise InputError.of(N_MODEL, f"cannot be parsed: {error}", Place(name)) from None
    if not model.graph.node or not model.graph.input:
        raise InputError.of(N_MODEL, "the file holds no network", Place(name))
    if model.functions:
        raise UnsupportedError.of(N_OPERATOR, f"model function {model.functions[0].name!r}", Place(name))
    standard = [item.version for item in model.opset_import if item.domain in ("", "ai.onnx")]
    if len(standard) != 1 or standard[0] < 7:
        raise UnsupportedError.of(
            N_OPSET, f"operator set {', '.join(map(str, standard)) or 'not given'}", Place(name), expected="7 or later"
        )
    if len(model.graph.node) > MAX_NODES:
        raise UnsupportedError.of(N_LARGE, f"{len(model.graph.node)} nodes", Place(name), expected=f"<= {MAX_NODES}")
    return model.graph


def _constants(graph: Any, name: str) -> dict[str, NDArray[Any]]:
    if graph.sparse_initializer:
        raise UnsupportedError.of(N_OPERATOR, "sparse weights", Place(name))
    total = 0
    constants: dict[str, NDArray[Any]] = {}
    for tensor in graph.initializer:
        total += math.prod(tensor.dims)
        if total > MAX_WEIGHTS:
            raise UnsupportedError.of(N_LARGE, f"more than {MAX_WEIGHTS} weights", Place(name, element=tensor.name))
        if tensor.name in constants:
            raise InputError.of(N_MODEL, f"two weights are named {tensor.name!r}", Place(name))
        constants[tensor.name] = _array(tensor, name, tensor.name)
    return constants


def _array(tensor: Any, name: str, element: str) -> NDArray[Any]:
    place = Place(name, element=element)
    if tensor.data_location == onnx.TensorProto.EXTERNAL or tensor.external_data:
        raise UnsupportedError.of(N_EXTERNAL, f"{element!r} lies in another file", place)
    if any(size < 0 for size in tensor.dims) or math.prod(tensor.dims) > MAX_WEIGHTS:
        raise UnsupportedError.of(N_LARGE, f"{element!r} has shape {list(tensor.dims)}", place)
    try:
        array = np.asarray(onnx.numpy_helper.to_array(tensor))
    except (ValueError, TypeError, KeyError, NotImplementedError) as error:
        raise InputError.of(N_MODEL, f"{element!r} cannot be read: {error}", place) from None
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise InputError.of(N_WEIGHT, f"{element!r} holds NaN or infinite numbers", place)
    return array


def _require_float(port: Any, name: str) -> None:
    kind = port.type.tensor_type.elem_type
    if port.type.WhichOneof("value") != "tensor_type" or kind != onnx.TensorProto.FLOAT:
        raise UnsupportedError.of(
            N_PORTS, f"{port.name!r} is no float32 tensor", Place(name, element=port.name), expected="float32"
        )


def _input(graph: Any, constants: Mapping[str, object], name: str) -> tuple[tuple[int, ...], str]:
    """Shape of one sample, batch axis included, and name of the only input that is no weight."""
    ports = [port for port in graph.input if port.name not in constants]
    if len(ports) != 1:
        raise UnsupportedError.of(N_PORTS, f"{len(ports)} inputs", Place(name), expected="one input")
    port = ports[0]
    _require_float(port, name)
    place = Place(name, element=port.name)
    dims = list(port.type.tensor_type.shape.dim)
    if len(dims) < 2:
        raise UnsupportedError.of(N_PORTS, f"{len(dims)} axes", place, expected="a batch axis and the input's axes")
    sizes = [dim.dim_value for dim in dims]  # 0 where the axis has a name or is open
    if sizes[0] not in (0, 1):
        raise UnsupportedError.of(N_PORTS, f"a fixed batch of {sizes[0]}", place, expected="an open batch, or one")
    if any(size < 1 for size in sizes[1:]):
        raise UnsupportedError.of(N_PORTS, "an axis of open length", place, expected="fixed lengths after the batch")
    if math.prod(sizes[1:]) > MAX_WEIGHTS:
        raise UnsupportedError.of(N_LARGE, f"{math.prod(sizes[1:])} inputs", place)
    return (1, *sizes[1:]), str(port.name)


_ATTRIBUTES: dict[str, frozenset[str]] = {
    "Gemm": frozenset({"alpha", "beta", "transA", "transB"}),
    "MatMul": frozenset(),
    "Add": frozenset(),
    "Sub": frozenset(),
    "Mul": frozenset(),
    "Div": frozenset(),
    "Relu": frozenset(),
    "Flatten": frozenset({"axis"}),
    "Identity": frozenset(),
    "Reshape": frozenset({"allowzero"}),
    "Constant": frozenset({"value", "value_float", "value_floats", "value_int", "value_ints"}),
    "Cast": frozenset({"to"}),
}


class _Chain:
    """Follows one tensor through the nodes. `shape` is its shape for one sample; `layers()` what was done to it."""

    def __init__(self, name: str, constants: dict[str, NDArray[Any]], shape: tuple[int, ...], tensor: str) -> None:
        self.name = name
        self.constants = constants
        self.shape = shape
        self.tensor = tensor
        self._done: list[Layer] = []
        # Affine work since the last ReLU: weight (None: the identity) then scale and shift of each coordinate.
        self._weight: Floats | None = None
        self._scale: Floats | None = None
        self._shift: Floats | None = None
        self._node: Any = None

    def take(self, node: Any) -> None:
        """Apply one node to the chain, or refuse it."""
        self._node = node
        if node.domain not in ("", "ai.onnx") or node.op_type not in _ATTRIBUTES:
            raise self._refusal(N_OPERATOR, f"operator {node.op_type}", expected=", ".join(_ATTRIBUTES))
        attributes = {item.name: item for item in node.attribute}
        unknown = sorted(set(attributes) - _ATTRIBUTES[node.op_type])
        if unknown:
            raise self._refusal(N_OPERATOR, f"attribute {unknown[0]!r}")
        if len(node.output) != 1 or node.output[0] in self.constants or node.output[0] == self.tensor:
            raise self._refusal(N_CHAIN, f"outputs {list(node.output)}", expected="one new output")
        if node.op_type == "Constant":
            self.constants[node.output[0]] = self._constant(attributes)
            return
        followed = [i for i, item in enumerate(node.input) if item and item not in self.constants]
        if node.op_type == "Identity" and not followed and len(node.input) == 1:
            self.constants[node.output[0]] = self.constants[node.input[0]]
            return
        if len(followed) != 1 or node.input[followed[0]] != self.tensor:
            raise self._refusal(
                N_CHAIN, f"reads {list(node.input)}", expected=f"{self.tensor!r} once, beside it constants only"
            )
        rules: dict[str, Callable[[int, dict[str, Any]], None]] = {
            "Gemm": self._gemm,
            "MatMul": self._matmul,
            "Add": self._elementwise,
            "Sub": self._elementwise,
            "Mul": self._elementwise,
            "Div": self._elementwise,
            "Relu": self._relu,
            "Flatten": self._flatten,
            "Reshape": self._reshape,
            "Identity": self._identity,
            "Cast": self._cast,
        }
        rules[node.op_type](followed[0], attributes)
        self.tensor = str(node.output[0])

    def layers(self) -> tuple[Layer, ...]:
        """The layers so far, the pending affine work included."""
        self._finish()
        return tuple(self._done)

    # --- one method for each operator ---

    def _gemm(self, followed: int, attributes: dict[str, Any]) -> None:
        alpha = attributes["alpha"].f if "alpha" in attributes else 1.0
        beta = attributes["beta"].f if "beta" in attributes else 1.0
        if followed != 0 or ("transA" in attributes and attributes["transA"].i) or len(self.shape) != 2:
            raise self._refusal(N_OPERATOR, "Gemm is supported for a row vector times a constant matrix")
        if not (2 <= len(self._node.input) <= 3) or not math.isfinite(alpha) or not math.isfinite(beta):
            raise self._refusal(N_OPERATOR, "malformed Gemm")
        matrix = self._numbers(1)
        weight = matrix if "transB" in attributes and attributes["transB"].i else matrix.T
        self._multiply(weight * alpha)
        if len(self._node.input) == 3 and self._node.input[2]:
            self._add(self._broadcast(self._numbers(2)) * beta)

    def _matmul(self, followed: int, attributes: dict[str, Any]) -> None:
        if followed != 0:
            raise self._refusal(N_OPERATOR, "MatMul is supported for a row vector times a constant matrix")
        self._multiply(self._numbers(1).T)

    def _elementwise(self, followed: int, attributes: dict[str, Any]) -> None:
        kind = self._node.op_type
        if len(self._node.input) != 2:
            raise self._refusal(N_FIT, f"{len(self._node.input)} operands", expected="two")
        constant = self._broadcast(self._numbers(1 - followed))
        if kind == "Div" and (followed != 0 or (constant == 0).any()):
            raise self._refusal(N_OPERATOR, "Div is supported for division by constants other than zero")
        if kind in ("Mul", "Div"):
            self._scale_by(constant if kind == "Mul" else 1.0 / constant)
            return
        if kind == "Sub" and followed == 1:
            self._scale_by(np.full(len(constant), -1.0))
        self._add(-constant if kind == "Sub" and followed == 0 else constant)

    def _relu(self, followed: int, attributes: dict[str, Any]) -> None:
        self._finish()
        self._done.append(Relu(math.prod(self.shape)))

    def _flatten(self, followed: int, attributes: dict[str, Any]) -> None:
        axis = attributes["axis"].i if "axis" in attributes else 1
        rank = len(self.shape)
        if not -rank <= axis <= rank:
            raise self._refusal(N_FIT, f"axis {axis} for shape {self.shape}")
        axis = axis + rank if axis < 0 else axis
        self.shape = (math.prod(self.shape[:axis]), math.prod(self.shape[axis:]))

    def _reshape(self, followed: int, attributes: dict[str, Any]) -> None:
        if followed != 0 or len(self._node.input) != 2:
            raise self._refusal(N_OPERATOR, "Reshape is supported for a constant shape")
        target = self.constants[self._node.input[1]]
        if target.dtype != np.int64 or target.ndim != 1 or len(target) > 8:
            raise self._refusal(N_FIT, f"a shape of type {target.dtype} and {target.ndim} axes")
        sizes = [int(size) for size in target]
        copies = not ("allowzero" in attributes and attributes["allowzero"].i)
        if copies and any(size == 0 and i >= len(self.shape) for i, size in enumerate(sizes)):
            raise self._refusal(N_FIT, f"{sizes} for shape {self.shape}")
        sizes = [self.shape[i] if size == 0 and copies else size for i, size in enumerate(sizes)]
        total, known = math.prod(self.shape), math.prod(size for size in sizes if size != -1)
        if sizes.count(-1) == 1 and known > 0 and total % known == 0:
            sizes = [total // known if size == -1 else size for size in sizes]
        if min(sizes, default=1) < 1 or math.prod(sizes) != total:
            raise self._refusal(N_FIT, f"{sizes} for shape {self.shape}", expected=f"{total} elements")
        self.shape = tuple(sizes)

    def _identity(self, followed: int, attributes: dict[str, Any]) -> None:
        if len(self._node.input) != 1:
            raise self._refusal(N_FIT, f"{len(self._node.input)} operands", expected="one")

    def _cast(self, followed: int, attributes: dict[str, Any]) -> None:
        if "to" not in attributes or attributes["to"].i != onnx.TensorProto.FLOAT:
            raise self._refusal(N_OPERATOR, "Cast to another type than float32")

    def _constant(self, attributes: dict[str, Any]) -> NDArray[Any]:
        if len(attributes) != 1:
            raise self._refusal(N_OPERATOR, "Constant without exactly one value")
        ((kind, item),) = attributes.items()
        values: dict[str, Callable[[], NDArray[Any]]] = {
            "value": lambda: _array(item.t, self.name, self._label()),
            "value_float": lambda: np.array(item.f, dtype=np.float32),
            "value_floats": lambda: np.array(list(item.floats), dtype=np.float32),
            "value_int": lambda: np.array(item.i, dtype=np.int64),
            "value_ints": lambda: np.array(list(item.ints), dtype=np.int64),
        }
        array = values[kind]()
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise self._refusal(N_WEIGHT, "the constant is NaN or infinite")
        return array

    # --- affine work ---

    def _multiply(self, weight: Floats) -> None:
        """Row vector times constant: follow by y = weight @ x."""
        length = math.prod(self.shape)
        if weight.ndim != 2 or weight.shape[1] != length or self.shape[-1] != length or len(weight) == 0:
            raise self._refusal(
                N_FIT, f"a matrix {weight.shape[::-1]} on shape {self.shape}", expected="one row vector that fits"
            )
        columns = length if self._weight is None else self._weight.shape[1]
        if len(weight) * columns > MAX_WEIGHTS:
            raise self._refusal(N_LARGE, f"a merged matrix {len(weight)} x {columns}")
        scaled = weight if self._scale is None else weight * self._scale
        shift = None if self._shift is None else weight @ self._shift
        self._weight = scaled if self._weight is None else scaled @ self._weight
        self._scale, self._shift = None, shift
        self.shape = (*self.shape[:-1], len(weight))

    def _scale_by(self, factor: Floats) -> None:
        self._scale = factor if self._scale is None else self._scale * factor
        self._shift = None if self._shift is None else self._shift * factor

    def _add(self, constant: Floats) -> None:
        self._shift = constant if self._shift is None else self._shift + constant

    def _finish(self) -> None:
        if self._weight is None and self._scale is None and self._shift is None:
            return
        length = math.prod(self.shape)
        if self._weight is None:
            if length * length > MAX_WEIGHTS:
                raise self._refusal(N_LARGE, f"element-wise work on {length} values before a ReLU or the output")
            weight = np.diag(np.ones(length) if self._scale is None else self._scale)
        else:
            weight = self._weight if self._scale is None else self._scale[:, None] * self._weight
        bias = np.zeros(length) if self._shift is None else self._shift
        if not (np.isfinite(weight).all() and np.isfinite(bias).all()):
            raise self._refusal(N_WEIGHT, "merged weights overflow")
        weight, bias = np.ascontiguousarray(weight), np.ascontiguousarray(bias)
        weight.setflags(write=False)
        bias.setflags(write=False)
        self._done.append(Affine(weight, bias))
        self._weight = self._scale = self._shift = None

    # --- operands and refusals ---

    def _numbers(self, index: int) -> Floats:
        array = self.constants[self._node.input[index]]
        if array.dtype != np.float32:
            raise self._refusal(N_OPERATOR, f"constant {self._node.input[index]!r} of type {array.dtype}")
        return array.astype(np.float64)

    def _broadcast(self, constant: Floats) -> Floats:
        """The constant for each coordinate of the flat vector; it must not change the tensor's shape."""
        try:
            if np.broadcast_shapes(self.shape, constant.shape) == self.shape:
                return np.array(np.broadcast_to(constant, self.shape)).reshape(-1)
        except ValueError:
            pass
        raise self._refusal(N_FIT, f"a constant {constant.shape} beside shape {self.shape}")

    def _label(self) -> str:
        return str(self._node.name or (self._node.output[0] if self._node.output else self._node.op_type))

    def _refusal(self, code: Code, message: str, expected: str | None = None) -> AssuranceError:
        kind = InputError if code in (N_WEIGHT, N_FIT) else UnsupportedError
        label = self._label()
        return kind.of(
            code,
            f"node {label!r} ({self._node.op_type}): {message}",
            Place(self.name, element=label),
            expected=expected,
        )
