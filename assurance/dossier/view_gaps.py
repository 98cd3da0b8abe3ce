"""View of the gaps: what to do next, most useful first, problem reports, and what stands in the way of each requirement.

Usefulness of an action: what is contradicted or stale comes first; then what serves most objectives; then what is
begun; then what is asked for more strongly; then what a run can do before what a document can do before what has to be
agreed with the authority; then the order of the catalogue. What to do is decided in `assurance/gaps`, as for the gap list.
"""

from __future__ import annotations

from dataclasses import dataclass

from assurance.catalogue_vocabulary import Applicability
from assurance.dossier.parts import (
    Coded,
    Link,
    anchor,
    coded,
    goal_link,
    objective_link,
    record_link,
    requirement_link,
    tidy,
)
from assurance.dossier.view_objectives import open_tables, single_gaps
from assurance.dossier.view_requirements import counted_words
from assurance.gaps.actions import next_action, situation
from assurance.gaps.model import ActionKind
from assurance.gsn.elements import Goal
from assurance.objectives import ObjectiveStatus, Row
from assurance.problems import ProblemReport
from assurance.snapshot import Snapshot
from assurance.status import Status
from assurance.words import counted


@dataclass(frozen=True)
class ActionRow:
    """One next action and the objectives that it serves."""

    place: str
    kind: str
    text: str
    steps: tuple[str, ...]
    """What stands in the way, requirement by requirement."""
    urgent: str
    objectives: tuple[Link, ...]
    serves: str


@dataclass(frozen=True)
class RequirementGap:
    requirement: Link
    title: str
    status: str
    counted: str
    reasons: tuple[Coded, ...]


@dataclass(frozen=True)
class GoalGap:
    goal: Link
    text: str
    requirement: Link | None


@dataclass(frozen=True)
class ChoiceRow:
    """A table of alternative methods of which no combination has been chosen."""

    standard: Link
    table: str
    open: str


@dataclass(frozen=True)
class ProblemRow:
    """A problem report with what people recorded about it."""

    id: str
    anchor: str
    text: str
    requirements: tuple[Link, ...]
    evidence: tuple[Link, ...]
    classified: str
    effect: str
    owner: str
    disposition: str
    state: str
    blocks: bool


@dataclass(frozen=True)
class GapsView:
    requirements: tuple[RequirementGap, ...]
    goals: tuple[GoalGap, ...]
    actions: tuple[ActionRow, ...]
    count: str
    unknown: str
    choices: tuple[ChoiceRow, ...]
    problems: tuple[ProblemRow, ...]
    blocking: str
    """How many of them are significant, open and without mitigation."""


_WORST = (Status.CONTRADICTED, Status.STALE, Status.IN_DOUBT, Status.UNDEVELOPED, Status.PARTIAL)
_STRONGLY = (Applicability.REQUIRED, Applicability.HIGHLY_RECOMMENDED)


def gaps_view(snapshot: Snapshot) -> GapsView:
    """The gap list of the whole case."""
    rows = [(covered.catalogue.id, row) for covered in snapshot.coverage for row in covered.rows]
    unknown = sum(row.status is ObjectiveStatus.APPLICABILITY_UNKNOWN for _, row in rows)
    single = sum(len(single_gaps(covered)) for covered in snapshot.coverage)
    choices = tuple(
        ChoiceRow(
            Link(covered.catalogue.id, anchor("std", covered.catalogue.id)), table, counted(len(open_rows), "method")
        )
        for covered in snapshot.coverage
        for table, open_rows in open_tables(covered)
    )
    return GapsView(
        requirements=_requirements(snapshot),
        goals=_goals(snapshot),
        actions=_actions(snapshot),
        count=_count(single, len(choices)),
        choices=choices,
        unknown=f"{counted(unknown, 'further item')} {'is' if unknown == 1 else 'are'} of unknown applicability and counted nowhere"
        if unknown
        else "",
        problems=tuple(_problem(item, snapshot) for item in snapshot.problems),
        blocking=_blocking(sum(item.blocks for item in snapshot.problems), len(snapshot.problems)),
    )


def _blocking(blocking: int, reports: int) -> str:
    verb = "is" if blocking == 1 else "are"
    return f"{counted(reports, 'report')}, of which {blocking} {verb} significant and open without mitigation"


