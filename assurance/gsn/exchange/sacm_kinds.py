"""What the items of a SACM file are in GSN: their module, identifier and type; and the tagged values on them.

The type comes from the strongest sign there is: our own tagged value, a type of the GSN metamodel, the class and
declaration, at last the use, and then with a note. Making elements of them is for `sacm_reader`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from assurance.gsn.elements import AWAY, ElementType
from assurance.gsn.exchange import carried
from assurance.gsn.exchange.sacm_document import Document, Item
from assurance.gsn.exchange.sacm_words import GSN_TYPES, RELATIONSHIPS, TAG
from evidence.diagnostics import Finding, Severity, code

G247 = code(
    "G247",
    Severity.NOTE,
    "how a part of a SACM file is meant in GSN was concluded from its use",
    "look at it; a GSN type or the tagged value gsn.type would say it",
)
OF_CLASS = {
    "Claim": ElementType.GOAL,
    "ArgumentReasoning": ElementType.STRATEGY,
    "ArtifactReference": ElementType.SOLUTION,
    "ArgumentAsset": ElementType.CONTEXT,
}
_HINTS = {
    "context": ElementType.CONTEXT,
    "solution": ElementType.SOLUTION,
    "justification": ElementType.JUSTIFICATION,
    "assumption": ElementType.ASSUMPTION,
}
AWAY_FOR = {original: away for away, original in AWAY.items()}


class Kinds:
    """Module names, identifiers and types of all items, known before the first module is made."""

    def __init__(self, document: Document) -> None:
        self.findings: list[Finding] = []
        self.ids: dict[int, str] = {}
        """Identifier in its module, by object identity of the item."""
        self.types: dict[int, ElementType] = {}
        self.modules: dict[int, str] = {}
        """Module name, by object identity of the package."""
        self._uses: dict[int, set[str]] = {}
        """Classes of the relationships that an item is a source of."""
        for item in document.items:
            if item.cls in RELATIONSHIPS and not item.gsn:
                for end in item.refs.get("source", ()):
                    self._uses.setdefault(id(end), set()).add(item.cls)
        self.packages = [item for item in document.items if item.cls in ("ArgumentPackage", "ArgumentPackageBinding")]
        """Those that become modules."""
        for package in self.packages:
            self.modules[id(package)] = str(stated(package, "module", label(package)))
        self.cited = {
            id(cited)
            for item in document.items
            for cited in item.refs.get("citedElement", ())
            if item.cls in OF_CLASS and cited.parent is not item.parent
        }
        """Items, by object identity, that another package cites: SACM hides nothing, in GSN they have to be public."""
        related = {id(end) for item in document.items for ends in item.refs.values() for end in ends}
        for package in self.packages:
            self._identify(package, related)

    def elements(self, package: Item) -> list[Item]:
        """The items of a package that are elements of GSN."""
        return [child for child in package.children if child.cls in OF_CLASS]

    def _identify(self, package: Item, related: set[int]) -> None:
        """Identifiers; of two items with one name, the second gets another if something refers to it."""
        taken: set[str] = set()
        numbers: dict[str, int] = {}
        for item in self.elements(package):
            identifier = str(stated(item, "id", label(item)))
            if identifier in taken and id(item) in related:
                number = numbers.get(identifier, 2)
                while f"{identifier}.{number}" in taken:
                    number += 1
                numbers[identifier] = number
                message = f"{item.called}: the name is taken, the element becomes {identifier}.{number}"
                self.findings.append(G247.finding(message, item.place, severity=Severity.WARNING))
                identifier = f"{identifier}.{number}"
            taken.add(identifier)
            self.ids[id(item)] = identifier
            self.types[id(item)] = self._type(item)

    def _type(self, item: Item) -> ElementType:
        """What an item is, from the strongest sign that there is."""
        tagged = stated(item, "type", None)
        if isinstance(tagged, str) and tagged in set(ElementType):
            return ElementType(tagged)
        of_gsn = GSN_TYPES[item.gsn][1] if item.gsn else None
        if of_gsn is not None:
            return of_gsn
        kind = OF_CLASS[item.cls]
        named = [other.cls for other in item.refs.get("referencedArtifactElement", ())]
        if item.cls == "ArtifactReference" and named == ["ArgumentPackageBinding"]:
            return ElementType.CONTRACT
        if item.cls == "ArtifactReference" and named == ["ArgumentPackage"]:
            return ElementType.MODULE
        if item.cls == "Claim" and item.declaration == "assumed":
            kind = ElementType.ASSUMPTION
        elif used := self._by_use(item):
            self.findings.append(G247.finding(f"{item.called} is taken as a {used}", item.place))
            kind = used
        cited = item.refs.get("citedElement", [])
        if cited and cited[0].parent is not item.parent:
            kind = AWAY_FOR.get(OF_CLASS.get(cited[0].cls, kind) if kind is OF_CLASS[item.cls] else kind, kind)
        return kind

    def _by_use(self, item: Item) -> ElementType | None:
        """A claim or reference that is only ever the source of context."""
        for key, value in item.tags:
            if (hint := _HINTS.get(key.lower()) or _HINTS.get(value.lower())) is not None:
                return hint
        if item.cls not in ("Claim", "ArtifactReference"):
            return None
        if self._uses.get(id(item)) != {"AssertedContext"}:
            return None
        if item.cls == "Claim" and item.declaration == "axiomatic" and (item.name or "").startswith("J"):
            return ElementType.JUSTIFICATION
        return ElementType.CONTEXT


def label(item: Item) -> str:
    """Name, else identifier, else a number that no other of its kind in the file has."""
    if item.name:
        return item.name
    return item.ids[0] if item.ids else f"{item.cls}-{item.place.line}-{item.place.column}"


def _tags(item: Item) -> Iterable[tuple[str, Any]]:
    """Our own tagged values."""
    for key, value in item.tags:
        if key.startswith(TAG):
            try:
                yield key.removeprefix(TAG), json.loads(value)
            except (ValueError, RecursionError):
                yield key.removeprefix(TAG), value


def stated(item: Item, name: str, otherwise: Any) -> Any:
    """One of our own tagged values."""
    return next((value for key, value in _tags(item) if key == name and value is not None), otherwise)


def stated_list(item: Item, name: str) -> list[Any]:
    """One of our own tagged values that has to be a list."""
    held = stated(item, name, [])
    return held if isinstance(held, list) else []


def carried_fields(item: Item, without: Iterable[str]) -> carried.Fields:
    """Fields of the model that our own tagged values carry."""
    left_out = set(without)
    return {key: value for key, value in _tags(item) if key not in left_out}


def extras(item: Item) -> list[list[str]]:
    """Texts in further languages, and tagged values of others."""
    texts = [[f"description@{lang}", text] for lang, text in item.texts if text != item.text]
    return texts + [[key, value] for key, value in item.tags if not key.startswith(TAG)]
