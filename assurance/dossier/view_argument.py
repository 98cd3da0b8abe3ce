"""View of the argument: diagram pages with their links, and the same argument as an indented outline.

The outline says all that the diagrams say, for readers who cannot or do not want to use pictures. An element that
supports several others is developed once; where it occurs again the outline refers to that place.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass

from assurance.dossier.parts import Link, anchor, goal_link, requirement_link
from assurance.dossier.trace import Trace
from assurance.gsn import svg
from assurance.gsn.elements import CONTEXTUAL, Element, Goal
from assurance.gsn.layout import pages
from assurance.gsn.model import Argument
from assurance.gsn.relations import Relation, RelationType
from assurance.snapshot import Snapshot
from assurance.strength import weakest_words

PAGE_MM = (269.0, 168.0)
"""What an A4 page on its side leaves between the margins of the dossier (templates/css/dossier.css)."""
MARGIN_MM = 1.5


@dataclass(frozen=True)
class Spot:
    """A place of a diagram that is a link or a target, in millimetres as CSS lengths."""

    left: str
    top: str
    width: str
    height: str
    anchor: str | None
    href: str | None
    label: str


@dataclass(frozen=True)
class DiagramPage:
    """One page. `svg` holds links of its own; for the PDF links (`spots`) lie over a picture (`uri`)."""

    anchor: str
    label: str
    svg: str
    uri: str
    spots: tuple[Spot, ...]


@dataclass(frozen=True)
class OutlineRow:
    """One element of the outline. `depth` indents; a row that `repeats` only refers to the developed one."""

    depth: int
    anchor: str | None
    id: str
    type: str
    text: str
    status: str
    undeveloped: bool
    repeats: Link | None
    diagram: str | None
    requirement: Link | None
    evidence: tuple[Link, ...]
    objectives: tuple[Link, ...]
    challenges: tuple[Link, ...]
    """What the element challenges."""
    defeated: bool
    confidence: tuple[Link, ...]
    """Where it is argued that its evidence may be trusted (claim points)."""
    weakest: str
    """The weakest link beneath a goal or strategy, in words."""


@dataclass(frozen=True)
class ArgumentView:
    pages: tuple[DiagramPage, ...]
    outline: tuple[OutlineRow, ...]
    top: tuple[OutlineRow, ...]


def argument_view(snapshot: Snapshot, trace: Trace) -> ArgumentView:
    """Diagrams and outline of the argument with the status of every goal."""
    argument = snapshot.built.argument
    status = {id: word.value for id, word in snapshot.built.status.items()}
    href = {item.id: f"#{anchor('el', item.id)}" for item in argument}
    drawn = pages(argument, PAGE_MM, MARGIN_MM)
    diagrams = []
    shown: set[str] = set()
    for page in drawn:
        spots = svg.areas(page, href=href)
        shown |= {item.anchor for item in spots if item.anchor}
        diagrams.append(
            DiagramPage(
                anchor=svg.page_anchor(page.number),
                label=f"Argument diagram, page {page.number} of {page.total}",
                svg=svg.render(page, status=status, href=href),
                uri=_uri(svg.render(page, status=status, anchors=False)),
                spots=tuple(_spot(item) for item in spots),
            )
        )
    rows = tuple(_outline(snapshot, trace, status, shown))
    return ArgumentView(tuple(diagrams), rows, tuple(row for row in rows if row.depth == 0))


def _uri(drawing: str) -> str:
    """An image: WeasyPrint then need not compute styles for each of its lines."""
    return "data:image/svg+xml;base64," + base64.b64encode(drawing.encode()).decode()


def _spot(area: svg.Area) -> Spot:
    left, top, width, height = (f"{value:.2f}mm" for value in (area.left, area.top, area.width, area.height))
    return Spot(left, top, width, height, area.anchor, area.href, area.label)


def _outline(snapshot: Snapshot, trace: Trace, status: dict[str, str], shown: set[str]) -> Iterator[OutlineRow]:
    argument = snapshot.built.argument
    known = {item.id for item in snapshot.loaded.case.requirements}
    done: set[str] = set()
    points = {relation.source: point.goal for point in argument.claim_points for relation in point.relations}
    waiting = [(item, 0) for item in reversed(_tops(argument))]
    while waiting:
        element, depth = waiting.pop()
        again = element.id in done
        done.add(element.id)
        picture = svg.anchor(element.id)
        claim = element.claim if isinstance(element, Goal) else None
        yield OutlineRow(
            depth=depth,
            anchor=None if again else anchor("el", element.id),
            id=element.id,
            type=element.type.value,
            text=element.text,
            status=status.get(element.id, ""),
            undeveloped=element.undeveloped,
            repeats=goal_link(element.id) if again else None,
            diagram=picture if picture in shown else None,
            requirement=requirement_link(claim, claim in known) if claim else None,
            evidence=() if again else trace.evidence_of_element.get(element.id, ()),
            objectives=() if again else trace.objectives_of_element.get(element.id, ()),
            challenges=tuple(goal_link(item.target) for item in argument.relations_from(element.id) if _doubts(item)),
            defeated=element.defeated,
            confidence=() if again or not (goal := points.get(element.id)) else (goal_link(goal),),
            weakest=weakest_words(snapshot.built.strength[element.id]) if element.id in snapshot.built.strength else "",
        )
        if not again:
            below = (
                *argument.contexts(element.id),
                *argument.children(element.id),
                *argument.challengers(element.id),
            )
            waiting += [(item, depth + 1) for item in reversed(below)]


def _doubts(relation: Relation) -> bool:
    return relation.type is RelationType.CHALLENGES and relation.challenged is None


def _tops(argument: Argument) -> list[Element]:
    """The tops, then whatever cannot be reached from them or from what challenges them, so that nothing is left out."""
    tops = list(argument.tops())
    against = [item.source for item in argument.relations if item.type is RelationType.CHALLENGES]
    reached = set(argument.reachable([*(item.id for item in tops), *against]))
    loose = [item for item in argument if item.id not in reached]
    for item in sorted(loose, key=lambda element: element.type in CONTEXTUAL):
        if item.id not in reached:
            tops.append(item)
            reached |= argument.reachable([item.id])
    return tops
