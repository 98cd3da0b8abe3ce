"""Carry out the runs that a case declares, and note in the store's journal what each answered.

The requirement's criterion is noted with the outcome: a criterion that changes after an unmet result is found later.
Not here: how one run works (evidence/run.py), what results are worth (support.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from assurance.case import ExternalVerdict, Run
from assurance.loading import LoadedCase, require_fresh
from assurance.preflight import require_usable
from assurance.status import count_regions
from assurance.support import assess
from evidence.campaign import Finished, Planned, run_all
from evidence.diagnostics import Finding, Place, Severity, code
from evidence.digest import of_file
from evidence.engines.base import Progress, silent
from evidence.errors import AssuranceError, InputError
from evidence.external.importing import Given, import_verdict
from evidence.records import RunRecord
from evidence.specification import PropertyFile, PropertyHolds
from evidence.store import Entry, Store
from evidence.verdict import Predictor

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
    chosen, verdicts = _chosen(loaded, list(only))
    planned = [_planned(loaded, run, chosen_device(device)) for run in chosen]
    by_name = {run.id: run for run in chosen}
    done: dict[str, Executed] = {}

    def finished(item: Finished) -> None:
        done[item.name] = _executed(loaded, store, by_name[item.name], item)

    run_all(planned, _blobs(loaded, store), store, workers, progress, finished)
    imported = [import_declared(loaded, store, item) for item in verdicts]
    return [*(done[run.id] for run in chosen), *imported]


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


def import_declared(loaded: LoadedCase, store: Store, item: ExternalVerdict) -> Executed:
    """Import a declared verdict of another tool: read, replay, store, note in the journal.

    A counterexample is also held against the requirement's own property, whose regions need not come from the file.
    """
    claim, blobs = loaded.claims[item.requirement], _blobs(loaded, store)
    files = {file.id: file.declared for file in loaded.files}
    stated = claim.statement
    regions = PropertyFile(file=files[item.property_file])
    asked = stated.model_copy(
        update={
            "model": files[item.model],
            "regions": regions,
            "condition": PropertyHolds(),
            "predictor": Predictor.BASE,
        }
    )
    own = [stated] if stated.model == asked.model and stated.predictor is Predictor.BASE and stated != asked else []
    try:
        given = Given(item.tool, item.tool_version, blobs(item.digest), item.path, blobs(regions.file))
        record, digest, fresh = import_verdict(given, [*own, asked], blobs, store)
    except AssuranceError as error:
        return Executed(item.run, None, None, False, "failed", error.findings)
    outcome = _outcome(loaded, store, item.run, record)
    store.note(Entry(item.requirement, claim.criterion_digest, digest, item.id, outcome))
    return Executed(item.run, record, digest, fresh, outcome)


def _chosen(loaded: LoadedCase, only: list[str]) -> tuple[list[Run], list[ExternalVerdict]]:
    runs, verdicts = list(loaded.case.runs), list(loaded.case.external_verdicts)
    names = [run.id for run in loaded.case.answering]
    unknown = [name for name in only if name not in names]
    if unknown:
        listed = ", ".join(names) or "none"
        raise InputError.of(C_NO_RUN, f"no run {unknown[0]!r}", Place(str(loaded.file)), expected=f"one of: {listed}")
    return (
        [run for run in runs if not only or run.id in only],
        [item for item in verdicts if not only or item.id in only],
    )


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
