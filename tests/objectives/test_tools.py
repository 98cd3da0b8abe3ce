"""Confidence in tools: the published tables cell by cell, and needs computed for the credit that is claimed."""

from __future__ import annotations

from pathlib import Path

import pytest
from case_toys import Kit, bounds, kit, smooth, smoothing
from objectives_toys import RATIONALE, aviation, choose, codes, offer, road, row, standard

from assurance.objectives.qualification import TQL, tcl
from evidence.records import Recheck


@pytest.fixture
def toy(tmp_path: Path) -> Kit:
    return kit(tmp_path)


def test_tool_qualification_levels() -> None:
    """DO-178C table 12-1."""
    assert [TQL[level][1] for level in "ABCD"] == ["TQL-1", "TQL-2", "TQL-3", "TQL-4"]
    assert [TQL[level][2] for level in "ABCD"] == ["TQL-4", "TQL-4", "TQL-5", "TQL-5"]
    assert [TQL[level][3] for level in "ABCD"] == ["TQL-5"] * 4
    assert set(TQL) == set("ABCD")


def test_tool_confidence_levels() -> None:
    """ISO 26262-8:2018, clause 11."""
    assert {tcl("TI1", detection) for detection in ("TD1", "TD2", "TD3")} == {"TCL1"}
    assert [tcl("TI2", detection) for detection in ("TD1", "TD2", "TD3")] == ["TCL1", "TCL2", "TCL3"]


@pytest.mark.parametrize("level", ["A", "B", "C", "D"])
def test_needs_follow_the_credit(toy: Kit, level: str) -> None:
    aviation(toy, level)
    assert not any(item.qualification for item in standard(toy.take()).rows)
    toy.prove("R1", "R2", "R3")
    claimed = False
    snapshot = toy.take()
    records = [best.digest for best in (item.best for item in snapshot.standings.values()) if best]
    for item in standard(snapshot).rows:
        partial = "O203" in codes(item) and set(records) & set(item.evidence)
        for need in item.qualification:
            assert partial and item.required and need.tool == "checker" and not need.shown
            assert need.level == TQL[level][3] and need.because == f"criterion 3 at level {level}"
            assert "O230" in codes(item)
            claimed = True
        if not item.qualification:
            assert "O230" not in codes(item), item.entry.id
    assert claimed == (level != "D"), "at level D no objective about the description is asked for"


def test_supporting_evidence_claims_nothing(toy: Kit) -> None:
    aviation(toy, "A")
    toy.case = smooth(toy.case)
    toy.keep("R1", smoothing(toy.statement("R1"), [0.5] * 4))
    found = row(toy, "A-4.1")
    assert found.evidence and "O202" in codes(found) and not found.qualification


def test_the_engine_itself_where_nobody_checked(toy: Kit) -> None:
    """A proof that no checker confirmed rests on its engine: no record here states one, and if one did, it would need it."""
    aviation(toy, "A")
    statement = toy.statement("R2")
    honest = bounds(statement, "PP")
    assert honest.rechecks
    from assurance.objectives.held import unchecked_tools
    from assurance.register import RunItem

    def tools(rechecks: tuple[Recheck, ...]) -> tuple[str, ...]:
        record = honest.model_copy(update={"rechecks": rechecks})
        return unchecked_tools(RunItem("sha256:" + "0" * 64, record, "run-2", "R2", "", "", True, 0))

    assert tools(honest.rechecks) == ("checker",)
    assert tools(()) == ("bounds",)
    assert tools((Recheck(by="checker", what="bounds", agreed=0, of=2),)) == ("bounds",)
    assert tools((Recheck(by="runtime", what="counterexamples", agreed=2, of=2),)) == ("bounds",)


def test_a_declared_criterion_can_only_be_stricter(toy: Kit) -> None:
    aviation(toy, "A")
    toy.prove("R1", "R2", "R3")
    for declared, expected in ((1, "TQL-1"), (2, "TQL-4"), (3, "TQL-5"), (None, "TQL-5")):
        choose(toy, tools=[{"tool": "checker", "criterion": declared, "rationale": RATIONALE}])
        (need,) = row(toy, "A-4.1").qualification
        assert need.level == expected and not need.shown


def test_qualification_data_have_to_be_there_unchanged_and_enough(toy: Kit) -> None:
    aviation(toy, "A")
    toy.prove("R1", "R2", "R3")
    offer(toy, "TQ", evidence="tool-qualification")
    offer(toy, "NO", evidence="review-record")

    def shown(**changes: object) -> bool:
        tool = {"tool": "checker", "rationale": RATIONALE, "documents": ["TQ"], "qualified_to": "TQL-5"}
        choose(toy, tools=[tool | changes])
        found = row(toy, "A-4.1")
        assert ("O230" in codes(found)) != found.qualification[0].shown
        return found.qualification[0].shown

    assert shown()
    assert not shown(documents=[])
    assert not shown(documents=["NO"]), "only tool qualification data"
    assert not shown(qualified_to=None)
    assert not shown(qualified_to="TCL3"), "a level of another standard"
    assert not shown(criterion=2), "TQL-5 is not enough for TQL-4"
    assert not shown(tool="bounds")
    assert shown()
    (toy.folder / "TQ.md").write_text("changed")
    assert not shown()


def test_partial_credit_stays_partial_and_says_what_is_missing(toy: Kit) -> None:
    aviation(toy, "A")
    toy.prove("R1", "R2", "R3")
    found = row(toy, "A-4.1")
    assert found.status.value == "partial" and "O230" in codes(found)


def test_road_vehicles_assume_the_worst_until_assessed(toy: Kit) -> None:
    road(toy, "D")
    toy.prove("R1", "R2", "R3")

    def need(**assessed: object) -> tuple[str, bool]:
        choose(toy, tools=[{"tool": "checker", "rationale": RATIONALE} | assessed] if assessed else [])
        found = row(toy, "6-T7.1e", "iso-26262-6")
        assert ("O231" in codes(found)) != found.qualification[0].shown
        return found.qualification[0].level, found.qualification[0].shown

    assert need() == ("TCL3", False)
    assert need(impact="TI2", detection="TD2") == ("TCL2", False)
    assert need(impact="TI2", detection="TD1") == ("TCL1", True), "assessed, and nothing is left to qualify"
    assert need(impact="TI1") == ("TCL1", True)
    offer(toy, "TQ", evidence="tool-qualification")
    assert need(detection="TD2", qualified_to="TCL2", documents=["TQ"]) == ("TCL2", True)
    assert need(detection="TD3", qualified_to="TCL2", documents=["TQ"]) == ("TCL3", False)


def test_a_standard_without_a_rule_has_no_needs(toy: Kit) -> None:
    toy.prove("R1", "R2", "R3")
    assert not any(item.qualification for item in standard(toy.take(), "arp6983").rows)
