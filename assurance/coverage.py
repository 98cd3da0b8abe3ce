"""Objectives x evidence -> proposed status and gaps, every status with coded reasons and the next useful action.

For each entry of a selected catalogue: which items are in its scope, which evidence its credit rules accept for each
item, and how far that goes. An objective is supported only when every item is, with full credit; one record
usually gives partial. Proofs about the model description never reach objectives about code or target: the
catalogue's credit rows name the analysed artefact, and what has no row earns nothing.
The tool proposes. Acceptance is by a named person and stands beside the status; it lapses when anything beneath
changes. Not here: what the catalogues say (catalogue.py), what a record shows (support.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from assurance.case import Acceptance, Case
from assurance.catalogue import Catalogue, Entry, Selected
from assurance.catalogue import load as load_catalogue
from assurance.catalogue_vocabulary import (
    PROOF_KINDS,
    Applicability,
    CreditLevel,
    EvidenceKind,
    ModelRole,
    NextKind,
    Scope,
)
from assurance.credit import O_STALE, bits_for, credit_of
from assurance.loading import LoadedCase
from assurance.register import Register
from assurance.status import Standing, Status
from assurance.support import Reason, reason
from assurance.words import counted
from evidence.diagnostics import Finding, Place, Severity, code
from evidence.digest import canonical_json, of_bytes
from evidence.verdict import Artefact

_GAP = Severity.WARNING
O_NONE = code("O201", _GAP, "no evidence that the objective accepts", "see the next action of the objective")
O_NO_MEANS = code(
    "O206", _GAP, "no accepted means exists for learned weights", "agree an alternative means with the authority"
)
O_NOT_MET = code("O207", _GAP, "requirement in scope is not supported", "mend what the requirement's reasons name")
O_CONTRADICTED = code("O208", Severity.ERROR, "requirement in scope is contradicted", "dispose of the counterexamples")
O_UNKNOWN = code(
    "O210", Severity.NOTE, "applicability unknown", "settle it from the organisation's own copy of the standard"
)
O_NEUTRAL = code(
    "O221",
    Severity.NOTE,
    "no recommendation for or against at this level",
    "use the method where it helps; what exists for it stays listed",
)
O_COMBINATION = code(
    "O220",
    Severity.NOTE,
    "one of several methods of a table",
    "choose an appropriate combination of the table's methods and write down the reason",
)
O_NOT_ASKED = code("O211", Severity.NOTE, "not asked for at this level", "nothing to do")
O_NO_ITEMS = code("O212", _GAP, "no item in scope", "state why there is none, and have it accepted")
O_LAPSED = code("O215", _GAP, "acceptance has lapsed", "look at what changed and accept again")
O_DEVIATION = code("O216", Severity.NOTE, "deviation accepted by name", "read the deviation")
O_ABOUT = code(
    "O217",
    Severity.ERROR,
    "reference to an objective that does not exist",
    "write 'standard:objective', as in do-178c:A-4.1",
)


class ObjectiveStatus(StrEnum):
    """The vocabulary for objectives. All are proposals."""

    SUPPORTED = "supported"
    PARTIAL = "partial"
    OPEN = "open"
    CONTRADICTED = "contradicted"
    STALE = "stale"
    NOT_APPLICABLE = "not applicable"
    APPLICABILITY_UNKNOWN = "applicability unknown"


@dataclass(frozen=True)
class AcceptanceState:
    """An acceptance as declared, and whether it still fits what it accepted."""

    by: str
    role: str
    date: str
    lapsed: bool


@dataclass(frozen=True)
class Row:
    """One objective in a coverage table."""

    entry: Entry
    selected: Selected
    status: ObjectiveStatus
    n: int
    of: int
    evidence: tuple[str, ...]
    goals: tuple[str, ...]
    reasons: tuple[Reason, ...]
    next: str | None
    digest: str
    acceptance: AcceptanceState | None

    @property
    def required(self) -> bool | None:
        return self.selected.asked_for

    @property
    def is_gap(self) -> bool:
        """True for what is asked for and not supported."""
        return self.status not in (
            ObjectiveStatus.SUPPORTED,
            ObjectiveStatus.NOT_APPLICABLE,
            ObjectiveStatus.APPLICABILITY_UNKNOWN,
        )


@dataclass(frozen=True)
class Coverage:
    """Coverage of one standard at one level."""

    catalogue: Catalogue
    level: str | None
    rows: tuple[Row, ...]
    findings: tuple[Finding, ...]

    def totals(self) -> dict[str, int]:
        """How many rows have each status; 'asked for' counts those that the level asks for."""
        counted = Counter(row.status.value for row in self.rows)
        totals = {status.value: counted.get(status.value, 0) for status in ObjectiveStatus}
        totals["asked for"] = sum(row.required is True for row in self.rows)
        return totals

    def as_json(self) -> dict[str, object]:
        """The shape of `assurance gaps --json` for one standard."""
        return {
            "standard": self.catalogue.id,
            "edition": self.catalogue.edition,
            "level": self.level,
            "watermark": self.catalogue.watermark,
            "scored": self.catalogue.scored,
            "totals": self.totals() if self.catalogue.scored else {"listed": len(self.rows)},
            "objectives": [_row_json(row, self.catalogue.scored) for row in self.rows],
        }


def _row_json(row: Row, scored: bool) -> dict[str, object]:
    accepted = row.acceptance
    return {
        "id": row.entry.id,
        "title": row.entry.title,
        "status": row.status.value,
        "required": row.required,
        "independence": row.selected.independence,
        "n": row.n if scored else None,
        "of": row.of if scored else None,
        "evidence": list(row.evidence),
        "goals": list(row.goals),
        "reasons": [{"code": item.code, "message": item.message} for item in row.reasons],
        "next": row.next,
        "digest": row.digest,
        "acceptance": None
        if accepted is None
        else {"by": accepted.by, "role": accepted.role, "date": accepted.date, "lapsed": accepted.lapsed},
    }


def coverage(loaded: LoadedCase, register: Register, standings: dict[str, Standing]) -> tuple[Coverage, ...]:
    """Coverage of every standard that the case selects. Raises InputError (O10x) for unknown standards or levels."""
    return tuple(
        _standard(loaded, register, standings, load_catalogue(choice.id), choice.level)
        for choice in loaded.case.standards
    )


def _standard(
    loaded: LoadedCase, register: Register, standings: dict[str, Standing], catalogue: Catalogue, level: str | None
) -> Coverage:
    rows = tuple(_row(loaded, register, standings, catalogue, item) for item in catalogue.select(level))
    return Coverage(catalogue, level, rows, tuple(_dangling(loaded.case, catalogue)))


def _dangling(case: Case, catalogue: Catalogue) -> Iterator[Finding]:
    named = [(item.objective, "acceptances") for item in case.acceptances]
    named += [(item.about, f"deviation {item.id}") for item in case.deviations if ":" in item.about]
    named += [(name, f"document {item.id}") for item in case.documents for name in item.objectives]
    for name, where in named:
        standard, _, objective = name.partition(":")
        if standard == catalogue.id and catalogue.entry(objective) is None:
            yield O_ABOUT.finding(f"{catalogue.id} has no objective {objective!r}", Place(element=where))


def _row(
    loaded: LoadedCase, register: Register, standings: dict[str, Standing], catalogue: Catalogue, selected: Selected
) -> Row:
    entry = selected.entry
    items = _items(loaded.case, entry)
    bits = {item: list(bits_for(loaded, register, standings, catalogue, entry, item)) for item in items}
    credit = {item: [credit_of(entry, catalogue, selected, bit) for bit in bits[item]] for item in items}
    best = {item: _best([level for level, _ in credit[item]]) for item in items}
    full = sum(level is CreditLevel.FULL for level in best.values())
    reasons = [found for item in items for _, given in credit[item] for found in given]
    reasons += _standing_reasons(entry, standings, items)
    status, more = _status(entry, selected, items, best, standings)
    if (
        any(item.code == O_STALE.id for item in reasons)
        and selected.asked_for
        and status is not ObjectiveStatus.CONTRADICTED
    ):
        status = ObjectiveStatus.STALE
    reasons = [*more, *reasons, *_explain(entry, catalogue, best, items), *_choice(catalogue, entry, status)]
    about = f"{catalogue.id}:{entry.id}"
    reasons += [
        reason(O_DEVIATION, f"{item.id}: {item.rationale}") for item in loaded.case.deviations if item.about == about
    ]
    counted = {item: [bit for bit, (level, _) in zip(bits[item], credit[item], strict=True) if level] for item in items}
    evidence = tuple(dict.fromkeys(bit.evidence for item in items for bit in counted[item]))
    goals = tuple(dict.fromkeys(bit.goal for item in items for bit in counted[item] if bit.goal))
    digest = _digest(catalogue, selected, status, full, len(items), evidence, loaded)
    acceptance = _acceptance(loaded.case, about, digest)
    if acceptance and acceptance.lapsed:
        reasons.append(
            reason(O_LAPSED, f"accepted by {acceptance.by} on {acceptance.date}; what lies beneath has changed since")
        )
    return Row(
        entry,
        selected,
        status,
        full,
        len(items),
        evidence,
        goals,
        _distinct(reasons),
        _next(entry, status),
        digest,
        acceptance,
    )


def _distinct(reasons: list[Reason]) -> tuple[Reason, ...]:
    return tuple(dict.fromkeys(reasons))


def _items(case: Case, entry: Entry) -> list[str]:
    """The N of "n of N": identifiers of the items in the entry's scope."""
    if entry.scope is Scope.REQUIREMENT:
        return [item.id for item in case.requirements]
    if entry.scope is Scope.DERIVED_REQUIREMENT:
        return [item.id for item in case.requirements if item.derived]
    if entry.scope is Scope.MODEL:
        return [item.id for item in case.models]
    if entry.scope is Scope.PARAMETER_DATA_ITEM:
        return [item.id for item in case.models if item.role == ModelRole.PARAMETER_DATA_ITEM.value]
    if entry.scope is Scope.DATA_SET:
        return [item.id for item in (*case.data_sets, *case.tables)]
    if entry.scope is Scope.RUN:
        return [item.id for item in case.runs]
    if entry.scope is Scope.DOCUMENT:
        return list(entry.data_items) or ["case"]
    return ["case"]


