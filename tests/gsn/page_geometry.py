"""Exact geometry of drawn pages, for tests: what overlaps, what leaves its shape, what runs through what."""

from __future__ import annotations

from collections.abc import Iterator

from assurance.gsn import text
from assurance.gsn.elements import ElementType
from assurance.gsn.layout import POINTS_PER_MM, Box, Page, Role
from assurance.gsn.relations import RelationType
from assurance.gsn.shapes import BASE, CLAIMS, CORNER, ICON, LINE, MARK, SIZE, SLANT, TAB, Line, Shape, status_room
from assurance.gsn.wires import Spot, Wire

Rect = tuple[float, float, float, float]


def line_box(line: Line) -> Rect:
    """Left, top, right, bottom of a line of text, relative to its shape."""
    top = line.y - BASE
    return line.x, top, line.x + text.width(line.text, SIZE, bold=line.bold), top + LINE


def inside(shape: Shape, x: float, y: float, slack: float = 0.01) -> bool:
    """Whether a point, relative to the shape's corner, lies in the shape itself (not only in its frame)."""
    if not (-slack <= x <= shape.width + slack and -slack <= y <= shape.height + slack):
        return False
    if shape.type is ElementType.STRATEGY:
        lean = SLANT * (1 - y / shape.height)
        return lean - slack <= x <= shape.width - SLANT + lean + slack
    if shape.type in (ElementType.MODULE, ElementType.CONTRACT):
        return any(left <= x <= right and top <= y <= low for left, top, right, low in frames(shape, 0.0, 0.0, slack))
    if shape.dome:
        if y >= shape.dome:
            return True
        half = shape.width / 2
        return ((x - half) / half) ** 2 + ((y - shape.dome) / shape.dome) ** 2 <= 1 + slack
    if shape.type is ElementType.AWAY_CONTEXT and y > CORNER:
        return True
    if shape.type in (ElementType.CONTEXT, ElementType.AWAY_CONTEXT):
        r = min(shape.height / 2, CORNER)
        dx = max(r - x, x - (shape.width - r), 0.0)
        dy = max(r - y, y - (shape.height - r), 0.0)
        return dx * dx + dy * dy <= (r + slack) ** 2
    if shape.type in CLAIMS:
        return True
    rx, ry = shape.width / 2, shape.height / 2
    return ((x - rx) / rx) ** 2 + ((y - ry) / ry) ** 2 <= 1 + slack


def frames(shape: Shape, x: float, y: float, slack: float = 0.0) -> list[Rect]:
    """The rectangles that a shape at a place fills: its frame, for modules and contracts the body and each tab."""
    right, low = x + shape.width + slack, y + shape.height + slack
    if shape.type not in (ElementType.MODULE, ElementType.CONTRACT):
        return [(x - slack, y - slack, right, low)]
    tab = min(shape.width * 0.4, 5 * TAB)
    foot = TAB if shape.type is ElementType.CONTRACT else 0.0
    made = [(x - slack, y - slack, x + tab, y + TAB), (x - slack, y + TAB - slack, right, low - foot)]
    return [*made, (x + shape.width - tab, low - foot - slack, right, low)] if foot else made


def spot_rects(spot: Spot) -> list[Rect]:
    """The sign itself, and its label."""
    made = [(spot.x - 3.5, spot.y - 3.5, spot.x + 3.5, spot.y + 3.5)]
    if spot.label:
        end = spot.label_x + text.width(spot.label, SIZE)
        made.append((spot.label_x, spot.label_y - 5.8, end, spot.label_y + 1.5))
    return made


def solids(box: Box) -> Iterator[Rect]:
    """The rectangles of a page that belong to one box: shape with decorator, and each triangle with its label."""
    yield box.extent
    for transfer in (box.below, box.above):
        if transfer is not None:
            xs, ys = zip(*transfer.triangle, strict=True)
            # the triangle touches its shape, and the label stands beside it
            yield min(xs), min(ys) + 0.1, max(xs), max(ys) - 0.1
            end = transfer.label_x + text.width(transfer.label, SIZE)
            yield transfer.label_x, transfer.label_y - 6.0, end, transfer.label_y + 1.5


