"""`assurance gaps` from start to end on synthetic cases: 10,000 records, 400 objectives, 5,000 goals, and parts of that.

Each case lies on disk as real ones do: a case file, and for each record its bytes, its certificate, the answered request
and its line in the journal. Timed is the whole command in a process of its own, from its start to the written list.
Beside it stands the least that any tool would need: reading and hashing the same files. Processor time counts, because
it depends less on what else the machine does. That no certificate here proves anything does not matter: the gap list
looks whether it is unchanged, the review package checks it.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from statistics import median
from unittest.mock import patch

import yaml

from assurance.loading import load
from evidence.digest import of_bytes
from evidence.records import BoundsRecord, Guarantee, Provenance, Recheck, record_bytes
from evidence.store import Entry, Store
from evidence.verdict import Arithmetic, Artefact, GuaranteeKind, Predictor, Verdict

REQUIREMENTS, RUNS_EACH = 1_250, 8
PARTS = (16, 4, 1)
ROUNDS = 5
"""The median of so many is held against the target; the least and the most show what else the machine does."""
TARGET = "3 s, 500 MB"
STANDARDS = (
    ("do-178c", "B"), ("arp6983", None), ("easa-cp-issue2", "2B"), ("do-333", "B"), ("iso-14971", None),
    ("iso-pas-8800", None), ("fda-gmlp", None),
)  # fmt: skip


def bench_gaps() -> list[str]:
    """One line for each size, and one on growth."""
    lines, found = [], []
    for part in PARTS:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            records = make(folder, REQUIREMENTS // part)
            walls, cpus, sizes = zip(*(_command(folder) for _ in range(ROUNDS)), strict=True)
            cpu, floor = median(cpus), median(_reading(folder) for _ in range(ROUNDS))
            counts = (folder / "gaps.txt").read_text("utf-8")
        assert "R0" in counts
        found.append((records, cpu))
        target = f" (target {TARGET})" if part == 1 else ""
        lines.append(
            f"{records:,} records: {median(walls):.2f} s ({min(walls):.2f} to {max(walls):.2f}), of it {cpu:.2f} s "
            f"processor time, {max(sizes):.0f} MB{target}; "
            f"{cpu / floor:.1f} times reading and hashing the files"
        )
    more = [1e3 * (b[1] - a[1]) / (b[0] - a[0]) for a, b in pairwise(found)]
    lines.append("growth: " + ", then ".join(f"{value:.2f} ms" for value in more) + " for each further record")
    return lines


def make(folder: Path, requirements: int) -> int:
    """Write a case with that many requirements and the evidence for them; the number of records."""
    (folder / "net.onnx").write_bytes(b"a network that nobody opens")
    names = [f"R{i}" for i in range(requirements)]
    plain = json.loads(json.dumps(_case(folder, names)))  # so that nothing is written as a reference to something else
    text = yaml.dump(plain, Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper), sort_keys=False)
    (folder / "case.yaml").write_text(text, "utf-8")
    loaded = load(folder)
    store = Store(folder / "evidence")
    with patch("os.fsync"):  # this folder is thrown away
        for name in names:
            claim = loaded.claims[name]
            for number in range(RUNS_EACH):
                certificate = store.put(f"certificate of {name}, run {number}".encode() * 100)
                record = BoundsRecord(
                    kind="bounds",
                    title=f"{name}, run {number}",
                    artefact=Artefact.MODEL_DESCRIPTION,
                    guarantee=Guarantee(
                        kind=GuaranteeKind.PROVED, arithmetic=Arithmetic.REAL, predictor=Predictor.BASE, complete=False
                    ),
                    assumptions=(),
                    provenance=Provenance(
                        engine="bounds", engine_version="1", versions={}, parameters={}, seed=0, device="cpu"
                    ),
                    artefacts={"certificate": certificate},
                    rechecks=(Recheck(by="checker", what="bounds", agreed=2, of=2),),
                    statement=claim.statement,
                    method="crown",
                    verdict=Verdict.PROVED,
                    regions="PP",
                )
                digest = store.put(record_bytes(record))
                store.note(Entry(name, claim.criterion_digest, digest, f"run-{name}-{number}", "met"))
                store.remember(of_bytes(digest.encode()), digest, {"seconds": 1.0})
    return requirements * RUNS_EACH


def _case(folder: Path, names: list[str]) -> dict[str, object]:
    def side(low: int, high: int) -> dict[str, object]:
        return {"lower": low, "upper": high, "unit": "m"}

    halves = [{"id": f"half-{low}", "ranges": {"x": side(low, low + 5), "y": side(0, 10)}} for low in (0, 5)]
    ports = [{"name": name, "unit": "m"} for name in ("x", "y")]
    return {
        "schema": "assurance-case/1",
        "id": "many",
        "title": "A case with many runs",
        "organisation": "Nobody",
        "issue": "1",
        "system": {"name": "System", "function": "Function", "description": "Nothing real."},
        "constituent": {
            "description": "The network",
            "boundary": "from x and y to three scores",
            "preprocessing": "none",
            "postprocessing": "the greatest score wins",
        },
        "odd": {
            "description": "a square of ten metres",
            "parameters": [{"name": n, "title": n, "range": side(0, 10), "input": n} for n in ("x", "y")],
        },
        "hazards": [{"id": "H1", "title": "It does harm", "failure_condition": "hazardous"}],
        "people": [{"id": "ann", "name": "Ann", "role": "author"}, {"id": "rev", "name": "Rev", "role": "verifier"}],
        "standards": [{"id": id} | ({"level": level} if level else {}) for id, level in STANDARDS],
        "safety_requirements": [{"id": "SR1", "text": "No harm shall come of it.", "hazards": ["H1"]}],
        "models": [
            {
                "id": "net",
                "title": "The network",
                "path": "net.onnx",
                "digest": of_bytes((folder / "net.onnx").read_bytes()),
                "role": "low-level-requirement",
                "arithmetic": "real",
                "predictor": "base",
                "inputs": ports,
                "outputs": ["up", "down", "stay"],
            }
        ],
        "requirements": [
            {
                "id": name,
                "title": f"Requirement {name}",
                "text": f"The network shall never choose down in {name}.",
                "parents": ["SR1"],
                "author": "ann",
                "meaning_review": {"by": "rev", "date": "2026-02-01", "independent": True},
                "property": {
                    "model": "net",
                    "arithmetic": "real",
                    "regions": {"kind": "boxes", "boxes": halves},
                    "condition": {"kind": "never-chosen", "outputs": ["down"]},
                    "rationale": "nothing stands behind it",
                },
            }
            for name in names
        ],
        "runs": [
            {"id": f"run-{name}-{k}", "requirement": name, "engine": "bounds"}
            for name in names
            for k in range(RUNS_EACH)
        ],
    }


def _command(folder: Path) -> tuple[float, float, float]:
    """Wall time, processor time [s] and peak memory [MB] of the command."""
    # users have compiled modules; whoever sets this variable compiles them again in each process
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-m", "assurance", "gaps"]
    subprocess.run([*command, "--help"], env=environment, stdout=subprocess.DEVNULL, check=True)
    start = time.perf_counter()
    process = subprocess.Popen(
        [*command, str(folder), "--all", "--out", str(folder / "gaps.txt")], env=environment, stderr=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - start
    assert process.returncode == 0, process.returncode
    return wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def _reading(folder: Path) -> float:
    """Processor time for reading and hashing every file of the case [s]."""
    start = time.process_time()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            hashlib.sha256(path.read_bytes()).digest()
    return time.process_time() - start
