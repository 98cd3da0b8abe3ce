"""Objectives: n of N, credit only for the right artefact, no credit for what is not named, acceptances that lapse."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from case_toys import Kit, bounds, document, kit, onnx_bytes, ranges, smooth, smoothing

from assurance.catalogue import load
from assurance.catalogue_vocabulary import Applicability, CreditLevel, Scope
from assurance.objectives import Coverage, ObjectiveStatus, Row
from assurance.snapshot import Snapshot
from evidence.digest import of_bytes
from evidence.errors import InputError


@pytest.fixture
def toy(tmp_path: Path) -> Kit:
    return kit(tmp_path)


@pytest.fixture
def proved(toy: Kit) -> Kit:
    toy.prove("R1", "R2", "R3")
    return toy


def standard(snapshot: Snapshot, id: str = "do-178c") -> Coverage:
    return next(item for item in snapshot.coverage if item.catalogue.id == id)


def row(toy: Kit, id: str) -> Row:
    return next(item for item in standard(toy.take()).rows if item.entry.id == id)


def codes(found: Row) -> set[str]:
    return {item.code for item in found.reasons}


def at_level(toy: Kit, condition: str, level: str) -> Kit:
    toy.case["hazards"][0]["failure_condition"] = condition
    toy.case["standards"][0]["level"] = level
    return toy.write()


# --- what proofs about the model reach ----------------------------------------------------------------------------------------


def test_without_evidence_every_asked_objective_is_a_gap_with_a_next_step(toy: Kit) -> None:
    for item in standard(toy.take()).rows:
        assert item.status is not ObjectiveStatus.SUPPORTED
        if item.entry.scope is Scope.PARAMETER_DATA_ITEM:
            assert item.status is ObjectiveStatus.NOT_APPLICABLE and "O212" in codes(item)
        elif item.required:
            assert item.is_gap and item.reasons and item.next, item.entry.id
        else:
            assert item.status is ObjectiveStatus.NOT_APPLICABLE and not item.is_gap and "O211" in codes(item)


def test_proofs_about_the_description_give_partial_credit_in_a4_only(proved: Kit) -> None:
    plain = {item.entry.id: item for item in standard(kit_without_records(proved)).rows}
    rows = {item.entry.id: item for item in standard(proved.take()).rows}
    records = {best.digest for best in (s.best for s in proved.take().standings.values()) if best}
    gained = {id for id, item in rows.items() if records & set(item.evidence)}
    assert gained and all(id.startswith(("A-4.", "A-3.")) for id in gained)
    for id, item in rows.items():
        if id.startswith(("A-5.", "A-6.", "A-7.")):
            assert item.status is plain[id].status and item.evidence == plain[id].evidence, (
                f"{id} is about code or target"
            )
    first = rows["A-4.1"]
    assert first.status is ObjectiveStatus.PARTIAL and (first.n, first.of) == (0, 3)
    assert {"G4-R1", "G4-R2", "G4-R3"} <= set(first.goals) and {"O203", "O214"} <= codes(first)


def kit_without_records(toy: Kit) -> Snapshot:
    from assurance.snapshot import take
    from evidence.store import Store

    return take(toy.load(), Store(toy.folder / "empty"))


def test_a_proof_says_why_it_does_not_count_for_code(proved: Kit) -> None:
    found = row(proved, "A-5.6")
    assert "O205" in codes(found) and found.status is ObjectiveStatus.OPEN
    assert any("model-description" in item.message and "source-code" in item.message for item in found.reasons)


def test_a_model_in_another_role_gets_no_credit_for_low_level_requirements(proved: Kit) -> None:
    proved.case["models"][0]["role"] = "parameter-data-item"
    found = row(proved, "A-4.1")
    assert found.status is ObjectiveStatus.OPEN and not found.evidence
    assert row(proved, "A-5.8").of == 1
    proved.case["models"][0]["role"] = "low-level-requirement"
    for id in ("A-5.8", "A-5.9"):
        found = row(proved, id)
        assert found.status is ObjectiveStatus.NOT_APPLICABLE and "O212" in codes(found)
        assert any("agreed with the authority" in item.message for item in found.reasons)


def test_unchecked_bounds_and_unmet_criteria_earn_nothing_more(toy: Kit) -> None:
    for letters in ("CCCC", "UUUU"):
        toy.keep("R1", bounds(toy.statement("R1"), letters), outcome="not-met")
        found = row(toy, "A-4.1")
        assert found.status is ObjectiveStatus.OPEN and "O207" in codes(found)


def test_doubt_contradiction_and_staleness_reach_the_objective(proved: Kit) -> None:
    proved.keep("R1", bounds(proved.statement("R1"), "PPPR"), run="run-1", outcome="refuted")
    found = row(proved, "A-4.1")
    assert found.status is ObjectiveStatus.PARTIAL and "O207" in codes(found)
    proved.keep("R1", bounds(proved.statement("R1"), "RRRR"), run="run-1", outcome="refuted")
    found = row(proved, "A-4.1")
    assert found.status is ObjectiveStatus.CONTRADICTED and "O208" in codes(found)
    (proved.folder / "net.onnx").write_bytes(onnx_bytes(1.0))
    found = row(proved, "A-4.1")
    assert found.status is ObjectiveStatus.STALE and "O209" in codes(found) and not found.evidence


def test_a_statistical_result_is_supporting_at_most(toy: Kit) -> None:
    toy.case = smooth(toy.case)
    toy.keep("R1", smoothing(toy.statement("R1"), [0.5] * 4))
    found = row(toy, "A-4.1")
    assert toy.take().standings["R1"].status.value == "supported"
    assert found.status is ObjectiveStatus.OPEN and "O202" in codes(found)


def evidence_of(snapshot: Snapshot, requirement: str) -> set[str]:
    """Objectives of all standards, 'standard:id', that list the best record of a requirement."""
    best = snapshot.standings[requirement].best
    assert best is not None
    return {
        f"{covered.catalogue.id}:{item.entry.id}"
        for covered in snapshot.coverage
        for item in covered.rows
        if best.digest in item.evidence
    }


def test_only_kept_labels_are_stability(proved: Kit) -> None:
    """R1 keeps labels around inputs, R2 is about boxes, R3 about table cells: A-4.1 takes all, stability only R1."""
    snapshot = proved.take()
    stability = {"do-178c:A-4.7", "arp6983:draft-VER-MODEL.11", "arp6983:draft-VER-MODEL.12"}
    satisfied = {"do-178c:A-4.1", "do-178c:A-3.4", "do-178c:A-4.4", "arp6983:draft-VER-MODEL.4"}
    for requirement in ("R1", "R2", "R3"):
        statement = proved.statement(requirement)
        keeps = (statement.regions.kind, statement.condition.kind) == ("input-balls", "keep-label")
        assert keeps == (requirement == "R1")
        found = evidence_of(snapshot, requirement)
        assert satisfied <= found and found & stability == (stability if keeps else set()), requirement


def test_another_condition_around_inputs_is_no_stability(toy: Kit) -> None:
    formal = toy.requirement("R1")["property"]
    formal["condition"] = {"kind": "never-chosen", "outputs": [toy.statement("R1").outputs[-1]]}
    toy.write()
    toy.prove("R1")
    found = evidence_of(toy.take(), "R1")
    assert "do-178c:A-4.1" in found
    assert not found & {"do-178c:A-4.7", "arp6983:draft-VER-MODEL.11", "arp6983:draft-VER-MODEL.12"}


def test_output_ranges_are_no_closed_loop(toy: Kit) -> None:
    toy.keep("R2", ranges(toy.statement("R2"), "P" * 2))
    snapshot = toy.take()
    found = evidence_of(snapshot, "R2")
    assert {"do-178c:A-4.1", "arp6983:draft-VER-MODEL.4"} <= found
    assert not found & {"arp6983:draft-SYS.6", "arp6983:draft-VER-MODEL.11", "do-178c:A-4.7"}
    loop = next(item for item in standard(snapshot, "arp6983").rows if item.entry.id == "draft-SYS.6")
    assert not loop.evidence and any("output-reachability" in item.message for item in loop.reasons)


def test_the_case_file_alone_supports_but_does_not_show_baselines_and_archive(toy: Kit) -> None:
    for id in ("A-8.2", "A-8.4"):
        found = row(toy, id)
        assert found.status is ObjectiveStatus.OPEN and "O202" in codes(found) and found.evidence
    assert row(toy, "A-8.1").status is ObjectiveStatus.PARTIAL
    review(toy, evidence="configuration-index")
    for id in ("A-8.2", "A-8.4"):
        assert row(toy, id).status is ObjectiveStatus.OPEN, "an index of whatever says nothing of baselines and archive"
    review(toy, objectives=["do-178c:A-8.2"])
    assert row(toy, "A-8.2").status is ObjectiveStatus.PARTIAL
    assert row(toy, "A-8.4").status is ObjectiveStatus.OPEN, "the review is about the baselines"


def test_a_coverage_report_is_not_every_coverage_and_a_list_no_architecture(toy: Kit) -> None:
    """Records that name no objective support; the review that names one earns its part for that one alone."""
    coverage = ("A-7.6", "A-7.7", "A-7.8")
    toy.case["documents"] = [
        document(toy.folder, "COV", evidence="coverage-record", examined="source-code", about=["case"]),
        document(toy.folder, "LIST", evidence="requirement-record", about=["case", "net"]),
        document(toy.folder, "LINKS", evidence="trace-record", about=["case", "net"]),
    ]
    for id in (*coverage, "A-2.3", "A-2.4", "A-2.5", "A-5.5"):
        found = row(toy, id)
        assert found.status is ObjectiveStatus.OPEN and "O202" in codes(found) and found.evidence, id
    toy.case["documents"].append(document(toy.folder, "REV", about=["case"], objectives=["do-178c:A-7.7"]))
    assert [id for id in coverage if row(toy, id).status is ObjectiveStatus.PARTIAL] == ["A-7.7"]


def test_what_is_missing_is_said_by_name(toy: Kit) -> None:
    def missing(id: str) -> str:
        return next(item.message for item in row(toy, id).reasons if item.code == "O201")

    names = {item.id: item.name for item in load("do-178c").data_items}
    assert missing("A-1.2").startswith(f"no evidence that this objective accepts, for: {names['psac']}, {names['sdp']}")
    assert missing("A-1.2").endswith(" and 1 more")
    assert missing("A-8.3") == "no evidence that this objective accepts, for: the case as a whole"
    assert missing("A-4.1") == "no evidence that this objective accepts, for: R1, R2, R3"


# --- tables of methods --------------------------------------------------------------------------------------------------------


@pytest.fixture
def methods(proved: Kit) -> dict[str, Row]:
    """ISO 26262-6 at a level with marks 'o': rows by identifier."""
    proved.case["hazards"][0]["hara"] = {"severity": "S3", "exposure": "E2", "controllability": "C2"}
    proved.case["standards"] = [{"id": "iso-26262-6", "level": "A"}]
    return {item.entry.id: item for item in standard(proved.take(), "iso-26262-6").rows}


def test_no_recommendation_is_not_advice_against(methods: dict[str, Row]) -> None:
    formal = methods["6-T7.1e"]
    assert formal.status is ObjectiveStatus.NOT_APPLICABLE and not formal.is_gap
    assert formal.evidence and formal.goals, "what exists stays listed"
    for item in methods.values():
        neutral = item.selected.applicability is Applicability.NO_RECOMMENDATION
        assert ("O221" in codes(item)) == neutral and "O211" not in codes(item)
        if neutral:
            assert any("for or against at this level: it may be used" in found.message for found in item.reasons)


def test_an_open_alternative_is_no_gap_by_itself(methods: dict[str, Row], toy: Kit) -> None:
    rows = list(methods.values())
    assert any(item.status is ObjectiveStatus.OPEN for item in rows)
    for item in rows:
        assert ("O220" in codes(item)) == (item.status is ObjectiveStatus.OPEN), item.entry.id
    toy.case["standards"] = [{"id": "do-178c", "level": "B"}]
    assert not any("O220" in codes(item) for item in standard(toy.take()).rows)


# --- documents ----------------------------------------------------------------------------------------------------------------


def review(toy: Kit, **changes: Any) -> None:
    """Zoe carries out the review, rev looks at it; ann wrote the requirements."""
    if all(item["id"] != "zoe" for item in toy.case["people"]):
        toy.case["people"].append({"id": "zoe", "name": "Zoe Zealous", "role": "verifier"})
    toy.case["documents"] = [document(toy.folder, "DOC", **({"author": "zoe"} | changes))]


def test_supported_means_every_item(toy: Kit) -> None:
    """A-3.2 takes a review of each requirement; n of N counts those that have one."""
    everything = ["R1", "R2", "R3"]
    for about, n in ((["R1"], 1), (["R1", "R2"], 2), (everything, 3), (["case"], 3), (["net"], 0)):
        review(toy, about=about, objectives=["do-178c:A-3.2"])
        found = row(toy, "A-3.2")
        assert (found.n, found.of) == (n, 3)
        expected = ObjectiveStatus.SUPPORTED if n == 3 else ObjectiveStatus.PARTIAL if n else ObjectiveStatus.OPEN
        assert found.status is expected, about
        if n == 3:
            assert not found.is_gap and found.next is None
        else:
            assert "O201" in codes(found)


def test_whatever_the_evidence_supported_objectives_have_n_of_n(proved: Kit) -> None:
    snapshots = [proved.take()]
    names = [f"do-178c:{item.entry.id}" for item in standard(snapshots[0]).rows]
    for about in (["case"], ["R1"], ["net"], ["case", "R1", "R2", "R3", "net", "points", "grid"]):
        for kind in ("review-record", "plan", "requirement-record", "formal-local-robustness", "coverage-record"):
            review(proved, about=about, evidence=kind, objectives=names)
            snapshots.append(proved.take())
    for snapshot in snapshots:
        for item in standard(snapshot).rows:
            assert (item.status is ObjectiveStatus.SUPPORTED) <= (item.n == item.of > 0), item.entry.id
            assert item.n <= item.of


def counted(toy: Kit) -> dict[str, tuple[ObjectiveStatus, set[str]]]:
    """Status and evidence of every objective, the case file itself aside."""
    snapshot = toy.take()
    own = {snapshot.loaded.digest}
    return {item.entry.id: (item.status, set(item.evidence) - own) for item in standard(snapshot).rows}


def test_opaque_documents_count_only_where_they_name_the_objective(toy: Kit) -> None:
    before = counted(toy)
    for kind in ("review-record", "plan", "quality-audit", "safety-analysis", "problem-report", "tool-qualification"):
        review(toy, evidence=kind)
        assert counted(toy) == before, f"a {kind} that names nothing changes nothing"
    review(toy, objectives=["do-178c:A-3.2"])
    assert {id for id, found in counted(toy).items() if found != before[id]} == {"A-3.2"}


def test_a_document_never_stands_in_for_a_computed_result(toy: Kit) -> None:
    names = [f"do-178c:A-4.{i}" for i in range(1, 14)] + ["do-178c:A-6.1"]
    proofs = ("formal-local-robustness", "formal-property", "output-reachability", "reachability")
    for kind in (*proofs, "probabilistic-robustness", "performance-test"):
        review(toy, evidence=kind, objectives=names, examined="model-description")
        assert not any(evidence for _, evidence in counted(toy).values())


def test_independence_is_asked_for_and_looked_at(toy: Kit) -> None:
    """A-3.2 asks for independence at level B; at level C it does not."""
    for independent, expected in ((True, ObjectiveStatus.SUPPORTED), (False, ObjectiveStatus.PARTIAL)):
        review(toy, objectives=["do-178c:A-3.2"], independent=independent)
        found = row(toy, "A-3.2")
        assert found.selected.independence is True and found.status is expected
        assert ("O204" in codes(found)) == (not independent)
    review(toy, objectives=["do-178c:A-3.2"], reviewer=None, independent=True)
    assert row(toy, "A-3.2").status is ObjectiveStatus.PARTIAL, "nobody reviewed it"
    at_level(toy, "major", "C")
    found = row(toy, "A-3.2")
    assert found.selected.independence is False and found.status is ObjectiveStatus.SUPPORTED


def test_a_changed_document_counts_no_more(toy: Kit) -> None:
    review(toy, objectives=["do-178c:A-3.2"])
    assert row(toy, "A-3.2").status is ObjectiveStatus.SUPPORTED
    (toy.folder / "DOC.md").write_text("changed")
    assert row(toy, "A-3.2").status is ObjectiveStatus.STALE
    assert "O209" in codes(row(toy, "A-3.2"))


def test_reviews_of_the_model_reach_objectives_about_its_role(toy: Kit) -> None:
    review(toy, about=["net"], objectives=["do-178c:A-4.2"])
    assert row(toy, "A-4.2").status is ObjectiveStatus.PARTIAL
    toy.case["models"][0]["role"] = "parameter-data-item"
    assert row(toy, "A-4.2").status is ObjectiveStatus.OPEN


def test_no_catalogue_lets_a_machine_result_be_the_whole_of_an_objective(toy: Kit) -> None:
    for item in standard(toy.take()).rows:
        for credit in item.entry.credit:
            if credit.level is CreditLevel.FULL:
                assert credit.evidence.value == "review-record"


def test_a_full_review_does_not_outweigh_an_unmet_requirement(toy: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a catalogue in which a review is the whole of A-4.1, requirements that are not supported still hold it back."""
    real = load("do-178c")
    entry = real.entry("A-4.1")
    assert entry is not None
    rows = tuple(
        row.model_copy(update={"level": CreditLevel.FULL}) if row.evidence.value == "review-record" else row
        for row in entry.credit
    )
    changed = entry.model_copy(update={"credit": rows})
    other = real.model_copy(update={"entries": tuple(changed if e.id == "A-4.1" else e for e in real.entries)})
    monkeypatch.setattr(
        "assurance.objectives.assembly.load_catalogue", lambda id: other if id == "do-178c" else load(id)
    )
    review(toy, objectives=["do-178c:A-4.1"])
    toy.prove("R1", "R2")
    found = row(toy, "A-4.1")
    assert (found.n, found.of, found.status) == (3, 3, ObjectiveStatus.PARTIAL) and "O207" in codes(found)
    toy.prove("R3")
    assert row(toy, "A-4.1").status is ObjectiveStatus.SUPPORTED
    toy.keep("R3", bounds(toy.statement("R3"), "RRRR"), outcome="refuted")
    assert row(toy, "A-4.1").status is ObjectiveStatus.CONTRADICTED


