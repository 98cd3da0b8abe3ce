"""One test for each rule that breaks that rule and no other, and the border cases that must stay silent."""

from __future__ import annotations

from collections.abc import Callable

import gsn_toys as toys
import pytest

from assurance.gsn.elements import (
    KINDS,
    Assumption,
    Context,
    ElementType,
    Goal,
    Justification,
    Solution,
    Strategy,
)
from assurance.gsn.model import Argument
from assurance.gsn.relations import Choice, Relation, RelationType
from assurance.gsn.rules import check, wording
from evidence.diagnostics import Place, Severity, registered


def codes(argument: Argument, **options: bool) -> list[str]:
    return [finding.code for finding in check(argument, **options)]


def duplicate_identifier(argument: Argument) -> None:
    argument.add(Context(id="C1", text="Another definition"))


def blank_in_identifier(argument: Argument) -> None:
    argument.add(Context(id="C 2", text="Glossary"))
    argument.contextualise("G1", "C 2")


def control_character_in_identifier(argument: Argument) -> None:
    argument.add(Context(id="C2\x85", text="Glossary"))
    argument.contextualise("G1", "C2\x85")


def no_break_space_in_identifier(argument: Argument) -> None:
    argument.add(Context(id="C\u00a02", text="Glossary"))
    argument.contextualise("G1", "C\u00a02")


def empty_identifier(argument: Argument) -> None:
    argument.add(Context(id="", text="Glossary"))
    argument.contextualise("G1", "")


def strategy_below_strategy(argument: Argument) -> None:
    argument.add(Strategy(id="S2", text="Argument over each function", undeveloped=True))
    argument.support("S1", "S2")


def solution_below_strategy(argument: Argument) -> None:
    argument.support("S1", "Sn1")


def context_of_solution(argument: Argument) -> None:
    argument.contextualise("Sn1", "C1")


def goal_as_context(argument: Argument) -> None:
    argument.contextualise("G1", "G2")


def circle(argument: Argument) -> None:
    argument.add(Strategy(id="S2", text="Argument over each function"))
    argument.support("G2", "S2")
    argument.support("S2", "G1", "G3")
    argument.replace(argument["G3"].model_copy(update={"undeveloped": True}))
    argument.add(Goal(id="G0", text="The system is acceptably safe."))
    argument.support("G0", "G1")


def loop(argument: Argument) -> None:
    argument.support("G2", "G2")


def doubled_relation(argument: Argument) -> None:
    argument.support("S1", "G2")


def dangling_target(argument: Argument) -> None:
    argument.support("S1", "G9")


def dangling_source(argument: Argument) -> None:
    argument.support("G9", "G2")


def undeveloped_solution(argument: Argument) -> None:
    argument.replace(argument["Sn1"].model_copy(update={"undeveloped": True}))


def undeveloped_with_support(argument: Argument) -> None:
    argument.replace(argument["G2"].model_copy(update={"undeveloped": True}))


def unmarked_goal(argument: Argument) -> None:
    argument.replace(argument["G3"].model_copy(update={"undeveloped": False}))


def unmarked_strategy(argument: Argument) -> None:
    argument.add(Strategy(id="S2", text="Argument over each function"))
    argument.support("G2", "S2")


def no_statement(argument: Argument) -> None:
    argument.replace(argument["C1"].model_copy(update={"text": " \n"}))


def top_strategy(argument: Argument) -> None:
    argument.add(Strategy(id="S0", text="Argument over each system"))
    argument.support("S0", "G1")


def two_tops(argument: Argument) -> None:
    argument.add(Goal(id="G9", text="The reader is maintained.", undeveloped=True))


def loose_context(argument: Argument) -> None:
    argument.add(Context(id="C9", text="Glossary"))


def uninstantiated(argument: Argument) -> None:
    argument.replace(argument["G3"].model_copy(update={"uninstantiated": True}))


def token_left(argument: Argument) -> None:
    argument.replace(argument["G3"].model_copy(update={"text": "Hazard {hazard.id} is mitigated."}))


