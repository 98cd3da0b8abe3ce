"""The stated numbers of a statement as fractions: what its decimal text and its binary data say, without rounding.

Numbers in a statement count as their shortest decimal text, which is what the case file says; data and table entries
count as the binary numbers that they are. `property_of` gives a statement's counterexample in the normal form of
VNN-LIB, for exporting it. Not here: the widened arrays that engines work on (regions.py).
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from evidence.diagnostics import Severity, code
from evidence.errors import UnsupportedError
from evidence.regions import Floats, OutputCondition, RegionSet
from evidence.specification import Boxes, InputBalls, L2Ball, Linear, LinfBall, SensorError, Statement, Within
from evidence.verdict import Predictor
from evidence.vnnlib.property import Box, Case, Constraint, Property, Region

N_EXPORT = code(
    "N134",
    Severity.WARNING,
    "requirement that VNN-LIB cannot state",
    "cross-check it by other means; VNN-LIB knows boxes of inputs and linear constraints on the base network's outputs",
)


def decimal(value: float) -> Fraction:
    """The number that the shortest decimal text of a float64 says."""
    return Fraction(repr(float(value)))


def limits(perturbation: LinfBall | SensorError, statement: Statement) -> list[Fraction]:
    """How far each input [n] may move."""
    if isinstance(perturbation, LinfBall):
        return [decimal(perturbation.eps.value)] * len(statement.inputs)
    given = perturbation.tolerances
    return [decimal(given[port.name].value) if port.name in given else Fraction(0) for port in statement.inputs]


def box_of(statement: Statement, regions: RegionSet, region: int) -> Box:
    """A region as stated, without the outward widening of `expand`. Raises UnsupportedError N134 for an L2 ball."""
    stated = statement.regions
    if regions.stated is not None:
        return regions.stated.regions[region].box
    if isinstance(stated, Boxes):
        ranges = [stated.boxes[region].ranges[port.name] for port in statement.inputs]
        return Box(tuple(decimal(item.lower) for item in ranges), tuple(decimal(item.upper) for item in ranges))
    if isinstance(stated, InputBalls):
        if isinstance(stated.perturbation, L2Ball):
            raise UnsupportedError.of(N_EXPORT, "an L2 ball is no box of inputs")
        moves = limits(stated.perturbation, statement)
        centers = [Fraction(float(value)) for value in regions.centers[region]]
        low = tuple(center - move for center, move in zip(centers, moves, strict=True))
        return Box(low, tuple(center + move for center, move in zip(centers, moves, strict=True)))
    lower, upper = regions.lower[region], regions.upper[region]  # cells of a table: taken over without widening
    return Box(tuple(Fraction(float(v)) for v in lower), tuple(Fraction(float(v)) for v in upper))


def stated_offsets(statement: Statement, condition: OutputCondition) -> Floats:
    """A condition's offsets without the unit in the last place by which `expand` moves stated bounds inward."""
    stated = isinstance(statement.condition, Within | Linear)
    return np.asarray(np.nextafter(condition.offsets, np.inf)) if stated else condition.offsets


def property_of(statement: Statement, regions: RegionSet, chosen: range) -> Property:
    """The counterexample of a statement over the chosen regions, one case for each way to break the condition.

    Raises UnsupportedError N134 where VNN-LIB has no words for it: L2 balls, the smoothed classifier.
    """
    if statement.predictor is not Predictor.BASE:
        raise UnsupportedError.of(N_EXPORT, "it speaks of the smoothed classifier, not of the network")
    cases: list[Case] = []
    found: list[Region] = []
    for region in chosen:
        box = box_of(statement, regions, region)
        broken = _broken(statement, regions, region, box)
        found.append(Region(box, tuple(range(len(cases), len(cases) + len(broken)))))
        cases += broken
    shape = ((len(statement.inputs),), (len(statement.outputs),))
    return Property("1.0", *shape, "real", tuple(cases), tuple(found))


def _broken(statement: Statement, regions: RegionSet, region: int, box: Box) -> list[Case]:
    """A clause is broken where all its rows are at most zero."""
    if regions.stated is not None:
        return [regions.stated.cases[index] for index in regions.stated.regions[region].cases]
    condition = regions.conditions[int(regions.condition_of[region])]
    offsets = stated_offsets(statement, condition)
    clauses: dict[int, list[Constraint]] = {}
    for row, offset, clause in zip(condition.rows, offsets, condition.clause.tolist(), strict=True):
        factors = tuple((index, decimal(value)) for index, value in enumerate(row.tolist()) if value)
        clauses.setdefault(clause, []).append(Constraint(factors, -decimal(offset), False))
    return [Case(box, tuple(rows)) for rows in clauses.values()]
