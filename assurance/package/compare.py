"""Name the places where two JSON values differ, so that a reader sees which objective or requirement it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_KEYS = ("id", "standard", "record", "source")
"""Fields by which the entries of a list are told apart, where every entry has one of its own."""
_ABSENT = object()


def differences(packaged: Any, derived: Any, path: str = "") -> Iterator[str]:
    """One sentence for each differing place, in order: what the package says and what was derived."""
    if isinstance(packaged, dict) and isinstance(derived, dict):
        for key in sorted(packaged.keys() | derived.keys(), key=str):
            where = f"{path}.{key}" if path else str(key)
            yield from differences(packaged.get(key, _ABSENT), derived.get(key, _ABSENT), where)
    elif isinstance(packaged, list) and isinstance(derived, list):
        left, right = _named(packaged), _named(derived)
        if left is None or right is None:
            left, right = dict(enumerate(packaged)), dict(enumerate(derived))
        for name in dict.fromkeys([*left, *right]):
            yield from differences(left.get(name, _ABSENT), right.get(name, _ABSENT), f"{path}[{name}]")
        if left.keys() == right.keys() and list(left) != list(right):
            yield f"{path or 'the list'} stands in another order"
    elif type(packaged) is not type(derived) or packaged != derived:
        yield f"{path or 'the document'} is {_shown(packaged)} in the package, {_shown(derived)} when derived again"


def _named(items: list[Any]) -> dict[Any, Any] | None:
    """The entries by their name; None when they have none, or not each its own."""
    for key in _KEYS:
        if items and all(isinstance(item, dict) and isinstance(item.get(key), str) for item in items):
            named = {item[key]: item for item in items}
            if len(named) == len(items):
                return named
    return None


def _shown(value: Any) -> str:
    if value is _ABSENT:
        return "absent"
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
