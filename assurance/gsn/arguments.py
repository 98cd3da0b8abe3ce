"""A set of argument modules: found by name, and composed into one graph of elements.

Modules name each other by away elements, module references and contract references. `composed` joins an away
element to its original, a module reference to the only top goal of that module, and a goal to be supported by
contract to what the contract gives it, so that a circle through several modules can be seen (GSN 1:4.5.2).
Nothing is judged here: that is for `rules`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from assurance.gsn.elements import AwayElement, Goal, ModuleReference
from assurance.gsn.model import Argument, cycles_of
from assurance.gsn.relations import RelationType

Node = tuple[str, str]
"""Module name and identifier of an element."""


@dataclass(frozen=True)
class Composed:
    """Support and context between the elements of all modules; away elements are one with their originals.

    `nodes` are in the order of modules and elements; `edges` in the order of relations, each once. `vague` holds
    those edges that stand for a reference to a module with several top goals: any of them may be meant.
    """

    nodes: tuple[Node, ...]
    edges: tuple[tuple[Node, Node], ...]
    vague: frozenset[tuple[Node, Node]] = field(default=frozenset())

    def cycles(self, *, vague: bool = False) -> tuple[tuple[Node, ...], ...]:
        """One shortest circle of each knot of mutual support; `vague` follows also what may not be meant."""
        return cycles_of(self.nodes, (edge for edge in self.edges if vague or edge not in self.vague))


class Arguments:
    """Argument modules in the order in which they were added, found by name."""

    def __init__(self, modules: Iterable[Argument] = ()) -> None:
        self._modules: dict[str, Argument] = {}
        self._duplicates: list[Argument] = []
        self.add(*modules)

    def add(self, *modules: Argument) -> None:
        """Add modules. A second one with a known name is kept apart, in `duplicates`."""
        for argument in modules:
            if argument.module in self._modules:
                self._duplicates.append(argument)
            else:
                self._modules[argument.module] = argument

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Argument]:
        return iter(self._modules.values())

    def __contains__(self, module: object) -> bool:
        return module in self._modules

    def __getitem__(self, module: str) -> Argument:
        return self._modules[module]

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Arguments)
            and list(self) == list(other)
            and list(self.duplicates) == list(other.duplicates)
        )

    __hash__ = None  # type: ignore[assignment]  # mutable: no place in a set

    @property
    def duplicates(self) -> tuple[Argument, ...]:
        """Modules whose name was already taken; they take part in nothing else."""
        return tuple(self._duplicates)

    def holders(self, module: str) -> tuple[Argument, ...]:
        """The modules that contain a module."""
        return tuple(argument for argument in self if module in argument.contains)

    def originals(self) -> dict[Node, Node]:
        """What each element of each module stands for: its original where it is an away element of a module at hand.

        Follows away elements of away elements; a chain that runs in a circle ends where it closes.
        """
        known: dict[Node, Node] = {}
        for argument in self:
            for element in argument:
                here: Node = (argument.module, element.id)
                way: dict[Node, None] = {}
                while here not in known and here not in way:
                    way[here] = None
                    there = self._repeated(here)
                    if there is None:
                        break
                    here = there
                end = known.get(here, here)
                known.update((node, end) for node in way)
        return known

    def _repeated(self, node: Node) -> Node | None:
        element = self._modules[node[0]][node[1]]
        if not isinstance(element, AwayElement):
            return None
        module = self._modules.get(element.module)
        return (element.module, element.original) if module is not None and element.original in module else None

    def tops(self, module: str) -> tuple[Goal, ...]:
        """The top goals of a module, without those that only challenge something."""
        argument = self._modules[module]
        return tuple(
            root
            for root in argument.roots()
            if isinstance(root, Goal)
            and not any(item.type is RelationType.CHALLENGES for item in argument.relations_from(root.id))
        )

    def composed(self) -> Composed:
        """Support and context over all modules; see `Composed`. Challenges are no support."""
        origin = self.originals()
        edges: dict[tuple[Node, Node], None] = {}
        vague: set[tuple[Node, Node]] = set()
        tops: dict[str, tuple[Goal, ...]] = {}
        for argument in self:
            for source, target in argument.graph().edges:
                edges[origin[argument.module, source], origin[argument.module, target]] = None
            for element in argument:
                if isinstance(element, ModuleReference) and element.module in self._modules:
                    if element.module not in tops:
                        tops[element.module] = self.tops(element.module)
                    for top in tops[element.module]:
                        edge = (argument.module, element.id), (element.module, top.id)
                        edges[edge] = None
                        if len(tops[element.module]) > 1:
                            vague.add(edge)
        return Composed(tuple(dict.fromkeys(origin.values())), tuple(edges), frozenset(vague))
