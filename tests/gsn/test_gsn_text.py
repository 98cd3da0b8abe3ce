"""Measuring and wrapping, and the shipped font: the committed metrics are the font's own."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assurance.gsn import text
from assurance.resources import folder

FONTS = folder("templates") / "css" / "fonts"
NEEDED = "≤≥±∞∈∉·→←⇒−×÷≠≈√∑∂∀∃¬∧∨⊂⊆∪∩‖∥ℝ°′″…–—‘’“”•½²³₀₁₂αβγδεθλμνπρστφχψωΔΘΛΣΦΩÄÖÜßéèñçŁřşğ€§¶©▲■●○◇"


def tool() -> ModuleType:
    path = Path(__file__).resolve().parents[1] / "tools" / "make_font_metrics.py"
    spec = importlib.util.spec_from_file_location("make_font_metrics", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_metrics_equal_the_font() -> None:
    pytest.importorskip("fontTools")
    maker = tool()
    assert (FONTS / "metrics.json").read_text(encoding="utf-8") == maker.render(maker.measure(FONTS))


@pytest.mark.parametrize("style", ["Regular", "Bold"])
def test_both_formats_hold_the_same_font(style: str) -> None:
    ttlib = pytest.importorskip("fontTools.ttLib")
    pytest.importorskip("brotli")
    plain = ttlib.TTFont(FONTS / f"AssuranceSans-{style}.ttf")
    packed = ttlib.TTFont(FONTS / f"AssuranceSans-{style}.woff2")
    assert plain.getBestCmap() == packed.getBestCmap()
    assert plain["hmtx"].metrics == packed["hmtx"].metrics
    assert packed["name"].getDebugName(1) == text.family()
    assert "Open Font License" in plain["name"].getDebugName(13)
    assert plain["OS/2"].fsType == 0  # may be embedded


def test_the_font_covers_what_claims_are_written_in() -> None:
    for bold in (False, True):
        missing = [char for char in NEEDED if char not in text.face(bold).advances]
        assert missing == []


def test_the_font_is_licensed_and_small() -> None:
    assert "SIL OPEN FONT LICENSE Version 1.1" in (FONTS / "OFL.txt").read_text(encoding="utf-8")
    assert sum(path.stat().st_size for path in FONTS.iterdir()) < 900_000


def test_width_is_the_sum_of_advances() -> None:
    advances = json.loads((FONTS / "metrics.json").read_text())["styles"]["regular"]["advances"]
    units = sum(advances[str(ord(char))] for char in "Goal ≤ ε")
    assert text.width("Goal ≤ ε", 10.0) == pytest.approx(units / 2048 * 10)
    assert text.width("Goal", 10.0, bold=True) > text.width("Goal", 10.0)


def test_unknown_characters_take_a_wide_place() -> None:
    assert text.width("語", 10.0) >= 10.0
    assert text.width("🚀", 10.0) >= 12.0


@given(
    words=st.text(alphabet=st.sampled_from("aWi -/.\n\t≤語\u00a0\x07"), max_size=200),
    room=st.floats(3.0, 300.0),
    most=st.none() | st.integers(1, 6),
    bold=st.booleans(),
)
def test_wrapping_keeps_all_within_the_room(words: str, room: float, most: int | None, bold: bool) -> None:
    size = 8.0
    lines = text.wrap(words, size, room, bold=bold, max_lines=most)
    blanks = re.compile(r"[ \t\n]")
    widest_sign = text.width("語", size)
    for line in lines:
        assert text.width(line, size, bold=bold) <= max(room, widest_sign) + 1e-6
        assert len(line) == 1 or text.width(line, size, bold=bold) <= room + 1e-6
    if most is None:
        assert blanks.sub("", "".join(lines)) == blanks.sub("", text.clean(words))
    else:
        assert len(lines) <= most


def test_lines_break_at_blanks_and_line_ends() -> None:
    assert text.wrap("one two\nthree", 8.0, 1000.0) == ["one two", "three"]
    assert text.wrap("one two three", 8.0, text.width("one two", 8.0) + 0.01) == ["one two", "three"]
    assert text.wrap("  ", 8.0, 100.0) == []


def test_long_words_break_after_punctuation_where_they_can() -> None:
    word = "evidence/records/bounds"
    lines = text.wrap(word, 8.0, text.width("evidence/records/bou", 8.0))
    assert lines == ["evidence/records/", "bounds"]
    assert "".join(text.wrap("W" * 50, 8.0, 40.0)) == "W" * 50


def test_cutting_says_so() -> None:
    lines = text.wrap("one two three four five six", 8.0, 40.0, max_lines=2)
    assert len(lines) == 2 and lines[-1].endswith(text.ELLIPSIS)
    assert text.shorten("abc", 8.0, 1000.0) == "abc"


def test_varying_room() -> None:
    rooms = [20.0, 60.0, 20.0]
    lines = text.wrap("a bb ccc dddd eeeee", 8.0, lambda index: rooms[min(index, 2)])
    assert all(text.width(line, 8.0) <= room for line, room in zip(lines, rooms, strict=False))


def test_filling_agrees_with_wrapping_where_no_word_is_broken() -> None:
    words = text.prepare("The network holds its output within the stated bounds.")
    rooms = [60.0, 80.0, 80.0, 60.0, 60.0, 60.0]
    filled = text.fill(words, 8.0, rooms)
    assert filled == text.wrap(words, 8.0, lambda index: rooms[index])
    assert text.fill(words, 8.0, rooms[:2]) is None
    assert text.fill(text.prepare("Wwwwwwwwwwwwwwwwww"), 8.0, [20.0]) is None


def test_what_xml_forbids_is_replaced() -> None:
    assert text.clean("a\x00b\x1bc\ud800d") == "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}c" + (
        "\N{REPLACEMENT CHARACTER}d"
    )
    assert text.clean("tab\tline\n") == "tab\tline\n"


def test_what_nobody_sees_is_told_whatever_stands_around_it() -> None:
    every = "".join(map(chr, range(0x110000)))
    hidden = text.unseen(every)
    assert len(hidden) > 2000 and {"U+0000", "U+00AD", "U+200B", "U+202E", "U+D800", "U+E0041"} <= set(hidden)
    assert all(text.unseen(f"a{chr(int(name[2:], 16))}b") == [name] for name in hidden)
    assert text.unseen("plain words, Äpfel and 二\tin\nlines\u00a0") == []
