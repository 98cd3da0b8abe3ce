"""The architecture of an argument: its modules and contracts as symbols, and how they support each other.

GSN's architecture view (1:4.5), derived from what the modules say: away elements, module references and contract
references. It is an argument itself, so that it is laid out and drawn like any other. A module that contains others
says so in words; frames inside frames are drawn in `containment`. Shows no element of a module and judges nothing:
modules may support each other mutually (1:4.5.2).
"""

from __future__ import annotations

from typing import Final

from assurance.gsn.arguments import Arguments
from assurance.gsn.elements import AwayElement, ContractReference, Element, ModuleReference
from assurance.gsn.model import Argument
from assurance.gsn.relations import Relation, RelationType

ABSENT: Final = "Not among the modules given"
_NAMED: Final = 6
"""How many of the modules inside another one are named in its symbol."""


def module_view(arguments: Arguments, title: str = "Modules") -> Argument:
    """One symbol for each module, also for those that are only named, and each connection between two once.

    Where one module rests on another as support and as context, only the support is shown.
    An away element that others rest on stands for its module as the source, so that a contract shows which module
    it supports. Identifiers are the modules' names.
    """
    view = Argument("modules", title)
    contracts = contracts_of(arguments)

    def show(module: str) -> None:
        if module not in view:
            element = symbol(arguments, module, contracts)
            words = _inside(arguments, module)
            view.add(element.model_copy(update={"text": "\n".join(filter(None, (element.text, words)))}))

    for argument in arguments:
        show(argument.module)
        for module in argument.contains:
            show(module)
    joined: dict[tuple[RelationType, str, str], None] = {}
    for argument in arguments:
        named: set[str] = set()
        for relation in argument.relations:
            if relation.source not in argument:
                continue
            source = _module(argument[relation.source], argument)
            ends = [relation.target] if relation.challenged is None else [_aim(argument, relation)]
            for end in ends:
                target = _module(argument[end], argument) if end in argument else argument.module
                named.update((source, target))
                if source != argument.module and target != argument.module and source != target:
                    # a relation between two away elements is made here: this module joins them
                    joined[relation.type, source, argument.module] = None
                    joined[relation.type, argument.module, target] = None
                elif source != target:
                    joined[relation.type, source, target] = None
        for element in argument:
            module = _module(element, argument)
            if module not in named and module != argument.module:
                joined[RelationType.SUPPORTED_BY, argument.module, module] = None
    for type_, source, target in joined:
        if type_ is RelationType.IN_CONTEXT_OF and (RelationType.SUPPORTED_BY, source, target) in joined:
            continue
        show(source)
        show(target)
        view.relate(Relation(type=type_, source=source, target=target))
    return view


def contracts_of(arguments: Arguments) -> frozenset[str]:
    """The names of all contracts, also of those that are only named."""
    found = {argument.module for argument in arguments if argument.kind == "contract"}
    return frozenset(found).union(
        element.module for argument in arguments for element in argument if isinstance(element, ContractReference)
    )


def symbol(arguments: Arguments, module: str, contracts: frozenset[str]) -> ModuleReference | ContractReference:
    """The symbol of a module or contract, with its title."""
    text = (arguments[module].title if module in arguments else ABSENT) or module
    kind = ContractReference if module in contracts else ModuleReference
    return kind(id=module, module=module, text="" if text == module else text)


def _inside(arguments: Arguments, module: str) -> str:
    """What a module says about the modules inside it, "" where there are none."""
    held = tuple(dict.fromkeys(arguments[module].contains)) if module in arguments else ()
    if not held:
        return ""
    more = f" and {len(held) - _NAMED} more" if len(held) > _NAMED else ""
    return f"Contains {', '.join(held[:_NAMED])}{more}"


def _module(element: Element, argument: Argument) -> str:
    """The module for which an element stands."""
    if isinstance(element, AwayElement | ModuleReference | ContractReference):
        return element.module
    return argument.module


def _aim(argument: Argument, relation: Relation) -> str:
    """The element at whose relation a challenge is aimed, "" where there is none."""
    found = argument.find(relation.challenged) if relation.challenged is not None else ()
    return found[0].source if found else ""
