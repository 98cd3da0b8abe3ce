"""A small real case: a tiny ONNX network, data, a table, four requirements; and records made with the real models."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import yaml
from onnx import TensorProto, helper, numpy_helper
from pydantic import TypeAdapter

from assurance.challenges import Doubt, doubts_of
from assurance.loading import LoadedCase, load
from assurance.snapshot import Snapshot, take
from evidence.digest import of_bytes
from evidence.records import (
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
    overall,
    record_bytes,
)
from evidence.specification import Quantity, Statement
from evidence.store import Entry, Store
from evidence.verdict import Arithmetic, Artefact, GuaranteeKind, Predictor

INPUTS = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]])
CERTIFICATE = b"bytes that stand for a certificate"
LABELS = np.array([0, 0, 1, 1])


_QUANTITY: TypeAdapter[Any] = TypeAdapter(Quantity)


def quantity(text: str) -> Any:
    """A number with its unit from text, as a case file has it."""
    return _QUANTITY.validate_python(text)


def onnx_bytes(bias: float = 0.0) -> bytes:
    """y = ReLU(W x + b), two inputs, three outputs."""
    weight = np.array([[1.0, 0.5], [-1.0, 0.25], [0.5, 0.5]], dtype=np.float32)
    nodes = [
        helper.make_node("Gemm", ["x", "w", "b"], ["h"], transB=1),
        helper.make_node("Relu", ["h"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "toy",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 2])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 3])],
        [
            numpy_helper.from_array(weight, "w"),
            numpy_helper.from_array(np.array([1.0, bias, 0.0], dtype=np.float32), "b"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def _review(**changes: Any) -> dict[str, Any]:
    return {"by": "rev", "date": "2026-02-01", "independent": True} | changes


def _range(low: float, high: float) -> dict[str, Any]:
    return {"lower": low, "upper": high, "unit": "m"}


def _requirement(id: str, formal: dict[str, Any] | None) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": id,
        "title": f"Requirement {id}",
        "text": f"The network shall do what {id} says.",
        "parents": ["SR1"],
        "author": "ann",
    }
    if formal is not None:
        reason = {"rationale": "the sensor's data sheet gives this error"}
        item |= {"property": {"model": "net", "arithmetic": "real"} | formal | reason, "meaning_review": _review()}
    return item


def case_dict(folder: Path) -> dict[str, Any]:
    """Write the case's files into a folder and give its declaration as plain data."""
    files = {
        "net.onnx": onnx_bytes(),
        "review.md": b"# Review\n",
        "target.md": b"# Tests on the target\n",
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    np.savez(folder / "data.npz", inputs=INPUTS, labels=LABELS)
    grid = np.array([0.0, 5.0, 10.0])
    np.savez(folder / "table.npz", grid_x=grid, grid_y=grid, advisory=np.zeros((3, 3), dtype=np.int64))
    halves = [
        {"id": "west", "ranges": {"x": _range(0, 5), "y": _range(0, 10)}},
        {"id": "east", "ranges": {"x": _range(5, 10), "y": _range(0, 10)}},
    ]

    def declared(id: str, path: str, **more: Any) -> dict[str, Any]:
        digest = of_bytes((folder / path).read_bytes())
        return {"id": id, "title": f"File {id}", "path": path, "digest": digest} | more

    return {
        "schema": "assurance-case/1",
        "id": "toy",
        "title": "Toy case",
        "organisation": "Nobody",
        "issue": "1",
        "system": {"name": "Toy system", "function": "Toy function", "description": "A system for tests."},
        "constituent": {
            "description": "The toy network",
            "boundary": "from x and y to three scores",
            "preprocessing": "none but scaling",
            "postprocessing": "the greatest score wins",
        },
        "odd": {
            "description": "a square of ten metres",
            "parameters": [
                {"name": "x", "title": "east", "range": _range(0, 10), "input": "x"},
                {"name": "y", "title": "north", "range": _range(0, 10), "input": "y"},
            ],
        },
        "hazards": [{"id": "H1", "title": "It does harm", "failure_condition": "hazardous"}],
        "people": [
            {"id": "ann", "name": "Ann Author", "role": "engineer"},
            {"id": "rev", "name": "Rev Reviewer", "role": "verifier"},
        ],
        "standards": [{"id": "do-178c", "level": "B"}, {"id": "arp6983"}],
        "safety_requirements": [{"id": "SR1", "text": "No harm shall come of it.", "hazards": ["H1"]}],
        "requirements": [
            _requirement(
                "R1",
                {
                    "regions": {"kind": "input-balls", "data_set": "points", "threat_model": "TM"},
                    "condition": {"kind": "keep-label"},
                    "at_least": 0.75,
                },
            ),
            _requirement(
                "R2",
                {
                    "regions": {"kind": "boxes", "boxes": halves},
                    "condition": {"kind": "never-chosen", "outputs": ["down"]},
                },
            ),
            _requirement(
                "R3", {"regions": {"kind": "table-cells", "table": "grid"}, "condition": {"kind": "corner-entry"}}
            ),
        ],
        "models": [
            declared(
                "net",
                "net.onnx",
                role="low-level-requirement",
                arithmetic="float32",
                predictor="base",
                inputs=[{"name": "x", "unit": "m"}, {"name": "y", "unit": "m"}],
                outputs=["up", "down", "stay"],
            )
        ],
        "data_sets": [declared("points", "data.npz", source="made for the test")],
        "tables": [declared("grid", "table.npz", source="made for the test")],
        "threat_models": [
            {
                "id": "TM",
                "title": "noise",
                "perturbation": {"kind": "linf", "eps": "0.1 m"},
                "rationale": "the sensor's data sheet gives this",
                "exclusions": ["stickers on the sensor"],
            }
        ],
        "runs": [
            {"id": "run-1", "requirement": "R1", "engine": "bounds"},
            {"id": "run-2", "requirement": "R2", "engine": "bounds"},
            {"id": "run-3", "requirement": "R3", "engine": "bounds"},
        ],
        "documents": [],
    }


def document(folder: Path, id: str, **changes: Any) -> dict[str, Any]:
    """A declared document about the case, reviewed by another person than its author."""
    path = folder / f"{id}.md"
    path.write_text(f"document {id}", "utf-8")
    return {
        "id": id,
        "title": f"Document {id}",
        "path": path.name,
        "digest": of_bytes(path.read_bytes()),
        "evidence": "review-record",
        "author": "ann",
        "reviewer": "rev",
        "independent": True,
        "date": "2026-02-02",
        "about": ["case"],
    } | changes


def smooth(case: dict[str, Any]) -> dict[str, Any]:
    """The case with a smoothed predictor and one statistical requirement R1 under an L2 ball of 0.5 m."""
    case = copy.deepcopy(case)
    case["models"][0] |= {"predictor": "smoothed", "smoothing_noise": "0.5 m"}
    case["threat_models"][0]["perturbation"] = {"kind": "l2", "eps": "0.5 m"}
    case["requirements"] = case["requirements"][:1]
    del case["requirements"][0]["property"]["arithmetic"]
    case["requirements"][0]["property"] |= {"guarantee": "statistical", "error_probability": 0.01}
    case["runs"] = [{"id": "run-1", "requirement": "R1", "engine": "smoothing", "parameters": {"sigma": 0.5}}]
    return case


class _Dumper(yaml.CSafeDumper):
    """Writes equal parts out: case files have no anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


@dataclass
class Kit:
    """A case folder under test: change `case`, `write`, and look."""

    folder: Path
    case: dict[str, Any]

    @property
    def store(self) -> Store:
        return Store(self.folder / "evidence")

    def write(self, **changes: Any) -> Kit:
        self.case |= changes
        text = yaml.dump(self.case, Dumper=_Dumper, sort_keys=False, allow_unicode=True)
        (self.folder / "case.yaml").write_text(text, "utf-8")
        return self

    def requirement(self, id: str) -> dict[str, Any]:
        found: dict[str, Any] = next(item for item in self.case["requirements"] if item["id"] == id)
        return found

    def load(self) -> LoadedCase:
        self.write()
        return load(self.folder)

    def take(self) -> Snapshot:
        return take(self.load(), self.store)

    def statement(self, requirement: str) -> Statement:
        return self.load().claims[requirement].statement

    def keep(self, requirement: str, record: RunRecord, run: str | None = None, outcome: str = "met") -> str:
        """Store a record as what a run answered to the present criterion of a requirement."""
        criterion = self.load().claims[requirement].criterion_digest
        if record.artefacts:
            self.store.put(CERTIFICATE)
        digest = self.store.put(record_bytes(record))
        run = run or f"run-{requirement[-1]}"
        self.store.note(Entry(requirement, criterion, digest, run, outcome))
        return digest

    def doubts(self) -> dict[str, Doubt]:
        """Every doubt of the case as it stands, those aimed at elements of the argument included."""
        snapshot = self.take()
        return {item.id: item for item in doubts_of(snapshot.loaded, snapshot.register, snapshot.built.argument)}

    def dispose(self, challenge: str, decision: str, **changes: Any) -> None:
        """Have `rev` decide on a challenge as it stands now."""
        made = {
            "challenge": challenge,
            "decision": decision,
            "by": "rev",
            "date": "2026-03-03",
            "rationale": "Looked at and decided in the safety board.",
            "of": self.doubts()[challenge].digest,
        }
        self.case["dispositions"] = [*self.case.get("dispositions", []), made | changes]

    def prove(self, *requirements: str) -> None:
        """Give requirements a record that proves every region."""
        for id in requirements:
            statement = self.statement(id)
            self.keep(
                id, bounds(statement, "P" * {"input-balls": 4, "boxes": 2, "table-cells": 4}[statement.regions.kind])
            )


def kit(folder: Path) -> Kit:
    """The toy case in a folder, written."""
    return Kit(folder, case_dict(folder)).write()


def bounds(statement: Statement, letters: str, **changes: Any) -> BoundsRecord:
    """A coherent bounds record."""
    return BoundsRecord(**(_fields(statement, letters) | {"method": "crown"} | changes))


def ranges(statement: Statement, letters: str, **changes: Any) -> OutputRangeRecord:
    """A coherent record of output ranges."""
    zero = (0.0,) * len(statement.outputs)
    made = tuple(
        OutputRange(
            box=box.id, star_lower=zero, star_upper=zero, checked_lower=zero, checked_upper=zero,
            sampled_lower=zero, sampled_upper=zero, exact=False, stars=1,
        )
        for box in statement.regions.boxes  # type: ignore[union-attr]
    )  # fmt: skip
    return OutputRangeRecord(**(_fields(statement, letters) | {"ranges": made} | changes))


def _fields(statement: Statement, letters: str) -> dict[str, Any]:
    proved = letters.count("P")
    kind = GuaranteeKind.PROVED if proved else GuaranteeKind.UNCHECKED if "C" in letters else GuaranteeKind.EMPIRICAL
    return {
        "title": "toy",
        "artefact": Artefact.MODEL_DESCRIPTION,
        "guarantee": Guarantee(kind=kind, arithmetic=Arithmetic.REAL, predictor=Predictor.BASE, complete=False),
        "assumptions": ("weights as stored",),
        "provenance": Provenance(engine="bounds", engine_version="1", versions={}, parameters={}, seed=0),
        "rechecks": (Recheck(by="checker", what="bounds", agreed=proved, of=len(letters)),),
        "artefacts": {"certificate": of_bytes(CERTIFICATE)} if proved else {},
        "statement": statement,
        "verdict": overall(letters),
        "regions": letters,
        "counterexamples": tuple(
            Counterexample(
                region=i,
                # outside all regions of the toy case: counts where its record fits, and nowhere else
                input=(-1000.0 - i,) * len(statement.inputs),
                output=(0.0,) * len(statement.outputs),
                replayed_by="toy",
            )
            for i, letter in enumerate(letters)
            if letter == "R"
        ),
    }


def smoothing(statement: Statement, radii: list[float], wrong: int = 0, **guarantee: Any) -> SmoothingRecord:
    """A coherent smoothing record; radius 0 stands for an abstention, the first `wrong` inputs get a wrong class."""
    inputs = tuple(
        SmoothedInput(
            label=0,
            predicted=1 if i < wrong else 0,
            successes=990 if radius else 500,
            lower_probability=0.97 if radius else 0.45,
            radius=radius,
            abstained=not radius,
        )
        for i, radius in enumerate(radii)
    )
    given: dict[str, Any] = {
        "kind": GuaranteeKind.STATISTICAL,
        "arithmetic": Arithmetic.FLOAT32_ONE,
        "predictor": Predictor.SMOOTHED,
        "complete": False,
        "error_probability": 0.001,
        "simultaneous": True,
    }
    return SmoothingRecord(
        title="toy",
        artefact=Artefact.MODEL_DESCRIPTION,
        guarantee=Guarantee(**(given | guarantee)),
        assumptions=(),
        provenance=None,
        statement=statement,
        sigma=0.5,
        sigma_unit="m",
        noise="shared",
        selection_samples=100,
        estimation_samples=1000,
        inputs=inputs,
    )
