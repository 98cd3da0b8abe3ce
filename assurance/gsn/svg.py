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
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from assurance.gsn import legend, marks, text
from assurance.gsn.elements import AwayElement, ElementType, Goal
from assurance.gsn.hierarchy import Sign, element_keys
from assurance.gsn.layout import HEADER, POINTS_PER_MM, Box, Page, PageKind, Role, Transfer
from assurance.gsn.marks import GREY, INK, PAPER, number
from assurance.gsn.outlines import outline
from assurance.gsn.relations import RelationType
from assurance.gsn.shapes import BASE, CLAIMS, DOMES, ICON, LINE, MARK, SIZE
from assurance.gsn.strokes import strokes
from assurance.gsn.tree import HEAD
from assurance.resources import folder

PREFIX: Final = "gsn"
_TITLE_SIZE: Final = 9.0
_TOPS_NAMED: Final = 8
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]|-(?=-)")
_LETTERS: Final = {ElementType.ASSUMPTION: "A", ElementType.JUSTIFICATION: "J"}
_AWAY_LETTERS: Final = {ElementType.AWAY_ASSUMPTION: "A", ElementType.AWAY_JUSTIFICATION: "J"}
_SIGNS: Final = frozenset(sign.value for sign in Sign)
_SHADE: Final = "#cfcfcf"
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
    parts.extend(strokes(page.wires))
    parts.extend(_signs(page))
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
    if isinstance(element, AwayElement):
        name += f", of module {element.module}"
    if element.defeated:
        name += ", defeated"
    if box.note:
        name += f", {box.note}"
    if shape.shortened:
        name += f": {element.text}"
    yield f"<title>{escape(text.clean(name))}</title>"
    look = marks.LOOKS[status] if status else None
    ground = look.ground if look else PAPER
    line = GREY if box.copy else (look.line if look else INK)
    heavy = ' stroke-width="1.8"' if look and not box.copy else ""
    yield _outline(box, f'fill="{ground}" stroke="{line}"{heavy}')
    if element.defeated:  # below the words, so that they stay legible
        yield marks.cross(box.x, box.y, shape.width, shape.height)
    centre = box.x + shape.width / 2
    low = box.y + shape.height - shape.sole
    by_contract = isinstance(element, Goal) and element.by_contract
    if element.undeveloped or element.uninstantiated or by_contract:
        yield marks.decorator(element.undeveloped, element.uninstantiated, centre, low, by_contract)
    if shape.sill:
        left = shape.lines[0].x if element.type not in DOMES else 5.0
        yield marks.module_icon(box.x + left, box.y + shape.sill + 2.5, _SHADE)
    if shape.public is not None:
        yield marks.module_icon(box.x + shape.public[0], box.y + shape.public[1])
    letter = _AWAY_LETTERS.get(element.type)
    if letter:
        corner = box.x + shape.width - text.width(letter, SIZE, bold=True)
        yield _text(corner, box.y + BASE, letter, ' font-weight="bold"')
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
    if element.type in CLAIMS and box.role is not Role.BRIEF:
        left = x - text.width(status, SIZE)
        colour = f' fill="{marks.LOOKS[status].line}"'
        yield _text(left, y - LINE / 2 + BASE, status, colour)
        x = left - 3.0 - MARK / 2
    yield marks.status_mark(status, x, y)


def _outline(box: Box, paint: str) -> str:
    shape = box.shape
    return outline(shape.type, box.x, box.y, shape.width, shape.height, paint, sill=shape.sill, dome=shape.dome)


def _transfer(target: str | None, transfer: Transfer) -> Iterator[str]:
    (ax, ay), (bx, by), (cx, cy) = transfer.triangle
    path = f"M{number(ax)} {number(ay)}L{number(bx)} {number(by)}L{number(cx)} {number(cy)}z"
    inside = [f'<path d="{path}" fill="{GREY}"/>', _text(transfer.label_x, transfer.label_y, transfer.label)]
    yield from _link(target, inside)


