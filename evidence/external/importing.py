"""From what another tool said to a record: its counterexample replayed exactly, its proof left unchecked.

A witness as written has to lie in the stated region exactly. Its numbers are then taken as the nearest float32 numbers
that lie in the region too, and onnxruntime decides without tolerance whether that input violates the condition. All
else is a near miss. Not here: reading the tool's file (read_result), comparing with other records (agreement.py).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from evidence.diagnostics import Place
from evidence.digest import canonical_json, of_bytes
from evidence.errors import InputError
from evidence.exact import box_of
from evidence.external import read_result
from evidence.external.text import N_WITNESS, Said
from evidence.network import read_graph
from evidence.records import record_bytes
from evidence.records.base import Counterexample, Guarantee, Recheck
from evidence.records.external import ExternalVerdictRecord, ToolName, external_strength
from evidence.regions import Blobs, RegionSet, expand
from evidence.replay import Runtime, executed, lies_inside
from evidence.run import named_files
from evidence.specification import InputBalls, L2Ball, Statement
from evidence.store import Store
from evidence.verdict import Artefact, Predictor, Verdict

_LARGEST = Fraction(float(np.finfo(np.float32).max))


@dataclass(frozen=True)
class Given:
    """A result file and who wrote it."""

    tool: ToolName
    tool_version: str | None
    result: bytes
    name: str
    """Of the file, for messages."""
    property_file: bytes
    """The VNN-LIB file that the tool was asked about."""


def import_verdict(
    given: Given, statements: Sequence[Statement], blobs: Blobs, store: Store
) -> tuple[ExternalVerdictRecord, str, bool]:
    """Read, replay and store what a tool said: the record, its digest, and whether the store did not have it yet.

    The last of `statements` is what the tool was asked; a counterexample is held against all of them in their order, and
    the record is about the first that it violates. Raises InputError (N137-N139, N1xx for network and property),
    UnsupportedError, MissingLibraryError E110 when there is a counterexample but no onnxruntime.
    """
    said = read_result(given.tool, given.result, given.name)
    statement, found, by = statements[-1], None, ""
    if said.inputs is not None:
        for statement in statements:
            found, by = replay_witness(statement, said.inputs, blobs, given.name)
            if found is not None:
                break
    files = {digest: blobs(digest) for digest in named_files(statement)}
    record = _record(given, said, statement, len(expand(statement, files.__getitem__)), found, by)
    for data in (*files.values(), given.result, given.property_file):
        store.put(data)
    stored = record_bytes(record)
    fresh = of_bytes(stored) not in store
    digest = store.put(stored)
    key = of_bytes(canonical_json({"external": digest}))
    if store.answer(key) is None:
        store.remember(key, digest, {"date": datetime.now(UTC).isoformat(timespec="seconds")})
    return record, digest, fresh


def replay_witness(
    statement: Statement, inputs: tuple[Fraction, ...], blobs: Blobs, name: str
) -> tuple[Counterexample | None, str]:
    """The counterexample that a witness [n] is in some region, or None; and the runtime's name.

    Raises InputError N139 (number of inputs), E113, N1xx for a network that cannot be read, MissingLibraryError E110.
    """
    if len(inputs) != len(statement.inputs):
        raise InputError.of(
            N_WITNESS, f"{len(inputs)} inputs", Place(name), expected=f"{len(statement.inputs)}, as the network has"
        )
    model = blobs(statement.model)
    read_graph(model, "network")  # the project's own reader comes first: it refuses what points outside the file
    runtime = Runtime(model, "network")
    regions = expand(statement, blobs)
    for region in _near(regions, inputs):
        x = single_inside(statement, regions, region, inputs)
        if x is not None:
            found = executed(statement, regions, region, x, runtime)
            if found is not None:
                return found, runtime.by
    return None, runtime.by


def _near(regions: RegionSet, inputs: tuple[Fraction, ...]) -> list[int]:
    """Regions whose outward box holds the witness; the exact test follows."""
    point = np.array([_float(value) for value in inputs])
    below, above = np.nextafter(point, -np.inf), np.nextafter(point, np.inf)
    return np.flatnonzero(((regions.lower <= above) & (below <= regions.upper)).all(axis=1)).tolist()


def _float(value: Fraction) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def single_inside(
    statement: Statement, regions: RegionSet, region: int, inputs: tuple[Fraction, ...]
) -> NDArray[np.float32] | None:
    """The float32 input [n] next to a witness that lies in a region as written; None when there is none in it."""
    if any(abs(value) > _LARGEST for value in inputs):
        return None
    x = np.array([float(value) for value in inputs]).astype(np.float32)
    ball = isinstance(statement.regions, InputBalls) and isinstance(statement.regions.perturbation, L2Ball)
    if not ball:
        box = box_of(statement, regions, region)
        if not box.contains(list(inputs)):
            return None
        for i, (low, high) in enumerate(zip(box.lower, box.upper, strict=True)):
            if Fraction(float(x[i])) < low:
                x[i] = np.nextafter(x[i], np.float32(np.inf))
            elif Fraction(float(x[i])) > high:
                x[i] = np.nextafter(x[i], np.float32(-np.inf))
    return x if bool(np.isfinite(x).all()) and lies_inside(statement, regions, region, x) else None


def _record(
    given: Given, said: Said, statement: Statement, count: int, found: Counterexample | None, by: str
) -> ExternalVerdictRecord:
    letters = ["C" if said.claimed == "holds" else "U"] * count
    if found is not None:
        letters[found.region] = "R"
    kind, arithmetic = external_strength(said.claimed)
    rechecks: tuple[Recheck, ...] = ()
    if said.inputs is not None:
        note = "" if found else "near miss: outside the input set, or its outputs do not violate when executed exactly"
        rechecks = (Recheck(by=by, what="counterexamples", agreed=int(found is not None), of=1, note=note),)
    result, stated = of_bytes(given.result), of_bytes(given.property_file)
    return ExternalVerdictRecord(
        title=f"{given.tool} says {said.word!r}",
        artefact=Artefact.MODEL_DESCRIPTION,
        guarantee=Guarantee(kind=kind, arithmetic=arithmetic, predictor=Predictor.BASE, complete=False),
        assumptions=("The result file is what the tool wrote about this network and this property file.",),
        provenance=None,
        rechecks=rechecks,
        artefacts={"result": result, "property": stated},
        statement=statement,
        tool=given.tool,
        tool_version=given.tool_version,
        said=said.word,
        claimed=said.claimed,
        result=result,
        property_file=stated,
        witness="none" if said.inputs is None else "replayed" if found else "near miss",
        verdict=Verdict.REFUTED if found else Verdict.UNKNOWN,
        regions="".join(letters),
        counterexamples=(found,) if found else (),
    )
