"""View of the evidence register: every record with its guarantee and, beside it, what it does not cover."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assurance.dossier.parts import (
    Coded,
    Fact,
    Link,
    anchor,
    coded,
    command_words,
    day,
    evidence_kind_words,
    moment,
    noun,
    number,
    objective_link,
    plain,
    regions_of,
    requirement_link,
    share,
    title_of,
)
from assurance.dossier.trace import Trace
from assurance.dossier.view_engineering import ContentView, content_view
from assurance.dossier.view_results import ResultsView, results_view
from assurance.register import DocumentEntry, RunItem, sidecars
from assurance.snapshot import Snapshot
from assurance.support import Assessment, Level
from assurance.words import (
    arithmetic_words,
    condition_words,
    counted,
    disputed_words,
    predictor_words,
    regions_words,
    result_words,
    verdict_words,
)
from evidence.digest import short
from evidence.limits import Limit
from evidence.records import BoundsRecord, RunRecord, Shows, SmoothingRecord
from evidence.specification import InputBalls, L2Ball, PropertyFile, Quantity, TableCells
from evidence.store import Store
from evidence.verdict import GuaranteeKind, Verdict

GUARANTEE_WORDS = {
    GuaranteeKind.PROVED: "proved: a sound deduction that the independent checker repeated",
    GuaranteeKind.STATISTICAL: "statistical: holds except with the stated error probability",
    GuaranteeKind.UNCHECKED: "unchecked: computed bounds that no independent checker confirmed; no proof",
    GuaranteeKind.EMPIRICAL: "empirical: observed on what was tried, says nothing of the rest",
    GuaranteeKind.DOCUMENTARY: "documentary: stated by a named person",
}
KIND_WORDS = {
    "bounds": "bound propagation",
    "smoothing": "randomized smoothing",
    "output-range": "output reachability",
    "document": "document",
    "external-verdict": "verdict of another tool",
}
_MOST_IMPORTANT_FIRST = (
    "L111", "L121", "L119", "L110", "L109", "L123", "L122", "L126", "L129", "L125", "L106", "L107", "L101", "L102", "L115", "L103", "L104", "L117", "L105", "L112", "L113", "L108", "L120", "L124", "L127", "L128", "L130", "L131", "L132", "L133", "L114",
)  # fmt: skip
_ALWAYS_SAID = frozenset({"L111", "L119", "L110", "L109", "L106", "L101", "L102", "L115", "L104", "L108"})
"""Bad news, predictor, where it holds, arithmetic: no short form of a guarantee leaves these out."""


@dataclass(frozen=True)
class ArtefactRow:
    role: str
    digest: str
    held: str


@dataclass(frozen=True)
class RecheckRow:
    by: str
    what: str
    agreed: str
    note: str


@dataclass(frozen=True)
class UseRow:
    """One entry of the journal: for which run and requirement the record was made, and how it stands to the claim."""

    run: str
    requirement: Link
    current: bool
    when: str
    outcome: str
    support: str
    reasons: tuple[Coded, ...]


@dataclass(frozen=True)
class RecordView:
    """One record of a run."""

    anchor: str
    short: str
    digest: str
    title: str
    kind: str
    uses: tuple[UseRow, ...]
    current: bool
    verdict: str
    examined: str
    result: str
    guarantee: tuple[Fact, ...]
    limits: tuple[Coded, ...]
    assumptions: tuple[str, ...]
    results: ResultsView
    attack: str
    rechecks: tuple[RecheckRow, ...]
    files: tuple[Link, ...]
    provenance: tuple[Fact, ...]
    artefacts: tuple[ArtefactRow, ...]
    made: tuple[Fact, ...]
    goals: tuple[Link, ...]
    objectives: tuple[Link, ...]


@dataclass(frozen=True)
class DocumentView:
    """One document that is offered as evidence."""

    anchor: str
    short: str
    digest: str
    id: str
    title: str
    fresh: bool
    outcome: str
    """One word for the table of records; 'none' where the content has no outcome."""
    bad: bool
    """The outcome is that it supports nothing."""
    state: str
    """What is wrong with the file itself; empty when nothing is."""
    facts: tuple[Fact, ...]
    content: ContentView | None
    limits: tuple[Coded, ...]
    about: tuple[Link, ...]
    goals: tuple[Link, ...]
    objectives: tuple[Link, ...]


@dataclass(frozen=True)
class EvidenceView:
    records: tuple[RecordView, ...]
    documents: tuple[DocumentView, ...]
    dates: tuple[str, ...]


def evidence_view(snapshot: Snapshot, store: Store, trace: Trace) -> EvidenceView:
    """The register: the newest record of each declared run first, then the history, then documents."""
    uses: dict[str, list[RunItem]] = {}
    for item in sorted(snapshot.register.runs, key=lambda item: (not item.current, item.order)):
        uses.setdefault(item.digest, []).append(item)
    made = sidecars(store)
    views = tuple(_record(snapshot, store, trace, items, made) for items in uses.values())
    dates = tuple(day(fact.value) for view in views for fact in view.made if fact.name == "date")
    documents = tuple(_document(snapshot, trace, item) for item in snapshot.register.documents)
    return EvidenceView(views, documents, tuple(item for item in dates if item))


def ordered_limits(limits: tuple[Limit, ...]) -> tuple[Limit, ...]:
    """Those that matter most to a reader first; none is dropped."""
    order = {code: place for place, code in enumerate(_MOST_IMPORTANT_FIRST)}
    return tuple(sorted(limits, key=lambda item: order.get(item.code, len(order))))


def brief_limits(limits: tuple[Limit, ...]) -> str:
    """For one line: the titles of what is wrong, of where it holds, for which predictor and arithmetic; rest counted."""
    codes = list(dict.fromkeys(item.code for item in ordered_limits(limits)))
    shown = [item for item in codes if item in _ALWAYS_SAID] or codes[:1]
    more = f"; {len(codes) - len(shown)} more" if len(codes) > len(shown) else ""
    return "; ".join(title_of(item) for item in shown) + more


def guarantee_words(record: RunRecord) -> str:
    """Kind of guarantee with arithmetic and predictor, for one line."""
    guarantee = record.guarantee
    if isinstance(record, SmoothingRecord):
        together = "all listed inputs together" if guarantee.simultaneous else "each input by itself"
        return f"statistical, error probability {guarantee.error_probability:g} for {together}"
    return "proved and re-checked" if guarantee.kind is GuaranteeKind.PROVED else guarantee.kind.value


def _limits(limits: tuple[Limit, ...]) -> tuple[Coded, ...]:
    return tuple(Coded(item.code, item.text, title_of(item.code), "") for item in ordered_limits(limits))


def _record(
    snapshot: Snapshot, store: Store, trace: Trace, items: list[RunItem], made: Mapping[str, Mapping[str, Any]]
) -> RecordView:
    item = items[0]
    record, loaded = item.record, snapshot.loaded
    return RecordView(
        anchor=anchor("rec", item.digest),
        short=short(item.digest),
        digest=item.digest,
        title=record.title,
        kind=KIND_WORDS[record.kind],
        uses=tuple(_use(snapshot, use) for use in items),
        current=item.current,
        verdict=verdict_words(record),
        examined=_examined(record),
        result=result_words(record),
        guarantee=_guarantee(record),
        limits=_limits(item.limits),
        assumptions=record.assumptions,
        results=results_view(loaded, store, record, short(item.digest)),
        attack=_attack(record),
        rechecks=_rechecks(record),
        files=_files(snapshot, record),
        provenance=_provenance(record),
        artefacts=tuple(
            ArtefactRow(role, digest, "in the store" if digest in store else "NOT in the store")
            for role, digest in sorted(record.artefacts.items())
        ),
        made=_made(made.get(item.digest, {})),
        goals=trace.goals_of_record.get(item.digest, ()),
        objectives=trace.objectives_of_record.get(item.digest, ()),
    )


_LEVELS = {
    Level.FULL: "meets the requirement's criterion",
    Level.PARTIAL: "supports the requirement in part",
    Level.NONE: "does not support the requirement",
    Level.CONTRADICTS: "contradicts the requirement",
}


def _support(found: Assessment) -> str:
    words = _LEVELS[found.level]
    if found.level is Level.FULL and found.refuted:
        words += " while counterexamples stand"
    return f"{words}; established: {share(found.established, found.total)}"


def _use(snapshot: Snapshot, item: RunItem) -> UseRow:
    standing = snapshot.standings.get(item.requirement)
    found = next((held for run, held in standing.assessments if run == item), None) if standing else None
    return UseRow(
        run=item.run,
        requirement=requirement_link(item.requirement, standing is not None),
        current=item.current,
        when="current" if item.current else "history",
        outcome=item.outcome,
        support=_support(found) if found else "",
        reasons=coded(found.reasons) if found else (),
    )


def _rechecks(record: RunRecord) -> tuple[RecheckRow, ...]:
    """What the checker and the runtime confirmed, then what other methods say of the same regions."""
    rows = [RecheckRow(r.by, r.what, f"{r.agreed} of {r.of}", r.note) for r in record.rechecks]
    for check in record.cross_checks if isinstance(record, BoundsRecord) else ():
        words = f"DISAGREES on {counted(len(check.disagreed), 'region')}; " if check.disagreed else ""
        asked = f"asked about {check.examined} of {counted(record.count, 'region')}"
        note = f"{words}{asked}; undecided: {check.undecided}" + (f"; {check.note}" if check.note else "")
        rows.append(RecheckRow(check.by, "cross-check, no proof", f"{check.agreed} of {check.examined}", note))
    return tuple(rows)


def _examined(record: RunRecord) -> str:
    """The question that was put, never its answer."""
    statement = record.statement
    words = f"{predictor_words(statement.predictor)} {condition_words(statement)}"
    regions = regions_words(statement, record.count)
    if isinstance(record, SmoothingRecord):
        return f"Whether {words} {regions}."
    return f"Whether {words} {regions}, {arithmetic_words(statement.arithmetic)}."


def _guarantee(record: RunRecord) -> tuple[Fact, ...]:
    guarantee = record.guarantee
    facts = [
        Fact("Kind", GUARANTEE_WORDS[guarantee.kind]),
        Fact("Established", _established(record)),
        Fact("Arithmetic", arithmetic_words(guarantee.arithmetic) or "not applicable"),
        Fact(
            "Speaks of", f"{predictor_words(guarantee.predictor)}; analysed: {record.artefact.value.replace('-', ' ')}"
        ),
        Fact(
            "Complete",
            "yes, up to the floating-point solver; not re-checked"
            if guarantee.complete
            else "no: what it leaves open may hold or not",
        ),
    ]
    if guarantee.error_probability is not None:
        together = "all listed inputs together" if guarantee.simultaneous else "each listed input by itself"
        facts.append(
            Fact(
                "Error probability",
                f"{guarantee.error_probability:g} over the method's own sampling, for {together}; it is no failure rate",
            )
        )
    return tuple(facts)


def asked_radius(record: SmoothingRecord) -> float:
    """The L2 radius that the record's statement asks about, in the unit of its perturbation set."""
    eps = _asked(record)
    return eps.value if eps else 0.0


