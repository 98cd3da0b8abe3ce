"""XML from strangers: a plain tree with positions, and nothing that XML could do beyond that.

A document type declaration is refused where it begins, so there are no entities to expand, no external files and
no defaults (docs/decisions/0008). Size, depth and the number of elements and attributes are bounded. Namespaces
are resolved; what elements mean is for `sacm_document`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from evidence.diagnostics import Place, Severity, code
from evidence.errors import InputError

G230 = code(
    "G230",
    Severity.ERROR,
    "not well-formed XML",
    "mend the line that is named, or export the file again",
)
G231 = code(
    "G231",
    Severity.ERROR,
    "an XML file has a document type declaration or an entity",
    "remove the <!DOCTYPE ...>: it is never needed here and can be used for attacks",
)
G232 = code(
    "G232",
    Severity.ERROR,
    "an XML file is too large or too deep",
    "split the file; limits are 32 MB, 300,000 elements, 100 levels and 1,000 declared prefixes",
)

MAX_BYTES = 32_000_000
MAX_DEPTH = 100
MAX_ELEMENTS = 300_000
MAX_ATTRIBUTES = 200
MAX_PREFIXES = 1000
"""Declarations of prefixes in a file: each element with one keeps a table of all that hold for it."""

Name = tuple[str, str]
"""Namespace (empty when there is none) and local name."""


@dataclass(slots=True)
class Node:
    """An element: attributes by name, children in order, and the text directly inside, blanks at the ends cut."""

    name: Name
    line: int
    column: int
    attributes: dict[Name, str]
    children: list[Node] = field(default_factory=list)
    text: str = ""
    namespaces: dict[str, str] = field(default_factory=dict)
    """Prefixes that are declared here or above."""

    @property
    def tag(self) -> str:
        """Local name."""
        return self.name[1]

    def get(self, local: str) -> str | None:
        """An attribute without namespace."""
        return self.attributes.get(("", local))

    def __iter__(self) -> Iterator[Node]:
        return iter(self.children)


def read_xml(data: bytes, file: str) -> Node:
    """The root of a document. Raises InputError G230, G231 or G232 with line and column."""
    if len(data) > MAX_BYTES:
        raise InputError.of(G232, f"{len(data)} bytes in one file", Place(file))
    reader = _Reader(file)
    try:
        reader.parser.Parse(data, True)
    except expat.ExpatError as error:
        place = Place(file, error.lineno, error.offset + 1)
        raise InputError.of(G230, expat.errors.messages[error.code], place) from None
    except (LookupError, ValueError) as error:  # an encoding that Python does not know, or cannot map byte by byte
        raise InputError.of(G230, f"its encoding cannot be read: {error}", Place(file, 1, 1)) from None
    assert reader.root is not None
    return reader.root


class _Reader:
    """Builds the tree from expat's events."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.root: Node | None = None
        self._open: list[Node] = []
        self._texts: list[list[str]] = []
        self._count = 0
        self._scopes: list[dict[str, str]] = [{}]
        self._declared: dict[str, str] = {}
        self._prefixes = 0
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.ordered_attributes = True
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        parser.StartDoctypeDeclHandler = self._refuse
        parser.EntityDeclHandler = self._refuse
        parser.ExternalEntityRefHandler = self._refuse
        parser.StartNamespaceDeclHandler = self._declare
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._data
        self.parser = parser

    def _place(self) -> Place:
        return Place(self.file, self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1)

    def _refuse(self, *_: Any) -> int:
        raise InputError.of(G231, "a document type declaration stands here", self._place())

    def _declare(self, prefix: str | None, uri: str | None) -> None:
        self._prefixes += 1
        if self._prefixes > MAX_PREFIXES:
            raise InputError.of(G232, f"more than {MAX_PREFIXES} declarations of prefixes", self._place())
        self._declared[prefix or ""] = uri or ""

    def _start(self, name: str, pairs: list[str]) -> None:
        self._count += 1
        if self._count > MAX_ELEMENTS:
            raise InputError.of(G232, f"more than {MAX_ELEMENTS} elements", self._place())
        if len(self._open) >= MAX_DEPTH:
            raise InputError.of(G232, f"more than {MAX_DEPTH} levels", self._place())
        if len(pairs) > 2 * MAX_ATTRIBUTES:
            raise InputError.of(G232, f"more than {MAX_ATTRIBUTES} attributes of one element", self._place())
        scope = {**self._scopes[-1], **self._declared} if self._declared else self._scopes[-1]
        self._declared = {}
        attributes = {_name(key): value for key, value in zip(pairs[::2], pairs[1::2], strict=True)}
        line, column = self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1
        node = Node(_name(name), line, column, attributes, namespaces=scope)
        if self._open:
            self._open[-1].children.append(node)
        else:
            self.root = node
        self._open.append(node)
        self._texts.append([])
        self._scopes.append(scope)

    def _end(self, _: str) -> None:
        self._scopes.pop()
        self._open.pop().text = "".join(self._texts.pop()).strip()

    def _data(self, text: str) -> None:
        self._texts[-1].append(text)


def _name(written: str) -> Name:
    namespace, blank, local = written.rpartition(" ")
    return (namespace, local) if blank else ("", written)
