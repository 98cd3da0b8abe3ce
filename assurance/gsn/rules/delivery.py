"""A finished argument has no gaps left to fill: no empty statements, no uninstantiated parts (rule P3)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from assurance.gsn.elements import Element
from assurance.gsn.model import Argument
from assurance.gsn.relations import Relation
from assurance.gsn.rules import places
from evidence.diagnostics import Code, Finding, Severity, code

G112 = code(
    "G112",
    Severity.WARNING,
    "an element has no statement",
    "write what it claims, describes or refers to",
    "GSN 1:2.1.4, table 1:2-1",
)
G117 = code(
    "G117",
    Severity.ERROR,
    "an uninstantiated element is left in a delivered argument",
    "fill it in and remove the mark",
    "GSN 1:3.1.3, 1:3.5.1",
)
G118 = code(
    "G118",
    Severity.ERROR,
    "a statement of a delivered argument still holds a token to be filled in",
    "put the value in the place of the token, braces included",
    "GSN 1:3.1.3, table 1:3-2",
)
G161 = code(
    "G161",
    Severity.ERROR,
    "a pattern mark is left in a delivered argument",
    "write out the instances that are meant, and remove multiplicity, optionality and choice",
    "GSN 1:3.1.3, 1:3.2",
)

# A token is a name in braces; a set such as {0, 1} or {x | x > 0} is not one.
_TOKEN = re.compile(r"\{\{?\s*([A-Za-z_][^{},|;:=<>]*)\}")


def check(argument: Argument, *, delivered: bool) -> Iterator[Finding]:
    """Each element, in the order given; `delivered=False` permits uninstantiated elements and tokens."""
    for element in argument:
        for found, message in _judge(element, delivered):
            yield found.finding(f"{element.type} {element.id} {message}", places.of_element(element))
    if delivered:
        for relation in argument.relations:
            if marks := marks_of(relation):
                yield G161.finding(f"{relation} still has {' and '.join(marks)}", places.of_relation(relation))
        used = {relation.choice for relation in argument.relations} if argument.choices else set()
        for choice in argument.choices:
            if choice.id not in used:
                yield G161.finding(f"choice {choice.id} is left", places.of(choice))


def _judge(element: Element, delivered: bool) -> Iterator[tuple[Code, str]]:
    if not element.text.strip():
        yield G112, "has no statement"
    if delivered and element.uninstantiated:
        yield G117, "is not instantiated"
    if delivered and "{" in element.text and (tokens := tokens_of(element.text)):
        yield G118, f"still holds {', '.join(f'{{{token}}}' for token in tokens)}"


def tokens_of(text: str) -> tuple[str, ...]:
    """The tokens of a statement without their braces, each once."""
    return tuple(dict.fromkeys(token.strip() for token in _TOKEN.findall(text)))


def marks_of(relation: Relation) -> list[str]:
    """The pattern marks of a relation, as people call them."""
    marks = []
    if relation.multiplicity is not None:
        marks.append(f"the multiplicity {relation.multiplicity!r}")
    if relation.optional:
        marks.append("the mark optional")
    if relation.choice is not None:
        marks.append(f"the choice {relation.choice!r}")
    return marks
