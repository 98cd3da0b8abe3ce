"""Sheets that several pages share: as few as possible, no two frames overlap, each branch with its page."""

from __future__ import annotations

import random
from itertools import combinations, pairwise

import gsn_toys as toys
import pytest
from test_gsn_layout import assert_sound

from assurance.gsn import svg
from assurance.gsn.elements import Context, Goal
from assurance.gsn.layout import PageKind, Role, pages
from assurance.gsn.model import Argument
from assurance.gsn.sharing import MOST, Form, divided, sheet


@pytest.mark.parametrize("seed", range(30))
def test_the_fewest_sheets_then_the_fewest_jumps(seed: int) -> None:
    """Against every way to divide up to nine pages."""
    draw = random.Random(seed)
    count = draw.randrange(1, 10)
    room = {(i, i + 1): draw.random() for i in range(count)}
    for first in range(count):
        for end in range(first + 2, count + 1):
            if (first, end - 1) in room and draw.random() < 0.6:
                room[first, end] = room[first, end - 1] + draw.random()
    jump = {(first, end): draw.randrange(1, 4) for first in range(count) for end in range(first + 1, count + 1)}

    def cost(cuts: tuple[int, ...]) -> tuple[int, int, float] | None:
        spans = list(pairwise((0, *cuts, count)))
        if any(span not in room or span[1] - span[0] > MOST for span in spans):
            return None
        return len(spans), sum(jump[span] for span in spans), sum(room[span] ** 2 for span in spans)

    every = [cost(cuts) for size in range(count) for cuts in combinations(range(1, count), size)]
    shares = divided(count, lambda first, end: room.get((first, end)), lambda first, end: jump[first, end])
    made = cost(tuple(sum(shares[: index + 1]) for index in range(len(shares) - 1)))
    assert sum(shares) == count and made is not None
    assert made == pytest.approx(min(plan for plan in every if plan is not None))


@pytest.mark.parametrize("seed", range(30))
def test_frames_on_a_sheet_do_not_overlap(seed: int) -> None:
    draw = random.Random(seed)
    given = []
    for _ in range(draw.randrange(1, 6)):
        wide, high = draw.uniform(100, 900), draw.uniform(40, 300)
        steps = range(1, 1 + draw.randrange(1, 5))
        given.append([Form(wide, wide / step, high * step) for step in steps])
    made = sheet(given, (1000.0, 600.0), 1.5)
    if made is None:
        return
    assert made.width <= 1000.0 and made.height <= 600.0
    frames = [(x, y, x + form.width, y + form.height) for form, (x, y) in zip(made.forms, made.places, strict=True)]
    assert all(form in forms for form, forms in zip(made.forms, given, strict=True))
    assert max(right for _, _, right, _ in frames) == pytest.approx(made.width)
    assert max(low for _, _, _, low in frames) == pytest.approx(made.height)
    for a, b in combinations(frames, 2):
        assert a[2] < b[0] or b[2] < a[0] or a[3] < b[1] or b[3] < a[1]


def test_what_has_room_in_one_form_only() -> None:
    tall = [Form(400, 400, 500)]
    wide = [Form(900, 900, 80), Form(500, 450, 160)]
    made = sheet([tall, wide], (900.0, 520.0), 1.0)
    assert made is not None and made.forms == (tall[0], wide[1])
    assert made.places == ((0.0, 0.0), (424.0, 0.0))
    below = sheet([tall, wide[:1]], (900.0, 620.0), 1.0)
    assert below is not None and below.places == ((0.0, 0.0), (0.0, 524.0))
    assert sheet([tall, wide[:1]], (900.0, 590.0), 1.0) is None


def test_a_chain_stands_in_columns() -> None:
    argument = Argument()
    names = [f"G{index}" for index in range(300)]
    argument.add(*(Goal(id=name, text="It is so.") for name in names))
    for above, below in pairwise(names):
        argument.support(above, below)
    made = pages(argument)
    assert_sound(argument, made)
    assert len(made) <= 8
    (first, second) = [box for box in made[1].boxes if box.above][:2]
    assert first.above is not None and first.above.label == "from this page"
    (cut,) = (box for box in made[1].boxes if box.element == first.element and box.role is Role.CUT)
    assert cut.below is not None and cut.below.label == "this page" and cut.y > first.y
    assert second.x > first.x
    assert svg.subject(made[1]).startswith(f"branches of G0, {first.element.id}, {second.element.id}")


def test_a_page_of_two_elements_shares_the_sheet_of_its_parent() -> None:
    """As in AMLAS: a goal whose contexts fill the page leaves its first branch, of two elements, to the next one."""
    argument = Argument()
    argument.add(Goal(id="G1", text="The function is safe."), Goal(id="G2", text="The part is as developed."))
    argument.add(Goal(id="G3", text="The requirements are met."), Goal(id="G4", text="It keeps to them in operation."))
    argument.support("G1", "G2", "G4")
    argument.support("G2", "G3")
    for goal, count in (("G1", 12), ("G3", 12), ("G4", 12)):
        for index in range(count):
            name = f"C{goal}-{index}"
            argument.add(Context(id=name, text="What is meant is written in the description of the system. " * 2))
            argument.contextualise(goal, name)
    made = pages(argument)
    assert_sound(argument, made)
    branches = [page for page in made if page.kind is PageKind.BRANCH]
    assert min(len(page.boxes) for page in branches) > 4


@pytest.mark.parametrize("seed", range(4))
def test_few_pages_are_nearly_empty(seed: int) -> None:
    argument = toys.sound(seed, 400)
    made = pages(argument)
    near_empty = sum(len(page.boxes) <= 4 for page in made if page.kind is PageKind.BRANCH)
    assert near_empty <= len(made) / 8
