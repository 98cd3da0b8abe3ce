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
    ("AwayGoal", "goal of another module"),
    ("AwaySolution", "solution of another module"),
    ("AwayContext", "context of another module"),
    ("AwayAssumption", "assumption of another module"),
    ("AwayJustification", "justification of another module"),
    ("Module", "module"),
    ("Contract", "contract between modules"),
    ("public", "visible to other modules"),
    ("by_contract", "support left to a contract"),
    ("many", "as many as the label says (1 or more)"),
    ("optional", "may be left out"),
    ("choice", "choice among branches"),
    ("claim_point", "confidence argued under this name"),
    ("challenges", "challenges"),
    ("defeated", "defeated"),
    ("transfer", "continued on or from that page"),
    ("more", "so many more below"),
    *((f"status:{word}", word) for word in STATUS_WORDS),
)
"""Everything that can be explained: a key, and the words beside its sign."""


_WIDE_SIGNS: Final = frozenset(
    {
        *("Goal", "Strategy", "Context", "Assumption", "Justification", "supported_by", "in_context_of", "challenges"),
        *("AwayGoal", "AwaySolution", "AwayContext", "AwayAssumption", "AwayJustification", "Module", "Contract"),
    }
)
_CORE: Final = frozenset(
    {
        *("Goal", "Strategy", "Solution", "Context", "Assumption", "Justification", "supported_by", "in_context_of"),
        *("undeveloped", "uninstantiated", "transfer", "more"),
        *(f"status:{word}" for word in STATUS_WORDS),
    }
)
"""What every page keeps room for."""


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
        before = (
            cell
            + _AFTER_SIGN
            + (_LETTER if key in ("Assumption", "Justification", "AwayAssumption", "AwayJustification") else 0.0)
        )
        whole = before + text.width(words, SIZE)
        if not laid or x + whole > width:
            laid.append([])
            x = 0.0
        laid[-1].append(Entry(key, words, x, cell, x + before))
        x += whole + _GAP
    return laid


def height(width: float, keys: frozenset[str] = frozenset()) -> float:
    """Height of the key with the signs of core GSN and some further ones, so that a page can keep room for it."""
    return ROW * len(rows(_CORE | keys, width)) + 4.0
