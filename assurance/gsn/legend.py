"""The key below a diagram: which signs it explains and in how many rows they fit. Drawn in `svg`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from assurance.gsn import text
from assurance.gsn.shapes import SIZE, STATUS_WORDS

ROW: Final = 14.0
WIDE: Final = 20.0
NARROW: Final = 12.0
"""Widths of the cells in which signs are drawn."""
_AFTER_SIGN: Final = 4.0
_GAP: Final = 12.0
_LETTER: Final = 6.0

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
    ("transfer", "continued on or from that page"),
    ("more", "so many more below"),
    *((f"status:{word}", word) for word in STATUS_WORDS),
)
"""Everything that can be explained: a key, and the words beside its sign."""


_WIDE_SIGNS: Final = frozenset(
    {"Goal", "Strategy", "Context", "Assumption", "Justification", "supported_by", "in_context_of"}
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One sign of the key: the left end and width of its cell, and the left end of the words beside it."""

    key: str
    words: str
    x: float
    wide: float
    words_x: float


def rows(keys: frozenset[str] | None, width: float) -> list[list[Entry]]:
    """The entries for some keys (None: all) in rows no wider than `width`, in points."""
    laid: list[list[Entry]] = []
    x = width
    for key, words in KEYS:
        if keys is not None and key not in keys:
            continue
        cell = WIDE if key in _WIDE_SIGNS else NARROW
        before = cell + _AFTER_SIGN + (_LETTER if key in ("Assumption", "Justification") else 0.0)
        whole = before + text.width(words, SIZE)
        if not laid or x + whole > width:
            laid.append([])
            x = 0.0
        laid[-1].append(Entry(key, words, x, cell, x + before))
        x += whole + _GAP
    return laid


def height(width: float) -> float:
    """Height of the whole key, in points, so that a page can keep room for it."""
    return ROW * len(rows(None, width)) + 4.0
