"""Problem reports: opened by evidence, classified and disposed of by people (AC 20-189, AMC 20-189).

A counterexample, an undecided region where the criterion is not met, a time-out, a cross-check that disagrees and a
document that reports a failure each open a report, with an id that stays the same over repeated runs. What people
record about it in the case names its digest, so that it lapses when more turns up. Nobody has classified: it counts as
significant. A report that is significant, open and without mitigation blocks (`ProblemReport.blocks`).

A deviation is something else: it accepts a requirement's shortfall and can move the requirement's standing to partial.
One that covers the counterexamples is the disposition of their report; the report stays open and stays to be classified.
Closing a report changes no status: counterexamples in the register stand whatever anybody writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from assurance.case import Case
from assurance.case_compliance import OPENED_BY_EVIDENCE, RecordedProblem
from assurance.catalogue import load as load_catalogue
from assurance.loading import LoadedCase
from assurance.objectives.concerns import results_accepted
from assurance.objectives.people import examined, makers, operators
from assurance.register import Register, RunItem
from assurance.status import Standing, disposes
from assurance.support import (
    S_CONDITION,
    S_DATA,
    S_MODEL,
    S_NORM,
    S_PORTS,
    S_PREDICTOR,
    S_SMALLER,
    S_STALE,
    Assessment,
)
from assurance.words import counted
from evidence.diagnostics import Finding, Place, Severity, code
from evidence.digest import canonical_json, of_bytes, short
from evidence.errors import InputError
from evidence.records import BoundsRecord, ExternalVerdictRecord, Shows

O_UNCLASSIFIED = code(
    "O240",
    Severity.WARNING,
    "problem report that nobody has classified: it counts as significant",
    "record it under problem_reports with its class, safety effect and owner, and `of` as expected",
    "AC 20-189, AMC 20-189",
)
O_UNMITIGATED = code(
    "O241",
    Severity.WARNING,
    "significant problem report without mitigation",
    "mend what it is about, or record the mitigation",
    "AC 20-189, AMC 20-189",
)
O_CLOSED_WITHOUT = code(
    "O242",
    Severity.ERROR,
    "problem report closed without evidence that stands",
    "name who closed it, when, and unchanged documents or answered runs that show it",
)
O_CLOSED_BY_AUTHOR = code(
    "O243",
    Severity.ERROR,
    "problem report closed by an author of what it is about, where independence is required",
    "have somebody else close it",
)
O_REPORT_LAPSED = code(
    "O244",
    Severity.WARNING,
    "record of a problem report has lapsed",
    "look at what opens the report now, and record it with `of` as expected",
)
O_NOTHING_OPENS = code(
    "O245",
    Severity.NOTE,
    "recorded problem report that no evidence opens any more",
    "keep it as history, or remove it",
)


@dataclass(frozen=True)
class Opening:
    """Something in the evidence that opens a report. Other sources hand theirs to `problem_reports` as well."""

    subject: str
    """Of what the report is about: a requirement, document or record, for its id."""
    kind: str
    """refuted, unknown, time-out, disputed, failed."""
    text: str
    requirements: tuple[str, ...]
    evidence: tuple[str, ...]
    """Digests of the records and documents that open it."""
    facts: Mapping[str, Any]
    """All that was found: when any of it changes, what people recorded lapses."""

    @property
    def id(self) -> str:
        """Stable: the same subject and kind have the same id, whatever was found this time."""
        subject = (
            self.subject if len(self.subject) <= 48 else f"{self.subject[:36]}-{short(of_bytes(self.subject.encode()))}"
        )
        return f"{OPENED_BY_EVIDENCE}{subject}-{self.kind}"

    @property
    def digest(self) -> str:
        """What a record of the report has to name in `of`."""
        return of_bytes(
            canonical_json(
                {"subject": self.subject, "kind": self.kind, "evidence": sorted(self.evidence), **self.facts}
            )
        )


@dataclass(frozen=True)
class ProblemReport:
    """One report with what people recorded about it, as far as that still stands."""

    id: str
    kind: str
    """As of its opening; `recorded` for a report of the organisation's own."""
    text: str
    requirements: tuple[str, ...]
    evidence: tuple[str, ...]
    digest: str | None
    """None for reports of the organisation's own."""
    classification: str | None
    safety_effect: str | None
    owner: str | None
    disposition: str | None
    mitigation: str | None
    closed: bool
    closing_evidence: tuple[str, ...]
    lapsed: bool
    """Something is recorded, about another state of the evidence: it counts for nothing."""

    @property
    def significant(self) -> bool:
        """Classified so, or not classified."""
        return self.classification in (None, "significant")

    @property
    def blocks(self) -> bool:
        """True for what a policy on problem reports refuses: significant, open, without mitigation or deviation."""
        return self.significant and not self.closed and self.mitigation is None

    def as_json(self) -> dict[str, object]:
        return {
            "id": self.id,
            "kind": self.kind,
            "text": self.text,
            "requirements": list(self.requirements),
            "evidence": list(self.evidence),
            "of": self.digest,
            "classification": self.classification,
            "significant": self.significant,
            "safety_effect": self.safety_effect,
            "owner": self.owner,
            "disposition": self.disposition,
            "mitigation": self.mitigation,
            "closed": self.closed,
            "closing_evidence": list(self.closing_evidence),
            "lapsed": self.lapsed,
            "blocks": self.blocks,
        }


