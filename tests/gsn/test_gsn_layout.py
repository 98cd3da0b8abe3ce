"""Pages: nothing lost, nothing overlapping, nothing outside, links that lead where they say, same every time."""

from __future__ import annotations

import gsn_toys as toys
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assurance.gsn.layout import A3, A4, MIN_SCALE, Page, PageKind, Role, layout, pages
from assurance.gsn.model import Argument, Context, Goal, Solution

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
