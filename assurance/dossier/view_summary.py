"""View of the one-page summary: what is shown, what is not, what is open. Bad news is said first and in words."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from assurance.challenges import DoubtState
from assurance.dossier.parts import Fact, Link, anchor, noun, regions_of, requirement_link, title_of
from assurance.dossier.view_argument import ArgumentView, OutlineRow
from assurance.dossier.view_evidence import brief_limits, guarantee_words
from assurance.dossier.view_objectives import counts, open_tables, single_gaps, standing_tag
from assurance.dossier.view_requirements import counted_words, met_by_requirement
from assurance.dossier.view_risks import accepting
from assurance.snapshot import Snapshot
from assurance.status import RESULT_KINDS, Standing, Status
from assurance.words import arithmetic_words, disputed_words, listed, predictor_words
from evidence.diagnostics import Severity
from evidence.records import SmoothingRecord
from evidence.verdict import Verdict


@dataclass(frozen=True)
class SummaryRow:
    """One requirement in one line; `limits` stands beside every guarantee, `why` says what its status lacks."""

    requirement: Link
    title: str
    status: str
    met: str
    """Worst status of the goals that the requirement is met; empty where the argument has none."""
    counted: str
    guarantee: str
    arithmetic: str
    why: str
    limits: str


@dataclass(frozen=True)
class SummaryGroup:
    title: str
    rows: tuple[SummaryRow, ...]


@dataclass(frozen=True)
class Alarm:
    """Something that must not be overlooked."""

    word: str
    requirement: Link
    text: str


@dataclass(frozen=True)
class StandardCount:
    standard: Link
    level: str
    tag: str
    """What the list is, where it is not the objectives of a published document."""
    counts: tuple[Fact, ...]


@dataclass(frozen=True)
class TopRow:
    """A top goal with what it rests on: the weakest link, and the union of all limits beneath."""

    goal: Link
    text: str
    status: str
    weakest: str
    rests_on: str
    limits: str


@dataclass(frozen=True)
class SummaryView:
    top: tuple[TopRow, ...]
    statuses: tuple[Fact, ...]
    groups: tuple[SummaryGroup, ...]
    alarms: tuple[Alarm, ...]
    standards: tuple[StandardCount, ...]
    open: tuple[Fact, ...]


_GROUPS = (
    ("Formal property shown", (Status.SUPPORTED,)),
    ("Shown in part, or by documents only", (Status.PARTIAL,)),
    ("Not shown", (Status.CONTRADICTED, Status.IN_DOUBT, Status.STALE, Status.UNDEVELOPED)),
)


def summary_view(snapshot: Snapshot, argument: ArgumentView) -> SummaryView:
    """The summary of a snapshot."""
    standings = list(snapshot.standings.values())
    counted = Counter(item.status for item in standings)
    groups, met = [], met_by_requirement(snapshot)
    for title, members in _GROUPS:
        rows = [
            _row(snapshot, item, met.get(item.requirement, ""))
            for status in members
            for item in standings
            if item.status is status
        ]
        groups.append(SummaryGroup(title, tuple(rows)))
    return SummaryView(
        top=tuple(_top(snapshot, row) for row in argument.top if row.status),
        statuses=tuple(Fact(word.value, str(counted[word])) for word in Status if counted[word]),
        groups=tuple(groups),
        alarms=_alarms(snapshot),
        standards=tuple(
            StandardCount(
                Link(item.catalogue.id, anchor("std", item.catalogue.id)),
                f"level {item.level}" if item.level else "no level",
                standing_tag(item.catalogue),
                counts(item),
            )
            for item in snapshot.coverage
        ),
        open=_open(snapshot),
    )


def _top(snapshot: Snapshot, row: OutlineRow) -> TopRow:
    strength = snapshot.built.strength[row.id]
    parts = [f"{count} {kind.value}" for kind, count in strength.kinds]
    if strength.arithmetic:
        parts.append(listed([arithmetic_words(item) for item in strength.arithmetic]))
    if strength.error_probability is not None:
        parts.append(
            f"error probabilities of all tries add up to at most {strength.error_probability:g}, which is no failure rate"
        )
    titles = list(dict.fromkeys(title_of(item.code) for item in strength.limits))
    return TopRow(
        Link(row.id, row.anchor),
        row.text,
        row.status,
        row.weakest,
        "; ".join(parts) or "no evidence",
        "; ".join(titles),
    )


def _row(snapshot: Snapshot, standing: Standing, met: str) -> SummaryRow:
    item = standing.best
    guarantee, arithmetic, limits = "none", "", "nothing is shown"
    if item is not None and not standing.established:
        guarantee, limits = "none established", brief_limits(item.limits)
    elif item is not None:
        record = item.record
        guarantee = guarantee_words(record)
        if isinstance(record, SmoothingRecord):
            arithmetic = predictor_words(record.guarantee.predictor)
        else:
            arithmetic = arithmetic_words(record.guarantee.arithmetic)
        limits = brief_limits(item.limits)
    elif standing.status is Status.STALE:
        guarantee, limits = "stale", "a file beneath has changed; nothing is shown until the runs are repeated"
    elif standing.status is Status.PARTIAL:  # without a record only documents that report results lead here
        documents = snapshot.register.documents_about(standing.requirement)
        reporting = [entry.limits for entry in documents if entry.record.evidence_kind in RESULT_KINDS]
        guarantee, limits = "documents only", brief_limits(reporting[0])
    return SummaryRow(
        requirement_link(standing.requirement),
        snapshot.loaded.case.requirement(standing.requirement).title,
        standing.status.value,
        met,
        counted_words(standing),
        guarantee,
        arithmetic,
        _why(standing),
        limits,
    )


def _why(standing: Standing) -> str:
    """The titles of the reasons: why the requirement is not supported in full."""
    return "; ".join(dict.fromkeys(title_of(item.code) for item in standing.reasons))


def _alarms(snapshot: Snapshot) -> tuple[Alarm, ...]:
    found = []
    for standing in snapshot.standings.values():
        link = requirement_link(standing.requirement)
        if standing.refuted:
            disposed = [item.id for item in accepting(snapshot, standing.requirement)]
            after = f"; accepted as deviation {', '.join(disposed)}" if disposed else "; not disposed of"
            held = regions_of(standing.refuted, standing.total, up=True)
            text = f"{held} {'holds' if standing.total == 1 else 'hold'} a replayed counterexample{after}"
            found.append(Alarm("REFUTED", link, text))
    for doubt in snapshot.built.doubts:
        if doubt.state is DoubtState.UPHELD:
            kind, where = ("exclusion", "exclusions") if doubt.is_exclusion else ("challenge", "challenges")
            text = f"{kind} {doubt.id} was upheld: {doubt.text}"
            found.append(Alarm(Status.CONTRADICTED.value, Link(doubt.aimed_at[1], where), text))
        elif doubt.state is DoubtState.STANDS and not doubt.is_exclusion:  # those are counted among the open gaps
            text = f"challenge {doubt.id} stands: {doubt.text}"
            found.append(Alarm(Status.IN_DOUBT.value, Link(doubt.aimed_at[1], "challenges"), text))
    disputes: dict[str, Alarm] = {}
    for item in snapshot.register.runs:  # old records too: neither result goes away because a run was repeated
        disputed = disputed_words(item.record)
        if disputed:
            link = requirement_link(item.requirement, item.requirement in snapshot.standings)
            disputes.setdefault(item.digest, Alarm(Status.IN_DOUBT.value, link, f"run {item.run}: {disputed}"))
    found += disputes.values()
    for item in snapshot.register.runs:
        record = item.record
        if not item.current or isinstance(record, SmoothingRecord) or record.verdict is not Verdict.UNKNOWN:
            continue
        undecided = f"{regions_of(record.number('U'), record.count, up=True)} undecided"
        unchecked = f", {record.number('C')} bounded but unchecked" if record.number("C") else ""
        link = requirement_link(item.requirement, item.requirement in snapshot.standings)
        found.append(Alarm("UNKNOWN", link, f"run {item.run}: {undecided}{unchecked}"))
    for standing in snapshot.standings.values():
        if standing.status is Status.STALE:
            found.append(Alarm("STALE", requirement_link(standing.requirement), "a file that it is about has changed"))
    return tuple(found)


def _open(snapshot: Snapshot) -> tuple[Fact, ...]:
    built = snapshot.built
    # challenges that nothing develops are doubts, not open goals
    undeveloped = sum(item.undeveloped for item in built.argument if item.provenance is not None)
    vectors = [item for item in snapshot.attacks if item.attack.axis == "vector"]
    uncovered = sum(not item.covered_by for item in vectors)
    standing_doubts = sum(item.state is DoubtState.STANDS for item in built.doubts)
    errors = sum(item.severity is Severity.ERROR for item in snapshot.findings)
    gaps = sum(len(single_gaps(item)) for item in snapshot.coverage)
    tables = [rows for item in snapshot.coverage for _, rows in open_tables(item)]
    choices, methods = len(tables), sum(len(rows) for rows in tables)
    unreviewed = sum(
        item.property is not None and item.meaning_review is None for item in snapshot.loaded.case.requirements
    )
    chosen = (
        Fact(
            f"{noun(choices, 'table')} of methods: no combination of methods has been chosen; not supported in full: {methods}",
            str(choices),
            (Link("gap list", "gaps-actions"),),
        ),
    )
    single = (Fact(f"{noun(gaps, 'objective')} not supported in full", str(gaps), (Link("gap list", "gaps"),)),)
    return (
        *(chosen if choices else ()),
        *(single if gaps or not choices else ()),
        Fact(
            f"{noun(undeveloped, 'element')} that nothing develops",
            str(undeveloped),
            (Link("open goals", "gaps-goals"),),
        ),
        Fact(
            f"{noun(standing_doubts, 'doubt')} that nobody has disposed of",
            str(standing_doubts),
            (Link("challenges", "challenges"), Link("exclusions", "exclusions")),
        ),
        Fact("attack vectors not covered", f"{uncovered} of {len(vectors)}", (Link("taxonomy", "attacks"),)),
        Fact(
            f"{noun(unreviewed, 'property', 'properties')} without meaning review",
            str(unreviewed),
            (Link("requirements", "requirements"),),
        ),
        Fact(f"{noun(errors, 'finding')} of severity error", str(errors), (Link("findings", "findings"),)),
    )
