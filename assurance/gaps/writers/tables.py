"""Gap report -> CSV text and XLSX workbook. Both hold every row; the column `gap` is there to filter by."""

from __future__ import annotations

from collections.abc import Iterator

from assurance.gaps.model import GapReport
from assurance.gaps.writers.columns import COLUMNS, flat, totals_words
from assurance.objectives import ObjectiveStatus
from assurance.sheets import Cell, Sheet, csv_text, workbook

FILLS = (
    (ObjectiveStatus.CONTRADICTED.value, "F4B6B0"),
    (ObjectiveStatus.STALE.value, "F9D9A8"),
    (ObjectiveStatus.OPEN.value, "FCEBCF"),
    (ObjectiveStatus.PARTIAL.value, "FFF7CC"),
    (ObjectiveStatus.SUPPORTED.value, "DDEEDD"),
)


def gaps_csv(report: GapReport) -> str:
    """All objectives as CSV."""
    return csv_text([name for name, _ in COLUMNS], flat(report))


def gaps_xlsx(report: GapReport) -> bytes:
    """All objectives, orphans, stages and the policy's judgement, a sheet each."""
    marks = watermarks(report)
    objectives = Sheet(
        "Objectives",
        _title(report, marks),
        tuple(name for name, _ in COLUMNS),
        list(flat(report)),
        tuple(width for _, width in COLUMNS),
        FILLS,
    )
    return workbook([_summary(report), objectives, *_others(report, marks)], f"Gaps of {report.title}", " ".join(marks))


def watermarks(report: GapReport) -> list[str]:
    """The watermarks of all standards of a report, each once."""
    return list(dict.fromkeys(item.watermark for item in report.standards if item.watermark))


def _title(report: GapReport, marks: list[str]) -> str:
    """The line above every sheet: it names the case, what statuses are, and every watermark."""
    return " ".join((f"{report.title}. All statuses are proposals.", *marks))


def _summary(report: GapReport) -> Sheet:
    rows: list[tuple[Cell, ...]] = [
        (
            item.id,
            item.covered.catalogue.edition,
            item.covered.level or "",
            item.watermark,
            item.gaps if item.covered.catalogue.scored else None,
            totals_words(item),
        )
        for item in report.standards
    ]
    heads = ("standard", "edition", "level", "watermark", "gaps", "totals")
    return Sheet("Summary", _title(report, watermarks(report)), heads, rows, (16, 40, 8, 50, 8, 60))


def _others(report: GapReport, marks: list[str]) -> Iterator[Sheet]:
    title = _title(report, marks)
    requirements: list[tuple[Cell, ...]] = [
        (
            item.requirement,
            item.title,
            item.status,
            item.established,
            item.total,
            "\n".join(f"{reason.code} {reason.message}" for reason in item.reasons),
            item.text,
            "\n".join(item.commands),
        )
        for item in report.requirements
    ]
    heads: tuple[str, ...] = ("requirement", "title", "status", "established", "of", "reasons", "next", "commands")
    yield Sheet("Requirements", title, heads, requirements, (14, 40, 14, 11, 8, 60, 60, 50), FILLS)
    problems: list[tuple[Cell, ...]] = [
        (item.id, item.classification or "not classified", "yes" if item.blocks else "", item.text, item.mitigation)
        for item in report.problems
    ]
    heads = ("report", "class", "blocks", "what", "mitigation")
    yield Sheet("Problem reports", title, heads, problems, (24, 16, 8, 70, 60))
    orphans: list[tuple[Cell, ...]] = [
        (item.code, item.severity.value, item.place.element or "", item.message, item.remedy or "")
        for item in report.orphans
    ]
    yield Sheet("Orphans", title, ("code", "severity", "element", "message", "remedy"), orphans, (8, 10, 20, 70, 60))
    stages: list[tuple[Cell, ...]] = [
        (
            standard.id,
            standard.watermark,
            f"{state.stage.id} {state.stage.name}",
            item.name,
            item.state.value,
            "\n".join(item.evidence),
            item.why,
        )
        for standard in report.standards
        for state in standard.stages
        for item in state.items
    ]
    if stages:
        heads = ("standard", "watermark", "stage", "data item", "state", "evidence", "remark")
        yield Sheet("Stages", title, heads, stages, (14, 24, 24, 30, 14, 24, 50))
    judgement = report.judgement
    if judgement is not None:
        said: list[tuple[Cell, ...]] = [
            (item.code, item.severity.value, item.place.element or "", item.message)
            for item in (*judgement.failures, *(one for one in judgement.findings if one not in judgement.failures))
        ]
        verdict = "passed" if judgement.passed else "failed"
        heads = ("code", "severity", "about", "message")
        yield Sheet("Policy", f"Policy {verdict} on {judgement.today}. {title}", heads, said, (8, 10, 24, 90))
