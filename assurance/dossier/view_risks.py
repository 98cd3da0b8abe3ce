"""View of the residual risks: deviations, exclusions, counterexamples that nobody disposed of, unanswered runs."""

from __future__ import annotations

from dataclasses import dataclass

from assurance.case import Deviation
from assurance.challenges import Doubt
from assurance.dossier.parts import Link, anchor, goal_link, objective_link, record_link, regions_of, requirement_link
from assurance.dossier.view_evidence import asked_radius, is_open
from assurance.dossier.view_system import person_words
from assurance.doubts import Challenged
from assurance.register import RunItem
from assurance.snapshot import Snapshot
from assurance.status import disposes
from assurance.words import disputed_words, verdict_words
from evidence.records import SmoothingRecord


@dataclass(frozen=True)
class DeviationRow:
    id: str
    anchor: str
    about: Link
    rationale: str
    accepted: str


@dataclass(frozen=True)
class ExampleRow:
    """A record with counterexamples."""

    record: Link
    requirement: Link
    when: str
    refuted: str
    disposed: tuple[Link, ...]


@dataclass(frozen=True)
class ProblemRow:
    record: Link
    requirement: Link
    run: str
    when: str
    verdict: str
    what: str


@dataclass(frozen=True)
class ChallengeRow:
    """A challenge that people raised, with everything that rests on what it is aimed at."""

    id: str
    element: Link
    doubt: str
    raised: str
    targets: tuple[Link, ...]
    affected: tuple[Link, ...]
    state: str
    decision: str


@dataclass(frozen=True)
class RisksView:
    challenges: tuple[ChallengeRow, ...]
    deviations: tuple[DeviationRow, ...]
    examples: tuple[ExampleRow, ...]
    undisposed: str
    problems: tuple[ProblemRow, ...]


def risks_view(snapshot: Snapshot) -> RisksView:
    """The residual risks of a snapshot."""
    examples = [item for item in snapshot.register.runs if _refuted(item)]
    left = sum(not _disposed(snapshot, item.requirement) for item in examples)
    return RisksView(
        challenges=tuple(_challenge(item, item.doubt) for item in snapshot.built.challenges if _declared(item)),
        deviations=_deviations(snapshot),
        examples=tuple(
            ExampleRow(
                record_link(item.digest),
                _requirement(snapshot, item),
                "current" if item.current else "history",
                regions_of(_refuted(item), item.record.count, up=True),
                _disposed(snapshot, item.requirement),
            )
            for item in examples
        ),
        undisposed=_undisposed(left, len(examples)),
        problems=tuple(
            ProblemRow(
                record_link(item.digest),
                _requirement(snapshot, item),
                item.run,
                "current" if item.current else "history",
                verdict_words(item.record),
                _what(item),
            )
            for item in snapshot.register.runs
            if _leaves_open(item)
        ),
    )


def _declared(item: Challenged) -> bool:
    return item.doubt is not None and not item.doubt.is_exclusion


def _challenge(item: Challenged, doubt: Doubt | None) -> ChallengeRow:
    assert doubt is not None
    return ChallengeRow(
        doubt.id,
        goal_link(item.element),
        doubt.text,
        doubt.raised,
        tuple(goal_link(id) for id in item.targets),
        tuple(goal_link(id) for id in item.affected),
        doubt.state.value,
        decided(doubt),
    )


def decided(doubt: Doubt) -> str:
    """The decision with what it lacks, and why the newest one does not count."""
    in_part = f"Not in full: {doubt.weakness}." if doubt.weakness else ""
    lapsed = f"The newest disposition does not count: {doubt.lapsed}." if doubt.lapsed else ""
    return " ".join(filter(None, (doubt.decision, in_part, lapsed)))


def _requirement(snapshot: Snapshot, item: RunItem) -> Link:
    return requirement_link(item.requirement, item.requirement in snapshot.standings)


def _undisposed(left: int, count: int) -> str:
    """How many records with counterexamples have no deviation."""
    if count == 1:
        return f"The one record with counterexamples has {'no' if left else 'a'} deviation that covers it"
    if not left:
        return "All records with counterexamples have a deviation that covers them"
    return (
        f"{left} of {count} records with counterexamples {'has' if left == 1 else 'have'} no deviation that covers them"
    )


def _leaves_open(item: RunItem) -> bool:
    record = item.record
    return _unestablished(record) > 0 if isinstance(record, SmoothingRecord) else is_open(record)


def _unestablished(record: SmoothingRecord) -> int:
    return record.count - record.established(asked_radius(record))


def _refuted(item: RunItem) -> int:
    return 0 if isinstance(item.record, SmoothingRecord) else item.record.number("R")


def accepting(snapshot: Snapshot, requirement: str) -> tuple[Deviation, ...]:
    """The deviations that cover the counterexamples of a requirement as they stand now."""
    claim, standing = snapshot.loaded.claims.get(requirement), snapshot.standings.get(requirement)
    if claim is None or standing is None:
        return ()
    about = (item for item in snapshot.loaded.case.deviations if item.about == requirement)
    return tuple(item for item in about if disposes(item, claim, standing.refuted))


def _disposed(snapshot: Snapshot, requirement: str) -> tuple[Link, ...]:
    return tuple(Link(item.id, anchor("dev", item.id)) for item in accepting(snapshot, requirement))


def _what(item: RunItem) -> str:
    record = item.record
    if isinstance(record, SmoothingRecord):
        missing = _unestablished(record)
        abstained = sum(found.abstained for found in record.inputs)
        other = sum(not found.abstained and found.predicted != found.label for found in record.inputs)
        near = missing - abstained - other
        return (
            f"not established {missing} of {record.count}, of which abstained {abstained}, "
            f"decided for another class {other}, label kept only within a smaller radius {near}"
        )
    words = (("R", "refuted"), ("U", "undecided"), ("C", "unchecked"))
    found = [f"{record.number(letter)} {word}" for letter, word in words if record.number(letter)]
    return ", ".join([*found, *filter(None, [disputed_words(record)])])


def _deviations(snapshot: Snapshot) -> tuple[DeviationRow, ...]:
    case = snapshot.loaded.case
    objectives = {(item.catalogue.id, row.entry.id) for item in snapshot.coverage for row in item.rows}
    rows = []
    for item in case.deviations:
        standard, _, entry = item.about.partition(":")
        if (standard, entry) in objectives:
            about = objective_link(standard, entry)
        else:
            about = requirement_link(item.about, item.about in snapshot.standings)
        accepted = f"{person_words(case.person(item.accepted_by))}, {item.date}"
        rows.append(DeviationRow(item.id, anchor("dev", item.id), about, item.rationale, accepted))
    return tuple(rows)
