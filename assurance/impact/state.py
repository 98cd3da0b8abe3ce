"""From a snapshot to the facts of a baseline. Writes nothing, runs nothing.

Everything here is read off the snapshot, so that a comparison can never disagree with `check`, `gaps` or the dossier.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from assurance import __version__
from assurance.catalogue_vocabulary import Scope
from assurance.gsn.elements import Element, Goal, Solution, Strategy
from assurance.impact.beneath import Beneath, digest_of
from assurance.impact.facts import (
    CASE_FILE,
    LAPSED,
    Baseline,
    CaseFact,
    EvidenceFact,
    GoalFact,
    Item,
    JournalFact,
    ObjectiveFact,
    ProblemFact,
    RequirementFact,
)
from assurance.impact.items import case_items, catalogue_items, flatten, rule_items, tool_items
from assurance.impact.runs import LIBRARY, Setting, document_fact, record_fact, run_facts
from assurance.impact.signed import sign_offs
from assurance.package.layout import rules_of
from assurance.problems import ProblemReport
from assurance.snapshot import Snapshot
from assurance.status import Standing
from assurance.strength import Strength
from evidence.provenance import stamp
from evidence.store import Store

_ROW = frozenset(
    {"entry", "selected", "status", "n", "of", "evidence", "goals", "reasons", "next", "tied", "acceptance"}
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
        brought += rule_items(self.rules, self._patterns())
        brought += tool_items(self._tools())
        self.items: tuple[Item, ...] = (*own, *{item.key: item for item in brought}.values())
        self.parts = {item.key: item.parts for item in own}
        self.beneath = Beneath(snapshot)

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
            journal=tuple(
                JournalFact(**{name: getattr(entry, name) for name in JournalFact.model_fields})
                for entry in self.setting.store.journal()
            ),
            runs=self.runs,
            requirements=tuple(self._requirement(item) for item in self.snapshot.standings.values()),
            goals=tuple(self._goals()),
            objectives=tuple(self._objectives()),
            problems=tuple(map(_problem, self.snapshot.problems)),
            sign_offs=tuple(sign_offs(self.beneath)),
        )

    # --- tools -------------------------------------------------------------------------------------------------------

    def _tools(self) -> dict[str, str]:
        """Versions of the tool and of the libraries that the declared runs would use; of a package only its own."""
        if self.setting.elsewhere is not None:
            return {"assurance": self.setting.elsewhere}
        asked = [part for run in self.runs for part in run.asked.items() if part[0].startswith(LIBRARY)]
        libraries = {name.removeprefix(LIBRARY): version for name, version in asked}
        return {"assurance": stamp("", {}, {}, 0, "cpu").engine_version} | libraries

    def _patterns(self) -> frozenset[str]:
        """The patterns that the argument was made from. What else the library holds changes nothing here."""
        made = (item.provenance.pattern for item in self.snapshot.built.argument if item.provenance)
        return frozenset([*self.case.patterns, *made])

    # --- subjects of documents -----------------------------------------------------------------------------------------

    def _subjects(self, about: tuple[str, ...]) -> dict[str, str]:
        """What a document is about, by digest. About the case as a whole nothing is followed: everything would concern it."""
        found: dict[str, str] = {}
        for name in about:
            if name == "requirements":
                found |= {item.id: self.beneath.meaning(item.id) for item in self.case.requirements}
            elif name == "implementation":
                found |= {item.id: self._file(item.id) for item in self.case.models}
            elif name in _LEG_TEXTS:
                found[name] = digest_of(getattr(self.case.constituent, name))
            elif name in self.snapshot.standings:
                found[name] = self.beneath.meaning(name)
            elif any(f"{kind} {name}" in self.parts for kind in _FILE_ITEMS):
                found[name] = self._file(name)
        return found

    def _file(self, id: str) -> str:
        return digest_of({kind: self._bare(f"{kind} {id}") for kind in _FILE_ITEMS if f"{kind} {id}" in self.parts})

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
            meaning=self.beneath.meaning(standing.requirement),
            identity=claim.identity if claim else None,
            evidence=tuple(dict.fromkeys(item.digest for item in held)),
            rests_on=tuple(self.beneath.resting[standing.requirement]),
        )

    # --- goals -----------------------------------------------------------------------------------------------------------

    def _goals(self) -> Iterator[GoalFact]:
        built = self.snapshot.built
        tops = {item.id for item in built.argument.tops()}
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
                strength=_strength(built.strength[element.id]) if element.id in tops else None,
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
            return {key: digest_of(self.parts[key]) for key in chosen}
        kinds = {
            Scope.MODEL: ("model",),
            Scope.PARAMETER_DATA_ITEM: ("model",),
            Scope.DATA_SET: ("data set", "table"),
        }.get(scope, _FILE_ITEMS)
        return {key: digest_of(self._bare(key)) for key in self.parts if key.rpartition(" ")[0] in kinds}


def _strength(found: Strength) -> str:
    facts = found.as_json()
    return digest_of(facts | {"limits": [[item.code, sorted(item.texts)] for item in found.limits]})


def _problem(report: ProblemReport) -> ProblemFact:
    """Nobody has to have closed a report for it to vanish: then the comparison says so."""
    state = "closed" if report.closed else "open, blocks" if report.blocks else "open"
    facts = {field.name: _plain(getattr(report, field.name)) for field in dataclasses.fields(report)}
    return ProblemFact(
        id=report.id,
        text=report.text,
        state=f"{state}{LAPSED}" if report.lapsed else state,
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