def test_references_to_objectives_that_do_not_exist_are_found(toy: Kit) -> None:
    review(toy, objectives=["do-178c:A-99.1"])
    toy.case["acceptances"] = [acceptance("A-98.1", "0" * 64)]
    toy.case["deviations"] = [
        {
            "id": "D",
            "about": "do-178c:A-97.1",
            "rationale": "known and watched by the crew",
            "accepted_by": "rev",
            "date": "2026-03-01",
        }
    ]
    found = [item.message for item in toy.take().findings if item.code == "O217"]
    assert len(found) == 3 and all(f"A-{n}.1" in " ".join(found) for n in (97, 98, 99))


# --- levels -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "level", "total"),
    [
        ("catastrophic", "A", 71),
        ("hazardous", "B", 69),
        ("major", "C", 62),
        ("minor", "D", 26),
        ("no safety effect", "E", 0),
    ],
)
def test_totals_follow_the_level(toy: Kit, condition: str, level: str, total: int) -> None:
    totals = standard(at_level(toy, condition, level).take()).totals()
    assert totals["asked for"] == total
    assert sum(value for key, value in totals.items() if key != "asked for") == 71
    assert totals["not applicable"] >= 71 - total


def test_unknown_standards_and_levels_are_refused(toy: Kit) -> None:
    for standards in ([{"id": "do-999"}], [{"id": "arp6983", "level": "Z"}]):
        toy.case["standards"] = standards
        with pytest.raises(InputError) as caught:
            toy.take()
        assert caught.value.finding.code in ("O101", "O102") and caught.value.finding.expected


