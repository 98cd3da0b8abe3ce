"""XML from strangers as a stream of events: constant memory, and nothing that XML could do beyond plain elements.

A document type declaration is refused where it begins, so there are no entities to expand, no external files and no
defaults (docs/decisions/0008). One form passes where a reader allows it: the bare reference to a known DTD, without
anything in brackets, which many coverage tools write. It declares nothing and is not followed; a reference to an
entity is refused even then. Size, depth, elements, attributes and the length of a single token are bounded.
Elements go by their local names, whatever their namespace; attributes of a namespace are no part of the formats that
are read, and are left out.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar
from xml.parsers import expat

from evidence.engineering.source import E_DOCTYPE, E_LARGE, E_OTHER, E_SYNTAX, E_VALUE, MAX_STREAM, Source
from evidence.errors import InputError
from evidence.records.engineering import MAX_COUNT

MAX_DEPTH = 64
MAX_ELEMENTS = 8_000_000
MAX_ATTRIBUTES = 100
MAX_TOKEN = 1_000_000
"""Bytes of one tag, comment or processing instruction: expat holds it in memory and reads it again as it grows."""
_COUNT = re.compile(r"[0-9]{1,20}")
_ENTITY = re.compile(rb"&(?!#|amp;|lt;|gt;|quot;|apos;)|\x00")
"""A reference to an entity that XML itself does not know. After a bare declaration expat drops one in an attribute
without a word; a zero byte stands for encodings in which this cannot be seen."""
_LONGEST = len(b"&quot;")


class XmlEvents:
    """Base of readers: drives expat over a source and calls `start`, `end` and, while `keeps_text`, `text`.

    Subclasses say which root elements they know. `depth` is 1 inside the root.
    """

    roots: ClassVar[frozenset[str]]
    form: ClassVar[str]
    """What the document should be, for messages."""
    bare_doctype: ClassVar[re.Pattern[str] | None] = None
    """System identifiers of a bare document type declaration that may stand there."""
    most: ClassVar[int] = MAX_STREAM
    """Bytes that are read; less where the content itself has to be held."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.depth = 0
        self.keeps_text = False
        self._elements = 0
        self._known = False
        self._declared = False
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        parser.StartDoctypeDeclHandler = self._doctype
        parser.EntityDeclHandler = self._refuse
        parser.UnparsedEntityDeclHandler = self._refuse
        parser.NotationDeclHandler = self._refuse
        parser.ElementDeclHandler = self._refuse
        parser.AttlistDeclHandler = self._refuse
        parser.ExternalEntityRefHandler = self._refuse
        parser.SkippedEntityHandler = self._refuse
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._data
        self._parser = parser

    # what subclasses define

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""

    def end(self, tag: str) -> None:
        """An element ends."""

    def text(self, data: str) -> None:
        """A piece of text, while `keeps_text`."""

    # what subclasses use

    @property
    def line(self) -> int:
        return self._parser.CurrentLineNumber

    def run(self) -> None:
        """Read the whole source. Raises InputError E160-E165 with the line."""
        fed, held = 0, b""
        try:
            for chunk in self.source.text_chunks(self.most):
                self._parser.Parse(chunk, False)
                fed += len(chunk)
                held += chunk
                self._no_entities(held, len(held) - _LONGEST)
                held = held[-_LONGEST:]
                if fed - self._parser.CurrentByteIndex > MAX_TOKEN + len(chunk):
                    raise self.source.refuse(E_LARGE, f"one tag or comment has more than {MAX_TOKEN} bytes", self.line)
            self._no_entities(held, len(held))
            self._parser.Parse(b"", True)
        except expat.ExpatError as error:
            message = expat.errors.messages[error.code]
            raise self.source.refuse(E_SYNTAX, message, error.lineno, error.offset + 1) from None
        except (LookupError, ValueError) as error:  # an encoding that Python does not know or cannot map
            raise self.source.refuse(E_SYNTAX, f"its encoding cannot be read: {error}", 1) from None

    def wrong(self, message: str) -> InputError:
        """The structure is not the declared format's; to be raised."""
        return self.source.refuse(E_OTHER, message, self.line, expected=self.form)

    def impossible(self, message: str) -> InputError:
        """A value cannot be; to be raised."""
        return self.source.refuse(E_VALUE, message, self.line)

    def count(self, attributes: dict[str, str], name: str, most: int = MAX_COUNT) -> int | None:
        """An attribute that counts something; None where it is absent or empty. Raises InputError E165."""
        written = attributes.get(name, "").strip()
        if not written:
            return None
        if not _COUNT.fullmatch(written) or (counted := int(written)) > most:
            raise self.impossible(f"{name}={shortened(written, 40)!r} is no count")
        return counted

    def _no_entities(self, data: bytes, before: int) -> None:
        """Refuse unknown references that begin before a position; what begins later may go on in the next piece."""
        if self._declared and any(match.start() < before for match in _ENTITY.finditer(data)):
            raise self.source.refuse(E_DOCTYPE, "a reference to an entity stands here or above", self.line)

    # expat's callbacks

    def _doctype(self, name: str, system: str | None, public: str | None, internal: int) -> None:
        known = self.bare_doctype
        if known is None or internal or public is not None or system is None or not known.fullmatch(system):
            raise self.source.refuse(E_DOCTYPE, "a document type declaration stands here", self.line)
        self._declared = True

    def _refuse(self, *_: Any) -> int:
        raise self.source.refuse(E_DOCTYPE, "an entity or a declaration stands here", self.line)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        self.depth += 1
        if self._elements > MAX_ELEMENTS:
            raise self.source.refuse(E_LARGE, f"more than {MAX_ELEMENTS} elements", self.line)
        if self.depth > MAX_DEPTH:
            raise self.source.refuse(E_LARGE, f"more than {MAX_DEPTH} levels", self.line)
        if len(attributes) > MAX_ATTRIBUTES:
            raise self.source.refuse(E_LARGE, f"more than {MAX_ATTRIBUTES} attributes of one element", self.line)
        tag = _local(name)
        if not self._known:
            if tag not in self.roots:
                raise self.wrong(f"the root element is <{shortened(tag, 60)}>")
            self._known = True
        if any(" " in key for key in attributes):
            attributes = {key: value for key, value in attributes.items() if " " not in key}
        self.start(tag, attributes)

    def _end(self, name: str) -> None:
        self.end(_local(name))
        self.depth -= 1

    def _data(self, data: str) -> None:
        if self.keeps_text:
            self.text(data)


def _local(name: str) -> str:
    return name.rpartition(" ")[2]


def shortened(text: str, most: int) -> str:
    """A text on one line and of bounded length."""
    line = " ".join(text[: 4 * most].split())
    return line if len(line) <= most else line[: most - 3] + "..."
