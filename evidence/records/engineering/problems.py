"""Problem reports as people record them. Not here: those that evidence opens (assurance/problems.py)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from evidence.records.engineering.common import Day, Long, Short, Shows
from evidence.specification import Frozen


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
