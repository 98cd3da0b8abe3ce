"""The whole: no circle of support (rule C4), a goal at the top, nothing that hangs loose."""

from __future__ import annotations

from collections.abc import Iterator

from assurance.gsn.elements import Element, ElementType, is_public
from assurance.gsn.model import Argument
from assurance.gsn.relations import CHALLENGES
from assurance.gsn.rules import places
from evidence.diagnostics import Finding, Place, Severity, code

G105 = code(
    "G105",
    Severity.ERROR,
    "an element supports itself, or is its own context, through others",
    "break the circle: one of its relations is not true",
    "GSN 1:2.2.2",
)
G113 = code(
    "G113",
    Severity.ERROR,
    "the argument has no top element",
    "add the goal that the argument is to show; if every element has a parent, break the circle",
    "GSN 1:2.2.2",
)
G114 = code(
    "G114",
    Severity.ERROR,
    "a top element is not a goal",
    "state the claim that it is to serve as a goal above it",
    "GSN 1:2.1.4, table 1:2-1",
)
G115 = code(
    "G115",
    Severity.NOTE,
    "the argument has several top goals",
    "this is permitted; if one claim was meant, join them under it",
    "GSN 1:2.2.20",
)
G116 = code(
    "G116",
    Severity.ERROR,
    "an element is not connected to any top element",
    "relate it to the element that it serves, or remove it",
    "GSN 1:2.1.5",
)
_TOPS = {
    "argument": frozenset({ElementType.GOAL}),
    # a contract joins goals of other modules, which stand in it as away goals
    "contract": frozenset({ElementType.GOAL, ElementType.AWAY_GOAL}),
}


def check(argument: Argument) -> Iterator[Finding]:
    """Cycles, tops and loose elements."""
    in_cycle: set[str] = set()
    for cycle in argument.cycles():
        in_cycle.update(cycle)
        if len(cycle) > 1:  # a loop of one is G106
            path = places.listed((*cycle, cycle[0]), " -> ")
            yield G105.finding(f"circle {path}", places.of_element(argument[cycle[0]]))
    roots = argument.roots()
    # what challenges something is the top of a counter-argument; `dialectic` says what may challenge
    tops = [root for root in roots if not _challenges(argument, root)]
    # what other modules may refer to can stand alone (1:4.6.3): a module may offer contexts and solutions only
    offered = {element.id for element in argument if is_public(element)}
    if not roots and not offered:
        yield G113.finding(f"module {argument.module!r} has no top element", argument.place or Place())
    permitted = _TOPS[argument.kind]
    for root in tops:
        if root.type not in permitted and root.id not in offered:
            message = f"{root.type} {root.id} has nothing above it"
            yield G114.finding(message, places.of_element(root))
    confidence = {point.goal for point in argument.claim_points}  # the top of a confidence argument (1:5.3)
    goals = [root.id for root in tops if root.type is ElementType.GOAL and root.id not in confidence]
    if len(goals) > 1:
        message = f"{len(goals)} top goals: {places.listed(goals)}"
        yield G115.finding(message, places.of_element(argument[goals[0]]))
    if roots or offered:
        reached = argument.reachable((*(root.id for root in roots), *offered))
        for id, element in argument.elements.items():
            # a closed circle has its own finding; naming each of its members again would bury that
            if id not in reached and id not in in_cycle:
                yield G116.finding(f"{element.type} {element.id} hangs loose", places.of_element(element))


def _challenges(argument: Argument, element: Element) -> bool:
    return any(relation.type is CHALLENGES for relation in argument.relations_from(element.id))
