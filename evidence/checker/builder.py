"""Building the layers of a network while its nodes are read.

A tensor is an array of places: each number in it is a number of some layer's result, of the input, or zero. Nodes
that only move numbers about (Transpose, Slice, Concat, ...) change this array and nothing else; a layer that
selects numbers is made where an operator needs the tensor as one vector. At the end, copies of layers that are used
nowhere else are joined with what they copy: W a + 0 + c and max(W a + b, 0) become one layer, exactly.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from evidence.checker.layers import INPUT, NONE, Layer, Network
from evidence.checker.linear import Diagonal, Identity, Ints, Matrix, Selection
from evidence.checker.onnx_file import MAX_WIDTH
from evidence.checker.rounding import Floats

ZERO = -2
"""In place of a source: the number 0."""
MAX_NUMBERS = 16_000_000
"""Results of all layers together, of all nodes together, and what the windows of one operator see."""
Terms = list[tuple[int, Matrix]]


@dataclass(frozen=True)
class Tensor:
    """source, index: arrays of the tensor's shape: number `index` of the result of layer `source`."""

    source: Ints
    index: Ints

    @property
    def shape(self) -> tuple[int, ...]:
        return self.source.shape

    @property
    def size(self) -> int:
        return self.source.size


class Builder:
    """The layers so far. relus: those that stand for Relu nodes, in file order; softmax: whether one is the output."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.layers: list[Layer] = []
        self.widths = {INPUT: math.prod(shape)}
        self.relus: list[int] = []
        self.softmax = False
        self.input = self.whole(INPUT, shape)

    def whole(self, source: int, shape: tuple[int, ...]) -> Tensor:
        """All numbers of a source, in order."""
        return Tensor(np.full(shape, source), np.arange(self.widths[source]).reshape(shape))

    def terms(self, tensor: Tensor, sign: float = 1.0) -> Terms:
        """A tensor as a sum of selections, times sign."""
        source, index = tensor.source.reshape(-1), tensor.index.reshape(-1)
        found: Terms = []
        for number in np.unique(source[source != ZERO]).tolist():
            width = self.widths[number]
            if len(index) == width and (source == number).all() and (index == np.arange(width)).all():
                found.append((number, Identity(width) if sign > 0 else Diagonal(np.full(width, sign))))
            else:
                found.append((number, Selection(np.where(source == number, index, -1), width, sign)))
        return found

    def plain(self, tensor: Tensor) -> int:
        """A source whose result is this tensor as one vector; makes a layer if there is none."""
        found = self.terms(tensor)
        if len(found) == 1 and isinstance(found[0][1], Identity):
            return found[0][0]
        return int(self.add(found, 0.0, tensor.shape).source.flat[0])

    def add(
        self,
        terms: Sequence[tuple[int, Matrix]],
        bias: Floats | float,
        shape: tuple[int, ...],
        activation: str = NONE,
        roundings: int = 0,
        bias_size: Floats | float | None = None,
    ) -> Tensor:
        """A new layer of this shape; returns its result. bias: flat, or one number for all; activation: RELU is
        computed without rounding (differences are part of an exact operator). Raises ValueError when it is too wide.
        """
        width = math.prod(shape)
        if not terms or width > MAX_WIDTH or sum(self.widths.values()) > MAX_NUMBERS:
            raise ValueError(f"a tensor of {width} numbers depends on nothing, or is too large")
        size = np.abs(bias) if bias_size is None else bias_size
        self.layers.append(
            Layer(tuple(terms), np.full(width, bias), activation, np.full(width, size, dtype=np.float64), roundings)
        )
        number = len(self.layers) - 1
        self.widths[number] = width
        return self.whole(number, shape)

    def affine(
        self, tensor: Tensor, matrix: Matrix, bias: Floats | float, shape: tuple[int, ...], roundings: int
    ) -> Tensor:
        """matrix @ tensor + bias."""
        return self.add([(self.plain(tensor), matrix)], bias, shape, NONE, roundings)

    def scaled(self, tensor: Tensor, factor: Floats | float) -> tuple[int, Matrix]:
        """A tensor times a factor, one for each number (flat) or one for all, as a term."""
        return self.plain(tensor), Diagonal(np.full(tensor.size, factor))

    def network(self, output: Tensor, single: bool) -> Network:
        """The finished network, its last layer without activation. single: see `Network`."""
        number = self.plain(output)
        if number == INPUT or self.layers[number].activation != NONE or number != len(self.layers) - 1:
            self.add(self.terms(output), 0.0, (output.size,))
        layers, place = _joined(self.layers)
        relus = tuple(place[number] for number in self.relus)
        bent = tuple(i for i, layer in enumerate(layers) if layer.activation != NONE)
        return Network(tuple(layers), relus, relus == bent, self.softmax, single)


def _joined(layers: Sequence[Layer]) -> tuple[list[Layer], dict[int, int]]:
    """Without copies of layers that only the copy uses; and the new number of each layer."""
    uses = Counter(source for layer in layers for source, _ in layer.terms)
    place = {INPUT: INPUT}
    found: list[Layer] = []
    for number, layer in enumerate(layers):
        source, matrix = layer.terms[0]
        if len(layer.terms) == 1 and isinstance(matrix, Identity) and source != INPUT and uses[source] == 1:
            before = found[place[source]]
            if before.activation == NONE and not (before.bias.any() and layer.bias.any()):
                place[number] = place[source]
                found[place[source]] = replace(
                    before,
                    bias=layer.bias if layer.bias.any() else before.bias,
                    bias_size=before.bias_size + layer.bias_size,
                    activation=layer.activation,
                    roundings=before.roundings + layer.roundings,
                )
                continue
        place[number] = len(found)
        found.append(replace(layer, terms=tuple((place[s], m) for s, m in layer.terms)))
    return found, place