def no_evidence(argument: Argument) -> None:
    argument.replace(argument["Sn1"].model_copy(update={"evidence": (" ",)}))


def goal_without_verb(argument: Argument) -> None:
    argument.replace(argument["G3"].model_copy(update={"text": "Mitigation of hazard H2"}))


def goal_as_task(argument: Argument) -> None:
    argument.replace(argument["G3"].model_copy(update={"text": "Show that hazard H2 is mitigated"}))


def goal_as_question(argument: Argument) -> None:
    argument.replace(argument["G3"].model_copy(update={"text": "Is hazard H2 mitigated?"}))


def goal_of_two_sentences(argument: Argument) -> None:
    argument.replace(argument["G3"].model_copy(update={"text": "Hazard H2 is mitigated. Hazard H3 is too."}))


def claiming_solution(argument: Argument) -> None:
    argument.replace(argument["Sn1"].model_copy(update={"text": "Run R-7 has met its criterion"}))


def assumption_without_verb(argument: Argument) -> None:
    argument.replace(argument["A1"].model_copy(update={"text": "Frame rate of 20 per second"}))


def long_statement(argument: Argument) -> None:
    argument.replace(argument["C1"].model_copy(update={"text": "Definition of the domain, " * 30}))


def hidden_words(argument: Argument) -> None:
    argument.replace(argument["C1"].model_copy(update={"text": "Definition \u202eof the domain"}))


def claiming_context(argument: Argument) -> None:
    argument.replace(Context(id="C1", text="The domain of issue 2 is the motorway", artefact=True))


def claiming_strategy(argument: Argument) -> None:
    argument.replace(Strategy(id="S1", text="All hazards are mitigated"))


def same_again(argument: Argument) -> None:
    argument.add(argument["C1"].model_copy(update={"place": Place("b.yaml", 3, 1)}))


def contract_and_support(argument: Argument) -> None:
    argument.replace(argument["G2"].model_copy(update={"by_contract": True}))


def contract_and_undeveloped(argument: Argument) -> None:
    argument.replace(argument["G3"].model_copy(update={"by_contract": True}))


def choice_left(argument: Argument) -> None:
    argument.choices = (Choice(id="X1", source="G1"),)
    argument.add(
        Goal(id="G4", text="Hazard H4 is mitigated.", undeveloped=True),
        Goal(id="G5", text="Hazard H5 is mitigated.", undeveloped=True),
    )
    for target, choice in (("G4", "X1"), ("G5", "X1")):
        argument.relate(Relation(type=RelationType.SUPPORTED_BY, source="G1", target=target, choice=choice))


def multiplicity_left(argument: Argument) -> None:
    argument.add(Goal(id="G4", text="Hazard H4 is mitigated.", undeveloped=True))
    argument.relate(Relation(type=RelationType.SUPPORTED_BY, source="S1", target="G4", multiplicity="1..*"))


CASES: list[tuple[str, Callable[[Argument], None]]] = [
    ("G101", duplicate_identifier),
    ("G102", blank_in_identifier),
    ("G102", control_character_in_identifier),
    ("G102", no_break_space_in_identifier),
    ("G102", empty_identifier),
    ("G103", strategy_below_strategy),
    ("G103", solution_below_strategy),
    ("G104", context_of_solution),
    ("G104", goal_as_context),
    ("G105", circle),
    ("G106", loop),
    ("G107", doubled_relation),
    ("G108", dangling_target),
    ("G108", dangling_source),
    ("G109", undeveloped_solution),
    ("G110", undeveloped_with_support),
    ("G111", unmarked_goal),
    ("G111", unmarked_strategy),
    ("G112", no_statement),
    ("G114", top_strategy),
    ("G115", two_tops),
    ("G116", loose_context),
    ("G117", uninstantiated),
    ("G118", token_left),
    ("G119", no_evidence),
    ("G120", goal_without_verb),
    ("G120", goal_as_task),
    ("G120", goal_as_question),
    ("G121", goal_of_two_sentences),
    ("G122", claiming_solution),
    ("G123", assumption_without_verb),
    ("G124", long_statement),
    ("G254", hidden_words),
    ("G125", claiming_context),
    ("G126", claiming_strategy),
    ("G127", same_again),
    ("G151", contract_and_support),
    ("G152", contract_and_undeveloped),
    ("G161", choice_left),
    ("G161", multiplicity_left),
]