def problem_reports(
    loaded: LoadedCase, register: Register, standings: Mapping[str, Standing], more: Iterable[Opening] = ()
) -> tuple[tuple[ProblemReport, ...], tuple[Finding, ...]]:
    """All reports of a case, and findings on them. Reports that evidence opens come first, in the case's order."""
    opened = {item.id: item for item in (*_openings(loaded, register, standings), *more)}
    recorded = {item.id: (i, item) for i, item in enumerate(loaded.case.problem_reports)}
    book = _Book(loaded, register, standings)
    reports = [book.opened(item, recorded.get(id)) for id, item in opened.items()]
    for id, (number, item) in recorded.items():
        if id in opened:
            continue
        if id.startswith(OPENED_BY_EVIDENCE):
            place = loaded.document.place(("problem_reports", number), id)
            book.findings.append(O_NOTHING_OPENS.finding(id, place))
        else:
            reports.append(book.own(item, number))
    return tuple(reports), tuple(book.findings)


def open_by_requirement(reports: Iterable[ProblemReport]) -> dict[str, tuple[str, ...]]:
    """Ids of the reports that are not closed, by requirement."""
    found: dict[str, tuple[str, ...]] = {}
    for item in reports:
        for name in item.requirements if not item.closed else ():
            found[name] = (*found.get(name, ()), item.id)
    return found


# --- what opens a report ----------------------------------------------------------------------------------------------


def _openings(loaded: LoadedCase, register: Register, standings: Mapping[str, Standing]) -> Iterator[Opening]:
    disputed: dict[str, list[RunItem]] = {}
    for item in register.runs:
        if isinstance(item.record, BoundsRecord) and item.record.disputed:
            disputed.setdefault(item.requirement or f"record-{short(item.digest)}", []).append(item)
    for name, standing in standings.items():
        yield from _refuted(standing)
        yield from _undecided(standing)
        if name in disputed:
            yield _disputed(name, disputed.pop(name))
    for name, items in disputed.items():
        yield _disputed(name, items)
    known = {item.id for item in loaded.case.requirements}
    for document in register.documents:
        if document.fresh and document.shows is Shows.FAILS:
            about = tuple(name for name in document.record.about if name in known)
            text = f"{document.item.id} reports a failure: {document.item.title}"
            yield Opening(document.item.id, "failed", text, about, (document.digest,), {})


