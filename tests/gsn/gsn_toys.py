"""Arguments for tests: a small sound one, random ones (sound or wild), and exact geometry of pages."""

from __future__ import annotations

import random
from collections.abc import Iterator

from assurance.gsn import text
from assurance.gsn.elements import (
    AWAY,
    KINDS,
    Assumption,
    Context,
    Element,
    ElementType,
    Goal,
    Justification,
    Solution,
    Strategy,
)
from assurance.gsn.layout import POINTS_PER_MM, Box, Page, Role
from assurance.gsn.model import Argument
from assurance.gsn.relations import Choice, ClaimPoint, Relation, RelationRef, RelationType
from assurance.gsn.shapes import BASE, CLAIMS, CORNER, ICON, LINE, MARK, SIZE, SLANT, TAB, Line, Shape, status_room
from assurance.gsn.wires import Spot, Wire

CORE = [kind for kind in ElementType if kind not in AWAY and kind not in (ElementType.MODULE, ElementType.CONTRACT)]
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


def notation() -> Argument:
    """One argument with every symbol, decorator and sign of GSN."""
    argument = Argument("notation", "All of the notation")
    argument.add(
        Goal(id="G1", text="The reader is acceptably safe in its domain.", public=True),
        Context(id="C1", text="Definition of the domain, issue 2", public=True, artefact=True),
        Assumption(id="A1", text="The camera delivers 20 frames per second.", public=True),
        make(ElementType.AWAY_CONTEXT, "C9", "Hazard log of the aeroplane", module="Aeroplane"),
        make(ElementType.AWAY_ASSUMPTION, "A9", "The crew monitors the runway.", module="Operation"),
        make(ElementType.AWAY_JUSTIFICATION, "J9", "Reviewed by the safety board.", module="Operation"),
        Strategy(id="S1", text="Argument over each hazard {hazard}", uninstantiated=True),
        Justification(id="J1", text="The list of hazards was reviewed independently.", public=True),
        Goal(id="G2", text="Hazard {h} is mitigated at the listed inputs.", uninstantiated=True),
        Goal(id="G3", text="Hazard H2 is mitigated.", by_contract=True),
        Goal(id="G4", text="Hazard H3 is mitigated.", undeveloped=True, defeated=True),
        Goal(id="G5", text="The reader's parts are sound."),
        Goal(id="G6", text="The tests pass."),
        Goal(id="G7", text="The proofs hold."),
        make(ElementType.AWAY_GOAL, "G9", "The database of runways is correct.", module="Database", of="G4"),
        make(ElementType.MODULE, "Monitor", "The argument of the monitor", module="Monitor"),
        make(ElementType.CONTRACT, "K1", "The reader rests on the camera", module="Camera contract"),
        make(ElementType.AWAY_SOLUTION, "Sn9", "Qualification data", module="Database"),
        Solution(id="Sn1", text="Record of run R-7", public=True),
        Solution(id="Sn2", text="Flight test report 8"),
        Goal(id="CG1", text="The list of hazards misses glare at dawn."),
        Solution(id="CSn1", text="Incident 12 at dawn"),
        Goal(id="CG2", text="Incident 12 was outside the domain."),
        Solution(id="CSn3", text="Fault report on run R-7"),
        Goal(id="CG4", text="The camera's clock drifts."),
        Goal(id="CG5", text="The contract omits rain."),
        Goal(id="CG6", text="The tests are few."),
        Solution(id="CSn6", text="Coverage report"),
        Goal(id="CG7", text="The fault was mended before run R-7."),
    )
    argument.contextualise("G1", "C1", "A1", "C9")
    argument.contextualise("S1", "J1", "J9", "A9")
    argument.support("G1", "S1")
    argument.relate(
        Relation(type=RelationType.SUPPORTED_BY, source="S1", target="G2", multiplicity="n", id="r1"),
        Relation(type=RelationType.SUPPORTED_BY, source="S1", target="G3", optional=True),
        Relation(type=RelationType.SUPPORTED_BY, source="S1", target="G4", defeated=True),
        Relation(type=RelationType.SUPPORTED_BY, source="S1", target="G5"),
        Relation(type=RelationType.SUPPORTED_BY, source="G5", target="G6", choice="one"),
        Relation(type=RelationType.SUPPORTED_BY, source="G5", target="G7", choice="one", multiplicity="0..x"),
        Relation(type=RelationType.SUPPORTED_BY, source="G5", target="G9", choice="one"),
    )
    argument.support("G2", "Sn1", "Sn2")
    argument.support("G3", "K1")
    argument.support("G5", "Monitor")
    argument.support("G6", "Sn9")
    argument.support("CG6", "CSn6")
    argument.choices = (Choice(id="one", source="G5", at_least=1, at_most=1),)
    argument.claim_points = (
        ClaimPoint(
            id="ACP1", relations=(RelationRef(source="G2", target="Sn1"), RelationRef(source="G2", target="Sn2"))
        ),
        ClaimPoint(id="ACP2", relations=(RelationRef(source="G1", target="C1"),), module="Confidence"),
        ClaimPoint(id="ACP3", elements=("Sn9", "C1")),
        ClaimPoint(id="ACP4", relations=(RelationRef(source="G6", target="Sn9"),)),
    )
    argument.challenge("CG1", "S1")
    argument.challenge("CSn1", "G4")
    argument.challenge("CG2", RelationRef(source="CSn1", target="G4"))
    argument.challenge("CG4", RelationRef(source="G1", target="A1"))
    argument.challenge("CG5", RelationRef(source="G3", target="K1"))
    argument.challenge("CG6", "G6")
    argument.relate(
        Relation(type=RelationType.CHALLENGES, source="CSn3", challenged=RelationRef(id="r1"), defeated=True, id="c3")
    )
    argument.challenge("CG7", RelationRef(id="c3"))  # a third level: said in words
    return argument