def _best(levels: list[CreditLevel | None]) -> CreditLevel | None:
    for level in (CreditLevel.FULL, CreditLevel.PARTIAL, CreditLevel.SUPPORTING):
        if level in levels:
            return level
    return None


def _accepts_results(entry: Entry) -> bool:
    computed = PROOF_KINDS | {EvidenceKind.PROBABILISTIC_ROBUSTNESS}
    return any(
        row.evidence in computed
        and row.artefact is Artefact.MODEL_DESCRIPTION
        and row.level is not CreditLevel.SUPPORTING
        for row in entry.credit
    )


def _concerned(entry: Entry, standings: dict[str, Standing], items: list[str]) -> list[Standing]:
    if not _accepts_results(entry):
        return []
    if entry.scope in (Scope.REQUIREMENT, Scope.DERIVED_REQUIREMENT):
        return [standings[item] for item in items]
    return list(standings.values())


def _standing_reasons(entry: Entry, standings: dict[str, Standing], items: list[str]) -> list[Reason]:
    found = []
    for standing in _concerned(entry, standings, items):
        if standing.status is Status.CONTRADICTED:
            found.append(
                reason(
                    O_CONTRADICTED, f"{standing.requirement}: counterexamples in {counted(standing.refuted, 'region')}"
                )
            )
        elif standing.status is Status.STALE:
            found.append(reason(O_STALE, f"{standing.requirement}: a file beneath has changed"))
        elif standing.status is not Status.SUPPORTED:
            found.append(reason(O_NOT_MET, f"{standing.requirement} is {standing.status.value}"))
    return found


