"""From a statement to a GSN shape: size, and where each line of text stands inside it.

Shapes follow the standard's tables 1:2-1 and 1:4-1: goal rectangle, strategy parallelogram, solution circle, context
rounded rectangle, assumption and justification ovals; away elements with the module's name in a compartment below,
the round ones as a dome on a box; modules and contracts with tabs. Every line lies inside its shape by the exact
measures of `text`; a statement that is too long for the largest permitted shape is cut with an ellipsis and
`shortened` says so. Places nothing on a page and draws nothing. Unit: one point at scale 1; y grows downward.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, NamedTuple

from assurance.gsn import text
from assurance.gsn.elements import (
    AWAY,
    Assumption,
    AwayElement,
    Context,
    ContractReference,
    Element,
    ElementType,
    Goal,
    Justification,
    ModuleReference,
    Solution,
)

SIZE: Final = 8.0
"""Font size at scale 1."""
LINE: Final = SIZE * text.LINE_HEIGHT
BASE: Final = SIZE * 0.97
"""From the top of a line's box to its base line."""
STATUS_WORDS: Final = ("supported", "partial", "undeveloped", "contradicted", "in doubt", "stale")
"""The vocabulary of a goal's status; goals keep room for the longest, so that status never moves a layout."""
MARK: Final = 8.0
"""Width and height of a status mark."""
SLANT: Final = 12.0
"""How far a strategy's slanted sides lean."""
CORNER: Final = 16.0
"""Largest corner radius of a context."""

PAGE_LABEL: Final = 26.0
"""Room for "p. 123" in an abridged shape."""
_PAD_Y: Final = 5.0
_GAP: Final = 4.0
_ROUND_PAD: Final = 4.0
_STEP: Final = 2.0
_TAG_LINES: Final = 5
_TEXT_WIDTHS: Final = (96.0, 124.0, 156.0, 196.0)
_OVAL: Final = 1.6
_MIN_RADIUS: Final = 20.0
TAB: Final = 8.0
"""Height of the tabs of modules and contracts."""
ICON: Final = (12.0, 9.0)
"""Width and height of a miniature module."""
_PAD_X: Final = {
    ElementType.GOAL: 7.0,
    ElementType.STRATEGY: SLANT + 3.0,
    ElementType.CONTEXT: 10.0,
    ElementType.AWAY_GOAL: 7.0,
    ElementType.AWAY_CONTEXT: 10.0,
    ElementType.MODULE: 8.0,
    ElementType.CONTRACT: 8.0,
}
DOMES: Final = {ElementType.AWAY_SOLUTION: 0.5, ElementType.AWAY_ASSUMPTION: 0.25, ElementType.AWAY_JUSTIFICATION: 0.25}
"""Away elements that are a dome on a box: the dome's height as a share of its width."""
CLAIMS: Final = frozenset({ElementType.GOAL, ElementType.AWAY_GOAL})
"""The kinds whose status is given in words."""


