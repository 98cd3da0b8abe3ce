"""Plots as SVG data URIs: shares over a radius, output ranges, reach sets. matplotlib is imported when one is drawn.

Drawing repeats numbers that stand in a table beside it and adds none; without matplotlib every function returns
None and the dossier says so. Lines differ in dash and shade, so that black and white is enough. Text becomes
outlines, measured with the shipped font: a picture in an `img` has no access to the document's fonts. Names from a
case are drawn as they are, never parsed as mathematics. The same data gives the same bytes.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from assurance.dossier.parts import Figure
from assurance.gsn import text
from assurance.resources import folder

NOT_DRAWN = "Plot not drawn: matplotlib is not installed (pip install 'assurance[pdf]'). The table holds the numbers."
_INK = "#1b1b1b"
_GREY = "#9a9a9a"
_DASHES: tuple[Any, ...] = ("solid", (0, (5, 2)), (0, (1, 1.5)))
_SHADES = ("#003f6b", "#0063a6", "#5c5c5c")


def _label(name: str, most: int = 48) -> str:
    """A name that leaves room for the picture."""
    return name if len(name) <= most else name[: most - 1] + text.ELLIPSIS


@dataclass(frozen=True)
class Curve:
    """A step curve: y holds from the x before it up to its own."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]


@dataclass(frozen=True)
class Bar:
    """Outer and inner range of one output: what cannot be exceeded, and what was attained."""

    name: str
    outer: tuple[float, float]
    inner: tuple[float, float]


def curves(x_label: str, y_label: str, shown: Sequence[Curve], mark: float | None, mark_label: str) -> str | None:
    """Step curves over one axis from 0, y from 0 to 1; `mark` is a vertical line."""

    columns = 2 if all(len(curve.name) <= 24 for curve in shown) and len(mark_label) <= 24 else 1

    def draw(axes: Any) -> None:
        for index, curve in enumerate(shown):
            axes.step(
                curve.x, curve.y, where="pre", label=_label(curve.name),
                color=_SHADES[index % 3], linestyle=_DASHES[index % 3], linewidth=1.6,
            )  # fmt: skip
        if mark is not None:
            axes.axvline(mark, color=_INK, linewidth=0.8, label=_label(mark_label))
        axes.set_xlim(left=0)
        axes.set_ylim(0, 1.03)
        axes.set_xlabel(_label(x_label), parse_math=False)
        axes.set_ylabel(_label(y_label), parse_math=False)
        axes.grid(color="#e3e3e3", linewidth=0.5)
        axes.legend(
            loc="upper left", bbox_to_anchor=(-0.02, -0.2), ncols=columns, borderaxespad=0, frameon=False, fontsize=8
        )

    return _figure(draw, (3.9, 3.0))


def bars(x_label: str, shown: Sequence[Bar]) -> str | None:
    """Horizontal bars: the outer range pale, the inner one dark."""

    def draw(axes: Any) -> None:
        for row, bar in enumerate(shown):
            (low, high), (inner_low, inner_high) = bar.outer, bar.inner
            axes.barh(row, high - low, left=low, height=0.62, color="#cfe0ee", edgecolor="#0063a6", linewidth=0.8)
            axes.barh(row, inner_high - inner_low, left=inner_low, height=0.26, color=_INK)
        axes.set_yticks(range(len(shown)))
        axes.set_yticklabels([_label(bar.name, 18) for bar in shown], parse_math=False)
        axes.invert_yaxis()
        axes.use_sticky_edges = False
        axes.margins(x=0.05)
        axes.set_xlabel(_label(x_label), parse_math=False)
        axes.grid(axis="x", color="#e3e3e3", linewidth=0.5)
        axes.set_axisbelow(True)

    return _figure(draw, (3.35, 0.75 + 0.3 * len(shown)))


def polygons(
    x_label: str,
    y_label: str,
    shown: Sequence[Sequence[tuple[float, float]]],
    samples: Sequence[tuple[float, float]],
) -> str | None:
    """Polygons that enclose reachable outputs, and sampled outputs as dots."""

    def draw(axes: Any) -> None:
        for corners in shown:
            axes.fill(
                [x for x, _ in corners], [y for _, y in corners],
                facecolor="#cfe0ee", edgecolor="#0063a6", linewidth=0.6, alpha=0.8,
            )  # fmt: skip
        axes.plot([x for x, _ in samples], [y for _, y in samples], ".", color=_INK, markersize=2)
        axes.set_xlabel(_label(x_label, 32), parse_math=False)
        axes.set_ylabel(_label(y_label, 24), parse_math=False)
        axes.grid(color="#e3e3e3", linewidth=0.5)
        axes.set_axisbelow(True)

    return _figure(draw, (3.35, 2.7))


def figure(title: str, alt: str, uri: str | None) -> Figure:
    """A picture for the view: drawn, or with the words that say why not."""
    return Figure(title, alt, uri, "" if uri else NOT_DRAWN)


def _figure(draw: Callable[[Any], None], size: tuple[float, float]) -> str | None:
    """Draw on fresh axes; a data URI, or None without matplotlib. Size in inches."""
    try:
        import matplotlib
        from matplotlib import font_manager
        from matplotlib.backends.backend_svg import FigureCanvasSVG
        from matplotlib.figure import Figure as Drawing
    except ModuleNotFoundError:
        return None
    for style in ("Regular", "Bold"):
        path = str(folder("templates") / "css" / "fonts" / f"AssuranceSans-{style}.ttf")
        if path not in {entry.fname for entry in font_manager.fontManager.ttflist}:
            font_manager.fontManager.addfont(path)
    settings = {
        "svg.hashsalt": "assurance",
        "svg.fonttype": "path",
        "font.family": [text.family()],
        "font.size": 9,
        "text.parse_math": False,
        "axes.edgecolor": _GREY,
        "axes.linewidth": 0.8,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.unicode_minus": True,
    }
    with matplotlib.rc_context(settings):
        drawing = Drawing(figsize=size, layout="constrained")
        FigureCanvasSVG(drawing)
        axes = drawing.add_subplot()
        draw(axes)
        buffer = io.BytesIO()
        drawing.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return "data:image/svg+xml;base64," + base64.b64encode(buffer.getvalue()).decode()
