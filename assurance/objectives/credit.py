"""How far the credit rules of a catalogue let one item of evidence go.

The catalogue's rows say which kind, about which artefact and model role, earns what; guarantee, naming, freshness and
completeness, challenges can only lower it. Independence, tools and means of compliance are looked at afterwards, for the item as
a whole (status.py). Not here: which evidence there is (held.py), what the catalogues say (catalogue.py).
"""

from __future__ import annotations

from typing import NamedTuple

from assurance.catalogue import Credit, Entry
from assurance.catalogue_vocabulary import CreditLevel, EvidenceKind
from assurance.objectives.bits import Signature
from assurance.support import Reason, reason
from evidence.diagnostics import Severity, code
from evidence.records.engineering import Criterion

_GAP = Severity.WARNING
O_STALE = code("O209", Severity.ERROR, "evidence in scope is stale", "declare the new digest and repeat the runs")
O_SUPPORTING = code("O202", _GAP, "evidence is supporting only", "see the next action of the objective")
O_REMAINS = code("O203", _GAP, "partial credit: more remains to be shown", "show what the reason names")
O_ARTEFACT = code(
    "O205",
    _GAP,
    "evidence is about another artefact than the objective",
    "show the objective on the artefact that it is about",
)
O_REFUSED = code("O213", Severity.NOTE, "evidence that does not count here", "read why; look at the next action")
O_CHALLENGED = code(
    "O252",
    _GAP,
    "document that would count is challenged",
    "dispose of the challenge (see `assurance check`), or give other evidence",
)
O_GENERAL = code(
    "O253",
    _GAP,
    "document about the whole case names neither the item nor the objective",
    "name the objective under the document's `objectives`, or the items under `about`; until then it is supporting",
)
O_MEASURE = code(
    "O254",
    _GAP,
    "coverage of another measure than asked for, or not of everything",
    "provide a report that counts what is asked for and reaches all of it; a review says why something is not reached",
    "DO-178C 6.4.4.2, 6.4.4.3; ISO 26262-6 9.4.4",
)
O_FAILS = code(
    "O246",
    Severity.ERROR,
    "evidence reports a failure or examined nothing",
    "deal with its problem report; such evidence supports nothing",
)


class Earned(NamedTuple):
    """What one item of evidence earns for one entry."""

    level: CreditLevel | None
    reasons: tuple[Reason, ...] = ()
    row: Credit | None = None
    stale: bool = False
    """It would count if its file had not changed."""


def earned(entry: Entry, bit: Signature) -> Earned:
    """How far evidence of this signature goes for the entry, with the reasons for what it lacks.

    Documents of kinds that have to name the entry are handed in only where they do.
    """
    reached = dict(bit.measures)
    row = entry.credit_for(bit.kind, bit.artefact, bit.role, reached)
    if row is None:
        return _no_row(entry, bit)
    level = row.earned(bit.guarantee)
    if level is None:
        why = f"{bit.kind.value}: a {bit.guarantee.value} statement earns no credit here"
        return Earned(None, (reason(O_REFUSED, why),))
    if not bit.fresh:
        return Earned(None, (reason(O_STALE, "a document that would count here has changed"),), stale=True)
    if bit.fails:
        return Earned(None, (reason(O_FAILS, f"{bit.kind.value} that would count here"),))
    if bit.challenged:
        return Earned(None, (reason(O_CHALLENGED, f"{bit.challenged} ({bit.kind.value}) would count here"),))
    if bit.from_case and row.supporting_from_case:
        level = CreditLevel.SUPPORTING
    if level is CreditLevel.FULL and not bit.whole:
        level = CreditLevel.PARTIAL
    lacks = []
    if level is not CreditLevel.SUPPORTING and row.measure is not None and not reached[row.measure]:
        level = CreditLevel.SUPPORTING
        lacks.append(reason(O_MEASURE, f"{MEASURES[row.measure]} coverage is below 100 %"))
    elif wanted := _other_measures(entry, bit, row):
        lacks.append(reason(O_MEASURE, wanted))
    if level is not CreditLevel.SUPPORTING and bit.general:
        level = CreditLevel.SUPPORTING
        lacks.append(reason(O_GENERAL, f"{bit.kind.value} about the case: what of it is about this item is not said"))
    if level is not CreditLevel.FULL:
        lacks.append(reason(O_SUPPORTING if level is CreditLevel.SUPPORTING else O_REMAINS, row.remains))
    return Earned(level, tuple(lacks), row)


MEASURES: dict[Criterion, str] = {
    "statement": "statement", "branch": "branch", "condition": "condition", "decision": "decision", "mcdc": "MC/DC",
}  # fmt: skip


def _other_measures(entry: Entry, bit: Signature, row: Credit) -> str | None:
    """What coverage the entry asks for where a report counts as any report does."""
    if bit.kind is not EvidenceKind.COVERAGE_RECORD or row.measure is not None:
        return None
    asked = [MEASURES[other.measure] for other in entry.credit if other.measure and other.artefact is bit.artefact]
    if not asked:
        return None
    counted = ", ".join(MEASURES[name] for name, _ in bit.measures) or "nothing that was read: declare its format"
    return f"asked for is {' or '.join(asked)} coverage; counted is {counted}"


def _no_row(entry: Entry, bit: Signature) -> Earned:
    why = entry.refusal(bit.kind)
    if why:
        return Earned(None, (reason(O_REFUSED, f"{bit.kind.value}: {why}"),))
    wanted = sorted({other.artefact.value for other in entry.credit if other.evidence is bit.kind})
    if wanted:
        about = f"{bit.kind.value} about the {bit.artefact.value}; asked for is {', '.join(wanted)}"
        return Earned(None, (reason(O_ARTEFACT, about),))
    return Earned(None)


def serves_means(kind: EvidenceKind, bit: Signature) -> bool:
    """Whether evidence is what an agreed means asks for under this kind.

    The agreement says that the kind is enough; that a proof is proved, a file unchanged, a result no failure and a
    requirement supported in full, no agreement can say.
    """
    if bit.kind is not kind or not bit.fresh or bit.fails or bit.challenged or not bit.whole:
        return False
    if bit.from_case or bit.general:
        return False
    generic = Credit(evidence=kind, level=CreditLevel.FULL, artefact=bit.artefact, remains="nothing")
    return generic.earned(bit.guarantee) is CreditLevel.FULL
