"""No circle of support through several modules (rule M8).

Modules may support each other: what counts is the graph of elements that they compose, not that of modules. Circles
inside one module are in `structure`.
"""

from __future__ import annotations

from collections.abc import Iterator

from assurance.gsn.arguments import Arguments, Node
from assurance.gsn.model import cycles_of
from assurance.gsn.rules import places
from evidence.diagnostics import Code, Finding, Severity, code

G179 = code(
    "G179",
    Severity.ERROR,
    "an element supports itself, or is its own context, through other modules",
    "break the circle: one of its relations is not true",
    "GSN 1:2.2.2, 1:4.5.2",
)
G180 = code(
    "G180",
    Severity.WARNING,
    "support may run in a circle through a module with several top goals",
    "refer by an away goal to the top goal that is meant",
    "GSN 1:2.2.2, 1:4.5.2",
)


def check(arguments: Arguments) -> Iterator[tuple[str, Finding]]:
    """One shortest circle of each knot of the composed graph that goes beyond one module."""
    composed = arguments.composed()
    graphs = {argument.module: argument.graph() for argument in arguments}
    # every circle that no module shows alone has an edge that its module does not have
    beyond = {
        (source, target): None
        for source, target in composed.edges
        if source[0] != target[0] or not graphs[source[0]].has_edge(source[1], target[1])
    }
    sure = cycles_of(composed.nodes, (edge for edge in composed.edges if edge not in composed.vague), beyond)
    for cycle in sure:
        yield _found(arguments, cycle, G179)
    told = {node for cycle in sure for node in cycle}
    if composed.vague:
        for cycle in cycles_of(composed.nodes, composed.edges, beyond):
            if not told & set(cycle):
                yield _found(arguments, cycle, G180)


def _found(arguments: Arguments, cycle: tuple[Node, ...], found: Code) -> tuple[str, Finding]:
    path = places.listed([f"{id} of {module}" for module, id in (*cycle, cycle[0])], " -> ")
    module, id = cycle[0]
    return module, found.finding(f"circle {path}", places.of_element(arguments[module][id]))
