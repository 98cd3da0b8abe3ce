"""Does this evidence support that claim? Every reason why not, field by field.

A record supports a claim only when it is about the same network, the same or a larger set, the same condition,
in the arithmetic and for the predictor that the claim names, with a guarantee at least as strong, and when
enough regions are established. Each mismatch is a coded reason (S1xx), never a score.
Not here: how goals combine (status.py), objectives (coverage.py).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache

from assurance.claims import Claim
from evidence.diagnostics import Code, Severity, code
from evidence.digest import short
from evidence.errors import InputError
from evidence.records import BoundsRecord, ExternalVerdictRecord, RunRecord, SmoothingRecord
from evidence.specification import Boxes, InputBalls, L2Ball, LinfBall, PropertyFile, SensorError, Statement, TableCells
from evidence.threat import contains, describe
from evidence.verdict import Arithmetic, GuaranteeKind

_GAP = Severity.WARNING
S_MODEL = code("S101", _GAP, "evidence is about another model", "repeat the run on the declared model")
S_NORM = code(
    "S102", _GAP, "evidence is under another norm or perturbation set", "run with the claimed perturbation set"
)
S_SMALLER = code("S103", _GAP, "evidence covers a smaller perturbation", "run with the claimed size")
S_DATA = code("S104", _GAP, "evidence is about other data, boxes or tables", "run on the claimed inputs")
S_CONDITION = code(
    "S105", _GAP, "evidence is about another condition or decision rule", "run with the claimed condition"
)
S_WEAKER = code("S106", _GAP, "guarantee is weaker than demanded", "use a method that gives the demanded guarantee")
S_UNCHECKED = code(
    "S107", _GAP, "bound that no independent checker confirmed", "use settings that the checker can confirm"
)
S_PREDICTOR = code("S108", _GAP, "base and smoothed predictor confused", "examine the predictor that is deployed")
S_ARITHMETIC = code(
    "S109",
    _GAP,
    "arithmetic of evidence and claim differ",
    "show the property in the deployed arithmetic, or state the requirement over the reals and argue the implementation",
)
S_NO_REVIEW = code(
    "S110", _GAP, "no meaning-preservation review", "have the formal property compared with the sentence and record it"
)
S_THRESHOLD = code(
    "S111", _GAP, "criterion not met", "decide more regions, or justify a lower threshold before the run"
)
S_REFUTED = code(
    "S112",
    Severity.ERROR,
    "counterexample stands",
    "mend the model or the requirement, or accept the residual risk by name",
)
S_PROBABILITY = code(
    "S113",
    _GAP,
    "error probability too large or not over all inputs together",
    "repeat with a smaller, simultaneous error probability",
)
S_STALE = code(
    "S114",
    Severity.ERROR,
    "evidence is stale: a file it is about has changed",
    "declare the new digest and repeat the run",
)
S_NONE = code("S115", _GAP, "no evidence", "run the examination or add a document")
S_PORTS = code(
    "S116", _GAP, "inputs, units or outputs are named differently", "repeat the run with the declared names and units"
)
S_DISPOSED = code(
    "S117",
    _GAP,
    "counterexamples are accepted as a deviation",
    "read the deviation; it does not remove the counterexamples",
)
S_REVIEWER = code(
    "S118", _GAP, "meaning-preservation review is not independent", "have another person than the author review it"
)
S_LAPSED = code(
    "S121", _GAP, "meaning-preservation review has lapsed", "have the changed sentence and property compared again"
)
S_AFTER = code(
    "S119",
    Severity.ERROR,
    "criterion set after the result",
    "state why the criterion changed; the earlier record stays visible",
)
S_CROSS = code(
    "S122",
    Severity.ERROR,
    "a cross-check disagrees",
    "find out which method is wrong; until then neither result supports anything",
)
S_EXTERNAL = code(
    "S123",
    _GAP,
    "an external verdict whose proof nobody checked",
    "prove the property with `assurance run`, or have the proof checked; a replayed counterexample counts without that",
)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why evidence does not, or not fully, support a claim."""

    code: str
    message: str


