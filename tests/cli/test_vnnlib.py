"""`assurance vnnlib` writes requirements for other tools, and a case takes VNN-LIB files as requirements."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from assurance.loading import load
from evidence.digest import of_file
from evidence.exact import property_of
from evidence.records import BoundsRecord, read_record
from evidence.regions import expand
from evidence.store import Store
from evidence.vnnlib import read_property

Cli = Callable[..., Any]
SCHEMAS = Path(__file__).resolve().parents[2] / "docs" / "schemas"


def _written(cli: Cli, case: Path, *more: object) -> tuple[dict[str, Any], Path]:
    answer = cli("vnnlib", case, "--json", *more)
    assert answer.code == 0, answer.err
    found = answer.json()
    schema = json.loads((SCHEMAS / "vnnlib.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(found)
    return found, Path(found["instances"]).parent


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_one_file_for_each_listed_input(cli: Cli, case: Path, version: str) -> None:
    found, folder = _written(cli, case, "--format", version)
    assert folder == case / "build" / "vnnlib"
    assert [(item["requirement"], item["regions"], item["cases"]) for item in found["files"]] == [("D2", 1, 9)] * 12
    assert [item["element"] for item in found["left_out"]] == ["D1"]
    assert [item["code"] for item in found["left_out"]] == ["N134"]
    loaded = load(case)
    statement = loaded.claims["D2"].statement
    regions = expand(statement, lambda digest: (loaded.path_of(digest) or case).read_bytes())
    lines = (folder / "instances.csv").read_text("utf-8").splitlines()
    for number, (item, line) in enumerate(zip(found["files"], lines, strict=True)):
        assert line == f"{item['onnx']},{item['vnnlib']},300"
        again = read_property((folder / item["vnnlib"]).read_bytes())
        assert again.version == version
        assert again.cases == property_of(statement, regions, range(number, number + 1)).cases
        assert of_file(folder / item["onnx"]) == statement.model


def test_few_files_hold_several_regions_each(cli: Cli, case: Path, tmp_path: Path) -> None:
    found, folder = _written(cli, case, "--files", "5", "--out", tmp_path / "out", "--timeout", "60")
    assert [item["regions"] for item in found["files"]] == [3, 3, 3, 3]
    assert folder == tmp_path / "out"
    for item in found["files"]:
        again = read_property((folder / item["vnnlib"]).read_bytes())
        assert (len(again.regions), len(again.cases)) == (3, 27)
    assert (folder / "instances.csv").read_text("utf-8").endswith(",60\n")


def test_what_cannot_be_stated_is_refused_when_it_is_named(cli: Cli, case: Path) -> None:
    for name in ("D1", "D3"):
        answer = cli("vnnlib", case, "--only", name)
        assert answer.code == 2
        assert "N134" in answer.err
    answer = cli("vnnlib", case, "--only", "D9")
    assert answer.code == 2
    assert "C110" in answer.err
    (case / "digit_reader_linf.onnx").write_bytes(b"another network")
    assert "C117" in cli("vnnlib", case).err


def _with_property(case: Path, source: Path, **changes: str) -> None:
    """Declare a VNN-LIB file and a requirement D5 that rests on it."""
    (case / "d5.vnnlib").write_bytes(source.read_bytes())
    text = (case / "case.yaml").read_text("utf-8")
    declared = {"digest": of_file(case / "d5.vnnlib"), "file": "PF5"} | changes
    files = f"""property_files:
  - id: PF5
    title: Counterexamples to stable reading
    path: d5.vnnlib
    digest: {declared["digest"]}
    source: written by the test

threat_models:
"""
    requirement = f"""
  - id: D5
    title: Stable reading as a property file
    text: The base reader shall not misread the listed pictures when every pixel is off by up to 0.05 grey.
    parents: [SR1]
    hazards: [H1]
    author: mara
    property:
      model: reader-linf
      regions: {{kind: property-file, property_file: {declared["file"]}}}
      condition: {{kind: property-holds}}
      at_least: 0.5
      arithmetic: real
      rationale: The same sets as those of D2, stated in the exchange format of verifiers.
    meaning_review: {{by: tomas, date: "2026-11-02", independent: true}}

models:
"""
    run = """runs:
  - {id: bounds-d5, requirement: D5, engine: bounds, parameters: {method: crown, attack_restarts: 1}, seed: 20261122}
"""
    text = text.replace("\nthreat_models:\n", "\n" + files).replace("\nmodels:\n", requirement).replace("runs:\n", run)
    (case / "case.yaml").write_text(text, "utf-8")


def _letters(case: Path, run: str) -> str:
    store = Store(case / "evidence")
    digest = next(entry.record for entry in store.journal() if entry.run == run)
    record = read_record(store.get(digest), run)
    assert isinstance(record, BoundsRecord)
    return record.regions


def test_a_property_file_as_requirement(cli: Cli, case: Path, tmp_path: Path) -> None:
    """Written from D2 and read back, the property gets the same result in every region, and a whole dossier."""
    found, folder = _written(cli, case, "--files", "1", "--out", tmp_path / "out")
    _with_property(case, folder / found["files"][0]["vnnlib"])
    answer = cli("build", case, "--format", "html,json")
    assert answer.code == 0, answer.err
    assert _letters(case, "bounds-d5") == _letters(case, "bounds-d2")
    assert "P" in _letters(case, "bounds-d5")
    dossier = (case / "build" / "dossier.html").read_text("utf-8")
    assert "gives no counterexample throughout the 12 input boxes of the property file" in dossier
    refuted = _letters(case, "bounds-d5").index("R")
    assert f"cases {9 * refuted + 1}-{9 * refuted + 9}" in dossier
    findings = cli("check", case, "--json").json()["findings"]
    assert not any("PF5" in item["message"] for item in findings)
    package = tmp_path / "review.zip"
    assert cli("package", case, "--key", tmp_path / "key.pem", "--new-key", "--out", package).code == 0
    verified = cli("verify", package, "--json").json()
    (proofs,) = (item for item in verified["rechecked"] if item["kind"] == "proved regions")
    assert proofs["n"] == proofs["of"] == 2 * _letters(case, "bounds-d5").count("P")
    (case / "d5.vnnlib").write_text("; changed", "utf-8")
    assert cli("run", case).code == 2
    stale = [item for item in cli("check", case, "--json").json()["findings"] if item["element"] == "D5"]
    assert any("stale" in item["message"] for item in stale)


def test_bad_property_files_of_a_case(cli: Cli, case: Path, tmp_path: Path) -> None:
    source = tmp_path / "bad.vnnlib"
    source.write_text("(declare-const X_0 Real)(declare-const Y_0 Real)(assert (<= Y_0 0))", "utf-8")
    _with_property(case, source)
    answer = cli("run", case)
    assert answer.code == 2
    assert "N127" in answer.err
    assert "d5.vnnlib" in answer.err
    assert cli("check", case).code == 1


def test_an_undeclared_property_file(cli: Cli, case: Path, tmp_path: Path) -> None:
    source = tmp_path / "any.vnnlib"
    source.write_text("; nothing", "utf-8")
    _with_property(case, source, file="PF6")
    answer = cli("check", case)
    assert answer.code == 2
    assert "C110" in answer.err
    assert "PF6" in answer.err
