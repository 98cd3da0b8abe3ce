"""Which elements go on which page: trees of nodes for a page, and the choice of where to cut.

A branch is cut where it does not fit; each element that was cut gets a page of its own, in parts where even its
direct support is too much for one page. Whether a tree fits is always tried by arranging it, never estimated;
estimates only choose between plans that fit. Numbers, links and coordinates on paper are made in `layout`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import Final

from assurance.gsn import legend
from assurance.gsn.elements import Element, ElementType
from assurance.gsn.hierarchy import Hierarchy
from assurance.gsn.nodes import Builder, Start, names_of, nodes_of, together
from assurance.gsn.relations import RelationType
from assurance.gsn.shapes import SIZE, Limits
from assurance.gsn.sharing import Form, divided, sheet
from assurance.gsn.tree import DIAMOND, GAP_Y, MARK_ROW, Node, arrange, room_across

MIN_TEXT: Final = 6.5
"""Smallest printed text in points."""
MIN_SCALE: Final = MIN_TEXT / SIZE
MAX_SCALE: Final = 1.2
"""A page with room to spare is set larger, up to this."""
POINTS_PER_MM: Final = 72 / 25.4
HEADER: Final = 18.0
"""Points kept at the top of a page for its title."""
_ROW_WIDTHS: Final = (1.0, 0.8, 0.6, 0.45, 0.33, 0.25)
"""Where rows of supporting elements may break, in widths of a page."""
_LEAST_SHAPE: Final = (104.0, 74.0)
"""Width and height that the largest shapes must be able to have."""


class PageKind(StrEnum):
    """What a page is for."""

    WHOLE = "whole"
    """The complete argument."""
    OVERVIEW = "overview"
    """The skeleton of goals, strategies and solutions with shortened statements."""
    BRANCH = "branch"
    """One branch of the argument."""


@dataclass(slots=True)
class Draft:
    """A page before it knows the numbers of the others."""

    kind: PageKind
    node: Node
    scale: float
    width: float
    height: float
    part: tuple[int, int] = (1, 1)
    """Which part of how many."""


def paginate(hierarchy: Hierarchy, size_mm: tuple[float, float], margin: float) -> list[Draft]:
    """The pages of an argument in reading order; `margin` in points."""
    pager = Pager(hierarchy, size_mm, margin)
    whole = pager.whole()
    if whole is not None:
        return [whole]
    overview = Pager(hierarchy, size_mm, margin, abridged=True)
    made: list[Draft] = []
    waiting = [pager.build.top()]
    while waiting:
        branches, starts = pager.branch(waiting.pop())
        made.extend(branches)
        waiting.extend(reversed(starts))  # depth first, like chapters
    drafts = overview.branch(overview.build.top())[0]
    run: list[Draft] = []
    for draft in made:
        if draft.part[1] == 1:
            run.append(draft)
            continue
        drafts.extend(pager.on_sheets(run))
        drafts.append(draft)  # a part says so in its title, and keeps its page
        run = []
    drafts.extend(pager.on_sheets(run))
    return drafts


class Pager:
    """Cuts an argument into pages of one size."""

    def __init__(
        self, hierarchy: Hierarchy, size_mm: tuple[float, float], margin: float, abridged: bool = False
    ) -> None:
        inner = size_mm[0] * POINTS_PER_MM - 2 * margin
        high = size_mm[1] * POINTS_PER_MM - 2 * margin - HEADER - legend.height(inner, hierarchy.keys())
        self.room = (inner / MIN_SCALE, high / MIN_SCALE)
        self.area = self.room[0] * self.room[1]
        # room for one element above another, each with its triangles, and for one between two contexts
        across, down = _needs(hierarchy)
        tallest = (self.room[1] - 95.0 - down) / 2
        widest = (self.room[0] - 70.0 - across) / 3
        if tallest < _LEAST_SHAPE[1] or widest < _LEAST_SHAPE[0]:
            raise ValueError(f"a page of {size_mm[0]:g} x {size_mm[1]:g} mm has no room for this argument's signs")
        self.hierarchy = hierarchy
        self.abridged = abridged
        self.build = Builder(hierarchy, Limits(min(230.0, widest), min(400.0, tallest), abridged))

    @cached_property
    def upward(self) -> list[Element]:
        """All elements, what hangs on an element before the element itself."""
        return self.hierarchy.upward()

    @cached_property
    def weight(self) -> dict[str, float]:
        """For each element roughly the area that it takes with what hangs on it (shared parts counted twice)."""
        found: dict[str, float] = {}
        for element in self.upward:
            below = self.hierarchy.below(element.id)
            found[element.id] = self.space(element) + sum([found.get(item.element.id, 0.0) for item in below])
        return found

    @cached_property
    def pages_left(self) -> dict[str, float]:
        """For each element an estimate of the pages that it takes to show what hangs on it."""
        found: dict[str, float] = {}
        for element in self.upward:
            share = self.weight[element.id] / (0.4 * self.area)
            below = sum([found.get(item.id, 0.0) for item in self.build.growing(element)])
            found[element.id] = max(0.25, share) if share <= 1.0 else 1.0 + below
            if not self.build.has_more(element):
                found[element.id] = 0.0
        return found

    def space(self, element: Element) -> float:
        shape = self.build.shape(element)
        return (shape.width + 20.0) * (shape.height + 36.0)

    def whole(self) -> Draft | None:
        """One page with everything, or None where that does not fit."""
        if sum(self.space(element) for element in self.hierarchy.argument) > self.area:
            return None
        return self.draft(PageKind.WHOLE, self.build.everything())

    def draft(self, kind: PageKind, node: Node) -> Draft | None:
        """Arrange a tree; None when it has no room on the page at the smallest permitted scale."""
        for top in (node,) if node.element is not None else node.children:
            top.arrival = kind is PageKind.BRANCH
        for part in (1.0, 0.6):
            width, height = arrange(node, self.room[0] * part)
            if height > self.room[1]:
                return None
            if width <= self.room[0]:
                return self.drawn(kind, node, width, height)
        return None

    def drawn(self, kind: PageKind, node: Node, width: float, height: float) -> Draft:
        """A page for a tree of that size, as large as it may be."""
        room = min(self.room[0] / max(width, 1.0), self.room[1] / max(height, 1.0))
        return Draft(kind, node, min(MAX_SCALE, MIN_SCALE * room), width, height)

    def forms(self, draft: Draft) -> list[Form]:
        """The ways to draw a page's tree that have room on a sheet, widest first."""
        found: list[Form] = []
        for part in _ROW_WIDTHS:
            if found and found[-1].width <= self.room[0] * part:
                continue  # no row breaks that did not break before
            width, height = arrange(draft.node, self.room[0] * part)
            if height > self.room[1]:
                continue  # rows that break elsewhere may be lower, though they are narrower
            if width <= self.room[0] and (not found or width < found[-1].width):
                found.append(Form(self.room[0] * part, width, height))
        return found

    def on_sheets(self, drafts: list[Draft]) -> list[Draft]:
        """Pages on the fewest sheets: whole branches share one, where they leave each other room."""
        forms = [self.forms(draft) for draft in drafts]
        area = [min([form.width * form.height for form in ways]) / self.area for ways in forms]

        def fits(first: int, end: int) -> float | None:
            used = sum(area[first:end])
            one = end - first == 1
            return used if one or (used <= 1.0 and sheet(forms[first:end], self.room, 1.0)) else None

        sheets: list[Draft] = []
        first = 0
        for count in divided(len(drafts), fits, lambda first, end: _jumps(drafts[first:end])):
            sheets.append(self.together(drafts[first : first + count], forms[first : first + count]))
            first += count
        return sheets

    def together(self, drafts: list[Draft], forms: list[list[Form]]) -> Draft:
        """One page with the trees of some that have room on it."""
        made = sheet(forms, self.room, MAX_SCALE / MIN_SCALE)
        assert made is not None
        for draft, form, (x, y) in zip(drafts, made.forms, made.places, strict=True):
            arrange(draft.node, form.row_width)
            for node in nodes_of(draft.node):
                node.move(x, y)
        root = drafts[0].node if len(drafts) == 1 else self.build.beside_each_other(item.node for item in drafts)
        return self.drawn(PageKind.BRANCH, root, made.width, made.height)

    def trial(self, start: Start, developed: set[str]) -> Draft | None:
        """The page on which just these elements are developed, if it fits."""
        kind = PageKind.OVERVIEW if self.abridged else PageKind.BRANCH
        return self.draft(kind, self.build.tree(start, developed)[0])

    def branch(self, start: Start) -> tuple[list[Draft], list[Start]]:
        """The page of a branch, or its parts, and what further pages begin with."""
        rest: Start | None = start
        drafts: list[Draft] = []
        cuts: list[Element] = []
        while rest is not None:
            share, rest = self.share(rest)
            developed = self.choose(share)
            draft = self.trial(share, developed)
            assert draft is not None  # a share fits, and `choose` only takes what fits
            cuts.extend(self.build.tree(share, developed)[1])
            self.build.claimed.update(names_of(draft.node))
            drafts.append(draft)
        for number, draft in enumerate(drafts, 1):
            draft.part = (number, len(drafts))
        return drafts, self.gathered(cuts)

    def gathered(self, cuts: list[Element]) -> list[Start]:
        """Begin pages with what was cut: neighbours share a page where all of them fit whole."""
        starts: list[Start] = []
        group: list[Element] = []
        for element in cuts:
            if group and sum(self.weight[item.id] for item in (*group, element)) < 0.9 * self.area:
                start = together((*group, element))
                if self.trial(start, self.closure(start)):
                    group.append(element)
                    continue
            if group:
                starts.append(self.build.begin(group))
            group = [element]
        return [*starts, self.build.begin(group)] if group else []

    def share(self, start: Start) -> tuple[Start, Start | None]:
        """As much of what is beside and below as fits undeveloped, at least one, and what is left."""
        contexts, children = start.beside, start.children

        def fits(beside: int, below: int) -> bool:
            portion = replace(start, beside=contexts[:beside], children=children[:below])
            room = self.area
            for link in (*portion.beside, *portion.children):  # what has no room side by side is not arranged
                shape = self.build.shape(link.element)
                room -= shape.width * shape.height
                if room < 0:
                    return False
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
        now = replace(start, beside=contexts[:beside], children=children[:below])
        return now, replace(start, beside=contexts[beside:], children=children[below:], part=start.part + 1)

    def choose(self, start: Start) -> set[str]:
        """What to develop on a page: of the plans "so many generations, then each branch that fits whole" the one
        that leaves the fewest pages to make, by an estimate; among equals the one that shows most. An overview
        has no pages below it, and shows as much as it can."""
        if sum(self.weight[item.element.id] for item in (*start.beside, *start.children)) < 2 * self.area:
            everything = self.closure(start)
            if self.trial(start, everything):
                return everything
        best: set[str] = set()
        least = float("inf")
        developed: set[str] = set()
        while True:
            plan = self.completed(start, developed)
            cost = self.cost(start, plan)
            if cost <= least:
                best, least = plan, cost
            grown = developed.union(*(self.unit(item) for item in self.cuts(start, developed)))
            if grown == developed or not self.trial(start, grown):
                return self.filled(start, best) if self.abridged else best
            developed = grown

    def cuts(self, start: Start, developed: set[str]) -> list[Element]:
        return self.build.tree(start, developed)[1]

    def unit(self, element: Element) -> set[str]:
        """An element with the strategies right below it, so that pages rather begin with goals."""
        below = self.hierarchy.children[element.id]
        return {element.id, *(item.element.id for item in below if item.element.type is ElementType.STRATEGY)}

    def completed(self, start: Start, developed: set[str]) -> set[str]:
        """Add the branches that fit whole, small ones first."""
        node, cuts = self.build.tree(start, developed)
        used = sum(self.space(item.element) for item in nodes_of(node) if item.element is not None)
        failures = 0
        for element in sorted(cuts, key=lambda item: self.weight[item.id]):
            weight = self.weight[element.id]
            if used + weight > 0.9 * self.area or failures == 3:
                break
            candidate = developed | self.closure(start, element)
            if self.trial(start, candidate):
                developed, failures = candidate, 0
                used += weight
            else:
                failures += 1
        return developed

    def cost(self, start: Start, developed: set[str]) -> float:
        """Pages that a plan leaves to be made, by an estimate."""
        if self.abridged:
            return 0.0
        return sum(self.pages_left[item.id] for item in self.cuts(start, developed))

    def filled(self, start: Start, developed: set[str]) -> set[str]:
        """Develop single elements too, level by level, where there is room (on an overview: elsewhere this would
        leave scraps for other pages)."""
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

    def closure(self, start: Start, element: Element | None = None) -> set[str]:
        """All support below a start, or below one element on its page, that is not on an earlier page."""
        found: set[str] = set()
        if element is not None:
            found.add(element.id)
            waiting = list(self.build.growing(element))
        elif start.element is None:
            found.update(item.element.id for item in start.children)
            waiting = [below for item in start.children for below in self.build.growing(item.element)]
        else:
            links = (*start.beside, *start.children)
            waiting = [item.element for item in links if item.type is not RelationType.IN_CONTEXT_OF]
            waiting += [item.element for link in links for item in link.challengers]
        claimed = self.build.claimed
        while waiting:
            below = waiting.pop()
            if below.id not in found and below.id not in claimed and below is not start.element:
                found.add(below.id)
                waiting.extend(self.build.growing(below))
        return found


