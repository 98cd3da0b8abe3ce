"""Counts how often a network gives a class when Gaussian noise is added to its input.

The noise of one batch is a pure function of (seed, purpose, stream, batch number): batches may be drawn in any
order and no two of them share a random number. Two things make counting fast without changing what is counted:
noise shared by all inputs passes the first affine layer once, as weight @ (x + e) = weight @ x + weight @ e, and
a batch is as large as the processor's cache allows. Activations lie as [neurons, samples].

A class is counted only where its output is strictly above every other: a tie, like NaN after an overflow, counts
for none, which can only lower a later bound. The forward pass is float32.
Not here: probabilities, radii, the choice of parameters (engine.py, evidence/smoothing_radius.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from evidence.network import Affine, Graph, Model, Network, to_torch
from evidence.network.operators import size
from evidence.regions import Floats

if TYPE_CHECKING:
    import torch

Noise = Literal["independent", "shared"]
Report = Callable[[int], None]
"""Called with the number of samples classified so far, counted over all inputs."""

CACHE_BYTES = 1024 * 1024
"""Room for activations on a CPU: the second-level cache of one core."""
DEVICE_BYTES = 512 * 1024 * 1024
"""The same on a GPU, where large batches win."""


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


def cache_batch(network: Model, device: str = "cpu") -> int:
    """Samples in a batch such that two neighbouring layers' activations fit the cache: a power of two."""
    if isinstance(network, Graph):
        widest = max(
            size(node.shape) + sum(size(network.shape(tensor)) for tensor in node.inputs) for node in network.nodes
        )
    else:
        widths = [network.inputs, *(len(layer.weight) for layer in network.layers if isinstance(layer, Affine))]
        widest = max(a + b for a, b in zip(widths, [*widths[1:], 0], strict=True))
    room = (CACHE_BYTES if device == "cpu" else DEVICE_BYTES) // (4 * widest)
    return int(2 ** np.clip(np.floor(np.log2(max(room, 1))), 5, 17))


@dataclass(frozen=True)
class Sampler:
    """Classifies noisy copies of the listed inputs.

    inputs: [N, n] in raw model-input units; sigma: standard deviation of the noise in the same unit, drawn for
    each coordinate, never clipped; sign: +1 when the largest output is the decision, -1 when the smallest is.
    """

    network: Model
    inputs: Floats
    sigma: float
    sign: Literal[1, -1]
    noise: Noise
    seed: int
    batch: int
    device: Literal["cpu", "cuda"] = "cpu"

    def select(self, samples: int, report: Report) -> NDArray[np.int64]:
        """How often each class came strictly first on the selection sample: [N, outputs]."""
        import torch

        counts = torch.zeros((len(self.inputs), self.network.outputs), dtype=torch.int64, device=self.device)
        for number, scores in self._scores(Purpose.SELECTION, samples, report):
            first = scores == scores.amax(0)
            counts[number] += (first & (first.sum(0) == 1)).sum(1)
        return counts.cpu().numpy()

    def estimate(self, classes: NDArray[np.int64], samples: int, report: Report) -> NDArray[np.int64]:
        """How often each input's class (classes: [N]) came strictly first on the estimation sample: [N]."""
        import torch

        counts = torch.zeros(len(self.inputs), dtype=torch.int64, device=self.device)
        for number, scores in self._scores(Purpose.ESTIMATION, samples, report):
            own = scores[classes[number]].clone()
            scores[classes[number]] = -torch.inf
            counts[number] += torch.count_nonzero(own > scores.amax(0))
        return counts.cpu().numpy()

    def _scores(self, purpose: Purpose, samples: int, report: Report) -> Iterator[tuple[int, torch.Tensor]]:
        """Input number and its outputs [outputs, batch]; the memory is used again for the next."""
        passes = _GraphPasses(self, self.network) if isinstance(self.network, Graph) else _Passes(self, self.network)
        count, done = len(self.inputs), 0
        for index, start in enumerate(range(0, samples, self.batch)):
            shape = (min(self.batch, samples - start), self.network.inputs)
            if self.noise == "shared":
                entered = passes.enter(noise_batch(self.seed, purpose, 0, index, shape))
            for number in range(count):
                if self.noise == "independent":
                    entered = passes.enter(noise_batch(self.seed, purpose, number + 1, index, shape))
                yield number, passes.scores(number, entered)
            done += shape[0] * count
            report(done)


class _GraphPasses:
    """The same for networks that are no chains: noise is added to the input, nothing is shared."""

    def __init__(self, sampler: Sampler, network: Graph) -> None:
        import torch

        self._module = to_torch(network, torch.float32).to(sampler.device)
        self._centers = torch.tensor(sampler.inputs, dtype=torch.float32, device=sampler.device)
        self._sigma, self._device, self._sign = sampler.sigma, sampler.device, sampler.sign

    def enter(self, noise: NDArray[np.float32]) -> torch.Tensor:
        """sigma * noise [samples, inputs]."""
        import torch

        return torch.from_numpy(noise).to(self._device).mul_(self._sigma)

    def scores(self, number: int, entered: torch.Tensor) -> torch.Tensor:
        """Outputs [outputs, samples] of input `number` plus noise, the larger the better."""
        import torch

        with torch.no_grad():
            values: torch.Tensor = self._module(entered + self._centers[number]).T
        return values if self._sign > 0 else values.neg()


class _Passes:
    """The network split for noisy inputs: `enter` takes the noise through the first affine layer."""

    def __init__(self, sampler: Sampler, network: Network) -> None:
        import torch

        def put(array: Floats) -> torch.Tensor:
            with np.errstate(over="ignore"):  # infinite scores are counted like any other, NaN for none
                return torch.from_numpy(array.astype(np.float32)).to(sampler.device)

        first, *layers = network.layers
        centers = sampler.inputs.T
        self._sigma, self._device, self._sign = sampler.sigma, sampler.device, sampler.sign
        self._first: torch.Tensor | None = None
        if isinstance(first, Affine):
            self._first = put(first.weight)
            centers = first.weight @ centers + first.bias[:, None]
        else:
            layers = [first, *layers]
        self._centers = put(np.ascontiguousarray(centers.T))[:, :, None]
        self._rest = [
            (put(layer.weight), put(layer.bias)[:, None]) if isinstance(layer, Affine) else None for layer in layers
        ]
        sizes = [len(centers), *(len(step[0]) for step in self._rest if step)]
        self._memory = [torch.empty((size, sampler.batch), device=sampler.device) for size in sizes]

    def enter(self, noise: NDArray[np.float32]) -> torch.Tensor:
        """First-layer image of sigma * noise [samples, inputs], without the bias: [neurons, samples]."""
        import torch

        scaled = torch.from_numpy(noise).to(self._device).mul_(self._sigma).T
        return scaled.contiguous() if self._first is None else self._first @ scaled

    def scores(self, number: int, entered: torch.Tensor) -> torch.Tensor:
        """Outputs [outputs, samples] of input `number` plus noise, the larger the better."""
        import torch

        size = entered.shape[1]
        memory = iter(self._memory)
        values = torch.add(entered, self._centers[number], out=next(memory)[:, :size])
        for step in self._rest:
            if step is None:
                values.relu_()
            else:
                values = torch.addmm(step[1], step[0], values, out=next(memory)[:, :size])
        return values if self._sign > 0 else values.neg_()