def overlap(a: Rect, b: Rect, slack: float = 0.05) -> bool:
    """Whether two rectangles share area."""
    return a[0] < b[2] - slack and b[0] < a[2] - slack and a[1] < b[3] - slack and b[1] < a[3] - slack


def on_paper(page: Page, rect: Rect) -> bool:
    """Whether a rectangle in units lies inside the page's margins, between title and key."""
    left = page.origin[0] + rect[0] * page.scale
    top = page.origin[1] + rect[1] * page.scale
    right = page.origin[0] + rect[2] * page.scale
    bottom = page.origin[1] + rect[3] * page.scale
    width, height = page.width_mm * POINTS_PER_MM, page.height_mm * POINTS_PER_MM
    slack = 0.1
    return (
        left >= page.margin - slack
        and top >= page.margin - slack
        and right <= width - page.margin + slack
        and bottom <= height - page.margin + slack
    )


def status_faults(box: Box) -> list[str]:
    """Whether the room for the status mark (and word, on goals) is inside the shape and free of text."""
    x, y = box.shape.status
    if box.element.type in CLAIMS and box.role is not Role.BRIEF:
        room = (x - status_room(), y - MARK / 2, x, y + MARK / 2)
    else:
        room = (x - MARK / 2, y - MARK / 2, x + MARK / 2, y + MARK / 2)
    if not all(inside(box.shape, px, py) for px in (room[0], room[2]) for py in (room[1], room[3])):
        return [f"{box.element.id}: the status leaves the shape"]
    if any(overlap(room, line_box(line), 0.5) for line in box.shape.lines if line.text):
        return [f"{box.element.id}: the status overlaps the text"]
    if box.shape.public is not None:
        left, top = box.shape.public
        icon = (left, top, left + ICON[0], top + ICON[1])
        if icon[0] < 0 or icon[1] < 0 or icon[2] > box.shape.width or icon[3] > box.shape.height:
            return [f"{box.element.id}: the public mark leaves the shape"]
        if overlap(icon, room, 0.5) or any(overlap(icon, line_box(line), 0.9) for line in box.shape.lines if line.text):
            return [f"{box.element.id}: the public mark overlaps the text"]
    return []


def group(wire: Wire) -> tuple[object, ...]:
    """Lines that may share pieces: those that leave one element, or that challenge one thing."""
    if wire.type is RelationType.CHALLENGES:
        return wire.type, wire.challenged or wire.target
    return wire.type, wire.source


def ends_on(wire: Wire, other: Wire) -> bool:
    """Whether a challenge of a relation ends on that relation's line, and touches it nowhere else."""
    if wire.challenged is None:
        return False
    aim = (other.source, other.target)
    return aim == wire.challenged or (not other.arrow and other.source == wire.challenged[0])


def crossings(page: Page) -> list[str]:
    """Lines of different elements that cross or touch."""
    spans = [
        (wire, (min(a[0], b[0]), min(a[1], b[1]), max(a[0], b[0]), max(a[1], b[1])), index == len(wire.points) - 2)
        for wire in page.wires
        for index, (a, b) in enumerate(zip(wire.points, wire.points[1:], strict=False))
    ]
    spans.sort(key=lambda item: item[1][0])
    found = []
    for index, (wire, a, last) in enumerate(spans):
        for other, b, other_last in spans[index + 1 :]:
            if b[0] > a[2]:
                break
            meets = a[1] <= b[3] and b[1] <= a[3]
            # an element's own context line begins in its side, its support line at its bottom
            if not meets or group(wire) == group(other):
                continue
            if (last and ends_on(wire, other)) or (other_last and ends_on(other, wire)):
                continue
            found.append(f"{wire.source} -> {wire.target} crosses {other.source} -> {other.target}")
    return found


