"""Smoothing throughput as a share of the forward-only limit, in one run and one thread."""

from __future__ import annotations

import numpy as np

from benchmarks.common import best_of, statement_of
from evidence.engines.smoothing.sampling import Sampler, cache_batch
from evidence.network import read_network, to_torch

INPUTS = 100
SAMPLES = 8192


def smoothing() -> list[str]:
    """Noisy classifications per second with shared and independent noise, against forward passes alone."""
    import torch

    torch.set_num_threads(1)
    _, _, regions, data = statement_of("digit_reader", "D1")
    network = read_network(data, "benchmark")
    centers = regions.centers[:INPUTS]
    batch = cache_batch(network)
    module = to_torch(network, torch.float32)
    points = torch.rand(batch, network.inputs)

    def forward() -> None:
        with torch.no_grad():
            for _ in range(INPUTS * SAMPLES // batch):
                module(points)

    limit = INPUTS * SAMPLES / best_of(3, forward)
    lines = [f"forward only, batch {batch}: {limit:,.0f} samples/s (1.00)"]
    classes = np.zeros(INPUTS, dtype=np.int64)
    for noise in ("shared", "independent"):
        sampler = Sampler(network, centers, 0.25, 1, noise, 1, batch, "cpu")
        rate = INPUTS * SAMPLES / best_of(3, lambda s=sampler: s.estimate(classes, SAMPLES, lambda done: None))  # type: ignore[misc]
        lines.append(f"{noise} noise: {rate:,.0f} samples/s, {rate / limit:.2f} of the limit")
    return lines
