"""Gap report -> the JSON of `assurance gaps --json` (docs/schemas/gaps.schema.json).

The shape of the coverage stays as it is; what reports add stands beside it. Many objectives rest on the same long lists
of evidence and goals: past `MOST_LISTED` a row shows the beginning, says how many there are, and names the entry of
`lists` that holds all, so that the document grows with the evidence and not with evidence times objectives.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from assurance.gaps.model import (
    Action,
    Allowance,
    GapChoice,
    GapReport,
    GapRow,
    Judgement,
    ProblemGap,
    RequirementGap,
    StageState,
    StandardGaps,
    Stanza,
)
from assurance.objectives import shared

MOST_LISTED = 100
"""Items of a list that stand at each row."""


def gaps_json(report: GapReport) -> dict[str, Any]:
    """One JSON document."""
    long = _Lists(report)
    return {
        "case": report.case,
        "standards": [_standard(item, long) for item in report.standards],
        "lists": long.as_json(),
        "shared": _shared(report),
        "requirements": [_requirement(item) for item in report.requirements],
        "problems": [_problem(item) for item in report.problems],
        "orphans": [item.as_json() for item in report.orphans],
        "files": [item.as_json() for item in report.stale],
        "policy": _policy(report.judgement),
    }


def _shared(report: GapReport) -> list[dict[str, Any]]:
    """Evidence that serves objectives of more than one standard."""
    if len(report.standards) < 2:
        return []
    found = shared(item.covered for item in report.standards)
    return [{"evidence": digest, "objectives": list(names)} for digest, names in found.items()]


class _Lists:
    """The long lists that rows share, each once. Equal ones are mostly the same object: each object is compared once."""

    def __init__(self, report: GapReport) -> None:
        rows = [item.row for item in report.rows()]
        self._held = {id(names): names for row in rows for names in (row.evidence, row.goals)}  # keeps the ids good
        self._names: dict[tuple[str, ...], str] = {}
        for names in self._held.values():
            if len(names) > MOST_LISTED:
                self._names.setdefault(names, f"L{len(self._names) + 1}")
        self._of = {key: self._names[names] for key, names in self._held.items() if len(names) > MOST_LISTED}

    def name(self, names: tuple[str, ...]) -> str | None:
        """Under which name a list of a row is written out; None where the row holds all of it."""
        return self._of.get(id(names))

    def as_json(self) -> dict[str, list[str]]:
        return {name: list(names) for names, name in self._names.items()}


def _standard(item: StandardGaps, long: _Lists) -> dict[str, Any]:
    cut = (
        replace(one, evidence=one.evidence[:MOST_LISTED], goals=one.goals[:MOST_LISTED]) for one in item.covered.rows
    )
    shown: dict[str, Any] = dict(replace(item.covered, rows=tuple(cut)).as_json())
    rows = {row.row.entry.id: row for row in item.rows}
    shown["objectives"] = [entry | _row(rows[entry["id"]], long) for entry in shown["objectives"]]
    shown["choices"] = [_choice(choice) for choice in item.choices]
    shown["stages"] = [_stage(state) for state in item.stages]
    return shown


def _row(item: GapRow, long: _Lists) -> dict[str, Any]:
    row = item.row
    return {
        "evidence_count": len(row.evidence),
        "evidence_list": long.name(row.evidence),
        "goals_count": len(row.goals),
        "goals_list": long.name(row.goals),
        "table": item.table.id,
        "ref": item.row.entry.ref,
        "gap": item.is_gap,
        "next": f"{item.action.kind.value}: {item.action.text}" if item.action else None,
        "undecided": item.undecided,
        "action": _action(item.action),
        "allowed": _allowed(item.allowance),
    }


def _allowed(allowance: Allowance | None) -> dict[str, Any] | None:
    if allowance is None:
        return None
    return {
        "owner": allowance.owner,
        "reason": allowance.reason,
        "until": allowance.until,
        "expired": allowance.expired,
    }


def _choice(item: GapChoice) -> dict[str, Any]:
    return {
        "table": item.table.id,
        "ref": item.table.ref,
        "methods": [row.row.entry.id for row in item.rows],
        "stanzas": _stanzas((item.stanza,)),
        "allowed": _allowed(item.allowance),
    }


def _action(action: Action | None) -> dict[str, Any] | None:
    if action is None:
        return None
    return {
        "kind": action.kind.value,
        "text": action.text,
        "steps": list(action.steps),
        "commands": list(action.commands),
        "stanzas": _stanzas(action.stanzas),
        "template": action.template,
    }


def _requirement(item: RequirementGap) -> dict[str, Any]:
    return {
        "id": item.requirement,
        "title": item.title,
        "status": item.status,
        "established": item.established,
        "total": item.total,
        "reasons": [{"code": reason.code, "message": reason.message} for reason in item.reasons],
        "action": item.text,
        "commands": list(item.commands),
        "stanzas": _stanzas(item.stanzas),
    }


def _problem(item: ProblemGap) -> dict[str, Any]:
    return {
        "id": item.id,
        "text": item.text,
        "classification": item.classification,
        "mitigation": item.mitigation,
        "blocks": item.blocks,
        "stanzas": _stanzas(item.stanzas),
    }


def _stanzas(stanzas: tuple[Stanza, ...]) -> list[dict[str, str]]:
    return [{"purpose": item.purpose, "yaml": item.yaml} for item in stanzas]


def _stage(state: StageState) -> dict[str, Any]:
    return {
        "id": state.stage.id,
        "name": state.stage.name,
        "when": state.stage.when,
        "confidence": state.stage.confidence.value,
        "gaps": state.gaps,
        "asked": state.asked,
        "items": [
            {
                "id": item.id,
                "name": item.name,
                "state": item.state.value,
                "evidence": list(item.evidence),
                "why": item.why,
            }
            for item in state.items
        ],
    }


def _policy(judgement: Judgement | None) -> dict[str, Any] | None:
    if judgement is None:
        return None
    return {
        "file": judgement.policy,
        "today": judgement.today,
        "passed": judgement.passed,
        "failures": [item.as_json() for item in judgement.failures],
        "findings": [item.as_json() for item in judgement.findings],
    }
