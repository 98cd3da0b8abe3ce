"""Pages as SVG: the standard's shapes, arrows and decorators, status marks, links, and a key.

The same page and the same mappings give the same text, byte for byte. Plain presentation attributes only: no
style sheet, no `foreignObject`, no markers, every line of text placed by its own coordinates, so that browsers and
WeasyPrint show the same. WeasyPrint makes no PDF links from links in SVG: `areas` tells where they are, for an
overlay. Decides nothing about layout or status.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from assurance.gsn import legend, marks, text
from assurance.gsn.layout import HEADER, POINTS_PER_MM, Box, Page, PageKind, Role, Transfer
from assurance.gsn.marks import GREY, INK, PAPER, number
from assurance.gsn.model import ElementType, RelationType
from assurance.gsn.shapes import BASE, CORNER, LINE, MARK, SIZE, SLANT
from assurance.gsn.tree import Wire
from assurance.resources import folder

PREFIX: Final = "gsn"
_TITLE_SIZE: Final = 9.0
_TOPS_NAMED: Final = 8
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]|-(?=-)")
_LETTERS: Final = {ElementType.ASSUMPTION: "A", ElementType.JUSTIFICATION: "J"}
_FALLBACKS: Final = "Inter,DejaVu Sans,sans-serif"

PageLink = Callable[[int], str]


def anchor(identifier: str, prefix: str = PREFIX) -> str:
    """The id that an element has in a document; different identifiers have different anchors."""
    return f"{prefix}-" + _UNSAFE.sub(lambda match: f"--x{ord(match.group()):x}-", identifier)


def page_anchor(page: int, prefix: str = PREFIX) -> str:
    """The id that a page has in a document; never that of an element."""
    return f"{prefix}page-{page}"


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle of a page, in millimetres from its top left corner, that is a link, a link's target or both."""

    left: float
    top: float
    width: float
    height: float
    href: str | None
    anchor: str | None
    label: str


def render(
    page: Page,
    *,
    status: Mapping[str, str] | None = None,
    href: Mapping[str, str] | None = None,
    page_link: PageLink | None = None,
    prefix: str = PREFIX,
    anchors: bool = True,
    key: bool = True,
    embed_font: bool = False,
) -> str:
    """One page as an `svg` element.

    `status`: element identifier -> one of `shapes.STATUS_WORDS`; goals show mark and word, other elements the
    mark. `href`: element identifier -> link. `page_link`: page number -> link, by default to the page's id in
    the same document. `prefix` tells several arguments in one document apart. `anchors=False` leaves out ids,
    for a second copy or beside an overlay. `embed_font` makes a file that stands alone look right everywhere.
    Raises ValueError for a status word outside the vocabulary.
    """
    view = _View(page, status or {}, href or {}, page_link or (lambda n: f"#{page_anchor(n, prefix)}"), prefix, anchors)
    for word in view.status.values():
        if word not in marks.LOOKS:
            raise ValueError(f"unknown status {word!r}: expected one of {', '.join(marks.LOOKS)}")
    wide, high = page.width_mm * POINTS_PER_MM, page.height_mm * POINTS_PER_MM
    own_id = f' id="{page_anchor(page.number, prefix)}"' if anchors else ""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg"{own_id} width="{page.width_mm:.4g}mm" '
        f'height="{page.height_mm:.4g}mm" viewBox="0 0 {number(wide)} {number(high)}" '
        f'font-family="{text.family()},{_FALLBACKS}" font-size="{SIZE:g}" fill="{INK}" stroke-width="1">',
        f"<title>{escape(text.clean(_heading(page)))}</title>",
    ]
    if embed_font:
        parts.append(_font_style())
    parts.append(f'<rect width="{number(wide)}" height="{number(high)}" fill="{PAPER}"/>')
    parts.extend(_furniture(view))
    parts.append(
        f'<g transform="translate({number(page.origin[0])} {number(page.origin[1])}) scale({page.scale:.4f})">'
    )
    parts.extend(_wires(page.wires))
    for box in page.boxes:
        parts.extend(_box(view, box))
    parts.append("</g>")
    if key:
        parts.extend(_key(view))
    parts.append("</svg>")
    return "\n".join(parts) + "\n"


