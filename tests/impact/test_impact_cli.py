"""`assurance diff` and `assurance baseline` as a user calls them: answers, exit codes, JSON as docs/schemas says."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from case_toys import Kit
from impact_toys import Pair, epsilon, executed, fewer, hazard, label, seed

from assurance.cli import main
from assurance.impact.baselines import Label
from assurance.impact.facts import Baseline
from assurance.impact.report import Impact
from evidence.diagnostics import registered

SCHEMAS = Path(__file__).resolve().parents[2] / "docs" / "schemas"


def assurance(*arguments: object) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of the command line."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main([str(item) for item in arguments])
        except SystemExit as end:
            code = int(end.code or 0)
    return code, out.getvalue(), err.getvalue()


def diff(*arguments: object) -> tuple[int, str, str]:
    return assurance("diff", *arguments, "--device", "cpu")


def schema(name: str) -> Any:
    return json.loads((SCHEMAS / f"{name}.schema.json").read_text("utf-8"))


def conforms(value: object, name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schema(name))
    jsonschema.Draft202012Validator(schema(name)).validate(value)


# --- schemas -----------------------------------------------------------------------------------------------------------------


def _diff_schema() -> dict[str, Any]:
    """The shape of an impact, with the two operands and the findings about them."""
    made = Impact.model_json_schema(mode="serialization")
    text = {"type": "string"}
    case = {"type": "object", "properties": {"id": text, "issue": text, "digest": text}}
    case |= {"required": ["id", "issue", "digest"], "additionalProperties": False}
    side = {
        "type": "object",
        "properties": {
            "given": text,
            "kind": {"enum": ["case", "package", "git", "baseline"]},
            "verified": text,
            "case": case,
            "tool": text,
        },
        "required": ["given", "kind", "verified", "case", "tool"],
        "additionalProperties": False,
    }
    findings = schema("findings")["properties"]["findings"]
    made["properties"] = {"old": side, "new": side, **made["properties"], "findings": findings}
    made["required"] = list(made["properties"])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made, "title": "assurance diff --json"}


def _baseline_schema() -> dict[str, Any]:
    made = Baseline.model_json_schema(mode="serialization")
    title = "Named baseline of a case: one object of the evidence store"
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made, "title": title}


def _label_schema() -> dict[str, Any]:
    made = Label.model_json_schema(mode="serialization")
    title = "evidence/baselines/NAME.json: what the name of a baseline stands for"
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made, "title": title}


@pytest.mark.parametrize(
    ("name", "make"), [("diff", _diff_schema), ("baseline", _baseline_schema), ("baseline-name", _label_schema)]
)
def test_schemas_are_current(name: str, make: Any) -> None:
    """UPDATE_GOLDENS=1 rewrites them."""
    now = json.dumps(make(), indent=2, sort_keys=True) + "\n"
    path = SCHEMAS / f"{name}.schema.json"
    if os.environ.get("UPDATE_GOLDENS"):
        path.write_text(now, "utf-8")
    assert path.read_text("utf-8") == now


# --- diff --------------------------------------------------------------------------------------------------------------------


def test_the_answer_for_people(pair: Pair) -> None:
    epsilon(pair.new)
    pair.new.write()
    code, out, err = diff(pair.old.folder, pair.new.folder)
    assert code == 0 and not err
    assert "threat model TM\tchanged\tperturbation.eps: 0.1 m -> 0.2 m" in out
    assert "run-1\tR1\tits record answers another request: regions.perturbation.eps (0.1 m, now 0.2 m)" in out
    assert "meaning review R1\tRev Reviewer, 2026-02-01\tstands -> does not count" in out
    assert f"assurance run {pair.new.folder}" in out and "1 run to carry out" in out
    told, kept = out.split("# Evidence that is kept")
    assert "run-2\t" not in told and "G4-R2" not in told
    assert "\trun-2\tR2\tit answers what its run asks" in kept and "\trun-1\t" not in kept
    assert "Requirements that no change reaches: R2, R3." in kept
    assert "To be redone: 1 run to carry out; 1 document to look at (review-r1); " in kept


def test_the_answer_for_tools(pair: Pair) -> None:
    epsilon(pair.new)
    pair.new.write()
    code, out, _ = diff(pair.old.folder, pair.new.folder, "--json")
    answer = json.loads(out)
    conforms(answer, "diff")
    assert code == 0
    assert {"changed", "stale", "goals", "objectives", "acceptances", "rerun"} <= set(answer)
    assert [item["run"] for item in answer["rerun"]] == ["run-1"]
    assert [item["id"] for item in answer["changed"]] == ["TM"]


def test_nothing_changed_is_said(pair: Pair) -> None:
    code, out, err = diff(pair.old.folder, pair.new.folder)
    assert code == 0 and out.endswith("Nothing changed, and no run has to be carried out.\n") and not err
    code, out, _ = diff(pair.old.folder, pair.new.folder, "--json", "--fail-on", "changed,stale,worse,lapsed,rerun")
    assert code == 0 and not any(json.loads(out)[name] for name in ("changed", "stale", "goals", "rerun"))


def test_fail_on(pair: Pair) -> None:
    hazard(pair.new)
    pair.new.write()
    for words, expected in (
        ("", 0),
        ("changed", 1),
        ("stale", 0),
        ("rerun,worse", 0),
        ("lapsed", 1),
        ("rerun, changed", 1),
    ):
        code, _, err = diff(pair.old.folder, pair.new.folder, "--fail-on", words)
        assert code == expected, words
        assert ("--fail-on" in err) == bool(expected)
    seed(pair.new)
    pair.new.write()
    assert diff(pair.old.folder, pair.new.folder, "--fail-on", "rerun")[0] == 1
    assert diff(pair.old.folder, pair.new.folder, "--fail-on", "worse")[0] == 0, "the record still counts"
    epsilon(pair.new)
    pair.new.write()
    assert diff(pair.old.folder, pair.new.folder, "--fail-on", "worse")[0] == 1
    assert diff(pair.new.folder, pair.old.folder, "--fail-on", "worse,lost")[0] == 0, "better is not worse"


def test_fail_on_lost_refutations(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asking for something else makes counterexamples irrelevant; a policy can stop at that."""
    label(pair.new)
    executed(pair.new, monkeypatch)
    assert baseline(pair.new, "--name", "refuted")[0] == 0
    fewer(pair.new)
    pair.new.write()
    code, out, err = diff("refuted", pair.new.folder, "--fail-on", "lost")
    assert code == 1 and "BEWARE" in out and "nobody answered" in err


