"""What to do next about a requirement that is not supported: the run to start, or the lines that the case file lacks.

One piece of advice for each requirement, made once; objectives refer to it (actions.py). It names commands and
lines; it promises no result. Not here: why a record does not support a claim (support.py).
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from assurance.case import Requirement, Run
from assurance.catalogue_vocabulary import EvidenceKind
from assurance.challenges import Doubt, DoubtState
from assurance.claims import Claim
from assurance.gaps.model import CASE, Stanza
from assurance.snapshot import Snapshot
from assurance.status import S_FAILED, S_GIVEN_UP, Standing, Status
from assurance.support import S_AFTER, S_CROSS, S_DISPOSED, S_LAPSED, S_NO_REVIEW, S_REVIEWER
from evidence.diagnostics import registered
from evidence.specification import InputBalls, KeepLabel, L2Ball, TableCells
from evidence.verdict import Arithmetic, GuaranteeKind

MOST_COMMANDS = 3


class Advice(NamedTuple):
    """About one requirement. `kinds`: what evidence its property could give; None where none is stated yet."""

    requirement: str
    text: str
    commands: tuple[str, ...] = ()
    stanzas: tuple[Stanza, ...] = ()
    kinds: frozenset[EvidenceKind] | None = None


def advise(snapshot: Snapshot) -> dict[str, Advice]:
    """Advice for every requirement that is not supported, by its id, in the order of the case file."""
    runs: dict[str, list[Run]] = {}
    for run in snapshot.loaded.case.runs:
        runs.setdefault(run.requirement, []).append(run)
    current = {item.run for item in snapshot.register.runs if item.current}
    doubts: dict[str, list[Doubt]] = {}
    for doubt in snapshot.built.doubts:
        if doubt.state is DoubtState.STANDS and not doubt.is_exclusion:
            for name in doubt.requirements:
                doubts.setdefault(name, []).append(doubt)
    found = {}
    for requirement in snapshot.loaded.case.requirements:
        standing = snapshot.standings[requirement.id]
        if standing.status is not Status.SUPPORTED:
            mine = (runs.get(requirement.id, []), current, doubts.get(requirement.id, []))
            found[requirement.id] = _advice(snapshot, requirement, standing, *mine)
    return found


def _advice(
    snapshot: Snapshot,
    requirement: Requirement,
    standing: Standing,
    runs: list[Run],
    current: set[str],
    doubts: list[Doubt],
) -> Advice:
    id, claim = requirement.id, snapshot.loaded.claims.get(requirement.id)
    kinds = _kinds(claim) if claim else None
    if standing.status is Status.STALE:
        text = "a file beneath has changed: restore it, or declare its new digest and repeat the runs"
        return Advice(id, text, _commands(runs), (), kinds)
    if claim is None:
        text = "it has no formal property: state one and a run, or show the requirement by documents about it"
        return Advice(id, text, (), (_property(snapshot, requirement),), kinds)
    if not runs:
        return Advice(id, "no run examines it: declare one", _new_run(id), (_run(claim, id),), kinds)
    waiting = [run for run in runs if run.id not in current]
    if waiting:
        return Advice(id, "declared runs have not been carried out", _commands(waiting), (), kinds)
    return _about_results(requirement, standing, runs, claim, doubts)


def _about_results(
    requirement: Requirement, standing: Standing, runs: list[Run], claim: Claim, doubts: list[Doubt]
) -> Advice:
    """All declared runs have answered, and that is not enough: what is missing beside or beyond them."""
    id, kinds, codes = requirement.id, _kinds(claim), {item.code for item in standing.reasons}
    first = next((which.id for which in (S_CROSS, S_FAILED, S_GIVEN_UP, S_AFTER) if which.id in codes), None)
    if first is not None:
        return Advice(id, _remedy(first), kinds=kinds)
    if standing.refuted and standing.status is Status.CONTRADICTED:
        text = (
            f"counterexamples stand in {standing.refuted} of {standing.total} regions, so that its criterion cannot be "
            "met, and no deviation helps: mend the model and run again, or change the requirement with its reason first"
        )
        return Advice(id, text, _commands(runs), (), kinds)
    if doubts:
        named = ", ".join(doubt.id for doubt in doubts[:MOST_COMMANDS])
        text = f"challenges stand ({named}): have each answered by evidence, or accepted by name"
        return Advice(id, text, (), tuple(_disposition(doubt) for doubt in doubts[:MOST_COMMANDS]), kinds)
    if standing.refuted and S_DISPOSED.id in codes:
        text = (
            "its counterexamples are accepted by a deviation, which leaves it partial: only a mended model gives more"
        )
        return Advice(id, text, kinds=kinds)
    if standing.refuted:
        text = (
            f"counterexamples stand in {standing.refuted} of {standing.total} regions: mend model or requirement and "
            "run again, or have the residual risk accepted by name"
        )
        return Advice(id, text, _commands(runs), (_deviation(standing, claim),), kinds)
    if codes & {S_NO_REVIEW.id, S_LAPSED.id, S_REVIEWER.id}:
        text = "have somebody other than its author compare sentence and formal property, and record the review"
        return Advice(id, text, (), (_review(requirement, claim),), kinds)
    wanted = _engine(claim)
    if wanted not in {run.engine for run in runs}:
        text = f"the declared runs do not establish it; the engine {wanted!r} may decide more"
        return Advice(id, text, _new_run(id), (_run(claim, id),), kinds)
    reason = next((item.code for item in standing.reasons), "")
    text = _remedy(reason) or "give its runs more to work with, see docs/engines.md"
    return Advice(id, f"its runs have answered and do not suffice: {text}", kinds=kinds)


@cache
def _remedy(code: str) -> str:
    return next((item.remedy for item in registered() if item.id == code), "")


def _commands(runs: list[Run]) -> tuple[str, ...]:
    """The fewest lines that start these runs: one for each, or all of the case's where they are many."""
    if len(runs) > MOST_COMMANDS:
        return (f"assurance run {CASE}",)
    return tuple(f"assurance run {CASE} --only {run.id}" for run in runs)


