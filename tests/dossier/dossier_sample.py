"""A small case that shows every standing, with records built by hand from the real models.

The numbers are made up; the models and digests are real files. It covers: supported by proof, partial, contradicted,
in doubt, accepted by deviation, statistical, output ranges, table cells, undeveloped, stale, documents only, an older
record of a changed criterion, an orphaned record, a scored and a draft standard.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from assurance.loading import LoadedCase, load
from assurance.snapshot import Snapshot, take
from evidence.digest import of_bytes
from evidence.records import (
    AttackSummary,
    BoundsRecord,
    Counterexample,
    Guarantee,
    OutputRange,
    OutputRangeRecord,
    Provenance,
    Recheck,
    RunRecord,
    SmoothedInput,
    SmoothingRecord,
    VerifiedRadius,
    overall,
    record_bytes,
)
from evidence.smoothing_radius import smoothed_radius
from evidence.specification import Statement
from evidence.store import Entry, Store
from evidence.verdict import Arithmetic, Artefact, GuaranteeKind, Predictor

ADVISORY_INPUTS = 20
READER_INPUTS = 30
SIDECAR_DATE = "2026-03-09T14:20:00+00:00"


def network(n: int, m: int, seed: int) -> bytes:
    """A tiny ReLU network n-6-m as ONNX bytes."""
    rng = np.random.default_rng(seed)
    arrays = {
        "w1": rng.normal(size=(6, n)), "b1": rng.normal(size=6), "w2": rng.normal(size=(m, 6)), "b2": rng.normal(size=m)
    }  # fmt: skip
    graph = helper.make_graph(
        [
            helper.make_node("Gemm", ["x", "w1", "b1"], ["z"], transB=1),
            helper.make_node("Relu", ["z"], ["a"]),
            helper.make_node("Gemm", ["a", "w2", "b2"], ["y"], transB=1),
        ],
        "tiny",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", n])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", m])],
        [numpy_helper.from_array(value.astype(np.float32), name) for name, value in arrays.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], producer_name="sample")
    model.ir_version = 8
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def arrays(**named: Any) -> bytes:
    """An .npz file as bytes."""
    buffer = io.BytesIO()
    np.savez(buffer, **named)
    return buffer.getvalue()


def files() -> dict[str, bytes]:
    """The files of the case, by path."""
    rng = np.random.default_rng(3)
    points = np.stack([rng.uniform(20, 400, ADVISORY_INPUTS), rng.uniform(-20, 20, ADVISORY_INPUTS)], axis=1)
    grid = {"grid_gap": np.linspace(0, 500, 6), "grid_rate": np.linspace(-30, 30, 4)}
    table = np.zeros((6, 4), dtype=np.int8)
    table[:2] = 2
    return {
        "advisory.onnx": network(2, 3, 1),
        "reader.onnx": network(4, 3, 2),
        "encounters.npz": arrays(
            inputs=points.astype(np.float32), labels=rng.integers(0, 3, ADVISORY_INPUTS).astype(np.int64)
        ),
        "patches.npz": arrays(
            inputs=rng.random((READER_INPUTS, 4)).astype(np.float32), labels=np.arange(READER_INPUTS) % 3
        ),
        "old-encounters.npz": arrays(inputs=points.astype(np.float32), labels=np.zeros(ADVISORY_INPUTS, np.int64)),
        "table.npz": arrays(advisory=table, **grid),
        "review.md": b"# Review of the requirements\nAll requirements were read against the safety assessment.\n",
        "plan.md": b"# Plan for software aspects\nDraft.\n",
        "timing.md": b"# Worst-case execution time\nMeasured on the target.\n",
    }


def case_text(digests: dict[str, str], **replace: str) -> str:
    """The case file. `replace` puts other text in the place of marked ones, for hostile cases."""
    said = {
        "title": "Sample advisory constituent",
        "requirement": "The advisory shall not change under errors of the range and rate sensors.",
        "name": "Sample braking assistant",
        "box": "near-1",
        **replace,
    }
    d = digests
    quoted = {key: json.dumps(value) for key, value in said.items()}
    return f"""\
schema: assurance-case/1
id: sample-case
title: {quoted["title"]}
organisation: Example Works
issue: "2 draft"
system:
  name: {quoted["name"]}
  function: Advise the driver to slow down or stop in time.
  description: A study object of two sensors, one small network and a display.
