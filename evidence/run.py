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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import numpy as np

from evidence.checker.check import Report, check
from evidence.crosscheck import cross_check, wanted
from evidence.diagnostics import Place, Severity, code
from evidence.digest import of_bytes, short
from evidence.engines import load_engine
from evidence.engines.base import (
    BoundsDetails,
    Outcome,
    Progress,
    RangeDetails,
    SmoothingDetails,
    Task,
    silent,
)
from evidence.errors import InputError, MissingLibraryError, StoreError
from evidence.provenance import library_versions, request_key, stamp
from evidence.records import (
    AttackSummary,
    BoundsRecord,
    Counterexample,
    CrossCheck,
    DocumentRecord,
    Guarantee,
    OutputRange,
    OutputRangeRecord,
    Provenance,
    Recheck,
    RunRecord,
    SmoothedInput,
    SmoothingRecord,
    VerifiedRadius,
    overall,
    read_record,
    record_bytes,
)
from evidence.records.base import Scalar
from evidence.regions import Blobs, RegionSet, expand
from evidence.replay import Replay, replay
from evidence.smoothing_radius import error_per_input, smoothed_radius
from evidence.specification import InputBalls, PropertyFile, Statement, TableCells
from evidence.store import Store
from evidence.verdict import Arithmetic, Artefact, GuaranteeKind, Predictor

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
_MOST_REASONS = 5


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
    record = _Recording(statement, regions, files, outcome, title, provenance, progress).record()
    for data in (*files.values(), *_artefacts(outcome).values()):
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


def _artefacts(outcome: Outcome) -> dict[str, bytes]:
    own = {} if outcome.certificate is None else {"certificate": outcome.certificate}
    return dict(outcome.artefacts) | own


def _sidecar(seconds: float) -> dict[str, object]:
    return {
        "seconds": round(seconds, 3),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": " ".join([Path(sys.argv[0]).name, *sys.argv[1:]]),
    }


# --- from outcome to record --------------------------------------------------------------------------------------


