"""One certification run: ask the store, else run the engine, replay, re-check, and store a typed record.

    statement, engine, parameters, versions, seed, device -> request key -> a stored record answers it, or
    expand -> engine -> replay of violations (replay.py) -> independent checker -> record -> store
    (on request, before the record: other methods are asked about every region, crosscheck.py)

An engine's word is never enough: P (proved) needs the checker, R (refuted) needs a replayed counterexample, C is a
candidate that the checker did not confirm, U is unknown. A proof speaks of real arithmetic; should a float32
execution violate what is proved, the region is stored as refuted and the contradiction is noted. Statements about
float32 executions get nothing from bounds over the reals. Not here: whether the record supports a claim.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from evidence.crosscheck import wanted
from evidence.diagnostics import Place, Severity, code
from evidence.digest import of_bytes, short
from evidence.engines import load_engine
from evidence.engines.base import (
    Progress,
    Task,
    silent,
)
from evidence.errors import InputError, StoreError
from evidence.provenance import library_versions, request_key, stamp
from evidence.recording import Recording, artefacts
from evidence.records import (
    DocumentRecord,
    Provenance,
    RunRecord,
    read_record,
    record_bytes,
)
from evidence.records.base import Scalar
from evidence.regions import Blobs, expand
from evidence.specification import InputBalls, PropertyFile, Statement, TableCells
from evidence.store import Store

E_FILE = code(
    "E114", Severity.ERROR, "a file is not the one that the statement names", "give the file with the stated digest"
)
E_ANSWER = code(
    "E115",
    Severity.ERROR,
    "the stored answer belongs to another request",
    "the evidence folder was altered: delete its requests folder and repeat the run",
)

Device = Literal["cpu", "cuda"]
SEARCH_LIMITS = ("timeout", "max_parts")
"""Parameters that only say when a search ends: with other ones it goes on from where it was set aside."""


@dataclass(frozen=True)
class RunResult:
    """A record, the digest under which it is stored, and whether it was made now (False: the store had it)."""

    record: RunRecord
    digest: str
    fresh: bool


def examine(
    statement: Statement,
    engine_name: str,
    parameters: Mapping[str, Scalar],
    seed: int,
    device: Device,
    blobs: Blobs,
    store: Store,
    title: str,
    progress: Progress = silent,
) -> RunResult:
    """Answer a request from the store, or examine it and store the record.

    blobs gives the bytes of model, data, table and property file by digest. The store is written only after everything has
    succeeded. Raises InputError, UnsupportedError, MissingLibraryError from reading and engine, StoreError when
    the store holds something else than its names promise.
    """
    engine = load_engine(engine_name)
    known = answered(statement, engine_name, parameters, seed, device, store)
    if known is not None:
        return known
    versions = _versions(engine_name, parameters)
    key = request_key(statement, engine_name, parameters, versions, seed, device)
    provenance = stamp(engine_name, parameters, versions, seed, device)
    started = time.monotonic()
    files = {digest: _fetch(blobs, digest) for digest in named_files(statement)}
    regions = expand(statement, files.__getitem__)
    search = {name: value for name, value in parameters.items() if name not in SEARCH_LIMITS}
    scratch = store.scratch(request_key(statement, engine_name, search, versions, seed, device))
    outcome = engine(Task(statement, regions, files[statement.model], parameters, seed, device, progress, scratch))
    record = Recording(statement, regions, files, outcome, title, provenance, progress).record()
    for data in (*files.values(), *artefacts(outcome).values()):
        store.put(data)
    digest = store.put(record_bytes(record))
    store.remember(key, digest, _sidecar(time.monotonic() - started))
    if not outcome.resumable:
        scratch.clear()
    return RunResult(record, digest, True)


# --- the store's answer ------------------------------------------------------------------------------------------


def answered(
    statement: Statement,
    engine_name: str,
    parameters: Mapping[str, Scalar],
    seed: int,
    device: Device,
    store: Store,
) -> RunResult | None:
    """The stored answer to a request, with all that belongs to it; None when there is none or a part was deleted.

    Raises StoreError E103 when a part was altered, E115 when the answer belongs to another request.
    """
    versions = _versions(engine_name, parameters)
    digest = store.answer(request_key(statement, engine_name, parameters, versions, seed, device))
    if digest is None or digest not in store:
        return None
    provenance = stamp(engine_name, parameters, versions, seed, device)
    record = read_record(store.get(digest), short(digest))
    made_by = record.provenance
    if isinstance(record, DocumentRecord) or made_by is None or not _same(record, statement, made_by, provenance):
        raise StoreError.of(E_ANSWER, f"record {short(digest)} answers another request", Place(short(digest)))
    belongings = [*named_files(statement), *record.artefacts.values()]
    if not all(item in store for item in belongings):
        return None
    for item in belongings:
        store.get(item)
    return RunResult(record, digest, False)


def _versions(engine_name: str, parameters: Mapping[str, Scalar]) -> dict[str, str]:
    return library_versions(engine_name) | (library_versions("cross-check") if wanted(parameters) else {})


def _same(record: RunRecord, statement: Statement, made_by: Provenance, asked: Provenance) -> bool:
    return (
        record.statement == statement
        and made_by.engine == asked.engine
        and made_by.engine_version == asked.engine_version
        and made_by.parameters == asked.parameters
        and made_by.seed == asked.seed
        and made_by.device == asked.device
    )


def named_files(statement: Statement) -> tuple[str, ...]:
    """Digests of the files that a statement names: the model, then the data set, table or property file."""
    if isinstance(statement.regions, InputBalls):
        return (statement.model, statement.regions.data)
    if isinstance(statement.regions, TableCells):
        return (statement.model, statement.regions.table)
    if isinstance(statement.regions, PropertyFile):
        return (statement.model, statement.regions.file)
    return (statement.model,)


def _fetch(blobs: Blobs, digest: str) -> bytes:
    data = blobs(digest)
    if of_bytes(data) != digest:
        raise InputError.of(E_FILE, f"{short(digest)} is asked for, {short(of_bytes(data))} was given")
    return data


def _sidecar(seconds: float) -> dict[str, object]:
    return {
        "seconds": round(seconds, 3),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": " ".join([Path(sys.argv[0]).name, *sys.argv[1:]]),
    }
