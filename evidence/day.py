"""A date as records and case files write it: one way only, as text, so that it reads the same everywhere."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import AfterValidator


def _day(value: str) -> str:
    try:
        if date.fromisoformat(value).isoformat() == value:
            return value
    except ValueError:
        pass
    raise ValueError(f"{value!r} is no date: write it as 2026-01-31")


Day = Annotated[str, AfterValidator(_day)]
"""A calendar day in ISO 8601's extended form."""
