"""What the content of a document says about this case: does it count, is it about the present state, do people agree.

A document whose format is declared is read (evidence/engineering) and held against the case: a review or data-set report
of another state is stale; a document that does not name what it is declared to be about shows nothing; a reviewer who
made the item himself is not independent; requirement lists are compared requirement by requirement. Nothing here decides
what a document earns (objectives/), and nothing in a document can make the case better than its declaration: people and
dates come from there, the content can only take away.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from assurance.case import Case, DocumentItem
from assurance.loading import CaseFile, LoadedCase
from assurance.wording import phrases, wording_finding
from evidence.diagnostics import Finding, Place, Severity, code
from evidence.digest import of_bytes
from evidence.engineering import read
from evidence.errors import AssuranceError
from evidence.limits_engineering import L_FAILED, L_NOT_RUN, L_OPEN_ENDS, L_TOTALS, L_UNCOVERED, content_limits
from evidence.names import folded_name
from evidence.records.engineering import (
    Content,
    CoverageResults,
    DataSetReport,
    ProblemReportList,
    RequirementList,
    Review,
    Shows,
    TestResults,
    TrainingLog,
)
from evidence.regions import MAX_ARRAY_BYTES, read_arrays

_GAP = Severity.WARNING
E_FAILS = code(
    "E170",
    Severity.ERROR,
    "document reports a failure",
    "deal with what failed and repeat it; until then the document supports nothing and a problem report is due",
)
E_NOTHING = code(
    "E171", _GAP, "document shows nothing: nothing was examined", "repeat what it reports with something to examine"
)
E_OPEN = code("E172", Severity.NOTE, "document leaves something open", "close it; until then it is never the whole")
E_TOTALS = code(
    "E173",
    _GAP,
    "document states other totals than it lists",
    "export it again and find out which numbers are right; the worse ones count",
)
E_LAPSED = code(
    "E174",
    Severity.ERROR,
    "document is about another state of its item",
    "repeat the review or report for the present state; until then the document is stale",
)
E_OWN_WORK = code(
    "E175",
    _GAP,
    "somebody reviewed what he made himself",
    "have another person review it; the record does not count as independent",
)
E_PEOPLE = code(
    "E176",
    _GAP,
    "people or date in the file differ from the declaration",
    "correct the one of the two that is wrong; what the case declares is used",
)
E_NOT_LISTED = code(
    "E177", _GAP, "requirement is missing in the list", "add it to the list, or remove it from the case"
)
E_TEXT = code("E178", _GAP, "requirement has another text in the list", "agree on one text and repeat its review")
E_PARENTS = code("E179", _GAP, "requirement has other parents in the list", "agree on the trace in both places")
E_NOT_HERE = code(
    "E180",
    Severity.NOTE,
    "list holds requirements that the case does not have",
    "add those that are allocated to the constituent; the others concern it not",
)
E_DOMAIN = code(
    "E181",
    _GAP,
    "data-set report and operational design domain differ",
    "report how the samples spread over each parameter of the domain",
)
E_UNTIED = code(
    "E183",
    Severity.NOTE,
    "item of a document without digest",
    "add the digest that is expected: then the document lapses when the item changes",
)
E_ELSEWHERE = code(
    "E184",
    Severity.NOTE,
    "document names an item that the case does not have",
    "name the item as the case does, or leave it out",
)
E_BESIDE = code(
    "E185",
    Severity.ERROR,
    "document does not name what it is declared to be about",
    "declare it about what it names, or have the missing item added to it; until then it supports nothing",
)
E_OTHER_COUNT = code(
    "E186",
    Severity.ERROR,
    "data-set report counts other samples than the data set holds",
    "make the report for the data as they are; until then it supports nothing",
)

_MOST = 100
"""Findings of one kind about one document; more are counted."""


@dataclass(frozen=True)
class Reading:
    """What came of reading one document."""

    content: Content | None = None
    shows: Shows = Shows.STATES
    lapsed: bool = False
    """True when it is about another state of its item: stale, as if the document itself had changed."""
    independent: bool = True
    """False when the content shows that somebody reviewed what he made himself."""
    findings: tuple[Finding, ...] = ()

    @property
    def usable(self) -> bool:
        return self.shows is not Shows.UNREADABLE and not self.lapsed


def read_document(loaded: LoadedCase, item: DocumentItem, file: CaseFile) -> Reading:
    """Read an unchanged document of a declared format and hold it against the case. Never raises for bad content."""
    if item.format is None or not file.fresh:
        return Reading()
    name = str(loaded.folder / item.path)
    try:
        content = read(item.format, file.path, name, item.digest)
    except AssuranceError as error:
        return Reading(shows=Shows.UNREADABLE, findings=error.findings)
    check = _Check(loaded, item, name, content)
    findings = tuple(check.findings())
    return Reading(content, check.shows, check.lapsed, not check.own_work, findings)


def item_digest(loaded: LoadedCase, id: str) -> str | None:
    """What a review names as the state of an item: a file's declared digest, or that of a requirement's meaning (of
    its text where it has no formal property). None for what the case does not have."""
    return _State(loaded).digest(id)


class _State:
    """The items of a case with the digests of their present state."""

    def __init__(self, loaded: LoadedCase) -> None:
        self._claims, self._loaded = loaded.claims, loaded

    @cached_property
    def texts(self) -> dict[str, str]:
        """The sentences of all requirements by their identifiers, safety requirements first."""
        case = self._loaded.case
        texts = {item.id: item.text for item in case.safety_requirements}
        return texts | {item.id: item.text for item in case.requirements}

    @cached_property
    def files(self) -> dict[str, CaseFile]:
        return {item.id: item for item in self._loaded.files}

    def digest(self, id: str) -> str | None:
        """As `item_digest`."""
        if id in self._claims:
            return self._claims[id].meaning
        if id in self.texts:
            return of_bytes(self.texts[id].encode())
        return self.files[id].declared if id in self.files else None


class _Check:
    """One document held against the case. `findings` has to be exhausted before the flags are read."""

    def __init__(self, loaded: LoadedCase, item: DocumentItem, name: str, content: Content) -> None:
        self.loaded, self.item, self.content, self.name = loaded, item, content, name
        self.case: Case = loaded.case
        self.state = _State(loaded)
        self.lapsed = False
        self.own_work = False
        self.beside = False
        """True when it is about other things than it is declared to be: of those it shows nothing."""
        self.differs = False
        """True when it and the case do not agree in everything: then it is never the whole."""

    @property
    def shows(self) -> Shows:
        shows = self.content.shows
        if self.beside and shows is not Shows.FAILS:
            return Shows.NOTHING
        return Shows.PARTLY if self.differs and shows.whole else shows

    def findings(self) -> Iterator[Finding]:
        yield from self._outcome()
        content = self.content
        if isinstance(content, Review):
            yield from self._review(content)
        elif isinstance(content, DataSetReport):
            yield from self._data(content)
        elif isinstance(content, TrainingLog):
            yield from self._training(content)
        elif isinstance(content, ProblemReportList):
            yield from self._problems(content)
        elif isinstance(content, RequirementList):
            yield from self._requirements(content)
            yield from self._wording(content)
        yield from self._later(content)

    def _declared(self, field: str = "") -> Place:
        number = next(i for i, item in enumerate(self.case.documents) if item.id == self.item.id)
        path = ("documents", number, field) if field else ("documents", number)
        return self.loaded.document.place(path, self.item.id)

    def _here(self, line: int | None = None, element: str | None = None) -> Place:
        return Place(self.name, line, None, None, element or self.item.id)

    def _outcome(self) -> Iterator[Finding]:
        content, shows = self.content, self.content.shows
        said: dict[str, str] = {}
        for which, text in content_limits(content):
            said[which.id] = f"{said[which.id]} {text}" if which.id in said else text
        if shows is Shows.FAILS:
            yield E_FAILS.finding(f"{self.item.id}: {_failure(content, said)}", self._here(_line(content)))
        elif shows is Shows.NOTHING:
            yield E_NOTHING.finding(f"{self.item.id}: {_empty(content)}", self._here())
        elif shows is Shows.PARTLY:
            texts = [said[which.id] for which in (L_NOT_RUN, L_UNCOVERED, L_OPEN_ENDS) if which.id in said]
            if texts:
                yield E_OPEN.finding(f"{self.item.id}: {' '.join(texts)}", self._here())
        if L_TOTALS.id in said:
            yield E_TOTALS.finding(f"{self.item.id}: {said[L_TOTALS.id]}", self._here())

    def _unnamed(self, names: Iterable[str], asked: Iterable[str]) -> Iterator[Finding]:
        """What the document is declared about, of `asked`, has to be among what it names."""
        held = frozenset(names)
        lacking = [name for name in asked if name not in held]
        if lacking:
            self.beside = True
            message = f"{self.item.id} is declared about {_some(lacking)}, but does not name {_them(lacking)}"
            yield E_BESIDE.finding(message, self._declared("about"), expected=f"about: [{_some(sorted(held))}]")

    def _later(self, content: Content) -> Iterator[Finding]:
        """Nothing in a document is of a later day than the document. A day more may be another time zone's."""
        newest = _newest(content)
        declared = date.fromisoformat(self.item.date)
        if newest is not None and (date.fromisoformat(newest) - declared).days > 1:
            message = f"{self.item.id}: declared date {self.item.date}, but the file tells of {newest}"
            yield E_PEOPLE.finding(message, self._declared("date"))

    # --- reviews --------------------------------------------------------------------------------------------------

    def _review(self, review: Review) -> Iterator[Finding]:
        makers = {folded_name(review.author)}
        dates = {item.id: item.date for item in self.case.documents}
        for number, item in enumerate(review.items):
            yield from self._state(item.id, item.digest, f"items[{number}]")
            if item.id in self._makers:
                makers.add(folded_name(self.case.person(self._makers[item.id]).name))
            if review.date < dates.get(item.id, ""):
                self.differs = True
                message = f"{self.item.id}: reviewed on {review.date}, but {item.id!r} is of {dates[item.id]}"
                yield E_PEOPLE.finding(message, self._here())
        yield from self._unnamed(
            (item.id for item in review.items),
            (name for name in self.item.about if self.state.digest(name) is not None),
        )
        reviewers = {name: folded_name(self._names.get(name, name)) for name in review.reviewers}
        own = [name for name, plain in reviewers.items() if plain in makers]
        if own:
            self.own_work = True
            called = ", although the declaration calls it independent" if self.item.independent else ""
            severity = Severity.ERROR if self.item.independent else None
            message = f"{self.item.id}: {', '.join(own)} made what was reviewed{called}"
            yield E_OWN_WORK.finding(message, self._here(), severity=severity)
        author = self.case.person(self.item.author).name
        if folded_name(author) not in reviewers.values():
            message = f"{self.item.id}: declared author {author}, reviewers in the file: {', '.join(review.reviewers)}"
            yield E_PEOPLE.finding(message, self._declared("author"))
        if review.date != self.item.date:
            message = f"{self.item.id}: declared date {self.item.date}, in the file {review.date}"
            yield E_PEOPLE.finding(message, self._declared("date"))

    @cached_property
    def _names(self) -> dict[str, str]:
        return {person.id: person.name for person in self.case.people}

    @cached_property
    def _makers(self) -> dict[str, str]:
        """Who made an item of the case, where the case says so."""
        wrote = {item.id: item.author for item in self.case.requirements}
        wrote |= {item.id: item.author for item in self.case.documents}
        return wrote | {item.id: item.made_by for item in self.case.models if item.made_by}

    def _state(self, id: str, digest: str | None, field: str) -> Iterator[Finding]:
        """Is the item, in the state that the document names, the one that the case has?"""
        now = self.state.digest(id)
        place = Place(self.name, None, None, field, id)
        if now is None:
            yield E_ELSEWHERE.finding(f"{self.item.id}: {id!r}", place)
        elif digest is None:
            yield E_UNTIED.finding(f"{self.item.id}: {id!r}", place, expected=f"digest: {now}")
        elif digest != now:
            self.lapsed = True
            yield E_LAPSED.finding(f"{self.item.id}: {id!r} is {now} now", place, expected=f"digest: {now}")

    # --- data-set reports -----------------------------------------------------------------------------------------

    def _data(self, report: DataSetReport) -> Iterator[Finding]:
        yield from self._state(report.data_set, report.digest, "data_set")
        data = {item.id for item in (*self.case.data_sets, *self.case.tables)}
        yield from self._unnamed([report.data_set], [name for name in self.item.about if name in data])
        held, now = self._samples(report.data_set), self.state.digest(report.data_set)
        # the report may be on all data there are, and the file one of its splits
        counted = next((split.count for split in report.splits if split.digest == now), report.total)
        if held is not None and held != counted:
            self.beside = True
            message = f"{self.item.id} counts {counted} samples, {report.data_set!r} holds {held}"
            yield E_OTHER_COUNT.finding(message, self._here(), expected=f"{held} samples")
        if not report.odd:
            return  # said by E172
        known = {item.name for item in self.case.odd.parameters}
        given = {item.parameter for item in report.odd}
        if known != given:
            self.differs = True
        if known - given:
            message = f"{self.item.id} says nothing of parameter {', '.join(sorted(known - given))}"
            yield E_DOMAIN.finding(message, self._here())
        if given - known:
            message = f"{self.item.id} names {', '.join(sorted(given - known))}, no parameter of the domain"
            yield E_DOMAIN.finding(message, self._here(), expected=f"one of: {', '.join(sorted(known))}")

    def _samples(self, data_set: str) -> int | None:
        """How many labelled samples an unchanged data set of the case holds; None where that cannot be read."""
        if data_set not in {item.id for item in self.case.data_sets} or not self.state.files[data_set].fresh:
            return None
        path = self.state.files[data_set].path
        try:
            if path.stat().st_size > MAX_ARRAY_BYTES:
                return None
            labels = read_arrays(path.read_bytes(), ("labels",), data_set)["labels"]
        except (AssuranceError, OSError):
            return None  # said where the data are used
        return len(labels) if labels.ndim else None

    # --- training logs --------------------------------------------------------------------------------------------

    def _training(self, log: TrainingLog) -> Iterator[Finding]:
        """A log that names files by digest names the model that it is about, and files that the case has."""
        for model in self.case.models:
            if model.id not in self.item.about or model.digest in log.digests.values():
                continue
            if log.digests:
                self.lapsed = True
                message = f"{self.item.id} names {len(log.digests)} files, none of them is {model.id!r} as it is now"
                yield E_LAPSED.finding(message, self._here(), expected=model.digest)
            else:
                yield E_UNTIED.finding(f"{self.item.id}: {model.id!r}", self._here(), expected=model.digest)
        known = {item.declared for item in self.loaded.files}
        unknown = [name for name, digest in log.digests.items() if digest not in known]
        if unknown and not self.lapsed:
            yield E_ELSEWHERE.finding(f"{self.item.id}: the files {_some(unknown)}, by their digests", self._here())

    # --- problem reports ------------------------------------------------------------------------------------------

    def _problems(self, reports: ProblemReportList) -> Iterator[Finding]:
        runs = {run.id for run in self.case.runs}
        named = {name for item in reports.problem_reports for name in (*item.about, *item.closing_evidence)}
        unknown = sorted(name for name in named if name not in runs and self.state.digest(name) is None)
        if unknown:
            yield E_ELSEWHERE.finding(f"{self.item.id}: {_some(unknown)}", self._here())

    # --- requirement lists ----------------------------------------------------------------------------------------

    def _requirements(self, given: RequirementList) -> Iterator[Finding]:
        held = {item.id: item for item in given.requirements}
        safety = {item.id for item in self.case.safety_requirements}
        own = self.state.texts
        declared = [id for id in self.item.about if id in own]
        yield from self._unnamed(held, declared)
        # without a name, a list of the case as a whole; safety requirements often stand in a list of their own
        asked = declared or [id for id in own if id in held or id not in safety]
        numbers = {item.id: i for i, item in enumerate(self.case.requirements)}
        missing = [id for id in asked if id not in held]
        self.differs = bool(missing)
        self.beside = self.beside or (bool(asked) and missing == asked)
        for id in missing if not declared else ():
            path = ("requirements", numbers[id], "id") if id in numbers else ("safety_requirements",)
            yield E_NOT_LISTED.finding(f"{id} is not in {self.item.id}", self.loaded.document.place(path, id))
        linked = any(item.parents for item in given.requirements)
        parents = {item.id: set(item.parents) for item in self.case.requirements}
        for id in [id for id in asked if id in held]:
            item = held[id]
            place = self._here(item.line, id)
            if _same(item.text) != _same(own[id]):
                self.differs = True
                self.lapsed = self.lapsed or bool(declared)
                yield E_TEXT.finding(
                    f"{id}: the list says {_quoted(item.text)}", place, expected=f"as in the case: {_quoted(own[id])}"
                )
            if linked and id in parents and parents[id] != set(item.parents):
                self.differs = True
                yield E_PARENTS.finding(
                    f"{id}: the list says {_names(item.parents)}",
                    place,
                    expected=f"as in the case: {_names(parents[id])}",
                )
        others = [id for id in held if id not in own]
        if others:
            yield E_NOT_HERE.finding(f"{self.item.id}: {_some(others)}", self._here(held[others[0]].line))

    def _wording(self, given: RequirementList) -> Iterator[Finding]:
        """Notes on the texts of requirements that stand in the list only or differently; the case's own have theirs."""
        own = {id: _same(text) for id, text in self.state.texts.items()}
        count = 0
        for item in given.requirements:
            if own.get(item.id) == _same(item.text):
                continue
            for phrase in phrases(item.text):
                count += 1
                if count <= _MOST:
                    yield wording_finding(item.id, phrase, self._here(item.line, item.id))
        if count > _MOST:
            message = f"{self.item.id}: {count - _MOST} more notes on the wording of its requirements"
            yield E_OPEN.finding(message, self._here())


