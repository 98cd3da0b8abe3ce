"""Declared verdicts of other tools: they never make a goal green, and their counterexamples count."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "case"))

from case_toys import Kit, bounds, kit

from assurance.execution import execute
from assurance.status import Status
from assurance.support import Level, assess
from evidence.digest import of_bytes
from evidence.errors import InputError
from evidence.external.importing import Given, import_verdict
from evidence.records import ExternalVerdictRecord

pytest.importorskip("onnxruntime")

HEAD = "".join(f"(declare-const {name} Real)\n" for name in ("X_0", "X_1", "Y_0", "Y_1", "Y_2"))
BOX = "(assert (>= X_0 0))(assert (<= X_0 5))(assert (>= X_1 0))(assert (<= X_1 10))\n"
LOW = "(assert (<= Y_0 0.5))\n"
"""Never met: the first output is at least 1."""
HIGH = "(assert (>= Y_0 2))\n"
"""Met by x = 1."""


def declare(toy: Kit, said: str, constraint: str = LOW, own: bool = True, **changes: Any) -> Kit:
    """R2 asks for a VNN-LIB property (or keeps its boxes), and a tool's file answers that property."""
    spec, result = (HEAD + BOX + constraint).encode(), said.encode()
    (toy.folder / "spec.vnnlib").write_bytes(spec)
    (toy.folder / "result.txt").write_bytes(result)
    formal = toy.requirement("R2")["property"]
    if own:
        formal["regions"] = {"kind": "property-file", "property_file": "spec"}
        formal["condition"] = {"kind": "property-holds"}
    item = {
        "id": "peer",
        "title": "what nnenum says",
        "path": "result.txt",
        "digest": of_bytes(result),
        "tool": "nnenum",
        "requirement": "R2",
        "model": "net",
        "property_file": "spec",
    }
    files = [{"id": "spec", "title": "Property", "path": "spec.vnnlib", "digest": of_bytes(spec), "source": "test"}]
    return toy.write(property_files=files, external_verdicts=[item | changes], runs=[])


@pytest.fixture
def toy(tmp_path: Path) -> Kit:
    return kit(tmp_path)


def test_a_claimed_proof_makes_nothing_green(toy: Kit) -> None:
    declare(toy, "unsat\n")
    (done,) = execute(toy.load(), toy.store)
    assert isinstance(done.record, ExternalVerdictRecord) and done.outcome == "not-met"
    claim = toy.load().claims["R2"]
    found = assess(claim, done.record, 1)
    assert (found.level, found.established) == (Level.NONE, 0)
    assert "S123" in [item.code for item in found.reasons]
    snapshot = toy.take()
    standing = snapshot.standings["R2"]
    assert standing.status is Status.UNDEVELOPED and standing.established == 0
    assert "S123" in [item.code for item in standing.reasons]


def test_an_own_proof_beside_it_decides(toy: Kit) -> None:
    declare(toy, "unsat\n")
    toy.write(runs=[{"id": "run-2", "requirement": "R2", "engine": "bounds"}])
    execute(toy.load(), toy.store, ["peer"])
    toy.keep("R2", bounds(toy.statement("R2"), "P"))
    standing = toy.take().standings["R2"]
    assert standing.status is Status.SUPPORTED
    assert "S123" not in [item.code for item in standing.reasons]


def test_a_changed_criterion_is_no_failed_try(toy: Kit) -> None:
    declare(toy, "unsat\n")
    execute(toy.load(), toy.store)
    toy.requirement("R2")["property"]["at_least"] = 0.5
    assert "S119" not in [item.code for item in toy.take().standings["R2"].reasons]


def test_a_replayed_counterexample_contradicts(toy: Kit) -> None:
    declare(toy, "sat\n((X_0 1)(X_1 0)(Y_0 2)(Y_1 0)(Y_2 0.5))", HIGH)
    toy.write(runs=[{"id": "run-2", "requirement": "R2", "engine": "bounds"}])
    execute(toy.load(), toy.store, ["peer"])
    assert toy.take().standings["R2"].status is Status.CONTRADICTED
    toy.keep("R2", bounds(toy.statement("R2"), "P"))
    snapshot = toy.take()
    assert snapshot.standings["R2"].status is Status.CONTRADICTED
    assert {"E144", "S112"} <= {item.code for item in snapshot.findings}


def test_a_near_miss_contradicts_nothing(toy: Kit) -> None:
    declare(toy, "sat\n((X_0 0.99999)(X_1 0)(Y_0 2))", HIGH)
    execute(toy.load(), toy.store)
    snapshot = toy.take()
    assert snapshot.standings["R2"].status is Status.UNDEVELOPED
    assert "E143" in {item.code for item in snapshot.findings}


def test_a_witness_for_an_exported_file_is_held_against_the_requirement_itself(toy: Kit) -> None:
    """R2's own boxes and condition: the decision is never `down`; with a large bias it always is."""
    from case_toys import onnx_bytes

    data = onnx_bytes(bias=100.0)
    (toy.folder / "net.onnx").write_bytes(data)
    toy.case["models"][0]["digest"] = of_bytes(data)
    declare(
        toy, "sat\n((X_0 1)(X_1 0)(Y_0 2)(Y_1 99)(Y_2 0.5))", "(assert (>= Y_1 Y_0))(assert (>= Y_1 Y_2))\n", own=False
    )
    (done,) = execute(toy.load(), toy.store)
    assert done.outcome == "refuted" and done.record is not None and done.record.statement == toy.statement("R2")
    standing = toy.take().standings["R2"]
    assert (standing.status, standing.refuted) == (Status.CONTRADICTED, 1)


def test_an_exported_file_with_a_claimed_proof_is_about_something_else(toy: Kit) -> None:
    declare(toy, "unsat\n", own=False)
    execute(toy.load(), toy.store)
    codes = {item.code for item in toy.take().standings["R2"].reasons}
    assert {"S104", "S105", "S123"} <= codes


def test_a_hostile_file_fails_alone(toy: Kit) -> None:
    declare(toy, "sat\n(((((((")
    (done,) = execute(toy.load(), toy.store)
    assert done.outcome == "failed" and [item.code for item in done.failures] == ["N138"] and done.crash is None
    assert toy.store.journal() == []


def test_digest_and_references_are_checked(toy: Kit) -> None:
    declare(toy, "unsat\n", digest="sha256:" + "0" * 64)
    assert "C117" in {item.code for item in toy.load().findings}
    declare(toy, "unsat\n", property_file="nowhere", model="other", requirement="R9")
    with pytest.raises(InputError) as caught:
        toy.load()
    assert [item.code for item in caught.value.findings] == ["C110"] * 3
    declare(toy, "unsat\n")
    with pytest.raises(InputError) as same:
        toy.write(runs=[{"id": "peer", "requirement": "R2", "engine": "bounds"}]).load()
    assert {item.code for item in same.value.findings} == {"C111"}
    with pytest.raises(InputError):
        declare(toy, "unsat\n", tool="another").load()


def test_the_same_import_gives_the_same_record(toy: Kit) -> None:
    declare(toy, "unsat\n")
    first, again = (execute(toy.load(), toy.store)[0] for _ in range(2))
    assert first.digest == again.digest and first.fresh and not again.fresh
    assert len(toy.store.journal()) == 1
    other = Given("nnenum", "2", b"unsat\n", "r", (toy.folder / "spec.vnnlib").read_bytes())
    files = {of_bytes(path.read_bytes()): path.read_bytes() for path in toy.folder.iterdir() if path.is_file()}
    assert import_verdict(other, [toy.statement("R2")], files.__getitem__, toy.store)[1] != first.digest
