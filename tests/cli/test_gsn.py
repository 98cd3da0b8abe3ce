"""`assurance gsn`: findings in three forms, exit codes, acceptances, and files that nobody should have to trust."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

Cli = Callable[..., Any]
SCHEMAS = Path(__file__).resolve().parents[2] / "docs" / "schemas"

SOUND = """\
schema: gsn/1
module: main
elements:
  G1: {goal: The reader is acceptably safe., supported_by: S1}
  S1: {strategy: Argument over each hazard, supported_by: [G2]}
  G2: {goal: Hazard H1 is mitigated., undeveloped: true}
"""


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str | bytes], Path]:
    """A file with a content."""

    def make(content: str | bytes, name: str = "a.gsn.yaml") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return make


def conforms(value: object) -> None:
    schema = json.loads((SCHEMAS / "gsn-check.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(value)


def test_a_sound_argument(cli: Cli, file: Any) -> None:
    answer = cli("gsn", "check", file(SOUND))
    assert (answer.code, answer.out) == (0, "0 errors, 0 warnings, 0 notes\n")


def test_findings_with_place_in_three_forms(cli: Cli, file: Any) -> None:
    path = file(SOUND.replace("undeveloped: true", "supported_by: [S1], in_contxt_of: C1"))
    text = cli("gsn", "check", path)
    assert text.code == 1
    assert f"{path}:6:" in text.out and "did you mean 'in_context_of'?" in text.out
    assert "error G105" in text.out and "error G131" in text.out
    answer = cli("gsn", "check", path, "--json")
    assert answer.code == 1 and answer.err == ""
    value = answer.json()
    conforms(value)
    assert value["elements"] == 3 and value["modules"] == ["main"]
    assert {(item["code"], item["line"]) for item in value["findings"]} == {("G105", 5), ("G131", 6)}
    log = cli("gsn", "check", path, "--format", "sarif").json()
    assert log["version"] == "2.1.0"
    run = log["runs"][0]
    assert {item["ruleId"] for item in run["results"]} == {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    region = run["results"][0]["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 5, "startColumn": 3}


def test_what_is_accepted_is_shown_with_its_reason(cli: Cli, file: Any) -> None:
    text = SOUND.replace(", undeveloped: true", "")
    text += "suppress: [{code: G111, element: G2, rationale: Comes with issue 3., by: A. Person}]\n"
    path = file(text)
    answer = cli("gsn", "check", path)
    assert answer.code == 0
    assert "accepted: " in answer.out and "Comes with issue 3. (A. Person)" in answer.out
    value = cli("gsn", "check", path, "--json").json()
    conforms(value)
    assert value["findings"] == [] and value["accepted"][0]["by"] == "A. Person"
    (result,) = cli("gsn", "check", path, "--format", "sarif").json()["runs"][0]["results"]
    assert result["suppressions"][0]["justification"].startswith("Comes with issue 3.")


def test_all_modules_are_judged_together(cli: Cli, file: Any) -> None:
    other = SOUND.replace("module: main", "module: other").replace("supported_by: [G2]", "supported_by: [G2, Sn1]")
    file(other, "other.yaml")
    first = SOUND.replace("module: main", "module: main\nmodules: [other.yaml, missing.yaml]")
    first = first.replace("supported_by: S1}", "supported_by: [S1, M1]}")
    path = file(first + "  M1: {module: The other, from: other}\n  G3: {away-goal: It is so., from: other, of: G9}\n")
    found = {(item["code"], Path(item["file"]).name) for item in cli("gsn", "check", path, "--json").json()["findings"]}
    assert {("G134", "a.gsn.yaml"), ("G108", "other.yaml"), ("G167", "a.gsn.yaml")} <= found


def test_files_that_name_each_other_are_read_once(cli: Cli, file: Any) -> None:
    first = file(SOUND.replace("module: main", "module: main\nmodules: [b.yaml]"))
    second = file(SOUND.replace("module: main", "module: other\nmodules: [a.gsn.yaml]"), "b.yaml")
    value = cli("gsn", "check", first, second, "--json").json()
    assert value["modules"] == ["main", "other"] and value["findings"] == []
    gsn2x = file("G1: {text: It is safe., undeveloped: true}\n", "c.yaml")
    mixed = cli("gsn", "check", first, gsn2x, "--json").json()
    assert mixed["modules"][:2] == ["main", "other"] and len(mixed["modules"]) == 3
    broken = cli("gsn", "check", first, file("schema: gsn/1\nmodule: m\nelements: [", "d.yaml"))
    assert broken.code == 2 and "error C103" in broken.err


# -- files that nobody should have to trust -----------------------------------------------------------------

HEAD = "schema: gsn/1\nmodule: m\nelements:\n"
BOMB = HEAD + "  a: &a [x]\n" + "".join(f"  b{i}: &b{i} [*a, *a, *a, *a, *a, *a, *a, *a]\n" for i in range(50))
LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">'
    + "".join(
        f'<!ENTITY b{i} "&{"a" if i == 0 else f"b{i - 1}"};' * 1 + f'&{"a" if i == 0 else f"b{i - 1}"};">'
        for i in range(30)
    )
    + "]><l>&b29;</l>"
)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (BOMB, "C105"),
        (HEAD + "  G1: {goal: x}\n  G1: {goal: y}\n", "C104"),
        (HEAD + "  G1: {goal: x, goal: y}\n", "C104"),
        (HEAD + "  G1: !!python/object/apply:os.system ['true']\n", "C105"),
        (HEAD + "  G1: " + "[" * 5000, "C102"),
        (HEAD + "  G1: [\n", "C103"),
        (HEAD + "\t- x\n", "C103"),
        (HEAD + "  G1: {goal: x}\n---\nschema: gsn/1\n", "C105"),
        ("schema: gsn/2\nmodule: m\nelements: {}\n", "G132"),
        ("elements: {}\nmodule: m\n", "G132"),
        (b"schema: gsn/1\xff\xfe\n", "C103"),
        (HEAD.encode() + bytes(range(256)), "C103"),
        (LAUGHS, "G2"),
        ("{" * 100_000, "G130"),
    ],
    ids=["aliases", "two-elements", "two-kinds", "tag", "deep", "open", "tab", "two-documents", "other-schema",
         "no-schema", "not-utf-8", "junk", "entities", "braces"],
)  # fmt: skip
def test_what_cannot_be_read_is_one_message(cli: Cli, file: Any, content: str | bytes, code: str) -> None:
    path = file(content)
    answer = cli("gsn", "check", path)
    assert answer.code == 2, answer.out + answer.err
    assert f"error {code}" in answer.err and path.name in answer.err
    assert answer.err.count("error ") == 1 and len(answer.err) < 2000 and "Traceback" not in answer.err
    value = cli("gsn", "check", path, "--json")
    assert value.code == 2
    conforms(value.json())
    assert len(cli("gsn", "check", path, "--format", "sarif").json()["runs"][0]["results"]) == 1


@pytest.mark.parametrize("kind", ["gif", "zeros", "onnx"])
def test_binary_junk(cli: Cli, file: Any, kind: str) -> None:
    data = {"gif": b"GIF89a" + bytes(range(256)) * 40, "zeros": bytes(10_000), "onnx": b"\x08\x07\x12\x04abcd" * 500}[
        kind
    ]
    answer = cli("gsn", "check", file(data))
    assert answer.code in (1, 2) and "Traceback" not in answer.err
    assert "error " in answer.out + answer.err


def test_a_huge_file_is_refused_without_being_read(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "huge.yaml"
    with path.open("wb") as stream:
        stream.write(HEAD.encode())
        stream.truncate(100_000_000)
    answer = cli("gsn", "check", path)
    assert answer.code == 2 and "error C102" in answer.err


def test_a_file_at_the_limit_of_values_is_refused(cli: Cli, file: Any) -> None:
    answer = cli("gsn", "check", file(HEAD + "  G1: {goal: x, supported_by: [" + "a," * 600_000 + "]}\n"))
    assert answer.code == 2 and "error C102" in answer.err


def test_what_is_no_file(cli: Cli, tmp_path: Path) -> None:
    for path in (tmp_path / "absent.yaml", tmp_path):
        answer = cli("gsn", "check", path)
        assert answer.code == 2 and "error C101" in answer.err
    assert cli("gsn", "check").code == 2
    assert cli("gsn", "check", "--format", "junit", tmp_path).code == 2


@pytest.mark.parametrize(
    ("elements", "code"),
    [
        ("  G1: {goal: It is so., supported_by: G2}\n  G2: {goal: It is so., supported_by: G1}\n", "G105"),
        ("  G1: {gooal: It is so.}\n", "G133"),
        ("  G1: {goal: It is so., type: Goal, undeveloped: true}\n", "G131"),
        ("  ? G1\n  : {goal: 1}\n", "G132"),
        ("".join(f"  G{i}: {{goal: It is so., supported_by: G{(i + 1) % 5000}}}\n" for i in range(5000)), "G105"),
    ],
    ids=["circle", "unknown-kind", "unknown-key", "number", "long-circle"],
)
def test_what_can_be_read_is_judged(cli: Cli, file: Any, elements: str, code: str) -> None:
    answer = cli("gsn", "check", file(HEAD + elements), "--json")
    assert answer.code == 1
    assert code in {item["code"] for item in answer.json()["findings"]}


# -- drawing and exchange -----------------------------------------------------------------------------------


def test_render_writes_pages_that_are_xml(cli: Cli, file: Any, tmp_path: Path) -> None:
    goals = "".join(
        f"  H{i}: {{goal: Hazard {i} is mitigated by several means., undeveloped: true}}\n" for i in range(80)
    )
    targets = ", ".join(f"H{i}" for i in range(80))
    text = SOUND.replace("supported_by: [G2]", f"supported_by: [G2, {targets}]") + goals
    path = file(text.replace("module: main", 'module: "../ä b"'))
    answer = cli("gsn", "render", path, "--out", tmp_path / "out")
    written = sorted((tmp_path / "out").glob("*.svg"))
    assert answer.code == 0 and len(written) > 1
    assert sorted(answer.out.split()) == sorted(map(str, (tmp_path / "out").iterdir()))
    for one in written:
        assert ElementTree.parse(one).getroot().tag.endswith("svg")
    assert cli("gsn", "render", path, "--paper", "none").code == 0
    assert len(list((tmp_path / "a.diagrams").glob("*.svg"))) == 1
    assert cli("gsn", "render", path, "--out", tmp_path / "one.svg").out == f"{tmp_path / 'one.svg'}\n"
    file("taken", "taken")
    blocked = cli("gsn", "render", path, "--out", tmp_path / "taken")
    assert blocked.code == 2 and "error G290" in blocked.err


def test_export_and_read_again(cli: Cli, file: Any, tmp_path: Path) -> None:
    path = file(SOUND)
    for to in ("gsn2x", "sacm", "native"):
        folder = tmp_path / to
        folder.mkdir()
        answer = cli("gsn", "export", path, "--to", to, "--out", folder)
        assert answer.code == 0, answer.err
        (written,) = folder.iterdir()
        assert cli("gsn", "check", written).code == 0
    assert (tmp_path / "native" / "main.gsn.yaml").read_text("utf-8").count("goal:") == 2
    assert cli("gsn", "export", path, "--to", "word").code == 2