constituent:
  description: the advisory network
  boundary: From the filtered gap and rate to the index of the advisory.
  preprocessing: Range and rate are filtered and clipped to the domain.
  postprocessing: The largest score becomes the advisory, held for one second.
odd:
  description: Straight road, one vehicle ahead, gap and rate inside the stated ranges.
  parameters:
    - {{name: gap, title: Gap to the vehicle ahead, range: {{lower: 0, upper: 500, unit: m}}, input: gap}}
    - {{name: rate, title: Closing rate, range: {{lower: -30, upper: 30, unit: m/s}}, input: rate}}
    - {{name: light, title: Illuminance, range: {{lower: 10, upper: 100000, unit: lx}}}}
hazards:
  - {{id: H1, title: No advisory although a collision is near, failure_condition: hazardous}}
  - {{id: H2, title: Needless full stop in traffic, hara: {{severity: S2, exposure: E4, controllability: C2}}}}
people:
  - {{id: ana, name: Ana Autor, role: requirements engineer, organisation: Example Works}}
  - {{id: ben, name: Ben Prüfer, role: independent verifier, organisation: Example Assessors}}
  - {{id: cleo, name: Cleo Chief, role: chief engineer}}
standards:
  - {{id: do-178c, level: B}}
  - {{id: arp6983}}
safety_requirements:
  - {{id: SR1, text: The function shall advise in time., hazards: [H1, H2]}}
