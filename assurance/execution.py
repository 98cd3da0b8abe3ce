"""Carry out the runs that a case declares, and note in the store's journal what each answered.

The requirement's criterion is noted with the outcome: a criterion that changes after an unmet result is found later.
Not here: how one run works (evidence/run.py), what results are worth (support.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from assurance.case import Run
from assurance.loading import LoadedCase, require_fresh
from assurance.preflight import require_usable
from assurance.status import count_regions
from assurance.support import assess
from evidence.campaign import Finished, Planned, run_all
from evidence.diagnostics import Finding, Place, Severity, code
from evidence.digest import of_file
from evidence.engines.base import Progress, silent
from evidence.errors import InputError
from evidence.records import RunRecord
from evidence.store import Entry, Store

C_NO_RUN = code("C123", Severity.ERROR, "no such run", "name one of the runs that the case declares")
E_FAILED = code("E108", Severity.ERROR, "run failed", "see the message; the other runs are not affected")


@dataclass(frozen=True)
class Executed:
    """What came of one run: its record, whether it was fresh, and how it answers the criterion; or the failures."""

    run: Run
    record: RunRecord | None
    digest: str | None
    fresh: bool
    outcome: str
    failures: tuple[Finding, ...] = ()
    crash: str | None = None
    """Traceback of a defect of the tool, for the report."""


def execute(
    loaded: LoadedCase,
    store: Store,
    only: Iterable[str] = (),
    workers: int = 1,
    device: Literal["auto", "cpu", "cuda"] = "auto",
    progress: Callable[[str], Progress] = lambda name: silent,
) -> list[Executed]:
    """Run what the case declares, skipping what the store answers already.

    Raises InputError when a file differs from its declared digest (C116, C117) or cannot be examined (N1xx), or
    when `only` names no run (C123): then nothing was run. A run that fails later
    is reported in its place and does not stop the others.
    """
    require_fresh(loaded)
    require_usable(loaded)
    chosen = _chosen(loaded, list(only))
    planned = [_planned(loaded, run, chosen_device(device)) for run in chosen]
    by_name = {run.id: run for run in chosen}
    done: dict[str, Executed] = {}

    def finished(item: Finished) -> None:
        done[item.name] = _executed(loaded, store, by_name[item.name], item)

    run_all(planned, _blobs(loaded, store), store, workers, progress, finished)
    return [done[run.id] for run in chosen]


def _executed(loaded: LoadedCase, store: Store, run: Run, item: Finished) -> Executed:
    if item.result is None:
        failures = item.findings or (E_FAILED.finding(f"run {run.id}: internal error", Place(element=run.id)),)
        return Executed(run, None, None, False, "failed", failures, item.crash)
    result = item.result
    outcome = _outcome(loaded, store, run, result.record)
    store.note(Entry(run.requirement, loaded.claims[run.requirement].criterion_digest, result.digest, run.id, outcome))
    return Executed(run, result.record, result.digest, result.fresh, outcome)


def chosen_device(wanted: Literal["auto", "cpu", "cuda"]) -> Literal["cpu", "cuda"]:
    """The device to compute on; `auto` takes a CUDA device where torch sees one."""
    if wanted != "auto":
        return wanted
    try:
        import torch
    except ModuleNotFoundError:
        return "cpu"  # an engine that needs it says so, run by run
    return "cuda" if torch.cuda.is_available() else "cpu"


def _chosen(loaded: LoadedCase, only: list[str]) -> list[Run]:
    runs = list(loaded.case.runs)
    unknown = [name for name in only if name not in {run.id for run in runs}]
    if unknown:
        listed = ", ".join(run.id for run in runs) or "none"
        raise InputError.of(C_NO_RUN, f"no run {unknown[0]!r}", Place(str(loaded.file)), expected=f"one of: {listed}")
    return [run for run in runs if not only or run.id in only]


def _planned(loaded: LoadedCase, run: Run, device: Literal["cpu", "cuda"]) -> Planned:
    title = f"{run.requirement}: {loaded.case.requirement(run.requirement).title}"
    return Planned(
        run.id, loaded.claims[run.requirement].statement, run.engine, title, dict(run.parameters), run.seed, device
    )


def _blobs(loaded: LoadedCase, store: Store) -> Callable[[str], bytes]:
    def blobs(digest: str) -> bytes:
        path = loaded.path_of(digest)
        if path is not None and of_file(path) == digest:
            return path.read_bytes()
        return store.get(digest)

    return blobs


def _outcome(loaded: LoadedCase, store: Store, run: Run, record: RunRecord) -> str:
    """What the record says of the criterion, reviews aside: met, not-met, refuted."""
    claim = loaded.claims[run.requirement]
    total = count_regions(loaded, claim.statement, store)
    found = assess(claim, record, total or record.count)
    if found.refuted:
        return "refuted"
    return "met" if found.met else "not-met"
