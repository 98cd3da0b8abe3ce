"""What a module shows: its interfaces are complete and consistent (rule M7).

Whether other modules keep to them is in `modules`.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator

from assurance.gsn.elements import ElementType, Goal
from assurance.gsn.model import Argument
from assurance.gsn.relations import Interface, RelationType
from assurance.gsn.rules import places
from evidence.diagnostics import Finding, Severity, code

G175 = code(
    "G175",
    Severity.ERROR,
    "an interface names an element that the module does not have or that is not public",
    "make the element public, or take it out of the interface",
    "GSN 1:4.6.3",
)
G176 = code(
    "G176",
    Severity.ERROR,
    "context in whose scope a public goal stands is not shown with it",
    "make it public, and put it into each interface that shows the goal",
    "GSN 1:4.6.3",
)
G177 = code(
    "G177",
    Severity.ERROR,
    "an identifier stands twice in the interfaces of a module",
    "name each interface, and each element of an interface, once",
    "GSN 1:4.6.3",
)
G178 = code(
    "G178",
    Severity.ERROR,
    "an interface asks support for something that needs none",
    "list goals that are undeveloped or to be supported by contract",
    "GSN 1:4.6.3",
)

_INHERITED = frozenset({ElementType.CONTEXT, ElementType.ASSUMPTION})


def check(argument: Argument) -> Iterator[Finding]:
    """Each interface, or the public elements where none is declared."""
    if argument.kind == "contract":
        return  # it has none; `modules` says so where it has
    doubled = [id for id, count in Counter(item.id for item in argument.interfaces).items() if count > 1]
    for id in doubled:
        yield G177.finding(
            f"{id!r} names several interfaces", places.of(next(i for i in argument.interfaces if i.id == id))
        )
    for interface in argument.interfaces:
        yield from _interface(argument, interface)
    if not argument.interfaces:
        # what is public makes up the default interface; nobody wrote one, so its gaps are gaps and no contradictions
        public = [element.id for element in argument if getattr(element, "public", False)]
        for goal, context in _hidden(argument, public):
            message = f"{argument[context].type} {context}, in whose scope public goal {goal} stands, is not public"
            yield G176.finding(message, places.of_element(argument[context]), severity=Severity.WARNING)


def _interface(argument: Argument, interface: Interface) -> Iterator[Finding]:
    place = places.of(interface)
    for id, count in Counter((*interface.elements, *interface.needs_support)).items():
        if count > 1:
            yield G177.finding(f"interface {interface.id} names {id!r} {count} times", place)
    shown = dict.fromkeys(interface.elements)
    for id in shown:
        if id not in argument:
            yield G175.finding(f"interface {interface.id}: no element {id!r}", place)
        elif not getattr(argument[id], "public", False):
            yield G175.finding(f"interface {interface.id}: {argument[id].type} {id} is not public", place)
    for id in dict.fromkeys(interface.needs_support):
        if id not in argument:
            yield G175.finding(f"interface {interface.id}: no element {id!r}", place)
            continue
        element = argument[id]
        if not (isinstance(element, Goal) and (element.undeveloped or element.by_contract)):
            yield G178.finding(f"interface {interface.id}: {element.type} {id} needs no support", place)
    goals = [id for id in (*shown, *interface.needs_support) if id in argument]
    for goal, context in _hidden(argument, goals, shown):
        message = f"interface {interface.id} shows {goal} without {argument[context].type} {context}"
        yield G176.finding(message, place)


def _hidden(argument: Argument, shown: Iterable[str], within: Iterable[str] | None = None) -> Iterator[tuple[str, str]]:
    """Each context that is not shown though a goal in its scope is, with one such goal.

    In scope are the contexts of a goal and of everything above it; a justification is for its own element only
    (1:2.2.19). What comes from another module is shown there.
    """
    shown = tuple(shown)
    visible = set(shown if within is None else within)
    leads_to = {id: id for id in shown if isinstance(argument[id], Goal)}
    waiting = deque(leads_to)
    told: set[str] = set()
    while waiting:
        here = waiting.popleft()
        kinds = _INHERITED | {ElementType.JUSTIFICATION} if leads_to[here] == here else _INHERITED
        for context in argument.contexts(here):
            if context.type in kinds and context.id not in visible and context.id not in told:
                told.add(context.id)
                yield leads_to[here], context.id
        for relation in argument.relations_to(here):
            above = relation.source
            if relation.type is RelationType.SUPPORTED_BY and above in argument and above not in leads_to:
                leads_to[above] = leads_to[here]
                waiting.append(above)
