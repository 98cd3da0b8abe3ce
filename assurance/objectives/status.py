"""The one function that proposes the status of an objective. Pure: it sees facts, no case and no evidence.

Order of the rules, first match wins (docs/status-logic.md):

    approved as not applicable -> not applicable      applicability unknown -> applicability unknown
    left out of a chosen combination -> not applicable     not asked for at this level -> not applicable
    nothing in scope -> open (not applicable where there need be none)
    a requirement in scope contradicted -> contradicted     evidence or requirement stale -> stale
    every item full, every requirement supported, means agreed where needed -> supported
    some item full or partial -> partial     else -> open

Not here: what an item's evidence earns (credit.py), reasons in words (assembly.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from assurance.catalogue_vocabulary import Applicability, CreditLevel
from assurance.objectives.rows import Choice, ObjectiveStatus
from assurance.status import Status


@dataclass(frozen=True, slots=True)
class ItemState:
    """How far one item in scope is shown."""

    level: CreditLevel | None
    """The best credit of its evidence."""
    independent: bool = False
    """Evidence of that credit was verified by somebody who did not make the item."""
    trusted: bool = True
    """False when that credit rests on a tool without the qualification, or an analysis without the justification, that
    it needs."""


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a status depends on."""

    applicability: Applicability
    items: Mapping[ItemState, int]
    """How many items in scope are in each state; empty when there is none."""
    standings: frozenset[Status] = frozenset()
    """Of the requirements whose results the objective accepts."""
    stale: bool = False
    """Evidence that would count has changed."""
    independence: bool | None = None
    """Whether the level asks for it."""
    not_applicable: bool = False
    """Justified, and approved by somebody who did not make what it concerns."""
    choice: Choice | None = None
    none_needed: bool = False
    """The scope may be empty: what it counts need not exist."""
    agreed: bool = True
    """False while an agreement on the means of compliance is needed and not reached."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """The proposed status with n of N."""

    status: ObjectiveStatus
    n: int
    of: int


_UNASKED = (Applicability.NOT_REQUIRED, Applicability.NO_RECOMMENDATION)


def propose(facts: Facts) -> Proposal:
    """The status that the facts support, and never a better one."""
    counted = {item: effective(item, facts.independence) for item in facts.items}
    of = sum(facts.items.values())
    n = sum(count for item, count in facts.items.items() if counted[item] is CreditLevel.FULL)
    return Proposal(_status(facts, set(counted.values()), of), n, of)


def effective(item: ItemState, independence: bool | None) -> CreditLevel | None:
    """The credit of an item: full only with independence where it is asked for, and with tools that may be trusted."""
    if item.level is CreditLevel.FULL and not (item.trusted and (item.independent or not independence)):
        return CreditLevel.PARTIAL
    return item.level


def _status(facts: Facts, levels: set[CreditLevel | None], of: int) -> ObjectiveStatus:
    if facts.not_applicable:
        return ObjectiveStatus.NOT_APPLICABLE
    if facts.applicability is Applicability.UNKNOWN:
        return ObjectiveStatus.APPLICABILITY_UNKNOWN
    if facts.choice is Choice.LEFT_OUT:
        return ObjectiveStatus.NOT_APPLICABLE
    if facts.applicability in _UNASKED and facts.choice is not Choice.CHOSEN:
        return ObjectiveStatus.NOT_APPLICABLE
    if of == 0:
        return ObjectiveStatus.NOT_APPLICABLE if facts.none_needed else ObjectiveStatus.OPEN
    if Status.CONTRADICTED in facts.standings:
        return ObjectiveStatus.CONTRADICTED
    if facts.stale or Status.STALE in facts.standings:
        return ObjectiveStatus.STALE
    if levels == {CreditLevel.FULL} and facts.standings <= {Status.SUPPORTED} and facts.agreed:
        return ObjectiveStatus.SUPPORTED
    if levels & {CreditLevel.FULL, CreditLevel.PARTIAL}:
        return ObjectiveStatus.PARTIAL
    return ObjectiveStatus.OPEN
