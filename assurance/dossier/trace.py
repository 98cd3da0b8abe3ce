"""Who refers to whom: requirement <-> goal <-> record <-> objective, in both directions, from one snapshot.

Built once for each dossier; every chapter takes its links from here, so that a link and its way back cannot
disagree. Only what exists gets a link: a goal that another pattern does not have is plain text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from assurance.dossier.parts import Link, anchor, goal_link, objective_link, record_link, requirement_link
from assurance.gsn.elements import Goal, Solution
from assurance.snapshot import Snapshot

Key = TypeVar("Key")
_REVIEW = "#meaning-review-"


@dataclass(frozen=True)
class Trace:
    """Links by identifier. Keys: requirement ids, element ids, record digests, (standard, entry) pairs."""

    goals_of_requirement: dict[str, tuple[Link, ...]]
    records_of_requirement: dict[str, tuple[Link, ...]]
    objectives_of_requirement: dict[str, tuple[Link, ...]]
    goals_of_record: dict[str, tuple[Link, ...]]
    objectives_of_record: dict[str, tuple[Link, ...]]
    evidence_of_element: dict[str, tuple[Link, ...]]
    objectives_of_element: dict[str, tuple[Link, ...]]
    evidence_of_objective: dict[tuple[str, str], tuple[Link, ...]]
    goals_of_objective: dict[tuple[str, str], tuple[Link, ...]]
    requirements_of_objective: dict[tuple[str, str], tuple[Link, ...]]


def build_trace(snapshot: Snapshot) -> Trace:
    """The links of a snapshot."""
    argument, case = snapshot.built.argument, snapshot.loaded.case
    records = {item.digest for item in snapshot.register.runs} | {item.digest for item in snapshot.register.documents}
    claims = {item.id: item.claim for item in argument if isinstance(item, Goal) and item.claim}
    known = {item.id for item in case.requirements}

    def evidence(name: str) -> Link:
        """A record, the case file, or the meaning review that the case file holds."""
        digest, _, requirement = name.partition(_REVIEW)
        if requirement:
            return Link(f"meaning review of {requirement}", anchor("review", requirement))
        if digest == snapshot.loaded.digest:
            return Link("case file", "identity")
        return record_link(digest) if digest in records else Link(name)

    goals_of_requirement: dict[str, list[Link]] = {}
    for element, requirement in claims.items():
        _note(goals_of_requirement, requirement, goal_link(element))
    records_of_requirement: dict[str, list[Link]] = {}
    for run in snapshot.register.runs:
        _note(records_of_requirement, run.requirement, record_link(run.digest))
    for document in snapshot.register.documents:
        for name in document.record.about:
            _note(records_of_requirement, name, record_link(document.digest))
    goals_of_record: dict[str, list[Link]] = {}
    evidence_of_element: dict[str, list[Link]] = {}
    for solution in argument:
        if isinstance(solution, Solution):
            for name in solution.evidence:
                _note(evidence_of_element, solution.id, evidence(name))
                for parent in argument.parents(solution.id):
                    _note(goals_of_record, name, goal_link(parent.id))
    objectives_of_record: dict[str, list[Link]] = {}
    objectives_of_element: dict[str, list[Link]] = {}
    objectives_of_requirement: dict[str, list[Link]] = {}
    evidence_of_objective: dict[tuple[str, str], list[Link]] = {}
    goals_of_objective: dict[tuple[str, str], list[Link]] = {}
    requirements_of_objective: dict[tuple[str, str], list[Link]] = {}
    for covered in snapshot.coverage:
        for row in covered.rows:
            key = (covered.catalogue.id, row.entry.id)
            mine = objective_link(*key)
            for digest in row.evidence:
                _note(objectives_of_record, digest, mine)
                _note(evidence_of_objective, key, evidence(digest))
            for goal in row.goals:
                _note(goals_of_objective, key, goal_link(goal, goal in argument))
                _note(objectives_of_element, goal, mine)
                if goal in claims:
                    _note(objectives_of_requirement, claims[goal], mine)
                    _note(requirements_of_objective, key, requirement_link(claims[goal], claims[goal] in known))
    return Trace(
        goals_of_requirement=_frozen(goals_of_requirement),
        records_of_requirement=_frozen(records_of_requirement),
        objectives_of_requirement=_frozen(objectives_of_requirement),
        goals_of_record=_frozen(goals_of_record),
        objectives_of_record=_frozen(objectives_of_record),
        evidence_of_element=_frozen(evidence_of_element),
        objectives_of_element=_frozen(objectives_of_element),
        evidence_of_objective=_frozen(evidence_of_objective),
        goals_of_objective=_frozen(goals_of_objective),
        requirements_of_objective=_frozen(requirements_of_objective),
    )


def _note(table: dict[Key, list[Link]], key: Key, link: Link) -> None:
    held = table.setdefault(key, [])
    if link not in held:
        held.append(link)


def _frozen(table: dict[Key, list[Link]]) -> dict[Key, tuple[Link, ...]]:
    return {key: tuple(links) for key, links in table.items()}