class Line(NamedTuple):
    """One line of text: left end and base line, relative to the shape's top left corner."""

    x: float
    y: float
    text: str
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """A sized shape. `status` is where the status mark goes: the right end (goals) or the centre of its row.

    `sill` is the height at which the compartment with the module's name begins (0: none), `dome` that of the round
    part on top, `public` the top left corner of the public mark.
    """

    type: ElementType
    width: float
    height: float
    lines: tuple[Line, ...]
    status: tuple[float, float]
    shortened: bool = False
    sill: float = 0.0
    dome: float = 0.0
    public: tuple[float, float] | None = None

    @property
    def crown(self) -> float:
        """How far below the frame's top the outline begins at the middle."""
        return TAB if self.type in (ElementType.MODULE, ElementType.CONTRACT) else 0.0

    @property
    def sole(self) -> float:
        """How far above the frame's bottom the outline ends at the middle."""
        return TAB if self.type is ElementType.CONTRACT else 0.0

    def inset(self, y: float) -> float:
        """How far the outline's left side lies inside the frame at a height; right sides of strategies mirror it."""
        if self.type is ElementType.STRATEGY:
            return SLANT * (1 - y / self.height)
        if self.dome:
            return _inset(self.width, self.dome, y) if y < self.dome else 0.0
        if self.type in (ElementType.SOLUTION, ElementType.ASSUMPTION, ElementType.JUSTIFICATION):
            return _inset(self.width, self.height / 2, min(y, self.height - y))
        return 0.0


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest shape that a page has room for, and whether statements are abridged for an overview."""

    width: float = 210.0
    height: float = 400.0
    abridged: bool = False


@lru_cache(maxsize=1)
def status_room() -> float:
    """Width that the longest status word and its mark take."""
    return MARK + _GAP + text.widest(STATUS_WORDS, SIZE)


def shape_of(element: Element, limits: Limits, tag: str = "") -> Shape:
    """The shape of an element; `tag` are words beside the identifier, such as "repeated", or a note."""
    if limits.abridged:
        return _abridged(element)
    return _full(element, element.text, limits, tag)


def _full(element: Element, statement: str, limits: Limits, tag: str) -> Shape:
    if element.type in _PAD_X:
        return _rectangular(element, statement, limits, tag)
    if element.type in DOMES:
        return _domed(element, statement, limits, tag)
    shape = _round(element.type, element.id, statement, limits, tag)
    if _is_public(element):
        shape = replace(shape, public=(shape.width - ICON[0], 0.0))
    return shape


def _is_public(element: Element) -> bool:
    return isinstance(element, Goal | Solution | Context | Assumption | Justification) and element.public


def _origin(element: Element) -> str:
    """What an away element says about where it comes from."""
    if not isinstance(element, AwayElement):
        return ""
    return element.module if element.of in (None, element.id) else f"{element.module}: {element.of}"


def _compartment(element: Element, inner: float, left: float, top: float) -> list[Line]:
    """The lines of the module's name, beside its miniature, below a height."""
    names = text.wrap(_origin(element), SIZE, inner - ICON[0] - _GAP) or [""]
    first = left + ICON[0] + _GAP
    return [Line(first, top + _SILL + BASE + index * LINE, name) for index, name in enumerate(names)]


_SILL: Final = 2.0


def _rectangular(element: Element, statement: str, limits: Limits, tag: str) -> Shape:
    kind, identifier = element.type, element.id
    pad = _PAD_X[kind]
    public = _is_public(element)
    icon = ICON[0] + _GAP if public else 0.0
    prepared = text.prepare(statement)
    room = (status_room() if kind in CLAIMS else MARK) + icon
    head = text.width(identifier, SIZE, bold=True)
    tagged = text.width(tag, SIZE) + _GAP if tag else 0.0
    inner = min(_text_width(prepared, head + tagged + _GAP + room), limits.width - 2 * pad)
    base = _PAD_Y + (TAB if kind in (ElementType.MODULE, ElementType.CONTRACT) else 0.0)
    names = text.wrap(identifier, SIZE, inner - icon, bold=True)
    lines = [Line(pad, base + BASE + index * LINE, name, True) for index, name in enumerate(names)]
    used = len(names)
    if tag:
        if used == 1 and head + tagged + _GAP + room <= inner:
            lines.append(Line(pad + head + _GAP, base + BASE, tag))
        else:
            said = text.wrap(tag, SIZE, inner, max_lines=_TAG_LINES)
            lines += [Line(pad, base + BASE + (used + index) * LINE, line) for index, line in enumerate(said)]
            used += len(said)
            tagged = 0.0
    # the status stands in the first row, or below a head that leaves no room for it
    beside = used == 1 and head + tagged + _GAP + room <= inner
    row = 0 if beside else used
    used += 0 if beside else 1
    if isinstance(element, ModuleReference | ContractReference) and element.module != identifier:
        named = text.wrap(f"module {element.module}", SIZE, inner, max_lines=4)
        lines += [Line(pad, base + BASE + (used + index) * LINE, name) for index, name in enumerate(named)]
        used += len(named)
    extra = TAB if kind is ElementType.CONTRACT else 0.0
    if kind in AWAY:
        extra = len(_compartment(element, inner, pad, 0.0)) * LINE + 2 * _SILL
    most = max(1, math.floor((limits.height - base - _PAD_Y - extra - 1.0) / LINE) - used)
    body = text.wrap(prepared, SIZE, inner, max_lines=most)
    top = base + used * LINE + 1.0
    width, height = inner + 2 * pad, top + len(body) * LINE + _PAD_Y
    if kind in AWAY:
        lines += _compartment(element, inner, pad, height)
    first = top + BASE
    lines += [Line(pad, first + index * LINE, line) for index, line in enumerate(body) if line]
    middle = base + (row + 0.5) * LINE
    if kind in CLAIMS:
        status = (width - pad - (icon if row == 0 else 0.0), middle)
    else:
        status = (pad + (head + tagged + _GAP if beside else 0.0) + MARK / 2, middle)
    return Shape(
        kind,
        width,
        height + extra,
        tuple(lines),
        status,
        _is_shortened(statement, body),
        sill=height if kind in AWAY else 0.0,
        public=(width - pad - ICON[0], base) if public else None,
    )