def areas(
    page: Page,
    *,
    href: Mapping[str, str] | None = None,
    page_link: PageLink | None = None,
    prefix: str = PREFIX,
) -> tuple[Area, ...]:
    """Where the links and anchors of a page are, for an overlay in a PDF; same arguments as `render`."""
    view = _View(page, {}, href or {}, page_link or (lambda n: f"#{page_anchor(n, prefix)}"), prefix, True)
    found = []
    for box in page.boxes:
        own = anchor(box.element.id, prefix) if box.anchor else None
        link = _box_link(view, box)
        if own or link:
            left, top, right, bottom = box.x, box.y, box.x + box.shape.width, box.y + box.shape.height
            found.append(_area(page, left, top, right, bottom, link, own, box.element.id))
        for transfer in (box.below, box.above):
            if transfer is not None and transfer.page is not None:
                xs = [x for x, _ in transfer.triangle]
                ys = [y for _, y in transfer.triangle]
                end = transfer.label_x + text.width(transfer.label, SIZE)
                target = _transfer_link(view, box, transfer)
                left, right = min(*xs, transfer.label_x), max(*xs, end)
                top, bottom = min(*ys, transfer.label_y - BASE), max(*ys, transfer.label_y)
                found.append(_area(page, left, top, right, bottom, target, None, transfer.label))
    return tuple(found)


def _area(
    page: Page, left: float, top: float, right: float, bottom: float, href: str | None, own: str | None, label: str
) -> Area:
    def mm(value: float, origin: float) -> float:
        return (origin + value * page.scale) / POINTS_PER_MM

    x, y = mm(left, page.origin[0]), mm(top, page.origin[1])
    return Area(x, y, mm(right, page.origin[0]) - x, mm(bottom, page.origin[1]) - y, href, own, label)


@dataclass(frozen=True, slots=True)
class _View:
    page: Page
    status: Mapping[str, str]
    href: Mapping[str, str]
    page_link: PageLink
    prefix: str
    anchors: bool


# -- elements ---------------------------------------------------------------------------------------------


def _text(x: float, y: float, words: str, extra: str = "") -> str:
    return f'<text x="{number(x)}" y="{number(y)}"{extra}>{escape(text.clean(words))}</text>'


def _link(target: str | None, inside: Iterable[str], own_id: str = "") -> Iterator[str]:
    if target is None:
        yield f"<g{own_id}>"
        yield from inside
        yield "</g>"
    else:
        yield f"<a{own_id} href={quoteattr(text.clean(target))}>"
        yield from inside
        yield "</a>"


def _box_link(view: _View, box: Box) -> str | None:
    """Where a click on an element leads: on the overview to its page, else to what the caller names."""
    if box.role is Role.BRIEF:
        return view.page_link(box.page)
    return view.href.get(box.element.id)


def _transfer_link(view: _View, box: Box, transfer: Transfer) -> str | None:
    if transfer.page is None:
        return None
    if transfer.page == view.page.number:
        return f"#{anchor(box.element.id, view.prefix)}"
    return view.page_link(transfer.page)


def _box(view: _View, box: Box) -> Iterator[str]:
    element = box.element
    status = view.status.get(element.id)
    own_id = f' id="{anchor(element.id, view.prefix)}"' if box.anchor and view.anchors else ""
    yield from _link(_box_link(view, box), _inside(box, status), own_id)
    for transfer in (box.below, box.above):
        if transfer is not None:
            yield from _transfer(_transfer_link(view, box, transfer), transfer)


def _inside(box: Box, status: str | None) -> Iterator[str]:
    element, shape = box.element, box.shape
    name = f"{element.type} {element.id}" + (f", {status}" if status else "")
    if shape.shortened:
        name += f": {element.text}"
    yield f"<title>{escape(text.clean(name))}</title>"
    look = marks.LOOKS[status] if status else None
    ground = look.ground if look else PAPER
    line = GREY if box.copy else (look.line if look else INK)
    heavy = ' stroke-width="1.8"' if look and not box.copy else ""
    yield _outline(box, f'fill="{ground}" stroke="{line}"{heavy}')
    centre = box.x + shape.width / 2
    if element.undeveloped or element.uninstantiated:
        yield marks.decorator(element.undeveloped, element.uninstantiated, centre, box.y + shape.height)
    letter = _LETTERS.get(element.type)
    if letter:
        corner = box.x + shape.width - text.width(letter, SIZE, bold=True)
        yield _text(corner, box.y + shape.height, letter, ' font-weight="bold"')
    for row in shape.lines:
        yield _text(box.x + row.x, box.y + row.y, row.text, ' font-weight="bold"' if row.bold else "")
    x, y = box.x + shape.status[0], box.y + shape.status[1]
    if box.role is Role.BRIEF and element.type in (ElementType.GOAL, ElementType.STRATEGY):
        label = f"p. {box.page}"
        right = box.x + shape.width - shape.lines[0].x
        yield _text(right - text.width(label, SIZE), y - LINE / 2 + BASE, label)
    if status is None:
        return
    if element.type is ElementType.GOAL and box.role is not Role.BRIEF:
        left = x - text.width(status, SIZE)
        colour = f' fill="{marks.LOOKS[status].line}"'
        yield _text(left, y - LINE / 2 + BASE, status, colour)
        x = left - 3.0 - MARK / 2
    yield marks.status_mark(status, x, y)