def _asked(record: SmoothingRecord) -> Quantity | None:
    regions = record.statement.regions
    if isinstance(regions, InputBalls) and isinstance(regions.perturbation, L2Ball):
        return regions.perturbation.eps
    return None


def _established(record: RunRecord) -> str:
    if isinstance(record, SmoothingRecord):
        eps, radius = _asked(record), asked_radius(record)
        return (
            f"{share(record.established(radius), record.count)} listed {noun(record.count, 'input')} "
            f"within {eps if eps else number(radius)}"
        )
    proved = regions_of(record.number("P"), record.count)
    disputed = disputed_words(record)
    return f"none to rely on: {disputed}; the checker confirmed {proved}" if disputed else proved


def _attack(record: RunRecord) -> str:
    if not isinstance(record, BoundsRecord) or record.attack is None:
        return ""
    attack, clean = record.attack, record.clean_correct
    text = (
        f"{attack.method}, {counted(attack.restarts, 'restart')} of {counted(attack.steps, 'step')}. Regions tried: {attack.tried}; "
        f"counterexamples that replayed: {attack.succeeded}; near misses that did not: {attack.near_misses}."
    )
    return text + (f" Right without perturbation: {share(clean, record.count)}." if clean is not None else "")


def _files(snapshot: Snapshot, record: RunRecord) -> tuple[Link, ...]:
    """Model, data, table and property file that the record is about: by the case's name where it declares them, else by digest."""
    regions = record.statement.regions
    digests = [record.statement.model]
    if isinstance(regions, InputBalls):
        digests.append(regions.data)
    elif isinstance(regions, TableCells):
        digests.append(regions.table)
    elif isinstance(regions, PropertyFile):
        digests.append(regions.file)
    named = {item.declared: item.id for item in snapshot.loaded.files}
    return tuple(
        Link(named[digest], anchor("file", named[digest])) if digest in named else Link(f"{digest} (not of this case)")
        for digest in digests
    )