# -- relations --------------------------------------------------------------------------------------------


def _signs(page: Page) -> Iterator[str]:
    """Signs on lines, claim points and choices, with their labels."""
    for spot in page.spots:
        yield marks.sign(spot.sign, spot.x, spot.y)
        if spot.label == spot.whole and spot.label:
            yield _text(spot.label_x, spot.label_y, spot.label)
        elif spot.label:
            inside = [f"<title>{escape(text.clean(spot.whole))}</title>", _text(spot.label_x, spot.label_y, spot.label)]
            yield from _link(None, inside)
    for choice in page.choices:
        yield marks.diamond(choice.x, choice.y, choice.width, choice.height)
        if choice.label:
            yield _text(choice.x + choice.width + 3.0, choice.y + choice.height / 2 + 2.8, choice.label)


# -- around the diagram -----------------------------------------------------------------------------------


def subject(page: Page) -> str:
    """What a page shows: the overview, the branches of some elements, or the whole argument."""
    # an element can stand on a page twice: as its top and as the end of a branch that goes on from another
    tops = list(dict.fromkeys(box.element.id for index, box in enumerate(page.boxes) if box.above or not index))
    if page.kind is PageKind.OVERVIEW:
        what = "overview, statements shortened"
    elif page.kind is PageKind.BRANCH and tops:
        listed = ", ".join(tops[:_TOPS_NAMED]) + (" …" if len(tops) > _TOPS_NAMED else "")
        what = f"branch{'es' if len(tops) > 1 else ''} of {listed}"
    else:
        what = "whole argument"
    if page.part[1] > 1:
        what += f", part {page.part[0]} of {page.part[1]}"
    return what


def _heading(page: Page) -> str:
    return f"{page.title} · {subject(page)}"


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
    keys = {wire.type.value for wire in page.wires} | {spot.sign.value for spot in page.spots}
    if page.choices:
        keys.add(Sign.CHOICE.value)
    for box in page.boxes:
        keys.update(element_keys(box.element))
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
    if key == RelationType.CHALLENGES.value:
        line = f'<path d="M{number(x)} {number(y)}h{number(wide)}" stroke="{INK}" stroke-dasharray="5 3"/>'
        return f'{line}<path d="{marks.head_open(x + wide, y, 1.0, 0.0)}" fill="none" stroke="{INK}"/>'
    if key in _SIGNS:
        return marks.sign(Sign(key), x + wide / 2, y)
    if key == "public":
        return marks.module_icon(x, y - ICON[1] / 2)
    if key == "by_contract":
        return marks.decorator(False, False, x + wide / 2, y - 6.0, by_contract=True)
    if key in (RelationType.SUPPORTED_BY.value, RelationType.IN_CONTEXT_OF.value):
        line = f'<path d="M{number(x)} {number(y)}h{number(wide - HEAD)}" stroke="{INK}"/>'
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
    away = kind.value.startswith("Away")
    sign = outline(kind, x, top, wide, high, paint, scale=0.4, sill=high * 0.6 if away else 0.0)
    letter = _LETTERS.get(kind) or _AWAY_LETTERS.get(kind)
    level = top + BASE - 2.0 if away else y + high / 2 + 1.0
    return sign + (_text(x + wide, level, letter, ' font-weight="bold"') if letter else "")


def _font_style() -> str:
    """The shipped font as data, for files that are looked at on their own."""
    rules = []
    for style, weight in (("Regular", 400), ("Bold", 700)):
        data = (folder("templates") / "css" / "fonts" / f"AssuranceSans-{style}.woff2").read_bytes()
        source = f"data:font/woff2;base64,{base64.b64encode(data).decode()}"
        rules.append(f'@font-face{{font-family:"{text.family()}";font-weight:{weight};src:url({source})}}')
    return f"<style>{''.join(rules)}</style>"
