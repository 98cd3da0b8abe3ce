"""Which evidence there is for one item in the scope of an objective, and how far the credit rules let it go.

A `Bit` is one item of evidence held against one item in scope. The catalogue's rows say which kind, about which
artefact and model role, earns what; guarantee, independence, naming and freshness can only lower it.
Not here: the status of an objective (coverage.py), what the catalogues say (catalogue.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from assurance.case import Case
from assurance.catalogue import Catalogue, Entry, Selected
from assurance.catalogue_vocabulary import CreditLevel, EvidenceKind, ModelRole, Scope, Subject
from assurance.loading import LoadedCase
from assurance.register import Register
from assurance.status import Standing, Status
from assurance.support import Reason, reason
from evidence.diagnostics import Severity, code
from evidence.records import BoundsRecord, ExternalVerdictRecord, RunRecord, SmoothingRecord
from evidence.specification import InputBalls, KeepLabel, Statement
from evidence.verdict import Artefact, GuaranteeKind

_GAP = Severity.WARNING
O_STALE = code("O209", Severity.ERROR, "evidence in scope is stale", "declare the new digest and repeat the runs")
O_SUPPORTING = code("O202", _GAP, "evidence is supporting only", "see the next action of the objective")
O_REMAINS = code("O203", _GAP, "partial credit: more remains to be shown", "show what the reason names")
O_INDEPENDENCE = code(
    "O204", _GAP, "independence is not shown", "have somebody other than the author verify it, and record who"
)
O_ARTEFACT = code(
    "O205",
    _GAP,
    "evidence is about another artefact than the objective",
    "show the objective on the artefact that it is about",
)
O_REFUSED = code("O213", Severity.NOTE, "evidence that does not count here", "read why; look at the next action")
O_SUPPLEMENT = code(
    "O214", _GAP, "credit needs a supplement in the agreed basis", "agree the supplement with the authority"
)


@dataclass(frozen=True)
class Bit:
    """One item of evidence for one item in scope: what it is, and how far it goes."""

    evidence: str
    """Digest of the record, document or case file."""
    kind: EvidenceKind
    artefact: Artefact
    guarantee: GuaranteeKind
    independent: bool
    names: tuple[str, ...]
    """Objectives that it names itself ('standard:objective')."""
    whole: bool
    """False when the underlying requirement is not fully supported: credit is capped at partial."""
    role: ModelRole | None = None
    goal: str | None = None
    fresh: bool = True
    """False for a document whose file has changed: it earns nothing and makes the objective stale."""
    from_case: bool = False
    """True for what the case file shows by itself."""


def bits_for(
    loaded: LoadedCase,
    register: Register,
    standings: dict[str, Standing],
    catalogue: Catalogue,
    entry: Entry,
    item: str,
) -> Iterator[Bit]:
    yield from _record_bits(loaded.case, standings, entry, item)
    yield from _document_bits(loaded.case, register, entry, item)
    yield from _case_bits(loaded, entry, item)


def _requirements_of(case: Case, entry: Entry, item: str) -> list[str]:
    """Which requirements' evidence speaks for an item in scope."""
    if entry.scope in (Scope.REQUIREMENT, Scope.DERIVED_REQUIREMENT):
        return [item]
    if entry.scope in (Scope.MODEL, Scope.PARAMETER_DATA_ITEM):
        return [r.id for r in case.requirements if r.property and r.property.model == item]
    if entry.scope is Scope.CASE:
        return [r.id for r in case.requirements]
    return []


def _kind(record: RunRecord) -> EvidenceKind:
    """What a run's record is in the vocabulary of the catalogues: its statement decides, not only its engine."""
    if isinstance(record, SmoothingRecord):
        return EvidenceKind.PROBABILISTIC_ROBUSTNESS
    if isinstance(record, BoundsRecord):
        return EvidenceKind.FORMAL_LOCAL_ROBUSTNESS if _keeps(record.statement) else EvidenceKind.FORMAL_PROPERTY
    return EvidenceKind.OUTPUT_REACHABILITY


def _keeps(statement: Statement) -> bool:
    """True for stability: the decision is kept under a perturbation of listed inputs."""
    return isinstance(statement.regions, InputBalls) and isinstance(statement.condition, KeepLabel)


