"""A tree of shapes: contexts at both sides of their element, support below it, challengers at its right.

Takes nodes whose shapes are sized and gives each its place, with room for the orthogonal lines of `wires`. A row of
supporting elements that is wider than permitted is broken into several rows around the trunk that feeds them, so
that no line ever runs through a shape. Challengers that are developed stand in a row of their own at the right,
with all that hangs on them; the others are stacked there like contexts. What goes on which page is decided in
`paging`; nothing is drawn here. Unit as in `shapes`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from assurance.gsn import text
from assurance.gsn.contour import Contour, merge, row, separation
from assurance.gsn.elements import Element, ElementType, Goal
from assurance.gsn.hierarchy import Mark
from assurance.gsn.relations import RelationType
from assurance.gsn.shapes import SIZE, SLANT, Shape

GAP_X: Final = 14.0
"""Between neighbouring subtrees."""
GAP_Y: Final = 30.0
"""From the bottom of an element to the top of what supports it."""
DROP: Final = 17.0
"""The last part of `GAP_Y`: from the horizontal bus to the top of the supporting element."""
GAP_CONTEXT: Final = 26.0
"""From an element to what stands at its side."""
GAP_STACK: Final = 9.0
"""Between two contexts at the same side."""
DECORATOR: Final = 12.0
"""Height of the undeveloped diamond, width of all decorators."""
DECORATOR_LOW: Final = 8.0
"""Height of the uninstantiated triangle."""
TRANSFER: Final = 13.0
"""Height of the off-diagram triangle and its label."""
LABEL: Final = 46.0
LABEL_ABOVE: Final = 72.0
"""Widths that are kept free for the labels of off-diagram triangles."""
TRIANGLE: Final = 16.0
"""Least width of an off-diagram triangle, else a third of the edge (GSN 1:2.2.20)."""
MARK_ROW: Final = 11.0
"""Room for one sign on a vertical line."""
MARK_LABEL: Final = 90.0
"""Widest label beside a sign; a longer one is shortened."""
_LEG: Final = 170.0
"""Room for all labels on one horizontal line."""
DIAMOND: Final = (16.0, 12.0)
"""Width and height of a choice."""
BESIDE: Final = 7.0
"""From the middle of a sign to its label."""
HEAD: Final = 8.0
"""Length of an arrowhead."""
_TRUNK: Final = 10.0
_CLEARANCE: Final = 9.0
BUS: Final = 9.0
BUS_CHALLENGE: Final = 15.0
"""From an element's side to the vertical line that joins its challengers: room for their arrowhead."""
LANE: Final = 16.0
"""Room for the line that ends on another one's horizontal piece."""
_SIDE_DROP: Final = 18.0
"""From the line that joins challengers down to their tops."""
_STRAIGHT: Final = 30.0
"""Length of the arrow of a challenger that stands level with its target."""
_Band = tuple[float, float, float, float]
"""Left, right, bottom, top."""


def label_of(mark: Mark, room: float = MARK_LABEL) -> tuple[str, float]:
    """A sign's label as it is shown, and its width."""
    if not mark.label:
        return "", 0.0
    shown = text.shorten(mark.label, SIZE, room)
    return shown, text.width(shown, SIZE)


