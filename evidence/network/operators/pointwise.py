"""Operators on each coordinate: activations, and affine work without mixing coordinates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from evidence.network.operators.base import Array, Constants, MisfitError, Shape, Tensors, ranked, size

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, eq=False)
class Scale:
    """y = scale * x + shift; both are broadcast to x, whose shape stays. None stands for 1 and 0."""

    scale: Array | None = None
    shift: Array | None = None
    affine: ClassVar[bool] = True
    constants: ClassVar[tuple[str, ...]] = ("scale", "shift")

    def shape(self, *inputs: Shape) -> Shape:
        (given,) = inputs
        for constant in (self.scale, self.shift):
            if constant is not None and broadcast(given, constant.shape) != given:
                raise MisfitError(f"a constant {constant.shape} beside shape {given}")
        return given

    def work(self, *inputs: Shape) -> int:
        return size(inputs[0])

    def values(self, inputs: Sequence[Array], homogeneous: bool = False) -> Array:
        (x,) = inputs
        if self.scale is not None:
            x = x * self.scale
        return x if self.shift is None or homogeneous else x + self.shift

    def tensors(self, inputs: Tensors, constants: Constants) -> torch.Tensor:
        (x,) = inputs
        if "scale" in constants:
            x = x * constants["scale"]
        return x + constants["shift"] if "shift" in constants else x


@dataclass(frozen=True)
class Add:
    """y = a + sign * b for two computed tensors, with broadcasting. sign: 1 or -1."""

    sign: int = 1
    affine: ClassVar[bool] = True
    constants: ClassVar[tuple[str, ...]] = ()

    def shape(self, *inputs: Shape) -> Shape:
        return broadcast(*inputs)

    def work(self, *inputs: Shape) -> int:
        return size(broadcast(*inputs))

    def values(self, inputs: Sequence[Array], homogeneous: bool = False) -> Array:
        rank = max(a.ndim for a in inputs) - 1
        a, b = (ranked(item, rank) for item in inputs)
        return np.asarray(a + b if self.sign > 0 else a - b)

    def tensors(self, inputs: Tensors, constants: Constants) -> torch.Tensor:
        rank = max(len(a.shape) for a in inputs) - 1
        a, b = (ranked(item, rank) for item in inputs)
        made: torch.Tensor = a + b if self.sign > 0 else a - b
        return made


def broadcast(*shapes: Shape) -> Shape:
    """The common shape. Raises MisfitError when there is none."""
    try:
        return tuple(int(length) for length in np.broadcast_shapes(*shapes))
    except ValueError:
        raise MisfitError(f"shapes {' and '.join(map(str, shapes))} do not go together") from None


class _Activation:
    """The shared part of functions of one coordinate."""

    affine: ClassVar[bool] = False
    constants: ClassVar[tuple[str, ...]] = ()

    def shape(self, *inputs: Shape) -> Shape:
        return inputs[0]

    def work(self, *inputs: Shape) -> int:
        return size(inputs[0])


@dataclass(frozen=True)
class Rectifier(_Activation):
    """ReLU: y = max(x, 0)."""

    def values(self, inputs: Sequence[Array], homogeneous: bool = False) -> Array:
        return np.asarray(np.maximum(inputs[0], 0.0))

    def tensors(self, inputs: Tensors, constants: Constants) -> torch.Tensor:
        return inputs[0].relu()


@dataclass(frozen=True)
class LeakyRectifier(_Activation):
    """LeakyReLU: y = x above zero, slope * x below."""

    slope: float

    def values(self, inputs: Sequence[Array], homogeneous: bool = False) -> Array:
        return np.where(inputs[0] < 0, inputs[0] * self.slope, inputs[0])

    def tensors(self, inputs: Tensors, constants: Constants) -> torch.Tensor:
        from torch.nn import functional

        return functional.leaky_relu(inputs[0], self.slope)


@dataclass(frozen=True)
class Logistic(_Activation):
    """The sigmoid 1 / (1 + exp(-x))."""

    def values(self, inputs: Sequence[Array], homogeneous: bool = False) -> Array:
        x = inputs[0]
        small = np.exp(-np.abs(x))
        return np.where(x >= 0, 1.0, small) / (1.0 + small)

    def tensors(self, inputs: Tensors, constants: Constants) -> torch.Tensor:
        return inputs[0].sigmoid()


@dataclass(frozen=True)
class HyperbolicTangent(_Activation):
    """tanh x."""

    def values(self, inputs: Sequence[Array], homogeneous: bool = False) -> Array:
        return np.asarray(np.tanh(inputs[0]))

    def tensors(self, inputs: Tensors, constants: Constants) -> torch.Tensor:
        return inputs[0].tanh()


@dataclass(frozen=True)
class Clip(_Activation):
    """y = min(max(x, lower), upper); ends may be infinite. When lower > upper, y is upper, as ONNX has it."""

    lower: float
    upper: float

    def values(self, inputs: Sequence[Array], homogeneous: bool = False) -> Array:
        return np.asarray(np.minimum(np.maximum(inputs[0], self.lower), self.upper))

    def tensors(self, inputs: Tensors, constants: Constants) -> torch.Tensor:
        return inputs[0].clamp(self.lower, self.upper)


@dataclass(frozen=True)
class Softmax(_Activation):
    """exp(x) over its sum along `axes` of the sample's shape (not negative)."""

    axes: tuple[int, ...]

    def values(self, inputs: Sequence[Array], homogeneous: bool = False) -> Array:
        axes = tuple(axis + 1 for axis in self.axes)
        grown = np.exp(inputs[0] - inputs[0].max(axis=axes, keepdims=True))
        return np.asarray(grown / grown.sum(axis=axes, keepdims=True))

    def tensors(self, inputs: Tensors, constants: Constants) -> torch.Tensor:
        axes = tuple(axis + 1 for axis in self.axes)
        grown = (inputs[0] - inputs[0].amax(axes, keepdim=True)).exp()
        return grown / grown.sum(axes, keepdim=True)
