"""Accepted findings: only with a reason and a name, only where something is found, never a circle.

An accepted finding is not dropped: it is handed back with the acceptance, and commands show both.
"""

from __future__ import annotations

from collections.abc import Iterable

from assurance.gsn.model import Argument
from assurance.gsn.relations import Suppression
from evidence.diagnostics import Finding, Place, Severity, code

G197 = code(
    "G197",
    Severity.WARNING,
    "a suppression without reason or name has no effect",
    "record why the finding is accepted (`rationale`) and who accepts it (`by`)",
)
G198 = code(
    "G198",
    Severity.WARNING,
    "a suppression suppresses nothing",
    "remove it: the finding is gone, or mend its code or element",
)
G199 = code(
    "G199",
    Severity.ERROR,
    "a finding that nobody can accept",
    "mend what it says: an argument that supports itself supports nothing, and what cannot be read is not checked",
)

NEVER = frozenset({"G105", "G106", "G179"})
"""Circular support is no matter of opinion."""


def apply(argument: Argument, findings: Iterable[Finding]) -> tuple[list[Finding], list[tuple[Finding, Suppression]]]:
    """The findings that stand about a module, and those that are accepted, each with its acceptance."""
    own: list[Finding] = []
    usable: list[Suppression] = []
    for item in argument.suppressions:
        place = item.place or Place(element=item.element)
        about = f"{item.code}{f' at {item.element}' if item.element else ''}"
        if item.code in NEVER:
            own.append(G199.finding(f"{about} cannot be accepted", place))
        elif not item.rationale.strip() or not item.by.strip():
            own.append(G197.finding(f"the suppression of {about} has no reason or no name", place))
        else:
            usable.append(item)
    accepted: list[tuple[Finding, Suppression]] = []
    used: set[int] = set()
    standing: list[Finding] = []
    by_aim: dict[tuple[str, str | None], int] = {}
    for index, item in enumerate(usable):
        by_aim.setdefault((item.code, item.element), index)
    for finding in findings:
        exact = by_aim.get((finding.code, finding.place.element))
        match = by_aim.get((finding.code, None)) if exact is None else exact
        if match is None:
            standing.append(finding)
            continue
        used.add(match)
        accepted.append((finding, usable[match]))
    for index, item in enumerate(usable):
        if index not in used:
            about = f"{item.code}{f' at {item.element}' if item.element else ''}"
            own.append(G198.finding(f"there is no {about}", item.place or Place(element=item.element)))
    return [*standing, *own], accepted
