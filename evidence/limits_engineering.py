"""What the contents of engineering documents do *not* cover: pairs of code and text, derived from the contents alone.

Part of `limits.py`, which puts them beside what every document lacks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from evidence.diagnostics import Code, Severity, code
from evidence.records.engineering import (
    Content,
    CoverageResults,
    DataSetReport,
    Plan,
    ProblemReportList,
    RequirementList,
    Review,
    TestResults,
    TrainingLog,
)

_NOTE = Severity.NOTE
L_EXERCISED = code(
    "L120", _NOTE, "shows only what its tests exercise", "argue that the tests are derived from the requirements"
)
L_FAILED = code("L121", _NOTE, "reports failed tests", "deal with each failure, then repeat the tests")
L_NOT_RUN = code("L122", _NOTE, "leaves tests out", "run the skipped tests, or say why each may be left out")
L_TOTALS = code(
    "L123", _NOTE, "states other totals than it lists", "export the report again and find out which numbers are right"
)
L_STRUCTURE = code(
    "L124",
    _NOTE,
    "counts what was executed, not what was checked",
    "show beside it that requirement-based tests pass, and on which artefact they ran",
)
L_ABSENT = code(
    "L125", _NOTE, "says nothing of some coverage criteria", "measure what the level asks for with a fitting tool"
)
L_UNCOVERED = code("L126", _NOTE, "leaves code uncovered", "add tests, or explain each part that stays uncovered")
L_LISTED = code(
    "L127", _NOTE, "lists requirements, which shows none of them", "verify each requirement; have the list reviewed"
)
L_REVIEWED = code(
    "L128", _NOTE, "covers the reviewed state and the listed questions only", "review again when an item changes"
)
L_OPEN_ENDS = code("L129", _NOTE, "leaves something open", "close what is open, then issue the document again")
L_DATA = code(
    "L130",
    _NOTE,
    "counts samples, which shows neither their quality nor that they are enough",
    "justify size, labels and spread of the data against the operational design domain",
)
L_TRAINED = code(
    "L131",
    _NOTE,
    "tells how training went, not what the network does",
    "show the network's behaviour by runs and tests",
)
L_PROBLEMS = code(
    "L132", _NOTE, "holds recorded problems only", "show that problems are looked for and that each one is recorded"
)
L_UNREAD = code("L133", _NOTE, "is known by identity and title, its content is not read", "read the document")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def content_limits(content: Content | None) -> Iterator[tuple[Code, str]]:
    """What a content does not cover. Empty for a document without declared format."""
    if content is None:
        return
    if isinstance(content, TestResults):
        yield from _tests(content)
    elif isinstance(content, CoverageResults):
        yield from _coverage(content)
    elif isinstance(content, RequirementList):
        yield (
            L_LISTED,
            "It says which requirements another tool holds; that they are right, complete or met is not shown.",
        )
    elif isinstance(content, Review):
        yield from _review(content)
    elif isinstance(content, DataSetReport):
        yield from _data(content)
    elif isinstance(content, TrainingLog):
        made = (
            "that it is the log of this model rests on the digests in it"
            if content.digests
            else ("that this training made the declared model is not shown")
        )
        yield L_TRAINED, f"It tells what was logged during training, not what the network does; {made}."
        if content.missing:
            yield (
                L_OPEN_ENDS,
                f"It does not tell {' or '.join(content.missing)}: the training cannot be repeated from it.",
            )
        broken = [f"{item.name} ({item.not_finite})" for item in content.series if item.not_finite]
        if broken:
            yield L_OPEN_ENDS, f"Logged values that are no finite numbers: {', '.join(broken[:5])}."
    elif isinstance(content, ProblemReportList):
        yield L_PROBLEMS, "It holds the problems that somebody recorded; that there are no others is not shown."
        if content.standing:
            yield (
                L_OPEN_ENDS,
                f"Not closed: {len(content.standing)} of {_count(len(content.problem_reports), 'report')}.",
            )
    elif isinstance(content, Plan):
        yield L_UNREAD, "What the document says was not read: only its identity, title and headings are known."
    else:
        assert_never(content)


def _tests(content: TestResults) -> Iterator[tuple[Code, str]]:
    yield (
        L_EXERCISED,
        "Passed tests show the behaviour in the tested cases on the tested build; that the cases cover the "
        "requirements, and where they ran, is not told by the report.",
    )
    if content.failed:
        yield (
            L_FAILED,
            f"{content.failed} of {_count(content.tests + content.unlisted, 'test')} failed or ended in an error.",
        )
    if content.skipped:
        yield L_NOT_RUN, f"Skipped: {content.skipped} of {_count(content.tests, 'test')}; nothing is shown by them."
    if content.flaky:
        yield L_NOT_RUN, f"{_count(content.flaky, 'test')} passed only on repetition."
    if content.repeated:
        listed = _count(content.repeated, "test")
        yield L_OPEN_ENDS, f"Listed again under the same name: {listed}; repetitions, or tests that are counted twice."
    if content.disagreements:
        yield L_TOTALS, f"Headers and listed tests disagree: {content.disagreements[0]}."


def _coverage(content: CoverageResults) -> Iterator[tuple[Code, str]]:
    yield (
        L_STRUCTURE,
        "It counts what the tests executed in the measured build; which code was excluded from measuring, whether results "
        "were checked, whether the tests come from requirements, and what holds for another build or for the object code "
        "is not shown.",
    )
    absent = [_WORDS[item] for item in content.absent]
    if absent:
        yield L_ABSENT, f"It does not report {', '.join(absent)} coverage."
    if "branch" in content.measured and "decision" not in content.measured:
        yield L_ABSENT, "Branch outcomes, as the tool counts them, are not shown to be the decisions of the source."
    if content.rates:
        yield L_ABSENT, f"Of {', '.join(_WORDS[item] for item in content.rates)} it states a share without counts."
    lacking = [item for item in content.measured if (found := content.measure(item)) and not found.complete]
    if lacking:
        yield L_UNCOVERED, f"Coverage is not complete for: {', '.join(_WORDS[item] for item in lacking)}."
    if content.uncounted:
        yield L_UNCOVERED, f"Branches listed without numbers: {content.uncounted}."
    if content.disagreements:
        yield L_TOTALS, f"Totals and listed lines disagree: {content.disagreements[0]}."


_WORDS = {
    "statement": "statement (by lines)",
    "branch": "branch",
    "condition": "condition",
    "decision": "decision",
    "mcdc": "MC/DC",
}


def _review(content: Review) -> Iterator[tuple[Code, str]]:
    asked = _count(len(content.checklist), "listed question")
    items = _count(len(content.items), "listed item")
    yield L_REVIEWED, f"It covers {items} and {asked}; what was not asked is not shown."
    untied = sum(item.digest is None for item in content.items)
    if untied:
        yield L_REVIEWED, f"Without a digest: {_count(untied, 'item')}; which state was reviewed is not known."
    if content.open_findings:
        yield L_OPEN_ENDS, f"Open: {len(content.open_findings)} of {_count(len(content.findings), 'finding')}."
    unsettled = sum(item.answer in ("no", "open") for item in content.checklist)
    if unsettled:
        yield L_OPEN_ENDS, f"Answered with no, or not at all: {_count(unsettled, 'question')}."


def _data(content: DataSetReport) -> Iterator[tuple[Code, str]]:
    yield (
        L_DATA,
        "It counts samples; rightness of labels, and whether the samples are enough and typical, is not shown.",
    )
    if content.overlapping:
        yield L_OPEN_ENDS, f"Test data overlap with {_count(len(content.overlapping), 'other split')}."
    elif shared := [" and ".join(item.splits) for item in content.independence if item.overlap]:
        yield L_OPEN_ENDS, f"Samples stand in two splits: {'; '.join(shared[:5])}."
    if content.empty_splits:
        yield L_OPEN_ENDS, f"Without a sample: {_count(len(content.empty_splits), 'split')}."
    if not content.separated:
        yield L_OPEN_ENDS, "It does not tell test data from other data: their independence is not shown."
    if content.not_counted:
        yield (
            L_OPEN_ENDS,
            f"In the stated cells are fewer samples than there are: {'; '.join(content.not_counted[:5])}.",
        )
    if content.not_compared:
        yield L_OPEN_ENDS, f"Independence is not stated for: {'; '.join(content.not_compared[:5])}."
    if not content.odd:
        yield L_OPEN_ENDS, "It does not tell how the samples spread over the operational design domain."
    elif content.empty_cells:
        shown = "; ".join(content.empty_cells[:5])
        yield L_OPEN_ENDS, f"Without a sample: {_count(len(content.empty_cells), 'part')} of the domain ({shown})."
    if content.digest is None:
        yield L_OPEN_ENDS, "It names no digest: which state of the data it is about is not known."
