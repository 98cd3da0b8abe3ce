"""Requirement lists of other tools."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from evidence.records.engineering.common import Count, Long, Short, Shows
from evidence.specification import Frozen


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