def test_a_sound_argument_has_no_findings() -> None:
    assert check(toys.small()) == []


@pytest.mark.parametrize(("code", "spoil"), CASES, ids=[f"{code}-{spoil.__name__}" for code, spoil in CASES])
def test_each_rule_alone(code: str, spoil: Callable[[Argument], None]) -> None:
    argument = toys.small()
    spoil(argument)
    assert list(dict.fromkeys(codes(argument))) == [code]


@pytest.mark.parametrize("argument", [Argument(), toys.wild(3, 0)])
def test_no_top_element(argument: Argument) -> None:
    assert codes(argument) == ["G113"]


def test_a_closed_circle_leaves_no_top() -> None:
    argument = Argument()
    argument.add(Goal(id="G1", text="It is safe."), Goal(id="G2", text="It is sound."))
    argument.support("G1", "G2")
    argument.support("G2", "G1")
    assert codes(argument) == ["G105", "G113"]
    assert "G1 -> G2 -> G1" in check(argument)[0].message


def test_all_findings_are_collected() -> None:
    argument = toys.small()
    spoilers = [spoil for _, spoil in CASES if spoil not in (circle, top_strategy)]
    for spoil in (duplicate_identifier, strategy_below_strategy, loop, dangling_target, undeveloped_with_support):
        assert spoil in spoilers
        spoil(argument)
    argument.add(Context(id="C9"))
    assert sorted(set(codes(argument))) == ["G101", "G103", "G106", "G108", "G110", "G112", "G116"]


GOAL, STRATEGY, SOLUTION = ElementType.GOAL, ElementType.STRATEGY, ElementType.SOLUTION
AWAY_GOAL, AWAY_SOLUTION = ElementType.AWAY_GOAL, ElementType.AWAY_SOLUTION
MODULE, CONTRACT = ElementType.MODULE, ElementType.CONTRACT
AWAY_BESIDE = {ElementType.AWAY_CONTEXT, ElementType.AWAY_ASSUMPTION, ElementType.AWAY_JUSTIFICATION}
BESIDE = {ElementType.CONTEXT, ElementType.ASSUMPTION, ElementType.JUSTIFICATION, *AWAY_BESIDE}


def permitted(relation: RelationType, source: ElementType, target: ElementType, kind: str) -> bool:
    """Table 1:2-2 and its additions in 1:4.3 and 1:4.7 written out once more, independently of the code."""
    if relation is RelationType.SUPPORTED_BY:
        pairs = {(GOAL, GOAL), (GOAL, STRATEGY), (GOAL, SOLUTION), (STRATEGY, GOAL), (STRATEGY, AWAY_GOAL)}
        pairs |= {(GOAL, AWAY_GOAL), (GOAL, AWAY_SOLUTION), (GOAL, MODULE), (GOAL, CONTRACT)}
        if kind == "contract":
            pairs |= {(AWAY_GOAL, GOAL), (AWAY_GOAL, STRATEGY), (AWAY_GOAL, AWAY_GOAL)}
        return (source, target) in pairs
    if relation is RelationType.IN_CONTEXT_OF:
        if source is AWAY_GOAL:
            return kind == "contract" and target in AWAY_BESIDE
        return source in {GOAL, STRATEGY} and target in BESIDE | {AWAY_GOAL, MODULE}
    return source in {GOAL, SOLUTION, AWAY_GOAL, AWAY_SOLUTION}


