"""How much of the operational design domain the regions fill that records proved.

Only volumes are compared: whether the inputs of a model are all that matters in the domain, people have to say.
Not here: what is made of the share in the argument (argument.py).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from pydantic_core import to_json

from assurance.claims import Claim
from assurance.loading import LoadedCase
from assurance.status import Standing
from assurance.support import positions
from evidence.errors import AssuranceError
from evidence.records import SmoothingRecord
from evidence.regions import expand
from evidence.specification import Statement

_MOST_CELLS = 20_000_000
_MOST_DIMENSIONS = 64
"""So many can an array have."""


class Domain:
    """The operational design domain of a case, as ranges of inputs."""

    def __init__(self, loaded: LoadedCase) -> None:
        self._loaded = loaded
        parameters = loaded.case.odd.parameters
        self._ranges = {item.input: item.range for item in parameters if item.input}
        self._made_of_inputs = len(self._ranges) == len(parameters)
        """No parameter is no input, and no input has two ranges."""
        self._known: dict[tuple[bytes, str], float | None] = {}

    def share(self, claim: Claim, standing: Standing) -> float | None:
        """Share of its volume in regions that the best record proved; None when domain and inputs are not the same
        parameters, or nothing can be computed. Requirements often speak of the same regions: those are joined once."""
        if standing.best is None or not standing.established or isinstance(standing.best.record, SmoothingRecord):
            return 0.0
        if not self._made_of_inputs:
            return None
        record = standing.best.record
        letters = "".join([record.regions[number] for number in positions(claim, record)])
        # whatever else the statement says does not change where its regions lie
        stated = claim.statement
        key = to_json((stated.inputs, stated.outputs, stated.regions)), letters
        if key not in self._known:
            self._known[key] = self._share(claim.statement, letters)
        return self._known[key]

    def _share(self, statement: Statement, letters: str) -> float | None:
        ports, ranges = statement.inputs, self._ranges
        if any(port.name not in ranges or ranges[port.name].unit != port.unit for port in ports):
            return None
        try:
            regions = expand(statement, self._file)
        except AssuranceError:
            return None
        low = np.array([ranges[port.name].lower for port in ports])
        high = np.array([ranges[port.name].upper for port in ports])
        if (high <= low).any() or len(letters) != len(regions):
            return None
        proved = np.array([letter == "P" for letter in letters])
        lower, upper = ((np.clip(side, low, high) - low) / (high - low) for side in (regions.lower, regions.upper))
        return union_volume(lower[proved], upper[proved])

    def _file(self, digest: str) -> bytes:
        path = self._loaded.path_of(digest)
        return path.read_bytes() if path else b""


def union_volume(lower: Any, upper: Any) -> float | None:
    """Volume of a union of boxes [R, n] by coordinate compression; None when that would be too large."""
    # outward rounding puts two edges a few ulp apart: the same grid for all joins them, and moves none by more
    below, above = np.round(lower, 9).T.tolist(), np.round(upper, 9).T.tolist()
    edges = [sorted({*starts, *ends}) for starts, ends in zip(below, above, strict=True)]
    shape = [max(len(edge) - 1, 0) for edge in edges]
    if 0 in shape:
        return 0.0
    if math.prod(shape) > _MOST_CELLS or len(shape) > _MOST_DIMENSIONS:
        return None
    filled = np.zeros(shape, dtype=bool)
    spans = []
    for edge, starts, ends in zip(edges, below, above, strict=True):
        place = {value: number for number, value in enumerate(edge)}
        spans.append([slice(place[start], place[end]) for start, end in zip(starts, ends, strict=True)])
    for box in zip(*spans, strict=True):
        filled[box] = True
    widths = np.ones(())
    for edge in edges:
        widths = np.multiply.outer(widths, np.diff(edge))
    return float(min(1.0, (widths * filled).sum()))