# --- a standard that is not scored ---------------------------------------------------------------------------------------------


def test_a_draft_is_never_scored(proved: Kit) -> None:
    proved.case["documents"] = [
        document(proved.folder, "DOC", objectives=[f"arp6983:draft-VAL-MLCR.{i}" for i in range(1, 6)])
    ]
    found = standard(proved.take(), "arp6983")
    shown = found.as_json()
    assert shown["scored"] is False and shown["watermark"] and shown["totals"] == {"listed": len(found.rows)}
    for item in shown["objectives"]:  # type: ignore[attr-defined]
        assert item["n"] is None and item["of"] is None and item["required"] is None
        assert item["status"] == "applicability unknown"
    assert not any(item.is_gap for item in found.rows)
    assert "%" not in str(shown["totals"])


def test_the_json_of_a_scored_standard_has_n_and_of(proved: Kit) -> None:
    shown = standard(proved.take()).as_json()
    assert shown["level"] == "B" and len(shown["objectives"]) == 71  # type: ignore[arg-type]
    for item in shown["objectives"]:  # type: ignore[attr-defined]
        assert isinstance(item["n"], int) and isinstance(item["of"], int) and item["status"] != "complies"
        assert all(set(reason) == {"code", "message"} for reason in item["reasons"])


# --- acceptances --------------------------------------------------------------------------------------------------------------


