"""Arguments for tests: a small sound one, random ones (sound or wild), and exact geometry of pages."""

from __future__ import annotations

import random
from collections.abc import Iterator

from assurance.gsn import text
from assurance.gsn.layout import POINTS_PER_MM, Box, Page, Role
from assurance.gsn.model import (
    Argument,
    Assumption,
    Context,
    Element,
    ElementType,
    Goal,
    Justification,
    Solution,
    Strategy,
)
from assurance.gsn.shapes import BASE, CORNER, LINE, MARK, SIZE, SLANT, Line, Shape, status_room

KINDS: dict[ElementType, type] = {
    ElementType.GOAL: Goal,
    ElementType.STRATEGY: Strategy,
    ElementType.SOLUTION: Solution,
    ElementType.CONTEXT: Context,
    ElementType.ASSUMPTION: Assumption,
    ElementType.JUSTIFICATION: Justification,
}
PHRASES = (
    "",
    "x",
    "The network holds its output within the stated bounds at the 200 listed inputs.",
    "Record 3f9a21c07b5d, certificates re-checked",
    "Altitude from −3000 ft to 3000 ft, ‖x − x₀‖∞ ≤ ε, σ ∈ {0.12, 0.25}; nothing is said of other inputs.",
    "sha256:" + "0123456789abcdef" * 4,
    "First line.\nSecond line after a break.\n\n- a point\n- another point",
    "Each advisory that the network gives in the listed boxes equals the one of the table. " * 4,
    "A statement that goes on and on, far longer than anybody should write into one symbol of a diagram. " * 12,
    "日本語の文字と絵文字 🚀 出てくる",
    "W" * 90,
)


def small() -> Argument:
    """A well-formed argument with every kind of element."""
    argument = Argument("toy", "Toy argument")
    argument.add(
        Goal(id="G1", text="The reader is acceptably safe in its domain.", claim="R1"),
        Context(id="C1", text="Definition of the domain, issue 2"),
        Assumption(id="A1", text="The camera delivers 20 frames per second."),
        Strategy(id="S1", text="Argument over each hazard"),
        Justification(id="J1", text="The list of hazards was reviewed independently."),
        Goal(id="G2", text="Hazard H1 is mitigated at the 300 listed inputs."),
        Goal(id="G3", text="Hazard H2 is mitigated.", undeveloped=True),
        Solution(id="Sn1", text="Record of run R-7", evidence=("sha256:" + "0" * 64,)),
    )
    argument.contextualise("G1", "C1", "A1")
    argument.support("G1", "S1")
    argument.contextualise("S1", "J1")
    argument.support("S1", "G2", "G3")
    argument.support("G2", "Sn1")
    return argument


def make(kind: ElementType, identifier: str, words: str, **more: object) -> Element:
    """An element of a kind."""
    made: Element = KINDS[kind](id=identifier, text=words, **more)
    return made


def sound(seed: int, size: int) -> Argument:
    """A random argument that follows the standard: a DAG with permitted connections and shared elements."""
    rng = random.Random(seed)
    argument = Argument("random", f"Random argument {seed}")
    argument.add(Goal(id="G0", text=rng.choice(PHRASES)))
    open_goals, count = ["G0"], 1
    solutions: list[str] = []
    contexts: list[str] = []
    while count < size and open_goals:
        parent = open_goals.pop(rng.randrange(len(open_goals)) if rng.random() < 0.5 else 0)
        for _ in range(rng.choice((0, 0, 1, 2, 5))):
            if contexts and rng.random() < 0.2:
                argument.contextualise(parent, rng.choice(contexts))
                continue
            kind = rng.choice((ElementType.CONTEXT, ElementType.ASSUMPTION, ElementType.JUSTIFICATION))
            contexts.append(f"{kind[0]}{count}")
            argument.add(make(kind, contexts[-1], rng.choice(PHRASES)))
            argument.contextualise(parent, contexts[-1])
            count += 1
        holder = parent
        if rng.random() < 0.5:
            holder = f"S{count}"
            argument.add(Strategy(id=holder, text=rng.choice(PHRASES)))
            argument.support(parent, holder)
            count += 1
        for _ in range(rng.choice((1, 2, 3, 3, 9))):
            if holder == parent and rng.random() < 0.4:
                if not solutions or rng.random() < 0.7:
                    solutions.append(f"Sn{count}")
                    argument.add(Solution(id=solutions[-1], text=rng.choice(PHRASES), evidence=("e",)))
                    count += 1
                argument.support(holder, rng.choice(solutions))
            elif open_goals and rng.random() < 0.1:
                argument.support(holder, rng.choice(open_goals))
            else:
                goal = f"G{count}"
                lone = rng.random() < 0.3
                argument.add(Goal(id=goal, text=rng.choice(PHRASES), undeveloped=lone))
                argument.support(holder, goal)
                count += 1
                if not lone:
                    open_goals.append(goal)
    return argument


