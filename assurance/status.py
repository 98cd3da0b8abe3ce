"""Status of requirements and goals, derived from support and rolled up over the argument.

A requirement's standing comes from all evidence that was ever made for it. Rolling up takes the worst: a goal is
supported only when all that it rests on is supported. A share criterion that is met while counterexamples stand
leaves a goal *in doubt*; with a recorded deviation it becomes *partial*, never supported.
Not here: why one record supports one claim (support.py); objectives (coverage.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from assurance.case import Case, Deviation
from assurance.challenges import Doubt, DoubtState, doubts_of
from assurance.claims import Claim
from assurance.counterexamples import Counterexamples, refuted_by_others
from assurance.gsn.elements import DEVELOPABLE
from assurance.gsn.model import Argument
from assurance.gsn.relations import SUPPORTED_BY
from assurance.loading import LoadedCase
from assurance.register import DocumentEntry, Register, RunItem
from assurance.support import (
    S_AFTER,
    S_CROSS,
    S_DISPOSED,
    S_NONE,
    S_PROBABILITY,
    S_REFUTED,
    S_STALE,
    Assessment,
    Level,
    Reason,
    Yardstick,
    also_refuted,
    files_of,
    reason,
    review_reasons,
)
from evidence.diagnostics import Severity, code
from evidence.errors import AssuranceError
from evidence.records import ExternalVerdictRecord, SmoothingRecord
from evidence.regions import RegionSet, expand
from evidence.specification import Boxes, InputBalls, Statement
from evidence.store import Store

S_CHALLENGED = code(
    "S124",
    Severity.ERROR,
    "a challenge stands against the claim or its evidence",
    "record a disposition by a named person, with the digest that `assurance check` prints",
    "GSN 2:11.3.4",
)
S_RESIDUAL = code(
    "S125",
    Severity.WARNING,
    "a challenge leaves residual doubt",
    "read the disposition; documents reviewed independently would answer the doubt in full",
    "GSN 2:11.3.4",
)
S_GIVEN_UP = code(
    "S126", Severity.ERROR, "a challenge of the claim or its evidence was upheld", "mend it and examine it again"
)

S_FAILED = code(
    "S127",
    Severity.ERROR,
    "a test that is about the requirement failed",
    "find out why, mend model, implementation or requirement, and test again",
)

NOWHERE: frozenset[int] = frozenset()
MOST_TRAVELLED = 5
"""So many records are named whose counterexamples were found elsewhere; the evidence of the requirement lists all."""

RESULT_KINDS = frozenset(
    {"performance-test", "monitor-evidence", "implementation-equivalence", "numerical-soundness"}
    | {"formal-local-robustness", "formal-property", "probabilistic-robustness", "output-reachability", "reachability"}
)
"""Kinds of documents that report results. A review or a plan does not show that a requirement is met."""


class Status(StrEnum):
    """The vocabulary for goals."""

    SUPPORTED = "supported"
    PARTIAL = "partial"
    UNDEVELOPED = "undeveloped"
    CONTRADICTED = "contradicted"
    IN_DOUBT = "in doubt"
    STALE = "stale"


@dataclass(frozen=True)
class Standing:
    """Where a requirement stands: status, reasons, and each item of evidence with its assessment."""

    requirement: str
    status: Status
    reasons: tuple[Reason, ...]
    total: int
    established: int
    refuted: int
    assessments: tuple[tuple[RunItem, Assessment], ...]
    best: RunItem | None
    """The current record that does most for the claim."""
    disposed: bool = False
    """Its counterexamples and flaws are accepted by a deviation that covers them."""


def standings(loaded: LoadedCase, register: Register, store: Store) -> dict[str, Standing]:
    """The standing of every requirement of the case."""
    examples, about = Counterexamples(register), deviations_about(loaded.case)
    found = {
        item.id: _standing(loaded, register, store, examples, about.get(item.id, ()), item.id)
        for item in loaded.case.requirements
    }
    found = {id: _failed(standing, register, id not in loaded.claims) for id, standing in found.items()}
    return doubted(found, doubts_of(loaded, register))


def doubted(found: Mapping[str, Standing], doubts: Iterable[Doubt]) -> dict[str, Standing]:
    """Standings as challenges leave them, never better than before. What a threat model excludes lies outside the
    claim: it weighs on the argument (doubts.py), not on what was examined.

    `standings` knows all challenges but those aimed at elements of the argument: they join once it is built."""
    left = dict(found)
    for doubt in doubts:
        cap, why = cap_of(doubt), _why(doubt)
        if doubt.is_exclusion or why is None:
            continue
        for id in doubt.requirements:
            reasons = left[id].reasons
            more = () if why in reasons else (why,)
            left[id] = replace(left[id], status=worst(left[id].status, cap), reasons=(*reasons, *more))
    return left


def cap_of(doubt: Doubt) -> Status:
    """How favourable the status of what a doubt is aimed at may be at most."""
    if doubt.state is DoubtState.ANSWERED:
        return Status.PARTIAL if doubt.weakly else Status.SUPPORTED
    return {
        DoubtState.STANDS: Status.IN_DOUBT,
        DoubtState.ACCEPTED: Status.PARTIAL,
        DoubtState.UPHELD: Status.CONTRADICTED,
    }[doubt.state]


def _why(doubt: Doubt) -> Reason | None:
    if doubt.state is DoubtState.STANDS:
        return reason(S_CHALLENGED, f"{doubt.id}: {doubt.text}")
    if doubt.state is DoubtState.UPHELD:
        return reason(S_GIVEN_UP, f"{doubt.id}: {doubt.decision}")
    if doubt.state is DoubtState.ACCEPTED or doubt.weakly:
        left = f" ({doubt.weakness})" if doubt.weakly else ""
        return reason(S_RESIDUAL, f"{doubt.id}, {doubt.state.value} by {doubt.decision}{left}")
    return None


def count_regions(loaded: LoadedCase, statement: Statement, store: Store) -> int | None:
    """How many regions a statement has, counted from its data; None when the data is not at hand unchanged."""
    regions = statement.regions
    if isinstance(regions, Boxes):
        return len(regions.boxes)
    if isinstance(regions, InputBalls) and not isinstance(regions.inputs, str):
        return len(regions.inputs)
    found = _expanded(loaded, statement, store)
    return None if found is None else len(found)


def _expanded(loaded: LoadedCase, statement: Statement, store: Store) -> RegionSet | None:
    """The regions of a statement as arrays; None when the data is not at hand unchanged."""

    def blobs(digest: str) -> bytes:
        path = loaded.path_of(digest)
        return path.read_bytes() if path is not None else store.get(digest)

    try:
        return expand(statement, blobs)
    except AssuranceError:
        return None


def _standing(
    loaded: LoadedCase,
    register: Register,
    store: Store,
    examples: Counterexamples,
    deviations: Iterable[Deviation],
    id: str,
) -> Standing:
    claim = loaded.claims.get(id)
    if claim is None:
        documents = [item for item in register.documents_about(id) if item.record.evidence_kind in RESULT_KINDS]
        return _documentary(id, any(item.fresh for item in documents), any(not item.fresh for item in documents))
    # a claim about changed files is stale: what an execution says of the files as they were is not looked for
    known = None if files_of(claim.statement) & loaded.stale else examples.about(claim.statement)
    regions = _expanded(loaded, claim.statement, store) if known else None
    total = count_regions(loaded, claim.statement, store) if regions is None else len(regions)
    if total is None:
        stale = reason(S_STALE, "the data that the claim is about is missing, changed or unusable")
        return Standing(id, Status.STALE, (stale,), 0, 0, 0, (), None)
    # records for other requirements matter only where they hold something against the claim's network
    concerned = register.speaking_of(id, claim.statement.model)
    yardstick = Yardstick(claim, total, loaded.stale)
    judged = [(item, yardstick.assess(item.record)) for item in concerned]
    if known is not None and regions is not None:
        counted = {item.digest: found.refuted_at for item, found in judged}
        more = refuted_by_others(claim.statement, regions, known, counted)
        judged = [(item, also_refuted(found, item.digest, more.get(item.digest, NOWHERE))) for item, found in judged]
    held = [(item, found) for item, found in judged if item.requirement == id]
    # whatever a record was made for, it refutes the claim with those of its counterexamples that lie inside
    held += [(item, found) for item, found in judged if item.requirement != id and (found.refuted or _crossed(found))]
    return _decide(deviations, claim, total, tuple(held), _tries(claim, register))


def failed_results(register: Register, requirement: str) -> list[DocumentEntry]:
    """Unchanged documents that report results about a requirement, a failure among them."""
    return [item for item in register.failed_about(requirement) if item.record.evidence_kind in RESULT_KINDS]


def _failed(standing: Standing, register: Register, bare: bool) -> Standing:
    """The standing as failed tests leave it: in doubt at best, contradicted where there is nothing else to go by
    (`bare`: the requirement has no formal property)."""
    failed = failed_results(register, standing.requirement)
    if not failed:
        return standing
    cap = Status.CONTRADICTED if bare else Status.IN_DOUBT
    why = tuple(reason(S_FAILED, f"{item.item.id}: {item.item.title}") for item in failed)
    return replace(standing, status=worst(standing.status, cap), reasons=(*standing.reasons, *why))


def _tries(claim: Claim, register: Register) -> dict[str, float]:
    """Error probabilities of all statistical records about the claim's classifier and data, by digest.

    Each is a try: when several are made and the best is shown, all their error probabilities count together.
    """
    found = {}
    for item in register.statistical(claim.statement.model):
        record = item.record
        if isinstance(record, SmoothingRecord) and claim.noise == (record.sigma, record.sigma_unit):
            same = subject(record.statement) == subject(claim.statement)
            if same and record.guarantee.error_probability is not None:
                found[item.digest] = record.guarantee.error_probability
    return found


def subject(statement: Statement) -> tuple[str, str]:
    """Digests of the model and of the listed inputs that a statement is about; the latter empty for other regions."""
    regions = statement.regions
    return statement.model, regions.data if isinstance(regions, InputBalls) else ""


def _documentary(id: str, fresh: bool, stale: bool) -> Standing:
    """A requirement without formal property can be shown in part by documents; never more than that."""
    if stale:
        return Standing(id, Status.STALE, (reason(S_STALE, "a document about it has changed"),), 0, 0, 0, (), None)
    if fresh:
        return Standing(
            id, Status.PARTIAL, (reason(S_NONE, "documents only: no examination of the model"),), 0, 0, 0, (), None
        )
    return Standing(id, Status.UNDEVELOPED, (reason(S_NONE, "neither run nor document"),), 0, 0, 0, (), None)


def _decide(
    deviations: Iterable[Deviation],
    claim: Claim,
    total: int,
    held: tuple[tuple[RunItem, Assessment], ...],
    tries: dict[str, float],
) -> Standing:
    id = claim.requirement
    current = [(item, found) for item, found in held if item.current and item.requirement == id]
    order = [Level.NONE, Level.PARTIAL, Level.FULL, Level.CONTRADICTS]
    best = max(current, key=lambda pair: (order.index(pair[1].level), pair[1].established), default=None)
    refuted = len(frozenset().union(*(found.refuted_at for _, found in held)))
    impossible = total - refuted < max((found.needed for _, found in held), default=1)
    established = best[1].established if best else 0
    reasons = list(best[1].reasons) if best else [reason(S_NONE, "no current run has answered")]
    reasons += [item for item in review_reasons(claim) if item not in reasons]
    disposed = [item for item in deviations if disposes(item, claim, refuted)]
    crossed = next((doubt for _, found in held if (doubt := _crossed(found))), None)
    flaws = [item for item in (_criterion_after_result(claim, held), _many_tries(claim, tries), crossed) if item]
    reasons += [item for item in flaws if item not in reasons]
    travelled = [found.travelled for _, found in held if found.travelled and found.travelled not in reasons]
    reasons += list(dict.fromkeys(travelled))[:MOST_TRAVELLED]
    if refuted and not any(item.code == S_REFUTED.id for item in reasons):
        reasons.append(reason(S_REFUTED, f"an earlier record holds counterexamples in {refuted} of {total} regions"))
    if (refuted or flaws) and disposed:
        reasons.append(reason(S_DISPOSED, f"accepted as deviation {disposed[0].id}"))
    status = _status(best[1] if best else None, impossible, bool(refuted), bool(flaws), bool(disposed))
    record = best[0] if best else None
    return Standing(id, status, tuple(reasons), total, established, refuted, held, record, bool(disposed))


def deviations_about(case: Case) -> dict[str, list[Deviation]]:
    """The deviations of a case by what they are about, in its order."""
    found: dict[str, list[Deviation]] = {}
    for item in case.deviations:
        found.setdefault(item.about, []).append(item)
    return found


def disposes(deviation: Deviation, claim: Claim, refuted: int) -> bool:
    """Whether a deviation covers what stands: accepted by somebody else than the requirement's author, of the same
    model and criterion, for no more regions with counterexamples than were accepted."""
    if deviation.accepted_by == claim.author:
        return False  # nobody accepts the shortfall of his own requirement
    same = deviation.of is None or deviation.of == claim.identity
    return same and (deviation.regions_at_most is None or refuted <= deviation.regions_at_most)


def _status(
    best: Assessment | None,
    impossible: bool,
    refuted: bool,
    flawed: bool,
    disposed: bool,
) -> Status:
    if impossible:
        return Status.CONTRADICTED
    stands = refuted and not disposed
    if best is None:
        return Status.IN_DOUBT if stands else Status.UNDEVELOPED
    if any(item.code == S_STALE.id for item in best.reasons):
        return Status.STALE
    if _crossed(best) and not disposed:
        return Status.IN_DOUBT
    if best.level is Level.NONE:  # nothing is shown, but what speaks against it is known
        return Status.IN_DOUBT if stands else Status.UNDEVELOPED
    if (refuted or flawed) and not disposed:
        return Status.IN_DOUBT
    if best.level is Level.FULL and not refuted and not flawed:
        return Status.SUPPORTED
    return Status.PARTIAL


def _crossed(found: Assessment) -> Reason | None:
    """The reason that a cross-check disagrees with a record about this very claim, however old the record."""
    return next((item for item in found.reasons if item.code == S_CROSS.id), None)


def _criterion_after_result(claim: Claim, held: tuple[tuple[RunItem, Assessment], ...]) -> Reason | None:
    """An earlier criterion of the same requirement was examined and not met before the present one was set."""
    own = [item for item, _ in held if item.requirement == claim.requirement]
    earlier = [item for item in own if item.criterion != claim.criterion_digest and not _met(item)]
    if not earlier:
        return None
    return reason(S_AFTER, f"record {earlier[-1].digest} did not meet an earlier criterion of this requirement")


def _met(item: RunItem) -> bool:
    """What the journal noted at the time; counterexamples in the record itself outweigh it.

    Another tool's word can meet no criterion, so without counterexample it is no failed try either.
    """
    if isinstance(item.record, ExternalVerdictRecord):
        return not item.record.counterexamples
    return item.outcome == "met" and not getattr(item.record, "counterexamples", ())


def _many_tries(claim: Claim, tries: dict[str, float]) -> Reason | None:
    limit = claim.criterion.error_probability
    together = sum(tries.values())
    if limit is None or len(tries) < 2 or together <= limit:
        return None
    message = (
        f"{len(tries)} tries on this classifier and data have error probability {together:g} together, above {limit:g}"
    )
    return reason(S_PROBABILITY, message)


_WORST_FIRST = (Status.CONTRADICTED, Status.STALE, Status.IN_DOUBT)
_ORDER = (*_WORST_FIRST, Status.UNDEVELOPED, Status.PARTIAL, Status.SUPPORTED)


def worst(one: Status, other: Status) -> Status:
    """The less favourable of two statuses of the same thing."""
    return min(one, other, key=_ORDER.index)


def combine(parts: list[Status]) -> Status:
    """Status of something that rests on all of `parts` (GSN 1:2.2.6: the supporters are one inference)."""
    found = set(parts)
    for worst in _WORST_FIRST:
        if worst in found:
            return worst
    if len(found) == 1:
        return found.pop()
    return Status.PARTIAL if found else Status.UNDEVELOPED


def roll_up(
    argument: Argument, given: Mapping[str, Status], caps: Mapping[str, Status] | None = None
) -> dict[str, Status]:
    """Status of every goal and strategy.

    `given` holds the goals that evidence decides; the solutions below them only refer to it. Such a goal takes
    the worse of that and of any goals below it. Every other goal or strategy takes the combination of what
    supports it; a solution that nothing assessed counts as undeveloped, so it never makes a goal green. `caps` say how
    favourable an element's status may be at most, because of what challenges it.
    """
    at_most = caps or {}
    elements = argument.elements
    beneath: dict[str, list[str]] = {id: [] for id, element in elements.items() if element.type in DEVELOPABLE}
    for relation in argument.relations:
        if relation.type is SUPPORTED_BY and relation.source in beneath and relation.target in elements:
            beneath[relation.source].append(relation.target)
    done: dict[str, Status] = {}
    visiting: set[str] = set()

    def visit(id: str) -> Status:
        if id in done:
            return done[id]
        if id in visiting:
            return Status.UNDEVELOPED  # circular support is none; the rules report the circle
        visiting.add(id)
        parts = [given[id]] if id in given else []
        for child in beneath[id]:
            if child in beneath:
                parts.append(visit(child))
            elif id not in given:
                parts.append(Status.UNDEVELOPED)
        visiting.remove(id)
        status = combine(parts)
        done[id] = status if id not in at_most else worst(status, at_most[id])
        return done[id]

    for id in beneath:
        visit(id)
    return done
