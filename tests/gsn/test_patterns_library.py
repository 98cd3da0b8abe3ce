"""The shipped library: every pattern reads, instantiates and draws; open goals stay open; words stay honest."""

from __future__ import annotations

import re

import pytest

from assurance.gsn.elements import Goal, Strategy
from assurance.gsn.native_form import TOPICS
from assurance.gsn.patterns.data import sample, sample_choices
from assurance.gsn.patterns.diagram import as_pattern_argument, multiplicity
from assurance.gsn.patterns.format import Pattern
from assurance.gsn.patterns.instantiate import Instance, instantiate
from assurance.gsn.patterns.library import LoadedPattern, available, load_pattern, with_nested
from assurance.gsn.rules import check
from assurance.status import Status, roll_up
from evidence.diagnostics import Severity
from evidence.errors import InputError

STAGES = [f"amlas-{name}" for name in ("scoping", "requirements", "data", "learning", "verification", "deployment")]
WANTED = {
    *STAGES, "amlas", "learning-assurance", "overarching-properties", "local-robustness", "property-proof",
    "closed-loop-safety", "safety-net", "runtime-monitor", "statistical-claim", "residual-risk", "tool-confidence",
    "defence-in-depth", "several-sensors", "brownfield-integration", "explainability", "ml-constituent",
}  # fmt: skip

OPEN = {"amlas-scoping": ("G2", "G3"), "amlas-requirements": ("G4", "G5", "G6")}
"""Goals that a pattern hands on; every other goal has support, a leg or a status."""


def sampled(id: str, items: int) -> tuple[LoadedPattern, Instance]:
    loaded = load_pattern(id)
    return loaded, instantiate(loaded, sample(loaded.parameters, items=items) | {"choose": sample_choices(loaded)})


def test_the_library_is_whole() -> None:
    assert set(available()) == WANTED


@pytest.mark.parametrize("id", sorted(WANTED))
@pytest.mark.parametrize("items", [1, 2])
def test_every_pattern_gives_a_well_formed_argument(id: str, items: int) -> None:
    loaded, found = sampled(id, items)
    argument = found.argument
    problems = [str(item) for item in check(argument) if item.severity is not Severity.NOTE]
    assert not problems
    assert [item.id for item in argument.roots()] == [loaded.top]
    origins = with_nested(id)
    for element in argument:
        assert element.provenance is not None and element.provenance.pattern in origins
        assert "{" not in element.text and not element.uninstantiated


@pytest.mark.parametrize("id", sorted(WANTED))
def test_samples_leave_every_goal_open(id: str) -> None:
    """Nothing is supported by default: data that show nothing give a top goal that is undeveloped."""
    _, found = sampled(id, 2)
    status = roll_up(found.argument, {id: Status(word) for id, word in found.status.items()})
    assert set(status.values()) == {Status.UNDEVELOPED}


@pytest.mark.parametrize("id", sorted(WANTED))
def test_one_supported_goal_makes_no_top_goal_green(id: str) -> None:
    _, found = sampled(id, 1)
    for goal in found.status:
        if not found.argument.children(goal):
            continue
        given = {name: Status.SUPPORTED if name == goal else Status(word) for name, word in found.status.items()}
        status = roll_up(found.argument, given)
        assert status[found.argument.roots()[0].id] is not Status.SUPPORTED


@pytest.mark.parametrize("id", sorted(WANTED))
def test_patterns_say_what_they_are(id: str) -> None:
    pattern = load_pattern(id).pattern
    assert {"name", *TOPICS} <= set(Pattern.model_fields)
    assert set(pattern.related_patterns) <= WANTED - {id}
    texts = [item.text for item in pattern.elements.values()]
    for text in texts:
        overclaim = re.search(r"robust|certif|compl(y|ies|iant)|guarantee|\bsafe\b|\bprove[sn]?\b", text, re.IGNORECASE)
        assert not overclaim, text
        assert re.search(r"^\{constituent\}|: \{constituent\}", text) or "{constituent}" not in text, "a capital inside"
    for name, element in pattern.elements.items():
        if element.goal is not None and not element.supported_by:
            assert element.status or element.leg or name in OPEN.get(id, ()), name


@pytest.mark.parametrize("id", sorted(WANTED))
def test_patterns_can_be_shown_as_patterns(id: str) -> None:
    loaded = load_pattern(id)
    argument = as_pattern_argument(loaded)
    assert argument.pattern is not None and [name for name, _ in argument.pattern.topics] == list(TOPICS)
    problems = [str(item) for item in check(argument, delivered=False) if item.severity is Severity.ERROR]
    assert not problems
    assert any(item.uninstantiated for item in argument)
    argument.pattern = None  # without its card it would be taken for an argument
    delivered = {item.code for item in check(argument)}
    assert {"G117", "G118"} & delivered, "a pattern that was not instantiated is not delivered (GSN 1:3.1.3)"
    choices = {item.id for item in argument.choices}
    assert choices == set(loaded.pattern.choices)
    assert {item.choice for item in argument.relations if item.choice} == choices


