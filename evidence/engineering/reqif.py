"""ReqIF (OMG, 1.0 to 1.2): requirements of DOORS, Polarion, Jama and others, with their texts and links.

Of a file only the specification objects are read: id, text and, from the relations, what each is linked to. The id is
the attribute ReqIF.ForeignID (or one called ID), else the object's own identifier; the text is ReqIF.Text (or
Object Text, Text, Description). Relations go from source to target; the target is taken as the parent, which is how a
link "satisfies" or "is derived from" points. The structure of chapters, types, data types and pictures are not read.
An archive (.reqifz) has to be unpacked first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import ClassVar

from evidence.engineering.requirement_list import MAX_REQUIREMENTS, MAX_TEXT, add_requirement
from evidence.engineering.source import E_LARGE, Source
from evidence.engineering.xml_events import XmlEvents
from evidence.records.engineering import ListedRequirement, RequirementList

IDS = ("reqif.foreignid", "id", "identifier", "requirement id", "object identifier", "reqif.prefix+id")
TEXTS = ("reqif.text", "object text", "text", "requirement text", "description")
MAX_RELATIONS = 200_000
MAX_DEFINITIONS = 5_000
MAX_VALUES = 500
_REF = re.compile(r"ATTRIBUTE-DEFINITION-[A-Z]+-REF")
_DEFINITION = re.compile(r"ATTRIBUTE-DEFINITION-[A-Z]+")
_VALUE = re.compile(r"ATTRIBUTE-VALUE-[A-Z]+")
_BREAKING = frozenset({"br", "p", "div", "li", "tr", "td", "th"})
"""Elements of XHTML that part words."""


@dataclass(slots=True)
class _Object:
    identifier: str
    line: int
    values: dict[str, str] = field(default_factory=dict)
    """By identifier of the attribute's definition."""


def read_reqif(source: Source) -> RequirementList:
    """A requirement list from ReqIF. Raises InputError E160-E165 with the line."""
    reader = _ReqIf(source)
    reader.run()
    return reader.result()


