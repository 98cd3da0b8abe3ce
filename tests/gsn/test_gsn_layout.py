"""Pages: nothing lost, nothing overlapping, nothing outside, links that lead where they say, same every time."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import gsn_toys as toys
import page_geometry
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from assurance.gsn.elements import CONTEXTUAL, KINDS, Context, Goal, Solution, Strategy
from assurance.gsn.layout import A3, A4, MIN_SCALE, Box, Page, PageKind, Role, layout, pages
from assurance.gsn.model import Argument
from assurance.gsn.relations import ClaimPoint, RelationRef

QUICK = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
ROOMY = st.sampled_from([A4, A3, (269.0, 168.0), (210.0, 297.0)])
SIZES = st.sampled_from([A4, A3, (180.0, 140.0), (210.0, 297.0)])


def complete(argument: Argument, made: list[Page]) -> list[str]:
    """What a page set loses or gets wrong about its own links."""
    found = []
    detail = [page for page in made if page.kind is not PageKind.OVERVIEW]
    full: dict[str, list[int]] = {}
    for page in detail:
        for box in page.boxes:
            if box.role is Role.FULL:
                full.setdefault(box.element.id, []).append(page.number)
            assert box.anchor == (box.role is Role.FULL)
    for element in argument:
        if len(full.get(element.id, [])) != 1:
            found.append(f"{element.id} stands in full on pages {full.get(element.id)}")
    for page in made:
        for box in page.boxes:
            if box.page != full[box.element.id][0]:
                found.append(f"{box.element.id} on page {page.number} names page {box.page}")
            if page.kind is not PageKind.OVERVIEW and box.below and box.below.page != box.page:
                found.append(f"{box.element.id}: triangle leads to page {box.below.page}")
    wires = [wire for page in detail for wire in page.wires if wire.arrow]
    drawn = {(wire.type, wire.source, wire.target) for wire in wires if wire.challenged is None}
    meant = {
        (relation.type, relation.source, relation.target)
        for relation in argument.relations
        if relation.challenged is None and relation.source in argument and relation.target in argument
    }
    if drawn != meant:
        found.append(f"relations lost {meant - drawn}, invented {drawn - meant}")
    noted = {box.element.id for page in detail for box in page.boxes if box.note and box.role in (Role.FULL, Role.CUT)}
    aimed = {(wire.source, wire.challenged) for wire in wires if wire.challenged is not None}
    allowed = set()
    for relation in argument.relations:
        if relation.challenged is None or relation.source not in argument:
            continue
        ends = {(item.source, item.target) for item in argument.find(relation.challenged)}
        allowed |= {(relation.source, end) for end in ends}
        if relation.source not in noted and not any((relation.source, end) in aimed for end in ends):
            found.append(f"neither arrow nor note: {relation}")
    if aimed - allowed:
        found.append(f"challenges invented: {aimed - allowed}")
    return found


def assert_sound(argument: Argument, made: list[Page]) -> None:
    for page in made:
        assert page_geometry.faults(page) == [], f"page {page.number}"
        assert page.scale >= MIN_SCALE - 1e-9
    assert complete(argument, made) == []
    assert [page.number for page in made] == list(range(1, len(made) + 1))


@QUICK
@given(seed=st.integers(0, 10**6), size=st.integers(1, 120), paper=SIZES)
def test_sound_arguments_on_pages(seed: int, size: int, paper: tuple[float, float]) -> None:
    argument = toys.sound(seed, size)
    assert_sound(argument, pages(argument, paper))


@QUICK
@given(seed=st.integers(0, 10**6), size=st.integers(1, 60), paper=ROOMY)
def test_wild_arguments_on_pages(seed: int, size: int, paper: tuple[float, float]) -> None:
    argument = toys.wild(seed, size)
    assert_sound(argument, pages(argument, paper))


@QUICK
@given(seed=st.integers(0, 10**6), size=st.integers(1, 90), paper=ROOMY)
@example(seed=565488, size=60, paper=A3)  # a label on a line, above the block to which the line leads
@example(seed=44205, size=67, paper=A3)  # the line of a relation's challenger, there too
@example(seed=842031, size=73, paper=A3)  # rows that fit at 0.6 of the page, not at 1.0 or 0.8
def test_the_whole_notation_on_pages(seed: int, size: int, paper: tuple[float, float]) -> None:
    argument = toys.rich(seed, size)
    assert_sound(argument, pages(argument, paper))


@QUICK
@given(seed=st.integers(0, 10**6), size=st.integers(1, 90), make=st.sampled_from([toys.sound, toys.rich, toys.wild]))
def test_one_picture(seed: int, size: int, make: Callable[[int, int], Argument]) -> None:
    argument = make(seed, size)
    assert_sound(argument, [layout(argument)])


def boxes_of(made: list[Page], identifier: str) -> list[tuple[Page, Box]]:
    return [(page, box) for page in made for box in page.boxes if box.element.id == identifier]


def wide() -> Argument:
    """Too much for one page: eight branches below a strategy, evidence shared by all of them."""
    argument = Argument("wide", "Wide argument")
    argument.add(Goal(id="G0", text="The reader is acceptably safe in its domain."), Context(id="C0", text="Domain"))
    argument.add(Strategy(id="S0", text="Argument over each hazard"), Solution(id="Sn0", text="Shared record"))
    argument.contextualise("G0", "C0")
    argument.support("G0", "S0")
    for index in range(1, 9):
        argument.add(Goal(id=f"G{index}", text=f"Hazard H{index} is mitigated, as is shown by what stands below it."))
        argument.add(Context(id=f"C{index}", text=f"Hazard H{index} in the hazard log, issue 4"))
        argument.add(Goal(id=f"G{index}a", text="The test campaign found no failure.", undeveloped=True))
        argument.add(Solution(id=f"Sn{index}", text=f"Record of run R-{index}", evidence=("x",)))
        argument.contextualise(f"G{index}", f"C{index}")
        argument.support("S0", f"G{index}")
        argument.support(f"G{index}", f"G{index}a", f"Sn{index}", "Sn0")
    return argument


def test_a_small_argument_is_one_page() -> None:
    (page,) = pages(toys.small())
    assert page.kind is PageKind.WHOLE and page.total == 1
    assert {box.role for box in page.boxes} == {Role.FULL}


def test_a_large_one_is_an_overview_and_branches() -> None:
    argument = wide()
    made = pages(argument)
    assert_sound(argument, made)
    assert [page.kind for page in made] == [PageKind.OVERVIEW] + [PageKind.BRANCH] * (len(made) - 1)
    assert {box.role for box in made[0].boxes} == {Role.BRIEF}
    assert not any(box.element.type in CONTEXTUAL for box in made[0].boxes)
    assert made[1].boxes[0].element.id == "G0"


def test_cut_elements_stand_whole_on_both_pages() -> None:
    made = pages(wide())
    cut = [(page, box) for page in made for box in page.boxes if box.role is Role.CUT]
    assert cut
    for page, box in cut:
        target = made[box.page - 1]
        assert box.below is not None and box.below.page == target.number != page.number
        assert box.below.label == f"page {target.number}"
        (root,) = (item for item in target.boxes if item.element == box.element and item.anchor)
        assert root.element == box.element and root.shape == box.shape  # an exact copy (GSN 1:2.2.20)
        assert root.above is not None and root.above.page == page.number


def test_shared_evidence_is_repeated_as_such() -> None:
    occurrences = boxes_of(pages(wide()), "Sn0")
    detail = [box for _, box in occurrences if box.role is not Role.BRIEF]
    assert len(detail) == 8
    assert [box.role for box in detail].count(Role.FULL) == 1
    for box in detail:
        words = [line.text for line in box.shape.lines]
        assert box.copy == (box.role is Role.REPEATED) == ("repeated" in words)
        assert " ".join(words).endswith("Shared record")


def test_repeats_with_support_point_to_it() -> None:
    argument = toys.small()
    argument.add(Goal(id="G4", text="Hazard H3 is mitigated as H1 is."))
    argument.support("S1", "G4")
    argument.support("G4", "G2")
    (page,) = pages(argument)
    again = [box for _, box in boxes_of([page], "G2") if box.copy]
    assert len(again) == 1
    assert again[0].below is not None and again[0].below.label == "this page"


def test_circles_are_drawn_and_end() -> None:
    argument = toys.small()
    argument.support("G2", "G1")
    (page,) = pages(argument)
    assert len(boxes_of([page], "G1")) == 2
    assert_sound(argument, [page])


def test_a_fan_too_wide_for_a_page_comes_in_parts() -> None:
    argument = Argument("fan")
    argument.add(Goal(id="G", text="All advisories hold in all listed boxes."))
    for index in range(150):
        argument.add(Solution(id=f"Sn{index}", text=f"Record of run R-{index} on its box", evidence=("x",)))
        argument.support("G", f"Sn{index}")
    for index in range(30):
        argument.add(Context(id=f"C{index}", text="A context that says something at some length. " * 6))
        argument.contextualise("G", f"C{index}")
    made = pages(argument)
    assert_sound(argument, made)
    parts = [page for page in made if page.kind is PageKind.BRANCH]
    assert [page.part for page in parts] == [(number, len(parts)) for number in range(1, len(parts) + 1)]
    assert all(page.boxes[0].element.id == "G" for page in parts)
    assert [page.boxes[0].copy for page in parts] == [False] + [True] * (len(parts) - 1)


def test_the_overview_counts_what_it_leaves_out() -> None:
    argument = wide()
    overview = pages(argument, (180.0, 140.0))[0]
    hidden = [box for box in overview.boxes if box.below is not None]
    assert overview.kind is PageKind.OVERVIEW and hidden
    shown = {box.element.id for box in overview.boxes}
    for box in hidden:
        assert box.below is not None and box.below.page is None
        below = argument.reachable([box.element.id]) - shown
        count = sum(argument[item].type not in CONTEXTUAL for item in below)
        assert box.below.label == f"+{count}"


def test_an_endless_statement_is_shortened_and_says_so() -> None:
    argument = Argument()
    for index, kind in enumerate(KINDS):
        argument.add(toys.make(kind, f"E{index}", "It goes on and on. " * 300))
    made = pages(argument)
    assert_sound(argument, made)
    for page, box in [item for element in argument for item in boxes_of(made, element.id)]:
        assert box.shape.shortened
        if page.kind is not PageKind.OVERVIEW:
            assert box.shape.lines[-1].text.endswith("…")


def test_long_chains_do_not_exhaust_the_stack() -> None:
    argument = Argument()
    names = [f"G{index}" for index in range(3000)]
    argument.add(*(Goal(id=name, text="It is so.") for name in names))
    for above, below in pairwise(names):
        argument.support(above, below)
    page = layout(argument)
    assert len(page.boxes) == 3000
    made = pages(argument)
    assert sum(box.role is Role.FULL for page in made for box in page.boxes) == 3000


@pytest.mark.parametrize("size", [(100.0, 210.0), (297.0, 100.0)])
def test_tiny_paper_is_refused(size: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="smallest"):
        pages(toys.small(), size)


@pytest.mark.parametrize("seed", range(5))
def test_the_same_argument_gives_the_same_pages(seed: int) -> None:
    first, second = toys.sound(seed, 60), Argument.from_json(toys.sound(seed, 60).as_json())
    assert pages(first) == pages(second)
    assert layout(first) == layout(second)


def test_neighbours_nest_beside_each_other() -> None:
    """The contour packs a leaf above a deeper neighbour's branches: narrower than boxes side by side."""
    argument = Argument()
    argument.add(*(Goal(id=name, text="It is so.") for name in ("T", "A", "B", "A1", "A2", "A3")))
    argument.support("T", "A", "B")
    argument.support("A", "A1", "A2", "A3")
    page = layout(argument)
    place = {box.element.id: box for box in page.boxes}
    assert place["B"].x < place["A3"].x + place["A3"].shape.width


