"""gsn2x files: the tool's own examples and failures, each of its codes, tolerance, and reading back what we wrote."""

from __future__ import annotations

from pathlib import Path

import exchange_toys as toys
import gsn_toys
import pytest

from assurance.gsn.arguments import Arguments
from assurance.gsn.elements import (
    AwayGoal,
    AwayJustification,
    AwaySolution,
    Context,
    ElementType,
    Goal,
    ModuleReference,
)
from assurance.gsn.exchange.gsn2x_reader import read_gsn2x
from assurance.gsn.exchange.gsn2x_words import OUR_CODES
from assurance.gsn.exchange.gsn2x_writer import write_gsn2x
from assurance.gsn.model import Argument
from assurance.gsn.relations import RelationRef, RelationType
from assurance.gsn.rules import check_arguments
from evidence.diagnostics import Finding, Severity, registered
from evidence.errors import InputError

DATA = Path(__file__).parents[3] / "shared" / "data" / "gsn2x"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the sample files are not beside the repository")
FILES = sorted(DATA.rglob("*.yaml")) if DATA.is_dir() else []

TEMPLATE = "examples/template/template.gsn.yaml"
SETS = (
    (TEMPLATE, "examples/template/instance.gsn.yaml"),
    (TEMPLATE, "tests/inval1_instance.gsn.yaml"),
    (TEMPLATE, "tests/inval2_instance.gsn.yaml"),
    (TEMPLATE, "tests/inval3_instance.gsn.yaml"),
    (TEMPLATE, "tests/inval4_instance.gsn.yaml"),
    ("examples/modular/index.gsn.yaml", "examples/modular/sub2.gsn.yaml"),
)
UNREADABLE = {"empty.yaml": "G204", "invalid1.yaml": "G204", "invalid2.yaml": "C104"}
# Parts of a set, which cannot stand alone: gsn2x finds them wrong, too.
PARTS = {
    *("sub1.gsn.yaml", "sub3.gsn.yaml", "instance.gsn.yaml", "issue391_1.yaml", "issue433_2.yaml"),
    *(f"inval{number}_instance.gsn.yaml" for number in (1, 2, 3, 4)),
    *("circle1.yaml", "circle2.yaml", "circle3.yaml", "issue472.yaml"),
}
# What gsn2x accepts and the standard does not: table 1:2-2, and a strategy at the top.
DEVIATIONS = {
    "issue433_1.yaml": {"G103"},
    "multi_children.yaml": {"G103"},
    "issue377.yaml": {"G114"},
}


def name_of(path: Path) -> str:
    return str(path.relative_to(DATA))


def judged(*paths: Path) -> tuple[Arguments, list[Finding]]:
    arguments, findings = read_gsn2x(paths)
    return arguments, [*findings, *check_arguments(arguments)]


def errors(findings: list[Finding], arguments: Arguments) -> set[str]:
    """Codes of error level; what is public serves other modules and needs nothing above it in its own."""
    public = {element.id for argument in arguments for element in argument if getattr(element, "public", False)}
    return {
        item.code
        for item in findings
        if item.severity is Severity.ERROR and not (item.code in ("G114", "G116") and item.place.element in public)
    }


def written(folder: Path, **files: str) -> list[Path]:
    made = []
    for name, text in files.items():
        made.append(folder / f"{name}.yaml")
        made[-1].write_text(text, "utf-8")
    return made


def again(arguments: Arguments, folder: Path) -> Arguments:
    folder.mkdir(exist_ok=True)
    files = write_gsn2x(arguments)
    for name, text in files.items():
        (folder / name).write_bytes(text.encode("utf-8"))
    read, _ = read_gsn2x([folder / next(iter(files))])
    return read


# -- the tool's own files --------------------------------------------------------------------------------------


