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

from assurance.gsn import legend, text
from assurance.gsn.layout import HEADER, POINTS_PER_MM, Box, Page, PageKind, Role, Transfer
from assurance.gsn.marks import GREY, HEAD, INK, LOOKS, PAPER, decorator, head_down, head_sideways, number
from assurance.gsn.marks import status_mark as mark
from assurance.gsn.model import ElementType, RelationType
from assurance.gsn.shapes import BASE, CORNER, LINE, MARK, SIZE, SLANT
from assurance.gsn.tree import Wire
from assurance.resources import folder

PREFIX: Final = "gsn"
_TITLE_SIZE: Final = 9.0
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]|-(?=-)")
_LETTERS: Final = {ElementType.ASSUMPTION: "A", ElementType.JUSTIFICATION: "J"}
PageLink = Callable[[int], str]


def anchor(identifier: str, prefix: str = PREFIX) -> str:
    """The id that an element has in the document; different identifiers have different anchors."""
    return f"{prefix}-" + _UNSAFE.sub(lambda match: f"--x{ord(match.group()):x}-", identifier)


def page_anchor(number_: int, prefix: str = PREFIX) -> str:
    """The id of a page's `svg` element."""
    return f"{prefix}-page-{number_}" if prefix != PREFIX else f"gsnpage-{number_}"
