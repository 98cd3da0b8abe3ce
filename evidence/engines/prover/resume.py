"""Setting a search over boxes aside, and taking it up again: what is proved so far, and what is still open.

Kept are the growing partitions, the proved shares, the open boxes with the bounds of their neurons, and the violations.
Bounds derived anew would differ a little from those that the checker hands down, and slopes are chosen by them. The
bytes are a header, a SHA-256 and an npz without pickles. What does not fit the task, is damaged or too large is
ignored: then the search starts anew. Nothing here is evidence: a proof that was resumed is checked as every other,
and violations are executed again.
Not here: where the bytes lie (evidence/store.py), searches that split phases (they start anew).
"""

from __future__ import annotations

import hashlib
import io
import json
import time
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evidence.engines.base import Scratch
from evidence.engines.certificate import ClauseOffer
from evidence.engines.prover.boxes import Batch, BoxSearch, fresh
from evidence.engines.prover.growth import CUT, OPEN, Column, Growth
from evidence.engines.prover.violations import Violations
from evidence.regions import Floats, RegionSet

_HEADER = b"assurance-search/1\n"
_MOST = 256_000_000
"""Bytes of a search that are kept, or read."""
_EVERY = 30.0
"""Seconds of search between two savings."""
_COLUMNS = ("kind", "item", "neuron", "at", "first", "bounded")
_NONE = np.zeros(0, dtype=np.int64)

Arrays = dict[str, NDArray[Any]]


@dataclass
class Keeper:
    """Saves a search now and then. `now`: seconds, of any origin."""

    scratch: Scratch | None
    search: BoxSearch
    violations: Violations
    now: Callable[[], float] = time.monotonic
    last: float = field(init=False)

    def __post_init__(self) -> None:
        self.last = self.now()

    def between(self) -> None:
        """To be called between two rounds of the search."""
        if self.scratch is not None and self.now() - self.last >= _EVERY:
            self.save()

    def save(self) -> None:
        """Keep the search as it is now, unless it is too large; only between two rounds."""
        if self.scratch is not None:
            data = saved(self.search, self.violations)
            if len(data) <= _MOST:
                self.scratch.save(data)
        self.last = self.now()


def saved(search: BoxSearch, violations: Violations) -> bytes:
    """The bytes of a search between two rounds."""
    growth = search.growth
    arrays: Arrays = {name: getattr(growth, name).values for name in _COLUMNS}
    arrays["proved"] = search.proved
    for name, batches in (("stack", search.stack), ("stuck", search.stuck)):
        boxes = [batch for batch in batches if len(batch)]
        wide = [layer.shape[1] for layer in boxes[0].parts.low] if boxes else []
        none = np.zeros((0, sum(wide)))
        arrays |= {
            f"{name}_lower": np.concatenate([np.zeros((0, growth.inputs)), *(batch.parts.lower for batch in boxes)]),
            f"{name}_upper": np.concatenate([np.zeros((0, growth.inputs)), *(batch.parts.upper for batch in boxes)]),
            f"{name}_node": np.concatenate([_NONE, *(batch.node for batch in boxes)]),
            f"{name}_region": np.concatenate([_NONE, *(batch.region for batch in boxes)]),
            f"{name}_low": np.concatenate([none, *(_flat(batch.parts.low, len(batch)) for batch in boxes)]),
            f"{name}_high": np.concatenate([none, *(_flat(batch.parts.high, len(batch)) for batch in boxes)]),
            f"{name}_share": np.concatenate([np.zeros(0), *(batch.share for batch in boxes)]),
        }
    points = sorted(violations.points.items())
    arrays["violated"] = np.array([region for region, _ in points], dtype=np.int64)
    arrays["points"] = np.array([point for _, point in points], dtype=np.float64).reshape(len(points), growth.inputs)
    notes = {
        "slabs": [[node, slabs] for node, slabs in growth.slabs.items()],
        "offers": [[node, [None if e is None else list(e) for e in offer]] for node, offer in growth.offers.items()],
        "inner": [[node, inner] for node, inner in growth.inner.items()],
    }
    text = json.dumps(notes, separators=(",", ":"), allow_nan=False).encode()
    arrays["notes"] = np.frombuffer(text, dtype=np.uint8)
    stream = io.BytesIO()
    np.savez(stream, **arrays)  # type: ignore[arg-type]
    content = stream.getvalue()
    return _HEADER + hashlib.sha256(content).digest() + content


def resume(scratch: Scratch | None, search: BoxSearch, violations: Violations, regions: RegionSet) -> bool:
    """Put a new search, whose partitions start at nodes 0 to R - 1, where the kept one was. False when there is
    none that can be used: then the search is as it was."""
    data = scratch.load() if scratch is not None and search.stack else None
    if data is None:
        return False
    try:
        arrays, notes = _read(data)
        _require_fitting(arrays, regions)
        growth = _growth(arrays, notes, search.growth.inputs)
        widths = [layer.shape[1] for layer in search.stack[0].parts.low]
        stack, stuck = (_batches(arrays, name, widths) for name in ("stack", "stuck"))
    except (ValueError, KeyError, TypeError, IndexError, OverflowError, EOFError, zipfile.BadZipFile):
        return False
    for region, point in zip(arrays["violated"].tolist(), arrays["points"], strict=True):
        violations.consider(region, point)
        if region not in violations.points:  # its open boxes were dropped
            return False
    for name in (*_COLUMNS, "slabs", "offers", "inner"):
        setattr(search.growth, name, getattr(growth, name))
    search.proved[:] = arrays["proved"]
    search.stack[:], search.stuck[:] = stack, stuck
    return True


