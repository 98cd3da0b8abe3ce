"""The lines of a placed tree and the signs on them: buses, arrows to contexts, challenges, balls, squares, crosses.

Takes a tree that `tree.arrange` has placed. Every line is made of horizontal and vertical pieces; lines of different
elements never touch, except that the challenge of a relation ends on that relation's line. Draws nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from assurance.gsn import text
from assurance.gsn.elements import ElementType
from assurance.gsn.hierarchy import Mark, Sign
from assurance.gsn.relations import RelationType
from assurance.gsn.shapes import SIZE
from assurance.gsn.tree import (
    BESIDE,
    BUS,
    BUS_CHALLENGE,
    DROP,
    HEAD,
    LANE,
    MARK_LABEL,
    MARK_ROW,
    Node,
    decorator_height,
    label_of,
    legs,
)


class Spot(NamedTuple):
    """A sign in its place: its middle, and its label's left end and base line."""

    sign: Sign
    x: float
    y: float
    label: str
    label_x: float
    label_y: float
    whole: str
    """The label before it was shortened."""


@dataclass(frozen=True, slots=True)
class Wire:
    """A relation as it is drawn: a line of horizontal and vertical pieces, arrowhead at its end.

    A challenge runs from the challenger. `challenged` names the ends of the relation that it is aimed at; then
    `target` is empty. A line to a choice has no `arrow`, and no target either.
    """

    type: RelationType
    source: str
    target: str
    points: tuple[tuple[float, float], ...]
    challenged: tuple[str, str] | None = None
    arrow: bool = True


def wires(root: Node) -> Iterator[Wire]:
    """The lines of a placed tree, parents first."""
    waiting = [root]
    for node in waiting:
        waiting.extend(node.children)
        waiting.extend(node.sides)
        if node.hidden:
            continue
        start = (node.x + node.shape.width / 2, node.y + node.shape.height - node.shape.sole + node.mark)
        for child in node.children:
            end = (child.x + child.shape.width / 2, child.y + child.shape.crown)
            target = "" if child.choice else child.name
            points = _fall(start, end, child.origin[1] - DROP)
            yield Wire(RelationType.SUPPORTED_BY, node.name, target, points, arrow=not child.choice)
        yield from _stack_wires(node, node.lefts, is_left=True)
        yield from _stack_wires(node, node.rights, is_left=False)
    # a challenge of a line needs to know both of its ends
    nodes: list[tuple[Node, Node | None]] = [(root, None)]
    for node, parent in nodes:
        nodes.extend((child, node) for child in node.children)
        nodes.extend((side, node) for side in node.sides)
        yield from _side_wires(node, parent)


def _fall(start: tuple[float, float], end: tuple[float, float], bus: float) -> tuple[tuple[float, float], ...]:
    if abs(start[0] - end[0]) < 0.05:
        return start, (start[0], end[1])
    return start, (start[0], bus), (end[0], bus), end


def _ends(parent: Node, node: Node) -> tuple[str, str]:
    """The relation by which a node hangs on another one."""
    if node.type is RelationType.CHALLENGES:
        return node.name, parent.name
    return parent.name, node.name


def _stack_wires(node: Node, stack: Sequence[Node], *, is_left: bool) -> Iterator[Wire]:
    if not stack:
        return
    shape = node.shape
    level = [context for context in stack if not context.on_line]
    middles = [context.y + context.shape.height / 2 for context in level]
    challenges = level[0].type is RelationType.CHALLENGES
    leave = node.y + shape.height / 2
    if shape.type not in _LEAVES_AT_THE_MIDDLE and not shape.dome:
        # a straight line to the first context where that is level with the element's side
        low, high = node.y + shape.crown + 8.0, node.y + shape.height - shape.sole - 8.0
        near = [middle for middle in middles if low <= middle <= high]
        leave = near[0] if near else leave
    edge = _edge(node, leave, is_left=is_left)
    bus = node.x + (-_bus(stack) if is_left else shape.width + _bus(stack))
    index = -1
    for context in stack:
        if context.on_line:
            before, middle = level[index], context.y + context.shape.height / 2
            line = before.y + before.shape.height / 2
            lane = bus + (-LANE / 2 if is_left else LANE / 2)
            begin = (_edge(context, middle, is_left=not is_left), middle)
            points: tuple[tuple[float, float], ...] = (begin, (lane, middle), (lane, line))
            yield Wire(RelationType.CHALLENGES, context.name, "", points, _ends(node, before))
            continue
        index += 1
        middle = middles[index]
        end = (_edge(context, middle, is_left=not is_left), middle)
        if abs(middle - leave) < 0.05:
            points = ((edge, leave), (end[0], leave))
        else:
            points = ((edge, leave), (bus, leave), (bus, middle), end)
        if challenges:
            yield Wire(RelationType.CHALLENGES, context.name, node.name, tuple(reversed(points)))
        else:
            yield Wire(RelationType.IN_CONTEXT_OF, node.name, context.name, points)


