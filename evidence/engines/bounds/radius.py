"""The largest radius around each listed input: from below by bounds, from above by attacks, both by bisection.

All inputs are bisected side by side, so that each step is one batch. A radius is reported only where the bounds
held at that very radius (they need not hold at every smaller one, but a smaller ball lies inside). Methods whose
optimised slopes a certificate cannot carry for radii (alpha-CROWN) search with CROWN instead.
Not here: confirming the radii (the checker does, evidence/run.py keeps what it confirmed).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from evidence.engines.attack import attack
from evidence.engines.bounds.goals import Goals
from evidence.engines.bounds.lirpa import Bounder, Method, Sets
from evidence.engines.bounds.splitting import assess
from evidence.network import Model
from evidence.regions import Floats, RegionSet, outward

Notify = Callable[[int, int, str], None]
SHRINK = 1e-6
"""Candidates are reduced by this share, so that the checker's outward rounding does not cost them."""


@dataclass(frozen=True)
class Balls:
    """Balls of one norm around the centers of a region set, at radii that can be chosen for each input."""

    regions: RegionSet
    euclidean: bool

    def sets(self, radii: Floats) -> Sets:
        """The balls of these radii [N], each as box and, in the Euclidean norm, with its radius."""
        lower, upper = outward(self.regions.centers, np.broadcast_to(radii[:, None], self.regions.centers.shape))
        return Sets(lower, upper, self.regions.centers, radii if self.euclidean else None)

    def distance(self, points: Floats) -> Floats:
        """Distance [N] of one point for each input from its center."""
        offset = points - self.regions.centers
        norm = np.linalg.norm(offset, axis=1) if self.euclidean else np.abs(offset).max(axis=1)
        return np.asarray(norm, dtype=np.float64)


def verified_radii(
    bounder: Bounder,
    method: Method,
    balls: Balls,
    goals: Goals,
    correct: np.ndarray[tuple[int, ...], np.dtype[np.bool_]],
    limit: float,
    steps: int,
    notify: Notify = lambda done, total, note: None,
) -> Floats:
    """Radii [N] up to `limit` at which the bounds hold; 0 where they held at none or the center fails."""
    method = "crown" if method == "alpha-crown" else method
    low, high = np.zeros(len(correct)), np.full(len(correct), limit)
    radii = high.copy()
    for step in range(steps + 1):
        todo = np.flatnonzero(correct & (low < high))
        if len(todo):
            held = np.zeros(len(correct), dtype=bool)
            held[todo] = assess(bounder, method, balls.sets(radii).take(todo), goals, todo).margins > 0
            low = np.where(held, radii, low)
            high = np.where(held | ~correct, high, radii)
        radii = low / 2 + high / 2
        notify(step + 1, steps + 1, "radius search")
    return np.asarray(low * (1 - SHRINK))


def attacked_radii(
    network: Model,
    balls: Balls,
    goals: Goals,
    correct: np.ndarray[tuple[int, ...], np.dtype[np.bool_]],
    verified: Floats,
    limit: float,
    steps: int,
    restarts: int,
    attack_steps: int,
    seed: int,
    device: str = "cpu",
    notify: Notify = lambda done, total, note: None,
) -> tuple[float | None, ...]:
    """Distance of the nearest violation found around each input: 0 where the center violates, None if none.

    A point counts when it violates the condition in float32 and also in float64, so that rounding alone makes none.
    """
    nearest = np.where(correct, np.inf, 0.0)
    low, radii = verified.copy(), np.full(len(correct), limit)
    for step in range(steps + 1):
        sets = balls.sets(radii)
        regions = replace(balls.regions, lower=sets.lower, upper=sets.upper, l2_radius=None)
        todo = correct & (radii > low) if step == 0 else correct & np.isfinite(nearest) & (radii > low)
        found = attack(network, regions, todo, restarts, attack_steps, seed + step, sets.radius, device)
        points = found.inputs.astype(np.float64)
        hit = todo & found.tried & (found.margins <= 0) & (_margins(network, goals, points) <= 0)
        nearest = np.where(hit, np.minimum(nearest, balls.distance(points)), nearest)
        low = np.where(hit | ~todo, low, radii)
        radii = np.where(np.isfinite(nearest), (low + np.minimum(nearest, limit)) / 2, radii)
        notify(step + 1, steps + 1, "attack radius")
    return tuple(float(value) if np.isfinite(value) else None for value in nearest)


def clean_margins(network: Model, goals: Goals, centers: Floats) -> Floats:
    """Margin [N] of the condition at the unperturbed inputs, in float64."""
    return _margins(network, goals, centers)


def _margins(network: Model, goals: Goals, points: Floats) -> Floats:
    every = np.arange(len(points))
    rows = np.einsum("bkm,bm->bk", goals.matrix(every), network.forward(points))
    return goals.margins(every, rows)
