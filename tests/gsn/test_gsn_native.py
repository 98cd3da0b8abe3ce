"""The native form: what is written reads back, what is wrong is named with its line, the schema says the same."""

from __future__ import annotations

import copy
import json
import os
import random
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from gsn_random import TEXTS, anything
from hypothesis import given, settings
from hypothesis import strategies as st

from assurance.gsn import native_form
from assurance.gsn.arguments import Arguments
from assurance.gsn.elements import AwayGoal, Context, Goal, ModuleReference, Solution
from assurance.gsn.model import Argument
from assurance.gsn.native import parse_argument, read_arguments, write_argument, write_arguments
from assurance.gsn.relations import RelationRef, RelationType
from evidence.errors import InputError
from evidence.strict_yaml import parse_yaml

SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "schemas" / "gsn.schema.json"

EXAMPLE = """\
schema: gsn/1
module: braking
title: Braking is safe
modules: [network.yaml]

elements:
  G1:
    goal: The vehicle brakes in time.
    claim: R1
    supported_by: [S1]
    in_context_of: C1
  C1: {context: Definition of the domain, artefact: true, public: true}
  S1:
    strategy: Argument over the constituents
    supported_by:
      - {to: G2, id: L1, multiplicity: 1..*, acp: ACP1}
      - {to: G3, optional: true, choice: X1}
  G2: {away-goal: The network detects pedestrians., from: network, of: G1}
  G3: {goal: The brakes respond., undeveloped: true}
  G9:
    goal: The list of constituents is incomplete.
    undeveloped: true
    challenges: [S1, {relation: L1}, {relation: {from: S1, to: G3}, defeated: true}]

choices:
  X1: {source: S1, at_least: 1, at_most: 2}

claim_points:
  ACP1: {text: "Report 7, section 2"}

suppress:
  - {code: G115, rationale: Both are meant., by: A. Person}
"""


def read(text: str) -> tuple[Argument, list[str]]:
    argument, findings = parse_argument(text, "a.yaml")
    return argument, [f"{item.code} {item.place.line}:{item.place.column} {item.message}" for item in findings]


def test_an_example_means_what_it_says() -> None:
    argument, findings = read(EXAMPLE)
    assert findings == []
    assert argument.module == "braking" and argument.title == "Braking is safe"
    assert [element.id for element in argument] == ["G1", "C1", "S1", "G2", "G3", "G9"]
    assert argument["G1"] == Goal(id="G1", text="The vehicle brakes in time.", claim="R1", place=argument["G1"].place)
    assert isinstance(argument["C1"], Context) and argument["C1"].artefact and argument["C1"].public
    assert isinstance(argument["G2"], AwayGoal) and (argument["G2"].module, argument["G2"].original) == (
        "network",
        "G1",
    )
    first, second = argument.relations_from("S1")
    assert (first.multiplicity, first.id, second.optional, second.choice) == ("1..*", "L1", True, "X1")
    element, named, ends = argument.relations_from("G9")
    assert {element.type, named.type, ends.type} == {RelationType.CHALLENGES}
    assert element.target == "S1" and argument.find(named.challenged or RelationRef()) == (first,)
    assert argument.challenges_of(second) == (ends,) and ends.defeated and not named.defeated
    assert argument.claim_points[0].relations == (RelationRef(id="L1"),)
    assert argument.choices[0].at_most == 2 and argument.suppressions[0].by == "A. Person"
    place = argument["S1"].place
    assert place is not None and (place.file, place.line, place.column) == ("a.yaml", 13, 3)
    assert first.place is not None and first.place.line == 16


@settings(max_examples=300, deadline=None)
@given(seed=st.integers(0, 10**9), size=st.integers(0, 9))
def test_what_is_written_reads_back(seed: int, size: int) -> None:
    argument = anything(seed, size)
    text = write_argument(argument)
    again, findings = parse_argument(text, "a.yaml")
    assert findings == []
    assert again == argument
    assert again.as_json() == Argument.from_json(again.as_json()).as_json()
    assert write_argument(again) == text
    assert Argument.from_json(json.loads(json.dumps(argument.as_json()))) == argument


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_any_text_reads_back(text: str) -> None:
    argument = Argument("m", text)
    argument.add(Goal(id="G1", text=text, claim=text), Solution(id="Sn1", evidence=(text, text + " x")))
    argument.extra = ((text, text),)
    argument.support("G1", "Sn1")
    again, findings = parse_argument(write_argument(argument), "a.yaml")
    assert findings == [] and again == argument