def _same(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def _quoted(text: str) -> str:
    flat = _same(text)
    return repr(flat if len(flat) <= 160 else flat[:157] + "...")


def _some(names: Iterable[str]) -> str:
    """The first of several names; hidden characters in them are shown."""
    all_ = [name if name.isprintable() else ascii(name) for name in names]
    return ", ".join(all_[:10]) + (f" and {len(all_) - 10} more" if len(all_) > 10 else "")


def _them(names: Sequence[str]) -> str:
    return "it" if len(names) == 1 else "them"


def _newest(content: Content) -> str | None:
    """The latest day of which a content tells, where it tells of days."""
    days: list[str | None] = []
    if isinstance(content, TestResults):
        days = [content.last_day]
    elif isinstance(content, ProblemReportList):
        days = [day for item in content.problem_reports for day in (item.opened, item.closed)]
    return max((day for day in days if day is not None), default=None)


def _names(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"


def _line(content: Content) -> int | None:
    """Where the first failure stands."""
    if isinstance(content, TestResults):
        return next((note.line for note in content.notes if note.outcome in ("failure", "error")), None)
    return None


def _failure(content: Content, said: dict[str, str]) -> str:
    if isinstance(content, TestResults):
        failed = [note.name for note in content.notes if note.outcome in ("failure", "error")]
        shown = f" {', '.join(failed[:5])}" + (f" and {content.failed - 5} more" if content.failed > 5 else "")
        return said[L_FAILED.id] + (shown if failed else "")
    if isinstance(content, Review):
        major = [item.id for item in content.open_findings if item.severity == "major"]
        if content.result == "rejected":
            return "the reviewers rejected it"
        return f"open major findings: {', '.join(major[:10])}"
    if isinstance(content, DataSetReport):
        pair = content.overlapping[0]
        return f"{pair.overlap} samples are both in {pair.splits[0]} and {pair.splits[1]}"
    return "the last loss is not a finite number"


def _empty(content: Content) -> str:
    if isinstance(content, TestResults):
        return f"tests: {content.tests}, none passed" if content.tests else "no test"
    if isinstance(content, CoverageResults):
        return "nothing was covered"
    if isinstance(content, RequirementList):
        return "no requirement"
    if isinstance(content, Review):
        return "no question was answered"
    if isinstance(content, DataSetReport):
        return "no sample"
    return "the file is empty"
