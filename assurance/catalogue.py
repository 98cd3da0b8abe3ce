"""Catalogues of standards: what they hold, how they are read, which entries a level asks for.

A catalogue is `standards/<id>/catalogue.yaml`: a head and its entries, each an objective, a method of a
table, or an item of a checklist. Four things of the standard stay separate in an entry: the objective (`title`),
what is done for it (`activities`), the outputs in which a project shows it (`data_items`) and the means of
compliance that the standard itself names (`means`). Ours are the evidence that serves it (`credit`) and the
advice on what to do next (`next_action`). How much is known of an entry is part of it
(`confidence`), down to the mark of each level; a mark of null means that applicability is unknown.

Credit is what keeps a status honest. Each row says which kind of evidence, about which analysed artefact,
serves how far, and what then remains. `_credit_rules` refuses a catalogue that would let a record count for
more than it shows: a proof about a model description for an objective about code, a statistical statement as
formal analysis, coverage by whatever measure, anything but a reviewer's record as the whole of an objective.

This module does not look at cases or evidence: `objectives/` computes status, and a named person accepts it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StringConstraints

from assurance import resources
from assurance.catalogue_vocabulary import (
    BEARS,
    CODE,
    OPAQUE_KINDS,
    PAPER_KINDS,
    PROOF_KINDS,
    STATISTICAL_KINDS,
    Applicability,
    CreditLevel,
    EntryKind,
    EvidenceKind,
    Grade,
    Mark,
    ModelRole,
    NextKind,
    Scheme,
    Scope,
    Status,
    Subject,
)
from evidence.diagnostics import Code, Place, Severity, code
from evidence.errors import InputError
from evidence.records.engineering import Criterion
from evidence.strict_yaml import Path_, read_yaml, validate
from evidence.verdict import Artefact, GuaranteeKind

O_UNKNOWN_STANDARD = code(
    "O101", Severity.ERROR, "standard not on board", "`assurance catalogue list` shows the standards on board"
)
O_UNKNOWN_LEVEL = code(
    "O102", Severity.ERROR, "level that the standard does not have", "write one of the standard's levels"
)
O_NO_LEVELS = code(
    "O103", Severity.ERROR, "level given to a standard without levels", "leave the level of this standard out"
)
O_LEVEL_MISSING = code(
    "O104",
    Severity.ERROR,
    "level missing",
    "give the level: what applies is decided by it, and it is not guessed",
)
O_INCONSISTENT = code(
    "O105", Severity.ERROR, "catalogue contradicts itself", "mend the field of the catalogue that is named"
)
O_UNSOUND_CREDIT = code(
    "O106",
    Severity.ERROR,
    "catalogue gives credit that the evidence cannot carry",
    "lower the credit level or name the artefact that the objective is about",
)

Text = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]{0,60}$")]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)  # built when first used


class Credit(_Model):
    """One kind of evidence that serves an entry."""

    evidence: EvidenceKind
    level: CreditLevel
    artefact: Artefact
    """What the record must have analysed (`PAPER_KINDS`: always `document`)."""
    model_role: ModelRole | None = None
    """Counts only for models that the case declares to play this role; null: any."""
    measure: Criterion | None = None
    """Of coverage of code: the criterion that a report has to have counted. `level` is earned only where all of it was
    reached; null: any report, or one that was not read."""
    supporting_from_case: StrictBool = False
    """True: what the case file shows by itself is supporting only; a document of this kind earns `level`."""
    supplement: Text | None = None
    """The supplement that has to be part of the agreed basis for formal credit, e.g. do-333."""
    remains: Text

    @property
    def must_name_entry(self) -> bool:
        """True when a record counts only if it names the entry itself (see `OPAQUE_KINDS`)."""
        return self.evidence in OPAQUE_KINDS

    def earned(self, guarantee: GuaranteeKind) -> CreditLevel | None:
        """The credit that a fitting record with this guarantee earns; None: none at all.

        Kinds that claim a proof earn their level only when PROVED; a bound that no checker confirmed is a
        candidate and supporting at most. A smoothing result has to be statistical, a measurement at least
        empirical; a documentary statement never stands in for a computed one.
        """
        if self.evidence in PROOF_KINDS:
            if guarantee is GuaranteeKind.PROVED:
                return self.level
            return CreditLevel.SUPPORTING if guarantee is GuaranteeKind.UNCHECKED else None
        if self.evidence is EvidenceKind.PROBABILISTIC_ROBUSTNESS:
            return self.level if guarantee in (GuaranteeKind.PROVED, GuaranteeKind.STATISTICAL) else None
        if self.evidence in _COMPUTED_KINDS:
            return None if guarantee is GuaranteeKind.DOCUMENTARY else self.level
        return self.level


_COMPUTED_KINDS = STATISTICAL_KINDS | {EvidenceKind.COUNTEREXAMPLE, EvidenceKind.IMPLEMENTATION_EQUIVALENCE}
_STRONGEST_FIRST = (CreditLevel.FULL, CreditLevel.PARTIAL, CreditLevel.SUPPORTING)


class NoCredit(_Model):
    """Evidence that readers might expect to count here, and why it does not."""

    evidence: EvidenceKind
    why: Text


class NextAction(_Model):
    """Our advice for an open entry."""

    kind: NextKind
    text: Text


class Confidence(_Model):
    """How an entry is known: its identity (number, subject) and its marks, for all levels or each."""

    identity: Grade
    marks: Grade | dict[str, Grade] | None
    source: Text

    def of_mark(self, level: str) -> Grade | None:
        """How well the mark at this level is known; None: there is no known mark."""
        return self.marks.get(level) if isinstance(self.marks, dict) else self.marks


class Activity(_Model):
    """What the standard lists as done for an objective. Doing it is not the objective, and no credit hangs on it."""

    id: Id
    ref: Text
    title: Text


class Entry(_Model):
    """One objective, method or checklist item."""

    id: Id
    ref: Text
    table: Id
    kind: EntryKind
    title: Text
    levels: dict[str, Mark | None]
    scope: Scope
    artefact: Subject
    data_items: tuple[Id, ...]
    activities: tuple[Activity, ...] = ()
    means: tuple[Text, ...] = ()
    """Means of compliance which the standard itself names or anticipates."""
    note: Text | None = None
    credit: tuple[Credit, ...]
    no_credit: tuple[NoCredit, ...] = ()
    next_action: NextAction
    accepted_means: StrictBool | None = None
    """False: no means is accepted for learned weights, so only an agreement helps. Null: not in question."""
    confidence: Confidence

    def independence(self, level: str) -> bool | None:
        """Whether the mark asks for independence; None where marks of this sort say nothing about it."""
        mark = self.levels.get(level)
        if mark in (Mark.REQUIRED, Mark.REQUIRED_WITH_INDEPENDENCE, Mark.NOT_REQUIRED):
            return mark is Mark.REQUIRED_WITH_INDEPENDENCE
        return None

    def credit_for(
        self,
        evidence: EvidenceKind,
        artefact: Artefact,
        role: ModelRole | None = None,
        counted: Collection[Criterion] = (),
    ) -> Credit | None:
        """The strongest credit row for evidence about this artefact, of a model in this role; None: none.

        `counted`: the criteria that a coverage report counted.
        """
        fitting = [
            row
            for row in self.credit
            if row.evidence is evidence
            and row.artefact is artefact
            and row.model_role in (None, role)
            and (row.measure is None or row.measure in counted)
        ]
        return min(fitting, key=lambda row: _STRONGEST_FIRST.index(row.level), default=None)

    def refusal(self, evidence: EvidenceKind) -> str | None:
        """Why this kind of evidence does not count here, where the catalogue says so."""
        return next((row.why for row in self.no_credit if row.evidence is evidence), None)


class Level(_Model):
    """A level of a standard. `condition` is the failure condition that determines it, where one does."""

    id: Id
    meaning: Text
    condition: Text | None = None
    entries: StrictBool = True
    """False: at this level nothing of the catalogue applies (DO-178C level E, QM)."""


class Table(_Model):
    """A table or group of entries; `alternatives`: an appropriate combination of its rows is chosen."""

    id: Id
    ref: Text
    sections: Text | None
    title: Text
    combination: Literal["all", "alternatives"]


class DataItem(_Model):
    """A life cycle data item or work product. `submitted`: handed to the authority as a minimum."""

    id: Id
    ref: Text
    name: Text
    meaning: Text
    submitted: StrictBool = False


class Neighbour(_Model):
    """Another standard that has to be looked at, and for what."""

    id: Id
    title: Text
    why: Text


class Stage(_Model):
    """A stage of involvement: an authority's review. Its tables are indicative."""

    id: Id
    name: Text
    when: Text
    looks_at: tuple[Id, ...]
    tables: tuple[Id, ...]
    confidence: Grade


