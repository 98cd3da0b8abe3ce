"""From what an engine said to the record that may be written: replay, re-check, cross-check, then the letters.

P (proved) needs the checker, R (refuted) a replayed counterexample. Not here: the store and the request (run.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from evidence.checker.check import Report, check
from evidence.crosscheck import cross_check, wanted
from evidence.digest import of_bytes
from evidence.engines.base import (
    BoundsDetails,
    Outcome,
    Progress,
    RangeDetails,
    SmoothingDetails,
)
from evidence.errors import MissingLibraryError
from evidence.records import (
    AttackSummary,
    BoundsRecord,
    Counterexample,
    CrossCheck,
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
)
from evidence.regions import RegionSet
from evidence.replay import Replay, replay
from evidence.smoothing_radius import error_per_input, smoothed_radius
from evidence.specification import Statement
from evidence.verdict import Arithmetic, Artefact, GuaranteeKind, Predictor

_MOST_REASONS = 5


def artefacts(outcome: Outcome) -> dict[str, bytes]:
    """What is stored beside the record, by role."""
    own = {} if outcome.certificate is None else {"certificate": outcome.certificate}
    return dict(outcome.artefacts) | own


class Recording:
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
        return {role: of_bytes(data) for role, data in artefacts(self.outcome).items()}

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
