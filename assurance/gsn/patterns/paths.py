"""Token paths: `{name}`, `{item.text}`, `{outer.id}`, and what they mean, by declaration and in data.

`item` is the item of the innermost collection that an element stands for, `outer` that of the next one out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

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


class Scope(NamedTuple):
    """What the tokens of an element can name: the data, and the items that it stands for."""

    data: Mapping[str, Any]
    item: Mapping[str, Any] | None = None
    outer: Mapping[str, Any] | None = None


class Path:
    """A path, taken apart once to be followed many times."""

    def __init__(self, path: str) -> None:
        self._path = path
        first, *rest = path.split(".")
        self._part = {"item": 1, "outer": 2}.get(first, 0)
        """Which part of a scope it begins in."""
        self._steps = rest if self._part else [first, *rest]

    def __str__(self) -> str:
        return self._path

    def value(self, scope: Scope) -> Any:
        """What data in scope holds there; None when nothing."""
        found: Any = scope[self._part]
        try:
            for step in self._steps:
                found = found[step]
        except (KeyError, TypeError):  # a key that is not there, or something without keys
            return None
        return found


def value(scope: Scope, path: str) -> Any:
    """What data in scope holds at a path; None when nothing."""
    return Path(path).value(scope)


def common(steps: Sequence[str], others: Sequence[str]) -> int:
    """How many collections, from the outermost on, two elements stand for together."""
    number = 0
    while number < min(len(steps), len(others)) and steps[number] == others[number]:
        number += 1
    return number


class Template:
    """A text with tokens, taken apart once to be filled many times."""

    def __init__(self, text: str) -> None:
        self._start, *rest = TOKEN.split(text)
        self._tokens = [(Path(path), after) for path, after in zip(rest[::2], rest[1::2], strict=True)]

    def filled(self, scope: Scope, missing: list[str]) -> str:
        """The text with its tokens replaced, blanks joined; the paths that lead to nothing that a text can hold are
        added to `missing`. Values are not read as templates again."""
        text = self._start
        for path, after in self._tokens:
            found = path.value(scope)
            if isinstance(found, str):
                text += found
            elif isinstance(found, int) and not isinstance(found, bool):
                text += str(found)
            else:
                missing.append(str(path))
            text += after
        return " ".join(text.split())