def _refuted(standing: Standing) -> Iterator[Opening]:
    found = [(item, result) for item, result in standing.assessments if result.refuted_at]
    if found:
        regions = sorted(frozenset[int]().union(*(result.refuted_at for _, result in found)))
        yield Opening(
            standing.requirement,
            "refuted",
            f"{standing.requirement}: counterexamples in {counted(len(regions), 'region')} of {standing.total}",
            (standing.requirement,),
            tuple(dict.fromkeys(item.digest for item, _ in found)),
            {"regions": regions, "of": standing.total},
        )


_OTHER = {
    item.id for item in (S_MODEL, S_NORM, S_SMALLER, S_DATA, S_CONDITION, S_PREDICTOR, S_STALE, S_PORTS)
}  # fmt: skip
"""Reasons for which a record says nothing about the claim: then its open regions are no problem of the claim's."""


def _undecided(standing: Standing) -> Iterator[Opening]:
    best = standing.best
    if best is None:
        return
    result = next(found for item, found in standing.assessments if item is best)
    missing = result.total - result.established - result.refuted
    if result.met or missing <= 0 or any(item.code in _OTHER for item in result.reasons):
        return
    kind, why = _why_undecided(best)
    yield Opening(
        standing.requirement,
        kind,
        f"{standing.requirement}: {counted(missing, 'region')} of {result.total} not decided ({why}), and "
        f"{_needed(result)}",
        (standing.requirement,),
        (best.digest,),
        {"established": result.established, "missing": missing, "of": result.total},
    )


def _needed(result: Assessment) -> str:
    return f"established are {result.established} of the {result.needed} that the criterion asks for"


def _why_undecided(item: RunItem) -> tuple[str, str]:
    record = item.record
    if isinstance(record, ExternalVerdictRecord):
        return ("time-out" if record.claimed == "timeout" else "unknown"), f"{record.tool} says {record.said!r:.60}"
    why = record.reason if isinstance(record, BoundsRecord) else ""
    return ("time-out" if "time limit" in why else "unknown"), why or "the method gives no answer"


def _disputed(name: str, items: list[RunItem]) -> Opening:
    records = {item.digest: item.record for item in items}
    regions = {digest: list(record.disputed) for digest, record in records.items() if isinstance(record, BoundsRecord)}
    total = sum(map(len, regions.values()))
    about = tuple(dict.fromkeys(item.requirement for item in items if item.requirement))
    text = f"{name}: a cross-check disagrees in {counted(total, 'region')}"
    return Opening(name, "disputed", text, about, tuple(records), {"regions": regions})


# --- what people recorded ---------------------------------------------------------------------------------------------