def _status(
    entry: Entry,
    selected: Selected,
    items: list[str],
    best: dict[str, CreditLevel | None],
    standings: dict[str, Standing],
) -> tuple[ObjectiveStatus, list[Reason]]:
    if selected.applicability is Applicability.UNKNOWN:
        return ObjectiveStatus.APPLICABILITY_UNKNOWN, [reason(O_UNKNOWN, "the level matrix is not known")]
    if selected.applicability is Applicability.NO_RECOMMENDATION:
        return ObjectiveStatus.NOT_APPLICABLE, [
            reason(O_NEUTRAL, "no recommendation for or against at this level: it may be used")
        ]
    if not selected.asked_for:
        return ObjectiveStatus.NOT_APPLICABLE, [
            reason(O_NOT_ASKED, f"mark at this level: {selected.applicability.value}")
        ]
    if not items and entry.scope is Scope.PARAMETER_DATA_ITEM:
        return ObjectiveStatus.NOT_APPLICABLE, [
            reason(
                O_NO_ITEMS,
                "the case declares no parameter data item; whether the weights are one is to be agreed with "
                "the authority",
            )
        ]
    if not items:
        return ObjectiveStatus.OPEN, [reason(O_NO_ITEMS, f"the case declares no {entry.scope.value}")]
    states = {standing.status for standing in _concerned(entry, standings, items)}
    if Status.CONTRADICTED in states:
        return ObjectiveStatus.CONTRADICTED, []
    if Status.STALE in states:
        return ObjectiveStatus.STALE, []
    if all(level is CreditLevel.FULL for level in best.values()) and not states - {Status.SUPPORTED}:
        return ObjectiveStatus.SUPPORTED, []
    if any(level in (CreditLevel.FULL, CreditLevel.PARTIAL) for level in best.values()):
        return ObjectiveStatus.PARTIAL, []
    return ObjectiveStatus.OPEN, []