class CatalogueConfidence(_Model):
    file: Grade
    statements: tuple[Text, ...] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Selected:
    """An entry as a level sees it."""

    entry: Entry
    level: str | None
    applicability: Applicability
    independence: bool | None

    @property
    def asked_for(self) -> bool | None:
        """True: required or recommended (weakly or strongly); False: not; None: unknown."""
        if self.applicability is Applicability.UNKNOWN:
            return None
        return self.applicability not in (Applicability.NOT_REQUIRED, Applicability.NO_RECOMMENDATION)


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts at one level. `total`: entries asked for; None as soon as one applicability is unknown.

    `independence` is None where the marks say nothing about it.
    """

    total: int | None
    independence: int | None
    by_applicability: dict[Applicability, int]

    def as_json(self) -> dict[str, Any]:
        return {
            "total": self.total,
            "independence": self.independence,
            "by_applicability": {key.value: count for key, count in self.by_applicability.items()},
        }


class Catalogue(_Model):
    """A standard as far as the tool knows it."""

    schema_version: Literal[1]
    id: Id
    title: Text
    also_known_as: Text | None
    edition: Text
    issuer: Text
    status: Status
    scored: StrictBool
    """False: no percentage and no n of N over the catalogue may be shown."""
    watermark: Text | None
    """Printed wherever the catalogue or a result on it is shown."""
    scheme: Scheme
    level_name: Text | None
    level_source: Text | None
    levels: tuple[Level, ...]
    without_level: Mark | None = None
    """In a standard without levels: the mark of every entry; null: applicability unknown."""
    independence: Text
    notes: tuple[Text, ...]
    neighbours: tuple[Neighbour, ...]
    recognition: Text | None
    confidence: CatalogueConfidence
    sources: tuple[Text, ...] = Field(min_length=1)
    stages_of_involvement: tuple[Stage, ...]
    stages_note: Text | None
    tables: tuple[Table, ...] = Field(min_length=1)
    data_items: tuple[DataItem, ...]
    entries: tuple[Entry, ...] = Field(min_length=1)

    def level_ids(self) -> tuple[str, ...]:
        """Every level, those at which nothing applies included."""
        return tuple(level.id for level in self.levels)

    def marked_levels(self) -> tuple[str, ...]:
        """The levels at which entries carry a mark."""
        return tuple(level.id for level in self.levels if level.entries)

    def level_for(self, condition: str) -> str | None:
        """The level that a failure condition determines, e.g. hazardous -> B; None where none is stated."""
        return next((level.id for level in self.levels if level.condition == condition), None)

    def entry(self, id: str) -> Entry | None:
        """The entry of that identifier."""
        return next((entry for entry in self.entries if entry.id == id), None)

    def select(self, level: str | None) -> list[Selected]:
        """All entries, each with its applicability and independence at a level.

        Without a level only where none is needed: the standard has none, or no mark is known.
        Raises InputError: O102 unknown level, O103 level given to a standard without levels, O104 level
        missing although what applies depends on it.
        """
        if level is not None:
            self._require_level(level)
        elif self.levels and any(mark is not None for entry in self.entries for mark in entry.levels.values()):
            raise InputError.of(
                O_LEVEL_MISSING,
                f"{self.id} needs a level",
                Place(element=self.id),
                expected=f"one of {', '.join(self.level_ids())}",
            )
        return [self._selected(entry, level) for entry in self.entries]

    def totals(self) -> dict[str, Totals]:
        """Counts for each level at which entries carry a mark, derived from the entries."""
        return {level: self._totals(level) for level in self.marked_levels()}

    def as_json(self) -> dict[str, Any]:
        """What `assurance catalogue show ID --json` prints."""
        shown = self.model_dump(mode="json", exclude={"entries", "schema_version"})
        shown["totals"] = {level: totals.as_json() for level, totals in self.totals().items()}
        shown["objectives"] = [self._entry_json(entry) for entry in self.entries]
        return shown

    def _require_level(self, level: str) -> None:
        if not self.levels:
            raise InputError.of(O_NO_LEVELS, f"{self.id} has no levels, {level!r} given", Place(element=self.id))
        if level not in self.level_ids():
            raise InputError.of(
                O_UNKNOWN_LEVEL,
                f"{self.id} has no level {level!r}",
                Place(element=self.id),
                expected=f"one of {', '.join(self.level_ids())}",
            )

    def _selected(self, entry: Entry, level: str | None) -> Selected:
        if level is None:
            mark = self.without_level if not self.levels else None
            return Selected(entry, None, _MEANING[mark], None)
        if level not in self.marked_levels():
            return Selected(entry, level, Applicability.NOT_REQUIRED, False)
        return Selected(entry, level, _MEANING[entry.levels[level]], entry.independence(level))

    def _totals(self, level: str) -> Totals:
        chosen = [self._selected(entry, level) for entry in self.entries]
        found = Counter(item.applicability for item in chosen)
        known = Applicability.UNKNOWN not in found
        independence = [item.independence for item in chosen]
        return Totals(
            total=sum(1 for item in chosen if item.asked_for) if known else None,
            independence=None if None in independence else independence.count(True),
            by_applicability={key: found[key] for key in Applicability if key in found},
        )

    def _entry_json(self, entry: Entry) -> dict[str, Any]:
        shown = entry.model_dump(mode="json")
        shown["independence"] = {level: entry.independence(level) for level in self.marked_levels()}
        grades = {level: entry.confidence.of_mark(level) for level in self.marked_levels()}
        shown["confidence"]["marks"] = {level: grade and grade.value for level, grade in grades.items()}
        return shown


_MEANING: dict[Mark | None, Applicability] = {
    Mark.REQUIRED: Applicability.REQUIRED,
    Mark.REQUIRED_WITH_INDEPENDENCE: Applicability.REQUIRED,
    Mark.NOT_REQUIRED: Applicability.NOT_REQUIRED,
    Mark.HIGHLY_RECOMMENDED: Applicability.HIGHLY_RECOMMENDED,
    Mark.RECOMMENDED: Applicability.RECOMMENDED,
    Mark.NO_RECOMMENDATION: Applicability.NO_RECOMMENDATION,
    None: Applicability.UNKNOWN,
}
_REQUIREMENT_MARKS = frozenset({Mark.REQUIRED, Mark.REQUIRED_WITH_INDEPENDENCE, Mark.NOT_REQUIRED})
_SCHEMES: dict[Scheme, tuple[EntryKind, frozenset[Mark]]] = {
    # guidance that writes objectives recommends them and binds nobody
    Scheme.OBJECTIVES: (EntryKind.OBJECTIVE, _REQUIREMENT_MARKS | {Mark.RECOMMENDED}),
    Scheme.METHODS: (EntryKind.METHOD, frozenset(Mark) - _REQUIREMENT_MARKS),
    Scheme.CHECKLIST: (EntryKind.CHECKLIST_ITEM, frozenset()),
}

FILE_NAME = "catalogue.yaml"


def available() -> list[str]:
    """Identifiers of the standards on board, sorted."""
    return sorted(path.parent.name for path in resources.folder("standards").glob(f"*/{FILE_NAME}"))


@cache
def load(id: str) -> Catalogue:
    """The catalogue of that identifier.

    Raises InputError: O101 unknown standard; C101-C108, O105, O106 with file, line and field when the
    catalogue is malformed, one finding for each mistake.
    """
    if id not in available():
        raise InputError.of(
            O_UNKNOWN_STANDARD,
            f"no standard {id!r} on board",
            Place(element=id),
            expected=f"one of {', '.join(available())}",
        )
    return read(resources.folder("standards") / id / FILE_NAME, f"standards/{id}/{FILE_NAME}", id)


def read(path: Path, shown_as: str | None = None, id: str | None = None) -> Catalogue:
    """Read and check one catalogue file, e.g. an organisation's own; `id`: the identifier it has to have.

    Raises InputError as `load` does.
    """
    document = read_yaml(path, shown_as)
    catalogue = validate(document, Catalogue)
    findings = [which.finding(message, document.place(where)) for which, where, message in mistakes(catalogue, id)]
    if findings:
        raise InputError(*findings)
    return catalogue


_Mistake = tuple[Code, Path_, str]


def mistakes(catalogue: Catalogue, id: str | None = None) -> Iterator[_Mistake]:
    """Code, path and message of everything in which a catalogue contradicts itself or gives unsound credit."""
    yield from _head_rules(catalogue, id)
    for number, entry in enumerate(catalogue.entries):
        yield from _entry_rules(catalogue, entry, ("entries", number))
        yield from _credit_rules(entry, ("entries", number))


def _head_rules(catalogue: Catalogue, id: str | None) -> Iterator[_Mistake]:
    if id is not None and catalogue.id != id:
        yield O_INCONSISTENT, ("id",), f"the catalogue of {id!r} calls itself {catalogue.id!r}"
    if catalogue.status is Status.DRAFT and (catalogue.scored or catalogue.watermark is None):
        yield O_INCONSISTENT, ("status",), "a draft is never scored and always carries a watermark"
    elif catalogue.status is not Status.PUBLISHED and catalogue.watermark is None:
        yield O_INCONSISTENT, ("watermark",), f"what is only {catalogue.status.value} always carries a watermark"
    if catalogue.scored and not _applicability_known(catalogue):
        yield O_INCONSISTENT, ("scored",), "no mark is known, so nothing of it can be counted"
    if catalogue.levels and catalogue.without_level is not None:
        yield O_INCONSISTENT, ("without_level",), "only for a standard without levels"
    for name in ("levels", "tables", "data_items", "entries"):
        seen: set[str] = set()
        for number, row in enumerate(getattr(catalogue, name)):
            if row.id in seen:
                yield O_INCONSISTENT, (name, number, "id"), f"the identifier {row.id!r} stands twice"
            seen.add(row.id)
    tables = {table.id for table in catalogue.tables}
    items = {item.id for item in catalogue.data_items}
    for number, stage in enumerate(catalogue.stages_of_involvement):
        at: Path_ = ("stages_of_involvement", number)
        for table in set(stage.tables) - tables:
            yield O_INCONSISTENT, (*at, "tables"), f"unknown table {table!r}"
        for item in set(stage.looks_at) - items:
            yield O_INCONSISTENT, (*at, "looks_at"), f"unknown data item {item!r}"
    for table in tables - {entry.table for entry in catalogue.entries}:
        yield O_INCONSISTENT, ("tables",), f"table {table!r} has no entry"


def _applicability_known(catalogue: Catalogue) -> bool:
    """Whether the catalogue can say of anything that it applies."""
    if not catalogue.levels:
        return catalogue.without_level is not None
    return any(mark is not None for entry in catalogue.entries for mark in entry.levels.values())


def _entry_rules(catalogue: Catalogue, entry: Entry, at: Path_) -> Iterator[_Mistake]:
    kind, marks = _SCHEMES[catalogue.scheme]
    if entry.kind is not kind:
        yield O_INCONSISTENT, (*at, "kind"), f"entries of this catalogue are of kind {kind.value!r}"
    if entry.table not in {table.id for table in catalogue.tables}:
        yield O_INCONSISTENT, (*at, "table"), f"unknown table {entry.table!r}"
    for item in sorted(set(entry.data_items) - {item.id for item in catalogue.data_items}):
        yield O_INCONSISTENT, (*at, "data_items"), f"unknown data item {item!r}"
    twice = [name for name, count in Counter(item.id for item in entry.activities).items() if count > 1]
    for name in twice:
        yield O_INCONSISTENT, (*at, "activities"), f"the activity {name!r} stands twice"
    if entry.scope is Scope.DOCUMENT and not entry.data_items:
        yield O_INCONSISTENT, (*at, "scope"), "scope 'document' counts data items, and there are none"
    levels = catalogue.marked_levels()
    if set(entry.levels) != set(levels):
        yield O_INCONSISTENT, (*at, "levels"), f"one mark (or null) for each of the levels {', '.join(levels)}"
    for level, mark in entry.levels.items():
        if mark is not None and mark not in marks:
            yield (
                O_INCONSISTENT,
                (*at, "levels", level),
                f"mark {mark.value!r} is none of scheme {catalogue.scheme.value!r}",
            )
    graded = entry.confidence.marks
    if isinstance(graded, dict) and not set(graded) <= set(levels):
        yield O_INCONSISTENT, (*at, "confidence", "marks"), "one grade for all levels, or one for each"
    for level, mark in entry.levels.items():
        if (mark is None) != (entry.confidence.of_mark(level) is None):
            yield O_INCONSISTENT, (*at, "confidence", "marks"), f"grade and mark at level {level} do not agree"


def _credit_rules(entry: Entry, at: Path_) -> Iterator[_Mistake]:
    """No entry may let a record count for more than it shows (module docstring)."""
    refused = {row.evidence for row in entry.no_credit}
    for number, row in enumerate(entry.credit):
        where: Path_ = (*at, "credit", number)
        if row.evidence in PAPER_KINDS:
            if row.artefact is not Artefact.DOCUMENT:
                yield O_INCONSISTENT, (*where, "artefact"), f"{row.evidence.value} is about a document"
        elif row.level is not CreditLevel.SUPPORTING and row.artefact not in BEARS[entry.artefact]:
            yield (
                O_UNSOUND_CREDIT,
                (*where, "level"),
                f"evidence about {row.artefact.value} is supporting at most for an entry about {entry.artefact.value}",
            )
        if row.level is CreditLevel.FULL and row.evidence is not EvidenceKind.REVIEW_RECORD:
            yield (
                O_UNSOUND_CREDIT,
                (*where, "level"),
                f"{row.evidence.value} is never the whole of an item: only a reviewer's record can be",
            )
        code_coverage = row.evidence is EvidenceKind.COVERAGE_RECORD and row.artefact in CODE
        if row.measure is not None and not code_coverage:
            yield (
                O_UNSOUND_CREDIT,
                (*where, "measure"),
                "only coverage of code has a measure: a model has no such structure",
            )
        if code_coverage and row.measure is None and row.level is not CreditLevel.SUPPORTING:
            yield O_UNSOUND_CREDIT, (*where, "measure"), "coverage by whatever measure is supporting at most"
        if row.supplement is not None and row.evidence not in PROOF_KINDS:
            yield O_UNSOUND_CREDIT, (*where, "supplement"), f"{row.evidence.value} earns no formal credit"
        if row.evidence in refused:
            yield O_UNSOUND_CREDIT, (*where, "evidence"), f"{row.evidence.value} is also under no_credit"
    if entry.accepted_means is False and entry.next_action.kind is not NextKind.AGREE_WITH_AUTHORITY:
        yield (
            O_UNSOUND_CREDIT,
            (*at, "next_action", "kind"),
            "where no means is accepted the next step is an agreement with the authority",
        )
    if entry.accepted_means is False and any(row.level is CreditLevel.FULL for row in entry.credit):
        yield O_UNSOUND_CREDIT, (*at, "accepted_means"), "no means is accepted, yet one has full credit"
