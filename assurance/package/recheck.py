"""Re-check the evidence in a package: what a record states is derived again from the files, or it is a finding.

    proved regions, verified radii, output ranges   by the independent checker, from certificate, model and data
    counterexamples                                 replayed on onnxruntime, where that is installed
    smoothed radii                                  recomputed from the stored counts
    guarantee, artefact, own counts                 held against what records of that family can state at all
    outcomes noted in the journal                   assessed again, where criterion and model are still the present ones

What cannot be derived again is listed with the reason; nothing is passed over in silence.
Not here: whether the records support the claims (they are assessed anew when the standings are derived).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from assurance.package.derive import Derived
from assurance.register import RunItem
from assurance.support import assess
from evidence.checker import Report, check
from evidence.diagnostics import Code, Finding, Place, Severity, code
from evidence.digest import short
from evidence.engines.base import Progress, silent
from evidence.errors import AssuranceError, MissingLibraryError
from evidence.external import read_result
from evidence.external.importing import replay_witness
from evidence.network import read_graph
from evidence.records import (
    BoundsRecord,
    ExternalVerdictRecord,
    OutputRange,
    OutputRangeRecord,
    RunRecord,
    SmoothedInput,
    SmoothingRecord,
)
from evidence.regions import RegionSet, expand
from evidence.replay import Runtime, reproduces
from evidence.run import named_files
from evidence.smoothing_radius import error_per_input, smoothed_radius
from evidence.specification import InputBalls, SensorError, Statement
from evidence.verdict import Arithmetic, Artefact, GuaranteeKind, Predictor

P_PROOF = code(
    "P141",
    Severity.ERROR,
    "stated proof is not confirmed",
    "do not rely on the record: the checker does not derive from the certificate what the record states",
)
P_RADIUS = code(
    "P142", Severity.ERROR, "stated radius is not confirmed", "do not rely on the record's radii: ask for a new run"
)
P_RANGE = code(
    "P143", Severity.ERROR, "stated output range is not confirmed", "do not rely on the ranges: ask for a new run"
)
P_REPLAY = code(
    "P144",
    Severity.ERROR,
    "counterexample does not replay",
    "compare the onnxruntime versions; if they agree, the record was altered",
)
P_STRENGTH = code(
    "P145",
    Severity.ERROR,
    "record states more than records of its kind can",
    "do not rely on the record: guarantee, artefact or counts were altered",
)
P_OUTCOME = code(
    "P146",
    Severity.ERROR,
    "outcome in the journal differs from what the record shows",
    "do not rely on the journal: ask the sender how the entry came about",
)
P_INPUTS = code(
    "P147", Severity.ERROR, "record does not fit the data that it names", "do not rely on the record: ask for a new run"
)

PROOFS, RADII, RANGES = "proved regions", "verified radii", "output ranges"
REPLAYS, SMOOTHED, RECORDS, OUTCOMES = "counterexamples", "smoothed radii", "records", "journal outcomes"
RANGE_TOLERANCE = 1e-9
"""Relative: the checker's sums are rounded differently on other machines, so stated ranges may be this much tighter."""
PROBABILITY_TOLERANCE, RADIUS_TOLERANCE = 5e-12, 5e-11
"""Below the amounts by which `smoothing_radius` rounds down: what is accepted is still below the exact value."""
_SHOWN = 5

_FAMILY = {
    "bounds": ((Arithmetic.REAL, Arithmetic.FLOAT32), Predictor.BASE),
    "output-range": ((Arithmetic.REAL,), Predictor.BASE),
    "smoothing": ((Arithmetic.FLOAT32_ONE,), Predictor.SMOOTHED),
    "external-verdict": ((Arithmetic.REAL, Arithmetic.FLOAT32_ONE), Predictor.BASE),
}
"""Of which arithmetic and predictor a record of each family can speak."""


@dataclass(frozen=True)
class Tally:
    """Of one kind of statement: how many there are, and how many were re-checked with success."""

    kind: str
    n: int
    of: int


@dataclass(frozen=True)
class Unchecked:
    """Something that was not re-checked, and why."""

    what: str
    why: str