class Level(StrEnum):
    """How far one record supports one claim."""

    FULL = "full"
    PARTIAL = "partial"
    NONE = "none"
    CONTRADICTS = "contradicts"


@dataclass(frozen=True, slots=True)
class Assessment:
    """One record held against one claim."""

    level: Level
    reasons: tuple[Reason, ...]
    established: int
    refuted: int
    total: int
    """Regions of the claim (not of the record)."""
    needed: int = 1
    """Least number of established regions that meets the criterion."""
    refuted_at: frozenset[int] = frozenset()
    """Positions, among the claim's regions, of those that hold a counterexample."""
    travelled: Reason | None = None
    """Why its counterexamples count though they were found for another region or condition, where any of them does."""

    @property
    def met(self) -> bool:
        """The criterion is met by established regions, reviews and counterexamples aside."""
        return self.established >= self.needed

    @property
    def share(self) -> float:
        return self.established / self.total if self.total else 0.0


def reason(which: Code, message: str) -> Reason:
    """A reason with a registered code."""
    return Reason(which.id, message)


def assess(claim: Claim, record: RunRecord, total: int, stale: Iterable[str] = ()) -> Assessment:
    """Hold a record against a claim whose statement has `total` regions; `stale` are digests of changed files.

    Mismatches of identity give level NONE whatever the result was; unmet criteria give PARTIAL when something
    is established; counterexamples that make the criterion unattainable give CONTRADICTS.
    """
    return Yardstick(claim, total, stale).assess(record)


@dataclass(frozen=True, slots=True)
class _Compared:
    """What of an assessment depends on the two statements and the number of the record's regions alone."""

    mismatches: tuple[Reason, ...]
    """Of the files that have changed, of model, ports, condition."""
    regions: tuple[Reason, ...]
    """Mismatches of the regions; not looked at where the ports differ already."""
    where: Sequence[int]
    """Where the claim's regions stand in the record's list; empty where anything differs."""
    same_sets: bool
    """A counterexample in a larger perturbation set need not lie in the claimed one."""


class Yardstick:
    """A claim that one record after the other is held against, as `assess` does: what it demands is worked out once,
    and what it has in common with a statement once for all records in a row that share the statement."""

    def __init__(self, claim: Claim, total: int, stale: Iterable[str] = ()) -> None:
        self._claim, self._total, self._stale = claim, total, frozenset(stale)
        self._needed = _least(claim.criterion.at_least, total)
        self._review = review_reasons(claim)
        self._fixed = _covers_all(claim)
        self._last: tuple[Statement, int, _Compared] | None = None

    def assess(self, record: RunRecord) -> Assessment:
        """Hold a record against the claim."""
        claim, total, needed = self._claim, self._total, self._needed
        compared = self._compared(record)
        weaker = _strength(claim, record)
        reasons = [*compared.mismatches, *_predictor(claim, record), *compared.regions]
        if not reasons and self._fixed and record.count != total:
            reasons = [reason(S_DATA, f"the record lists {record.count} regions, its data hold {total}")]
        if reasons:
            return Assessment(Level.NONE, (*reasons, *weaker), 0, 0, total, needed)
        established, refuted_at, unchecked = _count(claim, record, compared)
        refuted = len(refuted_at)
        disputed = _disputed(record)
        if weaker or disputed:
            established = 0  # a guarantee of another strength establishes nothing; its counterexamples still stand
        found = _result(needed, established, refuted, unchecked, total)
        if total - refuted < needed:
            level = Level.CONTRADICTS
        elif established >= needed and claim.reviewed and claim.review_independent:
            level = Level.FULL
        elif established and claim.reviewed:
            level = Level.PARTIAL
        else:
            level = Level.NONE
        whole = (*weaker, *disputed, *found, *self._review)
        return Assessment(level, whole, established, refuted, total, needed, refuted_at)

    def _compared(self, record: RunRecord) -> _Compared:
        statement, count = record.statement, record.count
        if self._last is None or self._last[0] is not statement or self._last[1] != count:
            self._last = (statement, count, _compare(self._claim.statement, statement, count, self._stale))
        return self._last[2]


