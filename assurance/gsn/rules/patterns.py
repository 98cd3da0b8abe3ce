"""Patterns and templates: marks that can be read, choices that can be made, data that covers all (rules P1, P2, P4, P5).

That nothing of a pattern is left in a delivered argument (P3) is in `delivery`. What a pattern means, and whether
its expansion is well formed, shows when `assurance.gsn.patterns` expands it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from assurance.gsn.elements import DEVELOPABLE, Element, Goal
from assurance.gsn.model import Argument
from assurance.gsn.native_form import TOPICS
from assurance.gsn.relations import CHALLENGES, SUPPORTED_BY, Choice, Relation, Template
from assurance.gsn.rules import places
from assurance.gsn.rules.delivery import marks_of, tokens_of
from evidence.diagnostics import Finding, Place, Severity, code

G154 = code(
    "G154",
    Severity.ERROR,
    "a pattern mark on a relation that cannot carry it",
    "remove it: multiplicity, optionality and choice belong to support and context",
    "GSN 1:3.2",
)
G155 = code(
    "G155",
    Severity.ERROR,
    "a multiplicity that cannot be read",
    "write a number, a letter, or a range: 3, n, 1..*, 0..x; zero only where it is meant",
    "GSN 1:3.2",
)
G156 = code(
    "G156",
    Severity.ERROR,
    "a choice does not join one source to several branches",
    "declare the choice once, and name it at two or more relations of one type that start at its source",
    "GSN 1:3.2",
)
G157 = code(
    "G157",
    Severity.ERROR,
    "the bounds of a choice cannot be met",
    "let at_least be at most at_most, and both at most the number of branches",
    "GSN 1:3.2",
)
G158 = code(
    "G158",
    Severity.WARNING,
    "a relation is both optional and multiple",
    "say it once: a multiplicity that begins with zero, such as 0..n",
    "GSN 1:3.2",
)
G159 = code(
    "G159",
    Severity.WARNING,
    "an uninstantiated element has no token",
    "put what is to be filled in into {curly brackets}, or remove the mark",
    "GSN 1:3.2, table 1:3-2",
)
G160 = code(
    "G160",
    Severity.WARNING,
    "a statement of a pattern has a token but no mark that says so",
    "mark the element uninstantiated",
    "GSN 1:3.2, table 1:3-2",
)
G162 = code(
    "G162",
    Severity.ERROR,
    "a template holds an undeveloped element",
    "develop it before the template is published",
    "GSN 1:3.5.2",
)
G163 = code(
    "G163",
    Severity.ERROR,
    "the data of a template does not cover everything that is to be instantiated",
    "give data for each token, uninstantiated element, multiplicity, optional relation and choice",
    "GSN 1:3.5.2",
)
G164 = code(
    "G164",
    Severity.ERROR,
    "a branch of a template ends nowhere",
    "end it at a solution, or at an away element that a module's interface declares",
    "GSN 1:3.5.3",
)
G165 = code(
    "G165",
    Severity.WARNING,
    "the description of a pattern lacks a topic",
    "write a sentence on it, even if it is that nothing is known",
    "GSN 1:3.4",
)

_BOUND = r"(?:0|[1-9][0-9]{0,8}|[A-Za-z]\w{0,30})"
_MULTIPLICITY = re.compile(rf"\*|{_BOUND}|(?P<low>{_BOUND})\s*\.\.\s*(?P<high>{_BOUND}|\*)")


def check(argument: Argument) -> Iterator[Finding]:
    """Marks, choices, tokens, and what a pattern or template has to bring."""
    yield from _marks(argument)
    yield from _choices(argument)
    if argument.pattern is not None or argument.template is not None:
        yield from _tokens(argument)
    if argument.pattern is not None:
        place = argument.pattern.place or Place()
        told = {topic for topic, text in argument.pattern.topics if text.strip()}
        if missing := [topic for topic in TOPICS if topic not in told]:
            yield G165.finding(f"pattern {argument.pattern.id!r} does not say: {', '.join(missing)}", place)
    if argument.template is not None:
        yield from _template(argument, argument.template)


def readable(multiplicity: str) -> bool:
    """Whether a multiplicity can be read: a bound, or a range whose numbers do not fall."""
    match = _MULTIPLICITY.fullmatch(multiplicity.strip())
    if match is None or multiplicity.strip() == "0":
        return False
    low, high = match["low"], match["high"]
    return not (low and low.isdigit() and high.isdigit() and int(low) > int(high))


def name_of(relation: Relation) -> str:
    """How a template's data names a relation."""
    return relation.id if relation.id is not None else f"{relation.source} -> {relation.target}"


