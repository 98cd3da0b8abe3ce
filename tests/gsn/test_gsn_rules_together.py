"""Rules of modules, patterns, confidence and dialectic: each broken alone in a sound set, and what must stay silent."""

from __future__ import annotations

import random

import pytest
import rule_toys as toys
from gsn_random import anything, chain
from hypothesis import given, settings
from hypothesis import strategies as st

from assurance.gsn.arguments import Arguments
from assurance.gsn.elements import AwayGoal, Goal, ModuleReference
from assurance.gsn.model import Argument
from assurance.gsn.native import parse_argument
from assurance.gsn.rules import check, check_arguments, judge
from assurance.gsn.rules.patterns import readable
from evidence.diagnostics import Severity, registered
from evidence.errors import InputError

BASES = {
    "modular": toys.MODULAR,
    "pattern": (toys.PATTERN,),
    "template": (toys.TEMPLATE,),
    "doubted": (toys.DOUBTED,),
}


def codes(arguments: Arguments) -> list[str]:
    return list(dict.fromkeys(finding.code for finding in check_arguments(arguments)))


def spoilt(base: str, *edits: tuple[str, str]) -> Arguments:
    """The base with texts replaced; each text to be replaced stands in the base."""
    texts = list(BASES[base])
    for old, new in edits:
        assert any(old in text for text in texts), old
        texts = [text.replace(old, new) for text in texts]
    return toys.arguments(*texts)


@pytest.mark.parametrize("base", BASES)
def test_the_bases_are_sound(base: str) -> None:
    assert codes(spoilt(base)) == []


