"""Which pages share a sheet: neighbours in reading order that leave each other room.

A branch that runs deep fills the height of its page and little of its width. Here consecutive pages are put on one
sheet where they fit side by side, at no smaller text than a page of its own may have, so that the fewest sheets are
left; among plans with as few sheets the one counts that leaves the fewest jumps from one sheet to another, then the
one whose sheets are most equally full. Knows frames only: each page comes in several forms, wide and low or narrow
and high. The order stays, each branch stays whole, and nothing is cut: that is done in `paging`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

MOST: Final = 8
"""How many pages share a sheet at most: more side by side are no longer read in order."""
_BETWEEN: Final = 24.0
"""Free space between two of them."""


class Form(NamedTuple):
    """One way to draw a page's tree: where its rows break, and the frame that comes of it."""

    row_width: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Sheet:
    """Pages together: the form of each and the place of its frame, and the frame of all."""

    forms: tuple[Form, ...]
    places: tuple[tuple[float, float], ...]
    width: float
    height: float


def sheet(pages: Sequence[Sequence[Form]], room: tuple[float, float], largest: float) -> Sheet | None:
    """Put pages on one sheet of that size, in rows from left to right; None where they have no room.

    Each page is given by its forms, widest first. Where there is room to spare, frames are kept small enough to be
    set up to `largest` times as large.
    """
    for times in (largest, (2 * largest + 1) / 3, (largest + 2) / 3, 1.0):
        found = _rows(pages, room[0] / times, room[1] / times)
        if found is not None:
            return found
    return None


def _rows(pages: Sequence[Sequence[Form]], wide: float, high: float) -> Sheet | None:
    """The lowest way to put pages in rows of that width."""
    # plans[n]: height, forms and rows of the first n pages
    plans: list[tuple[float, list[list[Form]]] | None] = [(0.0, [])]
    for end in range(1, len(pages) + 1):
        best = None
        for first in range(end - 1, -1, -1):
            row = _row(pages[first:end], wide)
            if row is None:
                break
            before = plans[first]
            if before is not None:
                low = before[0] + max([form.height for form in row]) + (_BETWEEN if first else 0.0)
                if low <= high and (best is None or low < best[0]):
                    best = (low, [*before[1], row])
        plans.append(best)
    plan = plans[-1]
    if plan is None:
        return None
    places: list[tuple[float, float]] = []
    y = across = 0.0
    for row in plan[1]:
        x = 0.0
        for form in row:
            places.append((x, y))
            x += form.width + _BETWEEN
        across = max(across, x - _BETWEEN)
        y += max([form.height for form in row]) + _BETWEEN
    return Sheet(tuple(form for row in plan[1] for form in row), tuple(places), across, plan[0])


def _row(pages: Sequence[Sequence[Form]], wide: float) -> list[Form] | None:
    """The lowest row of that width, of each page the widest form that is no higher; None where none is narrow enough."""
    room = wide - _BETWEEN * (len(pages) - 1)
    if sum([min([form.width for form in forms]) for forms in pages]) > room:
        return None
    for height in sorted({form.height for forms in pages for form in forms}):
        row = [min([form for form in forms if form.height <= height], default=None, key=_width) for forms in pages]
        fitting = [form for form in row if form is not None]
        if len(fitting) == len(pages) and sum([form.width for form in fitting]) <= room:
            return fitting
    return None


def _width(form: Form) -> float:
    return form.width


def divided(count: int, fits: Callable[[int, int], float | None], jumps: Callable[[int, int], int]) -> list[int]:
    """How many consecutive pages go on each sheet.

    `fits` tells for pages from one number up to another how full their sheet is, None where they have no room;
    `jumps` counts how many of them are not reached from others among them. One page alone always fits.
    """
    # from the end: the best way to put a page and all that follow on sheets
    plans: list[tuple[int, int, float, int]] = [(0, 0, 0.0, 0)]
    for first in range(count - 1, -1, -1):
        best: tuple[int, int, float, int] | None = None
        for end in range(first + 1, min(first + MOST, count) + 1):
            used = fits(first, end)
            if used is None:
                break
            sheets, left, squares, _ = plans[count - end]
            plan = (sheets + 1, left + jumps(first, end), squares + used * used, end - first)
            if best is None or plan < best:
                best = plan
        assert best is not None
        plans.append(best)
    shares: list[int] = []
    while sum(shares) < count:
        shares.append(plans[count - sum(shares)][3])
    return shares