def _marks(argument: Argument) -> Iterator[Finding]:
    for relation in argument.relations:
        if relation.type is CHALLENGES:
            if marks := marks_of(relation):
                yield G154.finding(f"{relation} has {' and '.join(marks)}", places.of_relation(relation))
        elif relation.multiplicity is None:
            continue
        elif not readable(relation.multiplicity):
            yield G155.finding(f"{relation}: {relation.multiplicity!r} cannot be read", places.of_relation(relation))
        elif relation.optional:
            yield G158.finding(f"{relation}: optional and {relation.multiplicity!r}", places.of_relation(relation))
    for choice in argument.choices:
        if choice.multiplicity is not None and not readable(choice.multiplicity):
            yield G155.finding(f"choice {choice.id}: {choice.multiplicity!r} cannot be read", places.of(choice))


def _choices(argument: Argument) -> Iterator[Finding]:
    declared: dict[str, Choice] = {}
    for choice in argument.choices:
        if choice.id in declared:
            yield G156.finding(f"choice {choice.id} is declared twice", places.of(choice))
        declared.setdefault(choice.id, choice)
    branches: dict[str, list[Relation]] = {id: [] for id in declared}
    for relation in argument.relations:
        if relation.choice is None or relation.type is CHALLENGES:
            continue
        if relation.choice not in declared:
            message = f"{relation} names the choice {relation.choice!r}, which is not declared"
            yield G156.finding(message, places.of_relation(relation))
            continue
        source = declared[relation.choice].source
        if relation.source != source:
            message = f"{relation} is a branch of choice {relation.choice!r}, which starts at {source!r}"
            yield G156.finding(message, places.of_relation(relation))
            continue
        branches[relation.choice].append(relation)
    for id, choice in declared.items():
        count = len({relation.target for relation in branches[id]})
        if count < 2:
            yield G156.finding(f"choice {id} has {count} branches from {choice.source!r}", places.of(choice))
            continue
        if len({relation.type for relation in branches[id]}) > 1:
            yield G156.finding(f"choice {id} mixes support and context", places.of(choice))
        low = 1 if choice.at_least is None else choice.at_least
        high = count if choice.at_most is None else choice.at_most
        if not (low <= high <= count and high >= 1):
            yield G157.finding(f"choice {id}: {low} to {high} of {count} branches", places.of(choice))


def _tokens(argument: Argument) -> Iterator[Finding]:
    for element in argument:
        tokens = tokens_of(element.text)
        named = f"{element.type} {element.id}"
        if element.uninstantiated and not tokens:
            yield G159.finding(f"{named} is marked uninstantiated but holds no token", places.of_element(element))
        elif tokens and not element.uninstantiated:
            braced = ", ".join(f"{{{token}}}" for token in tokens)
            yield G160.finding(f"{named} holds {braced} but is not marked uninstantiated", places.of_element(element))


def _template(argument: Argument, template: Template) -> Iterator[Finding]:
    covered = set(template.covers)
    for element in argument:
        place, named = places.of_element(element), f"{element.type} {element.id}"
        if element.undeveloped:
            yield G162.finding(f"{named} of a template is undeveloped", place)
        elif element.type in DEVELOPABLE and not _supported(argument, element):
            yield G164.finding(f"nothing supports {named}", place)
        tokens = tokens_of(element.text)
        for token in tokens:
            if token not in covered and element.id not in covered:
                yield G163.finding(f"no data for {{{token}}} in {named}", place)
        if element.uninstantiated and not tokens and element.id not in covered:
            yield G163.finding(f"no data for {named}", place)
    for relation in argument.relations:
        if (relation.multiplicity is not None or relation.optional) and name_of(relation) not in covered:
            message = f"no data for {' and '.join(marks_of(relation))} of {relation}"
            yield G163.finding(message, places.of_relation(relation), expected=f"{name_of(relation)!r} among `covers`")
    for choice in argument.choices:
        if choice.id not in covered:
            yield G163.finding(f"no data for choice {choice.id}", places.of(choice))


def _supported(argument: Argument, element: Element) -> bool:
    """Whether it is supported here, or will be by contract."""
    return (isinstance(element, Goal) and element.by_contract) or any(
        relation.type is SUPPORTED_BY for relation in argument.relations_from(element.id)
    )
