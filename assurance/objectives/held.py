"""Which evidence a case holds for the items in the scope of objectives, indexed so that each question is asked once.

The work grows with records + documents + objectives, not with their product (benchmarks/bench_coverage.py).
Not here: what evidence is when it is held against an item (bits.py), what it earns (credit.py), the status of an
objective (status.py).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property

from assurance.case_compliance_checks import declared_names
from assurance.catalogue import Entry
from assurance.catalogue_vocabulary import OPAQUE_KINDS, EvidenceKind, ModelRole, Scope, Subject
from assurance.loading import LoadedCase
from assurance.objectives.bits import Alike, Bit, Gathered, Naming, Pool, Signature
from assurance.objectives.later import Later
from assurance.objectives.people import UNNAMED, Makers, examined, makers, operators
from assurance.register import DocumentEntry, Register, RunItem
from assurance.status import Standing, Status
from evidence.digest import canonical_json, of_bytes
from evidence.records import BoundsRecord, ExternalVerdictRecord, RunRecord, SmoothingRecord
from evidence.records.engineering import CoverageResults, Criterion, RequirementList, Review
from evidence.specification import InputBalls, KeepLabel, Statement
from evidence.verdict import Artefact, GuaranteeKind

_KINDS = frozenset(kind.value for kind in EvidenceKind)
_OPAQUE = frozenset(kind.value for kind in OPAQUE_KINDS)

_DECLARED = frozenset(Scope) - {Scope.RUN, Scope.DOCUMENT}
"""Scopes whose items are declared items. Runs and data items have identifiers of their own space: a name that a declared
item has means that item."""

_REVIEWS = (EvidenceKind.REVIEW_RECORD, EvidenceKind.QUALITY_AUDIT)

_SHOWN_BY_CASE = {
    Subject.REQUIREMENTS: (Scope.REQUIREMENT, Scope.DERIVED_REQUIREMENT),
    Subject.CONFIGURATION: (Scope.MODEL, Scope.DATA_SET, Scope.CASE),
}
"""What entries are about that the case file shows something of by itself, and in which scopes it does."""

CASE = "case"
"""The one item of a scope that is the case as a whole."""


class Evidence:
    """All evidence of a case, held against items. Built once; `pool` and `naming` answer for an objective."""

    def __init__(
        self,
        loaded: LoadedCase,
        register: Register,
        standings: Mapping[str, Standing],
        goals: Mapping[str, tuple[str, ...]],
        challenged: frozenset[str] = frozenset(),
    ) -> None:
        """`challenged`: digests of documents under a challenge that stands or was upheld."""
        self.loaded, self.case = loaded, loaded.case
        self.standings, self.goals = standings, goals
        self.held = frozenset(
            document.item.id for document in register.documents if document.counts and document.digest not in challenged
        )
        """Ids of the documents that stand: unchanged, readable, without failure, and not challenged."""
        self._challenged = challenged
        self._declared = declared_names(loaded.case)
        self._makers = makers(loaded.case)
        self._operators = operators(loaded.case)
        self._pools: dict[object, Pool] = {}
        self._gathered: dict[tuple[int, frozenset[Signature]], Gathered] = {}
        self._together: dict[tuple[object, ...], Gathered] = {}
        self._record_bits: dict[tuple[str, bool], Bit | None] = {}
        self._own_bits: dict[tuple[EvidenceKind, ModelRole | None], Bit] = {}
        self._general: dict[str, list[DocumentEntry]] = {}
        self._named: dict[str, list[DocumentEntry]] = {}
        self._opaque: list[DocumentEntry] = []
        self._lists = {item.digest: names for item in register.documents if (names := _listed(item)) is not None}
        for document in register.documents:
            if document.record.evidence_kind not in _KINDS:
                continue
            if document.record.evidence_kind in _OPAQUE:
                for name in document.item.objectives:
                    self._named.setdefault(name, []).append(document)
                self._opaque.append(document)
            else:
                for name in dict.fromkeys(document.record.about):
                    self._general.setdefault(name, []).append(document)
                for name in document.item.objectives if CASE in document.record.about else ():
                    self._named.setdefault(name, []).append(document)

    # --- scopes ---------------------------------------------------------------------------------------------------

    def _items(self, scope: Scope, data_items: tuple[str, ...]) -> tuple[str, ...]:
        """The N of "n of N": identifiers of the items in a scope."""
        case = self.case
        match scope:
            case Scope.REQUIREMENT:
                return tuple(item.id for item in case.requirements)
            case Scope.DERIVED_REQUIREMENT:
                return tuple(item.id for item in case.requirements if item.derived)
            case Scope.MODEL:
                return tuple(item.id for item in case.models)
            case Scope.PARAMETER_DATA_ITEM:
                role = ModelRole.PARAMETER_DATA_ITEM.value
                return tuple(item.id for item in case.models if item.role == role)
            case Scope.DATA_SET:
                return tuple(item.id for item in (*case.data_sets, *case.tables))
            case Scope.RUN:
                return tuple(item.id for item in case.runs)
            case Scope.DOCUMENT:
                return data_items or (CASE,)
            case Scope.CASE:
                return (CASE,)

    def pool(self, entry: Entry) -> Pool:
        """Items and evidence for an entry's scope."""
        data_items = entry.data_items if entry.scope is Scope.DOCUMENT else ()
        shown_by_case = entry.artefact if entry.scope in _SHOWN_BY_CASE.get(entry.artefact, ()) else None
        return self._pool(entry.scope, data_items, shown_by_case)

    def _pool(self, scope: Scope, data_items: tuple[str, ...], shown_by_case: Subject | None) -> Pool:
        key = (scope, data_items, shown_by_case)
        if key not in self._pools:
            if shown_by_case is None:
                items = self._items(scope, data_items)
                bits = self._shown(scope, items)
            else:  # beside what records and documents show, whatever it is that an entry is about
                plain = self._pool(scope, data_items, None)
                items = plain.items
                pairs = zip(items, plain.bits, strict=True)
                bits = [(*found, *self._from_case(shown_by_case, scope, item)) for item, found in pairs]
            self._pools[key] = self._grouped(scope, items, tuple(bits))
        return self._pools[key]

    def _shown(self, scope: Scope, items: tuple[str, ...]) -> list[tuple[Bit, ...]]:
        """What records and documents show of each item. Of most scopes they name few items, or none."""
        if CASE in self._general:
            documented: Collection[str] = items
        else:
            documented = self._general.keys() & {*items}
        found = {item: self._documents(scope, item) for item in documented}
        owners = self._requirements_in(scope)
        recorded = {item: self._records(names) for item in items if (names := owners.get(item))}
        return [(*recorded.get(item, ()), *found.get(item, ())) for item in items]

    def _grouped(self, scope: Scope, items: tuple[str, ...], bits: tuple[tuple[Bit, ...], ...]) -> Pool:
        made, roles, common = self._made_in(scope), self._roles_in(scope), self._common_role
        alike: dict[tuple[tuple[Signature, ...], Makers, ModelRole | None], Alike] = {}
        for position, (item, held) in enumerate(zip(items, bits, strict=True)):
            signatures = tuple(dict.fromkeys([bit.signature for bit in held])) if held else ()
            key = (signatures, made.get(item, UNNAMED), roles.get(item, common))
            known = alike.get(key)
            if known is None:
                known = alike[key] = Alike(signatures, [])
            known.items.append(position)
        people = frozenset[str]().union(*(makers.people for _, makers, _ in alike))
        return Pool(items, bits, tuple(alike.values()), people)

    def naming(self, standard: str, entry: Entry, pool: Pool) -> Naming:
        """Documents that name the entry themselves: of opaque kinds about items of the pool, of any about the case."""
        listed = self._named.get(f"{standard}:{entry.id}")
        if not listed:
            return Naming((), {})
        at: dict[int, list[DocumentEntry]] = {}
        everywhere = []
        for document in listed:
            about = self._about(document, entry.scope)
            if CASE in about:
                everywhere.append(document)
                continue
            for name in dict.fromkeys(about):
                if name in pool.position and self._speaks(entry.scope, name):
                    at.setdefault(pool.position[name], []).append(document)
        return Naming(tuple(everywhere), {position: tuple(found) for position, found in at.items()})

    @cached_property
    def silent(self) -> dict[EvidenceKind, list[DocumentEntry]]:
        """Documents that would have to name an objective and name none of any standard, by kind."""
        found: dict[EvidenceKind, list[DocumentEntry]] = {}
        for document in self._opaque:
            if document.counts and not document.item.objectives:
                found.setdefault(EvidenceKind(document.record.evidence_kind), []).append(document)
        return found

    def is_about(self, document: DocumentEntry, scope: Scope, pool: Pool) -> bool:
        """Whether a document is about the case as a whole or an item of the pool."""
        about = self._about(document, scope)
        return CASE in about or any(name in pool.position and self._speaks(scope, name) for name in about)

    def _about(self, document: DocumentEntry, scope: Scope) -> Collection[str]:
        """What a document is about in a scope. One that was read and lists its items speaks of these alone, also where it
        is declared about the case: of a requirement that a review does not list it says nothing."""
        about = document.record.about
        if CASE not in about or scope is Scope.CASE or scope not in _DECLARED:
            return about
        listed = self._lists.get(document.digest)
        return about if listed is None else listed

    def _speaks(self, scope: Scope, name: str) -> bool:
        """Whether a name in a document's `about` means the item of that name in this scope."""
        return scope in _DECLARED or name not in self._declared

    def gather(self, pool: Pool, counted: frozenset[Signature]) -> Gathered:
        """What of a pool counts, given the signatures that do."""
        key = (id(pool), counted)
        if key not in self._gathered:
            held: dict[int, Iterable[Bit]] = {}
            for alike in pool.alike:
                if counted.isdisjoint(alike.signatures):
                    continue
                every = counted.issuperset(alike.signatures)
                for position in alike.items:
                    bits = pool.bits[position]
                    held[position] = bits if every else [bit for bit in bits if bit.signature in counted]
            found = [bit for position in sorted(held) for bit in held[position]]
            evidence = tuple(dict.fromkeys(bit.evidence for bit in found))
            self._gathered[key] = Gathered(
                evidence,
                tuple(dict.fromkeys(goal for bit in found for goal in bit.goals)),
                frozenset[str]().union(*{bit.people for bit in found}),
                self._digest(evidence),
            )
        return self._gathered[key]

    def with_documents(self, gathered: Gathered, documents: Iterable[DocumentEntry]) -> Gathered:
        """The same with documents that name the objective."""
        items = {item.digest: item for item in documents}
        if not items:
            return gathered
        key = (id(gathered), *items)
        if key not in self._together:
            self._together[key] = Gathered(
                tuple(dict.fromkeys((*gathered.evidence, *items))),
                gathered.goals,
                gathered.people | {item.item.author for item in items.values()},
                Later(lambda: of_bytes(canonical_json([gathered.digest(), sorted(items)]))),
            )
        return self._together[key]

    def _digest(self, evidence: tuple[str, ...]) -> Later:
        own = self.loaded.digest
        return Later(lambda: of_bytes(canonical_json(sorted(item for item in evidence if item != own))))

    # --- records --------------------------------------------------------------------------------------------------

    def _records(self, owners: tuple[str, ...]) -> list[Bit]:
        """What the records of requirements show of an item that they all speak for."""
        # an item that spans several requirements is whole only when all of them are supported, is verified independently
        # only when all of their records are, and rests on the tools of all of them
        whole = all(self.standings[name].status is Status.SUPPORTED for name in owners)
        bits = [bit for name in owners if (bit := self._record_of(name, whole)) is not None]
        if len(bits) < 2:
            return bits
        alike = dict.fromkeys(bit.signature for bit in bits)
        independent = all(signature.independent for signature in alike)
        tools = tuple(sorted({tool for signature in alike for tool in signature.tools}))
        joined = {signature: signature._replace(independent=independent, tools=tools) for signature in alike}
        if all(together == signature for signature, together in joined.items()):
            return bits
        return [bit._replace(signature=joined[bit.signature]) for bit in bits]

    def _requirements_in(self, scope: Scope) -> Mapping[str, tuple[str, ...]]:
        """By item of a scope, the requirements whose evidence speaks for it."""
        match scope:
            case Scope.REQUIREMENT | Scope.DERIVED_REQUIREMENT:
                return {item.id: (item.id,) for item in self.case.requirements}
            case Scope.MODEL | Scope.PARAMETER_DATA_ITEM:
                return self._of_model
            case Scope.CASE:
                return {CASE: tuple(item.id for item in self.case.requirements)}
            case _:
                return {}

    @cached_property
    def _of_model(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for requirement, model in self._model_of.items():
            found.setdefault(model, []).append(requirement)
        return {model: tuple(names) for model, names in found.items()}

    def _record_of(self, requirement: str, whole: bool) -> Bit | None:
        """The best current record of a requirement as a bit, for an item that is `whole` or for one that is not."""
        key = (requirement, whole)
        if key not in self._record_bits:
            self._record_bits[key] = self._record(requirement, whole)
        return self._record_bits[key]

    def _record(self, requirement: str, whole: bool) -> Bit | None:
        standing = self.standings[requirement]
        best = standing.best
        if best is None or standing.status not in (Status.SUPPORTED, Status.PARTIAL):
            return None
        record = best.record
        if isinstance(record, ExternalVerdictRecord):
            return None  # another tool's word earns no credit
        made = examined(self._makers, requirement, self._model_of.get(requirement))
        operator = self._carried_out.get(best.run)
        signature = Signature(
            kind_of(record),
            record.artefact,
            record.guarantee.kind,
            independent=made.independent(operator),
            whole=whole,
            role=self.roles.get(requirement),
            tools=unchecked_tools(best),
        )
        people = made.people | {operator} if operator else made.people
        return Bit(best.digest, signature, self.goals.get(requirement, ()), people)

    @cached_property
    def _model_of(self) -> dict[str, str]:
        return {item.id: item.property.model for item in self.case.requirements if item.property}

    @cached_property
    def _carried_out(self) -> dict[str, str]:
        return {run.id: run.operator for run in self.case.runs if run.operator}

    @cached_property
    def assuming(self) -> tuple[str, ...]:
        """Requirements whose best record is formal and rests on assumptions."""
        formal = (GuaranteeKind.PROVED, GuaranteeKind.UNCHECKED)
        return tuple(
            name
            for name, standing in self.standings.items()
            if (best := standing.best) is not None and best.record.assumptions and best.record.guarantee.kind in formal
        )

    # --- documents ------------------------------------------------------------------------------------------------

    def _documents(self, scope: Scope, item: str) -> Iterable[Bit]:
        about, general = self._general.get(item, ()), self._general.get(CASE, ())
        if not about and not general:
            return ()
        found = {document.digest: document for document in about if self._speaks(scope, item)}
        if item != CASE:
            found |= {
                document.digest: document
                for document in general
                if CASE in (spoken := self._about(document, scope)) or item in spoken
            }
        return [self.document(document, item, scope) for document in found.values()]

    def document(self, document: DocumentEntry, item: str, scope: Scope, named: bool = False) -> Bit:
        """A document held against one item in a scope. `named`: it names the entry itself."""
        record, declared = document.record, document.item
        made = self._made_in(scope).get(item, UNNAMED)
        own = item != CASE and item in self._about(document, scope) and self._speaks(scope, item)
        signature = Signature(
            EvidenceKind(record.evidence_kind),
            record.artefact,
            record.guarantee.kind,
            independent=record.independent and all(map(made.independent, self._verifiers(document))),
            whole=document.shows.whole,
            fresh=document.fresh,
            fails=document.fresh and not document.counts,
            challenged=declared.id if document.digest in self._challenged else "",
            general=not (named or own),
            measures=_measures(document),
            role=self._roles_in(scope).get(item, self._common_role),
        )
        return Bit(document.digest, signature, (), frozenset({declared.author}))

    @staticmethod
    def _verifiers(document: DocumentEntry) -> tuple[str | None, ...]:
        """Who verified what a document is about: who reviewed the document; of a review or audit also its author, who
        carried it out."""
        declared = document.item
        own = EvidenceKind(document.record.evidence_kind) in _REVIEWS
        return (declared.reviewer, declared.author) if own else (declared.reviewer,)

    def _made_in(self, scope: Scope) -> Mapping[str, Makers]:
        """Who made the items of a scope. Identifiers alone do not tell: a run may be called as a requirement is."""
        if scope is Scope.RUN:
            return self._operators
        return self._makers if scope in _DECLARED else {}

    def _roles_in(self, scope: Scope) -> Mapping[str, ModelRole]:
        return self.roles if scope in _DECLARED else {}

    @cached_property
    def roles(self) -> dict[str, ModelRole]:
        """The declared role of the model that an item is, or is about."""
        of_model = {model.id: ModelRole(model.role) for model in self.case.models}
        return of_model | {name: of_model[model] for name, model in self._model_of.items() if model in of_model}

    @cached_property
    def _common_role(self) -> ModelRole | None:
        roles = {model.role for model in self.case.models}
        return ModelRole(roles.pop()) if len(roles) == 1 else None

    # --- what the case file shows by itself -----------------------------------------------------------------------

    def _from_case(self, about: Subject, scope: Scope, item: str) -> Iterator[Bit]:
        """That a requirement is written down and traced, that an item is identified: only where the entry is about
        just that. A requirement's trace to its parent says nothing about code, and a derived one has no parent."""
        if about is Subject.REQUIREMENTS:
            yield self._own(EvidenceKind.REQUIREMENT_RECORD, scope, item)
            if scope is Scope.DERIVED_REQUIREMENT or item in self._traced:
                yield self._own(EvidenceKind.TRACE_RECORD, scope, item)
        if about is Subject.CONFIGURATION:
            everything = item == CASE and len(self._fresh) == len(self.loaded.files) and bool(self.case.models)
            if item in self._fresh or everything:
                yield self._own(EvidenceKind.CONFIGURATION_INDEX, scope, item)

    @cached_property
    def _traced(self) -> frozenset[str]:
        return frozenset(item.id for item in self.case.requirements if item.parents)

    @cached_property
    def _fresh(self) -> frozenset[str]:
        return frozenset(file.id for file in self.loaded.files if file.fresh)

    def _own(self, kind: EvidenceKind, scope: Scope, item: str) -> Bit:
        key = (kind, self._roles_in(scope).get(item, self._common_role))
        if key not in self._own_bits:
            signature = Signature(kind, Artefact.DOCUMENT, GuaranteeKind.DOCUMENTARY, role=key[1], from_case=True)
            self._own_bits[key] = Bit(self.loaded.digest, signature)
        return self._own_bits[key]


def _listed(document: DocumentEntry) -> frozenset[str] | None:
    """The items that a document's content lists one by one; None for contents that list none."""
    content = document.record.content
    if isinstance(content, Review):
        return frozenset(item.id for item in content.items)
    if isinstance(content, RequirementList):
        return frozenset(item.id for item in content.requirements)
    return None


def _measures(document: DocumentEntry) -> tuple[tuple[Criterion, bool], ...]:
    content = document.record.content
    if not isinstance(content, CoverageResults):
        return ()
    return tuple((name, name in content.complete) for name in content.measured)


def kind_of(record: RunRecord) -> EvidenceKind:
    """What a run's record is in the vocabulary of the catalogues: its statement decides, not only its engine."""
    if isinstance(record, SmoothingRecord):
        return EvidenceKind.PROBABILISTIC_ROBUSTNESS
    if isinstance(record, BoundsRecord):
        return EvidenceKind.FORMAL_LOCAL_ROBUSTNESS if _keeps(record.statement) else EvidenceKind.FORMAL_PROPERTY
    return EvidenceKind.OUTPUT_REACHABILITY


def _keeps(statement: Statement) -> bool:
    """True for stability: the decision is kept under a perturbation of listed inputs."""
    return isinstance(statement.regions, InputBalls) and isinstance(statement.condition, KeepLabel)


CHECKER = "checker"
"""The name under which a case assesses the independent checker as a tool."""


def unchecked_tools(item: RunItem) -> tuple[str, ...]:
    """The tools on which a record rests: the checker where it derived the proof again, else the engine itself."""
    record = item.record
    confirmed = record.guarantee.kind is GuaranteeKind.PROVED and any(
        check.what in ("bounds", "output ranges") and check.agreed for check in record.rechecks
    )
    if confirmed:
        return (CHECKER,)
    return (record.provenance.engine,) if record.provenance else ()
