"""The lines around tanh, against values with fifty digits."""

from __future__ import annotations

from decimal import Decimal, localcontext

import numpy as np

from evidence.checker import smooth


def tanh(z: float) -> Decimal:
    """With forty digits: 1 - 2 / (exp(2 z) + 1)."""
    return 1 - 2 / ((2 * Decimal(z)).exp() + 1)


def intervals(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Narrow and wide, near zero and far away, on one side and across."""
    middle = rng.normal(size=count) * 10.0 ** rng.uniform(-3, 2, size=count)
    half = 10.0 ** rng.uniform(-12, 2, size=count)
    half[::10] = 0.0
    return middle - half, middle + half


def test_lines_enclose_tanh() -> None:
    rng = np.random.default_rng(0)
    lower, upper = intervals(rng, 400)
    (low, least), (high, most) = smooth.below(lower, upper), smooth.above(lower, upper)
    first, last = smooth.values(lower, upper)
    with localcontext() as context:
        context.prec = 50
        for i in range(len(lower)):
            points = [lower[i], upper[i], *rng.uniform(lower[i], upper[i], size=6).tolist()]
            for slope in (low[i], high[i]):  # where a line of this slope touches
                if 0 < slope < 1:
                    turn = float(np.arctanh(np.sqrt(1 - slope)))
                    points += [at for at in (turn, -turn) if lower[i] <= at <= upper[i]]
            for z in points:
                value, at = tanh(float(z)), Decimal(float(z))
                assert Decimal(float(low[i])) * at + Decimal(float(least[i])) <= value, (lower[i], upper[i], z)
                assert value <= Decimal(float(high[i])) * at + Decimal(float(most[i])), (lower[i], upper[i], z)
                assert Decimal(float(first[i])) <= value <= Decimal(float(last[i]))


def test_lines_are_close_on_small_intervals() -> None:
    lower = np.random.default_rng(1).uniform(-4, 4, size=200)
    for width, gap in ((1e-3, 1e-6), (0.1, 6e-3), (1.0, 0.5)):
        upper = lower + width
        (low, least), (high, most) = smooth.below(lower, upper), smooth.above(lower, upper)
        for z in (lower, (lower + upper) / 2, upper):
            assert (high * z + most - low * z - least < gap).all()


def test_the_offset_of_any_slope_is_a_lower_bound() -> None:
    """Also for slopes that `below` would not choose."""
    rng = np.random.default_rng(2)
    lower, upper = intervals(rng, 300)
    for slope in (0.0, 1e-6, 1e-3, 0.3, 0.9, 1 - 1e-9, 1 - 1e-15, 1.0):
        offset = smooth._offset(np.full(300, slope), lower, upper)
        for share in (0.0, 1.0, *rng.uniform(size=40)):
            z = lower + share * (upper - lower)
            assert (np.tanh(z) - slope * z >= offset - 1e-15 * (1 + slope * np.abs(z))).all()


def test_what_is_not_finite_gives_no_line() -> None:
    with np.errstate(all="ignore"):
        slope, offset = smooth.below(np.array([-np.inf, np.nan, -np.inf]), np.array([1.0, 1.0, np.inf]))
        bound = slope * 0.5 + offset
    assert not (bound > -1 + 1e-9).any()
