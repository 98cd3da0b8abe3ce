"""One snapshot, one truth: findings, standings, argument, coverage and attacks are derived from the same evidence."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from case_toys import Kit, bounds, document, kit, smooth, smoothing

from assurance.register import sidecars
from assurance.snapshot import Snapshot
from assurance.status import Status
from evidence.diagnostics import Severity, registered
from evidence.threat import TAXONOMY


@pytest.fixture
def toy(tmp_path: Path) -> Kit:
    return kit(tmp_path)


def covered(snapshot: Snapshot) -> dict[str, tuple[str, ...]]:
    return {item.attack.id: item.covered_by for item in snapshot.attacks if item.covered_by}


def test_every_attack_is_answered_whatever_the_evidence(toy: Kit) -> None:
    for letters in ("", "PPPP", "RRRR"):
        if letters:
            toy.keep("R1", bounds(toy.statement("R1"), letters))
        snapshot = toy.take()
        assert [item.attack for item in snapshot.attacks] == list(TAXONOMY)
        assert all(item.note.startswith("covered only") == bool(item.covered_by) for item in snapshot.attacks)


def test_only_standing_evidence_covers_an_attack(toy: Kit) -> None:
    assert covered(toy.take()) == {}
    toy.prove("R2", "R3")
    assert covered(toy.take()) == {}, "boxes and cells are no perturbation"
    toy.prove("R1")
    found = covered(toy.take())
    assert found["evasion-linf"] == ("R1 (supported)",)
    assert set(found) == {"untargeted", "targeted", "white-box", "black-box", "evasion-linf"}
    toy.keep("R1", bounds(toy.statement("R1"), "PPPR"), outcome="refuted")
    assert covered(toy.take()) == {}, "what is in doubt covers nothing"
    toy.prove("R1")
    (toy.folder / "net.onnx").write_bytes(b"other")
    assert covered(toy.take()) == {}, "what is stale covers nothing"


def test_excluding_one_output_is_no_answer_to_any_wrong_output(toy: Kit) -> None:
    toy.requirement("R1")["property"]["condition"] = {"kind": "never-chosen", "outputs": ["down"]}
    toy.prove("R1")
    found = covered(toy.take())
    assert "untargeted" not in found and {"targeted", "white-box", "evasion-linf"} <= set(found)


def test_a_smoothed_result_covers_its_norm(toy: Kit) -> None:
    toy.case = smooth(toy.case)
    toy.keep("R1", smoothing(toy.statement("R1"), [0.5] * 4))
    assert "evasion-l2" in covered(toy.take()) and "evasion-linf" not in covered(toy.take())


def test_each_unsupported_requirement_is_a_finding_at_its_line(toy: Kit) -> None:
    toy.prove("R2")
    snapshot = toy.take()
    found = [item for item in snapshot.findings if item.code == "S120"]
    assert [item.place.element for item in found] == ["R1", "R3"]
    lines = (toy.folder / "case.yaml").read_text("utf-8").splitlines()
    for item in found:
        assert item.place.line is not None and f"id: {item.place.element}" in lines[item.place.line - 1]


def test_findings_carry_registered_codes_and_a_remedy(toy: Kit) -> None:
    toy.keep("R1", bounds(toy.statement("R1"), "PRRR"), outcome="refuted")
    del toy.requirement("R2")["meaning_review"]
    toy.case["documents"] = [document(toy.folder, "DOC", objectives=["do-178c:A-99.1"])]
    (toy.folder / "table.npz").write_bytes(b"other")
    snapshot = toy.take()
    known = {item.id for item in registered()}
    assert {"S112", "S120", "C114", "C117", "O217"} <= {item.code for item in snapshot.findings} <= known
    assert all(item.remedy for item in snapshot.findings)
    reasons = [item for standing in snapshot.standings.values() for item in standing.reasons]
    reasons += [item for cover in snapshot.coverage for row in cover.rows for item in row.reasons]
    assert reasons and all(item.code in known and item.message for item in reasons)
    text = " ".join([str(item) for item in snapshot.findings] + [item.message for item in reasons])
    assert not re.search(r"\bcompl(y|ies|iant|iance)\b|\bcertified\b|\brobust\b", text, re.IGNORECASE)


def test_refutation_and_staleness_are_errors_gaps_are_warnings(toy: Kit) -> None:
    assert {item.severity for item in toy.take().findings} == {Severity.WARNING}
    toy.keep("R1", bounds(toy.statement("R1"), "RRRR"), outcome="refuted")
    assert ("S112", Severity.ERROR) in {(item.code, item.severity) for item in toy.take().findings}


def test_two_snapshots_of_the_same_case_are_equal(toy: Kit) -> None:
    toy.prove("R1", "R2")
    first, second = toy.take(), toy.take()
    assert first.standings == second.standings and first.findings == second.findings
    assert first.built.argument == second.built.argument and first.built.status == second.built.status
    assert [item.as_json() for item in first.coverage] == [item.as_json() for item in second.coverage]


def test_status_goal_and_objective_never_disagree(toy: Kit) -> None:
    for letters in ("UUUU", "PUUU", "PPPP", "PPPR", "PPRR"):
        toy.keep("R1", bounds(toy.statement("R1"), letters), outcome="met" if letters == "PPPP" else "not-met")
        snapshot = toy.take()
        standing = snapshot.standings["R1"]
        assert snapshot.built.status["G4-R1"] is standing.status
        row = next(item for item in snapshot.coverage[0].rows if item.entry.id == "A-4.1")
        if standing.status is Status.CONTRADICTED:
            assert row.status.value == "contradicted"
        assert ("G4-R1" in row.goals) == (standing.status in (Status.SUPPORTED, Status.PARTIAL))


def test_the_sidecar_of_a_record_is_found_by_its_request(toy: Kit) -> None:
    digest = toy.keep("R1", bounds(toy.statement("R1"), "PPPP"))
    (item,) = toy.take().register.runs
    assert sidecars(toy.store) == {}
    toy.store.remember("sha256:" + "1" * 64, digest, {"seconds": 2.0})
    assert sidecars(toy.store) == {item.digest: {"seconds": 2.0}}


def test_records_of_runs_that_are_declared_no_more_stay_visible(toy: Kit) -> None:
    toy.prove("R1")
    toy.case["runs"] = toy.case["runs"][1:]
    snapshot = toy.take()
    assert [item.current for item in snapshot.register.runs] == [False]
    assert snapshot.standings["R1"].status is Status.UNDEVELOPED
    assert {item.code: item.severity for item in snapshot.findings}["E107"] is Severity.WARNING
