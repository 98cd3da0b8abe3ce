"""Patterns by themselves: every mistake in a pattern file has its code, and all are found at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from pattern_toys import REASON, TOP, codes, parameters, pattern, write

from assurance.gsn.patterns.format import STATUS_WORDS
from assurance.gsn.patterns.instantiate import instantiate
from assurance.gsn.patterns.library import read_pattern
from assurance.status import Status
from evidence.errors import InputError


def refused(folder: Path, body: str) -> InputError:
    with pytest.raises(InputError) as caught:
        pattern(folder, body)
    return caught.value


def test_the_status_words_are_those_of_goals() -> None:
    assert set(STATUS_WORDS) == {item.value for item in Status}


def test_a_plain_pattern_is_read(tmp_path: Path) -> None:
    found = pattern(tmp_path, TOP)
    assert found.top == "G1" and list(found.parameters) == [] and found.nested == {}


def test_the_first_format_is_gone(tmp_path: Path) -> None:
    path = write(tmp_path, TOP)
    path.write_text(path.read_text("utf-8").replace("gsn-pattern/2", "gsn-pattern/1"), "utf-8")
    with pytest.raises(InputError) as caught:
        read_pattern(path)
    assert codes(caught.value) == ["C106"]


@pytest.mark.parametrize(
    "element",
    [
        "{goal: a, strategy: b}",
        "{supported_by: [G2]}",
        "{strategy: s, claim: c}",
        "{solution: s, supported_by: [G2]}",
        "{goal: g, evidence: e}",
        "{goal: g, leg: l, status: '{s}'}",
        "{context: c, leg: l}",
        "{goal: g, misspelt: x}",
        "{use: {pattern: q}, supported_by: [G2]}",
    ],
)
def test_elements_have_one_kind_and_only_its_fields(tmp_path: Path, element: str) -> None:
    error = refused(tmp_path, f"elements:\n  G1: {{goal: It holds., supported_by: [G2, X1]}}\n  X1: {element}\n")
    assert set(codes(error)) <= {"C106", "C107"}


@pytest.mark.parametrize(
    "declared",
    [
        "{type: collection, means: m}",
        "{type: text, means: m, items: record}",
        "{type: text, means: m, at_least: 1}",
        "{type: text, means: m, kinds: [plan]}",
        "{type: collection, means: m, items: record, at_least: 3, at_most: 2}",
        "{type: collection, means: m, items: {a: {type: collection, means: m}}}",
    ],
)
def test_parameters_that_no_data_can_fill(tmp_path: Path, declared: str) -> None:
    assert set(codes(refused(tmp_path, parameters(x=declared) + TOP))) == {"G270"}


@pytest.mark.parametrize("name", ["item", "outer", "choose", "id"])
def test_words_with_a_meaning_are_no_parameters(tmp_path: Path, name: str) -> None:
    assert codes(refused(tmp_path, f"parameters:\n  {name}: {{type: text, means: m}}\n{TOP}")) == ["G270"]


ROWS = "{type: collection, means: rows, items: {cell: {type: text, means: c}, proof: {type: record, means: p}}}"


@pytest.mark.parametrize(
    "element",
    [
        "{goal: 'a {missing}'}",
        "{goal: 'a {rows}'}",
        "{goal: 'a {item.cell}'}",
        "{goal: 'a {item.nothing}', for_each: rows}",
        "{goal: 'a {outer.cell}', for_each: rows}",
        "{goal: 'a {item}', for_each: rows}",
        "{goal: 'a {item.proof}', for_each: rows}",
        "{goal: 'a {maybe}'}",
        "{goal: a, for_each: name}",
        "{goal: a, for_each: rows/cell}",
        "{goal: a, status: supported}",
        "{goal: a, status: '{name}'}",
        "{goal: a, leg: name}",
        "{goal: a, leg: nowhere}",
        "{goal: a, when: nowhere}",
        "{goal: a, claim: '{nowhere}'}",
        "{solution: a, evidence: '{nowhere}'}",
    ],
)
def test_every_token_is_declared(tmp_path: Path, element: str) -> None:
    declared = parameters(rows=ROWS, name="{type: text, means: n}", maybe="{type: text, means: m, required: false}")
    body = f"elements:\n  G1: {{goal: It holds., supported_by: [X1]}}\n  X1: {element}\n"
    assert codes(refused(tmp_path, declared + body)) == ["G271"]


def test_what_is_optional_stands_when_it_is_there(tmp_path: Path) -> None:
    declared = parameters(maybe="{type: text, means: m, required: false}")
    body = "elements:\n  G1: {goal: It holds., supported_by: [G2]}\n  G2: {goal: 'It is {maybe}.', when: maybe}\n"
    found = pattern(tmp_path, declared + body)
    assert [item.id for item in instantiate(found, {"maybe": "so"}).argument] == ["G1", "G2"]
    without = instantiate(found, {}).argument
    assert [item.id for item in without] == ["G1"] and without["G1"].undeveloped


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("  G1: {goal: a, supported_by: [G9]}\n", "G142"),
        ("  G1: {goal: a, in_context_of: [C9]}\n", "G142"),
        ("  G1: {goal: a}\n  G2: {goal: b}\n", "G272"),
        ("  S1: {strategy: a, supported_by: [G2]}\n  G2: {goal: b}\n", "G272"),
        ("  G1: {goal: a, supported_by: [G2]}\n  G2: {goal: b, supported_by: [G3]}\n  G3: {goal: c, supported_by: [G2]}\n", "G272"),
        ("  G1: {goal: a, supported_by: [G1]}\n", "G272"),
    ],
)  # fmt: skip
def test_a_pattern_hangs_together(tmp_path: Path, body: str, code: str) -> None:
    error = refused(tmp_path, "elements:\n" + body)
    assert set(codes(error)) == {code}
    assert all(item.place.file == "p.yaml" for item in error.findings)


CHOICE = "elements:\n  G1: {goal: It holds., supported_by: [A1, B1]}\n  A1: {goal: a holds.}\n  B1: {goal: b holds.}\nchoices:\n"


@pytest.mark.parametrize(
    "choice",
    [
        "CH1: {at: G9, of: {a: A1, b: B1}, justification: J1}",
        "CH1: {at: G1, of: {a: A1, b: G1}, justification: J1}",
        "CH1: {at: G1, of: {a: A1, b: A1}, justification: J1}",
        "CH1: {at: G1, of: {a: A1, b: B1}, at_least: 3, justification: J1}",
        "CH1: {at: G1, of: {a: A1, b: B1}, at_most: 3, justification: J1}",
        "CH1: {at: G1, of: {a: A1, b: B1}, at_least: 2, at_most: 1, justification: J1}",
        "CH1: {at: G1, of: {a: A1, b: B1}, justification: A1}",
        "A1: {at: G1, of: {a: A1, b: B1}, justification: J1}",
    ],
)
def test_choices_can_be_made(tmp_path: Path, choice: str) -> None:
    assert set(codes(refused(tmp_path, CHOICE + f"  {choice}\n"))) == {"G273"}


def test_a_choice_needs_two_alternatives_and_a_decision_by_its_type(tmp_path: Path) -> None:
    assert codes(refused(tmp_path, CHOICE + "  CH1: {at: G1, of: {a: A1}, justification: J1}\n")) == ["C106"]
    declared = parameters(name="{type: text, means: n}")
    body = CHOICE + "  CH1: {at: G1, of: {a: A1, b: B1}, justification: J1, decided_by: name}\n"
    assert codes(refused(tmp_path, declared + body)) == ["G271"]


USER = "elements:\n  G1: {goal: It holds., supported_by: [U1]}\n  U1: {use: %s}\n"


@pytest.mark.parametrize(
    "use",
    [
        "{pattern: nowhere}",
        "{pattern: p}",
        "{pattern: inner, with: {nothing: '{name}'}}",
        "{pattern: inner, with: {rows: '{name}'}}",
        "{pattern: inner, with: {rows: 'some {name}'}}",
        "{pattern: inner, develop: {G9: G1}}",
        "{pattern: inner, develop: {C1: G1}}",
    ],
)
def test_nested_patterns_are_given_what_they_need(tmp_path: Path, use: str) -> None:
    write(
        tmp_path,
        parameters(rows=ROWS)
        + "elements:\n  G1: {goal: In it., in_context_of: [C1]}\n  C1: {context: 'C {item.id}', for_each: rows}\n",
        "inner",
    )
    error = refused(tmp_path, parameters(name="{type: text, means: n}") + USER % use)
    assert "G274" in codes(error) and set(codes(error)) <= {"G274", "G272"}


def test_patterns_do_not_use_themselves_through_others(tmp_path: Path) -> None:
    write(tmp_path, USER % "{pattern: b}", "a")
    write(tmp_path, USER % "{pattern: a}", "b")
    with pytest.raises(InputError) as caught:
        read_pattern(tmp_path / "a.yaml")
    assert codes(caught.value) == ["G274"] and "a -> b -> a" in caught.value.finding.message


def test_the_same_parameter_has_one_type(tmp_path: Path) -> None:
    write(tmp_path, parameters(x="{type: integer, means: n}") + "elements:\n  G1: {goal: 'It is {x}.'}\n", "inner")
    error = refused(tmp_path, parameters(x="{type: text, means: n}") + USER % "{pattern: inner}")
    assert codes(error) == ["G274"]


def test_a_leg_under_laxer_terms_is_another_leg(tmp_path: Path) -> None:
    leg = "elements:\n  G1: {goal: It holds., leg: x}\n"
    write(tmp_path, parameters(x="{type: leg, means: n, kinds: [performance-test]}") + leg, "inner")
    for kinds, fine in (("[performance-test]", True), ("[plan, performance-test]", False), ("[]", False)):
        body = parameters(x=f"{{type: leg, means: n, kinds: {kinds}}}") + USER % "{pattern: inner}"
        if fine:
            assert "x" in pattern(tmp_path, body).parameters
        else:
            assert codes(refused(tmp_path, body)) == ["G274"]


def test_all_mistakes_of_a_file_are_found_at_once(tmp_path: Path) -> None:
    body = (
        parameters(x="{type: collection, means: m}")
        + "elements:\n  G1: {goal: 'a {y}', supported_by: [G7]}\n  G2: {goal: b}\n"
        + "choices:\n  CH1: {at: G1, of: {a: G2, b: G3}, justification: J1}\n"
    )
    assert {"G270", "G271", "G142", "G272", "G273"} <= set(codes(refused(tmp_path, body)))


def test_a_file_of_another_name_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, TOP, "p")
    path.rename(tmp_path / "q.yaml")
    with pytest.raises(InputError) as caught:
        read_pattern(tmp_path / "q.yaml")
    assert codes(caught.value) == ["G274"]


def test_reasons_in_these_tests_are_sentences() -> None:
    assert len(REASON) >= 15
