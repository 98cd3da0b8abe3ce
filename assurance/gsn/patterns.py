"""Pattern files: an argument with parameters, and its instantiation from data.

A pattern (GSN 1:3) is YAML under `templates/patterns/`. Its elements hold {tokens}; an element with `for_each`
stands once for each item of a collection, nested by a slash ("requirements/evidence"). Instantiation binds
every token, expands every collection, gives each element a unique identifier and notes pattern and binding as
its provenance. A token without data is an error: nothing is left to be filled in by hand (GSN 1:3.1.3, 3.5.2).
An element with `undeveloped: if-unsupported` gets the decorator when nothing supports its instance.
`status` binds the standing that evidence gives to a goal; this module passes it on and judges nothing.
Not here yet: choice and multiplicity ranges.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from assurance.gsn.model import (
    Argument,
    Assumption,
    Context,
    Element,
    ElementType,
    Goal,
    Justification,
    Provenance,
    Solution,
    Strategy,
)
from assurance.resources import folder
from evidence.diagnostics import Place, Severity, code
from evidence.errors import InputError
from evidence.specification import Frozen
from evidence.strict_yaml import Document, read_yaml, validate

G_NO_PATTERN = code("G140", Severity.ERROR, "unknown pattern", "name one of the shipped patterns", "GSN 1:3.4")
G_TOKEN = code(
    "G141", Severity.ERROR, "pattern token without data", "give the pattern the data that it names", "GSN 1:3.5.2"
)
G_TARGET = code(
    "G142",
    Severity.ERROR,
    "pattern refers to an element that it does not define",
    "define it or mend the name",
    "GSN 1:3.5.3",
)

G_TOO_LONG = code(
    "G143", Severity.ERROR, "instantiated element cannot be held", "shorten the text that the data gives it"
)

_TOKEN = re.compile(r"\{([a-z_][a-z0-9_.]*)\}")


class PatternElement(Frozen):
    """One element of a pattern, before instantiation."""

    id: str = Field(pattern=r"^[A-Z][A-Za-z0-9-]*$")
    type: ElementType
    text: str = Field(min_length=1)
    for_each: str | None = None
    supported_by: tuple[str, ...] = ()
    in_context_of: tuple[str, ...] = ()
    undeveloped: Literal["never", "if-unsupported"] = "never"
    claim: str | None = None
    evidence: str | None = None
    status: str | None = None


class Pattern(Frozen):
    """A pattern with the topics that describe it (GSN 1:3.4)."""

    schema_: Literal["gsn-pattern/1"] = Field(alias="schema")
    id: str
    name: str
    intent: str
    motivation: str
    structure: str
    participants: str
    collaboration: str
    applicability: str
    consequences: str
    implementation: str
    examples: str
    known_uses: str
    related_patterns: str
    elements: tuple[PatternElement, ...] = Field(min_length=1)


@dataclass(frozen=True)
class Instance:
    """An instantiated pattern: the argument, and the status words bound to its goals."""

    argument: Argument
    status: dict[str, str]


Binding = tuple[tuple[str, str], ...]
"""The items that an instance stands for: (collection, item id), outermost first."""


def available() -> list[str]:
    """Identifiers of the shipped patterns."""
    return sorted(path.stem for path in (folder("templates") / "patterns").glob("*.yaml"))


def load_pattern(id: str) -> tuple[Pattern, Document]:
    """A shipped pattern. Raises InputError G140 when there is none of that name, C10x/G142 when it is malformed."""
    if id not in available():
        raise InputError.of(G_NO_PATTERN, f"there is no pattern {id!r}", expected=f"one of: {', '.join(available())}")
    return read_pattern(folder("templates") / "patterns" / f"{id}.yaml")


def read_pattern(path: Path) -> tuple[Pattern, Document]:
    """A pattern from a file; its internal references are checked."""
    document = read_yaml(path, path.name)
    pattern = validate(document, Pattern)
    names = {element.id for element in pattern.elements}
    for i, element in enumerate(pattern.elements):
        for target in (*element.supported_by, *element.in_context_of):
            if target not in names:
                place = document.place(("elements", i), element.id)
                raise InputError.of(G_TARGET, f"{element.id} refers to {target!r}", place)
    return pattern, document


def instantiate(pattern: Pattern, data: Mapping[str, Any], document: Document | None = None) -> Instance:
    """Expand a pattern over data: nested mappings, with lists of mappings that have an `id` as collections.

    Raises InputError G141 naming the element and the token that the data does not cover, G143 for a text too long.
    """
    argument = Argument(pattern.id, pattern.name)
    status: dict[str, str] = {}
    instances = {element.id: list(_bindings(element, data)) for element in pattern.elements}
    by_id = {element.id: element for element in pattern.elements}
    for number, element in enumerate(pattern.elements):
        place = document.place(("elements", number), element.id) if document else Place(element=element.id)
        for binding, scope in instances[element.id]:
            try:
                argument.add(_make(pattern, element, binding, scope, place))
            except ValidationError as error:
                name = instance_id(element.id, binding)
                raise InputError.of(G_TOO_LONG, f"{name}: {error.errors()[0]['msg']}", place) from None
            if element.status is not None:
                status[instance_id(element.id, binding)] = _fill(element.status, scope, element.id, place)
    for element in pattern.elements:
        for binding, _ in instances[element.id]:
            source = instance_id(element.id, binding)
            supporters = [
                instance_id(target, other)
                for target in element.supported_by
                for other, _ in instances[target]
                if _matches(binding, other)
            ]
            argument.support(source, *supporters)
            argument.contextualise(
                source,
                *(
                    instance_id(target, other)
                    for target in element.in_context_of
                    for other, _ in instances[target]
                    if _matches(binding, other)
                ),
            )
            if by_id[element.id].undeveloped == "if-unsupported" and not supporters:
                argument.replace(argument[source].model_copy(update={"undeveloped": True}))
    return Instance(argument, status)


def instance_id(element: str, binding: Binding) -> str:
    """Identifier of an instance: the pattern's own, then the items it stands for."""
    return "-".join([element, *(item for _, item in binding)])


