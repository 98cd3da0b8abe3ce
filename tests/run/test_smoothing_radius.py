"""The arithmetic of smoothing: exact confidence bounds, rounded down, and the closed-form radius."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from evidence.smoothing_radius import error_per_input, lower_probability, smoothed_radius


@pytest.mark.parametrize("samples", [1, 7, 30])
@pytest.mark.parametrize("error", [0.05, 1e-3])
def test_the_bound_is_below_the_exact_one_and_close(samples: int, error: float) -> None:
    def tail(successes: int, p: Fraction) -> Fraction:
        """P(at least this many successes), exactly."""
        return sum(
            (math.comb(samples, k) * p**k * (1 - p) ** (samples - k) for k in range(successes, samples + 1)),
            Fraction(0),
        )

    for successes in range(samples + 1):
        bound = lower_probability(successes, samples, error)
        if successes == 0:
            assert bound == 0.0
            continue
        assert tail(successes, Fraction(bound)) <= Fraction(error)
        assert tail(successes, Fraction(bound) + Fraction(1, 10**8)) > Fraction(error)


def test_coverage_over_all_outcomes() -> None:
    samples, error = 25, 0.05
    bounds = np.array([lower_probability(k, samples, error) for k in range(samples + 1)])
    for p in np.linspace(0.01, 0.99, 99):
        wrong = stats.binom.pmf(np.arange(samples + 1), samples, p)[bounds > p].sum()
        assert wrong <= error


def test_all_successes_have_a_closed_form() -> None:
    assert lower_probability(100, 100, 0.001) == pytest.approx(0.001 ** (1 / 100), abs=1e-9)
    assert lower_probability(100, 100, 0.001) <= 0.001 ** (1 / 100)


def test_radius_and_abstention() -> None:
    assert smoothed_radius(50, 100, 0.01, 0.25).abstained
    assert smoothed_radius(50, 100, 0.01, 0.25).radius == 0.0
    found = smoothed_radius(99_000, 100_000, 0.001, 0.25)
    exact = 0.25 * stats.norm.ppf(stats.beta.ppf(0.001, 99_000, 1_001))
    assert not found.abstained
    assert found.radius <= exact and found.radius == pytest.approx(exact, abs=1e-9)
    assert smoothed_radius(99_000, 100_000, 0.001, 0.5).radius == pytest.approx(2 * found.radius)
    assert smoothed_radius(99_000, 100_000, 1e-6, 0.25).radius < found.radius


def test_a_linear_classifier_is_never_certified_beyond_its_distance() -> None:
    # sign(x) at distance d under noise sigma: the class has probability Phi(d/sigma); the radius may exceed d with
    # at most the stated error probability
    sigma, distance, error, samples = 0.5, 0.4, 0.05, 200
    p = stats.norm.cdf(distance / sigma)
    successes = np.arange(samples + 1)
    beyond = np.array([smoothed_radius(int(k), samples, error, sigma).radius > distance for k in successes])
    assert 0 < stats.binom.pmf(successes, samples, p)[beyond].sum() <= error


def test_a_union_bound_over_inputs() -> None:
    assert error_per_input(0.001, 500, simultaneous=True) == 0.001 / 500
    assert error_per_input(0.001, 500, simultaneous=False) == 0.001


@pytest.mark.parametrize("arguments", [(-1, 10, 0.1), (11, 10, 0.1), (0, 0, 0.1), (5, 10, 0.0), (5, 10, 1.0)])
def test_counts_that_are_no_counts(arguments: tuple[int, int, float]) -> None:
    with pytest.raises(ValueError, match="at error probability"):
        lower_probability(*arguments)
