"""From the bytes of an ONNX file to the layers of a network: the checker's own reader.

It walks the nodes once, in file order. Each tensor's shape is followed exactly, for a batch of one. Whatever the
checker does not know, it refuses (N152): another operator, attribute or use of it, a name that is given twice or not at
all, a result that nothing uses. Nothing is skipped or guessed. Consecutive affine maps are not multiplied out: that
would round.
"""

from __future__ import annotations

from evidence.checker.builder import MAX_NUMBERS, Builder, Tensor
from evidence.checker.layers import Network
from evidence.checker.onnx_file import MAX_WIDTH, File, Node, load, refused
from evidence.checker.operators import OPERATORS
from evidence.checker.use import Use, Value


def read(data: bytes) -> Network:
    """The network, its last layer without activation. Raises Refused N152 with the node and the reason."""
    walk = _Walk(load(data))
    for node in walk.file.nodes:
        try:
            walk.take(node)
        except ValueError as error:
            raise refused(f"node {node.name!r}: {node.operator}: {error!s:.200}") from None
    try:
        return walk.network()
    except ValueError as error:
        raise refused(str(error)) from None


class _Walk:
    """values: tensors and constants by name; masks: names that nothing may use; made: numbers of all results."""

    def __init__(self, file: File) -> None:
        self.file = file
        self.builder = Builder(file.shape)
        self.values: dict[str, Value] = dict(file.constants)
        self.unused: set[str] = set()
        self.masks: set[str] = set()
        self.made = 0
        self._name(file.input, self.builder.input)

    def _name(self, name: str, value: Value) -> None:
        if not name or name in self.values or name in self.masks:
            raise refused(f"the name {name!r} is empty or occurs twice")
        self.values[name] = value
        if isinstance(value, Tensor):
            self.unused.add(name)

    def network(self) -> Network:
        output = self.values.get(self.file.output)
        self.unused.discard(self.file.output)
        if not isinstance(output, Tensor) or self.unused:
            raise ValueError(f"the output is no result, or nothing uses {sorted(self.unused)[:3]}")
        return self.builder.network(output, self.file.single)

    def take(self, node: Node) -> None:
        if node.operator not in OPERATORS:
            raise ValueError("the operator is not read")
        if self.builder.softmax:
            raise ValueError("something follows a Softmax")
        step, arity, known = OPERATORS[node.operator]
        if set(node.attributes) - known or len(node.inputs) not in arity or not node.outputs:
            odd = sorted(set(node.attributes) - known)
            raise ValueError(f"attribute {odd}, {len(node.inputs)} operands or {len(node.outputs)} results")
        for name in node.inputs:
            if name and name not in self.values:
                raise ValueError(f"the operand {name!r} is not known here")
        operands = tuple(self.values[name] if name else None for name in node.inputs)
        found = step(Use(self.builder, self.file.opset, node.operator, operands, node.attributes, len(node.outputs)))
        results = found if isinstance(found, list) else [found]
        self.unused.difference_update(node.inputs)
        extra = {name for name in node.outputs[len(results) :] if name}
        if len(node.outputs) < len(results) or (extra and node.operator != "Dropout") or extra & set(self.values):
            raise ValueError(f"{len(node.outputs)} results, or their names occur twice")
        self.masks |= extra
        for name, value in zip(node.outputs, results, strict=False):
            if value is None:
                raise ValueError("an operand is missing")
            self.made += value.size
            if self.made > MAX_NUMBERS or (isinstance(value, Tensor) and value.size > MAX_WIDTH):
                raise ValueError(f"a result of {value.size} numbers: too large, or too many before it")
            self._name(name, value)