@dataclass(slots=True, eq=False)
class Node:
    """One occurrence of an element (None: an invisible node that only joins several trees, or a choice)."""

    element: Element | None
    shape: Shape
    contexts: list[Node] = field(default_factory=list)
    """What is stacked at the sides: contexts, and challengers that are not developed here."""
    children: list[Node] = field(default_factory=list)
    sides: Sequence[Node] = ()
    """Challengers at the right, with what hangs on them."""
    repeated: bool = False
    """Stands in full elsewhere."""
    transfer: bool = False
    """Has an off-diagram triangle below, since more hangs on the element than is shown here."""
    arrival: bool = False
    """Has an off-diagram triangle above, since the argument comes from another page."""
    type: RelationType = RelationType.SUPPORTED_BY
    """How it hangs on the node that holds it."""
    marks: tuple[Mark, ...] = ()
    """Signs on the line by which it hangs."""
    on_line: bool = False
    """Challenges a line: that of the element before it in the stack, or that of the node at whose side it stands."""
    trunk: tuple[Mark, ...] = ()
    """Signs on the line to all that supports it."""
    points: tuple[Mark, ...] = ()
    """Claim points below the shape."""
    choice: str = ""
    """For a choice: the element that chooses."""
    label: str = ""
    """For a choice: its label."""
    x: float = 0.0
    y: float = 0.0
    """Top left corner of the shape, once placed."""
    _rows: int = 0
    lefts: Sequence[Node] = ()
    rights: Sequence[Node] = ()
    gaps: tuple[float, float] = (GAP_CONTEXT, GAP_CONTEXT)
    _min_x: float = 0.0
    _max_x: float = 0.0
    _bottom: float = 0.0
    _spots: Sequence[tuple[float, float]] = ()
    _side_spots: Sequence[tuple[float, float]] = ()
    straight: bool = False
    origin: tuple[float, float] = (0.0, 0.0)

    @property
    def hidden(self) -> bool:
        """Whether it only joins several trees."""
        return self.element is None and not self.choice

    @property
    def name(self) -> str:
        """The element at which lines from here begin."""
        return self.element.id if self.element is not None else self.choice

    def move(self, dx: float, dy: float) -> None:
        """Move the node, not what hangs on it."""
        self.x += dx
        self.y += dy
        self.origin = (self.origin[0] + dx, self.origin[1] + dy)

    @property
    def mark(self) -> float:
        """Height of what hangs at the bottom centre: decorator and claim points."""
        if self.element is None:
            return 0.0
        return decorator_height(self.element) + MARK_ROW * len(self.points)

    @property
    def foot(self) -> float:
        """Height of what hangs below the shape: decorator, off-diagram triangle and label."""
        return self.mark + (TRANSFER if self.transfer else 0.0)

    @property
    def above(self) -> float:
        """Height of what stands above the shape: off-diagram triangle, signs on the line that ends here."""
        return (TRANSFER if self.arrival else 0.0) + self._rows * MARK_ROW

    @property
    def label_room(self) -> float:
        """Widest label at the middle of the element's bottom: it must not reach what stands beside."""
        return min(MARK_LABEL, self.shape.width / 2 + BUS - 3.0 - BESIDE)

    @property
    def half(self) -> float:
        """Half of the width that the node needs, its labels included."""
        half = self.shape.width / 2
        if self._rows:  # not in a stack, where signs stand along the line
            for mark in self.marks:
                half = max(half, BESIDE + 3.0 + label_of(mark)[1])
        for mark in (*self.trunk, *self.points):
            half = max(half, BESIDE + 3.0 + label_of(mark, self.label_room)[1])
        if self.label:
            half = max(half, half + 5.0 + text.width(self.label, SIZE))
        if not self.transfer and not self.arrival:
            return half
        lean = SLANT if self.shape.type is ElementType.STRATEGY else 0.0
        label = max(LABEL if self.transfer else 0.0, LABEL_ABOVE if self.arrival else 0.0)
        return max(half, label + 3.0 + max(TRIANGLE, self.shape.width / 3) + lean - self.shape.width / 2)


def decorator_height(element: Element) -> float:
    """Height of the sign that hangs at the bottom centre of an element, 0 for none."""
    if element.undeveloped or (isinstance(element, Goal) and element.by_contract):
        return DECORATOR
    return DECORATOR_LOW if element.uninstantiated else 0.0


def arrange(root: Node, row_width: float) -> tuple[float, float]:
    """Place all nodes of a tree; its bounding box starts at (0, 0). Returns width and height."""
    order = [root]
    for node in order:
        order.extend(node.children)
        order.extend(node.sides)
        if node.children:
            rows = max([len(child.marks) + any(side.on_line for side in child.sides) for child in node.children])
            for child in node.children:
                child._rows = rows  # siblings stand level
        for side in node.sides:
            side._rows = len(side.marks) + any(item.on_line for item in side.sides)
    contours: dict[int, Contour] = {}
    for node in reversed(order):
        _block(node)
        if node.children:
            own = _under(node, [contours.pop(id(child)) for child in node.children], row_width)
        else:
            own = Contour.box(node._min_x, node._max_x, node._bottom + _CLEARANCE)
        if node.sides:
            own = _beside(node, own, [contours.pop(id(side)) for side in node.sides])
        contours[id(node)] = own
    whole = contours[id(root)]
    root.origin = (-whole.min_x, 0.0)
    for node in order:
        _place(node)
        x, y = node.origin
        for child, (dx, dy) in zip(node.children, node._spots, strict=True):
            child.origin = (x + dx, y + dy)
        for side, (dx, dy) in zip(node.sides, node._side_spots, strict=True):
            side.origin = (x + dx, y + dy)
    return whole.max_x - whole.min_x, whole.bottom - _CLEARANCE


