"""The error tree: what a user did or gave that stops the work, with the place and the remedy.

Each error carries one `Finding`, so that a command prints refusals and check results alike. Programming
errors are not part of the tree: they reach the command line as internal errors (exit code 3).
"""

from __future__ import annotations

from typing import Self

from evidence.diagnostics import Code, Finding, Place


class AssuranceError(Exception):
    """A condition that the user can mend. `finding` says what, where, what was expected, how to mend."""

    exit_code = 2

    def __init__(self, finding: Finding, *others: Finding) -> None:
        super().__init__(finding.message)
        self.findings: tuple[Finding, ...] = (finding, *others)

    @classmethod
    def of(
        cls,
        code: Code,
        message: str,
        place: Place | None = None,
        *,
        expected: str | None = None,
        remedy: str | None = None,
    ) -> Self:
        """Build the error from a registered code."""
        return cls(code.finding(message, place, expected=expected, remedy=remedy))

    @property
    def finding(self) -> Finding:
        return self.findings[0]


class InputError(AssuranceError):
    """A file that the user gave cannot be used (missing, malformed, wrong digest, wrong shape)."""


class UnsupportedError(AssuranceError):
    """What is asked for is well formed but outside what the tool can do; nothing is guessed."""


class StoreError(AssuranceError):
    """The evidence store holds something other than what its name promises."""


class MissingLibraryError(AssuranceError):
    """An optional library or system library is absent; the remedy says what to install."""