def _provenance(record: RunRecord) -> tuple[Fact, ...]:
    made_by = record.provenance
    if made_by is None:
        return (Fact("Engine", "not provided: the record names none"),)
    return (
        Fact(
            "Engine",
            f"{made_by.engine} {made_by.engine_version}, seed {made_by.seed}, on {made_by.device}. "
            f"Parameters: {_pairs(made_by.parameters) or 'all at their defaults'}. "
            f"Libraries: {_pairs(made_by.versions) or 'none named'}",
        ),
    )


def _pairs(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} {plain(value)}" for key, value in sorted(values.items()))


def _made(held: Mapping[str, Any]) -> tuple[Fact, ...]:
    """When, how long and by which command: kept beside the record, no part of its identity."""
    facts = []
    for name, shown in (("date", moment), ("seconds", str), ("command", command_words)):
        key = name
        if key in held:
            facts.append(Fact(name, shown(plain(held[key]))))
    return tuple(facts)


def _document(snapshot: Snapshot, trace: Trace, item: DocumentEntry) -> DocumentView:
    record, case = item.record, snapshot.loaded.case
    requirements = {found.id for found in case.requirements}
    independent = "independent of the author" if record.independent else "not independent"
    objectives = [name.partition(":") for name in item.item.objectives]
    known = {(row.catalogue.id, entry.entry.id) for row in snapshot.coverage for entry in row.rows}
    offered = tuple(
        objective_link(standard, entry) if (standard, entry) in known else Link(f"{standard}:{entry}")
        for standard, _, entry in objectives
    )
    return DocumentView(
        anchor=anchor("rec", item.digest),
        short=short(item.digest),
        digest=item.digest,
        id=item.item.id,
        title=record.title,
        fresh=item.fresh,
        outcome="none" if item.shows is Shows.STATES else item.shows.value,
        bad=not item.shows.supports,
        state=_state(snapshot, item),
        content=content_view(record.content, item.shows),
        facts=(
            Fact("Kind of evidence", evidence_kind_words(record.evidence_kind)),
            Fact("File", item.item.path, (Link("digest", anchor("file", item.item.id)),)),
            Fact("Date", record.date),
            Fact("Author", record.author),
            Fact("Reviewer", f"{record.reviewer}, {independent}" if record.reviewer else "none: not reviewed"),
            Fact("Offered for", "" if offered else "no objective by name", offered),
        ),
        limits=_limits(item.limits),
        about=tuple(requirement_link(name, name in requirements) for name in record.about),
        goals=trace.goals_of_record.get(item.digest, ()),
        objectives=trace.objectives_of_record.get(item.digest, ()),
    )


def _state(snapshot: Snapshot, item: DocumentEntry) -> str:
    if item.fresh:
        return ""
    if item.shows is Shows.UNREADABLE:
        return "unreadable: no evidence"
    unchanged = any(file.id == item.item.id and file.fresh for file in snapshot.loaded.files)
    return "about another state of its item" if unchanged else "changed or missing"


def is_open(record: RunRecord) -> bool:
    """A run whose verdict is REFUTED or UNKNOWN: an entry of the problem list."""
    return verdict_words(record) not in (Verdict.PROVED.value, "statistical")