def _outline(box: Box, paint: str) -> str:
    return outline(box.element.type, box.x, box.y, box.shape.width, box.shape.height, paint)


def outline(kind: ElementType, x: float, y: float, wide: float, high: float, paint: str, scale: float = 1.0) -> str:
    """The symbol of a kind of element (GSN table 1:2-1); `scale` makes the slant and the corners smaller."""
    left, top = number(x), number(y)
    if kind is ElementType.GOAL:
        return f'<path d="M{left} {top}h{number(wide)}v{number(high)}h-{number(wide)}z" {paint}/>'
    if kind is ElementType.STRATEGY:
        lean, across = SLANT * scale, number(wide - SLANT * scale)
        path = f"M{number(x + lean)} {top}h{across}l-{number(lean)} {number(high)}h-{across}z"
        return f'<path d="{path}" {paint}/>'
    if kind is ElementType.CONTEXT:
        radius = number(min(high / 2, CORNER * scale))
        size = f'width="{number(wide)}" height="{number(high)}" rx="{radius}"'
        return f'<rect x="{left}" y="{top}" {size} {paint}/>'
    middle = f'cx="{number(x + wide / 2)}" cy="{number(y + high / 2)}"'
    return f'<ellipse {middle} rx="{number(wide / 2)}" ry="{number(high / 2)}" {paint}/>'


def _transfer(target: str | None, transfer: Transfer) -> Iterator[str]:
    (ax, ay), (bx, by), (cx, cy) = transfer.triangle
    path = f"M{number(ax)} {number(ay)}L{number(bx)} {number(by)}L{number(cx)} {number(cy)}z"
    inside = [f'<path d="{path}" fill="{GREY}"/>', _text(transfer.label_x, transfer.label_y, transfer.label)]
    yield from _link(target, inside)


# -- relations --------------------------------------------------------------------------------------------


def _wires(wires: Iterable[Wire]) -> Iterator[str]:
    """The lines, those of one element and kind in one path, so that shared pieces are drawn once."""
    grouped: dict[tuple[str, RelationType], list[Wire]] = {}
    for wire in wires:
        grouped.setdefault((wire.source, wire.type), []).append(wire)
    lines: list[str] = []
    solid: list[str] = []
    hollow: list[str] = []
    for (_, kind), members in grouped.items():
        lines.append(_strokes(members))
        for wire in members:
            (before_x, _), (x, y) = wire.points[-2:]
            if kind is RelationType.SUPPORTED_BY:
                solid.append(marks.head_down(x, y))
            else:
                hollow.append(marks.head_sideways(x, y, x < before_x))
    if lines:
        yield f'<path d="{"".join(lines)}" fill="none" stroke="{INK}"/>'
    if solid:
        yield f'<path d="{"".join(solid)}" fill="{INK}"/>'
    if hollow:
        yield f'<path d="{"".join(hollow)}" fill="{PAPER}" stroke="{INK}"/>'


def _strokes(wires: list[Wire]) -> str:
    """Path data of the pieces of some lines, overlapping pieces joined; ends stop short of the arrowhead."""
    flat: dict[float, list[tuple[float, float]]] = {}
    steep: dict[float, list[tuple[float, float]]] = {}
    for wire in wires:
        points = [(round(x, 1), round(y, 1)) for x, y in wire.points]
        for index, ((ax, ay), (bx, by)) in enumerate(pairwise(points)):
            if index == len(points) - 2:
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
    cut = marks.HEAD - 1.0
    if ay == by:
        return bx - cut if bx > ax else bx + cut, by
    return bx, by - cut if by > ay else by + cut


# -- around the diagram -----------------------------------------------------------------------------------


