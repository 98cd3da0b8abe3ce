"""From an argument to pages: one picture of everything, or a set of pages that can be read on paper.

`layout` gives one picture, `pages` a set: an overview, then a page for each branch. A branch is cut where it does
not fit; the cut element carries the standard's off-diagram triangle (GSN 1:2.2.20, not the undeveloped diamond)
and is repeated, whole, at the top of its own page. An element with several parents is developed once; where it
occurs again it is repeated with the mark "repeated" and a triangle that tells where its support is shown. Every
element stands in full on at least one page; nothing overlaps and nothing leaves the page. Text is never printed
smaller than `MIN_TEXT`. The same argument gives the same pages.
Colours, status and links belong to `svg`: they never move a layout.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import Final

from assurance.gsn import legend, text
from assurance.gsn.model import CONTEXTUAL, Argument, Element, ElementType
from assurance.gsn.shapes import SIZE, SLANT, Limits, Shape, shape_of
from assurance.gsn.tree import DECORATOR, TRANSFER, TRIANGLE, Node, Wire, arrange, wires

A4: Final = (297.0, 210.0)
A3: Final = (420.0, 297.0)
MIN_TEXT: Final = 6.5
"""Smallest printed text in points."""
MIN_SCALE: Final = MIN_TEXT / SIZE
MAX_SCALE: Final = 1.2
"""A page with room to spare is set larger, up to this."""
POINTS_PER_MM: Final = 72 / 25.4
HEADER: Final = 18.0
"""Points kept at the top of a page for its title."""
SMALLEST_PAGE_MM: Final = (180.0, 140.0)
_PICTURE_ROW: Final = 2400.0
"""Least width at which a row of supporting elements is broken in a picture."""
_NARROWEST_PICTURE: Final = 400.0
_MARGIN: Final = 20.0
_LINKS_SHOWN: Final = 4
_REPEATED: Final = "repeated"
_CONTINUED: Final = "continued"


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


class PageKind(StrEnum):
    """What a page is for."""

    WHOLE = "whole"
    """The complete argument."""
    OVERVIEW = "overview"
    """The skeleton of goals, strategies and solutions with shortened statements."""
    BRANCH = "branch"
    """One branch of the argument."""


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
    anchor: bool
    """True for the one occurrence in the page set that links lead to."""
    page: int
    """The page on which the element stands in full."""
    below: Transfer | None = None
    above: Transfer | None = None

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom of the shape with its decorator."""
        decorated = self.element.undeveloped or self.element.uninstantiated
        low = self.y + self.shape.height + (DECORATOR if decorated else 0.0)
        return self.x, self.y, self.x + self.shape.width, low


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


def layout(argument: Argument) -> Page:
    """One picture of the whole argument at scale 1, as large as it needs to be (for zooming, not for paper)."""
    build = _Builder(argument, Limits())
    node, _ = build.everything()
    area = sum((item.shape.width + 40.0) * (item.shape.height + 50.0) for item in _nodes(node))
    width, height = arrange(node, max(_PICTURE_ROW, 1.8 * math.sqrt(area)))
    inner = max(width, _NARROWEST_PICTURE)
    high = height + HEADER + legend.height(inner)
    size_mm = ((inner + 2 * _MARGIN) / POINTS_PER_MM, (high + 2 * _MARGIN) / POINTS_PER_MM)
    return _finish(argument, [_Draft(PageKind.WHOLE, node, 1, 1.0, width)], size_mm, _MARGIN)[0]


