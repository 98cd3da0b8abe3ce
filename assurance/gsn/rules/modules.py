"""Between modules: what is repeated is there, public, and repeated word for word; contracts keep to themselves (M3, M5, M6).

A module that is named but was not given cannot be checked; that is a warning, never silence. The inside of a
module's interfaces is in `interfaces`, circles through modules are in `composition`.
"""

from __future__ import annotations

from collections.abc import Iterator

from assurance.gsn.arguments import Arguments
from assurance.gsn.elements import AWAY, AwayElement, ContractReference, Element, Goal, ModuleReference, is_public
from assurance.gsn.model import Argument
from assurance.gsn.rules import places
from assurance.gsn.rules.visibility import Visibility
from evidence.diagnostics import Finding, Place, Severity, code

G137 = code(
    "G137",
    Severity.WARNING,
    "no contract at hand supports a goal that is to be supported by contract",
    "give the contract module too, or mark the goal undeveloped",
    "GSN 1:4.3.2",
)
G166 = code(
    "G166",
    Severity.ERROR,
    "two patterns have the same identifier",
    "give each pattern of a catalogue an identifier of its own",
    "GSN 1:3.4",
)
G167 = code(
    "G167",
    Severity.ERROR,
    "an away element repeats an element that its module does not have",
    "mend `of` or the module's name, or add the element there",
    "GSN 1:4.3",
)
G168 = code(
    "G168",
    Severity.WARNING,
    "a module that is referred to was not given",
    "give its file too (`modules:`): nothing that depends on it could be checked",
    "GSN 1:4.3",
)
G169 = code(
    "G169",
    Severity.ERROR,
    "an away element does not repeat the statement of its original",
    "copy the statement word for word",
    "GSN 1:4.3",
)
G170 = code(
    "G170",
    Severity.ERROR,
    "an away element repeats something that its module does not show",
    "make the original public and put it into an interface that this module may see",
    "GSN 1:4.3, 1:4.6.3, 1:4.7.4",
)
G171 = code(
    "G171",
    Severity.ERROR,
    "an away element is of another kind than its original",
    "use the away form of the original's kind",
    "GSN 1:4.3",
)
G172 = code(
    "G172",
    Severity.ERROR,
    "a contract module holds a module or contract reference",
    "name the elements that it joins as away elements",
    "GSN 1:4.7.3",
)
G173 = code(
    "G173",
    Severity.ERROR,
    "a contract module has an interface or public elements",
    "remove them: nobody refers to the inside of a contract",
    "GSN 1:4.7.3",
)
G174 = code(
    "G174",
    Severity.ERROR,
    "a reference names a module of the wrong kind",
    "refer to contracts by contract references, and to other modules by module references",
    "GSN 1:4.3, 1:4.7",
)
G181 = code(
    "G181",
    Severity.ERROR,
    "two modules have the same name",
    "give one of them another name and mend what refers to it",
    "GSN 1:4.2.2",
)

Located = tuple[str, Finding]
"""A module's name, and a finding about it."""


def check(argument: Argument) -> Iterator[Finding]:
    """What a contract module must not hold: the part that shows without the other modules."""
    if argument.kind != "contract":
        return
    for element in argument:
        place, named = places.of_element(element), f"{element.type} {element.id}"
        if isinstance(element, ModuleReference | ContractReference):
            yield G172.finding(f"{named} stands in contract {argument.module!r}", place)
        elif is_public(element):
            yield G173.finding(f"{named} of contract {argument.module!r} is public", place)
    for interface in argument.interfaces:
        yield G173.finding(f"contract {argument.module!r} has the interface {interface.id}", places.of(interface))


def check_together(arguments: Arguments) -> Iterator[Located]:
    """References between modules, in the order of modules and elements."""
    for argument in arguments.duplicates:
        first = arguments[argument.module].place
        where = f" ({first})" if first is not None else ""
        yield argument.module, G181.finding(f"another module is called {argument.module!r}{where}", argument.place)
    visible = Visibility(arguments)
    origin = arguments.originals()
    contracted = {
        origin[argument.module, element.id]
        for argument in arguments
        if argument.kind == "contract"
        for element in argument
        if argument.children(element.id)
    }
    patterns: set[str] = set()
    for argument in arguments:
        name = argument.module
        if argument.pattern is not None:
            if argument.pattern.id in patterns:
                yield (
                    name,
                    G166.finding(f"another module holds a pattern {argument.pattern.id!r} too", argument.pattern.place),
                )
            patterns.add(argument.pattern.id)
        for element in argument:
            for finding in _element(arguments, visible, argument, element):
                yield name, finding
            if isinstance(element, Goal) and element.by_contract and (name, element.id) not in contracted:
                yield (
                    name,
                    G137.finding(
                        f"no contract at hand supports {element.type} {element.id}", places.of_element(element)
                    ),
                )
        for absent, place in _named(argument):
            if absent not in arguments:
                yield name, _absent(absent, place)


def _element(arguments: Arguments, visible: Visibility, argument: Argument, element: Element) -> Iterator[Finding]:
    if not isinstance(element, AwayElement | ModuleReference | ContractReference):
        return
    place, named = places.of_element(element), f"{element.type} {element.id}"
    if element.module not in arguments:
        yield _absent(element.module, place)
        return
    owner = arguments[element.module]
    if not isinstance(element, AwayElement):
        if (owner.kind == "contract") != isinstance(element, ContractReference):
            kind = "a contract" if owner.kind == "contract" else "no contract"
            yield G174.finding(f"{named}: module {owner.module!r} is {kind}", place)
        return
    if element.original not in owner:
        yield G167.finding(f"{named}: module {owner.module!r} has no {element.original!r}", place)
        return
    original = owner[element.original]
    if original.type is not AWAY[element.type]:
        yield G171.finding(f"{named}: {element.original} of {owner.module!r} is of kind {original.type}", place)
        return
    # an empty statement has its own finding
    if element.text.strip() and element.text.split() != original.text.split():
        message = f"{named} differs from {element.original} of {owner.module!r}"
        yield G169.finding(message, place, expected=original.text)
    if not visible(owner, element.original, argument):
        yield G170.finding(f"{named}: {owner.module!r} does not show {element.original} to {argument.module!r}", place)


def _named(argument: Argument) -> Iterator[tuple[str, Place]]:
    """Modules that a module names outside its elements, once each."""
    named: dict[str, Place] = {}
    for point in argument.claim_points:
        if point.module is not None:
            named.setdefault(point.module, places.of(point))
    for interface in argument.interfaces:
        for module in (*interface.depends_on, *interface.visible_to):
            named.setdefault(module, places.of(interface))
    for module in argument.contains:
        named.setdefault(module, argument.place or Place())
    yield from named.items()


def _absent(module: str, place: Place) -> Finding:
    return G168.finding(f"no module {module!r} at hand", place)