@dataclass
class Rechecked:
    """Gathers what came of the re-checks."""

    findings: list[Finding] = field(default_factory=list)
    unchecked: list[Unchecked] = field(default_factory=list)
    counts: dict[str, tuple[int, int]] = field(default_factory=dict)

    def count(self, kind: str, n: int, of: int) -> None:
        if of:
            done, total = self.counts.get(kind, (0, 0))
            self.counts[kind] = (done + n, total + of)

    def find(self, which: Code, digest: str, message: str) -> None:
        self.findings.append(which.finding(f"record {short(digest)}: {message}", Place(element=digest)))

    def skip(self, what: str, why: str) -> None:
        item = Unchecked(what, why)
        if item not in self.unchecked:
            self.unchecked.append(item)

    @property
    def tallies(self) -> tuple[Tally, ...]:
        return tuple(Tally(kind, n, of) for kind, (n, of) in self.counts.items())


def recheck(derived: Derived, progress: Progress = silent) -> Rechecked:
    """Re-check every record of the package. Raises nothing for what a package holds."""
    return _Rechecking(derived, progress).all()


class _Rechecking:
    """One pass over the register; each record once, however often the journal names it."""

    def __init__(self, derived: Derived, progress: Progress) -> None:
        self.derived, self.progress = derived, progress
        self.result = Rechecked()
        self.runtimes: dict[str, Runtime | AssuranceError] = {}

    def all(self) -> Rechecked:
        items = {item.digest: item for item in self.derived.snapshot.register.runs}
        for number, item in enumerate(items.values()):
            self.progress(number, len(items), f"record {short(item.digest)}")
            self._record(item.digest, item.record)
        self.progress(len(items), len(items), "")
        self._outcomes(self.derived.snapshot.register.runs)
        return self.result

    def blob(self, digest: str) -> bytes:
        """A file of the case or an object of the store. Raises StoreError when the package holds neither."""
        path = self.derived.snapshot.loaded.path_of(digest)
        return path.read_bytes() if path is not None else self.derived.store.get(digest)

    def _record(self, digest: str, record: RunRecord) -> None:
        problems = list(_overstated(record))
        for problem in problems:
            self.result.find(P_STRENGTH, digest, problem)
        self.result.count(RECORDS, not problems, 1)
        statement = record.statement
        lacking = [name for name in named_files(statement) if not self._at_hand(name)]
        regions: RegionSet | None = None
        if lacking:
            # such a record supports no claim: support.py compares digests with the files of the case
            why = f"the package does not hold the file {short(lacking[0])} that the record is about"
            self.result.skip(f"record {short(digest)}", why)
        else:
            regions = self._regions(digest, record)
        if isinstance(record, SmoothingRecord):
            self._smoothing(digest, record, regions)
            return
        if isinstance(record, ExternalVerdictRecord):
            self._external(digest, record, regions)
            return
        self._bounds(digest, record, regions)
        self._counterexamples(digest, record, regions)
        if isinstance(record, BoundsRecord) and record.cross_checks:
            self.result.skip(
                "answers of cross-checks in records of bounds",
                "the other methods are not asked again; where one disagrees, the package's findings say so (E116)",
            )
        self.result.skip(
            "figures of the search in records of bounds and output ranges",
            "attack counts, candidate bounds, sampled values and completeness support no claim; repeat the run to see them",
        )

    def _at_hand(self, digest: str) -> bool:
        return self.derived.snapshot.loaded.path_of(digest) is not None or digest in self.derived.store

    def _regions(self, digest: str, record: RunRecord) -> RegionSet | None:
        """The record's regions, derived from its data; None with a finding where they do not fit the record."""
        try:
            regions = expand(record.statement, self.blob)
        except AssuranceError as error:
            self.result.find(P_INPUTS, digest, f"{error.finding.code}: {error.finding.message}")
            return None
        if len(regions) != record.count:
            self.result.find(P_INPUTS, digest, f"it lists {record.count} regions, its data give {len(regions)}")
            return None
        return regions

    # --- proofs ---------------------------------------------------------------------------------------------

    def _bounds(self, digest: str, record: BoundsRecord | OutputRangeRecord, regions: RegionSet | None) -> None:
        proved = [i for i, letter in enumerate(record.regions) if letter == "P"]
        radii = record.radius.checked if isinstance(record, BoundsRecord) and record.radius else ()
        claimed = [i for i, value in enumerate(radii) if value > 0]
        ranges = record.ranges if isinstance(record, OutputRangeRecord) else ()
        bounded = [i for i, item in enumerate(ranges) if item.checked_lower or item.checked_upper]
        stated = {PROOFS: len(proved), RADII: len(claimed), RANGES: len(bounded)}
        report = self._report(digest, record) if regions is not None and any(stated.values()) else None
        if report is None or regions is None:
            for kind, number in stated.items():
                self.result.count(kind, 0, number)
            return
        lost = [i for i in proved if i >= len(report.proved) or not report.proved[i]]
        self._explain(P_PROOF, digest, lost, len(proved), "proved regions", report)
        found = report.radii or ()
        short_of = [i for i in claimed if i >= len(found) or radii[i] > found[i]]
        self._explain(P_RADIUS, digest, short_of, len(claimed), "verified radii", report)
        wrong = [i for i in bounded if not _covers(record.statement, ranges[i], regions.names[i], report, i)]
        self._explain(P_RANGE, digest, wrong, len(bounded), "output ranges", report)
        for kind, bad in ((PROOFS, lost), (RADII, short_of), (RANGES, wrong)):
            self.result.count(kind, stated[kind] - len(bad), stated[kind])

    def _report(self, digest: str, record: BoundsRecord | OutputRangeRecord) -> Report | None:
        """What the checker derives for the statement; None with a finding when it refuses."""
        certificate = record.artefacts.get("certificate")
        try:
            offered = self.derived.store.get(certificate) if certificate else None
        except AssuranceError as error:
            self.result.find(P_PROOF, digest, f"{error.finding.code}: {error.finding.message}")
            return None
        if offered is None:
            self.result.find(P_PROOF, digest, "it has no certificate")
            return None
        # the statement as support.py reads it, so that checker and support cannot see two different ones
        report = check(record.statement.model_dump(mode="json"), offered, self.blob, self._inner(digest))
        if report.refusal is not None:
            self.result.find(P_PROOF, digest, f"the checker refuses: {report.refusal}")
            return None
        return report

    def _inner(self, digest: str) -> Callable[[int, int, str], None]:
        return lambda done, total, note: self.progress(done, total, f"record {short(digest)}: {note}")

    def _explain(self, which: Code, digest: str, bad: Sequence[int], total: int, what: str, report: Report) -> None:
        if bad:
            shown = "; ".join(f"region {i}: {report.reasons.get(i, 'not derived')}" for i in bad[:_SHOWN])
            more = f" and {len(bad) - _SHOWN} more" if len(bad) > _SHOWN else ""
            self.result.find(which, digest, f"{len(bad)} of {total} {what} are not confirmed ({shown}{more})")

    # --- counterexamples ------------------------------------------------------------------------------------

    def _counterexamples(
        self,
        digest: str,
        record: BoundsRecord | OutputRangeRecord | ExternalVerdictRecord,
        regions: RegionSet | None,
    ) -> None:
        total = len(record.counterexamples)
        if not total:
            return
        runtime = self._runtime(record.statement.model) if regions is not None else None
        if runtime is None or isinstance(runtime, AssuranceError) or regions is None:
            self.result.count(REPLAYS, 0, total)
            if isinstance(runtime, MissingLibraryError):
                self.result.skip(f"record {short(digest)}: {total} counterexamples", runtime.finding.message)
            elif isinstance(runtime, AssuranceError):
                self.result.find(P_REPLAY, digest, f"{runtime.finding.code}: {runtime.finding.message}")
            return
        failed = []
        for example in record.counterexamples:
            try:
                again = reproduces(record.statement, regions, example, runtime)
            except AssuranceError:
                again = False
            if not again:
                failed.append(example.region)
        if failed:
            listed = ", ".join(map(str, failed[:_SHOWN]))
            self.result.find(P_REPLAY, digest, f"{len(failed)} of {total} do not replay on {runtime.by}: {listed}")
        self.result.count(REPLAYS, total - len(failed), total)

    def _runtime(self, model: str) -> Runtime | AssuranceError:
        """The model on onnxruntime. The project's own reader comes first: it refuses what points outside the file."""
        if model not in self.runtimes:
            try:
                data = self.blob(model)
                read_graph(data, f"model {short(model)}")
                self.runtimes[model] = Runtime(data, f"model {short(model)}")
            except AssuranceError as error:
                self.runtimes[model] = error
        return self.runtimes[model]

    # --- smoothing ------------------------------------------------------------------------------------------

    def _smoothing(self, digest: str, record: SmoothingRecord, regions: RegionSet | None) -> None:
        self.result.skip(
            "counts of the samples in smoothing records",
            "they come from sampling; radii are recomputed from them, the counts only by repeating the run",
        )
        if regions is None:
            self.result.count(SMOOTHED, 0, record.count)
            return
        labelled = [item.label == int(label) for item, label in zip(record.inputs, regions.labels, strict=True)]
        follows = [_recomputes(record, item) for item in record.inputs]
        for which, good, what in (
            (P_INPUTS, labelled, "labels are not those of the data set"),
            (P_RADIUS, follows, "radii do not follow from the counts"),
        ):
            bad = [number for number, fine in enumerate(good) if not fine]
            if bad:
                listed = ", ".join(map(str, bad[:_SHOWN]))
                self.result.find(which, digest, f"{len(bad)} of {record.count} {what}: inputs {listed}")
        confirmed = sum(a and b for a, b in zip(labelled, follows, strict=True))
        self.result.count(SMOOTHED, confirmed, record.count)

    # --- other tools ----------------------------------------------------------------------------------------

    def _external(self, digest: str, record: ExternalVerdictRecord, regions: RegionSet | None) -> None:
        """The tool's word is read again from its result file, its counterexample replayed; its proof stays unchecked."""
        try:
            said = read_result(record.tool, self.derived.store.get(record.result), f"result of record {short(digest)}")
        except AssuranceError as error:
            self.result.find(P_STRENGTH, digest, f"{error.finding.code}: {error.finding.message}")
        else:
            stated = (record.said, record.claimed, record.witness != "none")
            if stated != (said.word, said.claimed, said.inputs is not None):
                self.result.find(
                    P_STRENGTH, digest, f"its result file says {said.word!r:.60}, it states {record.said!r:.60}"
                )
        if record.witness == "near miss" and regions is not None:
            self._near_miss(digest, record)
        self._counterexamples(digest, record, regions)
        if record.claimed == "holds":
            self.result.skip(f"proof that {record.tool} claims", "no certificate that the independent checker reads")

    def _near_miss(self, digest: str, record: ExternalVerdictRecord) -> None:
        """A witness that is said not to replay must not replay here: else a counterexample is hidden."""
        try:
            said = read_result(record.tool, self.derived.store.get(record.result), "result file")
            found, by = replay_witness(record.statement, said.inputs or (), self.blob, "result file")
        except MissingLibraryError as error:
            self.result.skip(f"record {short(digest)}: near miss", error.finding.message)
        except AssuranceError as error:
            self.result.find(P_REPLAY, digest, f"{error.finding.code}: {error.finding.message}")
        else:
            if found is not None:
                self.result.find(P_STRENGTH, digest, f"its near miss is a counterexample on {by}")

    # --- journal --------------------------------------------------------------------------------------------

    def _outcomes(self, items: Sequence[RunItem]) -> None:
        loaded, standings = self.derived.snapshot.loaded, self.derived.snapshot.standings
        earlier = 0
        for item in items:
            claim = loaded.claims.get(item.requirement)
            current = claim is not None and item.criterion == claim.criterion_digest
            if claim is None or not current or item.record.statement.model != claim.statement.model:
                earlier += 1
                continue
            found = assess(claim, item.record, standings[item.requirement].total or item.record.count)
            outcome = "refuted" if found.refuted else "met" if found.met else "not-met"
            self.result.count(OUTCOMES, outcome == item.outcome, 1)
            if outcome != item.outcome:
                message = f"noted for {item.requirement} is {item.outcome!r}, the record shows {outcome!r}"
                self.result.find(P_OUTCOME, item.digest, message)
        if earlier:
            self.result.count(OUTCOMES, 0, earlier)
            self.result.skip(
                f"outcomes of {earlier} earlier journal entries",
                "they answered a criterion or a model that the case does not hold any more",
            )