def pages(argument: Argument, size_mm: tuple[float, float] = A4, margin_mm: float = 6.0) -> list[Page]:
    """The argument on pages of a size, an overview first where one page does not hold all.

    Raises ValueError for a page below `SMALLEST_PAGE_MM`, on which shapes have no room.
    """
    if size_mm[0] < SMALLEST_PAGE_MM[0] or size_mm[1] < SMALLEST_PAGE_MM[1]:
        raise ValueError(f"page of {size_mm} mm is below the smallest, {SMALLEST_PAGE_MM} mm")
    margin = margin_mm * POINTS_PER_MM
    pager = _Pager(argument, size_mm, margin)
    whole = pager.whole()
    if whole is not None:
        return _finish(argument, [whole], size_mm, margin)
    overview = _Pager(argument, size_mm, margin, abridged=True)
    drafts = [draft for draft, _ in overview.branch(overview.build.top())]
    waiting = [pager.build.top()]
    while waiting:
        cut: list[Element] = []
        for draft, cuts in pager.branch(waiting.pop()):
            drafts.append(draft)
            cut.extend(cuts)
        waiting.extend(pager.build.start(element) for element in reversed(cut))  # depth first, like chapters
    return _finish(argument, drafts, size_mm, margin)


@dataclass(slots=True)
class _Draft:
    """A page before it knows the numbers of the others."""

    kind: PageKind
    node: Node
    part: int
    scale: float
    width: float


@dataclass(frozen=True, slots=True)
class _Start:
    """What a page begins with: an element (None: several tops side by side) and its share of what hangs on it."""

    element: Element | None
    contexts: tuple[Element, ...]
    children: tuple[Element, ...]
    part: int = 1


_NOTHING: Final = Shape(ElementType.GOAL, 0.0, 0.0, (), (0.0, 0.0))


class _Builder:
    """Makes trees of nodes from the argument: a function of a start and of what is to be developed below it."""

    def __init__(self, argument: Argument, limits: Limits) -> None:
        self.argument = argument
        self.limits = limits
        self.claimed: set[str] = set()
        """Elements that occur on an earlier page."""
        self._shapes: dict[tuple[str, str], Shape] = {}
        self._children = {element.id: argument.children(element.id) for element in argument}
        self._contexts = {element.id: argument.contexts(element.id) for element in argument}
        if limits.abridged:
            self._contexts = dict.fromkeys(self._contexts, ())

    def children(self, element: Element) -> tuple[Element, ...]:
        return self._children[element.id]

    def contexts(self, element: Element) -> tuple[Element, ...]:
        return self._contexts[element.id]

    def has_more(self, element: Element) -> bool:
        """Whether anything hangs on the element."""
        return bool(self._children[element.id] or self._contexts[element.id])

    def shape(self, element: Element, tag: str = "") -> Shape:
        key = (element.id, tag)
        found = self._shapes.get(key)
        if found is None:
            found = self._shapes[key] = shape_of(element, self.limits, tag)
        return found

    def start(self, element: Element) -> _Start:
        return _Start(element, self.contexts(element), self.children(element))

    def top(self) -> _Start:
        """The tops of the argument, and of whatever cannot be reached from them."""
        tops = list(self.argument.roots())
        reached = set(self.argument.reachable(top.id for top in tops))
        loose = [element for element in self.argument if element.id not in reached]
        for element in sorted(loose, key=lambda item: item.type in CONTEXTUAL):
            if element.id not in reached:
                tops.append(element)
                reached |= self.argument.reachable([element.id])
        return self.start(tops[0]) if len(tops) == 1 else _Start(None, (), tuple(tops))

    def everything(self) -> tuple[Node, _Start]:
        """The nodes of a page with all elements in full."""
        start = self.top()
        while True:
            node, cuts = self.tree(start, None)
            if not cuts:
                return node, start
            # relations that start at a context are wrong, but not lost: the context is drawn as one more top
            tops = start.children if start.element is None else (start.element,)
            start = _Start(None, (), (*tops, *cuts))

    def tree(self, start: _Start, developed: set[str] | None) -> tuple[Node, list[Element]]:
        """The nodes of a page, and the elements that are cut there: what hangs on them is not in `developed`.

        None develops everything. Of several occurrences the first one counts, level by level; the others
        are repeats.
        """
        seen: set[str] = set()
        cuts: list[Element] = []

        def occur(element: Element, beside: bool) -> tuple[Node, bool]:
            more = self.has_more(element)
            if element.id in seen or element.id in self.claimed:
                return Node(element, self.shape(element, _REPEATED), repeated=True, transfer=more), False
            seen.add(element.id)
            grows = more and not beside and (developed is None or element.id in developed)
            if more and not grows:
                cuts.append(element)
            return Node(element, self.shape(element), transfer=more and not grows), grows

        if start.element is None:
            root = Node(None, _NOTHING)
        else:
            seen.add(start.element.id)
            again = start.part > 1
            root = Node(start.element, self.shape(start.element, _CONTINUED if again else ""), repeated=again)
        waiting = [(root, start.contexts, start.children)]
        for node, contexts, children in waiting:
            node.contexts = [occur(element, True)[0] for element in contexts]
            for element in children:
                child, grows = occur(element, False)
                node.children.append(child)
                if grows:
                    waiting.append((child, self.contexts(element), self.children(element)))
        return root, cuts


