"""Development: support is there, or its absence is marked (rules C5, M4, M5); solutions name their evidence."""

from __future__ import annotations

from collections.abc import Iterator

from assurance.gsn.elements import DEVELOPABLE, Element, Goal, Solution
from assurance.gsn.model import Argument
from assurance.gsn.relations import SUPPORTED_BY
from assurance.gsn.rules import places
from evidence.diagnostics import Code, Finding, Severity, code

G109 = code(
    "G109",
    Severity.ERROR,
    "the undeveloped mark stands on a kind of element that takes no support",
    "remove the mark; only goals and strategies may carry it",
    "GSN 1:2.1.4, table 1:2-1",
)
G110 = code(
    "G110",
    Severity.ERROR,
    "an element is marked undeveloped and yet has support",
    "remove the mark, or the support",
    "GSN 1:2.1.4, table 1:2-1",
)
G111 = code(
    "G111",
    Severity.WARNING,
    "a goal or strategy has no support and no mark that says so",
    "add the support, or mark it undeveloped",
    "GSN 1:2.1.4, table 1:2-1",
)
G119 = code(
    "G119",
    Severity.WARNING,
    "a solution names no evidence",
    "give the digest of the record or the identifier of the document that it refers to",
    "GSN 1:2.3.4",
)
G151 = code(
    "G151",
    Severity.ERROR,
    "a goal that a contract is to support is supported in its own module too",
    "remove the support, or the mark",
    "GSN 1:4.3.2",
)
G152 = code(
    "G152",
    Severity.ERROR,
    "a goal is marked both undeveloped and to be supported by contract",
    "keep one of the two marks",
    "GSN 1:4.3.2",
)
G153 = code(
    "G153",
    Severity.ERROR,
    "a goal inside a contract module is to be supported by contract",
    "show in the contract itself what supports it",
    "GSN 1:4.7.3",
)


def check(argument: Argument) -> Iterator[Finding]:
    """Each element, in the order given."""
    # a relation whose target is missing still says that support was meant: that fault is G108
    developed = {relation.source for relation in argument.relations if relation.type is SUPPORTED_BY}
    for element in argument:
        for found, message in _judge(argument, element, element.id in developed):
            yield found.finding(f"{element.type} {element.id} {message}", places.of_element(element))


def _judge(argument: Argument, element: Element, supported: bool) -> Iterator[tuple[Code, str]]:
    if element.type in DEVELOPABLE:
        by_contract = isinstance(element, Goal) and element.by_contract
        if by_contract and supported:
            yield G151, "is to be supported by contract but has support here"
        if by_contract and element.undeveloped:
            yield G152, "is also marked undeveloped"
        if by_contract and argument.kind == "contract":
            yield G153, f"stands in contract {argument.module!r}"
        if element.undeveloped and supported:
            yield G110, "is marked undeveloped but has support"
        elif not element.undeveloped and not supported and not by_contract and argument.template is None:
            yield G111, "has no support and is not marked undeveloped"
    elif element.undeveloped:
        yield G109, "is marked undeveloped"
    if isinstance(element, Solution) and not "".join(element.evidence).strip():
        yield G119, "refers to no evidence"
