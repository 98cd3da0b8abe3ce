"""The linear maps of a network, in the forms in which they are stored.

Each has the same five methods. `forward` and `back` compute in float64 with rounding (rounding.py says how much);
`forward_size` is `forward` with the magnitudes of the entries, for arguments that are not negative.
Not here: biases, activations, and any bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from evidence.checker.rounding import Floats

Ints = NDArray[np.int64]
_SEEN = 1 << 22
"""Numbers that the windows of a convolution may see together."""


class Matrix(Protocol):
    """A linear map from `inputs` to `outputs` numbers."""

    @property
    def inputs(self) -> int: ...

    @property
    def outputs(self) -> int: ...

    @property
    def products(self) -> int:
        """At most this many products are added up in one number of `forward`."""
        ...

    def forward(self, values: Floats) -> Floats:
        """values [B, inputs] -> [B, outputs]."""
        ...

    def forward_size(self, values: Floats) -> Floats:
        """The same with |entries|."""
        ...

    def back(self, rows: Floats) -> Floats:
        """rows [Q, outputs] times the matrix -> [Q, inputs]."""
        ...

    def picked(self, index: Ints) -> Floats:
        """The rows of the matrix with these numbers [Q] -> [Q, inputs]: exact."""
        ...


@dataclass(frozen=True)
class Dense:
    """A full matrix, weight [outputs, inputs]."""

    weight: Floats

    @cached_property
    def _size(self) -> Floats:
        return np.abs(self.weight)

    @property
    def inputs(self) -> int:
        return int(self.weight.shape[1])

    @property
    def outputs(self) -> int:
        return len(self.weight)

    @property
    def products(self) -> int:
        return self.inputs

    def forward(self, values: Floats) -> Floats:
        return values @ self.weight.T

    def forward_size(self, values: Floats) -> Floats:
        return values @ self._size.T

    def back(self, rows: Floats) -> Floats:
        return rows @ self.weight

    def picked(self, index: Ints) -> Floats:
        return self.weight[index]


@dataclass(frozen=True)
class Diagonal:
    """A diagonal matrix, weight [n]."""

    weight: Floats

    @property
    def inputs(self) -> int:
        return len(self.weight)

    @property
    def outputs(self) -> int:
        return len(self.weight)

    @property
    def products(self) -> int:
        return 1

    def forward(self, values: Floats) -> Floats:
        return values * self.weight

    def forward_size(self, values: Floats) -> Floats:
        return values * np.abs(self.weight)

    def back(self, rows: Floats) -> Floats:
        return rows * self.weight

    def picked(self, index: Ints) -> Floats:
        rows = np.zeros((len(index), self.inputs))
        rows[np.arange(len(index)), index] = self.weight[index]
        return rows


@dataclass(frozen=True)
class Identity:
    """The map that changes nothing, of `inputs` numbers. Its results may be its arguments."""

    inputs: int

    @property
    def outputs(self) -> int:
        return self.inputs

    @property
    def products(self) -> int:
        return 1

    def forward(self, values: Floats) -> Floats:
        return values

    def forward_size(self, values: Floats) -> Floats:
        return values

    def back(self, rows: Floats) -> Floats:
        return rows

    def picked(self, index: Ints) -> Floats:
        rows = np.zeros((len(index), self.inputs))
        rows[np.arange(len(index)), index] = 1.0
        return rows


@dataclass(frozen=True)
class Selection:
    """Output i is sign times input index[i], or 0 where index[i] is -1. index: [outputs]; sign: 1 or -1."""

    index: Ints
    inputs: int
    sign: float = 1.0

    @property
    def outputs(self) -> int:
        return len(self.index)

    @property
    def products(self) -> int:
        return 1

    @cached_property
    def _present(self) -> Ints:
        return np.flatnonzero(self.index >= 0)

    @cached_property
    def _distinct(self) -> bool:
        """No input is selected twice: then `back` puts numbers in place, else it adds them up."""
        return len(np.unique(self.index[self._present])) == len(self._present)

    def forward(self, values: Floats) -> Floats:
        return self.sign * self.forward_size(values)

    def forward_size(self, values: Floats) -> Floats:
        found = np.zeros((len(values), self.outputs))
        found[:, self._present] = values[:, self.index[self._present]]
        return found

    def back(self, rows: Floats) -> Floats:
        found = np.zeros((self.inputs, len(rows)))
        sources, given = self.index[self._present], self.sign * rows.T[self._present]
        if self._distinct:
            found[sources] = given
        else:
            np.add.at(found, sources, given)
        return np.ascontiguousarray(found.T)

    def picked(self, index: Ints) -> Floats:
        rows, sources = np.zeros((len(index), self.inputs)), self.index[index]
        present = np.flatnonzero(sources >= 0)
        rows[present, sources[present]] = self.sign
        return rows


@dataclass(frozen=True)
class Windows:
    """A convolution: the same small matrices on many windows of the input.

    index: [groups, windows, taps] inputs that a window sees (-1: padding, which is 0); in one group and at one tap
    no input occurs in two windows. weight: [groups, channels, taps]. Outputs stand by group, channel, window.
    """

    index: Ints
    weight: Floats
    inputs: int

    @cached_property
    def _size(self) -> Floats:
        return np.abs(self.weight)

    @property
    def outputs(self) -> int:
        return int(self.weight.shape[0] * self.weight.shape[1] * self.index.shape[1])

    @property
    def products(self) -> int:
        return int(self.weight.shape[2])

    def forward(self, values: Floats) -> Floats:
        return self._applied(values, self.weight)

    def forward_size(self, values: Floats) -> Floats:
        return self._applied(values, self._size)

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

    def picked(self, index: Ints) -> Floats:
        groups, windows, _ = self.index.shape
        group, rest = np.divmod(index, self.outputs // groups)
        channel, window = np.divmod(rest, windows)
        rows = np.zeros((len(index), self.inputs + 1))
        rows[np.arange(len(index))[:, None], self.index[group, window]] = self.weight[group, channel]
        return np.ascontiguousarray(rows[:, :-1])
