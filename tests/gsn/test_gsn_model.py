"""The model: it holds anything, answers in a fixed order, and comes back from JSON as it was."""

from __future__ import annotations

import json
from typing import Any

import gsn_toys as toys
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from assurance.gsn.elements import ElementType, Goal, Provenance, Solution
from assurance.gsn.model import Argument, cycles_of
from assurance.gsn.relations import Relation, RelationRef, RelationType
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


def test_a_challenge_is_neither_support_nor_context() -> None:
    argument = toys.small()
    argument.add(Goal(id="G9", text="H2 is not mitigated."), Solution(id="Sn9", text="Record"))
    argument.challenge("G9", "G3", RelationRef(source="S1", target="G2"))
    argument.challenge("Sn9", "G9")
    assert ids(argument.roots()) == ["G1", "G9", "Sn9"]
    assert ids(argument.challengers("G3")) == ["G9"] and ids(argument.parents("G3")) == ["S1"]
    assert argument.cycles() == () and "G9" not in argument.reachable(["G1"])
    leg = argument.find(RelationRef(source="S1", target="G2"))[0]
    (challenge,) = argument.challenges_of(leg)
    assert challenge.source == "G9" and challenge.target == ""
    argument.challenge("Sn9", RelationRef(source="S1", target="G2"))
    assert [item.source for item in argument.challenges_of(leg)] == ["G9", "Sn9"]
    argument.support("G3", "G9")  # the doubt about a goal may rest on that goal: no circle of support
    argument.challenge("G9", "G3")
    assert argument.cycles() == ()


def test_relations_are_found_by_id_or_by_their_ends() -> None:
    argument = Argument()
    argument.add(Goal(id="G1"), Goal(id="G2"))
    support = Relation(type=RelationType.SUPPORTED_BY, source="G1", target="G2", id="R1")
    context = Relation(type=RelationType.IN_CONTEXT_OF, source="G1", target="G2")
    argument.relate(support, context)
    assert argument.find(RelationRef(id="R1")) == (support,)
    assert argument.find(RelationRef(source="G1", target="G2")) == (support, context)
    assert argument.find(RelationRef(source="G1", target="G2", type=RelationType.IN_CONTEXT_OF)) == (context,)
    assert argument.find(RelationRef(source="G2", target="G1")) == () == argument.find(RelationRef(id="R2"))
    with pytest.raises(ValidationError):
        RelationRef(id="R1", source="G1")


def test_equal_arguments_have_the_same_relations_in_the_same_order_at_each_element() -> None:
    def made(*pairs: str) -> Argument:
        argument = Argument()
        argument.add(*(Goal(id=name) for name in "abc"))
        for source, target in pairs:
            argument.support(source, target)
        return argument

    assert made("ab", "bc", "ac") == made("ab", "ac", "bc")
    assert made("ab", "ac") != made("ac", "ab")
    assert made("ab") != made("ab", "ab")


def test_the_first_form_of_the_schema_is_still_read() -> None:
    value = toys.small().as_json()
    assert value["schema"] == "gsn-argument/2"
    assert Argument.from_json({**value, "schema": "gsn-argument/1"}) == toys.small()


def test_cycles_along_certain_edges_only() -> None:
    edges = [("a", "b"), ("b", "a"), ("b", "c"), ("c", "d"), ("d", "b"), ("e", "e"), ("f", "g")]
    assert cycles_of("abcdefg", edges) == (("a", "b"), ("e",))
    assert cycles_of("abcdefg", edges, through=[("c", "d")]) == (("c", "d", "b"),)
    assert cycles_of("abcdefg", edges, through=[("f", "g"), ("e", "e")]) == (("e",),)
    assert cycles_of("abcdefg", edges, through=[("a", "c")]) == ()


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
