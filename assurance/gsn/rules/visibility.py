"""What modules show to each other: public elements, or what their interfaces name (GSN 1:4.6, 1:4.7).

Answers are kept, so that many references to modules with many interfaces take no more than time in proportion.
Makes no findings: that is done in `modules`.
"""

from __future__ import annotations

from assurance.gsn.arguments import Arguments
from assurance.gsn.elements import Goal, is_public
from assurance.gsn.model import Argument


class Visibility:
    """Who sees what among some modules."""

    def __init__(self, arguments: Arguments) -> None:
        self._contracts = [
            (holder.module, frozenset(holder.contains))
            for holder in arguments
            if holder.kind == "contract" and holder.contains
        ]
        self._shown: dict[str, tuple[dict[str, list[int]], dict[str, list[int]]]] = {}
        """By module: element -> numbers of the interfaces that show it, or that ask support for it."""
        self._viewers: dict[str, list[frozenset[str]]] = {}
        """By module: whom each interface is for, empty for all."""
        self._known: dict[tuple[str, str, str], bool] = {}
        self._closed: dict[tuple[str, str], bool] = {}

    def __call__(self, owner: Argument, identifier: str, viewer: Argument) -> bool:
        """Whether a module shows an element to another one.

        Without declared interfaces all public elements are shown. Goals that need support are shown to contracts.
        What a contract contains is shown to nobody outside it (1:4.7.4).
        """
        key = owner.module, identifier, viewer.module
        if key not in self._known:
            self._known[key] = not self._is_closed(owner, viewer) and self._is_shown(owner, identifier, viewer)
        return self._known[key]

    def _is_closed(self, owner: Argument, viewer: Argument) -> bool:
        key = owner.module, viewer.module
        if key not in self._closed:
            self._closed[key] = any(
                owner.module in held and viewer.module != holder and viewer.module not in held
                for holder, held in self._contracts
            )
        return self._closed[key]

    def _is_shown(self, owner: Argument, identifier: str, viewer: Argument) -> bool:
        element = owner[identifier]
        public = is_public(element)
        if not owner.interfaces:
            return public or (viewer.kind == "contract" and isinstance(element, Goal) and element.by_contract)
        if owner.module not in self._shown:
            self._index(owner)
        shown, needy = self._shown[owner.module]
        numbers = list(shown.get(identifier, ())) if public else []
        if viewer.kind == "contract":
            numbers += needy.get(identifier, ())
        viewers = self._viewers[owner.module]
        return any(not viewers[number] or viewer.module in viewers[number] for number in numbers)

    def _index(self, owner: Argument) -> None:
        shown: dict[str, list[int]] = {}
        needy: dict[str, list[int]] = {}
        for number, interface in enumerate(owner.interfaces):
            for name in interface.elements:
                shown.setdefault(name, []).append(number)
            for name in interface.needs_support:
                needy.setdefault(name, []).append(number)
        self._shown[owner.module] = shown, needy
        self._viewers[owner.module] = [frozenset(interface.visible_to) for interface in owner.interfaces]
