"""The model of floating-point arithmetic on which every bound of the checker rests.

Each operation +, -, *, / and sqrt returns the exact result times (1 + d), |d| <= u = 2^-53, plus, for products,
quotients and roots near zero, an absolute error below TINY (IEEE 754 binary64, rounding to nearest). A chain of k
such operations, and a sum or inner product of k terms in any order, with or without fused multiply-add, then has
a relative error of at most k*u / (1 - k*u) of the sum of the magnitudes (Higham, Accuracy and Stability of
Numerical Algorithms, 2nd ed., sections 2.2, 3.1, 4.2). `gamma(k)` is twice k*u. The second half pays for the
rounding of the error terms themselves, as long as k < 2^50.
Not covered: matrix products by Strassen-like recursions, flush-to-zero (`require_ieee` refuses it).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evidence.checker.refusals import N_MACHINE, Refused

Floats = NDArray[np.float64]

EPS = 2.0**-52
"""Twice the unit roundoff u of binary64."""
TINY = 2.0**-1022
"""Smallest normal number: far above the error of any single operation that underflows (2^-1075)."""


def gamma(operations: int) -> float:
    """Upper bound on the relative error of `operations` roundings in a row, with room for rounding the bound."""
    return operations * EPS


def outward(lower: Floats, upper: Floats) -> tuple[Floats, Floats]:
    """The next floats outside [lower, upper]: covers one rounding of either end, by arithmetic or from decimal."""
    return np.nextafter(lower, -np.inf), np.nextafter(upper, np.inf)


def require_ieee() -> None:
    """Probe this process for rounding to nearest and gradual underflow. Raises Refused N157.

    A library that was built with fast-math options can switch both off for everybody in the process.
    """
    one, half = np.ones(64), np.full(64, 2.0**-53)
    small = np.full((64, 64), 2.0**-537)
    sound = (
        bool((one + half == 1.0).all())
        and bool(((one + EPS) + half == 1.0 + 2 * EPS).all())
        and bool((-one - half == -1.0).all())
        and bool((np.full(64, TINY) / 4 > 0).all())
        and bool((small @ small > 0).all())
    )
    if not sound:
        raise Refused.of(N_MACHINE, "a probe of rounding and underflow gave results that IEEE 754 does not allow")
