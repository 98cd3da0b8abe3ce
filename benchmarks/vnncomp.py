"""Competition instances: `assurance prove` on each as a process of its own, against the known answers.

Resumable: every finished instance is a line of benchmarks/results/vnncomp.jsonl and is not run again (delete the file
to start anew). `seconds` is the wall time of the whole process, start-up, checker and replay included. The tables are
written to benchmarks/results/vnncomp.md. An answer is wrong when it contradicts the known truth, whatever its source;
a counterexample that replays exactly overrules a consensus.
"""

from __future__ import annotations

import csv
import json
import math
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data" / "vnncomp"
RESULTS = ROOT / "benchmarks" / "results"
LIMITS = {"acasxu": 116.0, "mnist_fc": 120.0, "oval21": 300.0}
"""Seconds of wall time for an instance."""
_CHECKING = {"acasxu": 0.55, "mnist_fc": 0.75, "oval21": 0.85}
"""Share of the limit that the search may use: checking has to fit in the rest."""
PEER = "nnenum, 60 s limit, quiet machine, 2 processes: 183 of 186 decided, 722 s in sum of process wall"


def vnncomp() -> list[str]:
    """Run what is left of all suites that are at hand, and sum up."""
    if not DATA.is_dir():
        return ["skipped: the benchmark data is not beside the checkout"]
    RESULTS.mkdir(parents=True, exist_ok=True)
    wanted = os.environ.get("VNNCOMP", ",".join(LIMITS)).split(",")
    log = RESULTS / "vnncomp.jsonl"
    done = {(row["suite"], row["onnx"], row["vnnlib"]) for row in _rows(log)}
    for suite in wanted:
        for instance in _instances(suite):
            if (suite, instance["onnx"], instance["vnnlib"]) not in done:
                row = _run(suite, instance)
                with log.open("a") as stream:
                    stream.write(json.dumps(row, sort_keys=True) + "\n")
                print(suite, row["onnx"], row["vnnlib"], row["verdict"], row["seconds"], row["truth"], flush=True)
    rows = list(_rows(log))
    (RESULTS / "vnncomp.md").write_text(_table(rows))
    return [line for suite in LIMITS for line in _summary(suite, [row for row in rows if row["suite"] == suite])]


def _rows(log: Path) -> Iterator[dict[str, Any]]:
    if log.exists():
        for line in log.read_text().splitlines():
            yield json.loads(line)


def _instances(suite: str) -> list[dict[str, str]]:
    with (DATA / "answers" / f"{suite}.csv").open() as stream:
        return list(csv.DictReader(stream))


def _run(suite: str, instance: dict[str, str]) -> dict[str, Any]:
    limit = LIMITS[suite]
    with tempfile.TemporaryDirectory() as store:
        command = [sys.executable, "-c", "from assurance.cli import main; main()", "prove"]
        command += [str(DATA / suite / instance["onnx"]), str(DATA / suite / instance["vnnlib"])]
        command += ["--timeout", str(limit * _CHECKING[suite]), "--json", "--store", store]
        started = time.monotonic()
        try:
            ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=limit, check=False)
            answer = json.loads(ended.stdout) if ended.stdout else {"verdict": "ERROR", "reason": ended.stderr[-300:]}
        except subprocess.TimeoutExpired:
            answer = {"verdict": "UNKNOWN", "reason": "the limit of the instance was reached"}
        seconds = time.monotonic() - started
    return {
        "suite": suite,
        "onnx": instance["onnx"],
        "vnnlib": instance["vnnlib"],
        "truth": {"sat": "REFUTED", "unsat": "PROVED"}.get(instance["truth"], instance["truth"]),
        "how": instance["how"],
        "verdict": answer["verdict"],
        "reason": answer.get("reason"),
        "seconds": round(seconds, 2),
        "inside": answer.get("seconds"),
    }


def _wrong(row: dict[str, Any]) -> bool:
    return row["verdict"] in ("PROVED", "REFUTED") and row["verdict"] != row["truth"]


def _summary(suite: str, rows: list[dict[str, Any]]) -> list[str]:
    if not rows:
        return []
    decided = [row for row in rows if row["verdict"] in ("PROVED", "REFUTED")]
    times = [row["seconds"] for row in rows]
    mean = math.exp(sum(math.log(max(t, 0.01)) for t in times) / len(times))
    lines = [
        f"{suite}: {len(decided)} of {len(rows)} decided within {LIMITS[suite]:g} s, "
        f"{sum(map(_wrong, rows))} contradict the known answer, sum {sum(times):.0f} s, "
        f"geometric mean {mean:.2f} s, longest {max(times):.1f} s"
    ]
    return [*lines, f"{suite}: peer: {PEER}"] if suite == "acasxu" else lines


def _table(rows: list[dict[str, Any]]) -> str:
    lines = ["# Competition instances", "", f"Python {platform.python_version()}, {os.cpu_count()} cores.", ""]
    lines += [f"* {line}" for suite in LIMITS for line in _summary(suite, [r for r in rows if r["suite"] == suite])]
    lines += [
        "",
        "| suite | network | property | verdict | seconds | known | how it is known |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        network, text = Path(row["onnx"]).stem, Path(row["vnnlib"]).stem
        lines.append(
            f"| {row['suite']} | {network} | {text} | {row['verdict']} | {row['seconds']} | {row['truth']} | {row['how']} |"
        )
    return "\n".join(lines) + "\n"
