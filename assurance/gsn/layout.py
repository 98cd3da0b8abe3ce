"""From an argument to pages: one picture of everything, or a set of pages that can be read on paper.

`layout` gives one picture, `pages` a set: an overview, then a page for each branch. A branch is cut where it does
not fit; the cut element carries the standard's off-diagram triangle (GSN 1:2.2.20, not the undeveloped diamond)
and is repeated, whole, at the top of its own page. An element with several parents is developed once; where it
occurs again it is repeated with the mark "repeated" and a triangle that tells where its support is shown. Every
element stands in full on at least one page; nothing overlaps and nothing leaves the page. Text is never printed
smaller than 6.5 points. The same argument gives the same pages.
Colours, status and links belong to `svg`: they never move a layout.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from assurance.gsn import legend, text
from assurance.gsn.elements import CONTEXTUAL, Element, ElementType
from assurance.gsn.hierarchy import Hierarchy
from assurance.gsn.model import Argument
from assurance.gsn.nodes import Builder, names_of, nodes_of
from assurance.gsn.paging import HEADER, MIN_SCALE, POINTS_PER_MM, Draft, PageKind, paginate
from assurance.gsn.shapes import SIZE, SLANT, Limits, Shape
from assurance.gsn.tree import MARK_ROW, TRANSFER, TRIANGLE, Node, arrange, decorator_height
from assurance.gsn.wires import Spot, Wire, spots, wires

__all__ = ["A3", "A4", "HEADER", "MIN_SCALE", "POINTS_PER_MM", "Box", "Page", "PageKind", "Role", "Transfer"]
__all__ += ["layout", "pages"]

A4: Final = (297.0, 210.0)
A3: Final = (420.0, 297.0)
SMALLEST_PAGE_MM: Final = (180.0, 140.0)
_PICTURE_ROW: Final = 2400.0
"""Least width at which a row of supporting elements is broken in a picture."""
_NARROWEST_PICTURE: Final = 400.0
_MARGIN: Final = 20.0
_LINKS_SHOWN: Final = 4


class Role(StrEnum):
    """How an element occurs on a page."""

    FULL = "full"
    """Whole, with all that hangs on it (on a page in parts: a share of it)."""
    CUT = "cut"
    """Whole, but what hangs on it is on a page of its own."""
    REPEATED = "repeated"
    """A copy: the element stands in full elsewhere."""
    BRIEF = "brief"
    """Abridged, on the overview."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """An off-diagram triangle with its label; corners in the unit of the boxes."""

    triangle: tuple[tuple[float, float], tuple[float, float], tuple[float, float]]
    label: str
    label_x: float
    label_y: float
    page: int | None
    """The page that is meant; None on the overview, where the label counts what is not shown."""


@dataclass(frozen=True, slots=True)
class Box:
    """An element in its place; `x`, `y` is the shape's top left corner, in units (points at scale 1)."""

    element: Element
    shape: Shape
    x: float
    y: float
    role: Role
    copy: bool
    """True where the element stands in full elsewhere, or is continued."""
    anchor: bool
    """True for the one occurrence in the page set that links lead to."""
    page: int
    """The page on which the element stands in full."""
    below: Transfer | None = None
    above: Transfer | None = None
    note: str = ""
    """Challenges that no arrow shows, as the shape says them."""
    points: int = 0
    """How many claim points hang below the shape."""

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom of the shape with its decorator."""
        low = self.y + self.shape.height + decorator_height(self.element) + MARK_ROW * self.points
        return self.x, self.y, self.x + self.shape.width, low


class Diamond(NamedTuple):
    """A choice in its place: the frame of the diamond, and its label."""

    x: float
    y: float
    width: float
    height: float
    label: str


@dataclass(frozen=True, slots=True)
class Page:
    """One page: boxes and wires in units; `scale` and `origin` (points) put them on the paper."""

    kind: PageKind
    number: int
    total: int
    title: str
    part: tuple[int, int]
    """Which part of how many, for an element with too much support for one page."""
    width_mm: float
    height_mm: float
    margin: float
    """Points left free at each side."""
    scale: float
    origin: tuple[float, float]
    boxes: tuple[Box, ...]
    wires: tuple[Wire, ...]
    spots: tuple[Spot, ...] = ()
    choices: tuple[Diamond, ...] = ()


def layout(argument: Argument) -> Page:
    """One picture of the whole argument at scale 1, as large as it needs to be (for zooming, not for paper)."""
    hierarchy = Hierarchy(argument, crowd=len(argument.relations))
    build = Builder(hierarchy, Limits())
    node = build.everything()
    area = sum((item.shape.width + 40.0) * (item.shape.height + 50.0) for item in nodes_of(node))
    width, height = arrange(node, max(_PICTURE_ROW, 1.8 * math.sqrt(area)))
    inner = max(width, _NARROWEST_PICTURE)
    high = height + HEADER + legend.height(inner, hierarchy.keys())
    size_mm = ((inner + 2 * _MARGIN) / POINTS_PER_MM, (high + 2 * _MARGIN) / POINTS_PER_MM)
    return _finish(argument, hierarchy, [Draft(PageKind.WHOLE, node, 1.0, width, height)], size_mm, _MARGIN)[0]


def pages(argument: Argument, size_mm: tuple[float, float] = A4, margin_mm: float = 6.0) -> list[Page]:
    """The argument on pages of a size, an overview first where one page does not hold all.

    Raises ValueError for a page below `SMALLEST_PAGE_MM`, on which shapes have no room; with much notation on lines
    (choices, claim points, notes) A5 may be too small, too.
    """
    if size_mm[0] < SMALLEST_PAGE_MM[0] or size_mm[1] < SMALLEST_PAGE_MM[1]:
        raise ValueError(f"page of {size_mm} mm is below the smallest, {SMALLEST_PAGE_MM} mm")
    margin = margin_mm * POINTS_PER_MM
    hierarchy = Hierarchy(argument)
    return _finish(argument, hierarchy, paginate(hierarchy, size_mm, margin), size_mm, margin)


# -- numbering and links ----------------------------------------------------------------------------------


def _finish(
    argument: Argument, hierarchy: Hierarchy, drafts: list[Draft], size_mm: tuple[float, float], margin: float
) -> list[Page]:
    """Number the pages and label the triangles, now that every element has its page."""
    home: dict[str, int] = {}
    seen_on: dict[str, list[int]] = {}
    for number, draft in enumerate(drafts, 1):
        if draft.kind is not PageKind.OVERVIEW:
            for node in nodes_of(draft.node):
                if node.element is not None and not node.repeated and not node.transfer:
                    home[node.element.id] = number
                elif node.element is not None and node.transfer:
                    seen_on.setdefault(node.element.id, []).append(number)
    inner = size_mm[0] * POINTS_PER_MM - 2 * margin
    result = []
    for number, draft in enumerate(drafts, 1):
        page = Page(
            kind=draft.kind,
            number=number,
            total=len(drafts),
            title=argument.title or argument.module,
            part=draft.part,
            width_mm=size_mm[0],
            height_mm=size_mm[1],
            margin=margin,
            scale=draft.scale,
            origin=(margin + (inner - draft.width * draft.scale) / 2, margin + HEADER),
            boxes=tuple(_boxes(hierarchy, draft, number, home, seen_on)),
            wires=tuple(wires(draft.node)),
            spots=tuple(spots(draft.node)),
            choices=tuple(
                Diamond(node.x, node.y, node.shape.width, node.shape.height, node.label)
                for node in nodes_of(draft.node)
                if node.choice
            ),
        )
        result.append(page)
    return result


def _boxes(
    hierarchy: Hierarchy, draft: Draft, number: int, home: dict[str, int], seen_on: dict[str, list[int]]
) -> Iterator[Box]:
    nodes = [node for node in nodes_of(draft.node) if node.element is not None]
    shown = set(names_of(draft.node))
    brief = draft.kind is PageKind.OVERVIEW
    for node in nodes:
        element = node.element
        assert element is not None
        role = Role.FULL
        if brief:
            role = Role.BRIEF
        elif node.repeated:
            role = Role.REPEATED
        elif node.transfer:
            role = Role.CUT
        below = above = None
        if node.transfer and brief:
            # what hangs on a repeated element is counted where it stands first
            reached = hierarchy.reachable([element.id]) - shown
            hidden = [item for item in reached if hierarchy.argument[item].type not in CONTEXTUAL]
            below = _below(node, f"+{len(hidden)}", None) if hidden else None
        elif node.transfer:
            target = home[element.id]
            below = _below(node, "this page" if target == number else f"page {target}", target)
        if node.arrival and seen_on.get(element.id):
            above = _above(node, seen_on[element.id], number, _LINKS_SHOWN if node is draft.node else 1)
        yield Box(
            element=element,
            shape=node.shape,
            x=node.x,
            y=node.y,
            role=role,
            copy=node.repeated,
            anchor=role is Role.FULL,
            page=home[element.id],
            below=below,
            above=above,
            note="" if node.repeated or brief else hierarchy.notes.get(element.id, ""),
            points=len(node.points),
        )


def _below(node: Node, label: str, page: int | None) -> Transfer:
    shape = node.shape
    wide = max(TRIANGLE, shape.width / 3)
    right = node.x + shape.width - (SLANT if shape.type is ElementType.STRATEGY else 0.0)
    top = node.y + shape.height
    triangle = ((right - wide, top), (right, top), (right - wide / 2, top + TRANSFER - 2.0))
    left = right - wide - 3.0 - text.width(label, SIZE)
    return Transfer(triangle, label, left, top + node.foot - 2.5, page)


def _above(node: Node, numbers: list[int], here: int, most: int) -> Transfer:
    numbers = sorted(set(numbers))
    listed = ", ".join(map(str, numbers[:most])) + (" …" if len(numbers) > most else "")
    shape = node.shape
    wide = max(TRIANGLE, shape.width / 3)
    left = node.x + (SLANT if shape.type is ElementType.STRATEGY else 0.0)
    triangle = ((left, node.y), (left + wide, node.y), (left + wide / 2, node.y - TRANSFER + 2.0))
    label = f"from page{'s' if min(most, len(numbers)) > 1 else ''} {listed}"
    if numbers == [here]:
        label = "from this page"
    return Transfer(triangle, label, left + wide + 3.0, node.y - 3.0, numbers[0])