def also_refuted(found: Assessment, digest: str, places: frozenset[int]) -> Assessment:
    """The assessment of the record with this digest, some of whose counterexamples lie inside further regions of the
    claim and break its condition there. The record supports no more than before; it can only contradict."""
    places -= found.refuted_at
    if not places:
        return found
    message = (
        f"{len(places)} of {found.total} regions hold a replayed counterexample, found by record {short(digest)} for "
        "another region or condition"
    )
    why, refuted_at = reason(S_REFUTED, message), found.refuted_at | places
    return replace(
        found,
        level=Level.CONTRADICTS if found.total - len(refuted_at) < found.needed else found.level,
        reasons=(*found.reasons, why),
        refuted=len(refuted_at),
        refuted_at=refuted_at,
        travelled=why,
    )


def _covers_all(claim: Claim) -> bool:
    """True when the claim's regions are all that its data, table or property file give, so that the count is fixed by them."""
    regions = claim.statement.regions
    return isinstance(regions, TableCells | PropertyFile) or (
        isinstance(regions, InputBalls) and isinstance(regions.inputs, str)
    )


@lru_cache(maxsize=1_000)
def _least(share: float, total: int) -> int:
    """Least number of regions that meets the criterion; at least one: nothing is met by an empty set."""
    return max(1, math.ceil(Fraction(repr(share)) * total))


def files_of(statement: Statement) -> set[str]:
    """Digests of the files that a statement is about: the model, and data, table or property file."""
    regions = statement.regions
    if isinstance(regions, InputBalls):
        return {statement.model, regions.data}
    if isinstance(regions, TableCells):
        return {statement.model, regions.table}
    if isinstance(regions, PropertyFile):
        return {statement.model, regions.file}
    return {statement.model}


def _compare(wanted: Statement, given: Statement, count: int, stale: frozenset[str]) -> _Compared:
    """`wanted` is the claim's statement, `given` that of a record with `count` regions."""
    found = []
    if not stale.isdisjoint(files_of(wanted)) or not stale.isdisjoint(files_of(given)):
        found.append(reason(S_STALE, "a file that the evidence is about differs from its declared digest"))
    if given.model != wanted.model:
        found.append(reason(S_MODEL, f"the record is about model {given.model}, the claim about {wanted.model}"))
    same_ports = given.inputs == wanted.inputs and given.outputs == wanted.outputs
    if not same_ports:
        found.append(reason(S_PORTS, "the record names inputs, units or outputs differently"))
    if given.decision != wanted.decision or given.condition != wanted.condition:
        found.append(
            reason(
                S_CONDITION,
                f"the record examined {given.condition.kind}, the claim states {wanted.condition.kind}, or their terms differ",
            )
        )
    regions = _regions(wanted, given, count) if same_ports else []
    where = [] if found or regions else _positions(wanted, given, count)
    return _Compared(tuple(found), tuple(regions), where, _identical_sets(wanted, given))


def _predictor(claim: Claim, record: RunRecord) -> list[Reason]:
    deployed, examined, found = claim.statement.predictor, record.guarantee.predictor, []
    if record.statement.predictor != deployed or examined != deployed:
        found.append(
            reason(S_PREDICTOR, f"the record is about the {examined.value} predictor, deployed is {deployed.value}")
        )
    if isinstance(record, SmoothingRecord) and claim.noise != (record.sigma, record.sigma_unit):
        noise = f"{claim.noise[0]:g} {claim.noise[1]}" if claim.noise else "no noise"
        message = f"the record is about noise of {record.sigma:g} {record.sigma_unit}, deployed is {noise}"
        found.append(reason(S_PREDICTOR, message))
    return found


