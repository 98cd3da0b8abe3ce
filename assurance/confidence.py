"""Why the tool's results may be trusted, as far as the records themselves show it, and where that is asked.

Records say what was done to them after the engine had finished: bounds derived again, counterexamples replayed, the
same question put to other methods. The tool-confidence pattern takes these as evidence. In the argument, an assurance
claim point (GSN 1:5) on each link from a goal to a record leads there. No number is attached to confidence.
Not here: what documents say about the tool; whether a record supports a claim (support.py).
"""

from __future__ import annotations

from typing import Any

from assurance.gsn.elements import Goal, Solution
from assurance.gsn.model import Argument
from assurance.gsn.relations import ClaimPoint, RelationRef, RelationType
from assurance.register import Register, RunItem
from assurance.status import Status, combine
from assurance.words import counted, listed
from evidence.digest import short
from evidence.records import BoundsRecord, ExternalVerdictRecord, SmoothingRecord

TOOL_CONFIDENCE = "tool-confidence"
"""The pattern that answers the claim points, and the prefix of its elements in a case."""


def confidence_data(register: Register) -> dict[str, Any]:
    """What the current records show about the tool: for patterns, three collections with their statuses."""
    current = [item for item in register.runs if item.current and not isinstance(item.record, ExternalVerdictRecord)]
    unique = list({item.digest: item for item in current}.values())
    data: dict[str, Any] = {}
    for name, judge in (("confirmations", _confirmed), ("repetitions", _repeated), ("replays", _replayed)):
        judged = [(item, found) for item in unique if (found := judge(item)) is not None]
        data[name] = [
            {"id": short(item.digest), "digest": item.digest, "text": f"Record {short(item.digest)}: {text}"}
            for item, (status, text) in judged
            if status is not Status.UNDEVELOPED
        ]
        data[f"{name}_status"] = combine([status for _, (status, _) in judged]).value
    return data


def mark_evidence_links(argument: Argument, register: Register) -> None:
    """Put a claim point on the links from each goal to its evidence where a run's record is part of it, answered by
    the tool-confidence argument; without that argument there is nothing to refer to, and no point is set."""
    answer = f"{TOOL_CONFIDENCE}.G1"
    if answer not in argument:
        return
    records = {item.digest for item in register.runs}
    points = []
    for goal in argument:
        if not isinstance(goal, Goal) or goal.id.startswith(f"{TOOL_CONFIDENCE}."):
            continue
        solutions = [item for item in argument.children(goal.id) if isinstance(item, Solution)]
        if any(records & set(item.evidence) for item in solutions):
            links = tuple(
                RelationRef(source=goal.id, target=item.id, type=RelationType.SUPPORTED_BY) for item in solutions
            )
            points.append(ClaimPoint(id=f"ACP-{goal.id}", relations=links, goal=answer))
    argument.claim_points = (*argument.claim_points, *points)


def _confirmed(item: RunItem) -> tuple[Status, str] | None:
    """Bounds, radii or ranges that code independent of the engine derived again. None: nothing stands as shown."""
    record = item.record
    if isinstance(record, ExternalVerdictRecord):
        return None
    if isinstance(record, SmoothingRecord):
        proved = sum(not found.abstained for found in record.inputs)
    else:
        proved = record.number("P")
    if not proved:
        return None
    checks = [check for check in record.rechecks if check.what != "counterexamples"]
    if not checks:
        return Status.UNDEVELOPED, "no independent check is recorded"
    text = listed([f"{check.by} confirmed {check.agreed} of {check.of} {check.what}" for check in checks])
    asked = "radii" if isinstance(record, SmoothingRecord) else "bounds"
    whole = any(check.what == asked and check.agreed >= proved for check in checks)
    return (Status.SUPPORTED if whole else Status.PARTIAL), text


def _replayed(item: RunItem) -> tuple[Status, str] | None:
    """Counterexamples that an independent runtime reproduced. None: the record holds none."""
    record = item.record
    if isinstance(record, SmoothingRecord) or not record.counterexamples:
        return None
    by = sorted({example.replayed_by for example in record.counterexamples})
    return Status.SUPPORTED, f"{counted(len(record.counterexamples), 'counterexample')} replayed by {listed(by)}"


def _repeated(item: RunItem) -> tuple[Status, str] | None:
    """What other methods said of the same regions. None: the record is of a kind that no other method was asked about."""
    record = item.record
    if not isinstance(record, BoundsRecord):
        return None
    if not record.cross_checks:
        return Status.UNDEVELOPED, "no other method was asked"
    text = "; ".join(
        f"{check.by} was asked about {check.examined} of {record.count} regions and agreed on {check.agreed}"
        for check in record.cross_checks
    )
    if record.disputed:
        return Status.IN_DOUBT, f"{text}; it disagrees on {len(record.disputed)}"
    whole = any(check.agreed == check.examined == record.count for check in record.cross_checks)
    return (Status.SUPPORTED if whole else Status.PARTIAL), text
