"""A tree of shapes: contexts at both sides of their element, support below it, orthogonal lines between.

Takes nodes whose shapes are sized, gives each its place and returns the lines. A row of supporting elements that
is wider than permitted is broken into several rows around the trunk that feeds them, so that no line ever runs
through a shape. What goes on which page is decided in `layout`; nothing is drawn here. Unit as in `shapes`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from assurance.gsn.contour import Contour, row
from assurance.gsn.model import Element, ElementType, RelationType
from assurance.gsn.shapes import SLANT, Shape

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
_TRUNK: Final = 10.0
_CLEARANCE: Final = 9.0
_BUS: Final = 9.0


@dataclass(slots=True)
class Node:
    """One occurrence of an element (None: an invisible node that only joins several trees)."""

    element: Element | None
    shape: Shape
    contexts: list[Node] = field(default_factory=list)
    children: list[Node] = field(default_factory=list)
    repeated: bool = False
    """Stands in full elsewhere."""
    transfer: bool = False
    """Has an off-diagram triangle below, since more hangs on the element than is shown here."""
    arrival: bool = False
    """Has an off-diagram triangle above, since the argument comes from another page."""
    x: float = 0.0
    y: float = 0.0
    """Top left corner of the shape, once placed."""
    _lefts: list[Node] = field(default_factory=list)
    _rights: list[Node] = field(default_factory=list)
    _min_x: float = 0.0
    _max_x: float = 0.0
    _bottom: float = 0.0
    _spots: list[tuple[float, float]] = field(default_factory=list)
    _origin: tuple[float, float] = (0.0, 0.0)

    @property
    def mark(self) -> float:
        """Height of the decorator at the bottom centre."""
        return decorator_height(self.element) if self.element is not None else 0.0

    @property
    def foot(self) -> float:
        """Height of what hangs below the shape: decorator, off-diagram triangle and label."""
        return self.mark + (TRANSFER if self.transfer else 0.0)

    @property
    def half(self) -> float:
        """Half of the width that the node needs, its labels included."""
        half = self.shape.width / 2
        if not self.transfer and not self.arrival:
            return half
        lean = SLANT if self.shape.type is ElementType.STRATEGY else 0.0
        label = max(LABEL if self.transfer else 0.0, LABEL_ABOVE if self.arrival else 0.0)
        return max(half, label + 3.0 + max(TRIANGLE, self.shape.width / 3) + lean - half)


def decorator_height(element: Element) -> float:
    """Height of the diamond or triangle that hangs at the bottom centre of an element, 0 for none."""
    if element.undeveloped:
        return DECORATOR
    return DECORATOR_LOW if element.uninstantiated else 0.0


@dataclass(frozen=True, slots=True)
class Wire:
    """A relation as it is drawn: a line of horizontal and vertical pieces, arrowhead at its end."""

    type: RelationType
    source: str
    target: str
    points: tuple[tuple[float, float], ...]


def arrange(root: Node, row_width: float) -> tuple[float, float]:
    """Place all nodes of a tree; its bounding box starts at (0, 0). Returns width and height."""
    order = [root]
    for node in order:
        order.extend(node.children)
    contours: dict[int, Contour] = {}
    for node in reversed(order):
        _block(node)
        own = Contour.box(node._min_x, node._max_x, node._bottom)
        if not node.children:
            own = Contour.box(node._min_x, node._max_x, node._bottom + _CLEARANCE)
            contours[id(node)] = own
            continue
        contours[id(node)] = _under(node, own, [contours.pop(id(child)) for child in node.children], row_width)
    whole = contours[id(root)]
    root._origin = (-whole.min_x, 0.0)
    for node in order:
        _place(node)
        for child, (dx, dy) in zip(node.children, node._spots, strict=True):
            child._origin = (node._origin[0] + dx, node._origin[1] + dy)
    return whole.max_x - whole.min_x, whole.bottom - _CLEARANCE


def _block(node: Node) -> None:
    """Extent of an element with its contexts; origin at the centre of the shape's top (below an arrival)."""
    above = TRANSFER if node.arrival else 0.0
    half = node.half
    node._min_x, node._max_x = -half, half
    node._bottom = above + node.shape.height + node.foot
    heights = [0.0, 0.0]
    node._lefts, node._rights = [], []
    for context in node.contexts:
        side = 0 if heights[0] <= heights[1] else 1
        (node._lefts, node._rights)[side].append(context)
        heights[side] += context.shape.height + context.foot + GAP_STACK
    reach = node.shape.width / 2 + GAP_CONTEXT
    if node._lefts:
        node._min_x = min(-half, -reach - max(2 * context.half for context in node._lefts))
    if node._rights:
        node._max_x = max(half, reach + max(2 * context.half for context in node._rights))
    node._bottom = max(node._bottom, above + max(heights) - GAP_STACK)