def test_supporting_elements_stand_below_in_order() -> None:
    page = layout(wide())
    place = {box.element.id: box for box in page.boxes if not box.copy}
    goals = [place[f"G{index}"] for index in range(1, 9)]
    assert goals == sorted(goals, key=lambda box: (round(box.y, 3), box.x))
    assert all(box.y > place["S0"].y + place["S0"].shape.height for box in goals)


def test_a_challenge_stands_level_with_its_target() -> None:
    page = layout(toys.notation())
    (wire,) = (item for item in page.wires if item.source == "CG1")
    assert len(wire.points) == 2 and wire.points[0][1] == wire.points[1][1] and wire.points[0][0] > wire.points[1][0]


def test_contexts_give_way_to_challenges() -> None:
    page = layout(toys.notation())
    place = {box.element.id: box for box in page.boxes}
    assert all(place[name].x < place["S1"].x for name in ("J1", "J9", "A9"))
    assert place["CG1"].x > place["S1"].x


def test_a_developed_challenge_stands_beside_with_its_support() -> None:
    page = layout(toys.notation())
    place = {box.element.id: box for box in page.boxes}
    assert place["CG6"].x > place["G6"].x + place["G6"].shape.width
    assert place["CSn6"].y > place["CG6"].y and not place["CG6"].copy


