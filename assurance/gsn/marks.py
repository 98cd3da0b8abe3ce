"""The small signs of a diagram as SVG paths: status marks, decorators, arrowheads.

Every status has a sign of its own silhouette and a colour of its own, so that it is told apart in black and
white and by colour-blind readers (colours after Okabe and Ito, darkened where text needs it). Draws single
signs; `svg` puts them where they belong. Presentation attributes only, since WeasyPrint knows little of CSS in
SVG and a strict content security policy forbids inline styles.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from assurance.gsn.hierarchy import Sign
from assurance.gsn.shapes import ICON, MARK
from assurance.gsn.tree import DECORATOR, DECORATOR_LOW, HEAD

INK: Final = "#1b1b1b"
PAPER: Final = "#fff"
GREY: Final = "#9a9a9a"


@dataclass(frozen=True, slots=True)
class Look:
    """The colours of a status: line and mark, and a pale ground on which black text stays legible."""

    line: str
    ground: str


LOOKS: Final = {
    "supported": Look("#00734f", "#e6f4ee"),
    "partial": Look("#0063a6", "#e7f1f9"),
    "undeveloped": Look("#5c5c5c", "#f4f4f4"),
    "contradicted": Look("#b33c00", "#fcece3"),
    "in doubt": Look("#8f3b76", "#f8ebf4"),
    "stale": Look("#8a6100", "#fdf3dc"),
}


def number(value: float) -> str:
    """A coordinate with at most one decimal."""
    text = f"{value:.1f}"
    if text.endswith(".0"):
        text = text[:-2]
    return "0" if text == "-0" else text


def status_mark(status: str, x: float, y: float) -> str:
    """The mark of a status, centred at x, y. Raises KeyError for a word outside the vocabulary."""
    colour = LOOKS[status].line
    r = MARK / 2
    px, py = number(x), number(y)
    disc = f'<circle cx="{px}" cy="{py}" r="{number(r - 0.4)}"'
    white = f'fill="none" stroke="{PAPER}" stroke-width="1.3"'
    if status == "supported":
        tick = f'<path d="M{number(x - 2)} {number(y + 0.1)}l1.5 1.6l2.6 -3.2" {white}/>'
        return f'{disc} fill="{colour}"/>{tick}'
    if status == "partial":
        half = f'<path d="M{px} {number(y - r + 0.4)}a3.6 3.6 0 0 0 0 7.2z" fill="{colour}"/>'
        return f'{disc} fill="{PAPER}" stroke="{colour}"/>{half}'
    if status == "undeveloped":
        return f'{disc} fill="{PAPER}" stroke="{colour}"/>'
    if status == "contradicted":
        square = f'<path d="M{number(x - 3.8)} {number(y - 3.8)}h7.6v7.6h-7.6z" fill="{colour}"/>'
        return f'{square}<path d="M{number(x - 2)} {number(y - 2)}l4 4m0 -4l-4 4" {white}/>'
    if status == "in doubt":
        hexagon = f'<path d="M{number(x - 4.4)} {py}l2.2 -3.8h4.4l2.2 3.8l-2.2 3.8h-4.4z" fill="{colour}"/>'
        hook = f'<path d="M{number(x - 1.4)} {number(y - 1.2)}a1.4 1.4 0 1 1 1.4 1.4v0.9m0 0.7v1" {white}/>'
        return hexagon + hook
    sand = f"M{number(x - 3.4)} {number(y - 3.8)}h6.8l-6.8 7.6h6.8z"
    return f'<path d="{sand}" fill="{colour}" stroke="{colour}" stroke-width="0.8"/>'


def decorator(undeveloped: bool, uninstantiated: bool, x: float, y: float, by_contract: bool = False) -> str:
    """The hollow diamond, triangle or small contract at the bottom centre of an element, or two of them overlaid
    (tables 1:2-1, 1:3-2 and 1:4-1)."""
    half = DECORATOR / 2
    path = ""
    if by_contract:
        path = f"M{number(x - 7)} {number(y + 2.5)}v-2.5h5v2.5h9v7h-2v2.5h-5v-2.5h-7zh5m2 7h5"
        if uninstantiated:
            path += f"M{number(x)} {number(y + 2.5)}l5 7m-5 -7l-5 7"
    elif undeveloped:
        path = f"M{number(x)} {number(y)}l{half:g} {half:g}l-{half:g} {half:g}l-{half:g} -{half:g}z"
        if uninstantiated:
            path += f"M{number(x - half)} {number(y + half)}h{DECORATOR:g}"
    elif uninstantiated:
        path = f"M{number(x)} {number(y)}l{half:g} {DECORATOR_LOW:g}h-{DECORATOR:g}z"
    return f'<path d="{path}" fill="{PAPER}" stroke="{INK}"/>' if path else ""


def module_icon(x: float, y: float, fill: str = PAPER) -> str:
    """A miniature module with its top left corner at x, y: the public mark, or shaded in away elements."""
    wide, high = ICON
    tab = wide * 0.45
    path = f"M{number(x)} {number(y + 2.5)}v-2.5h{number(tab)}v2.5h{number(wide - tab)}v{number(high - 2.5)}h-{wide:g}z"
    return f'<path d="{path}h{number(tab)}" fill="{fill}" stroke="{INK}" stroke-width="0.8"/>'


def sign(kind: Sign, x: float, y: float) -> str:
    """A sign on a line, centred at x, y (tables 1:3-1, 1:5-1 and 1:6-2)."""
    if kind is Sign.MANY:
        return f'<circle cx="{number(x)}" cy="{number(y)}" r="3.4" fill="{INK}"/>'
    if kind is Sign.OPTIONAL:
        return f'<circle cx="{number(x)}" cy="{number(y)}" r="3.4" fill="{PAPER}" stroke="{INK}"/>'
    if kind is Sign.CLAIM_POINT:
        return f'<path d="M{number(x - 3.5)} {number(y - 3.5)}h7v7h-7z" fill="{INK}"/>'
    if kind is Sign.CHOICE:
        return diamond(x - 4.5, y - 4.5, 9.0, 9.0)
    cross = f"M{number(x - 4)} {number(y - 4)}l8 8m0 -8l-8 8"
    return f'<path d="{cross}" fill="none" stroke="{INK}" stroke-width="1.4"/>'


def diamond(x: float, y: float, wide: float, high: float) -> str:
    """The solid diamond of a choice in a frame."""
    half, rise = number(wide / 2), number(high / 2)
    path = f"M{number(x)} {number(y + high / 2)}l{half} -{rise}l{half} {rise}l-{half} {rise}z"
    return f'<path d="{path}" fill="{INK}"/>'


def cross(x: float, y: float, wide: float, high: float) -> str:
    """The cross over a defeated element (table 1:6-1)."""
    right, low = number(x + wide), number(y + high)
    path = f"M{number(x)} {number(y)}L{right} {low}M{right} {number(y)}L{number(x)} {low}"
    return f'<path d="{path}" fill="none" stroke="{INK}" stroke-width="1.1"/>'


def head_open(x: float, y: float, dx: float, dy: float) -> str:
    """Path data of the open arrowhead of a challenge that arrives at x, y along the direction dx, dy (one is 0)."""
    back, out = HEAD - 1.0, 3.6
    if dx:
        step = -back if dx > 0 else back
        return f"M{number(x + step)} {number(y - out)}L{number(x)} {number(y)}L{number(x + step)} {number(y + out)}"
    step = -back if dy > 0 else back
    return f"M{number(x - out)} {number(y + step)}L{number(x)} {number(y)}L{number(x + out)} {number(y + step)}"


def head_down(x: float, y: float) -> str:
    """Path data of an arrowhead that points down to x, y."""
    return f"M{number(x)} {number(y)}l-3.4 -{HEAD:g}h6.8z"


def head_sideways(x: float, y: float, to_left: bool) -> str:
    """Path data of an arrowhead that points to x, y from the side."""
    return f"M{number(x)} {number(y)}l{HEAD if to_left else -HEAD:g} -3.4v6.8z"
