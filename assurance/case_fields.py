"""Kinds of fields that sections of the case file share: identifiers, texts, reasons, dates, paths.

Types with their checks only; what is declared with them stands in `case.py` and the modules of its sections.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from evidence.day import Day

Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,63}$")]
"""An identifier: a letter, then letters, digits, dot, dash, underscore."""
Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Rationale = Annotated[str, StringConstraints(min_length=15, strip_whitespace=True)]
"""A reason that a reader can weigh: at least a short sentence."""


def _relative(value: str) -> str:
    if value.startswith(("/", "\\")) or re.match(r"^[A-Za-z]:", value) or ".." in re.split(r"[/\\]", value):
        raise ValueError(f"{value!r} leaves the case folder: write a path relative to the case file, without '..'")
    if not value.isprintable():
        raise ValueError(f"{value!r} holds control characters")
    return value


RelativePath = Annotated[str, StringConstraints(min_length=1, max_length=400), AfterValidator(_relative)]
IsoDate = Day
