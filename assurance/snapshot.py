"""One consistent view of a case: evidence, standings, argument, coverage, findings, all derived from one another.

Everything that shows something to a person or a machine (check, gaps, dossier, package) starts from a snapshot, so
that no two outputs can disagree. Taking one writes nothing and runs nothing; it needs no torch.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from assurance.argument import BuiltArgument, build_argument
from assurance.case import BallsOf, Deviation
from assurance.challenges import blanket_refusal, doubted_evidence, threat_digest
from assurance.collector import cycles_left_alone
from assurance.gsn.elements import Goal
from assurance.loading import LoadedCase
from assurance.objectives import Coverage, coverage
from assurance.objectives.selection import traps
from assurance.problems import ProblemReport, open_by_requirement, problem_reports
from assurance.register import Register, collect
from assurance.status import Standing, Status, deviations_about, disposes, doubted, standings
from assurance.support import S_AFTER, S_DISPOSED, S_NONE, S_REFUTED
from assurance.words import counted, predictor_words
from evidence.diagnostics import Finding, Severity, code
from evidence.disagreement import cross_findings
from evidence.external.agreement import inconsistencies
from evidence.records import ExternalVerdictRecord
from evidence.specification import KeepLabel
from evidence.store import Store
from evidence.threat import Addressed, taxonomy_coverage
from evidence.threat import Coverage as AttackCoverage

C_UNTIED = code(
    "C128",
    Severity.WARNING,
    "meaning review does not say what was reviewed",
    "add the digest as `of`: then the review lapses when sentence or property change",
)
C_OPEN_ENDED = code(
    "C129",
    Severity.WARNING,
    "deviation about a requirement without bounds",
    "add `of` (model and criterion) and `regions_at_most`: then it lapses when more is to be accepted",
)
C_DEVIATION_LAPSED = code(
    "C130",
    Severity.WARNING,
    "deviation no longer covers what stands",
    "look at what changed and accept it again, or mend it",
)
S_UNSUPPORTED = code("S120", Severity.WARNING, "requirement is not supported", "see its reasons in the gap list")


_STANDING = (Status.SUPPORTED, Status.PARTIAL)


@dataclass(frozen=True)
class Snapshot:
    """A case as it stands now."""

    loaded: LoadedCase
    register: Register
    standings: dict[str, Standing]
    built: BuiltArgument
    coverage: tuple[Coverage, ...]
    attacks: tuple[AttackCoverage, ...]
    findings: tuple[Finding, ...]
    problems: tuple[ProblemReport, ...] = ()


@cycles_left_alone()
def take(loaded: LoadedCase, store: Store) -> Snapshot:
    """Derive everything from the case and its store. Raises InputError or StoreError when a part cannot be read."""
    register = collect(loaded, store)
    found = standings(loaded, register, store)
    built = build_argument(loaded, register, found)
    found = doubted(found, built.doubts)
    problems, problem_findings = problem_reports(loaded, register, found)
    barred = doubted_evidence(built.doubts)
    covered = coverage(loaded, register, found, _goals(built), open_by_requirement(problems), barred)
    findings = [
        *loaded.findings,
        *register.findings,
        *register.content_findings,
        *built.findings,
        *problem_findings,
        *traps(loaded),
    ]
    findings += [finding for item in covered for finding in item.findings]
    about = deviations_about(loaded.case)
    for number, requirement in enumerate(loaded.case.requirements):
        findings += _standing_findings(loaded, found[requirement.id], number, about.get(requirement.id, ()))
    findings += _blanket_findings(loaded)
    findings += _disputed_findings(register)
    findings += _external_findings(register)
    return Snapshot(loaded, register, found, built, covered, _attacks(loaded, found), tuple(findings), problems)


def _goals(built: BuiltArgument) -> dict[str, tuple[str, ...]]:
    """By requirement, the goals of the argument that restate it."""
    found: dict[str, tuple[str, ...]] = {}
    for element in built.argument:
        if isinstance(element, Goal) and element.claim:
            found[element.claim] = (*found.get(element.claim, ()), element.id)
    return found


def _blanket_findings(loaded: LoadedCase) -> list[Finding]:
    """Deviations about a threat model that accept its exclusions no more, or never did."""
    found = []
    for number, deviation in enumerate(loaded.case.deviations):
        threat = next((item for item in loaded.case.threat_models if item.id == deviation.about), None)
        if threat is not None and (why := blanket_refusal(loaded.case, deviation, threat)):
            place = loaded.document.place(("deviations", number), deviation.id)
            message, expected = f"{deviation.id}: {why}", f"of: {threat_digest(threat)}"
            found.append(C_DEVIATION_LAPSED.finding(message, place, expected=expected))
    return found


def _disputed_findings(register: Register) -> list[Finding]:
    """Where cross-checks disagree with records, old ones included: both results are kept, and neither is hidden.

    It is a finding about what the evidence says, not about its integrity: such a case is built and packaged, so that
    its readers see the contradiction. Nothing rests on the record meanwhile (S122).
    """
    records = {item.digest: item.record for item in register.runs if getattr(item.record, "cross_checks", ())}
    return [finding for digest, record in records.items() for finding in cross_findings(record, digest)]


def _external_findings(register: Register) -> list[Finding]:
    """Where current verdicts of other tools do not agree with their own witness or with any record of the case."""
    given = [item.record for item in register.runs if item.current]
    external = [record for record in given if isinstance(record, ExternalVerdictRecord)]
    known = [(item.digest, item.record) for item in register.runs] if external else []
    return [finding for record in external for finding in inconsistencies(record, known)]


def _standing_findings(
    loaded: LoadedCase, standing: Standing, number: int, deviations: Iterable[Deviation]
) -> list[Finding]:
    """What is to be said about where the requirement stands that the case lists at this place; `deviations` are those
    about it."""
    place = loaded.document.place(("requirements", number), standing.requirement)
    findings = []
    review, claim = loaded.case.requirements[number].meaning_review, loaded.claims.get(standing.requirement)
    if claim is not None and review is not None and review.of is None:
        findings.append(C_UNTIED.finding(standing.requirement, place, expected=f"of: {claim.meaning}"))
    for deviation in deviations:
        if claim is None:
            continue
        if not disposes(deviation, claim, standing.refuted):
            message = f"{deviation.id} is about another model or criterion, or {standing.refuted} regions exceed it"
            findings.append(C_DEVIATION_LAPSED.finding(message, place, expected=f"of: {claim.identity}"))
        elif deviation.of is None or deviation.regions_at_most is None:
            findings.append(
                C_OPEN_ENDED.finding(deviation.id, place, expected=f"of: {claim.identity}, regions_at_most: N")
            )
    disposed = any(item.code == S_DISPOSED.id for item in standing.reasons)
    severity = Severity.WARNING if disposed and standing.status is not Status.CONTRADICTED else None
    for item in standing.reasons:
        if item.code == S_AFTER.id:
            findings.append(S_AFTER.finding(f"{standing.requirement}: {item.message}", place, severity=severity))
        elif item.code == S_REFUTED.id:
            findings.append(S_REFUTED.finding(f"{standing.requirement}: {item.message}", place, severity=severity))
    if standing.status is not Status.SUPPORTED:
        codes = ", ".join(sorted({item.code for item in standing.reasons})) or S_NONE.id
        findings.append(S_UNSUPPORTED.finding(f"{standing.requirement} is {standing.status.value} ({codes})", place))
    return findings


def _attacks(loaded: LoadedCase, found: dict[str, Standing]) -> tuple[AttackCoverage, ...]:
    """Only requirements that stand cover an attack; what is in doubt, stale or contradicted was only examined."""
    addressed = []
    for requirement in loaded.case.requirements:
        formal = requirement.property
        standing = found[requirement.id]
        if formal is None or not isinstance(formal.regions, BallsOf) or standing.best is None:
            continue
        wanted = formal.regions.threat_model
        perturbation = next(item.perturbation for item in loaded.case.threat_models if item.id == wanted)
        keeps_label = isinstance(formal.condition, KeepLabel)
        claim = loaded.claims[requirement.id]
        error = claim.criterion.error_probability
        addressed.append(
            Addressed(
                name=f"{requirement.id} ({standing.status.value})",
                perturbation=perturbation,
                keeps_label=keeps_label,
                stands=standing.established > 0 and not standing.refuted and standing.status in _STANDING,
                extent=f"{predictor_words(claim.statement.predictor)} only, at {standing.established} of "
                f"{counted(standing.total, 'listed input')}"
                + (f", except with probability {error:g}" if error else ""),
            )
        )
    return taxonomy_coverage(addressed)
