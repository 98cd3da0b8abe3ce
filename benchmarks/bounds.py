"""Bound throughput against a bare forward pass, and checking against proving."""

from __future__ import annotations

import time

import numpy as np

from benchmarks.common import best_of, statement_of
from evidence.checker.check import check
from evidence.engines import load_engine
from evidence.engines.base import Task
from evidence.engines.bounds.goals import goals_of
from evidence.engines.bounds.lirpa import Bounder, Sets
from evidence.network import read_network, to_torch

CELLS = 4096


def bounds() -> list[str]:
    """Boxes bounded per second by each method over table cells, as a share of points per second forward."""
    import torch

    torch.set_num_threads(1)
    _, _, regions, data = statement_of("vertical_cas", "V1")
    network = read_network(data, "benchmark")
    index = np.arange(min(CELLS, len(regions)))
    sets = Sets(regions.lower[index], regions.upper[index], regions.centers[index])
    rows = goals_of(regions).matrix(regions.condition_of[index])
    module, points = to_torch(network, torch.float64), torch.tensor(sets.centers)
    with torch.no_grad():
        forward = best_of(5, lambda: module(points))
    lines = [f"forward pass, float64: {len(index) / forward:,.0f} points/s (1.0)"]
    bounder = Bounder(network, 256)
    for method in ("ibp", "crown-ibp", "crown", "alpha-crown"):
        count = len(index) if method != "alpha-crown" else 256
        seconds = best_of(2, lambda m=method, c=count: bounder.bound(m, sets.take(slice(0, c)), rows[:c]))  # type: ignore[misc]
        rate = count / seconds
        lines.append(f"{method}: {rate:,.0f} boxes/s, {rate * forward / len(index):.5f} of the forward pass")
    return lines


def checker() -> list[str]:
    """Time of checking over time of proving, for all table cells."""
    loaded, statement, regions, data = statement_of("vertical_cas", "V1")
    files = {item.declared: item.path.read_bytes() for item in loaded.files}
    start = time.perf_counter()
    parameters = {"method": "crown", "max_leaves": 64, "attack_restarts": 0}
    outcome = load_engine("bounds")(Task(statement, regions, data, parameters))
    proving = time.perf_counter() - start
    start = time.perf_counter()
    report = check(statement.model_dump(mode="json"), outcome.certificate or b"", files.__getitem__)
    checking = time.perf_counter() - start
    return [
        f"{sum(report.proved):,} of {len(regions):,} cells: proving {proving:.1f} s, checking {checking:.1f} s, "
        f"ratio {checking / proving:.2f}; certificate {len(outcome.certificate or b'') / 1e3:,.0f} kB"
    ]
