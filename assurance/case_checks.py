"""Does a readable case make sense? Coded findings on references, identifiers, levels, reviews, runs.

These checks look at the case file alone: no other file is opened (`loading.py` compares digests) and no evidence is
read (`snapshot.py`). Every mistake is reported, not only the first.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Iterator

from assurance.case import BallsOf, Case, CellsOf, FileOf
from assurance.case_compliance import StandardChoice
from assurance.case_compliance_checks import SUBJECTS, alike, data_items, perhaps_meant, subjects
from assurance.case_compliance_checks import references as compliance
from assurance.case_hazards import demanded
from assurance.catalogue import Catalogue
from assurance.catalogue import load as load_catalogue
from assurance.catalogue_vocabulary import EvidenceKind
from assurance.gsn.patterns.library import available
from assurance.wording import wording_notes
from evidence.diagnostics import Finding, Place, Severity, code
from evidence.engineering import KINDS
from evidence.engines import ENGINES
from evidence.errors import InputError
from evidence.names import folded_name
from evidence.strict_yaml import Document
from evidence.verdict import Artefact, GuaranteeKind, Predictor

C_REFERENCE = code(
    "C110", Severity.ERROR, "reference to something that is not declared", "declare it or mend the identifier"
)
C_TWICE = code("C111", Severity.ERROR, "identifier declared twice", "give each item of a list its own identifier")
C_LEVEL = code(
    "C112",
    Severity.ERROR,
    "declared level does not follow from the hazards",
    "declare the level that the worst classified hazard demands, or mend the classification",
    "DO-178C 2.3.2; ISO 26262-3 table 4; IEC 62304 4.3",
)
C_NO_REVIEW = code(
    "C114",
    Severity.WARNING,
    "no review that the formal property means what the sentence says",
    "have somebody other than the author compare the two and record it as meaning_review",
)
C_REVIEWER = code("C115", Severity.ERROR, "a review called independent was made by the author", "name another reviewer")
C_ENGINE = code(
    "C118",
    Severity.ERROR,
    "run that cannot serve its requirement",
    "choose an engine that can give the demanded guarantee",
)
C_NO_RUN = code("C119", Severity.WARNING, "requirement without a run", "add a run, or a document as evidence")
C_NO_PROPERTY = code(
    "C120",
    Severity.WARNING,
    "requirement without formal property",
    "state the property, or show the requirement by documents",
)
C_AUTHOR = code("C121", Severity.WARNING, "document reviewed by its own author", "have another person review it")
C_DEPLOYED = code(
    "C122",
    Severity.ERROR,
    "demanded guarantee does not fit the deployed predictor",
    "a base network is shown by proofs, a smoothed classifier by sampling: change one of the two",
)
C_SAME_PERSON = code(
    "C131",
    Severity.ERROR,
    "two people with the same name",
    "declare each person once; tell namesakes apart in the name",
)
E_FORMAT = code(
    "E166",
    Severity.ERROR,
    "format of a document does not fit its kind of evidence",
    "declare the kind of evidence that such a file is, or leave the format out",
)
G_SHADOWS = code(
    "G253",
    Severity.ERROR,
    "an own pattern has the identifier of one of the library",
    "give it another identifier: a pattern of the library is never replaced",
)
E_ARTEFACT = code(
    "E182",
    Severity.ERROR,
    "report does not say which artefact it examined",
    "declare `examined`: source-code, executable-on-target, model-description or data",
)
T_HAZARD = code(
    "T101",
    Severity.WARNING,
    "hazard that no requirement answers",
    "allocate a requirement to it or justify why none is needed",
)
T_CIRCLE = code(
    "T103",
    Severity.ERROR,
    "requirement whose parents lead to no safety requirement",
    "trace it to a safety requirement, or mark one of the circle as derived with its reason",
)
T_UNUSED = code("T102", Severity.NOTE, "declared item that nothing uses", "use it or remove it")


def check(case: Case, document: Document) -> Iterator[Finding]:
    """All findings on a case, each with its place in the document. Errors make the case unusable."""
    yield from _unique(case, document)
    yield from _references(case, document)
    yield from _standards(case, document)
    yield from _requirements(case, document)
    yield from _documents(case, document)
    yield from _unused(case, document)
    yield from wording_notes(case, document)


MAX_LISTED = 30
"""How many names a message lists of those that would have been right."""

_LISTS = (
    "hazards", "people", "standards", "safety_requirements", "requirements", "models", "data_sets", "tables",
    "property_files", "threat_models", "runs", "external_verdicts", "documents", "deviations", "challenges",
    "pattern_files",
)  # fmt: skip


def _unique(case: Case, document: Document) -> Iterator[Finding]:
    known: dict[str, str] = {}
    for number, person in enumerate(case.people):
        name = folded_name(person.name)
        if name in known:
            message = (
                f"{person.id!r} and {known[name]!r} have the same name: one person cannot be independent of himself"
            )
            yield C_SAME_PERSON.finding(message, document.place(("people", number, "name")))
        known.setdefault(name, person.id)
    yield from alike(case, document)
    for name in _LISTS:
        seen: set[str] = set()
        for number, item in enumerate(getattr(case, name)):
            if item.id in seen:
                yield C_TWICE.finding(f"{item.id!r} stands twice in {name}", document.place((name, number, "id")))
            seen.add(item.id)
    library = set(available())
    for number, item in enumerate(case.pattern_files):
        if item.id in library:
            place = document.place(("pattern_files", number, "id"))
            yield G_SHADOWS.finding(f"the library has a pattern {item.id!r}", place)
    # what documents and deviations can be about shares one name space, and so do the declared files
    for names in (
        ("safety_requirements", "requirements", "threat_models", "models", "data_sets", "tables", "property_files"),
        ("models", "data_sets", "tables", "property_files", "pattern_files", "documents", "external_verdicts"),
        ("runs", "external_verdicts"),
    ):
        owner = dict.fromkeys(SUBJECTS, "a fixed subject of documents")
        for name in names:
            for number, item in enumerate(getattr(case, name)):
                other = owner.setdefault(item.id, name)
                if other != name:
                    yield C_TWICE.finding(
                        f"{item.id!r} of {name} is also {other}", document.place((name, number, "id"))
                    )


def _references(case: Case, document: Document) -> Iterator[Finding]:
    def ids(items: Iterable[object]) -> set[str]:
        return {item.id for item in items}  # type: ignore[attr-defined]

    hazards, people, models = ids(case.hazards), ids(case.people), ids(case.models)
    requirements = ids(case.requirements)
    parents = ids(case.safety_requirements) | requirements
    data, tables, threats = ids(case.data_sets), ids(case.tables), ids(case.threat_models)
    properties = ids(case.property_files)
    about = subjects(case) if case.documents else set()
    standards, kinds = ids(case.standards), set(EvidenceKind)
    meant = perhaps_meant(case)
    items_meant = data_items(meant)

    def missing(name: str, known: Collection[str], kind: str, *path: str | int) -> Iterator[Finding]:
        if name not in known:
            more = f" and {len(known) - MAX_LISTED} more" if len(known) > MAX_LISTED else ""
            listed = ", ".join(sorted(known)[:MAX_LISTED]) + more or "none is declared"
            yield C_REFERENCE.finding(f"no {kind} {name!r}", document.place(path), expected=f"one of: {listed}")

    def unselected(objective: str, *path: str | int) -> Iterator[Finding]:
        standard = objective.partition(":")[0]
        if standard not in meant:
            yield from missing(standard, standards, "standard", *path)

    for i, safety in enumerate(case.safety_requirements):
        for j, name in enumerate(safety.hazards):
            yield from missing(name, hazards, "hazard", "safety_requirements", i, "hazards", j)
    for i, requirement in enumerate(case.requirements):
        here = ("requirements", i)
        for j, name in enumerate(requirement.parents):
            if name not in parents or name == requirement.id:
                yield from missing(name, parents - {requirement.id}, "parent requirement", *here, "parents", j)
        for j, name in enumerate(requirement.hazards):
            yield from missing(name, hazards, "hazard", *here, "hazards", j)
        if requirement.author not in people:
            yield from missing(requirement.author, people, "person", *here, "author")
        review, formal = requirement.meaning_review, requirement.property
        if review and review.by not in people:
            yield from missing(review.by, people, "person", *here, "meaning_review", "by")
        if formal:
            yield from missing(formal.model, models, "model", *here, "property", "model")
            regions = formal.regions
            place = (*here, "property", "regions")
            if isinstance(regions, BallsOf):
                yield from missing(regions.data_set, data, "data set", *place, "data_set")
                yield from missing(regions.threat_model, threats, "threat model", *place, "threat_model")
            elif isinstance(regions, CellsOf):
                yield from missing(regions.table, tables, "table", *place, "table")
            elif isinstance(regions, FileOf):
                yield from missing(regions.property_file, properties, "property file", *place, "property_file")
    for i, run in enumerate(case.runs):
        if run.requirement not in requirements:
            yield from missing(run.requirement, requirements, "requirement", "runs", i, "requirement")
        if run.engine not in ENGINES:
            yield from missing(run.engine, ENGINES, "engine", "runs", i, "engine")
    for i, verdict in enumerate(case.external_verdicts):
        here = ("external_verdicts", i)
        yield from missing(verdict.requirement, requirements, "requirement", *here, "requirement")
        yield from missing(verdict.model, models, "model", *here, "model")
        yield from missing(verdict.property_file, properties, "property file", *here, "property_file")
    for i, item in enumerate(case.documents):
        yield from missing(item.author, people, "person", "documents", i, "author")
        if item.reviewer:
            yield from missing(item.reviewer, people, "person", "documents", i, "reviewer")
        for j, name in enumerate(item.about):
            if name not in items_meant:
                yield from missing(name, about, "item", "documents", i, "about", j)
        yield from missing(item.evidence, kinds, "kind of evidence", "documents", i, "evidence")
        for j, name in enumerate(item.objectives):
            yield from unselected(name, "documents", i, "objectives", j)
    for i, deviation in enumerate(case.deviations):
        yield from missing(deviation.accepted_by, people, "person", "deviations", i, "accepted_by")
        if ":" in deviation.about:
            yield from unselected(deviation.about, "deviations", i, "about")
        else:
            yield from missing(deviation.about, requirements | threats, "requirement", "deviations", i, "about")
    yield from _doubts(case, document, missing)
    yield from compliance(case, document, missing, C_TWICE)
    for i, acceptance in enumerate(case.acceptances):
        yield from missing(acceptance.by, people, "person", "acceptances", i, "by")
        yield from unselected(acceptance.objective, "acceptances", i, "objective")
    inputs = {port.name for model in case.models for port in model.ports}
    for i, parameter in enumerate(case.odd.parameters):
        if parameter.input is not None:
            yield from missing(parameter.input, inputs, "model input", "odd", "parameters", i, "input")


_Missing = Callable[..., Iterator[Finding]]


def _doubts(case: Case, document: Document, missing: _Missing) -> Iterator[Finding]:
    """References of challenges and dispositions."""
    people = {item.id for item in case.people}
    documents = {item.id for item in case.documents}
    known = {
        "requirement": {item.id for item in case.requirements},
        "run": {item.id for item in case.answering},
        "document": documents,
    }
    exclusions = {f"{item.id}.{n}" for item in case.threat_models for n in range(1, len(item.exclusions) + 1)}
    for i, challenge in enumerate(case.challenges):
        yield from missing(challenge.raised_by, people, "person", "challenges", i, "raised_by")
        kind, name = challenge.against.named or ("", "")
        if kind in known:
            yield from missing(name, known[kind], kind, "challenges", i, "against", kind)
        for j, name in enumerate(challenge.evidence):
            yield from missing(name, documents, "document", "challenges", i, "evidence", j)
        if challenge.id in exclusions:
            message = f"{challenge.id!r} is the name of an exclusion"
            yield C_TWICE.finding(message, document.place(("challenges", i, "id")))
    doubts = {item.id for item in case.challenges} | exclusions
    for i, disposition in enumerate(case.dispositions):
        yield from missing(disposition.challenge, doubts, "challenge", "dispositions", i, "challenge")
        yield from missing(disposition.by, people, "person", "dispositions", i, "by")
        for j, name in enumerate(disposition.evidence):
            yield from missing(name, documents, "document", "dispositions", i, "evidence", j)


def _standards(case: Case, document: Document) -> Iterator[Finding]:
    """Each selected standard is on board and has the level (O10x), the one that the hazards demand where they do."""
    for i, choice in enumerate(case.standards):
        place = document.place(("standards", i), choice.id)
        try:
            catalogue = load_catalogue(choice.id)
            place = document.place(("standards", i, "level"), choice.id)
            if choice.level is not None:
                catalogue.select(choice.level)
            wrong = _level(catalogue, choice, case, place)
            if wrong is not None:
                yield wrong
            elif choice.level is None:
                catalogue.select(None)
        except InputError as error:
            yield dataclasses.replace(error.finding, place=place)


def _level(catalogue: Catalogue, choice: StandardChoice, case: Case, place: Place) -> Finding | None:
    """What is wrong with the level of a standard whose levels follow from hazards: the worst hazard decides."""
    found = demanded(catalogue.level_name, case.hazards)
    if found is None:
        return None
    field, level = found
    if level is None:
        message, remedy = f"{choice.id} is selected but no hazard has a {field}", f"classify the hazards by {field}"
        return C_LEVEL.finding(message, place, remedy=remedy)
    if choice.level == level:
        return None
    declared = f"declares level {choice.level}" if choice.level else "has no level"
    return C_LEVEL.finding(f"{choice.id} {declared}; the hazards demand {level}", place, expected=f"level: {level}")


def _requirements(case: Case, document: Document) -> Iterator[Finding]:
    declared = {item.id: item for item in reversed(case.requirements)}  # the first of those that share an id
    examined = {run.requirement for run in case.runs} | {name for item in case.documents for name in item.about}
    answered = {name for item in case.requirements for name in item.hazards}
    answered |= {name for item in case.safety_requirements for name in item.hazards}
    models = {item.id: item for item in reversed(case.models)}
    sampled = GuaranteeKind.STATISTICAL
    for i, requirement in enumerate(case.requirements):
        id, formal, review, here = requirement.id, requirement.property, requirement.meaning_review, ("requirements", i)
        if formal is None:
            yield C_NO_PROPERTY.finding(f"requirement {id} has no formal property", document.place(here, id))
        elif review is None:
            yield C_NO_REVIEW.finding(f"requirement {id}: its goals stay unsupported", document.place(here, id))
        if review is not None and review.independent and review.by == requirement.author:
            where = document.place((*here, "meaning_review", "by"))
            yield C_REVIEWER.finding(f"{review.by!r} wrote requirement {id}", where)
        if id not in examined:
            yield C_NO_RUN.finding(f"nothing examines requirement {id}", document.place(here, id))
        if formal is not None and formal.model in models:
            smoothed = models[formal.model].predictor is Predictor.SMOOTHED
            if smoothed != (formal.guarantee is sampled):
                deployed = "smoothed classifier" if smoothed else "base network"
                yield C_DEPLOYED.finding(
                    f"requirement {id} wants a {formal.guarantee.value} guarantee of a {deployed}",
                    document.place((*here, "property", "guarantee")),
                )
    for i, run in enumerate(case.runs):
        if run.requirement not in declared:
            continue
        formal = declared[run.requirement].property
        if formal is None:
            yield C_ENGINE.finding(
                f"run {run.id}: requirement {run.requirement} has no formal property to examine",
                document.place(("runs", i, "engine")),
            )
        elif (run.engine == "smoothing") != (formal.guarantee is sampled):
            yield C_ENGINE.finding(
                f"run {run.id}: engine {run.engine} cannot give a guarantee that is {formal.guarantee.value}",
                document.place(("runs", i, "engine")),
            )
        elif run.engine == "smoothing":
            noise = models[formal.model].smoothing_noise if formal.model in models else None
            if noise is not None and run.parameters.get("sigma") != noise.value:
                yield C_ENGINE.finding(
                    f"run {run.id}: its sigma is {run.parameters.get('sigma')}, the deployed classifier's noise is {noise}",
                    document.place(("runs", i, "parameters")),
                )
    for i, verdict in enumerate(case.external_verdicts):
        if verdict.requirement in declared and declared[verdict.requirement].property is None:
            yield C_ENGINE.finding(
                f"external verdict {verdict.id}: requirement {verdict.requirement} has no formal property to compare with",
                document.place(("external_verdicts", i, "requirement")),
            )
    yield from _circles(case, document)
    for i, hazard in enumerate(case.hazards):
        if hazard.id not in answered:
            yield T_HAZARD.finding(f"no requirement answers hazard {hazard.id}", document.place(("hazards", i)))


def _circles(case: Case, document: Document) -> Iterator[Finding]:
    """Requirements that only have each other as parents."""
    inner = {item.id for item in case.requirements}
    # parents that are not declared, or are the requirement itself, are reported as references
    rooted = {name for item in case.requirements for name in item.parents if name not in inner or name == item.id}
    rooted |= {item.id for item in case.requirements if item.derived}
    while found := {r.id for r in case.requirements if r.id not in rooted and rooted.intersection(r.parents)}:
        rooted |= found
    for i, requirement in enumerate(case.requirements):
        if requirement.id not in rooted:
            yield T_CIRCLE.finding(f"{requirement.id} traces to itself", document.place(("requirements", i, "parents")))


def _documents(case: Case, document: Document) -> Iterator[Finding]:
    for i, item in enumerate(case.documents):
        if item.format is not None and item.evidence not in KINDS[item.format]:
            yield E_FORMAT.finding(
                f"document {item.id}: {item.format} is offered as {item.evidence}",
                document.place(("documents", i, "format")),
                expected=f"evidence: {' or '.join(sorted(KINDS[item.format]))}",
            )
        if item.format in ("junit", "cobertura") and item.examined is Artefact.DOCUMENT:
            # tests and coverage of nothing in particular would count where any document does
            yield E_ARTEFACT.finding(f"document {item.id}", document.place(("documents", i), item.id))
        if item.reviewer is not None and item.reviewer == item.author:
            place = document.place(("documents", i, "reviewer"))
            message = f"document {item.id}: {item.author!r} is author and reviewer"
            if item.independent:
                yield C_REVIEWER.finding(message, place)
            else:
                yield C_AUTHOR.finding(message, place)


def _unused(case: Case, document: Document) -> Iterator[Finding]:
    formals = [item.property for item in case.requirements if item.property]
    regions = [formal.regions for formal in formals]
    used = {formal.model for formal in formals} | {name for item in case.documents for name in item.about}
    used |= {item.data_set for item in regions if isinstance(item, BallsOf)}
    used |= {item.threat_model for item in regions if isinstance(item, BallsOf)}
    used |= {item.table for item in regions if isinstance(item, CellsOf)}
    used |= {item.property_file for item in regions if isinstance(item, FileOf)}
    used |= {name for item in case.external_verdicts for name in (item.model, item.property_file)}
    for name in ("models", "data_sets", "tables", "property_files", "threat_models"):
        for i, item in enumerate(getattr(case, name)):
            if item.id not in used:
                yield T_UNUSED.finding(f"{item.id!r} of {name} is used by nothing", document.place((name, i)))
