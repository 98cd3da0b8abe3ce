"""Reads a rendered dossier with the standard library's parser: elements with ids, links, and text by section."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = {"meta", "br", "img", "col", "input", "link", "hr"}


@dataclass
class Node:
    """An element with its text (its descendants' included), the links inside and the classes inside, in order."""

    tag: str
    attributes: dict[str, str]
    text: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)
    children: list[Node] = field(default_factory=list)

    @property
    def words(self) -> str:
        return " ".join("".join(self.text).split())

    def all(self, tag: str, css: str = "") -> list[Node]:
        """Descendants with a tag, and a class where one is given."""
        found = []
        for child in self.children:
            if child.tag == tag and (not css or css in child.attributes.get("class", "").split()):
                found.append(child)
            found += child.all(tag, css)
        return found


@dataclass
class Page:
    """All ids in order (repeated ones too), the elements by id, and the whole."""

    root: Node
    ids: list[str]
    by_id: dict[str, Node]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("root", {})
        self.open = [self.root]
        self.ids: list[str] = []
        self.by_id: dict[str, Node] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._start(tag, attrs)
        if tag not in _VOID:
            self.open.append(self.open[-1].children[-1])

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._start(tag, attrs)

    def _start(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(node)
        if "id" in node.attributes:
            self.ids.append(node.attributes["id"])
            self.by_id.setdefault(node.attributes["id"], node)
        if tag == "a" and "href" in node.attributes:
            for outer in self.open:
                outer.links.append(node.attributes["href"])
            node.links.append(node.attributes["href"])
        for name in node.attributes.get("class", "").split():
            for outer in self.open:
                outer.classes.append(name)

    def handle_endtag(self, tag: str) -> None:
        if any(node.tag == tag for node in self.open[1:]):
            while self.open.pop().tag != tag:
                pass

    def handle_data(self, data: str) -> None:
        if self.open[-1].tag in ("style", "script"):
            self.open[-1].text.append(data)
            return
        for node in self.open:
            node.text.append(data)


def read_page(text: str) -> Page:
    """Parse HTML. Nothing is repaired: what does not close leaves its parents open."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return Page(reader.root, reader.ids, reader.by_id)
