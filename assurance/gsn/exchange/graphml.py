"""Arguments as GraphML, for graph tools (Gephi, yEd, NetworkX): one flat graph with typed data on nodes and edges.

Export only: GraphML says nothing of what nodes mean, and reading a graph back as an argument would be guessing.
"""

from __future__ import annotations

from typing import Final

from assurance.gsn.arguments import Arguments
from assurance.gsn.exchange.drawing import DrawnEdge, DrawnNode, draw, marks
from assurance.xml_text import clean, quoted, text

NAMESPACE: Final = "http://graphml.graphdrawing.org/xmlns"
_NODE_KEYS: Final = ("module", "id", "type", "text", "marks", "evidence", "away_module")
_EDGE_KEYS: Final = ("type", "label", "id")


def write_graphml(arguments: Arguments) -> str:
    """All modules as one directed graph; the text of a UTF-8 file."""
    drawing = draw(arguments)
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<graphml xmlns="{NAMESPACE}">']
    for domain, names in (("node", _NODE_KEYS), ("edge", _EDGE_KEYS)):
        for name in names:
            key = f'id="{domain}_{name}" for="{domain}" attr.name="{name}" attr.type="string"'
            lines.append(f"  <key {key}/>")
    lines.append('  <graph id="argument" edgedefault="directed">')
    for node in drawing.nodes:
        lines += [f'    <node id="{node.key}">', *_data("node", _of_node(node)), "    </node>"]
    for number, edge in enumerate(drawing.edges):
        head = f'    <edge id="e{number}" source="{edge.source}" target="{edge.target}">'
        lines += [head, *_data("edge", _of_edge(edge)), "    </edge>"]
    return "\n".join([*lines, "  </graph>", "</graphml>", ""])


def _of_node(node: DrawnNode) -> dict[str, str]:
    if node.element is None:
        return {"module": node.module, "type": "relation", "text": node.text}
    element = node.element
    return {
        "module": node.module,
        "id": element.id,
        "type": element.type.value,
        "text": element.text,
        "marks": marks(element),
        "evidence": " ".join(getattr(element, "evidence", ())),
        "away_module": getattr(element, "module", ""),
    }


def _of_edge(edge: DrawnEdge) -> dict[str, str]:
    return {"type": edge.type, "label": edge.label, "id": (edge.relation and edge.relation.id) or ""}


def _data(domain: str, values: dict[str, str]) -> list[str]:
    return [
        f"      <data key={quoted(f'{domain}_{name}')}>{text(clean(value))}</data>"
        for name, value in values.items()
        if value
    ]
