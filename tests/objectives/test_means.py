"""Means of compliance and agreements: only an agreement helps where no means is accepted, and then its evidence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from case_toys import Kit, kit
from objectives_toys import RATIONALE, agree, aviation, choose, codes, findings, offer, row, standard

from assurance.objectives import ObjectiveStatus
from evidence.errors import InputError

NO_MEANS = ("A-4.6", "A-7.5", "A-7.6", "A-7.7")


@pytest.fixture
def toy(tmp_path: Path) -> Kit:
    made = aviation(kit(tmp_path), "A")
    made.case["models"][0]["made_by"] = "ann"
    return made


def propose(
    toy: Kit, *objectives: str, evidence: tuple[str, ...] = ("safety-analysis", "review-record"), **more: Any
) -> None:
    choose(
        toy,
        means=[
            {
                "objectives": list(objectives),
                "means": "coverage of the operational domain in place of code structure",
                "alternative": True,
                "rationale": RATIONALE,
                "evidence": list(evidence),
                "agreement": "AG",
            }
            | more
        ],
    )


def give(toy: Kit, *kinds: str, **more: Any) -> None:
    names = [f"do-178c:{id}" for id in NO_MEANS]
    for kind in kinds:
        offer(toy, f"D-{kind}", evidence=kind, about=["case", "net"], objectives=names, **more)


def test_the_next_step_is_an_agreement_until_there_is_one(toy: Kit) -> None:
    for state in (None, "submitted", "refused", "agreed"):
        toy.case["agreements"] = []
        toy.case["standards"][0].pop("means", None)
        if state:
            agree(toy, state)
            propose(toy, *NO_MEANS)
        for id in NO_MEANS:
            found = row(toy, id)
            assert found.means is not None and found.status is not ObjectiveStatus.SUPPORTED
            assert found.means.agreement == (state or "not agreed"), id
            if state == "agreed":
                assert found.next == (
                    "document: Give the evidence that the agreed means asks for: safety-analysis, review-record."
                )
                assert "O228" in codes(found) and "O229" in codes(found) and "O206" not in codes(found)
            else:
                assert found.next is not None and found.next.startswith("agree with the authority: ")
                assert "O206" in codes(found) and ("O227" in codes(found)) == (state is not None)


def test_the_agreed_means_still_asks_for_all_its_evidence(toy: Kit) -> None:
    agree(toy)
    propose(toy, *NO_MEANS)
    give(toy, "safety-analysis")
    found = row(toy, "A-7.5")
    assert found.status is ObjectiveStatus.PARTIAL and "O229" in codes(found)
    give(toy, "safety-analysis", "review-record")
    found = row(toy, "A-7.5")
    assert (found.status, found.n, found.of) == (ObjectiveStatus.SUPPORTED, 1, 1)
    assert found.independence_shown is True and found.next is None and not found.is_gap
    give(toy, "safety-analysis", "review-record", independent=False)
    found = row(toy, "A-7.5")
    assert found.status is ObjectiveStatus.PARTIAL and found.independence_shown is False and "O204" in codes(found)


def test_evidence_without_an_agreement_does_not_help(toy: Kit) -> None:
    give(toy, "safety-analysis", "review-record")
    for state in ("submitted", "refused"):
        agree(toy, state)
        propose(toy, *NO_MEANS)
        for id in NO_MEANS:
            assert row(toy, id).status in (ObjectiveStatus.OPEN, ObjectiveStatus.PARTIAL)
            assert row(toy, id).n == 0


def test_an_agreement_lapses_when_its_document_changes(toy: Kit) -> None:
    agree(toy)
    propose(toy, *NO_MEANS)
    give(toy, "safety-analysis", "review-record")
    assert row(toy, "A-7.5").status is ObjectiveStatus.SUPPORTED
    (toy.folder / "AG-letter.md").write_text("other conditions")
    found = row(toy, "A-7.5")
    assert found.status is not ObjectiveStatus.SUPPORTED and "O251" in codes(found)
    assert found.means is not None and found.means.agreement == "not agreed"


def test_a_changed_or_merely_measured_document_is_not_what_was_agreed(toy: Kit) -> None:
    agree(toy)
    propose(toy, "A-7.5", evidence=("formal-property",))
    offer(toy, evidence="formal-property", about=["case"], examined="model-description")
    assert row(toy, "A-7.5").n == 0, "a document is no proof, whatever was agreed"
    propose(toy, "A-7.5", evidence=("safety-analysis",))
    give(toy, "safety-analysis")
    (toy.folder / "D-safety-analysis.md").write_text("changed")
    assert row(toy, "A-7.5").status is not ObjectiveStatus.SUPPORTED


def test_proofs_count_under_an_agreed_means_only_from_qualified_tools(toy: Kit) -> None:
    agree(toy)
    propose(toy, "A-4.6", evidence=("formal-property", "formal-local-robustness"))
    toy.case["runs"] = [item | {"operator": "rev"} for item in toy.case["runs"]]
    choose(toy, assumptions=["why"])
    offer(toy, "why", evidence="safety-analysis")
    toy.prove("R1", "R2", "R3")
    found = row(toy, "A-4.6")
    assert found.status is ObjectiveStatus.PARTIAL and "O230" in codes(found)
    assert [(need.tool, need.level, need.shown) for need in found.qualification] == [("checker", "TQL-4", False)]
    offer(toy, "TQ", evidence="tool-qualification")
    tool = {"tool": "checker", "criterion": 3, "rationale": RATIONALE, "documents": ["TQ"]}
    for level, enough in (("TQL-5", False), ("TQL-4", True), ("TQL-1", True)):
        choose(toy, tools=[tool | {"qualified_to": level}])
        found = row(toy, "A-4.6")
        assert (found.status is ObjectiveStatus.SUPPORTED) == enough, level
    (toy.folder / "TQ.md").write_text("changed")
    assert row(toy, "A-4.6").status is not ObjectiveStatus.SUPPORTED


def test_unjustified_assumptions_keep_credit_from_being_full(toy: Kit) -> None:
    agree(toy)
    propose(toy, "A-4.6", evidence=("formal-property", "formal-local-robustness"))
    toy.case["runs"] = [item | {"operator": "rev"} for item in toy.case["runs"]]
    offer(toy, "TQ", evidence="tool-qualification")
    tool = {"tool": "checker", "criterion": 2, "rationale": RATIONALE, "documents": ["TQ"], "qualified_to": "TQL-4"}
    choose(toy, tools=[tool])
    toy.prove("R1", "R2", "R3")
    assert row(toy, "A-4.6").status is ObjectiveStatus.PARTIAL
    assert "O232" in codes(row(toy, "A-4.1"))
    for about, enough in ((["R1", "R2"], False), (["R1", "R2", "R3"], True), (["case"], True)):
        offer(toy, "why", evidence="safety-analysis", about=about)
        choose(toy, assumptions=["why"])
        assert (row(toy, "A-4.6").status is ObjectiveStatus.SUPPORTED) == enough, about
        assert ("O232" in codes(row(toy, "A-4.1"))) != enough


def test_an_alternative_for_an_ordinary_objective_waits_for_its_agreement(toy: Kit) -> None:
    offer(toy, about=["case"], objectives=["do-178c:A-1.6"])
    assert row(toy, "A-1.6").status is ObjectiveStatus.SUPPORTED
    propose(toy, "A-1.6", evidence=("quality-audit",))
    agree(toy, "submitted")
    found = row(toy, "A-1.6")
    assert found.status is ObjectiveStatus.PARTIAL and "O227" in codes(found), "the case itself chose another means"
    assert found.next is not None and found.next.startswith("agree with the authority")


def test_the_standard_s_own_means_shows_the_agreement_on_the_plan(toy: Kit) -> None:
    found = row(toy, "A-3.2").means
    assert found is not None and (found.alternative, found.agreement) == (False, "not agreed")
    agree(toy)
    choose(toy, agreement="AG")
    found = row(toy, "A-3.2").means
    assert found is not None and found.agreement == "agreed" and found.reference == "issue paper IP-1, the authority"
    refused = row(toy, "A-7.5").means
    assert refused is not None and refused.agreement == "not agreed", "the plan does not make a means accepted"


def test_formal_credit_names_the_supplement_until_it_is_in_an_agreed_basis(toy: Kit) -> None:
    toy.prove("R1", "R2", "R3")

    def missing() -> list[str]:
        return [item.message for item in row(toy, "A-4.1").reasons if item.code == "O214"]

    assert len(missing()) == 1 and "records no agreement" in missing()[0]
    choose(toy, basis=["do-333"])
    assert "not agreed" in missing()[0]
    agree(toy)
    choose(toy, agreement="AG")
    assert missing() == [] and row(toy, "A-4.1").status is ObjectiveStatus.PARTIAL


def test_an_alternative_needs_rationale_and_evidence(toy: Kit) -> None:
    for field in ("rationale", "evidence"):
        propose(toy, "A-7.5", **{field: None if field == "rationale" else []})
        with pytest.raises(InputError) as caught:
            toy.take()
        assert caught.value.finding.code == "C106"
    agree(toy)
    del toy.case["agreements"][0]["document"]
    propose(toy, "A-7.5")
    with pytest.raises(InputError) as caught:
        toy.take()
    assert "document" in caught.value.finding.message


def test_every_row_has_its_means(toy: Kit) -> None:
    shown = standard(toy.take()).as_json()
    assert all(
        set(item["means"]) == {"means", "alternative", "rationale", "agreement", "reference"}
        for item in shown["objectives"]
    )
    assert not findings(toy, "O217")
