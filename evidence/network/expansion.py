"""A graph with no other operators between its affine parts than ReLU, sigmoid and tanh.

LeakyReLU, Clip and MaxPool are exact sums of ReLUs and affine maps, so they are written as such:
    leaky(x)  = slope * x + (1 - slope) * relu(x)
    max(x, l) = l + relu(x - l);  min(x, u) = u - relu(u - x);  Clip is one after the other
    max(a, b) = b + relu(a - b), pair by pair over a window
The result is the same function over the real numbers. It is larger and only meant for bounding.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from evidence.network.graph import Graph, Node
from evidence.network.operators import (
    Add,
    Clip,
    HyperbolicTangent,
    Join,
    LeakyRectifier,
    Logistic,
    MaxPool,
    Operator,
    Rectifier,
    Reshape,
    Scale,
    Select,
    Shape,
    size,
)
from evidence.network.refusals import MAX_VALUES, N_LARGE, N_OPERATOR, refusal


def expanded(graph: Graph) -> Graph:
    """The same function with ReLU, sigmoid and tanh only.

    Raises UnsupportedError N112 with the node for what has no such form (Softmax), N115 when it would be too large.
    """
    growing = _Growing(graph)
    for node in graph.nodes:
        growing.take(node)
    return dataclasses.replace(graph, nodes=tuple(growing.nodes), result=growing.number[graph.result])


class _Growing:
    """The new nodes, and the new number of each tensor of the old graph."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.nodes: list[Node] = []
        self.number = {0: 0}
        self._origin: Node
        self._values = 0

    def take(self, node: Node) -> None:
        """Add one node of the old graph in its new form."""
        self._origin = node
        inputs = [self.number[i] for i in node.inputs]
        operator = node.operator
        if isinstance(operator, LeakyRectifier):
            made = self._leaky(operator, inputs[0])
        elif isinstance(operator, Clip):
            made = self._clip(operator, inputs[0])
        elif isinstance(operator, MaxPool):
            made = self._max_pool(operator, inputs[0])
        elif operator.affine or isinstance(operator, Rectifier | Logistic | HyperbolicTangent):
            made = self._add(operator, *inputs)
        else:
            raise refusal(
                N_OPERATOR, self.graph.name, node.label, node.kind, f"bounds through {node.kind} are not supported"
            )
        self.number[len(self.number)] = made

    def _leaky(self, operator: LeakyRectifier, x: int) -> int:
        positive = self._add(Rectifier(), x)
        return self._add(Add(), self._scaled(x, operator.slope), self._scaled(positive, 1.0 - operator.slope))

    def _clip(self, operator: Clip, x: int) -> int:
        if np.isfinite(operator.lower):
            x = self._scaled(self._add(Rectifier(), self._scaled(x, 1.0, -operator.lower)), 1.0, operator.lower)
        if np.isfinite(operator.upper):
            x = self._scaled(self._add(Rectifier(), self._scaled(x, -1.0, operator.upper)), -1.0, operator.upper)
        return x

    def _max_pool(self, operator: MaxPool, x: int) -> int:
        shape = self._shape(x)
        # rows: windows; columns: positions of their members; what lies in the border is another member once more
        positions = operator.windows.over(np.arange(size(shape)).reshape(shape), -1)
        made = positions.shape[:-2]
        index = positions.reshape(size(made), -1)
        index = np.where(index < 0, index.max(axis=1, keepdims=True), index)
        if index.shape[1] == 1:
            return self._add(Select(index.reshape(made)), x)
        while index.shape[1] > 1:
            half = index.shape[1] // 2
            left, right = self._select(x, index[:, :half]), self._select(x, index[:, half : 2 * half])
            larger = self._add(Add(), right, self._add(Rectifier(), self._add(Add(-1), left, right)))
            if index.shape[1] % 2:
                larger = self._add(Join(1), larger, self._select(x, index[:, 2 * half :]))
            x = larger
            index = np.arange(size(self._shape(x))).reshape(self._shape(x))
        return self._add(Reshape(made), x)

    def _select(self, x: int, index: NDArray[np.int64]) -> int:
        return self._add(Select(np.ascontiguousarray(index)), x)

    def _scaled(self, x: int, scale: float, shift: float = 0.0) -> int:
        ones = (1,) * len(self._shape(x))
        return self._add(
            Scale(np.full(ones, scale) if scale != 1 else None, np.full(ones, shift) if shift else None), x
        )

    def _shape(self, tensor: int) -> Shape:
        return self.graph.input_shape if tensor == 0 else self.nodes[tensor - 1].shape

    def _add(self, operator: Operator, *inputs: int) -> int:
        shape = operator.shape(*(self._shape(i) for i in inputs))
        self._values += size(shape)
        if self._values > MAX_VALUES:
            node = self._origin
            raise refusal(N_LARGE, self.graph.name, node.label, node.kind, "too large when written with ReLUs")
        self.nodes.append(Node(operator, inputs, shape, self._origin.label, self._origin.kind))
        return len(self.nodes)
