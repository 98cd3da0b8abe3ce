"""Imported verdicts in a review package and in the dossier: re-read, replayed, forgeries found."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "case"))

from case_toys import Kit, kit
from test_in_a_case import HIGH, declare

from assurance.cli import main
from assurance.execution import execute
from assurance.package import verify_package
from assurance.package.build import build_package
from assurance.package.sign import new_key
from assurance.package.verify import Verification
from evidence.digest import of_bytes
from evidence.records import ExternalVerdictRecord, record_bytes
from evidence.store import Entry

pytest.importorskip("onnxruntime")
WITNESS = "sat\n((X_0 1)(X_1 0)(Y_0 2)(Y_1 0)(Y_2 0.5))"


def packed(toy: Kit) -> Verification:
    """Build and verify a package of the case as it stands."""
    made = new_key(toy.folder.parent / "key")
    built = build_package(toy.load(), toy.store, made.private, toy.folder.parent / "toy.zip", ())
    return verify_package(built.file, made.public)


def errors(result: Verification) -> set[str]:
    return {item.code for item in result.findings if item.severity == "error"}


def forge(toy: Kit, **changes: Any) -> None:
    """Import, then put an altered record in the place of the true one."""
    (done,) = execute(toy.load(), toy.store)
    assert isinstance(done.record, ExternalVerdictRecord)
    altered = ExternalVerdictRecord.model_validate(done.record.model_dump(mode="json") | changes)
    (entry,) = toy.store.journal()
    (toy.store.root / "journal.jsonl").unlink()
    for path in (toy.store.root / "requests").iterdir():
        path.unlink()
    digest = toy.store.put(record_bytes(altered))
    outcome = "refuted" if altered.counterexamples else "not-met"
    toy.store.note(Entry(entry.requirement, entry.criterion, digest, entry.run, outcome))


@pytest.fixture
def toy(tmp_path: Path) -> Kit:
    (tmp_path / "case").mkdir()
    return kit(tmp_path / "case")


def test_a_claimed_proof_is_listed_as_not_rechecked(toy: Kit) -> None:
    declare(toy, "unsat\n")
    execute(toy.load(), toy.store)
    result = packed(toy)
    assert errors(result) == set()
    assert any("proof that nnenum claims" in item.what for item in result.unchecked)
    assert {item.kind: (item.n, item.of) for item in result.rechecked}["records"] == (1, 1)


def test_a_counterexample_is_replayed_by_the_reader(toy: Kit) -> None:
    declare(toy, WITNESS, HIGH)
    execute(toy.load(), toy.store)
    result = packed(toy)
    assert errors(result) == set()
    assert {item.kind: (item.n, item.of) for item in result.rechecked}["counterexamples"] == (1, 1)


def test_a_forged_counterexample_is_found(toy: Kit) -> None:
    declare(toy, WITNESS, HIGH)
    example = {"region": 0, "input": [0.0, 0.0], "output": [2.0, 0.0, 0.5], "replayed_by": "nobody"}
    forge(toy, counterexamples=[example])
    assert errors(packed(toy)) == {"P144"}


def test_a_word_that_the_tool_did_not_say_is_found(toy: Kit) -> None:
    declare(toy, "timeout\n")
    guarantee = {"kind": "unchecked", "arithmetic": "real", "predictor": "base", "complete": False}
    forge(toy, said="unsat", claimed="holds", regions="C", guarantee=guarantee)
    assert errors(packed(toy)) == {"P145"}


def test_a_hidden_counterexample_is_found(toy: Kit) -> None:
    declare(toy, WITNESS, HIGH)
    forge(toy, witness="none", counterexamples=[], regions="U", verdict="UNKNOWN", rechecks=[])
    assert errors(packed(toy)) == {"P145"}


def test_a_near_miss_that_is_a_counterexample_is_found(toy: Kit) -> None:
    declare(toy, WITNESS, HIGH)
    forge(toy, witness="near miss", counterexamples=[], regions="U", verdict="UNKNOWN", rechecks=[])
    assert errors(packed(toy)) >= {"P145"}


def test_the_dossier_says_that_the_proof_is_unchecked(toy: Kit) -> None:
    declare(toy, "unsat\n")
    with pytest.raises(SystemExit) as ended:
        main(["build", str(toy.folder), "--format", "html"])
    assert not ended.value.code
    page = (toy.folder / "build" / "dossier.html").read_text("utf-8")
    assert "its proof is unchecked" in page and "verdict of another tool" in page and "L119" in page
    assert of_bytes(b"unsat\n") in page


def test_a_near_miss_can_be_packaged_and_is_shown(toy: Kit) -> None:
    declare(toy, "sat\n((X_0 0.99999)(X_1 0)(Y_0 2))", HIGH)
    execute(toy.load(), toy.store)
    assert "E143" in {item.code for item in toy.take().findings}
    assert errors(packed(toy)) == set()
