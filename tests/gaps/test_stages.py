"""Data items at the stages of involvement: there, in part, offered, stale, missing; nothing there without a document."""

from __future__ import annotations

from case_toys import Kit, document
from gap_toys import report

from assurance.gaps.model import ItemState, StageState


def stages(toy: Kit) -> dict[str, StageState]:
    return {state.stage.id: state for state in report(toy).standards[0].stages}


def state(toy: Kit, stage: str, item: str) -> ItemState:
    return next(one.state for one in stages(toy)[stage].items if one.id == item)


def test_without_documents_nothing_is_there(toy: Kit) -> None:
    found = stages(toy)
    assert list(found) == ["SOI-1", "SOI-2", "SOI-3", "SOI-4"]
    assert all(item.count(ItemState.THERE) == 0 for item in found.values())
    assert state(toy, "SOI-1", "psac") is ItemState.MISSING
    assert state(toy, "SOI-2", "requirements-data") is ItemState.IN_PART


def test_a_plan_for_several_items_is_offered_only(toy: Kit) -> None:
    toy.case["documents"] = [document(toy.folder, "plan", evidence="plan", objectives=["do-178c:A-1.1"])]
    assert state(toy, "SOI-1", "psac") is ItemState.OFFERED
    assert state(toy, "SOI-1", "svp") is ItemState.OFFERED
    assert stages(toy)["SOI-1"].count(ItemState.THERE) == 0


def test_one_review_is_not_all_verification_results(toy: Kit) -> None:
    toy.case["documents"] = [document(toy.folder, "review", objectives=["do-178c:A-1.6"])]
    item = next(one for one in stages(toy)["SOI-3"].items if one.id == "verification-results")
    assert item.state is ItemState.IN_PART and "review" in item.evidence
    assert "objectives that list it" in item.why


def test_a_changed_document_is_stale(toy: Kit) -> None:
    toy.case["documents"] = [document(toy.folder, "plan", evidence="plan", objectives=["do-178c:A-1.1"])]
    toy.write()
    (toy.folder / "plan.md").write_text("another plan", "utf-8")
    assert state(toy, "SOI-1", "psac") is ItemState.STALE


def test_gaps_are_those_of_the_stage_s_tables(toy: Kit) -> None:
    found = report(toy).standards[0]
    for one in found.stages:
        rows = [row for row in found.rows if row.table.id in one.stage.tables]
        assert one.gaps == sum(row.is_gap for row in rows)
        assert one.asked == sum(row.row.required is True for row in rows)


def test_what_the_level_does_not_ask_for_is_not_missing(toy: Kit) -> None:
    toy.case["hazards"][0]["failure_condition"] = "minor"
    toy.case["standards"] = [{"id": "do-178c", "level": "D"}]
    assert state(toy, "SOI-1", "code-standards") is ItemState.NOT_ASKED
    assert state(toy, "SOI-1", "psac") is ItemState.MISSING


def test_a_standard_without_stages_has_one_milestone_with_all_its_data_items(toy: Kit) -> None:
    toy.case["hazards"][0] |= {"hara": {"severity": "S2", "exposure": "E4", "controllability": "C2"}}
    toy.case["standards"] = [{"id": "iso-26262-6", "level": "B"}, {"id": "arp6983"}]
    first, second = report(toy).standards
    (release,) = first.stages
    assert release.stage.id == "release" and len(release.items) == len(first.covered.catalogue.data_items)
    assert release.asked == sum(row.row.required is True for row in first.rows)
    assert release.gaps == first.gaps and release.count(ItemState.THERE) == 0
    assert second.stages == (), "it lists no data items"
    toy.case["documents"] = [
        document(toy.folder, "spec", evidence="requirement-record", about=["case", "software-safety-requirements"])
    ]
    (release,) = report(toy).standards[0].stages
    assert next(one.state for one in release.items if one.id == "software-safety-requirements") is ItemState.THERE
