"""All catalogues at once: nothing is supported by nothing, nothing is partial by what names nothing, drafts stay drafts."""

from __future__ import annotations

from pathlib import Path

import pytest
from case_toys import Kit, kit
from objectives_toys import HARA, offer

from assurance.catalogue import available, load
from assurance.catalogue_vocabulary import OPAQUE_KINDS, EvidenceKind, Status
from assurance.objectives import Coverage, ObjectiveStatus
from assurance.snapshot import Snapshot
from evidence.verdict import Artefact


@pytest.fixture
def toy(tmp_path: Path) -> Kit:
    """A case that answers to every standard on board, at the strictest level where hazards do not say another."""
    made = kit(tmp_path)
    made.case["hazards"][0] |= {
        "failure_condition": "catastrophic",
        "hara": HARA["D"],
        "harm": "serious",
        "sil": "SIL4",
    }
    strictest = {"iso-26262-6": "D", "do-330": "TQL-1", "iec-61508": "SIL4", "iec-62304": "C", "easa-cp-issue2": "2B"}
    made.case["standards"] = []
    for id in available():
        levels = load(id).marked_levels()
        level = strictest.get(id, "D" if id.startswith("iso-26262") else levels[0] if levels else None)
        made.case["standards"].append({"id": id} | ({"level": level} if level else {}))
    return made


def states(snapshot: Snapshot) -> dict[str, ObjectiveStatus]:
    return {f"{found.catalogue.id}:{row.entry.id}": row.status for found in snapshot.coverage for row in found.rows}


def test_a_case_without_evidence_supports_nothing(toy: Kit) -> None:
    toy.case["documents"] = []
    snapshot = toy.take()
    own = snapshot.loaded.digest
    for found in snapshot.coverage:
        for row in found.rows:
            assert row.status is not ObjectiveStatus.SUPPORTED and row.n == 0, row.entry.id
            assert set(row.evidence) <= {own}, "the case file at most"
            assert row.status is not ObjectiveStatus.PARTIAL or row.evidence


def test_proofs_alone_support_nothing(toy: Kit) -> None:
    toy.prove("R1", "R2", "R3")
    assert ObjectiveStatus.SUPPORTED not in states(toy.take()).values()


@pytest.mark.parametrize("artefact", list(Artefact))
def test_documents_about_the_case_that_name_nothing_change_no_status(toy: Kit, artefact: Artefact) -> None:
    """Of every kind, about every artefact, independently reviewed: supporting at most."""
    bare = states(toy.take())
    for kind in EvidenceKind:
        offer(toy, f"D-{kind.value}", evidence=kind.value, examined=artefact.value, about=["case"])
    snapshot = toy.take()
    after = states(snapshot)
    assert after == bare
    used = {digest for found in snapshot.coverage for row in found.rows for digest in row.evidence}
    opaque = {item.digest for item in snapshot.register.documents if item.record.evidence_kind in OPAQUE_KINDS}
    assert not used & opaque


def test_everything_is_shown_and_drafts_are_no_greener_for_it(toy: Kit) -> None:
    """Every kind of document, for every objective: what is supported was named by a review, and drafts have no number."""
    names = [f"{id}:{entry.id}" for id in available() for entry in load(id).entries]
    for kind in EvidenceKind:
        offer(toy, f"D-{kind.value}", evidence=kind.value, about=["case"], objectives=names)
    toy.case["models"][0]["made_by"] = "ann"
    toy.prove("R1", "R2", "R3")
    snapshot = toy.take()
    green = {name for name, status in states(snapshot).items() if status is ObjectiveStatus.SUPPORTED}
    assert green
    for found in snapshot.coverage:
        _no_number_for_drafts(found)
        for row in found.rows:
            full = any(credit.level.value == "full" for credit in row.entry.credit)
            assert row.status is not ObjectiveStatus.SUPPORTED or (full and row.n == row.of > 0), row.entry.id
            assert row.entry.accepted_means is not False or row.status not in (ObjectiveStatus.SUPPORTED,)


def _no_number_for_drafts(found: Coverage) -> None:
    shown = found.as_json()
    if found.catalogue.scored:
        return
    assert shown["totals"] == {"listed": len(found.rows)}
    assert all(item["n"] is None and item["of"] is None for item in shown["objectives"])
    if found.catalogue.status is Status.DRAFT:
        assert all(row.status is ObjectiveStatus.APPLICABILITY_UNKNOWN for row in found.rows)
        assert shown["watermark"]
