"""A finished argument has no gaps left to fill: no empty statements, no uninstantiated parts (rule P3)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from assurance.gsn.model import Argument
from assurance.gsn.rules import places
from evidence.diagnostics import Finding, Severity, code

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

# A token is a name in braces; a set such as {0, 1} or {x | x > 0} is not one.
_TOKEN = re.compile(r"\{\{?\s*[A-Za-z_][^{},|;:=<>]*\}")


def check(argument: Argument, *, delivered: bool) -> Iterator[Finding]:
    """Each element, in the order given; `delivered=False` permits uninstantiated elements and tokens."""
    for element in argument:
        place = places.of_element(element)
        if not element.text.strip():
            yield G112.finding(f"{element.type} {element.id} has no statement", place)
        if not delivered:
            continue
        if element.uninstantiated:
            yield G117.finding(f"{element.type} {element.id} is not instantiated", place)
        tokens = list(dict.fromkeys(_TOKEN.findall(element.text)))
        if tokens:
            yield G118.finding(f"{element.type} {element.id} still holds {', '.join(tokens)}", place)
