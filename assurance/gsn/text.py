"""Measuring and wrapping text with the exact advance widths of the shipped font.

Widths are plain sums of advances: that is how WeasyPrint sets text in SVG. Browsers also kern, which makes
almost every line a little narrower; shapes keep enough room for the rest. Reads `metrics.json`
(made by `tests/tools/make_font_metrics.py`); opens no font file, knows no shapes, and does not hyphenate.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from assurance.resources import folder

LINE_HEIGHT: Final = 1.25
"""Distance of base lines, in units of the font size."""

ELLIPSIS: Final = "…"
_UNKNOWN_EM: Final = 1.4
"""Room for a character that the font lacks and some fallback draws: wider than East Asian signs and emoji."""

_BLANK = re.compile(r"[ \t\r\f\v]+")  # a no-break space is no place to break, so no \s
_UNWRITABLE: Final = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff"
"""What XML 1.0 cannot hold, and lone surrogates."""
_DECEIVING: Final = (
    "\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"
)
"""What shows nothing itself, and may hide words or turn them round. The joiners of Indic and Persian writing and of
emoji are no part of it."""
_FORBIDDEN = re.compile(f"[{_UNWRITABLE}{_DECEIVING}]")
_SOFT_BREAK = re.compile(r"(?<=[-/_.,:;)\]}=|])")


@dataclass(frozen=True, slots=True)
class Face:
    """One style of the font: advances by character, in units of the em."""

    advances: dict[str, float]
    ascent: float
    descent: float

    def width(self, text: str) -> float:
        """Width of a text in units of the font size."""
        get = self.advances.get
        return sum([get(char, _UNKNOWN_EM) for char in text])


@lru_cache(maxsize=1)
def _metrics() -> tuple[str, Face, Face]:
    path = folder("templates") / "css" / "fonts" / "metrics.json"
    data = json.loads(path.read_text(encoding="utf-8"))
    units = data["units_per_em"]

    def face(style: str) -> Face:
        advances = {chr(int(point)): width / units for point, width in data["styles"][style]["advances"].items()}
        return Face(advances, data["ascent"] / units, data["descent"] / units)

    return data["family"], face("regular"), face("bold")


def family() -> str:
    """The font's family name, as CSS and SVG must give it."""
    return _metrics()[0]


def face(bold: bool = False) -> Face:
    """The measures of the regular or the bold style."""
    _, regular, heavy = _metrics()
    return heavy if bold else regular


def clean(text: str) -> str:
    """The text with what XML cannot hold, or nobody can see, replaced: what is measured is drawn, and what is drawn is
    all that there is."""
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)


def unseen(text: str) -> list[str]:
    """The characters that `clean` replaces, each once, as U+XXXX."""
    if text.isprintable():
        return []  # none of them is printable
    return [f"U+{ord(char):04X}" for char in dict.fromkeys(_FORBIDDEN.findall(text))]


def width(text: str, size: float, *, bold: bool = False) -> float:
    """Width of one line of text at a font size, in the unit of `size`."""
    return face(bold).width(text) * size


@dataclass(frozen=True, slots=True)
class Prepared:
    """A text split into paragraphs of words with their widths, in units of the font size."""

    paragraphs: tuple[tuple[tuple[str, float], ...], ...]
    total: float
    """Width of the whole text on one endless line."""


@lru_cache(maxsize=8192)
def prepare(text: str, bold: bool = False) -> Prepared:
    """Split and measure a text once, to wrap it several times. Line ends in the text are kept."""
    space = face(bold).advances[" "]
    paragraphs = []
    total = 0.0
    for line in clean(text).strip(" \t\r\f\v\n").split("\n"):
        words = [(word, _word(word, bold)) for word in _BLANK.split(line) if word]
        total += sum([wide for _, wide in words]) + space * len(words)
        paragraphs.append(tuple(words))
    return Prepared(tuple(paragraphs), total)


