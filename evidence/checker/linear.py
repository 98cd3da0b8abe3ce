"""The linear maps of a network, in the forms in which they are stored.

`forward` and `back` compute in float64 with rounding (rounding.py says how much); `forward_size` is `forward` with
the magnitudes of the entries, for arguments that are not negative. Not here: biases, activations, and any bound.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from evidence.checker.rounding import Floats

Ints = NDArray[np.int64]
_SEEN = 1 << 22
"""Numbers that the windows of a convolution may see together."""


class Matrix(ABC):
    """A linear map from `inputs` to `outputs` numbers, with `products` added up in one number of `forward` at most."""

    def __init__(self, inputs: int, outputs: int, products: int = 1) -> None:
        self.inputs, self.outputs, self.products = inputs, outputs, products

    @abstractmethod
    def forward(self, values: Floats) -> Floats:
        """values [B, inputs] -> [B, outputs]."""

    @abstractmethod
    def forward_size(self, values: Floats) -> Floats:
        """The same with |entries|."""

    @abstractmethod
    def back(self, rows: Floats) -> Floats:
        """rows [Q, outputs] times the matrix -> [Q, inputs]."""

    def picked(self, index: Ints) -> Floats:
        """The rows of the matrix with these numbers [Q] -> [Q, inputs]: exact, since all other products are 0."""
        rows = np.zeros((len(index), self.outputs))
        rows[np.arange(len(index)), index] = 1.0
        return self.back(rows)


class Dense(Matrix):
    """A full matrix, weight [outputs, inputs]."""

    def __init__(self, weight: Floats) -> None:
        super().__init__(weight.shape[1], len(weight), weight.shape[1])
        self.weight = weight

    @cached_property
    def _size(self) -> Floats:
        return np.abs(self.weight)

    def forward(self, values: Floats) -> Floats:
        return values @ self.weight.T

    def forward_size(self, values: Floats) -> Floats:
        return values @ self._size.T

    def back(self, rows: Floats) -> Floats:
        return rows @ self.weight

    def picked(self, index: Ints) -> Floats:
        return self.weight[index]


class Diagonal(Matrix):
    """A diagonal matrix, weight [n]."""

    def __init__(self, weight: Floats) -> None:
        super().__init__(len(weight), len(weight))
        self.weight = weight

    def forward(self, values: Floats) -> Floats:
        return values * self.weight

    def forward_size(self, values: Floats) -> Floats:
        return values * np.abs(self.weight)

    def back(self, rows: Floats) -> Floats:
        return self.forward(rows)


class Identity(Matrix):
    """The map that changes nothing, of n numbers. Its results may be its arguments."""

    def __init__(self, n: int) -> None:
        super().__init__(n, n)

    def forward(self, values: Floats) -> Floats:
        return values

    forward_size = forward

    def back(self, rows: Floats) -> Floats:
        return rows


class Selection(Matrix):
    """Output i is sign times input index[i], or 0 where index[i] is -1. index: [outputs]; sign: 1 or -1."""

    def __init__(self, index: Ints, inputs: int, sign: float = 1.0) -> None:
        super().__init__(inputs, len(index))
        self.sign = sign
        self.targets = np.flatnonzero(index >= 0)
        self.sources = index[self.targets]
        self.distinct = len(np.unique(self.sources)) == len(self.sources)

    def forward(self, values: Floats) -> Floats:
        return self.sign * self.forward_size(values)

    def forward_size(self, values: Floats) -> Floats:
        found = np.zeros((len(values), self.outputs))
        found[:, self.targets] = values[:, self.sources]
        return found

    def back(self, rows: Floats) -> Floats:
        found = np.zeros((self.inputs, len(rows)))
        given = self.sign * rows.T[self.targets]
        if self.distinct:  # put in place, which is faster than to add up
            found[self.sources] = given
        else:
            np.add.at(found, self.sources, given)
        return np.ascontiguousarray(found.T)


class Windows(Matrix):
    """A convolution: the same small matrices on many windows of the input.

    index: [groups, windows, taps] inputs that a window sees (-1: padding, which is 0); in one group and at one tap
    no input occurs in two windows. weight: [groups, channels, taps]. Outputs stand by group, channel, window.
    """

    def __init__(self, index: Ints, weight: Floats, inputs: int) -> None:
        super().__init__(inputs, weight.shape[0] * weight.shape[1] * index.shape[1], weight.shape[2])
        self.index, self.weight = index, weight

    def forward(self, values: Floats) -> Floats:
        return self._applied(values, self.weight)

    def forward_size(self, values: Floats) -> Floats:
        return self._applied(values, np.abs(self.weight))

    def _applied(self, values: Floats, weight: Floats) -> Floats:
        groups, _, taps = self.index.shape
        found = np.empty((len(values), self.outputs))
        for at in self._pieces(len(values)):
            padded = np.concatenate([values[at].T, np.zeros((1, len(values[at])))])  # index -1 is the last row
            seen = padded[self.index.transpose(0, 2, 1)].reshape(groups, taps, -1)
            found[at] = (weight @ seen).reshape(self.outputs, -1).T
        return found

    def back(self, rows: Floats) -> Floats:
        groups, windows, taps = self.index.shape
        found = np.empty((len(rows), self.inputs))
        for at in self._pieces(len(rows)):
            given = np.ascontiguousarray(rows[at].T).reshape(groups, self.weight.shape[1], -1)
            spread = (self.weight.transpose(0, 2, 1) @ given).reshape(groups, taps, windows, -1)
            summed = np.zeros((self.inputs + 1, spread.shape[-1]))
            for tap in range(taps):
                summed[self.index[:, :, tap].reshape(-1)] += spread[:, tap].reshape(groups * windows, -1)
            found[at] = summed[:-1].T
        return found

    def _pieces(self, count: int) -> list[slice]:
        """Few enough at a time that what all windows see fits in memory."""
        step = max(1, _SEEN // self.index.size)
        return [slice(at, at + step) for at in range(0, count, step)]

    def picked(self, index: Ints) -> Floats:  # faster than `back`: a row has few entries
        groups, windows, _ = self.index.shape
        group, rest = np.divmod(index, self.outputs // groups)
        channel, window = np.divmod(rest, windows)
        rows = np.zeros((len(index), self.inputs + 1))
        rows[np.arange(len(index))[:, None], self.index[group, window]] = self.weight[group, channel]
        return np.ascontiguousarray(rows[:, :-1])
