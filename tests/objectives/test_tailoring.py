"""Not applicable with justification and approver; combinations of methods; open choices are no gaps of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from case_toys import Kit, kit
from objectives_toys import RATIONALE, aviation, choose, codes, findings, offer, road, row, standard

from assurance.catalogue_vocabulary import Mark
from assurance.objectives import Choice, ObjectiveStatus, Row
from evidence.errors import InputError


@pytest.fixture
def toy(tmp_path: Path) -> Kit:
    made = kit(tmp_path)
    made.case["people"].append({"id": "zoe", "name": "Zoe Approver", "role": "head of airworthiness"})
    return made


def exempt(objective: str, by: str = "zoe") -> dict[str, Any]:
    return {
        "objective": objective,
        "justification": "the function has no data of this sort",
        "approved_by": by,
        "date": "2026-05-05",
    }


def test_not_applicable_needs_justification_and_approver(toy: Kit) -> None:
    aviation(toy, "B")
    assert row(toy, "A-3.2").is_gap
    choose(toy, not_applicable=[exempt("A-3.2")])
    found = row(toy, "A-3.2")
    assert found.status is ObjectiveStatus.NOT_APPLICABLE and not found.is_gap and found.next is None
    (why,) = [item.message for item in found.reasons if item.code == "O225"]
    assert "no data of this sort" in why and "Zoe Approver, head of airworthiness, 2026-05-05" in why
    for field in ("justification", "approved_by", "date"):
        choose(toy, not_applicable=[{key: value for key, value in exempt("A-3.2").items() if key != field}])
        with pytest.raises(InputError) as caught:
            toy.take()
        assert caught.value.finding.code == "C108" and field in str(caught.value.finding.place)


def test_an_author_does_not_approve_that_his_own_does_not_apply(toy: Kit) -> None:
    aviation(toy, "B")
    choose(toy, not_applicable=[exempt("A-3.2", by="ann")])  # ann wrote the requirements
    assert row(toy, "A-3.2").is_gap and "O225" not in codes(row(toy, "A-3.2"))
    (found,) = findings(toy, "O226")
    assert found.place.field == "standards[0].not_applicable[0].approved_by" and found.place.line
    offer(toy, about=["net"], author="zoe", objectives=["do-178c:A-4.6"])
    choose(toy, not_applicable=[exempt("A-4.6", by="zoe")])  # zoe wrote the evidence
    assert row(toy, "A-4.6").is_gap and [item.code for item in findings(toy, "O226")] == ["O226"]


def test_not_applicable_lapses_no_acceptance_silently(toy: Kit) -> None:
    aviation(toy, "B")
    before = row(toy, "A-3.2").digest
    choose(toy, not_applicable=[exempt("A-7.1")])
    assert row(toy, "A-3.2").digest != before


# --- combinations of methods --------------------------------------------------------------------------------------------


def unit_verification(toy: Kit) -> dict[str, Row]:
    return {item.entry.id: item for item in standard(toy.take(), "iso-26262-6").rows if item.entry.table == "T7"}


def combine(toy: Kit, *chosen: str, **left_out: str) -> Kit:
    left = {name.replace("_", "."): why for name, why in left_out.items()}
    return choose(toy, methods=[{"table": "T7", "chosen": list(chosen), "rationale": RATIONALE, "left_out": left}])


def test_without_a_combination_a_table_is_one_open_choice(toy: Kit) -> None:
    covered = standard(road(toy, "B").take(), "iso-26262-6")
    rows = [item for item in covered.rows if item.entry.table == "T7"]
    undecided = [item for item in rows if item.undecided]
    assert undecided and all(item.choice is Choice.NONE_RECORDED for item in rows)
    choice = next(item for item in covered.open_choices if item.table == "T7")
    assert list(choice.rows) == undecided and choice.ref == "Table 7"
    totals = covered.totals()
    assert totals["open"] + totals["partial"] == sum(
        item.status in (ObjectiveStatus.OPEN, ObjectiveStatus.PARTIAL) and not item.undecided for item in covered.rows
    )
    assert totals["methods not chosen yet"] == sum(item.undecided for item in covered.rows)
    assert totals["open choices"] == len(covered.open_choices)
    for item in covered.as_json()["objectives"]:
        assert item["choice"] == "none recorded"


def test_a_combination_asks_for_its_rows_and_no_others(toy: Kit) -> None:
    road(toy, "B")
    strongly = [id for id, item in unit_verification(toy).items() if item.entry.levels["B"] is Mark.HIGHLY_RECOMMENDED]
    chosen = [*strongly, "6-T7.1e"]  # formal verification carries the mark 'o' at B: chosen, it is asked for
    rows = unit_verification(combine(toy, *chosen))
    for id, item in rows.items():
        assert item.choice is (Choice.CHOSEN if id in chosen else Choice.LEFT_OUT), id
        assert item.required is (id in chosen) and not item.undecided
        if id in chosen:
            assert item.is_gap, id
        else:
            assert item.status is ObjectiveStatus.NOT_APPLICABLE and "O224" in codes(item)
    toy.prove("R1", "R2", "R3")
    assert unit_verification(toy)["6-T7.1e"].status is ObjectiveStatus.PARTIAL
    covered = standard(toy.take(), "iso-26262-6")
    assert "T7" not in [item.table for item in covered.open_choices]


def test_a_highly_recommended_method_is_left_out_only_with_a_reason(toy: Kit) -> None:
    road(toy, "B")
    rows = unit_verification(combine(toy, "6-T7.1h"))
    for id, item in rows.items():
        strongly = item.entry.levels["B"] is Mark.HIGHLY_RECOMMENDED and id != "6-T7.1h"
        assert ("O223" in codes(item)) == strongly, id
        assert item.is_gap == (strongly or id == "6-T7.1h"), id
    why = "semi-formal notations say nothing about weights"
    rows = unit_verification(combine(toy, "6-T7.1h", **{"6-T7_1c": why}))
    left = rows["6-T7.1c"]
    assert left.status is ObjectiveStatus.NOT_APPLICABLE and not left.is_gap
    assert [item.message for item in left.reasons if item.code == "O224"] == [why]


@pytest.mark.parametrize(
    ("methods", "field"),
    [
        ({"table": "T99", "chosen": ["6-T7.1h"]}, "table"),
        ({"table": "T7", "chosen": ["6-T8.1a"]}, "chosen[0]"),
        ({"table": "T7", "chosen": ["6-T7.1h", "6-T7.9z"]}, "chosen[1]"),
        ({"table": "T7", "chosen": ["6-T7.1h"], "left_out": {"6-T7.9z": RATIONALE}}, "left_out.6-T7.9z"),
        ({"table": "T7", "chosen": ["6-T7.1h"], "left_out": {"6-T7.1h": RATIONALE}}, "left_out.6-T7.1h"),
    ],
)
def test_methods_of_another_table_are_found(toy: Kit, methods: dict[str, Any], field: str) -> None:
    choose(road(toy, "B"), methods=[methods | {"rationale": RATIONALE}])
    (found,) = findings(toy, "O222")
    assert found.severity.value == "error" and found.place.line
    assert found.place.field == f"standards[0].methods[0].{field}"


def test_objectives_are_no_alternatives(toy: Kit) -> None:
    choose(aviation(toy, "B"), methods=[{"table": "A-3", "chosen": ["A-3.1"], "rationale": RATIONALE}])
    assert [item.place.field for item in findings(toy, "O222")] == ["standards[0].methods[0].table"]
    rows = standard(toy.take()).rows
    assert all(item.choice is None for item in rows) and not any("O224" in codes(item) for item in rows)