def _record_bits(case: Case, standings: dict[str, Standing], entry: Entry, item: str) -> Iterator[Bit]:
    owners = _requirements_of(case, entry, item)
    # an item that spans several requirements is whole only when all of them are supported
    all_supported = bool(owners) and all(standings[name].status is Status.SUPPORTED for name in owners)
    for name in owners:
        standing = standings[name]
        if standing.best is None or standing.status not in (Status.SUPPORTED, Status.PARTIAL):
            continue
        record = standing.best.record
        if isinstance(record, ExternalVerdictRecord):
            continue  # another tool's word earns no credit
        formal = case.requirement(name).property
        role = ModelRole(case.model(formal.model).role) if formal else None
        yield Bit(
            standing.best.digest,
            _kind(record),
            record.artefact,
            record.guarantee.kind,
            False,
            (),
            all_supported,
            role,
            f"G4-{name}",
        )


def _role(case: Case, item: str) -> ModelRole | None:
    """The declared role of the model that an item in scope is, or is about; None when models differ in role."""
    named = [model.role for model in case.models if model.id == item]
    named += [case.model(r.property.model).role for r in case.requirements if r.id == item and r.property]
    roles = set(named or [model.role for model in case.models])
    return ModelRole(roles.pop()) if len(roles) == 1 else None


def _document_bits(case: Case, register: Register, entry: Entry, item: str) -> Iterator[Bit]:
    for document in register.documents:
        if document.record.evidence_kind not in {kind.value for kind in EvidenceKind}:
            continue
        about = document.record.about
        if item not in about and "case" not in about:
            continue
        record = document.record
        yield Bit(
            document.digest,
            EvidenceKind(record.evidence_kind),
            record.artefact,
            record.guarantee.kind,
            record.independent,
            document.item.objectives,
            True,
            _role(case, item),
            fresh=document.fresh,
        )


def _case_bits(loaded: LoadedCase, entry: Entry, item: str) -> Iterator[Bit]:
    """What the case file itself shows: that a requirement is written down and traced, that an item is identified.

    Only where the entry is about just that: a requirement's trace to its parent says nothing about code.
    """
    case = loaded.case

    def bit(kind: EvidenceKind) -> Bit:
        documentary = GuaranteeKind.DOCUMENTARY
        return Bit(
            loaded.digest, kind, Artefact.DOCUMENT, documentary, False, (), True, _role(case, item), from_case=True
        )

    if entry.artefact is Subject.REQUIREMENTS and entry.scope in (Scope.REQUIREMENT, Scope.DERIVED_REQUIREMENT):
        yield bit(EvidenceKind.REQUIREMENT_RECORD)
        yield bit(EvidenceKind.TRACE_RECORD)
    if entry.artefact is Subject.CONFIGURATION and entry.scope in (Scope.MODEL, Scope.DATA_SET, Scope.CASE):
        fresh = {file.id for file in loaded.files if file.fresh}
        if item in fresh or (item == "case" and len(fresh) == len(loaded.files) and case.models):
            yield bit(EvidenceKind.CONFIGURATION_INDEX)


def credit_of(
    entry: Entry, catalogue: Catalogue, selected: Selected, bit: Bit
) -> tuple[CreditLevel | None, list[Reason]]:
    """How far one bit goes for the entry, with the reasons for what it lacks."""
    row = entry.credit_for(bit.kind, bit.artefact, bit.role)
    if row is None:
        why = entry.refusal(bit.kind)
        if why:
            return None, [reason(O_REFUSED, f"{bit.kind.value}: {why}")]
        if any(other.evidence is bit.kind for other in entry.credit):
            wanted = sorted({other.artefact.value for other in entry.credit if other.evidence is bit.kind})
            return None, [
                reason(O_ARTEFACT, f"{bit.kind.value} about the {bit.artefact.value}; asked for is {', '.join(wanted)}")
            ]
        return None, []
    if row.must_name_entry and f"{catalogue.id}:{entry.id}" not in bit.names:
        return None, []
    level = row.earned(bit.guarantee)
    if level is None:
        return None, [reason(O_REFUSED, f"{bit.kind.value}: a {bit.guarantee.value} statement earns no credit here")]
    if not bit.fresh:
        return None, [reason(O_STALE, "a document that would count here has changed")]
    reasons = []
    if bit.from_case and row.supporting_from_case:
        level = CreditLevel.SUPPORTING
    if level is CreditLevel.FULL and not bit.whole:
        level = CreditLevel.PARTIAL
    if level is CreditLevel.FULL and selected.independence and not bit.independent:
        level = CreditLevel.PARTIAL
        reasons.append(reason(O_INDEPENDENCE, "asked for at this level; nobody but the author is recorded"))
    if row.supplement and level is not CreditLevel.SUPPORTING:
        reasons.append(reason(O_SUPPLEMENT, f"formal credit rests on {row.supplement}; the case records no agreement"))
    which = O_SUPPORTING if level is CreditLevel.SUPPORTING else O_REMAINS
    if level is not CreditLevel.FULL:
        reasons.append(reason(which, row.remains))
    return level, reasons