def _regions(claimed: Statement, examined: Statement, count: int) -> list[Reason]:
    wanted, given = claimed.regions, examined.regions
    if isinstance(wanted, InputBalls) and isinstance(given, InputBalls):
        found = []
        if given.data != wanted.data:
            found.append(reason(S_DATA, "the record is about another data set"))
        elif not _lists(given, wanted, count):
            found.append(reason(S_DATA, "the record leaves out inputs that the claim lists"))
        try:
            enough = contains(given.perturbation, wanted.perturbation, claimed.inputs)
        except InputError as error:
            return [*found, reason(S_PORTS, f"the record's perturbation does not fit: {error.finding.message}")]
        if not enough:
            which = S_SMALLER if _same_norm(given.perturbation, wanted.perturbation) else S_NORM
            found.append(
                reason(which, f"examined: {describe(given.perturbation)}; claimed: {describe(wanted.perturbation)}")
            )
        return found
    if isinstance(wanted, Boxes) and isinstance(given, Boxes):
        if {box.id: box.ranges for box in wanted.boxes}.items() <= {box.id: box.ranges for box in given.boxes}.items():
            return []
        return [reason(S_DATA, "the record leaves out boxes that the claim lists")]
    if isinstance(wanted, TableCells | PropertyFile) and wanted == given:
        return []
    return [reason(S_DATA, f"the record is about {given.kind}, the claim about {wanted.kind}, or about another file")]


def _lists(given: InputBalls, wanted: InputBalls, count: int) -> bool:
    if isinstance(given.inputs, str):
        return isinstance(wanted.inputs, str) or max(wanted.inputs) < count
    return not isinstance(wanted.inputs, str) and set(wanted.inputs) <= set(given.inputs)


def _same_norm(a: LinfBall | L2Ball | SensorError, b: LinfBall | L2Ball | SensorError) -> bool:
    return a.kind == b.kind


def _strength(claim: Claim, record: RunRecord) -> list[Reason]:
    if isinstance(record, ExternalVerdictRecord):
        return [reason(S_EXTERNAL, f"{record.tool} says {record.said!r:.60}; no certificate was re-checked")]
    if not isinstance(record, SmoothingRecord) and "P" not in record.regions and "C" not in record.regions:
        return []  # nothing is stated as established, so there is no strength to compare
    found = []
    demanded, kind = claim.criterion.guarantee, record.guarantee.kind
    if demanded is GuaranteeKind.PROVED and kind is GuaranteeKind.UNCHECKED:
        found.append(reason(S_UNCHECKED, "the record's bounds are candidates: no checker confirmed them"))
    elif demanded is GuaranteeKind.PROVED and kind is not GuaranteeKind.PROVED:
        found.append(reason(S_WEAKER, f"demanded is a proof, the record is {kind.value}"))
    elif demanded is GuaranteeKind.STATISTICAL and kind not in (GuaranteeKind.PROVED, GuaranteeKind.STATISTICAL):
        found.append(reason(S_WEAKER, f"demanded is a statistical statement, the record is {kind.value}"))
    if record.guarantee.arithmetic is not claim.statement.arithmetic:
        found.append(
            reason(
                S_ARITHMETIC,
                f"the record speaks of {_words(record.guarantee.arithmetic)}, the claim of {_words(claim.statement.arithmetic)}",
            )
        )
    probability, limit = record.guarantee.error_probability, claim.criterion.error_probability
    if demanded is GuaranteeKind.STATISTICAL and probability is not None and limit is not None:
        if probability > limit:
            found.append(reason(S_PROBABILITY, f"error probability {probability:g} exceeds the demanded {limit:g}"))
        if not record.guarantee.simultaneous:
            found.append(
                reason(S_PROBABILITY, "the error probability holds for each input alone, not for all together")
            )
    return found


