"""Where the prover's numbers live: numpy on the CPU, torch on a CUDA device, behind the array API standard.

The algorithms are written once against the standard's functions (array-api-compat gives both libraries the same
names). On a CUDA device everything is float64, so that neither TF32 nor half precision enters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from array_api_compat import numpy as numpy_namespace
from numpy.typing import NDArray

from evidence.provenance import require

Array = Any
"""A numpy array or a torch tensor."""


@dataclass(frozen=True)
class Place:
    """A library and a device: `xp` has the functions of the array API standard."""

    xp: Any
    device: Literal["cpu", "cuda"]

    def put(self, values: NDArray[Any]) -> Array:
        """The values as an array of this place."""
        if self.device == "cpu" and self.xp is numpy_namespace:
            return np.ascontiguousarray(values)
        # torch shares memory where it can, and warns about memory that must not be written to
        return self.xp.asarray(np.require(values, requirements=("C_CONTIGUOUS", "WRITEABLE")), device=self.device)

    def full(self, shape: tuple[int, ...], value: float) -> Array:
        """A float64 array of one value."""
        return self.xp.full(shape, value, dtype=self.xp.float64, device=self.device)

    def host(self, values: Array) -> NDArray[Any]:
        """The values as a numpy array."""
        return np.asarray(values) if isinstance(values, np.ndarray) else np.asarray(values.cpu().numpy())


def place(device: Literal["cpu", "cuda"]) -> Place:
    """The place for a device. Raises MissingLibraryError E110 when CUDA is asked for and torch is absent."""
    if device == "cpu":
        return Place(numpy_namespace, "cpu")
    require("torch")
    from array_api_compat import torch as torch_namespace

    return Place(torch_namespace, "cuda")
