"""Tanh between two lines, rigorously. (Sigmoid is 1/2 + tanh(z / 2) / 2: operators.py.)

For a slope k, h(z) = tanh(z) - k z has h' = 1 - tanh^2 - k. With 0 < k < 1 it falls left of -s, rises up to s and
falls again, where tanh(s)^2 = 1 - k; with k <= 0 it rises, with k >= 1 it falls. Its minimum over [l, u] is therefore
at l, at u or at -s if that lies inside. -s is tried as soon as it lies within TOLERANCE of the interval: trying more
points only lowers the result. A line above tanh on [l, u] is the mirror image of one below it on [-u, -l].

Declared, not derived: numpy's tanh and arctanh are within a relative error of LIBRARY of the true values.
"""

from __future__ import annotations

import numpy as np

from evidence.checker.rounding import Floats

LIBRARY = 2.0**-40
"""Declared bound on the relative error of numpy.tanh and numpy.arctanh (known ones are below 2^-49)."""
TOLERANCE = 1e-4
LEAST_SLOPE = 1e-6
"""Smaller slopes are replaced by 0: s is computed well only where 1 - k is far enough below 1."""


def values(lower: Floats, upper: Floats) -> tuple[Floats, Floats]:
    """Bounds of tanh over [lower, upper]."""
    return (
        np.maximum(np.tanh(lower) - 2 * LIBRARY, -1.0),
        np.minimum(np.tanh(upper) + 2 * LIBRARY, 1.0),
    )


def below(lower: Floats, upper: Floats) -> tuple[Floats, Floats]:
    """Slope and offset of a line that is nowhere above tanh on [lower, upper], close to it in the middle."""
    middle = (lower + upper) / 2
    width = upper - lower
    chord = np.divide(np.tanh(upper) - np.tanh(lower), width, out=np.zeros_like(width), where=width > 1e-9)
    steep = [1 - np.tanh(at) ** 2 for at in (middle, lower, upper)]
    best_slope, best = np.zeros_like(middle), _offset(np.zeros_like(middle), lower, upper)
    for slope in (chord, steep[0], np.minimum(steep[1], steep[2])):
        slope = np.where((slope >= LEAST_SLOPE) & np.isfinite(slope), slope, 0.0)
        offset = _offset(slope, lower, upper)
        higher = slope * middle + offset > best_slope * middle + best
        best_slope, best = np.where(higher, slope, best_slope), np.where(higher, offset, best)
    return best_slope, best


def above(lower: Floats, upper: Floats) -> tuple[Floats, Floats]:
    """Slope and offset of a line that is nowhere below tanh on [lower, upper]."""
    slope, offset = below(-upper, -lower)
    return slope, -offset


def _offset(slope: Floats, lower: Floats, upper: Floats) -> Floats:
    """At most the minimum of tanh(z) - slope z over [lower, upper], for 0 or slope >= LEAST_SLOPE."""
    root = np.sqrt(np.clip(1 - slope, 0.0, 1.0))
    turn = np.where(slope > 0, np.arctanh(np.minimum(root, 1 - 1e-9)), 0.0)
    reach = TOLERANCE * (1 + turn)
    inside = (slope > 0) & (slope < 1) & (lower - reach <= -turn) & (-turn <= upper + reach)
    ends = np.minimum(np.tanh(lower) - slope * lower, np.tanh(upper) - slope * upper)
    found = np.where(inside, np.minimum(ends, slope * turn - root), ends)
    far = np.maximum(np.maximum(np.abs(lower), np.abs(upper)), turn)
    return found - 4 * LIBRARY * (1 + slope * far)