def faults(page: Page) -> list[str]:
    """Everything on a page that overlaps, leaves its shape, leaves the paper or is run through by a line."""
    found = []
    pieces = [(box, rect) for box in page.boxes for rect in solids(box)]
    found += [f"{box.element.id}: off the page {rect}" for box, rect in pieces if not on_paper(page, rect)]
    for box in page.boxes:
        for line in box.shape.lines:
            left, top, right, bottom = line_box(line)
            if not all(inside(box.shape, x, y) for x in (left, right) for y in (top, bottom)):
                found.append(f"{box.element.id}: text leaves the shape: {line.text!r}")
        found += status_faults(box)
        whole = "".join("".join(line.text for line in box.shape.lines).split())
        if not box.shape.shortened and not whole.endswith("".join(text.clean(box.element.text).split())):
            found.append(f"{box.element.id}: words are missing, and nothing says so")
    found += crossings(page)
    ordered = sorted(pieces, key=lambda item: item[1][0])
    for index, (box, rect) in enumerate(ordered):
        for other, second in ordered[index + 1 :]:
            if second[0] >= rect[2]:
                break
            if other is not box and overlap(rect, second):
                found.append(f"{box.element.id} overlaps {other.element.id}")
    found += sign_faults(page)
    for wire in page.wires:
        for start, end in zip(wire.points, wire.points[1:], strict=False):
            if abs(start[0] - end[0]) > 0.05 and abs(start[1] - end[1]) > 0.05:
                found.append(f"{wire.source} -> {wire.target}: a slanted line")
            span = (min(start[0], end[0]), min(start[1], end[1]), max(start[0], end[0]), max(start[1], end[1]))
            for box in page.boxes:
                for x, y, right, bottom in frames(box.shape, box.x, box.y):
                    rect = (x + 0.5, y + 0.5, right - 0.5, bottom - 0.5)
                    if not (
                        span[0] < rect[2]
                        and rect[0] < span[2] + 1e-9
                        and span[1] < rect[3]
                        and rect[1] < span[3] + 1e-9
                    ):
                        continue
                    # a line may end inside the frame, where its shape's side is slanted or round
                    touched = box.element.id in (wire.source, wire.target) and any(
                        x - 1 <= px <= right + 1 and y - 1 <= py <= bottom + 1
                        for px, py in (wire.points[0], wire.points[-1])
                    )
                    deep = min(span[2], rect[2]) - max(span[0], rect[0]) + min(span[3], rect[3]) - max(span[1], rect[1])
                    if not touched or deep > max(2.0, box.shape.width / 2):
                        found.append(f"{wire.source} -> {wire.target} runs through {box.element.id}")
    return found


def sign_faults(page: Page) -> list[str]:
    """Signs and labels that overlap shapes or each other, leave the paper, or are run through by a line."""
    found = []
    rects = [(index, rect) for index, spot in enumerate(page.spots) for rect in spot_rects(spot)]
    for number, choice in enumerate(page.choices):
        key = len(page.spots) + number
        rects.append((key, (choice.x, choice.y, choice.x + choice.width, choice.y + choice.height)))
        if choice.label:
            left = choice.x + choice.width + 3.0
            middle = choice.y + choice.height / 2
            rects.append((key, (left, middle - 3.0, left + text.width(choice.label, SIZE), middle + 4.3)))
    labels = [rect for _, rect in rects if round(rect[3] - rect[1], 3) == 7.3]
    found += [f"a sign is off the page {rect}" for _, rect in rects if not on_paper(page, rect)]
    shapes = [(box, frame) for box in page.boxes for frame in frames(box.shape, box.x, box.y)]
    for index, (key, rect) in enumerate(rects):
        for box, frame in shapes:
            if overlap(rect, frame, 0.1):
                found.append(f"the sign at {rect} overlaps {box.element.id}")
        for other, second in rects[index + 1 :]:
            if key != other and overlap(rect, second):
                found.append(f"the signs at {rect} and {second} overlap")
    for wire in page.wires:
        for a, b in zip(wire.points, wire.points[1:], strict=False):
            span = (min(a[0], b[0]), min(a[1], b[1]), max(a[0], b[0]), max(a[1], b[1]))
            for rect in labels:
                if rect[0] < span[2] and span[0] < rect[2] and rect[1] < span[3] and span[1] < rect[3]:
                    found.append(f"{wire.source} -> {wire.target} runs through a label at {rect}")
    return found
