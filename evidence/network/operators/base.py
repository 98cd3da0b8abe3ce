"""What every operator of the typed graph can do.

An operator's attributes are all resolved: nothing is left to look up, no default depends on a version. Arrays carry
one leading axis for the batch, in front of the shape that the ONNX model gives a tensor of one sample (whose own
batch axis of one stays in that shape). So an operator that moves or splits the model's batch axis is treated right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch

Shape = tuple[int, ...]
Array = NDArray[Any]
Tensors = Sequence["torch.Tensor"]
Constants = Mapping[str, "torch.Tensor"]


class MisfitError(Exception):
    """An operator cannot be applied to tensors of these shapes; the text says why."""


class Operator(Protocol):
    """One step of a graph. `affine`: it is x -> Lx + c; `constants`: its array fields."""

    affine: ClassVar[bool]
    constants: ClassVar[tuple[str, ...]]

    def shape(self, *inputs: Shape) -> Shape:
        """Shape of the result for inputs of these shapes. Raises MisfitError."""
        ...

    def work(self, *inputs: Shape) -> int:
        """Multiplications or comparisons for one sample."""
        ...

    def values(self, inputs: Sequence[Array], homogeneous: bool = False) -> Array:
        """Result [B, *shape] for inputs [B, *shape]; `homogeneous`: without c. Only affine operators have that."""
        ...

    def tensors(self, inputs: Tensors, constants: Constants) -> torch.Tensor:
        """The same in torch, differentiable; `constants` holds the array fields in the wanted type."""
        ...


def size(shape: Shape) -> int:
    """Numbers in a tensor of this shape, as an exact integer."""
    total = 1
    for length in shape:
        total *= int(length)
    return total


def ranked(array: Any, rank: int) -> Any:
    """An array or tensor [B, *shape] with axes of one put in, so that `shape` has `rank` axes."""
    missing = rank - (len(array.shape) - 1)
    return array.reshape(array.shape[0], *(1,) * missing, *array.shape[1:]) if missing else array


def frozen(array: Array) -> Array:
    """A read-only, contiguous copy where needed."""
    made = np.ascontiguousarray(array)
    if made is array or made.base is not None:
        made = made.copy() if made.flags.writeable else made
    made.setflags(write=False)
    return made
