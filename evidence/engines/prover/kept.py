"""The bytes of a search that was set aside: a header, a SHA-256 and an npz without pickles, JSON notes among its arrays.

What does not fit the task, is damaged or too large is ignored: then the search starts anew. Nothing here is evidence: a
proof that was resumed is checked as every other, and violations are executed again.
Not here: what each kind of search keeps (resume_boxes.py, resume_phases.py), where the bytes lie (evidence/store.py).
"""

from __future__ import annotations

import hashlib
import io
import json
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evidence.engines.base import Scratch
from evidence.engines.certificate import ClauseOffer
from evidence.engines.prover.growth import CLAUSE, CUT, LEAF, OPEN, SPLIT, Column, Growth
from evidence.engines.prover.violations import Violations

HEADER = b"assurance-search/2\n"
_MOST = 256_000_000
"""Bytes of a search that are kept, or read."""
_EVERY = 30.0
"""Seconds of search between two savings."""
_COLUMNS = ("kind", "item", "neuron", "at", "first", "bounded")
UNUSABLE = (ValueError, KeyError, TypeError, IndexError, OverflowError, AttributeError, EOFError, zipfile.BadZipFile)
"""What reading bytes that do not fit raises."""

Arrays = dict[str, NDArray[Any]]


@dataclass
class Keeper:
    """Saves a search now and then. data: its bytes, between two rounds; now: seconds, of any origin."""

    scratch: Scratch | None
    data: Callable[[], bytes]
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
            data = self.data()
            if len(data) <= _MOST:
                self.scratch.save(data)
        self.last = self.now()


def packed(arrays: Arrays, notes: dict[str, Any]) -> bytes:
    """The bytes of these arrays and JSON values."""
    text = json.dumps(notes, separators=(",", ":"), allow_nan=False).encode()
    stream = io.BytesIO()
    np.savez(stream, **arrays, notes=np.frombuffer(text, dtype=np.uint8))  # type: ignore[arg-type]
    content = stream.getvalue()
    return HEADER + hashlib.sha256(content).digest() + content


def unpacked(data: bytes) -> tuple[Arrays, dict[str, Any]]:
    """What `packed` was given. Raises one of `UNUSABLE`."""
    start = len(HEADER) + hashlib.sha256().digest_size
    content = data[start:]
    if len(data) > _MOST or data[:start] != HEADER + hashlib.sha256(content).digest():
        raise ValueError("not a search that was set aside, or damaged")
    stream = io.BytesIO(content)
    with zipfile.ZipFile(stream) as members:
        if sum(item.file_size for item in members.infolist()) > len(content):
            raise ValueError("larger than it says")
    with np.load(stream, allow_pickle=False) as members_read:
        arrays: Arrays = {name: members_read[name] for name in members_read.files}
    return arrays, json.loads(arrays.pop("notes").tobytes())


def require(holds: bool | np.bool_) -> None:
    """Raise ValueError unless it holds."""
    if not holds:
        raise ValueError("it does not fit the task")


# --- what all kinds of search keep ---


def common(growth: Growth, violations: Violations) -> tuple[Arrays, dict[str, Any]]:
    """Partitions and violations as arrays and notes."""
    arrays: Arrays = {name: getattr(growth, name).values for name in _COLUMNS}
    points = sorted(violations.points.items())
    arrays["violated"] = np.array([region for region, _ in points], dtype=np.int64)
    arrays["points"] = np.array([point for _, point in points], dtype=np.float64).reshape(len(points), growth.inputs)
    notes = {
        "slabs": [[node, slabs] for node, slabs in growth.slabs.items()],
        "offers": [[node, [None if e is None else list(e) for e in offer]] for node, offer in growth.offers.items()],
        "inner": [[node, inner] for node, inner in growth.inner.items()],
    }
    return arrays, notes


def read_growth(arrays: Arrays, notes: dict[str, Any], inputs: int, regions: int) -> Growth:
    """The partitions, whose roots are the nodes 0 to `regions` - 1. Raises one of `UNUSABLE`."""
    growth = Growth(inputs)
    nodes = len(arrays["kind"])
    for name in _COLUMNS:
        column: Column = getattr(growth, name)
        require(arrays[name].dtype == column.values.dtype and arrays[name].shape == (nodes,))
        column.extend(arrays[name])
    kind, item, first = arrays["kind"], arrays["item"], arrays["first"]
    require(nodes >= regions and bool(np.isin(kind, (OPEN, LEAF, CUT, SPLIT, CLAUSE)).all()))
    parents = np.flatnonzero(kind >= CUT)
    children = np.sort(first[parents])
    require((first[parents] > parents).all() and (np.diff(children) >= 2).all())
    require(not len(children) or bool(children[0] >= regions and children[-1] + 1 < nodes))
    require(((item[kind == CUT] >= 0) & (item[kind == CUT] < inputs)).all() and np.isfinite(arrays["at"]).all())
    numbers = range(nodes)
    for node, slabs in notes["slabs"]:
        read = [(int(axis), int(side), float(at)) for axis, side, at in slabs]
        require(node in numbers and all(axis in range(inputs) and side in (0, 1) for axis, side, _ in read))
        growth.slabs[node] = read
    for node, offer in notes["offers"]:
        require(node in numbers)
        growth.offers[node] = [None if entry is None else ClauseOffer(*entry) for entry in offer]
    for node, inner in notes["inner"]:
        require(node in numbers and isinstance(inner, list))
        growth.inner[node] = inner
    violated, points = arrays["violated"], arrays["points"]
    require(violated.dtype == np.int64 and points.shape == (len(violated), inputs) and points.dtype == np.float64)
    require(((violated >= 0) & (violated < regions)).all() and np.isfinite(points).all())
    return growth


def take_up(growth: Growth, read: Growth, arrays: Arrays, violations: Violations) -> bool:
    """Put partitions and violations where those of a new search are. False when a violation does not show again: what
    was open in its region is lost, so the search has to start anew."""
    for region, point in zip(arrays["violated"].tolist(), arrays["points"], strict=True):
        violations.consider(region, point, believed=True)
        if region not in violations.points:
            return False
    for name in (*_COLUMNS, "slabs", "offers", "inner"):
        setattr(growth, name, getattr(read, name))
    return True
