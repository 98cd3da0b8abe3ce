"""One node as the operators see it: operands, attributes, and the builder that takes the layers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evidence.checker.builder import Builder, Tensor
from evidence.checker.rounding import Floats

Value = Tensor | NDArray[Any] | None
"""A tensor that flows, a constant, or an input that is left out."""
Operator = tuple[Callable[["Use"], Value | list[Value]], range, set[str]]
"""How an operator is read, with how many operands, and the attributes it may have."""


@dataclass(frozen=True)
class Use:
    """One node: its operands, attributes and number of results, the builder, and the version of the operator set."""

    builder: Builder
    opset: int
    operator: str
    operands: tuple[Value, ...]
    attributes: dict[str, Any]
    results: int

    def moved(self, change: Callable[[NDArray[Any]], NDArray[Any]]) -> Value:
        """The first operand after the same change of its array of places, or of the constant."""
        value = self.operands[0]
        if isinstance(value, Tensor):
            return Tensor(change(value.source), change(value.index))
        return None if value is None else change(value)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the first operand."""
        return shape_of(self.operands[0])

    def given(self, place: int) -> bool:
        return place < len(self.operands) and self.operands[place] is not None

    def tensor(self, place: int = 0) -> Tensor:
        value = self.operands[place]
        if not isinstance(value, Tensor):
            raise ValueError(f"operand {place} is no tensor that flows")
        return value

    def floats(self, place: int) -> Floats:
        value = self.operands[place]
        if not isinstance(value, np.ndarray) or value.dtype != np.float64:
            raise ValueError(f"operand {place} is no constant of floating-point type")
        return value

    def integers(self, place: int, name: str) -> list[int] | None:
        """A list of integers, an attribute in older versions and an operand in newer ones."""
        if name in self.attributes:
            if self.given(place):
                raise ValueError(f"{name} is given twice")
            return list(self.at(name, ()))
        if not self.given(place):
            return None
        array = self.operands[place]
        if not isinstance(array, np.ndarray) or array.dtype != np.int64 or array.ndim != 1:
            raise ValueError(f"operand {place} ({name}) is no constant list of integers")
        return [int(i) for i in array]

    def at(self, name: str, default: Any) -> Any:
        """An attribute, of the type of its default; lists are of integers."""
        value = self.attributes.get(name, default)
        if type(value) is not type(default) or (type(value) is tuple and any(type(i) is not int for i in value)):
            raise ValueError(f"attribute {name} is not of type {type(default).__name__}")
        return value


def shape_of(value: Value) -> tuple[int, ...]:
    """Raises ValueError for an operand that is left out."""
    if value is None:
        raise ValueError("an operand is missing")
    return value.shape
