"""Arguments as a Mermaid flowchart, for pages that draw Mermaid (wikis, code hosts).

Export only, and a sketch: Mermaid has not the standard's shapes and arrow heads. Solid arrows are support, lines
with a circle are context, dotted arrows challenges; `assurance.gsn.svg` draws the notation itself.
"""

from __future__ import annotations

import textwrap
from typing import Final

from assurance.gsn.arguments import Arguments
from assurance.gsn.elements import ElementType
from assurance.gsn.exchange.drawing import REPEATS, DrawnEdge, DrawnNode, draw, marks
from assurance.gsn.relations import RelationType

_SHAPES: Final = {
    ElementType.GOAL: ("[", "]"),
    ElementType.STRATEGY: ("[/", "/]"),
    ElementType.SOLUTION: ("((", "))"),
    ElementType.CONTEXT: ("([", "])"),
    ElementType.ASSUMPTION: ("(", ")"),
    ElementType.JUSTIFICATION: ("(", ")"),
    ElementType.AWAY_GOAL: ("[[", "]]"),
    ElementType.AWAY_SOLUTION: ("[[", "]]"),
    ElementType.AWAY_CONTEXT: ("[[", "]]"),
    ElementType.AWAY_ASSUMPTION: ("[[", "]]"),
    ElementType.AWAY_JUSTIFICATION: ("[[", "]]"),
    ElementType.MODULE: ("[(", ")]"),
    ElementType.CONTRACT: ("[(", ")]"),
}
_ARROWS: Final = {
    RelationType.SUPPORTED_BY.value: "-->",
    RelationType.IN_CONTEXT_OF.value: "--o",
    RelationType.CHALLENGES.value: "-.->",
    REPEATS: "-.-",
}
_ESCAPED: Final = {
    **dict.fromkeys((*range(32), *range(127, 160))),
    ord("\t"): " ",
    ord("#"): "#35;",
    ord("&"): "#amp;",
    ord("<"): "#lt;",
    ord(">"): "#gt;",
    ord('"'): "#quot;",
    ord("`"): "#96;",
    ord("\\"): "#92;",
}
WIDTH: Final = 36
"""Characters in a line of text."""


def write_mermaid(arguments: Arguments) -> str:
    """One flowchart; with several modules, each is a box of its own."""
    drawing = draw(arguments)
    lines = ["flowchart TD"]
    modules = list(dict.fromkeys(node.module for node in drawing.nodes))
    for number, module in enumerate(modules):
        inside = [_node(node) for node in drawing.nodes if node.module == module]
        if len(modules) > 1:
            lines.append(f'  subgraph m{number}["{_words(module) or "module"}"]')
            lines += [f"    {line}" for line in inside]
            lines.append("  end")
        else:
            lines += [f"  {line}" for line in inside]
    lines += [f"  {_edge(edge)}" for edge in drawing.edges]
    return "\n".join([*lines, ""])


def _node(node: DrawnNode) -> str:
    if node.element is None:
        return f'{node.key}{{{{"{_words(node.text)}"}}}}'
    element = node.element
    before, after = _SHAPES[element.type]
    parts = [f"<b>{_words(element.id)}</b>", _words(node.text)]
    if element.type in (ElementType.ASSUMPTION, ElementType.JUSTIFICATION):
        parts[0] += f" ({element.type.value[0]})"
    if module := getattr(element, "module", ""):
        parts.append(f"<i>module {_words(module)}</i>")
    if decorators := marks(element):
        parts.append(f"<i>{decorators}</i>")
    return f'{node.key}{before}"{"<br/>".join(part for part in parts if part)}"{after}'


def _edge(edge: DrawnEdge) -> str:
    label = edge.label or (REPEATS if edge.type == REPEATS else "")
    said = f'|"{_words(label)}"|' if label else ""
    return f"{edge.source} {_ARROWS[edge.type]}{said} {edge.target}"


def _words(text: str) -> str:
    """A text for inside quotes: wrapped, and nothing in it that Mermaid or a browser would take for its own."""
    lines: list[str] = []
    for line in text.splitlines():
        lines += textwrap.wrap(line, WIDTH) or [""]
    return "<br/>".join(line.translate(_ESCAPED) for line in lines).strip()
