"""The lines between elements as SVG paths: pieces that several lines share are drawn once, arrowheads on top."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

from assurance.gsn import marks
from assurance.gsn.marks import INK, PAPER, number
from assurance.gsn.relations import RelationType
from assurance.gsn.tree import HEAD
from assurance.gsn.wires import Wire


def strokes(wires: Iterable[Wire]) -> Iterator[str]:
    """The lines, those of one element and kind in one path, so that shared pieces are drawn once."""
    grouped: dict[tuple[object, ...], list[Wire]] = {}
    for wire in wires:
        # challenges meet at their target, the other relations part at their source
        challenge = wire.type is RelationType.CHALLENGES
        end = (wire.challenged or wire.target) if challenge else wire.source
        grouped.setdefault((end, wire.type), []).append(wire)
    lines: list[str] = []
    dashes: list[str] = []
    solid: list[str] = []
    hollow: list[str] = []
    for members in grouped.values():
        kind = members[0].type
        if kind is RelationType.CHALLENGES:
            dashes.append(_pieces(members))
            heads = {wire.points[-1]: wire.points[-2] for wire in members}
            solid_heads = [marks.head_open(x, y, round(x - bx, 3), y - by) for (x, y), (bx, by) in heads.items()]
            lines.extend(solid_heads)
            continue
        lines.append(_pieces(members))
        for wire in members:
            (before_x, _), (x, y) = wire.points[-2:]
            if not wire.arrow:
                continue
            if kind is RelationType.SUPPORTED_BY:
                solid.append(marks.head_down(x, y))
            else:
                hollow.append(marks.head_sideways(x, y, x < before_x))
    if lines:
        yield f'<path d="{"".join(lines)}" fill="none" stroke="{INK}"/>'
    if dashes:
        yield f'<path d="{"".join(dashes)}" fill="none" stroke="{INK}" stroke-dasharray="5 3"/>'
    if solid:
        yield f'<path d="{"".join(solid)}" fill="{INK}"/>'
    if hollow:
        yield f'<path d="{"".join(hollow)}" fill="{PAPER}" stroke="{INK}"/>'


def _pieces(wires: list[Wire]) -> str:
    """Path data of the pieces of some lines, overlapping pieces joined; ends stop short of the arrowhead."""
    flat: dict[float, list[tuple[float, float]]] = {}
    steep: dict[float, list[tuple[float, float]]] = {}
    for wire in wires:
        points = [(round(x, 1), round(y, 1)) for x, y in wire.points]
        for index, ((ax, ay), (bx, by)) in enumerate(pairwise(points)):
            if index == len(points) - 2 and wire.arrow and wire.type is not RelationType.CHALLENGES:
                bx, by = _shorten(ax, ay, bx, by)
            if ay == by:
                flat.setdefault(ay, []).append((min(ax, bx), max(ax, bx)))
            else:
                steep.setdefault(ax, []).append((min(ay, by), max(ay, by)))
    path = [f"M{number(low)} {number(y)}H{number(high)}" for y in flat for low, high in _joined(flat[y])]
    path += [f"M{number(x)} {number(low)}V{number(high)}" for x in steep for low, high in _joined(steep[x])]
    return "".join(path)


def _joined(spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Overlapping and touching spans made one."""
    joined: list[tuple[float, float]] = []
    for low, high in sorted(spans):
        if joined and low <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], high))
        else:
            joined.append((low, high))
    return joined


def _shorten(ax: float, ay: float, bx: float, by: float) -> tuple[float, float]:
    cut = HEAD - 1.0
    if ay == by:
        return bx - cut if bx > ax else bx + cut, by
    return bx, by - cut if by > ay else by + cut
