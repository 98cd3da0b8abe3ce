"""Chains requirement <-> run <-> evidence <-> goal <-> objective of one snapshot, followed in both directions.

A chain is read off what the case, the argument and the coverage say; where a link is missing the chain shows a hole
instead of guessing one. Evidence that counts for no objective is there as well, old records included: a counterexample
does not leave the table because a later run did not look for it. Nothing is judged here, and no link makes a status.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from assurance.gsn.elements import Goal, Solution
from assurance.gsn.relations import RelationType
from assurance.objectives import Row, holders
from assurance.snapshot import Snapshot

WHOLE = "case"
"""What documents about the case as a whole are filed under."""
REVIEW = "#meaning-review-"
"""How the argument names a meaning review, which the case file holds."""


class EvidenceSort(StrEnum):
    RECORD = "record"
    DOCUMENT = "document"
    CASE_FILE = "case file"
    REVIEW = "meaning review"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One item of evidence. `id`: digest of a record or document, or the name under which the argument refers to it."""

    id: str
    sort: EvidenceSort
    name: str
    """Run, document or requirement that it belongs to."""
    about: tuple[str, ...]
    """Requirements that it is about; `case` for the case as a whole; empty where the case does not say."""
    run: str | None = None
    current: bool = True
    """False: an older record, or a document whose file has changed."""


@dataclass(frozen=True, slots=True)
class Objective:
    """An objective with its row. `key`: standard and entry."""

    key: tuple[str, str]
    row: Row


@dataclass(frozen=True, slots=True)
class Chain:
    """One row of the matrix in the direction from requirements. What is None or empty is a hole."""

    requirement: str | None
    run: str | None
    evidence: Evidence | None
    goals: tuple[str, ...]
    objectives: tuple[tuple[str, str], ...]
    against: tuple[str, ...] = ()
    """Goals that the evidence speaks against."""
    opposes: tuple[tuple[str, str], ...] = ()
    """Objectives with an open problem report that the evidence opens."""


@dataclass(frozen=True, slots=True)
class BackChain:
    """One row of the matrix in the direction from objectives."""

    objective: Objective
    goals: tuple[str, ...]
    evidence: Evidence | None
    run: str | None
    requirements: tuple[str, ...]
    problem: str = ""
    """The open problem report that this evidence opens; empty for evidence that counts for the objective."""


