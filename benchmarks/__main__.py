"""`make bench`: run every benchmark but the long one, or those that are named, and print one line each.

python -m benchmarks [bounds] [smoothing] [checker] [prover] [demo] [pdf] [gsn] [coverage] [gaps] [vnncomp]
`vnncomp` takes up to some hours and goes on where it stopped.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable

from benchmarks.bench_coverage import bench_coverage
from benchmarks.bench_gaps import bench_gaps
from benchmarks.bounds import bounds, checker
from benchmarks.dossier import demo, pdf
from benchmarks.gsn import gsn
from benchmarks.prover import prover
from benchmarks.smoothing import smoothing
from benchmarks.vnncomp import vnncomp

BENCHMARKS: dict[str, Callable[[], list[str]]] = {
    "bounds": bounds,
    "checker": checker,
    "prover": prover,
    "smoothing": smoothing,
    "demo": demo,
    "pdf": pdf,
    "gsn": gsn,
    "coverage": bench_coverage,
    "gaps": bench_gaps,
    "vnncomp": vnncomp,
}
LONG = ("vnncomp",)


def main(names: list[str]) -> int:
    """Run the benchmarks with these names (all of them when there is none)."""
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"unknown benchmark {unknown[0]!r}; there are: {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    print(f"Python {platform.python_version()}, {platform.machine()}")
    for name in names or [name for name in BENCHMARKS if name not in LONG]:
        for line in BENCHMARKS[name]():
            print(f"{name:10} {line}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
