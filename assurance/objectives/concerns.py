"""Requirements whose results an objective accepts: their standings, in reasons, and their open problem reports.

A contradicted requirement contradicts the objective and an unsupported one holds it back, whatever documents say. Which
requirements: those whose results are of a kind that the objective credits. A reach set that misses its bounds says nothing
of stability.
Not here: why a requirement stands as it does (assurance/status.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from assurance.case import BallsOf, Requirement
from assurance.catalogue import Entry
from assurance.catalogue_vocabulary import PROOF_KINDS, CreditLevel, EvidenceKind, Scope
from assurance.objectives.credit import O_STALE
from assurance.objectives.held import CASE, Evidence
from assurance.objectives.later import Later
from assurance.status import Standing, Status
from assurance.support import Reason, reason
from assurance.words import counted
from evidence.diagnostics import Severity, code
from evidence.digest import canonical_json, of_bytes
from evidence.verdict import Artefact

O_NOT_MET = code(
    "O207", Severity.WARNING, "requirement in scope is not supported", "mend what the requirement's reasons name"
)
O_CONTRADICTED = code("O208", Severity.ERROR, "requirement in scope is contradicted", "dispose of the counterexamples")

MOST_NAMED = 20
"""Requirements that one row names for one reason; the rest are counted."""

_NOTHING = Later(lambda: "")


class Concern(NamedTuple):
    """What the requirements that an objective accepts results of bring with them."""

    states: frozenset[Status] = frozenset()
    reasons: tuple[Reason, ...] = ()
    problems: tuple[str, ...] = ()
    digest: Later = _NOTHING
    """Of the standings with the records behind them, for acceptances to be tied to."""


class Concerns:
    """Standings and problem reports by scope, put together once."""

    def __init__(self, evidence: Evidence, problems: Mapping[str, tuple[str, ...]]) -> None:
        self._evidence, self._problems = evidence, problems
        self._kinds = {item.id: result_kinds(item) for item in evidence.case.requirements}
        self._derived = frozenset(item.id for item in evidence.case.requirements if item.derived)
        self._known: dict[tuple[bool, frozenset[EvidenceKind] | None], Concern] = {}
        self._of_names: dict[tuple[str, ...], Concern] = {}

    def of(self, entry: Entry, asked: Iterable[EvidenceKind] = ()) -> Concern:
        """For an entry that accepts computed results about the model, or whose agreed means asks for them (`asked`);
        nothing for any other."""
        accepted = results_accepted(entry) | (_COMPUTED & frozenset(asked))
        if not accepted:
            handles = any(row.evidence is EvidenceKind.PROBLEM_REPORT for row in entry.credit)
            every = self._all(False, None) if handles else Concern()
            return Concern(problems=every.problems, digest=every.digest)
        return self._all(entry.scope is Scope.DERIVED_REQUIREMENT, accepted)

    def _all(self, derived: bool, accepted: frozenset[EvidenceKind] | None) -> Concern:
        """Of all requirements, or the derived ones; of those whose results are of an accepted kind, or of any (None)."""
        if (derived, accepted) not in self._known:
            names = tuple(
                name
                for name, kinds in self._kinds.items()
                if (name in self._derived or not derived) and (accepted is None or accepted & kinds)
            )
            concern = self._about(names)
            if accepted is None:
                every = dict.fromkeys((*concern.problems, *self._problems.get(CASE, ())))
                concern = concern._replace(problems=tuple(every))
            self._known[derived, accepted] = concern
        return self._known[derived, accepted]

    def _about(self, names: tuple[str, ...]) -> Concern:
        """Of these requirements: different kinds of results are often about the same."""
        if names not in self._of_names:
            found = [self._evidence.standings[name] for name in names]
            problems = dict.fromkeys(id for name in names for id in self._problems.get(name, ()))
            states = frozenset(item.status for item in found)
            self._of_names[names] = Concern(
                states, _standing_reasons(found), tuple(problems), Later(lambda: _digest(found))
            )
        return self._of_names[names]


_COMPUTED = PROOF_KINDS | {EvidenceKind.PROBABILISTIC_ROBUSTNESS}
_STABILITY = frozenset({EvidenceKind.FORMAL_LOCAL_ROBUSTNESS, EvidenceKind.PROBABILISTIC_ROBUSTNESS})


def results_accepted(entry: Entry) -> frozenset[EvidenceKind]:
    """The kinds of computed results about the model that can give the entry more than supporting credit."""
    return frozenset(
        row.evidence
        for row in entry.credit
        if row.evidence in _COMPUTED
        and row.artefact is Artefact.MODEL_DESCRIPTION
        and row.level is not CreditLevel.SUPPORTING
    )


def result_kinds(requirement: Requirement) -> frozenset[EvidenceKind]:
    """The kinds of results that can speak of a requirement: stability, or what holds throughout regions. One without
    formal property may be about anything."""
    formal = requirement.property
    if formal is None:
        return _COMPUTED
    return _STABILITY if isinstance(formal.regions, BallsOf) and formal.condition.kind == "keep-label" else _REGIONS


_REGIONS = _COMPUTED - _STABILITY


def _digest(standings: Iterable[Standing]) -> str:
    """More counterexamples, or one region less, are another state of things, even where no status changes."""
    return of_bytes(
        canonical_json(
            [
                [
                    *(item.requirement, item.status.value, item.total, item.established, item.refuted),
                    *sorted(made.digest for made, _ in item.assessments),
                ]
                for item in standings
            ]
        )
    )


def _standing_reasons(standings: Iterable[Standing]) -> tuple[Reason, ...]:
    by_code: dict[str, list[Reason]] = {}
    for item in standings:
        if item.status is Status.CONTRADICTED:
            what = f"{item.requirement}: counterexamples in {counted(item.refuted, 'region')}"
            found = reason(O_CONTRADICTED, what if item.refuted else f"{item.requirement} is contradicted")
        elif item.status is Status.STALE:
            found = reason(O_STALE, f"{item.requirement}: a file beneath has changed")
        elif item.status is not Status.SUPPORTED:
            found = reason(O_NOT_MET, f"{item.requirement} is {item.status.value}")
        else:
            continue
        by_code.setdefault(found.code, []).append(found)
    shown = []
    for name, reasons in by_code.items():
        shown += reasons[:MOST_NAMED]
        if len(reasons) > MOST_NAMED:
            shown.append(Reason(name, f"and {len(reasons) - MOST_NAMED} further requirements"))
    return tuple(shown)
