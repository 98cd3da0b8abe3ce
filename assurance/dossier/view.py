"""Snapshot -> `DossierView`: everything that a dossier shows, as texts, links and pictures, chapter by chapter.

Templates print what stands here and compute nothing. Each chapter has a file of its own (`view_*.py`); this one
joins them and holds what is left: provenance, how to reproduce, findings. Claims, limits and status come from
`words`, `evidence.limits` and the snapshot; none is written here.
"""

from __future__ import annotations

from dataclasses import dataclass

from assurance.dossier.parts import Fact, Grid, Link, record_link, tidy, where, without_paths
from assurance.dossier.trace import build_trace
from assurance.dossier.view_argument import ArgumentView, argument_view
from assurance.dossier.view_evidence import EvidenceView, evidence_view
from assurance.dossier.view_gaps import GapsView, gaps_view
from assurance.dossier.view_objectives import StandardView, objectives_view
from assurance.dossier.view_requirements import RequirementView, requirements_view
from assurance.dossier.view_risks import RisksView, risks_view
from assurance.dossier.view_summary import SummaryView, summary_view
from assurance.dossier.view_system import Head, SystemView, head_view, system_view
from assurance.dossier.view_threats import ThreatsView, threats_view
from assurance.snapshot import Snapshot
from evidence.diagnostics import Severity
from evidence.store import Store


@dataclass(frozen=True)
class RunRow:
    """What it takes to repeat one run."""

    run: str
    record: Link
    when: str
    engine: str
    seed: str
    device: str
    date: str


@dataclass(frozen=True)
class ProvenanceView:
    runs: tuple[RunRow, ...]
    undone: tuple[str, ...]
    commands: tuple[Fact, ...]
    libraries: Grid


@dataclass(frozen=True)
class FindingRow:
    code: str
    severity: str
    message: str
    where: str
    expected: str
    remedy: str


@dataclass(frozen=True)
class DossierView:
    """A whole dossier, in the order of its chapters."""

    head: Head
    summary: SummaryView
    system: SystemView
    requirements: tuple[RequirementView, ...]
    threats: ThreatsView
    argument: ArgumentView
    evidence: EvidenceView
    objectives: tuple[StandardView, ...]
    gaps: GapsView
    risks: RisksView
    provenance: ProvenanceView
    findings: tuple[FindingRow, ...]
    finding_counts: str


def build_view(snapshot: Snapshot, store: Store) -> DossierView:
    """Everything that the dossier of a snapshot shows. Raises StoreError when the store's index cannot be read."""
    trace = build_trace(snapshot)
    argument = argument_view(snapshot, trace)
    evidence = evidence_view(snapshot, store, trace)
    return DossierView(
        head=head_view(snapshot, evidence.dates),
        summary=summary_view(snapshot, argument),
        system=system_view(snapshot.loaded),
        requirements=requirements_view(snapshot, trace),
        threats=threats_view(snapshot),
        argument=argument,
        evidence=evidence,
        objectives=objectives_view(snapshot, trace),
        gaps=gaps_view(snapshot),
        risks=risks_view(snapshot),
        provenance=_provenance(snapshot, evidence),
        findings=_findings(snapshot),
        finding_counts=_finding_counts(snapshot),
    )


def _provenance(snapshot: Snapshot, evidence: EvidenceView) -> ProvenanceView:
    made = {view.digest: {fact.name: fact.value for fact in view.made} for view in evidence.records}
    rows, libraries = [], set()
    for item in snapshot.register.runs:
        provenance = item.record.provenance
        if provenance is None:
            continue
        libraries |= set(provenance.versions.items())
        rows.append(
            RunRow(
                item.run,
                record_link(item.digest),
                "current" if item.current else "history",
                f"{provenance.engine} {provenance.engine_version}",
                str(provenance.seed),
                provenance.device,
                made.get(item.digest, {}).get("date", ""),
            )
        )
    answered = {item.run for item in snapshot.register.runs if item.current}
    return ProvenanceView(
        runs=tuple(rows),
        undone=tuple(item.id for item in snapshot.loaded.case.answering if item.id not in answered),
        commands=(
            Fact("assurance check CASE", "reads case, argument and evidence and lists all findings"),
            Fact(
                "assurance run CASE", "repeats the runs that the store does not answer; with --only RUN it repeats one"
            ),
            Fact("assurance gaps CASE", "computes the objective matrix and the gap list again"),
            Fact("assurance build CASE", "all of this, and the dossier"),
        ),
        libraries=Grid(("library", "version"), tuple(sorted(libraries))),
    )


def _findings(snapshot: Snapshot) -> tuple[FindingRow, ...]:
    order = [Severity.ERROR, Severity.WARNING, Severity.NOTE]
    folder = snapshot.loaded.folder
    return tuple(
        FindingRow(
            item.code,
            item.severity.value,
            tidy(without_paths(item.message, folder)),
            where(item.place, folder),
            without_paths(item.expected or "", folder),
            tidy(item.remedy or ""),
        )
        for item in sorted(snapshot.findings, key=lambda item: order.index(item.severity))
    )


def _finding_counts(snapshot: Snapshot) -> str:
    counted = [(word.value, sum(item.severity is word for item in snapshot.findings)) for word in Severity]
    return ", ".join(f"{count} of severity {word}" for word, count in counted)
