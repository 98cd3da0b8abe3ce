"""SVG: well formed for any text, links that lead somewhere, marks that differ, goldens, plain attributes only.

UPDATE_GOLDENS=1 writes the goldens anew; look at them before committing.
"""

from __future__ import annotations

import io
import logging
import os
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import gsn_toys as toys
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assurance.gsn import legend, marks, outlines, svg
from assurance.gsn.elements import AWAY, KINDS, Context, ElementType, Goal, Solution, Strategy
from assurance.gsn.hierarchy import Sign
from assurance.gsn.layout import POINTS_PER_MM, Page, PageKind, layout, pages
from assurance.gsn.model import Argument
from assurance.gsn.shapes import STATUS_WORDS

GOLDENS = Path(__file__).parent / "goldens"
SVG = "{http://www.w3.org/2000/svg}"
# What browsers and WeasyPrint both draw without style sheets.
TAGS = {"svg", "title", "g", "a", "path", "rect", "circle", "ellipse", "text"}
NASTY = "<script>alert('x')</script> & \"quoted\" ]]> \x00\x1b \ufffe &amp; 日本"


def golden_argument() -> Argument:
    argument = toys.small()
    argument.add(
        Goal(id="G4", text="Hazard H3 ≤ 1 % is mitigated, ‖δ‖∞ ≤ ε.", uninstantiated=True, undeveloped=True),
        Context(id="C2", text="Hazard log, issue 4 <draft> & annex"),
        Strategy(id="S2", text="Argument over each run", uninstantiated=True),
        Goal(id="G5", text="Each run met its criterion."),
        Solution(id="Sn2", text="Report 8", evidence=("DOC-8",)),
    )
    argument.support("S1", "G4")
    argument.contextualise("G2", "C2")
    argument.support("G2", "S2")
    argument.support("S2", "G5")
    argument.support("G5", "Sn1", "Sn2")
    return argument


STATUS = {
    "G1": "partial",
    "G2": "supported",
    "G3": "undeveloped",
    "G4": "stale",
    "G5": "in doubt",
    "Sn1": "contradicted",
}


def branching(width: int = 7) -> Argument:
    argument = Argument("branching", "Branching")
    argument.add(Goal(id="G0", text="The reader is acceptably safe."), Strategy(id="S0", text="Argument over hazards"))
    argument.support("G0", "S0")
    for index in range(width):
        argument.add(Goal(id=f"G{index + 1}", text="The hazard is mitigated, as is shown below. " * 3))
        argument.add(Solution(id=f"Sn{index}", text="Record of a run", evidence=("x",)))
        argument.add(Context(id=f"C{index}", text="An entry of the hazard log, issue 4. " * 4))
        argument.support("S0", f"G{index + 1}")
        argument.contextualise(f"G{index + 1}", f"C{index}")
        argument.support(f"G{index + 1}", f"Sn{index}", "Sn0")
    return argument


def check_golden(name: str, drawn: str) -> None:
    path = GOLDENS / name
    if os.environ.get("UPDATE_GOLDENS") == "1":
        GOLDENS.mkdir(exist_ok=True)
        path.write_text(drawn, encoding="utf-8")
    assert drawn == path.read_text(encoding="utf-8"), f"{name} differs: look, then run with UPDATE_GOLDENS=1"


def test_golden_whole() -> None:
    (page,) = pages(golden_argument())
    href = {element.id: f"#el-{element.id}" for element in golden_argument()}
    check_golden("whole.svg", svg.render(page, status=STATUS, href=href))


def test_golden_notation() -> None:
    check_golden("notation.svg", svg.render(layout(toys.notation()), status={"G1": "in doubt", "G4": "contradicted"}))


def test_golden_overview_and_branch() -> None:
    made = pages(branching())
    status = {"G0": "partial", "G1": "contradicted"}
    check_golden("overview.svg", svg.render(made[0], status=status))
    check_golden("branch.svg", svg.render(made[1], status=status))