# fmt: off
CASES: list[tuple[str, str, tuple[tuple[str, str], ...]]] = [
    # modules
    ("G103", "modular", (("supported_by: [G2, G3, G4]", "supported_by: [G2, G3, G4, M9]"), ("  Sn1: {solution: Record of test T-3, evidence: T-3}", "  Sn1: {solution: Record of test T-3, evidence: T-3}\n  M9: {module: The warning, from: warning}"))),
    ("G104", "modular", (("in_context_of: [C1, C2]", "in_context_of: [C1, C2, Sn9]"), ("  Sn1: {solution: Record of test T-3, evidence: T-3}", "  Sn1: {solution: Record of test T-3, evidence: T-3}\n  Sn9: {solution: Record of test T-4, evidence: T-4}"))),
    ("G150", "modular", (("from: network, of: G1}", "from: network, of: G1, supported_by: G3}"),)),
    ("G153", "modular", (("supported_by: G2}\n  G2: {away-goal: A warning", "supported_by: [G2, G3]}\n  G3: {goal: It is so., by_contract: true}\n  G2: {away-goal: A warning"), ("schema: gsn/1\nmodule: join\n", "schema: gsn/1\nmodule: join\nsuppress: [{code: G137, rationale: Tested alone., by: A}]\n"))),
    ("G137", "modular", (("supported_by: S1, in_context_of: C1", "in_context_of: C1"), ("S1: {strategy: Argument by what the warning does, supported_by: G2}", "S1: {strategy: Argument by what the warning does, supported_by: G2}\n  G0: {goal: The driver reacts., supported_by: S1}"))),
    ("G167", "modular", (("{away-goal: The network detects pedestrians., from: network, of: G1}", "{away-goal: The network detects pedestrians., from: network, of: G7}"),)),
    ("G168", "modular", (("The argument of the warning, from: warning", "The argument of the warning, from: absent"),)),
    ("G168", "modular", (("visible_to: [system]", "visible_to: [system], depends_on: absent"),)),
    ("G169", "modular", (("{away-goal: The network detects", "{away-goal: This network detects"),)),
    ("G170", "modular", (("visible_to: [system]", "visible_to: [warning]"),)),
    ("G170", "modular", (("within 100 ms., public: true,", "within 100 ms.,"),)),
    ("G170", "modular", (("kind: contract", "kind: contract\ncontains: network"),)),
    ("G171", "modular", (("{away-context: Description of the network, from", "{away-assumption: Description of the network holds, from"),)),
    ("G172", "modular", (("supported_by: G2}\n  G2: {away-goal: A warning", "supported_by: [G2, G3]}\n  G3: {goal: It is so., supported_by: M1}\n  M1: {module: The warning, from: warning}\n  G2: {away-goal: A warning"),)),
    ("G173", "modular", (("supported_by: G2}\n  G2: {away-goal: A warning", "supported_by: [G2, G3]}\n  G3: {goal: It is so., public: true, undeveloped: true}\n  G2: {away-goal: A warning"),)),
    ("G173", "modular", (("kind: contract\n", "kind: contract\ninterfaces: {I1: {}}\n"),)),
    ("G174", "modular", (("{module: The argument of the warning, from: warning}", "{contract: The argument of the warning, from: warning}"),)),
    ("G174", "modular", (("{module: The argument of the warning, from: warning}", "{module: The argument of the warning, from: join}"),)),
    ("G175", "modular", (("elements: [G1, C1], visible", "elements: [G1, C1, G2], visible"),)),
    ("G175", "modular", (("elements: [G1, C1], visible", "elements: [G1, C1, G9], visible"),)),
    ("G176", "modular", (("in_context_of: [C1, C2]", "in_context_of: [C1, C2, A1]"), ("  Sn1: {solution: Record of test T-3", "  A1: {assumption: It does not snow.}\n  Sn1: {solution: Record of test T-3"))),
    ("G176", "modular", (("in_context_of: C1, supported_by: [S1, M1]", "in_context_of: [C1, A1], supported_by: [S1, M1]"), ("  Sn1: {solution: Record of run", "  A1: {assumption: It does not snow., public: true}\n  Sn1: {solution: Record of run"))),
    ("G177", "modular", (("elements: [G1, C1], visible", "elements: [G1, C1, G1], visible"),)),
    ("G178", "modular", (("elements: [G1, C1], visible", "elements: [G1, C1], needs_support: G2, visible"),)),
    ("G179", "modular", (("within 100 ms., public: true, undeveloped: true}", "within 100 ms., public: true, supported_by: G2}\n  G2: {away-goal: The vehicle is acceptably safe., from: system, of: G1}"), ("G1: {goal: The vehicle is acceptably safe.,", "G1: {goal: The vehicle is acceptably safe., public: true,"), ("C2: {away-context: Description of the network, from: network, of: C1}", "C2: {context: Description of the network, public: true}"))),
    ("G179", "modular", (("within 100 ms., public: true, undeveloped: true}", "within 100 ms., public: true, supported_by: M1}\n  M1: {module: The network, from: network}"),)),
    ("G180", "modular", (("within 100 ms., public: true, undeveloped: true}", "within 100 ms., public: true, supported_by: M1}\n  M1: {module: The network, from: network}"), ("module: warning\n", "module: warning\nsuppress: [{code: G115, rationale: Both are meant., by: A}]\n"), ("  G1: {goal: A warning", "  G9: {goal: The warning is loud., undeveloped: true}\n  G1: {goal: A warning"))),
    # patterns and templates
    ("G154", "doubted", (("challenges: G7,", "challenges: {to: G7, optional: true},"), ("suppress:\n", "suppress:\n  - {code: G161, rationale: Tested alone., by: A}\n"))),
    ("G155", "pattern", (("0..n", "'so many'"),)),
    ("G155", "pattern", (("0..n", "3..2"),)),
    ("G155", "pattern", (("{source: G1, at_least: 1", "{source: G1, multiplicity: 0, at_least: 1"),)),
    ("G156", "pattern", (("{to: S2, choice: X1}", "{to: S2}"),)),
    ("G156", "pattern", (("{to: S2, choice: X1}", "{to: S2, choice: X1}, {to: G3, choice: X2}"),)),
    ("G156", "pattern", (("to: G2, multiplicity: 1..*", "to: G2, choice: X1"),)),
    ("G157", "pattern", (("at_least: 1, at_most: 2", "at_least: 2, at_most: 1"),)),
    ("G157", "pattern", (("at_least: 1, at_most: 2", "at_least: 1, at_most: 3"),)),
    ("G158", "pattern", (("multiplicity: 0..n", "multiplicity: 0..n, optional: true"),)),
    ("G159", "pattern", (("{hazard} is mitigated.", "It is mitigated."),)),
    ("G160", "pattern", (("{hazard} is mitigated.\", uninstantiated: true,", "{hazard} is mitigated.\","),)),
    ("G165", "pattern", (("motivation: Said.,", "motivation: \"\","),)),
    ("G162", "template", (("The whole is safe., supported_by: Sn1", "The whole is safe., undeveloped: true"),)),
    ("G163", "template", (("[system, hazard, ", "[system, "),)),
    ("G163", "template", ((", Sn1]", "]"),)),
    ("G163", "template", (("L1, G1 -> C1", "G1 -> C1"),)),
    ("G163", "template", (("L1, G1 -> C1", "L1"),)),
    ("G163", "template", (("X1, Sn1]", "Sn1]"),)),
    ("G164", "template", (("The whole is safe., supported_by: Sn1", "The whole is safe."),)),
    # confidence
    ("G182", "doubted", (("ACP1", "Sn3"),)),
    ("G183", "doubted", (("G5}\n", "G5}\n  ACP2: {goal: G5}\n"),)),
    ("G183", "doubted", (("G5}\n", "G5}\n  ACP2: {goal: G5, elements: G2}\n"),)),
    ("G183", "doubted", (("G5}\n", "G5}\n  ACP2: {goal: G5, elements: Sn99}\n"),)),
    ("G183", "doubted", (("issue 2, artefact: true", "issue 2, acp: ACP1"),)),
    ("G183", "doubted", (("challenges: G7,", "challenges: {to: G7, acp: ACP1},"),)),
    ("G183", "doubted", (("G5}\n", "G5}\n  ACP2: {goal: G5, relations: [{from: G1, to: G2}]}\n"),)),
    ("G184", "doubted", (("{goal: G5}", "{}"),)),
    ("G138", "doubted", (("{goal: G5}", "{goal: G55}"),)),
    ("G138", "doubted", (("{goal: G5}", "{goal: S1}"),)),
    ("G185", "doubted", (("supported_by: [G2, G3]", "supported_by: [{to: G2, acp: ACP1}, G3]"),)),
    ("G186", "doubted", (("supported_by: [Sn1, Sn2]", "supported_by: [{to: Sn1, acp: ACP1}, Sn2]"),)),
    # challenges
    ("G187", "doubted", (("S8: {strategy: Argument over the sizes of signs,", "S8: {strategy: Argument over the sizes of signs, challenges: G7,"),)),
    ("G188", "doubted", (("relation: L3", "relation: L4"),)),
    ("G188", "doubted", (("relation: L3", "relation: {from: S1, to: Sn3}"),)),
    ("G189", "doubted", (("Argument over the hazards,", "Argument over the hazards, defeated: true,"),)),
    ("G189", "doubted", (("supported_by: [G2, G3]", "supported_by: [{to: G2, defeated: true}, G3]"),)),
    ("G190", "doubted", (("evidence: V-2}", "evidence: V-2, challenges: S1}"),)),
    ("G191", "doubted", (("relation: L3", "relation: {from: G2, to: Sn1}"),)),
    ("G192", "doubted", (("relation: L3", "to: Sn3"),)),
    ("G193", "doubted", (("supported_by: Sn7, defeated: true", "supported_by: Sn7"), ("challenges: G7,", "challenges: {to: G7},"))),
    ("G194", "doubted", (("Argument over the hazards,", "Argument over the hazards, defeated: true,"), ("relation: L3", "to: S1"))),
    # advice
    ("G128", "doubted", (("{context: List of", "{context: Test results of the"),)),
    ("G128", "doubted", (("{context: List of hazards of issue 2, artefact: true}", "{context: Assuming that hazards are known}"),)),
    ("G129", "doubted", (("{goal: The tool is qualified., undeveloped: true}", "{goal: The tool is qualified., supported_by: Sn2}"),)),
    ("G195", "doubted", (("supported_by: [Sn1, Sn2]", "supported_by: [Sn1, Sn2, G4]}\n  G4: {goal: It is so., undeveloped: true"),)),
    ("G196", "doubted", (("Record of run R-7", "Verification report"), ("evidence: R-7,", "evidence: VR,"))),
    # acceptances
    ("G197", "doubted", (("suppress:\n", "suppress:\n  - {code: G111, rationale: So it is.}\n"),)),
    ("G198", "doubted", (("suppress:\n", "suppress:\n  - {code: G111, rationale: So it is., by: A}\n"),)),
    ("G199", "doubted", (("suppress:\n", "suppress:\n  - {code: G105, rationale: So it is., by: A}\n"),)),
]
# fmt: on


