"""Operators that mix coordinates by weights or windows: matrix product, convolution, pooling.

Windows run over the last two axes of [N, C, H, W]; one-dimensional ones have H = 1. `pads` are top, left, bottom,
right and may be as large as the file says: what a rounding mode adds at the end is part of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from evidence.network.operators.base import Array, Constants, MisfitError, Shape, Tensors, size

if TYPE_CHECKING:
    import torch

Pair = tuple[int, int]
Pads = tuple[int, int, int, int]

_UNFOLDED = 4_000_000
"""Numbers that a convolution unfolds at a time."""


@dataclass(frozen=True, eq=False)
class Dense:
    """y = x @ weight over the last axis. weight: [n, m]."""

    weight: Array
    affine: ClassVar[bool] = True
    constants: ClassVar[tuple[str, ...]] = ("weight",)

    def shape(self, *inputs: Shape) -> Shape:
        (given,) = inputs
        if not given or given[-1] != len(self.weight):
            raise MisfitError(f"a matrix {self.weight.shape} on shape {given}")
        return (*given[:-1], self.weight.shape[1])

    def work(self, *inputs: Shape) -> int:
        return size(inputs[0]) * int(self.weight.shape[1])

    def values(self, inputs: Sequence[Array], homogeneous: bool = False) -> Array:
        x = inputs[0]
        return np.asarray(x.reshape(-1, x.shape[-1]) @ self.weight).reshape(*x.shape[:-1], self.weight.shape[1])

    def tensors(self, inputs: Tensors, constants: Constants) -> torch.Tensor:
        return inputs[0] @ constants["weight"]


@dataclass(frozen=True)
class Windows:
    """The geometry that convolution and pooling share, for [.., H, W]."""

    kernel: Pair
    strides: Pair
    pads: Pads
    dilations: Pair

    @property
    def extent(self) -> Pair:
        """Height and width that one window covers."""
        height, width = ((k - 1) * d + 1 for k, d in zip(self.kernel, self.dilations, strict=True))
        return height, width

    def counts(self, height: int, width: int) -> Pair:
        """Number of windows down and across. Raises MisfitError when none fits."""
        rows, columns = (
            (length + before + after - extent) // stride + 1
            for length, before, after, extent, stride in zip(
                (height, width), self.pads[:2], self.pads[2:], self.extent, self.strides, strict=True
            )
        )
        if rows < 1 or columns < 1:
            raise MisfitError(f"a window of {self.extent} does not fit into {(height, width)} with pads {self.pads}")
        return rows, columns

    def over(self, x: Array, fill: float) -> Array:
        """View [.., rows, columns, kernel height, kernel width] of x [.., H, W], whose border holds `fill`."""
        top, left, bottom, right = self.pads
        if any(self.pads):
            widths = [(0, 0)] * (x.ndim - 2) + [(top, bottom), (left, right)]
            x = np.pad(x, widths, constant_values=x.dtype.type(fill))
        view = sliding_window_view(x, self.extent, axis=(-2, -1))
        return view[..., :: self.strides[0], :: self.strides[1], :: self.dilations[0], :: self.dilations[1]]

    def padded(self, x: torch.Tensor, fill: float) -> torch.Tensor:
        """x [.., H, W] with its border, in torch."""
        from torch.nn import functional

        top, left, bottom, right = self.pads
        return functional.pad(x, (left, right, top, bottom), value=fill) if any(self.pads) else x


def _spatial(shape: Shape) -> Pair:
    if len(shape) != 4:
        raise MisfitError(f"shape {shape}, where [N, C, H, W] is needed")
    return shape[2], shape[3]


@dataclass(frozen=True, eq=False)
class Conv:
    """Convolution of [N, C, H, W]. weight: [O, C / groups, kh, kw]; bias: [O] or None."""

    weight: Array
    bias: Array | None
    windows: Windows
    groups: int
    affine: ClassVar[bool] = True
    constants: ClassVar[tuple[str, ...]] = ("weight", "bias")

    def shape(self, *inputs: Shape) -> Shape:
        height, width = _spatial(inputs[0])
        outputs, each = self.weight.shape[:2]
        if self.groups < 1 or inputs[0][1] != each * self.groups or outputs % self.groups:
            raise MisfitError(f"weights {self.weight.shape} in {self.groups} groups on shape {inputs[0]}")
        return (inputs[0][0], outputs, *self.windows.counts(height, width))

    def work(self, *inputs: Shape) -> int:
        return size(self.shape(*inputs)) * size(tuple(self.weight.shape[1:]))

    def unfolded(self, *inputs: Shape) -> int:
        """Numbers in all windows of one sample together."""
        made = self.shape(*inputs)
        return made[0] * inputs[0][1] * made[2] * made[3] * size(self.windows.kernel)

    def values(self, inputs: Sequence[Array], homogeneous: bool = False) -> Array:
        x = inputs[0].reshape(-1, *inputs[0].shape[2:])
        _, outputs, rows, columns = made = self.shape((1, *x.shape[1:]))
        weight = self.weight.reshape(self.groups, outputs // self.groups, -1)
        result = np.empty((len(x), *made[1:]), dtype=np.result_type(x, self.weight))
        step = max(1, _UNFOLDED // max(1, self.unfolded((1, *x.shape[1:]))))
        for start in range(0, len(x), step):
            part = x[start : start + step]
            # [b, C, rows, columns, kh, kw] -> for each group [places, C / groups * kh * kw]
            view = self.windows.over(part, 0.0).transpose(1, 4, 5, 0, 2, 3)
            for group in range(self.groups):
                each = self.weight.shape[1]
                columns_of = view[group * each : (group + 1) * each].reshape(weight.shape[2], -1)
                answer = (weight[group] @ columns_of).reshape(-1, len(part), rows, columns)
                first = group * weight.shape[1]
                result[start : start + step, first : first + weight.shape[1]] = answer.transpose(1, 0, 2, 3)
        if self.bias is not None and not homogeneous:
            result += self.bias[:, None, None]
        return result.reshape(*inputs[0].shape[:2], *made[1:])

    def tensors(self, inputs: Tensors, constants: Constants) -> torch.Tensor:
        from torch.nn import functional

        x = self.windows.padded(inputs[0], 0.0)
        made = functional.conv2d(
            x.reshape(-1, *x.shape[2:]),
            constants["weight"],
            constants.get("bias"),
            self.windows.strides,
            0,
            self.windows.dilations,
            self.groups,
        )
        return made.reshape(*inputs[0].shape[:2], *made.shape[1:])


@dataclass(frozen=True, eq=False)
class AveragePool:
    """The sum over each window, divided by `divisor` [rows, columns]."""

    windows: Windows
    divisor: Array
    affine: ClassVar[bool] = True
    constants: ClassVar[tuple[str, ...]] = ("divisor",)

    def shape(self, *inputs: Shape) -> Shape:
        return (*inputs[0][:2], *self.windows.counts(*_spatial(inputs[0])))

    def work(self, *inputs: Shape) -> int:
        return size(self.shape(*inputs)) * size(self.windows.kernel)

    def values(self, inputs: Sequence[Array], homogeneous: bool = False) -> Array:
        return np.asarray(self.windows.over(inputs[0], 0.0).sum(axis=(-2, -1)) / self.divisor)

    def tensors(self, inputs: Tensors, constants: Constants) -> torch.Tensor:
        from torch.nn import functional

        x = self.windows.padded(inputs[0], 0.0)
        one_channel = x.reshape(-1, 1, *x.shape[-2:])
        ones = one_channel.new_ones((1, 1, *self.windows.kernel))
        made = functional.conv2d(one_channel, ones, None, self.windows.strides, 0, self.windows.dilations)
        return made.reshape(*inputs[0].shape[:3], *made.shape[2:]) / constants["divisor"]


@dataclass(frozen=True)
class MaxPool:
    """The largest number in each window; borders never are."""

    windows: Windows
    affine: ClassVar[bool] = False
    constants: ClassVar[tuple[str, ...]] = ()

    def shape(self, *inputs: Shape) -> Shape:
        return (*inputs[0][:2], *self.windows.counts(*_spatial(inputs[0])))

    def work(self, *inputs: Shape) -> int:
        return size(self.shape(*inputs)) * size(self.windows.kernel)

    def values(self, inputs: Sequence[Array], homogeneous: bool = False) -> Array:
        return np.asarray(self.windows.over(inputs[0], -np.inf).max(axis=(-2, -1)))

    def tensors(self, inputs: Tensors, constants: Constants) -> torch.Tensor:
        from torch.nn import functional

        x = self.windows.padded(inputs[0], -float("inf"))
        made = functional.max_pool2d(
            x.reshape(-1, *x.shape[2:]), self.windows.kernel, self.windows.strides, 0, self.windows.dilations
        )
        return made.reshape(*inputs[0].shape[:2], *made.shape[1:])
