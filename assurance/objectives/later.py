"""Digests that are worked out when somebody asks for them, and once.

What acceptances are tied to is long: all declarations, all records behind a standing. Hashing it takes as long as deriving
the statuses, and most who look at statuses never ask for it. Not here: what is hashed (acceptance.py).
"""

from __future__ import annotations

from collections.abc import Callable


class Later:
    """Call it for the digest. Equal to any other that gives the same."""

    __slots__ = ("_digest", "_work")

    def __init__(self, work: Callable[[], str]) -> None:
        """`work`: derives the digest from what does not change any more."""
        self._work = work
        self._digest: str | None = None

    def __call__(self) -> str:
        if self._digest is None:
            self._digest = self._work()
        return self._digest

    def __eq__(self, other: object) -> bool:
        return self() == other() if isinstance(other, Later) else NotImplemented

    def __hash__(self) -> int:
        return hash(self())
