"""A case's own patterns: they count like the library's, and only as the bytes that the case declares."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

sys.path.insert(0, str(Path(__file__).parents[1] / "case"))
from case_toys import Kit, document, kit

from assurance.argument import BuiltArgument
from assurance.binding import SUPPLIED
from assurance.gsn.patterns import instantiate as expansion
from assurance.gsn.patterns.library import OwnPattern, available, load_pattern
from assurance.loading import load, require_fresh
from assurance.package.gather import case_files
from assurance.package.layout import rules_of
from assurance.status import Status
from evidence.digest import of_bytes
from evidence.errors import InputError
from evidence.strict_yaml import MAX_BYTES

TOPICS = (
    "name", "intent", "motivation", "structure", "participants", "collaboration", "applicability", "consequences",
    "implementation", "examples", "known_uses",
)  # fmt: skip


def pattern(id: str, elements: dict[str, Any], **more: Any) -> dict[str, Any]:
    topics = {name: f"What stands under {name}." for name in TOPICS}
    return {"schema": "gsn-pattern/2", "id": id, **topics, "related_patterns": [], "elements": elements, **more}


HOUSE_RULE = pattern(
    "house-rule",
    {
        "G1": {"goal": "{constituent} follows the house rule.", "supported_by": ["G2", "U1"]},
        "G2": {"goal": "The rule was reviewed.", "leg": "reviewed"},
        "U1": {"use": {"pattern": "residual-risk"}},
    },
    parameters={
        "constituent": {"type": "text", "means": "the constituent"},
        "reviewed": {"type": "leg", "kinds": ["review-record"], "means": "review of the rule"},
    },
)


@pytest.fixture
def toy(tmp_path: Path) -> Kit:
    return kit(tmp_path)


def declare(toy: Kit, *patterns: dict[str, Any], **changes: Any) -> Kit:
    """Write patterns beside the case, declare them, and use the first one."""
    declared = []
    (toy.folder / "patterns").mkdir(exist_ok=True)
    for item in patterns:
        path = f"patterns/{item['id']}.yaml"
        data = yaml.safe_dump(item, sort_keys=False).encode()
        (toy.folder / path).write_bytes(data)
        declared.append({"id": item["id"], "title": item["name"], "path": path, "digest": of_bytes(data)})
    return toy.write(**({"patterns": [patterns[0]["id"]], "pattern_files": declared} | changes))


def codes(toy: Kit) -> list[str]:
    with pytest.raises(InputError) as caught:
        toy.take()
    return [item.code for item in caught.value.findings]


def tops(built: BuiltArgument) -> list[str]:
    """The tops that patterns gave; exclusions of threat models have counter-goals of their own."""
    return [item.id for item in built.argument.roots() if item.provenance and not item.id.startswith("CG-")]


def test_an_own_pattern_makes_the_argument(toy: Kit) -> None:
    made = document(toy.folder, "DOC")
    data = {"house-rule": {"reviewed": ["DOC"]}}
    built = declare(toy, HOUSE_RULE, pattern_data=data, documents=[made]).take().built
    assert tops(built) == ["house-rule.G1"]
    assert built.status["house-rule.G2"] in (Status.SUPPORTED, Status.PARTIAL)
    assert any(item.id.startswith("house-rule.U1.") for item in built.argument), "a shipped pattern, used by an own one"
    toy.case["pattern_data"] = {}
    assert toy.take().built.status["house-rule.G2"] is Status.UNDEVELOPED


def test_beside_the_library(toy: Kit) -> None:
    built = declare(toy, HOUSE_RULE, patterns=["ml-constituent", "house-rule"]).take().built
    assert tops(built) == ["G1", "house-rule.G1"]


def test_own_patterns_use_each_other(toy: Kit) -> None:
    outer = pattern(
        "outer",
        {"G1": {"goal": "All rules are followed.", "supported_by": ["U1"]}, "U1": {"use": {"pattern": "house-rule"}}},
    )
    built = declare(toy, outer, HOUSE_RULE).take().built
    assert "outer.U1.G2" in built.argument and "outer.U1.U1.G1" in built.argument
    inner = HOUSE_RULE | {"elements": HOUSE_RULE["elements"] | {"U1": {"use": {"pattern": "outer"}}}}
    assert codes(declare(toy, outer, inner)) == ["G274"], "in a circle"


def test_other_bytes_are_refused(toy: Kit) -> None:
    declare(toy, HOUSE_RULE)
    file = toy.folder / "patterns" / "house-rule.yaml"
    weaker = file.read_text("utf-8").replace("  - U1\n", "")
    file.write_text(weaker, "utf-8")
    loaded = toy.load()
    assert "C117" in [item.code for item in loaded.findings]
    with pytest.raises(InputError):
        require_fresh(loaded)
    assert codes(toy) == ["G251"]
    file.unlink()
    assert "C116" in [item.code for item in toy.load().findings]
    assert codes(toy) == ["G251"]


def test_a_change_after_the_case_was_read_is_refused(toy: Kit) -> None:
    loaded = declare(toy, HOUSE_RULE).load()
    (toy.folder / "patterns" / "house-rule.yaml").write_text("schema: other\n", "utf-8")
    with pytest.raises(InputError) as caught:
        load_pattern("house-rule", loaded.own_patterns)
    assert caught.value.finding.code == "G251"


@pytest.mark.parametrize("id", ["amlas", "ml-constituent"])
def test_no_pattern_of_the_library_is_replaced(toy: Kit, id: str) -> None:
    assert codes(declare(toy, HOUSE_RULE | {"id": id})) == ["G253"]
    nowhere = OwnPattern(Path("nowhere"), "nowhere", "", True)
    assert load_pattern(id, {id: nowhere}).document.file == f"{id}.yaml"


def test_identifiers_agree(toy: Kit) -> None:
    declare(toy, HOUSE_RULE)
    toy.case["pattern_files"][0]["id"] = "other-rule"
    assert codes(toy.write(patterns=["other-rule"])) == ["G274"]
    assert codes(toy.write(patterns=["house-rule"])) == ["G140"]
    twice = [*toy.case["pattern_files"], *toy.case["pattern_files"]]
    assert "C111" in codes(toy.write(patterns=["other-rule"], pattern_files=twice))


@pytest.mark.parametrize("path", ["../outside.yaml", "/etc/passwd", "patterns/../../outside.yaml", "C:\\x.yaml"])
def test_paths_stay_inside_the_case(toy: Kit, path: str) -> None:
    declare(toy, HOUSE_RULE)
    toy.case["pattern_files"][0]["path"] = path
    assert codes(toy.write()) == ["C106"]


def test_links_that_lead_outside_are_refused(toy: Kit, tmp_path_factory: pytest.TempPathFactory) -> None:
    declare(toy, HOUSE_RULE)
    file = toy.folder / "patterns" / "house-rule.yaml"
    outside = tmp_path_factory.mktemp("outside") / "house-rule.yaml"
    outside.write_bytes(file.read_bytes())
    file.unlink()
    file.symlink_to(outside)
    assert "C116" in [item.code for item in toy.load().findings]
    assert codes(toy) == ["G251"], "though the bytes are the declared ones"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"a: &a [1]\nb: *a\n", "C105"),
        (b"schema: gsn-pattern/2\nschema: gsn-pattern/2\n", "C104"),
        (b"\x00\x01\x02", "C103"),
        (b"x" * (MAX_BYTES + 100), "C102"),
        (b"", "C106"),
    ],
)
def test_hostile_files_end_in_one_message(toy: Kit, data: bytes, code: str) -> None:
    declare(toy, HOUSE_RULE)
    (toy.folder / "patterns" / "house-rule.yaml").write_bytes(data)
    toy.case["pattern_files"][0]["digest"] = of_bytes(data)
    assert codes(toy.write())[0] == code


def test_patterns_that_multiply_end(toy: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight patterns, each of which uses the next one ten times: a hundred million elements, if nothing stopped it."""
    monkeypatch.setattr(expansion, "MAX_ELEMENTS", 2000)
    made = []
    for level in range(8):
        uses = {f"U{n}": {"use": {"pattern": f"level-{level + 1}"}} for n in range(10)} if level < 7 else {}
        top = {"goal": "It is so."} | ({"supported_by": list(uses)} if uses else {})
        made.append(pattern(f"level-{level}", {"G1": top, **uses}))
    assert codes(declare(toy, *made)) == ["G252"]


