"""Counts how often a network gives a class when Gaussian noise is added to its input.

The noise of one batch is a pure function of (seed, purpose, stream, batch number): batches may be drawn in any
order and no two of them share a random number. Two things make counting fast without changing what is counted:
noise shared by all inputs passes the first affine layer once, as weight @ (x + e) = weight @ x + weight @ e, and
a batch is as large as the processor's cache allows.

A class is counted only where its output is strictly above every other: a tie, like NaN after an overflow, counts
for none, which can only lower a later bound. The forward pass is float32.
Not here: probabilities, radii, the choice of parameters (engine.py, evidence/smoothing_radius.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from evidence.network import Affine, Network
from evidence.specification import Floats

if TYPE_CHECKING:
    import torch

Noise = Literal["independent", "shared"]
CACHE_BYTES = 768 * 1024
"""Of activations held at once on a CPU; measured best at one L2 cache of a current server core."""
DEVICE_BYTES = 256 * 1024 * 1024
"""The same for a GPU, where large batches win."""


class Purpose(IntEnum):
    """What a noise sample is for. Samples that chose the class never estimate its probability."""

    SELECTION = 0
    ESTIMATION = 1


def noise_batch(seed: int, purpose: Purpose, stream: int, number: int, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Standard normal noise [samples, inputs] of one batch, from a Philox key that belongs to it alone.

    seed: taken modulo 2**64; stream: below 2**30 (0 is the noise shared by all inputs); number: below 2**32.
    Raises ValueError outside these ranges.
    """
    if not (0 <= stream < 2**30 and 0 <= number < 2**32):
        raise ValueError(f"stream {stream} or batch {number} is out of range")
    place = (int(purpose) << 62) | (stream << 32) | number
    generator = np.random.Generator(np.random.Philox(key=np.array([seed % 2**64, place], dtype=np.uint64)))
    return generator.standard_normal(shape, dtype=np.float32)


def cache_batch(network: Network, device: str = "cpu") -> int:
    """Samples in a batch whose activations in two neighbouring layers fit the cache: a power of two."""
    widths = [network.inputs, *(len(layer.weight) for layer in network.layers if isinstance(layer, Affine))]
    widest = max(a + b for a, b in zip(widths, [*widths[1:], 0], strict=True))
    room = (CACHE_BYTES if device == "cpu" else DEVICE_BYTES) // (4 * widest)
    return int(2 ** np.clip(int(np.log2(max(room, 1))), 5, 17))


@dataclass(frozen=True)
class Sampler:
    """Classifies noisy copies of the listed inputs.

    inputs: [N, n] in raw model-input units; sigma: standard deviation of the noise in the same units, drawn for
    each coordinate and never clipped; sign: +1 when the largest output is the decision, -1 when the smallest is.
    """

    network: Network
    inputs: Floats
    sigma: float
    sign: Literal[1, -1]
    noise: Noise
    seed: int
    batch: int
    device: Literal["cpu", "cuda"] = "cpu"

    def selected(self, samples: int) -> Iterator[tuple[int, NDArray[np.int64]]]:
        """For each input in order: its number and how often each class [outputs] came out strictly first."""
        import torch

        totals = torch.zeros((len(self.inputs), self.network.outputs), dtype=torch.int64, device=self.device)
        for _, number, scores in self._scores(Purpose.SELECTION, samples):
            first = scores == scores.amax(0)
            totals[number] += (first & (first.sum(0) == 1)).sum(1)
        yield from enumerate(totals.cpu().numpy())

    def successes(self, classes: NDArray[np.int64], samples: int) -> Iterator[tuple[int, NDArray[np.int64]]]:
        """After each batch: classified samples so far, over all inputs, and how often each input's class won [N]."""
        import torch

        totals = torch.zeros(len(self.inputs), dtype=torch.int64, device=self.device)
        done = 0
        for size, number, scores in self._scores(Purpose.ESTIMATION, samples):
            own = scores[classes[number]].clone()
            scores[classes[number]] = -torch.inf
            totals[number] += (own > scores.amax(0)).sum()
            done += size
            if number == len(self.inputs) - 1 or self.noise == "independent":
                yield done, totals.cpu().numpy()

    def _scores(self, purpose: Purpose, samples: int) -> Iterator[tuple[int, int, torch.Tensor]]:
        """Batch size, input number and outputs [outputs, size] (reused memory), the larger the better."""
        import torch

        passes = _Passes(self)
        sizes = [min(self.batch, samples - start) for start in range(0, samples, self.batch)]
        with torch.inference_mode():
            if self.noise == "shared":
                for index, size in enumerate(sizes):
                    noise = passes.noise(purpose, 0, index, size)
                    for number in range(len(self.inputs)):
                        yield size, number, passes.scores(number, noise)
            else:
                for number in range(len(self.inputs)):
                    for index, size in enumerate(sizes):
                        yield size, number, passes.scores(number, passes.noise(purpose, number + 1, index, size))
