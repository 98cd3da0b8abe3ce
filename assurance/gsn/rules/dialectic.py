"""Challenges and defeat: who may challenge what, and what a finished case still leaves in doubt (rules D1 - D4).

Nothing is propagated here: what a defeated element does to those above it is for experts to decide (2:11.3.4).
A challenge is active while neither it nor its source is marked defeated. What challenges a challenge speaks for the
case, and so leaves no doubt in it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from assurance.gsn.elements import Element, ElementType
from assurance.gsn.model import Argument
from assurance.gsn.relations import CHALLENGES, SUPPORTED_BY, Relation
from assurance.gsn.rules import places
from evidence.diagnostics import Finding, Place, Severity, code

G187 = code(
    "G187",
    Severity.ERROR,
    "a challenge starts at an element that cannot challenge",
    "let a goal or a solution state the doubt; it may be developed as any other",
    "GSN 1:6.2.6",
)
G188 = code(
    "G188",
    Severity.ERROR,
    "a challenge is not aimed at one relation that is there",
    "name the relation by its id, or by both ends and, where two join the same ends, its type",
    "GSN 1:6.2",
)
G189 = code(
    "G189",
    Severity.WARNING,
    "something is marked defeated though nothing challenges it or what it rests on",
    "record the challenge that defeated it, or remove the mark",
    "GSN 1:6.3.8",
)
G190 = code(
    "G190",
    Severity.WARNING,
    "evidence challenges something that is not marked defeated",
    "mark it defeated, or answer the challenge by a counter-challenge that defeats it",
    "GSN 1:6.3.8",
)
G191 = code(
    "G191",
    Severity.ERROR,
    "a challenge is aimed at one leg of an inference that needs all its legs",
    "put a strategy between the goal and what supports it, and challenge the strategy",
    "GSN 1:6.3.12",
)
G192 = code(
    "G192",
    Severity.NOTE,
    "a challenge is aimed at a solution",
    "if the evidence is sound but does not show the goal, challenge the inference between them",
    "GSN 1:6.3.4",
)
G193 = code(
    "G193",
    Severity.WARNING,
    "a challenge stands: doubt that remains",
    "defeat the challenge, mend the argument, or have the residual doubt accepted by name",
    "GSN 1:6.3.8, 2:11.3.4",
)
G194 = code(
    "G194",
    Severity.WARNING,
    "something is marked defeated though every challenge of it is defeated",
    "decide anew whether the doubt still holds, and remove the mark or record another challenge",
    "GSN 2:11.3.4",
)

_EVIDENCE = frozenset({ElementType.SOLUTION, ElementType.AWAY_SOLUTION})
_CHALLENGERS = _EVIDENCE | {ElementType.GOAL, ElementType.AWAY_GOAL}


def check(argument: Argument) -> Iterator[Finding]:
    """Each challenge, then each mark of defeat, in the order given."""
    challenges = [item for item in argument.relations if item.type is CHALLENGES]
    if challenges:
        sides, legs = _sides(argument, challenges), _legs(argument)
        for relation in challenges:
            if relation.source in argument:
                yield from _challenge(argument, relation, sides, legs)
    for element in argument:
        if element.defeated:
            below = argument.relations_from(element.id)
            weakened = any(
                item.type is not CHALLENGES
                and (item.defeated or (item.target in argument and argument[item.target].defeated))
                for item in below
            )
            against = [item for item in argument.relations_to(element.id) if item.type is CHALLENGES]
            # an inference is challenged at the relation; its parent may be given up with it
            against += [
                challenge for item in below if item.type is not CHALLENGES for challenge in argument.challenges_of(item)
            ]
            named = f"{element.type} {element.id}"
            yield from _defeat(argument, named, places.of_element(element), against, weakened)
    for relation in argument.relations:
        if relation.defeated:
            ends = [argument[end] for end in (relation.source, relation.target) if end in argument]
            weakened = any(end.defeated for end in ends)
            against = list(argument.challenges_of(relation))
            yield from _defeat(argument, str(relation), places.of_relation(relation), against, weakened)


def active(argument: Argument, challenge: Relation) -> bool:
    """Whether neither the challenge nor its source is marked defeated."""
    return not challenge.defeated and challenge.source in argument and not argument[challenge.source].defeated


def _sides(argument: Argument, challenges: list[Relation]) -> dict[str, int]:
    """How deep in the dispute each element stands: 0 the case, 1 what challenges it, 2 what challenges that, ...

    Challenges that only challenge each other in a circle have no place in it.
    """
    sources = {item.source for item in challenges}
    tops = [root.id for root in argument.roots() if root.id not in sources]
    depth: dict[str, int] = {}
    graph = argument.graph()

    def settle(start: str, level: int) -> list[str]:
        """Give an element, and what hangs on it and has no place yet, its place."""
        settled, open_ = [], [start]
        while open_:
            id = open_.pop()
            if id not in depth:
                depth[id] = level
                settled.append(id)
                open_.extend(graph.successors(id))
        return settled

    for top in tops:
        settle(top, 0)
    against: dict[str, list[str]] = {}
    for challenge in challenges:
        if challenge.challenged is None:
            aims = [challenge.target]
        else:
            aims = [relation.source for relation in argument.find(challenge.challenged)]
        for aim in aims:
            against.setdefault(aim, []).append(challenge.source)
        if not any(aim in argument for aim in aims) and challenge.source in argument:
            settle(challenge.source, 1)
    waiting = deque(depth)
    while waiting:
        here = waiting.popleft()
        for source in against.get(here, ()):
            if source in argument:
                waiting.extend(settle(source, depth[here] + 1))
    return depth


def _legs(argument: Argument) -> dict[str, set[str]]:
    """By element, what is to support it, whether that is there or not."""
    legs: dict[str, set[str]] = {}
    for relation in argument.relations:
        if relation.type is SUPPORTED_BY:
            legs.setdefault(relation.source, set()).add(relation.target)
    return legs


def _challenge(
    argument: Argument, challenge: Relation, sides: dict[str, int], legs: dict[str, set[str]]
) -> Iterator[Finding]:
    place = places.of_relation(challenge)
    source = argument[challenge.source]
    if source.type not in _CHALLENGERS:
        yield G187.finding(
            f"{challenge}: {source.type} {source.id} cannot challenge", place, expected=", ".join(sorted(_CHALLENGERS))
        )
        return
    target: Element | Relation
    if challenge.challenged is not None:
        found = argument.find(challenge.challenged)
        # a relation that is written twice has its own finding
        if (
            len({(item.type, item.source, item.target, item.challenged) for item in found}) != 1
            or found[0] is challenge
        ):
            message = f"{challenge}: {'itself' if found and found[0] is challenge else f'{len(found)} such relations'}"
            yield G188.finding(message, place)
            return
        target = found[0]
        if target.type is SUPPORTED_BY and len(legs[target.source]) > 1:
            message = f"{challenge}: {target.source} rests on {len(legs[target.source])} legs together"
            yield G191.finding(message, place)
    elif challenge.target in argument and challenge.target != challenge.source:
        target = argument[challenge.target]
        if target.type in _EVIDENCE:
            yield G192.finding(f"{challenge}, which is a solution", place)
    else:
        return
    if not active(argument, challenge):
        return
    named = f"{target.type} {target.id}" if not isinstance(target, Relation) else f"the relation {target}"
    if source.type in _EVIDENCE and not target.defeated:
        yield G190.finding(f"{source.type} {source.id} challenges {named}, which is not marked defeated", place)
    elif sides.get(target.source if isinstance(target, Relation) else target.id, 0) % 2 == 0:
        state = "defeated" if target.defeated else "in doubt"
        yield G193.finding(f"{source.type} {source.id} leaves {named} {state}", place)


def _defeat(argument: Argument, named: str, place: Place, against: list[Relation], weakened: bool) -> Iterator[Finding]:
    if weakened:
        return
    if not against:
        yield G189.finding(f"{named} is marked defeated, and nothing challenges it", place)
    elif not any(active(argument, challenge) for challenge in against):
        yield G194.finding(f"{named} is marked defeated, and each challenge of it is defeated too", place)