def acceptance(objective: str, digest: str, date: str = "2026-03-01") -> dict[str, Any]:
    return {
        "objective": f"do-178c:{objective}",
        "by": "rev",
        "date": date,
        "digest": digest if ":" in digest else f"sha256:{digest}",
    }


def accepted(toy: Kit, objective: str) -> Kit:
    toy.case.setdefault("acceptances", []).append(acceptance(objective, row(toy, objective).digest))
    return toy


def test_an_acceptance_holds_while_nothing_beneath_changes(proved: Kit) -> None:
    accepted(proved, "A-4.1")
    found = row(proved, "A-4.1")
    assert found.acceptance is not None and not found.acceptance.lapsed and "O215" not in codes(found)
    assert (found.acceptance.by, found.acceptance.role) == ("Rev Reviewer", "verifier")
    proved.case["title"] = "Another title of the case"
    proved.case["people"].append({"id": "zoe", "name": "Zoe", "role": "manager"})
    accepted(proved, "A-2.1")
    assert not row(proved, "A-4.1").acceptance.lapsed, "accepting another objective changes nothing"  # type: ignore[union-attr]


def test_an_acceptance_does_not_improve_a_status(toy: Kit) -> None:
    before = row(toy, "A-4.1")
    after = row(accepted(toy, "A-4.1"), "A-4.1")
    assert after.status is before.status is ObjectiveStatus.OPEN and after.is_gap and after.acceptance


