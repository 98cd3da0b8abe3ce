"""What was read from files of ordinary engineering: test results, coverage, requirement lists, reviews, and so on.

The content belongs to a document record, which holds the file's digest, people and dates; nothing here repeats them.
Each content says by itself what the document shows (`shows`), from its counts and states alone: a result that failed
or that examined nothing never counts as support, and one that leaves something open never counts as the whole.
Not here: the readers (evidence/engineering), what a content does not cover (limits.py), whether it fits the case
(assurance/engineering_checks.py).
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from evidence.digest import Digest
from evidence.specification import Frozen

Format = Literal[
    "junit", "cobertura", "requirements-csv", "reqif", "review", "dataset-report", "training-log", "problem-reports",
    "plan",
]  # fmt: skip
"""How a document is to be read (docs/engineering-evidence.md)."""

Count = Annotated[int, Field(ge=0, le=10**12)]
Short = Annotated[str, StringConstraints(min_length=1, max_length=400, strip_whitespace=True)]
Long = Annotated[str, StringConstraints(min_length=1, max_length=20_000, strip_whitespace=True)]


class Shows(StrEnum):
    """What a document shows, as far as its content can be read."""

    PASSES = "passes"
    """Everything that it reports came out as wanted, and something was examined."""
    PARTLY = "partly"
    """Nothing failed, but something was left out or is open: it never counts as the whole."""
    FAILS = "fails"
    """It reports a failure: it supports nothing, and somebody has to deal with it."""
    NOTHING = "nothing"
    """Nothing was examined: it supports nothing."""
    STATES = "states"
    """Its content is not judged: no format is declared, or the form has no outcome."""
    UNREADABLE = "unreadable"
    """It is not what its declared format promises: no evidence, as if it were missing."""

    @property
    def supports(self) -> bool:
        """Whether such a document can be evidence for anything at all."""
        return self in (Shows.PASSES, Shows.PARTLY, Shows.STATES)

    @property
    def whole(self) -> bool:
        """Whether it can ever be all that something needs; False caps its credit at partial."""
        return self in (Shows.PASSES, Shows.STATES)


def _day(value: str) -> str:
    try:
        if date.fromisoformat(value).isoformat() == value:
            return value
    except ValueError:
        pass
    raise ValueError(f"{value!r} is no date: write it as 2026-01-31")


Day = Annotated[str, AfterValidator(_day)]


# --- test results ------------------------------------------------------------------------------------------------


class TestNote(Frozen):
    """One test that did not simply pass."""

    __test__ = False  # not a test class, whatever pytest thinks of its name

    name: Short
    outcome: Literal["failure", "error", "skipped", "flaky"]
    message: Annotated[str, StringConstraints(max_length=400)] = ""
    line: int
    """Where it stands in the file."""


class TestResults(Frozen):
    """Counts of tests, made from the listed cases; what a header says beyond them can only make it worse."""

    __test__ = False

    kind: Literal["test-results"] = "test-results"
    suites: Count
    tests: Count
    passed: Count
    failures: Count
    errors: Count
    skipped: Count
    """Skipped, disabled or not run."""
    flaky: Count = 0
    """Of the passed, how many failed first and passed when repeated."""
    repeated: Count = 0
    """Listed cases whose name stands elsewhere in the file too: one test may be counted more than once."""
    unlisted: Count = 0
    """Failures and errors that headers state beyond the listed cases."""
    disagreements: Annotated[tuple[Short, ...], Field(max_length=20)] = ()
    """Where a header states other numbers than its cases give."""
    notes: Annotated[tuple[TestNote, ...], Field(max_length=200)] = ()
    """The failed ones first; see `left_out`."""
    left_out: Count = 0
    """Notes that the list is too short for."""

    @property
    def failed(self) -> int:
        """Failures and errors together, stated or listed."""
        return self.failures + self.errors + self.unlisted

    @property
    def shows(self) -> Shows:
        if self.failed:
            return Shows.FAILS
        if not self.passed:
            return Shows.NOTHING
        return Shows.PARTLY if self.skipped or self.flaky or self.disagreements else Shows.PASSES

    @model_validator(mode="after")
    def _coherent(self) -> TestResults:
        if self.tests != self.passed + self.failures + self.errors + self.skipped or self.flaky > self.passed:
            raise ValueError("the counts of test results do not add up")
        return self


# --- coverage ----------------------------------------------------------------------------------------------------


class Measure(Frozen):
    """How much of one kind of thing was exercised."""

    covered: Count
    of: Annotated[int, Field(ge=1, le=10**12)]
    by: Literal["lines", "totals"]
    """Counted from the listed lines, or taken from the totals of the file."""

    @property
    def complete(self) -> bool:
        return self.covered == self.of

    @model_validator(mode="after")
    def _coherent(self) -> Measure:
        if self.covered > self.of:
            raise ValueError(f"{self.covered} covered of {self.of}")
        return self


class UncoveredFile(Frozen):
    """A source file with lines that nothing executed."""

    file: Short
    lines: Annotated[tuple[int, ...], Field(max_length=30)]
    count: Count


Criterion = Literal["statement", "branch", "condition", "decision", "mcdc"]
CRITERIA: tuple[Criterion, ...] = ("statement", "branch", "condition", "decision", "mcdc")


class CoverageResults(Frozen):
    """Structural coverage, by criterion; a criterion that the file does not report is absent, never assumed."""

    kind: Literal["coverage"] = "coverage"
    files: Count
    statement: Measure | None = None
    """Lines with code: a line may hold several statements."""
    branch: Measure | None = None
    """Outcomes of branches as the tool counts them; decision coverage is another criterion."""
    condition: Measure | None = None
    decision: Measure | None = None
    mcdc: Measure | None = None
    rates: Annotated[dict[Criterion, Annotated[float, Field(ge=0, le=1)]], Field(max_length=5)] = Field(
        default_factory=dict
    )
    """Criteria of which the file states a share only, without counts."""
    uncounted: Count = 0
    """Branches of which the file gives no numbers."""
    disagreements: Annotated[tuple[Short, ...], Field(max_length=20)] = ()
    uncovered: Annotated[tuple[UncoveredFile, ...], Field(max_length=50)] = ()
    left_out: Count = 0

    def measure(self, criterion: Criterion) -> Measure | None:
        """What was counted for a criterion; None where the file has no counts."""
        found: Measure | None = getattr(self, criterion)
        return found

    @property
    def measured(self) -> tuple[Criterion, ...]:
        return tuple(item for item in CRITERIA if self.measure(item))

    @property
    def absent(self) -> tuple[Criterion, ...]:
        """Criteria that the file says nothing of."""
        return tuple(item for item in CRITERIA if self.measure(item) is None and item not in self.rates)

    @property
    def shows(self) -> Shows:
        found = [measure for item in CRITERIA if (measure := self.measure(item))]
        if not any(measure.covered for measure in found):
            return Shows.NOTHING
        open_ = self.uncounted or self.disagreements or any(rate < 1 for rate in self.rates.values())
        return Shows.PASSES if not open_ and all(measure.complete for measure in found) else Shows.PARTLY


# --- requirement lists -------------------------------------------------------------------------------------------


class ListedRequirement(Frozen):
    """One requirement of a list."""

    id: Short
    text: Long
    parents: Annotated[tuple[Short, ...], Field(max_length=200)] = ()
    line: int


class RequirementList(Frozen):
    """Requirements as another tool holds them."""

    kind: Literal["requirement-list"] = "requirement-list"
    requirements: Annotated[tuple[ListedRequirement, ...], Field(max_length=50_000)]
    without_text: Count = 0
    """Entries without a text, such as headings."""
    ignored: Annotated[tuple[Short, ...], Field(max_length=50)] = ()
    """Columns or attributes that were not read."""

    @property
    def shows(self) -> Shows:
        return Shows.STATES if self.requirements else Shows.NOTHING

    @model_validator(mode="after")
    def _different(self) -> RequirementList:
        if len({item.id for item in self.requirements}) < len(self.requirements):
            raise ValueError("a requirement stands twice")
        return self


# --- reviews -----------------------------------------------------------------------------------------------------


class ReviewedItem(Frozen):
    """What was reviewed, and which state of it."""

    id: Short
    """A requirement, model, data set, table or document of the case, or something outside of it."""
    digest: Digest | None = None
    """Of the file, or of the requirement as `assurance check` prints it."""


class ChecklistAnswer(Frozen):
    """One question of the checklist with its answer."""

    id: Short
    question: Short
    answer: Literal["yes", "no", "not applicable", "open"]
    note: Long | None = None


class ReviewFinding(Frozen):
    """Something that the reviewers found."""

    id: Short
    text: Long
    severity: Literal["major", "minor", "editorial"]
    state: Literal["open", "closed"]
    answer: Long | None = None
    """What was done about it."""

    @model_validator(mode="after")
    def _answered(self) -> ReviewFinding:
        if self.state == "closed" and self.answer is None:
            raise ValueError(f"finding {self.id} is closed but 'answer' does not say how")
        return self


class ReviewFields(Frozen):
    """A review: of what, by whom, with which questions, findings and result."""

    items: Annotated[tuple[ReviewedItem, ...], Field(min_length=1, max_length=2000)]
    author: Short
    """Who made the reviewed items."""
    reviewers: Annotated[tuple[Short, ...], Field(min_length=1, max_length=50)]
    date: Day
    checklist: Annotated[tuple[ChecklistAnswer, ...], Field(max_length=500)] = ()
    findings: Annotated[tuple[ReviewFinding, ...], Field(max_length=2000)] = ()
    result: Literal["accepted", "accepted with open findings", "rejected"]

    @model_validator(mode="after")
    def _coherent(self) -> ReviewFields:
        for name, ids in (
            ("item", [item.id for item in self.items]),
            ("question", [item.id for item in self.checklist]),
            ("finding", [item.id for item in self.findings]),
            ("reviewer", list(self.reviewers)),
        ):
            twice = next((id for id in ids if ids.count(id) > 1), None) if len(set(ids)) < len(ids) else None
            if twice is not None:
                raise ValueError(f"{name} {twice!r} stands twice")
        open_ = [item.id for item in self.findings if item.state == "open"]
        if self.result == "accepted" and open_:
            raise ValueError(f"the result is 'accepted', but finding {open_[0]} is open")
        if self.result == "accepted with open findings" and not open_:
            raise ValueError("the result is 'accepted with open findings', but none is open")
        return self


class Review(ReviewFields):
    """A review record as it was read."""

    kind: Literal["review"] = "review"

    @property
    def open_findings(self) -> tuple[ReviewFinding, ...]:
        return tuple(item for item in self.findings if item.state == "open")

    @property
    def by_author(self) -> bool:
        """True when somebody reviewed what he made himself."""
        return folded(self.author) in {folded(name) for name in self.reviewers}

    @property
    def shows(self) -> Shows:
        if self.result == "rejected" or any(item.severity == "major" for item in self.open_findings):
            return Shows.FAILS
        answered = [item for item in self.checklist if item.answer in ("yes", "no")]
        if self.checklist and not answered:
            return Shows.NOTHING
        unsettled = any(item.answer in ("no", "open") for item in self.checklist)
        untied = any(item.digest is None for item in self.items)
        # without a checklist it is not known what was asked
        whole = self.checklist and not unsettled and not untied and not self.open_findings
        return Shows.PASSES if whole else Shows.PARTLY


def folded(name: str) -> str:
    """A name as names are compared: case and blanks do not count."""
    return " ".join(name.casefold().split())


# --- data-set reports --------------------------------------------------------------------------------------------


class Split(Frozen):
    """A part of the data with its use."""

    name: Short
    use: Literal["training", "validation", "test", "other"]
    count: Count
    digest: Digest | None = None


class SplitsCompared(Frozen):
    """What is known about the independence of two splits."""

    splits: tuple[Short, Short]
    overlap: Count
    """Samples, or groups of samples, that are in both."""
    method: Short
    """How this was found out."""


class OddCell(Frozen):
    """A part of the operational design domain with the number of samples in it."""

    name: Short
    count: Count


class OddCells(Frozen):
    """How the samples spread over one parameter of the operational design domain."""

    parameter: Short
    cells: Annotated[tuple[OddCell, ...], Field(min_length=1, max_length=5000)]


class DataSetFields(Frozen):
    """A report on a data set: where it is from, how it is split, what of the domain it covers."""

    data_set: Short
    digest: Digest | None = None
    """Of the data set that the report is about."""
    provenance: Long
    labelled_by: Short | None = None
    total: Count
    splits: Annotated[tuple[Split, ...], Field(min_length=1, max_length=100)]
    independence: Annotated[tuple[SplitsCompared, ...], Field(max_length=500)] = ()
    odd: Annotated[tuple[OddCells, ...], Field(max_length=200)] = ()
    limitations: Annotated[tuple[Long, ...], Field(max_length=100)] = ()

    @model_validator(mode="after")
    def _coherent(self) -> DataSetFields:
        names = [item.name for item in self.splits]
        if len(set(names)) < len(names):
            raise ValueError("a split stands twice")
        together = sum(item.count for item in self.splits)
        if together != self.total:
            raise ValueError(f"the splits hold {together} samples together, total says {self.total}")
        counts = {item.name: item.count for item in self.splits}
        seen: set[frozenset[str]] = set()
        for compared in self.independence:
            pair = frozenset(compared.splits)
            if len(pair) < 2 or not pair <= set(names):
                raise ValueError(f"independence compares {' and '.join(compared.splits)}: name two different splits")
            if pair in seen:
                raise ValueError(f"independence of {' and '.join(compared.splits)} stands twice")
            seen.add(pair)
            if compared.overlap > min(counts[name] for name in compared.splits):
                raise ValueError(f"{compared.overlap} samples cannot be in both {' and '.join(compared.splits)}")
        parameters = [item.parameter for item in self.odd]
        if len(set(parameters)) < len(parameters):
            raise ValueError("a parameter of the domain stands twice")
        for spread in self.odd:
            if (held := sum(cell.count for cell in spread.cells)) > self.total:
                raise ValueError(f"the cells of {spread.parameter} hold {held} samples, total says {self.total}")
        return self


class DataSetReport(DataSetFields):
    """A data-set report as it was read."""

    kind: Literal["data-set-report"] = "data-set-report"

    @property
    def empty_cells(self) -> tuple[str, ...]:
        """Parts of the domain without any sample, as 'parameter: cell'."""
        return tuple(f"{item.parameter}: {cell.name}" for item in self.odd for cell in item.cells if not cell.count)

    @property
    def not_compared(self) -> tuple[str, ...]:
        """Pairs of a training or validation split and a test split whose independence nobody states."""
        known = {frozenset(item.splits) for item in self.independence}
        return tuple(
            f"{one.name} and {test.name}"
            for test in self.splits
            if test.use == "test"
            for one in self.splits
            if one.use in ("training", "validation") and frozenset((one.name, test.name)) not in known
        )

    @property
    def overlapping(self) -> tuple[SplitsCompared, ...]:
        """Compared splits that share samples although one of them is for testing."""
        tests = {item.name for item in self.splits if item.use == "test"}
        return tuple(item for item in self.independence if item.overlap and tests & set(item.splits))

    @property
    def shows(self) -> Shows:
        if not self.total:
            return Shows.NOTHING
        if self.overlapping:
            return Shows.FAILS
        open_ = self.empty_cells or self.not_compared or not self.odd or self.digest is None
        return Shows.PARTLY if open_ else Shows.STATES


# --- training logs -----------------------------------------------------------------------------------------------


class Series(Frozen):
    """One logged quantity: first and last value, smallest and greatest."""

    name: Short
    count: Annotated[int, Field(ge=1)]
    first: float | None
    last: float | None
    """None where the logged value is not finite."""
    least: float | None
    greatest: float | None
    not_finite: Count = 0


class TrainingLog(Frozen):
    """The course of a training."""

    kind: Literal["training-log"] = "training-log"
    rows: Count
    step: Short
    """The column that counts: epoch, step or iteration."""
    first_step: int | None
    last_step: int | None
    series: Annotated[tuple[Series, ...], Field(max_length=60)]
    seeds: Annotated[tuple[int, ...], Field(max_length=20)] = ()
    environment: Annotated[dict[Short, Short], Field(max_length=60)] = Field(default_factory=dict)
    """Versions and machine, as far as their names tell."""
    settings: Annotated[dict[Short, Short], Field(max_length=60)] = Field(default_factory=dict)
    """Everything else that stands beside the rows."""
    digests: Annotated[dict[Short, Digest], Field(max_length=60)] = Field(default_factory=dict)
    """Files that the log names by digest: the model that was made, the data that were used."""

    @property
    def loss(self) -> Series | None:
        """The series that is called loss, train_loss or training_loss."""
        names = ("loss", "train_loss", "training_loss")
        return next((item for name in names for item in self.series if item.name.casefold() == name), None)

    @property
    def missing(self) -> tuple[str, ...]:
        """What somebody who wants to repeat the training would need and does not find."""
        wanted = (("the loss", self.loss), ("a seed", self.seeds), ("the environment", self.environment))
        return tuple(name for name, found in wanted if not found)

    @property
    def shows(self) -> Shows:
        if not self.rows or not self.series:
            return Shows.NOTHING
        if self.loss is not None and self.loss.last is None:
            return Shows.FAILS
        broken = any(item.not_finite for item in self.series)
        return Shows.PARTLY if self.missing or broken else Shows.STATES


# --- problem reports ---------------------------------------------------------------------------------------------


class ProblemReportItem(Frozen):
    """One recorded problem. Not classified counts as significant."""

    id: Short
    title: Short
    state: Literal["open", "in work", "deferred", "closed", "rejected"]
    classification: Literal["significant", "functional", "process", "life-cycle data"] | None = None
    """AC/AMC 20-189."""
    safety_effect: Long | None = None
    owner: Short | None = None
    disposition: Long | None = None
    about: Annotated[tuple[Short, ...], Field(max_length=200)] = ()
    """Requirements, models, runs or documents that it concerns."""
    closing_evidence: Annotated[tuple[Short, ...], Field(max_length=100)] = ()
    opened: Day | None = None
    closed: Day | None = None

    @property
    def standing(self) -> bool:
        """True until it is closed with a reason, or rejected with one."""
        return self.state not in ("closed", "rejected")

    @property
    def significant(self) -> bool:
        return self.classification in (None, "significant")

    @model_validator(mode="after")
    def _coherent(self) -> ProblemReportItem:
        if self.state in ("closed", "rejected") and self.disposition is None and not self.closing_evidence:
            raise ValueError(f"problem report {self.id} is {self.state}, but nothing says why")
        if self.state == "deferred" and (self.disposition is None or self.owner is None):
            raise ValueError(f"problem report {self.id} is deferred: say why (disposition) and who decided (owner)")
        if self.opened and self.closed and self.closed < self.opened:
            raise ValueError(f"problem report {self.id} was closed before it was opened")
        if self.closed and self.standing:
            raise ValueError(f"problem report {self.id} has a closing date, but is {self.state}")
        return self


class ProblemReportFields(Frozen):
    """A list of problem reports."""

    problem_reports: Annotated[tuple[ProblemReportItem, ...], Field(max_length=20_000)]

    @model_validator(mode="after")
    def _different(self) -> ProblemReportFields:
        seen: set[str] = set()
        for item in self.problem_reports:
            if item.id in seen:
                raise ValueError(f"problem report {item.id!r} stands twice")
            seen.add(item.id)
        return self


class ProblemReportList(ProblemReportFields):
    """A list of problem reports as it was read; an empty list states that none is recorded."""

    kind: Literal["problem-reports"] = "problem-reports"

    @property
    def standing(self) -> tuple[ProblemReportItem, ...]:
        return tuple(item for item in self.problem_reports if item.standing)

    @property
    def shows(self) -> Shows:
        return Shows.PARTLY if self.standing else Shows.STATES


# --- plans -------------------------------------------------------------------------------------------------------


class Heading(Frozen):
    """A heading of a text."""

    text: Short
    level: Annotated[int, Field(ge=1, le=6)]
    line: int


class Plan(Frozen):
    """A document of which only identity, title and headings are known. Nothing of what it says is taken over."""

    kind: Literal["plan"] = "plan"
    form: Literal["markdown", "text", "pdf", "other"]
    size: Count
    title: Short | None = None
    """As the document itself says; None where that cannot be read."""
    headings: Annotated[tuple[Heading, ...], Field(max_length=300)] = ()

    @property
    def shows(self) -> Shows:
        return Shows.STATES if self.size else Shows.NOTHING


Content = Annotated[
    TestResults | CoverageResults | RequirementList | Review | DataSetReport | TrainingLog | ProblemReportList | Plan,
    Field(discriminator="kind"),
]
"""What was read from a document whose format is declared."""


def measured(content: Content | None) -> bool:
    """Whether a content repeats what a tool observed, and not what a person states."""
    return isinstance(content, TestResults | CoverageResults)


__all__ = [
    "CRITERIA", "ChecklistAnswer", "Content", "Count", "CoverageResults", "Criterion", "DataSetFields",
    "DataSetReport", "Day", "Format", "Heading", "ListedRequirement", "Long", "Measure", "OddCell", "OddCells",
    "Plan", "ProblemReportFields", "ProblemReportItem", "ProblemReportList", "RequirementList", "Review",
    "ReviewFields", "ReviewFinding", "ReviewedItem", "Series", "Short", "Shows", "Split", "SplitsCompared",
    "TestNote", "TestResults", "TrainingLog", "UncoveredFile", "folded", "measured",
]  # fmt: skip