_LEAVES_AT_THE_MIDDLE: Final = (ElementType.SOLUTION, ElementType.ASSUMPTION, ElementType.JUSTIFICATION)


def _bus(stack: Sequence[Node]) -> float:
    return BUS_CHALLENGE if stack[0].type is RelationType.CHALLENGES else BUS


def _side_wires(node: Node, parent: Node | None) -> Iterator[Wire]:
    """The lines of the challengers at a node's right."""
    if not node.sides:
        return
    middle = node.y + node.shape.height / 2
    slot = _slot(node, len(node.marks))
    for side in node.sides:
        x = side.x + side.shape.width / 2
        top = side.y + side.shape.crown
        if side.on_line:
            assert parent is not None
            ends = _ends(parent, node)
            points: tuple[tuple[float, float], ...] = ((x, top), (x, slot), (node.x + node.shape.width / 2, slot))
            yield Wire(RelationType.CHALLENGES, side.name, "", points, ends)
            continue
        end = (_edge(node, middle, is_left=False), middle)
        if node.straight:
            points = ((_edge(side, middle, is_left=True), middle), end)
        else:
            points = ((x, top), (x, middle), end)
        yield Wire(RelationType.CHALLENGES, side.name, node.name, points)


def _edge(node: Node, y: float, *, is_left: bool) -> float:
    """x of a shape's side at a height."""
    shape = node.shape
    inside = y - node.y
    if is_left:
        return node.x + shape.inset(inside)
    mirrored = shape.height - inside if shape.type is ElementType.STRATEGY else inside
    return node.x + shape.width - shape.inset(mirrored)


# -- signs ------------------------------------------------------------------------------------------------


def spots(root: Node) -> Iterator[Spot]:
    """The signs on the lines of a placed tree, and the claim points below shapes."""
    waiting = [root]
    for node in waiting:
        waiting.extend(node.children)
        waiting.extend(node.sides)
        for context in node.contexts:
            yield from _point_spots(context)
        if node.hidden:
            continue
        x = node.x + node.shape.width / 2
        for index, mark in enumerate(node.marks):
            yield _spot(mark, x, _slot(node, index))
        for index, mark in enumerate(node.trunk):
            y = node.y + node.shape.height - node.shape.sole + node.mark + MARK_ROW * (index + 0.5)
            spot = _spot(mark, x, y, node.label_room)
            yield _leftward(spot) if node.shape.sole else spot
        yield from _point_spots(node)
        for stack, is_left in ((node.lefts, True), (node.rights, False)):
            for context in stack:
                if context.marks:
                    yield from _leg_spots(node, context, is_left=is_left)


def _slot(node: Node, index: int) -> float:
    """Height of the middle of a sign on the line that ends at a node's top, counted upward."""
    head = HEAD if node.type is not RelationType.CHALLENGES and not node.choice else 0.0
    return node.y - max(0.0, head - node.shape.crown) - MARK_ROW * (index + 0.5) - 1.0


def _spot(mark: Mark, x: float, y: float, room: float = MARK_LABEL) -> Spot:
    shown, _ = label_of(mark, room)
    return Spot(mark.sign, x, y, shown, x + BESIDE, y + 2.8, mark.label)


def _point_spots(node: Node) -> Iterator[Spot]:
    """The claim points of an element: squares below its decorator, labels at the right, or left of a triangle."""
    if not node.points or node.element is None:
        return
    x = node.x + node.shape.width / 2
    top = node.y + node.shape.height - node.shape.sole + decorator_height(node.element)
    for index, mark in enumerate(node.points):
        spot = _spot(mark, x, top + MARK_ROW * (index + 0.5), node.label_room)
        if node.transfer or node.shape.sole:
            spot = _leftward(spot)
        yield spot


def _leftward(spot: Spot) -> Spot:
    """A sign with its label at the left."""
    return spot._replace(label_x=spot.x - BESIDE - text.width(spot.label, SIZE))


def _leg_spots(node: Node, context: Node, *, is_left: bool) -> Iterator[Spot]:
    """The signs on the line to something stacked, nearest to the stack last."""
    y = context.y + context.shape.height / 2
    sign = -1.0 if is_left else 1.0
    if context.on_line:  # its own line is the short one from its side to the lane
        at = context.x + (context.shape.width if is_left else 0.0)
    else:
        at = node.x + (-node.gaps[0] if is_left else node.shape.width + node.gaps[1])
    if context.type is RelationType.IN_CONTEXT_OF:
        at -= sign * HEAD
    for mark, (shown, width, wide) in zip(context.marks, legs(context.marks), strict=True):
        middle = at - sign * wide / 2
        yield Spot(mark.sign, middle, y, shown, middle - width / 2, y - 6.5, mark.label)
        at -= sign * wide