def _explain(entry: Entry, catalogue: Catalogue, best: dict[str, CreditLevel | None], items: list[str]) -> list[Reason]:
    if entry.accepted_means is False:
        return [reason(O_NO_MEANS, "structure of weights and accuracy of learned algorithms have no accepted means")]
    without = [item for item, level in best.items() if level is None]
    if not without or not items:
        return []
    names = {item.id: item.name for item in catalogue.data_items} if entry.scope is Scope.DOCUMENT else {}
    names |= {} if entry.scope is Scope.DOCUMENT and entry.data_items else {"case": "the case as a whole"}
    shown = ", ".join(names.get(item, item) for item in without[:4])
    more = f" and {len(without) - 4} more" if len(without) > 4 else ""
    return [reason(O_NONE, f"no evidence that this objective accepts, for: {shown}{more}")]


def _choice(catalogue: Catalogue, entry: Entry, status: ObjectiveStatus) -> list[Reason]:
    """For an open row of a table of alternatives: that it is the combination that counts, not each row."""
    table = next(item for item in catalogue.tables if item.id == entry.table)
    if status is not ObjectiveStatus.OPEN or table.combination != "alternatives":
        return []
    return [
        reason(
            O_COMBINATION,
            f"an appropriate combination of the methods of {table.ref} is to be chosen, with a reason; "
            "a single row left out is no gap by itself",
        )
    ]


def _next(entry: Entry, status: ObjectiveStatus) -> str | None:
    if status in (ObjectiveStatus.SUPPORTED, ObjectiveStatus.NOT_APPLICABLE):
        return None
    if entry.accepted_means is False:
        kind = NextKind.AGREE_WITH_AUTHORITY
    else:
        kind = entry.next_action.kind
    label = {
        NextKind.RUN: "run",
        NextKind.DOCUMENT: "document",
        NextKind.AGREE_WITH_AUTHORITY: "agree with the authority",
    }
    return f"{label[kind]}: {entry.next_action.text}"


_BENEATH = {
    "constituent", "odd", "hazards", "safety_requirements", "requirements", "models", "data_sets", "tables",
    "threat_models", "runs", "documents", "deviations",
}  # fmt: skip
"""What of the case file an acceptance rests on: everything but names, people, titles of the case and acceptances.

Property files are added where there are some: acceptances made before the case file knew them stay valid.
"""


def _digest(
    catalogue: Catalogue,
    selected: Selected,
    status: ObjectiveStatus,
    n: int,
    of: int,
    evidence: tuple[str, ...],
    loaded: LoadedCase,
) -> str:
    """What an acceptance is tied to: the objective, its proposed status and all that lies beneath."""
    beneath = _BENEATH | ({"property_files"} if loaded.case.property_files else set())
    return of_bytes(
        canonical_json(
            {
                "objective": f"{catalogue.id}:{selected.entry.id}",
                "edition": catalogue.edition,
                "level": selected.level,
                "status": status.value,
                "n": n,
                "of": of,
                "evidence": [item for item in evidence if item != loaded.digest],
                "files": sorted(item.actual or "missing" for item in loaded.files),
                "claims": {name: claim.criterion_digest for name, claim in loaded.claims.items()},
                "declared": loaded.case.model_dump(mode="json", include=beneath),
            }
        )
    )


def _acceptance(case: Case, objective: str, digest: str) -> AcceptanceState | None:
    """The newest acceptance of an objective that still fits, else the newest; the file lists them oldest first."""
    given = [item for item in case.acceptances if item.objective == objective]
    if not given:
        return None
    found: Acceptance = next((item for item in reversed(given) if item.digest == digest), given[-1])
    person = case.person(found.by)
    return AcceptanceState(person.name, person.role, found.date, found.digest != digest)