def test_a_change_of_one_statement_is_a_change_of_one_line() -> None:
    argument, _ = read(EXAMPLE)
    before = write_argument(argument).splitlines()
    argument.replace(argument["G3"].model_copy(update={"text": "The brakes respond soon."}))
    after = write_argument(argument).splitlines()
    assert sum(a != b for a, b in zip(before, after, strict=True)) == 1


def test_sets_of_modules_read_back(tmp_path: Path) -> None:
    names = ("top", "Top", "a/b", "...")
    arguments = Arguments(anything(seed, 5, (name,)) for seed, name in enumerate(names))
    files = write_arguments(arguments)
    assert len(files) == len({name.lower() for name in files}) == 4
    for name, text in files.items():
        (tmp_path / name).write_bytes(text.encode())
    again, findings = read_arguments(tmp_path / next(iter(files)))
    assert findings == [] and again == arguments


def test_what_the_form_cannot_hold_is_refused() -> None:
    doubled = Argument()
    doubled.add(Goal(id="G1"), Goal(id="G1", text="other"))
    nowhere = Argument()
    nowhere.support("G1", "G2")
    pairs = Argument()
    pairs.extra = (("a", "1"), ("a", "2"))
    for argument in (doubled, nowhere, pairs):
        with pytest.raises(InputError) as caught:
            write_argument(argument)
        assert caught.value.finding.code == "G135"


# -- what is wrong ------------------------------------------------------------------------------------------

HEAD = "schema: gsn/1\nmodule: m\nelements:\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  G1: {goal: x, suportedBy: [G2]}", "G131 4 unknown key 'suportedBy'; did you mean 'supported_by'?"),
        ("  G1: {goal: x, undevelopped: true}", "G131 4 unknown key 'undevelopped'; did you mean 'undeveloped'?"),
        ("  G1: {goal: x, colour: red}", "G131 4 unknown key 'colour'"),
        ("  G1: {gaol: x}", "G133 4 element 'G1' has no key that says its kind; did you mean 'goal'?"),
        ("  G1: {goal: x, strategy: y}", "G133 4 element 'G1' has 'goal' and 'strategy'"),
        ("  G1:", "G133 4 element 'G1' has no key that says its kind"),
        ("  G1: text", "G132 4 'text' does not fit here"),
        ("  G1: {goal: 7}", "G132 4 7 does not fit here"),
        ("  G1: {goal: x, undeveloped: yes}", "G132 4 'yes' does not fit here"),
        ("  G1: {goal: x, supported_by: [1]}", "G132 4 [1] does not fit here"),
        ("  S1: {strategy: x, public: true}", "G136 4 Strategy S1 cannot be public"),
        ("  S1: {strategy: x, by_contract: true}", "G136 4 Strategy S1 cannot be by contract"),
        ("  G1: {away-goal: x}", "G132 4 'from' is missing"),
        ("  G1: {goal: x, supported_by: {id: R}}", "G132 4 a relation of G1 has no one target"),
        ("  G1: {goal: x, supported_by: {relation: R}}", "G132 4 a relation of G1 has no one target"),
        ("  G1: {goal: x}\nelement: {}", "G131 5 unknown key 'element'; did you mean 'elements'?"),
        ("  G1: {goal: x}\nsuppress: [G101]", "G132 5 'G101' does not fit here"),
        ("  G1: {goal: x}\nchoices: {X: {}}", "G132 5 'source' is missing"),
        (f"  G1: {{goal: {'x' * 20_001}}}", "G132 4 '" + "x" * 56 + "... does not fit here"),
        (f"  {'G' * 201}: {{goal: x}}", "G132 4 '" + "G" * 56 + "... does not fit here"),
    ],
)
def test_each_mistake_is_named_with_its_place(text: str, expected: str) -> None:
    _, findings = parse_argument(HEAD + text, "a.yaml")
    assert [f"{item.code} {item.place.line} {item.message}" for item in findings] == [expected]


def test_all_mistakes_are_found_at_once_and_the_rest_is_read() -> None:
    argument, findings = read(
        HEAD + "  G1: {goal: x, suported_by: [G2], undeveloped: 1}\n  G2: {gaol: y}\n  G3: {goal: z}\nkind: other\n"
    )
    assert [item.split()[0] for item in findings] == ["G132", "G131", "G132", "G133"]
    assert [element.id for element in argument] == ["G1", "G3"] and argument.kind == "argument"


