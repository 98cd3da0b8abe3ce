"""What a foreign format cannot say, as JSON values that it carries along: fields of elements, relations, arguments.

Writers take away what their format says in its own words and put the rest into one place that other tools leave
alone; readers start from what stands there in the format's words and add the rest. So an edit made with another
tool counts, and nothing is lost. This module knows no format.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from assurance.gsn.elements import Element
from assurance.gsn.model import SCHEMA, Argument
from assurance.gsn.relations import Relation
from evidence.diagnostics import Place

KEY: Final = "assurance"
"""Under this name formats carry our own fields."""

Fields = dict[str, Any]
_ELEMENT: TypeAdapter[Element] = TypeAdapter(Element)
_RELATION: TypeAdapter[Relation] = TypeAdapter(Relation)
_ENDS: Final = frozenset({"type", "source", "target"})
_OF_ARGUMENT: Final = ("schema", "module", "title", "elements", "relations")


def element_fields(element: Element) -> Fields:
    """The fields of an element that are not at their default, with its type."""
    return {"type": element.type.value, **element.model_dump(mode="json", exclude_defaults=True)}


def relation_fields(relation: Relation) -> Fields:
    """The fields of a relation that are not at their default."""
    return relation.model_dump(mode="json", exclude_defaults=True)


def argument_fields(argument: Argument) -> Fields:
    """What an argument holds beside module, title, elements and relations."""
    return {name: value for name, value in argument.as_json().items() if name not in _OF_ARGUMENT}


def make_element(fields: Mapping[str, Any], place: Place | None) -> Element:
    """An element from its fields. Raises ValueError with one readable sentence."""
    try:
        made = _ELEMENT.validate_json(json.dumps(fields), strict=True)
    except ValidationError as error:
        raise ValueError(_sentence(error)) from None
    return made.model_copy(update={"place": place})


def make_relation(fields: Mapping[str, Any], place: Place | None) -> Relation:
    """A relation from its fields. Raises ValueError with one readable sentence."""
    try:
        made = _RELATION.validate_json(json.dumps(fields), strict=True)
    except ValidationError as error:
        raise ValueError(_sentence(error)) from None
    return made.model_copy(update={"place": place})


def make_argument(module: str, title: str, fields: Mapping[str, Any], place: Place | None) -> Argument:
    """An argument without elements. Raises InputError (G130) when a field does not fit."""
    file = place.file if place else None
    argument = Argument.from_json(
        {**fields, "schema": SCHEMA, "module": module, "title": title, "elements": [], "relations": []}, file
    )
    argument.place = place
    return argument


def written(fields: Mapping[str, Any]) -> str:
    """Fields as one line of JSON."""
    return written_value(fields)


def written_value(value: Any) -> str:
    """A value as one line of JSON, in ASCII."""
    return json.dumps(value, ensure_ascii=True, sort_keys=True, separators=(",", ":"))


def read(text: str) -> Fields | None:
    """What `written` wrote; None when it is something else."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _sentence(error: ValidationError) -> str:
    detail = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(str(step) for step in detail["loc"][1:])
    return f"{where}: {detail['msg']}" if where else str(detail["msg"])


def difference(actual: Mapping[str, Any], said: Mapping[str, Any]) -> Fields:
    """What must be carried so that `merged` makes `actual` of what a format says; None stands for an absent field."""
    names = dict.fromkeys((*actual, *said))
    return {name: actual.get(name) for name in names if actual.get(name) != said.get(name)}


def merged(said: Mapping[str, Any], carried: Mapping[str, Any]) -> Fields:
    """What a format says, with the carried fields in place of its own."""
    return {name: value for name, value in {**said, **carried}.items() if value is not None}


class Decorations:
    """Carried decorations of relations, each for one relation of a type to a target, in order."""

    def __init__(self, items: Iterable[Fields]) -> None:
        self._left: dict[tuple[Any, Any], list[Fields]] = {}
        for item in items:
            key = (str(item.get("type")), str(item.get("target")))
            self._left.setdefault(key, []).append(item)
        for found in self._left.values():
            found.reverse()

    def applied(self, said: Mapping[str, Any]) -> Fields:
        """A relation as a format says it, with the first decoration that is meant for it; that one is used up."""
        found = self._left.get((str(said["type"]), str(said.get("target", ""))))
        if not found:
            return dict(said)
        return merged(said, {name: value for name, value in found.pop().items() if name not in _ENDS})


def decorations(pairs: Iterable[tuple[Fields, Fields]]) -> list[Fields]:
    """What has to be carried for relations, given as they are and as a format says them, in reading order.

    Where one of several between the same ends needs it, all get an entry, so that each finds its own.
    """
    found = []
    for actual, said in pairs:
        key = {"type": actual["type"], "target": actual.get("target", "")}
        more = difference(actual, said)
        found.append((key, {name: value for name, value in more.items() if name not in _ENDS}))
    needed = [key for key, more in found if more]
    return [{**key, **more} for key, more in found if key in needed]