def change_record(toy: Kit) -> None:
    toy.keep("R1", bounds(toy.statement("R1"), "PPPP", title="another run"), run="run-1")


def change_model(toy: Kit) -> None:
    (toy.folder / "net.onnx").write_bytes(onnx_bytes(1.0))
    toy.case["models"][0]["digest"] = of_bytes(onnx_bytes(1.0))


def change_data(toy: Kit) -> None:
    (toy.folder / "data.npz").write_bytes(b"other")


def change_criterion(toy: Kit) -> None:
    toy.requirement("R1")["property"]["at_least"] = 0.5


def change_sentence(toy: Kit) -> None:
    toy.requirement("R1")["text"] = "The network shall do something else."


def change_exclusions(toy: Kit) -> None:
    toy.case["threat_models"][0]["exclusions"].append("rain on the sensor")


def change_role(toy: Kit) -> None:
    toy.case["models"][0]["role"] = "parameter-data-item"


def change_level(toy: Kit) -> None:
    at_level(toy, "catastrophic", "A")


def add_document(toy: Kit) -> None:
    toy.case["documents"] = [document(toy.folder, "DOC", objectives=["do-178c:A-4.1"])]


@pytest.mark.parametrize(
    "change",
    [
        change_record, change_model, change_data, change_criterion, change_sentence, change_exclusions, change_role,
        change_level, add_document,
    ],
)  # fmt: skip
def test_an_acceptance_lapses_when_something_beneath_changes(proved: Kit, change: Any) -> None:
    accepted(proved, "A-4.1")
    change(proved)
    found = row(proved, "A-4.1")
    assert found.acceptance is not None and found.acceptance.lapsed and "O215" in codes(found)


