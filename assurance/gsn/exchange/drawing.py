"""Arguments as plain nodes and edges, for formats of drawing tools: what `graphml` and `mermaid` write.

A challenge to a relation needs something to point at: each challenged relation gets a node of its own. Away elements
are joined to their originals by edges of type "repeats". Relations with a missing end are left out.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from assurance.gsn.arguments import Arguments
from assurance.gsn.elements import AwayElement, Element
from assurance.gsn.model import Argument
from assurance.gsn.relations import Relation, RelationRef, RelationType

REPEATS = "repeats"


@dataclass(frozen=True)
class DrawnNode:
    """An element, or with `element` None a challenged relation, named by `text`."""

    key: str
    module: str
    element: Element | None
    text: str


@dataclass(frozen=True)
class DrawnEdge:
    """From one node to another; `relation` is None for "repeats"."""

    source: str
    target: str
    type: str
    relation: Relation | None = None
    label: str = ""


@dataclass
class Drawing:
    """Everything, in the order of modules and elements."""

    nodes: list[DrawnNode] = field(default_factory=list)
    edges: list[DrawnEdge] = field(default_factory=list)


def draw(arguments: Arguments) -> Drawing:
    """The nodes and edges of all modules."""
    drawing = Drawing()
    keys: dict[tuple[str, str], str] = {}
    modules = [*arguments, *arguments.duplicates]
    by_argument: dict[int, dict[str, str]] = {}
    for argument in modules:
        own = by_argument[id(argument)] = {}
        for element in (*argument, *argument.duplicates):
            key = f"n{len(drawing.nodes)}"
            own.setdefault(element.id, key)
            drawing.nodes.append(DrawnNode(key, argument.module, element, element.text))
        for identifier, key in own.items():
            keys.setdefault((argument.module, identifier), key)
    for argument in modules:
        _edges(argument, by_argument[id(argument)], drawing)
    for argument in arguments:
        for element in argument:
            if isinstance(element, AwayElement) and (original := keys.get((element.module, element.original))):
                drawing.edges.append(DrawnEdge(keys[argument.module, element.id], original, REPEATS))
    return drawing


def _edges(argument: Argument, keys: dict[str, str], drawing: Drawing) -> None:
    points: dict[RelationRef, str] = {}
    claim_points: dict[int, list[str]] = {}
    for point in argument.claim_points:
        for item in {id(found) for ref in point.relations for found in argument.find(ref)}:
            claim_points.setdefault(item, []).append(point.id)
    for relation in argument.relations:
        target = keys.get(relation.target)
        if relation.challenged is not None:
            target = points.get(relation.challenged)
            if target is None:
                target = points[relation.challenged] = f"n{len(drawing.nodes)}"
                drawing.nodes.append(DrawnNode(target, argument.module, None, str(relation.challenged)))
        if relation.source in keys and target is not None:
            edge = DrawnEdge(
                keys[relation.source],
                target,
                relation.type.value,
                relation,
                _label(argument, relation, claim_points.get(id(relation), [])),
            )
            drawing.edges.append(edge)


def _label(argument: Argument, relation: Relation, claim_points: list[str]) -> str:
    """What stands at an edge: pattern decorations, choice, claim points, defeat."""
    words = [relation.multiplicity or "", "optional" if relation.optional else ""]
    for choice in argument.choices:
        if choice.id == relation.choice:
            branches = sum(item.choice == choice.id for item in argument.relations)
            least, most = choice.at_least or 1, choice.at_most or branches
            words.append(
                f"choice {choice.id}: {least} of {most}" if least == most else f"{choice.id}: {least} to {most}"
            )
    words += claim_points
    words.append("defeated" if relation.defeated else "")
    return ", ".join(word for word in words if word)


def marks(element: Element) -> str:
    """The decorators of an element in words."""
    names = ("undeveloped", "uninstantiated", "defeated", "public", "by_contract")
    words = {"by_contract": "to be supported by contract"}
    return ", ".join(words.get(name, name) for name in names if getattr(element, name, False))


def is_challenge(edge: DrawnEdge) -> bool:
    """Whether an edge is a challenge."""
    return edge.type == RelationType.CHALLENGES
