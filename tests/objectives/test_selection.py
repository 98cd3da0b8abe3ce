"""Traps in the selection of standards are findings, each where it belongs and nowhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from case_toys import Kit, kit
from objectives_toys import aviation, findings, road

from assurance.catalogue import load

TRAPS = ("O234", "O235", "O236", "O237")


@pytest.fixture
def toy(tmp_path: Path) -> Kit:
    return kit(tmp_path)


def with_level(id: str) -> dict[str, Any]:
    """The choice of a standard, at its first level where it needs one."""
    catalogue = load(id)
    needs = any(mark for entry in catalogue.entries for mark in entry.levels.values())
    return {"id": id} | ({"level": catalogue.level_ids()[0]} if needs else {})


def trapped(toy: Kit, *standards: str) -> dict[str, str | None]:
    """Codes of traps with the field at which they stand, the first standard aside as it is."""
    toy.case["standards"] = [toy.case["standards"][0], *(with_level(id) for id in standards)]
    return {item.code: item.place.field for item in findings(toy, *TRAPS)}


def test_the_ai_act_does_not_apply_directly_to_aircraft_and_vehicles(toy: Kit) -> None:
    assert trapped(aviation(toy, "B")) == {}
    assert trapped(aviation(toy, "B"), "eu-ai-act") == {"O234": "standards[1]"}
    (found,) = findings(toy, "O234")
    assert "civil aviation" in found.message
    assert trapped(road(toy, "B"), "eu-ai-act") == {"O234": "standards[1]"}
    (found,) = findings(toy, "O234")
    assert "type-approved vehicles" in found.message


@pytest.mark.parametrize("id", ["do-330", "easa-cp-issue2", "easa-npa-2025-07", "arp4761a"])
def test_each_document_of_aviation_speaks_of_aviation_by_itself(toy: Kit, id: str) -> None:
    """Beside no other standard of aviation, and with hazards that nobody classified by failure condition."""
    road(toy, "B").case["standards"] = [with_level("eu-ai-act")]
    (found,) = findings(toy, "O234")
    assert "type-approved vehicles" in found.message
    toy.case["standards"].append(with_level(id))
    (found,) = findings(toy, "O234")
    assert "civil aviation" in found.message


def test_fatal_outcomes_are_looked_at_where_only_the_guidance_speaks_of_aviation(toy: Kit) -> None:
    road(toy, "B").case["standards"] = [with_level("easa-npa-2025-07")]
    assert findings(toy, "O237") == []
    toy.case["system"]["function"] = "Avoid a collision with other aircraft."
    assert [item.code for item in findings(toy, "O237")] == ["O237"]


def pixels(toy: Kit) -> Kit:
    """The network reads a family of alike inputs."""
    toy.case["models"][0]["inputs"] = {"prefix": "p", "count": 2, "unit": "m"}
    toy.case["requirements"] = toy.case["requirements"][:1]
    toy.case["runs"] = toy.case["runs"][:1]
    toy.case["tables"] = []
    for parameter in toy.case["odd"]["parameters"]:
        parameter.pop("input", None)
    return toy


def test_perception_on_the_road_needs_sotif(toy: Kit) -> None:
    assert trapped(road(toy, "B")) == {}, "a table of states is no perception"
    assert trapped(pixels(toy)) == {"O235": "standards"}
    assert trapped(toy, "iso-pas-8800") == {"O235": "standards"}
    assert trapped(toy, "iso-21448") == {}
    assert trapped(aviation(toy, "B")) == {}, "in aviation the concern has other documents"


def test_pixels_declared_one_by_one_are_pixels(toy: Kit) -> None:
    pixels(road(toy, "B"))
    for count, found in ((64, True), (63, False)):
        toy.case["models"][0]["inputs"] = [{"name": f"p{i}", "unit": "m"} for i in range(count)]
        assert ("O235" in trapped(toy)) == found, count


@pytest.mark.parametrize(
    "change",
    [{"goal": "targeted"}, {"knowledge": "black-box"}, {"title": "An adversary with stickers"}, {"rationale": "what an attacker can reach"}],
)  # fmt: skip
@pytest.mark.parametrize(("domain", "standard"), [(aviation, "do-326a"), (road, "iso-sae-21434")])
def test_adversaries_need_a_security_standard(toy: Kit, change: dict[str, Any], domain: Any, standard: str) -> None:
    assert trapped(domain(toy, "B")) == {}
    toy.case["threat_models"][0] |= change
    assert trapped(toy) == {"O236": "standards"}
    (found,) = findings(toy, "O236")
    assert found.message.startswith("TM")
    assert trapped(toy, standard) == {}


def test_a_worst_case_without_adversary_needs_none(toy: Kit) -> None:
    toy.case["threat_models"][0] |= {"goal": "untargeted", "knowledge": "white-box"}
    assert trapped(aviation(toy, "B")) == {}


def test_a_requirement_against_attacks_needs_one_too(toy: Kit) -> None:
    aviation(toy, "B")
    toy.requirement("R3")["text"] = "The network shall not be led astray by malicious transponders."
    toy.requirement("R3")["meaning_review"] = None
    assert trapped(toy) == {"O236": "standards"}


@pytest.mark.parametrize("standard", ["easa-npa-2025-07", "easa-cp-issue2"])
def test_fatal_outcomes_and_collision_avoidance(toy: Kit, standard: str) -> None:
    for level, fatal in (("A", True), ("B", True), ("C", False), ("D", False)):
        found = trapped(aviation(toy, level), standard)
        assert found == ({"O237": "standards[1]"} if fatal else {}), level
    toy.case["system"]["function"] = "Avoid a collision with other aircraft."
    assert trapped(aviation(toy, "C"), standard) == {"O237": "standards[1]"}
    (found,) = findings(toy, "O237")
    assert "avoids collisions" in found.message
