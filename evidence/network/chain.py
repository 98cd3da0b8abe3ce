"""Chains of affine maps and ReLUs: the form that bounding, splitting and star sets work on.

`chain` lowers a graph whose only operator that is not affine is Relu and whose parts follow one another. Conv,
AveragePool, BatchNormalization, Pad, Transpose and so on become dense float64 matrices; consecutive affine nodes one
layer. What is no chain is refused (N113), so is a network that ends in Softmax: strip that first where the
condition allows it (softmax.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evidence.diagnostics import Place
from evidence.errors import UnsupportedError
from evidence.network.graph import Graph
from evidence.network.lowering import bias, is_relabelling, matrix, steps
from evidence.network.operators import Rectifier, Shape, size
from evidence.network.reading import read_graph
from evidence.network.refusals import MAX_MATRICES, MAX_MATRIX, N_CHAIN, refusal
from evidence.regions import Floats


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
    input_shape: Shape

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
    """Read an ONNX model that is a chain. Raises InputError or UnsupportedError N110..N118 with file and node."""
    return chain(read_graph(data, name))


def chain(graph: Graph) -> Network:
    """Lower a graph to a chain.

    Raises UnsupportedError N113 when it is none, N115 when a merged matrix is too large; InputError N114 when
    merged weights overflow.
    """
    if graph.unused:
        raise UnsupportedError.of(
            N_CHAIN,
            f"the output does not depend on node {graph.unused[0][:200]!r}",
            Place(graph.name, element=graph.unused[0][:200]),
        )
    for node in graph.nodes:
        if not (node.operator.affine or isinstance(node.operator, Rectifier)):
            raise refusal(
                N_CHAIN, graph.name, node.label, node.kind, "no chain of affine operators and Relu", "Relu between them"
            )
    layers: list[Layer] = []
    before, room = 0, MAX_MATRICES
    for step in steps(graph):
        (part,) = step.segments
        if part.sources != (before,):
            node = graph.nodes[part.target - 1]
            raise refusal(N_CHAIN, graph.name, node.label, node.kind, "a branch, a skip or no dependence on the input")
        if not is_relabelling(graph, part):
            layer = Affine(matrix(graph, part, before, min(room, MAX_MATRIX)), bias(graph, part))
            layers.append(layer)
            room -= layer.weight.size
        if step.operator is not None:
            layers.append(Relu(size(graph.shape(step.result))))
            before = step.result
    return Network(graph.name, graph.inputs, graph.outputs, tuple(layers), graph.input_shape)


Model = Network | Graph
"""What engines work on: both have name, inputs, outputs, input_shape and forward."""


def simplest(graph: Graph) -> Model:
    """The graph as a chain where it is one of moderate size, else itself. Raises InputError N114 on overflow."""
    try:
        return chain(graph)
    except UnsupportedError:
        return graph
