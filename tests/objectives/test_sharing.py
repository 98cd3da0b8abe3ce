"""Several standards in one case: one record serves objectives of each, and nothing is counted twice."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
from case_toys import Kit, kit
from objectives_toys import HARA, aviation, offer, road, standard

from assurance.objectives import coverage_json, evidence_used, shared


@pytest.fixture
def both(tmp_path: Path) -> Kit:
    """DO-178C at level B and ISO 26262-6 at ASIL D."""
    toy = kit(tmp_path)
    toy.case["hazards"][0] |= {"failure_condition": "hazardous", "hara": HARA["D"]}
    toy.case["standards"] = [{"id": "do-178c", "level": "B"}, {"id": "iso-26262-6", "level": "D"}]
    offer(toy, objectives=["do-178c:A-3.2", "iso-26262-6:6-T7.1c"], about=["case"])
    toy.prove("R1", "R2", "R3")
    return toy


def test_each_standard_shows_what_it_shows_alone(both: Kit) -> None:
    together = both.take()
    own = {together.loaded.digest}
    for only, id in ((aviation, "do-178c"), (road, "iso-26262-6")):
        alone = Kit(both.folder, copy.deepcopy(both.case))
        only(alone, "B" if id == "do-178c" else "D")
        alone.case["documents"][0]["objectives"] = [
            name for name in alone.case["documents"][0]["objectives"] if name.startswith(id)
        ]
        rows = {i.entry.id: (i.status, i.n, i.of) for i in standard(alone.take(), id).rows}
        assert rows == {i.entry.id: (i.status, i.n, i.of) for i in standard(together, id).rows}
    assert own


def test_shared_evidence_is_listed_with_all_that_it_serves(both: Kit) -> None:
    snapshot = both.take()
    found = shared(snapshot.coverage)
    for digest, names in found.items():
        expected = [
            f"{covered.catalogue.id}:{item.entry.id}"
            for covered in snapshot.coverage
            for item in covered.rows
            if digest in item.evidence
        ]
        assert list(names) == expected and {name.split(":")[0] for name in names} == {"do-178c", "iso-26262-6"}
    records = {best.digest for best in (s.best for s in snapshot.standings.values()) if best}
    assert records <= set(found), "proofs of all three requirements serve objectives of both"
    (review,) = [item.digest for item in snapshot.register.documents]
    assert set(found[review]) == {"do-178c:A-3.2", "iso-26262-6:6-T7.1c"}


def test_combined_counts_have_each_item_of_evidence_once(both: Kit) -> None:
    snapshot = both.take()
    each = [len({digest for item in covered.rows for digest in item.evidence}) for covered in snapshot.coverage]
    assert evidence_used(snapshot.coverage) == sum(each) - len(shared(snapshot.coverage)) < sum(each)
    listed = coverage_json(snapshot.coverage)
    assert [item["standard"] for item in listed["standards"]] == ["do-178c", "iso-26262-6"]
    assert (
        len(listed["shared"]) == len({item["evidence"] for item in listed["shared"]}) == len(shared(snapshot.coverage))
    )


def test_one_standard_shares_nothing(both: Kit) -> None:
    both.case["documents"] = []
    assert shared(aviation(both, "B").take().coverage) == {}


@pytest.mark.parametrize("other", ["easa-cp-issue2", "arp6983"])
def test_the_same_evidence_maps_to_easa_and_the_draft(both: Kit, other: str) -> None:
    from assurance.catalogue import load

    catalogue = load(other)
    levels = catalogue.marked_levels()
    scored = any(mark for entry in catalogue.entries for mark in entry.levels.values())
    choice = {"id": other} | ({"level": levels[0]} if scored else {})
    aviation(both, "B")
    both.case["documents"] = []
    both.case["standards"].append(choice)
    snapshot = both.take()
    covered = standard(snapshot, other)
    records = {best.digest for best in (s.best for s in snapshot.standings.values()) if best}
    used = {digest for item in covered.rows for digest in item.evidence}
    assert records & used and records & set(shared(snapshot.coverage))
    assert covered.catalogue.watermark and covered.as_json()["watermark"]
    if other == "arp6983":
        assert covered.as_json()["scored"] is False and not any(item.is_gap for item in covered.rows)
