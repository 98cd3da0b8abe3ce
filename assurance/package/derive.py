"""From an unpacked package to the documents that are derived from it: the same on the builder's and the reader's side.

The builder unpacks what it is about to pack and derives from that, so both sides start from the same bytes in the
same places, and every difference that a reader finds is one of content or of the tool.
Places in findings are relative to the package: no path of the builder's machine gets into it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from assurance.challenges import Doubt
from assurance.loading import load
from assurance.objectives import coverage_json
from assurance.package.layout import ARGUMENT, COVERAGE, EVIDENCE, FINDINGS, STANDINGS
from assurance.snapshot import Snapshot, take
from assurance.status import Standing
from evidence.diagnostics import Finding
from evidence.digest import canonical_json
from evidence.store import Store
from evidence.threat import Coverage as AttackCoverage


@dataclass(frozen=True)
class Derived:
    """What a package amounts to: the snapshot, the store that it was taken from, the documents by name."""

    snapshot: Snapshot
    store: Store
    documents: dict[str, bytes]


def unpack(members: Mapping[str, bytes], root: Path) -> None:
    """Write members below a folder. Names must have passed `archive.unsafe_names`."""
    for name, data in members.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def derive(root: Path, case_file: str) -> Derived:
    """Load the case that was unpacked below `root` and derive everything. Raises InputError or StoreError."""
    loaded = load(root / case_file)
    store = Store(root / EVIDENCE.rstrip("/"))
    snapshot = take(loaded, store)
    documents = {
        COVERAGE: coverage_json(snapshot.coverage) | {"problems": [item.as_json() for item in snapshot.problems]},
        ARGUMENT: {
            "argument": snapshot.built.argument.as_json(),
            "status": {id: status.value for id, status in snapshot.built.status.items()},
            "tops": {
                item.id: snapshot.built.strength[item.id].as_json()
                for item in snapshot.built.argument.tops()
                if item.id in snapshot.built.strength
            },
            "doubts": [_doubt(item) for item in snapshot.built.doubts],
        },
        STANDINGS: {
            "requirements": [_standing(item) for item in snapshot.standings.values()],
            "attacks": [_attack(item) for item in snapshot.attacks],
        },
        FINDINGS: {"findings": [relative(item, root).as_json() for item in snapshot.findings]},
    }
    return Derived(snapshot, store, {name: canonical_json(value) for name, value in documents.items()})


def relative(finding: Finding, root: Path) -> Finding:
    """The finding with its place and message relative to `root`."""
    prefix = f"{root}{os.sep}"

    def strip(text: str | None) -> str | None:
        return None if text is None else text.replace(prefix, "")

    place = finding.place
    return replace(
        finding,
        message=finding.message.replace(prefix, ""),
        place=replace(place, file=None if place.file is None else Path(place.file.replace(prefix, "")).as_posix()),
        expected=strip(finding.expected),
        remedy=strip(finding.remedy),
    )


def _doubt(doubt: Doubt) -> dict[str, Any]:
    return {
        "id": doubt.id,
        "text": doubt.text,
        "aimed_at": list(doubt.aimed_at),
        "requirements": list(doubt.requirements),
        "state": doubt.state.value,
        "decision": doubt.decision,
        "weakness": doubt.weakness,
        "lapsed": doubt.lapsed,
        "answers": [item.digest for item in doubt.answers],
        "digest": doubt.digest,
    }


def _standing(standing: Standing) -> dict[str, Any]:
    return {
        "id": standing.requirement,
        "status": standing.status.value,
        "reasons": [{"code": item.code, "message": item.message} for item in standing.reasons],
        "established": standing.established,
        "refuted": standing.refuted,
        "total": standing.total,
        "best": standing.best.digest if standing.best else None,
        "evidence": [
            {
                "record": item.digest,
                "run": item.run,
                "current": item.current,
                "outcome": item.outcome,
                "level": found.level.value,
                "established": found.established,
                "refuted": found.refuted,
                "needed": found.needed,
                "reasons": [{"code": reason.code, "message": reason.message} for reason in found.reasons],
            }
            for item, found in standing.assessments
        ],
    }


def _attack(row: AttackCoverage) -> dict[str, Any]:
    return {"id": row.attack.id, "axis": row.attack.axis, "covered_by": list(row.covered_by), "note": row.note}