def _jumps(drafts: Sequence[Draft]) -> int:
    """How many pages are not reached from an element that was cut on another one of them."""
    cut: set[str] = set()
    count = 0
    for draft in drafts:
        tops = (draft.node,) if draft.node.element is not None else draft.node.children
        count += any(top.element is None or top.element.id not in cut for top in tops)
        cut.update(node.name for node in nodes_of(draft.node) if node.transfer and not node.repeated)
    return count


def _needs(hierarchy: Hierarchy) -> tuple[float, float]:
    """Room across and down that signs take beside two elements one above the other, at most."""
    across = down = 0.0
    challenged = False
    points, trunks = hierarchy.points, hierarchy.trunks
    for name in hierarchy.children:
        beside = (*hierarchy.contexts[name], *hierarchy.challengers[name])
        own = MARK_ROW * (len(points.get(name, ())) + len(trunks.get(name, ())))
        most = 0.0
        for link in (*hierarchy.children[name], *beside):
            if link.marks:
                across = max(across, room_across(link.marks))
            if link.challengers or link.type is RelationType.CHALLENGES:
                challenged = True
            if not (link.marks or link.challengers or link.choice or points):
                continue
            rows = len(link.marks) + bool(link.challengers) + len(points.get(link.element.id, ()))
            diamond = 0.0
            if link.choice is not None:
                diamond = DIAMOND[1] + GAP_Y + MARK_ROW * len(hierarchy.diamonds[link.choice].marks)
            most = max(most, MARK_ROW * rows + diamond)
        down = max(down, own + most)
    return across + (60.0 if challenged else 0.0), down


def _most(count: int, fits: Callable[[int], bool]) -> int:
    """The largest number up to `count` that fits; 0 when none does. Begins with small ones: of very many, few fit."""
    low, high = 0, 1
    while high <= count and fits(high):
        low, high = high, 2 * high
    high = min(high - 1, count)
    while low < high:
        middle = (low + high + 1) // 2
        if fits(middle):
            low = middle
        else:
            high = middle - 1
    return low