@pytest.mark.parametrize("text", ["", "[]", "text", "{}", "schema: gsn/2", "G1: {text: x}"])
def test_another_document_is_refused(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_argument(text, "a.yaml")
    assert caught.value.finding.code == "G132"


def test_files_stay_in_the_folder(tmp_path: Path) -> None:
    def file(name: str, modules: str) -> None:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"schema: gsn/1\nmodule: {name}\nmodules: {modules}\nelements: {{}}\n", "utf-8")

    file(
        "in/a.yaml", "[b.yaml, ../out.yaml, missing.yaml, broken.yaml, sub/c.yaml, link.yaml, '/etc/passwd', pipe, sub]"
    )
    file("out.yaml", "[]")
    file("in/b.yaml", "[a.yaml, b.yaml]")
    (tmp_path / "in" / "sub").mkdir()
    file("in/sub/c.yaml", "[../b.yaml]")
    (tmp_path / "in" / "link.yaml").symlink_to(tmp_path / "out.yaml")
    os.mkfifo(tmp_path / "in" / "pipe")
    (tmp_path / "in" / "broken.yaml").write_text("a: 1\na: 2\n", "utf-8")
    arguments, findings = read_arguments(tmp_path / "in" / "a.yaml")
    assert [argument.module for argument in arguments] == ["in/a.yaml", "in/b.yaml", "in/sub/c.yaml"]
    assert [(item.code, item.place.line) for item in findings] == [
        ("G134", 3), ("G134", 3), ("G134", 3), ("C104", 2), ("G134", 3), ("G134", 3), ("G134", 3),
        ("G134", 3),
    ]  # fmt: skip


def test_the_number_of_files_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assurance.gsn.native.MAX_FILES", 5)
    for number in range(10):
        text = f"schema: gsn/1\nmodule: m{number}\nmodules: [{number + 1}.yaml]\nelements: {{}}\n"
        (tmp_path / f"{number}.yaml").write_text(text, "utf-8")
    arguments, findings = read_arguments(tmp_path / "0.yaml")
    assert len(arguments) == 5 and [item.code for item in findings] == ["C102"]


# -- the schema ---------------------------------------------------------------------------------------------


def test_the_schema_is_current() -> None:
    now = json.dumps(native_form.json_schema(), indent=2) + "\n"
    if os.environ.get("UPDATE_GOLDENS"):
        SCHEMA.write_text(now, "utf-8")
    assert SCHEMA.read_text("utf-8") == now


@pytest.fixture(scope="module")
def validator() -> Any:
    schema = native_form.json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_what_is_written_follows_the_schema(validator: Any) -> None:
    validator.validate(parse_yaml(EXAMPLE, "a").value)
    for seed in range(20):
        validator.validate(parse_yaml(write_argument(anything(seed)), "a").value)


def test_schema_and_reader_agree_on_what_is_wrong(validator: Any) -> None:
    rng = random.Random(4)
    refused = 0
    for _ in range(250):
        value = copy.deepcopy(parse_yaml(EXAMPLE, "a").value)
        spoil(value, rng)
        text = json.dumps(value)
        try:
            findings = parse_argument(text, "a")[1]
        except InputError as error:
            findings = list(error.findings)
        assert validator.is_valid(value) == (not findings), (text, findings)
        refused += bool(findings)
    assert 60 < refused < 250


def spoil(value: Any, rng: random.Random) -> None:
    """One change somewhere in a document."""
    while True:
        if not isinstance(value, dict | list) or not value:
            return
        key = rng.choice(list(value)) if isinstance(value, dict) else rng.randrange(len(value))
        if rng.random() < 0.6 and isinstance(value[key], dict | list) and value[key]:
            value = value[key]
            continue
        if rng.random() < 0.4 and isinstance(value, dict):
            value[
                rng.choice(("new", "goal", "from", "public", "relation", "acp", "extra", "undeveloped", key + "s"))
            ] = value[key]
        elif rng.random() < 0.5:
            del value[key]
        else:
            value[key] = rng.choice(
                (7, -1, 1.5, True, None, [], {}, "x", "gsn/1", ["x"], [1], {"to": "x"}, {"a": 1}, *TEXTS[:3])
            )
        return


def test_a_module_reference_is_no_module_file() -> None:
    argument, findings = read(HEAD + "  M1: {module: The argument of the network, from: network}")
    assert findings == [] and isinstance(argument["M1"], ModuleReference) and argument["M1"].module == "network"