@pytest.mark.parametrize(("code", "base", "edits"), CASES, ids=[f"{code}-{n}" for n, (code, _, _) in enumerate(CASES)])
def test_each_rule_alone(code: str, base: str, edits: tuple[tuple[str, str], ...]) -> None:
    assert codes(spoilt(base, *edits)) == [code]


def test_two_modules_or_patterns_of_one_name() -> None:
    assert codes(toys.arguments(*toys.MODULAR, toys.WARNING)) == ["G181"]
    assert codes(toys.arguments(toys.PATTERN, toys.PATTERN.replace("module: pattern", "module: other"))) == ["G166"]


def test_the_same_identifier_in_two_modules_is_permitted() -> None:
    assert codes(Arguments([chain("a", "G1", "G2"), chain("b", "G1", "G2")])) == []


# -- circles through modules --------------------------------------------------------------------------------


def joined(*modules: tuple[str, list[str], dict[str, str]]) -> Arguments:
    """Modules of goals in a row; {away goal: "module/goal"} says what the last goal rests on."""
    made = Arguments()
    for name, goals, away in modules:
        argument = chain(name, *goals)
        for element in argument:
            argument.replace(element.model_copy(update={"public": True, "undeveloped": False}))
        for number, (source, aim) in enumerate(away.items()):
            module, of = aim.split("/")
            argument.add(AwayGoal(id=f"AG{number}", text=f"{of} is so.", module=module, of=of))
            argument.support(source, f"AG{number}")
        for element in argument:
            if isinstance(element, Goal) and not argument.children(element.id):
                argument.replace(element.model_copy(update={"undeveloped": True}))
        made.add(argument)
    return made


