"""View of the objectives: one matrix for each selected standard, every row with what it rests on and why it stands so.

A catalogue that is not scored shows no counts at all. Confidence tells how well the entry itself is known, and whether
an organisation verified it against its own copy. Means, tools and tailoring are said once for the standard where they
are the same for all rows, and at the row where they are not.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from assurance.case_compliance import StandardChoice
from assurance.catalogue import Catalogue, Table
from assurance.catalogue_vocabulary import Applicability, Grade, Scheme, Status
from assurance.dossier.parts import Coded, Fact, Grid, Link, anchor, coded, first, tidy
from assurance.dossier.trace import Trace
from assurance.objectives import AcceptanceState, Choice, Coverage, ObjectiveStatus, Row
from assurance.objectives.means import OWN_MEANS
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
    independence: str
    """Where independence is asked for: whether it is shown."""
    means: str
    """Only where it is not the standard's own."""
    choice: str
    """Where the row is one of several alternatives of a chosen combination."""
    status: str
    counted: str
    evidence: tuple[Link, ...]
    goals: tuple[Link, ...]
    more: str
    problems: tuple[Link, ...]
    """Open problem reports about what the row is shown of."""
    reasons: tuple[ReasonGroup, ...]
    confidence: str
    """Of the entry itself and of its mark at this level; one word where they agree."""
    verified: str
    """What an organisation's sign-off says of the entry; empty where there is no sign-off."""
    acceptance: str
    against: str
    """Why the acceptance does not count; empty where it does."""


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
    draft: bool
    """True of a draft or a proposal, whose own objectives may still change."""
    scored: bool
    facts: tuple[Fact, ...]
    totals: tuple[Fact, ...]
    tools: Grid | None
    """Confidence that the tools need for the credit that is claimed from them."""
    codes: tuple[Coded, ...]
    """What the reason codes of the matrix stand for."""
    notes: tuple[str, ...]
    neighbours: tuple[Fact, ...]
    groups: tuple[ObjectiveGroup, ...]
    row_word: str
    """What one row is."""


def objectives_view(snapshot: Snapshot, trace: Trace) -> tuple[StandardView, ...]:
    """The matrices in the order in which the case selects the standards."""
    choices = {item.id: item for item in snapshot.loaded.case.standards}
    return tuple(_standard(item, choices[item.catalogue.id], trace) for item in snapshot.coverage)


def counts(covered: Coverage) -> tuple[Fact, ...]:
    """How many objectives have each status; of a catalogue that is not scored only how many are listed."""
    if not covered.catalogue.scored:
        return (Fact("listed, not scored", str(len(covered.rows))),)
    totals = covered.totals()
    asked = Fact(f"{rows_word(covered)} asked for", str(totals["asked for"]))
    words = (*(word.value for word in ObjectiveStatus), "methods not chosen yet", "open choices")
    return (asked, *(Fact(word, str(totals[word])) for word in words if totals.get(word)))


_UNSETTLED = (Status.DRAFT, Status.PROPOSED)
_TAGS = {Status.DRAFT: "draft", Status.PROPOSED: "proposal", Status.GUIDANCE: "guidance"}


def standing_tag(catalogue: Catalogue) -> str:
    """One word for a catalogue with a watermark, which stands in full where its rows do; empty without one.

    A published document is no draft because the list of it on board is short or split by us.
    """
    return _TAGS.get(catalogue.status, "list of our own") if catalogue.watermark else ""


def rows_word(covered: Coverage) -> str:
    """What the rows of a catalogue are, in the plural."""
    return {
        Scheme.OBJECTIVES: "objectives",
        Scheme.METHODS: "methods",
        Scheme.CHECKLIST: "checklist items",
    }[covered.catalogue.scheme]


def open_tables(covered: Coverage) -> tuple[tuple[str, tuple[Row, ...]], ...]:
    """Tables of alternative methods without a recorded combination: reference and rows that are open because of it."""
    return tuple((f"{item.ref}: {item.title}", item.rows) for item in covered.open_choices)


def single_gaps(covered: Coverage) -> tuple[Row, ...]:
    """Rows that are gaps by themselves: all that is asked for and not supported, less alternatives nobody has chosen."""
    return tuple(row for row in covered.rows if row.is_gap and not row.undecided)


def _standard(covered: Coverage, choice: StandardChoice, trace: Trace) -> StandardView:
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
        draft=catalogue.status in _UNSETTLED,
        scored=catalogue.scored,
        facts=(
            Fact("Edition", catalogue.edition),
            Fact("Issuer", catalogue.issuer),
            Fact("State of the document", catalogue.status.value),
            Fact(catalogue.level_name or "Level", covered.level or "none declared"),
            Fact("Independence", catalogue.independence),
            confidence,
            _signed(covered),
            *_agreed(covered, choice),
        ),
        totals=counts(covered),
        tools=_tools(covered),
        codes=_codes(covered),
        notes=catalogue.notes,
        neighbours=tuple(Fact(item.title, item.why) for item in catalogue.neighbours),
        groups=tuple(
            ObjectiveGroup(
                table.id,
                f"{table.ref}: {table.title}{_combination(table, choice)}",
                tuple(_row(covered, row, trace) for row in rows[table.id]),
            )
            for table in catalogue.tables
        ),
        row_word="method" if catalogue.scheme is Scheme.METHODS else "objective",
    )


