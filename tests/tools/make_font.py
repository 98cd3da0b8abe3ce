"""Rebuilds the shipped font family "Assurance Sans" from two upstream families under the Open Font License.

The text font is Inter 4.1 (npm package `inter-ui`, folder `package/web`), cut down to Latin, Greek, basic
Cyrillic, punctuation, arrows and mathematics. A score of mathematical signs that Inter lacks come from
Noto Sans Math (Debian package `fonts-noto-core`), scaled to Inter's grid. The result carries a name of its
own, because an Inter that a reader happens to have installed may have other advance widths, and diagrams are
laid out with ours. Neither upstream licence declares a reserved font name.

    python tests/tools/make_font.py INTER_WEB_FOLDER NOTO_SANS_MATH.ttf OUT_FOLDER

Writes AssuranceSans-{Regular,Bold}.{ttf,woff2}. Not part of any build: fonts change once in years. After it run
`make_font_metrics.py`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from fontTools.misc.transform import Transform
from fontTools.pens.transformPen import TransformPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

FAMILY = "Assurance Sans"
VERSION = "1.000"
RANGES = (
    (0x0020, 0x007E), (0x00A0, 0x017F), (0x0192, 0x0192), (0x0218, 0x021B), (0x02C6, 0x02DD),
    (0x0370, 0x03FF), (0x0401, 0x045F), (0x1E9E, 0x1E9E), (0x2010, 0x2027), (0x202F, 0x203A), (0x2044, 0x2044),
    (0x2070, 0x209C), (0x20AC, 0x20AC), (0x2100, 0x213A), (0x2150, 0x215E), (0x2190, 0x21FF), (0x2200, 0x22FF),
    (0x2300, 0x230B), (0x2329, 0x232A), (0x25A0, 0x25FF), (0x2713, 0x2717), (0x27E8, 0x27E9), (0xFFFD, 0xFFFD),
)  # fmt: skip
BORROWED = "∈∉∋∀∃∄∧∨⊂⊃⊆⊇∪∩∥ℝℕℤ⟨⟩⊤⊥∘⌈⌉⌊⌋≡≜≔∝⊕⊗∣∤≺≻⊢⊨∇⋅⋯↦"
FEATURES = ["kern", "mark", "mkmk", "ccmp", "locl", "tnum"]


def wanted() -> set[int]:
    """All code points that the family covers where an upstream font has them."""
    return {point for low, high in RANGES for point in range(low, high + 1)}


def borrow(font: TTFont, donor: TTFont) -> list[str]:
    """Copy the signs that `font` lacks from `donor`, scaled; returns the characters that were copied."""
    own, other = font.getBestCmap(), donor.getBestCmap()
    scale = font["head"].unitsPerEm / donor["head"].unitsPerEm
    glyphs, copied = donor.getGlyphSet(), []
    for char in BORROWED:
        if ord(char) in own or ord(char) not in other:
            continue
        source, name = other[ord(char)], f"uni{ord(char):04X}"
        pen = TTGlyphPen(None)
        glyphs[source].draw(TransformPen(pen, Transform().scale(scale)))
        glyph = pen.glyph()
        font.setGlyphOrder([*font.getGlyphOrder(), name])
        font["glyf"].glyphs[name] = glyph
        font["glyf"].glyphOrder = font.getGlyphOrder()
        glyph.recalcBounds(font["glyf"])
        font["hmtx"][name] = (round(glyphs[source].width * scale), glyph.xMin)
        for table in font["cmap"].tables:
            if table.isUnicode():
                table.cmap[ord(char)] = name
        copied.append(char)
    return copied


def rename(font: TTFont, style: str) -> None:
    """Give the derived font its own name, and say where it comes from."""
    bold = style == "Bold"
    texts = {
        0: "Derived from Inter, Copyright 2016 The Inter Project Authors, and Noto Sans Math, "
        "Copyright 2018 Google LLC.",
        1: FAMILY,
        2: style,
        3: f"{VERSION};{FAMILY.replace(' ', '')}-{style}",
        4: FAMILY if not bold else f"{FAMILY} {style}",
        5: f"Version {VERSION}",
        6: f"{FAMILY.replace(' ', '')}-{style}",
        13: "This Font Software is licensed under the SIL Open Font License, Version 1.1.",
        14: "https://openfontlicense.org",
    }
    names = font["name"]
    names.names = []
    for identifier, text in texts.items():
        names.setName(text, identifier, 3, 1, 0x409)


def build(inter: Path, math: Path, out: Path, style: str) -> None:
    """One style: borrow, subset, rename, write both formats."""
    font = TTFont(inter / f"Inter-{style}.woff2", recalcTimestamp=False)
    copied = borrow(font, TTFont(math))
    options = Options()
    options.layout_features = FEATURES
    options.hinting = False
    options.glyph_names = False
    options.notdef_outline = True
    options.recalc_timestamp = False
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=wanted())
    subsetter.subset(font)
    rename(font, style)
    for flavor, suffix in ((None, "ttf"), ("woff2", "woff2")):
        font.flavor = flavor
        path = out / f"AssuranceSans-{style}.{suffix}"
        font.save(path)
        print(f"{path.name}: {path.stat().st_size} bytes, {len(font.getBestCmap())} characters")
    print(f"  borrowed: {''.join(copied)}")


if __name__ == "__main__":
    for wanted_style in ("Regular", "Bold"):
        build(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), wanted_style)