def wild(seed: int, size: int) -> Argument:
    """Any elements, any relations: cycles, loops, forbidden connections, loose ends, doubled names."""
    rng = random.Random(seed)
    argument = Argument("wild", "")
    names = []
    for index in range(size):
        name = rng.choice((f"E{index}", f"E-{index}.{index}", f"a very long identifier number {index} " * 3))
        names.append(name)
        kind = rng.choice(list(KINDS))
        flags = {"undeveloped": rng.random() < 0.3, "uninstantiated": rng.random() < 0.2}
        argument.add(make(kind, name[:200], rng.choice(PHRASES), **flags))
    names = [name[:200] for name in names]
    for _ in range(int(size * rng.choice((0.3, 1.0, 1.6)))):
        target = rng.choice([*names, "nowhere"])
        (argument.support if rng.random() < 0.7 else argument.contextualise)(rng.choice(names), target)
    return argument


# -- geometry ---------------------------------------------------------------------------------------------

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
    if shape.type is ElementType.CONTEXT:
        r = min(shape.height / 2, CORNER)
        dx = max(r - x, x - (shape.width - r), 0.0)
        dy = max(r - y, y - (shape.height - r), 0.0)
        return dx * dx + dy * dy <= (r + slack) ** 2
    if shape.type is ElementType.GOAL:
        return True
    rx, ry = shape.width / 2, shape.height / 2
    return ((x - rx) / rx) ** 2 + ((y - ry) / ry) ** 2 <= 1 + slack


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
    if box.element.type is ElementType.GOAL and box.role is not Role.BRIEF:
        room = (x - status_room(), y - MARK / 2, x, y + MARK / 2)
    else:
        room = (x - MARK / 2, y - MARK / 2, x + MARK / 2, y + MARK / 2)
    if not all(inside(box.shape, px, py) for px in (room[0], room[2]) for py in (room[1], room[3])):
        return [f"{box.element.id}: the status leaves the shape"]
    if any(overlap(room, line_box(line), 0.5) for line in box.shape.lines if line.text):
        return [f"{box.element.id}: the status overlaps the text"]
    return []


def crossings(page: Page) -> list[str]:
    """Lines of different elements that cross or touch."""
    spans = [
        (wire, (min(a[0], b[0]), min(a[1], b[1]), max(a[0], b[0]), max(a[1], b[1])))
        for wire in page.wires
        for a, b in zip(wire.points, wire.points[1:], strict=False)
    ]
    spans.sort(key=lambda item: item[1][0])
    found = []
    for index, (wire, a) in enumerate(spans):
        for other, b in spans[index + 1 :]:
            if b[0] > a[2]:
                break
            same = (wire.source, wire.type) == (other.source, other.type)
            meets = a[1] <= b[3] and b[1] <= a[3]
            # an element's own context line begins in its side, its support line at its bottom
            if meets and not same:
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
    for wire in page.wires:
        for start, end in zip(wire.points, wire.points[1:], strict=False):
            if abs(start[0] - end[0]) > 0.05 and abs(start[1] - end[1]) > 0.05:
                found.append(f"{wire.source} -> {wire.target}: a slanted line")
            span = (min(start[0], end[0]), min(start[1], end[1]), max(start[0], end[0]), max(start[1], end[1]))
            for box in page.boxes:
                x, y, right, bottom = box.x, box.y, box.x + box.shape.width, box.y + box.shape.height
                touched = box.element.id in (wire.source, wire.target) and any(
                    x - 1 <= px <= right + 1 and y - 1 <= py <= bottom + 15
                    for px, py in (wire.points[0], wire.points[-1])
                )
                rect = (x + 0.5, y + 0.5, right - 0.5, bottom - 0.5)
                crosses = (
                    span[0] < rect[2] and rect[0] < span[2] + 1e-9 and span[1] < rect[3] and rect[1] < span[3] + 1e-9
                )
                if crosses and not touched:
                    found.append(f"{wire.source} -> {wire.target} runs through {box.element.id}")
    return found