class _Book:
    """Joins openings with records, and collects findings on the way."""

    def __init__(self, loaded: LoadedCase, register: Register, standings: Mapping[str, Standing]) -> None:
        self.loaded, self.case, self.standings = loaded, loaded.case, standings
        self.findings: list[Finding] = []
        self._answered = {item.run for item in register.runs if item.current}
        self._fresh = {item.id for item in loaded.files if item.fresh}
        self._records = {item.digest: item for item in register.runs}
        self._documents = {item.digest: item for item in register.documents}
        self._independence = _independence_asked(self.case)
        self._makers, self._operators = makers(self.case), operators(self.case)

    def opened(self, opening: Opening, entry: tuple[int, RecordedProblem] | None) -> ProblemReport:
        """The report of an opening."""
        number, item = entry or (-1, None)
        lapsed = item is not None and item.of != opening.digest
        if item is not None and lapsed:
            place = self.loaded.document.place(("problem_reports", number, "of"), opening.id)
            self.findings.append(O_REPORT_LAPSED.finding(opening.text, place, expected=f"of: {opening.digest}"))
            item = None
        accepted = self._deviation(opening)
        report = self._joined(opening, item, number, accepted, lapsed)
        if report.classification is None and not report.closed and not lapsed:
            place = self._place(opening)
            message = f"{opening.id}: {opening.text}"
            self.findings.append(O_UNCLASSIFIED.finding(message, place, expected=f"of: {opening.digest}"))
        self._unmitigated(report, number)
        return report

    def _place(self, opening: Opening) -> Place:
        """Where the first requirement concerned stands."""
        ids = [item.id for item in self.case.requirements]
        first = next((ids.index(name) for name in opening.requirements if name in ids), None)
        return self.loaded.document.place(() if first is None else ("requirements", first), opening.id)

    def own(self, item: RecordedProblem, number: int) -> ProblemReport:
        """A report of the organisation's own."""
        opening = Opening(item.id, "recorded", item.title or item.id, item.about, (), {})
        report = self._joined(opening, item, number, None, False)
        if report.classification is None and not report.closed:
            place = self.loaded.document.place(("problem_reports", number), item.id)
            self.findings.append(O_UNCLASSIFIED.finding(f"{item.id}: {opening.text}", place))
        self._unmitigated(report, number)
        return report

    def _joined(
        self, opening: Opening, item: RecordedProblem | None, number: int, accepted: str | None, lapsed: bool
    ) -> ProblemReport:
        own = opening.kind == "recorded"
        return ProblemReport(
            id=item.id if own and item else opening.id,
            kind=opening.kind,
            text=opening.text,
            requirements=opening.requirements,
            evidence=opening.evidence,
            digest=None if own else opening.digest,
            classification=item.classification if item else None,
            safety_effect=item.safety_effect if item else None,
            owner=self.case.person(item.owner).name if item else None,
            disposition=(item.disposition if item else None) or accepted,
            mitigation=(item.mitigation if item else None) or accepted,
            closed=item is not None and item.state == "closed" and self._closed(item, number, opening),
            closing_evidence=item.evidence if item else (),
            lapsed=lapsed,
        )

    def _unmitigated(self, report: ProblemReport, number: int) -> None:
        if report.blocks and report.classification is not None:
            place = self.loaded.document.place(("problem_reports", number), report.id)
            self.findings.append(O_UNMITIGATED.finding(f"{report.id}: {report.text}", place))

    def _deviation(self, opening: Opening) -> str | None:
        """The deviation that covers the counterexamples of a requirement, in words."""
        if opening.kind != "refuted" or not self.standings[opening.subject].disposed:
            return None
        standing, claim = self.standings[opening.subject], self.loaded.claims[opening.subject]
        about = [item for item in self.case.deviations if item.about == opening.subject]
        covering = [item.id for item in about if disposes(item, claim, standing.refuted)]
        return f"accepted as deviation {', '.join(covering)}" if covering else None

    def _closed(self, item: RecordedProblem, number: int, opening: Opening) -> bool:
        """Whether closing counts."""
        place = self.loaded.document.place(("problem_reports", number, "state"), item.id)
        stands = [name for name in item.evidence if name in self._fresh or name in self._answered]
        if not item.closed_by or not item.closed_on or not stands or len(stands) < len(item.evidence):
            lacks = "nobody is named who closed it" if not (item.closed_by and item.closed_on) else "no evidence stands"
            self.findings.append(O_CLOSED_WITHOUT.finding(f"{item.id}: {lacks}", place))
            return False
        if self._independence and item.closed_by in self._authors(opening):
            self.findings.append(O_CLOSED_BY_AUTHOR.finding(f"{item.id}: closed by {item.closed_by!r}", place))
            return False
        return True

    def _authors(self, opening: Opening) -> frozenset[str]:
        """Who wrote the requirements, trained the models, ran the runs or wrote the documents concerned."""
        models = {item.id: item.property.model for item in self.case.requirements if item.property}
        people = {name for id in opening.requirements for name in examined(self._makers, id, models.get(id)).people}
        for digest in opening.evidence:
            if digest in self._records and self._records[digest].run in self._operators:
                people |= self._operators[self._records[digest].run].people
            if digest in self._documents:
                people.add(self._documents[digest].item.author)
        return frozenset(people)


def _independence_asked(case: Case) -> bool:
    """Whether a selected standard asks for independence, at its level, where results about the model count."""
    for choice in case.standards:
        try:
            chosen = load_catalogue(choice.id).select(choice.level)
        except InputError:
            continue  # said by the coverage
        if any(item.independence and results_accepted(item.entry) for item in chosen):
            return True
    return False