def test_modules_may_support_each_other_without_a_circle() -> None:
    arguments = joined(("a", ["G1", "G2"], {"G2": "b/G3"}), ("b", ["G3", "G4"], {"G4": "a/G5"}))
    arguments["a"].add(Goal(id="G5", text="G5 is so.", public=True, undeveloped=True))
    assert codes(arguments) == ["G115"]


@pytest.mark.parametrize("length", [2, 3, 7])
def test_circles_through_any_number_of_modules(length: int) -> None:
    arguments = joined(
        *((f"m{i}", ["G1", "G2"], {"G2": f"m{(i + 1) % length}/G1"}) for i in range(length)),
    )
    (finding,) = check_arguments(arguments)
    assert finding.code == "G179" and finding.severity is Severity.ERROR
    assert finding.message.count(" -> ") == 2 * length


def test_a_circle_inside_a_module_does_not_hide_one_through_modules() -> None:
    arguments = joined(("a", ["G1", "G2"], {"G2": "b/G3"}), ("b", ["G3", "G4"], {"G4": "a/G1"}))
    arguments["a"].add(Goal(id="G0", text="It is so."))
    arguments["a"].support("G0", "G1")
    arguments["a"].support("G2", "G1")
    assert codes(arguments) == ["G105", "G179"]