def _heading(page: Page) -> str:
    tops = [box.element.id for box in page.boxes if box.above] or [box.element.id for box in page.boxes[:1]]
    if page.kind is PageKind.OVERVIEW:
        what = "overview, statements shortened"
    elif page.kind is PageKind.BRANCH and tops:
        listed = ", ".join(tops[:_TOPS_NAMED]) + (" …" if len(tops) > _TOPS_NAMED else "")
        what = f"branch{'es' if len(tops) > 1 else ''} of {listed}"
    else:
        what = "whole argument"
    if page.part[1] > 1:
        what += f", part {page.part[0]} of {page.part[1]}"
    return f"{page.title} · {what}"


def _furniture(view: _View) -> Iterator[str]:
    page = view.page
    right = page.width_mm * POINTS_PER_MM - page.margin
    y = page.margin + _TITLE_SIZE
    label = f"page {page.number} of {page.total}"
    bold = f' font-size="{_TITLE_SIZE:g}" font-weight="bold"'
    start = right
    if page.total > 1:
        start = right - text.width(label, SIZE)
        yield _text(start, y, label)
    room = start - page.margin - 12.0
    yield _text(page.margin, y, text.shorten(_heading(page), _TITLE_SIZE, room, bold=True), bold)
    yield (
        f'<path d="M{number(page.margin)} {number(page.margin + HEADER - 5.0)}H{number(right)}" '
        f'stroke="{GREY}" stroke-width="0.5"/>'
    )


def _key(view: _View) -> Iterator[str]:
    page = view.page
    keys = {wire.type.value for wire in page.wires}
    for box in page.boxes:
        keys.add(box.element.type.value)
        keys.update(name for name in ("undeveloped", "uninstantiated") if getattr(box.element, name))
        if box.below or box.above:
            keys.add("more" if page.kind is PageKind.OVERVIEW else "transfer")
        if box.element.id in view.status:
            keys.add(f"status:{view.status[box.element.id]}")
    rows = legend.rows(frozenset(keys), page.width_mm * POINTS_PER_MM - 2 * page.margin)
    top = page.height_mm * POINTS_PER_MM - page.margin - legend.ROW * len(rows)
    for index, row in enumerate(rows):
        middle = top + (index + 0.5) * legend.ROW
        for entry in row:
            yield _sign(entry.key, page.margin + entry.x, middle, entry.wide)
            yield _text(page.margin + entry.words_x, middle - LINE / 2 + BASE, entry.words)


def _sign(key: str, x: float, y: float, wide: float) -> str:
    """One sign of the key, in a cell that begins at x and is centred on y."""
    high = 9.0
    paint = f'fill="{PAPER}" stroke="{INK}"'
    top = y - high / 2
    if key in (RelationType.SUPPORTED_BY.value, RelationType.IN_CONTEXT_OF.value):
        line = f'<path d="M{number(x)} {number(y)}h{number(wide - marks.HEAD)}" stroke="{INK}"/>'
        fill = f'fill="{INK}"' if key == RelationType.SUPPORTED_BY.value else paint
        return f'{line}<path d="{marks.head_sideways(x + wide, y, False)}" {fill}/>'
    if key.startswith("status:"):
        return marks.status_mark(key.removeprefix("status:"), x + wide / 2, y)
    if key in ("transfer", "more"):
        return f'<path d="M{number(x)} {number(y - 3)}h12l-6 7z" fill="{GREY}"/>'
    if key in ("undeveloped", "uninstantiated"):
        return marks.decorator(key == "undeveloped", key == "uninstantiated", x + wide / 2, y - 5.0)
    kind = ElementType(key)
    if kind is ElementType.SOLUTION:
        return outline(kind, x + (wide - high) / 2, top, high, high, paint)
    sign = outline(kind, x, top, wide, high, paint, 0.4)
    letter = _LETTERS.get(kind)
    return sign + (_text(x + wide, y + high / 2 + 1.0, letter, ' font-weight="bold"') if letter else "")


def _font_style() -> str:
    """The shipped font as data, for files that are looked at on their own."""
    rules = []
    for style, weight in (("Regular", 400), ("Bold", 700)):
        data = (folder("templates") / "css" / "fonts" / f"AssuranceSans-{style}.woff2").read_bytes()
        source = f"data:font/woff2;base64,{base64.b64encode(data).decode()}"
        rules.append(f'@font-face{{font-family:"{text.family()}";font-weight:{weight};src:url({source})}}')
    return f"<style>{''.join(rules)}</style>"
