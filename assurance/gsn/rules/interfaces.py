"""What a module shows: its interfaces are complete and consistent (rule M7).

Whether other modules keep to them is in `modules`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from typing import Final

from assurance.gsn.elements import Goal, is_public
from assurance.gsn.model import Argument
from assurance.gsn.relations import Interface
from assurance.gsn.rules import places
from assurance.gsn.scope import Purse, in_scope
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

G250 = code(
    "G250",
    Severity.ERROR,
    "a module has more interfaces over entangled goals than are examined for the context that they lack",
    "split the module, or let fewer interfaces show goals that hang deep below contexts",
    "GSN 1:4.6.3",
)

_STEPS: Final = 500_000
_STEPS_EACH: Final = 5
"""Steps up the argument that all interfaces of a module may take together: some, and some more for each element,
relation and interface. An argument of thousands of elements with hundreds of interfaces stays far below."""


def check(argument: Argument) -> Iterator[Finding]:
    """Each interface, or the public elements where none is declared."""
    if argument.kind == "contract":
        return  # it has none; `modules` says so where it has
    named: dict[str, list[Interface]] = {}
    for interface in argument.interfaces:
        named.setdefault(interface.id, []).append(interface)
    for id, several in named.items():
        if len(several) > 1:
            yield G177.finding(f"{id!r} names several interfaces", places.of(several[0]))
    size = len(argument) + len(argument.relations) + len(argument.interfaces)
    purse = Purse(_STEPS + _STEPS_EACH * size)
    for number, interface in enumerate(argument.interfaces):
        yield from _interface(argument, interface, purse)
        if purse.spent:
            left = len(argument.interfaces) - number
            message = (
                f"{left} of {len(argument.interfaces)} interfaces were not examined for the context that they lack"
            )
            yield G250.finding(message, places.of(interface))
            # the other rules cost no walk, and hold for every interface
            purse = Purse(0)
            for rest in argument.interfaces[number + 1 :]:
                yield from _interface(argument, rest, purse)
            break
    if not argument.interfaces:
        # what is public makes up the default interface; nobody wrote one, so its gaps are gaps and no contradictions
        public = [element.id for element in argument if is_public(element)]
        for goal, context in _hidden(argument, public):
            message = f"{argument[context].type} {context}, in whose scope public goal {goal} stands, is not public"
            yield G176.finding(message, places.of_element(argument[context]), severity=Severity.WARNING)


def _interface(argument: Argument, interface: Interface, purse: Purse) -> Iterator[Finding]:
    place = places.of(interface)
    for id, count in Counter((*interface.elements, *interface.needs_support)).items():
        if count > 1:
            yield G177.finding(f"interface {interface.id} names {id!r} {count} times", place)
    shown = dict.fromkeys(interface.elements)
    for id in shown:
        if id not in argument:
            yield G175.finding(f"interface {interface.id}: no element {id!r}", place)
        elif not is_public(argument[id]):
            yield G175.finding(f"interface {interface.id}: {argument[id].type} {id} is not public", place)
    for id in dict.fromkeys(interface.needs_support):
        if id not in argument:
            yield G175.finding(f"interface {interface.id}: no element {id!r}", place)
            continue
        element = argument[id]
        if not (isinstance(element, Goal) and (element.undeveloped or element.by_contract)):
            yield G178.finding(f"interface {interface.id}: {element.type} {id} needs no support", place)
    goals = [id for id in (*shown, *interface.needs_support) if id in argument]
    for goal, context in _hidden(argument, goals, shown, purse):
        message = f"interface {interface.id} shows {goal} without {argument[context].type} {context}"
        yield G176.finding(message, place)


def _hidden(
    argument: Argument, shown: Iterable[str], within: Collection[str] | None = None, purse: Purse | None = None
) -> Iterator[tuple[str, str]]:
    """Each context that is not shown though a goal in its scope is, with one such goal.

    What comes from another module is shown there.
    """
    shown = tuple(shown)
    visible = set(shown if within is None else within)
    goals = [id for id in shown if isinstance(argument[id], Goal)]
    for goal, context in in_scope(argument, goals, purse):
        if context.id not in visible:
            yield goal, context.id