def drawn(made: list[Page], **options: Any) -> list[ElementTree.Element]:
    return [ElementTree.fromstring(svg.render(page, **options)) for page in made]


def everything(root: ElementTree.Element) -> list[ElementTree.Element]:
    return list(root.iter())


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), size=st.integers(0, 60))
def test_any_argument_is_well_formed_and_its_links_resolve(seed: int, size: int) -> None:
    argument = toys.wild(seed, size)
    made = pages(argument)
    roots = drawn(made, status={element.id: "in doubt" for element in argument})
    found = [node.get("id") for root in roots for node in everything(root) if node.get("id")]
    assert len(found) == len(set(found))
    assert {svg.anchor(element.id) for element in argument} <= set(found)
    links = [node.get("href", "") for root in roots for node in everything(root) if node.tag == f"{SVG}a"]
    assert all(link.removeprefix("#") in found for link in links)


def test_hostile_text_stays_text() -> None:
    argument = Argument("hostile", NASTY)
    for index, kind in enumerate(KINDS):
        argument.add(toys.make(kind, f"{NASTY}{index}", NASTY))
    argument.support(f"{NASTY}0", f"{NASTY}1", f"{NASTY}2")
    href = {element.id: f"#{NASTY}" for element in argument}
    for page in (*pages(argument), layout(argument)):
        source = svg.render(page, href=href, status={f"{NASTY}0": "stale"})
        root = ElementTree.fromstring(source)
        assert {node.tag.removeprefix(SVG) for node in everything(root)} <= TAGS
        assert "<script" not in source
        source.encode("utf-8")
        texts = "".join(node.text or "" for node in everything(root) if node.tag == f"{SVG}text")
        assert "<script>" in re.sub(r"\s", "", texts)


def test_plain_attributes_only() -> None:
    for page in pages(branching()):
        for node in everything(ElementTree.fromstring(svg.render(page, status={"G1": "stale"}))):
            assert node.tag.removeprefix(SVG) in TAGS
            assert not {"style", "class", "onclick", "marker-end", "text-anchor", "transform-origin"} & set(node.attrib)


def test_every_element_has_its_link_title_and_text() -> None:
    argument = golden_argument()
    href = {element.id: f"#el-{element.id}" for element in argument}
    (root,) = drawn(pages(argument), href=href, status=STATUS)
    for element in argument:
        (node,) = (item for item in everything(root) if item.get("id") == svg.anchor(element.id))
        assert node.tag == f"{SVG}a" and node.get("href") == href[element.id]
        title = node.find(f"{SVG}title")
        assert title is not None and title.text is not None
        assert title.text.startswith(f"{element.type} {element.id}")
        assert STATUS.get(element.id, "") in title.text
        texts = [item.text or "" for item in node.findall(f"{SVG}text")]
        assert element.id in texts
        assert "".join(element.text.split()) in "".join("".join(texts).split())


def test_goals_name_their_status_in_words() -> None:
    argument = golden_argument()
    (root,) = drawn(pages(argument), status=STATUS)
    for element in argument:
        if isinstance(element, Goal):
            (node,) = (item for item in everything(root) if item.get("id") == svg.anchor(element.id))
            assert STATUS[element.id] in [item.text for item in node.findall(f"{SVG}text")]


def test_an_unknown_status_is_an_error() -> None:
    with pytest.raises(ValueError, match="certified"):
        svg.render(layout(toys.small()), status={"G1": "certified"})


def test_status_never_moves_the_layout() -> None:
    (page,) = pages(golden_argument())
    plain = ElementTree.fromstring(svg.render(page))
    marked = ElementTree.fromstring(svg.render(page, status=STATUS))
    places = [
        {(node.get("x"), node.get("y"), node.text) for node in everything(root) if node.tag == f"{SVG}text"}
        for root in (plain, marked)
    ]
    assert {place for place in places[0] if place[2] in {e.id for e in golden_argument()}} <= places[1]


