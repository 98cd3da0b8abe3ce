"""What a case gives to a pattern: everything it knows under fixed names, and `pattern_data` for the rest.

Texts, standings and references to evidence are derived from case, records and documents. What only people can say
(which net holds which hazard, which documents show a leg) stands in the case file under `pattern_data`; there a leg
is a list of document ids, a claim the id of a requirement, a record the id of a run. A person can neither type a
status nor replace what the case derives: a subset of the requirements would be a way to leave out the bad ones.
Not here: texts and standings of requirements (argument.py), instantiation (gsn/patterns).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from assurance.case import BallsOf, Case, Deviation, Requirement
from assurance.challenges import blanket_refusal
from assurance.confidence import confidence_data
from assurance.gsn.patterns.data import G_KEY, select
from assurance.gsn.patterns.format import Parameter
from assurance.gsn.patterns.library import LoadedPattern
from assurance.loading import LoadedCase
from assurance.register import DocumentEntry, Register
from assurance.status import Standing, Status, disposes
from assurance.words import listed, result_words
from evidence.diagnostics import Finding, Place, Severity, code
from evidence.digest import short
from evidence.errors import InputError
from evidence.records import Shows
from evidence.verdict import GuaranteeKind

G_DERIVED = code(
    "G284",
    Severity.ERROR,
    "the case file gives a pattern what is derived from case and evidence",
    "remove it: statuses, digests and what the case declares elsewhere are filled in by the tool",
)
G_UNDECLARED = code(
    "G285",
    Severity.ERROR,
    "pattern data name a document, run or requirement that the case does not declare",
    "declare it, or mend the name",
)
G_SHAPE = code(
    "G286",
    Severity.ERROR,
    "pattern data in the case file have a wrong shape",
    "write a list of ids for a leg, and a list of items with an `id` each for a collection",
)

LEGS = {
    "requirements_reviewed": "requirements",
    "implementation_equivalent": "implementation",
    "preprocessing_equivalent": "preprocessing",
    "postprocessing_equivalent": "postprocessing",
}
"""Legs that a case fills by itself: name -> what the documents have to be about."""

_PROOFS = frozenset(
    {"formal-local-robustness", "formal-property", "probabilistic-robustness", "output-reachability", "reachability"}
)
"""Kinds of results that a checked record can carry. A document about one is a report, not the proof."""

SUPPLIED = frozenset(
    {"system", "function", "constituent", "boundary", "odd", "standards", "hazards", "preprocessing", "postprocessing"}
    | {"requirements_shown", "requirements", "legs"}
    | {"residual_risks", "exclusions_status", "exclusions_summary"}
    | {"confirmations", "confirmations_status", "repetitions", "repetitions_status", "replays", "replays_status"}
    | {"safety_requirements", "data_sets", "models", "deviations", "tool"}
    | {"local_claims", "proof_claims", "statistical_claims"}
    | set(LEGS)
)
"""Everything that a case gives to patterns by itself; parameters of these names need no `pattern_data`."""


class Vocabulary(Mapping[str, Any]):
    """All that a case gives by itself, by name."""

    def __init__(self, given: Mapping[str, Any], register: Register) -> None:
        self._given, self._register = given, register

    @cached_property
    def _confidence(self) -> dict[str, Any]:
        """What the records show about the tool: a text for each of them, and few patterns ask for it."""
        return confidence_data(self._register)

    def __getitem__(self, name: str) -> Any:
        return self._given[name] if name in self._given else self._confidence[name]

    def __iter__(self) -> Iterator[str]:
        return iter((*self._given, *self._confidence))

    def __len__(self) -> int:
        return len(self._given) + len(self._confidence)


def vocabulary(
    loaded: LoadedCase, register: Register, standings: Mapping[str, Standing], base: Mapping[str, Any]
) -> Vocabulary:
    """All that a case gives by itself, legs as lists of documents. `base` holds texts, requirements and risks."""
    case = loaded.case
    requirements = [
        known | _verification(register, item, known)
        for item, known in zip(case.requirements, base["requirements"], strict=True)
    ]
    given = {
        **base,
        "requirements": requirements,
        "local_claims": [found for item in requirements for found in item["local"]],
        "proof_claims": [found for item in requirements for found in item["proofs"]],
        "statistical_claims": [found for item in requirements for found in item["statistical"]],
        "preprocessing": case.constituent.preprocessing,
        "postprocessing": case.constituent.postprocessing,
        "safety_requirements": [{"id": item.id, "text": item.text} for item in case.safety_requirements],
        "data_sets": [
            {"id": item.id, "text": f"{item.title} ({item.source})"} for item in (*case.data_sets, *case.tables)
        ],
        "models": [
            {"id": item.id, "text": f"{item.title}, {item.role.replace('-', ' ')}, {item.predictor} predictor"}
            for item in case.models
        ],
        "deviations": [_deviation(loaded, standings, item) for item in case.deviations],
        "tool": _tool(case, register),
        **{name: list(documents_on(register, about)) for name, about in LEGS.items()},
    }
    return Vocabulary(given, register)


def _tool(case: Case, register: Register) -> str:
    """The engines behind the current records, with the versions that made them."""
    made = [item.record.provenance for item in register.runs if item.current and item.record.provenance]
    versions = sorted({f"{item.engine} {item.engine_version}" for item in made})
    engines = versions or sorted({run.engine for run in case.runs})
    return f"assurance with {listed(engines)}" if engines else "assurance"


def _verification(register: Register, requirement: Requirement, item: Mapping[str, Any]) -> dict[str, Any]:
    """By which means a requirement is examined, and why; users overrule it by `choose`."""
    formal = requirement.property
    tests = [found for found in documents_on(register, requirement.id) if _is_test(found)]
    kind = None
    if formal is not None:
        around_inputs = isinstance(formal.regions, BallsOf)
        statistical = formal.guarantee is GuaranteeKind.STATISTICAL
        kind = "statistical" if statistical else "local" if around_inputs else "proofs"
    if formal is None:
        take, why = ["tests"], f"{requirement.id} has no formal property, so that only tests can show it."
    elif tests:
        take = ["formal", "tests"]
        why = f"{requirement.id} has a formal property, and its tests reach what the examined model leaves out."
    else:
        take = ["formal"]
        why = f"{requirement.id} has a formal property to examine the model by, and no tests on it are declared."
    return {
        **{name: [dict(item)] if name == kind else [] for name in ("local", "proofs", "statistical")},
        "tests": tests,
        "verification": {"take": take, "justification": why},
        **({"formal": item["claim"]} if formal is not None else {}),
    }


def _is_test(item: DocumentEntry) -> bool:
    return item.record.evidence_kind == "performance-test"


def _deviation(loaded: LoadedCase, standings: Mapping[str, Standing], item: Deviation) -> dict[str, str]:
    """An accepted shortfall. It is never more than partial, and stale once it covers no longer what stands."""
    owner = loaded.case.person(item.accepted_by)
    standing, claim = standings.get(item.about), loaded.claims.get(item.about)
    threat = next((found for found in loaded.case.threat_models if found.id == item.about), None)
    if threat is not None:
        covers = not blanket_refusal(loaded.case, item, threat)
    else:
        covers = standing is None or claim is None or disposes(item, claim, standing.refuted)
    return {
        "id": item.id,
        "about": item.about,
        "text": item.rationale,
        "owner": f"{owner.name}, {owner.role}",
        "status": (Status.PARTIAL if covers else Status.STALE).value,
        "digest": f"{loaded.digest}#deviation-{item.id}",
    }


def documents_status(
    documents: tuple[DocumentEntry, ...], kinds: frozenset[str], examined: frozenset[str] = frozenset()
) -> Status:
    """Status of a goal that documents alone show: contradicted when one reports a failure, stale when one changed;
    supported when those that fit by their kind (and, where asked for, by what they examined) were all independently
    reviewed and leave nothing open; else partial. A document that reports a proof fits in kind, but it never does more
    than that, and one that examined nothing counts for nothing."""
    if any(_fails(item) for item in documents):
        return Status.CONTRADICTED
    if any(not item.fresh for item in documents):
        return Status.STALE
    counting = [item for item in documents if item.counts]
    if not counting:
        return Status.UNDEVELOPED
    fitting = [item for item in counting if item.record.evidence_kind in kinds - _PROOFS]
    if examined:
        fitting = [item for item in fitting if item.record.artefact.value in examined]
    whole = fitting and all(item.whole and item.record.independent for item in fitting)
    return Status.SUPPORTED if whole else Status.PARTIAL


def documents_on(register: Register, name: str) -> tuple[DocumentEntry, ...]:
    """Everything that documents say about something: what may support it, and what reports a failure."""
    return (*register.documents_about(name), *register.failed_about(name))


def leg_of(documents: Sequence[DocumentEntry], status: Status) -> dict[str, Any]:
    """A leg for a pattern: its status, the documents that support it, and those that speak against it."""
    return {
        "status": status.value,
        "documents": [document_reference(item) for item in documents if item.counts or not item.fresh],
        "against": [document_reference(item) for item in documents if _fails(item)],
    }


def _fails(item: DocumentEntry) -> bool:
    return item.fresh and item.shows is Shows.FAILS


def document_reference(item: DocumentEntry) -> dict[str, str]:
    """A document as a solution refers to it."""
    return {"id": item.item.id, "digest": item.digest, "text": f"Document {item.item.id}, {item.record.title}"}


def bind(loaded: LoadedCase, register: Register, pattern: LoadedPattern, supplied: Mapping[str, Any]) -> dict[str, Any]:
    """The data for one pattern. Raises InputError with everything wrong in `pattern_data`: G278, G284-G286."""
    resolver = _Resolver(loaded.case, register, supplied)
    given: Mapping[str, Any] = loaded.case.pattern_data.get(pattern.id) or {}

    def place(key: str) -> Place:
        return loaded.document.place(("pattern_data", pattern.id, key), pattern.id)

    data: dict[str, Any] = {}
    for name, parameter in pattern.parameters.items():
        source = parameter.case or name
        if source in SUPPLIED:
            data[name] = _filled(parameter, supplied[source])
        elif name in given:
            found = resolver.value(parameter, given[name], f"{pattern.id}.{name}", place(name))
            data |= select({name: parameter}, {name: found})
    for key, found in given.items():
        if key == "choose":
            data[key] = found
        elif key not in pattern.parameters:
            resolver.findings.append(G_KEY.finding(f"{pattern.id}: {key!r}", place(key)))
        elif (pattern.parameters[key].case or key) in SUPPLIED:
            resolver.findings.append(G_DERIVED.finding(f"{pattern.id}.{key} comes from the case itself", place(key)))
    if resolver.findings:
        raise InputError(*resolver.findings)
    return data


def _filled(parameter: Parameter, found: Any) -> Any:
    """What the case supplies, cut down to what the pattern asks for, with every leg's status by the pattern's terms.

    Some legs have terms of their own. What is of another type than the pattern asks for stays as it is: the check of
    the data says so (G275).
    """
    if not isinstance(found, list):
        return found
    if parameter.type == "leg" and all(isinstance(item, DocumentEntry) for item in found):
        return _leg(parameter, found)
    if parameter.type == "collection" and found and all(isinstance(item, dict) for item in found):
        fields = parameter.fields.items()
        return [
            {
                name: _filled(field, part) if isinstance(part := item[name], list) else part
                for name, field in fields
                if name in item
            }
            for item in found
        ]
    return found


def _leg(parameter: Parameter, documents: list[DocumentEntry]) -> dict[str, Any]:
    status = documents_status(tuple(documents), frozenset(parameter.kinds), frozenset(parameter.examined))
    return leg_of(documents, status)


class _Resolver:
    """Turns what a person wrote into data: ids into references, lists of document ids into legs."""

    def __init__(self, case: Case, register: Register, supplied: Mapping[str, Any]) -> None:
        self.findings: list[Finding] = []
        self._case, self._register = case, register
        self._documents = {item.item.id: item for item in register.documents}
        self._requirements = {item["id"]: item for item in supplied["requirements"]}

    @cached_property
    def _runs(self) -> set[str]:
        return {run.id for run in self._case.answering}

    @cached_property
    def _records(self) -> dict[str, dict[str, str]]:
        """The current record of each run, for few patterns ask for one."""
        return {
            item.run: {
                "id": item.run,
                "digest": item.digest,
                "text": f"Record {short(item.digest)} of run {item.run}: {result_words(item.record)}",
            }
            for item in self._register.runs
            if item.current
        }

    def value(self, parameter: Parameter, given: Any, path: str, place: Place) -> Any:
        """One value; findings are collected, and what cannot be resolved is left out."""
        if parameter.type in ("status", "digest"):
            self.findings.append(G_DERIVED.finding(f"{path} is derived, never typed", place))
            return None
        if parameter.type == "leg":
            found = [self._document(id, path, place) for id in self._ids(given, path, place)]
            return _leg(parameter, [item for item in found if item is not None])
        if parameter.type == "document":
            entry = self._document(given, path, place)
            return document_reference(entry) if entry else None
        if parameter.type == "record":
            return self._named(given, self._records, self._runs, "run", path, place)
        if parameter.type == "collection":
            return self._collection(parameter, given, path, place)
        return given

    def _collection(self, parameter: Parameter, given: Any, path: str, place: Place) -> list[Any]:
        if parameter.items == "document":
            entries = [self._document(id, path, place) for id in self._ids(given, path, place)]
            return [document_reference(item) for item in entries if item is not None]
        if isinstance(parameter.items, str):
            known: tuple[Mapping[str, Any], set[str], str] = (
                self._requirements,
                set(self._requirements),
                "requirement",
            )
            if parameter.items == "record":
                known = (self._records, self._runs, "run")
            found = [self._named(id, *known, path, place) for id in self._ids(given, path, place)]
            return [_filled(parameter, [item])[0] for item in found if item is not None]
        if not isinstance(given, list) or not all(isinstance(item, dict) for item in given):
            self.findings.append(G_SHAPE.finding(f"{path} is no list of items", place))
            return []
        return [self._item(parameter, item, f"{path}[{item.get('id')}]", place) for item in given]

    def _item(self, parameter: Parameter, item: Mapping[str, Any], path: str, place: Place) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for name, part in item.items():
            field = parameter.fields.get(name)
            if field is None:
                self.findings.append(G_KEY.finding(f"{path}: {name!r}", place))
            else:
                made[name] = self.value(field, part, f"{path}.{name}", place)
        return made

    def _ids(self, given: Any, path: str, place: Place) -> list[str]:
        if isinstance(given, list) and all(isinstance(item, str) for item in given):
            return list(dict.fromkeys(given))
        self.findings.append(G_SHAPE.finding(f"{path} is no list of ids", place))
        return []

    def _document(self, id: Any, path: str, place: Place) -> DocumentEntry | None:
        found = self._documents.get(id) if isinstance(id, str) else None
        if found is None:
            self.findings.append(G_UNDECLARED.finding(f"{path}: there is no document {str(id)[:60]!r}", place))
        return found

    def _named(
        self, id: Any, found: Mapping[str, Any], declared: set[str], noun: str, path: str, place: Place
    ) -> Any | None:
        if not isinstance(id, str) or id not in declared:
            self.findings.append(G_UNDECLARED.finding(f"{path}: there is no {noun} {str(id)[:60]!r}", place))
            return None
        return found.get(id)  # a run that has not answered yet has no record
