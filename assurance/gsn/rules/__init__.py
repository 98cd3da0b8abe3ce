"""Well-formedness of an argument: coded checks after the GSN standard's clauses, one subject to a file.

All findings are collected; nothing stops at the first. A well-formed argument may still be a bad one: whether
the reasoning convinces, and whether evidence supports a claim, is not judged here. Wording is judged only by
notes that look for plain signs in English text.

    identifiers   names within the module            G101, G102
    connections   which relation may join which kinds G103, G104, G106 - G108
    structure     cycles, top elements, reachability  G105, G113 - G116
    development   support and its absence             G109 - G111, G119
    delivery      what a finished argument must lack  G112, G117, G118
    wording       notes on statements                 G120 - G124
"""

from __future__ import annotations

from assurance.gsn.model import Argument
from assurance.gsn.rules import connections, delivery, development, identifiers, structure, wording
from evidence.diagnostics import Finding

__all__ = ["check"]


def check(argument: Argument, *, delivered: bool = True) -> list[Finding]:
    """All findings about one argument module, ordered by subject, then by element.

    `delivered=False` is for templates and patterns, which may hold uninstantiated elements and `{tokens}`
    (GSN 1:3.1.3).
    """
    return [
        *identifiers.check(argument),
        *connections.check(argument),
        *structure.check(argument),
        *development.check(argument),
        *delivery.check(argument, delivered=delivered),
        *wording.check(argument),
    ]
