"""The face: commands, exit codes, JSON shapes, and what happens when something changes under the evidence."""

from __future__ import annotations

import importlib
import json
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx
import pytest
from onnx import numpy_helper

import assurance.cli
from assurance.cli import COMMANDS
from assurance.loading import load
from evidence.store import Store

Cli = Callable[..., Any]


def test_help_teaches_the_workflow(cli: Cli) -> None:
    answer = cli("--help")
    assert answer.code == 0
    for command in ("new", "check", "run", "gaps", "build", "package", "verify", "demo", "doctor", "catalogue"):
        assert command in answer.out


def test_the_table_of_commands_is_complete(cli: Cli) -> None:
    """Every file with a command is in the table under the command's own name; its line fits the list unbroken."""
    found = {}
    for path in sorted(Path(assurance.cli.__file__).parent.glob("*.py")):
        if path.stem not in ("__init__", "common", "writing"):
            module = importlib.import_module(f"assurance.cli.{path.stem}")
            found[f"{path.stem}:{path.stem}"] = getattr(module, path.stem).name
    assert {place: name for name, (place, _) in COMMANDS.items()} == found
    listed = cli("--help").out
    for name, (_, line) in COMMANDS.items():
        assert f"  {name.ljust(9)}  {line}\n" in listed + "\n"
        assert cli(name, "--help").out.startswith("Usage")


def test_usage_error_is_2(cli: Cli) -> None:
    assert cli("gaps").code == 2
    assert cli("no-such-command").code == 2


def test_check_json_has_the_promised_shape(cli: Cli, built: Path) -> None:
    answer = cli("check", built, "--json")
    findings = answer.json()["findings"]
    assert findings
    promised = {"code", "severity", "message", "clause", "file", "line", "column", "element"}
    assert all(promised <= set(item) for item in findings)
    assert answer.code == int(any(item["severity"] == "error" for item in findings))


def test_check_formats(cli: Cli, built: Path) -> None:
    sarif = json.loads(cli("check", built, "--format", "sarif").out)
    assert sarif["version"] == "2.1.0"
    assert sarif["runs"][0]["results"]
    suite = ElementTree.fromstring(cli("check", built, "--format", "junit").out)
    assert int(suite.attrib["tests"]) == len(suite)


def test_gaps_json_has_the_promised_shape(cli: Cli, built: Path) -> None:
    answer = cli("gaps", built, "--json")
    assert answer.code == 0
    standard = answer.json()["standards"][0]
    assert standard["standard"] == "iso-26262-6"
    assert {"standard", "edition", "level", "totals", "objectives"} <= set(standard)
    promised = {"id", "title", "status", "required", "independence", "n", "of", "evidence", "goals", "reasons", "next"}
    assert all(promised <= set(item) for item in standard["objectives"])
    assert len(standard["objectives"]) == 90


def test_gaps_policy(cli: Cli, built: Path) -> None:
    assert cli("gaps", built, "--fail-on", "open").code == 1
    assert cli("gaps", built, "--fail-on", "stale").code == 0
    assert cli("gaps", built, "--fail-on", "green").code == 2
    assert cli("gaps", built, "--standard", "do-178c").code == 2
    assert cli("gaps", built, "--standard", "iso-26262-6", "--level", "Z").code == 2


def test_run_again_keeps_the_records(cli: Cli, case: Path) -> None:
    before = sorted((case / "evidence").rglob("*"))
    answer = cli("run", case, "--json")
    assert answer.code == 0
    assert not any(item["fresh"] for item in answer.json()["runs"])
    assert sorted((case / "evidence").rglob("*")) == before


def test_runs_and_builds_fail_on_what_they_are_told_to(cli: Cli, case: Path) -> None:
    """Without being told they end well, also with counterexamples and open gaps."""
    outcomes = {item["run"]: item["outcome"] for item in cli("run", case, "--json").json()["runs"]}
    assert set(outcomes.values()) == {"refuted", "not-met"}
    for run, outcome in outcomes.items():
        for word in ("refuted", "not-met"):
            answer = cli("run", case, "--only", run, "--fail-on", word)
            assert answer.code == (1 if outcome == word else 0), (run, outcome, word)
    assert cli("run", case, "--fail-on", "refuted", "--fail-on", "not-met").code == 1
    assert cli("run", case, "--fail-on", "open").code == 2
    assert cli("build", case, "--format", "json", "--fail-on", "open").code == 1
    assert (case / "build" / "coverage.json").is_file()
    answer = cli("build", case, "--format", "json", "--fail-on", "stale")
    assert answer.code == (1 if "O271" in answer.err else 0)
    assert cli("build", case, "--format", "json", "--fail-on", "gone").code == 2


def test_run_only_unknown(cli: Cli, case: Path) -> None:
    answer = cli("run", case, "--only", "nothing")
    assert answer.code == 2
    assert "C123" in answer.err


def test_one_changed_weight_makes_everything_stale(cli: Cli, case: Path) -> None:
    model = onnx.load(str(case / "digit_reader_linf.onnx"))
    weights = numpy_helper.to_array(model.graph.initializer[0]).copy()
    weights.flat[0] += 1e-3
    model.graph.initializer[0].CopyFrom(numpy_helper.from_array(weights, model.graph.initializer[0].name))
    onnx.save(model, str(case / "digit_reader_linf.onnx"))
    check = cli("check", case, "--json")
    assert check.code == 1
    assert "C117" in {item["code"] for item in check.json()["findings"]}
    assert any(item["element"] == "D2" and "stale" in item["message"] for item in check.json()["findings"])
    assert cli("gaps", case).code == 1
    for command in (("run", case), ("build", case), ("package", case, "--key", "k", "--out", "o")):
        answer = cli(*command)
        assert answer.code == 2
        assert "C117" in answer.err