def test_accepting_again_after_a_change_counts(proved: Kit) -> None:
    accepted(proved, "A-4.1")
    change_sentence(proved)
    assert row(proved, "A-4.1").acceptance.lapsed  # type: ignore[union-attr]
    proved.case["acceptances"].append(acceptance("A-4.1", row(proved, "A-4.1").digest, "2026-04-01"))
    found = row(proved, "A-4.1")
    assert found.acceptance is not None and (found.acceptance.lapsed, found.acceptance.date) == (False, "2026-04-01")


def test_scopes_count_what_they_are_about(proved: Kit) -> None:
    sizes = {
        Scope.REQUIREMENT: 3,
        Scope.MODEL: 1,
        Scope.DATA_SET: 2,
        Scope.RUN: 3,
        Scope.CASE: 1,
        Scope.DERIVED_REQUIREMENT: 0,
        Scope.PARAMETER_DATA_ITEM: 0,
    }
    snapshot = proved.take()
    for item in (*standard(snapshot).rows, *standard(snapshot, "arp6983").rows):
        if item.entry.scope is not Scope.DOCUMENT:
            assert item.of == sizes[item.entry.scope], item.entry.id
    assert row(proved, "A-2.2").status is ObjectiveStatus.OPEN and "O212" in codes(row(proved, "A-2.2"))
