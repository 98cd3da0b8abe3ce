"""Which contexts an element stands in the scope of: its own, and those of everything above it (GSN 1:2.2.14-19).

A context or an assumption holds for all that hangs below the element that it belongs to, a justification for its
own element only. Used where a module shows a goal to others. Judges nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Final

from assurance.gsn.elements import Element, ElementType
from assurance.gsn.model import Argument
from assurance.gsn.relations import RelationType

_INHERITED: Final = frozenset({ElementType.CONTEXT, ElementType.ASSUMPTION})
_OWN: Final = _INHERITED | {ElementType.JUSTIFICATION}


class Purse:
    """Steps that walks may take together, so that entangled input costs bounded time."""

    def __init__(self, steps: int) -> None:
        self.steps = steps
        self.spent = False
        """Whether a walk ended early for want of steps."""

    def pay(self, steps: int) -> bool:
        """Take steps out; False where too few are left."""
        self.steps -= steps
        if self.steps < 0:
            self.spent = True
        return not self.spent


def in_scope(argument: Argument, goals: Iterable[str], purse: Purse | None = None) -> Iterator[tuple[str, Element]]:
    """Each context in whose scope some elements stand, once, with one of those elements.

    With a purse the walk ends where nothing is left in it; `Purse.spent` tells.
    """
    leads_to = {goal: goal for goal in goals}
    waiting = deque(leads_to)
    told: set[str] = set()
    while waiting:
        here = waiting.popleft()
        beside, above = argument.relations_from(here), argument.relations_to(here)
        if purse is not None and not purse.pay(1 + len(beside) + len(above)):
            return
        kinds = _OWN if leads_to[here] == here else _INHERITED
        for relation in beside:
            name = relation.target
            if relation.type is not RelationType.IN_CONTEXT_OF or name not in argument or name in told:
                continue
            if argument[name].type in kinds:
                told.add(name)
                yield leads_to[here], argument[name]
        for relation in above:
            name = relation.source
            if relation.type is RelationType.SUPPORTED_BY and name in argument and name not in leads_to:
                leads_to[name] = leads_to[here]
                waiting.append(name)
