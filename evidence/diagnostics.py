"""Coded findings: one shape for everything that a check, a reader or a refusal has to say.

A `Code` is declared once, beside the check that raises it, and is never reused. Families by first letter:
C case file, N network and specification, E evidence, S support, L limits, G GSN structure, O objectives,
T traceability, P package, W words. `docs/checks.md` has a row for each (a test compares the two).
This module only carries findings; it prints nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

FAMILIES = {
    "C": "case file",
    "N": "network and specification",
    "E": "evidence",
    "S": "support of a claim",
    "L": "limits",
    "G": "GSN structure",
    "O": "objectives and coverage",
    "T": "traceability",
    "P": "review package",
    "W": "words",
}
_CODE = re.compile(r"[CNESLGOTPW][0-9]{3}")
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Characters that steer a terminal, or turn words round: names from a stranger's file may hold them."""


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: file, 1-based line and column, dotted field path, element identifier."""

    file: str | None = None
    line: int | None = None
    column: int | None = None
    field: str | None = None
    element: str | None = None

    def __str__(self) -> str:
        where = ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)
        if self.field:
            where += f" [{self.field}]" if where else self.field
        elif self.element:
            where += f" [{self.element}]" if where else self.element
        return where


@dataclass(frozen=True, slots=True)
class Finding:
    """One coded statement about the user's material."""

    code: str
    severity: Severity
    message: str
    place: Place = field(default_factory=Place)
    expected: str | None = None
    remedy: str | None = None
    clause: str | None = None

    def as_json(self) -> dict[str, object]:
        """The shape that `--json` prints (docs/schemas/findings.schema.json)."""
        return {
            "code": self.code,
            "severity": self.severity.value,
            "message": self.message,
            "clause": self.clause,
            "file": self.place.file,
            "line": self.place.line,
            "column": self.place.column,
            "field": self.place.field,
            "element": self.place.element,
            "expected": self.expected,
            "remedy": self.remedy,
        }

    def __str__(self) -> str:
        where = str(self.place)
        text = f"{where + ': ' if where else ''}{self.severity.value} {self.code}: {self.message}"
        if self.expected:
            text += f"\n    expected: {self.expected}"
        if self.remedy:
            text += f"\n    remedy:   {self.remedy}"
        return _STEERING.sub(lambda found: ascii(found[0])[1:-1], text)


@dataclass(frozen=True, slots=True)
class Code:
    """A registered kind of finding. `title` and `remedy` are its row in docs/checks.md."""

    id: str
    severity: Severity
    title: str
    remedy: str
    clause: str | None = None

    def finding(
        self,
        message: str,
        place: Place | None = None,
        *,
        expected: str | None = None,
        remedy: str | None = None,
        severity: Severity | None = None,
    ) -> Finding:
        """A finding of this kind; the code's own remedy and severity stand unless given."""
        return Finding(
            code=self.id,
            severity=severity or self.severity,
            message=message,
            place=place or Place(),
            expected=expected,
            remedy=remedy or self.remedy,
            clause=self.clause,
        )


_REGISTRY: dict[str, Code] = {}


def code(id: str, severity: Severity, title: str, remedy: str, clause: str | None = None) -> Code:
    """Declare a code. Raises ValueError for a malformed or re-used identifier: a programming error."""
    if not _CODE.fullmatch(id):
        raise ValueError(f"malformed code {id!r}")
    if id in _REGISTRY:
        raise ValueError(f"code {id} is declared twice")
    made = Code(id, severity, title, remedy, clause)
    _REGISTRY[id] = made
    return made


def registered() -> Iterator[Code]:
    """All codes declared by the modules imported so far, by identifier."""
    return iter(sorted(_REGISTRY.values(), key=lambda item: item.id))


def has_errors(findings: Iterable[Finding]) -> bool:
    """True when at least one finding is of error level."""
    return any(finding.severity is Severity.ERROR for finding in findings)
