"""One gsn2x file, read tolerantly: what it says about one module, key by key, with positions.

Every key that cannot be used gives a finding and is left out; unknown keys become layers, as gsn2x has it, but not
silently. References stay as they are written: what they mean is for `gsn2x_reader`. Only what the strict YAML
reader refuses (anchors, doubled keys, broken syntax, size) makes a file unreadable.
"""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assurance.gsn.exchange import carried
from assurance.gsn.exchange.gsn2x_words import (
    COUNTER,
    ELEMENT_KEYS,
    KINDS,
    LISTS,
    LOOKS,
    MODULE_KEYS,
    kind_of,
)
from evidence.diagnostics import Finding, Place, Severity, code
from evidence.errors import InputError
from evidence.strict_yaml import Document, read_yaml

G200 = code(
    "G200",
    Severity.ERROR,
    "the kind of an element of a gsn2x file is not known (gsn2x V01)",
    "begin the identifier with G, S, Sn, C, A, J, CG or CSn, or give `nodeType`",
)
G201 = code(
    "G201",
    Severity.NOTE,
    "the identifier of an element suggests another kind than its `nodeType` (gsn2x V08)",
    "this is permitted; rename it if it misleads",
)
G202 = code(
    "G202",
    Severity.NOTE,
    "an unknown key of a gsn2x file is kept as a layer",
    "if it was meant as a key of the format, mend its spelling",
)
G203 = code(
    "G203",
    Severity.ERROR,
    "a key of a gsn2x file has a value that it cannot have, and was left out",
    "write what is expected at this place",
)
G204 = code(
    "G204",
    Severity.ERROR,
    "a gsn2x file holds no elements and no module",
    "write a mapping of identifiers to elements",
)
G206 = code(
    "G206",
    Severity.WARNING,
    "a `module` entry of a gsn2x file gives no name",
    "add `name`; the name of the file is taken instead",
)

MOST_SUGGESTIONS = 2000
"""Spelling is looked at for so many unknown keys of a file: a layer on each of 100,000 elements is no slip."""

References = list[tuple[str, Place]]
"""Identifiers as written, and where."""


@dataclass
class RawElement:
    """One element as written. `said` holds the model's fields that gsn2x states; `kept` carried fields."""

    key: str
    kind: str
    place: Place
    said: dict[str, Any] = field(default_factory=dict)
    lists: dict[str, References] = field(default_factory=dict)
    challenge: tuple[str, Place] | None = None
    defeated_relations: References = field(default_factory=list)
    claim_points: dict[str, References] = field(default_factory=dict)
    kept: dict[str, Any] = field(default_factory=dict)
    developed_by: list[tuple[RawModule, RawElement, Place]] = field(default_factory=list)
    """Support that another module gives by `extends`; `gsn2x_reader` fills it in."""

    @property
    def id(self) -> str:
        """The identifier in the model; files that we wrote may have had to use another key."""
        return str(self.fields.get("id", self.key))

    @property
    def fields(self) -> dict[str, Any]:
        """Carried fields of the model."""
        fields = self.kept.get("fields")
        return fields if isinstance(fields, dict) else {}

    def carried_relations(self, name: str) -> list[dict[str, Any]]:
        """Carried relations: "relations" that gsn2x cannot hold, "decorations" of those that it does."""
        held = self.kept.get(name)
        return [item for item in held if isinstance(item, dict)] if isinstance(held, list) else []

    @property
    def counter(self) -> bool:
        """Whether gsn2x takes it as a counter element."""
        return self.kind in COUNTER


@dataclass
class RawModule:
    """One file."""

    path: Path
    name: str
    place: Place
    title: str = ""
    elements: list[RawElement] = field(default_factory=list)
    uses: References = field(default_factory=list)
    extends: list[tuple[str, str, References, Place]] = field(default_factory=list)
    extra: list[tuple[str, str]] = field(default_factory=list)
    kept: dict[str, Any] = field(default_factory=dict)