@dataclass(frozen=True)
class Links:
    """All links of a snapshot, by identifier, each in the order in which it was found."""

    requirements: tuple[str, ...]
    evidence: dict[str, Evidence]
    objectives: dict[tuple[str, str], Objective]
    runs_of: dict[str, tuple[str, ...]]
    """By requirement: declared runs and imported verdicts."""
    evidence_of: dict[str, tuple[str, ...]]
    """By requirement, or `case`."""
    goals_of_requirement: dict[str, tuple[str, ...]]
    goals_of_evidence: dict[str, tuple[str, ...]]
    against: dict[str, tuple[str, ...]]
    """By evidence: goals that it challenges."""
    claim_of_goal: dict[str, str]
    objectives_of_evidence: dict[str, tuple[tuple[str, str], ...]]
    objectives_of_goal: dict[str, tuple[tuple[str, str], ...]]
    problems: dict[tuple[str, str], tuple[tuple[str, str], ...]]
    """By objective: its open problem reports, each with every item of evidence that opens it."""
    opposed: dict[str, tuple[tuple[str, str], ...]]
    """The same, by evidence: the objectives concerned."""
    goals: frozenset[str] = field(default=frozenset())
    """Every goal of the argument: others that a row names are not linked."""

    def forward(self) -> Iterator[Chain]:
        """From each requirement, then from evidence that is about none."""
        for name in self.requirements:
            yield from self._of_requirement(name)
        listed = {id for name in self.requirements for id in self.evidence_of.get(name, ())}
        for id, item in self.evidence.items():
            if id not in listed:
                goals = self.goals_of_evidence.get(id, ())
                objectives = self.objectives_of_evidence.get(id, ())
                yield Chain(None, item.run, item, goals, objectives, self.against.get(id, ()), self.opposed.get(id, ()))

    def _of_requirement(self, name: str) -> Iterator[Chain]:
        held = [self.evidence[id] for id in self.evidence_of.get(name, ())]
        answered = {item.run for item in held if item.current}
        records = any(item.sort is EvidenceSort.RECORD for item in held)
        waiting = [run for run in self.runs_of.get(name, ()) if run not in answered]
        goals = self.goals_of_requirement.get(name, ())
        for item in held:
            objectives = self.objectives_of_evidence.get(item.id, ())
            against = self._goals(name, item.id, self.against)
            for_ = self._goals(name, item.id, self.goals_of_evidence)
            yield Chain(name, item.run, item, for_, objectives, against, self.opposed.get(item.id, ()))
        for run in waiting:
            yield Chain(name, run, None, goals, ())
        if not records and not waiting:
            yield Chain(name, None, None, goals, ())

    def _goals(self, requirement: str, evidence: str, among: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
        """The goals that evidence supports or challenges, without those that restate another requirement."""
        return tuple(
            goal for goal in among.get(evidence, ()) if self.claim_of_goal.get(goal, requirement) == requirement
        )

    def backward(self, most: int | None = None) -> Iterator[BackChain]:
        """From each objective, at most so many items of evidence of each; without evidence one row with the hole. Then
        what speaks against it, so that nothing contradicted stands there with favourable evidence alone."""
        for objective in self.objectives.values():
            row = objective.row
            named = tuple(goal for goal in row.goals if goal in self.goals)
            shown = row.evidence if most is None else row.evidence[:most]
            for id in shown:
                item = self.evidence.get(id)
                if item is not None:
                    mine = self.goals_of_evidence.get(id, ())
                    yield BackChain(objective, mine or named, item, item.run, item.about)
            if not shown:
                about = dict.fromkeys(self.claim_of_goal[goal] for goal in named if goal in self.claim_of_goal)
                yield BackChain(objective, named, None, None, tuple(about))
            for problem, id in self.problems.get(objective.key, ())[:most]:
                item = self.evidence[id]
                yield BackChain(objective, self.against.get(id, ()), item, item.run, item.about, problem)


def links(snapshot: Snapshot) -> Links:
    """Collect the links of a snapshot. Time and memory grow with evidence, goals and objectives, not with their product."""
    case, argument = snapshot.loaded.case, snapshot.built.argument
    evidence = {item.id: item for item in _evidence(snapshot)}
    runs_of: dict[str, list[str]] = {}
    for run in case.answering:
        runs_of.setdefault(run.requirement, []).append(run.id)
    evidence_of: dict[str, dict[str, None]] = {}
    known = {item.id for item in case.requirements}
    goals_of_requirement: dict[str, dict[str, None]] = {}
    goals_of_evidence: dict[str, dict[str, None]] = {}
    against: dict[str, dict[str, None]] = {}
    claims: dict[str, str] = {}
    goals = set()
    for element in argument:
        if isinstance(element, Goal):
            goals.add(element.id)
            if element.claim in known and element.claim is not None:
                claims[element.id] = element.claim
                goals_of_requirement.setdefault(element.claim, {})[element.id] = None
        elif isinstance(element, Solution):
            for name in element.evidence:
                if name not in evidence and _is_review(snapshot, name):
                    evidence[name] = _review(name)
                if name in evidence:
                    above = goals_of_evidence.setdefault(name, {})
                    above |= dict.fromkeys(item.id for item in argument.parents(element.id) if isinstance(item, Goal))
                    doubted = against.setdefault(name, {})
                    for relation in argument.relations_from(element.id):
                        if relation.type is RelationType.CHALLENGES:
                            doubted[relation.target] = None
    for item in evidence.values():
        for about in item.about:
            if about in known:
                evidence_of.setdefault(about, {})[item.id] = None
    objectives = {
        (covered.catalogue.id, row.entry.id): Objective((covered.catalogue.id, row.entry.id), row)
        for covered in snapshot.coverage
        for row in covered.rows
    }
    problems = _problems(snapshot, objectives, evidence)
    opposed: dict[str, dict[tuple[str, str], None]] = {}
    for key, pairs in problems.items():
        for _, id in pairs:
            opposed.setdefault(id, {})[key] = None
    return Links(
        requirements=tuple(item.id for item in case.requirements),
        evidence=evidence,
        objectives=objectives,
        runs_of={name: tuple(runs) for name, runs in runs_of.items()},
        evidence_of={name: tuple(ids) for name, ids in evidence_of.items()},
        goals_of_requirement={name: tuple(ids) for name, ids in goals_of_requirement.items()},
        goals_of_evidence={name: tuple(ids) for name, ids in goals_of_evidence.items()},
        against={name: tuple(ids) for name, ids in against.items() if ids},
        claim_of_goal=claims,
        objectives_of_evidence=holders((key, item.row.evidence) for key, item in objectives.items()),
        objectives_of_goal=holders((key, item.row.goals) for key, item in objectives.items()),
        problems=problems,
        opposed={name: tuple(keys) for name, keys in opposed.items()},
        goals=frozenset(goals),
    )


def _problems(
    snapshot: Snapshot, objectives: dict[tuple[str, str], Objective], evidence: dict[str, Evidence]
) -> dict[tuple[str, str], tuple[tuple[str, str], ...]]:
    opened_by = {item.id: [id for id in item.evidence if id in evidence] for item in snapshot.problems}
    return {
        key: tuple((problem, id) for problem in objective.row.problems for id in opened_by.get(problem, ()))
        for key, objective in objectives.items()
        if objective.row.problems
    }


def _evidence(snapshot: Snapshot) -> Iterator[Evidence]:
    """Records in the order of the journal, documents in that of the case file, the case file itself."""
    for item in snapshot.register.runs:
        about = (item.requirement,) if item.requirement else ()
        yield Evidence(item.digest, EvidenceSort.RECORD, item.run or "", about, item.run or None, item.current)
    for document in snapshot.register.documents:
        item_ = document.item
        yield Evidence(
            document.digest, EvidenceSort.DOCUMENT, item_.id, tuple(document.record.about), None, document.fresh
        )
    yield Evidence(snapshot.loaded.digest, EvidenceSort.CASE_FILE, "case file", (WHOLE,))


def _is_review(snapshot: Snapshot, name: str) -> bool:
    return name.startswith(f"{snapshot.loaded.digest}{REVIEW}")


def _review(name: str) -> Evidence:
    requirement = name.partition(REVIEW)[2]
    return Evidence(name, EvidenceSort.REVIEW, requirement, (requirement,))