def _overstated(record: RunRecord) -> list[str]:
    """Where guarantee, artefact or counts go beyond what the record's family can state."""
    found = []
    arithmetics, predictor = _FAMILY[record.kind]
    guarantee = record.guarantee
    if record.artefact is not Artefact.MODEL_DESCRIPTION:
        found.append(f"runs analyse the model description, the record names the {record.artefact.value}")
    proved = guarantee.kind is GuaranteeKind.PROVED
    fits = guarantee.arithmetic is record.statement.arithmetic or not proved
    if guarantee.arithmetic not in arithmetics or guarantee.predictor is not predictor or not fits:
        found.append(
            f"it speaks of {guarantee.arithmetic.value} arithmetic and the {guarantee.predictor.value} predictor; "
            f"{record.kind} records speak of {' or '.join(item.value for item in arithmetics)} and {predictor.value}"
        )
    if guarantee.kind not in _kinds(record):
        found.append(f"its positive statements are not {guarantee.kind.value}")
    if isinstance(record, BoundsRecord) and record.radius is not None and record.radius.unit not in _units(record):
        found.append(f"its radii are given in {record.radius.unit!r:.40}, the perturbation in another unit")
    for check_ in record.rechecks:
        own = _own_count(record, check_.what)
        if own is not None and check_.agreed != own:
            found.append(f"it counts {check_.agreed} re-checked {check_.what}, its own data hold {own}")
    return found


