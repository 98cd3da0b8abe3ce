"""`assurance import`: exit codes, the promised JSON, bad input as one message."""

from __future__ import annotations

import contextlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from external_toys import network, spec

from assurance.cli import main

pytest.importorskip("onnxruntime")
SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "schemas" / "import.schema.json"


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str


def run(folder: Path, result: str, *more: object, tool: str = "nnenum") -> Answer:
    """The command on a result file, as a user would run it."""
    (folder / "net.onnx").write_bytes(network())
    (folder / "spec.vnnlib").write_bytes(spec())
    (folder / "result.txt").write_text(result, "utf-8")
    files = ("--network", folder / "net.onnx", "--property", folder / "spec.vnnlib", "--store", folder / "store")
    out, err, code = io.StringIO(), io.StringIO(), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main([str(item) for item in ("import", tool, folder / "result.txt", *files, *more)])
        except SystemExit as end:
            code = int(end.code or 0)
    return Answer(code, out.getvalue(), err.getvalue())


def document(answer: Answer) -> Any:
    found = json.loads(answer.out)
    schema = json.loads(SCHEMA.read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(found)
    return found


def test_a_claimed_proof_is_imported_and_said_to_be_unchecked(tmp_path: Path) -> None:
    answer = run(tmp_path, "unsat\n")
    assert answer.code == 0 and answer.out.startswith("UNKNOWN\n")
    assert "proof is unchecked" in answer.out and "PROVED" not in answer.out
    found = document(run(tmp_path, "unsat\n", "--json", "--tool-version", "1.2"))
    assert (found["verdict"], found["guarantee"], found["claimed"]) == ("UNKNOWN", "unchecked", "holds")
    assert found["tool_version"] == "1.2"


def test_a_counterexample_replays_or_not(tmp_path: Path) -> None:
    found = document(good := run(tmp_path, "sat\n((X_0 1)(X_1 1)(Y_0 1))", "--json"))
    assert (good.code, found["verdict"], found["counterexample"]["output"]) == (0, "REFUTED", [1.0])
    near = run(tmp_path, "sat\n((X_0 0)(X_1 0)(Y_0 1))", "--json")
    assert (near.code, document(near)["witness"]) == (1, "near miss")
    assert "E143" in near.err


def test_a_contradiction_with_a_stored_record_is_found(tmp_path: Path) -> None:
    assert run(tmp_path, "sat\n((X_0 1)(X_1 1)(Y_0 1))").code == 0
    answer = run(tmp_path, "unsat 1 2 3\n", tool="marabou")
    assert answer.code == 1 and "E144" in answer.err


@pytest.mark.parametrize(
    ("result", "code"), [("perhaps", "N138"), ("sat\n(X_0 1)", "N139"), ("sat\n(X_0 nan)(X_1 1)", "N139")]
)
def test_bad_input_is_one_message(tmp_path: Path, result: str, code: str) -> None:
    answer = run(tmp_path, result, "--json")
    assert answer.code == 2 and answer.out == "" and code in answer.err and "Traceback" not in answer.err
    assert not (tmp_path / "store").exists()


def test_unknown_tools_and_versions_are_refused(tmp_path: Path) -> None:
    assert run(tmp_path, "unsat", tool="another").code == 2
    assert run(tmp_path, "unsat", "--tool-version", "").code == 2
