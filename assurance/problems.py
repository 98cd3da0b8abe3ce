"""Problem reports: opened by evidence, classified and disposed of by people (AC 20-189, AMC 20-189).

What opens one stands in `problem_openings.py`; its id stays the same over repeated runs. What people record about a report
in the case names its digest, so that it lapses when more turns up. Nobody has classified: it counts as significant. A
report that is significant, open and without mitigation blocks (`ProblemReport.blocks`).

Reports of the organisation's own stand in the case, in declared lists of problem reports, or in both: then the less
favourable of the two counts.

A deviation is something else: it accepts a requirement's shortfall and can move the requirement's standing to partial.
One that covers the counterexamples is the disposition of their report; the report stays open and stays to be classified.
Closing a report changes no status: counterexamples in the register stand whatever anybody writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from assurance.case import Case
from assurance.case_compliance import OPENED_BY_EVIDENCE, RecordedProblem
from assurance.catalogue import load as load_catalogue
from assurance.loading import LoadedCase
from assurance.objectives.concerns import results_accepted
from assurance.objectives.people import UNNAMED, Makers, examined, makers, operators
from assurance.problem_openings import Opening, openings
from assurance.register import DocumentEntry, Register
from assurance.status import Standing, deviations_about, disposes
from evidence.diagnostics import Finding, Place, Severity, code
from evidence.errors import InputError
from evidence.records.engineering import ProblemReportItem, ProblemReportList

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
    "name who closed it, when, and unchanged documents or runs that met their criterion that show it; what opened it does not",
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
O_LISTED_WORSE = code(
    "O247",
    Severity.WARNING,
    "list of problem reports is less favourable than the case",
    "agree on the state and class of the report in both places; until then the less favourable one counts",
)


@dataclass(frozen=True)
class ProblemReport:
    """One report with what people recorded about it, as far as that still stands."""

    id: str
    kind: str
    """As of its opening; `recorded` for a report of the organisation's own, `listed` for one that only a declared list
    of problem reports holds."""
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
    opened = {item.id: item for item in (*openings(loaded, register, standings), *more)}
    recorded = {item.id: (i, item) for i, item in enumerate(loaded.case.problem_reports)}
    listed = _listed(register)
    book = _Book(loaded, register, standings, listed)
    reports = [book.opened(item, recorded.get(id)) for id, item in opened.items()]
    for id, (number, item) in recorded.items():
        if id in opened:
            continue
        if id.startswith(OPENED_BY_EVIDENCE) and id not in listed:
            place = loaded.document.place(("problem_reports", number), id)
            book.findings.append(O_NOTHING_OPENS.finding(id, place))
        else:
            reports.append(book.own(item, number))
    reports += [book.listed(id) for id in listed if id not in opened and id not in recorded]
    return tuple(reports), tuple(book.findings)


def open_by_requirement(reports: Iterable[ProblemReport]) -> dict[str, tuple[str, ...]]:
    """Ids of the reports that are not closed, by requirement; under `case` those about none."""
    found: dict[str, list[str]] = {}
    for item in reports:
        for name in (item.requirements or ("case",)) if not item.closed else ():
            found.setdefault(name, []).append(item.id)
    return {name: tuple(ids) for name, ids in found.items()}


Held = list[tuple[DocumentEntry, ProblemReportItem]]
"""Where unchanged documents list one report."""
_RECORD_IT = "an entry of problem_reports with its class, owner and mitigation, or the report closed in its list"


def _documents_of(held: Held) -> tuple[str, ...]:
    return tuple(dict.fromkeys(document.digest for document, _ in held))


def _listed(register: Register) -> dict[str, Held]:
    """By id, the reports of declared lists."""
    found: dict[str, Held] = {}
    for document in register.documents:
        if document.fresh and isinstance(document.record.content, ProblemReportList):
            for item in document.record.content.problem_reports:
                found.setdefault(item.id, []).append((document, item))
    return found


_SEVEREST = ("significant", "functional", "process", "life-cycle-data")


def _severest(classes: Iterable[str | None]) -> str | None:
    """The class that counts where several are stated; lists write the last one with a blank."""
    found = {name.replace(" ", "-") for name in classes if name}
    return next((name for name in _SEVEREST if name in found), None)


class _Book:
    """Joins openings, records and lists, and collects findings on the way."""

    def __init__(
        self, loaded: LoadedCase, register: Register, standings: Mapping[str, Standing], lists: dict[str, Held]
    ) -> None:
        self.loaded, self.case, self.standings, self.lists = loaded, loaded.case, standings, lists
        self.findings: list[Finding] = []
        self._register = register
        self._deviations = deviations_about(self.case)
        self._numbers = {item.id: number for number, item in enumerate(self.case.requirements)}

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
        first = next((self._numbers[name] for name in opening.requirements if name in self._numbers), None)
        return self.loaded.document.place(() if first is None else ("requirements", first), opening.id)

    def own(self, item: RecordedProblem, number: int) -> ProblemReport:
        """A report of the organisation's own that the case records."""
        held = self.lists.get(item.id, [])
        title = item.title or next((one.title for _, one in held), item.id)
        about = dict.fromkeys((*item.about, *self._requirements(held)))
        opening = Opening(item.id, "recorded", title, tuple(about), _documents_of(held), {})
        report = self._joined(opening, item, number, None, False)
        if report.classification is None and not report.closed:
            place = self.loaded.document.place(("problem_reports", number), item.id)
            self.findings.append(O_UNCLASSIFIED.finding(f"{item.id}: {opening.text}", place))
        self._unmitigated(report, number)
        return report

    def listed(self, id: str) -> ProblemReport:
        """A report that only lists hold; closed only where none of them has it open."""
        held = self.lists[id]
        first = next((one for _, one in held if one.standing), held[0][1])
        closed = not first.standing
        report = ProblemReport(
            id=id,
            kind="listed",
            text=first.title,
            requirements=self._requirements(held),
            evidence=_documents_of(held),
            digest=None,
            classification=_severest(one.classification for _, one in held if one.standing or closed),
            safety_effect=first.safety_effect,
            owner=first.owner,
            disposition=first.disposition,
            mitigation=None,
            closed=closed,
            closing_evidence=first.closing_evidence if closed else (),
            lapsed=False,
        )
        if not closed and report.significant:
            which = O_UNCLASSIFIED if report.classification is None else O_UNMITIGATED
            self.findings.append(which.finding(f"{id}: {first.title}", self._of_list(held), expected=_RECORD_IT))
        return report

    def _requirements(self, held: Held) -> tuple[str, ...]:
        """The requirements of the case that listed reports are about, directly or by their run or model."""
        named = {name for _, one in held for name in one.about}
        named |= {run.requirement for run in self.case.answering if run.id in named}
        return tuple(
            item.id
            for item in self.case.requirements
            if item.id in named or (item.property is not None and item.property.model in named)
        )

    def _of_list(self, held: Held) -> Place:
        """The declaration of the first document that lists a report."""
        id = held[0][0].item.id
        number = next(i for i, item in enumerate(self.case.documents) if item.id == id)
        return self.loaded.document.place(("documents", number), id)

    def _class(self, item: RecordedProblem | None, id: str) -> str | None:
        """The class that the case records, or a more severe one that a list states."""
        if item is None:
            return None
        standing = [one.classification for _, one in self.lists.get(id, []) if one.standing]
        found = _severest((item.classification, *standing))
        if item.classification is not None and found != item.classification:
            message = f"{id} is {item.classification} in the case, {found} in a list"
            self.findings.append(O_LISTED_WORSE.finding(message, self._of_list(self.lists[id])))
        return found

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
            classification=self._class(item, opening.id if not own else opening.subject),
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
        """The deviation that covers the counterexamples of a requirement, in words. Those to an earlier state of the
        claim are covered by none: a deviation is about the claim as it stands."""
        standing = self.standings.get(opening.subject)
        if opening.kind != "refuted" or standing is None or not standing.disposed or "earlier" in opening.facts:
            return None
        claim = self.loaded.claims[opening.subject]
        about = self._deviations.get(opening.subject, ())
        covering = [item.id for item in about if disposes(item, claim, standing.refuted)]
        return f"accepted as deviation {', '.join(covering)}" if covering else None

    # --- whether closing counts: what it takes is put together where a report is closed at all -------------------------

    @cached_property
    def _showing(self) -> dict[str, str]:
        """What a run or document shows that can close a report: by its id, the digest of the record."""
        found = {
            item.run: item.digest
            for item in self._register.runs
            if item.current and item.outcome == "met" and not getattr(item.record, "counterexamples", ())
        }
        return found | {item.item.id: item.digest for item in self._register.documents if item.counts}

    @cached_property
    def _independence(self) -> bool:
        return _independence_asked(self.case)

    @cached_property
    def _authored(self) -> dict[str, set[str]]:
        """By digest, who ran a run or wrote a document. Several runs may have made one record."""
        carried_out = operators(self.case)
        found: dict[str, set[str]] = {}
        for run in self._register.runs:
            found.setdefault(run.digest, set()).update(carried_out.get(run.run, UNNAMED).people)
        for document in self._register.documents:
            found.setdefault(document.digest, set()).add(document.item.author)
        return found

    @cached_property
    def _makers(self) -> dict[str, Makers]:
        return makers(self.case)

    def _closed(self, item: RecordedProblem, number: int, opening: Opening) -> bool:
        """Whether closing counts."""
        place = self.loaded.document.place(("problem_reports", number, "state"), item.id)
        # what opened a report does not close it, nor does what fails itself
        stands = [
            name for name in item.evidence if name in self._showing and self._showing[name] not in opening.evidence
        ]
        if not item.closed_by or not item.closed_on or not stands or len(stands) < len(item.evidence):
            lacks = "nobody is named who closed it" if not (item.closed_by and item.closed_on) else "no evidence stands"
            self.findings.append(O_CLOSED_WITHOUT.finding(f"{item.id}: {lacks}", place))
            return False
        open_in = [document.item.id for document, one in self.lists.get(item.id, []) if one.standing]
        if open_in:
            message = f"{item.id} is closed in the case, open in {open_in[0]}"
            self.findings.append(O_LISTED_WORSE.finding(message, place))
            return False
        if self._independence and item.closed_by in self._authors(opening):
            self.findings.append(O_CLOSED_BY_AUTHOR.finding(f"{item.id}: closed by {item.closed_by!r}", place))
            return False
        return True

    def _authors(self, opening: Opening) -> frozenset[str]:
        """Who wrote the requirements, trained the models, ran the runs or wrote the documents concerned."""
        models = {item.id: item.property.model for item in self.case.requirements if item.property}
        people = {name for id in opening.requirements for name in examined(self._makers, id, models.get(id)).people}
        return frozenset(people.union(*(self._authored.get(digest, ()) for digest in opening.evidence)))


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
