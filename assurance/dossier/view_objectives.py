"""View of the objectives: one matrix for each selected standard, every row with what it rests on and why it stands so.

A catalogue that is not scored shows no counts at all. Confidence tells how well the entry itself is known.
"""

from __future__ import annotations

from dataclasses import dataclass

from assurance.catalogue import Catalogue
from assurance.catalogue_vocabulary import Applicability, Grade, Scheme
from assurance.coverage import Coverage, ObjectiveStatus, Row
from assurance.dossier.parts import Coded, Fact, Link, anchor, coded, first, tidy
from assurance.dossier.trace import Trace
from assurance.snapshot import Snapshot
from assurance.support import Reason

MOST_LINKS = 12
MOST_ALIKE = 4


@dataclass(frozen=True)
class ReasonGroup:
    """Reasons with one code, said once."""

    code: str
    texts: tuple[str, ...]
    more: str


@dataclass(frozen=True)
class ObjectiveRow:
    id: str
    anchor: str
    ref: str
    title: str
    asked: str
    status: str
    counted: str
    evidence: tuple[Link, ...]
    goals: tuple[Link, ...]
    more: str
    reasons: tuple[ReasonGroup, ...]
    confidence: str
    """Of the entry itself and of its mark at this level; one word where they agree."""
    acceptance: str
    lapsed: bool


@dataclass(frozen=True)
class ObjectiveGroup:
    """A table of the standard."""

    id: str
    title: str
    rows: tuple[ObjectiveRow, ...]


@dataclass(frozen=True)
class StandardView:
    id: str
    anchor: str
    title: str
    edition: str
    level: str
    watermark: str
    scored: bool
    facts: tuple[Fact, ...]
    totals: tuple[Fact, ...]
    codes: tuple[Coded, ...]
    """What the reason codes of the matrix stand for."""
    notes: tuple[str, ...]
    neighbours: tuple[Fact, ...]
    groups: tuple[ObjectiveGroup, ...]
    row_word: str
    """What one row is."""


def objectives_view(snapshot: Snapshot, trace: Trace) -> tuple[StandardView, ...]:
    """The matrices in the order in which the case selects the standards."""
    return tuple(_standard(item, trace) for item in snapshot.coverage)


def counts(covered: Coverage) -> tuple[Fact, ...]:
    """How many objectives have each status; of a catalogue that is not scored only how many are listed."""
    if not covered.catalogue.scored:
        return (Fact("listed, not scored", str(len(covered.rows))),)
    totals = covered.totals()
    asked = Fact(f"{rows_word(covered)} asked for at this level", str(totals["asked for"]))
    return (asked, *(Fact(word.value, str(totals[word.value])) for word in ObjectiveStatus if totals[word.value]))


def rows_word(covered: Coverage) -> str:
    """What the rows of a catalogue are, in the plural."""
    return {
        Scheme.OBJECTIVES: "objectives",
        Scheme.METHODS: "methods",
        Scheme.CHECKLIST: "checklist items",
    }[covered.catalogue.scheme]


_UNCHOSEN = (ObjectiveStatus.OPEN, ObjectiveStatus.PARTIAL)


def open_tables(covered: Coverage) -> tuple[tuple[str, tuple[Row, ...]], ...]:
    """Tables of alternative methods with open rows: reference and open rows. No one of these rows is a gap by itself.

    What is contradicted or stale is not among them: it stays a gap of its own. A case cannot say yet which combination of methods it chooses, so none has been chosen in any of these tables.
    """
    if covered.catalogue.scheme is not Scheme.METHODS:
        return ()
    found = []
    for table in covered.catalogue.tables:
        if table.combination == "alternatives":
            rows = tuple(row for row in covered.rows if row.entry.table == table.id and row.status in _UNCHOSEN)
            found.append((f"{table.ref}: {table.title}", rows))
    return tuple((name, rows) for name, rows in found if rows)


def single_gaps(covered: Coverage) -> tuple[Row, ...]:
    """Rows that are gaps by themselves: all that is asked for and not supported, less alternatives."""
    alternatives = {row.entry.id for _, rows in open_tables(covered) for row in rows}
    return tuple(row for row in covered.rows if row.is_gap and row.entry.id not in alternatives)


