"""Modules inside modules: every one is drawn, in its frame, and no two frames overlap unless one holds the other."""

from __future__ import annotations

import random
from itertools import pairwise

import page_geometry
import pytest

from assurance.gsn import svg
from assurance.gsn.arguments import Arguments
from assurance.gsn.containment import DEEPEST, containment
from assurance.gsn.elements import Goal, ModuleReference
from assurance.gsn.layout import Box, Page, Role, layout
from assurance.gsn.model import Argument
from assurance.gsn.module_view import ABSENT, module_view
from assurance.gsn.render import CONTAINMENT, INDEX, MODULES, drawings


def modules(held: dict[str, tuple[str, ...]], contracts: tuple[str, ...] = ()) -> Arguments:
    made = []
    for name, inside in held.items():
        argument = Argument(name, f"What {name} is about, in some words")
        argument.add(Goal(id="G1", text="It is so.", undeveloped=True))
        argument.contains = inside
        argument.kind = "contract" if name in contracts else "argument"
        made.append(argument)
    return Arguments(made)


def drawn(arguments: Arguments) -> Page:
    page = containment(arguments)
    assert page is not None
    return page


def holds(outer: Box, inner: Box) -> bool:
    a, b = outer.extent, inner.extent
    return a[0] < b[0] and a[1] < b[1] and b[2] < a[2] and b[3] < a[3]


def faults(page: Page, arguments: Arguments) -> list[str]:
    """Frames that overlap, leave their holder or cover its words; words that leave their frame."""
    found = []
    for index, box in enumerate(page.boxes):
        if not page_geometry.on_paper(page, box.extent):
            found.append(f"{box.element.id} is off the page")
        for line in box.shape.lines:
            left, top, right, low = page_geometry.line_box(line)
            if not all(page_geometry.inside(box.shape, x, y) for x in (left, right) for y in (top, low)):
                found.append(f"{box.element.id}: {line.text!r} leaves its frame")
        for other in page.boxes[index + 1 :]:
            if not page_geometry.overlap(box.extent, other.extent):
                continue
            # what holds another one stands before it
            if not holds(box, other):
                found.append(f"{box.element.id} overlaps {other.element.id}")
                continue
            words = [page_geometry.line_box(line) for line in box.shape.lines]
            if any(
                page_geometry.overlap((x0 + box.x, y0 + box.y, x1 + box.x, y1 + box.y), other.extent)
                for x0, y0, x1, y1 in words
            ):
                found.append(f"{other.element.id} covers the words of {box.element.id}")
    for index, box in enumerate(page.boxes):
        outer = [item for item in page.boxes[:index] if holds(item, box)]
        if outer and box.element.id not in arguments[outer[-1].element.id].contains:
            found.append(f"{box.element.id} stands in {outer[-1].element.id}")
    return found


@pytest.mark.parametrize("seed", range(40))
def test_any_containment(seed: int) -> None:
    """Trees, shared modules, circles, modules in themselves and modules that are not at hand."""
    draw = random.Random(seed)
    names = [f"Module{index}" for index in range(draw.randrange(1, 14))]
    held = {name: tuple(draw.choices([*names, "Absent"], k=draw.choice((0, 0, 1, 2, 4)))) for name in names}
    held[names[0]] = (*held[names[0]], names[-1])
    arguments = modules(held, tuple(names[::3]))
    page = drawn(arguments)
    assert faults(page, arguments) == []
    full = [box.element.id for box in page.boxes if box.role is Role.FULL]
    assert len(full) == len(set(full))
    taking_part = {name for name, inside in held.items() if inside} | {
        name for items in held.values() for name in items
    }
    assert set(full) == taking_part
    assert page == drawn(arguments)
    assert svg.render(page).count("<rect") >= 1


def test_frames_stand_inside_frames() -> None:
    arguments = modules({"Aeroplane": ("Wing", "Reader"), "Reader": ("Camera", "Gone"), "Wing": (), "Camera": ()})
    page = drawn(arguments)
    place = {box.element.id: box for box in page.boxes}
    assert list(place) == ["Aeroplane", "Wing", "Reader", "Camera", "Gone"]
    assert holds(place["Aeroplane"], place["Reader"]) and holds(place["Reader"], place["Camera"])
    assert not holds(place["Reader"], place["Wing"])
    assert place["Gone"].element.text == ABSENT


def test_deep_nests_go_on_apart() -> None:
    held: dict[str, tuple[str, ...]] = {f"M{index}": (f"M{index + 1}",) for index in range(5000)}
    page = drawn(modules({**held, "M5000": ()}))
    first = page.boxes[:DEEPEST]
    assert [box.element.id for box in first] == [f"M{index}" for index in range(DEEPEST)]
    assert "1 inside, shown apart" in [line.text for line in first[-1].shape.lines] and first[-1].copy
    assert all(holds(a, b) for a, b in pairwise(first))
    assert [box.element.id for box in page.boxes if box.role is Role.FULL] == [f"M{index}" for index in range(5001)]


def test_shared_modules_and_circles_are_repeated() -> None:
    page = drawn(modules({"A": ("B",), "B": ("A",), "C": ("D", "C"), "E": ("D",), "D": ("F",), "F": ()}))
    roles = [(box.element.id, box.role is Role.FULL) for box in page.boxes]
    assert roles == [
        ("C", True), ("D", True), ("F", True), ("C", False), ("E", True), ("D", False),
        ("A", True), ("B", True), ("A", False),
    ]  # fmt: skip


def test_doubling_at_each_depth_stays_small() -> None:
    held = {f"M{index}": (f"M{index + 1}", f"N{index + 1}", "Top") for index in range(40)}
    held |= {name.replace("M", "N"): inside for name, inside in held.items()}
    assert len(drawn(modules({**held, "Top": ("M0",)})).boxes) < 400


def test_nothing_to_draw() -> None:
    assert containment(modules({"A": (), "B": ()})) is None
    assert CONTAINMENT not in drawings(modules({"A": (), "B": ()}))


def test_the_module_view_says_what_a_module_contains() -> None:
    arguments = modules({"A": tuple(f"M{index}" for index in range(8)), "M0": ("M1",)})
    view = module_view(arguments)
    assert view["A"].text.splitlines()[-1] == "Contains M0, M1, M2, M3, M4, M5 and 2 more"
    assert view["M0"].text.endswith("\nContains M1")
    assert isinstance(view["M7"], ModuleReference) and view["M7"].text == ABSENT
    assert page_geometry.faults(layout(view)) == []


def test_the_files_link_to_the_frames() -> None:
    files = drawings(modules({"A": ("B",), "B": (), "containment": ()}))
    assert f'href="{CONTAINMENT}"' in files[INDEX] and MODULES in files
    assert 'href="A.svg"' in files[CONTAINMENT] and 'href="B.svg"' in files[CONTAINMENT]
    assert "containment_2.svg" in files