class _ReqIf(XmlEvents):
    roots: ClassVar[frozenset[str]] = frozenset({"REQ-IF"})
    form: ClassVar[str] = "ReqIF: <REQ-IF> with SPEC-OBJECTS"
    most: ClassVar[int] = 64_000_000

    def __init__(self, source: Source) -> None:
        super().__init__(source)
        self.objects: dict[str, _Object] = {}
        self.definitions: dict[str, str] = {}
        """Long names of attributes by their identifier."""
        self.relations: list[tuple[str, str]] = []
        self._path: list[str] = []
        self._object: _Object | None = None
        self._definition = ""
        self._value = ""
        self._pieces: list[str] = []
        self._kept: list[str] = []
        self._length = 0
        self._ends: dict[str, str] = {}

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        above = self._path[-1] if self._path else ""
        self._path.append(tag)
        if tag == "SPEC-OBJECT":
            self._begin(attributes)
        elif tag == "SPEC-RELATION":
            self._ends = {}
        elif _DEFINITION.fullmatch(tag) and above == "SPEC-ATTRIBUTES":
            if len(self.definitions) >= MAX_DEFINITIONS:
                raise self.source.refuse(E_LARGE, f"more than {MAX_DEFINITIONS} attributes", self.line)
            identifier = attributes.get("IDENTIFIER", "")
            if identifier in self.definitions:
                raise self.impossible(f"attribute definition {identifier[:80]!r} stands twice")
            self.definitions[identifier] = attributes.get("LONG-NAME", "")
        elif self._object is not None and _VALUE.fullmatch(tag):
            self._definition, self._value = "", attributes.get("THE-VALUE", "")
            self._pieces, self._length = [], 0
        elif tag == "THE-VALUE":
            self._listen(True)
        elif _REF.fullmatch(tag) or tag == "SPEC-OBJECT-REF":
            self._pieces, self._kept = [], self._pieces
            self._listen(True)
        elif "THE-VALUE" in self._path and tag in _BREAKING:
            self._pieces.append(" ")

    def end(self, tag: str) -> None:
        self._path.pop()
        if _REF.fullmatch(tag) and self._object is not None:
            self._definition, self._pieces = "".join(self._pieces).strip(), self._kept
            self._listen(False)
        elif tag == "SPEC-OBJECT-REF":
            role = self._path[-1] if self._path else ""
            if "SPEC-RELATION" in self._path and role in ("SOURCE", "TARGET"):
                self._ends[role] = "".join(self._pieces).strip()
            self._pieces = self._kept
            self._listen(False)
        elif tag == "THE-VALUE":
            self._value = "".join(self._pieces)
            self._listen(False)
        elif "THE-VALUE" in self._path and tag in _BREAKING:
            self._pieces.append(" ")
        elif self._object is not None and _VALUE.fullmatch(tag):
            if len(self._object.values) >= MAX_VALUES:
                raise self.source.refuse(E_LARGE, f"an object with more than {MAX_VALUES} values", self.line)
            if self._definition in self._object.values:
                name = self._object.identifier[:80]
                raise self.impossible(f"object {name!r} has two values of attribute {self._definition[:80]!r}")
            self._object.values[self._definition] = " ".join(self._value.split())
        elif tag == "SPEC-OBJECT":
            self._object = None
        elif tag == "SPEC-RELATION":
            if len(self._ends) < 2:
                raise self.impossible("a SPEC-RELATION lacks its source or its target")
            if len(self.relations) >= MAX_RELATIONS:
                raise self.source.refuse(E_LARGE, f"more than {MAX_RELATIONS} relations", self.line)
            self.relations.append((self._ends["SOURCE"], self._ends["TARGET"]))

    def text(self, data: str) -> None:
        self._length += len(data)
        if self._length > 4 * MAX_TEXT:
            raise self.source.refuse(E_LARGE, f"a value of more than {4 * MAX_TEXT} characters", self.line)
        self._pieces.append(data)

    def result(self) -> RequirementList:
        ids = self._chosen(IDS)
        texts = self._chosen(TEXTS)
        names = {key: self._first(item, ids) or item.identifier for key, item in self.objects.items()}
        parents: dict[str, list[str]] = {}
        for low, high in self.relations:
            # a link to an object of another file is named by its identifier
            parents.setdefault(low, []).append(names.get(high, high))
        found: dict[str, ListedRequirement] = {}
        without = 0
        for key, item in self.objects.items():
            text = self._first(item, texts)
            if text:
                add_requirement(self.source, found, names[key], text, parents.get(key, []), item.line)
            else:
                without += 1
        used = {self.definitions[key].casefold() for key in (*ids, *texts)}
        ignored = sorted({name for name in self.definitions.values() if name and name.casefold() not in used})
        return RequirementList(
            requirements=tuple(found.values()),
            without_text=without,
            ignored=tuple(name[:400] for name in ignored[:50]),
        )

    def _begin(self, attributes: dict[str, str]) -> None:
        identifier = attributes.get("IDENTIFIER", "").strip()
        if self._object is not None:
            raise self.wrong("a SPEC-OBJECT stands inside a SPEC-OBJECT")
        if not identifier:
            raise self.impossible("a SPEC-OBJECT without IDENTIFIER")
        if identifier in self.objects:
            raise self.impossible(f"SPEC-OBJECT {identifier[:80]!r} stands twice")
        if len(self.objects) >= 2 * MAX_REQUIREMENTS:
            raise self.source.refuse(E_LARGE, f"more than {2 * MAX_REQUIREMENTS} objects", self.line)
        self._object = self.objects[identifier] = _Object(identifier, self.line)

    def _listen(self, on: bool) -> None:
        self.keeps_text = on
        self._length = 0

    def _chosen(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Identifiers of the attributes with these names, best name first: each type of object has its own."""
        return tuple(key for name in names for key, long in self.definitions.items() if long.casefold() == name)

    @staticmethod
    def _first(item: _Object, keys: tuple[str, ...]) -> str:
        return next((value for key in keys if (value := item.values.get(key, "").strip())), "")
