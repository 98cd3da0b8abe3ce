"""A small complete case whose every record is true and can be derived by hand, and ways to sign forged packages.

The network is the identity on two inputs, written with ReLUs: y0 = x0, y1 = x1; the decision is the larger one. So the
Linf ball of radius eps around x keeps the label exactly when |x0 - x1| > 2 eps. Records are made with the checker and
onnxruntime; no engine and no torch is involved.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from onnx import TensorProto, helper, numpy_helper

from assurance.loading import LoadedCase, load
from assurance.package import archive, layout, sign
from assurance.package.build import Built, build_package
from evidence.checker import CHECKER, check
from evidence.digest import canonical_json, of_bytes
from evidence.engines.certificate import LEAF, Proof, Ranged, write_certificate
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
from evidence.smoothing_radius import error_per_input, smoothed_radius
from evidence.specification import Statement
from evidence.store import Entry, Store
from evidence.verdict import Arithmetic, Artefact, GuaranteeKind, Predictor

POINTS = np.array([[2.0, 0.0], [0.0, 2.0], [3.0, 1.0], [1.0, 4.0]], dtype=np.float32)
LABELS = np.array([0, 1, 0, 1])
COUNTS = (990, 985, 999, 520)
SAMPLES, SIGMA, ERROR = 1000, 0.5, 0.001
Members = dict[str, bytes]


def identity(scale: float = 1.0) -> bytes:
    """y = scale * x, as ONNX bytes."""
    up = np.array([[1, 0], [-1, 0], [0, 1], [0, -1]], dtype=np.float32)
    down = scale * np.array([[1, -1, 0, 0], [0, 0, 1, -1]], dtype=np.float32)
    arrays = {"w1": up, "b1": np.zeros(4, np.float32), "w2": down.astype(np.float32), "b2": np.zeros(2, np.float32)}
    graph = helper.make_graph(
        [
            helper.make_node("Gemm", ["x", "w1", "b1"], ["z"], transB=1),
            helper.make_node("Relu", ["z"], ["a"]),
            helper.make_node("Gemm", ["a", "w2", "b2"], ["y"], transB=1),
        ],
        "identity",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 2])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 2])],
        [numpy_helper.from_array(value, name) for name, value in arrays.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    return bytes(made.SerializeToString())


def npz(**arrays: Any) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


FILES: dict[str, bytes] = {
    "models/net.onnx": identity(),
    "models/smoothed.onnx": identity(2.0),
    "points.npz": npz(inputs=POINTS, labels=LABELS),
    "review.md": b"# Review\nAll requirements were read.\n",
}

CASE = """\
schema: assurance-case/1
id: toy
title: Toy with two inputs
organisation: Example Works
issue: "1"
system: {{name: Toy system, function: Tell which of two heights is larger., description: A study object.}}
constituent:
  description: the comparing network
  boundary: From two heights to one decision.
  preprocessing: None beyond units.
  postprocessing: The larger output is the decision.
odd:
  description: Heights up to five metres.
  parameters:
    - {{name: a, title: First height, range: {{lower: 0, upper: 5, unit: m}}, input: a}}
    - {{name: b, title: Second height, range: {{lower: 0, upper: 5, unit: m}}, input: b}}
hazards:
  - {{id: H1, title: The lower one is taken for the larger, failure_condition: major}}
people:
  - {{id: ana, name: Ana Autor, role: requirements engineer}}
  - {{id: ben, name: Ben Reviewer, role: verifier}}
standards:
  - {{id: do-178c, level: C}}
  - {{id: arp6983}}
safety_requirements:
  - {{id: SR1, text: The larger height shall be named., hazards: [H1]}}
