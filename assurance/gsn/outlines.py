"""The outlines of GSN's symbols as SVG (tables 1:2-1 and 1:4-1). Knows no text and no page."""

from __future__ import annotations

from assurance.gsn.elements import ElementType
from assurance.gsn.marks import number
from assurance.gsn.shapes import CORNER, DOMES, SLANT, TAB


def outline(
    kind: ElementType,
    x: float,
    y: float,
    wide: float,
    high: float,
    paint: str,
    *,
    scale: float = 1.0,
    sill: float = 0.0,
    dome: float = 0.0,
) -> str:
    """The symbol of a kind of element (GSN tables 1:2-1 and 1:4-1).

    `scale` makes slant, corners and tabs smaller; `sill` is the height of the line above a module's name.
    """
    left, top, across, down = number(x), number(y), number(wide), number(high)
    line = f"M{left} {number(y + sill)}h{across}" if sill else ""
    if kind in (ElementType.GOAL, ElementType.AWAY_GOAL):
        return f'<path d="M{left} {top}h{across}v{down}h-{across}z{line}" {paint}/>'
    if kind is ElementType.STRATEGY:
        lean, across = SLANT * scale, number(wide - SLANT * scale)
        path = f"M{number(x + lean)} {top}h{across}l-{number(lean)} {down}h-{across}z"
        return f'<path d="{path}" {paint}/>'
    if kind is ElementType.CONTEXT:
        radius = number(min(high / 2, CORNER * scale))
        return f'<rect x="{left}" y="{top}" width="{across}" height="{down}" rx="{radius}" {paint}/>'
    if kind is ElementType.AWAY_CONTEXT:
        bend = min((sill or high) / 2, CORNER * scale)
        curve = f"a{number(bend)} {number(bend)} 0 0 1 "
        path = f"M{left} {number(y + high)}v-{number(high - bend)}{curve}{number(bend)} -{number(bend)}"
        path += f"h{number(wide - 2 * bend)}{curve}{number(bend)} {number(bend)}v{number(high - bend)}z"
        return f'<path d="{path}{line}" {paint}/>'
    if kind in DOMES:
        round_part = dome or high / 2
        path = f"M{left} {number(y + high)}v-{number(high - round_part)}"
        path += f"a{number(wide / 2)} {number(round_part)} 0 0 1 {across} 0v{number(high - round_part)}z"
        return f'<path d="{path}{line}" {paint}/>'
    if kind in (ElementType.MODULE, ElementType.CONTRACT):
        return f'<path d="{_tabbed(kind, x, y, wide, high, TAB * scale)}" {paint}/>'
    middle = f'cx="{number(x + wide / 2)}" cy="{number(y + high / 2)}"'
    return f'<ellipse {middle} rx="{number(wide / 2)}" ry="{number(high / 2)}" {paint}/>'


def _tabbed(kind: ElementType, x: float, y: float, wide: float, high: float, tab: float) -> str:
    """A rectangle with a tab at the top left and, for a contract, one like it at the bottom right."""
    part = number(min(wide * 0.4, 5 * tab))
    lift = number(tab)
    foot = tab if kind is ElementType.CONTRACT else 0.0
    down = number(high - tab - foot)
    path = f"M{number(x)} {number(y + tab)}h{number(wide)}v{down}h-{number(wide)}zv-{lift}h{part}v{lift}"
    if foot:
        path += f"M{number(x + wide)} {number(y + high - foot)}v{lift}h-{part}v-{lift}"
    return path