def _matches(mine: Binding, other: Binding) -> bool:
    """Instances are joined when they agree on every collection that both stand in."""
    theirs = dict(other)
    return all(theirs.get(collection, item) == item for collection, item in mine)


def _bindings(element: PatternElement, data: Mapping[str, Any]) -> Iterator[tuple[Binding, dict[str, Any]]]:
    """Every combination of items that the element stands for, with the data in scope (`item` is the innermost)."""

    def descend(
        steps: list[str], path: str, binding: Binding, scope: dict[str, Any]
    ) -> Iterator[tuple[Binding, dict[str, Any]]]:
        if not steps:
            yield binding, scope
            return
        name = steps[0]
        here = f"{path}/{name}" if path else name
        holder = scope["item"] if path else scope
        for item in holder.get(name, ()):
            inner = {**scope, "outer": scope.get("item"), "item": item}
            yield from descend(steps[1:], here, (*binding, (here, str(item["id"]))), inner)

    yield from descend(element.for_each.split("/") if element.for_each else [], "", (), dict(data))


def _make(pattern: Pattern, element: PatternElement, binding: Binding, scope: dict[str, Any], place: Place) -> Element:
    text = _fill(element.text, scope, element.id, place)
    id = instance_id(element.id, binding)
    origin = Provenance(pattern=pattern.id, binding=binding)
    if element.type is ElementType.GOAL:
        claim = _fill(element.claim, scope, element.id, place) if element.claim else None
        return Goal(id=id, text=text, provenance=origin, claim=claim)
    if element.type is ElementType.SOLUTION:
        evidence = (_fill(element.evidence, scope, element.id, place),) if element.evidence else ()
        return Solution(id=id, text=text, provenance=origin, evidence=evidence)
    kinds = {
        ElementType.STRATEGY: Strategy,
        ElementType.CONTEXT: Context,
        ElementType.ASSUMPTION: Assumption,
        ElementType.JUSTIFICATION: Justification,
    }
    made: Element = kinds[element.type](id=id, text=text, provenance=origin)
    return made


def _fill(template: str, scope: Mapping[str, Any], element: str, place: Place) -> str:
    def value(match: re.Match[str]) -> str:
        found: Any = scope
        for step in match[1].split("."):
            found = found.get(step) if isinstance(found, Mapping) else None
        if not isinstance(found, str | int) or isinstance(found, bool):
            raise InputError.of(G_TOKEN, f"{element}: no data for {{{match[1]}}}", place)
        return str(found)

    return " ".join(_TOKEN.sub(value, template).split())
