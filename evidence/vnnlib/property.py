"""What a VNN-LIB file says, in normal form: the cases of its counterexample, exact.

A file describes the counterexample: some input inside one of the cases whose outputs meet all constraints of that
case. Each case is a box over the inputs and a conjunction of linear constraints on the outputs; cases with the same
box make one region. All numbers are fractions: the decimal text is what is meant. Not here: reading (reader.py),
float64 arrays for engines (evidence/regions.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import Literal, NamedTuple


class Constraint(NamedTuple):
    """sum(factor * output) <= bound, or < bound when strict. Factors by ascending output index, none of them zero."""

    factors: tuple[tuple[int, Fraction], ...]
    bound: Fraction
    strict: bool

    def holds(self, outputs: list[Fraction]) -> bool:
        """Exact test for outputs [m]."""
        value = sum((factor * outputs[index] for index, factor in self.factors), Fraction(0))
        return value < self.bound if self.strict else value <= self.bound


@dataclass(frozen=True)
class Box:
    """A closed box: lower and upper end of each input [n]."""

    lower: tuple[Fraction, ...]
    upper: tuple[Fraction, ...]

    def contains(self, point: list[Fraction]) -> bool:
        """Exact test for a point [n]."""
        return all(low <= value <= high for low, value, high in zip(self.lower, point, self.upper, strict=True))


@dataclass(frozen=True)
class Case:
    """One alternative of the counterexample."""

    box: Box
    """Shared by all cases of a region; strict ends are in `open_lower` and `open_upper`."""
    constraints: tuple[Constraint, ...]
    """At least one, in the order of the file."""
    open_lower: frozenset[int] = frozenset()
    """Inputs whose lower end is excluded (`>`)."""
    open_upper: frozenset[int] = frozenset()

    def admits(self, point: list[Fraction]) -> bool:
        """Exact test whether an input [n] lies in this case."""
        return (
            self.box.contains(point)
            and all(point[i] != self.box.lower[i] for i in self.open_lower)
            and all(point[i] != self.box.upper[i] for i in self.open_upper)
        )

    def violated_by(self, outputs: list[Fraction]) -> bool:
        """Exact test whether outputs [m] meet all constraints: with an admitted input, a counterexample."""
        return all(item.holds(outputs) for item in self.constraints)


@dataclass(frozen=True)
class Region:
    """The cases that share a box, by their index in the file's order."""

    box: Box
    cases: tuple[int, ...]

    @property
    def name(self) -> str:
        """For people, counted from 1: `case 1`, `cases 1-4`, `cases 1-2, 5`."""
        runs: list[list[int]] = []
        for case in self.cases:
            if runs and runs[-1][1] == case - 1:
                runs[-1][1] = case
            else:
                runs.append([case, case])
        parts = [f"{first + 1}" if first == last else f"{first + 1}-{last + 1}" for first, last in runs[:4]]
        if len(runs) > 4:
            parts.append(f"... ({len(self.cases)} in all)")
        return ("case " if len(self.cases) == 1 else "cases ") + ", ".join(parts)


@dataclass(frozen=True)
class Property:
    """A whole file."""

    version: Literal["1.0", "2.0"]
    input_shape: tuple[int, ...]
    """As declared in 2.0 (`()` for a scalar); in 1.0 the number of declared inputs. Inputs count row by row."""
    output_shape: tuple[int, ...]
    element: Literal["real", "float32"]
    """Declared number type; 1.0 knows real only."""
    cases: tuple[Case, ...]
    regions: tuple[Region, ...]

    @property
    def inputs(self) -> int:
        """Number of inputs n."""
        return prod(self.input_shape)

    @property
    def outputs(self) -> int:
        """Number of outputs m."""
        return prod(self.output_shape)

    def refuted_by(self, region: int, point: list[Fraction], outputs: list[Fraction]) -> bool:
        """Exact test whether input [n] and outputs [m] together are a counterexample in a region."""
        cases = (self.cases[index] for index in self.regions[region].cases)
        return any(case.violated_by(outputs) and case.admits(point) for case in cases)
