"""The model: it holds anything, answers in a fixed order, and comes back from JSON as it was."""

from __future__ import annotations

import json
from typing import Any

import gsn_toys as toys
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from assurance.gsn.model import Argument, ElementType, Goal, Provenance, Solution
from evidence.diagnostics import Place
from evidence.errors import InputError


def ids(elements: Any) -> list[str]:
    return [element.id for element in elements]


def test_neighbours_and_order() -> None:
    argument = toys.small()
    assert ids(argument) == ["G1", "C1", "A1", "S1", "J1", "G2", "G3", "Sn1"]
    assert ids(argument.children("S1")) == ["G2", "G3"]
    assert ids(argument.contexts("G1")) == ["C1", "A1"]
    assert ids(argument.parents("G2")) == ["S1"]
    assert ids(argument.roots()) == ["G1"]
    assert argument["S1"].type is ElementType.STRATEGY
    assert len(argument) == 8
    assert "Sn1" in argument and "Sn2" not in argument


def test_walk_puts_parents_first() -> None:
    argument = Argument()
    argument.add(*(Goal(id=name, text="It is so.") for name in ("low", "left", "right", "top")))
    argument.support("left", "low")
    argument.support("right", "low")
    argument.support("top", "right", "left")
    assert ids(argument.walk()) == ["top", "left", "right", "low"]


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), size=st.integers(0, 60), sound=st.booleans())
def test_walk_and_json_of_any_argument(seed: int, size: int, sound: bool) -> None:
    argument = toys.sound(seed, size) if sound else toys.wild(seed, size)
    walked = ids(argument.walk())
    assert sorted(walked) == sorted(ids(argument))
    if sound:
        position = {name: index for index, name in enumerate(walked)}
        assert all(position[relation.source] < position[relation.target] for relation in argument.relations)
        assert argument.cycles() == ()
    again = Argument.from_json(json.loads(json.dumps(argument.as_json())))
    assert again == argument
    assert ids(again.duplicates) == ids(argument.duplicates)
    for cycle in argument.cycles():
        for source, target in zip(cycle, (*cycle[1:], cycle[0]), strict=True):
            assert any(r.target == target for r in argument.relations_from(source))


def test_one_shortest_cycle_for_each_knot() -> None:
    argument = Argument()
    argument.add(*(Goal(id=name, text="It is so.") for name in "abcdefg"))
    for source, target in ("ab", "bc", "ca", "ac", "de", "ed", "ff"):
        argument.support(source, target)
    assert argument.cycles() == (("a", "c"), ("d", "e"), ("f",))


def test_doubled_identifiers_are_kept_apart() -> None:
    argument = Argument()
    argument.add(Goal(id="G1", text="first"), Solution(id="G1", text="second"))
    assert argument["G1"].text == "first"
    assert [element.text for element in argument.duplicates] == ["second"]
    assert len(argument) == 1


def test_dangling_relations_are_kept_but_not_followed() -> None:
    argument = toys.small()
    argument.support("G2", "G77")
    assert ids(argument.children("G2")) == ["Sn1"]
    assert argument.relations[-1].target == "G77"
    assert set(argument.reachable(["G2", "G77"])) == {"G2", "Sn1"}


def test_replacing_keeps_the_place_in_order() -> None:
    argument = toys.small()
    argument.replace(argument["G1"].model_copy(update={"undeveloped": True}))
    assert ids(argument)[0] == "G1" and argument["G1"].undeveloped
    with pytest.raises(KeyError):
        argument.replace(Goal(id="G99"))


def test_elements_are_frozen_and_closed() -> None:
    with pytest.raises(ValidationError):
        Goal(id="G1").text = "changed"
    with pytest.raises(ValidationError):
        Goal(id="G1", evidence=("x",))  # type: ignore[call-arg]


def test_json_leaves_places_out_and_keeps_provenance() -> None:
    argument = Argument("m", "t")
    made = Provenance(pattern="base", binding=(("model", "M1"),))
    argument.add(Goal(id="G1", text="It is so.", place=Place("/home/x/case.yaml", 3), provenance=made))
    value = argument.as_json()
    assert "case.yaml" not in json.dumps(value)
    assert value["elements"][0]["type"] == "Goal"
    assert Argument.from_json(value)["G1"].provenance == made


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"schema": "gsn-argument/9"}, "schema"),
        ({"extra": 1}, "extra"),
        ({"elements": [{"type": "Gaol", "id": "G1"}]}, "elements.0"),
        ({"elements": [{"id": "G1"}]}, "elements.0"),
        ({"elements": [{"type": "Goal", "id": "G1", "undeveloped": "yes"}]}, "elements.0.Goal.undeveloped"),
        ({"elements": [{"type": "Goal", "id": 7}]}, "elements.0.Goal.id"),
        ({"relations": [{"type": "supportedBy", "source": "a", "target": "b"}]}, "relations.0.type"),
        ({"elements": None}, "elements"),
    ],
)
def test_wrong_json_is_refused_with_the_field(change: dict[str, Any], field: str) -> None:
    value = {**toys.small().as_json(), **change}
    with pytest.raises(InputError) as caught:
        Argument.from_json(value, "argument.json")
    assert caught.value.finding.code == "G130"
    assert caught.value.finding.place.file == "argument.json"
    assert caught.value.finding.place.field == field


@pytest.mark.parametrize("value", [None, [], "text", 3, {}])
def test_what_is_no_argument_is_refused(value: object) -> None:
    with pytest.raises(InputError):
        Argument.from_json(value)