requirements:
  - id: R1
    title: Stability under sensor error
    text: {quoted["requirement"]}
    parents: [SR1]
    hazards: [H1]
    author: ana
    property:
      model: advisory
      regions: {{kind: input-balls, data_set: encounters, threat_model: sensors}}
      condition: {{kind: keep-label}}
      arithmetic: real
      rationale: The tolerances are three standard deviations of the sensors' data sheets.
    meaning_review: {{by: ben, date: 2026-02-01, independent: true, note: Units were compared with the data sheet.}}
  - id: R2
    title: Stop when close
    text: At a short gap the advisory shall be to stop.
    parents: [SR1]
    hazards: [H1]
    author: ana
    property:
      model: advisory
      regions:
        kind: boxes
        boxes:
          - {{id: {quoted["box"]}, ranges: {{gap: {{lower: 0, upper: 10, unit: m}}, rate: {{lower: 0, upper: 30, unit: m/s}}}}}}
          - {{id: near-2, ranges: {{gap: {{lower: 10, upper: 20, unit: m}}, rate: {{lower: 0, upper: 30, unit: m/s}}}}}}
          - {{id: near-3, ranges: {{gap: {{lower: 20, upper: 30, unit: m}}, rate: {{lower: 0, upper: 30, unit: m/s}}}}}}
          - {{id: near-4, ranges: {{gap: {{lower: 30, upper: 40, unit: m}}, rate: {{lower: 0, upper: 30, unit: m/s}}}}}}
      condition: {{kind: chosen-among, outputs: [stop]}}
      arithmetic: real
      rationale: Forty metres is the stopping distance at the highest closing rate considered.
    meaning_review: {{by: ben, date: 2026-02-01, independent: true}}
  - id: R3
    title: No needless stop
    text: At a long gap the advisory shall never be to stop.
    parents: [SR1]
    hazards: [H2]
    author: ana
    property:
      model: advisory
      regions:
        kind: boxes
        boxes:
          - {{id: far-1, ranges: {{gap: {{lower: 300, upper: 400, unit: m}}, rate: {{lower: -30, upper: 0, unit: m/s}}}}}}
          - {{id: far-2, ranges: {{gap: {{lower: 400, upper: 500, unit: m}}, rate: {{lower: -30, upper: 0, unit: m/s}}}}}}
      condition: {{kind: never-chosen, outputs: [stop]}}
      arithmetic: real
      rationale: Beyond three hundred metres a stop would surprise the traffic behind.
    meaning_review: {{by: ben, date: 2026-02-02, independent: true}}
  - id: R4
    title: Reading under small disturbance
    text: The reader shall keep its class under small disturbance of the picture.
    parents: [SR1]
    hazards: [H2]
    author: ana
    property:
      model: reader
      regions: {{kind: input-balls, data_set: patches, threat_model: pixels}}
      condition: {{kind: keep-label}}
      at_least: 0.7
      guarantee: statistical
      error_probability: 0.001
      rationale: The distance stands for sensor noise at the darkest admitted light.
    meaning_review: {{by: ben, date: 2026-02-03, independent: true}}
  - id: R5
    title: Bounded scores
    text: Scores shall stay inside the range that the display can show.
    derived: The display's fixed-point format saturates outside this range.
    author: ana
    property:
      model: advisory
      regions:
        kind: boxes
        boxes:
          - {{id: all-left, ranges: {{gap: {{lower: 0, upper: 250, unit: m}}, rate: {{lower: -30, upper: 30, unit: m/s}}}}}}
          - {{id: all-right, ranges: {{gap: {{lower: 250, upper: 500, unit: m}}, rate: {{lower: -30, upper: 30, unit: m/s}}}}}}
      condition:
        kind: within
        ranges: {{none: {{lower: -100, upper: 100, unit: score}}, stop: {{lower: -120, upper: 120, unit: score}}}}
      arithmetic: real
      rationale: The display register holds eight bits with sign; one count is one score.
    meaning_review: {{by: ben, date: 2026-02-03, independent: true}}
  - id: R6
    title: Follow the table
    text: Where the table's corners agree the network shall give their entry.
    parents: [SR1]
    author: ana
    property:
      model: advisory
      regions: {{kind: table-cells, table: table}}
      condition: {{kind: corner-entry}}
      at_least: 0.5
      arithmetic: real
      rationale: The table was agreed with the safety process; borders are left to the pilot study.
    meaning_review: {{by: ana, date: 2026-02-03, independent: false}}
  - id: R7
    title: Stability on the old encounters
    text: The advisory shall not change on the encounters of the first campaign.
    parents: [SR1]
    author: ana
    property:
      model: advisory
      regions: {{kind: input-balls, data_set: old-encounters, threat_model: sensors}}
      condition: {{kind: keep-label}}
      arithmetic: real
      rationale: The first campaign covers winter conditions, which the second one lacks.
    meaning_review: {{by: ben, date: 2026-02-03, independent: true}}
  - id: R8
    title: Timing
    text: The advisory shall be there within fifty milliseconds.
    parents: [SR1]
    author: ana
  - id: R9
    title: Mostly stable
    text: The advisory shall be stable at most of the encounters.
    parents: [SR1]
    author: ana
    property:
      model: advisory
      regions: {{kind: input-balls, data_set: encounters, threat_model: wide-sensors}}
      condition: {{kind: keep-label}}
      at_least: 0.8
      arithmetic: real
      rationale: Twice the tolerance was seen once in five years; most encounters have to bear it.
    meaning_review: {{by: ben, date: 2026-02-04, independent: true}}
  - id: R10
    title: Mostly stable, accepted
    text: The advisory shall be stable at most of the encounters when the rate alone is off.
    parents: [SR1]
    author: ana
    property:
      model: advisory
      regions: {{kind: input-balls, data_set: encounters, threat_model: rate-only}}
      condition: {{kind: keep-label}}
      at_least: 0.8
      arithmetic: real
      rationale: The rate sensor is redundant; a single error is found within a second.
    meaning_review: {{by: ben, date: 2026-02-04, independent: true}}
  - id: R11
    title: Not examined yet
    text: The advisory shall never be missing inside the domain.
    parents: [SR1]
    author: ana
    property:
      model: advisory
      regions:
        kind: boxes
        boxes:
          - {{id: whole, ranges: {{gap: {{lower: 0, upper: 500, unit: m}}, rate: {{lower: -30, upper: 30, unit: m/s}}}}}}
      condition: {{kind: linear, all_of: [{{coefficients: {{none: 1.0, slow: 1.0}}, greater_than: -50}}]}}
      arithmetic: real
      rationale: A missing advisory shows as scores far below zero.
models:
  - id: advisory
    title: Advisory network
    path: advisory.onnx
    digest: "{d["advisory.onnx"]}"
    role: low-level-requirement
    arithmetic: float32
    predictor: base
    inputs: [{{name: gap, unit: m}}, {{name: rate, unit: m/s}}]
    outputs: [none, slow, stop]
  - id: reader
    title: Reader network
    path: reader.onnx
    digest: "{d["reader.onnx"]}"
    role: parameter-data-item
    arithmetic: float32
    predictor: smoothed
    smoothing_noise: 0.25 grey
    inputs: {{prefix: p, count: 4, unit: grey}}
    outputs: [c0, c1, c2]
