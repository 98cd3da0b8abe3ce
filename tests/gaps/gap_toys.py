"""Short ways to look at gap reports in tests."""

from __future__ import annotations

import dataclasses
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from case_toys import Kit

from assurance.catalogue_vocabulary import Applicability
from assurance.gaps import GapReport, gap_report, judged, read_policy
from assurance.gaps.model import GapRow
from assurance.objectives import ObjectiveStatus
from evidence.diagnostics import Finding

TODAY = date(2026, 6, 1)


def report(toy: Kit) -> GapReport:
    return gap_report(toy.take())


def row(found: GapReport, key: str) -> GapRow:
    return next(item for item in found.rows() if item.key == key)


def codes(findings: tuple[Finding, ...]) -> set[str]:
    return {item.code for item in findings}


def about(findings: tuple[Finding, ...], code: str) -> list[str]:
    """Messages of the findings with a code."""
    return [item.message for item in findings if item.code == code]


def policy_file(folder: Path, **parts: Any) -> Path:
    file = folder / "policy.yaml"
    file.write_text(yaml.safe_dump({"schema": "assurance-gap-policy/1"} | parts, sort_keys=False), "utf-8")
    return file


def allowed(**parts: Any) -> dict[str, Any]:
    return {"owner": "Q. Manager", "reason": "the document is being written", "until": "2026-12-31"} | parts


def under(toy: Kit, **parts: Any) -> GapReport:
    """The report of the toy case under a policy, looked at on TODAY."""
    snapshot = toy.take()
    policy = read_policy(policy_file(toy.folder, **parts))
    return judged(snapshot, gap_report(snapshot), policy, TODAY, everything=True)


def huge(found: GapReport, count: int) -> GapReport:
    """The report with its first standard's rows repeated under other names, `count` in all."""
    standard = found.standards[0]
    rows = []
    for number in range(count):
        model = standard.rows[number % len(standard.rows)]
        entry = model.row.entry.model_copy(update={"id": f"X-{number}"})
        made = dataclasses.replace(model.row, entry=entry)
        rows.append(dataclasses.replace(model, key=f"{standard.id}:X-{number}", row=made))
    covered = dataclasses.replace(standard.covered, rows=tuple(item.row for item in rows))
    whole = dataclasses.replace(standard, covered=covered, rows=tuple(rows))
    return dataclasses.replace(found, standards=(whole, *found.standards[1:]))


def with_status(found: GapReport, key: str, status: ObjectiveStatus) -> GapReport:
    """The report with another status of one row: for writers, which take what they get."""
    standards = []
    for standard in found.standards:
        rows = []
        for item in standard.rows:
            if item.key == key:
                item = dataclasses.replace(item, row=dataclasses.replace(item.row, status=status))
            rows.append(item)
        standards.append(dataclasses.replace(standard, rows=tuple(rows)))
    return dataclasses.replace(found, standards=tuple(standards))


def is_unknown(item: GapRow) -> bool:
    return item.row.selected.applicability is Applicability.UNKNOWN