class _Pager:
    """Cuts an argument into pages of one size."""

    def __init__(self, argument: Argument, size_mm: tuple[float, float], margin: float, abridged: bool = False) -> None:
        inner = size_mm[0] * POINTS_PER_MM - 2 * margin
        high = size_mm[1] * POINTS_PER_MM - 2 * margin - HEADER - legend.height(inner)
        self.room = (inner / MIN_SCALE, high / MIN_SCALE)
        self.area = self.room[0] * self.room[1]
        # room for one element above another, each with its triangles, and for one between two contexts
        tallest = (self.room[1] - 95.0) / 2
        widest = (self.room[0] - 70.0) / 3
        self.argument = argument
        self.abridged = abridged
        self.build = _Builder(argument, Limits(min(230.0, widest), min(400.0, tallest), abridged))

    @cached_property
    def weight(self) -> dict[str, float]:
        """For each element roughly the area that it takes with what hangs on it (shared parts counted twice)."""
        found: dict[str, float] = {}
        for element in reversed(self.argument.walk()):
            below = (*self.build.contexts(element), *self.build.children(element))
            found[element.id] = self.space(element) + sum(found.get(item.id, 0.0) for item in below)
        return found

    @cached_property
    def pages_left(self) -> dict[str, float]:
        """For each element an estimate of the pages that it takes to show what hangs on it."""
        found: dict[str, float] = {}
        for element in reversed(self.argument.walk()):
            share = self.weight[element.id] / (0.4 * self.area)
            below = sum(found.get(item.id, 0.0) for item in self.build.children(element))
            found[element.id] = min(1.0, 4 * share) if share <= 1.0 else 1.0 + below
            if not self.build.has_more(element):
                found[element.id] = 0.0
        return found

    def space(self, element: Element) -> float:
        shape = self.build.shape(element)
        return (shape.width + 20.0) * (shape.height + 36.0)

    def whole(self) -> _Draft | None:
        """One page with everything, or None where that does not fit."""
        if sum(self.space(element) for element in self.argument) > self.area:
            return None
        return self.draft(PageKind.WHOLE, *self.build.everything())

    def draft(self, kind: PageKind, node: Node, start: _Start) -> _Draft | None:
        """Arrange a tree; None when it has no room on the page at the smallest permitted scale."""
        node.arrival = kind is PageKind.BRANCH and start.element is not None
        for part in (1.0, 0.6):
            width, height = arrange(node, self.room[0] * part)
            if height > self.room[1]:
                return None
            if width <= self.room[0]:
                room = min(self.room[0] / max(width, 1.0), self.room[1] / max(height, 1.0))
                scale = min(MAX_SCALE, MIN_SCALE * room)
                return _Draft(kind, node, start.part, scale, width)
        return None

    def trial(self, start: _Start, developed: set[str]) -> _Draft | None:
        """The page on which just these elements are developed, if it fits."""
        kind = PageKind.OVERVIEW if self.abridged else PageKind.BRANCH
        return self.draft(kind, self.build.tree(start, developed)[0], start)

    def branch(self, start: _Start) -> Iterator[tuple[_Draft, list[Element]]]:
        """The page of a branch, or its parts, each with the elements that are cut there."""
        rest: _Start | None = start
        while rest is not None:
            share, rest = self.share(rest)
            developed = self.choose(share)
            draft = self.trial(share, developed)
            assert draft is not None  # a share fits, and `choose` only takes what fits
            cuts = self.build.tree(share, developed)[1]
            self.build.claimed.update(_names(draft.node))
            yield draft, cuts

    def share(self, start: _Start) -> tuple[_Start, _Start | None]:
        """As many of the contexts and children as fit undeveloped, at least one, and what is left."""
        contexts, children = start.contexts, start.children

        def fits(beside: int, below: int) -> bool:
            portion = replace(start, contexts=contexts[:beside], children=children[:below])
            return self.trial(portion, set()) is not None

        if fits(len(contexts), len(children)):
            return start, None
        beside = _most(len(contexts), lambda count: fits(count, 0))
        below = 0
        if beside == len(contexts):
            below = _most(len(children), lambda count: fits(beside, count))
        elif beside == 0:
            beside = 1
        if beside == 0 and below == 0:
            below = 1
        now = replace(start, contexts=contexts[:beside], children=children[:below])
        return now, replace(start, contexts=contexts[beside:], children=children[below:], part=start.part + 1)

    def choose(self, start: _Start) -> set[str]:
        """What to develop on a page: of the plans "so many generations, then each branch that fits whole" the one
        that leaves the fewest pages to make, by an estimate; among equals the one that shows most. An overview
        has no pages below it, and shows as much as it can."""
        if sum(self.weight[item.id] for item in start.children) < 2 * self.area:
            everything = self.closure(start, start.children)
            if self.trial(start, everything):
                return everything
        best: set[str] = set()
        least = float("inf")
        developed: set[str] = set()
        while True:
            plan = self.completed(start, developed)
            cost = sum(max(1.0, self.pages_left[item.id]) for item in self.cuts(start, plan))
            if cost <= least or self.abridged:
                best, least = plan, cost
            grown = developed.union(*(self.unit(item) for item in self.cuts(start, developed)))
            if grown == developed or not self.trial(start, grown):
                return self.filled(start, best) if self.abridged else best
            developed = grown

    def cuts(self, start: _Start, developed: set[str]) -> list[Element]:
        return self.build.tree(start, developed)[1]

    def unit(self, element: Element) -> set[str]:
        """An element with the strategies right below it, so that pages rather begin with goals."""
        strategies = (item.id for item in self.build.children(element) if item.type is ElementType.STRATEGY)
        return {element.id, *strategies}

    def completed(self, start: _Start, developed: set[str]) -> set[str]:
        """Add the branches that fit whole, small ones first."""
        node, cuts = self.build.tree(start, developed)
        used = sum(self.space(item.element) for item in _nodes(node) if item.element is not None)
        failures = 0
        for element in sorted(cuts, key=lambda item: self.weight[item.id]):
            weight = self.weight[element.id]
            if used + weight > 0.9 * self.area or failures == 3:
                break
            candidate = developed | self.closure(start, [element])
            if self.trial(start, candidate):
                developed, failures = candidate, 0
                used += weight
            else:
                failures += 1
        return developed

    def filled(self, start: _Start, developed: set[str]) -> set[str]:
        """Add single elements, level by level, as long as there is room."""
        tried: set[str] = set()
        while True:
            fresh = [element for element in self.cuts(start, developed) if element.id not in tried]
            if not fresh:
                return developed
            for element in fresh:
                tried.add(element.id)
                candidate = developed | self.unit(element)
                if self.trial(start, candidate):
                    developed = candidate

    def closure(self, start: _Start, elements: Iterable[Element]) -> set[str]:
        """All that supports some elements and is not on an earlier page."""
        found: set[str] = set()
        waiting = list(elements)
        while waiting:
            element = waiting.pop()
            known = element.id in found or element.id in self.build.claimed
            if not known and element is not start.element:
                found.add(element.id)
                waiting.extend(self.build.children(element))
        return found


