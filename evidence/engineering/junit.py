"""JUnit XML: what a test runner reports. Read as a stream, so that captured output does not matter.

The format has no owner. Understood are the forms of pytest, Maven Surefire, Gradle, GoogleTest, CTest, Catch2 and their
like: suites in suites; words about a case as elements in it, or as its `status`, `result` or `outcome`; repetitions.
Counts are made from the cases; what a header states can only make the result worse. A status word that is not known
counts as an error. Of times only the days are kept; hosts and properties are not read.
Not here: which requirement a test is about; the document's declaration says that.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from hashlib import blake2b
from typing import ClassVar, Literal

from evidence.engineering.source import E_LARGE, Source
from evidence.engineering.xml_events import XmlEvents, shortened
from evidence.records.engineering import MAX_COUNT, TestNote, TestResults

MAX_CASES = 1_000_000
MAX_NOTES = 200
MAX_DISAGREEMENTS = 20

Outcome = Literal["passed", "failure", "error", "skipped", "flaky"]
_ORDER: tuple[Outcome, ...] = ("passed", "flaky", "skipped", "failure", "error")
"""The worst word about a case counts."""
_WORDS: dict[str, Outcome] = {
    **dict.fromkeys(("run", "passed", "pass", "ok", "success", "successful", "completed"), "passed"),
    **dict.fromkeys(("flakyfailure", "flakyerror", "flaky", "rerun"), "flaky"),
    **dict.fromkeys(("notrun", "disabled", "skipped", "skip", "suppressed", "ignored", "notexecuted"), "skipped"),
    **dict.fromkeys(("pending", "inconclusive", "incomplete", "todo", "notimplemented"), "skipped"),
    **dict.fromkeys(("fail", "failed", "failure", "rerunfailure"), "failure"),
    **dict.fromkeys(("error", "errored", "rerunerror", "broken", "timeout", "crashed", "aborted"), "error"),
}
"""Words about a case, as the names of elements or the values of attributes, in small letters without signs between."""
_LEFT_OUT = ("skipped", "skips", "disabled", "ignored", "notrun", "not-run", "inconclusive", "incomplete")
"""What headers call the tests that were not run: some tools count a test under two of these."""


@dataclass(slots=True)
class _Tally:
    tests: int = 0
    bad: int = 0
    skipped: int = 0
    repeated: int = 0
    own: int = 0
    """Without those of inner suites."""


@dataclass(slots=True)
class _Suite:
    name: str
    line: int
    tests: int | None
    bad: int | None
    """Failures and errors that the header states."""
    left_out: int
    """Tests not run, as the header states."""
    counted: _Tally = field(default_factory=_Tally)


@dataclass(slots=True)
class _Case:
    name: str
    line: int
    depth: int
    outcome: Outcome
    message: str
    repeated: bool = False


def read_junit(source: Source) -> TestResults:
    """Test results from JUnit XML. Raises InputError E160-E165 with the line."""
    reader = _JUnit(source)
    reader.run()
    return reader.result()


class _JUnit(XmlEvents):
    roots: ClassVar[frozenset[str]] = frozenset({"testsuites", "testsuite"})
    form: ClassVar[str] = "JUnit XML: <testsuites> or <testsuite> with <testcase> elements"

    def __init__(self, source: Source) -> None:
        super().__init__(source)
        self.counts: dict[Outcome, int] = dict.fromkeys(_ORDER, 0)
        self.suites = 0
        self.cases = 0
        self.unlisted = 0
        self.repeated = 0
        self.disagreements: list[str] = []
        self.notes: dict[str, list[TestNote]] = {"bad": [], "other": []}
        self.noted = 0
        self.days: list[str] = []
        """The first and the last on which something ran."""
        self._open: list[_Suite] = []
        self._case: _Case | None = None
        self._names: set[int] = set()

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        case = self._case
        if case is not None:
            if tag in ("testcase", "testsuite", "testsuites"):
                raise self.wrong(f"a <{tag}> stands inside a <testcase>")
            outcome = _WORDS.get(_plain(tag))
            if outcome is not None:
                self._worse(case, outcome, attributes.get("message", ""))
        elif tag in ("testsuites", "testsuite"):
            self._suite(tag, attributes)
        elif tag == "testcase":
            self._begin(attributes)
        elif self._open and (outcome := _WORDS.get(_plain(tag))) in ("failure", "error"):
            # a suite that could not be set up: a failure of no listed case
            self._settle(_Case(self._open[-1].name, self.line, 0, outcome, attributes.get("message", "")))

    def end(self, tag: str) -> None:
        if tag == "testcase" and self._case is not None and self.depth == self._case.depth:
            self._settle(self._case)
            self._case = None
        elif tag in ("testsuites", "testsuite") and self._case is None:
            self._close(self._open.pop())

    def result(self) -> TestResults:
        counts = self.counts
        notes = [*self.notes["bad"], *self.notes["other"]][:MAX_NOTES]
        return TestResults(
            suites=self.suites,
            tests=sum(counts.values()),
            passed=counts["passed"] + counts["flaky"],
            failures=counts["failure"],
            errors=counts["error"],
            skipped=counts["skipped"],
            flaky=counts["flaky"],
            repeated=self.repeated,
            unlisted=min(self.unlisted, MAX_COUNT),
            first_day=self.days[0] if self.days else None,
            last_day=self.days[-1] if self.days else None,
            disagreements=tuple(self.disagreements),
            notes=tuple(notes),
            left_out=self.noted - len(notes),
        )

    def _suite(self, tag: str, attributes: dict[str, str]) -> None:
        self.suites += tag == "testsuite"
        self._day(attributes.get("timestamp", ""))
        stated = [self.count(attributes, name) for name in ("failures", "errors")]
        bad = sum(item or 0 for item in stated) if any(item is not None for item in stated) else None
        left_out = max(self.count(attributes, name) or 0 for name in _LEFT_OUT)
        name = shortened(attributes.get("name", ""), 200) or tag
        self._open.append(_Suite(name, self.line, self.count(attributes, "tests"), bad, left_out))

    def _day(self, timestamp: str) -> None:
        if timestamp and timestamp[:10] not in self.days and timestamp[10:11] in ("T", " ", ""):
            with suppress(ValueError):
                day = date.fromisoformat(timestamp[:10]).isoformat()
                self.days = [min([*self.days, day]), max([*self.days, day])]

    def _begin(self, attributes: dict[str, str]) -> None:
        if not self._open:
            raise self.wrong("a <testcase> stands outside of a suite")
        self._day(attributes.get("timestamp", ""))
        where, name = attributes.get("classname", ""), attributes.get("name", "")
        key = int.from_bytes(blake2b(f"{where}\0{name}".encode(), digest_size=8).digest())
        repeated = key in self._names
        self.repeated += repeated
        self._names.add(key)
        shown = shortened(f"{where}.{name}" if where else name, 300) or "(without a name)"
        case = _Case(shown, self.line, self.depth, "passed", "", repeated)
        for attribute in ("status", "result", "outcome"):
            word = attributes.get(attribute, "").strip()
            if word:
                known = _WORDS.get(_plain(word))
                self._worse(case, known or "error", "" if known else f"its {attribute} {word[:40]!r} is not known")
        self._case = case

    def _worse(self, case: _Case, outcome: Outcome, message: str) -> None:
        if _ORDER.index(outcome) > _ORDER.index(case.outcome) or (outcome == case.outcome and not case.message):
            case.outcome, case.message = outcome, shortened(message, 300)

    def _settle(self, case: _Case) -> None:
        self.cases += 1
        if self.cases > MAX_CASES:
            raise self.source.refuse(E_LARGE, f"more than {MAX_CASES} test cases", self.line)
        self.counts[case.outcome] += 1
        bad = case.outcome in ("failure", "error")
        for suite in self._open:
            suite.counted.tests += 1
            suite.counted.bad += bad
            suite.counted.skipped += case.outcome == "skipped"
            suite.counted.repeated += case.repeated
        self._open[-1].counted.own += 1
        if case.outcome == "passed":
            return
        self.noted += 1
        held = self.notes["bad" if bad else "other"]
        if len(held) < MAX_NOTES:
            name, message = shortened(case.name, 400), shortened(case.message, 400)
            held.append(TestNote(name=name, outcome=case.outcome, message=message, line=case.line))

    def _close(self, suite: _Suite) -> None:
        counted = suite.counted
        said = []
        # a case listed twice may be one test, and some tools leave inner suites out of a header
        fewest = counted.tests - counted.repeated
        if suite.tests is not None and suite.tests != counted.own and not fewest <= suite.tests <= counted.tests:
            said.append(f"states {suite.tests} tests, lists {counted.tests}")
        if suite.left_out > counted.skipped:
            said.append(f"states {suite.left_out} tests not run, lists {counted.skipped}")
            for item in self._open:
                item.counted.skipped += suite.left_out - counted.skipped
        if suite.bad is not None and suite.bad > counted.bad:
            said.append(f"states {suite.bad} failures and errors, lists {counted.bad}")
            missing = suite.bad - counted.bad
            self.unlisted += missing
            for item in self._open:  # what an inner header has told is not told again by those around it
                item.counted.bad += missing
        if said and len(self.disagreements) < MAX_DISAGREEMENTS:
            self.disagreements.append(shortened(f"{suite.name} (line {suite.line}) {' and '.join(said)}", 300))


def _plain(word: str) -> str:
    return re.sub(r"[\s_-]", "", word).casefold()
