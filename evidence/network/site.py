"""One ONNX node while it is read: its attributes, its operands, and the operators that it turns into.

A `Site` is what the functions in builders/ see. Attributes are checked against the schema of the operator set that
the file names; what a builder does not ask for is refused, so that nothing is skipped. Operators whose inputs are all
constant are computed at once (constant folding), the others go into the graph.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from evidence.diagnostics import Code
from evidence.errors import AssuranceError
from evidence.network.graph import Node
from evidence.network.model_file import array_of
from evidence.network.operators import Fixed, Join, MisfitError, Operator, Reshape, Select, Shape, size
from evidence.network.operators.windows import Conv
from evidence.network.refusals import (
    MAX_FOLDED_WORK,
    MAX_RANK,
    MAX_VALUES,
    MAX_WEIGHTS,
    MAX_WORK,
    N_FIT,
    N_LARGE,
    N_OPERATOR,
    N_WEIGHT,
    refusal,
)
from evidence.regions import Floats


@dataclass(frozen=True, eq=False)
class Tensor:
    """A tensor of one sample: computed (number in the graph) or constant (value; floats are held in float64).

    kind: its ONNX type by numpy's name; computed ones have that of the network's input.
    """

    shape: Shape
    kind: str
    number: int = -1
    value: NDArray[Any] | None = None

    @property
    def computed(self) -> bool:
        return self.value is None


def constant(array: NDArray[Any], kind: str | None = None) -> Tensor:
    """A constant tensor; floats become float64, integers int64."""
    kind = kind or array.dtype.name
    wide = {"f": np.float64, "i": np.int64}.get(array.dtype.kind)
    value = array if wide is None else array.astype(wide, copy=False)
    return Tensor(tuple(int(n) for n in array.shape), kind, value=value)


@dataclass
class Work:
    """The graph while it grows, and what its parts add up to."""

    network: str
    opset: int
    kind: str = "float32"
    nodes: list[Node] = field(default_factory=list)
    values: int = 0
    work: int = 0
    folded: int = 0
    folded_work: int = 0


class Site:
    """One node of the file. Every refusal names it."""

    def __init__(self, work: Work, node: Any, tensors: dict[str, Tensor]) -> None:
        self.kind = str(node.op_type)
        self.label = str(node.name or (node.output[0] if node.output else node.op_type))
        self.opset = work.opset
        self.real = work.kind
        self.outputs = [str(output) for output in node.output]
        self._work, self._node, self._tensors = work, node, tensors
        self._asked: set[str] = set()
        self._schema = _schema(self.kind, work.opset)
        if self._schema is None:
            raise self.refusal(N_OPERATOR, f"there is no such operator in operator set {work.opset}")
        self._attributes = self._checked_attributes()
        if not self._schema.min_input <= len(node.input) <= self._schema.max_input:
            raise self.refusal(N_FIT, f"{len(node.input)} operands")

    def refusal(self, code: Code, message: str, expected: str | None = None) -> AssuranceError:
        """An error about this node."""
        return refusal(code, self._work.network, self.label, self.kind, message, expected)

    # --- attributes ---

    def integer(self, name: str, default: int | None = None) -> int:
        """An integer attribute. Raises N112 when it is absent and has no default."""
        item = self._attribute(name)
        return self._required(name, default) if item is None else int(item.i)

    def integers(self, name: str, default: Sequence[int] | None = None) -> tuple[int, ...]:
        """A list of integers, bounded in length."""
        item = self._attribute(name)
        if item is not None and len(item.ints) > 2 * MAX_RANK and name not in ("split", "value_ints"):
            raise self.refusal(N_FIT, f"attribute {name!r} has {len(item.ints)} entries")
        return tuple(self._required(name, default)) if item is None else tuple(int(i) for i in item.ints)

    def number(self, name: str, default: float | None = None) -> float:
        """A float attribute, finite."""
        item = self._attribute(name)
        value = self._required(name, default) if item is None else float(item.f)
        if not math.isfinite(value):
            raise self.refusal(N_WEIGHT, f"attribute {name!r} is {value}")
        return value

    def text(self, name: str, default: str) -> str:
        """A text attribute."""
        item = self._attribute(name)
        return default if item is None else bytes(item.s).decode("utf-8", "replace")[:100]

    def given(self, name: str) -> Any:
        """The attribute itself, or None."""
        return self._attribute(name)

    def array(self, item: Any) -> NDArray[Any]:
        """The tensor of an attribute."""
        return array_of(item.t, self._work.network, self.label)

    def require_all_asked(self) -> None:
        """Refuse attributes that nobody asked for. Raises UnsupportedError N112."""
        left = sorted(set(self._attributes) - self._asked)
        if left:
            raise self.refusal(N_OPERATOR, f"attribute {left[0][:100]!r}")

    # --- operands ---

    def has(self, index: int) -> bool:
        """Whether this operand is given."""
        return index < len(self._node.input) and bool(self._node.input[index])

    @property
    def count(self) -> int:
        """Number of operands."""
        return len(self._node.input)

    def operand(self, index: int) -> Tensor:
        """An operand. Raises InputError N116 when it is left out."""
        if not self.has(index):
            raise self.refusal(N_FIT, f"operand {index} is missing")
        return self._tensors[self._node.input[index]]

    def floats(self, index: int, what: str = "operand") -> Floats:
        """A constant operand of the network's own type, in float64. Raises UnsupportedError N112 when it is computed or of another type."""
        tensor = self.operand(index)
        if tensor.value is None:
            raise self.refusal(N_OPERATOR, f"{what} {index} is computed", expected="a constant")
        if tensor.kind != self.real:
            raise self.refusal(N_OPERATOR, f"{what} {index} has type {tensor.kind}", expected=self.real)
        return np.asarray(tensor.value, dtype=np.float64)

    def listed(self, index: int, what: str) -> tuple[int, ...]:
        """A constant list of integers, at most as long as a tensor has axes, or as Split has parts."""
        tensor = self.operand(index)
        if tensor.value is None:
            raise self.refusal(N_OPERATOR, f"{what} is computed", expected="a constant")
        if tensor.kind not in ("int64", "int32") or tensor.value.ndim > 1 or tensor.value.size > 4096:
            raise self.refusal(N_FIT, f"{what} of type {tensor.kind} and shape {tensor.shape}")
        return tuple(int(item) for item in tensor.value.reshape(-1))

    def scalar(self, index: int, what: str) -> float:
        """A constant operand of the network's own type with one number."""
        value = self.floats(index, what)
        if value.size != 1:
            raise self.refusal(N_FIT, f"{what} of shape {value.shape}", expected="one number")
        return float(value.reshape(()))

    def axis(self, axis: int, rank: int, most: int = -1) -> int:
        """An axis counted from the front. Raises InputError N116 when a tensor of this rank has no such axis."""
        limit = rank + 1 + most
        if not -rank <= axis < limit:
            raise self.refusal(N_FIT, f"axis {axis} of a tensor with {rank} axes")
        return axis + rank if axis < 0 else axis

    # --- results ---

    def emit(self, operator: Operator, *operands: Tensor) -> Tensor:
        """The result of an operator: computed at once when all operands are constant, else a new node."""
        try:
            shape = operator.shape(*(item.shape for item in operands))
        except MisfitError as error:
            raise self.refusal(N_FIT, str(error)) from None
        if len(shape) > MAX_RANK or any(length < 1 for length in shape):
            raise self.refusal(N_FIT, f"a result of shape {shape}", expected=f"1 to {MAX_RANK} axes, none empty")
        work = operator.work(*(item.shape for item in operands))
        unfolded = operator.unfolded(*(item.shape for item in operands)) if isinstance(operator, Conv) else 0
        if size(shape) > MAX_WEIGHTS or unfolded > MAX_VALUES:
            raise self.refusal(N_LARGE, f"a result of shape {shape}")
        if not any(item.computed for item in operands):
            return self._folded(operator, operands, shape, work)
        strange = [item.kind for item in operands if item.kind != self.real]
        if strange:
            raise self.refusal(N_OPERATOR, f"an operand of type {strange[0]}", expected=self.real)
        self._work.values += size(shape)
        self._work.work += work
        if self._work.values > MAX_VALUES or self._work.work > MAX_WORK:
            raise self.refusal(N_LARGE, "the network up to here is too large")
        anchor = next(item.number for item in operands if item.computed)
        inputs = tuple(item.number if item.computed else self._fixed(item, anchor) for item in operands)
        self._work.nodes.append(Node(operator, inputs, shape, self.label, self.kind))
        return Tensor(shape, self.real, len(self._work.nodes))

    def _fixed(self, item: Tensor, anchor: int) -> int:
        """A node that holds a constant which stands among computed tensors."""
        assert item.value is not None
        self._work.nodes.append(Node(Fixed(item.value), (anchor,), item.shape, self.label, self.kind))
        return len(self._work.nodes)

    def _folded(self, operator: Operator, operands: Sequence[Tensor], shape: Shape, work: int) -> Tensor:
        kind = operands[0].kind
        if any(item.kind != kind for item in operands):
            raise self.refusal(N_OPERATOR, f"operands of types {', '.join(item.kind for item in operands[:5])}")
        if kind != self.real and not isinstance(operator, Reshape | Select | Join):
            raise self.refusal(N_OPERATOR, f"arithmetic on constants of type {kind}")
        self._count(size(shape), work)
        values = [item.value[None] for item in operands if item.value is not None]
        with np.errstate(all="ignore"):
            return self.known(operator.values(values)[0], kind, counted=True)

    def known(self, array: NDArray[Any], kind: str, counted: bool = False) -> Tensor:
        """A constant result. Raises InputError N114 when it is not finite, N115 when there are too many."""
        if not counted:
            self._count(array.size, array.size)
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise self.refusal(N_WEIGHT, "the constant is NaN or infinite")
        return constant(np.asarray(array), kind)

    def reserve(self, shape: Shape) -> None:
        """Refuse a constant of this shape before it is made. Raises UnsupportedError N115."""
        if len(shape) > MAX_RANK or any(length < 0 for length in shape):
            raise self.refusal(N_FIT, f"a constant of shape {shape[:MAX_RANK]}")
        if self._work.folded + size(shape) > MAX_WEIGHTS:
            raise self.refusal(N_LARGE, f"a constant of shape {shape}")

    def _count(self, numbers: int, work: int) -> None:
        self._work.folded += numbers
        self._work.folded_work += work
        if self._work.folded > MAX_WEIGHTS or self._work.folded_work > MAX_FOLDED_WORK:
            raise self.refusal(N_LARGE, "too much is computed from constants")

    # --- checks ---

    def _checked_attributes(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for item in self._node.attribute:
            declared = self._schema.attributes.get(item.name)
            if declared is None or item.name in found or item.ref_attr_name:
                raise self.refusal(N_OPERATOR, f"attribute {item.name[:100]!r}")
            if int(declared.type.value) != int(item.type):
                raise self.refusal(N_OPERATOR, f"attribute {item.name[:100]!r} has another type than it must have")
            found[item.name] = item
        return found

    def _attribute(self, name: str) -> Any:
        self._asked.add(name)
        return self._attributes.get(name)

    def _required(self, name: str, default: Any) -> Any:
        if default is None:
            raise self.refusal(N_OPERATOR, f"attribute {name!r} is missing")
        return default


def _schema(kind: str, opset: int) -> Any:
    try:
        return onnx.defs.get_schema(kind, opset, "")
    except Exception:  # onnx's own error class is private
        return None
