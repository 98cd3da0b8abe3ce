"""From counts to a radius: the arithmetic of randomized smoothing (Cohen, Rosenfeld & Kolter, ICML 2019).

Used when a run is recorded and again when a package is verified, so that no stored radius is taken on trust. Both
numbers are rounded down by more than the special functions' error. Needs scipy only.
Not here: sampling (evidence/engines/smoothing), and the rule that class choice and estimate use separate samples.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

_PROBABILITY_SLACK = 1e-11
_RADIUS_SLACK = 1e-10


@dataclass(frozen=True, slots=True)
class SmoothedRadius:
    """lower_probability: of the chosen class under noise; radius: in the unit of sigma, 0 when abstained."""

    lower_probability: float
    radius: float
    abstained: bool


def error_per_input(error_probability: float, inputs: int, simultaneous: bool) -> float:
    """The error probability left for each input: a union bound over all of them when it must hold for all."""
    return error_probability / inputs if simultaneous else error_probability


def lower_probability(successes: int, samples: int, error_probability: float) -> float:
    """One-sided exact (Clopper-Pearson) lower confidence bound of a binomial proportion, rounded down.

    Raises ValueError for counts that are no counts or an error probability outside (0, 1).
    """
    if not (0 <= successes <= samples and samples > 0 and 0 < error_probability < 1):
        raise ValueError(f"{successes} of {samples} at error probability {error_probability}")
    if successes == 0:
        return 0.0
    from scipy import special

    bound = float(special.betaincinv(successes, samples - successes + 1, error_probability))
    return max(0.0, bound * (1 - _PROBABILITY_SLACK))


def smoothed_radius(successes: int, samples: int, error_probability: float, sigma: float) -> SmoothedRadius:
    """Radius sigma * Phi^-1(p) within which the smoothed classifier keeps its class, with that error probability.

    Abstains when p, the lower bound of its probability, does not exceed one half.
    """
    probability = lower_probability(successes, samples, error_probability)
    if probability <= 0.5:
        return SmoothedRadius(probability, 0.0, True)
    from scipy import special

    quantile = float(special.ndtri(probability))
    radius = sigma * quantile * (1 - _RADIUS_SLACK)
    return SmoothedRadius(probability, max(0.0, math.nextafter(radius, 0.0)), False)