def _standard(covered: Coverage, trace: Trace) -> StandardView:
    catalogue = covered.catalogue
    confidence = Fact(
        "Confidence in the catalogue",
        f"{catalogue.confidence.file.value}. {' '.join(catalogue.confidence.statements)}",
    )
    rows = {table.id: [row for row in covered.rows if row.entry.table == table.id] for table in catalogue.tables}
    return StandardView(
        id=catalogue.id,
        anchor=anchor("std", catalogue.id),
        title=catalogue.title,
        edition=catalogue.edition,
        level=f"level {covered.level}" if covered.level else "no level",
        watermark=catalogue.watermark or "",
        scored=catalogue.scored,
        facts=(
            Fact("Edition", catalogue.edition),
            Fact("Issuer", catalogue.issuer),
            Fact("State of the document", catalogue.status.value),
            Fact(catalogue.level_name or "Level", covered.level or "none declared"),
            Fact("Independence", catalogue.independence),
            confidence,
        ),
        totals=counts(covered),
        codes=_codes(covered),
        notes=catalogue.notes,
        neighbours=tuple(Fact(item.title, item.why) for item in catalogue.neighbours),
        groups=tuple(
            ObjectiveGroup(
                table.id,
                f"{table.ref}: {table.title}"
                + (
                    " (alternatives: no combination of methods has been chosen)"
                    if table.combination == "alternatives"
                    else ""
                ),
                tuple(_row(catalogue, row, trace) for row in rows[table.id]),
            )
            for table in catalogue.tables
        ),
        row_word="method" if catalogue.scheme is Scheme.METHODS else "objective",
    )


def _codes(covered: Coverage) -> tuple[Coded, ...]:
    used = {item.code: item for row in covered.rows for item in coded(row.reasons)}
    return tuple(used[code] for code in sorted(used))


def _row(catalogue: Catalogue, row: Row, trace: Trace) -> ObjectiveRow:
    key = (catalogue.id, row.entry.id)
    evidence, evidence_more = first(trace.evidence_of_objective.get(key, ()), MOST_LINKS)
    goals, goals_more = first(trace.goals_of_objective.get(key, ()), MOST_LINKS)
    more = evidence_more + goals_more
    accepted = row.acceptance
    mark = row.entry.confidence.of_mark(row.selected.level) if row.selected.level else None
    return ObjectiveRow(
        id=row.entry.id,
        anchor=anchor("obj", f"{catalogue.id}:{row.entry.id}"),
        ref=row.entry.ref,
        title=row.entry.title,
        asked=_asked(row),
        status=row.status.value,
        counted=f"{row.n} of {row.of}" if catalogue.scored and _is_counted(row) else "",
        evidence=evidence,
        goals=goals,
        more=f"{more} more links, see the register" if more else "",
        reasons=_groups(row.reasons),
        confidence=_confidence(row.entry.confidence.identity, mark),
        acceptance=f"{accepted.by}, {accepted.role}, {accepted.date}" if accepted else "",
        lapsed=accepted.lapsed if accepted else False,
    )


def _is_counted(row: Row) -> bool:
    return row.status not in (ObjectiveStatus.NOT_APPLICABLE, ObjectiveStatus.APPLICABILITY_UNKNOWN)


def _confidence(identity: Grade, mark: Grade | None) -> str:
    if mark is identity:
        return identity.value
    return f"{identity.value} / {mark.value if mark else 'unknown'}"


_ASKED = {
    Applicability.REQUIRED: "required",
    Applicability.HIGHLY_RECOMMENDED: "highly recommended",
    Applicability.RECOMMENDED: "recommended",
    Applicability.NO_RECOMMENDATION: "no recommendation",
    Applicability.NOT_REQUIRED: "not required",
    Applicability.UNKNOWN: "unknown",
}


def _asked(row: Row) -> str:
    words = _ASKED[row.selected.applicability]
    return f"{words}, with independence" if row.selected.independence else words


def _groups(reasons: tuple[Reason, ...]) -> tuple[ReasonGroup, ...]:
    """By code. Texts that differ only in what stands before the colon are said once: "proof, sampling: why not"."""
    by_code: dict[str, dict[str, list[str]]] = {}
    for item in reasons:
        head, _, tail = tidy(item.message).partition(": ")
        heads = by_code.setdefault(item.code, {}).setdefault(tail or head, [])
        if tail:
            heads.append(head)
    groups = []
    for code, said in by_code.items():
        texts, more = first(
            [": ".join(filter(None, (", ".join(before), tail))) for tail, before in said.items()], MOST_ALIKE
        )
        groups.append(ReasonGroup(code, texts, f"and {more} more" if more else ""))
    return tuple(groups)
