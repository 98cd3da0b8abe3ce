"""Setting searches over phases aside, region by region, and taking them up again.

Kept are the growing partitions and violations, which regions are proved, and of each search that was begun: its open
nodes, the slopes for inner bounds, the rows that are to be shown, and what trying splits has taught.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields

import numpy as np

from evidence.engines.base import Scratch
from evidence.engines.prover.ascent import LEVELS
from evidence.engines.prover.growth import OPEN, Growth
from evidence.engines.prover.kept import UNUSABLE, Arrays, common, packed, read_growth, require, take_up, unpacked
from evidence.engines.prover.nodes import Nodes, joined
from evidence.engines.prover.phases import PhaseSearch
from evidence.engines.prover.violations import Violations


@dataclass
class Kept:
    """Regions that are proved, and the searches of those that were begun."""

    closed: set[int] = field(default_factory=set)
    begun: dict[int, PhaseSearch] = field(default_factory=dict)


def saved(growth: Growth, violations: Violations, closed: set[int], begun: Mapping[int, PhaseSearch]) -> bytes:
    """The bytes of searches between two rounds; begun: those of regions that are neither proved nor violated."""
    arrays, notes = common(growth, violations)
    notes |= {"closed": sorted(closed), "begun": {}}
    for region, search in begun.items():
        if not search.waiting:
            continue
        nodes = joined(search.waiting)
        for item in fields(nodes):
            arrays[f"{region}_{item.name}"] = getattr(nodes, item.name)
        for k, table in search.table.items():
            for m, layer in enumerate(table):
                arrays[f"{region}_table_{k}_{m}"] = np.rint(search.host(layer) * LEVELS).astype(np.uint8)
        arrays[f"{region}_leading"] = search.leading
        arrays[f"{region}_gain"], arrays[f"{region}_times"] = search.experience.gain, search.experience.times
        notes["begun"][str(region)] = [search.proved, search.scale, search.again, sorted(search.table)]
    return packed(arrays, notes)


def resume(
    scratch: Scratch | None,
    growth: Growth,
    violations: Violations,
    regions: int,
    made: Callable[[int], PhaseSearch],
) -> Kept:
    """Put partitions that start at nodes 0 to R - 1 where the kept ones were, with the searches, each `made` anew. Where
    none are kept that can be used everything is as it was, and nothing is closed or begun."""
    data = scratch.load() if scratch is not None else None
    if data is None:
        return Kept()
    kept = Kept()
    try:
        arrays, notes = unpacked(data)
        read = read_growth(arrays, notes, growth.inputs, regions)
        kept.closed = {int(region) for region in notes["closed"]}
        require(all(0 <= int(region) < regions for region in (*kept.closed, *notes["begun"])))
        for name, note in notes["begun"].items():
            own = {key.partition("_")[2]: array for key, array in arrays.items() if key.startswith(f"{name}_")}
            require((own["node"] >= 0).all() and (read.kind.values[own["node"]] == OPEN).all())
            kept.begun[int(name)] = _restored(made(int(name)), own, *note)
    except UNUSABLE:
        return Kept()
    return kept if take_up(growth, read, arrays, violations) else Kept()


def _restored(
    search: PhaseSearch, arrays: Arrays, proved: float, scale: float, again: bool, layers: list[int]
) -> PhaseSearch:
    nodes = Nodes(*(arrays[item.name] for item in fields(Nodes)))
    model = search.empty()
    for item in fields(Nodes):
        given, own = getattr(nodes, item.name), getattr(model, item.name)
        require(given.dtype == own.dtype and given.ndim == own.ndim and len(given) == len(nodes))
        require(item.name in ("path", "candidates", "promise", "coefficients") or given.shape[1:] == own.shape[1:])
    neurons = search.starts[-1]
    require((np.abs(nodes.path) <= neurons).all() and ((nodes.candidates >= 0) & (nodes.candidates < neurons)).all())
    require(nodes.promise.shape == nodes.candidates.shape)
    require(nodes.coefficients.shape == (len(nodes), search.clauses, nodes.candidates.shape[1]))
    require(all(not np.isnan(getattr(nodes, name)).any() for name in ("low", "high", "deficit", "promise")))
    leading, gain, times = arrays["leading"], arrays["gain"], arrays["times"]
    require(leading.shape == (search.clauses,) and leading.dtype == np.int64 and bool((leading >= 0).all()))
    require(bool((search.member[leading] == np.arange(search.clauses)).all()))
    require(gain.shape == (2, neurons) and times.shape == (neurons,) and times.dtype == np.int64)
    widths, table = search.chain.widths, {}
    for k in layers:
        pieces = [arrays[f"table_{k}_{m}"] for m in range(k)]
        require(1 <= k < len(widths) and [p.shape for p in pieces] == [(2 * widths[k], w) for w in widths[:k]])
        table[int(k)] = [search.put(piece.astype(np.float64) / LEVELS) for piece in pieces]
    search.proved, search.scale, search.again = float(proved), float(scale), bool(again)
    search.table, search.leading, search.waiting = table, leading, [nodes]
    search.experience.gain[:], search.experience.times[:] = gain, times
    return search