@pytest.mark.parametrize("kind", ["argument", "contract"])
@pytest.mark.parametrize("relation", list(RelationType))
@pytest.mark.parametrize("source", list(ElementType))
def test_connections_follow_the_table(relation: RelationType, source: ElementType, kind: str) -> None:
    expected = {"supported_by": {"G103", "G150"}, "in_context_of": {"G104"}, "challenges": {"G187"}}[relation]
    for target in ElementType:
        argument = Argument(kind=kind)  # type: ignore[arg-type]
        for name, made in (("X", source), ("Y", target)):
            away = {"module": "other"} if "module" in KINDS[made].model_fields else {}
            argument.add(KINDS[made](id=name, text="It is so.", **away))
        argument.relate(Relation(type=relation, source="X", target="Y"))
        forbidden = {"G103", "G104", "G150", "G187"} & set(codes(argument))
        assert bool(forbidden) != permitted(relation, source, target, kind), (source, target)
        assert forbidden <= expected


def test_templates_may_hold_tokens() -> None:
    argument = toys.small()
    uninstantiated(argument)
    token_left(argument)
    assert codes(argument, delivered=False) == []


@pytest.mark.parametrize("text", ["The class is in {0, 1}.", "The set {x | x > 0} is covered.", "It is {a, b}."])
def test_a_set_is_no_token(text: str) -> None:
    argument = toys.small()
    argument.replace(argument["G3"].model_copy(update={"text": text}))
    assert "G118" not in codes(argument)


@pytest.mark.parametrize(
    "text",
    [
        "The network gives the table's advisory at the 200 listed inputs, i.e. at no other.",
        "All scores remain within bounds (e.g. Fig. 3 of SD-014).",
        "Demonstrations have been reviewed.",
        "Checks hold.",
    ],
)
def test_good_goals_draw_no_note(text: str) -> None:
    argument = toys.small()
    argument.replace(argument["G3"].model_copy(update={"text": text}))
    assert codes(argument) == []


@pytest.mark.parametrize("verb", wording._AUXILIARY.split("|"))
def test_every_finite_verb_is_seen_in_any_spelling(verb: str) -> None:
    argument = toys.small()
    for text in (f"The report {verb} here", f"The report ({verb.upper()}) here", verb.title()):
        argument.replace(argument["Sn1"].model_copy(update={"text": text}))
        assert codes(argument) == ["G122"], text
    for text in (f"x{verb}", f"{verb}x", f"The report that {verb} here", f"The report WHERE it {verb}"):
        argument.replace(argument["Sn1"].model_copy(update={"text": text}))
        assert codes(argument) == [], text


@pytest.mark.parametrize(
    "text", ["Report on inputs that are listed in annex B", "Test results of run R-7, 200 of 200 passed"]
)
def test_good_solutions_draw_no_note(text: str) -> None:
    argument = toys.small()
    argument.replace(argument["Sn1"].model_copy(update={"text": text}))
    assert codes(argument) == []


def test_findings_carry_place_clause_and_remedy() -> None:
    argument = Argument()
    argument.add(Goal(id="G1", text="It is safe.", undeveloped=True, place=Place("case.yaml", 7, 3)))
    argument.add(Goal(id="G1", text="It is sound.", place=Place("case.yaml", 9, 3)))
    (finding,) = check(argument)
    assert finding.place == Place("case.yaml", 9, 3, element="G1")
    assert "case.yaml:7:3" in finding.message
    assert finding.clause and "1:2.1.2" in finding.clause
    assert finding.remedy


def test_errors_are_what_the_standard_forbids() -> None:
    severe = {code.id for code in registered() if code.id.startswith("G1") and code.severity is Severity.ERROR}
    assert {"G101", "G103", "G104", "G105", "G108", "G110", "G117", "G118"} <= severe
    assert not {"G107", "G111", "G112", "G115", "G119", "G120", "G121", "G122", "G123", "G124"} & severe


def test_kinds_without_demands() -> None:
    """A justification on a strategy and a shared context are fine."""
    argument = toys.small()
    argument.contextualise("G2", "C1")
    argument.add(Justification(id="J2", text="Counting is adequate here."), Assumption(id="A2", text="It holds."))
    argument.contextualise("S1", "J2", "A2")
    argument.add(Solution(id="Sn2", text="Report 8", evidence=("DOC-8",)))
    argument.support("G2", "Sn2")
    assert check(argument) == []