def _most(count: int, fits: Callable[[int], bool]) -> int:
    """The largest number up to `count` that fits, by bisection; 0 when none does."""
    low, high = 0, count
    while low < high:
        middle = (low + high + 1) // 2
        if fits(middle):
            low = middle
        else:
            high = middle - 1
    return low


def _nodes(root: Node) -> list[Node]:
    """The nodes of a page, parents first, each followed by what stands beside it."""
    order = [root]
    for node in order:
        order.extend(node.contexts)
        order.extend(node.children)
    return order


def _names(root: Node) -> Iterator[str]:
    return (node.element.id for node in _nodes(root) if node.element is not None)


# -- numbering and links ----------------------------------------------------------------------------------


def _finish(argument: Argument, drafts: list[_Draft], size_mm: tuple[float, float], margin: float) -> list[Page]:
    """Number the pages and label the triangles, now that every element has its page."""
    home: dict[str, int] = {}
    seen_on: dict[str, list[int]] = {}
    for number, draft in enumerate(drafts, 1):
        if draft.kind is not PageKind.OVERVIEW:
            for node in _nodes(draft.node):
                if node.element is not None and not node.repeated and not node.transfer:
                    home[node.element.id] = number
                elif node.element is not None and node.transfer:
                    seen_on.setdefault(node.element.id, []).append(number)
    parts: dict[tuple[PageKind, str], int] = {}
    for draft in drafts:
        key = (draft.kind, draft.node.element.id if draft.node.element else "")
        parts[key] = max(parts.get(key, 0), draft.part)
    inner = size_mm[0] * POINTS_PER_MM - 2 * margin
    result = []
    for number, draft in enumerate(drafts, 1):
        key = (draft.kind, draft.node.element.id if draft.node.element else "")
        page = Page(
            kind=draft.kind,
            number=number,
            total=len(drafts),
            title=argument.title or argument.module,
            part=(draft.part, parts[key]),
            width_mm=size_mm[0],
            height_mm=size_mm[1],
            margin=margin,
            scale=draft.scale,
            origin=(margin + (inner - draft.width * draft.scale) / 2, margin + HEADER),
            boxes=tuple(_boxes(argument, draft, number, home, seen_on)),
            wires=tuple(wires(draft.node)),
        )
        result.append(page)
    return result


