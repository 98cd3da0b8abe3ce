"""Many certification runs: those that the store answers are skipped, a failing one does not lose the others.

Runs that are finished are in the store, so an interrupted campaign continues where it stopped. With several
workers each run has a process of its own, which writes to the same store (its writes are atomic).
Not here: the single run (evidence/run.py), and which runs a case plans.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

from evidence.diagnostics import Finding
from evidence.engines.base import Progress, silent
from evidence.errors import AssuranceError
from evidence.records.base import Scalar
from evidence.regions import Blobs
from evidence.run import Device, RunResult, answered, examine, named_files
from evidence.specification import Statement
from evidence.store import Store


@dataclass(frozen=True)
class Planned:
    """One run of a campaign. `name` identifies it among the others."""

    name: str
    statement: Statement
    engine: str
    title: str
    parameters: Mapping[str, Scalar] = field(default_factory=dict)
    seed: int = 0
    device: Device = "cpu"


@dataclass(frozen=True)
class Finished:
    """How a planned run ended: with a result, with findings that the user can mend, or with an internal error."""

    name: str
    result: RunResult | None = None
    findings: tuple[Finding, ...] = ()
    crash: str | None = None
    """Traceback of a programming error, for the report that the user is asked to send."""


ProgressOf = Callable[[str], Progress]
"""Gives the progress receiver of the run with this name. With several workers only their ends are reported."""


def run_all(
    planned: Sequence[Planned],
    blobs: Blobs,
    store: Store,
    workers: int = 1,
    progress: ProgressOf = lambda name: silent,
    finished: Callable[[Finished], None] = lambda item: None,
) -> tuple[Finished, ...]:
    """Examine all planned runs; the answer is in their order. `finished` is called as each one ends.

    Ctrl-C (KeyboardInterrupt) stops the campaign: runs that are done stay stored, the interrupt is raised again.
    Raises ValueError when names are not unique.
    """
    if len({item.name for item in planned}) != len(planned):
        raise ValueError("names of planned runs must be unique")
    if workers <= 1 or len(planned) <= 1:
        ends = []
        for item in planned:
            ends.append(_one(item, blobs, store, progress(item.name)))
            finished(ends[-1])
        return tuple(ends)
    return _parallel(planned, blobs, store, workers, finished)


def _one(item: Planned, blobs: Blobs, store: Store, progress: Progress) -> Finished:
    try:
        result = examine(
            item.statement,
            item.engine,
            item.parameters,
            item.seed,
            item.device,
            blobs,
            store,
            item.title,
            progress,
        )
        return Finished(item.name, result)
    except AssuranceError as error:
        return Finished(item.name, findings=error.findings)
    except Exception:
        return Finished(item.name, crash=traceback.format_exc())


def _parallel(
    planned: Sequence[Planned], blobs: Blobs, store: Store, workers: int, finished: Callable[[Finished], None]
) -> tuple[Finished, ...]:
    ends: dict[str, Finished] = {}
    pool = ProcessPoolExecutor(min(workers, len(planned)), mp_context=get_context("spawn"), initializer=_quiet_threads)
    try:
        pending: dict[Future[Finished], str] = {}
        for item in planned:
            prepared = _prepared(item, blobs, store)
            if isinstance(prepared, Finished):
                ends[item.name] = prepared
                finished(prepared)
            else:
                pending[pool.submit(_in_worker, item, prepared, store.root)] = item.name
        while pending:
            done, _ = wait(pending, return_when=FIRST_COMPLETED)
            for future in done:
                name = pending.pop(future)
                failure = future.exception()
                ends[name] = Finished(name, crash=f"the worker died: {failure!r}") if failure else future.result()
                finished(ends[name])
    except BaseException:
        for process in list((getattr(pool, "_processes", None) or {}).values()):
            process.terminate()
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()
    return tuple(ends[item.name] for item in planned)


def _prepared(item: Planned, blobs: Blobs, store: Store) -> Finished | dict[str, bytes]:
    """How the run ended, when the store has its answer or its files are not at hand; else its files."""
    try:
        known = answered(item.statement, item.engine, item.parameters, item.seed, item.device, store)
        if known is not None:
            return Finished(item.name, known)
        return {digest: blobs(digest) for digest in named_files(item.statement)}
    except AssuranceError as error:
        return Finished(item.name, findings=error.findings)


def _in_worker(item: Planned, files: Mapping[str, bytes], root: Path) -> Finished:
    return _one(item, files.__getitem__, Store(root), silent)


def _quiet_threads() -> None:
    """One computing thread for each worker: they share the cores."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
