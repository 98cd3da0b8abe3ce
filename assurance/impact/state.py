"""From a snapshot to the facts of a baseline. Writes nothing, runs nothing.

Everything here is read off the snapshot, so that a comparison can never disagree with `check`, `gaps` or the dossier.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from assurance import __version__
from assurance.case import BallsOf, BoxesOf, CellsOf, FormalProperty
from assurance.catalogue_vocabulary import Scope
from assurance.challenges import doubts_of, threat_digest
from assurance.gsn.elements import Element, Goal, Solution, Strategy
from assurance.impact.facts import (
    CASE_FILE,
    Baseline,
    CaseFact,
    EvidenceFact,
    GoalFact,
    Item,
    ObjectiveFact,
    ProblemFact,
    RequirementFact,
    SignOffFact,
    SignOffKind,
)
from assurance.impact.items import case_items, catalogue_items, flatten, rule_items, tool_items
from assurance.impact.runs import LIBRARY, Setting, document_fact, record_fact, run_facts
from assurance.package.layout import rules_of
from assurance.problems import ProblemReport
from assurance.snapshot import Snapshot
from assurance.status import RESULT_KINDS, Standing, disposes
from evidence.digest import canonical_json, of_bytes
from evidence.provenance import stamp
from evidence.store import Store

_ROW = frozenset(
    {"entry", "selected", "status", "n", "of", "evidence", "goals", "reasons", "next", "digest", "acceptance"}
)
"""Fields of a coverage row that have a place of their own in an `ObjectiveFact`, or that follow from others."""
_FILE_ITEMS = ("model", "data set", "table", "property file", "document", "external verdict")
_LEG_TEXTS = ("preprocessing", "postprocessing")
_LAPSED = "O215"
"""The reason that an acceptance has lapsed: said of the acceptance, not of the objective."""


def state_of(
    snapshot: Snapshot,
    store: Store,
    device: Literal["cpu", "cuda"] = "cpu",
    built_with: str | None = None,
    rules: Mapping[str, str] | None = None,
) -> Baseline:
    """All facts of a case as it stands.

    device: where runs would be carried out. built_with, rules: for a review package, the version of the tool that built it and the
    digests of catalogues and patterns there; None for a case whose runs this installation would carry out.
    """
    return _State(snapshot, Setting(store, device, built_with), rules).baseline()


def _digest(value: Any) -> str:
    return of_bytes(canonical_json(value))


class _State:
    """The parts of one baseline; they refer to one another."""

    def __init__(self, snapshot: Snapshot, setting: Setting, rules: Mapping[str, str] | None) -> None:
        self.snapshot, self.setting = snapshot, setting
        self.loaded, self.case = snapshot.loaded, snapshot.loaded.case
        self.tool = setting.elsewhere or __version__
        self.runs = tuple(run_facts(self.loaded, snapshot.register, setting))
        own = list(case_items(self.loaded))
        brought = [item for covered in snapshot.coverage for item in catalogue_items(covered.catalogue)]
        self.rules = dict(rules_of(self.case) if rules is None else rules)
        brought += rule_items(self.rules)
        brought += tool_items(self._tools())
        self.items: tuple[Item, ...] = (*own, *{item.key: item for item in brought}.values())
        self.parts = {item.key: item.parts for item in own}

    def baseline(self) -> Baseline:
        register, case = self.snapshot.register, self.case
        records = [record_fact(item, self.loaded.stale) for item in register.runs]
        documents = [document_fact(entry, self._subjects(entry.record.about)) for entry in register.documents]
        evidence: list[EvidenceFact] = list({(item.digest, item.source): item for item in records}.values())
        return Baseline(
            tool=self.tool,
            rules=self.rules,
            case=CaseFact(id=case.id, title=case.title, issue=case.issue, digest=self.loaded.digest),
            items=self.items,
            evidence=(*evidence, *documents),
            runs=self.runs,
            requirements=tuple(self._requirement(item) for item in self.snapshot.standings.values()),
            goals=tuple(self._goals()),
            objectives=tuple(self._objectives()),
            problems=tuple(map(_problem, self.snapshot.problems)),
            sign_offs=tuple(self._sign_offs()),
        )

    # --- tools -------------------------------------------------------------------------------------------------------

    def _tools(self) -> dict[str, str]:
        """Versions of the tool and of the libraries that the declared runs would use; of a package only its own."""
        if self.setting.elsewhere is not None:
            return {"assurance": self.setting.elsewhere}
        asked = [part for run in self.runs for part in run.asked.items() if part[0].startswith(LIBRARY)]
        libraries = {name.removeprefix(LIBRARY): version for name, version in asked}
        return {"assurance": stamp("", {}, {}, 0, "cpu").engine_version} | libraries

    # --- subjects of documents -----------------------------------------------------------------------------------------

    def _subjects(self, about: tuple[str, ...]) -> dict[str, str]:
        """What a document is about, by digest. About the case as a whole nothing is followed: everything would concern it."""
        found: dict[str, str] = {}
        for name in about:
            if name == "requirements":
                found |= {item.id: self._meaning(item.id) for item in self.case.requirements}
            elif name == "implementation":
                found |= {item.id: self._file(item.id) for item in self.case.models}
            elif name in _LEG_TEXTS:
                found[name] = _digest(getattr(self.case.constituent, name))
            elif name in self.snapshot.standings:
                found[name] = self._meaning(name)
            elif any(f"{kind} {name}" in self.parts for kind in _FILE_ITEMS):
                found[name] = self._file(name)
        return found

    def _meaning(self, requirement: str) -> str:
        claim = self.loaded.claims.get(requirement)
        return claim.meaning if claim is not None else _digest(self.case.requirement(requirement).text)

    def _file(self, id: str) -> str:
        return _digest({kind: self._bare(f"{kind} {id}") for kind in _FILE_ITEMS if f"{kind} {id}" in self.parts})

    def _bare(self, key: str) -> dict[str, str]:
        return {name: text for name, text in self.parts[key].items() if name not in ("title", "path")}

    # --- requirements ----------------------------------------------------------------------------------------------------

    def _requirement(self, standing: Standing) -> RequirementFact:
        claim = self.loaded.claims.get(standing.requirement)
        held = [item for item, found in standing.assessments if item is standing.best or found.refuted]
        return RequirementFact(
            id=standing.requirement,
            status=standing.status.value,
            reasons=tuple(f"{item.code} {item.message}" for item in standing.reasons),
            established=standing.established,
            refuted=standing.refuted,
            total=standing.total,
            best=standing.best.digest if standing.best else None,
            criterion=claim.criterion_digest if claim else None,
            meaning=self._meaning(standing.requirement),
            identity=claim.identity if claim else None,
            evidence=tuple(dict.fromkeys(item.digest for item in held)),
            rests_on=tuple(self._rests_on(standing.requirement)),
        )

    def _rests_on(self, id: str) -> Iterator[str]:
        requirement = self.case.requirement(id)
        yield from (f"{kind} {id}" for kind in ("requirement text", "formal property", "criterion", "meaning review"))
        if requirement.property is not None:
            yield from _named(requirement.property)
        yield from (f"run {run.id}" for run in self.case.runs if run.requirement == id)
        for verdict in self.case.external_verdicts:
            if verdict.requirement == id:
                yield from (f"external verdict {verdict.id}", f"property file {verdict.property_file}")
        yield from (f"record {run.id}" for run in self.case.answering if run.requirement == id)
        yield from (f"deviation {item.id}" for item in self.case.deviations if item.about == id)
        runs = {run.id for run in self.case.answering if run.requirement == id}
        for challenge in self.case.challenges:
            kind, name = challenge.against.named or ("", "")
            if (kind, name) == ("requirement", id) or (kind == "run" and name in runs):
                yield from (f"challenge {challenge.id}", f"disposition {challenge.id}")
        if requirement.property is None:
            for entry in self.snapshot.register.documents_about(id):
                if entry.record.evidence_kind in RESULT_KINDS:
                    yield f"document {entry.item.id}"

    # --- goals -----------------------------------------------------------------------------------------------------------

    def _goals(self) -> Iterator[GoalFact]:
        built = self.snapshot.built
        for element in built.argument:
            if not isinstance(element, Goal | Strategy):
                continue
            below = built.argument.children(element.id)
            others: list[Element] = [item for item in below if not isinstance(item, Goal | Strategy)]
            others += [*built.argument.contexts(element.id), *built.argument.challengers(element.id)]
            evidence = [name for item in others if isinstance(item, Solution) for name in item.evidence]
            source = element.provenance
            bound = [value for _, value in source.binding] if source else []
            yield GoalFact(
                id=element.id,
                type=element.type.value,
                text=element.text,
                status=built.status[element.id].value,
                pattern=source.pattern if source else "",
                requirement=element.claim if isinstance(element, Goal) else None,
                about=tuple(dict.fromkeys(value for value in bound if value in self.snapshot.standings)),
                beside={item.id: " ".join(item.text.split()) for item in others},
                evidence=tuple(dict.fromkeys(map(self._evidence, evidence))),
                children=tuple(item.id for item in below if isinstance(item, Goal | Strategy)),
            )

    def _evidence(self, name: str) -> str:
        """An item of evidence by its digest; what the case file shows by itself is named apart."""
        return name.replace(self.loaded.digest, CASE_FILE)

    # --- objectives ------------------------------------------------------------------------------------------------------

    def _objectives(self) -> Iterator[ObjectiveFact]:
        for covered in self.snapshot.coverage:
            for row in covered.rows:
                evidence = tuple(dict.fromkeys(map(self._evidence, row.evidence)))
                more = {
                    name: part
                    for field in dataclasses.fields(row)
                    if field.name not in _ROW
                    for name, part in flatten(_plain(getattr(row, field.name)), field.name.replace("_", " ")).items()
                }
                yield ObjectiveFact(
                    standard=covered.catalogue.id,
                    id=row.entry.id,
                    title=row.entry.title,
                    level=covered.level,
                    required=row.required,
                    status=row.status.value,
                    n=row.n,
                    of=row.of,
                    evidence=evidence,
                    goals=row.goals,
                    reasons=tuple(
                        self._evidence(f"{item.code} {item.message}") for item in row.reasons if item.code != _LAPSED
                    ),
                    more=more,
                    scope=self._scope(row.entry.scope) if CASE_FILE in evidence else {},
                    digest=row.digest,
                )

    def _scope(self, scope: Scope) -> dict[str, str]:
        """The items of the case file that count by themselves for an objective of this scope."""
        if scope in (Scope.REQUIREMENT, Scope.DERIVED_REQUIREMENT):
            chosen = [f"requirement text {item.id}" for item in self.case.requirements]
            if scope is Scope.DERIVED_REQUIREMENT:
                chosen = [f"requirement text {item.id}" for item in self.case.requirements if item.derived]
            return {key: _digest(self.parts[key]) for key in chosen}
        kinds = {
            Scope.MODEL: ("model",),
            Scope.PARAMETER_DATA_ITEM: ("model",),
            Scope.DATA_SET: ("data set", "table"),
        }.get(scope, _FILE_ITEMS)
        return {key: _digest(self._bare(key)) for key in self.parts if key.rpartition(" ")[0] in kinds}

    # --- words of named persons --------------------------------------------------------------------------------------------

    def _sign_offs(self) -> Iterator[SignOffFact]:
        rows = {f"{item.catalogue.id}:{row.entry.id}": row for item in self.snapshot.coverage for row in item.rows}
        for objective in dict.fromkeys(item.objective for item in self.case.acceptances):
            row = rows.get(objective)
            given = [item for item in self.case.acceptances if item.objective == objective]
            fitting = [item for item in given if row is not None and item.digest == row.digest]
            chosen = (fitting or given)[-1]
            stands = row is not None and row.acceptance is not None and row.acceptance.counts
            beneath = row.digest if row is not None else _digest("no such objective")
            yield self._signed(
                "acceptance", objective, objective, chosen.by, chosen.date, chosen.digest, stands, beneath
            )
        threats = {item.id: threat_digest(item) for item in self.case.threat_models}
        for deviation in self.case.deviations:
            stands, beneath = True, _digest(deviation.about)
            claim = self.loaded.claims.get(deviation.about)
            if claim is not None:
                refuted = self.snapshot.standings[deviation.about].refuted
                stands, beneath = disposes(deviation, claim, refuted), _digest([claim.identity, refuted])
            elif deviation.about in threats:
                beneath = threats[deviation.about]
                stands = deviation.of == beneath
            elif deviation.about in rows:
                row = rows[deviation.about]
                beneath = _digest([row.status.value, row.n, row.of, [item.code for item in row.reasons]])
            yield self._signed(
                "deviation",
                deviation.id,
                deviation.about,
                deviation.accepted_by,
                deviation.date,
                deviation.of,
                stands,
                beneath,
            )
        yield from self._dispositions()
        for requirement in self.case.requirements:
            review, claim = requirement.meaning_review, self.loaded.claims.get(requirement.id)
            if review is None:
                continue
            stands = claim is not None and claim.reviewed
            beneath = self._meaning(requirement.id)
            id = requirement.id
            yield self._signed("meaning review", id, id, review.by, review.date, review.of, stands, beneath)

    def _dispositions(self) -> Iterator[SignOffFact]:
        doubts = {
            item.id: item for item in doubts_of(self.loaded, self.snapshot.register, self.snapshot.built.argument)
        }
        for number, given in enumerate(self.case.dispositions, 1):
            doubt = doubts.get(given.challenge)
            stands = doubt is not None and doubt.recorded == f"{self.loaded.digest}#disposition-{number}"
            beneath = doubt.digest if doubt is not None else _digest("no such doubt")
            id = f"{given.challenge} ({number})"
            yield self._signed("disposition", id, given.challenge, given.by, given.date, given.of, stands, beneath)

    def _signed(
        self,
        kind: SignOffKind,
        id: str,
        about: str,
        by: str,
        date: str,
        of: str | None,
        stands: bool,
        beneath: str,
    ) -> SignOffFact:
        person = self.case.person(by)
        return SignOffFact(
            kind=kind,
            id=id,
            about=about,
            by=person.name,
            role=person.role,
            date=date,
            of=of,
            stands=stands,
            beneath=beneath,
        )


def _named(formal: FormalProperty) -> Iterator[str]:
    """What a formal property refers to."""
    yield f"model {formal.model}"
    if isinstance(formal.regions, BallsOf):
        yield from (f"data set {formal.regions.data_set}", f"threat model {formal.regions.threat_model}")
    elif isinstance(formal.regions, CellsOf):
        yield f"table {formal.regions.table}"
    elif not isinstance(formal.regions, BoxesOf):
        yield f"property file {formal.regions.property_file}"


def _problem(report: ProblemReport) -> ProblemFact:
    """Nobody has to have closed a report for it to vanish: then the comparison says so."""
    state = "closed" if report.closed else "open, blocks" if report.blocks else "open"
    facts = {field.name: _plain(getattr(report, field.name)) for field in dataclasses.fields(report)}
    return ProblemFact(
        id=report.id,
        text=report.text,
        state=f"{state} (what was recorded has lapsed)" if report.lapsed else state,
        closed=report.closed,
        requirements=report.requirements,
        evidence=report.evidence,
        facts=flatten({name: value for name, value in facts.items() if name not in ("id", "text")}),
    )


def _plain(value: Any) -> Any:
    """A field of a row as a JSON value."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, list | tuple | set | frozenset):
        parts = [_plain(part) for part in value]
        return sorted(parts, key=str) if isinstance(value, set | frozenset) else parts
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    if value is None or isinstance(value, str | int | float | bool):
        return str(value) if isinstance(value, str) else value
    return getattr(value, "value", str(value))
