"""Modules inside modules, as frames inside frames (GSN 1:4.7: what a contract or a module contains).

A picture of its own beside the module view, so that no line of support runs through a frame. A module that several
contain stands in full once and is repeated, without what it contains, everywhere else; so a circle ends, too. Where
frames would stand deeper than `DEEPEST`, the last one says so and stands in full apart. Shows no element of a module and judges nothing: that a module is
inside two others, or in itself, is for the rules to say.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from assurance.gsn import legend
from assurance.gsn.arguments import Arguments
from assurance.gsn.elements import ElementType
from assurance.gsn.layout import HEADER, POINTS_PER_MM, Box, Page, PageKind, Role
from assurance.gsn.module_view import contracts_of, symbol
from assurance.gsn.shapes import Limits, shape_of

DEEPEST: Final = 6
"""How many frames stand inside each other at most."""
_PAD: Final = 12.0
"""From a frame to what is inside it, and between two frames."""
_MARGIN: Final = 20.0
_NARROWEST: Final = 400.0
_WIDER: Final = 1.6
"""How much wider than high the inside of a frame is made, roughly."""


def containment(arguments: Arguments, title: str = "What contains what") -> Page | None:
    """The frames of all modules that contain others and of those inside, None where none contains any."""
    holders = [argument.module for argument in arguments if argument.contains]
    if not holders:
        return None
    drawing = _Drawing(arguments)
    inside = {module for argument in arguments for module in argument.contains if module != argument.module}
    tops = [drawing.frame(module, 1) for module in holders if module not in inside]
    # what is left lies too deep, or contains itself through others
    tops += [drawing.frame(module, 1) for module in holders if module not in drawing.seen]
    places, width, height = _packed([(top[0].shape.width, top[0].shape.height) for top in tops])
    boxes = [box for top, (x, y) in zip(tops, places, strict=True) for box in _moved(top, x, y)]
    inner = max(width, _NARROWEST)
    keys = frozenset({ElementType.MODULE.value, ElementType.CONTRACT.value})
    return Page(
        kind=PageKind.WHOLE,
        number=1,
        total=1,
        title=title,
        part=(1, 1),
        width_mm=(inner + 2 * _MARGIN) / POINTS_PER_MM,
        height_mm=(height + HEADER + legend.height(inner, keys) + 2 * _MARGIN) / POINTS_PER_MM,
        margin=_MARGIN,
        scale=1.0,
        origin=(_MARGIN + (inner - width) / 2, _MARGIN + HEADER),
        boxes=tuple(boxes),
        wires=(),
    )


class _Drawing:
    def __init__(self, arguments: Arguments) -> None:
        self.arguments = arguments
        self.contracts = contracts_of(arguments)
        self.seen: set[str] = set()
        """Modules that stand in full."""

    def frame(self, module: str, depth: int) -> list[Box]:
        """A module at (0, 0), followed by all that is drawn inside it."""
        repeated = module in self.seen
        held = self.arguments[module].contains if module in self.arguments else ()
        held = tuple(dict.fromkeys(held))
        tag = "repeated" if repeated else ""
        if held and not repeated and depth >= DEEPEST:
            repeated, tag = True, f"{len(held)} inside, shown apart"
        if repeated:
            held = ()
        else:
            self.seen.add(module)
        element = symbol(self.arguments, module, self.contracts)
        shape = shape_of(element, Limits(), tag)
        parts = [self.frame(name, depth + 1) for name in held]
        if parts:
            places, width, height = _packed([(part[0].shape.width, part[0].shape.height) for part in parts])
            top = shape.height - shape.sole
            shape = replace(shape, width=max(shape.width, width + 2 * _PAD), height=shape.height + height + _PAD)
            parts = [_moved(part, x + _PAD, y + top) for part, (x, y) in zip(parts, places, strict=True)]
        role = Role.REPEATED if repeated else Role.FULL
        box = Box(element, shape, 0.0, 0.0, role, copy=repeated, anchor=not repeated, page=1)
        return [box, *(inner for part in parts for inner in part)]


def _moved(boxes: Sequence[Box], x: float, y: float) -> list[Box]:
    return [replace(box, x=box.x + x, y=box.y + y) for box in boxes]


def _packed(sizes: Sequence[tuple[float, float]]) -> tuple[list[tuple[float, float]], float, float]:
    """Frames in rows, like words, and the width and height of all."""
    area = sum([(width + _PAD) * (height + _PAD) for width, height in sizes])
    limit = max(math.sqrt(area * _WIDER), max([width for width, _ in sizes]))
    places: list[tuple[float, float]] = []
    x = y = tall = across = 0.0
    for width, height in sizes:
        if x and x + width > limit:
            x, y, tall = 0.0, y + tall + _PAD, 0.0
        places.append((x, y))
        across, tall = max(across, x + width), max(tall, height)
        x += width + _PAD
    return places, across, y + tall