def make(kind: ElementType, identifier: str, words: str, **more: object) -> Element:
    """An element of a kind."""
    if kind not in CORE:
        more.setdefault("module", "Another module")
    made: Element = KINDS[kind].model_validate({"id": identifier, "text": words, **more})  # type: ignore[assignment]
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


LABELS = ("n", "0..x", "1..*", "number of hazards that the log lists", "")


def decorated(kind: ElementType, rng: random.Random) -> dict[str, object]:
    """Random fields of an element, those that its kind has."""
    fields: dict[str, object] = {"defeated": rng.random() < 0.1, "uninstantiated": rng.random() < 0.2}
    if kind in (ElementType.GOAL, ElementType.STRATEGY):
        fields["undeveloped"] = rng.random() < 0.2
    if kind is ElementType.GOAL:
        fields["by_contract"] = rng.random() < 0.2
    if "public" in KINDS[kind].model_fields:
        fields["public"] = rng.random() < 0.3
    if "module" in KINDS[kind].model_fields:
        fields["module"] = rng.choice(("M", "Braking", "A module whose name is long and says what it argues"))
    if kind in AWAY and rng.random() < 0.3:
        fields["of"] = "G77"
    return fields


def rich(seed: int, size: int) -> Argument:
    """A random argument that uses all of the notation: `sound`, decorated, with references, choices and doubt."""
    rng = random.Random(seed)
    plain = sound(seed, size)
    argument = Argument("rich", f"Rich argument {seed}")
    for element in plain:
        argument.add(make(element.type, element.id, element.text, **decorated(element.type, rng)))
    choices: dict[str, list[str]] = {}
    for index, relation in enumerate(plain.relations):
        more: dict[str, object] = {"id": f"r{index}"} if rng.random() < 0.5 else {}
        if rng.random() < 0.2:
            more["multiplicity"] = rng.choice(LABELS)
        more["optional"], more["defeated"] = rng.random() < 0.1, rng.random() < 0.1
        if rng.random() < 0.15:
            more["choice"] = f"ch-{relation.source}-{relation.type}"
            choices.setdefault(relation.source, []).append(f"ch-{relation.source}-{relation.type}")
        argument.relate(relation.model_copy(update=more))
    argument.choices = tuple(
        Choice(
            id=name,
            source=source,
            at_least=rng.choice((None, 1, 2)),
            at_most=rng.choice((None, 2, 3)),
            multiplicity=rng.choice((None, "n")),
        )
        for source, names in choices.items()
        for name in dict.fromkeys(names)
        if rng.random() < 0.9  # a choice that is not declared is drawn too
    )
    goals = [element.id for element in plain if element.type in (ElementType.GOAL, ElementType.STRATEGY)]
    extra = [kind for kind in ElementType if kind not in CORE]
    for index in range(rng.randint(0, max(1, size // 4))):
        kind = rng.choice(extra)
        argument.add(make(kind, f"X{index}", rng.choice(PHRASES), **decorated(kind, rng)))
        context = kind in AWAY and AWAY[kind] in (
            ElementType.CONTEXT,
            ElementType.ASSUMPTION,
            ElementType.JUSTIFICATION,
        )
        (argument.contextualise if context else argument.support)(rng.choice(goals), f"X{index}")
    for index in range(rng.randint(0, max(1, size // 6))):
        kind = rng.choice((ElementType.GOAL, ElementType.SOLUTION))
        name = f"D{index}"
        earlier = [element.id for element in argument]
        related = [relation for relation in argument.relations if relation.target]
        argument.add(make(kind, name, rng.choice(PHRASES)))
        if rng.random() < 0.5 or not related:
            argument.challenge(name, rng.choice(earlier))
        else:
            relation = rng.choice(related)
            argument.challenge(name, RelationRef(source=relation.source, target=relation.target, type=relation.type))
        if rng.random() < 0.3:
            argument.relate(
                Relation(
                    type=RelationType.CHALLENGES,
                    source=name,
                    challenged=RelationRef(id=rng.choice(("r0", "r1", "nowhere"))),
                    id=f"d{index}",
                    defeated=rng.random() < 0.3,
                )
            )
            if rng.random() < 0.5:  # and a challenge of this very challenge
                argument.add(make(ElementType.GOAL, f"DD{index}", "It is not so."))
                argument.challenge(f"DD{index}", RelationRef(id=f"d{index}"))
        if kind is ElementType.GOAL and rng.random() < 0.6:
            argument.add(Solution(id=f"{name}s", text=rng.choice(PHRASES)), Context(id=f"{name}c", text="Scope"))
            argument.support(name, f"{name}s")
            if rng.random() < 0.5:
                argument.contextualise(name, f"{name}c")
    argument.claim_points = tuple(points(argument, rng))
    return argument


def points(argument: Argument, rng: random.Random) -> Iterator[ClaimPoint]:
    """Random assurance claim points."""
    names = [element.id for element in argument]
    for index in range(rng.randint(0, 6)):
        relations = rng.sample(argument.relations, min(len(argument.relations), rng.choice((0, 1, 2))))
        shared = rng.choice(names) if rng.random() < 0.4 else ""
        refs = [relation for relation in argument.relations if relation.target and relation.source == shared]
        refs += [relation for relation in relations if relation.target]
        yield ClaimPoint(
            id=f"ACP{index}",
            relations=tuple(RelationRef(source=ref.source, target=ref.target, type=ref.type) for ref in refs),
            elements=tuple(rng.sample(names, min(len(names), rng.choice((0, 0, 1))))),
            module=rng.choice((None, "Confidence in the evidence")),
        )


def wild(seed: int, size: int) -> Argument:
    """Any elements, any relations: cycles, loops, forbidden connections, loose ends, doubled names."""
    rng = random.Random(seed)
    argument = Argument("wild", "")
    names = []
    modern = rng.random() < 0.6
    for index in range(size):
        name = rng.choice((f"E{index}", f"E-{index}.{index}", f"a very long identifier number {index} " * 3))
        names.append(name)
        kind = rng.choice(list(ElementType) if modern else CORE)
        flags = {"undeveloped": rng.random() < 0.3, "uninstantiated": rng.random() < 0.2}
        more = decorated(kind, rng) if modern else {}
        argument.add(make(kind, name[:200], rng.choice(PHRASES), **{**more, **flags}))
    names = [name[:200] for name in names]
    for index in range(int(size * rng.choice((0.3, 1.0, 1.6)))):
        source, target = rng.choice(names), rng.choice([*names, "nowhere"])
        if modern and rng.random() < 0.3:
            kind_of = rng.choice(list(RelationType))
            reference = RelationRef(id=f"r{rng.randrange(index + 3)}") if rng.random() < 0.5 else None
            argument.relate(
                Relation(
                    type=RelationType.CHALLENGES if reference else kind_of,
                    source=source,
                    target="" if reference else target,
                    challenged=reference,
                    id=f"r{index}",
                    defeated=rng.random() < 0.3,
                    optional=rng.random() < 0.3,
                    multiplicity=rng.choice((None, *LABELS)),
                    choice=rng.choice((None, "ch1", "ch2")),
                )
            )
        else:
            (argument.support if rng.random() < 0.7 else argument.contextualise)(source, target)
    if modern and names:
        argument.choices = (Choice(id="ch1", source=rng.choice(names), at_least=2, multiplicity="0..x"),)
        argument.claim_points = tuple(points(argument, rng))
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