def test_record_for_another_model_is_refused(cli: Cli, case: Path) -> None:
    """Somebody points the journal of D2 at the record of D1, which is about another network."""
    store = Store(load(case).evidence_folder)
    journal = store.root / "journal.jsonl"
    records = {entry.run: entry.record for entry in store.journal()}
    text = journal.read_text("utf-8")
    journal.write_text(text.replace(records["bounds-d2"], records["smooth-d1"]), "utf-8")
    findings = cli("check", case, "--json").json()["findings"]
    about = [item["message"] for item in findings if item["element"] == "D2"]
    assert any("S101" in message for message in about)
    assert not any("D2 is supported" in message or "D2 is partial" in message for message in about)


def test_criterion_lowered_after_a_result_is_found(cli: Cli, case: Path) -> None:
    file = case / "case.yaml"
    file.write_text(file.read_text("utf-8").replace("eps: 0.05 grey", "eps: 0.3 grey"), "utf-8")
    assert cli("run", case).code == 0
    file.write_text(file.read_text("utf-8").replace("eps: 0.3 grey", "eps: 0.01 grey"), "utf-8")
    text = file.read_text("utf-8")
    file.write_text(text[: text.index("\ndeviations:")], "utf-8")
    assert cli("run", case).code == 0
    check = cli("check", case, "--json")
    assert check.code == 1
    assert any(item["code"] == "S119" and item["element"] == "D2" for item in check.json()["findings"])
    assert any("in doubt" in item["message"] for item in check.json()["findings"] if item["element"] == "D2")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (("schema: assurance-case/1", "schema: assurance-case/1\nschema: twice"), "C104"),
        (("organisation:", "organization:"), "C107"),
        (("eps: 0.05 grey", "eps: 0.05"), "C106"),
        (("eps: 0.05 grey", "eps: 0.05 lux"), "N103"),
        (("level: B", "level: D"), "C112"),
        (("    level: B\n", ""), "C112"),
        (("  - id: iso-26262-6\n", "  - id: iso-99999\n"), "O101"),
        (("model: reader-linf", "model: nobody"), "C110"),
        (("path: digit_reader.onnx", "path: ../digit_reader.onnx"), "C106"),
    ],
)
def test_bad_input_is_one_clear_message(cli: Cli, case: Path, change: tuple[str, str], code: str) -> None:
    file = case / "case.yaml"
    before = file.read_text("utf-8")
    assert change[0] in before
    file.write_text(before.replace(change[0], change[1], 1), "utf-8")
    for command in ("check", "build"):
        answer = cli(command, case)
        assert answer.code == 2
        assert code in answer.err
        assert "Traceback" not in answer.err
        assert "case.yaml" in answer.err or code == "O101"


def test_no_file(cli: Cli, tmp_path: Path) -> None:
    answer = cli("check", tmp_path)
    assert answer.code == 2
    assert "C109" in answer.err


def test_new_builds_on_an_untouched_folder_only(cli: Cli, tmp_path: Path) -> None:
    target = tmp_path / "mine"
    assert cli("new", target, "--from", "digit_reader").code == 0
    assert (target / "case.schema.json").is_file()
    assert load(target).case.id == "digit-reader"
    assert cli("new", target).code == 2


def test_package_and_verify(cli: Cli, case: Path, tmp_path: Path) -> None:
    key, package = tmp_path / "key.pem", tmp_path / "review.zip"
    assert cli("package", case, "--key", key, "--new-key", "--out", package).code == 0
    answer = cli("verify", package, "--key", tmp_path / "key.pem.pub")
    assert answer.code == 0, answer.out
    assert "re-checked" in answer.out
    data = bytearray(package.read_bytes())
    data[len(data) // 2] ^= 1
    package.write_bytes(bytes(data))
    assert cli("verify", package).code == 1


def test_catalogue_json(cli: Cli) -> None:
    shown = cli("catalogue", "show", "do-178c", "--json").json()
    assert len(shown["objectives"]) == 71
    totals = {level: (item["total"], item["independence"]) for level, item in shown["totals"].items()}
    assert totals == {"A": (71, 30), "B": (69, 18), "C": (62, 5), "D": (26, 2)}
    assert {"do-178c", "iso-26262-6", "arp6983"} <= {
        item["id"] for item in cli("catalogue", "list", "--json").json()["standards"]
    }
    assert cli("catalogue", "show", "do-999").code == 2


def test_doctor(cli: Cli) -> None:
    parts = {item["name"]: item for item in cli("doctor", "--json").json()["parts"]}
    assert parts["numpy"]["state"] == "ready"


def test_without_pango_html_is_built_and_explicit_pdf_is_refused(
    cli: Cli, case: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    shutil.rmtree(case / "build")
    answer = cli("build", case)
    assert answer.code == 0
    assert "no PDF" in answer.err
    assert (case / "build" / "dossier.html").is_file()
    assert cli("build", case, "--format", "pdf").code == 2


def test_module_runs_as_a_program() -> None:
    done = subprocess.run([sys.executable, "-m", "assurance", "--version"], capture_output=True, text=True, check=True)
    assert "0.1.0" in done.stdout