def _problem(item: ProblemReport, snapshot: Snapshot) -> ProblemRow:
    records = {run.digest for run in snapshot.register.runs} | {one.digest for one in snapshot.register.documents}
    said = [item.disposition, item.mitigation if item.mitigation != item.disposition else None]
    state = "closed" if item.closed else "open"
    return ProblemRow(
        item.id,
        anchor("problem", item.id),
        tidy(item.text),
        tuple(requirement_link(name) for name in item.requirements),
        tuple(record_link(digest) for digest in item.evidence if digest in records),
        item.classification or "not classified: counts as significant",
        item.safety_effect or "",
        item.owner or "nobody",
        ". ".join(tidy(text) for text in said if text),
        f"{state}; what was recorded has lapsed" if item.lapsed else state,
        item.blocks,
    )


def _count(single: int, tables: int) -> str:
    verb = "is" if single == 1 else "are"
    items = f"{counted(single, 'objective')} asked for {verb} not supported in full"
    choice = f"no combination of methods has been chosen in {counted(tables, 'table')} of alternative methods"
    if not tables:
        return items
    return f"{items}; {choice}" if single else choice.capitalize()


def _requirements(snapshot: Snapshot) -> tuple[RequirementGap, ...]:
    case = snapshot.loaded.case
    open_ones = [item for item in snapshot.standings.values() if item.status is not Status.SUPPORTED]
    open_ones.sort(key=lambda item: _WORST.index(item.status))
    return tuple(
        RequirementGap(
            requirement_link(item.requirement),
            case.requirement(item.requirement).title,
            item.status.value,
            counted_words(item),
            coded(item.reasons),
        )
        for item in open_ones
    )


def _goals(snapshot: Snapshot) -> tuple[GoalGap, ...]:
    """Goals that nothing develops."""
    known = {item.id for item in snapshot.loaded.case.requirements}
    found = []
    for item in snapshot.built.argument:
        if isinstance(item, Goal) and item.undeveloped:
            requirement = requirement_link(item.claim) if item.claim in known and item.claim else None
            found.append(GoalGap(goal_link(item.id), item.text, requirement))
    return tuple(found)


def _actions(snapshot: Snapshot) -> tuple[ActionRow, ...]:
    """What to do, the rows with the same action together. Alternatives that nobody chose are no tasks: see `choices`."""
    now = situation(snapshot)
    grouped: dict[tuple[ActionKind, str], list[_Served]] = {}
    for covered in snapshot.coverage:
        for row in single_gaps(covered):
            action = next_action(now, covered, row)
            if action is not None:
                served = _Served(covered.catalogue.id, row, action.steps)
                grouped.setdefault((action.kind, action.text), []).append(served)
    order = sorted(grouped.items(), key=lambda pair: _usefulness(pair[0][0], pair[1]))
    return tuple(
        ActionRow(
            str(place),
            kind.value,
            tidy(text),
            tuple(dict.fromkeys(tidy(step) for item in served for step in item.steps)),
            {0: "contradicted", 1: "stale"}.get(_urgency(served), ""),
            tuple(objective_link(item.standard, item.row.entry.id) for item in served),
            str(len(served)),
        )
        for place, ((kind, text), served) in enumerate(order, 1)
    )


@dataclass(frozen=True)
class _Served:
    """An objective that an action serves, and what stands in its way."""

    standard: str
    row: Row
    steps: tuple[str, ...]


def _urgency(served: list[_Served]) -> int:
    states = {item.row.status for item in served}
    if ObjectiveStatus.CONTRADICTED in states:
        return 0
    return 1 if ObjectiveStatus.STALE in states else 2


def _usefulness(kind: ActionKind, served: list[_Served]) -> tuple[int, ...]:
    """Smaller is more useful; sorting is stable, so that the catalogue's order decides among equals."""
    rows = [item.row for item in served]
    return (
        _urgency(served),
        -len(rows),
        0 if any(row.status is ObjectiveStatus.PARTIAL for row in rows) else 1,
        0 if any(row.selected.applicability in _STRONGLY for row in rows) else 1,
        list(ActionKind).index(kind),
    )
