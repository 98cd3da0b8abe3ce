"""Well-formedness of arguments: coded checks after the GSN standard's clauses, one subject to a file.

All findings are collected; nothing stops at the first. A well-formed argument may still be a bad one: whether
the reasoning convinces, and whether evidence supports a claim, is not judged here. Wording is judged only by
notes that look for plain signs in English text.

    identifiers   names within the module                 G101, G102, G127
    connections   which relation may join which kinds     G103, G104, G106 - G108, G150
    structure     cycles, top elements, reachability      G105, G113 - G116
    development   support and its absence                 G109 - G111, G119, G151 - G153
    delivery      what a finished argument must lack      G112, G117, G118, G161
    wording       notes on statements                     G120 - G126
    patterns      patterns and templates                  G154 - G160, G162 - G165
    confidence    assurance claim points                  G138, G182 - G186
    dialectic     challenges and defeat                   G187 - G194
    interfaces    what a module shows                     G175 - G178
    modules       references between modules, contracts   G137, G166 - G174, G181
    composition   circles through modules                 G179, G180
    advice        notes after the standard's second part  G128, G129, G195, G196
    suppressions  findings that somebody accepts          G197 - G199
"""

from __future__ import annotations

from dataclasses import dataclass

from assurance.gsn.arguments import Arguments
from assurance.gsn.model import Argument
from assurance.gsn.relations import Suppression
from assurance.gsn.rules import (
    advice,
    composition,
    confidence,
    connections,
    delivery,
    development,
    dialectic,
    identifiers,
    interfaces,
    modules,
    patterns,
    structure,
    suppressions,
    wording,
)
from evidence.diagnostics import Finding

__all__ = ["Judgement", "check", "check_arguments", "judge"]


@dataclass(frozen=True)
class Judgement:
    """What stands, and what somebody accepted, with the acceptance."""

    findings: tuple[Finding, ...]
    accepted: tuple[tuple[Finding, Suppression], ...] = ()


def check(argument: Argument, *, delivered: bool | None = None) -> list[Finding]:
    """All findings about one argument module on its own, ordered by subject, then by element.

    `delivered=False` is for templates and patterns, which may hold uninstantiated elements and `{tokens}`
    (GSN 1:3.1.3); left out, the module's own word counts. References to other modules are not looked at, and
    acceptances are not applied: that is `judge`.
    """
    if delivered is None:
        delivered = argument.pattern is None and argument.template is None
    return [
        *identifiers.check(argument),
        *connections.check(argument),
        *structure.check(argument),
        *development.check(argument),
        *delivery.check(argument, delivered=delivered),
        *wording.check(argument),
        *patterns.check(argument),
        *confidence.check(argument),
        *dialectic.check(argument),
        *interfaces.check(argument),
        *modules.check(argument),
    ]


def judge(arguments: Arguments) -> Judgement:
    """All findings about modules on their own and together, with advice; accepted ones are kept apart."""
    found: dict[str, list[Finding]] = {
        argument.module: [*check(argument), *advice.check(argument)] for argument in arguments
    }
    for module, finding in (*modules.check_together(arguments), *composition.check(arguments)):
        found[module].append(finding)
    standing: list[Finding] = []
    accepted: list[tuple[Finding, Suppression]] = []
    for argument in arguments:
        mine, given = suppressions.apply(argument, found[argument.module])
        standing += mine
        accepted += given
    for argument in arguments.duplicates:
        standing += check(argument)
    return Judgement(tuple(standing), tuple(accepted))


def check_arguments(arguments: Arguments) -> list[Finding]:
    """The findings that stand about a set of modules; see `judge`."""
    return list(judge(arguments).findings)
