"""Skeletons of documents: one for every kind of evidence, for every objective, and none passes for evidence."""

from __future__ import annotations

import pytest
from case_toys import Kit, document

from assurance.catalogue_vocabulary import PROOF_KINDS, EvidenceKind
from assurance.gaps.skeletons import skeleton, skeletons
from evidence.errors import InputError
from evidence.strict_yaml import parse_yaml


def declaration(text: str) -> dict[str, object]:
    (found,) = parse_yaml(text.split("```yaml\n")[1].split("```")[0], "skeleton").value["documents"]
    assert isinstance(found, dict)
    return found


def test_every_kind_of_evidence_that_a_document_can_be_has_one() -> None:
    computed = PROOF_KINDS | {EvidenceKind.PROBABILISTIC_ROBUSTNESS, EvidenceKind.COUNTEREXAMPLE}
    assert set(skeletons().kinds) == set(EvidenceKind) - computed


def test_a_skeleton_names_its_objective_and_the_watermark(toy: Kit) -> None:
    snapshot = toy.take()
    for key in ("do-178c:A-1.1", "arp6983:draft-MLCR.5"):
        text = skeleton(snapshot, key)
        assert "no evidence" in text and declaration(text)["objectives"] == [key]
        assert ("DRAFT" in text) == key.startswith("arp6983")


def test_the_lines_serve_once_they_are_filled_in(toy: Kit) -> None:
    found = declaration(skeleton(toy.take(), "do-178c:A-1.6"))
    made = document(toy.folder, "filled") | {name: found[name] for name in ("evidence", "objectives")}
    toy.case["documents"] = [made]
    row = next(item for item in toy.take().coverage[0].rows if item.entry.id == "A-1.6")
    assert row.evidence


def test_a_blank_skeleton_cannot_be_declared(toy: Kit) -> None:
    toy.case["documents"] = [declaration(skeleton(toy.take(), "do-178c:A-1.6"))]
    with pytest.raises(InputError):
        toy.load()


def test_without_an_accepted_means_it_is_a_proposal_to_the_authority(toy: Kit) -> None:
    assert skeleton(toy.take(), "do-178c:A-4.6").startswith("# Proposal to the authority")


def test_where_only_a_tool_s_report_counts_the_lines_say_so(toy: Kit) -> None:
    """Tests on the target: nobody's word earns the credit, so the skeleton must not promise that it does."""
    text = skeleton(toy.take(), "do-178c:A-6.1")
    assert declaration(text)["format"] == "junit" and "report of the tool itself" in text


def test_another_kind_can_be_asked_for(toy: Kit) -> None:
    assert "# Configuration index" in skeleton(toy.take(), "do-178c:A-1.3:configuration-index")


@pytest.mark.parametrize(
    "wanted",
    [
        "A-1.6",
        "do-178c",
        "do-178c:A-99",
        "iso-26262-6:6-T1.1a",
        "do-178c:A-1.6:plan",
        "",
        "do-178c:A-4.1:formal-property",
    ],
)
def test_what_has_no_skeleton_is_one_clear_refusal(toy: Kit, wanted: str) -> None:
    with pytest.raises(InputError) as caught:
        skeleton(toy.take(), wanted)
    assert caught.value.finding.code == "O279" and caught.value.finding.expected