def test_bad_usage_is_one_finding(pair: Pair, tmp_path: Path) -> None:
    for arguments, expected in (
        ((pair.old.folder, pair.new.folder, "--fail-on", "everything"), "T152"),
        ((pair.old.folder, "no/such/thing"), "T140"),
        ((pair.old.folder, tmp_path), "C109"),
    ):
        code, out, err = diff(*arguments)
        assert code == 2 and not out and err.count("error ") == 1 and expected in err
    assert assurance("diff", pair.old.folder)[0] == 2


# --- baseline ----------------------------------------------------------------------------------------------------------------


def baseline(kit: Kit, *arguments: object) -> tuple[int, str, str]:
    return assurance("baseline", kit.folder, *arguments, "--device", "cpu")


def test_a_baseline_is_made_listed_and_compared(pair: Pair) -> None:
    assert json.loads(baseline(pair.new, "--json")[1]) == {"baselines": [], "findings": []}
    code, out, err = baseline(pair.new, "--name", "release-1")
    assert code == 0 and out.startswith("release-1: sha256:") and "Write the digest down" in err
    digest = out.split()[1]
    assert baseline(pair.new, "--name", "release-1")[1] == f"release-1: {digest} (as it was: nothing has changed)\n"
    conforms(json.loads(pair.new.store.get(digest)), "baseline")
    conforms(json.loads((pair.new.folder / "evidence" / "baselines" / "release-1.json").read_bytes()), "baseline-name")
    listed = json.loads(baseline(pair.new, "--json")[1])
    conforms(listed, "baseline-list")
    assert [(item["name"], item["digest"]) for item in listed["baselines"]] == [("release-1", digest)]
    assert "release-1\t" in baseline(pair.new)[1]
    made = json.loads(baseline(pair.new, "--name", "release-2", "--json")[1])
    assert made["name"] == "release-2" and made["fresh"] and made["digest"] != digest
    code, out, _ = diff("release-1", pair.new.folder)
    assert code == 0 and "Nothing changed" in out


def test_a_tampered_baseline_ends_with_1(pair: Pair) -> None:
    digest = baseline(pair.new, "--name", "release-1")[1].split()[1]
    pair.new.store.path(digest).write_bytes(b"{}")
    code, out, err = baseline(pair.new)
    assert code == 1 and "T148" in err and "release-1\t" not in out
    code, out, err = diff("release-1", pair.new.folder)
    assert code == 2 and err.count("error ") == 1 and "T148" in err and not out
    code, _, err = baseline(pair.new, "--name", "release-1")
    assert code == 2 and "T148" in err
    pair.new.store.path(digest).unlink()
    assert baseline(pair.new, "--name", "release-1")[0] == 0, "the bytes are written again: they are those of the name"
    assert baseline(pair.new)[0] == 0


def test_a_name_that_is_taken_ends_with_2(pair: Pair) -> None:
    baseline(pair.new, "--name", "release-1")
    epsilon(pair.new)
    pair.new.write()
    code, _, err = baseline(pair.new, "--name", "release-1")
    assert code == 2 and "T149" in err and err.count("error ") == 1


def test_a_case_with_changed_files_gets_no_baseline(pair: Pair) -> None:
    (pair.new.folder / "net.onnx").write_bytes(b"other")
    code, out, err = baseline(pair.new, "--name", "release-1")
    assert code == 2 and "C117" in err and err.count("error ") == 1 and not out
    assert not (pair.new.folder / "evidence" / "baselines").exists()


def test_nothing_heavy_is_loaded(pair: Pair) -> None:
    """A reader without the engines compares packages and baselines."""
    text = (
        "import sys; from assurance.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "finally: print([name for name in ('torch', 'auto_LiRPA', 'onnxruntime', 'weasyprint') if name in sys.modules])"
    )
    command = [sys.executable, "-c", text, "diff", pair.old.folder, pair.new.folder, "--device", "cpu"]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True)
    assert done.stdout.endswith("[]\n") and "Nothing changed" in done.stdout


def test_codes_stay_in_their_range() -> None:
    import assurance.cli.diff
    import assurance.impact

    assert assurance.cli.diff and assurance.impact
    own = {item.id for item in registered() if "T140" <= item.id <= "T169"}
    assert own == {f"T{number}" for number in range(140, 158)}