@lru_cache(maxsize=32768)
def _word(word: str, bold: bool) -> float:
    return face(bold).width(word)


def wrap(
    text: str | Prepared,
    size: float,
    limit: float | Callable[[int], float],
    *,
    bold: bool = False,
    max_lines: int | None = None,
) -> list[str]:
    """Break a text into lines that are no wider than `limit`, in the unit of `size`.

    `limit` may be a function of the line's index (0 first), for round shapes. A word that is wider than its
    line is broken inside, after a punctuation mark where one stands late enough. With `max_lines` the text is
    cut there and the last line ends in an ellipsis. No line is ever wider than its limit, except that a single
    character always finds a place.
    """
    prepared = prepare(text, bold) if isinstance(text, str) else text
    if not prepared.total:
        return []
    measure = face(bold)
    space = measure.advances[" "]
    at: Callable[[int], float] = limit if callable(limit) else (lambda _: limit)
    lines: list[str] = []
    for paragraph in prepared.paragraphs:
        line: list[str] = []
        used = 0.0
        room = at(len(lines)) / size
        for word, wide in paragraph:
            if line:
                if used + space + wide <= room:
                    line.append(word)
                    used += space + wide
                    continue
                lines.append(" ".join(line))
                room = at(len(lines)) / size
            while wide > room:
                head, word = _split(word, room, measure)
                if not word:
                    word = head
                    break
                lines.append(head)
                wide = measure.width(word)
                room = at(len(lines)) / size
            line, used = [word], wide
            if max_lines is not None and len(lines) > max_lines:
                break
        lines.append(" ".join(line))
    if max_lines is not None and len(lines) > max_lines:
        lines = lines[:max_lines]
        lines[-1] = shorten(lines[-1] + ELLIPSIS, size, at(max_lines - 1), bold=bold) if lines else ""
    return lines


def fill(prepared: Prepared, size: float, rooms: Sequence[float], *, bold: bool = False) -> list[str] | None:
    """Lines that fit rooms of given widths, one line in each, without breaking a word; None when they do not.

    Like `wrap`, but gives up at once: round shapes try many sizes.
    """
    space = face(bold).advances[" "]
    lines: list[str] = []
    count = len(rooms)
    for paragraph in prepared.paragraphs:
        if len(lines) == count:
            return None
        room = rooms[len(lines)] / size
        line: list[str] = []
        used = -space
        for word, wide in paragraph:
            used += space + wide
            if used > room:
                if line:
                    lines.append(" ".join(line))
                if len(lines) == count:
                    return None
                room = rooms[len(lines)] / size
                line = []
                used = wide
                if wide > room:
                    return None
            line.append(word)
        lines.append(" ".join(line))
    return lines


def _split(word: str, room: float, measure: Face) -> tuple[str, str]:
    """The longest head of a word that fits, at least one character, and the rest."""
    used, count = 0.0, 0
    for char in word:
        used += measure.advances.get(char, _UNKNOWN_EM)
        if used > room and count:
            break
        count += 1
    breaks = [match.start() for match in _SOFT_BREAK.finditer(word, 0, count + 1) if 0 < match.start() <= count]
    if breaks and count < len(word) and breaks[-1] * 2 >= count:
        count = breaks[-1]
    return word[:count], word[count:]


def shorten(text: str, size: float, limit: float, *, bold: bool = False) -> str:
    """One line of text that is no wider than `limit`; what does not fit is replaced by an ellipsis."""
    measure = face(bold)
    text = clean(text)
    if measure.width(text) * size <= limit:
        return text
    stem = text.removesuffix(ELLIPSIS)
    while stem and measure.width(stem.rstrip() + ELLIPSIS) * size > limit:
        stem = stem[:-1]
    return stem.rstrip() + ELLIPSIS


def widest(lines: Sequence[str], size: float, *, bold: bool = False) -> float:
    """Width of the widest of some lines, 0 for none."""
    return max((width(line, size, bold=bold) for line in lines), default=0.0)
