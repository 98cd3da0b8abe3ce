"""Setting a search over boxes aside, and taking it up again: what is proved so far, and what is still open.

Kept are the growing partitions, the proved shares, the open boxes with the bounds of their neurons, and the violations.
Bounds derived anew would differ a little from those that the checker hands down, and slopes are chosen by them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evidence.engines.base import Scratch
from evidence.engines.prover.boxes import Batch, BoxSearch, fresh
from evidence.engines.prover.growth import OPEN
from evidence.engines.prover.kept import UNUSABLE, Arrays, common, packed, read_growth, require, take_up, unpacked
from evidence.engines.prover.violations import Violations
from evidence.regions import Floats, RegionSet

_NONE = np.zeros(0, dtype=np.int64)


def saved(search: BoxSearch, violations: Violations) -> bytes:
    """The bytes of a search between two rounds."""
    arrays, notes = common(search.growth, violations)
    arrays["proved"] = search.proved
    for name, batches in (("stack", search.stack), ("stuck", search.stuck)):
        boxes = [batch for batch in batches if len(batch)]
        wide = [layer.shape[1] for layer in boxes[0].parts.low] if boxes else []
        none, no_box = np.zeros((0, sum(wide))), np.zeros((0, search.growth.inputs))
        arrays |= {
            f"{name}_lower": np.concatenate([no_box, *(batch.parts.lower for batch in boxes)]),
            f"{name}_upper": np.concatenate([no_box, *(batch.parts.upper for batch in boxes)]),
            f"{name}_node": np.concatenate([_NONE, *(batch.node for batch in boxes)]),
            f"{name}_region": np.concatenate([_NONE, *(batch.region for batch in boxes)]),
            f"{name}_low": np.concatenate([none, *(_flat(batch.parts.low, len(batch)) for batch in boxes)]),
            f"{name}_high": np.concatenate([none, *(_flat(batch.parts.high, len(batch)) for batch in boxes)]),
            f"{name}_share": np.concatenate([np.zeros(0), *(batch.share for batch in boxes)]),
        }
    return packed(arrays, notes)


def resume(scratch: Scratch | None, search: BoxSearch, violations: Violations, regions: RegionSet) -> bool:
    """Put a new search, whose partitions start at nodes 0 to R - 1, where the kept one was. False when there is
    none that can be used: then the search is as it was."""
    data = scratch.load() if scratch is not None and search.stack else None
    if data is None:
        return False
    try:
        arrays, notes = unpacked(data)
        growth = read_growth(arrays, notes, search.growth.inputs, len(regions))
        _require_fitting(arrays, regions)
        widths = [layer.shape[1] for layer in search.stack[0].parts.low]
        stack, stuck = (_batches(arrays, name, widths) for name in ("stack", "stuck"))
    except UNUSABLE:
        return False
    if not take_up(search.growth, growth, arrays, violations):
        return False
    search.proved[:] = arrays["proved"]
    search.stack[:], search.stuck[:] = stack, stuck
    return True


def _require_fitting(arrays: Arrays, regions: RegionSet) -> None:
    """Raise ValueError for open boxes that do not lie in these regions."""
    count, inputs = regions.lower.shape
    kind = arrays["kind"]
    require(arrays["proved"].shape == (count,))
    require(((arrays["proved"] >= 0) & (arrays["proved"] <= 1.001)).all())
    seen = np.zeros(len(kind), dtype=np.bool_)
    for name in ("stack", "stuck"):
        node, region, share = (arrays[f"{name}_{part}"] for part in ("node", "region", "share"))
        lower, upper = arrays[f"{name}_lower"], arrays[f"{name}_upper"]
        require(node.dtype == region.dtype == np.int64 and share.dtype == lower.dtype == upper.dtype == np.float64)
        require(node.shape == region.shape == share.shape and lower.shape == upper.shape == (len(node), inputs))
        require(((node >= 0) & (node < len(kind)) & (region >= 0) & (region < count)).all())
        require(((share >= 0) & (share <= 1)).all() and (kind[node] == OPEN).all() and not seen[node].any())
        require((regions.lower[region] <= lower).all() and (lower <= upper).all())
        require((upper <= regions.upper[region]).all())
        seen[node] = True


def _flat(layers: list[Floats], count: int) -> Floats:
    return np.concatenate([np.zeros((count, 0)), *layers], axis=1)


def _batches(arrays: Arrays, name: str, widths: Sequence[int]) -> list[Batch]:
    lower, upper, node, region, share, low, high = (
        arrays[f"{name}_{part}"] for part in ("lower", "upper", "node", "region", "share", "low", "high")
    )
    if not len(node):
        return []
    for bounds in (low, high):
        require(bounds.dtype == np.float64 and bounds.shape == (len(node), sum(widths)) and not np.isnan(bounds).any())
    batch = fresh(widths, lower, upper, node, region, share)
    ends = np.cumsum(widths)[:-1]
    if len(widths):
        batch.parts.low = [layer.copy() for layer in np.split(low, ends, axis=1)]
        batch.parts.high = [layer.copy() for layer in np.split(high, ends, axis=1)]
    return [batch]
