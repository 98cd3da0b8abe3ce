"""Orphans both ways: what the case holds and nothing uses, and what is asked for and nothing answers.

Evidence without use, runs without claim, goals without objective, requirements without hazard, documents that serve
no objective; the other way objectives without goal, hazards without requirement, safety requirements without a
requirement below. What the checks of the case file and the register report already is taken over, not found twice.
History is no orphan: a record that is not current stays for what it refutes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from assurance.case_checks import C_NO_PROPERTY, C_NO_RUN, T_HAZARD, T_UNUSED
from assurance.gsn.elements import Goal, Solution
from assurance.gsn.model import Argument
from assurance.gsn.relations import RelationType
from assurance.register import E_ORPHAN, E_UNJOURNALED
from assurance.snapshot import Snapshot
from assurance.support import Level
from evidence.diagnostics import Finding, Place, Severity, code

T_RECORD = code(
    "T110",
    Severity.WARNING,
    "record that nothing uses",
    "see why it does not count (`assurance check`), or take its run out of the case",
)
T_NO_CLAIM = code(
    "T111",
    Severity.WARNING,
    "run whose record speaks for no claim",
    "repeat the run on the property as it is declared now",
)
T_NOT_RUN = code("T112", Severity.WARNING, "declared run without a record", "carry it out, or take it out of the case")
T_DOCUMENT = code(
    "T113",
    Severity.WARNING,
    "document that nothing uses",
    "name the objectives that it is offered for, or what of the argument it shows",
)
T_NO_OBJECTIVE = code(
    "T114",
    Severity.NOTE,
    "document of the argument that serves no objective",
    "name the objectives that it is offered for, if there are any",
)
T_GOAL = code(
    "T115",
    Severity.NOTE,
    "goal that serves no objective",
    "nothing to do where the argument asks for more than the standards; else offer its evidence to an objective",
)
T_NO_GOAL = code(
    "T116",
    Severity.NOTE,
    "objectives that no goal of the argument answers",
    "nothing to do for process objectives; claims about the product belong into the argument",
)
T_NO_HAZARD = code(
    "T117",
    Severity.WARNING,
    "requirement that no hazard leads to",
    "name its hazards, or a safety requirement with hazards as its parent",
)
T_NOT_REFINED = code(
    "T118",
    Severity.WARNING,
    "safety requirement that no requirement refines",
    "allocate a requirement to it, or take it out of the constituent's scope",
)
T_OFFERED = code(
    "T119",
    Severity.WARNING,
    "document offered for an objective where it earns nothing",
    "see which kinds of evidence the objective accepts (`assurance catalogue show`), and about what",
)

TAKEN_OVER = (T_HAZARD, T_UNUSED, C_NO_RUN, C_NO_PROPERTY, E_ORPHAN, E_UNJOURNALED)
"""Codes of orphans that other checks find; their findings are shown with those of this module."""
MOST_NAMED = 12
MOST_TEXT = 100


def orphans(snapshot: Snapshot) -> tuple[Finding, ...]:
    """All orphans, those that other checks found first."""
    known = {item.id for item in TAKEN_OVER}
    found = [item for item in snapshot.findings if item.code in known]
    served, cited = _Served(snapshot), _cited(snapshot.built.argument)
    found += _records(snapshot, cited | served.evidence)
    found += _documents(snapshot, served, cited)
    found += _goals(snapshot, served)
    found += _objectives(snapshot)
    found += _requirements(snapshot)
    return tuple(found)


class _Served:
    """What counts for objectives. Rows share their lists of evidence: each list is looked at once."""

    def __init__(self, snapshot: Snapshot) -> None:
        rows = [(covered.catalogue.id, row) for covered in snapshot.coverage for row in covered.rows]
        lists = {id(row.evidence): row.evidence for _, row in rows}
        held = {key: frozenset(names) for key, names in lists.items()}
        self.evidence: frozenset[str] = frozenset().union(*held.values())
        self.goals = frozenset(
            goal for names in {id(row.goals): row.goals for _, row in rows}.values() for goal in names
        )
        self._of = {f"{standard}:{row.entry.id}": held[id(row.evidence)] for standard, row in rows}
        self.asked = frozenset(f"{standard}:{row.entry.id}" for standard, row in rows if row.required is not False)

    def counts(self, digest: str, objective: str) -> bool:
        """Whether an item of evidence counts for an objective."""
        return digest in self._of.get(objective, ())


def _cited(argument: Argument) -> set[str]:
    """Evidence that a solution of the argument refers to."""
    return {name for item in argument if isinstance(item, Solution) for name in item.evidence}


def _records(snapshot: Snapshot, used: set[str]) -> Iterator[Finding]:
    loaded = snapshot.loaded
    refuting, speaking = set(), set()
    for standing in snapshot.standings.values():
        for item, assessment in standing.assessments:
            if assessment.refuted or assessment.level is Level.CONTRADICTS:
                refuting.add(item.digest)
            if assessment.established or assessment.level is not Level.NONE:
                speaking.add(item.digest)
    current = {item.run: item for item in snapshot.register.runs if item.current}
    for number, run in enumerate(loaded.case.runs):
        found = current.get(run.id)
        if found is None:
            which, message = T_NOT_RUN, f"run {run.id} for requirement {run.requirement} has not been carried out"
        elif found.digest in refuting:
            continue
        elif found.digest not in speaking:
            which = T_NO_CLAIM
            message = f"the record of run {run.id} establishes nothing of what requirement {run.requirement} states"
        elif found.digest not in used:
            which, message = T_RECORD, f"record {found.digest} of run {run.id} counts for no goal and no objective"
        else:
            continue
        yield which.finding(message, loaded.document.place(("runs", number), run.id))


def _documents(snapshot: Snapshot, served: _Served, cited: set[str]) -> Iterator[Finding]:
    loaded = snapshot.loaded
    at = {item.id: number for number, item in enumerate(loaded.case.documents)}
    selected = {covered.catalogue.id for covered in snapshot.coverage}
    for entry in snapshot.register.documents:
        if entry.item.id not in at:
            continue  # not declared as a document: its own list of the case file speaks of it
        place = loaded.document.place(("documents", at[entry.item.id]), entry.item.id)
        if not entry.fresh:
            continue  # a changed file is a finding of its own, and counts nowhere until it is settled
        offered = [name for name in entry.item.objectives if name.partition(":")[0] in selected]
        refused = [name for name in offered if name in served.asked and not served.counts(entry.digest, name)]
        if refused:
            yield T_OFFERED.finding(f"document {entry.item.id}: {_listed(refused)}", place)
        if entry.digest in served.evidence or refused:
            continue
        if {entry.digest, entry.item.id} & cited:
            yield T_NO_OBJECTIVE.finding(f"document {entry.item.id} is cited by the argument only", place)
        else:
            yield T_DOCUMENT.finding(f"document {entry.item.id} counts for no goal and no objective", place)


def _goals(snapshot: Snapshot, served: _Served) -> Iterator[Finding]:
    """The topmost goals of which nothing, down to the evidence, serves an objective."""
    argument = snapshot.built.argument
    elements = {item.id: item for item in argument}
    reached = {id for id in served.goals if id in elements}
    reached |= {
        id
        for id, item in elements.items()
        if isinstance(item, Solution) and not served.evidence.isdisjoint(item.evidence)
    }
    parents: dict[str, list[str]] = {}
    doubts = set()
    for relation in argument.relations:
        if relation.type is RelationType.CHALLENGES:
            doubts.add(relation.source)
        elif relation.source in elements:
            parents.setdefault(relation.target, []).append(relation.source)
    waiting = list(reached)
    while waiting:  # upwards: what supports something that serves
        for parent in parents.get(waiting.pop(), ()):
            if parent not in reached:
                reached.add(parent)
                waiting.append(parent)
    for id, item in elements.items():
        if id in reached or id in doubts or not isinstance(item, Goal):
            continue
        above = parents.get(id)
        if above and reached.isdisjoint(above):
            continue  # said of the goal above it
        text = item.text if len(item.text) <= MOST_TEXT else f"{item.text[: MOST_TEXT - 3]}..."
        yield T_GOAL.finding(f"goal {id}: {text}", Place(element=id))


def _objectives(snapshot: Snapshot) -> Iterator[Finding]:
    for covered in snapshot.coverage:
        asked = [row for row in covered.rows if row.required]
        without = [row.entry.id for row in asked if not row.goals]
        if without:
            message = f"{covered.catalogue.id}: {len(without)} of {len(asked)} asked for: {_listed(without)}"
            yield T_NO_GOAL.finding(message, Place(element=covered.catalogue.id))


def _requirements(snapshot: Snapshot) -> Iterator[Finding]:
    loaded, case = snapshot.loaded, snapshot.loaded.case
    led = {item.id for item in case.safety_requirements if item.hazards}
    led |= {item.id for item in case.requirements if item.hazards}
    below: dict[str, list[str]] = {}
    for item in case.requirements:
        for parent in item.parents:
            below.setdefault(parent, []).append(item.id)
    waiting = list(led)
    while waiting:  # a requirement inherits the hazards of its parents
        for child in below.get(waiting.pop(), ()):
            if child not in led:
                led.add(child)
                waiting.append(child)
    for number, item in enumerate(case.requirements):
        if item.id not in led:
            place = loaded.document.place(("requirements", number), item.id)
            yield T_NO_HAZARD.finding(f"requirement {item.id} and its parents name no hazard", place)
    for number, safety in enumerate(case.safety_requirements):
        if safety.id not in below:
            place = loaded.document.place(("safety_requirements", number), safety.id)
            yield T_NOT_REFINED.finding(f"no requirement refines {safety.id}", place)


def _listed(names: Iterable[str]) -> str:
    every = list(names)
    more = f" and {len(every) - MOST_NAMED} more" if len(every) > MOST_NAMED else ""
    return ", ".join(every[:MOST_NAMED]) + more