def _domed(element: Element, statement: str, limits: Limits, tag: str) -> Shape:
    """A dome on a box: identifier and statement centred under the dome's curve, the module's name below."""
    prepared, head = text.prepare(statement), text.prepare(element.id, True)
    shape = None
    for inner in _TEXT_WIDTHS:
        width = min(inner + 2 * _DOME_PAD, limits.width)
        shape = _dome(element, prepared, head, tag, width, limits.height)
        if width >= limits.width or (shape.height <= 1.1 * width and not shape.shortened):
            break
    assert shape is not None
    return replace(shape, shortened=shape.shortened and bool(statement))


_DOME_PAD: Final = 5.0


def _dome(
    element: Element, prepared: text.Prepared, head: text.Prepared, tag: str, width: float, tallest: float
) -> Shape:
    dome = min(width * DOMES[element.type], tallest / 3)
    inner = width - 2 * _DOME_PAD
    extra = len(_compartment(element, inner, _DOME_PAD, 0.0)) * LINE + 2 * _SILL
    wanted = min(inner, head.total * SIZE + _BESIDE_MARK)
    top = dome / 8  # the first row stands where the dome is wide enough for the identifier
    while top < dome and width - 2 * (_inset(width, dome, top) + _DOME_PAD) < wanted:
        top += _STEP

    def room(index: int) -> float:
        y = top + index * LINE
        return width - 2 * ((_inset(width, dome, y) if y < dome else 0.0) + _DOME_PAD)

    most = max(2, math.floor((tallest - extra - top - _PAD_Y) / LINE))
    names = text.wrap(head, SIZE, lambda index: room(index) - _BESIDE_MARK, bold=True, max_lines=most)
    rows: _Rows = [(line, True) for line in names]
    short = False
    for words in (text.prepare(tag), prepared) if tag else (prepared,):
        used = len(rows)
        if used < most:
            body = text.wrap(words, SIZE, lambda index, used=used: room(used + index), max_lines=most - used)  # type: ignore[misc]
            rows.extend((line, False) for line in body)
        if words is prepared:
            short = used >= most or (len(rows) == most and rows[-1][0].endswith(text.ELLIPSIS))
    needed = top + len(rows) * LINE + _PAD_Y
    sill = max(dome, needed)
    top += (sill - needed) / 2  # the curve only grows wider downward
    lines = []
    for index, (line, bold) in enumerate(rows):
        left = (width - text.width(line, SIZE, bold=bold)) / 2
        lines.append(Line(left, top + index * LINE + BASE, line, bold))
    first = len(names)
    lines[first:first] = _compartment(element, inner, _DOME_PAD, sill)
    behind = width / 2 + text.width(rows[0][0], SIZE, bold=True) / 2 + _GAP + MARK / 2
    return Shape(element.type, width, sill + extra, tuple(lines), (behind, top + LINE / 2), short, sill=sill, dome=dome)


def _inset(width: float, high: float, y: float) -> float:
    """How far half an oval lies inside its frame at a distance from its top."""
    part = 1 - max(0.0, y) / high
    return width / 2 * (1 - math.sqrt(max(0.0, 1 - part * part)))