data_sets:
  - {{id: encounters, title: Encounters of the second campaign, path: encounters.npz, digest: "{d["encounters.npz"]}", source: own recordings}}
  - {{id: old-encounters, title: Encounters of the first campaign, path: old-encounters.npz, digest: "{d["old-encounters.npz"]}", source: own recordings}}
  - {{id: patches, title: Picture patches, path: patches.npz, digest: "{d["patches.npz"]}", source: own recordings}}
tables:
  - {{id: table, title: Reference table, path: table.npz, digest: "{d["table.npz"]}", source: safety process}}
threat_models:
  - id: sensors
    title: Sensor error
    perturbation: {{kind: sensor-error, tolerances: {{gap: 2 m, rate: 0.5 m/s}}}}
    rationale: Three standard deviations after the data sheets.
    exclusions: [Deliberate manipulation of the sensors., "Frozen, missing or delayed measurements."]
  - id: wide-sensors
    title: Twice the sensor error
    perturbation: {{kind: sensor-error, tolerances: {{gap: 4 m, rate: 1 m/s}}}}
    rationale: Seen once in five years of operation.
    exclusions: [Deliberate manipulation of the sensors.]
  - id: rate-only
    title: Error of the rate alone
    perturbation: {{kind: sensor-error, tolerances: {{rate: 1 m/s}}}}
    rationale: The gap is measured redundantly.
    exclusions: [Errors of the gap.]
  - id: pixels
    title: Small disturbance of the picture
    knowledge: black-box
    perturbation: {{kind: l2, eps: 0.25 grey}}
    rationale: Noise of the sensor at the darkest admitted light.
    exclusions: ["Stickers, dirt and other physical changes.", "Rotation, blur and weather."]
runs:
  - {{id: run-r1, requirement: R1, engine: bounds, parameters: {{method: alpha-crown, attack_steps: 40}}}}
  - {{id: run-r2, requirement: R2, engine: bounds, parameters: {{method: crown}}}}
  - {{id: run-r3, requirement: R3, engine: bounds, parameters: {{method: crown}}}}
  - {{id: run-r4, requirement: R4, engine: smoothing, parameters: {{sigma: 0.25}}, seed: 7}}
  - {{id: run-r5, requirement: R5, engine: reachability}}
  - {{id: run-r6, requirement: R6, engine: bounds, parameters: {{method: ibp}}}}
  - {{id: run-r7, requirement: R7, engine: bounds}}
  - {{id: run-r9, requirement: R9, engine: bounds}}
  - {{id: run-r10, requirement: R10, engine: bounds}}
documents:
  - id: D1
    title: Review of the requirements
    path: review.md
    digest: "{d["review.md"]}"
    evidence: review-record
    author: ana
    reviewer: ben
    independent: true
    date: 2026-02-10
    about: [case, R1, R2, R3, R4, R5, R6, R7, R9, R10, R11]
    objectives: ["do-178c:A-3.1", "do-178c:A-3.2", "do-178c:A-4.1"]
  - {{id: D2, title: Plan for software aspects, path: plan.md, digest: "{d["plan.md"]}", evidence: plan, author: ana, date: 2026-01-05, about: [case], objectives: ["do-178c:A-1.1"]}}
  - {{id: D3, title: Worst-case execution time, path: timing.md, digest: "{d["timing.md"]}", evidence: performance-test, author: ana, date: 2026-02-20, about: [R8, implementation]}}
deviations:
  - {{id: DEV1, about: R10, rationale: The two encounters lie outside the traffic that the function is released for., accepted_by: cleo, date: 2026-03-01}}
  - {{id: DEV2, about: "do-178c:A-7.5", rationale: No accepted structural coverage of weights exists; to be agreed., accepted_by: cleo, date: 2026-03-01}}
acceptances:
  - {{objective: "do-178c:A-3.1", by: ben, date: 2026-03-02, digest: "{"sha256:" + "0" * 64}"}}