def _new_run(requirement: str) -> tuple[str, ...]:
    return (f"assurance run {CASE} --only {_run_id(requirement)}",)


def _run_id(requirement: str) -> str:
    return f"run-{requirement}"[:64]


def _kinds(claim: Claim) -> frozenset[EvidenceKind]:
    """What a record that answers the claim is in the vocabulary of the catalogues."""
    if claim.criterion.guarantee is GuaranteeKind.STATISTICAL:
        return frozenset({EvidenceKind.PROBABILISTIC_ROBUSTNESS})
    statement = claim.statement
    if isinstance(statement.regions, InputBalls) and isinstance(statement.condition, KeepLabel):
        return frozenset({EvidenceKind.FORMAL_LOCAL_ROBUSTNESS})
    return frozenset({EvidenceKind.FORMAL_PROPERTY, EvidenceKind.OUTPUT_REACHABILITY})


def _engine(claim: Claim) -> str:
    """The engine to try: sampling for statistical claims; of the provers the one that can answer at all, else the
    quick one where regions are many and the complete one where they are few (docs/engines.md)."""
    if claim.criterion.guarantee is GuaranteeKind.STATISTICAL:
        return "smoothing"
    statement = claim.statement
    if statement.arithmetic is Arithmetic.FLOAT32:
        return "prover"
    regions = statement.regions
    if isinstance(regions, InputBalls) and isinstance(regions.perturbation, L2Ball):
        return "bounds"
    return "bounds" if isinstance(regions, InputBalls | TableCells) else "prover"


def _run(claim: Claim, requirement: str) -> Stanza:
    engine = _engine(claim)
    parameters = {
        "smoothing": f"{{sigma: {claim.noise[0]:g}, n_selection: 100, n_estimation: 20000, "
        f"error_probability: {claim.criterion.error_probability:g}}}"
        if claim.noise and claim.criterion.error_probability
        else "{}",
        "bounds": "{method: crown}",
        "prover": "{timeout: 600}",
    }[engine]
    return Stanza(
        f"a run for requirement {requirement}",
        "\n".join(
            (
                "runs:",
                f"  - id: {_run_id(requirement)}",
                f"    requirement: {requirement}",
                f"    engine: {engine}",
                f"    parameters: {parameters}",
            )
        ),
    )


def _property(snapshot: Snapshot, requirement: Requirement) -> Stanza:
    model = snapshot.loaded.case.models[0].id
    return Stanza(
        f"the formal property of requirement {requirement.id}, inside its entry",
        "\n".join(
            (
                "    property:",
                f"      model: {model}",
                "      regions: <input-balls, boxes, table-cells or property-file, see docs/case-file.md>",
                "      condition: <keep-label, chosen-among, never-chosen, within, linear ...>",
                "      rationale: <why these regions and this threshold>",
            )
        ),
    )


def _review(requirement: Requirement, claim: Claim) -> Stanza:
    return Stanza(
        f"the meaning review of requirement {requirement.id}, inside its entry",
        "\n".join(
            (
                "    meaning_review:",
                f"      by: <a person other than {requirement.author}>",
                '      date: "<yyyy-mm-dd>"',
                "      independent: true",
                f"      of: {claim.meaning}",
            )
        ),
    )


def _disposition(doubt: Doubt) -> Stanza:
    return Stanza(
        f"the disposition of challenge {doubt.id}",
        "\n".join(
            (
                "dispositions:",
                f"  - challenge: {doubt.id}",
                "    decision: <answered or accepted or upheld>",
                "    by: <person id>",
                '    date: "<yyyy-mm-dd>"',
                "    rationale: <why>",
                "    evidence: [<documents that answer it>]",
                f"    of: {doubt.digest}",
            )
        ),
    )


def _deviation(standing: Standing, claim: Claim) -> Stanza:
    return Stanza(
        f"a deviation, should a named person bear the counterexamples against {standing.requirement}",
        "\n".join(
            (
                "deviations:",
                f"  - id: <DEV-{standing.requirement}>",
                f"    about: {standing.requirement}",
                "    rationale: <what limits the harm, and until when>",
                f"    accepted_by: <a person other than {claim.author}>",
                '    date: "<yyyy-mm-dd>"',
                f"    regions_at_most: {standing.refuted}",
                f"    of: {claim.identity}",
            )
        ),
    )