requirements:
  - id: R1
    title: Stable under sensor error
    text: The decision shall not change under errors of up to half a metre.
    parents: [SR1]
    author: ana
    property:
      model: net
      regions: {{kind: input-balls, data_set: points, threat_model: TM}}
      condition: {{kind: keep-label}}
      arithmetic: real
      rationale: Half a metre is the error of the altimeters.
    meaning_review: {{by: ben, date: "2026-01-02", independent: true}}
  - id: R2
    title: First when higher
    text: In the stated boxes the first one shall be named.
    parents: [SR1]
    author: ana
    property:
      model: net
      regions:
        kind: boxes
        boxes:
          - {{id: far, ranges: {{a: {{lower: 2, upper: 3, unit: m}}, b: {{lower: 0, upper: 1, unit: m}}}}}}
          - {{id: near, ranges: {{a: {{lower: 0, upper: 1, unit: m}}, b: {{lower: 0, upper: 2, unit: m}}}}}}
      condition: {{kind: chosen-among, outputs: [first]}}
      arithmetic: real
      rationale: These are the boxes of the operational concept.
    meaning_review: {{by: ben, date: "2026-01-02", independent: true}}
  - id: R3
    title: Bounded output
    text: The first output shall stay bounded.
    parents: [SR1]
    author: ana
    property:
      model: net
      regions:
        kind: boxes
        boxes:
          - {{id: all, ranges: {{a: {{lower: 0, upper: 5, unit: m}}, b: {{lower: 0, upper: 5, unit: m}}}}}}
      condition: {{kind: within, ranges: {{first: {{lower: -10, upper: 10, unit: m}}}}}}
      arithmetic: real
      rationale: The display cannot show more than ten metres.
    meaning_review: {{by: ben, date: "2026-01-02", independent: true}}
  - id: R4
    title: Stable under noise
    text: The smoothed reader shall keep three of four labels within a quarter metre.
    parents: [SR1]
    author: ana
    property:
      model: smoothed
      regions: {{kind: input-balls, data_set: points, threat_model: TM2}}
      condition: {{kind: keep-label}}
      at_least: 0.75
      guarantee: statistical
      error_probability: 0.001
      rationale: A quarter metre is the noise of the altimeters.
    meaning_review: {{by: ben, date: "2026-01-02", independent: true}}
models:
  - id: net
    title: Comparing network
    path: models/net.onnx
    digest: {net}
    role: low-level-requirement
    arithmetic: float32
    predictor: base
    inputs: [{{name: a, unit: m}}, {{name: b, unit: m}}]
    outputs: [first, second]
  - id: smoothed
    title: Smoothed comparing network
    path: models/smoothed.onnx
    digest: {smoothed}
    role: low-level-requirement
    arithmetic: float32
    predictor: smoothed
    smoothing_noise: 0.5 m
    inputs: [{{name: a, unit: m}}, {{name: b, unit: m}}]
    outputs: [first, second]
data_sets:
  - {{id: points, title: Four points, path: points.npz, digest: {points}, source: Made for this test.}}
threat_models:
  - id: TM
    title: Altimeter error
    perturbation: {{kind: linf, eps: 0.5 m}}
    rationale: The error of the altimeters.
    exclusions: [Everything else.]
  - id: TM2
    title: Altimeter noise
    perturbation: {{kind: l2, eps: 0.25 m}}
    rationale: The noise of the altimeters.
    exclusions: [Everything else.]
runs:
  - {{id: run-1, requirement: R1, engine: bounds}}
  - {{id: run-2, requirement: R2, engine: bounds}}
  - {{id: run-3, requirement: R3, engine: reachability}}
  - {{id: run-4, requirement: R4, engine: smoothing, parameters: {{sigma: 0.5}}}}
documents:
  - id: DOC1
    title: Requirements review
    path: review.md
    digest: {review}
    evidence: review-record
    author: ben
    reviewer: ana
    independent: true
    date: "2026-01-03"
    about: [R1, case]