def _block(node: Node) -> None:
    """Extent of an element with what is stacked beside it; origin at the middle, above all that it has."""
    half = node.half
    node._min_x, node._max_x = -half, half
    node._bottom = node.above + node.shape.height + node.foot
    if not node.contexts:
        return
    node.lefts, node.rights = _divided(node)
    node.gaps = (_gap(node.lefts), _gap(node.rights))
    reach = node.shape.width / 2
    if node.lefts:
        node._min_x = min(-half, -reach - node.gaps[0] - max([2 * context.half for context in node.lefts]))
    if node.rights:
        node._max_x = max(half, reach + node.gaps[1] + max([2 * context.half for context in node.rights]))
    node._bottom = max(node._bottom, node.above + max(_height(node.lefts), _height(node.rights)))


def _divided(node: Node) -> tuple[list[Node], list[Node]]:
    """What goes left and what right: both sides alike, but contexts stand at the left where anything challenges."""
    challenged = any(item.type is RelationType.CHALLENGES and not item.on_line for item in node.contexts)
    challenged_at_length = any(not side.on_line for side in node.sides)
    stacks: tuple[list[Node], list[Node]] = ([], [])
    heights = [0.0, 0.0]
    side = 0
    for context in node.contexts:
        if not context.on_line:  # what challenges a line stands next to it
            side = 0 if heights[0] <= heights[1] else 1
            if challenged or challenged_at_length:
                side = 1 if context.type is RelationType.CHALLENGES else 0
        stacks[side].append(context)
        heights[side] += context.above + context.shape.height + context.foot + GAP_STACK
    return stacks


def _height(stack: Sequence[Node]) -> float:
    return sum([context.above + context.shape.height + context.foot + GAP_STACK for context in stack]) - GAP_STACK


def _gap(stack: Sequence[Node]) -> float:
    """From an element's side to its stack: longer where signs stand on the lines."""
    gap = GAP_CONTEXT
    plain = True
    for context in stack:
        if context.marks or context.type is RelationType.CHALLENGES:
            plain = False
            break
    if plain:
        return gap
    if any(context.type is RelationType.CHALLENGES and not context.on_line for context in stack):
        gap += BUS_CHALLENGE - BUS
    if any(context.on_line for context in stack):
        gap += LANE
    return gap + max([room_across(context.marks) for context in stack])


def legs(marks: Sequence[Mark]) -> list[tuple[str, float, float]]:
    """Signs on a horizontal line: for each the label as it is shown, its width, and the room that it takes."""
    labelled = sum([bool(mark.label) for mark in marks])
    room = min(MARK_LABEL, _LEG / labelled - 4.0) if labelled else MARK_LABEL
    shown = [label_of(mark, room) for mark in marks]
    return [(words, wide, max(MARK_ROW, wide + 4.0)) for words, wide in shown]


def room_across(marks: Sequence[Mark]) -> float:
    """Room that signs take on a horizontal line."""
    return sum([room for _, _, room in legs(marks)])


def _under(node: Node, parts: list[Contour], row_width: float) -> Contour:
    """Put the subtrees below a node's block in one or several rows; fills `_spots`, returns the whole's contour."""
    rows = _rows([part.max_x - part.min_x for part in parts], row_width)
    if node.hidden:
        return _side_by_side(node, parts, [members for members, _ in rows])
    spots: list[tuple[float, float]] = []
    boxes: list[_Band] = []
    y = node._bottom
    first = GAP_Y + MARK_ROW * len(node.trunk)
    side = max([BESIDE + label_of(mark, node.label_room)[1] for mark in node.trunk], default=0.0)
    for members, middle in rows[:-1]:
        top = y + first
        first = GAP_Y
        left = [parts[index] for index in members[:middle]]
        right = [parts[index] for index in members[middle:]]
        bottom, min_x, max_x = top, 0.0, 0.0
        row_spots: list[float] = []
        for group, is_left in ((left, True), (right, False)):
            if group:
                joined = row(group, GAP_X)
                shift = -_TRUNK - joined.max_x if is_left else _TRUNK - joined.min_x
                row_spots.extend(x + shift for x in joined.places)
                bottom = max(bottom, top + joined.bottom)
                min_x, max_x = min(min_x, joined.min_x + shift), max(max_x, joined.max_x + shift)
        spots.extend((x, top) for x in row_spots)
        boxes.extend(_lines([node.children[index] for index in members], row_spots, side, y, top))
        boxes.append((min_x, max_x, bottom, top))
        y = bottom
    members, _ = rows[-1]
    top = y + first
    last = row([parts[index] for index in members], GAP_X)
    centre = (last.places[0] + last.places[-1]) / 2
    last_spots = [x - centre for x in last.places]
    last.move(-centre, top)
    spots.extend((x, top) for x in last_spots)
    boxes.extend(_lines([node.children[index] for index in members], last_spots, side, y, top))
    for min_x, max_x, bottom, upper in reversed(boxes):
        last.cap(min_x, max_x, bottom, upper)
    last.cap(node._min_x, node._max_x, node._bottom, 0.0)
    node._spots = spots
    return last


