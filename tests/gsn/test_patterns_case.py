"""Patterns in a case: data from case, records and documents; statuses follow the evidence and nothing else."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parents[1] / "case"))
from case_toys import Kit, bounds, document, kit, smooth

from assurance.argument import _data
from assurance.binding import SUPPLIED, bind, vocabulary
from assurance.cli.demo import EXAMPLES
from assurance.cli.new import new
from assurance.gsn.elements import Goal
from assurance.gsn.native_form import TOPICS
from assurance.gsn.patterns.data import sample, sample_choices
from assurance.gsn.patterns.format import Pattern
from assurance.gsn.patterns.instantiate import instantiate
from assurance.gsn.patterns.library import available, load_pattern, read_pattern, shipped
from assurance.loading import load
from assurance.package.layout import rules_of
from assurance.register import collect
from assurance.snapshot import Snapshot, take
from assurance.status import Status, standings
from evidence.diagnostics import Severity
from evidence.digest import of_bytes
from evidence.errors import InputError
from evidence.store import Store

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def toy(tmp_path: Path) -> Kit:
    return kit(tmp_path)


def refused(toy: Kit) -> list[str]:
    with pytest.raises(InputError) as caught:
        toy.take()
    return [item.code for item in caught.value.findings]


def status_of(toy: Kit) -> dict[str, Status]:
    """Status of every goal of the one pattern, by the identifier that the pattern gives it."""
    (pattern,) = toy.case["patterns"]
    return {id.removeprefix(f"{pattern}."): word for id, word in toy.take().built.status.items()}


def errors(snapshot: Snapshot) -> list[str]:
    return [str(item) for item in snapshot.built.findings if item.severity is Severity.ERROR]


# --- what a case supplies --------------------------------------------------------------------------------------------


def test_the_names_that_a_case_supplies_are_listed(toy: Kit) -> None:
    loaded = toy.load()
    register = collect(loaded, toy.store)
    found = standings(loaded, register, toy.store)
    assert set(vocabulary(loaded, register, found, _data(loaded, register, found))) == SUPPLIED


@pytest.mark.parametrize("example", EXAMPLES)
def test_amlas_on_the_examples_is_well_formed_and_honest(tmp_path: Path, example: str) -> None:
    folder = tmp_path / example
    shutil.copytree(ROOT / "examples" / example, folder, ignore=shutil.ignore_patterns("build", "evidence"))
    case = folder / "case.yaml"
    text = case.read_text("utf-8")
    assert "patterns: [ml-constituent, tool-confidence]" in text
    case.write_text(
        text.replace("patterns: [ml-constituent, tool-confidence]", "patterns: [ml-constituent, amlas]"), "utf-8"
    )
    snapshot = take(load(folder), Store(folder / "evidence"))
    argument, status = snapshot.built.argument, snapshot.built.status
    assert not errors(snapshot)
    assert [item.id for item in argument.tops()] == ["G1", "amlas.G1"]
    assert status["amlas.G1"] is Status.IN_DOUBT, "no run has answered, and exclusions stand"
    open_goals = {item.id.removeprefix("amlas.") for item in argument if item.undeveloped}
    data = {"DATA.G2", "DATA.G4", "DATA.G5", "DATA.G6", "DATA.G7", "DATA.G8"}
    learning = {"LEARN.G4", "LEARN.G5", "LEARN.G6", "LEARN.G7"}
    deployment = {"DEPLOY.G4", "DEPLOY.G5", "DEPLOY.G6", "DEPLOY.G7", "DEPLOY.G8", "DEPLOY.G9"}
    assert data | learning | deployment | {"SCOPE.G4", "REQ.G2", "VERIFY.G7", "VERIFY.G8"} <= open_goals
    for item in argument:
        if isinstance(item, Goal) and item.undeveloped:
            doubted = Status.IN_DOUBT if argument.challengers(item.id) else Status.UNDEVELOPED
            assert status[item.id] is doubted
    for requirement in snapshot.loaded.case.requirements:
        leg = "G3" if requirement.property else "G4"
        assert [item.id for item in argument.children(f"amlas.VERIFY.S2-{requirement.id}")] == [
            f"amlas.VERIFY.{leg}-{requirement.id}"
        ]
        assert argument.contexts(f"amlas.VERIFY.S2-{requirement.id}"), "the choice is justified"


def test_patterns_do_not_disturb_each_other(toy: Kit) -> None:
    """Dossier and gap list know goals of the house pattern by identifier: no other pattern may have the like."""
    ids = {item.id for item in toy.write(patterns=["local-robustness"]).take().built.argument}
    assert all(id.startswith(("local-robustness.", "CG-")) for id in ids), "challenges have names of their own"
    toy.case["patterns"] = ["ml-constituent"]
    alone = toy.take().built
    both = toy.write(patterns=["ml-constituent", "residual-risk"]).take().built
    assert {item.id for item in alone.argument} < {item.id for item in both.argument}
    assert all(both.status[id] is word for id, word in alone.status.items())
    assert all(item.id.startswith("residual-risk.") for item in both.argument if item.id not in alone.argument)
    assert [item.code for item in both.findings if item.severity is not Severity.NOTE] == ["S131"], "the exclusion"


# --- statuses follow the evidence ------------------------------------------------------------------------------------


def amlas(toy: Kit) -> dict[str, Status]:
    return status_of(toy.write(patterns=["amlas"]))


def test_records_support_their_claims_and_the_top_stays_open(toy: Kit) -> None:
    before = amlas(toy)
    assert {before[f"VERIFY.S2-{id}"] for id in ("R1", "R2", "R3")} <= {Status.UNDEVELOPED, Status.PARTIAL}
    toy.prove("R1", "R2", "R3")
    after = amlas(toy)
    assert after["VERIFY.L1-R1.G2-R1"] is Status.SUPPORTED and after["VERIFY.P1-R2.G2-R2"] is Status.SUPPORTED
    assert after["VERIFY.S2-R1"] is Status.PARTIAL, "listed inputs are no domain, and nothing shows the implementation"
    assert after["G1"] is Status.IN_DOUBT and after["DATA.G1"] is Status.UNDEVELOPED, "an exclusion stands"
    toy.dispose("TM.1", "accepted")
    assert amlas(toy)["G1"] is Status.PARTIAL


def test_counterexamples_reach_the_top(toy: Kit) -> None:
    toy.keep("R2", bounds(toy.statement("R2"), "PR"), outcome="refuted")
    assert amlas(toy)["G1"] is Status.CONTRADICTED


def test_another_model_makes_everything_stale(toy: Kit) -> None:
    toy.prove("R1", "R2", "R3")
    (toy.folder / "net.onnx").write_bytes(b"another model")
    found = amlas(toy)
    assert found["G1"] is Status.STALE and found["VERIFY.L1-R1.G2-R1"] is Status.STALE


@pytest.mark.parametrize("edit", ["remove", "flip a byte"])
def test_a_record_that_is_gone_or_altered_supports_nothing(toy: Kit, edit: str) -> None:
    toy.prove("R1")
    (path,) = [item for item in (toy.folder / "evidence" / "objects").rglob("*") if item.is_file() and b"crown" in item.read_bytes()]  # fmt: skip
    assert amlas(toy)["VERIFY.L1-R1.G2-R1"] is Status.SUPPORTED
    path.chmod(0o644)
    if edit == "remove":
        path.unlink()
    else:
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(bytes(data))
    assert amlas(toy)["VERIFY.L1-R1.G2-R1"] is Status.UNDEVELOPED


def test_choosing_tests_does_not_hide_a_counterexample(toy: Kit) -> None:
    toy.keep("R2", bounds(toy.statement("R2"), "PR"), outcome="refuted")
    why = "Tests are thought to be enough for this one."
    toy.write(
        patterns=["amlas"],
        pattern_data={"amlas": {"choose": {"VERIFY.CH1-R2": {"take": ["tests"], "justification": why}}}},
    )
    assert "G283" in refused(toy)


def test_statistical_requirements_have_their_own_pattern(tmp_path: Path) -> None:
    toy = kit(tmp_path)
    toy.case = smooth(toy.case)
    snapshot = toy.write(patterns=["statistical-claim"]).take()
    assert not errors(snapshot) and "statistical-claim.G2-R1" in snapshot.built.status
    assert refused(toy.write(patterns=["property-proof", "local-robustness"])) == ["G276", "G276"], "all are reported"


# --- legs ------------------------------------------------------------------------------------------------------------

LEG = {"amlas-data": {"data_relevant": ["DOC"]}}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"evidence": "dataset-report"}, Status.SUPPORTED),
        ({"evidence": "dataset-report", "independent": False}, Status.PARTIAL),
        ({"evidence": "dataset-report", "reviewer": None}, Status.PARTIAL),
        ({"evidence": "plan"}, Status.PARTIAL),
    ],
)
def test_a_leg_follows_its_documents(toy: Kit, change: dict[str, Any], expected: Status) -> None:
    toy.write(patterns=["amlas-data"], pattern_data=LEG, documents=[document(toy.folder, "DOC", **change)])
    found = status_of(toy)
    assert found["G4"] is expected and found["G1"] is Status.IN_DOUBT and found["G5"] is Status.UNDEVELOPED
    (toy.folder / "DOC.md").write_text("changed", "utf-8")
    assert status_of(toy)["G4"] is Status.STALE


def test_a_document_is_no_proof(toy: Kit) -> None:
    """A reviewed report about reachable sets is a report: nothing was checked."""
    texts = {"plant": "a cart", "initial_set": "at rest", "unsafe_set": "the wall", "horizon": "5 s"}
    toy.write(
        patterns=["closed-loop-safety"],
        pattern_data={"closed-loop-safety": texts | {"reachable_sets": ["DOC"]}},
        documents=[document(toy.folder, "DOC", evidence="reachability")],
    )
    assert status_of(toy)["G2"] is Status.PARTIAL


def test_formal_examination_needs_something_formal(toy: Kit) -> None:
    requirement = toy.requirement("R3")
    del requirement["property"], requirement["meaning_review"]
    toy.case["runs"] = toy.case["runs"][:2]
    snapshot = toy.write(patterns=["amlas-verification"]).take()
    assert [item.id for item in snapshot.built.argument.children("amlas-verification.S2-R3")] == [
        "amlas-verification.G4-R3"
    ]
    decision = {"take": ["formal"], "justification": "It is thought to be formal enough."}
    toy.case["pattern_data"] = {"amlas-verification": {"choose": {"CH1-R3": decision}}}
    assert refused(toy) == ["G279"]


def test_what_was_examined_counts(toy: Kit) -> None:
    data = {"amlas-deployment": {"integration_tests": ["DOC"]}}
    for examined, expected in (("document", "partial"), ("executable-on-target", "supported")):
        made = document(toy.folder, "DOC", evidence="performance-test", examined=examined)
        loaded = toy.write(patterns=["amlas-deployment"], pattern_data=data, documents=[made]).load()
        register = collect(loaded, toy.store)
        found = standings(loaded, register, toy.store)
        supplied = vocabulary(loaded, register, found, _data(loaded, register, found))
        bound = bind(loaded, register, load_pattern("amlas-deployment"), supplied)
        assert bound["integration_tests"]["status"] == expected
        built = toy.take().built
        assert built.argument["amlas-deployment.Sn-G2-DOC"] in built.argument.children("amlas-deployment.G2")
        assert built.status["amlas-deployment.G2"] is Status.PARTIAL, "its other goals are open"


def test_the_fixed_legs_fill_themselves(toy: Kit) -> None:
    toy.write(patterns=["amlas-requirements"], documents=[document(toy.folder, "DOC", about=["requirements"])])
    assert status_of(toy)["G2"] is Status.SUPPORTED


# --- what people may not write ---------------------------------------------------------------------------------------

NET: dict[str, Any] = {"net": "A limiter", "held": [{"id": "H1", "text": "The rate is beyond its limit."}]}


@pytest.mark.parametrize(
    ("patterns", "data", "code"),
    [
        (["safety-net"], {}, "G141"),
        (["safety-net"], {"safety-net": None}, "G141"),
        (["safety-net"], {"safety-net": NET | {"nett": "x"}}, "G278"),
        (["safety-net"], {"safety-net": NET, "amlas": {}}, "G278"),
        (["safety-net"], {"safety-net": NET | {"held": [NET["held"][0] | {"colour": "red"}]}}, "G278"),
        (["safety-net"], {"safety-net": NET | {"held": "H1"}}, "G286"),
        (["safety-net"], {"safety-net": NET | {"held": []}}, "G276"),
        (["safety-net"], {"safety-net": NET | {"net_assured": "DOC"}}, "G286"),
        (["safety-net"], {"safety-net": NET | {"net_assured": ["DOC"]}}, "G285"),
        (["safety-net"], {"safety-net": NET | {"net_assured": {"status": "supported", "documents": []}}}, "G286"),
        (["safety-net"], {"safety-net": NET | {"constituent": "Something better"}}, "G284"),
        (["amlas"], {"amlas": {"requirements": ["R1"]}}, "G284"),
        (["amlas"], {"amlas": {"requirements_reviewed": []}}, "G284"),
        (["local-robustness"], {"local-robustness": {"claims": ["R1"]}}, "G284"),
        (["ml-constituent"], {"ml-constituent": {"requirements_shown": []}}, "G284"),
        (["defence-in-depth"], {}, "G279"),
        (["amlas"], {"amlas": {"choose": {"VERIFY.CH1-R9": {"take": ["tests"], "justification": "x" * 20}}}}, "G279"),
        (["amlas"], {"amlas": {"choose": {"VERIFY.CH1": {"take": ["formal"], "justification": "x"}}}}, "G280"),
        (["amlas", "nowhere"], {}, "G140"),
    ],
)  # fmt: skip
def test_what_people_may_not_write(toy: Kit, patterns: list[str], data: dict[str, Any], code: str) -> None:
    assert set(refused(toy.write(patterns=patterns, pattern_data=data))) == {code}


def test_a_filled_safety_net_is_well_formed_and_open(toy: Kit) -> None:
    snapshot = toy.write(patterns=["safety-net"], pattern_data={"safety-net": NET}).take()
    status = snapshot.built.status
    assert not errors(snapshot) and status.pop("safety-net.G1") is Status.IN_DOUBT, "the exclusion has no other place"
    assert set(status.values()) == {Status.UNDEVELOPED}
    assert "safety-net.G6-H1" in snapshot.built.argument


@pytest.mark.parametrize("patterns", [[], ["amlas", "amlas"], ["a b"]])
def test_the_list_of_patterns(toy: Kit, patterns: list[str]) -> None:
    toy.case["patterns"] = patterns
    assert refused(toy) == ["C106"]


def test_accepted_shortfalls_are_partial_and_lapse(toy: Kit) -> None:
    digest = toy.keep("R2", bounds(toy.statement("R2"), "PR"), outcome="refuted")
    deviation = {
        "id": "DEV", "about": "R2", "rationale": "known and watched by the crew", "accepted_by": "rev",
        "date": "2026-03-01", "regions_at_most": 1,
    }  # fmt: skip
    toy.write(patterns=["residual-risk"], deviations=[deviation])
    assert digest and status_of(toy)["G3-DEV"] is Status.PARTIAL
    assert status_of(toy.write(deviations=[deviation | {"regions_at_most": 0}]))["G3-DEV"] is Status.STALE


def test_a_package_names_every_pattern_that_was_used(toy: Kit) -> None:
    named = rules_of(toy.write(patterns=["amlas"]).load().case)
    for id in ("amlas", "amlas-data", "amlas-verification", "local-robustness", "statistical-claim"):
        assert f"templates/patterns/{id}.yaml" in named


# --- the command line ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("id", available())
def test_new_writes_a_case_that_stands(tmp_path: Path, id: str) -> None:
    made = []
    for example in EXAMPLES:
        target = tmp_path / example
        answer = CliRunner().invoke(new, [str(target), "--from", example, "--pattern", id])
        if isinstance(answer.exception, InputError):
            assert {item.code for item in answer.exception.findings} == {"G276"} and not target.exists()
            continue
        assert answer.exit_code == 0, answer.output
        loaded = load(target)
        snapshot = take(loaded, Store(loaded.evidence_folder))
        assert loaded.case.patterns == (id,) and not errors(snapshot)
        assert snapshot.built.status[snapshot.built.argument.roots()[0].id] is not Status.SUPPORTED
        made.append(example)
        if id not in ("local-robustness", "property-proof", "statistical-claim"):
            break  # one example is enough where the pattern asks nothing of it
    assert made, "at least one of the examples can start every pattern"


def conforms(output: str, name: str) -> Any:
    schema = json.loads((ROOT / "docs" / "schemas" / f"{name}.schema.json").read_text("utf-8"))
    answer = json.loads(output)
    jsonschema.Draft202012Validator(schema).validate(answer)
    return answer


def test_new_takes_several_patterns_and_lists_them(tmp_path: Path) -> None:
    target = tmp_path / "case"
    answer = CliRunner().invoke(new, [str(target), "--pattern", "amlas", "--pattern", "safety-net"])
    assert answer.exit_code == 0, answer.output
    assert load(target).case.patterns == ("amlas", "safety-net")
    listed = CliRunner().invoke(new, ["--list-patterns"])
    assert listed.exit_code == 0 and all(re.search(rf"^{id}\t", listed.output, re.MULTILINE) for id in available())
    answered = conforms(CliRunner().invoke(new, ["--list-patterns", "--json"]).output, "patterns")
    (net,) = [item for item in answered["patterns"] if item["id"] == "safety-net"]
    assert net["data"] == ["net", "held"]
    made = CliRunner().invoke(new, [str(tmp_path / "json"), "--pattern", "amlas", "--json"]).output
    assert conforms(made, "new")["patterns"] == ["amlas"]
    unknown = CliRunner().invoke(new, [str(tmp_path / "other"), "--pattern", "amlass"])
    assert isinstance(unknown.exception, InputError) and unknown.exception.finding.code == "G140"
    assert not (tmp_path / "other").exists()


def test_the_schema_of_patterns_is_current() -> None:
    page = ROOT / "docs" / "schemas" / "pattern.schema.json"
    now = json.dumps(Pattern.model_json_schema(by_alias=True), indent=2, sort_keys=True) + "\n"
    if os.environ.get("UPDATE_GOLDENS"):
        page.write_text(now, "utf-8")
    assert page.read_text("utf-8") == now


def test_the_page_lists_the_library() -> None:
    page = (ROOT / "docs" / "patterns.md").read_text("utf-8")
    assert set(re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE)) == set(available())
    for id in available():
        assert load_pattern(id).pattern.name in page


def test_the_example_of_the_page_is_a_pattern(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "patterns.md").read_text("utf-8")
    (block,) = re.findall(r"```yaml\n(schema: gsn-pattern/2.*?)```", page, re.DOTALL)
    shutil.copytree(shipped(), tmp_path / "patterns")
    rest = "".join(f"{name}: text\n" for name in TOPICS if name not in ("name", "intent", "related_patterns"))
    path = tmp_path / "patterns" / "sensors-example.yaml"
    path.write_text(block + rest + "related_patterns: []\n", "utf-8")
    loaded = read_pattern(path)
    data = sample(loaded.parameters) | {"choose": sample_choices(loaded)}
    found = instantiate(loaded, data)
    assert [item.id for item in found.argument.children("S1")] == ["G2-X1", "G2-X2"]
    assert "U1.G2-X1" in found.argument and "J1" in found.argument and "C1" in found.argument


# --- documents that speak against a leg ------------------------------------------------------------------------------

SUITE = '<testsuite name="s" tests="{n}" failures="{f}">{cases}</testsuite>'


def suite(toy: Kit, failures: int, passes: int) -> dict[str, Any]:
    cases = "".join(f'<testcase name="p{i}"/>' for i in range(passes))
    cases += "".join(f'<testcase name="f{i}"><failure/></testcase>' for i in range(failures))
    text = SUITE.format(n=failures + passes, f=failures, cases=cases)
    made = document(
        toy.folder, "T", evidence="performance-test", examined="executable-on-target", about=["implementation"]
    )
    (toy.folder / "T.xml").write_text(text, "utf-8")
    return made | {"path": "T.xml", "digest": of_bytes(text.encode()), "format": "junit"}


@pytest.mark.parametrize(
    ("failures", "passes", "expected"),
    [(0, 3, Status.SUPPORTED), (1, 3, Status.CONTRADICTED), (0, 0, Status.UNDEVELOPED)],
)
def test_a_failing_test_speaks_against_a_leg(toy: Kit, failures: int, passes: int, expected: Status) -> None:
    data = {"amlas-deployment": {"integration_tests": ["T"]}}
    built = (
        toy.write(
            patterns=["ml-constituent", "amlas-deployment"], pattern_data=data, documents=[suite(toy, failures, passes)]
        )
        .take()
        .built
    )
    for goal in ("G8-implementation", "amlas-deployment.G2"):
        children, against = built.argument.children(goal), built.argument.challengers(goal)
        assert len(against) == (failures > 0) and all(item.text.startswith("Counter-evidence") for item in against)
        if goal == "G8-implementation":
            assert built.status[goal] is expected and len(children) == (expected is Status.SUPPORTED)
        else:
            assert (built.status[goal] is Status.CONTRADICTED) == (expected is Status.CONTRADICTED)