def test_challenges_of_relations_end_on_their_lines() -> None:
    page = layout(toys.notation())
    aimed = {wire.source: wire for wire in page.wires if wire.challenged is not None}
    assert {source: wire.challenged for source, wire in aimed.items()} == {
        "CG2": ("CSn1", "G4"),
        "CG4": ("G1", "A1"),
        "CG5": ("G3", "K1"),
        "CSn3": ("S1", "G2"),
    }
    for wire in aimed.values():
        (line,) = (item for item in page.wires if (item.source, item.target) == wire.challenged)
        x, y = wire.points[-1]
        assert any(
            min(a[0], b[0]) - 0.01 <= x <= max(a[0], b[0]) + 0.01
            and min(a[1], b[1]) - 0.01 <= y <= max(a[1], b[1]) + 0.01
            for a, b in pairwise(line.points)
        )


@pytest.mark.parametrize("challenged", [False, True])
@pytest.mark.parametrize("longer", range(8))
def test_what_stands_on_a_line_keeps_clear_of_the_neighbour(longer: int, challenged: bool) -> None:
    """Two goals with their support: at some length the context of one ends just above the support of the other."""
    argument = Argument()
    argument.add(*(Goal(id=name, text="It is so.") for name in ("G", "A", "B")))
    argument.add(*(Solution(id=name, text="Record") for name in ("ASn", "BSn")))
    argument.add(Context(id="C", text="Scope" + "\nMore of it" * longer))
    argument.support("G", "A", "B")
    argument.support("A", "ASn")
    argument.support("B", "BSn")
    argument.contextualise("B", "C")
    line = RelationRef(source="A", target="ASn")
    if challenged:
        argument.add(Goal(id="D", text="It is not so."))
        argument.challenge("D", line)
    else:
        argument.claim_points = (ClaimPoint(id="ACP1", relations=(line,), module="Confidence in it"),)
    assert_sound(argument, [layout(argument)])


