"""Review records: of what, by whom, with which questions, findings and result."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from evidence.digest import Digest
from evidence.names import folded_name
from evidence.records.engineering.common import Day, Long, Short, Shows
from evidence.specification import Frozen


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
        return folded_name(self.author) in {folded_name(name) for name in self.reviewers}

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