def _read(data: bytes) -> tuple[Arrays, dict[str, Any]]:
    start = len(_HEADER) + hashlib.sha256().digest_size
    content = data[start:]
    if len(data) > _MOST or data[:start] != _HEADER + hashlib.sha256(content).digest():
        raise ValueError("not a search that was set aside, or damaged")
    stream = io.BytesIO(content)
    with zipfile.ZipFile(stream) as packed:
        if sum(item.file_size for item in packed.infolist()) > len(content):
            raise ValueError("larger than it says")
    with np.load(stream, allow_pickle=False) as packed_arrays:
        arrays: Arrays = {name: packed_arrays[name] for name in packed_arrays.files}
    return arrays, json.loads(arrays.pop("notes").tobytes())


def _require_fitting(arrays: Arrays, regions: RegionSet) -> None:
    """Raise ValueError for what is no partition of these regions with its open boxes."""
    count, inputs = regions.lower.shape
    nodes = len(arrays["kind"])
    own = Growth(inputs)
    same = all(arrays[n].dtype == getattr(own, n).values.dtype and arrays[n].shape == (nodes,) for n in _COLUMNS)
    _require(same and nodes >= count and arrays["proved"].shape == (count,))
    kind, first = arrays["kind"], arrays["first"]
    _require(((kind >= OPEN) & (kind <= CUT)).all())
    parents = np.flatnonzero(kind == CUT)
    children = np.sort(first[parents])
    _require((first[parents] > parents).all() and (np.diff(children) >= 2).all())
    _require(not len(children) or bool(children[0] >= count and children[-1] + 1 < nodes))
    _require(((arrays["item"] >= 0) & (arrays["item"] < inputs)).all() and np.isfinite(arrays["at"]).all())
    _require(((arrays["proved"] >= 0) & (arrays["proved"] <= 1.001)).all())
    violated, points = arrays["violated"], arrays["points"]
    _require(violated.dtype == np.int64 and points.shape == (len(violated), inputs) and points.dtype == np.float64)
    _require(((violated >= 0) & (violated < count)).all() and np.isfinite(points).all())
    seen = np.zeros(nodes, dtype=np.bool_)
    for name in ("stack", "stuck"):
        node, region, share = (arrays[f"{name}_{part}"] for part in ("node", "region", "share"))
        lower, upper = arrays[f"{name}_lower"], arrays[f"{name}_upper"]
        _require(node.dtype == region.dtype == np.int64 and share.dtype == lower.dtype == upper.dtype == np.float64)
        _require(node.shape == region.shape == share.shape and lower.shape == upper.shape == (len(node), inputs))
        _require(((node >= 0) & (node < nodes) & (region >= 0) & (region < count)).all())
        _require(((share >= 0) & (share <= 1)).all() and (kind[node] == OPEN).all() and not seen[node].any())
        _require((regions.lower[region] <= lower).all() and (lower <= upper).all())
        _require((upper <= regions.upper[region]).all())
        seen[node] = True


def _require(holds: bool | np.bool_) -> None:
    if not holds:
        raise ValueError("it does not fit the task")


def _growth(arrays: Arrays, notes: dict[str, Any], inputs: int) -> Growth:
    growth = Growth(inputs)
    for name in _COLUMNS:
        column: Column = getattr(growth, name)
        column.extend(arrays[name])
    nodes = range(len(arrays["kind"]))
    for node, slabs in notes["slabs"]:
        read = [(int(axis), int(side), float(at)) for axis, side, at in slabs]
        _require(node in nodes and all(axis in range(inputs) and side in (0, 1) for axis, side, _ in read))
        growth.slabs[node] = read
    for node, offer in notes["offers"]:
        _require(node in nodes)
        growth.offers[node] = [None if entry is None else ClauseOffer(*entry) for entry in offer]
    for node, inner in notes["inner"]:
        _require(node in nodes and isinstance(inner, list))
        growth.inner[node] = inner
    return growth


def _flat(layers: list[Floats], count: int) -> Floats:
    return np.concatenate([np.zeros((count, 0)), *layers], axis=1)


def _batches(arrays: Arrays, name: str, widths: Sequence[int]) -> list[Batch]:
    lower, upper, node, region, share, low, high = (
        arrays[f"{name}_{part}"] for part in ("lower", "upper", "node", "region", "share", "low", "high")
    )
    if not len(node):
        return []
    for bounds in (low, high):
        _require(bounds.dtype == np.float64 and bounds.shape == (len(node), sum(widths)) and not np.isnan(bounds).any())
    batch = fresh(widths, lower, upper, node, region, share)
    ends = np.cumsum(widths)[:-1]
    if len(widths):
        batch.parts.low = [layer.copy() for layer in np.split(low, ends, axis=1)]
        batch.parts.high = [layer.copy() for layer in np.split(high, ends, axis=1)]
    return [batch]
