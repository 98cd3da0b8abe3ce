"""Largest values of linear functions over a bounded polytope, by scipy's HiGHS, read from the dual side.

The solver's own objective value is never used as a bound. From its dual multipliers y >= 0 follows, for whatever
y, that  g @ a <= y @ limits + max over the box of (g - y @ rows) @ a  (Neumaier & Shcherbina, 2004): a loose or
failed solution costs tightness, not validity. That expression is evaluated in plain float64 without outward
rounding, so a bound is a candidate for the checker, good to rounding.
Not here: anything about networks or stars.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evidence.regions import Floats

_BLOCK = 3200
"""Programs go to the solver together until they have about this many rows and columns."""
_TINY = 1e-100
"""Smaller coefficients are not divided by."""


@dataclass(frozen=True, eq=False)
class Polytope:
    """All a with rows @ a <= limits and low <= a <= high. rows: [c, k]; limits: [c]; low, high: [k], finite."""

    rows: Floats
    limits: Floats
    low: Floats
    high: Floats

    def cut(self, row: Floats, limit: float) -> Polytope:
        """The part where row @ a <= limit, its box drawn in and rows dropped that the box implies."""
        rows = np.vstack([self.rows, row])
        limits = np.append(self.limits, limit)
        low, high = contracted(rows[-1:], limits[-1:], self.low, self.high)
        needed = box_maximum(rows, low, high) > limits
        return Polytope(rows[needed], limits[needed], low, high)

    def with_variables(self, rows: Floats, limits: Floats, low: Floats, high: Floats) -> Polytope:
        """Further variables low..high [v] at the end and further rows [r, k + v] over all of them."""
        widened = np.hstack([self.rows, np.zeros((len(self.rows), len(low)))])
        return Polytope(
            np.vstack([widened, rows]),
            np.concatenate([self.limits, limits]),
            np.concatenate([self.low, low]),
            np.concatenate([self.high, high]),
        )

    def contains(self, points: Floats, slack: float) -> NDArray[np.bool_]:
        """Which of the points [p, k] fulfil every inequality up to `slack`."""
        inside = (points >= self.low - slack) & (points <= self.high + slack)
        return np.asarray(inside.all(axis=1) & (points @ self.rows.T <= self.limits + slack).all(axis=1))


def box_maximum(objectives: Floats, low: Floats, high: Floats) -> Floats:
    """Largest value of each objective [q, k] over the box: [q]."""
    return np.asarray(np.where(objectives > 0, objectives * high, objectives * low).sum(axis=1))


def contracted(rows: Floats, limits: Floats, low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """A box that still holds every point of the old one with rows @ a <= limits (one pass over the rows).

    Where the rows contradict the box, it shrinks to a point at the box's face rather than becoming empty.
    """
    low, high = low.copy(), high.copy()
    for row, limit in zip(rows, limits, strict=True):
        parts = np.where(row > 0, row * low, row * high)
        room = limit - (parts.sum() - parts)
        edge = np.divide(room, row, out=np.zeros_like(row), where=np.abs(row) > _TINY)
        slack = 1e-12 * (1.0 + np.abs(edge))
        high = np.where(row > _TINY, np.maximum(np.minimum(high, edge + slack), low), high)
        low = np.where(row < -_TINY, np.minimum(np.maximum(low, edge - slack), high), low)
    return low, high


Question = tuple[Floats, Polytope]
"""Objectives [q, k] and the polytope over which each is to be maximised."""


@dataclass(frozen=True, eq=False)
class Maxima:
    """upper: [q] bounds of the objectives over the polytope; points: [q, k] where the solver attains them.

    The points are None when the solver gave none (empty or nearly empty polytope, iteration limit); the bounds
    then are those of the box alone.
    """

    upper: Floats
    points: Floats | None


def maximise(objectives: Floats, polytope: Polytope) -> Maxima:
    """The largest values of objectives [q, k] over one polytope."""
    return maximise_all([(objectives, polytope)])[0]


def maximise_all(questions: Sequence[Question]) -> list[Maxima]:
    """`maximise` for many polytopes: programs go to the solver together, as blocks of a large one."""
    upper = [box_maximum(objectives, polytope.low, polytope.high) for objectives, polytope in questions]
    points: list[Floats | None] = [np.where(g > 0, polytope.high, polytope.low) for g, polytope in questions]
    group: list[tuple[int, slice]] = []
    room = _BLOCK
    for number, (objectives, polytope) in enumerate(questions):
        if len(polytope.rows) == 0:
            continue
        size = sum(polytope.rows.shape)
        step = max(1, _BLOCK // size)
        for start in range(0, len(objectives), step):
            part = slice(start, min(start + step, len(objectives)))
            if size * (part.stop - part.start) > room and group:
                _fill(upper, points, questions, group)
                group, room = [], _BLOCK
            group.append((number, part))
            room -= size * (part.stop - part.start)
    if group:
        _fill(upper, points, questions, group)
    return [Maxima(*item) for item in zip(upper, points, strict=True)]


def _fill(
    upper: list[Floats], points: list[Floats | None], questions: Sequence[Question], group: list[tuple[int, slice]]
) -> None:
    """Solve the parts in `group` together and improve `upper` and `points` by what comes out."""
    solved = _solve([(questions[number][0][part], questions[number][1]) for number, part in group])
    if solved is None:
        if len(group) > 1:  # one bad polytope spoils the whole: ask for each alone
            for item in group:
                _fill(upper, points, questions, [item])
        else:
            points[group[0][0]] = None
        return
    for (number, part), (found, multipliers) in zip(group, solved, strict=True):
        objectives, polytope = questions[number]
        left = objectives[part] - multipliers @ polytope.rows
        dual = multipliers @ polytope.limits + box_maximum(left, polytope.low, polytope.high)
        upper[number][part] = np.minimum(upper[number][part], dual)
        own = points[number]
        if own is not None:
            own[part] = found


def _solve(questions: Sequence[Question]) -> list[tuple[Floats, Floats]] | None:
    """For each question maximisers [q, k] and multipliers [q, c] of the rows, or None when unfinished."""
    from scipy.optimize import linprog
    from scipy.sparse import csr_array

    data, columns, lengths, limits, boxes = [], [], [], [], []
    first = 0
    for objectives, polytope in questions:
        (count, k), c = objectives.shape, len(polytope.rows)
        data.append(np.tile(polytope.rows.ravel(), count))
        starts = first + k * np.arange(count)
        columns.append(np.broadcast_to(starts[:, None, None] + np.arange(k), (count, c, k)).ravel())
        lengths.append(np.full(count * c, k))
        limits.append(np.tile(polytope.limits, count))
        boxes.append(np.tile(np.stack([polytope.low, polytope.high], axis=1), (count, 1)))
        first += count * k
    ends = np.concatenate([[0], np.cumsum(np.concatenate(lengths))])
    matrix = csr_array((np.concatenate(data), np.concatenate(columns), ends), shape=(len(ends) - 1, first))
    result = linprog(
        -np.concatenate([objectives.ravel() for objectives, _ in questions]),
        A_ub=matrix,
        b_ub=np.concatenate(limits),
        bounds=np.concatenate(boxes),
        method="highs-ds",
        options={"presolve": False},
    )
    if result.status != 0 or result.x is None:
        return None
    multipliers = np.maximum(-result.ineqlin.marginals, 0.0)
    solved, column, row = [], 0, 0
    for objectives, polytope in questions:
        (count, k), c = objectives.shape, len(polytope.rows)
        points = result.x[column : column + count * k].reshape(count, k)
        solved.append((points, multipliers[row : row + count * c].reshape(count, c)))
        column, row = column + count * k, row + count * c
    return solved


def is_empty(polytope: Polytope) -> bool:
    """True when multipliers show that no point fulfils every inequality; False says nothing."""
    count = len(polytope.rows)
    if count == 0:
        return False
    # The least common violation t of the rows over the box, as the largest -t: a dual bound below zero is a proof.
    room = max(float((box_maximum(polytope.rows, polytope.low, polytope.high) - polytope.limits).max()), 0.0)
    relaxed = Polytope(
        np.hstack([polytope.rows, -np.ones((count, 1))]),
        polytope.limits,
        np.append(polytope.low, 0.0),
        np.append(polytope.high, room),
    )
    objective = np.zeros((1, relaxed.rows.shape[1]))
    objective[0, -1] = -1.0
    return bool(maximise(objective, relaxed).upper[0] < -1e-12)
