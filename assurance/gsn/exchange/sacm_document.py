"""A SACM file as a list of its elements, whatever the dialect: class, name, texts, tags, and resolved references.

Read tolerantly: any namespace, either spelling of a role, elements named by `xmi:id`, `id`, `gid` or Eclipse path,
names and texts as children or as attributes, packages at the top, below `xmi:XMI` or inside another model. What
the elements are in GSN is for `sacm_reader`; whether they follow SACM's rules is for `sacm_rules`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from assurance.gsn.exchange.sacm_words import (
    CLASSES,
    GSN_TYPES,
    PACKAGES,
    REFERENCES,
    ROLES,
    TYPED_ROLES,
    UTILITIES,
    XSI,
)
from assurance.gsn.exchange.xml_reader import Node, read_xml
from evidence.diagnostics import Finding, Place, Severity, code
from evidence.errors import InputError

G233 = code(
    "G233",
    Severity.ERROR,
    "an XML file holds no SACM assurance case",
    "give a file with an AssuranceCasePackage or ArgumentPackage",
    "SACM 2.3, 9.2",
)
G245 = code(
    "G245",
    Severity.WARNING,
    "a SACM file has an element of a class that is not known; it is left out",
    "mend `xsi:type`, or accept that this part is not carried over",
)
G248 = code(
    "G248",
    Severity.WARNING,
    "the SACM assurance case stands inside another model",
    "what lies outside the assurance case is not carried over",
    "SACM 2.3, 2",
)

_UNNUMBERED = re.compile(r"@(\w+)(?=/|$)")


@dataclass(slots=True)
class Item:
    """One element of the model."""

    cls: str
    gsn: str
    """Type of the GSN metamodel, where the file gives one."""
    node: Node
    place: Place
    parent: Item | None
    name: str | None
    texts: list[tuple[str, str]]
    """Description by language, in order."""
    tags: list[tuple[str, str]]
    ids: list[str] = field(default_factory=list)
    children: list[Item] = field(default_factory=list)
    refs: dict[str, list[Item]] = field(default_factory=dict)
    dangling: list[tuple[str, str]] = field(default_factory=list)
    """Feature and reference that names nothing."""

    @property
    def text(self) -> str:
        """The description: in English if there is one, else the first."""
        english = [text for lang, text in self.texts if lang.lower().startswith("en")]
        return english[0] if english else (self.texts[0][1] if self.texts else "")

    def flag(self, name: str) -> bool:
        """A Boolean attribute."""
        return (self.node.get(name) or "").lower() in ("true", "1")

    @property
    def declaration(self) -> str:
        """The assertion declaration, by default `asserted`."""
        return self.node.get("assertionDeclaration") or "asserted"

    @property
    def called(self) -> str:
        """Class and name for messages."""
        return f"{self.gsn or self.cls} {self.name or (self.ids[0] if self.ids else 'without a name')}"


@dataclass
class Document:
    """All elements in document order."""

    file: str
    items: list[Item] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    doubled: list[tuple[str, Item, Item]] = field(default_factory=list)
    """Identifier, and the two elements that have it."""


def read_document(data: bytes, file: str) -> Document:
    """Parse a file. Raises InputError: G230-G232 for bad XML, G233 when it is no SACM."""
    root = read_xml(data, file)
    reader = _Reader(file)
    reader.read(root)
    if not any(item.cls in PACKAGES for item in reader.document.items):
        place = Place(file, root.line, root.column)
        raise InputError.of(G233, f"the root is {root.tag!r} and no assurance case is below it", place)
    reader.resolve()
    return reader.document


class _Reader:
    """Walks the tree once, then joins the references."""

    def __init__(self, file: str) -> None:
        self.document = Document(file)
        self._by_id: dict[str, Item] = {}
        self._by_path: dict[str, Item] = {}

    def read(self, root: Node) -> None:
        if root.tag == "XMI":
            for number, child in enumerate(root):
                self._walk(child, f"/{number}", None, False)
            for path, item in list(self._by_path.items()):
                if path.startswith("/0/"):
                    self._by_path.setdefault("/" + path[2:], item)
            return
        if self._class(root) is None:
            place = Place(self.document.file, root.line, root.column)
            self._walk(root, "/", None, True)
            if self.document.items:
                self.document.findings.append(G248.finding(f"the root is {root.tag!r}", place))
            return
        self._walk(root, "/", None, False)

    def _walk(self, node: Node, path: str, parent: Item | None, foreign: bool) -> None:
        """Elements below a node; `foreign` while outside of SACM, where unknown classes are no news."""
        found = self._class(node)
        item = parent
        if found is not None and (parent is not None or found[0] in PACKAGES):
            item = self._item(node, *found, parent)
            self._by_path[path] = item
            foreign = False
        elif parent is not None and node.tag in TYPED_ROLES and not foreign:
            written = node.attributes.get((XSI, "type"), "no xsi:type")
            message = f"{node.tag} of class {written!r}"
            self.document.findings.append(G245.finding(message, Place(self.document.file, node.line, node.column)))
            return
        elif parent is not None:
            return
        counts: dict[str, int] = {}
        for child in node:
            number = counts.get(child.tag, 0)
            counts[child.tag] = number + 1
            if child.tag in UTILITIES or (item is not None and child.tag in REFERENCES and not child.children):
                continue
            self._walk(child, f"{path}/@{child.tag}.{number}", item, foreign)

    def _class(self, node: Node) -> tuple[str, str] | None:
        """SACM class and GSN type."""
        written = node.attributes.get((XSI, "type"))
        if written is not None:
            prefix, _, local = written.rpartition(":")
            if "gsn" in node.namespaces.get(prefix, prefix) and local in GSN_TYPES:
                return GSN_TYPES[local][0], local
            return (local, "") if local in CLASSES else None
        for name in (node.tag, ROLES.get(node.tag, ""), node.tag[:1].upper() + node.tag[1:]):
            if name in CLASSES:
                return name, ""
        return None

    def _item(self, node: Node, cls: str, gsn: str, parent: Item | None) -> Item:
        ids = [value for (_, local), value in node.attributes.items() if local in ("id", "uuid") and value]
        if gid := node.get("gid"):
            ids.append(gid)
        name = next((_content(child) for child in node if child.tag == "name"), node.get("name"))
        place = Place(self.document.file, node.line, node.column, element=name or (ids[0] if ids else None))
        texts = [pair for child in node if child.tag in ("description", "content") for pair in _texts(child)]
        if not texts and (short := node.get("description") or node.get("content")):
            texts = [("", short)]
        tags = [_tag(child) for child in node if child.tag == "taggedValue"]
        item = Item(cls, gsn, node, place, parent, name, texts, tags, ids)
        if parent is not None:
            parent.children.append(item)
        self.document.items.append(item)
        for identifier in dict.fromkeys(ids):
            other = self._by_id.setdefault(identifier, item)
            if other is not item:
                self.document.doubled.append((identifier, other, item))
        return item

    def resolve(self) -> None:
        """Join each reference to what it names."""
        for item in self.document.items:
            for feature in REFERENCES:
                for written in _written(item.node, feature):
                    found = self._find(written)
                    if found is None:
                        item.dangling.append((feature, written))
                    else:
                        item.refs.setdefault(feature, []).append(found)
            if not any(text for _, text in item.texts):
                item.texts = list(self._expressed(item.node)) or item.texts

    def _expressed(self, node: Node) -> Iterator[tuple[str, str]]:
        """A description by way of the terminology: the values of the expressions that it names."""
        strings = [value for child in node if child.tag == "description" for content in child for value in content]
        for value in strings:
            found = self._find(value.get("expression") or "")
            if found is not None and (text := found.node.get("value")):
                yield value.get("lang") or "", text

    def _find(self, written: str) -> Item | None:
        name = written.removeprefix("#")
        if name in self._by_id:
            return self._by_id[name]
        return self._by_path.get(_UNNUMBERED.sub(r"@\1.0", name)) if name.startswith("/") else None


def _written(node: Node, feature: str) -> Iterator[str]:
    """References of a feature, as an attribute or as children."""
    names = (feature, "referencedArtifact") if feature == "referencedArtifactElement" else (feature,)
    for name in names:
        yield from (node.get(name) or "").split()
        for child in node:
            if child.tag == name and not child.children:
                for (_, local), value in child.attributes.items():
                    if local in ("idref", "ref", "href"):
                        yield value
                        break


def _content(node: Node) -> str:
    """A text: an attribute, the text itself, or the first of its languages."""
    own = node.get("content")
    if own is not None:
        return own
    pairs = list(_texts(node))
    return pairs[0][1] if pairs else ""


def _texts(node: Node) -> Iterator[tuple[str, str]]:
    """Language and text of a multi-language string, in whichever of its forms."""
    inner = [child for child in node if child.tag in ("content", "value")]
    for child in inner:
        yield from _texts(child)
    if not inner:
        written = node.get("content")
        if written is None:
            written = node.get("value") or node.text
        if written or node.tag == "value":
            yield node.get("lang") or "", written


def _tag(node: Node) -> tuple[str, str]:
    keys = [child for child in node if child.tag == "key"]
    contents = [child for child in node if child.tag == "content"]
    key = _content(keys[0]) if keys else node.get("key") or ""
    value = _content(contents[0]) if contents else node.get("value") or node.get("content") or ""
    return key, value