def _units(record: BoundsRecord) -> set[str]:
    """The unit of the ball whose radius is varied; none where there is no ball."""
    regions = record.statement.regions
    if not isinstance(regions, InputBalls) or isinstance(regions.perturbation, SensorError):
        return set()
    return {regions.perturbation.eps.unit}


def _kinds(record: RunRecord) -> set[GuaranteeKind]:
    """The kinds of guarantee that the record's own content allows."""
    weak = {GuaranteeKind.UNCHECKED, GuaranteeKind.EMPIRICAL}
    if isinstance(record, SmoothingRecord):
        return {GuaranteeKind.STATISTICAL}
    if isinstance(record, ExternalVerdictRecord):
        return weak
    if isinstance(record, BoundsRecord):
        proved = "P" in record.regions or (record.radius is not None and any(record.radius.checked))
    else:
        proved = "P" in record.regions or any(item.checked_lower for item in record.ranges)
    return weak | {GuaranteeKind.PROVED} if proved else weak


def _own_count(record: RunRecord, what: str) -> int | None:
    if what == "counterexamples" and not isinstance(record, SmoothingRecord):
        return len(record.counterexamples)
    if what == "radii" and isinstance(record, BoundsRecord) and record.radius is not None:
        return sum(value > 0 for value in record.radius.checked)
    if what == "output ranges" and isinstance(record, OutputRangeRecord):
        return sum(bool(item.checked_lower) for item in record.ranges)
    return None