def read_file(path: Path, shown_as: str) -> tuple[RawModule, list[Finding]]:
    """One module. Raises InputError when the file cannot be read, is no YAML, or holds nothing (C101-C105, G204)."""
    document = read_yaml(path, shown_as)
    if document.value is None or document.value == {}:
        raise InputError.of(G204, "no input elements are found in this file", Place(shown_as))
    if not isinstance(document.value, dict):
        expected = "a mapping of identifiers to elements"
        raise InputError.of(G204, "the file is not a mapping", document.place(), expected=expected)
    return _File(document, path).read()


class _File:
    """Reads the parts of one document and collects findings."""

    def __init__(self, document: Document, path: Path) -> None:
        self.document = document
        self.findings: list[Finding] = []
        self.module = RawModule(path, path.name.split(".")[0] or path.name, Place(document.file))

    def read(self) -> tuple[RawModule, list[Finding]]:
        for key, value in self.document.value.items():
            if key == "module":
                self._module(value)
            else:
                self._element(key, value)
        return self.module, self.findings

    # -- the module ---------------------------------------------------------------------------------------

    def _module(self, value: Any) -> None:
        self.module.place = self.document.place(("module",))
        if not isinstance(value, dict):
            self._wrong(("module",), None, "a mapping with `name`")
            return
        name = value.get("name")
        if isinstance(name, str) and name:
            self.module.name = name
        elif name is None:
            self.findings.append(G206.finding("`module` has no `name`", self.module.place))
        else:
            self._wrong(("module", "name"), None, "a text")
        for key, content in value.items():
            path = ("module", key)
            if key == "brief":
                self.module.title = self._text(path, content, None) or ""
            elif key == "uses":
                self.module.uses = self._references(path, content, None)
            elif key == "extends":
                self._extends(path, content)
            elif key == carried.KEY and (kept := _kept(content)) is not None:
                self.module.kept = kept
                fields = kept.get("fields")
                if isinstance(fields, dict) and isinstance(fields.get("module"), str):
                    self.module.name = fields.pop("module")
            elif key != "name":
                if key not in MODULE_KEYS:
                    self._unknown(path, key, MODULE_KEYS, None)
                self.module.extra.append((key, plain(content)))

    def _extends(self, path: tuple[str | int, ...], value: Any) -> None:
        if not isinstance(value, list):
            self._wrong(path, None, "a list of modules with `develops`")
            return
        for number, item in enumerate(value):
            here = (*path, number)
            develops = item.get("develops") if isinstance(item, dict) else None
            if not isinstance(item, dict) or not isinstance(item.get("module"), str) or not isinstance(develops, dict):
                self._wrong(here, None, "`module` and `develops`, a mapping of their elements to lists of ours")
                continue
            for foreign, locals_ in develops.items():
                where = (*here, "develops", foreign)
                references = self._references(where, locals_, None)
                self.module.extends.append((item["module"], foreign, references, self.document.place(where)))

    # -- elements -----------------------------------------------------------------------------------------

    def _element(self, key: str, value: Any) -> None:
        place = self.document.place((key,), key)
        if value is None:
            value = {}
        if not isinstance(value, dict):
            self._wrong((key,), key, "a mapping of keys such as `text` and `supportedBy`")
            return
        by_prefix = kind_of(key)
        kind = value.get("nodeType", by_prefix)
        if kind not in KINDS:
            message = f"{key} is of unknown kind"
            if "nodeType" in value:
                message += f": nodeType {value['nodeType']!r}"
            expected = f"nodeType: one of {', '.join(KINDS)}"
            self.findings.append(G200.finding(message, place, expected=expected))
            self.module.extra.append((f"element {key}", plain(value)))
            return
        if "nodeType" in value and by_prefix is not None and by_prefix != kind:
            message = f"{key} is a {kind}; its identifier reads as {by_prefix}"
            self.findings.append(G201.finding(message, place))
        element = RawElement(key, kind, place)
        extra: list[list[str]] = []
        for name, content in value.items():
            self._key(element, name, content, extra)
        if extra:
            element.said["extra"] = extra
        self.module.elements.append(element)

    def _key(self, element: RawElement, name: str, value: Any, extra: list[list[str]]) -> None:
        path = (element.key, name)
        if name == "text":
            if (text := self._text(path, value, element.key)) is not None:
                element.said["text"] = text
        elif name in ("undeveloped", "defeated"):
            if isinstance(value, bool):
                if value:
                    element.said[name] = True
            else:
                self._wrong(path, element.key, "true or false")
        elif name in LISTS:
            element.lists[LISTS[name]] = self._references(path, value, element.key)
        elif name == "defeatedRelation":
            element.defeated_relations = self._references(path, value, element.key)
        elif name == "challenges":
            if isinstance(value, str) and value.strip():
                element.challenge = (value, self.document.place(path, element.key))
            else:
                self._wrong(path, element.key, "an identifier, or a relation written as `X -> Y`")
        elif name == "acp":
            if isinstance(value, dict):
                for point, marked in value.items():
                    element.claim_points[point] = self._references((*path, point), marked, element.key)
            else:
                self._wrong(path, element.key, "a mapping of claim points to what they mark")
        elif name == carried.KEY and (kept := _kept(value)) is not None:
            element.kept = kept
        elif name in LOOKS:
            if looks_right(name, value):
                extra.append([name, plain(value)])
            else:
                self._wrong(path, element.key, _LOOKS_EXPECTED[name])
        elif name != "nodeType":
            self._unknown(path, name, ELEMENT_KEYS, element.key)
            extra.append([name, plain(value)])

    # -- values -------------------------------------------------------------------------------------------

    def _text(self, path: tuple[str | int, ...], value: Any, element: str | None) -> str | None:
        if value is None or isinstance(value, str):
            return value or ""
        self._wrong(path, element, "a text; put it into quotes")
        return None

    def _references(self, path: tuple[str | int, ...], value: Any, element: str | None) -> References:
        if isinstance(value, str):
            return [(value, self.document.place(path, element))]
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return [(item, self.document.place((*path, i), element)) for i, item in enumerate(value)]
        self._wrong(path, element, "an identifier, or a list of identifiers")
        return []

    def _wrong(self, path: tuple[str | int, ...], element: str | None, expected: str) -> None:
        message = f"{path[-1]!r} does not have a value that fits"
        self.findings.append(G203.finding(message, self.document.place(path, element), expected=expected))

    def _unknown(self, path: tuple[str | int, ...], name: str, known: tuple[str, ...], element: str | None) -> None:
        place = self.document.place(path, element)
        meant = _nearest(name, known) if len(self.findings) < MOST_SUGGESTIONS else None
        if meant is not None:
            message = f"unknown key {name!r}: did you mean {meant!r}? It is kept as a layer and has no other effect"
            self.findings.append(G202.finding(message, place, expected=meant, severity=Severity.WARNING))
        else:
            self.findings.append(G202.finding(f"{name!r} is kept as a layer", place))


