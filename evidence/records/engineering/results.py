"""Results of tests: counts, and a note on each test that did not simply pass."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from evidence.records.engineering.common import Count, Day, Short, Shows
from evidence.specification import Frozen


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
    """Listed cases whose name stands before them: repetitions, of which some runners tell no more than this, or one test
    that is counted more than once."""
    unlisted: Count = 0
    """Failures and errors that headers state beyond the listed cases."""
    first_day: Day | None = None
    """On which the first and the last of them ran, as far as the report tells."""
    last_day: Day | None = None
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
        doubts = self.skipped or self.flaky or self.repeated or self.disagreements
        return Shows.PARTLY if doubts else Shows.PASSES

    @model_validator(mode="after")
    def _coherent(self) -> TestResults:
        if self.tests != self.passed + self.failures + self.errors + self.skipped or self.flaky > self.passed:
            raise ValueError("the counts of test results do not add up")
        return self
