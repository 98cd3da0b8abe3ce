"""Gap report -> SARIF 2.1.0: a result for each gap, each orphan, each changed file and each failure of the policy.

A gap that a policy bears is there with its suppression, not left out. What is of unknown applicability is an open
question (`kind: open`), which is neither pass nor fail. Supported objectives make no result.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from assurance import __version__
from assurance.gaps.model import Allowance, GapChoice, GapReport, GapRow, StandardGaps
from assurance.gaps.writers.tables import watermarks
from assurance.objectives import ObjectiveStatus
from evidence.diagnostics import Finding, Place, Severity, code, registered

O_OPEN = code("O272", Severity.WARNING, "objective asked for is open", "do what its next action says")
O_PARTIAL = code("O273", Severity.WARNING, "objective asked for is partial", "do what its next action says")
O_CONTRA = code("O274", Severity.ERROR, "objective asked for is contradicted", "dispose of the counterexamples")
O_OLD = code("O275", Severity.ERROR, "objective asked for is stale", "declare the new digests and repeat the runs")
O_QUESTION = code(
    "O276",
    Severity.NOTE,
    "objective whose applicability is unknown",
    "settle it from the organisation's own copy of the standard",
)
O_CHOICE = code(
    "O280",
    Severity.WARNING,
    "no combination of alternative methods is recorded",
    "choose methods of the table that suffice together, and record them with the reason",
)
_CODES = {
    ObjectiveStatus.OPEN: O_OPEN,
    ObjectiveStatus.PARTIAL: O_PARTIAL,
    ObjectiveStatus.CONTRADICTED: O_CONTRA,
    ObjectiveStatus.STALE: O_OLD,
    ObjectiveStatus.APPLICABILITY_UNKNOWN: O_QUESTION,
}


def gaps_sarif(report: GapReport) -> dict[str, Any]:
    """A SARIF log with one run."""
    results: list[dict[str, Any]] = []
    for standard in report.standards:
        shown = (row for row in standard.rows if row.row.status in _CODES and not row.undecided)
        results += [_gap(standard, row) for row in shown]
        results += [_choice(standard, item) for item in standard.choices]
    said = [*report.stale, *report.orphans]
    if report.judgement is not None:
        others = [item for item in report.judgement.findings if item not in report.judgement.failures]
        said += [*report.judgement.failures, *others]
    home = next((standard.place.file for standard in report.standards if standard.place.file), None)
    results += [_finding(item, home) for item in said]
    used = sorted({result["ruleId"] for result in results})
    number = {id: i for i, id in enumerate(used)}
    for result in results:
        result["ruleIndex"] = number[result["ruleId"]]
    known = {item.id: item for item in registered()}
    rules = [
        {"id": id, "shortDescription": {"text": known[id].title}, "help": {"text": known[id].remedy}} for id in used
    ]
    driver = {"name": "assurance", "version": __version__, "rules": rules}
    run: dict[str, Any] = {"tool": {"driver": driver}, "results": results}
    run["properties"] = {
        "case": report.case,
        "statuses": "proposals; acceptance is by a named person",
        "watermarks": watermarks(report),
    }
    return {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}


def _gap(standard: StandardGaps, item: GapRow) -> dict[str, Any]:
    row, which = item.row, _CODES[item.row.status]
    count = f", {row.n} of {row.of}" if standard.covered.catalogue.scored else ""
    reasons = "; ".join(f"{reason.code} {reason.message}" for reason in row.reasons)
    mark = f" {standard.watermark}" if standard.watermark else ""
    text = f"{item.key} {row.entry.title}: {row.status.value}{count}. {reasons}.{mark}"
    if item.action is not None:
        text += f" Next: {item.action.kind.value}: {item.action.text}"
    unknown = row.status is ObjectiveStatus.APPLICABILITY_UNKNOWN
    result: dict[str, Any] = {
        "ruleId": which.id,
        "kind": "open" if unknown else "fail",
        "level": "none" if unknown else which.severity.value,
        "message": {"text": text},
        "locations": [_location(standard.place, item.key)],
        "partialFingerprints": {"objective/v1": item.key},
        "properties": {"status": row.status.value, "commands": list(item.action.commands) if item.action else []},
    }
    return result | _suppressed(item.allowance)


def _choice(standard: StandardGaps, item: GapChoice) -> dict[str, Any]:
    """The methods of one table, among which nobody has chosen yet: one gap."""
    methods = ", ".join(row.row.entry.id for row in item.rows)
    mark = f" {standard.watermark}" if standard.watermark else ""
    text = f"{item.key} {item.table.title}: no combination of methods is recorded; open are {methods}.{mark}"
    return {
        "ruleId": O_CHOICE.id,
        "kind": "fail",
        "level": O_CHOICE.severity.value,
        "message": {"text": text},
        "locations": [_location(standard.place, item.key)],
        "partialFingerprints": {"objective/v1": item.key},
    } | _suppressed(item.allowance)


def _suppressed(allowance: Allowance | None) -> dict[str, Any]:
    """An allowance that counts, as a suppression; one that has expired suppresses nothing."""
    if allowance is None or allowance.expired:
        return {}
    why = f"allowed until {allowance.until} by {allowance.owner}: {allowance.reason}"
    return {"suppressions": [{"kind": "external", "status": "accepted", "justification": why}]}


def _finding(item: Finding, home: str | None) -> dict[str, Any]:
    """A finding. One that stands in no file (a goal, a problem report) is put to the case file: viewers of SARIF drop what
    has no place."""
    text = item.message + (f" Expected: {item.expected}." if item.expected else "")
    result: dict[str, Any] = {"ruleId": item.code, "level": item.severity.value, "message": {"text": text}}
    place = item.place if item.place.file else replace(item.place, file=home)
    if place.file or place.element:
        result["locations"] = [_location(place, place.element)]
    return result


def _location(place: Place, name: str | None) -> dict[str, Any]:
    location: dict[str, Any] = {}
    if place.file:
        region = {"startLine": place.line or 1, "startColumn": place.column or 1}
        location["physicalLocation"] = {"artifactLocation": {"uri": _uri(place.file)}, "region": region}
    if name:
        location["logicalLocations"] = [{"fullyQualifiedName": name}]
    return location


def _uri(file: str) -> str:
    """A file relative to where the command ran, as CI systems expect it; of a file elsewhere only its name."""
    path = Path(file)
    if path.is_absolute():
        here = Path.cwd()
        path = path.relative_to(here) if path.is_relative_to(here) else Path(path.name)
    return quote(path.as_posix())