def test_what_no_arrow_shows_is_said_in_words() -> None:
    (box,) = (box for box in layout(toys.notation()).boxes if box.element.id == "CG7")
    assert box.note == "challenges c3"
    assert box.note in " ".join(line.text for line in box.shape.lines)


def test_crowded_challenges_of_one_relation() -> None:
    argument = toys.small()
    for index in range(3):
        argument.add(Goal(id=f"D{index}", text="It is not so."))
        argument.challenge(f"D{index}", RelationRef(source="G2", target="Sn1"))
    picture, made = layout(argument), pages(argument)
    assert_sound(argument, [picture])
    assert_sound(argument, made)
    assert sum(wire.challenged is not None for wire in picture.wires) == 3
    assert sum(wire.challenged is not None for page in made for wire in page.wires) == 1
    notes = {box.element.id: box.note for page in made for box in page.boxes if box.note}
    assert notes == {"D1": "challenges G2 → Sn1", "D2": "challenges G2 → Sn1"}


def test_many_challenges_of_one_goal_come_in_parts() -> None:
    argument = toys.small()
    for index in range(40):
        argument.add(Goal(id=f"D{index}", text=f"Exclusion {index} of the threat model matters here."))
        argument.challenge(f"D{index}", "G1")
        if index % 3 == 0:
            argument.add(Solution(id=f"DSn{index}", text="Report"))
            argument.support(f"D{index}", f"DSn{index}")
    made = pages(argument)
    assert_sound(argument, made)
    assert len(made) > 2


def test_paper_that_is_too_small_for_the_signs_is_refused() -> None:
    with pytest.raises(ValueError, match="signs"):
        pages(toys.notation(), (180.0, 140.0))


def test_a_choice_joins_its_branches_below_one_diamond() -> None:
    page = layout(toys.notation())
    (choice,) = page.choices
    place = {box.element.id: box for box in page.boxes}
    assert choice.y > place["G5"].y + place["G5"].shape.height
    assert choice.y + choice.height < min(place[name].y for name in ("G6", "G7", "G9"))
    assert place["Monitor"].y < place["G6"].y  # no alternative: it hangs on the goal itself
