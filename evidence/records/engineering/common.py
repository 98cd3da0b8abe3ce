"""What contents of all kinds share: bounded texts and counts, formats, and the word for what a document shows."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from evidence.day import Day

Format = Literal[
    "junit", "cobertura", "requirements-csv", "reqif", "review", "dataset-report", "training-log", "problem-reports",
    "plan",
]  # fmt: skip
"""How a document is to be read (docs/engineering-evidence.md)."""

__all__ = ["MAX_COUNT", "Count", "Day", "Format", "Long", "Short", "Shows"]

MAX_COUNT = 10**12
Count = Annotated[int, Field(ge=0, le=MAX_COUNT)]
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