def plain(value: Any) -> str:
    """A value as the text under which it is kept: texts as they are, others as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def looks_right(name: str, value: Any) -> bool:
    """Whether a presentation key has a value that gsn2x takes."""
    if name == "url":
        return isinstance(value, str)
    if name == "classes":
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    if name in ("rankIncrement", "charWrap"):
        return _whole(value) and value >= 0
    if not isinstance(value, dict) or len(value) != 1:
        return False
    [(mode, number)] = value.items()
    if mode == "relative":
        return _whole(number)
    return bool(mode == "absolute" and (number == "last" or (_whole(number) and number >= 0)))


_LOOKS_EXPECTED = {
    "url": "a text",
    "classes": "a list of texts",
    "rankIncrement": "a whole number, 0 or more",
    "charWrap": "a whole number, 0 or more",
    "horizontalIndex": "`relative` with a whole number, or `absolute` with one from 0 or `last`",
}


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _kept(value: Any) -> dict[str, Any] | None:
    return carried.read(value) if isinstance(value, str) else None


def _nearest(name: str, known: tuple[str, ...]) -> str | None:
    """The key of the format that was probably meant."""
    folded = {item.lower(): item for item in known}
    close = difflib.get_close_matches(name.lower().replace("_", "").replace("-", ""), folded, n=1, cutoff=0.82)
    return folded[close[0]] if close else None