def test_amlas_has_its_stages_in_their_places() -> None:
    loaded, found = sampled("amlas", 1)
    assert set(loaded.nested) == set(STAGES)
    argument = found.argument
    handed_on = {
        "SCOPE.G2": "REQ.G1",
        "SCOPE.G3": "DEPLOY.G1",
        "REQ.G4": "DATA.G1",
        "REQ.G5": "LEARN.G1",
        "REQ.G6": "VERIFY.G1",
    }
    for above, below in handed_on.items():
        assert [item.id for item in argument.children(above)] == [below]
    # alone, each stage leaves open what it hands on
    for id, goals in (("amlas-scoping", ["G2", "G3"]), ("amlas-requirements", ["G4", "G5", "G6"])):
        _, alone = sampled(id, 1)
        for goal in goals:
            element = alone.argument[goal]
            assert isinstance(element, Goal | Strategy) and element.undeveloped


def test_the_choice_of_verification_asks_for_at_least_one_of_two() -> None:
    argument = as_pattern_argument(load_pattern("amlas-verification"))
    (choice,) = argument.choices
    assert (choice.source, choice.at_least, choice.at_most) == ("S2", 1, 2)
    assert {item.target for item in argument.relations if item.choice == choice.id} == {"G3", "G4"}
    optional = {item.target for item in argument.relations if item.optional}
    assert optional == {"L1", "P1", "T1"}


def test_multiplicity_comes_from_the_bounds_of_collections() -> None:
    loaded = load_pattern("local-robustness")
    assert multiplicity(loaded, (), ("claims",)) == "1..*"
    assert multiplicity(loaded, ("claims",), ("claims", "evidence")) == "0..*"
    assert multiplicity(loaded, (), ("claims", "evidence")) == "0..*"
    assert multiplicity(loaded, ("claims",), ("claims",)) is None
    assert multiplicity(load_pattern("several-sensors"), (), ("sensors",)) == "2..*"


def test_fewer_sensors_than_several_are_refused() -> None:
    loaded = load_pattern("several-sensors")
    data = sample(loaded.parameters)
    data["sensors"] = data["sensors"][:1]
    with pytest.raises(InputError) as caught:
        instantiate(loaded, data)
    assert [item.code for item in caught.value.findings] == ["G276"]


def test_an_unknown_pattern_is_named_with_those_on_board() -> None:
    with pytest.raises(InputError) as caught:
        load_pattern("amlass")
    assert caught.value.finding.code == "G140" and "amlas-data" in str(caught.value.finding)
    assert with_nested("amlass") == ["amlass"] and set(STAGES) < set(with_nested("amlas"))


OUTLINE = {
    "amlas-scoping": {"G1": "C1 C2 C3 C4 A1", "S1": "G2 G3"},
    "amlas-requirements": {"S1": "C1 J1 G2 G3", "G2": "J2", "G3": "C2 C3 S2", "S2": "G4 G5 G6"},
    "amlas-data": {"G1": "C1", "S1": "G2 G3", "G3": "C2 S2", "S2": "G4 G5 G6 G7"},
    "amlas-learning": {"S1": "G2 G3", "G2": "G7", "G3": "G4 G5 G6"},
    "amlas-verification": {"S1": "G2 G8", "S2": "G3 G4", "G3": "G7", "G4": "G5 G6"},
    "amlas-deployment": {"G1": "C1 C2 C3", "S1": "G2 G3", "G2": "G4 G5", "G4": "J1", "G3": "G6 G7 G8 G9"},
}
"""What the published outline of each stage joins: goals, contexts and justifications, under our identifiers."""


@pytest.mark.parametrize("id", OUTLINE)
def test_amlas_joins_what_its_outline_joins(id: str) -> None:
    pattern = load_pattern(id).pattern
    for name, joined in OUTLINE[id].items():
        assert set(joined.split()) <= set(pattern.elements[name].targets), name
    if id == "amlas-verification":
        (choice,) = pattern.choices.values()
        assert (choice.at, choice.at_least, set(choice.of.values())) == ("S2", 1, {"G3", "G4"})
        assert pattern.elements["S2"].for_each == "requirements", "the means are chosen for each requirement"


def test_reasons_of_people_become_justifications() -> None:
    for id, key, name in (
        ("amlas-requirements", "refinement_reason", "J2"),
        ("amlas-deployment", "scenarios_reason", "J1"),
    ):
        loaded = load_pattern(id)
        data = sample(loaded.parameters)
        data[key] = "Experts of the domain reviewed each of them."
        assert instantiate(loaded, data).argument[name].text == data[key]
        del data[key]
        assert name not in instantiate(loaded, data).argument
