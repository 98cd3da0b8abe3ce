"""Connections: which relation may join which kinds of element (rules C2 and C3), and sound ends."""

from __future__ import annotations

from collections.abc import Iterator

from assurance.gsn.model import CONTEXTUAL, Argument, ElementType, RelationType
from assurance.gsn.rules import places
from evidence.diagnostics import Finding, Severity, code

G103 = code(
    "G103",
    Severity.ERROR,
    "a supported_by relation joins kinds of element that it may not join",
    "let goals be supported by goals, strategies or solutions, and strategies by goals only",
    "GSN 1:2.1.5, table 1:2-2",
)
G104 = code(
    "G104",
    Severity.ERROR,
    "an in_context_of relation joins kinds of element that it may not join",
    "let goals and strategies point at contexts, assumptions or justifications",
    "GSN 1:2.1.5, table 1:2-2",
)
G106 = code(
    "G106",
    Severity.ERROR,
    "an element is related to itself",
    "remove the relation",
    "GSN 1:2.2.2",
)
G107 = code(
    "G107",
    Severity.WARNING,
    "the same relation is given twice",
    "remove one of the two",
)
G108 = code(
    "G108",
    Severity.ERROR,
    "a relation names an element that the module does not have",
    "add the element, or mend the identifier",
    "GSN 1:2.1.5",
)

# Table 1:2-2: source -> targets that it permits.
PERMITTED: dict[RelationType, dict[ElementType, frozenset[ElementType]]] = {
    RelationType.SUPPORTED_BY: {
        ElementType.GOAL: frozenset({ElementType.GOAL, ElementType.STRATEGY, ElementType.SOLUTION}),
        ElementType.STRATEGY: frozenset({ElementType.GOAL}),
    },
    RelationType.IN_CONTEXT_OF: {
        ElementType.GOAL: CONTEXTUAL,
        ElementType.STRATEGY: CONTEXTUAL,
    },
}
_CODES = {RelationType.SUPPORTED_BY: G103, RelationType.IN_CONTEXT_OF: G104}


def check(argument: Argument) -> Iterator[Finding]:
    """Each relation, in the order given."""
    seen: set[tuple[RelationType, str, str]] = set()
    for relation in argument.relations:
        place = places.of_relation(relation)
        named = f"{relation.source} {relation.type} {relation.target}"
        key = (relation.type, relation.source, relation.target)
        if key in seen:
            yield G107.finding(f"{named} is given twice", place)
            continue
        seen.add(key)
        missing = [end for end in dict.fromkeys((relation.source, relation.target)) if end not in argument]
        if missing:
            yield G108.finding(f"{named}: no element {' and no element '.join(map(repr, missing))}", place)
            continue
        if relation.source == relation.target:
            yield G106.finding(named, place)
            continue
        source, target = argument[relation.source], argument[relation.target]
        permitted = PERMITTED[relation.type].get(source.type, frozenset())
        if target.type not in permitted:
            kinds = ", ".join(sorted(permitted)) or f"no {relation.type} from a {source.type}"
            message = f"{named}: {source.type} to {target.type}"
            yield _CODES[relation.type].finding(message, place, expected=kinds)
