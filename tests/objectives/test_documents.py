"""What a document is about and for: whole case, single items, runs, data items; unnamed, challenged and failing ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from case_toys import Kit, document, kit
from objectives_toys import RATIONALE, agree, aviation, choose, codes, offer, refuting, row

from assurance.challenges import doubted_evidence
from assurance.objectives import ObjectiveStatus, Row, coverage
from evidence.digest import of_bytes
from evidence.errors import InputError

TESTS = '<testsuite name="target" tests="1"><testcase name="one"/></testsuite>'


@pytest.fixture
def toy(tmp_path: Path) -> Kit:
    made = aviation(kit(tmp_path), "B")
    made.case["models"][0]["made_by"] = "ann"
    made.case["people"].append({"id": "zoe", "name": "Zoe", "role": "verifier"})
    return made


def passed(toy: Kit, **changes: Any) -> None:
    """Passed tests on the target: a kind of evidence that need not name objectives."""
    made = offer(toy, "TESTS", evidence="performance-test", format="junit", examined="executable-on-target", **changes)
    (toy.folder / made["path"]).write_text(TESTS)
    made["digest"] = of_bytes(TESTS.encode())


def why(found: Row, code: str) -> list[str]:
    return [item.message for item in found.reasons if item.code == code]


# --- about the whole case ------------------------------------------------------------------------------------------------


def test_a_document_about_the_case_is_supporting_unless_it_names_item_or_objective(toy: Kit) -> None:
    passed(toy, about=["case"])
    found = row(toy, "A-6.1")
    assert found.status is ObjectiveStatus.OPEN and found.evidence and "O253" in codes(found)
    passed(toy, about=["case"], objectives=["do-178c:A-6.1"])
    found = row(toy, "A-6.1")
    assert found.status is ObjectiveStatus.PARTIAL and not {"O253", "O201"} & codes(found)
    assert len(found.evidence) == 1, "counted once, though it reaches every item"
    passed(toy, about=["R1", "R2"])
    found = row(toy, "A-6.1")
    assert found.status is ObjectiveStatus.PARTIAL and why(found, "O201")[0].endswith("for: R3")
    passed(toy, about=["case", "R1"])
    assert row(toy, "A-6.1").status is ObjectiveStatus.PARTIAL and "O253" in codes(row(toy, "A-6.1"))


def test_a_read_list_declared_about_the_case_speaks_of_what_it_lists(toy: Kit) -> None:
    """Of the rows that it holds it is about each; of a requirement that it does not hold it says nothing."""
    sentence = next(item["text"] for item in toy.case["requirements"] if item["id"] == "R1")
    text = f"id,text,parents\nR1,{sentence},SR1\n"
    made = offer(toy, "LIST", evidence="trace-record", format="requirements-csv", about=["case"])
    (toy.folder / made["path"]).write_text(text)
    made["digest"] = of_bytes(text.encode())
    found = row(toy, "A-3.6")
    assert "O253" not in codes(found), "it names R1 itself"
    listed = next(item for item in toy.take().register.documents if item.item.id == "LIST").digest
    assert listed in found.evidence


def test_naming_one_objective_is_naming_no_other(toy: Kit) -> None:
    passed(toy, about=["case"], objectives=["do-178c:A-6.3"])
    assert row(toy, "A-6.1").status is ObjectiveStatus.OPEN and "O253" in codes(row(toy, "A-6.1"))


def test_an_agreed_means_is_not_served_by_what_names_nothing(toy: Kit) -> None:
    agree(toy)
    means = {
        "objectives": ["A-7.6"], "means": "tests of the domain", "alternative": True, "rationale": RATIONALE,
        "evidence": ["performance-test"], "agreement": "AG",
    }  # fmt: skip
    choose(toy, means=[means])
    passed(toy, about=["case"])
    assert row(toy, "A-7.6").status is not ObjectiveStatus.SUPPORTED and "O229" in codes(row(toy, "A-7.6"))
    passed(toy, about=["case"], objectives=["do-178c:A-7.6"])
    assert row(toy, "A-7.6").status is ObjectiveStatus.SUPPORTED


# --- fitting kinds that name nothing -------------------------------------------------------------------------------------


def test_a_document_that_names_no_objective_is_mentioned_where_it_could_count(toy: Kit) -> None:
    offer(toy, "REV", about=["R1"])
    (note,) = why(row(toy, "A-3.2"), "O255")
    assert note == "REV is of a kind that can count here, but names no objective"
    assert not why(row(toy, "A-1.1"), "O255"), "it is about R1, and the plans are no requirements"
    offer(toy, "REV", about=["R1"], objectives=["do-178c:A-3.1"])
    assert not why(row(toy, "A-3.2"), "O255"), "it says what it was made for"
    for number in range(6):
        offer(toy, f"REV{number}", about=["case"], objectives=[])
    (note,) = why(row(toy, "A-3.2"), "O255")
    assert note.startswith("REV0, REV1, REV2, REV3 and 2 more are of kinds that can count here, but name no objective")
    offer(toy, "FULL", author="zoe", about=["case"], objectives=["do-178c:A-3.2"])
    assert row(toy, "A-3.2").status is ObjectiveStatus.SUPPORTED and not why(row(toy, "A-3.2"), "O255")
    assert not any("O255" in codes(item) for item in take(toy) if not item.selected.asked_for)


def take(toy: Kit, *challenged: str) -> tuple[Row, ...]:
    """All rows, with documents of these ids under challenges that stand."""
    snapshot = toy.take()
    digests = frozenset(item.digest for item in snapshot.register.documents if item.item.id in challenged)
    (covered,) = coverage(snapshot.loaded, snapshot.register, snapshot.standings, challenged=digests)
    return covered.rows


def rows(toy: Kit, *challenged: str) -> dict[str, Row]:
    return {item.entry.id: item for item in take(toy, *challenged)}


# --- challenged and failing documents ------------------------------------------------------------------------------------


def test_a_challenged_document_shows_nothing_and_says_why(toy: Kit) -> None:
    offer(toy, author="zoe", objectives=["do-178c:A-3.2"])
    assert rows(toy)["A-3.2"].status is ObjectiveStatus.SUPPORTED
    found = rows(toy, "DOC")["A-3.2"]
    assert found.status is ObjectiveStatus.OPEN and not found.evidence
    assert why(found, "O252") == ["DOC (review-record) would count here"]


def test_what_the_challenges_of_a_case_bar_is_what_is_handed_in(toy: Kit) -> None:
    offer(toy, objectives=["do-178c:A-3.2"])
    toy.case["challenges"] = [
        {"id": "CH", "against": {"document": "DOC"}, "doubt": "The reviewer did not look at R2.", "raised_by": "rev",
         "date": "2026-03-03"}
    ]  # fmt: skip
    snapshot = toy.take()
    assert doubted_evidence(snapshot.built.doubts) == {item.digest for item in snapshot.register.documents}
    assert row(toy, "A-3.2").status is ObjectiveStatus.OPEN


def test_a_challenged_or_failing_document_qualifies_no_tool_agrees_to_nothing_and_justifies_nothing(toy: Kit) -> None:
    toy.prove("R1", "R2", "R3")
    offer(toy, "TQ", evidence="tool-qualification")
    offer(toy, "WHY", evidence="safety-analysis")
    agree(toy)
    tool = {"tool": "checker", "rationale": RATIONALE, "documents": ["TQ"], "qualified_to": "TQL-5"}
    choose(toy, tools=[tool], assumptions=["WHY"], agreement="AG", basis=["do-333"])
    good = rows(toy)["A-4.1"]
    assert not {"O214", "O230", "O232"} & codes(good) and good.qualification[0].shown
    for id, code in (("TQ", "O230"), ("WHY", "O232"), ("AG-letter", "O214")):
        assert code in codes(rows(toy, id)["A-4.1"]), id
        declared = next(item for item in toy.case["documents"] if item["id"] == id)
        kept = dict(declared)
        declared |= {"evidence": "tool-qualification" if id == "TQ" else "plan", "format": "plan"}
        (toy.folder / declared["path"]).write_bytes(b"")
        declared["digest"] = of_bytes(b"")
        assert code in codes(rows(toy)["A-4.1"]), f"{id}: an empty document shows nothing"
        text = f"document {id}".encode()
        (toy.folder / declared["path"]).write_bytes(text)
        declared.clear()
        declared |= kept
    assert not {"O214", "O230", "O232"} & codes(rows(toy)["A-4.1"])
    assert "O251" in codes(rows(toy, "AG-letter")["A-3.2"])


def test_challenged_qualification_data_of_a_case_qualify_nothing(toy: Kit) -> None:
    toy.prove("R1", "R2", "R3")
    offer(toy, "TQ", evidence="tool-qualification")
    tool = {"tool": "checker", "rationale": RATIONALE, "documents": ["TQ"], "qualified_to": "TQL-5"}
    choose(toy, tools=[tool])
    assert row(toy, "A-4.1").qualification[0].shown
    toy.case["challenges"] = [
        {"id": "CH", "against": {"document": "TQ"}, "doubt": "The tests left out one operator.", "raised_by": "rev",
         "date": "2026-03-03"}
    ]  # fmt: skip
    assert not row(toy, "A-4.1").qualification[0].shown and "O230" in codes(row(toy, "A-4.1"))


# --- runs and data items -------------------------------------------------------------------------------------------------


def test_documents_can_be_about_runs_and_data_items(toy: Kit) -> None:
    offer(toy, about=["run-1", "run-3"], objectives=["do-178c:A-7.1"])
    assert row(toy, "A-7.1").status is ObjectiveStatus.PARTIAL and why(row(toy, "A-7.1"), "O201")[0].endswith("run-2")
    offer(toy, evidence="plan", about=["psac", "svp"], objectives=["do-178c:A-1.1"])
    found = row(toy, "A-1.1")
    assert found.status is ObjectiveStatus.PARTIAL and found.of == len(found.entry.data_items) == 5
    assert why(found, "O201")[0].count(",") == 3, "of the five plans two are there"
    toy.case["documents"] = [document(toy.folder, "X", about=["run-9"])]
    with pytest.raises(InputError) as caught:
        toy.take()
    assert (caught.value.finding.code, caught.value.finding.place.field) == ("C110", "documents[0].about[0]")
    toy.case["documents"] = [document(toy.folder, "X", about=["phac"])]
    with pytest.raises(InputError):
        toy.take()
    toy.case["standards"].append({"id": "do-254", "level": "B"})
    toy.take()


def test_a_name_that_a_declared_item_has_means_that_item(toy: Kit) -> None:
    toy.case["models"][0]["id"] = "psac"
    for item in toy.case["requirements"]:
        item["property"]["model"] = "psac"
        item["meaning_review"] = None
    offer(toy, evidence="plan", about=["psac"], objectives=["do-178c:A-1.1"])
    assert row(toy, "A-1.1").status is ObjectiveStatus.OPEN and not row(toy, "A-1.1").evidence


# --- items that several records speak of ---------------------------------------------------------------------------------


def by_proofs(toy: Kit, objective: str) -> None:
    agree(toy)
    offer(toy, "TQ", evidence="tool-qualification")
    offer(toy, "WHY", evidence="safety-analysis")
    tool = {"tool": "checker", "criterion": 2, "rationale": RATIONALE, "documents": ["TQ"], "qualified_to": "TQL-1"}
    means = {
        "objectives": [objective], "means": "proofs in place of analysis", "alternative": True, "rationale": RATIONALE,
        "evidence": ["formal-property", "formal-local-robustness"], "agreement": "AG",
    }  # fmt: skip
    choose(toy, means=[means], tools=[tool], assumptions=["WHY"])


def test_a_model_is_verified_independently_only_when_every_record_of_it_is(toy: Kit) -> None:
    """The proof of R2 was run by the author himself: that of R3 does not make up for it."""
    aviation(toy, "A")
    by_proofs(toy, "A-7.6")
    toy.prove("R1", "R2", "R3")
    for operators, independent in (
        (("rev", "rev", "rev"), True),
        (("rev", "ann", "rev"), False),
        (("rev", None, "rev"), False),
    ):
        for item, operator in zip(toy.case["runs"], operators, strict=True):
            item["operator"] = operator
        found = row(toy, "A-7.6")
        assert found.selected.independence is True and found.independence_shown is independent, operators
        assert (found.status is ObjectiveStatus.SUPPORTED) == independent, operators


def test_a_contradicted_requirement_contradicts_what_an_agreed_means_shows_by_proofs(toy: Kit) -> None:
    by_proofs(toy, "A-7.6")
    toy.prove("R1", "R3")
    toy.keep("R2", refuting(toy, "R2", "RR"), outcome="refuted")
    assert row(toy, "A-7.6").status is ObjectiveStatus.CONTRADICTED
    assert row(toy, "A-7.7").status is not ObjectiveStatus.CONTRADICTED, "no results are asked for there"


def test_a_refused_means_of_the_standard_s_own_holds_its_objectives(toy: Kit) -> None:
    offer(toy, about=["case"], objectives=["do-178c:A-1.6"])
    assert row(toy, "A-1.6").status is ObjectiveStatus.SUPPORTED
    for state in ("submitted", "refused", "agreed"):
        agree(toy, state)
        choose(toy, agreement="AG")
        found = row(toy, "A-1.6")
        assert (found.status is ObjectiveStatus.SUPPORTED) == (state != "refused"), state
        assert ("O227" in codes(found)) == (state == "refused")
        if state == "refused":
            assert found.next is not None and found.next.startswith("agree with the authority: Settle the refusal")


def test_unknown_marks_are_said_of_the_entry_and_its_level(toy: Kit) -> None:
    toy.case["standards"].append({"id": "do-330", "level": "TQL-5"})
    toy.case["standards"].append({"id": "arp6983"})
    (said,) = why(row(toy, "T-0.1", "do-330"), "O210")
    assert said == "the catalogue has no mark of this entry for tool qualification level (TQL) TQL-5"
    (said,) = why(row(toy, "draft-VER-VER.5", "arp6983"), "O210")
    assert said == "the catalogue has no mark of this entry for any level"


def test_what_an_agreement_asks_for_is_not_replaced_by_something_else(toy: Kit) -> None:
    """The review shows the objective as the standard describes; the case chose another means, and that was agreed to."""
    offer(toy, about=["case"], objectives=["do-178c:A-1.6"])
    agree(toy)
    means = {
        "objectives": ["A-1.6"], "means": "audits of the plans", "alternative": True, "rationale": RATIONALE,
        "evidence": ["quality-audit"], "agreement": "AG",
    }  # fmt: skip
    choose(toy, means=[means])
    found = row(toy, "A-1.6")
    assert found.status is ObjectiveStatus.PARTIAL and "O229" in codes(found) and found.next is not None
    offer(toy, "AUDIT", evidence="quality-audit", objectives=["do-178c:A-1.6"])
    assert row(toy, "A-1.6").status is ObjectiveStatus.SUPPORTED