def test_nobody_types_a_status(toy: Kit) -> None:
    flattering = pattern("flattering", {"G1": {"goal": "It is so.", "status": "supported"}})
    with pytest.raises(InputError):
        declare(toy, flattering).take()


def test_a_package_carries_the_pattern_and_names_the_library(toy: Kit) -> None:
    loaded = declare(toy, HOUSE_RULE).load()
    carried = case_files(loaded)["case/patterns/house-rule.yaml"]
    assert of_bytes(carried) == loaded.case.pattern_files[0].digest
    assert {f"templates/patterns/{id}.yaml" for id in available()} <= set(rules_of(loaded.case))


def test_the_case_is_read_the_same_elsewhere(toy: Kit, tmp_path: Path) -> None:
    """What a package unpacks is enough to make the same argument."""
    first = declare(toy, HOUSE_RULE).take().built.argument
    elsewhere = tmp_path / "elsewhere"
    for name, data in case_files(toy.load()).items():
        (elsewhere / name).parent.mkdir(parents=True, exist_ok=True)
        (elsewhere / name).write_bytes(data)
    from assurance.snapshot import take
    from evidence.store import Store

    assert take(load(elsewhere / "case"), Store(elsewhere / "evidence")).built.argument == first


@pytest.mark.parametrize("type", ["leg", "collection", "text", "status", "document", "decision"])
def test_what_the_case_supplies_has_the_type_that_a_pattern_asks_for_or_is_refused(toy: Kit, type: str) -> None:
    made = [document(toy.folder, "DOC", about=["requirements", "implementation"], evidence="review-record")]
    shape: dict[str, Any] = {
        "leg": {"kinds": ["review-record"]},
        "collection": {"items": {"text": {"type": "text", "means": "its text"}}},
    }.get(type, {})
    refused = set()
    for name in sorted(SUPPLIED):
        parameters = {"given": {"type": type, "means": "what the case gives", "case": name, "required": False, **shape}}
        goal = {"goal": "It follows the house rule."} | ({"leg": "given"} if type == "leg" else {})
        declare(toy, pattern("house-rule", {"G1": goal}, parameters=parameters), documents=made)
        try:
            toy.take()
        except InputError as error:
            refused |= {item.code for item in error.findings}
    assert "G275" in refused and all(code.startswith("G") for code in refused)
