"""Writes `templates/css/fonts/metrics.json`: the advance widths with which diagrams are laid out.

    python tests/tools/make_font_metrics.py

Run it after the font files changed; `tests/gsn/test_text.py` fails while file and fonts disagree. Needs
fontTools (development only): at run time the program reads the JSON alone.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from fontTools.ttLib import TTFont

FONTS = Path(__file__).resolve().parents[2] / "templates" / "css" / "fonts"
STYLES = ("Regular", "Bold")


def measure(folder: Path) -> dict[str, Any]:
    """Family name, vertical extents and, for each style, code point -> advance width, all in font units."""
    styles: dict[str, Any] = {}
    head: dict[str, Any] = {}
    for style in STYLES:
        path = folder / f"AssuranceSans-{style}.ttf"
        font = TTFont(path)
        widths = {str(point): font["hmtx"][name][0] for point, name in sorted(font.getBestCmap().items())}
        styles[style.lower()] = {
            "file": path.name,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "advances": widths,
        }
        head = {
            "family": font["name"].getDebugName(1),
            "units_per_em": font["head"].unitsPerEm,
            "ascent": font["hhea"].ascent,
            "descent": -font["hhea"].descent,
        }
    return {**head, "styles": styles}


def render(metrics: dict[str, Any]) -> str:
    """The one text form of the file: stable order, a line for each style's table."""
    styles = metrics["styles"]
    rows = ",\n".join(f'  "{name}": {json.dumps(styles[name], separators=(",", ":"))}' for name in styles)
    rest = {key: value for key, value in metrics.items() if key != "styles"}
    return json.dumps(rest, indent=1)[:-2] + ',\n "styles": {\n' + rows + "\n }\n}\n"


if __name__ == "__main__":
    target = FONTS / "metrics.json"
    target.write_text(render(measure(FONTS)), encoding="utf-8")
    print(f"{target.name}: {target.stat().st_size} bytes")
