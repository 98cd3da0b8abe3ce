"""A counterexample is a fact about the network: it refutes every claim that it lies in, whatever it was found for."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from case_toys import CERTIFICATE, INPUTS, Kit, _Dumper, bounds, document, kit, onnx_bytes, ranges, smooth

from assurance.counterexamples import Counterexamples, refuted_by_others
from assurance.loading import load
from assurance.register import Register, RunItem
from assurance.snapshot import Snapshot, take
from assurance.status import Standing, Status
from assurance.support import Level
from evidence.containment import candidates, refutes, singles
from evidence.digest import of_bytes
from evidence.records import Counterexample, RunRecord, record_bytes
from evidence.regions import RegionSet, expand
from evidence.replay import lies_inside, replay, violated_in
from evidence.specification import Boxes, InputBalls, NamedBox, Statement
from evidence.store import Entry, Store
from evidence.verdict import Predictor

UP, DOWN, STAY, TIE = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0), (1.0, 1.0, 0.0)
EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def toy(tmp_path: Path) -> Kit:
    return kit(tmp_path)


def up(value: float) -> float:
    """The next float32 number above."""
    return float(np.nextafter(np.float32(value), np.float32(np.inf)))


def down(value: float) -> float:
    return float(np.nextafter(np.float32(value), np.float32(-np.inf)))


def elsewhere(statement: Statement) -> Statement:
    """The same network asked about a region that no claim of the toy case states."""
    ranges = {port.name: {"lower": -500.0, "upper": 500.0, "unit": port.unit} for port in statement.inputs}
    box = NamedBox.model_validate({"id": "elsewhere", "ranges": ranges})
    never = {"kind": "never-chosen", "outputs": ["stay"]}
    fields = statement.model_dump(mode="json") | {"condition": never}
    return Statement.model_validate(fields | {"regions": Boxes(boxes=(box,)).model_dump(mode="json")})


def example(point: tuple[float, ...], outputs: tuple[float, ...], region: int = 0) -> Counterexample:
    return Counterexample(region=region, input=point, output=outputs, replayed_by="toy")


def holding(statement: Statement, *found: Counterexample, letters: str = "R", **changes: Any) -> RunRecord:
    return bounds(statement, letters, counterexamples=found, **changes)


def keep(toy: Kit, record: RunRecord, requirement: str = "gone", run: str = "old") -> str:
    """Store a record as what a run that is no longer declared once answered to another requirement."""
    digest = toy.store.put(record_bytes(record))
    toy.store.note(Entry(requirement, "sha256:" + "0" * 64, digest, run, "refuted"))
    return digest


def refuted(toy: Kit, requirement: str, point: tuple[float, ...], outputs: tuple[float, ...]) -> int:
    """Regions of a requirement that a counterexample found elsewhere refutes."""
    shutil.rmtree(toy.folder / "evidence", ignore_errors=True)
    keep(toy, holding(elsewhere(toy.statement(requirement)), example(point, outputs)))
    standing = toy.take().standings[requirement]
    assert standing.status is not Status.SUPPORTED and standing.established == 0
    assert (standing.refuted > 0) == ("S112" in codes(standing))
    return standing.refuted


def codes(standing: Standing) -> set[str]:
    return {item.code for item in standing.reasons}


def perturb(toy: Kit, **perturbation: Any) -> None:
    toy.case["threat_models"][0]["perturbation"] = perturbation


# --- regions of each kind ---------------------------------------------------------------------------------------


def test_boxes_around_inputs(toy: Kit) -> None:
    perturb(toy, kind="linf", eps="0.5 m")
    assert refuted(toy, "R1", (1.25, 2.25), DOWN) == 1
    assert refuted(toy, "R1", (1.5, 2.5), DOWN) == 1, "the border belongs to the region"
    assert refuted(toy, "R1", (up(1.5), 2.5), DOWN) == 0
    assert refuted(toy, "R1", (1.5, down(1.5)), DOWN) == 0
    perturb(toy, kind="linf", eps="0.1 m")
    assert float(np.float32(1.1)) > 1.1 and refuted(toy, "R1", (float(np.float32(1.1)), 2.0), DOWN) == 0
    assert refuted(toy, "R1", (down(1.1), 2.0), DOWN) == 1


def test_euclidean_balls(toy: Kit) -> None:
    perturb(toy, kind="l2", eps="0.625 m")
    assert refuted(toy, "R1", (1.375, 2.5), DOWN) == 1, "3, 4, 5"
    assert refuted(toy, "R1", (1.375, up(2.5)), DOWN) == 0
    assert refuted(toy, "R1", (1.625, 2.625), DOWN) == 0, "a corner of the box around the ball"
    perturb(toy, kind="l2", eps="0.6249999999999999 m")
    assert refuted(toy, "R1", (1.375, 2.5), DOWN) == 0


def test_sensor_errors(toy: Kit) -> None:
    perturb(toy, kind="sensor-error", tolerances={"x": "0.25 m"})
    assert refuted(toy, "R1", (1.25, 2.0), DOWN) == 1
    assert refuted(toy, "R1", (up(1.25), 2.0), DOWN) == 0
    assert refuted(toy, "R1", (1.0, up(2.0)), DOWN) == 0, "an input that is not named is exact"


def test_stated_boxes(toy: Kit) -> None:
    assert refuted(toy, "R2", (2.0, 3.0), DOWN) == 1
    assert refuted(toy, "R2", (5.0, 10.0), DOWN) == 2, "both boxes hold their common border"
    assert refuted(toy, "R2", (down(5.0), 10.0), DOWN) == 1
    assert refuted(toy, "R2", (0.0, 0.0), DOWN) == 1
    assert refuted(toy, "R2", (-1e-30, 0.0), DOWN) == 0
    assert refuted(toy, "R2", (10.0, up(10.0)), DOWN) == 0


def test_table_cells(toy: Kit) -> None:
    assert refuted(toy, "R3", (2.0, 2.0), DOWN) == 1
    assert refuted(toy, "R3", (5.0, 2.0), DOWN) == 2
    assert refuted(toy, "R3", (5.0, 5.0), DOWN) == 4, "a grid point belongs to all cells around it"
    assert refuted(toy, "R3", (10.0, 10.0), DOWN) == 1
    assert refuted(toy, "R3", (up(10.0), 10.0), DOWN) == 0
    assert refuted(toy, "R3", (5.0, 5.0), UP) == 0, "what the table says"


HEAD = "".join(f"(declare-const {name} Real)\n" for name in ("X_0", "X_1", "Y_0", "Y_1", "Y_2"))
SQUARE = "(assert (>= X_0 0.1))(assert (<= X_0 5))(assert (>= X_1 0))(assert (<= X_1 5))\n"


def asked(toy: Kit, text: str) -> Kit:
    """R2 asks for a property file."""
    (toy.folder / "spec.vnnlib").write_text(text)
    formal = toy.requirement("R2")["property"]
    formal["regions"] = {"kind": "property-file", "property_file": "spec"}
    formal["condition"] = {"kind": "property-holds"}
    file = {"id": "spec", "title": "Property", "path": "spec.vnnlib", "digest": of_bytes(text.encode()), "source": "t"}
    return toy.write(property_files=[file])


def test_property_files(toy: Kit) -> None:
    asked(toy, HEAD + SQUARE + "(assert (>= Y_1 0.5))")
    assert refuted(toy, "R2", (1.0, 5.0), (0.0, 0.5, 0.0)) == 1
    assert refuted(toy, "R2", (1.0, 5.0), (0.0, down(0.5), 0.0)) == 0
    assert refuted(toy, "R2", (1.0, up(5.0)), DOWN) == 0
    assert float(np.float32(0.1)) > 0.1 and refuted(toy, "R2", (float(np.float32(0.1)), 1.0), DOWN) == 1
    assert refuted(toy, "R2", (down(0.1), 1.0), DOWN) == 0


def test_input_and_outputs_have_to_meet_the_same_case_of_a_property_file(toy: Kit) -> None:
    cases = (
        "(and (> X_0 0) (<= X_0 5) (>= X_1 0) (<= X_1 5) (>= Y_0 1))",
        "(and (>= X_0 0) (<= X_0 5) (>= X_1 0) (<= X_1 5) (>= Y_1 1))",
    )
    asked(toy, HEAD + f"(assert (or {' '.join(cases)}))")
    assert refuted(toy, "R2", (0.0, 1.0), DOWN) == 1
    assert refuted(toy, "R2", (0.0, 1.0), UP) == 0, "the first case excludes that border"
    assert refuted(toy, "R2", (up(0.0), 1.0), UP) == 1


def test_labels_are_those_of_the_region(toy: Kit) -> None:
    assert refuted(toy, "R1", (5.0, 6.0), UP) == 1 and refuted(toy, "R1", (5.0, 6.0), DOWN) == 0, "its label is 1"
    assert refuted(toy, "R1", (1.0, 2.0), DOWN) == 1 and refuted(toy, "R1", (1.0, 2.0), UP) == 0, "its label is 0"
    assert refuted(toy, "R1", (1.0, 2.0), TIE) == 1, "a tie is no decision for the label"
    perturb(toy, kind="linf", eps="1.0 m")
    assert refuted(toy, "R1", (4.0, 5.0), STAY) == 2, "between two inputs with different labels"
    assert refuted(toy, "R1", (4.0, 5.0), DOWN) == 1


@pytest.mark.parametrize(
    ("condition", "outputs", "broken"),
    [
        ({"kind": "never-chosen", "outputs": ["down"]}, DOWN, True),
        ({"kind": "never-chosen", "outputs": ["down"]}, TIE, True),
        ({"kind": "never-chosen", "outputs": ["up"]}, DOWN, False),
        ({"kind": "chosen-among", "outputs": ["up"]}, DOWN, True),
        ({"kind": "chosen-among", "outputs": ["up", "down"]}, DOWN, False),
        ({"kind": "within", "ranges": {"down": {"lower": -1, "upper": 1.0, "unit": "1"}}}, DOWN, True),
        ({"kind": "within", "ranges": {"down": {"lower": -1, "upper": 1.0000000001, "unit": "1"}}}, DOWN, False),
        ({"kind": "linear", "all_of": [{"coefficients": {"down": 1, "up": 1}, "greater_than": 1}]}, DOWN, True),
        ({"kind": "linear", "all_of": [{"coefficients": {"down": 1, "up": 1}, "greater_than": 0.9}]}, DOWN, False),
    ],
)
def test_what_breaks_the_present_condition_counts(
    toy: Kit, condition: dict[str, Any], outputs: tuple[float, ...], broken: bool
) -> None:
    toy.requirement("R2")["property"]["condition"] = condition
    assert refuted(toy, "R2", (2.0, 3.0), outputs) == int(broken)


# --- a claim that changes after its counterexample was found --------------------------------------------------


def found_under_r1(toy: Kit, point: tuple[float, ...] = (1.0625, 2.0), region: int = 0) -> None:
    letters = "".join("R" if i == region else "P" for i in range(4))
    toy.store.put(CERTIFICATE)
    record = bounds(toy.statement("R1"), letters, counterexamples=(example(point, DOWN, region),))
    toy.keep("R1", record, outcome="refuted")


@pytest.mark.parametrize("eps", ["0.125 m", "0.0625 m"])
def test_a_widened_or_narrowed_claim_stays_refuted(toy: Kit, eps: str) -> None:
    toy.requirement("R1")["property"]["at_least"] = 1.0
    found_under_r1(toy)
    assert toy.take().standings["R1"].status is Status.CONTRADICTED
    perturb(toy, kind="linf", eps=eps)
    standing = toy.take().standings["R1"]
    assert (standing.status, standing.refuted) == (Status.CONTRADICTED, 1)
    (held,) = standing.assessments
    assert held[1].level is Level.CONTRADICTS and held[1].refuted_at == {0}
    (why,) = [item for item in standing.reasons if item.code == "S112"]
    assert held[0].digest.removeprefix("sha256:")[:12] in why.message and "another region" in why.message


def test_a_claim_that_shrinks_past_its_counterexample_is_no_longer_refuted(toy: Kit) -> None:
    found_under_r1(toy)
    perturb(toy, kind="linf", eps="0.0624999 m")
    standing = toy.take().standings["R1"]
    assert standing.refuted == 0 and "S112" not in codes(standing)
    assert standing.status is Status.IN_DOUBT and "S119" in codes(standing), "which is reported as what it is"


def test_a_new_proof_does_not_outweigh_it(toy: Kit) -> None:
    found_under_r1(toy)
    perturb(toy, kind="linf", eps="0.2 m")
    toy.keep("R1", bounds(toy.statement("R1"), "PPPP"))
    snapshot = toy.take()
    standing = snapshot.standings["R1"]
    assert (standing.status, standing.refuted, standing.established) == (Status.IN_DOUBT, 1, 4)
    assert {"S112", "S119"} <= codes(standing) and "S112" in {item.code for item in snapshot.findings}
    toy.requirement("R1")["property"]["at_least"] = 1.0
    assert toy.take().standings["R1"].status is Status.CONTRADICTED


def test_what_is_known_against_a_claim_leaves_it_in_doubt_without_any_proof(toy: Kit) -> None:
    keep(toy, holding(elsewhere(toy.statement("R1")), example((1.0, 2.0), DOWN)))
    standing = toy.take().standings["R1"]
    assert (standing.status, standing.refuted, standing.best) == (Status.IN_DOUBT, 1, None), "three of four are enough"
    deviation = {"id": "D", "about": "R1", "rationale": "known and watched", "accepted_by": "rev", "date": "2026-03-01"}
    assert toy.write(deviations=[deviation]).take().standings["R1"].status is Status.UNDEVELOPED


def test_boxes_that_are_split_renamed_or_enlarged(toy: Kit) -> None:
    statement = toy.statement("R2")
    toy.store.put(CERTIFICATE)
    record = holding(statement, example((2.0, 3.0), DOWN), letters="RP")
    toy.keep("R2", record, outcome="refuted")
    assert toy.take().standings["R2"].refuted == 1
    boxes = toy.requirement("R2")["property"]["regions"]["boxes"]
    boxes[0]["id"] = "renamed"
    assert toy.take().standings["R2"].status is Status.CONTRADICTED
    boxes[0]["ranges"]["x"]["upper"] = 1
    assert toy.take().standings["R2"].status is Status.UNDEVELOPED, "the point lies in no box any more"
    boxes.append({"id": "rest", "ranges": boxes[0]["ranges"] | {"x": {"lower": 1, "upper": 9, "unit": "m"}}})
    standing = toy.take().standings["R2"]
    assert (standing.refuted, standing.total) == (1, 3)
    ((_, held),) = standing.assessments
    assert held.refuted_at == {2}, "by position in the claim"


def test_a_larger_set_of_a_record_that_fits_refutes_where_its_point_lies_inside(toy: Kit) -> None:
    """The record examined a larger ball, so it fits; its letters say nothing of the smaller one, its points do."""
    for point, expected in (((1.05078125, 2.0), 1), ((1.5, 2.0), 0)):
        shutil.rmtree(toy.folder / "evidence", ignore_errors=True)
        perturb(toy, kind="linf", eps="0.5 m")
        found_under_r1(toy, point)
        perturb(toy, kind="linf", eps="0.1 m")
        standing = toy.take().standings["R1"]
        assert (standing.refuted, standing.established) == (expected, 3)


def test_the_same_input_in_another_data_set_and_order(toy: Kit) -> None:
    found_under_r1(toy)
    np.savez(toy.folder / "data.npz", inputs=INPUTS[[3, 0, 1]], labels=np.array([1, 0, 0]))
    toy.case["data_sets"][0]["digest"] = of_bytes((toy.folder / "data.npz").read_bytes())
    standing = toy.take().standings["R1"]
    ((_, held),) = standing.assessments
    assert held.refuted_at == {1} and standing.total == 3
    np.savez(toy.folder / "data.npz", inputs=INPUTS[[3, 0, 1]], labels=np.array([1, 1, 0]))
    toy.case["data_sets"][0]["digest"] = of_bytes((toy.folder / "data.npz").read_bytes())
    assert toy.take().standings["R1"].refuted == 0, "what was a violation is the label now"


def test_a_chosen_list_of_inputs(toy: Kit) -> None:
    found_under_r1(toy)
    regions = toy.requirement("R1")["property"]["regions"]
    regions["inputs"] = [3, 0]
    toy.case["threat_models"][0]["perturbation"]["eps"] = "0.2 m"
    ((_, held),) = toy.take().standings["R1"].assessments
    assert held.refuted_at == {1}
    regions["inputs"] = [3, 1]
    assert toy.take().standings["R1"].refuted == 0


def test_overlapping_regions_of_a_record_that_fits(toy: Kit) -> None:
    """Found in one box, it lies in the other as well."""
    keep(toy, bounds(toy.statement("R2"), "RU", counterexamples=(example((5.0, 1.0), DOWN),)), "R2", "run-2")
    standing = toy.take().standings["R2"]
    assert standing.refuted == 2
    ((_, held),) = standing.assessments
    assert held.refuted_at == {0, 1} and held.level is Level.CONTRADICTS


# --- whose counterexamples --------------------------------------------------------------------------------------


def test_every_kind_of_record_counts_wherever_it_lies(toy: Kit) -> None:
    statement = elsewhere(toy.statement("R2"))
    record = ranges(statement, "R", counterexamples=(example((2.0, 3.0), DOWN),))
    digest = toy.store.put(record_bytes(record))
    assert toy.take().standings["R2"].refuted == 0, "in the store alone it is nobody's record"
    toy.store.put(b"{}")
    (toy.store.root / "objects" / "ff").mkdir()
    (toy.store.root / "objects" / "ff" / ("f" * 64)).mkdir()
    assert toy.take().standings["R2"].refuted == 0, "what is no record at all neither"
    toy.store.remember("sha256:" + "1" * 64, digest, {})
    assert toy.take().standings["R2"].refuted == 1, "lost by the journal"
    assert "E109" in {item.code for item in toy.take().findings}
    toy.keep("R1", record, outcome="refuted")
    snapshot = toy.take()
    assert snapshot.standings["R2"].status is Status.CONTRADICTED and snapshot.standings["R3"].refuted == 1
    assert snapshot.built.status["G1"] is Status.CONTRADICTED
    assert snapshot.built.argument.challengers("G4-R2"), "it challenges the claim"


def test_a_replayed_witness_of_another_tool_counts_for_other_requirements(toy: Kit) -> None:
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    from assurance.execution import execute

    asked(toy, HEAD + SQUARE + "(assert (>= Y_0 2))")
    said = b"sat\n((X_0 1)(X_1 0)(Y_0 2)(Y_1 0)(Y_2 0.5))"
    (toy.folder / "result.txt").write_bytes(said)
    verdict = {
        "id": "peer", "title": "what nnenum says", "path": "result.txt", "digest": of_bytes(said), "tool": "nnenum",
        "requirement": "R2", "model": "net", "property_file": "spec",
    }  # fmt: skip
    formal = toy.requirement("R3")["property"]
    formal["regions"] = {"kind": "table-cells", "table": "grid"}
    formal["condition"] = {"kind": "within", "ranges": {"up": {"lower": -1, "upper": 2.0, "unit": "1"}}}
    toy.write(external_verdicts=[verdict], runs=[])
    execute(toy.load(), toy.store)
    assert toy.take().standings["R3"].refuted == 1
    formal["condition"]["ranges"]["up"]["upper"] = 2.125
    assert toy.take().standings["R3"].refuted == 0


def changed_model(toy: Kit) -> None:
    (toy.folder / "net.onnx").write_bytes(onnx_bytes(bias=1e-6))
    toy.case["models"][0]["digest"] = of_bytes(onnx_bytes(bias=1e-6))


def renamed_input(toy: Kit) -> None:
    toy.case["models"][0]["inputs"][0]["name"] = "z"
    del toy.case["odd"]["parameters"][0]["input"]
    toy.case["requirements"] = toy.case["requirements"][:1]
    toy.case["runs"] = toy.case["runs"][:1]


def swapped_outputs(toy: Kit) -> None:
    toy.case["models"][0]["outputs"] = ["down", "up", "stay"]


def least_wins(toy: Kit) -> None:
    toy.case["models"][0]["decision"] = "argmin"


@pytest.mark.parametrize("change", [changed_model, renamed_input, swapped_outputs, least_wins])
def test_another_network_or_another_meaning_has_nothing_to_do_with_it(toy: Kit, change: Callable[[Kit], None]) -> None:
    found_under_r1(toy)
    perturb(toy, kind="linf", eps="0.2 m")
    assert toy.take().standings["R1"].refuted == 1
    change(toy)
    standing = toy.take().standings["R1"]
    assert (standing.status, standing.refuted) == (Status.UNDEVELOPED, 0)


def test_executions_of_the_base_model_do_not_refute_the_smoothed_classifier(toy: Kit) -> None:
    statement = elsewhere(toy.statement("R1"))
    keep(toy, holding(statement, example((1.0, 2.0), DOWN)))
    forged = statement.model_copy(update={"predictor": Predictor.SMOOTHED})
    keep(toy, holding(forged, example((1.0, 2.0), DOWN)))
    assert toy.take().standings["R1"].refuted == 1
    toy.case = smooth(toy.case)
    assert toy.take().standings["R1"].refuted == 0


def test_numbers_that_no_float32_execution_has_refute_nothing(toy: Kit) -> None:
    assert singles((0.1,)) is None and singles((1e300,)) is None and singles((2.0**-160,)) is None
    assert singles((0.5, -0.0)) is not None
    assert refuted(toy, "R2", (2.1, 3.0), DOWN) == 0
    assert refuted(toy, "R2", (2.0, 3.0), (0.0, 0.1, 0.0)) == 0
    assert refuted(toy, "R2", (2.0, 3.0), (0.0, 0.125, 0.0)) == 1


def test_data_that_are_not_at_hand_decide_nothing(toy: Kit) -> None:
    keep(toy, holding(elsewhere(toy.statement("R1")), example((1.0, 2.0), DOWN)))
    assert toy.take().standings["R1"].refuted == 1
    (toy.folder / "data.npz").unlink()
    standing = toy.take().standings["R1"]
    assert (standing.status, standing.refuted) == (Status.STALE, 0)


def test_a_changed_model_file_makes_the_claim_stale_first(toy: Kit) -> None:
    found_under_r1(toy)
    perturb(toy, kind="linf", eps="0.2 m")
    (toy.folder / "net.onnx").write_bytes(onnx_bytes(bias=1e-6))
    standing = toy.take().standings["R1"]
    assert (standing.status, standing.refuted) == (Status.STALE, 0)


# --- the quick look is no judgement -----------------------------------------------------------------------------


def statements() -> dict[str, Statement]:
    ports = [{"name": f"x{i}", "unit": "1"} for i in range(3)]
    base = {"model": of_bytes(b"net"), "inputs": ports, "outputs": ["a", "b"], "decision": "argmax"}
    digest = of_bytes(b"data")
    one = {"value": 0.5, "unit": "1"}
    balls: dict[str, dict[str, Any]] = {
        "linf": {"kind": "linf", "eps": one},
        "l2": {"kind": "l2", "eps": one},
        "sensor": {"kind": "sensor-error", "tolerances": {"x0": one, "x2": one}},
    }
    found = {
        name: base
        | {
            "regions": {"kind": "input-balls", "data": digest, "perturbation": ball},
            "condition": {"kind": "keep-label"},
        }
        for name, ball in balls.items()
    }
    found["cells"] = base | {
        "regions": {"kind": "table-cells", "table": of_bytes(b"table")},
        "condition": {"kind": "corner-entry"},
    }
    return {name: Statement.model_validate(item) for name, item in found.items()}


def blobs(folder: Path) -> dict[str, bytes]:
    rng = np.random.default_rng(5)
    grid = np.array([-1.0, -0.5, 0.0, 0.5, 1.0])
    np.savez(folder / "d.npz", inputs=rng.integers(-4, 5, (40, 3)) / 4, labels=rng.integers(0, 2, 40))
    entry = (np.arange(125).reshape(5, 5, 5) > 60).astype(np.int64)
    np.savez(folder / "t.npz", grid_x0=grid, grid_x1=grid, grid_x2=grid, advisory=entry)
    return {
        of_bytes(b"data"): (folder / "d.npz").read_bytes(),
        of_bytes(b"table"): (folder / "t.npz").read_bytes(),
    }


@pytest.mark.parametrize("kind", ["linf", "l2", "sensor", "cells"])
@pytest.mark.parametrize("pairs", [7, 1 << 21])
def test_no_pair_is_missed_and_none_invented(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, pairs: int
) -> None:
    """Against every region one by one, with many points on borders; in small blocks and in one."""
    monkeypatch.setattr("evidence.containment._PAIRS", pairs)
    statement = statements()[kind]
    regions = expand(statement, blobs(tmp_path).__getitem__)
    rng = np.random.default_rng(7)
    points = (rng.integers(-8, 9, (60, 3)) / 8).astype(np.float32)
    outputs = (rng.integers(-1, 2, (60, 2)) / 2).astype(np.float32)
    wanted = {
        (e, r)
        for e in range(len(points))
        for r in range(len(regions))
        if lies_inside(statement, regions, r, points[e]) and violated_in(statement, regions, r, points[e], outputs[e])
    }
    near = list(candidates(regions, points))
    assert len(near) == len(set(near))
    found = {(e, r) for e, r in near if refutes(statement, regions, r, points[e], outputs[e])}
    assert found == wanted and len(wanted) > 20
    assert not list(candidates(regions, points[:, :2])) and not list(candidates(regions, points[:0]))


def test_claims_without_candidates_are_not_expanded(toy: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    toy.prove("R2")
    asked_for: list[Statement] = []

    def counting(statement: Statement, blobs: Any) -> RegionSet:
        asked_for.append(statement)
        return expand(statement, blobs)

    loaded = toy.load()
    monkeypatch.setattr("assurance.status.expand", counting)
    assert take(loaded, toy.store).standings["R2"].status is Status.SUPPORTED
    assert "boxes" not in {item.regions.kind for item in asked_for}
    other = elsewhere(toy.statement("R2")).model_copy(update={"model": of_bytes(b"another model")})
    keep(toy, holding(other, example((2.0, 3.0), DOWN)))
    asked_for.clear()
    take(loaded, toy.store)
    assert "boxes" not in {item.regions.kind for item in asked_for}


def test_one_execution_in_two_records_is_looked_at_once_and_counts_for_both(toy: Kit) -> None:
    statement = toy.statement("R2")
    far = elsewhere(statement)
    records = [holding(far, example((2.0, 3.0), DOWN), title=title) for title in ("one", "two")]
    runs = tuple(RunItem(f"sha256:{i}", record, "", "", "", "", False, i) for i, record in enumerate(records))
    known = Counterexamples(Register(runs, ())).about(statement)
    assert known is not None and known.records == (("sha256:0", "sha256:1"),)
    regions = expand(statement, dict[str, bytes]().__getitem__)
    every = {"sha256:0": frozenset({0}), "sha256:1": frozenset({0})}
    assert refuted_by_others(statement, regions, known, {}) == every
    assert refuted_by_others(statement, regions, known, {"sha256:0": frozenset({0})}) == {"sha256:1": frozenset({0})}


# --- a real network ---------------------------------------------------------------------------------------------


def corners(statement: Statement, regions: RegionSet) -> list[np.ndarray]:
    """The corners of the sensor error around each input, as far as they are float32 numbers inside: four points each."""
    found = []
    assert isinstance(statement.regions, InputBalls)
    for h in (-1, 1):
        for v in (-1, 1):
            x = regions.centers.astype(np.float32).astype(np.float64)
            x[:, 0] = np.where(h > 0, regions.upper[:, 0], regions.lower[:, 0])
            x[:, 1] += 0.9 * v
            x[:, 0] = np.trunc(x[:, 0])
            found.append(x)
    return found


def test_vertical_cas_stays_contradicted_when_its_tolerance_grows(tmp_path: Path) -> None:
    """V2 of the example, refuted by real replays of corners of its sensor errors at 25 ft."""
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    folder = tmp_path / "cas"
    shutil.copytree(EXAMPLES / "vertical_cas", folder, ignore=shutil.ignore_patterns("evidence", "build"))
    case = yaml.safe_load((folder / "case.yaml").read_text("utf-8"))
    tolerances = case["threat_models"][0]["perturbation"]["tolerances"]
    assert tolerances == {"h": "25 ft", "v": "1 ft/s"}
    store = Store(folder / "evidence")

    def state() -> Snapshot:
        (folder / "case.yaml").write_text(yaml.dump(case, Dumper=_Dumper, sort_keys=False), "utf-8")
        return take(load(folder), store)

    claim = state().loaded.claims["V2"]
    files = {of_bytes(path.read_bytes()): path.read_bytes() for path in folder.iterdir() if path.is_file()}
    regions = expand(claim.statement, files.__getitem__)
    found: dict[int, Counterexample] = {}
    for points in corners(claim.statement, regions):
        done = replay(claim.statement, regions, files[claim.statement.model], dict(enumerate(points)))
        found |= {item.region: item for item in done.counterexamples}
    assert len(found) > 6, "more than six of sixty make the criterion of 54 unattainable"
    letters = "".join("R" if i in found else "U" for i in range(len(regions)))
    record = bounds(claim.statement, letters, counterexamples=tuple(found[i] for i in sorted(found)))
    digest = store.put(record_bytes(record))
    store.note(Entry("V2", claim.criterion_digest, digest, "sensors-v2", "refuted"))
    assert state().standings["V2"].status is Status.CONTRADICTED

    tolerances |= {"h": "30 ft", "v": "1.5 ft/s"}
    wide = state()
    standing = wide.standings["V2"]
    assert (standing.status, standing.refuted) == (Status.CONTRADICTED, len(found))
    assert wide.built.status["G1"] is Status.CONTRADICTED

    tolerances["h"] = "10 ft"
    narrow = state()
    now = narrow.loaded.claims["V2"].statement
    smaller = expand(now, files.__getitem__)
    inside = {
        i
        for i in range(len(smaller))
        for item in found.values()
        if lies_inside(now, smaller, i, np.array(item.input, dtype=np.float32))
    }
    assert narrow.standings["V2"].refuted == len(inside) < len(found)
    case["models"][0]["outputs"].reverse()
    assert state().standings["V2"].refuted == 0


# --- tests that failed --------------------------------------------------------------------------------------------

SUITE = (
    '<testsuite name="s" tests="2" failures="{n}"><testcase classname="s" name="a"/>'
    '<testcase classname="s" name="b">{body}</testcase></testsuite>'
)


def suite(toy: Kit, failing: bool, about: str) -> None:
    text = SUITE.format(n=int(failing), body='<failure message="no"/>' if failing else "")
    declared = document(toy.folder, "T", about=[about], evidence="performance-test")
    (toy.folder / "T.xml").write_text(text, "utf-8")
    declared |= {"path": "T.xml", "digest": of_bytes(text.encode()), "format": "junit"}
    toy.case["documents"] = [declared | {"examined": "executable-on-target"}]


def test_a_failed_test_leaves_a_proved_requirement_in_doubt(toy: Kit) -> None:
    toy.prove("R1", "R2", "R3")
    suite(toy, False, "R1")
    assert toy.take().standings["R1"].status is Status.SUPPORTED
    suite(toy, True, "R1")
    snapshot = toy.take()
    standing = snapshot.standings["R1"]
    assert standing.status is Status.IN_DOUBT and codes(standing) == {"S127"}
    assert snapshot.standings["R2"].status is Status.SUPPORTED
    assert snapshot.built.status["G4-R1"] is Status.IN_DOUBT and snapshot.built.status["G1"] is Status.IN_DOUBT
    toy.keep("R1", bounds(toy.statement("R1"), "RRRR"), outcome="refuted")
    assert toy.take().standings["R1"].status is Status.CONTRADICTED, "never better than before"


def test_a_failed_test_contradicts_a_requirement_that_has_nothing_else(toy: Kit) -> None:
    bare = {key: toy.requirement("R1")[key] for key in ("title", "text", "parents", "author")} | {"id": "R4"}
    toy.case["requirements"].append(bare)
    suite(toy, False, "R4")
    assert toy.take().standings["R4"].status is Status.PARTIAL
    suite(toy, True, "R4")
    snapshot = toy.take()
    standing = snapshot.standings["R4"]
    assert standing.status is Status.CONTRADICTED and "S127" in codes(standing)
    assert not (toy.folder / "T.xml").write_text("<changed/>") or toy.take().standings["R4"].status is Status.STALE


def test_a_failed_test_stands_among_the_evidence_of_its_requirement(toy: Kit) -> None:
    from assurance.dossier.trace import build_trace
    from assurance.dossier.view_requirements import requirements_view

    suite(toy, True, "R1")
    snapshot = toy.take()
    (view,) = [item for item in requirements_view(snapshot, build_trace(snapshot)) if item.id == "R1"]
    assert [link.text for link in view.documents] == ["T"]
