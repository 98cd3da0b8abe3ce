"""Connections: which relation may join which kinds of element (rules C2, C3, M1, M2, M4), and sound ends."""

from __future__ import annotations

from collections.abc import Iterator

from assurance.gsn.elements import CONTEXTUAL, AwayGoal, Element, ElementType
from assurance.gsn.model import Argument
from assurance.gsn.relations import CHALLENGES, IN_CONTEXT_OF, SUPPORTED_BY, Relation, RelationType
from assurance.gsn.rules import places
from evidence.diagnostics import Finding, Severity, code

G103 = code(
    "G103",
    Severity.ERROR,
    "a supported_by relation joins kinds of element that it may not join",
    "let goals be supported by goals, strategies or solutions, and strategies by goals only",
    "GSN 1:2.1.5, table 1:2-2, 1:4.3",
)
G104 = code(
    "G104",
    Severity.ERROR,
    "an in_context_of relation joins kinds of element that it may not join",
    "let goals and strategies point at contexts, assumptions or justifications",
    "GSN 1:2.1.5, table 1:2-2, 1:4.3",
)
G106 = code(
    "G106",
    Severity.ERROR,
    "an element is related to itself",
    "remove the relation",
    "GSN 1:2.2.2, 1:2.1.5",
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

G150 = code(
    "G150",
    Severity.ERROR,
    "an away goal is developed where it is only repeated",
    "develop the original in its own module; only a contract module joins away goals to their support",
    "GSN 1:4.3.2",
)

_GOAL, _STRATEGY, _SOLUTION = ElementType.GOAL, ElementType.STRATEGY, ElementType.SOLUTION
_AWAY_GOAL = ElementType.AWAY_GOAL
_AWAY_CONTEXTUAL = frozenset({ElementType.AWAY_CONTEXT, ElementType.AWAY_ASSUMPTION, ElementType.AWAY_JUSTIFICATION})
_CONTEXT_TARGETS = CONTEXTUAL | {_AWAY_GOAL, ElementType.MODULE}

Table = dict[RelationType, dict[ElementType, frozenset[ElementType]]]

# Table 1:2-2 with the additions of 1:4.3: source -> targets that it permits.
PERMITTED: Table = {
    SUPPORTED_BY: {
        _GOAL: frozenset(
            {
                _GOAL,
                _STRATEGY,
                _SOLUTION,
                _AWAY_GOAL,
                ElementType.AWAY_SOLUTION,
                ElementType.MODULE,
                ElementType.CONTRACT,
            }
        ),
        _STRATEGY: frozenset({_GOAL, _AWAY_GOAL}),
    },
    IN_CONTEXT_OF: {_GOAL: _CONTEXT_TARGETS, _STRATEGY: _CONTEXT_TARGETS},
}
# In a contract module (1:4.7.3) away goals have their support and context too.
PERMITTED_IN_CONTRACT: Table = {
    SUPPORTED_BY: {
        **PERMITTED[SUPPORTED_BY],
        _AWAY_GOAL: frozenset({_GOAL, _STRATEGY, _AWAY_GOAL}),
    },
    IN_CONTEXT_OF: {**PERMITTED[IN_CONTEXT_OF], _AWAY_GOAL: _AWAY_CONTEXTUAL},
}
_CODES = {SUPPORTED_BY: G103, IN_CONTEXT_OF: G104}


def check(argument: Argument) -> Iterator[Finding]:
    """Each relation, in the order given. What may challenge what is in `dialectic`."""
    elements = argument.elements
    table = PERMITTED_IN_CONTRACT if argument.kind == "contract" else PERMITTED
    seen: set[tuple[object, ...]] = set()
    for relation in argument.relations:
        key = (relation.type, relation.source, relation.target, relation.challenged, relation.choice)
        if key in seen:
            yield G107.finding(f"{relation} is given twice", places.of_relation(relation))
        elif finding := _judge(argument, table, relation, elements.get(relation.source), elements.get(relation.target)):
            yield finding
        seen.add(key)


def _judge(
    argument: Argument, table: Table, relation: Relation, source: Element | None, target: Element | None
) -> Finding | None:
    """The first fault of a relation, given its ends as far as they are there."""
    if source is None or (target is None and relation.challenged is None):
        ends = (relation.source,) if relation.challenged is not None else (relation.source, relation.target)
        missing = [repr(end) for end in dict.fromkeys(ends) if end not in argument]
        return G108.finding(f"{relation}: no element {' and no element '.join(missing)}", places.of_relation(relation))
    if relation.source == relation.target:
        return G106.finding(str(relation), places.of_relation(relation))
    if relation.type is CHALLENGES or relation.challenged is not None or target is None:
        return None
    if isinstance(source, AwayGoal) and relation.type is SUPPORTED_BY and argument.kind != "contract":
        message = f"{relation}: {source.id} is developed in module {source.module!r}"
        return G150.finding(message, places.of_relation(relation))
    permitted = table[relation.type].get(source.type, frozenset())
    if target.type in permitted:
        return None
    kinds = ", ".join(sorted(permitted)) or f"no {relation.type} from {_article(source.type)}"
    message = f"{relation}: {source.type} to {target.type}"
    return _CODES[relation.type].finding(message, places.of_relation(relation), expected=kinds)


def _article(kind: ElementType) -> str:
    return f"{'an' if kind[0] in 'AEIO' else 'a'} {kind}"
