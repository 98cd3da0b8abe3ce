"""Which elements go on which page: trees of nodes for a page, and the choice of where to cut.

A branch is cut where it does not fit; each element that was cut gets a page of its own, in parts where even its
direct support is too much for one page. Whether a tree fits is always tried by arranging it, never estimated;
estimates only choose between plans that fit. Numbers, links and coordinates on paper are made in `layout`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import Final

from assurance.gsn import legend
from assurance.gsn.model import CONTEXTUAL, Argument, Element, ElementType
from assurance.gsn.shapes import SIZE, Limits, Shape, shape_of
from assurance.gsn.tree import Node, arrange

MIN_TEXT: Final = 6.5
"""Smallest printed text in points."""
MIN_SCALE: Final = MIN_TEXT / SIZE
MAX_SCALE: Final = 1.2
"""A page with room to spare is set larger, up to this."""
POINTS_PER_MM: Final = 72 / 25.4
HEADER: Final = 18.0
"""Points kept at the top of a page for its title."""
_REPEATED: Final = "repeated"
_CONTINUED: Final = "continued"


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
    part: tuple[int, int] = (1, 1)
    """Which part of how many."""


@dataclass(frozen=True, slots=True)
class Start:
    """What a page begins with: an element (None: several side by side) and its share of what hangs on it."""

    element: Element | None
    contexts: tuple[Element, ...]
    children: tuple[Element, ...]
    part: int = 1


def paginate(argument: Argument, size_mm: tuple[float, float], margin: float) -> list[Draft]:
    """The pages of an argument in reading order; `margin` in points."""
    pager = Pager(argument, size_mm, margin)
    whole = pager.whole()
    if whole is not None:
        return [whole]
    overview = Pager(argument, size_mm, margin, abridged=True)
    drafts = overview.branch(overview.build.top())[0]
    waiting = [pager.build.top()]
    while waiting:
        made, starts = pager.branch(waiting.pop())
        drafts.extend(made)
        waiting.extend(reversed(starts))  # depth first, like chapters
    return drafts


_NOTHING: Final = Shape(ElementType.GOAL, 0.0, 0.0, (), (0.0, 0.0))


class Builder:
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

    def start(self, element: Element) -> Start:
        return Start(element, self.contexts(element), self.children(element))

    def top(self) -> Start:
        """The tops of the argument, and of whatever cannot be reached from them."""
        tops = list(self.argument.roots())
        reached = set(self.argument.reachable(top.id for top in tops))
        loose = [element for element in self.argument if element.id not in reached]
        for element in sorted(loose, key=lambda item: item.type in CONTEXTUAL):
            if element.id not in reached:
                tops.append(element)
                reached |= self.argument.reachable([element.id])
        return self.start(tops[0]) if len(tops) == 1 else Start(None, (), tuple(tops))

    def everything(self) -> Node:
        """The nodes of a page with all elements in full."""
        start = self.top()
        while True:
            node, cuts = self.tree(start, None)
            if not cuts:
                return node
            # relations that start at a context are wrong, but not lost: the context is drawn as one more top
            tops = start.children if start.element is None else (start.element,)
            start = Start(None, (), (*tops, *cuts))

    def tree(self, start: Start, developed: set[str] | None) -> tuple[Node, list[Element]]:
        """The nodes of a page, and the elements that are cut there: what hangs on them is not in `developed`.

        None develops everything. Of several occurrences the first one counts, level by level; the others
        are repeats.
        """
        seen: set[str] = set()
        cuts: list[Element] = []

        def occur(element: Element, beside: bool, first: bool = False) -> tuple[Node, bool]:
            more = self.has_more(element)
            if element.id in seen or (element.id in self.claimed and not first):
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
                # what a page begins with was cut on an earlier page, and stands in full here
                child, grows = occur(element, False, first=node.element is None)
                node.children.append(child)
                if grows:
                    waiting.append((child, self.contexts(element), self.children(element)))
        return root, cuts


class Pager:
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
        self.build = Builder(argument, Limits(min(230.0, widest), min(400.0, tallest), abridged))

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
            found[element.id] = max(0.25, share) if share <= 1.0 else 1.0 + below
            if not self.build.has_more(element):
                found[element.id] = 0.0
        return found

    def space(self, element: Element) -> float:
        shape = self.build.shape(element)
        return (shape.width + 20.0) * (shape.height + 36.0)

    def whole(self) -> Draft | None:
        """One page with everything, or None where that does not fit."""
        if sum(self.space(element) for element in self.argument) > self.area:
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
                room = min(self.room[0] / max(width, 1.0), self.room[1] / max(height, 1.0))
                return Draft(kind, node, min(MAX_SCALE, MIN_SCALE * room), width)
        return None

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
            together = Start(None, (), (*group, element))
            weight = sum(self.weight[item.id] for item in together.children)
            if group and weight < 0.9 * self.area and self.trial(together, self.closure(together)):
                group.append(element)
                continue
            if group:
                starts.append(self.begin(group))
            group = [element]
        return [*starts, self.begin(group)] if group else []

    def begin(self, group: list[Element]) -> Start:
        return self.build.start(group[0]) if len(group) == 1 else Start(None, (), tuple(group))

    def share(self, start: Start) -> tuple[Start, Start | None]:
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

    def choose(self, start: Start) -> set[str]:
        """What to develop on a page: of the plans "so many generations, then each branch that fits whole" the one
        that leaves the fewest pages to make, by an estimate; among equals the one that shows most. An overview
        has no pages below it, and shows as much as it can."""
        if sum(self.weight[item.id] for item in start.children) < 2 * self.area:
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
        strategies = (item.id for item in self.build.children(element) if item.type is ElementType.STRATEGY)
        return {element.id, *strategies}

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
        waiting = list(start.children if element is None else self.build.children(element))
        if element is not None:
            found.add(element.id)
        elif start.element is None:
            found.update(item.id for item in waiting)
            waiting = [below for item in waiting for below in self.build.children(item)]
        while waiting:
            below = waiting.pop()
            if below.id not in found and below.id not in self.build.claimed and below is not start.element:
                found.add(below.id)
                waiting.extend(self.build.children(below))
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


def nodes_of(root: Node) -> list[Node]:
    """The nodes of a page, parents first, each followed by what stands beside it."""
    order = [root]
    for node in order:
        order.extend(node.contexts)
        order.extend(node.children)
    return order


def names_of(root: Node) -> Iterator[str]:
    return (node.element.id for node in nodes_of(root) if node.element is not None)
