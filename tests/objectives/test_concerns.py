"""Which requirements concern an objective: those whose results are of a kind that it credits, and no others."""

from __future__ import annotations

from pathlib import Path

import pytest
from case_toys import Kit, bounds, kit
from objectives_toys import row

from assurance.catalogue import load
from assurance.catalogue_vocabulary import EvidenceKind
from assurance.objectives.concerns import result_kinds, results_accepted
from assurance.objectives.rows import ObjectiveStatus

EASA = [{"id": "do-178c", "level": "B"}, {"id": "easa-cp-issue2", "level": "2A"}]


@pytest.fixture
def toy(tmp_path: Path) -> Kit:
    made = kit(tmp_path).write(standards=EASA)
    made.prove("R1", "R2", "R3")
    return made


def refute(toy: Kit, requirement: str) -> None:
    count = {"R1": 4, "R2": 2, "R3": 4}[requirement]
    toy.keep(requirement, bounds(toy.statement(requirement), "R" * count), outcome="refuted")


def test_stability_and_properties_of_regions_are_told_apart(toy: Kit) -> None:
    case = toy.load().case
    stability, regions = result_kinds(case.requirement("R1")), result_kinds(case.requirement("R2"))
    assert stability == {EvidenceKind.FORMAL_LOCAL_ROBUSTNESS, EvidenceKind.PROBABILISTIC_ROBUSTNESS}
    assert EvidenceKind.FORMAL_PROPERTY in regions and not stability & regions
    del toy.requirement("R2")["property"]
    toy.case["runs"] = [item for item in toy.case["runs"] if item["requirement"] != "R2"]
    assert result_kinds(toy.load().case.requirement("R2")) == stability | regions, "it may be about anything"


def test_a_refuted_region_contradicts_no_objective_about_stability(toy: Kit) -> None:
    entry = load("easa-cp-issue2").entry("LM-12")
    assert entry is not None and EvidenceKind.FORMAL_PROPERTY not in results_accepted(entry)
    refute(toy, "R2")
    assert row(toy, "LM-12", "easa-cp-issue2").status is not ObjectiveStatus.CONTRADICTED
    assert row(toy, "A-4.1").status is ObjectiveStatus.CONTRADICTED, "it credits proofs of either kind"


def test_refuted_stability_contradicts_it(toy: Kit) -> None:
    refute(toy, "R1")
    assert row(toy, "LM-12", "easa-cp-issue2").status is ObjectiveStatus.CONTRADICTED
    assert row(toy, "A-4.1").status is ObjectiveStatus.CONTRADICTED


def test_the_trace_of_a_derived_requirement_is_not_shown_by_the_case(toy: Kit) -> None:
    before = row(toy, "A-3.6")
    assert before.status is ObjectiveStatus.PARTIAL
    for item in toy.case["requirements"]:
        item["derived"] = "Found while the function was built."
        item["parents"] = []
    assert row(toy, "A-3.6").status is ObjectiveStatus.OPEN
