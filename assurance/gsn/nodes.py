"""From a start and a choice of what is developed below it to the tree of nodes of one page.

Decides which occurrence of an element stands in full, which ones repeat it and which ones are cut, and where
challengers stand: beside, stacked like contexts, or with all that hangs on them. What to develop is decided in
`paging`; nothing is placed here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from assurance.gsn.elements import Element, ElementType
from assurance.gsn.hierarchy import Hierarchy, Link
from assurance.gsn.relations import RelationType
from assurance.gsn.shapes import Limits, Shape, shape_of
from assurance.gsn.tree import DIAMOND, Node

_REPEATED: Final = "repeated"
_CONTINUED: Final = "continued"


@dataclass(frozen=True, slots=True)
class Start:
    """What a page begins with: an element (None: several side by side) and its share of what hangs on it."""

    element: Element | None
    beside: tuple[Link, ...]
    """Contexts and challengers."""
    children: tuple[Link, ...]
    part: int = 1


_NOTHING: Final = Shape(ElementType.GOAL, 0.0, 0.0, (), (0.0, 0.0))
_CHOICE: Final = Shape(ElementType.GOAL, *DIAMOND, (), (0.0, 0.0))


class Builder:
    """Makes trees of nodes from the argument: a function of a start and of what is to be developed below it."""

    def __init__(self, hierarchy: Hierarchy, limits: Limits) -> None:
        self.hierarchy = hierarchy
        self.limits = limits
        self.claimed: set[str] = set()
        """Elements that occur on an earlier page."""
        self._shapes: dict[tuple[str, str], Shape] = {}

    def children(self, element: Element) -> tuple[Link, ...]:
        return tuple(self.hierarchy.children[element.id])

    def beside(self, element: Element) -> tuple[Link, ...]:
        challengers = self.hierarchy.challengers[element.id]
        return tuple(challengers if self.limits.abridged else (*self.hierarchy.contexts[element.id], *challengers))

    def growing(self, element: Element) -> Iterator[Element]:
        """What hangs on an element and may itself be developed on the same page: all but contexts."""
        hierarchy = self.hierarchy
        for link in (*hierarchy.children[element.id], *hierarchy.challengers[element.id]):
            yield link.element
            for challenger in link.challengers:
                yield challenger.element

    def has_more(self, element: Element) -> bool:
        """Whether anything hangs on the element."""
        if self.limits.abridged:
            return bool(self.hierarchy.children[element.id] or self.hierarchy.challengers[element.id])
        return self.hierarchy.has_more(element.id)

    def shape(self, element: Element, tag: str = "") -> Shape:
        key = (element.id, tag)
        found = self._shapes.get(key)
        if found is None:
            found = self._shapes[key] = shape_of(element, self.limits, tag)
        return found

    def start(self, element: Element) -> Start:
        return Start(element, self.beside(element), self.children(element))

    def top(self) -> Start:
        """The tops of the argument, and of whatever cannot be reached from them."""
        return self.begin(self.hierarchy.tops())

    def begin(self, group: list[Element]) -> Start:
        """A page that begins with some elements."""
        return self.start(group[0]) if len(group) == 1 else together(group)

    def beside_each_other(self, roots: Iterable[Node]) -> Node:
        """One tree of several pages' trees."""
        joined = Node(None, _NOTHING)
        for root in roots:
            joined.children.extend(root.children if root.hidden else (root,))
        return joined

    def everything(self) -> Node:
        """The nodes of a page with all elements in full."""
        tops = self.hierarchy.tops()
        while True:
            node, cuts = self.tree(self.begin(tops), None)
            if not cuts:
                return node
            # relations that start at a context are wrong, but not lost: the context is drawn as one more top
            tops += cuts

    def tree(self, start: Start, developed: set[str] | None) -> tuple[Node, list[Element]]:
        """The nodes of a page, and the elements that are cut there: what hangs on them is not in `developed`.

        None develops everything. Of several occurrences the first one counts, level by level; the others
        are repeats.
        """
        seen: set[str] = set()
        cuts: list[Element] = []
        hierarchy, claimed = self.hierarchy, self.claimed
        notes, points, trunks = hierarchy.notes, hierarchy.points, hierarchy.trunks
        waiting: list[tuple[Node, Iterable[Link], Iterable[Link]]] = []

        def occur(link: Link, *, grow: bool, first: bool = False, on_line: bool = False) -> Node:
            """The node of a link; what hangs on it waits, if it is developed here."""
            element = link.element
            name = element.id
            more = self.has_more(element)
            if name in seen or (name in claimed and not first):
                node = Node(element, self.shape(element, _REPEATED), repeated=True, transfer=more)
            else:
                seen.add(name)
                grows = more and grow and (developed is None or name in developed)
                node = Node(element, self.shape(element, notes.get(name, "")), transfer=more and not grows)
                if grows:
                    waiting.append((node, self.beside(element), hierarchy.children[name]))
                elif more:
                    cuts.append(element)
                if grows and name in trunks:
                    node.trunk = trunks[name]
            node.type, node.marks, node.on_line = link.type, link.marks, on_line
            if name in points:
                node.points = points[name]
            return node

        def below(link: Link, *, first: bool = False) -> Node:
            """The node of what supports or challenges, with what challenges this very relation."""
            node = occur(link, grow=True, first=first)
            if link.challengers:
                node.sides = [occur(challenger, grow=True, on_line=True) for challenger in link.challengers]
            return node

        def join(parent: Node, links: Iterable[Link]) -> None:
            """Hang support below a node, alternatives below their diamonds."""
            diamonds: dict[str, Node] = {}
            for link in links:
                holder = parent
                if link.choice is not None:
                    held = diamonds.get(link.choice)
                    if held is None:
                        diamond = hierarchy.diamonds[link.choice]
                        held = diamonds[link.choice] = Node(None, _CHOICE, choice=parent.name, label=diamond.label)
                        held.marks = diamond.marks
                        parent.children.append(held)
                    holder = held
                # what a page begins with was cut on an earlier page, and stands in full here
                holder.children.append(below(link, first=parent.hidden))

        if start.element is None:
            root = Node(None, _NOTHING)
        else:
            name = start.element.id
            seen.add(name)
            again = start.part > 1
            tag = _CONTINUED if again else notes.get(name, "")
            root = Node(start.element, self.shape(start.element, tag), repeated=again)
            root.points = points.get(name, ())
            root.trunk = trunks.get(name, ()) if start.children else ()
        waiting.append((root, start.beside, start.children))
        for node, beside, children in waiting:
            challengers: list[Link] = []
            for link in beside:
                if link.type is RelationType.CHALLENGES:
                    challengers.append(link)
                    continue
                node.contexts.append(occur(link, grow=False))
                node.contexts.extend(occur(item, grow=False, on_line=True) for item in link.challengers)
            if challengers and self.develops(challengers, developed, seen):
                node.sides = [*(below(link) for link in challengers), *node.sides]
            else:
                for link in challengers:
                    node.contexts.append(occur(link, grow=False))
                    node.contexts.extend(occur(item, grow=False, on_line=True) for item in link.challengers)
            join(node, children)
        return root, cuts

    def develops(self, challengers: list[Link], developed: set[str] | None, seen: set[str]) -> bool:
        """Whether any of some challengers, or of what challenges their relations, is developed on a page."""
        for link in challengers:
            for item in (link, *link.challengers):
                name = item.element.id
                if (
                    name not in seen
                    and name not in self.claimed
                    and (developed is None or name in developed)
                    and self.has_more(item.element)
                ):
                    return True
        return False


def together(elements: Iterable[Element], part: int = 1) -> Start:
    """A page that begins with several elements, side by side."""
    return Start(None, (), tuple(Link(element) for element in elements), part)


def nodes_of(root: Node) -> list[Node]:
    """The nodes of a page, parents first, each followed by what stands beside it."""
    order = [root]
    for node in order:
        order.extend(node.contexts)
        order.extend(node.children)
        order.extend(node.sides)
    return order


def names_of(root: Node) -> Iterator[str]:
    return (node.element.id for node in nodes_of(root) if node.element is not None)
