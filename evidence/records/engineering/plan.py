"""Plans and other documents of which only identity and headings are known."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from evidence.records.engineering.common import Count, Short, Shows
from evidence.specification import Frozen


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
        blank = self.form == "text" and self.title is None
        return Shows.NOTHING if blank or not self.size else Shows.STATES