def _covers(statement: Statement, stated: OutputRange, name: str, report: Report, region: int) -> bool:
    """The stated range contains the derived one (up to rounding), its decisions all that it does not exclude."""
    lower, upper = report.lower.get(region), report.upper.get(region)
    if lower is None or upper is None or stated.box != name:
        return False
    outputs = len(statement.outputs)
    if not len(stated.checked_lower) == len(stated.checked_upper) == len(lower) == len(upper) == outputs:
        return False
    below = all(a <= b + RANGE_TOLERANCE * max(1.0, abs(b)) for a, b in zip(stated.checked_lower, lower, strict=True))
    above = all(a >= b - RANGE_TOLERANCE * max(1.0, abs(b)) for a, b in zip(stated.checked_upper, upper, strict=True))
    return below and above and set(stated.decisions) >= _possible(statement, stated)


def _possible(statement: Statement, stated: OutputRange) -> set[str]:
    """Outputs that the stated range does not exclude as the decision."""
    lower, upper = stated.checked_lower, stated.checked_upper
    if statement.decision == "argmax":
        return {name for name, most in zip(statement.outputs, upper, strict=True) if most >= max(lower)}
    if statement.decision == "argmin":
        return {name for name, least in zip(statement.outputs, lower, strict=True) if least <= min(upper)}
    return set()


def _recomputes(record: SmoothingRecord, item: SmoothedInput) -> bool:
    guarantee: Any = record.guarantee
    error = error_per_input(guarantee.error_probability, record.count, bool(guarantee.simultaneous))
    found = smoothed_radius(item.successes, record.estimation_samples, error, record.sigma)
    units = {port.unit for port in record.statement.inputs}
    return (
        units == {record.sigma_unit}
        and 0 <= item.predicted < len(record.statement.outputs)
        and item.lower_probability <= found.lower_probability * (1 + PROBABILITY_TOLERANCE)
        and item.radius <= found.radius * (1 + RADIUS_TOLERANCE) + record.sigma * PROBABILITY_TOLERANCE
    )
