"""View of the residual risks: deviations, exclusions, counterexamples that nobody disposed of, unanswered runs."""

from __future__ import annotations

from dataclasses import dataclass

from assurance.dossier.parts import Link, anchor, objective_link, record_link, regions_of, requirement_link
from assurance.dossier.view_evidence import asked_radius, is_open
from assurance.dossier.view_system import person_words
from assurance.register import RunItem
from assurance.snapshot import Snapshot
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
class RisksView:
    deviations: tuple[DeviationRow, ...]
    examples: tuple[ExampleRow, ...]
    undisposed: str
    problems: tuple[ProblemRow, ...]


def risks_view(snapshot: Snapshot) -> RisksView:
    """The residual risks of a snapshot."""
    examples = [item for item in snapshot.register.runs if _refuted(item)]
    left = sum(not _disposed(snapshot, item.requirement) for item in examples)
    return RisksView(
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


def _requirement(snapshot: Snapshot, item: RunItem) -> Link:
    return requirement_link(item.requirement, item.requirement in snapshot.standings)


def _undisposed(left: int, count: int) -> str:
    """How many records with counterexamples have no deviation."""
    if count == 1:
        return f"The one record with counterexamples has {'no' if left else 'a'} deviation"
    if not left:
        return "All records with counterexamples have a deviation"
    return f"{left} of {count} records with counterexamples {'has' if left == 1 else 'have'} no deviation"


def _leaves_open(item: RunItem) -> bool:
    record = item.record
    return _unestablished(record) > 0 if isinstance(record, SmoothingRecord) else is_open(record)


def _unestablished(record: SmoothingRecord) -> int:
    return record.count - record.established(asked_radius(record))


def _refuted(item: RunItem) -> int:
    return 0 if isinstance(item.record, SmoothingRecord) else item.record.number("R")


def _disposed(snapshot: Snapshot, requirement: str) -> tuple[Link, ...]:
    return tuple(
        Link(item.id, anchor("dev", item.id)) for item in snapshot.loaded.case.deviations if item.about == requirement
    )


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
