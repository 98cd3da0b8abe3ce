"""Structural coverage: each objective asks for its own measure, all of it, of code, from a report that names it."""

from __future__ import annotations

from pathlib import Path

import pytest
from case_toys import Kit, kit
from objectives_toys import agree, aviation, choose, codes, offer, road, row

from assurance.objectives import ObjectiveStatus
from evidence.digest import of_bytes

OBJECTIVES = {"A-7.7": "statement", "A-7.6": "decision", "A-7.5": "MC/DC"}
REPORTS = {
    "lines": '<line number="1" hits="1"/>',
    "branches": '<line number="1" hits="1" branch="true" condition-coverage="100% (2/2)"/>',
    "decisions": '<line number="1" hits="1" decision-coverage="100% (2/2)"/>',
    "half decisions": '<line number="1" hits="1" decision-coverage="50% (1/2)"/>',
    "mcdc": '<line number="1" hits="1" mcdc-coverage="100% (3/3)"/>',
    "missed line": '<line number="1" hits="1"/><line number="2" hits="0"/>',
}
PARTIAL = {
    "lines": {"A-7.7"},
    "branches": {"A-7.7"},
    "decisions": {"A-7.7", "A-7.6"},
    "half decisions": {"A-7.7"},
    "mcdc": {"A-7.7", "A-7.5"},
    "missed line": set[str](),
}


@pytest.fixture
def toy(tmp_path: Path) -> Kit:
    return aviation(kit(tmp_path), "A")


def report(toy: Kit, lines: str, **changes: object) -> None:
    """Declare a coverage report of the source code that names all three objectives."""
    text = (
        '<coverage line-rate="1.0" branch-rate="1.0"><packages><package><classes>'
        f'<class filename="inference.c"><lines>{lines}</lines></class></classes></package></packages></coverage>'
    )
    made = offer(
        toy, "COV", evidence="coverage-record", format="cobertura", examined="source-code",
        objectives=[f"do-178c:{id}" for id in OBJECTIVES], **changes,
    )  # fmt: skip
    (toy.folder / made["path"]).write_text(text)
    made["digest"] = of_bytes(text.encode())


@pytest.mark.parametrize("name", list(REPORTS))
def test_each_objective_takes_its_own_measure_and_no_other(toy: Kit, name: str) -> None:
    report(toy, REPORTS[name])
    for id in OBJECTIVES:
        found = row(toy, id)
        assert found.evidence, "supporting at least: the report is about the code"
        expected = ObjectiveStatus.PARTIAL if id in PARTIAL[name] else ObjectiveStatus.OPEN
        assert found.status is expected, (id, name)
        assert ("O254" in codes(found)) == (id not in PARTIAL[name]), (id, name)
        assert found.next is not None and found.next.startswith("agree with the authority"), "nothing shows the weights"


def test_the_reason_says_what_is_asked_for_and_what_was_counted(toy: Kit) -> None:
    report(toy, REPORTS["branches"])
    (why,) = [item.message for item in row(toy, "A-7.5").reasons if item.code == "O254"]
    assert why == "asked for is MC/DC coverage; counted is statement, branch"
    report(toy, REPORTS["half decisions"])
    (why,) = [item.message for item in row(toy, "A-7.6").reasons if item.code == "O254"]
    assert why == "decision coverage is below 100 %"


def test_a_report_that_was_not_read_has_no_measure(toy: Kit) -> None:
    offer(toy, "COV", evidence="coverage-record", examined="source-code", objectives=["do-178c:A-7.7"])
    found = row(toy, "A-7.7")
    assert found.status is ObjectiveStatus.OPEN
    assert "declare its format" in next(item.message for item in found.reasons if item.code == "O254")


def test_coverage_of_code_is_not_coverage_of_a_model(toy: Kit) -> None:
    everything = REPORTS["decisions"] + REPORTS["mcdc"].replace('number="1"', 'number="2"')
    report(toy, everything, about=["net"])
    assert all(row(toy, id).status is ObjectiveStatus.OPEN and not row(toy, id).evidence for id in OBJECTIVES)
    report(toy, everything)
    toy.case["documents"][0]["examined"] = "model-description"
    for id in OBJECTIVES:
        found = row(toy, id)
        assert found.status is ObjectiveStatus.OPEN and "O205" in codes(found)


def test_a_report_that_names_no_objective_is_supporting(toy: Kit) -> None:
    report(toy, REPORTS["mcdc"])
    toy.case["documents"][0]["objectives"] = []
    found = row(toy, "A-7.5")
    assert found.status is ObjectiveStatus.OPEN and found.evidence and "O253" in codes(found)


def test_road_vehicles_take_branches_for_branches_and_not_for_mcdc(toy: Kit) -> None:
    names = ["6-T9.1a", "6-T9.1b", "6-T9.1c"]
    report(road(toy, "D"), REPORTS["branches"])
    toy.case["documents"][0]["objectives"] = [f"iso-26262-6:{name}" for name in names]
    found = [row(toy, name, "iso-26262-6").status for name in names]
    assert found == [ObjectiveStatus.PARTIAL, ObjectiveStatus.PARTIAL, ObjectiveStatus.OPEN]


def test_an_agreed_means_takes_no_report_that_leaves_something_open(toy: Kit) -> None:
    agree(toy)
    means = {
        "objectives": ["A-7.6"], "means": "decisions of the inference code, sampling of the domain", "alternative": True,
        "rationale": "the weights have no decisions to cover", "evidence": ["coverage-record"], "agreement": "AG",
    }  # fmt: skip
    choose(toy, means=[means])
    for name, status in (("half decisions", ObjectiveStatus.OPEN), ("decisions", ObjectiveStatus.SUPPORTED)):
        report(toy, REPORTS[name])
        assert row(toy, "A-7.6").status is status, name
    toy.case["documents"][-1]["objectives"] = []
    assert row(toy, "A-7.6").status is not ObjectiveStatus.SUPPORTED, "nobody says that it was made for this"
