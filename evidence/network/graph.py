"""The typed graph of a network: a list of operators, each of which reads tensors made before it.

A graph maps flat input vectors of one sample to flat output vectors. `forward` is its meaning: float64 arithmetic
that stands for the real numbers. Tensors have numbers: 0 is the input, i + 1 what node i makes.
Not here: reading files (reading.py), torch (torch_module.py), affine chains (lowering.py, chain.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from evidence.network.operators import Array, Operator, Shape, size
from evidence.regions import Floats

_AT_A_TIME = 8_000_000
"""Numbers in the largest tensor of a batch that `forward` computes at a time."""


@dataclass(frozen=True, eq=False)
class Node:
    """One operator. inputs: numbers of the tensors that it reads; shape: of its result, for one sample.

    label, kind: name and operator of the ONNX node that it stems from, for messages; several nodes may share one.
    """

    operator: Operator
    inputs: tuple[int, ...]
    shape: Shape
    label: str
    kind: str


@dataclass(frozen=True, eq=False)
class Graph:
    """A network. input_shape: the shape, batch of one included, in which the ONNX model takes a sample.

    result: number of the tensor that is the output. unused: labels of ONNX nodes whose results the output does not
    depend on (they are left out). softmax_stripped: a final Softmax of the file is left out (see softmax.py): then
    the outputs are ordered as the file's are, but are not the same numbers. precision: type in which the file computes.
    """

    name: str
    input_shape: Shape
    nodes: tuple[Node, ...]
    result: int
    unused: tuple[str, ...] = ()
    softmax_stripped: bool = False
    precision: Literal["float32", "float64"] = "float32"

    def shape(self, tensor: int) -> Shape:
        """Shape of a tensor for one sample."""
        return self.input_shape if tensor == 0 else self.nodes[tensor - 1].shape

    @property
    def inputs(self) -> int:
        """Length of the input vector."""
        return size(self.input_shape)

    @property
    def outputs(self) -> int:
        """Length of the output vector."""
        return size(self.shape(self.result))

    @cached_property
    def widest(self) -> int:
        """Numbers in the largest tensor of one sample."""
        return max([size(self.input_shape), *(size(node.shape) for node in self.nodes)])

    def forward(self, x: Floats) -> Floats:
        """Outputs [B, outputs] for inputs x [B, inputs], in float64."""
        x = np.asarray(x, dtype=np.float64)
        result = np.empty((len(x), self.outputs))
        step = max(1, _AT_A_TIME // self.widest)
        for start in range(0, len(x), step):
            part = x[start : start + step].reshape(-1, *self.input_shape)
            found = evaluate(self.nodes, range(len(self.nodes)), {0: part}, self.result)
            result[start : start + step] = found.reshape(len(part), -1)
        return result


def evaluate(
    nodes: Sequence[Node], chosen: Sequence[int], given: Mapping[int, Array], wanted: int, homogeneous: bool = False
) -> Array:
    """The tensor `wanted` [B, *shape] from the given ones, by the chosen nodes (ascending positions)."""
    values = dict(given)
    last = {tensor: position for position in chosen for tensor in nodes[position].inputs}
    for position in chosen:
        node = nodes[position]
        values[position + 1] = node.operator.values([values[i] for i in node.inputs], homogeneous)
        for tensor in node.inputs:
            if last[tensor] == position and tensor != wanted:
                values.pop(tensor, None)
    return values[wanted]