def _lines(members: list[Node], places: list[float], side: float, y: float, top: float) -> list[_Band]:
    """The room of the lines from a trunk to a row of blocks, from `y` to `top`; the trunk's labels reach to `side`.

    Clear of the arrowhead, the uppermost sign on the line to a block rises above that block, and so may the line of
    what challenges the relation: here they have their room, for the block's own contour does not hold them.
    """
    left, right = min(0.0, *places), max(side, *places)
    if not members[0]._rows:
        return [(left, right, top, y)]
    reach = right
    for member, x in zip(members, places, strict=True):
        beside = [BESIDE + label_of(mark)[1] for mark in member.marks]
        beside += [spot[0] for item, spot in zip(member.sides, member._side_spots, strict=True) if item.on_line]
        reach = max(reach, x + max(beside, default=0.0))
    return [(left, right, top - HEAD, y), (left, reach, top, top - HEAD)]


def _beside(node: Node, whole: Contour, parts: list[Contour]) -> Contour:
    """Put the trees of challengers to the right of a tree; fills `_side_spots`, returns the contour of all."""
    first = node.sides[0]
    level = [side for side in node.sides if not side.on_line]
    node.straight = len(node.sides) == len(level) == 1 and not first.lefts and not first._rows
    middle = node.above + node.shape.height / 2
    y = node.above
    reach = node._max_x + GAP_X
    if node.straight:
        y = max(0.0, middle - first.shape.height / 2)
        reach = max(reach, node.shape.width / 2 + _STRAIGHT)
    elif level:
        y = middle + _SIDE_DROP
    joined = row(parts, GAP_X)
    joined.move(0.0, y)
    shift = max(separation(whole, joined, GAP_X), reach - first._min_x)
    joined.move(shift, 0.0)
    places = [x + shift for x in joined.places]
    if y > 0.0:
        joined.cap(node._max_x, max(node._max_x, places[-1] + 1.0), y, 0.0)
    node._side_spots = [(x, y) for x in places]
    return merge(whole, joined)


def _side_by_side(node: Node, parts: list[Contour], rows: list[list[int]]) -> Contour:
    """Trees that nothing joins: in rows from left to right, like words."""
    spots: list[tuple[float, float]] = []
    y = wide = 0.0
    for members in rows:
        joined = row([parts[index] for index in members], GAP_X)
        spots.extend((x - joined.min_x, y) for x in joined.places)
        wide = max(wide, joined.max_x - joined.min_x)
        y += joined.bottom + GAP_X
    node._spots = spots
    return Contour.box(0.0, wide, y - GAP_X)


def _rows(widths: list[float], limit: float) -> list[tuple[list[int], int]]:
    """Rows of indices, as few as the limit permits and about equally wide, and for each how many stand left of
    the trunk."""
    total = sum(widths) + GAP_X * (len(widths) - 1)
    if total <= limit or len(widths) == 1:
        return [(list(range(len(widths))), 0)]
    high = max(limit - 2 * _TRUNK, *widths)
    count = len(_broken(widths, high))
    low = total / count - GAP_X
    for _ in range(8):  # the narrowest rows of that number, by bisection
        middle = (low + high) / 2
        low, high = (low, middle) if len(_broken(widths, middle)) <= count else (middle, high)
    result = []
    for members in _broken(widths, high):
        spans = [widths[index] for index in members]
        left = min(range(len(members) + 1), key=lambda cut: abs(sum(spans[:cut]) - sum(spans[cut:])))
        result.append((members, left))
    return result


def _broken(widths: list[float], limit: float) -> list[list[int]]:
    rows: list[list[int]] = [[]]
    used = 0.0
    for index, wide in enumerate(widths):
        if rows[-1] and used + wide > limit:
            rows.append([])
            used = 0.0
        rows[-1].append(index)
        used += wide + GAP_X
    return rows


def _place(node: Node) -> None:
    """From the origin of a block to the corners of its shapes."""
    x, y = node.origin
    node.x = x - node.shape.width / 2
    node.y = y + node.above
    for stack, is_left in ((node.lefts, True), (node.rights, False)):
        if not stack:
            continue
        top = node.y + max(0.0, (node.shape.height - _height(stack)) / 2)
        gap = node.gaps[0 if is_left else 1]
        for context in stack:
            reach = node.shape.width / 2 + gap + context.half
            centre = x - reach if is_left else x + reach
            context.x, context.y = centre - context.shape.width / 2, top + context.above
            top = context.y + context.shape.height + context.foot + GAP_STACK