def _text_width(prepared: text.Prepared, head: float) -> float:
    """The narrowest of a few widths at which the statement is a good deal wider than high."""
    total = prepared.total * SIZE * 1.06
    for width in _TEXT_WIDTHS:
        lines = math.ceil(total / width) + len(prepared.paragraphs) - 1
        if width >= head and lines * LINE <= 0.62 * width:
            return width
    return _TEXT_WIDTHS[-1]


def _is_shortened(statement: str, body: list[str]) -> bool:
    """Whether wrapping left words out: only then does the last line end in an ellipsis that is not the text's."""
    if not body or not body[-1].endswith(text.ELLIPSIS):
        return False
    return "".join("".join(body).split()) != "".join(text.clean(statement).split())


def _round(kind: ElementType, identifier: str, statement: str, limits: Limits, tag: str) -> Shape:
    """The smallest circle or oval, in small steps, that holds identifier, tag and statement, line by line."""
    aspect = 1.0 if kind is ElementType.SOLUTION else _OVAL
    prepared = text.prepare(statement)
    head = text.prepare(identifier, True)
    area = (prepared.total + head.total + len(tag) / 2) * SIZE * LINE + 2 * MARK * LINE
    largest = max(_MIN_RADIUS, min(limits.height / 2, limits.width / 2 / aspect))
    guess = math.sqrt(area / aspect / math.pi) // _STEP * _STEP
    least = min(largest, max(_MIN_RADIUS, guess))
    radius, fitted = least, None
    for breaks in (False, True):  # words are broken only where even the largest oval is too narrow for one
        for step in range(math.ceil((largest - least) / _STEP) + 1):
            radius = min(largest, least + step * _STEP)
            fitted = _fit(prepared, head, tag, radius, aspect, breaks)
            if fitted is not None:
                break
        if fitted is not None:
            break
    rows, count = fitted or _cut(prepared, head, tag, radius, aspect)
    widths = [text.width(line, SIZE, bold=bold) for line, bold in rows]
    top = radius - count * LINE / 2 + _lowering(widths, radius, aspect, count)
    lines = [
        Line(radius * aspect - wide / 2, top + index * LINE + BASE, line, bold)
        for index, ((line, bold), wide) in enumerate(zip(rows, widths, strict=True))
    ]
    behind = radius * aspect + widths[0] / 2 + _GAP + MARK / 2
    shown = "".join("".join(line for line, _ in rows).split())
    short = fitted is None and not shown.endswith("".join(text.clean(statement).split()))
    return Shape(kind, 2 * radius * aspect, 2 * radius, tuple(lines), (behind, top + LINE / 2), short)


_Rows = list[tuple[str, bool]]


def _fit(
    prepared: text.Prepared, head: text.Prepared, tag: str, radius: float, aspect: float, breaks: bool
) -> tuple[_Rows, int] | None:
    """Rows of text for an oval of this radius and the number of rows for which it was centred, or None."""
    most = math.floor(2 * (radius - 1.0) / LINE)
    # what cannot fit is not tried: a row for the identifier and for the tag, and room for all words
    widest = 2 * (radius * aspect - _ROUND_PAD)
    least = 1 + bool(tag) + math.ceil(prepared.total * SIZE / (widest + SIZE))  # the blank at a line's end is no word
    whole = (prepared.total + head.total) * SIZE
    least_head = _least_head(head) if breaks else 0.0
    for count in range(min(least, most), most + 1):
        if _content(radius, aspect, count) + (count + 1) * SIZE < whole:
            continue
        rooms = _chords(radius, aspect, count)
        if rooms[0] < least_head:
            continue
        rows = _rows(prepared, head, tag, rooms, count + 1) if breaks else _whole_words(prepared, head, tag, rooms)
        if rows is not None and len(rows) <= count:
            return rows, count
    return None


def _least_head(head: text.Prepared) -> float:
    """Least room for the first row: a status mark at either side of the identifier, or of some of it."""
    return _BESIDE_MARK + min(head.total * SIZE, 24.0)


def _lowering(widths: list[float], radius: float, aspect: float, count: int) -> float:
    """How far rows that are fewer than planned may sink towards the middle."""
    room = (count - len(widths)) * LINE / 2
    for index, wide in enumerate(widths):
        across = (wide / 2 + _ROUND_PAD) / aspect
        deepest = math.sqrt(max(0.0, radius * radius - across * across))
        room = min(room, deepest - (index + 1 - count / 2) * LINE)
    return max(0.0, room)


