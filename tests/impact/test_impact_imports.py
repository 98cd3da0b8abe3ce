"""Imported verdicts of other tools: they are listed when file, tool or question changed, and engines are not called for them."""

from __future__ import annotations

from pathlib import Path

import pytest
from case_toys import Kit, kit
from impact_toys import keys, reruns, stale_by, state

from assurance.execution import execute
from assurance.impact import Baseline, compare
from evidence.digest import of_bytes

pytest.importorskip("onnxruntime")

SPEC = """(declare-const X_0 Real)(declare-const X_1 Real)(declare-const Y_0 Real)(declare-const Y_1 Real)
(declare-const Y_2 Real)(assert (>= X_0 0))(assert (<= X_0 5))(assert (>= X_1 0))(assert (<= X_1 10))
(assert (>= Y_0 2))
"""
WITNESS = "sat\n((X_0 1)(X_1 0)(Y_0 2)(Y_1 0)(Y_2 0.5))"


def put(toy: Kit, name: str, text: str) -> str:
    (toy.folder / name).write_text(text, "utf-8")
    return of_bytes(text.encode())


@pytest.fixture
def toy(tmp_path: Path) -> Kit:
    """R2 with the verdict `peer` of another tool about its box, imported."""
    made = kit(tmp_path)
    spec = {"id": "spec", "title": "Property", "path": "spec.vnnlib", "digest": put(made, "spec.vnnlib", SPEC)}
    verdict = {
        "id": "peer",
        "title": "what nnenum says",
        "path": "result.txt",
        "digest": put(made, "result.txt", WITNESS),
        "tool": "nnenum",
        "requirement": "R2",
        "model": "net",
        "property_file": "spec",
    }
    made.write(property_files=[spec | {"source": "test"}], external_verdicts=[verdict], runs=[])
    execute(made.load(), made.store, device="cpu")
    return made


def imported_anew(toy: Kit) -> set[str]:
    """The imports that gave a record which the store did not have."""
    return {item.run.id for item in execute(toy.load(), toy.store, device="cpu") if item.fresh}


@pytest.fixture
def before(toy: Kit) -> Baseline:
    return state(toy)


def test_nothing_changed(toy: Kit, before: Baseline) -> None:
    assert compare(before, state(toy)).empty and imported_anew(toy) == set()


def test_another_answer(toy: Kit, before: Baseline) -> None:
    toy.case["external_verdicts"][0]["digest"] = put(toy, "result.txt", "unsat\n")
    impact = compare(before, state(toy))
    assert (
        keys(impact) == {"external verdict peer"} and reruns(impact) == {"peer"} and set(stale_by(impact)) == {"peer"}
    )
    assert impact.rerun[0].kind == "import" and [part.part for part in impact.rerun[0].why] == ["result"]
    assert imported_anew(toy) == {"peer"} and not compare(before, state(toy)).rerun


def test_another_version_of_the_tool(toy: Kit, before: Baseline) -> None:
    toy.case["external_verdicts"][0]["tool_version"] = "2.1"
    assert reruns(compare(before, state(toy))) == imported_anew(toy) == {"peer"}


def test_another_question(toy: Kit, before: Baseline) -> None:
    toy.case["property_files"][0]["digest"] = put(toy, "spec.vnnlib", SPEC.replace("(>= Y_0 2)", "(>= Y_0 1.5)"))
    impact = compare(before, state(toy))
    assert keys(impact) == {"property file spec"} and reruns(impact) == imported_anew(toy) == {"peer"}


def test_a_witness_against_another_property_of_the_requirement(toy: Kit, before: Baseline) -> None:
    toy.requirement("R2")["property"]["condition"]["outputs"] = ["up"]
    impact = compare(before, state(toy))
    assert keys(impact) == {"formal property R2"} and reruns(impact) == imported_anew(toy) == {"peer"}
    assert not compare(before, state(toy)).rerun


def test_a_title_is_no_question(toy: Kit, before: Baseline) -> None:
    toy.case["external_verdicts"][0]["title"] = "what another tool says"
    assert reruns(compare(before, state(toy))) == imported_anew(toy) == set()


def test_a_missing_result_hinders(toy: Kit, before: Baseline) -> None:
    (toy.folder / "result.txt").unlink()
    impact = compare(before, state(toy))
    assert keys(impact) == {"external verdict peer"}
