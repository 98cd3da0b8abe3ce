"""View of what was read from a document: its outcome in words, its numbers, and tables of what needs a look.

All numbers come from the content of the record. Tables are bounded; what is left out is counted. Not here: people, date
and objectives of the document (view_evidence.py), what it does not cover (limits).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

from assurance.dossier.parts import Fact, Grid, listed, noun, number, share
from assurance.words import counted
from evidence.digest import short
from evidence.records.engineering import (
    CRITERIA,
    Content,
    CoverageResults,
    DataSetReport,
    Plan,
    ProblemReportList,
    RequirementList,
    Review,
    Shows,
    TestResults,
    TrainingLog,
)

SHOWS_WORDS = {
    Shows.PASSES: "everything that it reports came out as wanted",
    Shows.PARTLY: "nothing failed, but something is left out or open: never the whole",
    Shows.FAILS: "FAILURE: it supports nothing",
    Shows.NOTHING: "NOTHING: nothing of what it is declared about was examined, it supports nothing",
    Shows.STATES: "what it says was not judged",
    Shows.UNREADABLE: "UNREADABLE: not what its declared format promises, so it is no evidence",
}
_CRITERION_WORDS = {
    "statement": "statements (by lines)",
    "branch": "branches",
    "condition": "conditions",
    "decision": "decisions",
    "mcdc": "MC/DC",
}
_MOST = 25


@dataclass(frozen=True)
class ContentView:
    """What was read from a document."""

    facts: tuple[Fact, ...]
    tables: tuple[tuple[str, Grid], ...] = ()
    """Title and table."""


def content_view(content: Content | None, shows: Shows) -> ContentView | None:
    """The view of a content; None for a document whose content is not read."""
    outcome = Fact("Shows", SHOWS_WORDS[shows])
    if content is None:
        return None if shows is Shows.STATES else ContentView((outcome,))
    facts, tables = _parts(content)
    return ContentView((outcome, *facts), tuple((title, grid) for title, grid in tables if grid.rows))


_Parts = tuple[list[Fact], list[tuple[str, Grid]]]


def _parts(content: Content) -> _Parts:
    if isinstance(content, TestResults):
        return _tests(content)
    if isinstance(content, CoverageResults):
        return _coverage(content)
    if isinstance(content, RequirementList):
        return _requirements(content)
    if isinstance(content, Review):
        return _review(content)
    if isinstance(content, DataSetReport):
        return _data(content)
    if isinstance(content, TrainingLog):
        return _training(content)
    if isinstance(content, ProblemReportList):
        return _problems(content)
    if isinstance(content, Plan):
        return _plan(content)
    assert_never(content)


def _bounded(
    heads: tuple[str, ...], rows: Sequence[tuple[str, ...]], left_out: int = 0, numeric: tuple[bool, ...] = ()
) -> Grid:
    more = left_out + max(0, len(rows) - _MOST)
    note = f"{counted(more, 'more row')} in the document." if more else ""
    return Grid(heads, tuple(rows[:_MOST]), note, numeric)


def _tests(content: TestResults) -> _Parts:
    facts = [
        Fact("Tests", f"{content.tests} in {counted(content.suites, 'suite')}"),
        Fact("Passed", share(content.passed, content.tests) if content.tests else "none"),
        Fact("Failed", f"{counted(content.failures, 'failure')}, {counted(content.errors, 'error')}"),
        Fact("Skipped or not run", str(content.skipped)),
    ]
    if content.first_day and content.last_day:
        days = (content.first_day, content.last_day)
        facts.append(Fact("Ran", " to ".join(dict.fromkeys(map(str, days)))))
    if content.unlisted:
        facts.append(Fact("Failed, but not listed", str(content.unlisted)))
    if content.flaky:
        facts.append(Fact("Passed only when repeated", str(content.flaky)))
    if content.repeated:
        facts.append(Fact("Listed under a name that stands elsewhere", str(content.repeated)))
    if content.disagreements:
        facts.append(Fact("Headers that disagree", listed(content.disagreements, 3)))
    rows = [(note.name, note.outcome, note.message, str(note.line)) for note in content.notes]
    heads = ("test", "outcome", "message", "line")
    return facts, [
        ("Tests that did not simply pass", _bounded(heads, rows, content.left_out, (False, False, False, True)))
    ]


def _coverage(content: CoverageResults) -> _Parts:
    facts = []
    for item in CRITERIA:
        measure = content.measure(item)
        if measure is not None:
            how = "" if measure.by == "lines" else ", as the totals of the report state"
            facts.append(
                Fact(_CRITERION_WORDS[item].capitalize(), f"{share(measure.covered, measure.of)} covered{how}")
            )
        elif item in content.rates:
            facts.append(
                Fact(_CRITERION_WORDS[item].capitalize(), f"a share of {number(content.rates[item])}, no counts")
            )
    if content.absent:
        facts.append(Fact("Not reported", ", ".join(_CRITERION_WORDS[item] for item in content.absent)))
    facts.append(Fact("Source files", str(content.files)))
    if content.disagreements:
        facts.append(Fact("Totals that disagree", listed(content.disagreements, 3)))
    rows = [
        (
            item.file,
            str(item.count),
            ", ".join(map(str, item.lines)) + (", ..." if item.count > len(item.lines) else ""),
        )
        for item in content.uncovered
    ]
    grid = _bounded(("file", "lines", "which"), rows, content.left_out, (False, True, False))
    return facts, [("Lines that nothing executed", grid)]


def _requirements(content: RequirementList) -> _Parts:
    linked = sum(bool(item.parents) for item in content.requirements)
    facts = [
        Fact("Requirements", f"{len(content.requirements)}, of which {linked} name a parent"),
        Fact("Entries without text", str(content.without_text)),
    ]
    if content.ignored:
        facts.append(Fact("Not read", listed(content.ignored)))
    return facts, []


def _review(content: Review) -> _Parts:
    items = listed(
        [item.id + (f" ({short(item.digest)})" if item.digest else " (no digest)") for item in content.items]
    )
    open_ = len(content.open_findings)
    facts = [
        Fact("Result", content.result),
        Fact("Reviewed", items),
        Fact("Made by", content.author),
        Fact("Reviewers in the record", ", ".join(content.reviewers)),
        Fact("Checklist", f"{counted(len(content.checklist), 'question')}" if content.checklist else "none"),
        Fact("Findings", f"{len(content.findings)}, of which {open_} open"),
    ]
    questions = [(item.id, item.question, item.answer, item.note or "") for item in content.checklist]
    ordered = sorted(content.findings, key=lambda item: (item.state != "open", item.severity != "major", item.id))
    found = [(item.id, item.severity, item.state, item.text, item.answer or "") for item in ordered]
    return facts, [
        ("Questions", _bounded(("id", "question", "answer", "note"), questions)),
        ("Findings of the review", _bounded(("id", "severity", "state", "finding", "answer"), found)),
    ]


def _data(content: DataSetReport) -> _Parts:
    facts = [
        Fact("Data set", content.data_set + (f" ({short(content.digest)})" if content.digest else " (no digest)")),
        Fact("Samples", str(content.total)),
        Fact("Provenance", content.provenance),
        Fact("Labelled by", content.labelled_by or "not provided"),
        Fact("Limitations stated", "; ".join(content.limitations) or "none"),
    ]
    if content.not_compared:
        facts.append(Fact("Independence not stated", "; ".join(content.not_compared)))
    if content.empty_splits:
        facts.append(Fact("Splits without sample", listed(content.empty_splits)))
    if content.not_counted:
        facts.append(Fact("Samples in no part of the domain, or not looked at", listed(content.not_counted)))
    if content.empty_cells:
        facts.append(Fact("Parts of the domain without sample", listed(content.empty_cells)))
    splits = [(item.name, item.use, str(item.count)) for item in content.splits]
    pairs = [(" and ".join(item.splits), str(item.overlap), item.method) for item in content.independence]
    cells = [(item.parameter, cell.name, str(cell.count)) for item in content.odd for cell in item.cells]
    return facts, [
        ("Splits", _bounded(("split", "use", "samples"), splits, 0, (False, False, True))),
        ("Independence of splits", _bounded(("splits", "samples in both", "found by"), pairs, 0, (False, True, False))),
        ("Samples over the domain", _bounded(("parameter", "part", "samples"), cells, 0, (False, False, True))),
    ]


def _training(content: TrainingLog) -> _Parts:
    steps = f"{content.first_step} to {content.last_step}" if content.first_step is not None else "none"
    facts = [
        Fact("Rows", f"{content.rows} ({content.step} {steps})"),
        Fact("Seeds", ", ".join(map(str, content.seeds)) or "not provided"),
        Fact("Environment", _pairs(content.environment) or "not provided"),
        Fact("Files it names", _pairs({key: short(value) for key, value in content.digests.items()}) or "none"),
    ]
    if content.settings:
        facts.append(Fact("Also stated", _pairs(content.settings)))
    rows = [
        (
            *(item.name, _value(item.first), _value(item.last), _value(item.least), _value(item.greatest)),
            str(item.not_finite),
        )
        for item in content.series
    ]
    heads = ("quantity", "first", "last", "least", "greatest", "not finite")
    return facts, [("Logged quantities", _bounded(heads, rows, 0, (False, True, True, True, True, True)))]


def _pairs(values: Mapping[str, str]) -> str:
    return ", ".join(f"{key} {value}" for key, value in sorted(values.items()))


def _value(value: float | None) -> str:
    return "not finite" if value is None else number(value)


def _problems(content: ProblemReportList) -> _Parts:
    standing = content.standing
    facts = [
        Fact("Problem reports", f"{len(content.problem_reports)}, of which {len(standing)} not closed"),
        Fact("Not closed and significant", str(sum(item.significant for item in standing))),
    ]
    ordered = sorted(content.problem_reports, key=lambda item: (not item.standing, not item.significant))
    rows = [
        (
            item.id,
            item.title,
            item.state,
            item.classification or "not classified: as significant",
            item.owner or "nobody",
        )
        for item in ordered
    ]
    return facts, [("Reports", _bounded(("id", "title", "state", "classification", "owner"), rows))]


def _plan(content: Plan) -> _Parts:
    form = {"markdown": "Markdown", "text": "plain text", "pdf": "PDF", "other": "not a text"}[content.form]
    facts = [Fact("Form", f"{form}, {content.size} {noun(content.size, 'byte')}")]
    if content.title:
        facts.append(Fact("Its own title", content.title))
    rows = [(str(item.line), f"{'– ' * (item.level - 1)}{item.text}") for item in content.headings]
    return facts, [("Headings", _bounded(("line", "heading"), rows, 0, (True, False)))]
