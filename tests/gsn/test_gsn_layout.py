"""Pages: nothing lost, nothing overlapping, nothing outside, links that lead where they say, same every time."""

from __future__ import annotations

from itertools import pairwise

import gsn_toys as toys
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assurance.gsn.layout import A3, A4, MIN_SCALE, Box, Page, PageKind, Role, layout, pages
from assurance.gsn.model import CONTEXTUAL, Argument, Context, Goal, Solution, Strategy

QUICK = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
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
    drawn = {(wire.type, wire.source, wire.target) for page in detail for wire in page.wires}
    meant = {
        (relation.type, relation.source, relation.target)
        for relation in argument.relations
        if relation.source in argument and relation.target in argument
    }
    if drawn != meant:
        found.append(f"relations lost {meant - drawn}, invented {drawn - meant}")
    return found


def assert_sound(argument: Argument, made: list[Page]) -> None:
    for page in made:
        assert toys.faults(page) == [], f"page {page.number}"
        assert page.scale >= MIN_SCALE - 1e-9
    assert complete(argument, made) == []
    assert [page.number for page in made] == list(range(1, len(made) + 1))


@QUICK
@given(seed=st.integers(0, 10**6), size=st.integers(1, 120), paper=SIZES)
def test_sound_arguments_on_pages(seed: int, size: int, paper: tuple[float, float]) -> None:
    argument = toys.sound(seed, size)
    assert_sound(argument, pages(argument, paper))


@QUICK
@given(seed=st.integers(0, 10**6), size=st.integers(1, 60), paper=SIZES)
def test_wild_arguments_on_pages(seed: int, size: int, paper: tuple[float, float]) -> None:
    argument = toys.wild(seed, size)
    assert_sound(argument, pages(argument, paper))


@QUICK
@given(seed=st.integers(0, 10**6), size=st.integers(1, 120), sound=st.booleans())
def test_one_picture(seed: int, size: int, sound: bool) -> None:
    argument = toys.sound(seed, size) if sound else toys.wild(seed, size)
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
    for index, kind in enumerate(toys.KINDS):
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
