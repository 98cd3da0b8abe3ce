"""Short ways to declare what the tests of objectives need in the toy case, and to look at single rows."""

from __future__ import annotations

from typing import Any

from case_toys import Kit, bounds, document

from assurance.objectives import Coverage, Row
from assurance.snapshot import Snapshot
from evidence.diagnostics import Finding
from evidence.records import BoundsRecord, Counterexample

RATIONALE = "a reason that a reader can weigh"


def standard(snapshot: Snapshot, id: str = "do-178c") -> Coverage:
    """Coverage of one standard."""
    return next(item for item in snapshot.coverage if item.catalogue.id == id)


def row(toy: Kit, objective: str, id: str = "do-178c") -> Row:
    """One row of the case as it is now."""
    return next(item for item in standard(toy.take(), id).rows if item.entry.id == objective)


def codes(found: Row) -> set[str]:
    """Codes of a row's reasons."""
    return {item.code for item in found.reasons}


def findings(toy: Kit, *wanted: str) -> list[Finding]:
    """Findings of the case with these codes."""
    return [item for item in toy.take().findings if item.code in wanted]


def choose(toy: Kit, **fields: Any) -> Kit:
    """Add fields to the choice of the first standard."""
    toy.case["standards"][0] |= fields
    return toy


def offer(toy: Kit, id: str = "DOC", **changes: Any) -> dict[str, Any]:
    """Declare a document."""
    made = document(toy.folder, id, **changes)
    toy.case["documents"] = [item for item in toy.case["documents"] if item["id"] != id] + [made]
    return made


def aviation(toy: Kit, level: str) -> Kit:
    """DO-178C alone, at this level, with a hazard that demands it."""
    condition = {"A": "catastrophic", "B": "hazardous", "C": "major", "D": "minor", "E": "no safety effect"}[level]
    toy.case["hazards"][0] = {"id": "H1", "title": "It does harm", "failure_condition": condition}
    toy.case["standards"] = [{"id": "do-178c", "level": level}]
    return toy


HARA = {
    "A": {"severity": "S3", "exposure": "E2", "controllability": "C2"},
    "B": {"severity": "S3", "exposure": "E3", "controllability": "C2"},
    "C": {"severity": "S3", "exposure": "E4", "controllability": "C2"},
    "D": {"severity": "S3", "exposure": "E4", "controllability": "C3"},
}


def road(toy: Kit, level: str) -> Kit:
    """ISO 26262-6 alone, at this level, with a hazard that demands it."""
    toy.case["hazards"][0] = {"id": "H1", "title": "It does harm", "hara": HARA[level]}
    toy.case["standards"] = [{"id": "iso-26262-6", "level": level}]
    return toy


def refuting(toy: Kit, requirement: str, letters: str) -> BoundsRecord:
    """A record with counterexamples that lie in no region of any other requirement."""
    found = tuple(
        Counterexample(region=i, input=(-50.0, -50.0), output=(0.0, 0.0, 0.0), replayed_by="toy")
        for i, letter in enumerate(letters)
        if letter == "R"
    )
    return bounds(toy.statement(requirement), letters, counterexamples=found)


def agree(toy: Kit, state: str = "agreed", id: str = "AG") -> None:
    """Declare an agreement; where it was reached, with its document."""
    made: dict[str, Any] = {
        "id": id,
        "kind": "issue paper",
        "reference": "IP-1",
        "authority": "the authority",
        "state": state,
        "date": "2026-05-01",
    }
    if state == "agreed":
        offer(toy, f"{id}-letter", evidence="plan", about=["case"])
        made["document"] = f"{id}-letter"
    toy.case["agreements"] = [made]
