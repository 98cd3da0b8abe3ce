"""Identifiers: each element of a module has one, and it is the only one with it (rules C1 and C7)."""

from __future__ import annotations

from collections.abc import Iterator

from assurance.gsn.model import Argument
from assurance.gsn.rules import places
from evidence.diagnostics import Finding, Severity, code

G101 = code(
    "G101",
    Severity.ERROR,
    "two elements of one module have the same identifier",
    "give one of them another identifier and mend the relations that mean it",
    "GSN 1:2.1.2, 1:4.2.2",
)
G102 = code(
    "G102",
    Severity.ERROR,
    "an identifier is empty or holds blanks or control characters",
    "use letters, digits, '.', '-' and '_', for example G1 or Sn-4",
    "GSN 1:2.1.2",
)
G127 = code(
    "G127",
    Severity.NOTE,
    "an element is written twice, word for word",
    "write it once: relations may point at it from several places, and diagrams repeat it where needed",
    "GSN 1:2.2.20",
)


def check(argument: Argument) -> Iterator[Finding]:
    """Doubled and unusable identifiers."""
    for element in argument.duplicates:
        first = argument[element.id]
        if element.model_copy(update={"place": first.place}) == first:
            yield G127.finding(f"{element.type} {element.id} is repeated as it is", places.of_element(element))
            continue
        where = f" ({first.place})" if first.place else ""
        message = f"{element.type} {element.id!r} has the identifier of a {first.type}{where}"
        yield G101.finding(message, places.of_element(element))
    for element in (*argument, *argument.duplicates):
        # of all blanks only the common space counts as printable
        if not element.id or " " in element.id or not element.id.isprintable():
            yield G102.finding(f"{element.type} has the identifier {element.id!r}", places.of_element(element))
