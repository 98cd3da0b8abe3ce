"""What a union of stars says: largest values in given directions, conditions, two-dimensional shadows.

Upper bounds come from the dual side of linear programs (programs.py) and are padded outward by a fraction that
dwarfs float64 rounding; witnesses come from the primal side and are only proposals until the network has been
run on them. Not here: how the stars arise (star.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from evidence.engines.reachability.programs import box_maximum, is_empty, maximise, maximise_all
from evidence.engines.reachability.star import Star
from evidence.regions import Floats, OutputCondition

_PAD = 1e-9
"""Outward padding of a bound, relative to the size of the terms it is made of."""
_TOGETHER = 64
"""Stars asked in one go; what they attain then spares the later ones some programs."""


@dataclass(frozen=True)
class Support:
    """upper: [q] bounds of each direction over the stars; tight: False where the solver failed on some star."""

    upper: Floats
    tight: bool


def support(stars: Sequence[Star], directions: Floats) -> Support:
    """Upper bounds of directions [q, m] @ y over the union of the stars, each attained up to rounding when tight.

    A linear program is solved only where a star's box could exceed what known members of some star attain.
    """
    attained = np.max(np.stack([(star.values() @ directions.T).max(axis=0, initial=-np.inf) for star in stars]), axis=0)
    upper, pad, tight = attained.copy(), np.zeros(len(directions)), True
    for start in range(0, len(stars), _TOGETHER):
        group = stars[start : start + _TOGETHER]
        places, questions = [], []
        for star in group:
            objectives, constant = directions @ star.basis, directions @ star.center
            pad = np.maximum(pad, _PAD * (np.abs(directions) @ star.magnitude()))
            asked = np.flatnonzero(constant + box_maximum(objectives, star.domain.low, star.domain.high) > upper)
            places.append((asked, constant[asked]))
            questions.append((objectives[asked], star.domain))
        for star, (asked, constant), found in zip(group, places, maximise_all(questions), strict=True):
            if found.points is None and is_empty(star.domain):
                continue
            tight = tight and found.points is not None
            upper[asked] = np.maximum(upper[asked], constant + found.upper)
    return Support(upper + pad, tight)


def output_bounds(stars: Sequence[Star]) -> tuple[Floats, Floats, bool]:
    """Lower and upper bounds [outputs] over the union of the stars, and whether the solver closed each of them."""
    outputs = len(stars[0].center)
    eye = np.eye(outputs)
    found = support(stars, np.vstack([eye, -eye]))
    return -found.upper[outputs:], found.upper[:outputs], found.tight


@dataclass(frozen=True)
class Answer:
    """Whether the condition holds on the stars; if not, inputs [n] of some members where it may fail."""

    holds: bool
    witnesses: tuple[Floats, ...]


def condition_holds(stars: Sequence[Star], condition: OutputCondition) -> Answer:
    """Examine the condition star by star; in each star each clause may be settled by another of its rows.

    The stars that look worst come first, and the search ends with the first of them that yield witnesses.
    """
    views = [_View.of(star, condition) for star in stars]
    views = sorted(views, key=lambda view: min(_best(view.least, condition)))
    holds = True
    for start in range(0, len(views), _TOGETHER):
        witnesses: list[Floats] = []
        for view, found in _open_clauses(views[start : start + _TOGETHER], condition):
            members = [view.star.input(point) for point in found.values() if point is not None]
            if members or (found and not is_empty(view.star.domain)):
                holds = False
                witnesses += members
        if witnesses:
            return Answer(False, tuple(witnesses))
    return Answer(holds, ())


@dataclass(frozen=True, eq=False)
class _View:
    """A condition's rows as functions of one star's variables: objectives @ a + constant, padded downward.

    least: [rows] their lower bounds over the box of the variables.
    """

    star: Star
    objectives: Floats
    constant: Floats
    least: Floats

    @classmethod
    def of(cls, star: Star, condition: OutputCondition) -> _View:
        objectives = condition.rows @ star.basis
        pad = _PAD * (np.abs(condition.rows) @ star.magnitude() + np.abs(condition.offsets))
        constant = condition.rows @ star.center + condition.offsets - pad
        least = constant - box_maximum(-objectives, star.domain.low, star.domain.high)
        return cls(star, objectives, constant, least)


def _open_clauses(
    views: Sequence[_View], condition: OutputCondition
) -> Iterator[tuple[_View, dict[int, Floats | None]]]:
    """For each star the clauses that no bound settles, each with the variables of its worst member if known."""
    asked = [np.flatnonzero(np.isin(condition.clause, _unsettled(view.least, condition))) for view in views]
    answers = maximise_all(
        [(-view.objectives[rows], view.star.domain) for view, rows in zip(views, asked, strict=True)]
    )
    for view, rows, answer in zip(views, asked, answers, strict=True):
        least = view.least.copy()
        least[rows] = np.maximum(least[rows], view.constant[rows] - answer.upper)
        found: dict[int, Floats | None] = {}
        for clause in _unsettled(least, condition):
            members = np.flatnonzero(condition.clause == clause)
            if len(members) > 1:
                bound, point = _least_maximum(view.star, view.objectives[members], view.constant[members])
                if bound <= 0:
                    found[clause] = point
            else:
                place = int(np.flatnonzero(rows == members[0])[0])
                found[clause] = None if answer.points is None else answer.points[place]
        yield view, found


def _best(least: Floats, condition: OutputCondition) -> list[float]:
    """For each clause the largest lower bound among its rows."""
    return [float(least[condition.clause == clause].max()) for clause in range(int(condition.clause.max()) + 1)]


def _unsettled(least: Floats, condition: OutputCondition) -> list[int]:
    return [clause for clause, bound in enumerate(_best(least, condition)) if not bound > 0]


def _least_maximum(star: Star, objectives: Floats, constant: Floats) -> tuple[float, Floats | None]:
    """Lower bound over the star of the largest of several functions, and the variables that attain it."""
    reach = box_maximum(np.abs(objectives), np.abs(star.domain.low), np.abs(star.domain.high))
    largest = float((np.abs(constant) + reach).max())
    rows = np.hstack([objectives, -np.ones((len(objectives), 1))])
    domain = star.domain.with_variables(rows, -constant, np.array([-largest]), np.array([largest]))
    aim = np.zeros((1, rows.shape[1]))
    aim[0, -1] = -1.0
    found = maximise(aim, domain)
    return -float(found.upper[0]), None if found.points is None else found.points[0, :-1]


def shadow(stars: Sequence[Star], pair: tuple[int, int], unit: Floats, directions: int) -> list[list[float]]:
    """Corners, anticlockwise, of a polygon that encloses the stars' outputs `pair`, touched from every direction.

    unit: [2] lengths that count as equal, so that directions spread evenly in the picture.
    """
    angles = 2 * np.pi * np.arange(directions) / directions
    normals = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    wanted = np.zeros((directions, len(stars[0].center)))
    wanted[:, list(pair)] = normals / unit
    reach = support(stars, wanted).upper
    corners: list[list[float]] = []
    for i in range(directions):
        lines, offsets = normals[[i - 1, i]], reach[[i - 1, i]]
        corner = (np.linalg.solve(lines, offsets) * unit).tolist()
        if not corners or np.abs((np.array(corner) - corners[-1]) / unit).max() > 1e-4:
            corners.append([float(f"{value:.6g}") for value in corner])
    return corners
