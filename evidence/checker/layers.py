"""A network as the checker sees it: layers that are affine in the results of earlier layers, then an activation.

    z_i = sum over s of W_is a_s + b_i,   a_i = z_i, max(z_i, 0) or tanh(z_i),   a_-1 = x, the input

Layers stand in an order in which every source comes first. The last layer's z is the network's output.
Not here: where layers come from (onnx_reader.py), bounds (bounds.py, dual.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import accumulate

import numpy as np

from evidence.checker.linear import Dense, Diagonal, Identity, Matrix
from evidence.checker.rounding import TINY, Floats, gamma

INPUT = -1
"""The number of the network's input where a layer's source is named."""
NONE, RELU, TANH = "none", "relu", "tanh"
SLACK = 32
"""Roundings that `Network.g` counts beyond those of the longest sum and one for each layer."""


@dataclass(frozen=True)
class Layer:
    """One layer. terms: (number of the source, matrix); bias: [n].

    bias_size: at least |bias|, and at least the magnitudes of what the bias was computed from.
    roundings: how many roundings an execution makes at most on any path from a source to z (0: exact).
    """

    terms: tuple[tuple[int, Matrix], ...]
    bias: Floats
    activation: str = NONE
    bias_size: Floats = field(default_factory=lambda: np.empty(0))
    roundings: int = 0

    def __post_init__(self) -> None:
        if not len(self.bias_size):
            object.__setattr__(self, "bias_size", np.abs(self.bias))

    @property
    def outputs(self) -> int:
        return len(self.bias)

    @cached_property
    def gain(self) -> Floats:
        """Sum of the magnitudes of all entries, for each output [n]."""
        ones = [matrix.forward_size(np.ones((1, matrix.inputs)))[0] for _, matrix in self.terms]
        return np.asarray(np.sum(ones, axis=0))


@dataclass(frozen=True)
class Network:
    """Layers, and which of them belong to the Relu nodes of the file in file order.

    splits: whether parts may be cut by the phase of a Relu: only where it is the network's only non-linearity.
    softmax: whether the true outputs are the Softmax of these. single: all its numbers are binary32.
    executed: bounds are to hold for every execution in binary32 arithmetic, else over the real numbers.
    """

    layers: tuple[Layer, ...]
    relus: tuple[int, ...] = ()
    splits: bool = True
    softmax: bool = False
    single: bool = True
    executed: bool = False

    @property
    def inputs(self) -> int:
        return next(matrix.inputs for layer in self.layers for source, matrix in layer.terms if source == INPUT)

    @property
    def outputs(self) -> int:
        return self.layers[-1].outputs

    @cached_property
    def operations(self) -> int:
        """Above the number of roundings on any path in one product, forward or back, or one sum of a bound."""
        into = [sum(matrix.products for _, matrix in layer.terms) for layer in self.layers]
        out_of = dict.fromkeys(range(INPUT, len(self.layers)), 0)
        for layer in self.layers:
            for source, matrix in layer.terms:
                out_of[source] += matrix.outputs
        widths = [layer.outputs for layer in self.layers]
        return max(self.inputs, *into, *out_of.values(), *widths) + len(self.layers) + SLACK

    @cached_property
    def g(self) -> float:
        return gamma(self.operations)

    @cached_property
    def t(self) -> float:
        return self.operations * TINY

    @cached_property
    def bent(self) -> tuple[int, ...]:
        """The layers with an activation: those whose pre-activations need bounds."""
        return tuple(i for i, layer in enumerate(self.layers) if layer.activation != NONE)

    @cached_property
    def starts(self) -> dict[int, int]:
        """For each bent layer the place of its first neuron when all their neurons stand in one row."""
        ends = accumulate(self.layers[i].outputs for i in self.bent)
        return {i: end - self.layers[i].outputs for i, end in zip(self.bent, ends, strict=True)}

    @cached_property
    def neurons(self) -> int:
        """Neurons of all bent layers together."""
        return sum(self.layers[i].outputs for i in self.bent)

    @cached_property
    def coupled(self) -> tuple[bool, ...]:
        """For each layer whether its sources mix coordinates. Until something does, intervals are exact."""
        mixed = {INPUT: False}
        found = []
        for i, layer in enumerate(self.layers):
            found.append(len(layer.terms) > 1 or any(mixed[source] for source, _ in layer.terms))
            mixed[i] = found[-1] or not all(isinstance(matrix, Diagonal | Identity) for _, matrix in layer.terms)
        return tuple(found)

    def followed_by(self, rows: Floats, offsets: Floats) -> Network:
        """The network whose outputs are rows @ y + offsets, computed exactly."""
        last = Layer(((len(self.layers) - 1, Dense(rows)),), offsets)
        return replace(self, layers=(*self.layers, last))
