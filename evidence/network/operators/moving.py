"""Operators that only move numbers: reshape, select, pad, join. All are affine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from evidence.network.operators.base import Array, Constants, MisfitError, Shape, Tensors, size

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Reshape:
    """The same numbers in the same order, in another shape."""

    target: Shape
    affine: ClassVar[bool] = True
    constants: ClassVar[tuple[str, ...]] = ()

    def shape(self, *inputs: Shape) -> Shape:
        if size(self.target) != size(inputs[0]):
            raise MisfitError(f"{list(self.target)} for shape {inputs[0]}")
        return self.target

    def work(self, *inputs: Shape) -> int:
        return 0

    def values(self, inputs: Sequence[Array], homogeneous: bool = False) -> Array:
        return inputs[0].reshape(len(inputs[0]), *self.target)

    def tensors(self, inputs: Tensors, constants: Constants) -> torch.Tensor:
        return inputs[0].reshape(inputs[0].shape[0], *self.target)


@dataclass(frozen=True, eq=False)
class Select:
    """The numbers at flat positions `index` (of any shape, which is that of the result) of one sample's tensor."""

    index: NDArray[np.int64]
    affine: ClassVar[bool] = True
    constants: ClassVar[tuple[str, ...]] = ("index",)

    def shape(self, *inputs: Shape) -> Shape:
        return tuple(self.index.shape)

    def work(self, *inputs: Shape) -> int:
        return int(self.index.size)

    def values(self, inputs: Sequence[Array], homogeneous: bool = False) -> Array:
        return inputs[0].reshape(len(inputs[0]), -1)[:, self.index]

    def tensors(self, inputs: Tensors, constants: Constants) -> torch.Tensor:
        flat = inputs[0].reshape(inputs[0].shape[0], -1)
        return flat[:, constants["index"].reshape(-1)].reshape(flat.shape[0], *self.index.shape)


@dataclass(frozen=True)
class Pad:
    """A border of `value`: before and after hold a length, not negative, for each axis."""

    before: tuple[int, ...]
    after: tuple[int, ...]
    value: float = 0.0
    affine: ClassVar[bool] = True
    constants: ClassVar[tuple[str, ...]] = ()

    def shape(self, *inputs: Shape) -> Shape:
        return tuple(a + n + b for a, n, b in zip(self.before, inputs[0], self.after, strict=True))

    def work(self, *inputs: Shape) -> int:
        return size(self.shape(*inputs))

    def values(self, inputs: Sequence[Array], homogeneous: bool = False) -> Array:
        widths = ((0, 0), *zip(self.before, self.after, strict=True))
        value = 0.0 if homogeneous else self.value
        return np.pad(inputs[0], widths, constant_values=inputs[0].dtype.type(value))

    def tensors(self, inputs: Tensors, constants: Constants) -> torch.Tensor:
        from torch.nn import functional

        widths = [width for pair in zip(self.before[::-1], self.after[::-1], strict=True) for width in pair]
        return functional.pad(inputs[0], widths, value=self.value)


@dataclass(frozen=True)
class Join:
    """ONNX's Concat: tensors one after the other along an axis (not negative) of the sample's shape."""

    axis: int
    affine: ClassVar[bool] = True
    constants: ClassVar[tuple[str, ...]] = ()

    def shape(self, *inputs: Shape) -> Shape:
        first = inputs[0]
        for other in inputs[1:]:
            if len(other) != len(first) or any(
                a != b for i, (a, b) in enumerate(zip(first, other, strict=True)) if i != self.axis
            ):
                raise MisfitError(f"shapes {first} and {other} along axis {self.axis}")
        return (*first[: self.axis], sum(item[self.axis] for item in inputs), *first[self.axis + 1 :])

    def work(self, *inputs: Shape) -> int:
        return sum(map(size, inputs))

    def values(self, inputs: Sequence[Array], homogeneous: bool = False) -> Array:
        return np.concatenate(inputs, axis=self.axis + 1)

    def tensors(self, inputs: Tensors, constants: Constants) -> torch.Tensor:
        import torch

        return torch.cat(list(inputs), self.axis + 1)


@dataclass(frozen=True, eq=False)
class Fixed:
    """A constant tensor beside computed ones. Its one input only tells the batch size."""

    array: Array
    affine: ClassVar[bool] = True
    constants: ClassVar[tuple[str, ...]] = ("array",)

    def shape(self, *inputs: Shape) -> Shape:
        return tuple(self.array.shape)

    def work(self, *inputs: Shape) -> int:
        return int(self.array.size)

    def values(self, inputs: Sequence[Array], homogeneous: bool = False) -> Array:
        array = np.zeros_like(self.array) if homogeneous else self.array
        return np.broadcast_to(array, (len(inputs[0]), *array.shape))

    def tensors(self, inputs: Tensors, constants: Constants) -> torch.Tensor:
        return constants["array"].expand(inputs[0].shape[0], *self.array.shape)
