"""Tidy placing of trees of blocks: subtrees are pushed together along their outlines (Reingold and Tilford).

A *contour* is the left and right outline of a placed subtree, as steps over y. Two neighbours are moved apart
just as far as their outlines demand, where they overlap in height, so that a short subtree may nest beside a
long one. Merging walks only the shorter of the two, so that a tree is placed in linear time; nothing recurses.
Knows rectangles only: no text, no GSN, no pages. Unit as in `shapes`; y grows downward, x = 0 at the origin of
whatever is being placed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Step = tuple[float, float, float]
"""From y, to y, x of the outline."""


@dataclass(slots=True)
class _Side:
    """One outline, deepest step first, with an offset that is applied lazily."""

    steps: list[Step]
    dx: float = 0.0
    dy: float = 0.0

    def cap(self, top: float, bottom: float, x: float) -> None:
        """Add one step above this side's."""
        self.steps.append((top - self.dy, bottom - self.dy, x - self.dx))

    def put_on_top(self, other: _Side) -> None:
        """Add the steps of `other`, which all lie above this side's."""
        dx, dy = other.dx - self.dx, other.dy - self.dy
        self.steps.extend([(top + dy, bottom + dy, x + dx) for top, bottom, x in other.steps])

    def cut_above(self, y: float) -> None:
        """Forget what lies above y."""
        y -= self.dy
        steps = self.steps
        while steps and steps[-1][1] <= y:
            steps.pop()
        if steps and steps[-1][0] < y:
            _, bottom, x = steps[-1]
            steps[-1] = (y, bottom, x)


@dataclass(slots=True)
class Contour:
    """The outline and the bounding box of a placed subtree; its top is at y = 0 until it is moved."""

    left: _Side
    right: _Side
    min_x: float
    max_x: float
    bottom: float
    places: Sequence[float] = ()
    """For a row: the x at which each member's origin was put."""

    @staticmethod
    def box(min_x: float, max_x: float, bottom: float, top: float = 0.0) -> Contour:
        """The contour of a rectangle."""
        return Contour(_Side([(top, bottom, min_x)]), _Side([(top, bottom, max_x)]), min_x, max_x, bottom)

    def move(self, dx: float, dy: float) -> None:
        """Move the whole subtree."""
        for side in (self.left, self.right):
            side.dx += dx
            side.dy += dy
        self.min_x += dx
        self.max_x += dx
        self.bottom += dy

    def cap(self, min_x: float, max_x: float, bottom: float, top: float) -> None:
        """Join with a rectangle that lies wholly above."""
        self.left.cap(top, bottom, min_x)
        self.right.cap(top, bottom, max_x)
        if min_x < self.min_x:
            self.min_x = min_x
        if max_x > self.max_x:
            self.max_x = max_x


def separation(left: Contour, right: Contour, gap: float) -> float:
    """How far `right` must be moved to the right to clear `left` by `gap` at every height they share."""
    a, b = left.right, right.left
    i, j = len(a.steps) - 1, len(b.steps) - 1
    ax, ay, bx, by = a.dx, a.dy, b.dx, b.dy
    need = float("-inf")
    while i >= 0 and j >= 0:
        top_a, bottom_a, x_a = a.steps[i]
        top_b, bottom_b, x_b = b.steps[j]
        low_a, low_b = bottom_a + ay, bottom_b + by
        if top_a + ay < low_b and top_b + by < low_a:
            need = max(need, x_a + ax + gap - x_b - bx)
        if low_a <= low_b:
            i -= 1
        if low_b <= low_a:
            j -= 1
    return need


def merge(left: Contour, right: Contour) -> Contour:
    """One contour for two that stand side by side with a common top; both are used up."""
    if right.bottom > left.bottom:
        right.left.cut_above(left.bottom)
        right.left.put_on_top(left.left)
        outer_left, outer_right = right.left, right.right
    else:
        left.right.cut_above(right.bottom)
        left.right.put_on_top(right.right)
        outer_left, outer_right = left.left, left.right
    return Contour(
        outer_left,
        outer_right,
        min(left.min_x, right.min_x),
        max(left.max_x, right.max_x),
        max(left.bottom, right.bottom),
    )


def row(members: list[Contour], gap: float) -> Contour:
    """Subtrees side by side, tops aligned, origin of the first at x = 0; `places` tells where each one went."""
    whole = members[0]
    places = [0.0]
    for member in members[1:]:
        shift = separation(whole, member, gap)
        member.move(shift, 0.0)
        places.append(shift)
        whole = merge(whole, member)
    whole.places = places
    return whole
