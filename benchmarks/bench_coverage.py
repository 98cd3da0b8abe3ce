"""Coverage of synthetic cases: 10,000 records, 400 objectives and 5,000 goals, then four and sixteen times that.

Each size runs in a process of its own, so that its peak memory is its own. A case has two records for each
requirement (one is current), documents about single requirements, and a review of the whole case for every fifth
objective; the objectives are those of DO-178C, over and over under new identifiers. Timed is what `coverage` does, from
register and standings to all rows, and then writing these rows as the JSON of `assurance gaps`; making the synthetic
material is not.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from unittest.mock import patch

from assurance.case import (
    BallsOf,
    Case,
    Constituent,
    DocumentItem,
    FormalProperty,
    Model,
    Odd,
    OddParameter,
    Person,
    Requirement,
    Run,
    System,
)
from assurance.case_compliance import StandardChoice
from assurance.case_hazards import Hazard
from assurance.catalogue import Catalogue, load
from assurance.collector import cycles_left_alone
from assurance.gaps.model import GapReport, GapRow, StandardGaps
from assurance.gaps.writers.json_form import gaps_json
from assurance.loading import LoadedCase
from assurance.objectives import Coverage, coverage
from assurance.register import Register, RunItem, document_entry
from assurance.status import Standing, Status
from evidence.diagnostics import Place
from evidence.digest import of_bytes
from evidence.records import BoundsRecord, Guarantee, Provenance, Recheck
from evidence.specification import Boxes, KeepLabel, NamedBox, NeverChosen, Port, Range, Statement
from evidence.strict_yaml import Document
from evidence.verdict import Arithmetic, Artefact, GuaranteeKind, Predictor, Verdict

RECORDS, OBJECTIVES = 10_000, 400
SIZES = (1, 4, 16)
TARGET = "3 s, 500 MB"


def bench_coverage() -> list[str]:
    """One line for each size, and how the time grows."""
    lines, seconds = [], []
    for size in SIZES:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.bench_coverage", str(size)], capture_output=True, text=True, check=True
        )
        found = json.loads(done.stdout)
        seconds.append(found["seconds"])
        target = f" (target {TARGET})" if size == 1 else f", {seconds[-1] / seconds[0]:.1f} times the time of 1x"
        lines.append(
            f"{size}x: {found['records']:,} records, {found['objectives']:,} objectives, {found['goals']:,} goals: "
            f"{found['seconds']:.2f} s, {found['megabytes']:.0f} MB{target}; "
            f"as JSON {found['json_seconds']:.2f} s, {found['json_megabytes']:.1f} MB"
        )
    return lines


def measure(size: int) -> dict[str, float]:
    """Coverage of a case of this size: seconds, peak memory of the process, counts."""
    catalogue = objectives(OBJECTIVES * size)
    loaded, register, standings, goals = material(RECORDS * size, catalogue)
    with patch("assurance.objectives.assembly.load_catalogue", lambda id: catalogue), cycles_left_alone():
        start = time.process_time()
        (covered,) = coverage(loaded, register, standings, goals)
        seconds = time.process_time() - start
    assert len(covered.rows) == len(catalogue.entries)
    assert any(len(row.evidence) >= 0.9 * RECORDS * size / 2 for row in covered.rows)
    start = time.process_time()
    text = json.dumps(gaps_json(_report(covered)), indent=2, ensure_ascii=False)
    return {
        "seconds": seconds,
        "json_seconds": time.process_time() - start,
        "json_megabytes": len(text) / 1e6,
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "records": len(register.runs),
        "objectives": len(covered.rows),
        "goals": sum(map(len, goals.values())),
    }


def _report(covered: Coverage) -> GapReport:
    """The rows of one standard as a gap report, without what else a report says."""
    tables = {table.id: table for table in covered.catalogue.tables}
    rows = tuple(GapRow(f"do-178c:{row.entry.id}", row, tables[row.entry.table], None) for row in covered.rows)
    return GapReport("c", "c", (StandardGaps(covered, rows, (), Place("case.yaml")),), (), (), ())


def objectives(count: int) -> Catalogue:
    """A catalogue of that many entries."""
    real = load("do-178c")
    entries = tuple(
        real.entries[i % len(real.entries)].model_copy(update={"id": f"{real.entries[i % len(real.entries)].id}-{i}"})
        for i in range(count)
    )
    return real.model_copy(update={"entries": entries})


def digest(name: str) -> str:
    """A digest that stands for something."""
    return of_bytes(name.encode())


def material(
    records: int, catalogue: Catalogue
) -> tuple[LoadedCase, Register, dict[str, Standing], dict[str, tuple[str, ...]]]:
    """A case with half as many requirements as records, and what its evidence comes to."""
    names = [f"R{i}" for i in range(records // 2)]
    case = _case(names, catalogue)
    record = _record()
    runs, standings = [], {}
    for i, name in enumerate(names):
        own = [
            RunItem(digest(f"{name}-{k}"), record, f"run-{name}", name, "", "met", k == 1, 2 * i + k) for k in (0, 1)
        ]
        runs += own
        status = (Status.SUPPORTED, Status.PARTIAL, Status.UNDEVELOPED)[0 if i % 10 else 1 + i % 20 // 10]
        standings[name] = Standing(name, status, (), 1, 1, 0, (), own[1])
    documents = tuple(document_entry(case, item, True) for item in case.documents)
    loaded = LoadedCase(case, Path("case.yaml"), digest("case"), Document({}, "case.yaml", {}), (), (), {})
    return loaded, Register(tuple(runs), documents), standings, {name: (f"G-{name}",) for name in names}


def _case(names: list[str], catalogue: Catalogue) -> Case:
    unit = Port(name="x", unit="m")
    around = BallsOf.model_construct(data_set="data", threat_model="TM", inputs="all")
    formal = FormalProperty.model_construct(model="net", regions=around, condition=KeepLabel())
    requirements = tuple(
        Requirement.model_construct(
            id=name, title=name, text=name, parents=("SR1",), derived=None, hazards=(), author=f"p{i % 7}",
            property=formal, meaning_review=None,
        )
        for i, name in enumerate(names)
    )  # fmt: skip

    def document(id: str, about: tuple[str, ...], objectives: tuple[str, ...]) -> DocumentItem:
        return DocumentItem(
            id=id, title=id, path=f"{id}.md", digest=digest(id), evidence="review-record", author="p0", reviewer="p1",
            independent=True, date="2026-01-01", about=about, objectives=objectives,
        )  # fmt: skip

    reviewed = tuple(f"do-178c:{entry.id}" for entry in catalogue.entries[::5])
    documents = (
        document("whole", ("case",), reviewed),
        *(document(f"single-{name}", (name,), reviewed[:3]) for name in names[::50]),
    )
    return Case.model_construct(
        schema_="assurance-case/1", id="c", title="c", organisation="o", issue="1",
        system=System(name="s", function="f", description="d"),
        constituent=Constituent(description="d", boundary="b", preprocessing="p", postprocessing="p"),
        odd=Odd(description="d", parameters=(OddParameter(name="x", title="x", range=Range(lower=0, upper=1, unit="m")),)),
        hazards=(Hazard(id="H", title="h", failure_condition="hazardous"),),
        people=tuple(Person(id=f"p{i}", name=f"P {i}", role="r") for i in range(7)),
        standards=(StandardChoice(id="do-178c", level="B"),), safety_requirements=(), requirements=requirements,
        models=(
            Model.model_construct(
                id="net", title="n", path="n.onnx", digest=digest("net"), role="low-level-requirement",
                arithmetic="float32", predictor=Predictor.BASE, smoothing_noise=None, decision="argmax", made_by=None,
                inputs=(unit,), outputs=("a", "b"),
            ),
        ),
        runs=tuple(Run(id=f"run-{name}", requirement=name, engine="bounds") for name in names), documents=documents,
    )  # fmt: skip


def _record() -> BoundsRecord:
    box = NamedBox(id="b", ranges={"x": Range(lower=0, upper=1, unit="m")})
    statement = Statement(
        model=digest("net"), inputs=(Port(name="x", unit="m"),), outputs=("a", "b"), decision="argmax",
        predictor=Predictor.BASE, arithmetic=Arithmetic.REAL, regions=Boxes(boxes=(box,)),
        condition=NeverChosen(outputs=("b",)),
    )  # fmt: skip
    return BoundsRecord(
        title="t", artefact=Artefact.MODEL_DESCRIPTION, assumptions=("weights as stored",),
        guarantee=Guarantee(
            kind=GuaranteeKind.PROVED, arithmetic=Arithmetic.REAL, predictor=Predictor.BASE, complete=False
        ),
        provenance=Provenance(engine="bounds", engine_version="1", versions={}, parameters={}, seed=0),
        rechecks=(Recheck(by="checker", what="bounds", agreed=1, of=1),), artefacts={"certificate": digest("c")},
        statement=statement, method="crown", verdict=Verdict.PROVED, regions="P",
    )  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
