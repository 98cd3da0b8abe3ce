"""A ReLU chain network in the form that the prover works on, and the regions' conditions as rows on its last layer.

z_k = W_k a_{k-1} + b_k and a_k = max(z_k, 0) for the ReLU layers k = 0 .. depth-1, a_{-1} the input; the last affine
map gives the outputs. ReLU layers are numbered as the Relu nodes of the model, which is how certificates name them.
Not here: reading ONNX (evidence/network).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evidence.engines.prover.arrays import Array, Place
from evidence.network import Affine, Network
from evidence.regions import Floats

UNIT_ROUNDOFF_32 = 2.0**-24
_TINY_32 = 2.0**-120
"""Far above the absolute error that underflow can cause in one float32 layer of ordinary size."""


@dataclass(frozen=True, eq=False)
class Chain:
    """weights: depth + 1 matrices [out, in]; biases likewise; sizes: their magnitudes.

    roundings: None for bounds over the reals; else for each layer the relative error of its float32 execution.
    """

    place: Place
    weights: tuple[Array, ...]
    biases: tuple[Array, ...]
    sizes: tuple[Array, ...]
    bias_sizes: tuple[Array, ...]
    roundings: tuple[float, ...] | None

    @property
    def depth(self) -> int:
        """Number of ReLU layers."""
        return len(self.weights) - 1

    @property
    def slack(self) -> float:
        """Of a bound's terms: what it must exceed zero by, so that the checker derives a positive one, too. For float32
        this pays for affine nodes of the model that are one layer here and whose roundings the checker counts singly."""
        return 1e-9 if self.roundings is None else 2e-5

    @property
    def widths(self) -> list[int]:
        """Neurons of each ReLU layer."""
        return [int(bias.shape[0]) for bias in self.biases[:-1]]

    @property
    def inputs(self) -> int:
        return int(self.weights[0].shape[1])

    def forward(self, x: Array) -> Array:
        """Outputs [B, m] in float64 for inputs [B, n]."""
        for weight, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            x = self.place.xp.maximum(x @ weight.T + bias, self.place.full((1,), 0.0))
        return x @ self.weights[-1].T + self.biases[-1]

    def error(self, layer: int, far: Array) -> Array:
        """What a float32 execution of an affine layer may be off by, for operands of at most `far` [B, in]: [B, out].

        A candidate's estimate: the checker counts the roundings of each node of the model by itself.
        """
        if self.roundings is None:
            return self.place.full((1, 1), 0.0)
        return self.roundings[layer] * (far @ self.sizes[layer].T + self.bias_sizes[layer]) + _TINY_32


def chain_of(network: Network, place: Place, float32: bool) -> Chain:
    """The network as alternating affine maps and ReLUs (identities are put where it has two ReLUs in a row)."""
    pairs: list[tuple[Floats, Floats]] = []
    width, pending = network.inputs, False
    for layer in network.layers:
        if isinstance(layer, Affine):
            pairs.append((layer.weight, layer.bias))
            width, pending = len(layer.bias), True
        else:
            if not pending:
                pairs.append((np.eye(width), np.zeros(width)))
            pending = False
    if not pending:
        pairs.append((np.eye(width), np.zeros(width)))
    roundings = [(weight.shape[1] + 1) * UNIT_ROUNDOFF_32 for weight, _ in pairs]
    return Chain(
        place,
        tuple(place.put(weight) for weight, _ in pairs),
        tuple(place.put(bias) for _, bias in pairs),
        tuple(place.put(np.abs(weight)) for weight, _ in pairs),
        tuple(place.put(np.abs(bias)) for _, bias in pairs),
        tuple(roundings) if float32 else None,
    )