def _signed(covered: Coverage) -> Fact:
    """Whether the organisation compared the entries with its own copy."""
    name, signed = "Verified against a licensed copy", covered.sign_off
    if signed is None:
        return Fact(name, "no sign-off: none of these entries was verified by the organisation")
    who = f"{signed.by}, {signed.role}, {signed.organisation}, {signed.date}"
    corrected = f"; corrected: {', '.join(sorted(signed.corrected))}" if signed.corrected else ""
    return Fact(name, f"{len(signed.verified)} of {len(covered.rows)} entries, by {who}{corrected}")


def _verified(covered: Coverage, id: str) -> str:
    signed = covered.sign_off
    if signed is None:
        return ""
    if id in signed.corrected:
        return f"corrected ({', '.join(signed.corrected[id])}) and verified"
    return "verified" if id in signed.verified else "not verified"


def _agreed(covered: Coverage, choice: StandardChoice) -> tuple[Fact, ...]:
    """The agreement on the standard's own means, and the supplements in the basis."""
    own = next((row.means for row in covered.rows if _is_own(row)), None)
    facts = []
    if own is not None:
        where = f" ({own.reference})" if own.reference else ""
        facts.append(Fact("Agreement on the standard's own means", f"{own.agreement}{where}"))
    if choice.basis:
        facts.append(Fact("Supplements in the basis", ", ".join(choice.basis)))
    return tuple(facts)


def _is_own(row: Row) -> bool:
    """The means is the standard's own, so that the agreement on the standard covers it."""
    return row.means is not None and not row.means.alternative and row.entry.accepted_means is not False


def _means(row: Row) -> str:
    if row.means is None or (_is_own(row) and row.means.text in (OWN_MEANS, *row.entry.means)):
        return ""
    kind = "alternative means" if row.means.alternative else "means"
    where = f" ({row.means.reference})" if row.means.reference else ""
    return f"{kind}: {row.means.text}; {row.means.agreement}{where}"


def _tools(covered: Coverage) -> Grid | None:
    """What the tools need, with the number of rows that need it."""
    needs = Counter(need for row in covered.rows for need in row.qualification)
    if not needs:
        return None
    rows = tuple(
        (need.tool, need.level, need.because, "shown" if need.shown else "not shown", ", ".join(need.documents), str(n))
        for need, n in needs.items()
    )
    heads = ("tool", "needs", "because", "confidence", "data", f"{rows_word(covered)} that rest on it")
    return Grid(heads, rows, numeric=(False, False, False, False, False, True))


def _combination(table: Table, choice: StandardChoice) -> str:
    """After the title of a table of alternatives: what has been chosen, and why."""
    if table.combination != "alternatives":
        return ""
    recorded = next((item for item in choice.methods if item.table == table.id), None)
    if recorded is None:
        return " (alternatives: no combination of methods has been chosen)"
    return f" (chosen: {', '.join(recorded.chosen)}. {recorded.rationale})"


def _against(accepted: AcceptanceState) -> str:
    if accepted.lapsed:
        return "lapsed"
    return "" if accepted.counts else "does not count: given by an author"


def _codes(covered: Coverage) -> tuple[Coded, ...]:
    used = {item.code: item for row in covered.rows for item in coded(row.reasons)}
    return tuple(used[code] for code in sorted(used))


def _row(covered: Coverage, row: Row, trace: Trace) -> ObjectiveRow:
    catalogue = covered.catalogue
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
        independence="" if row.independence_shown is None else f"{'' if row.independence_shown else 'not '}shown",
        means=_means(row),
        choice=row.choice.value if row.choice in (Choice.CHOSEN, Choice.LEFT_OUT) else "",
        status=row.status.value,
        counted=f"{row.n} of {row.of}" if catalogue.scored and _is_counted(row) else "",
        evidence=evidence,
        goals=goals,
        more=f"{more} more links, see the register" if more else "",
        problems=tuple(Link(id, anchor("problem", id)) for id in row.problems),
        reasons=_groups(row.reasons),
        confidence=_confidence(row.entry.confidence.identity, mark),
        verified=_verified(covered, row.entry.id),
        acceptance=f"{accepted.by}, {accepted.role}, {accepted.date}" if accepted else "",
        against=_against(accepted) if accepted else "",
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