def _cut(prepared: text.Prepared, head: text.Prepared, tag: str, radius: float, aspect: float) -> tuple[_Rows, int]:
    """The text cut to what the largest oval holds."""
    count = max(1, math.floor(1.7 * radius / LINE))
    while count > 1 and _chords(radius, aspect, count)[0] < _least_head(head):
        count -= 1
    return _rows(prepared, head, tag, _chords(radius, aspect, count), count), count


@lru_cache(maxsize=4096)
def _content(radius: float, aspect: float, count: int) -> float:
    """The room for all of `count` lines in an oval."""
    return sum(_chords(radius, aspect, count))


@lru_cache(maxsize=4096)
def _chords(radius: float, aspect: float, count: int) -> tuple[float, ...]:
    """The room for each of `count` lines that are centred in an oval: the narrower of a line's two edges."""
    found = []
    for index in range(count):
        edge = max(abs(index - count / 2), abs(index + 1 - count / 2)) * LINE
        inside = radius * radius - edge * edge
        found.append(max(0.0, 2 * (aspect * math.sqrt(inside) - _ROUND_PAD)) if inside > 0 else 0.0)
    return tuple(found)


_BESIDE_MARK: Final = 2 * (MARK + _GAP)
"""Both sides of an identifier in an oval keep room for a status mark, so that it stays in the middle."""


def _whole_words(prepared: text.Prepared, head: text.Prepared, tag: str, rooms: tuple[float, ...]) -> _Rows | None:
    names = text.fill(head, SIZE, [rooms[0] - _BESIDE_MARK], bold=True)
    if names is None:
        return None
    rows: _Rows = [(line, True) for line in names]
    for words in (text.prepare(tag), prepared) if tag else (prepared,):
        lines = text.fill(words, SIZE, rooms[len(rows) :]) if words.total else []
        if lines is None:
            return None
        rows.extend((line, False) for line in lines)
    return rows


def _rows(prepared: text.Prepared, head: text.Prepared, tag: str, rooms: tuple[float, ...], most: int) -> _Rows:
    """At most `most` rows, words broken where they must be, the statement cut where rows run out."""
    first = _later(rooms, 0)
    names = text.wrap(head, SIZE, lambda i: first(i) - _BESIDE_MARK, bold=True, max_lines=most)
    rows: _Rows = [(line, True) for line in names]
    for words in (text.prepare(tag), prepared) if tag else (prepared,):
        used = len(rows)
        if used < most:
            lines = text.wrap(words, SIZE, _later(rooms, used), max_lines=most - used)
            rows.extend((line, False) for line in lines)
    return rows


def _later(rooms: tuple[float, ...], used: int) -> Callable[[int], float]:
    return lambda index: rooms[used + index] if used + index < len(rooms) else 0.0


def _abridged(element: Element) -> Shape:
    """A small shape for overviews: the identifier, and two lines of the statement of goals and strategies."""
    if element.type not in (ElementType.GOAL, ElementType.STRATEGY):
        small = Limits(width=120.0, height=120.0)
        return replace(_full(element, "", small, ""), shortened=bool(element.text))
    pad = _PAD_X[element.type]
    inner = 104.0
    # the status mark and, at the right end, the page stand beside the identifier, or below one that is too long
    used = text.width(element.id, SIZE, bold=True) + _GAP
    beside = used + MARK + _GAP + PAGE_LABEL <= inner
    head = text.shorten(element.id, SIZE, inner, bold=True)
    body = text.wrap(element.text, SIZE, inner, max_lines=2)
    first = 1 if beside else 2
    lines = [Line(pad, _PAD_Y + BASE, head, True)]
    lines += [Line(pad, _PAD_Y + BASE + (first + i) * LINE, line) for i, line in enumerate(body) if line]
    height = 2 * _PAD_Y + (first + len(body)) * LINE
    status = (pad + (used if beside else 0.0) + MARK / 2, _PAD_Y + (first - 0.5) * LINE)
    return Shape(element.type, inner + 2 * pad, height, tuple(lines), status, True)