def test_an_away_goal_of_its_own_module_is_a_circle_too() -> None:
    arguments = joined(("a", ["G1", "G2"], {"G2": "a/G1"}))
    assert "G179" in codes(arguments)


def test_away_goals_that_repeat_each_other_end() -> None:
    arguments = Arguments()
    for name, other in (("a", "b"), ("b", "a")):
        argument = Argument(name)
        argument.add(Goal(id="G0", text="It is so."), AwayGoal(id="G1", text="It is so.", module=other))
        argument.support("G0", "G1")
        arguments.add(argument)
    assert codes(arguments) == ["G171"]


def test_a_contract_closes_a_circle() -> None:
    """The goal to be supported by contract gets its support from something that rests on that goal."""
    edits = (
        ("within 100 ms., public: true, undeveloped: true}", "within 100 ms., public: true, supported_by: G2}\n  G2: {away-goal: The driver is warned., from: system, of: G4}"),
        ("{goal: The driver is warned., by_contract: true}", "{goal: The driver is warned., public: true, by_contract: true, in_context_of: C3}"),
        ("acceptably safe., in_context_of: [C1, C2]", "acceptably safe."),
        ("  C1: {context: Definition of the domain, artefact: true, public: true}\n  C2: {away-context: Description of the network, from: network, of: C1}\n", ""),
        ("C1: {away-context: Definition of the domain, from: system}", "C1: {away-context: Brakes are those of issue 3., from: system, of: C3}"),
    )  # fmt: skip
    assert codes(spoilt("modular", *edits)) == ["G179"]


def test_a_challenge_is_no_support() -> None:
    text = toys.DOUBTED.replace("challenges: G7,", "challenges: [G7, G9],")
    assert not {"G105", "G179"} & set(codes(toys.arguments(text)))


def test_the_rule_for_inferences() -> None:
    """One leg of several cannot be challenged; a strategy, an only leg, and a context can."""
    for aim, expected in (
        ("{relation: {from: S1, to: G3}}", {"G191"}),
        ("{relation: {from: G2, to: Sn2}}", {"G191"}),
        ("{relation: {from: G1, to: S1}}", set()),
        ("{relation: {from: S1, to: C1}}", set()),
        ("S1", set()),
    ):
        assert set(codes(spoilt("doubted", ("{relation: L3}", aim)))) == expected, aim


def test_a_challenge_of_one_leg_is_a_doubt_all_the_same() -> None:
    edits = (
        ("{relation: L3}", "{relation: {from: S1, to: G3}}"),
        ("supported_by: Sn7, defeated: true", "supported_by: Sn7"),
    )
    assert set(codes(spoilt("doubted", *edits))) == {"G191", "G193"}


def test_doubt_about_doubt_is_no_doubt_about_the_case() -> None:
    """G7 is answered by G8; what challenges G8 revives the doubt, what challenges that does not."""
    third = ("run R-10}", "run R-10}\n  G20: {goal: R-10 is old., undeveloped: true, challenges: G8}")
    fourth = ("challenges: G8}", "challenges: G8}\n  G21: {goal: Nothing changed., undeveloped: true, challenges: G20}")
    assert codes(spoilt("doubted", third)) == ["G193"]
    found = check_arguments(spoilt("doubted", third, fourth))
    assert [item.message for item in found] == ["Goal G20 leaves Goal G8 in doubt"]


# -- acceptances, visibility, the rest ----------------------------------------------------------------------


