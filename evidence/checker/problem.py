"""What is to be shown: conditions on the outputs of a network, over sets of inputs. regions.py derives it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from numpy.typing import NDArray

from evidence.checker.linear import Ints
from evidence.checker.rounding import Floats


@dataclass(frozen=True)
class Sets:
    """R input sets: the boxes [lower, upper], each [R, n]. With `radius` [R], each is also inside the closed
    Euclidean ball of that radius around `center` [R, n]; the set then is the intersection."""

    lower: Floats
    upper: Floats
    center: Floats | None = None
    radius: Floats | None = None

    def __len__(self) -> int:
        return len(self.lower)

    def take(self, index: NDArray[Any]) -> Sets:
        """The sets with these numbers (or this mask)."""
        ball = (None, None) if self.radius is None or self.center is None else (self.center[index], self.radius[index])
        return Sets(self.lower[index], self.upper[index], *ball)


@dataclass(frozen=True)
class Condition:
    """Every clause has a row with rows @ y + offset > 0, strictly. rows: [k, m]; offsets, clause: [k].

    Offsets are rounded down. Rows may be off by one rounding of each coefficient, which `layers.SLACK` counts.
    compares: before any rounding, every row says that one output is above another, and no more.
    """

    rows: Floats
    offsets: Floats
    clause: Ints
    compares: bool

    @property
    def clauses(self) -> int:
        return int(self.clause.max()) + 1


@dataclass(frozen=True)
class Problem:
    """A statement, derived: the digest of its network, its sizes, the sets, and which condition holds for each.

    resized: for balls, the sets with these numbers [k], with radii [k] in place of the stated one.
    """

    model: str
    inputs: int
    outputs: int
    sets: Sets
    conditions: tuple[Condition, ...]
    condition_of: Ints
    resized: Callable[[Ints, Floats], Sets] | None


def compares(coefficients: Mapping[int, float | Fraction], bound: float | Fraction) -> bool:
    """Whether c @ y > bound says that one output is above another: true of a Softmax if and only if it is true of its
    arguments. The numbers must be exact: 1 and -1.00...01 look alike once they are rounded."""
    values = [value for value in coefficients.values() if value]
    return bound == 0 and len(values) == 2 and values[0] == -values[1]
