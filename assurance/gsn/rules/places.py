"""Where a finding stands: the element's or relation's own place, with the element's identifier filled in; and lists of
names in its message, cut where they would run on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from assurance.gsn.elements import Element
from assurance.gsn.relations import Choice, ClaimPoint, Interface, Relation
from evidence.diagnostics import Place

_NAMED: Final = 20


def listed(names: Sequence[str], between: str = ", ") -> str:
    """Names in a row; of very many the first ones and how many are left."""
    if len(names) <= _NAMED:
        return between.join(names)
    return f"{between.join(names[:_NAMED])}{between}... ({len(names) - _NAMED} more)"


def of_element(element: Element) -> Place:
    """The place of an element."""
    return _at(element.place, element.id)


def of_relation(relation: Relation) -> Place:
    """The place of a relation; its source stands as the element."""
    return _at(relation.place, relation.source)


def of(item: Choice | ClaimPoint | Interface) -> Place:
    """The place of something else that has an identifier."""
    return _at(item.place, item.id)


def _at(place: Place | None, id: str) -> Place:
    if place is None:
        return Place(element=id)
    return Place(place.file, place.line, place.column, place.field, id)
