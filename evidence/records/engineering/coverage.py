"""Structural coverage: how much of which criterion, and what was not reached.

What was excluded from measuring (marks in the source, files that were left out) no form that is read tells, so that it
is no field here; the limits say it.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from evidence.records.engineering.common import Count, Short, Shows
from evidence.specification import Frozen


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
    def measures(self) -> tuple[tuple[Criterion, int, int], ...]:
        """What was measured, with counts: criterion, covered, of how many. A share without counts, and branches without
        numbers, are no measure; MC/DC and decisions are here only where the file counts them under these names."""
        found = ((item, self.measure(item)) for item in CRITERIA)
        return tuple((item, measure.covered, measure.of) for item, measure in found if measure)

    @property
    def complete(self) -> tuple[Criterion, ...]:
        """The criteria of which nothing is left uncovered. Empty where totals and lines disagree."""
        if self.disagreements:
            return ()
        return tuple(
            item for item, covered, of in self.measures if covered == of and not (item == "branch" and self.uncounted)
        )

    @property
    def absent(self) -> tuple[Criterion, ...]:
        """Criteria that the file says nothing of."""
        return tuple(item for item in CRITERIA if self.measure(item) is None and item not in self.rates)

    @property
    def shows(self) -> Shows:
        found = [measure for item in CRITERIA if (measure := self.measure(item))]
        if not any(measure.covered for measure in found):
            return Shows.NOTHING
        open_ = self.uncounted or any(rate < 1 for rate in self.rates.values())
        return Shows.PASSES if not open_ and self.complete == self.measured else Shows.PARTLY
