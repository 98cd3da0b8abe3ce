"""Data and instantiation: nothing uncovered, nothing doubled, nothing flattered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pattern_toys import REASON, codes, parameters, pattern, write

from assurance.gsn.elements import Solution
from assurance.gsn.patterns.data import check_data, sample, select
from assurance.gsn.patterns.instantiate import instantiate
from assurance.gsn.patterns.library import LoadedPattern
from assurance.gsn.rules import check
from evidence.diagnostics import Severity
from evidence.errors import InputError

DIGEST = "sha256:" + "ab" * 32


def refused(loaded: LoadedPattern, data: dict[str, Any]) -> InputError:
    with pytest.raises(InputError) as caught:
        instantiate(loaded, data)
    return caught.value


EVERYTHING = parameters(
    name="{type: text, means: n}",
    number="{type: integer, means: n}",
    digest="{type: digest, means: n}",
    status="{type: status, means: n}",
    record="{type: record, means: n}",
    leg="{type: leg, means: n}",
    rows="{type: collection, means: n, at_least: 1, at_most: 2, items: {cell: {type: text, means: c}}}",
) + (
    "elements:\n"
    "  G1: {goal: '{name} has {number}.', supported_by: [G2, G3], in_context_of: [C1]}\n"
    "  C1: {context: '{item.cell}', for_each: rows}\n"
    "  G2: {goal: A part holds., status: '{status}', supported_by: [Sn1]}\n"
    "  Sn1: {solution: '{record.text} of {digest}', evidence: '{record.digest}'}\n"
    "  G3: {goal: Another part holds., leg: leg}\n"
)
GOOD: dict[str, Any] = {
    "name": "It",
    "number": 3,
    "digest": DIGEST,
    "status": "partial",
    "record": {"id": "r", "text": "Record r", "digest": DIGEST},
    "leg": {"status": "supported", "documents": [{"id": "D1", "text": "Document D1", "digest": DIGEST}]},
    "rows": [{"id": "a", "cell": "first"}],
}


def test_everything_finds_its_place(tmp_path: Path) -> None:
    found = instantiate(pattern(tmp_path, EVERYTHING), GOOD)
    texts = {item.id: item.text for item in found.argument}
    assert texts["G1"] == "It has 3." and texts["C1-a"] == "first" and texts["Sn1"] == f"Record r of {DIGEST}"
    assert found.status == {"G2": "partial", "G3": "supported"}
    solution = found.argument["Sn-G3-D1"]
    assert isinstance(solution, Solution) and solution.evidence == (DIGEST,)
    assert not [item for item in check(found.argument) if item.severity is not Severity.NOTE]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"name": None}, "G141"),
        ({"rows": None}, "G141"),
        ({"record": None}, "G141"),
        ({"name": ""}, "G275"),
        ({"name": 3}, "G275"),
        ({"number": "3"}, "G275"),
        ({"number": True}, "G275"),
        ({"digest": "sha256:abc"}, "G275"),
        ({"status": "green"}, "G275"),
        ({"record": "r"}, "G275"),
        ({"record": {"id": "r", "text": "Record r"}}, "G141"),
        ({"leg": {"status": "good", "documents": []}}, "G275"),
        ({"leg": ["D1"]}, "G275"),
        ({"leg": {"documents": []}}, "G141"),
        ({"rows": {"a": 1}}, "G275"),
        ({"rows": []}, "G276"),
        ({"rows": [{"id": str(n), "cell": "c"} for n in range(3)]}, "G276"),
        ({"rows": [{"id": "a", "cell": "c"}, {"id": "a", "cell": "d"}]}, "G277"),
        ({"rows": [{"id": "a b", "cell": "c"}]}, "G277"),
        ({"rows": [{"cell": "c"}]}, "G277"),
        ({"rows": [{"id": "a"}]}, "G141"),
        ({"rows": [{"id": "a", "cell": "c", "cel": "d"}]}, "G278"),
        ({"nmae": "x"}, "G278"),
        ({"choose": ["a"]}, "G275"),
        ({"choose": {"CH9": {}}}, "G279"),
    ],
)
def test_data_cover_the_parameters(tmp_path: Path, change: dict[str, Any], code: str) -> None:
    assert set(codes(refused(pattern(tmp_path, EVERYTHING), GOOD | change))) == {code}


def test_all_problems_of_the_data_are_found_at_once(tmp_path: Path) -> None:
    error = refused(pattern(tmp_path, EVERYTHING), {"number": "x", "rows": [], "nmae": "y", "status": "green"})
    assert {"G141", "G275", "G276", "G278"} == set(codes(error)) and len(error.findings) >= 6
    assert any(item.expected == "name?" for item in error.findings)


def test_an_absent_leg_is_undeveloped(tmp_path: Path) -> None:
    found = instantiate(pattern(tmp_path, EVERYTHING), {key: item for key, item in GOOD.items() if key != "leg"})
    assert found.argument["G3"].undeveloped and found.status["G3"] == "undeveloped"


@pytest.mark.parametrize("documents", [[], [{"id": "D1", "text": "Document D1", "digest": DIGEST}]])
def test_supported_needs_something_underneath(tmp_path: Path, documents: list[dict[str, str]]) -> None:
    loaded = pattern(tmp_path, EVERYTHING)
    data = GOOD | {"leg": {"status": "supported", "documents": documents}}
    if documents:
        assert instantiate(loaded, data).status["G3"] == "supported"
    else:
        assert codes(refused(loaded, data)) == ["G282"]


def test_values_are_not_read_as_patterns(tmp_path: Path) -> None:
    loaded = pattern(tmp_path, parameters(name="{type: text, means: n}") + "elements:\n  G1: {goal: 'a {name}'}\n")
    found = instantiate(loaded, {"name": "{secret}  \\1 \n x"})
    assert found.argument["G1"].text == "a {secret} \\1 x"
    assert "G118" in {item.code for item in check(found.argument)}, "what looks like a token is not delivered"


def test_texts_that_no_element_can_hold_are_refused(tmp_path: Path) -> None:
    loaded = pattern(tmp_path, parameters(name="{type: text, means: n}") + "elements:\n  G1: {goal: 'a {name}'}\n")
    assert codes(refused(loaded, {"name": "x" * 30_000})) == ["G143"]


NESTED_ROWS = parameters(
    top="{type: text, means: t}",
    rows="{type: collection, means: r, items: {cells: {type: collection, means: c, items: {}}}}",
) + (
    "elements:\n"
    "  G1: {goal: top holds., supported_by: [G2]}\n"
    "  G2: {goal: '{item.id} {top}', for_each: rows, supported_by: [Sn1]}\n"
    "  Sn1: {solution: '{outer.id}{item.id}', for_each: rows/cells, evidence: '{item.id}'}\n"
)


def test_collections_nest_and_join_by_their_items(tmp_path: Path) -> None:
    rows = [
        {"id": "a", "cells": [{"id": "1"}, {"id": "2"}]},
        {"id": "b", "cells": [{"id": "1"}]},
        {"id": "c", "cells": []},
    ]
    argument = instantiate(pattern(tmp_path, NESTED_ROWS), {"rows": rows, "top": "t"}).argument
    assert [item.id for item in argument.children("G1")] == ["G2-a", "G2-b", "G2-c"]
    assert [item.id for item in argument.children("G2-a")] == ["Sn1-a-1", "Sn1-a-2"]
    assert [item.text for item in argument.children("G2-b")] == ["b1"]
    assert argument["G2-c"].undeveloped and not argument["G2-a"].undeveloped and argument["G2-c"].text == "c t"
    origin = argument["Sn1-a-2"].provenance
    assert origin is not None and origin.pattern == "p" and origin.binding == (("rows", "a"), ("rows/cells", "2"))


def test_identifiers_that_would_meet_are_refused(tmp_path: Path) -> None:
    rows = [{"id": "a", "cells": [{"id": "b-c"}]}, {"id": "a-b", "cells": [{"id": "c"}]}]
    assert codes(refused(pattern(tmp_path, NESTED_ROWS), {"rows": rows, "top": "t"})) == ["G281"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(0, 5), max_size=4, unique=True), max_size=6))
def test_every_item_has_one_element_of_its_own(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[list[int]]
) -> None:
    loaded = pattern(tmp_path_factory.mktemp("p"), NESTED_ROWS)
    rows = [{"id": f"r{n}", "cells": [{"id": f"c{cell}"} for cell in cells]} for n, cells in enumerate(sizes)]
    argument = instantiate(loaded, {"rows": rows, "top": "t"}).argument
    assert len(argument) == 1 + len(rows) + sum(map(len, sizes)) and not argument.duplicates
    assert {len(argument.parents(item.id)) for item in argument if item.id != "G1"} <= {1}
    assert argument["G1"].undeveloped == (not rows)
    assert not [item for item in check(argument) if item.severity is Severity.ERROR]


def test_a_pattern_that_was_instantiated_holds_nothing_of_the_data(tmp_path: Path) -> None:
    """What is prepared once, of a pattern or of an item, is the same for other data and for other elements."""
    loaded = pattern(tmp_path, NESTED_ROWS)
    one = {"rows": [{"id": "a", "cells": [{"id": "1"}]}], "top": "{item.id}"}
    two = {"rows": [{"id": "b", "cells": [{"id": "1"}, {"id": "2"}]}, {"id": "a", "cells": []}], "top": "t"}
    first = instantiate(loaded, one).argument
    second = instantiate(loaded, two).argument
    assert first == instantiate(pattern(tmp_path, NESTED_ROWS), one).argument == instantiate(loaded, one).argument
    assert second == instantiate(pattern(tmp_path, NESTED_ROWS), two).argument
    assert first["G2-a"].text == "a {item.id}" and second["G2-a"].text == "a t" and second["G2-a"].undeveloped


SIDE_BY_SIDE = parameters(
    rows="{type: collection, means: r, items: {one: {type: collection, means: o, items: {}},"
    " two: {type: collection, means: t, items: {}}, maybe: {type: text, means: m, required: false}}}"
) + (
    "elements:\n"
    "  G1: {goal: top holds., supported_by: [G2, G3, G4]}\n"
    "  G2: {goal: '{item.id} holds.', for_each: rows/one, supported_by: [G4, G5]}\n"
    "  G3: {goal: '{outer.id} of {item.id} holds.', for_each: rows/two, supported_by: [G4]}\n"
    "  G4: {goal: '{item.id} {item.maybe} holds.', for_each: rows, when: item.maybe}\n"
    "  G5: {goal: 'two of {item.id} holds.', for_each: rows/two}\n"
)


def test_elements_are_joined_by_the_collections_that_they_share_and_no_others(tmp_path: Path) -> None:
    both = [{"id": "1"}, {"id": "2"}]
    rows = [{"id": "a", "one": both, "two": both[:1], "maybe": "there"}, {"id": "b", "one": both[1:], "two": both}]
    argument = instantiate(pattern(tmp_path, SIDE_BY_SIDE), {"rows": rows}).argument
    below = {item.id: [child.id for child in argument.children(item.id)] for item in argument}
    assert below["G1"] == ["G2-a-1", "G2-a-2", "G2-b-2", "G3-a-1", "G3-b-1", "G3-b-2", "G4-a"]
    assert below["G2-a-2"] == ["G4-a", "G5-a-1"], "the same row, whatever stands at its other items"
    assert below["G2-b-2"] == ["G5-b-1", "G5-b-2"] and below["G3-b-1"] == [] and argument["G3-b-1"].undeveloped
    assert argument["G3-b-2"].text == "b of 2 holds." and argument["G4-a"].text == "a there holds."


# --- choices ---------------------------------------------------------------------------------------------------------

CHOICE = parameters(
    rows="{type: collection, means: r, items: {picked: {type: decision, means: d}, bad: {type: status, means: s}}}"
) + (
    "elements:\n"
    "  G1: {goal: top holds., supported_by: [G2]}\n"
    "  G2: {goal: '{item.id} holds.', for_each: rows, supported_by: [A1, B1, D1]}\n"
    "  A1: {goal: 'a of {item.id} holds.', for_each: rows, status: '{item.bad}', supported_by: [A2]}\n"
    "  A2: {goal: Below a it holds.}\n"
    "  B1: {goal: 'b of {item.id} holds.', for_each: rows}\n"
    "  D1: {goal: 'd of {item.id} holds.', for_each: rows}\n"
    "choices:\n"
    "  CH1: {at: G2, of: {a: A1, b: B1, d: D1}, at_least: 1, at_most: 2, justification: J1%s}\n"
)


def row(id: str, take: Any = None, why: Any = REASON, bad: str = "undeveloped") -> dict[str, Any]:
    return {"id": id, "bad": bad} | ({} if take is None else {"picked": {"take": take, "justification": why}})


def test_what_is_not_chosen_is_left_out_with_all_below_it(tmp_path: Path) -> None:
    loaded = pattern(tmp_path, CHOICE % ", decided_by: item.picked")
    argument = instantiate(loaded, {"rows": [row("x", ["b"]), row("y", ["d", "b"])]}).argument
    assert [item.id for item in argument.children("G2-x")] == ["B1-x"]
    assert [item.id for item in argument.children("G2-y")] == ["B1-y", "D1-y"]
    assert "A2" not in argument and "A1-x" not in argument
    assert [item.text for item in argument.contexts("G2-x")] == [REASON]


def test_one_decision_for_all_or_for_one(tmp_path: Path) -> None:
    loaded = pattern(tmp_path, CHOICE % ", decided_by: item.picked")
    choose = {
        "CH1": {"take": ["b"], "justification": "For everything: " + REASON},
        "CH1-y": {"take": ["a", "d"], "justification": "For y alone: " + REASON},
    }
    argument = instantiate(loaded, {"rows": [row("x", ["d"]), row("y")], "choose": choose}).argument
    assert [item.id for item in argument.children("G2-x")] == ["B1-x"], "the user overrules the data"
    assert [item.id for item in argument.children("G2-y")] == ["A1-y", "D1-y"] and "A2" in argument


@pytest.mark.parametrize(
    ("take", "why", "code"),
    [
        (None, REASON, "G279"),
        ([], REASON, "G279"),
        (["a", "b", "d"], REASON, "G279"),
        (["a", "a"], REASON, "G279"),
        (["c"], REASON, "G279"),
        ("a", REASON, "G279"),
        ([["a"]], REASON, "G279"),
        (["a"], "", "G280"),
        (["a"], "short", "G280"),
        (["a"], None, "G280"),
        (["a"], "                  ", "G280"),
        (["a"], ["x"] * 20, "G280"),
    ],
)
def test_choices_are_made_within_bounds_and_with_a_reason(tmp_path: Path, take: Any, why: Any, code: str) -> None:
    loaded = pattern(tmp_path, CHOICE % ", decided_by: item.picked")
    assert codes(refused(loaded, {"rows": [row("x", take, why)]})) == [code]


def test_choices_with_other_keys_or_of_another_pattern(tmp_path: Path) -> None:
    loaded = pattern(tmp_path, CHOICE % "")
    good = {"take": ["a"], "justification": REASON}
    data = {"rows": [row("x")], "choose": {"CH1": good | {"because": "x"}}}
    assert codes(refused(loaded, data)) == ["G279"]
    assert codes(refused(loaded, {"rows": [row("x")], "choose": {"CH1": good, "CH2": good}})) == ["G279"]
    assert codes(refused(loaded, {"rows": [row("x")], "choose": {"CH1": good, "CH1-z": good}})) == ["G279"]


@pytest.mark.parametrize("word", ["contradicted", "in doubt"])
def test_a_choice_cannot_leave_out_what_is_refuted(tmp_path: Path, word: str) -> None:
    loaded = pattern(tmp_path, CHOICE % ", decided_by: item.picked")
    assert codes(refused(loaded, {"rows": [row("x", ["b"], bad=word)]})) == ["G283"]
    assert instantiate(loaded, {"rows": [row("x", ["a"], bad=word)]}).status == {"A1-x": word}


def test_an_option_cannot_leave_out_what_is_refuted(tmp_path: Path) -> None:
    body = parameters(word="{type: status, means: s}", maybe="{type: text, means: m, required: false}") + (
        "elements:\n  G1: {goal: It holds., supported_by: [G2]}\n"
        "  G2: {goal: 'It is {maybe}.', when: maybe, status: '{word}'}\n"
    )
    loaded = pattern(tmp_path, body)
    assert len(instantiate(loaded, {"word": "partial"}).argument) == 1
    assert codes(refused(loaded, {"word": "contradicted"})) == ["G283"]


def test_an_alternative_that_the_data_do_not_have_cannot_be_taken(tmp_path: Path) -> None:
    body = parameters(maybe="{type: text, means: m, required: false}") + (
        "elements:\n  G1: {goal: It holds., supported_by: [A1, B1]}\n"
        "  A1: {goal: 'It is {maybe}.', when: maybe}\n  B1: {goal: It is so.}\n"
        "choices:\n  CH1: {at: G1, of: {a: A1, b: B1}, justification: J1}\n"
    )
    loaded = pattern(tmp_path, body)
    choose = {"CH1": {"take": ["a"], "justification": REASON}}
    assert codes(refused(loaded, {"choose": choose})) == ["G279"]
    assert "A1" in instantiate(loaded, {"choose": choose, "maybe": "there"}).argument


# --- nested patterns -------------------------------------------------------------------------------------------------


def nest(folder: Path) -> LoadedPattern:
    write(
        folder,
        parameters(
            who="{type: text, means: w}",
            cells="{type: collection, means: c, at_least: 1, items: {}}",
            extra="{type: text, means: e}",
        )
        + "elements:\n"
        "  G1: {goal: '{who} holds with {extra}.', supported_by: [G2, G3, A1, B1]}\n"
        "  G2: {goal: 'cell {item.id} holds.', for_each: cells}\n"
        "  G3: {goal: It is handed on.}\n"
        "  A1: {goal: a holds.}\n"
        "  B1: {goal: b holds.}\n"
        "choices:\n  CH1: {at: G1, of: {a: A1, b: B1}, at_most: 1, justification: J1}\n",
        "inner",
    )
    return pattern(
        folder,
        parameters(rows="{type: collection, means: r, items: {cells: {type: collection, means: c, items: {}}}}")
        + "elements:\n"
        "  G1: {goal: top holds., supported_by: [U1]}\n"
        "  U1: {for_each: rows, use: {pattern: inner, with: {who: 'row {item.id}', cells: '{item.cells}'}, develop: {G3: G4}}}\n"
        "  G4: {goal: It is shown elsewhere.}\n",
    )


def nested_data(**more: Any) -> dict[str, Any]:
    rows = [{"id": "a", "cells": [{"id": "1"}]}, {"id": "b", "cells": [{"id": "1"}, {"id": "2"}]}]
    choose = {"U1.CH1": {"take": ["a"], "justification": REASON}}
    return {"rows": rows, "extra": "much", "choose": choose} | more


def test_nested_patterns_stand_in_the_place_of_a_goal(tmp_path: Path) -> None:
    loaded = nest(tmp_path)
    assert set(loaded.parameters) == {"rows", "extra"}, "what is not bound becomes the host's own"
    argument = instantiate(loaded, nested_data()).argument
    assert [item.id for item in argument.children("G1")] == ["U1-a.G1", "U1-b.G1"]
    assert argument["U1-b.G1"].text == "row b holds with much."
    assert [item.id for item in argument.children("U1-b.G1")] == ["U1-b.G2-1", "U1-b.G2-2", "U1-b.G3", "U1-b.A1"]
    assert (
        [item.id for item in argument.children("U1-a.G3")]
        == ["G4"]
        == [item.id for item in argument.children("U1-b.G3")]
    )
    assert not argument["U1-a.G3"].undeveloped and argument["G4"].undeveloped
    assert not [item for item in check(argument) if item.severity is Severity.ERROR]


def test_provenance_names_the_nested_pattern_and_the_way_in(tmp_path: Path) -> None:
    argument = instantiate(nest(tmp_path), nested_data()).argument
    origin = argument["U1-b.G2-2"].provenance
    assert origin is not None and origin.pattern == "inner"
    assert origin.binding == (("rows", "b"), ("p", "U1"), ("cells", "2"))
    assert all(item.provenance for item in argument)


def test_choices_of_nested_patterns_are_made_by_their_path(tmp_path: Path) -> None:
    loaded = nest(tmp_path)
    choose = {
        "U1.CH1": {"take": ["a"], "justification": REASON},
        "U1-b.CH1": {"take": ["b"], "justification": REASON},
    }
    argument = instantiate(loaded, nested_data(choose=choose)).argument
    assert "U1-a.A1" in argument and "U1-b.B1" in argument and "U1-b.A1" not in argument
    assert codes(refused(loaded, nested_data(choose={}))) == ["G279", "G279"]


def test_bounds_of_nested_patterns_hold(tmp_path: Path) -> None:
    rows = [{"id": "a", "cells": []}]
    assert codes(refused(nest(tmp_path), nested_data(rows=rows, choose={}))) == ["G276"]


def test_prefixes_keep_several_patterns_apart(tmp_path: Path) -> None:
    found = instantiate(nest(tmp_path), nested_data(), prefix="second.")
    assert all(item.id.startswith("second.") for item in found.argument)
    assert not [item for item in check(found.argument) if item.severity is Severity.ERROR]


def test_select_cuts_data_down_to_what_is_asked_for(tmp_path: Path) -> None:
    loaded = nest(tmp_path)
    wide = nested_data(other=1)
    wide["rows"][0]["colour"] = "red"
    assert {item.code for item in check_data(loaded, wide)} == {"G278"}
    assert not check_data(loaded, select(loaded.parameters, wide))


def test_samples_are_data_of_the_right_types(tmp_path: Path) -> None:
    for body in (EVERYTHING, NESTED_ROWS, CHOICE % ""):
        loaded = pattern(tmp_path, body)
        for items in (0, 1, 3):
            assert not check_data(loaded, sample(loaded.parameters, items=items))
