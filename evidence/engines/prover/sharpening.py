"""Slopes of their own for the bounds of inner neurons of one box, optimised once and offered to the checker.

Layer by layer, every undecided neuron's bound from below and from above is a row of its own, whose lower slopes climb
(`ascent.py`); the next layer starts from the better bounds. The slopes stay of use in every part of the box.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from evidence.engines.certificate import packed
from evidence.engines.prover.arrays import Array
from evidence.engines.prover.ascent import Ascent, Box
from evidence.engines.prover.chain import Chain
from evidence.engines.prover.crown import Parts, Table

_STEPS = 25
_NUMBERS = 1 << 21
"""In one array of slopes that climb together."""


@dataclass(frozen=True)
class Sharpened:
    """table: the slopes for `crown.derive`; offers: [layer, neuron, side, slopes] each, as certificates hold them."""

    table: Table
    offers: list[Any]


def box_of(chain: Chain, lower: Array, upper: Array, low: list[Array], high: list[Array]) -> Box:
    """A box [1, n] with bounds of its first layers, for an ascent."""
    xp, zero = chain.place.xp, chain.place.full((1, 1), 0.0)
    error, far = [], xp.maximum(xp.abs(lower), xp.abs(upper))
    for k, most in enumerate(high):
        error.append(chain.error(k, far))
        far = xp.maximum(most, zero)
    return Box((lower + upper) / 2, (upper - lower) / 2, low, high, error)


def sharpen(chain: Chain, parts: Parts, stop: Callable[[], bool] = lambda: False) -> Sharpened:
    """Tighten the inner bounds of one part [1, .] in place; a layer that is not ready when it is to stop gets no slopes."""
    xp, host, put = chain.place.xp, chain.place.host, chain.place.put
    found = Sharpened({}, [])
    for k in range(1, chain.depth):
        undecided = np.flatnonzero(host((parts.low[k] < 0) & (parts.high[k] > 0))[0])
        if not len(undecided):
            continue
        table = [np.zeros((2 * chain.widths[k], width)) for width in chain.widths[:k]]
        box = box_of(chain, parts.lower, parts.upper, parts.low[:k], parts.high[:k])
        lost = chain.error(k, xp.maximum(parts.high[k - 1], chain.place.full((1, 1), 0.0)))
        step = max(8, _NUMBERS // (2 * sum(chain.widths[:k]) + chain.inputs))
        offers: list[Any] = []
        for at in range(0, len(undecided), step):
            if stop():
                return found
            chosen = undecided[at : at + step]
            neurons, count = put(chosen), len(chosen)
            rows, bias = chain.weights[k][neurons, :], chain.biases[k][neurons]
            less = lost[0, neurons] if chain.roundings is not None else 0.0
            ascent = Ascent(chain, box, xp.concat([rows, -rows]), xp.concat([bias - less, -bias - less]), k)
            value, given = ascent.climb(ascent.start(2 * count), _STEPS, 0.0)
            parts.low[k][0, neurons] = xp.maximum(parts.low[k][0, neurons], value[:count])
            parts.high[k][0, neurons] = xp.minimum(parts.high[k][0, neurons], -value[count:])
            slopes = [host(layer) for layer in given.alpha]
            for m, layer in enumerate(slopes):
                table[m][chosen], table[m][chosen + chain.widths[k]] = layer[:count], layer[count:]
            for row in range(2 * count):
                side = 1 if row < count else -1
                offers.append([k, int(chosen[row % count]), side, [packed(layer[row]) for layer in slopes]])
        found.table[k] = [put(layer) for layer in table]
        found.offers.extend(offers)
    return found