"""


def write_case(folder: Path, **replace: str) -> Path:
    """Write the files and the case; the old encounters differ from their declared digest."""
    folder.mkdir(parents=True, exist_ok=True)
    held = files()
    text = case_text({name: of_bytes(data) for name, data in held.items()}, **replace)
    for name, data in held.items():
        (folder / name).write_bytes(data)
    (folder / "old-encounters.npz").write_bytes(
        arrays(inputs=np.ones((2, 2), np.float32), labels=np.zeros(2, np.int64))
    )
    (folder / "case.yaml").write_text(text, encoding="utf-8")
    return folder / "case.yaml"


PROVED = Guarantee(kind=GuaranteeKind.PROVED, arithmetic=Arithmetic.REAL, predictor=Predictor.BASE, complete=False)
UNCHECKED = PROVED.model_copy(update={"kind": GuaranteeKind.UNCHECKED})
CHECKER = "evidence.checker 0.1.0"
RUNTIME = "onnxruntime 1.22.0 (float32, CPU)"


def provenance(engine: str, **parameters: Any) -> Provenance:
    return Provenance(
        engine=engine,
        engine_version="0.1.0",
        versions={"numpy": "2.4.6", "onnx": "1.23.2", "torch": "2.13.0"},
        parameters=parameters,
        seed=parameters.pop("seed", 0),
    )


def bounds_record(
    statement: Statement,
    regions: str,
    certificate: str,
    examples: tuple[Counterexample, ...] = (),
    radius: VerifiedRadius | None = None,
    clean: int | None = None,
) -> BoundsRecord:
    """A bounds record over as many regions as there are letters."""
    proved = regions.count("P")
    rechecks: tuple[Recheck, ...] = (
        (Recheck(by=CHECKER, what="bounds", agreed=proved, of=proved + regions.count("C")),) if proved else ()
    )
    if examples:
        rechecks += (Recheck(by=RUNTIME, what="counterexamples", agreed=len(examples), of=len(examples)),)
    return BoundsRecord(
        title="Bounds by alpha-CROWN",
        artefact=Artefact.MODEL_DESCRIPTION,
        guarantee=PROVED if proved or not regions.count("C") else UNCHECKED,
        assumptions=("The ONNX file is the analysed artefact, its weights taken as exact numbers.",),
        provenance=provenance("bounds", method="alpha-crown", attack_steps=40),
        rechecks=rechecks,
        artefacts={"certificate": certificate} if proved else {},
        statement=statement,
        method="alpha-crown",
        verdict=overall(regions),
        regions=regions,
        clean_correct=clean,
        counterexamples=examples,
        radius=radius,
        attack=AttackSummary(
            method="PGD", restarts=5, steps=40, tried=len(regions) - proved, succeeded=len(examples), near_misses=1
        ),
    )


def example(region: int, point: tuple[float, ...], output: tuple[float, ...] = (0.25, 1.5, 0.125)) -> Counterexample:
    return Counterexample(region=region, input=point, output=output, replayed_by=RUNTIME)


def smoothing_record(statement: Statement) -> SmoothingRecord:
    """30 inputs: one abstained, one decided for another class, the others with growing counts."""
    samples, error, items = 10_000, 0.001, []
    for i in range(READER_INPUTS):
        successes = 5_010 if i == 3 else 8_400 + 50 * i
        found = smoothed_radius(successes, samples, error / READER_INPUTS, 0.25)
        items.append(
            SmoothedInput(
                label=i % 3,
                predicted=(i + (i == 5)) % 3,
                successes=successes,
                lower_probability=found.lower_probability,
                radius=found.radius,
                abstained=found.abstained,
            )
        )
    return SmoothingRecord(
        title="Randomized smoothing",
        artefact=Artefact.MODEL_DESCRIPTION,
        guarantee=Guarantee(
            kind=GuaranteeKind.STATISTICAL,
            arithmetic=Arithmetic.REAL,
            predictor=Predictor.SMOOTHED,
            complete=False,
            error_probability=error,
            simultaneous=True,
        ),
        assumptions=("Noise samples are independent and Gaussian.",),
        provenance=provenance("smoothing", sigma=0.25, samples=samples, seed=7),
        statement=statement,
        sigma=0.25,
        sigma_unit="grey",
        noise="shared",
        selection_samples=100,
        estimation_samples=samples,
        inputs=tuple(items),
    )


def range_record(statement: Statement, certificate: str) -> OutputRangeRecord:
    """Two boxes, one split exactly."""
    ranges = tuple(
        OutputRange(
            box=name,
            star_lower=(-41.0, -9.5, -60.25),
            star_upper=(38.5, 12.0, 71.0),
            checked_lower=(-44.125, -11.0, -66.0),
            checked_upper=(42.0, 14.5, 77.0625),
            sampled_lower=(-40.5, -9.0, -59.0),
            sampled_upper=(37.75, 11.0, 70.0),
            exact=name == "all-left",
            stars=17,
            decisions=("none", "stop"),
        )
        for name in ("all-left", "all-right")
    )
    return OutputRangeRecord(
        title="Output ranges by star sets",
        artefact=Artefact.MODEL_DESCRIPTION,
        guarantee=PROVED,
        assumptions=("The ONNX file is the analysed artefact, its weights taken as exact numbers.",),
        provenance=provenance("reachability", max_stars=4096),
        rechecks=(Recheck(by=CHECKER, what="bounds", agreed=2, of=2, note="by bisection of the boxes"),),
        artefacts={"certificate": certificate},
        statement=statement,
        verdict=overall("PP"),
        regions="PP",
        ranges=ranges,
    )


def fill_store(loaded: LoadedCase, store: Store) -> None:
    """Put records for all declared runs into the store, an older one of R2 and an orphan included."""
    certificate = store.put(b'{"certificate": "sample"}')
    statement = {name: claim.statement for name, claim in loaded.claims.items()}
    n = ADVISORY_INPUTS
    points = [(float(30 + 15 * i), float(i - 10) / 2) for i in range(n)]
    radii = VerifiedRadius(
        unit="tolerance",
        limit=2.0,
        candidate=tuple(1.0 + 0.05 * i for i in range(n)),
        checked=tuple(1.0 + 0.04 * i for i in range(n)),
        attack=tuple(None if i % 4 == 0 else 1.2 + 0.06 * i for i in range(n)),
    )
    older = statement["R2"].model_copy(update={"decision": "argmin"})

    def note(run: str, requirement: str, record: RunRecord, outcome: str, criterion: str | None = None) -> None:
        digest = store.put(record_bytes(record))
        wanted = criterion or loaded.claims[requirement].criterion_digest
        store.remember(
            of_bytes(f"{run}{digest}".encode()),
            digest,
            {"date": SIDECAR_DATE, "seconds": 1.25, "command": f"assurance run . --only {run}"},
        )
        store.note(Entry(requirement, wanted, digest, run, outcome))

    note("run-r2", "R2", bounds_record(older, "CCUU", certificate), "not-met")
    other = "sha256:" + "2" * 64
    note("run-r9", "R9", bounds_record(statement["R9"], "U" * n, certificate, clean=n), "not-met", other)
    note("run-gone", "R-gone", bounds_record(statement["R2"], "UUUU", certificate), "not-met", "sha256:" + "1" * 64)
    note("run-r1", "R1", bounds_record(statement["R1"], "P" * n, certificate, radius=radii, clean=n), "met")
    note("run-r2", "R2", bounds_record(statement["R2"], "PPPU", certificate), "not-met")
    far = tuple(example(i, (310.5 + 100 * i, -7.25), (0.125, 0.25, 3.5)) for i in range(2))
    note("run-r3", "R3", bounds_record(statement["R3"], "RR", certificate, far), "refuted")
    note("run-r4", "R4", smoothing_record(statement["R4"]), "met")
    note("run-r5", "R5", range_record(statement["R5"], certificate), "met")
    cells = len_cells(loaded)
    note("run-r6", "R6", bounds_record(statement["R6"], "P" * (cells - 2) + "CU", certificate), "met")
    note("run-r7", "R7", bounds_record(statement["R7"], "P" * n, certificate), "met")
    doubt = tuple(example(i, points[i]) for i in range(3))
    letters = "RRR" + "P" * (n - 4) + "U"
    note("run-r9", "R9", bounds_record(statement["R9"], letters, certificate, doubt, clean=n), "refuted")
    accepted = tuple(example(i, points[i]) for i in range(2))
    note("run-r10", "R10", bounds_record(statement["R10"], "RR" + "P" * (n - 2), certificate, accepted), "refuted")


def len_cells(loaded: LoadedCase) -> int:
    """Cells of the sample table whose corners agree."""
    with np.load(loaded.folder / "table.npz", allow_pickle=False) as held:
        entry = held["advisory"]
    corners = np.stack([entry[:-1, :-1], entry[1:, :-1], entry[:-1, 1:], entry[1:, 1:]])
    return int((corners.min(axis=0) == corners.max(axis=0)).sum())


def make(folder: Path, **replace: str) -> tuple[Snapshot, Store]:
    """Case and store in a folder, and the snapshot of them."""
    loaded = load(write_case(folder, **replace))
    store = Store(loaded.evidence_folder)
    fill_store(loaded, store)
    return take(loaded, store), store
