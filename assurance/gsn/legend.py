"""The key below a diagram: which signs it explains and in how many rows they fit. Drawn in `svg`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from assurance.gsn import text
from assurance.gsn.shapes import SIZE, STATUS_WORDS

ROW: Final = 14.0
SYMBOL: Final = 20.0
"""Width kept for the sign in front of each word."""
_GAP: Final = 12.0

KEYS: Final = (
    ("Goal", "goal"),
    ("Strategy", "strategy"),
    ("Solution", "solution (evidence)"),
    ("Context", "context"),
    ("Assumption", "assumption"),
    ("Justification", "justification"),
    ("supported_by", "supported by"),
    ("in_context_of", "in context of"),
    ("undeveloped", "not developed"),
    ("uninstantiated", "to be instantiated"),
    ("transfer", "goes on, or comes from, there"),
    *((f"status:{word}", word) for word in STATUS_WORDS),
)
"""Everything that can be explained: a key, and the words beside its sign."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One sign of the key and the left end of its row cell."""

    key: str
    words: str
    x: float


def rows(keys: frozenset[str] | None, width: float) -> list[list[Entry]]:
    """The entries for some keys (None: all) in rows no wider than `width`, in points."""
    laid: list[list[Entry]] = []
    x = width
    for key, words in KEYS:
        if keys is not None and key not in keys:
            continue
        wide = SYMBOL + 4.0 + text.width(words, SIZE) + _GAP
        if not laid or x + wide - _GAP > width:
            laid.append([])
            x = 0.0
        laid[-1].append(Entry(key, words, x))
        x += wide
    return laid


def height(width: float) -> float:
    """Height of the whole key, in points, so that a page can keep room for it."""
    return ROW * len(rows(None, width)) + 4.0