def test_each_status_has_its_own_silhouette_and_colour() -> None:
    assert tuple(marks.LOOKS) == STATUS_WORDS
    shapes = {word: re.sub(r"#[0-9a-f]+", "", marks.status_mark(word, 10.0, 10.0)) for word in STATUS_WORDS}
    assert len(set(shapes.values())) == len(STATUS_WORDS)
    assert len({look.line for look in marks.LOOKS.values()}) == len(STATUS_WORDS)


def luminance(colour: str) -> float:
    """Relative luminance after WCAG 2."""
    digits = colour[1:] if len(colour) == 7 else "".join(char * 2 for char in colour[1:])
    parts = [int(digits[index : index + 2], 16) / 255 for index in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("word", STATUS_WORDS)
def test_text_is_legible_on_every_ground(word: str) -> None:
    look = marks.LOOKS[word]
    assert contrast(marks.INK, look.ground) >= 7
    assert contrast(look.line, look.ground) >= 4.5
    assert contrast(look.line, marks.PAPER) >= 4.5


def test_arrowheads_and_decorators_follow_the_standard() -> None:
    (page,) = pages(golden_argument())
    source = svg.render(page)
    paths = re.findall(r'<path d="([^"]*)"([^/]*)/>', source)
    solid = [d for d, paint in paths if paint.strip() == f'fill="{marks.INK}"' and d.count("z") > 1]
    hollow = [d for d, paint in paths if f'fill="{marks.PAPER}" stroke="{marks.INK}"' in paint and d.count("z") > 1]
    supports = sum(wire.type == "supported_by" for wire in page.wires)
    assert [d.count("z") for d in solid] == [supports]
    assert [d.count("z") for d in hollow] == [len(page.wires) - supports]
    assert marks.decorator(True, False, 0, 0).count(" 6l") == 2  # a diamond
    assert marks.decorator(True, True, 0, 0).count("M") == 2  # a diamond with a line across
    assert marks.decorator(False, False, 0, 0) == ""


@given(first=st.text(max_size=12), second=st.text(max_size=12))
def test_anchors_are_injective_and_safe(first: str, second: str) -> None:
    assert (svg.anchor(first) == svg.anchor(second)) == (first == second)
    assert re.fullmatch(r"gsn-[A-Za-z0-9._-]*", svg.anchor(first))
    assert not svg.page_anchor(3).startswith("gsn-")


@given(words=st.text(alphabet="-x2d0", max_size=10), others=st.text(alphabet="-x2d0", max_size=10))
def test_anchors_of_confusing_names_differ(words: str, others: str) -> None:
    assert (svg.anchor(words) == svg.anchor(others)) == (words == others)


def test_areas_match_the_drawing() -> None:
    argument = branching()
    made = pages(argument)
    anchors: list[str] = []
    targets = {svg.page_anchor(page.number) for page in made} | {svg.anchor(element.id) for element in argument}
    for page in made:
        for area in svg.areas(page, href={"G1": "#x"}):
            assert area.left >= 0 and area.top >= 0 and area.width > 0 and area.height > 0
            assert area.left + area.width <= page.width_mm + 0.01
            assert area.top + area.height <= page.height_mm + 0.01
            assert area.href is None or area.href == "#x" or area.href.removeprefix("#") in targets
            anchors += [area.anchor] if area.anchor else []
        source = svg.render(page, href={"G1": "#x"})
        links = source.count("<a ")
        assert links == sum(area.href is not None for area in svg.areas(page, href={"G1": "#x"}))
    assert sorted(anchors) == sorted(svg.anchor(element.id) for element in argument)


def test_without_anchors_there_are_no_ids() -> None:
    assert ' id="' not in svg.render(layout(toys.small()), anchors=False)


def test_prefixes_tell_arguments_apart() -> None:
    source = svg.render(layout(toys.small()), prefix="m2")
    assert 'id="m2-G1"' in source and 'id="m2page-1"' in source and 'id="gsn' not in source


def test_links_between_files() -> None:
    made = pages(branching())
    source = svg.render(made[1], page_link=lambda number: f"page-{number}.svg")
    assert 'href="page-3.svg"' in source


def test_a_file_on_its_own_carries_the_font() -> None:
    source = svg.render(layout(toys.small()), embed_font=True)
    assert source.count("@font-face") == 2
    ElementTree.fromstring(source)


def test_the_key_explains_what_is_on_the_page() -> None:
    (page,) = pages(golden_argument())
    words = [node.text for node in everything(ElementTree.fromstring(svg.render(page, status=STATUS)))]
    for needed in ("goal", "strategy", "solution (evidence)", "supported by", "in context of", "not developed"):
        assert needed in words
    plain = [node.text for node in everything(ElementTree.fromstring(svg.render(page, key=False)))]
    assert "supported by" not in plain
    assert words.count("stale") == 2  # at its goal and in the key


EXTENSIONS = {
    "goal of another module": "AwayGoal",
    "solution of another module": "AwaySolution",
    "context of another module": "AwayContext",
    "assumption of another module": "AwayAssumption",
    "justification of another module": "AwayJustification",
    "module": "Module",
    "contract between modules": "Contract",
    "visible to other modules": "public",
    "support left to a contract": "by_contract",
    "as many as the label says (1 or more)": "many",
    "may be left out": "optional",
    "choice among branches": "choice",
    "confidence argued under this name": "claim_point",
    "challenges": "challenges",
    "defeated": "defeated",
}


def test_the_key_explains_a_sign_only_where_it_is_used() -> None:
    assert set(EXTENSIONS.items()) <= {(words, key) for key, words in legend.KEYS}
    for argument, used in ((toys.notation(), True), (toys.small(), False)):
        root = ElementTree.fromstring(svg.render(layout(argument)))
        words = {node.text for node in everything(root) if node.tag == f"{SVG}text"}
        for entry in EXTENSIONS:
            assert (entry in words) == used, entry


def test_signs_on_lines_are_the_ones_that_the_argument_has() -> None:
    page = layout(toys.notation())
    found = sorted((spot.sign.value, spot.label) for spot in page.spots)
    assert found == sorted(
        [
            *[("many", "n"), ("many", "0..x"), ("optional", ""), ("defeated", ""), ("defeated", "")],
            # one square for the support of G2 as a whole, one at each relation and element that is marked alone
            *[("claim_point", "ACP1"), ("claim_point", "ACP2[Confidence]"), ("claim_point", "ACP4")],
            *[("claim_point", "ACP3"), ("claim_point", "ACP3")],
        ]
    )
    assert [choice.label for choice in page.choices] == ["1 of 3"]
    into = [wire for wire in page.wires if not wire.arrow]
    assert [(wire.source, wire.target) for wire in into] == [("G5", "")]
    low = page.choices[0].y + page.choices[0].height
    assert sum(wire.points[0][1] == pytest.approx(low) for wire in page.wires) == 3


def test_signs_differ_in_silhouette() -> None:
    drawn_signs = {marks.sign(sign, 10.0, 10.0) for sign in Sign}
    assert len(drawn_signs) == len(Sign)
    hollow, full = marks.sign(Sign.OPTIONAL, 0.0, 0.0), marks.sign(Sign.MANY, 0.0, 0.0)
    assert f'fill="{marks.PAPER}"' in hollow and f'fill="{marks.INK}"' in full
    kinds = {
        outlines.outline(kind, 0.0, 0.0, 99.0, 60.0, "", sill=40.0 if kind in AWAY else 0.0) for kind in ElementType
    }
    # circles, ovals and domes differ by their proportions and letters
    assert len(kinds) == len(ElementType) - 4


def test_challenges_are_dashed_with_an_open_head() -> None:
    page = layout(toys.notation())
    source = svg.render(page, key=False)
    (dashed,) = re.findall(r'<path d="([^"]*)" fill="none" stroke="[^"]*" stroke-dasharray="5 3"/>', source)
    assert dashed.count("z") == 0
    (lines,) = re.findall(r'<path d="([^"]*)" fill="none" stroke="#1b1b1b"/>\n<path d="[^"]*" fill="none"', source)
    aims = {wire.points[-1] for wire in page.wires if wire.type == "challenges"}
    assert len(re.findall(r"M[^ML]*L[^ML]*L", lines)) == len(aims) == 7


def test_the_cross_over_a_defeated_element_lies_below_its_words() -> None:
    root = ElementTree.fromstring(svg.render(layout(toys.notation()), status={"G4": "contradicted"}))
    (group,) = (node for node in everything(root) if node.get("id") == svg.anchor("G4"))
    tags = [(node.tag.removeprefix(SVG), node.get("d", "")) for node in group]
    crosses = [index for index, (_, d) in enumerate(tags) if d.count("M") == 2 and d.count("L") == 2]
    assert len(crosses) == 1 and crosses[0] < min(index for index, (tag, _) in enumerate(tags) if tag == "text")
    title = group.find(f"{SVG}title")
    assert title is not None and title.text is not None and "defeated" in title.text


def test_away_elements_say_where_they_come_from() -> None:
    root = ElementTree.fromstring(svg.render(layout(toys.notation())))
    for identifier, words in (("G9", "Database: G4"), ("Sn9", "Database"), ("A9", "Operation"), ("C9", "Aeroplane")):
        (group,) = (node for node in everything(root) if node.get("id") == svg.anchor(identifier))
        assert words in [node.text for node in group.findall(f"{SVG}text")]


def test_the_same_page_gives_the_same_bytes() -> None:
    first, second = pages(branching()), pages(branching())
    assert [svg.render(page) for page in first] == [svg.render(page) for page in second]


def test_three_thousand_elements_stay_small() -> None:
    argument = Argument("large")
    argument.add(Goal(id="G0", text="The whole is acceptably safe in its domain."))
    for index in range(1, 1500):
        text = f"Hazard {index} is mitigated at the listed inputs for every sensor error within the stated box."
        argument.add(Goal(id=f"G{index}", text=text), Solution(id=f"Sn{index}", text=f"Record of run R-{index}"))
        argument.support(f"G{(index - 1) // 4}", f"G{index}")
        argument.support(f"G{index}", f"Sn{index}")
    href = {element.id: f"#el-{element.id}" for element in argument}
    source = svg.render(layout(argument), href=href, status={element.id: "partial" for element in argument})
    assert len(source.encode()) < 2_000_000


def test_weasyprint_draws_it_without_complaint(caplog: pytest.LogCaptureFixture) -> None:
    try:
        import weasyprint
    except (ImportError, OSError) as error:
        pytest.skip(f"WeasyPrint or Pango is absent: {error}")
    (page,) = pages(golden_argument())
    with caplog.at_level(logging.WARNING, logger="weasyprint"):
        target = io.BytesIO()
        weasyprint.HTML(string=svg.render(page, status=STATUS)).write_pdf(target)
    assert [record.message for record in caplog.records] == []
    assert target.getvalue().startswith(b"%PDF")


def test_the_view_box_is_the_paper() -> None:
    (page,) = pages(toys.small())
    root = ElementTree.fromstring(svg.render(page))
    _, _, width, height = (float(part) for part in root.get("viewBox", "").split())
    assert width == pytest.approx(page.width_mm * POINTS_PER_MM, abs=0.06)
    assert height == pytest.approx(page.height_mm * POINTS_PER_MM, abs=0.06)
    assert page.kind is PageKind.WHOLE
