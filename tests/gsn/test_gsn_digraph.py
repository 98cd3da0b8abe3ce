"""The graph beneath an argument: the same answers as a graph library, and no library where there is no circle."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assurance.gsn.digraph import Digraph
from assurance.gsn.model import cycles_of

Edges = list[tuple[int, int]]


@settings(max_examples=300, deadline=None)
@given(
    nodes=st.lists(st.integers(0, 9), max_size=8),
    edges=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=16),
)
def test_any_graph_is_the_one_of_the_library(nodes: list[int], edges: Edges) -> None:
    made, library = Digraph(nodes, edges), nx.DiGraph()
    library.add_nodes_from(nodes)
    library.add_edges_from(edges)
    assert list(made) == list(library) and len(made) == len(library)
    assert list(made.edges) == list(library.edges)
    assert all(list(made.successors(node)) == list(library.successors(node)) for node in library)
    assert all(made.has_edge(a, b) == library.has_edge(a, b) for a in range(11) for b in range(11))

    knots = list(nx.strongly_connected_components(library))
    circular = {node for knot in knots for node in knot if len(knot) > 1 or library.has_edge(node, node)}
    beyond = circular.union(*(nx.descendants(library, node) for node in circular))
    place = {node: index for index, node in enumerate(library)}
    rest = library.subgraph(node for node in library if node not in beyond)
    assert list(made.sorted()) == list(nx.lexicographical_topological_sort(rest, key=place.__getitem__))

    cycles = cycles_of(nodes, edges)
    assert {node for cycle in cycles for node in cycle} <= circular
    assert len(cycles) == sum(any(node in circular for node in knot) for knot in knots)
    for cycle in cycles:
        assert all(library.has_edge(a, b) for a, b in zip(cycle, (*cycle[1:], cycle[0]), strict=True))
        assert cycle[0] == min(nx.node_connected_component(_mutual(library), cycle[0]), key=place.__getitem__)


def _mutual(library: nx.DiGraph[int]) -> nx.Graph[int]:
    """Nodes that reach each other, joined."""
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(library)
    for knot in nx.strongly_connected_components(library):
        nx.add_path(graph, knot)
    return graph


def test_what_is_no_node_has_no_successors() -> None:
    with pytest.raises(KeyError):
        Digraph("ab", [("a", "b")]).successors("c")


def test_the_library_is_read_only_for_an_argument_with_a_circle() -> None:
    program = """
import sys
from assurance.gsn.elements import Goal
from assurance.gsn.model import Argument
argument = Argument()
argument.add(Goal(id="a"), Goal(id="b"))
argument.support("a", "b")
assert argument.cycles() == () and len(argument.walk()) == 2 and "networkx" not in sys.modules
argument.support("b", "a")
assert argument.cycles() == (("a", "b"),) and "networkx" in sys.modules
"""
    root = Path(__file__).resolve().parents[2]
    result = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