@needs_data
@pytest.mark.parametrize("path", [path for path in FILES if path.name not in {*UNREADABLE, *PARTS}], ids=name_of)
def test_valid_files_have_no_errors_but_the_known_deviations(path: Path) -> None:
    arguments, findings = judged(path)
    # C101: a file that this one uses is not among the samples
    assert errors(findings, arguments) - {"C101"} == DEVIATIONS.get(path.name, set())


@needs_data
@pytest.mark.parametrize("path", [path for path in FILES if path.name in UNREADABLE], ids=name_of)
def test_unreadable_files_give_one_clear_error(path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_gsn2x([path])
    assert [item.code for item in caught.value.findings] == [UNREADABLE[path.name]]
    assert str(path) in str(caught.value.finding)


@needs_data
@pytest.mark.parametrize(
    ("instance", "expected"),
    [
        ("examples/template/instance.gsn.yaml", []),
        ("tests/inval1_instance.gsn.yaml", [("G211", "bad_mod"), ("G212", "G1 does not exist")]),
        ("tests/inval2_instance.gsn.yaml", [("G212", "G2 does not exist in module 'template'")]),
        ("tests/inval3_instance.gsn.yaml", [("G212", "G3 does not exist")]),
        ("tests/inval4_instance.gsn.yaml", [("G212", "G4 of module 'template' is not undeveloped")]),
    ],
)
def test_extensions(instance: str, expected: list[tuple[str, str]]) -> None:
    arguments, findings = judged(DATA / TEMPLATE, DATA / instance)
    found = [item for item in findings if item.severity is Severity.ERROR]
    assert [item.code for item in found] == [code for code, _ in expected]
    assert all(words in item.message for item, (_, words) in zip(found, expected, strict=True))
    developed = not arguments["template"]["G1"].undeveloped
    assert developed == (not expected)
    if developed:
        assert [item.id for item in arguments["template"].children("G1")] == ["G2"]
        assert arguments["template"]["G2"] == AwayGoal(
            id="G2", module="instance", text=arguments["instance"]["G2"].text, place=arguments["template"]["G2"].place
        )


@needs_data
def test_modules_of_one_set_may_repeat_an_identifier() -> None:
    arguments, findings = judged(*(DATA / name for name in SETS[-1]))
    notes = [item for item in findings if item.code == "G207"]
    assert any(item.message.startswith("G1 ") for item in notes)
    assert all(item.severity is Severity.NOTE for item in notes)
    assert arguments["Main"]["G1"].text == "Main Goal" and arguments["Sub2"]["G1"].text == "Duplicate Goal"


@needs_data
def test_references_to_other_modules_become_away_elements() -> None:
    arguments, _ = read_gsn2x([DATA / "examples/modular/index.gsn.yaml"])
    assert [argument.module for argument in arguments] == ["Main", "Sub1", "Sub3"]
    main, sub1, sub3 = arguments
    away = main["G3"]
    assert isinstance(away, AwayGoal) and away.module == "Sub1" and away.text == sub1["G3"].text
    assert isinstance(sub1["J1"], AwayJustification) and isinstance(sub1["Sn1"], AwaySolution)
    assert getattr(sub3["Sn1"], "public", False) and getattr(main["J1"], "public", False)
    assert not getattr(main["G1"], "public", True)


@needs_data
def test_files_that_use_each_other_in_a_circle_are_a_note(tmp_path: Path) -> None:
    first, second, third = written(
        tmp_path,
        c1="module: {name: A, uses: [c2.yaml]}\nG1: {text: a, supportedBy: [G2]}\n",
        c2="module: {name: B, uses: [c3.yaml]}\nG2: {text: b, supportedBy: [G3]}\n",
        c3="module: {name: C, uses: [c1.yaml]}\nG3: {text: c, undeveloped: true}\n",
    )
    arguments, findings = judged(first)
    assert [item.severity for item in findings if item.code == "G208"] == [Severity.NOTE]
    assert not errors(findings, arguments)
    # the same files, now with a circle of support through them: that is no note
    third.write_text("module: {name: C, uses: [c1.yaml]}\nG3: {text: c, supportedBy: [G1]}\n")
    arguments, findings = judged(first)
    assert "G179" in errors(findings, arguments)
    assert second.exists()


@needs_data
@pytest.mark.parametrize("path", [path for path in FILES if path.name not in UNREADABLE], ids=name_of)
def test_export_and_re_import_are_equal(path: Path, tmp_path: Path) -> None:
    arguments, _ = read_gsn2x([path])
    assert again(arguments, tmp_path / "out") == arguments


@needs_data
@pytest.mark.parametrize("names", SETS, ids=lambda names: names[-1])
def test_export_and_re_import_of_sets_are_equal(names: tuple[str, ...], tmp_path: Path) -> None:
    arguments, _ = read_gsn2x([DATA / name for name in names])
    assert again(arguments, tmp_path / "out") == arguments


@needs_data
def test_plain_files_come_back_without_our_key(tmp_path: Path) -> None:
    arguments, _ = read_gsn2x([DATA / "examples/dialectic/second.gsn.yaml"])
    text = "".join(write_gsn2x(arguments).values())
    assert "assurance" not in text and "CG1 -> G2" in text and 'nodeType: "CounterSolution"' in text


# -- each code of gsn2x, in a file of its own ------------------------------------------------------------------

GOOD = "G1: {text: a, supportedBy: [G2]}\nG2: {text: b, undeveloped: true}\n"
CASES = {
    "V01": "X1: {text: a}\n" + GOOD,
    "V02": "G1: {text: a}\n",
    "V03": "G1: {text: a, undeveloped: true, supportedBy: Sn1}\nSn1: {text: b}\n",
    "V04": "G1: {text: a, supportedBy: C1}\nC1: {text: b}\n",
    "V05": "G1: {text: a, supportedBy: [Sn1, Sn1]}\nSn1: {text: b}\n",
    "V06": "G1: {text: a, supportedBy: [G1, Sn1]}\nSn1: {text: b}\n",
    "V07": "module: {name: m, extends: [{module: n, develops: {G9: [C1, G8]}}]}\nG1: {inContextOf: C1, undeveloped: true}\nC1: {}\n",
    "V08": "G1: {nodeType: Strategy, text: a, undeveloped: true}\n",
    "V09": "G1: {text: a, undeveloped: true, acp: {ACP1: G7}}\n",
    "V10": "G1: {text: a, undeveloped: true, defeated: true}\n",
    "V11": GOOD + "CG1: {text: c, challenges: G2}\n",
    "V12": GOOD + "G3: {text: c, challenges: G2, undeveloped: true}\n",
    "V13": "G1: {text: a, undeveloped: true, defeatedRelation: G2}\nG2: {text: b, undeveloped: true}\n",
    "C01": GOOD + "G3: {text: c, undeveloped: true}\n",
    "C02": "S1: {text: a, supportedBy: G2}\nG2: {text: b, undeveloped: true}\n",
    "C03": "G1: {text: a, supportedBy: [G9]}\n",
    "C04": "G0: {text: z, supportedBy: G1}\nG1: {text: a, supportedBy: G2}\nG2: {text: b, supportedBy: G1}\n",
    "C06": "module: {name: m, uses: [case.yaml]}\n" + GOOD,
    "C07": "module: {name: m, uses: [other.yaml]}\n" + GOOD,
    "C08": GOOD + "C1: {text: c}\n",
    "C09": "module: {name: m, extends: [{module: n, develops: {G9: [G1]}}]}\n" + GOOD,
    "C10": "module: {name: m, uses: [other.yaml], extends: [{module: n, develops: {G9: [G2]}}]}\n" + GOOD,
    "C11": 'G1: {text: a, supportedBy: "G2, G3"}\n',
    "C12": GOOD + 'CG1: {text: c, challenges: "G1 -> G9"}\n',
    "C13": GOOD + "CG1: {text: c, challenges: CG1}\n",
    "C14": GOOD + "CG1: {text: c, challenges: G9}\n",
    "C15": GOOD + 'CG1: {text: c, challenges: "G1 -> G1"}\n',
    "C16": GOOD.replace("}\nG2", "}\nG3: {text: c, undeveloped: true}\nG2")
    + 'CG1: {text: c, challenges: "G1 -> G3"}\n',
}


def test_the_table_of_codes_is_complete() -> None:
    every = {f"V{number:02}" for number in range(1, 14)} | {f"C{number:02}" for number in range(1, 17)} - {"C05"}
    assert set(OUR_CODES) == set(CASES) == every and len(every) == 28
    known = {item.id for item in registered()}
    assert {code for codes in OUR_CODES.values() for code in codes} <= known


@pytest.mark.parametrize("code", CASES)
def test_what_gsn2x_finds_is_found(code: str, tmp_path: Path) -> None:
    case, _ = written(tmp_path, case=CASES[code], other="module: {name: n}\nG1: {text: x, undeveloped: true}\n")
    _, findings = judged(case)
    assert {item.code for item in findings} & set(OUR_CODES[code]), [str(item) for item in findings]


@pytest.mark.parametrize(
    ("code", "severity"),
    [("V08", "note"), ("V11", "note"), ("V12", "note"), ("C06", "note"), ("C07", "note"), ("C01", "note")],
)
def test_what_only_gsn2x_forbids_is_a_note(code: str, severity: str, tmp_path: Path) -> None:
    case, _ = written(tmp_path, case=CASES[code], other="module: {name: n}\nG1: {text: x, undeveloped: true}\n")
    _, findings = judged(case)
    assert {item.severity for item in findings if item.code in OUR_CODES[code]} == {Severity(severity)}


def test_all_problems_of_all_files_at_once(tmp_path: Path) -> None:
    first, second, third = written(
        tmp_path,
        a="module: {name: a}\nX1: {}\nG1: {text: 5, supportedBy: {a: b}, acp: 3, undeveloped: 'yes'}\nG2: text\n",
        b="module: {name: b}\nG5: {suportedBy: [G6], charWrap: -1, horizontalIndex: {up: 1}, challenges: [a]}\n",
        c="G1: {text: a\n",
    )
    _, findings = read_gsn2x([first, second, third])
    codes = [item.code for item in findings]
    assert codes.count("G203") == 8 and "G200" in codes and "C103" in codes
    near = next(item for item in findings if item.code == "G202")
    assert near.severity is Severity.WARNING and near.expected == "supportedBy"
    assert all(item.place.file and item.place.line for item in findings)


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("suportedBy", "supportedBy"),
        ("in_context_of", "inContextOf"),
        ("SupportedBy", "supportedBy"),
        ("undevelopd", "undeveloped"),
        ("layer1", None),
        ("name", None),
        ("confidence", None),
    ],
)
def test_keys_that_gsn2x_swallows(key: str, meant: str | None, tmp_path: Path) -> None:
    _, [finding] = read_gsn2x(written(tmp_path, case=f"G1: {{text: a, undeveloped: true, {key}: x}}\n"))
    assert (finding.code, finding.expected) == ("G202", meant)
    assert finding.severity is (Severity.WARNING if meant else Severity.NOTE)