class _Recording:
    """Turns what an engine said into what may be written: replays, re-checks, and builds the record."""

    def __init__(
        self,
        statement: Statement,
        regions: RegionSet,
        files: Mapping[str, bytes],
        outcome: Outcome,
        title: str,
        provenance: Provenance,
        progress: Progress,
    ) -> None:
        self.statement, self.regions, self.files = statement, regions, files
        self.outcome, self.title, self.progress = outcome, title, progress
        self.provenance = provenance.model_copy(update={"versions": {**provenance.versions, **outcome.versions}})
        self.applies = statement.arithmetic in outcome.arithmetics and statement.predictor is Predictor.BASE
        self.assumptions = list(outcome.assumptions)
        self.rechecks: list[Recheck] = []
        self.cross_checks: tuple[CrossCheck, ...] = ()

    def record(self) -> RunRecord:
        """The record of the family that the engine's details belong to."""
        details = self.outcome.details
        if isinstance(details, SmoothingDetails):
            return self._smoothing(details)
        replayed = self._replay()
        report = self._check()
        attacked = len(replayed.counterexamples) if replayed else 0
        if isinstance(details, BoundsDetails) and wanted(self.provenance.parameters):
            replayed = self._cross_check(replayed, report)
        if replayed is not None:
            self._note_replay(replayed, len(replayed.counterexamples) - attacked)
        letters = self._letters(replayed, report)
        self._note_bounds(letters, replayed, report)
        if isinstance(details, RangeDetails):
            return self._ranges(details, letters, replayed, report)
        return self._bounds(details, letters, replayed, report, attacked)

    def _replay(self) -> Replay | None:
        """Violations on the other runtime; None where there is no violation or no such runtime."""
        violations = self.outcome.violations
        if not violations:
            return None
        try:
            return replay(self.statement, self.regions, self.files[self.statement.model], violations)
        except MissingLibraryError as error:
            self.rechecks.append(
                Recheck(
                    by="onnxruntime (absent)",
                    what="counterexamples",
                    agreed=0,
                    of=len(violations),
                    note=f"{error.finding.message}: no violation was replayed, so none is stored as refuted",
                )
            )
            return None

    def _note_replay(self, replayed: Replay, more: int) -> None:
        """Counts what replayed: the engine's violations, and `more` counterexamples that cross-checks found."""
        found = len(replayed.counterexamples)
        tried = len(self.outcome.violations) + more
        self.rechecks.append(Recheck(by=replayed.by, what="counterexamples", agreed=found, of=tried))

    def _cross_check(self, replayed: Replay | None, report: Report | None) -> Replay | None:
        """Ask other methods; the replay with the counterexamples that they found."""
        examples = replayed.counterexamples if replayed else ()
        crossed = cross_check(
            self.statement,
            self.regions,
            self.files[self.statement.model],
            report.proved if report is not None and report.refusal is None else (),
            examples,
            self.provenance.seed,
            self.progress,
        )
        self.cross_checks = crossed.checks
        if not crossed.examples:
            return replayed
        every: list[Counterexample] = sorted((*examples, *crossed.examples), key=lambda example: example.region)
        near = replayed.near_misses if replayed else ()
        return Replay(tuple(every), near, crossed.examples[0].replayed_by)

    def _check(self) -> Report | None:
        """The independent checker's report; None where nothing is offered or bounds over the reals do not apply."""
        if not self.applies:
            self.assumptions.append(
                "Bounds over the reals say nothing of float32 executions: they are not used for this statement."
            )
            return None
        if self.outcome.certificate is None:
            return None
        statement = self.statement.model_dump(mode="json")
        return check(statement, self.outcome.certificate, self.files.__getitem__, self.progress)

    def _letters(self, replayed: Replay | None, report: Report | None) -> str:
        refuted = {example.region for example in replayed.counterexamples} if replayed else set()
        confirmed = report.proved if report is not None and report.refusal is None else ()
        letters = []
        for region, candidate in enumerate(self.outcome.candidates.tolist()):
            if region in refuted:
                letters.append("R")
            elif not (candidate and self.applies):
                letters.append("U")
            else:
                letters.append("P" if region < len(confirmed) and confirmed[region] else "C")
        return "".join(letters)

    def _note_bounds(self, letters: str, replayed: Replay | None, report: Report | None) -> None:
        if report is None:
            return
        notes = []
        if report.refusal is not None:
            notes.append(f"the checker refused: {report.refusal}")
        for region, reason in sorted(report.reasons.items())[:_MOST_REASONS]:
            notes.append(f"region {region}: {reason}")
        if len(report.reasons) > _MOST_REASONS:
            notes.append(f"and {len(report.reasons) - _MOST_REASONS} more regions")
        confirmed = report.proved if report.refusal is None else ()
        contradicted = [
            example.region
            for example in (replayed.counterexamples if replayed else ())
            if example.region < len(confirmed) and confirmed[example.region]
        ]
        if contradicted:
            listed = ", ".join(map(str, contradicted[:_MOST_REASONS]))
            notes.append(
                f"{len(contradicted)} regions ({listed}) hold over the reals, yet a float32 execution violates the "
                "condition: they are stored as refuted"
            )
        self.rechecks.append(
            Recheck(
                by=report.checker,
                what="bounds",
                agreed=letters.count("P"),
                of=int(self.outcome.candidates.sum()),
                note="; ".join(notes),
            )
        )

    def _guarantee(self, kind: GuaranteeKind) -> Guarantee:
        return Guarantee(
            kind=kind, arithmetic=self._arithmetic(), predictor=Predictor.BASE, complete=self.outcome.complete
        )

    def _arithmetic(self) -> Arithmetic:
        """Of which arithmetic the bounds speak: that of the statement where they can."""
        return self.statement.arithmetic if self.applies else self.outcome.arithmetics[0]

    def _artefact_digests(self) -> dict[str, str]:
        return {role: of_bytes(data) for role, data in _artefacts(self.outcome).items()}

    def _bounds(
        self, details: BoundsDetails, letters: str, replayed: Replay | None, report: Report | None, attacked: int
    ) -> BoundsRecord:
        radius = self._radius(details, report)
        attack = AttackSummary(
            method=details.attack_method,
            restarts=details.attack_restarts,
            steps=details.attack_steps,
            tried=details.attack_tried,
            succeeded=attacked,
            near_misses=len(self.outcome.violations) - attacked,
        )
        return BoundsRecord(
            title=self.title,
            artefact=Artefact.MODEL_DESCRIPTION,
            guarantee=self._guarantee(_kind(letters, radius)),
            assumptions=tuple(self.assumptions),
            provenance=self.provenance,
            rechecks=tuple(self.rechecks),
            artefacts=self._artefact_digests(),
            statement=self.statement,
            method=details.method,
            verdict=overall(letters),
            regions=letters,
            clean_correct=details.clean_correct,
            reason=self.outcome.reason if "U" in letters else "",
            counterexamples=replayed.counterexamples if replayed else (),
            radius=radius,
            attack=attack,
            cross_checks=self.cross_checks,
        )

    def _radius(self, details: BoundsDetails, report: Report | None) -> VerifiedRadius | None:
        if details.radius_unit is None:
            return None
        candidate = details.radius_candidate if self.applies else (0.0,) * len(details.radius_candidate)
        checked = (0.0,) * len(candidate)
        if report is not None and report.refusal is None and report.radii is not None:
            checked = report.radii
        if report is not None:
            self.rechecks.append(
                Recheck(
                    by=report.checker,
                    what="radii",
                    agreed=sum(value > 0 for value in checked),
                    of=sum(value > 0 for value in candidate),
                )
            )
        return VerifiedRadius(
            unit=details.radius_unit,
            limit=details.radius_limit,
            candidate=candidate,
            checked=checked,
            attack=details.radius_attack,
        )

    def _ranges(
        self, details: RangeDetails, letters: str, replayed: Replay | None, report: Report | None
    ) -> OutputRangeRecord:
        sound = report if report is not None and report.refusal is None else None
        ranges = tuple(self._range(details, box, sound) for box in range(len(letters)))
        bounded = sum(bool(item.checked_lower) for item in ranges)
        if report is not None:
            self.rechecks.append(Recheck(by=report.checker, what="output ranges", agreed=bounded, of=len(ranges)))
        every = bounded == len(ranges)
        return OutputRangeRecord(
            title=self.title,
            artefact=Artefact.MODEL_DESCRIPTION,
            guarantee=self._guarantee(GuaranteeKind.PROVED if every else GuaranteeKind.UNCHECKED),
            assumptions=tuple(self.assumptions),
            provenance=self.provenance,
            rechecks=tuple(self.rechecks),
            artefacts=self._artefact_digests(),
            statement=self.statement,
            verdict=overall(letters),
            regions=letters,
            ranges=ranges,
            counterexamples=replayed.counterexamples if replayed else (),
        )

    def _range(self, details: RangeDetails, box: int, report: Report | None) -> OutputRange:
        lower = tuple(report.lower.get(box, ())) if report is not None else ()
        upper = tuple(report.upper.get(box, ())) if report is not None else ()
        return OutputRange(
            box=self.regions.names[box],
            star_lower=_floats(details.star_lower[box]),
            star_upper=_floats(details.star_upper[box]),
            checked_lower=lower,
            checked_upper=upper,
            sampled_lower=_floats(details.sampled_lower[box]),
            sampled_upper=_floats(details.sampled_upper[box]),
            exact=details.exact[box],
            stars=details.stars[box],
            decisions=_decisions(self.statement, lower, upper),
        )

    def _smoothing(self, details: SmoothingDetails) -> SmoothingRecord:
        count = len(details.predicted)
        error = error_per_input(details.error_probability, count, details.simultaneous)
        inputs = []
        for label, predicted, successes in zip(
            self.regions.labels.tolist(), details.predicted.tolist(), details.successes.tolist(), strict=True
        ):
            found = smoothed_radius(successes, details.estimation_samples, error, details.sigma)
            inputs.append(
                SmoothedInput(
                    label=label,
                    predicted=predicted,
                    successes=successes,
                    lower_probability=found.lower_probability,
                    radius=found.radius,
                    abstained=found.abstained,
                )
            )
        return SmoothingRecord(
            title=self.title,
            artefact=Artefact.MODEL_DESCRIPTION,
            guarantee=Guarantee(
                kind=GuaranteeKind.STATISTICAL,
                arithmetic=Arithmetic.FLOAT32_ONE,
                predictor=Predictor.SMOOTHED,
                complete=self.outcome.complete,
                error_probability=details.error_probability,
                simultaneous=details.simultaneous,
            ),
            assumptions=tuple(self.assumptions),
            provenance=self.provenance,
            artefacts=self._artefact_digests(),
            statement=self.statement,
            sigma=details.sigma,
            sigma_unit=self.statement.inputs[0].unit,
            noise=details.noise,
            selection_samples=details.selection_samples,
            estimation_samples=details.estimation_samples,
            inputs=tuple(inputs),
        )


def _kind(letters: str, radius: VerifiedRadius | None) -> GuaranteeKind:
    """Strength of the positive statements: proofs where there are some, else unchecked bounds, else observations."""
    if "P" in letters or (radius is not None and any(radius.checked)):
        return GuaranteeKind.PROVED
    if "C" in letters or (radius is not None and any(radius.candidate)):
        return GuaranteeKind.UNCHECKED
    return GuaranteeKind.EMPIRICAL


def _floats(values: Sequence[float] | np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)


def _decisions(statement: Statement, lower: Sequence[float], upper: Sequence[float]) -> tuple[str, ...]:
    """Outputs that the bounds do not exclude as the decision; none without bounds or without a decision rule."""
    if statement.decision == "none" or not lower:
        return ()
    if statement.decision == "argmax":
        return tuple(name for name, most in zip(statement.outputs, upper, strict=True) if most >= max(lower))
    return tuple(name for name, least in zip(statement.outputs, lower, strict=True) if least <= min(upper))
