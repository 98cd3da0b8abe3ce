"""The encounter model behind the aviation example: a small vertical collision-avoidance MDP and its table.

Two aircraft close in; the closest approach is `tau` seconds away. The model advises the own aircraft's
vertical rate. It follows the structure of the public VerticalCAS model (sisl/VerticalCAS, MIT; Julian and
Kochenderfer): nine advisories, rate bands, a score for each advisory found by backward induction over tau.
Reduced here to a *level* intruder and to a pilot who follows an advisory in the second it appears, so that
the state is (h, v, previous advisory, tau) and the whole table is solved in seconds.

State, units and signs
    h    intruder altitude minus own altitude, ft (h > 0: the intruder is above)
    v    own vertical rate, ft/s (v > 0: climbing)
    tau  time to closest approach, s

What this module does NOT do: it has no sensor noise, no horizontal geometry, no manoeuvring intruder, no
pilot delay, and it is not the ACAS X logic. It trains nothing (see make_network.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

Floats = NDArray[np.float64]
Advisories = NDArray[np.int8]
Policy = Callable[[NDArray[np.int64], Floats, Floats, int], NDArray[np.int64]]

NAMES = ("COC", "DNC", "DND", "DES1500", "CL1500", "SDES1500", "SCL1500", "SDES2500", "SCL2500")
COC, DNC, DND, DES1500, CL1500 = range(5)
"""Clear of conflict; do not climb; do not descend; descend or climb at 1500 ft/min or more."""

_INF = float("inf")
RATE_BAND = (
    (-_INF, _INF),
    (0.0, _INF),
    (-_INF, 0.0),
    (-25.0, _INF),
    (-_INF, 25.0),
    (-25.0, _INF),
    (-_INF, 25.0),
    (-41.67, _INF),
    (-_INF, 41.67),
)
"""For each advisory the open interval of rates (ft/s) that do NOT yet comply with it."""

ACCELERATION = (
    (0.0, 3.0, -3.0),
    (-8.33, -9.33, -7.33),
    (8.33, 9.33, 7.33),
    (-8.33, -9.33, -7.33),
    (8.33, 9.33, 7.33),
    (-10.7, -11.7, -9.7),
    (10.7, 11.7, 9.7),
    (-10.7, -11.7, -9.7),
    (10.7, 11.7, 9.7),
)
"""Own acceleration under each advisory, ft/s^2: likely, high, low (probabilities ACCELERATION_ODDS)."""
ACCELERATION_ODDS = (0.5, 0.25, 0.25)

_H_UP = (*range(50, 601, 50), 700, 800, 1000, 1300, 1700, 2500, 4000, 8000)
_V_UP = (*range(5, 41, 5), 50, 65, 80, 100)
H_GRID: Floats = np.array([*(-h for h in reversed(_H_UP)), 0, *_H_UP], dtype=np.float64)
V_GRID: Floats = np.array([*(-v for v in reversed(_V_UP)), 0, *_V_UP], dtype=np.float64)
TAU_GRID: Floats = np.arange(41, dtype=np.float64)

CONFLICT_FT = 175.0
"""The table is punished for a vertical separation at or below this at tau = 0."""
NMAC_FT = 100.0
"""A near mid-air collision as counted by the simulation: separation below this at tau = 0."""


def _is_down(advisory: int) -> bool:
    return advisory % 2 == 1


def allowed(previous: int) -> tuple[int, ...]:
    """Advisories that may follow `previous`: strengthened ones only after the plain ones."""
    if previous <= DND:
        return tuple(range(5))
    return tuple(range(7)) if previous <= CL1500 else tuple(range(9))


def next_rate(v: Floats, advisory: int, likelihood: int) -> tuple[Floats, Floats]:
    """(applied acceleration, next rate) after one second under an advisory, both [..] in ft/s^2 and ft/s.

    `likelihood` is the column of ACCELERATION. A rate that does not comply is changed until the edge of the
    band; one that complies varies as without an advisory, but not back into the band.
    """
    low, high = RATE_BAND[advisory]
    free = v + ACCELERATION[COC][likelihood]
    led = np.clip(v + ACCELERATION[advisory][likelihood], low, high)
    after = np.where(v >= high, np.maximum(free, high), np.where(v <= low, np.minimum(free, low), led))
    return after - v, after


def _severity(advisory: int) -> int:
    """0 for COC, then growing with the demanded rate; up and down advisories of one strength are equal."""
    return (advisory + 1) // 2


def reward(previous: int, advisory: int, h: Floats, v: Floats, at_closest: bool) -> Floats:
    """Reward of issuing `advisory` after `previous` in states (h, v), same shape; dimensionless.

    The numbers follow the public model with one change: the cost of an alert at slow closure
    (2.3e-3) is charged to alerts only, not to every advisory, so that there are fewer needless alerts.
    """
    separation, closure = np.abs(h), np.abs(v)
    r = np.zeros(np.broadcast(h, v).shape)
    if at_closest:
        r = r - (separation <= CONFLICT_FT)
    if advisory == COC:
        r = r + 1e-9
        return r - 1e-3 if previous != COC else r
    low, high = RATE_BAND[advisory]
    corrective = (v > low) & (v < high)
    crossing = (h < 0) if _is_down(advisory) else (h > 0)
    fast = closure > 3000 / 60
    slow_far = (separation > 650) & (closure < 2000 / 60)
    r = r - 2.3e-3 * (closure < 3000 / 60)
    r = r - crossing * (np.where(corrective, 0.0, 1.0) + 0.01 * (separation > 500))
    r = r - corrective * (1e-5 + 0.1 * slow_far + 0.03 * ((separation > 1000) & (closure < 4000 / 60)))
    r = r - ~corrective * 0.01 * slow_far
    if previous != COC:
        if _is_down(previous) != _is_down(advisory):
            r = r - 8e-3
        elif _severity(advisory) > _severity(previous):
            r = r - 5e-3
        elif _severity(advisory) < _severity(previous):
            r = r - 1e-3
    if advisory in (DNC, DND):
        r = r - 1e-4 - 5e-4 * fast
    else:
        r = r - 1.5e-3 * fast
    change = np.where(corrective, np.minimum(np.abs(low - v), np.abs(high - v)), 0.0)
    r = r - 3e-5 * change - 1.5e-3 * fast
    return np.asarray(r, dtype=np.float64)


def _locate(grid: Floats, x: Floats) -> tuple[NDArray[np.int64], Floats]:
    """Cell index and position in [0, 1] inside the cell; outside the grid the nearest edge."""
    x = np.clip(x, grid[0], grid[-1])
    i = np.clip(np.searchsorted(grid, x, side="right") - 1, 0, len(grid) - 2)
    return i, (x - grid[i]) / (grid[i + 1] - grid[i])


def _transition(advisory: int) -> csr_matrix:
    """Expected bilinear interpolation weights of the next state, [H*V, H*V], rows sum to one."""
    h, v = np.meshgrid(H_GRID, V_GRID, indexing="ij")
    size, width = h.size, len(V_GRID)
    rows, columns, weights = [], [], []
    for likelihood, odds in enumerate(ACCELERATION_ODDS):
        applied, v_next = next_rate(v, advisory, likelihood)
        i, s = _locate(H_GRID, h - v - 0.5 * applied)
        j, t = _locate(V_GRID, v_next)
        for di, dj in ((0, 0), (0, 1), (1, 0), (1, 1)):
            rows.append(np.arange(size))
            columns.append(((i + di) * width + j + dj).ravel())
            weights.append((odds * (s if di else 1 - s) * (t if dj else 1 - t)).ravel())
    entries = (np.concatenate(weights), (np.concatenate(rows), np.concatenate(columns)))
    return csr_matrix(entries, shape=(size, size))


def solve() -> Floats:
    """Scores of all advisories by backward induction over tau, [previous 9, advisory 9, H, V, T].

    score(tau) = reward + expected best score at tau - 1; what is not allowed scores -inf.
    """
    n, shape = len(NAMES), (len(H_GRID), len(V_GRID))
    h, v = H_GRID[:, None], V_GRID[None, :]
    step = [_transition(a) for a in range(n)]
    scores = np.full((n, n, *shape, len(TAU_GRID)), -np.inf)
    best = np.zeros((n, *shape))
    for k in range(len(TAU_GRID)):
        ahead = [(step[a] @ best[a].ravel()).reshape(shape) for a in range(n)]
        for previous in range(n):
            for a in allowed(previous):
                scores[previous, a, ..., k] = reward(previous, a, h, v, k == 0) + ahead[a]
        best = scores[..., k].max(axis=1)
    return scores


def interpolate(values: Floats, points: Floats) -> Floats:
    """Multilinear interpolation of `values` [H, V, T, ...] at `points` [N, 3] = (h, v, tau)."""
    (i, s), (j, t), (k, u) = (_locate(g, points[:, d]) for d, g in enumerate((H_GRID, V_GRID, TAU_GRID)))
    total = np.zeros((len(points), *values.shape[3:]))
    for corner in range(8):
        di, dj, dk = corner & 1, corner >> 1 & 1, corner >> 2 & 1
        weight = (s if di else 1 - s) * (t if dj else 1 - t) * (u if dk else 1 - u)
        total += weight.reshape(-1, *[1] * (values.ndim - 3)) * values[i + di, j + dj, k + dk]
    return total


def cell_of(points: Floats) -> NDArray[np.int64]:
    """Indices [N, 3] of the grid cell that holds each point; a point on a face belongs to the upper cell."""
    return np.column_stack([_locate(g, points[:, d])[0] for d, g in enumerate((H_GRID, V_GRID, TAU_GRID))])


def nearest(grid: Floats, x: Floats) -> NDArray[np.int64]:
    """Index of the nearest grid value; a point half-way takes the lower one."""
    return np.asarray(np.searchsorted((grid[1:] + grid[:-1]) / 2, x, side="left"), dtype=np.int64)


def look_up(table: Advisories, points: Floats) -> NDArray[np.int64]:
    """The deployed rule of the table: the advisory of the nearest grid point. `table` [H, V, T]."""
    i, j, k = (nearest(g, points[:, d]) for d, g in enumerate((H_GRID, V_GRID, TAU_GRID)))
    advisory: NDArray[np.int64] = table[i, j, k].astype(np.int64)
    return advisory


def table_policy(tables: Advisories) -> Policy:
    """A policy for `simulate` that looks up `tables` [previous 9, H, V, T]."""

    def act(previous: NDArray[np.int64], h: Floats, v: Floats, tau: int) -> NDArray[np.int64]:
        advice: NDArray[np.int64] = tables[previous, nearest(H_GRID, h), nearest(V_GRID, v), tau].astype(np.int64)
        return advice

    return act


@dataclass(frozen=True)
class Flight:
    """Simulated encounters: states before each decision, [tau 40..1, N], and the outcome at tau = 0."""

    h: Floats
    v: Floats
    previous: NDArray[np.int64]
    separation: Floats

    @property
    def nmac_rate(self) -> float:
        return float(np.mean(self.separation < NMAC_FT))

    @property
    def alert_rate(self) -> float:
        """Share of encounters with an advisory other than COC at some time."""
        return float(np.mean((self.previous[1:] != COC).any(axis=0)))


def simulate(policy: Policy | None, seed: int, n: int = 100_000) -> Flight:
    """Fly `n` random encounters from tau = 40 s: h uniform in +-1000 ft, v uniform in +-40 ft/s.

    `policy` None is an aircraft without advisories. The same seed draws the same encounters and the same
    acceleration noise whatever the policy.
    """
    rng = np.random.default_rng(seed)
    h, v = rng.uniform(-1000, 1000, n), rng.uniform(-40, 40, n)
    previous = np.zeros(n, dtype=np.int64)
    history: list[tuple[Floats, Floats, NDArray[np.int64]]] = []
    for tau in range(int(TAU_GRID[-1]), 0, -1):
        history.append((h, v, previous))
        noise = rng.choice(3, size=n, p=ACCELERATION_ODDS)
        advisory = previous if policy is None else policy(previous, h, v, tau)
        applied, v_next = np.zeros(n), v.copy()
        for a in np.unique(advisory):
            for k in range(3):
                at = (advisory == a) & (noise == k)
                applied[at], v_next[at] = next_rate(v[at], int(a), k)
        h, v, previous = h - v - 0.5 * applied, v_next, advisory
    history.append((h, v, previous))
    hs, vs, ps = (np.stack(x) for x in zip(*history, strict=True))
    return Flight(hs, vs, ps, np.abs(h))
