"""Token paths: `{name}`, `{item.text}`, `{outer.id}`, and what they mean, by declaration and in data.

`item` is the item of the innermost collection that an element stands for, `outer` that of the next one out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from assurance.gsn.patterns.format import Parameter, PatternElement

TOKEN: Final = re.compile(r"\{([a-z_][a-z0-9_.]*)\}")
_WHOLE = re.compile(r"\{([a-z_][a-z0-9_.]*)\}\Z")
SCALARS: Final = frozenset({"text", "integer", "digest", "status"})
"""Types that a token inside a text can have."""


def tokens(text: str | None) -> list[str]:
    """The paths that a text names, in order."""
    return TOKEN.findall(text or "")


def whole(text: str) -> str | None:
    """The path, when a text is one token and nothing else."""
    found = _WHOLE.match(text.strip())
    return found[1] if found else None


def collections_of(parameters: Mapping[str, Parameter], steps: tuple[str, ...]) -> list[Parameter] | None:
    """The declarations of nested collections, outermost first; None when a step is no collection."""
    found: list[Parameter] = []
    fields: Mapping[str, Parameter] = parameters
    for step in steps:
        parameter = fields.get(step)
        if parameter is None or parameter.type != "collection":
            return None
        found.append(parameter)
        fields = parameter.fields
    return found


def declared(parameters: Mapping[str, Parameter], element: PatternElement, path: str) -> Parameter | None:
    """The declaration that a path of this element leads to; None when it leads nowhere."""
    first, *rest = path.split(".")
    if first in ("item", "outer"):
        nested = collections_of(parameters, element.steps) or []
        depth = 1 if first == "item" else 2
        if len(nested) < depth or not rest:
            return None
        fields = nested[-depth].fields
        first, *rest = rest
    else:
        fields = parameters
    found = fields.get(first)
    for step in rest:
        found = found.fields.get(step) if found is not None and found.type != "collection" else None
    return found


def value(scope: Mapping[str, Any], path: str) -> Any:
    """What data in scope holds at a path; None when nothing."""
    found: Any = scope
    for step in path.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    return found


def scopes(
    steps: tuple[str, ...], data: Mapping[str, Any]
) -> Iterator[tuple[tuple[tuple[str, str], ...], dict[str, Any]]]:
    """Every combination of items of nested collections: binding (collection path, item id) and the data in scope."""

    def descend(
        number: int, binding: tuple[tuple[str, str], ...], scope: dict[str, Any]
    ) -> Iterator[tuple[tuple[tuple[str, str], ...], dict[str, Any]]]:
        if number == len(steps):
            yield binding, scope
            return
        here = "/".join(steps[: number + 1])
        holder = scope["item"] if number else scope
        for item in holder.get(steps[number]) or ():
            inner = {**scope, "outer": scope.get("item"), "item": item}
            yield from descend(number + 1, (*binding, (here, str(item["id"]))), inner)

    yield from descend(0, (), dict(data))