def _disputed(record: RunRecord) -> list[Reason]:
    """A method that contradicts one region casts doubt on whatever proved the others."""
    if not isinstance(record, BoundsRecord) or not record.cross_checks or not record.disputed:
        return []
    by = "; ".join(check.by for check in record.cross_checks if check.disagreed)
    return [reason(S_CROSS, f"{by}: disagrees on {len(record.disputed)} of {record.count} regions")]


def _words(arithmetic: Arithmetic) -> str:
    return {
        Arithmetic.REAL: "real arithmetic",
        Arithmetic.FLOAT32: "every float32 execution",
        Arithmetic.FLOAT32_ONE: "one float32 implementation",
        Arithmetic.NOT_APPLICABLE: "no arithmetic",
    }[arithmetic]


def _count(claim: Claim, record: RunRecord, compared: _Compared) -> tuple[int, frozenset[int], int]:
    """Of the claim's regions: how many are established, which are refuted, how many are unchecked."""
    if isinstance(record, SmoothingRecord):
        regions = claim.statement.regions
        if not (isinstance(regions, InputBalls) and isinstance(regions.perturbation, L2Ball)):
            return 0, frozenset(), 0
        radius = regions.perturbation.eps.value
        items = [record.inputs[i] for i in compared.where]
        return sum(not i.abstained and i.predicted == i.label and i.radius >= radius for i in items), frozenset(), 0
    given = record.regions
    letters = [given[i] for i in compared.where]
    refuted: frozenset[int] = frozenset()
    if compared.same_sets and "R" in letters:
        refuted = frozenset(place for place, letter in enumerate(letters) if letter == "R")
    return letters.count("P"), refuted, letters.count("C")


def _identical_sets(claimed: Statement, examined: Statement) -> bool:
    wanted, given = claimed.regions, examined.regions
    if isinstance(wanted, InputBalls) and isinstance(given, InputBalls):
        return wanted.perturbation == given.perturbation
    return True


def positions(claim: Claim, record: RunRecord) -> Sequence[int]:
    """Where the claim's regions stand in the record's list."""
    return _positions(claim.statement, record.statement, record.count)


def _positions(claimed: Statement, examined: Statement, count: int) -> Sequence[int]:
    wanted, given = claimed.regions, examined.regions
    if isinstance(wanted, InputBalls) and isinstance(given, InputBalls):
        if isinstance(wanted.inputs, str):
            return range(count)
        if isinstance(given.inputs, str):
            return wanted.inputs
        order = {number: i for i, number in enumerate(given.inputs)}
        return [order[number] for number in wanted.inputs]
    if isinstance(wanted, Boxes) and isinstance(given, Boxes):
        names = {box.id: i for i, box in enumerate(given.boxes)}
        return [names[box.id] for box in wanted.boxes]
    return range(count)


def _result(needed: int, established: int, refuted: int, unchecked: int, total: int) -> list[Reason]:
    found = []
    if refuted:
        found.append(reason(S_REFUTED, f"{refuted} of {total} regions hold a replayed counterexample"))
    if established >= needed:
        return found
    if unchecked:
        found.append(reason(S_UNCHECKED, f"{unchecked} of {total} regions rest on unchecked bounds and do not count"))
    message = f"established for {established} of {total} regions; the criterion asks for {needed}"
    return [*found, reason(S_THRESHOLD, message)]


def review_reasons(claim: Claim) -> list[Reason]:
    """What the meaning review of a claim lacks, if anything."""
    if claim.review_lapsed:
        return [reason(S_LAPSED, "sentence or formal property changed after the meaning review")]
    if not claim.reviewed:
        return [reason(S_NO_REVIEW, "nobody confirmed that the formal property means what the sentence says")]
    if not claim.review_independent:
        return [reason(S_REVIEWER, "the formal property was not compared with the sentence by another person")]
    return []