def _boxes(
    argument: Argument, draft: _Draft, number: int, home: dict[str, int], seen_on: dict[str, list[int]]
) -> Iterator[Box]:
    nodes = [node for node in _nodes(draft.node) if node.element is not None]
    shown = set(_names(draft.node))
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
            hidden = [item for item in argument.reachable([element.id]) - shown if _counts(argument[item])]
            below = _below(node, f"+{len(hidden)}", None) if hidden else None
        elif node.transfer:
            target = home[element.id]
            below = _below(node, "this page" if target == number else f"page {target}", target)
        if node.arrival and seen_on.get(element.id):
            above = _above(node, seen_on[element.id])
        yield Box(element, node.shape, node.x, node.y, role, role is Role.FULL, home[element.id], below, above)


def _counts(element: Element) -> bool:
    return element.type not in CONTEXTUAL


def _below(node: Node, label: str, page: int | None) -> Transfer:
    shape = node.shape
    wide = max(TRIANGLE, shape.width / 3)
    right = node.x + shape.width - (SLANT if shape.type is ElementType.STRATEGY else 0.0)
    top = node.y + shape.height
    triangle = ((right - wide, top), (right, top), (right - wide / 2, top + TRANSFER - 2.0))
    left = right - wide - 3.0 - text.width(label, SIZE)
    return Transfer(triangle, label, left, top + node.foot - 2.5, page)


def _above(node: Node, numbers: list[int]) -> Transfer:
    numbers = sorted(set(numbers))
    listed = ", ".join(map(str, numbers[:_LINKS_SHOWN])) + (" …" if len(numbers) > _LINKS_SHOWN else "")
    shape = node.shape
    wide = max(TRIANGLE, shape.width / 3)
    left = node.x + (SLANT if shape.type is ElementType.STRATEGY else 0.0)
    triangle = ((left, node.y), (left + wide, node.y), (left + wide / 2, node.y - TRANSFER + 2.0))
    label = f"from page{'s' if len(numbers) > 1 else ''} {listed}"
    return Transfer(triangle, label, left + wide + 3.0, node.y - 3.0, numbers[0])
