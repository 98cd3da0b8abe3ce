"""Assurance claim points: each has an identifier, something that it marks, and a confidence argument (rule A1).

Whether the confidence argument convinces is not judged, and no confidence is computed. That a module which a claim
point names is at hand is checked by `modules`.
"""

from __future__ import annotations

from collections.abc import Iterator

from assurance.gsn.elements import Context, ElementType, Goal
from assurance.gsn.model import Argument
from assurance.gsn.relations import ClaimPoint, Relation, RelationType
from assurance.gsn.rules import places
from evidence.diagnostics import Finding, Severity, code

G182 = code(
    "G182",
    Severity.ERROR,
    "two claim points, or a claim point and an element, have the same identifier",
    "give each claim point an identifier of its own",
    "GSN 1:5.3",
)
G183 = code(
    "G183",
    Severity.ERROR,
    "a claim point marks nothing, or something that it cannot mark",
    "let it mark support or context relations, solutions, or contexts that refer to an artefact",
    "GSN 1:5.2",
)
G184 = code(
    "G184",
    Severity.WARNING,
    "a claim point has no confidence argument",
    "name the goal, the module or the section of a document that argues it",
    "GSN 1:5.3",
)
G185 = code(
    "G185",
    Severity.WARNING,
    "a claim point stands on a single leg below a strategy",
    "put it above the strategy, or let it span all legs",
    "GSN 1:5.3.3",
)
G186 = code(
    "G186",
    Severity.WARNING,
    "a claim point stands on some of several solutions of a goal",
    "let one claim point span all solutions",
    "GSN 1:5.3.3",
)
G138 = code(
    "G138",
    Severity.ERROR,
    "a claim point names a confidence argument that is not there",
    "name a goal that exists, or add it",
    "GSN 1:5.3",
)

_MARKABLE = frozenset({ElementType.SOLUTION, ElementType.CONTEXT, ElementType.AWAY_SOLUTION, ElementType.AWAY_CONTEXT})
_EVIDENCE = frozenset({ElementType.SOLUTION, ElementType.AWAY_SOLUTION})


def check(argument: Argument) -> Iterator[Finding]:
    """Each claim point, in the order given."""
    seen: set[str] = set()
    for point in argument.claim_points:
        place = places.of(point)
        if point.id in seen or point.id in argument:
            yield G182.finding(f"claim point {point.id} has an identifier that is taken", place)
        seen.add(point.id)
        yield from _aims(argument, point)
        yield from _reasons(argument, point)


def _aims(argument: Argument, point: ClaimPoint) -> Iterator[Finding]:
    place = places.of(point)
    if not point.relations and not point.elements:
        yield G183.finding(f"claim point {point.id} marks nothing", place)
    for id in point.elements:
        if id not in argument:
            yield G183.finding(f"claim point {point.id}: no element {id!r}", place)
            continue
        element = argument[id]
        if element.type not in _MARKABLE:
            yield G183.finding(f"claim point {point.id} marks {element.type} {id}", place)
        elif isinstance(element, Context) and not element.artefact:
            message = (
                f"claim point {point.id} marks {element.type} {id}, which does not say that it refers to an artefact"
            )
            yield G183.finding(message, place, severity=Severity.WARNING)
    spanned: dict[str, list[Relation]] = {}
    for reference in point.relations:
        found = argument.find(reference)
        if len(found) != 1:
            yield G183.finding(f"claim point {point.id}: {len(found)} relations are {reference}", place)
        elif found[0].type is RelationType.CHALLENGES:
            yield G183.finding(f"claim point {point.id} marks the challenge {found[0]}", place)
        elif found[0].type is RelationType.SUPPORTED_BY and found[0].source in argument:
            spanned.setdefault(found[0].source, []).append(found[0])
    for source, relations in spanned.items():
        targets = {item.target for item in relations}
        legs = {item.target: item for item in argument.relations_from(source) if item.type is RelationType.SUPPORTED_BY}
        if argument[source].type is ElementType.STRATEGY:
            if len(legs) > 1 and targets != set(legs):
                yield G185.finding(f"claim point {point.id}: {len(targets)} of {len(legs)} legs of {source}", place)
            continue
        solutions = {id for id in legs if id in argument and argument[id].type in _EVIDENCE}
        if targets & solutions and not solutions <= targets:
            marked = len(targets & solutions)
            yield G186.finding(f"claim point {point.id}: {marked} of {len(solutions)} solutions of {source}", place)


def _reasons(argument: Argument, point: ClaimPoint) -> Iterator[Finding]:
    place = places.of(point)
    if point.goal is None and point.module is None and not point.text.strip():
        yield G184.finding(f"claim point {point.id} has no confidence argument", place)
    if point.goal is not None and point.module is None:
        if point.goal not in argument:
            yield G138.finding(f"claim point {point.id}: no goal {point.goal!r}", place)
        elif not isinstance(argument[point.goal], Goal) and argument[point.goal].type is not ElementType.AWAY_GOAL:
            kind = argument[point.goal].type
            yield G138.finding(f"claim point {point.id}: {point.goal} is no goal but a {kind}", place)