def _under(node: Node, block: Contour, parts: list[Contour], row_width: float) -> Contour:
    """Put the subtrees below a block in one or several rows; fills `_spots`, returns the whole's contour."""
    rows = _rows([part.max_x - part.min_x for part in parts], row_width)
    if node.element is None:
        return _side_by_side(node, parts, [members for members, _ in rows])
    spots: list[tuple[float, float]] = []
    boxes: list[Contour] = []
    y = node._bottom
    for members, middle in rows[:-1]:
        top = y + GAP_Y
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
        boxes.append(Contour.box(min(0.0, *row_spots), max(0.0, *row_spots), top, y))
        boxes.append(Contour.box(min_x, max_x, bottom, top))
        y = bottom
    members, _ = rows[-1]
    top = y + GAP_Y
    last = row([parts[index] for index in members], GAP_X)
    centre = (last.places[0] + last.places[-1]) / 2
    last_spots = [x - centre for x in last.places]
    last.move(-centre, top)
    spots.extend((x, top) for x in last_spots)
    boxes.append(Contour.box(min(0.0, last_spots[0]), max(0.0, last_spots[-1]), top, y))
    for box in reversed(boxes):
        last.put_on_top(box)
    last.put_on_top(block)
    node._spots = spots
    return last


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
    x, y = node._origin
    node.x = x - node.shape.width / 2
    node.y = y + (TRANSFER if node.arrival else 0.0)
    for stack, is_left in ((node._lefts, True), (node._rights, False)):
        high = sum(context.shape.height + context.foot + GAP_STACK for context in stack) - GAP_STACK
        top = node.y + max(0.0, (node.shape.height - high) / 2)
        for context in stack:
            reach = node.shape.width / 2 + GAP_CONTEXT + context.half
            centre = x - reach if is_left else x + reach
            context.x, context.y = centre - context.shape.width / 2, top
            top += context.shape.height + context.foot + GAP_STACK


def wires(root: Node) -> Iterator[Wire]:
    """The lines of a placed tree, parents first."""
    waiting = [root]
    for node in waiting:
        waiting.extend(node.children)
        if node.element is None:
            continue
        start = (node.x + node.shape.width / 2, node.y + node.shape.height + node.mark)
        for child in node.children:
            end = (child.x + child.shape.width / 2, child.y)
            yield Wire(RelationType.SUPPORTED_BY, node.element.id, _name(child), _fall(start, end, child.y - DROP))
        yield from _context_wires(node, node._lefts, is_left=True)
        yield from _context_wires(node, node._rights, is_left=False)


def _fall(start: tuple[float, float], end: tuple[float, float], bus: float) -> tuple[tuple[float, float], ...]:
    if abs(start[0] - end[0]) < 0.05:
        return start, (start[0], end[1])
    return start, (start[0], bus), (end[0], bus), end


def _context_wires(node: Node, stack: list[Node], *, is_left: bool) -> Iterator[Wire]:
    assert node.element is not None
    shape = node.shape
    sign = -1.0 if is_left else 1.0
    middles = [context.y + context.shape.height / 2 for context in stack]
    leave = node.y + shape.height / 2
    if shape.type not in (ElementType.SOLUTION, ElementType.ASSUMPTION, ElementType.JUSTIFICATION):
        # a straight line to the first context where that is level with the element's side
        low, high = node.y + 8.0, node.y + shape.height - 8.0
        near = [middle for middle in middles if low <= middle <= high]
        leave = near[0] if near else leave
    start = (_edge(node, leave, is_left=is_left), leave)
    bus = node.x + (-_BUS if is_left else shape.width + _BUS)
    for context, middle in zip(stack, middles, strict=True):
        end = (_edge(context, middle, is_left=not is_left), middle)
        points: tuple[tuple[float, float], ...]
        if abs(middle - leave) < 0.05:
            points = (start, (end[0], leave))
        else:
            points = (start, (bus, leave), (bus, middle), end)
        assert sign * (points[-1][0] - points[0][0]) > 0
        yield Wire(RelationType.IN_CONTEXT_OF, node.element.id, _name(context), points)


def _edge(node: Node, y: float, *, is_left: bool) -> float:
    """x of a shape's side at a height."""
    shape = node.shape
    lean = 0.0
    if shape.type is ElementType.STRATEGY:
        part = (y - node.y) / shape.height
        lean = SLANT * (1 - part) if is_left else SLANT * part
    return node.x + lean if is_left else node.x + shape.width - lean


def _name(node: Node) -> str:
    assert node.element is not None
    return node.element.id
