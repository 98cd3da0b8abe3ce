"""GraphML and Mermaid: every element and relation is there, and no text can break out of its place."""

from __future__ import annotations

import io
import re

import exchange_toys as toys
import gsn_toys
import networkx as nx
import pytest

from assurance.gsn.arguments import Arguments
from assurance.gsn.elements import AwayGoal, Goal
from assurance.gsn.exchange.drawing import draw
from assurance.gsn.exchange.graphml import write_graphml
from assurance.gsn.exchange.mermaid import write_mermaid
from assurance.gsn.exchange.xml_reader import read_xml
from assurance.gsn.model import Argument
from assurance.gsn.relations import ClaimPoint, Relation, RelationRef, RelationType


def graph_of(arguments: Arguments) -> nx.DiGraph[str]:
    read: nx.DiGraph[str] = nx.read_graphml(io.BytesIO(write_graphml(arguments).encode()))
    return read


def test_graphml_is_what_a_graph_library_reads() -> None:
    argument = gsn_toys.small()
    graph = graph_of(Arguments([argument]))
    assert isinstance(graph, nx.DiGraph)
    ids = {data["id"]: node for node, data in graph.nodes(data=True)}
    assert set(ids) == {element.id for element in argument}
    assert graph.nodes[ids["G3"]]["marks"] == "undeveloped" and graph.nodes[ids["S1"]]["type"] == "Strategy"
    assert graph.nodes[ids["Sn1"]]["evidence"] == "sha256:" + "0" * 64
    ends = {(graph.nodes[a]["id"], data["type"], graph.nodes[b]["id"]) for a, b, data in graph.edges(data=True)}
    assert ends == {(r.source, r.type.value, r.target) for r in argument.relations}


def test_challenges_to_relations_and_away_elements_are_drawn() -> None:
    first, second = gsn_toys.small(), Argument("other")
    ref = RelationRef(source="G1", target="S1", type=RelationType.SUPPORTED_BY)
    first.add(Goal(id="CG1", text="no"))
    first.challenge("CG1", ref)
    first.claim_points = (ClaimPoint(id="ACP1", relations=(ref,)),)
    first.relate(Relation(type=RelationType.SUPPORTED_BY, source="G2", target="nowhere"))
    second.add(AwayGoal(id="G9", module="toy", of="G1", text="x"))
    drawing = draw(Arguments([first, second]))
    point = next(node for node in drawing.nodes if node.element is None)
    assert point.text == "G1 supported_by S1"
    assert [edge.type for edge in drawing.edges if edge.target == point.key] == ["challenges"]
    assert [edge.type for edge in drawing.edges if edge.relation is None] == ["repeats"]
    assert [edge.label for edge in drawing.edges if edge.label] == ["ACP1"]
    assert len(drawing.edges) == len(first.relations) - 1 + 1
    text = write_mermaid(Arguments([first, second]))
    assert text.count("subgraph") == 2 and '-->|"ACP1"|' in text and "-.-|" in text and "-.->" in text


_QUOTED = r'"[^"\n]*"'
_LINE = re.compile(
    rf"""\ \ (\ \ )?(
        flowchart\ TD | end | subgraph\ m\d+\[{_QUOTED}\]
        | n\d+(\[{_QUOTED}\] | \[/{_QUOTED}/\] | \(\({_QUOTED}\)\) | \(\[{_QUOTED}\]\) | \({_QUOTED}\)
               | \[\[{_QUOTED}\]\] | \[\({_QUOTED}\)\] | \{{\{{{_QUOTED}\}}\}})
        | n\d+\ (-->|--o|-\.->|-\.-)(\|{_QUOTED}\|)?\ n\d+
    )""",
    re.VERBOSE,
)


@pytest.mark.parametrize("block", range(2))
def test_no_text_breaks_out(block: int) -> None:
    for seed in range(100 * block, 100 * block + 100):
        arguments = toys.arguments(seed)
        text = write_mermaid(arguments)
        first, *lines = text.splitlines()
        assert first == "flowchart TD"
        for line in lines:
            assert _LINE.fullmatch(line), line
            assert not re.search(r"<(?!/?b>|/?i>|br/>)", line), line
        drawing = draw(arguments)
        root = read_xml(write_graphml(arguments).encode(), "x")
        [graph] = [node for node in root if node.tag == "graph"]
        assert sum(node.tag == "node" for node in graph) == len(drawing.nodes)
        assert sum(node.tag == "edge" for node in graph) == len(drawing.edges)
        whole = sum(len(item) + len(item.duplicates) for item in [*arguments, *arguments.duplicates])
        assert sum(node.element is not None for node in drawing.nodes) == whole
