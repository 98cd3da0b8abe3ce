"""References of the sections on compliance: people, documents, agreements, tools, kinds of evidence, things named twice.

Looks at the case file alone. That objectives, tables and methods exist is checked against the selected catalogues when
coverage is derived (objectives/references.py, objectives/tailoring.py): a case stays usable when a catalogue changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from assurance.case import Case, Person
from assurance.case_compliance import StandardChoice
from assurance.catalogue import available, load
from assurance.catalogue_vocabulary import EvidenceKind
from evidence.diagnostics import Code, Finding, Severity, code
from evidence.engines import ENGINES
from evidence.names import folded_name, is_initial, may_be_one
from evidence.strict_yaml import Document, Path_

C_ALIKE = code(
    "C132",
    Severity.WARNING,
    "two people whose names may be one person's",
    "declare each person once, under the full name; where they are two, write out the initials of both",
)

Missing = Callable[..., Iterator[Finding]]
"""`missing(name, known, kind, *path)`: a finding when a name is not among those that are declared."""


def references(case: Case, document: Document, missing: Missing, twice: Code) -> Iterator[Finding]:
    """References to nothing, and things declared twice (code `twice`)."""
    people = {item.id for item in case.people}
    documents = {item.id for item in case.documents}
    agreements = {item.id for item in case.agreements}
    for i, run in enumerate(case.runs):
        if run.operator:
            yield from missing(run.operator, people, "person", "runs", i, "operator")
    for i, model in enumerate(case.models):
        if model.made_by:
            yield from missing(model.made_by, people, "person", "models", i, "made_by")
    for i, agreement in enumerate(case.agreements):
        if agreement.document:
            yield from missing(agreement.document, documents, "document", "agreements", i, "document")
    yield from _twice((item.id for item in case.agreements), document, twice, ("agreements",), "id")
    for i, choice in enumerate(case.standards):
        if choice.agreement:
            yield from missing(choice.agreement, agreements, "agreement", "standards", i, "agreement")
        for j, name in enumerate(choice.assumptions):
            yield from missing(name, documents, "document", "standards", i, "assumptions", j)
        for j, item in enumerate(choice.not_applicable):
            yield from missing(item.approved_by, people, "person", "standards", i, "not_applicable", j, "approved_by")
        yield from _means(choice, ("standards", i, "means"), agreements, missing)
        yield from _tools(choice, ("standards", i, "tools"), documents, missing)
        yield from _repeated(choice, ("standards", i), document, twice)
    yield from _problems(case, document, people, documents, missing, twice)


SUBJECTS = ("case", "requirements", "implementation", "preprocessing", "postprocessing")
"""What a document can be about besides declared items: the case as a whole, and legs of the argument."""


def declared_names(case: Case) -> frozenset[str]:
    """Names of declared items and fixed subjects: in a document's `about` they mean these, whatever else is called so."""
    lists = (
        case.requirements, case.safety_requirements, case.models, case.data_sets, case.tables, case.property_files
    )  # fmt: skip
    return frozenset(SUBJECTS).union(*((item.id for item in items) for items in lists))


def subjects(case: Case) -> set[str]:
    """All that a document can be about: what has a declared name, the runs, and the data items of selected standards."""
    runs, standards = (run.id for run in case.runs), (choice.id for choice in case.standards)
    return {*declared_names(case), *runs, *data_items(standards)}


def data_items(standards: Iterable[str]) -> set[str]:
    """The data items of those standards that are on board."""
    return {item.id for name in {*standards} & {*available()} for item in load(name).data_items}


def perhaps_meant(case: Case) -> set[str]:
    """Where a selected standard is not on board: those that are, since it may be any of them; else none.

    That standard has its finding (O101); what rests on the right one is judged once it is selected.
    """
    on_board = {*available()}
    return set() if on_board.issuperset(choice.id for choice in case.standards) else on_board


def alike(case: Case, document: Document) -> Iterator[Finding]:
    """People whose names differ by initials only (C132): where they are one, nobody was independent of himself."""
    known: dict[tuple[str, bool], list[tuple[Person, str]]] = {}
    for number, person in enumerate(case.people):
        name = folded_name(person.name)
        initials, short = "".join(word[0] for word in name.split()), any(map(is_initial, name.split()))
        for other, its in (*known.get((initials, True), ()), *(known.get((initials, False), ()) if short else ())):
            if may_be_one(name, its):
                message = f"{person.id!r} is {person.name!r}, {other.id!r} is {other.name!r}"
                yield C_ALIKE.finding(message, document.place(("people", number, "name"), person.id))
        known.setdefault((initials, short), []).append((person, name))


def _means(choice: StandardChoice, at: Path_, agreements: set[str], missing: Missing) -> Iterator[Finding]:
    for i, means in enumerate(choice.means):
        if means.agreement:
            yield from missing(means.agreement, agreements, "agreement", *at, i, "agreement")
        for j, kind in enumerate(means.evidence):
            yield from missing(kind, set(EvidenceKind), "kind of evidence", *at, i, "evidence", j)


def _tools(choice: StandardChoice, at: Path_, documents: set[str], missing: Missing) -> Iterator[Finding]:
    for i, tool in enumerate(choice.tools):
        yield from missing(tool.tool, {"checker", *ENGINES}, "tool", *at, i, "tool")
        for j, name in enumerate(tool.documents):
            yield from missing(name, documents, "document", *at, i, "documents", j)


def _repeated(choice: StandardChoice, at: Path_, document: Document, twice: Code) -> Iterator[Finding]:
    lists = (
        ("not_applicable", "objective", [item.objective for item in choice.not_applicable]),
        ("methods", "table", [item.table for item in choice.methods]),
        ("tools", "tool", [item.tool for item in choice.tools]),
    )
    for name, field, values in lists:
        yield from _twice(values, document, twice, (*at, name), field)
    seen: set[str] = set()
    for i, means in enumerate(choice.means):
        for j, objective in enumerate(means.objectives):
            if objective in seen:
                place = document.place((*at, "means", i, "objectives", j))
                yield twice.finding(f"{objective!r} has two means of compliance", place)
            seen.add(objective)


def _twice(names: Iterable[str], document: Document, twice: Code, at: Path_, field: str) -> Iterator[Finding]:
    seen: set[str] = set()
    for number, name in enumerate(names):
        if name in seen:
            yield twice.finding(f"{name!r} stands twice in {at[-1]}", document.place((*at, number, field)))
        seen.add(name)


def _problems(
    case: Case, document: Document, people: set[str], documents: set[str], missing: Missing, twice: Code
) -> Iterator[Finding]:
    requirements = {item.id for item in case.requirements}
    closing = documents | {item.id for item in case.runs}
    for i, item in enumerate(case.problem_reports):
        yield from missing(item.owner, people, "person", "problem_reports", i, "owner")
        if item.closed_by:
            yield from missing(item.closed_by, people, "person", "problem_reports", i, "closed_by")
        for j, name in enumerate(item.about):
            yield from missing(name, requirements, "requirement", "problem_reports", i, "about", j)
        for j, name in enumerate(item.evidence):
            yield from missing(name, closing, "document or run", "problem_reports", i, "evidence", j)
    yield from _twice((item.id for item in case.problem_reports), document, twice, ("problem_reports",), "id")
