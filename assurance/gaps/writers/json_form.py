"""Gap report -> the JSON of `assurance gaps --json` (docs/schemas/gaps.schema.json).

The shape of the coverage stays as it is; what reports add stands beside it.
"""

from __future__ import annotations

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


def gaps_json(report: GapReport) -> dict[str, Any]:
    """One JSON document."""
    return {
        "case": report.case,
        "standards": [_standard(item) for item in report.standards],
        "shared": [
            {"evidence": digest, "objectives": list(names)}
            for digest, names in shared(item.covered for item in report.standards).items()
        ],
        "requirements": [_requirement(item) for item in report.requirements],
        "problems": [_problem(item) for item in report.problems],
        "orphans": [item.as_json() for item in report.orphans],
        "files": [item.as_json() for item in report.stale],
        "policy": _policy(report.judgement),
    }


def _standard(item: StandardGaps) -> dict[str, Any]:
    shown: dict[str, Any] = dict(item.covered.as_json())
    rows = {row.row.entry.id: row for row in item.rows}
    shown["objectives"] = [entry | _row(rows[entry["id"]]) for entry in shown["objectives"]]
    shown["choices"] = [_choice(choice) for choice in item.choices]
    shown["stages"] = [_stage(state) for state in item.stages]
    return shown


def _row(item: GapRow) -> dict[str, Any]:
    return {
        "table": item.table.id,
        "ref": item.row.entry.ref,
        "gap": item.is_gap,
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