def test_layers_presentation_and_an_element_called_name_are_kept(tmp_path: Path) -> None:
    text = (
        "G1:\n  text: a\n  undeveloped: true\n  name: odd\n  layer1: [1, {b: 2}]\n"
        "  horizontalIndex: {absolute: last}\n  classes: [x]\n"
    )
    arguments, findings = read_gsn2x(written(tmp_path, case=text))
    assert arguments["case"]["G1"].extra == (
        ("name", "odd"),
        ("layer1", '[1, {"b": 2}]'),
        ("horizontalIndex", '{"absolute": "last"}'),
        ("classes", '["x"]'),
    )
    assert [item.code for item in findings] == ["G202", "G202"]
    assert again(arguments, tmp_path / "out") == arguments


def test_a_file_outside_the_folder_is_not_read(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    written(tmp_path, secret="G9: {text: secret, undeveloped: true}\n")
    [case] = written(inside, case="module: {name: m, uses: [../secret.yaml, /etc/hostname, no.yaml]}\n" + GOOD)
    arguments, findings = read_gsn2x([case])
    assert [item.code for item in findings] == ["G210", "G210", "C101"]
    assert [argument.module for argument in arguments] == ["m"]


def test_bad_files(tmp_path: Path) -> None:
    for name, data in {
        "junk": b"\x00\xff\xfe\x01",
        "alias": b"a: &a [1]\nb: [*a, *a]\n",
        "list": b"- G1\n",
        "deep": b"G1: " + b"[" * 100 + b"]" * 100,
        "twice": b"G1: {}\nG1: {}\n",
    }.items():
        path = tmp_path / f"{name}.yaml"
        path.write_bytes(data)
        with pytest.raises(InputError) as caught:
            read_gsn2x([path])
        assert len(caught.value.findings) == 1


def test_a_challenge_to_a_relation_and_claim_points(tmp_path: Path) -> None:
    text = (
        "G1: {text: a, supportedBy: [Sn1, Sn2], acp: {ACP1: [Sn1, Sn2], ACP2: G1}}\nSn1: {}\nSn2: {}\n"
        'CG1: {text: c, challenges: "Sn1 -> G1", undeveloped: true}\n'
    )
    arguments, _ = read_gsn2x(written(tmp_path, case=text))
    argument = arguments["case"]
    [challenge] = argument.relations_from("CG1")
    assert challenge.type is RelationType.CHALLENGES and challenge.target == ""
    assert challenge.challenged == RelationRef(source="G1", target="Sn1", type=RelationType.SUPPORTED_BY)
    first, second = argument.claim_points
    assert [ref.target for ref in first.relations] == ["Sn1", "Sn2"] and second.elements == ("G1",)
    assert argument["CG1"].type is ElementType.GOAL
    assert again(arguments, tmp_path / "out") == arguments


def test_a_strategy_of_another_module_has_no_away_form(tmp_path: Path) -> None:
    first, _ = written(
        tmp_path,
        case="module: {name: m, uses: [b.yaml]}\nG1: {text: a, supportedBy: S9}\n",
        b="module: {name: n}\nG8: {text: c, supportedBy: S9}\nS9: {text: b, undeveloped: true}\n",
    )
    arguments, findings = read_gsn2x([first])
    assert "G215" in {item.code for item in findings}
    assert isinstance(arguments["m"]["S9"], ModuleReference) and arguments["m"]["S9"].module == "n"  # type: ignore[union-attr]
    assert again(arguments, tmp_path / "out") == arguments


def test_support_from_several_modules_stays_apart(tmp_path: Path) -> None:
    develop = "extends: [{module: t, develops: {KEY: [G9]}}]"
    paths = written(
        tmp_path,
        t="module: {name: t}\nG1: {text: a, supportedBy: [G2, G3]}\nG2: {text: b, undeveloped: true}\nG3: {text: c, undeveloped: true}\n",
        m="module: {name: m, " + develop.replace("KEY", "G2") + "}\nG9: {text: of m, undeveloped: true}\n",
        n="module: {name: n, " + develop.replace("KEY", "G3") + "}\nG9: {text: of n, undeveloped: true}\n",
    )
    arguments, findings = judged(*paths)
    template = arguments["t"]
    texts = [[(child.id, child.text) for child in template.children(name)] for name in ("G2", "G3")]
    assert texts == [[("G9", "of m")], [("n.G9", "of n")]]
    assert not errors(findings, arguments)
    assert again(arguments, tmp_path / "out") == arguments


# -- whatever the model can hold -------------------------------------------------------------------------------


@pytest.mark.parametrize("block", range(5))
def test_random_arguments_survive(block: int, tmp_path: Path) -> None:
    for seed in range(100 * block, 100 * block + 100):
        arguments = toys.arguments(seed)
        assert again(arguments, tmp_path / str(seed)) == arguments, seed


def test_sound_arguments_need_no_carried_relations(tmp_path: Path) -> None:
    for seed in range(5):
        argument = gsn_toys.sound(seed, 60)
        files = write_gsn2x(Arguments([argument]))
        assert "decorations" not in "".join(files.values()) and '\\"relations\\"' not in "".join(files.values())
        assert again(Arguments([argument]), tmp_path / str(seed)) == Arguments([argument])


def test_a_bad_carried_key_costs_only_itself(tmp_path: Path) -> None:
    text = """G1: {text: a, undeveloped: true, assurance: '{"fields": {"colour": 1}, "relations": [{"x": 1}], "decorations": 3}'}\n"""
    text += """module: {name: m, assurance: '{"fields": {"kind": "odd"}, "relations": 7}'}\n"""
    arguments, findings = read_gsn2x(written(tmp_path, case=text))
    assert arguments["m"]["G1"].text == "a" and arguments["m"]["G1"].undeveloped
    assert {item.code for item in findings} == {"G130", "G203"}


def test_context_of_what_other_modules_repeat_is_public(tmp_path: Path) -> None:
    """A valid pair of files gives no finding that only the import brought about; round trips say nothing about it."""
    (tmp_path / "top.gsn.yaml").write_text(
        "module: {name: top, uses: [part.gsn.yaml]}\n"
        "G1: {text: The whole is safe., supportedBy: G4, inContextOf: C9}\nC9: {text: The whole}\n"
    )
    (tmp_path / "part.gsn.yaml").write_text(
        "module: {name: part}\n"
        "G2: {text: The part is safe., supportedBy: S1, inContextOf: [C1, J1]}\n"
        "S1: {text: Argument over hazards, supportedBy: [G4, G5], inContextOf: A1}\n"
        "G4: {text: Hazard H1 is mitigated., undeveloped: true, inContextOf: [C2, J2]}\n"
        "G5: {text: Hazard H2 is mitigated., undeveloped: true, inContextOf: C3}\n"
        "C1: {text: Domain}\nC2: {text: Hazard log}\nC3: {text: Hazard log}\n"
        "J1: {text: It is so.}\nJ2: {text: It is so.}\nA1: {text: It does not snow.}\n"
    )
    arguments, findings = read_gsn2x([tmp_path / "top.gsn.yaml"])
    assert not [item for item in findings if item.severity is not Severity.NOTE]
    part = arguments["part"]
    assert [item.id for item in part if getattr(item, "public", False)] == ["G4", "C1", "C2", "J2", "A1"]
    assert "G176" not in [item.code for item in check_arguments(arguments)]
    files = write_gsn2x(arguments)
    assert not any("public" in words for words in files.values())
    for name, words in files.items():
        (tmp_path / name).write_text(words)
    again, _ = read_gsn2x([tmp_path / next(iter(files))])
    assert list(again) == list(arguments) or {item.module: item for item in again} == {
        item.module: item for item in arguments
    }


def test_context_that_is_hidden_on_purpose_stays_hidden(tmp_path: Path) -> None:
    top, part = Argument("top"), Argument("part")
    top.add(Goal(id="G1", text="It is so."), AwayGoal(id="G2", text="It is so.", module="part"))
    top.support("G1", "G2")
    part.add(Goal(id="G2", text="It is so.", public=True, undeveloped=True), Context(id="C1", text="Domain"))
    part.contextualise("G2", "C1")
    arguments = Arguments([top, part])
    assert "G176" in [item.code for item in check_arguments(arguments)]
    for name, words in write_gsn2x(arguments).items():
        (tmp_path / name).write_text(words)
    again, _ = read_gsn2x(sorted(tmp_path.iterdir()))
    assert {item.module: item for item in again} == {item.module: item for item in arguments}