def test_an_accepted_finding_is_kept_with_its_acceptance() -> None:
    result = judge(spoilt("doubted"))
    assert result.findings == ()
    ((finding, acceptance),) = result.accepted
    assert finding.code == "G119" and acceptance.by == "A. Person"


def test_an_acceptance_holds_for_its_element_only() -> None:
    text = toys.NETWORK.replace("supported_by: Sn1", "supported_by: []").replace(", visible_to: [system]", "")
    text = text.replace("  Sn1: {solution: Record of run R-7, evidence: R-7}\n", "  G3: {goal: It is so.}\n")
    text = text.replace("supported_by: [G2]", "supported_by: [G2, G3]")
    text += "suppress: [{code: G111, element: G2, rationale: Later., by: A. Person}]\n"
    found = check_arguments(toys.arguments(toys.WARNING, text))
    assert [(item.code, item.place.element) for item in found] == [("G111", "G3")]


def test_contents_of_a_contract_are_visible_inside_it() -> None:
    found = codes(spoilt("modular", ("kind: contract", "kind: contract\ncontains: [warning, network, system]")))
    assert found == []


def test_a_contract_is_judged_alone_as_a_contract() -> None:
    argument, _ = parse_argument(toys.JOIN, "join.yaml")
    assert check(argument) == []
    argument.kind = "argument"
    assert {item.code for item in check(argument)} == {"G104", "G114", "G150"}


@pytest.mark.parametrize("text", ["*", "1", "n", "1..*", "0..x", "2..5", "0 .. *", "m..n", "12"])
def test_readable_multiplicities(text: str) -> None:
    assert readable(text)


@pytest.mark.parametrize("text", ["", "0", "-1", "1..", "..2", "5..2", "1..2..3", "*..1", "a b", "1.5", "01"])
def test_unreadable_multiplicities(text: str) -> None:
    assert not readable(text)


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 10**9), size=st.integers(0, 12))
def test_nothing_stops_the_rules(seed: int, size: int) -> None:
    """Any set of modules, however broken, is judged to the end, with known codes and the same answer twice."""
    arguments = Arguments(anything(seed + i, size, modules=("main", "other", "third")) for i in range(3))
    found = check_arguments(arguments)
    known = {item.id for item in registered()}
    assert all(item.code in known and item.code.startswith(("G1", "G25")) for item in found)
    again = Arguments(anything(seed + i, size, modules=("main", "other", "third")) for i in range(3))
    assert check_arguments(again) == found


@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 10**9), base=st.sampled_from(sorted(BASES)))
def test_broken_text_ends_in_findings(seed: int, base: str) -> None:
    """Files with a few characters changed are refused with a code, or read and judged to the end."""
    rng = random.Random(seed)
    arguments = Arguments()
    for text in BASES[base]:
        data = bytearray(text.encode())
        for _ in range(rng.randrange(4)):
            at = rng.randrange(len(data))
            data[at : at + rng.randrange(3)] = rng.choice(
                (b"", b"\n", b"  ", b": ", b"{", b"]", b"G1", b"true", b"\xff", b"0")
            )
        try:
            arguments.add(parse_argument(bytes(data), "a.yaml")[0])
        except InputError as error:
            assert all(item.code[0] in "CG" for item in error.findings)
    check_arguments(arguments)


def test_module_references_join_the_one_top_goal() -> None:
    arguments = Arguments([chain("b", "G1", "G2")])
    argument = Argument("a")
    argument.add(Goal(id="G1", text="It is so."), ModuleReference(id="M1", text="b", module="b"))
    argument.support("G1", "M1")
    arguments.add(argument)
    composed = arguments.composed()
    assert (("a", "M1"), ("b", "G1")) in composed.edges and composed.vague == frozenset()
    arguments["b"].add(Goal(id="G9", text="It is so."))
    assert arguments.composed().vague == {(("a", "M1"), ("b", "G1")), (("a", "M1"), ("b", "G9"))}