"""


@dataclass
class Toy:
    """A case folder with its store. `records` by requirement; `key` signs, `public` verifies."""

    folder: Path
    loaded: LoadedCase
    store: Store
    records: dict[str, RunRecord]
    key: Path
    public: Path

    def reload(self) -> None:
        self.loaded = load(self.folder)

    def edit_case(self, old: str, new: str) -> None:
        """Replace text in the case file."""
        path = self.folder / "case.yaml"
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new), "utf-8")
        self.reload()

    def blob(self, digest: str) -> bytes:
        path = self.loaded.path_of(digest)
        return path.read_bytes() if path else self.store.get(digest)

    def note(self, requirement: str, record: RunRecord, outcome: str, criterion: str | None = None) -> str:
        """Store a record and append it to the journal."""
        digest = self.store.put(record_bytes(record))
        wanted = criterion or self.loaded.claims[requirement].criterion_digest
        self.store.note(Entry(requirement, wanted, digest, f"run-{requirement[1:]}", outcome))
        self.records[requirement] = record
        return digest

    def instead(self, requirement: str, record: RunRecord, outcome: str = "met") -> str:
        """Put a forged record in the place of the true one, as if it had always been there."""
        entries = [entry for entry in self.store.journal() if entry.requirement != requirement]
        (self.store.root / "journal.jsonl").unlink()
        for entry in entries:
            self.store.note(entry)
        return self.note(requirement, record, outcome)

    def build(self, name: str = "toy.zip", dossier: tuple[Path, ...] = ()) -> Built:
        return build_package(self.loaded, self.store, self.key, self.folder.parent / name, dossier)


def make_toy(parent: Path) -> Toy:
    """Write case, files, key and evidence below `parent`."""
    folder = parent / "case"
    for name, data in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    digests = {Path(name).stem: of_bytes(data) for name, data in FILES.items()}
    (folder / "case.yaml").write_text(CASE.format(**digests), "utf-8")
    made = sign.new_key(parent / "key")
    loaded = load(folder)
    toy = Toy(folder, loaded, Store(loaded.evidence_folder), {}, made.private, made.public)
    toy.note("R1", bounds_record(toy, "R1", "PPPP", radii=(0.8, 0.8, 0.8, 1.2)), "met")
    toy.note("R2", bounds_record(toy, "R2", "PR", examples={1: (0.0, 1.0)}), "refuted")
    toy.note("R3", range_record(toy, "R3"), "met")
    toy.note("R4", smoothing_record(toy, "R4"), "met")
    return toy


def provenance(engine: str) -> Provenance:
    return Provenance(engine=engine, engine_version="0", versions={}, parameters={}, seed=0)


def guarantee(kind: GuaranteeKind) -> Guarantee:
    return Guarantee(kind=kind, arithmetic=Arithmetic.REAL, predictor=Predictor.BASE, complete=False)


def bounds_record(
    toy: Toy,
    requirement: str,
    letters: str,
    radii: tuple[float, ...] | None = None,
    examples: dict[int, tuple[float, ...]] | None = None,
    statement: Statement | None = None,
) -> BoundsRecord:
    """A bounds record with these letters, and a certificate that offers its P. Nothing is checked here."""
    statement = statement or toy.loaded.claims[requirement].statement
    proofs = [Proof(i) for i, letter in enumerate(letters) if letter == "P"]
    certificate = toy.store.put(write_certificate(statement, proofs, radii))
    return BoundsRecord(
        title=f"{requirement} by bounds",
        artefact=Artefact.MODEL_DESCRIPTION,
        guarantee=guarantee(GuaranteeKind.PROVED if "P" in letters else GuaranteeKind.UNCHECKED),
        assumptions=(),
        provenance=provenance("bounds"),
        rechecks=(Recheck(by=CHECKER, what="bounds", agreed=letters.count("P"), of=len(letters)),),
        artefacts={"certificate": certificate},
        statement=statement,
        method="crown",
        verdict=overall(letters),
        regions=letters,
        counterexamples=tuple(
            Counterexample(region=i, input=x, output=x, replayed_by="test") for i, x in (examples or {}).items()
        ),
        radius=None
        if radii is None
        else VerifiedRadius(unit="m", limit=2.0, candidate=radii, checked=radii, attack=(None,) * len(radii)),
        attack=AttackSummary(method="pgd", restarts=1, steps=1, tried=len(letters), succeeded=letters.count("R")),
    )


def range_record(toy: Toy, requirement: str) -> OutputRangeRecord:
    """Output ranges as the checker derives them."""
    statement = toy.loaded.claims[requirement].statement
    data = write_certificate(statement, [Proof(0)], ranges=[Ranged(0, LEAF)])
    report = check(statement.model_dump(mode="json"), data, toy.blob)
    assert report.refusal is None and report.proved == (True,)
    low, high = report.lower[0], report.upper[0]
    return OutputRangeRecord(
        title=f"{requirement} by star sets",
        artefact=Artefact.MODEL_DESCRIPTION,
        guarantee=guarantee(GuaranteeKind.PROVED),
        assumptions=(),
        provenance=provenance("reachability"),
        rechecks=(
            Recheck(by=CHECKER, what="bounds", agreed=1, of=1),
            Recheck(by=CHECKER, what="output ranges", agreed=1, of=1),
        ),
        artefacts={"certificate": toy.store.put(data)},
        statement=statement,
        verdict=overall("P"),
        regions="P",
        ranges=(
            OutputRange(
                box="all",
                star_lower=(0.0, 0.0),
                star_upper=(5.0, 5.0),
                checked_lower=low,
                checked_upper=high,
                sampled_lower=(0.1, 0.1),
                sampled_upper=(4.9, 4.9),
                exact=True,
                stars=1,
                decisions=("first", "second"),
            ),
        ),
    )


def smoothing_record(toy: Toy, requirement: str, counts: tuple[int, ...] = COUNTS) -> SmoothingRecord:
    """Radii that follow from the counts."""
    error = error_per_input(ERROR, len(counts), True)
    items = []
    for label, successes in zip(LABELS.tolist(), counts, strict=True):
        found = smoothed_radius(successes, SAMPLES, error, SIGMA)
        items.append(
            SmoothedInput(
                label=label,
                predicted=label,
                successes=successes,
                lower_probability=found.lower_probability,
                radius=found.radius,
                abstained=found.abstained,
            )
        )
    return SmoothingRecord(
        title=f"{requirement} by smoothing",
        artefact=Artefact.MODEL_DESCRIPTION,
        guarantee=Guarantee(
            kind=GuaranteeKind.STATISTICAL,
            arithmetic=Arithmetic.FLOAT32_ONE,
            predictor=Predictor.SMOOTHED,
            complete=False,
            error_probability=ERROR,
            simultaneous=True,
        ),
        assumptions=(),
        provenance=provenance("smoothing"),
        statement=toy.loaded.claims[requirement].statement,
        sigma=SIGMA,
        sigma_unit="m",
        noise="independent",
        selection_samples=100,
        estimation_samples=SAMPLES,
        inputs=tuple(items),
    )


# --- packages that somebody signed again -------------------------------------------------------------------------


def resign(members: Members, key: Path, change_manifest: Callable[[dict[str, Any]], None] | None = None) -> bytes:
    """A package around changed members: manifest, attestation and public key are made anew, all of it consistent."""
    own = sign.load_signing_key(key)
    files = {name: data for name, data in members.items() if name not in (layout.MANIFEST, layout.ATTESTATION)}
    files[layout.PUBLIC_KEY] = own.public.pem
    old = json.loads(members[layout.MANIFEST])
    manifest = json.loads(layout.manifest_of(layout.CaseIdentity(**old["case"]), old["rules"], files))
    if change_manifest is not None:
        change_manifest(manifest)
    files[layout.MANIFEST] = canonical_json(manifest)
    files[layout.ATTESTATION] = sign.sign(layout.statement_of(files[layout.MANIFEST]), own)
    return archive.write(files)


def raw_signature(key: Path, data: bytes) -> bytes:
    """An Ed25519 signature over any bytes."""
    private: Any = load_pem_private_key(key.read_bytes(), None)
    return bytes(private.sign(data))
