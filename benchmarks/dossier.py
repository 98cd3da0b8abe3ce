"""Time and peak memory of the demo from scratch; pages of PDF per second."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.common import EXAMPLES


def demo() -> list[str]:
    """`assurance demo` in an empty folder: runs, re-checks, arguments and dossiers of both examples."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        command = [sys.executable, "-c", "from assurance.cli import main; main()", "demo", "--out", folder]
        subprocess.run(command, check=True, capture_output=True)
        seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e3
    return [f"from scratch: {seconds:.0f} s (target 180 s on 2 cores), peak memory {peak:,.0f} MB"]


def pdf() -> list[str]:
    """Render the aviation dossier as PDF from evidence that is there already."""
    import pikepdf

    from assurance.cli.build import build_case
    from assurance.cli.demo import copy_example
    from assurance.dossier import render_pdf
    from assurance.loading import load
    from assurance.snapshot import take
    from evidence.store import Store

    with tempfile.TemporaryDirectory() as folder:
        case = Path(folder) / "vertical_cas"
        copy_example(EXAMPLES / "vertical_cas", case)
        build_case(case, None, ["json"], 1, explicit=True)
        loaded = load(case)
        store = Store(loaded.evidence_folder)
        snapshot = take(loaded, store)
        start = time.perf_counter()
        data = render_pdf(snapshot, store)
        seconds = time.perf_counter() - start
        target = Path(folder) / "dossier.pdf"
        target.write_bytes(data)
        with pikepdf.open(target) as document:
            pages = len(document.pages)
    return [f"{pages} pages in {seconds:.1f} s: {pages / seconds:.1f} pages/s, {len(data) / 1e6:.1f} MB"]
