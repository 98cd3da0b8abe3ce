"""The argument: frozen GSN elements, relations between them, and one `Argument` per argument module.

Covers core GSN v3 (part 1, section 2): Goal, Strategy, Solution, Context, Assumption, Justification,
`supported_by`, `in_context_of`, and the decorators undeveloped and uninstantiated. The model *represents*, it
does not judge: an argument with cycles, doubled identifiers or dangling relations can be held, walked and
drawn, so that `rules` can report all of its faults at once. It knows no evidence, no status and no layout.

An `Argument` is one module with a namespace of its own (GSN 1:4.2.2). Elements of further kinds (away elements,
modules, contracts), decorated relations (multiplicity, choice, claim points) and challenges are further members
of the two unions below; whatever spans several modules belongs to a set of arguments, not in here.
This is the only file that imports networkx.
"""

from __future__ import annotations

import heapq
import json
from collections import deque
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

import networkx as nx
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from evidence.diagnostics import Place, Severity, code
from evidence.errors import InputError

SCHEMA: Final = "gsn-argument/1"
MAX_IDENTIFIER = 200
MAX_TEXT = 20_000

G130 = code(
    "G130",
    Severity.ERROR,
    "an argument file does not have the expected shape",
    "write the file with `Argument.as_json`, or mend the field that the message names",
)


class ElementType(StrEnum):
    """The symbols of core GSN (1:2.1.1); always stated, never guessed from an identifier."""

    GOAL = "Goal"
    STRATEGY = "Strategy"
    SOLUTION = "Solution"
    CONTEXT = "Context"
    ASSUMPTION = "Assumption"
    JUSTIFICATION = "Justification"


CONTEXTUAL: Final = frozenset({ElementType.CONTEXT, ElementType.ASSUMPTION, ElementType.JUSTIFICATION})
"""The kinds that stand beside an element and give it context."""

DEVELOPABLE: Final = frozenset({ElementType.GOAL, ElementType.STRATEGY})
"""The kinds that need support, and so may carry the undeveloped decorator (table 1:2-1)."""


class RelationType(StrEnum):
    """The relations of core GSN (1:2.1.3); an arrow runs from the parent (source) to the target."""

    SUPPORTED_BY = "supported_by"
    IN_CONTEXT_OF = "in_context_of"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Provenance(_Frozen):
    """Where an element came from: the pattern, and the values that its parameters were bound to."""

    pattern: str
    binding: tuple[tuple[str, str], ...] = ()


class _Base(_Frozen):
    """What every element has. `place` says where it was written, for findings; it is not stored."""

    id: str = Field(max_length=MAX_IDENTIFIER)
    text: str = Field(default="", max_length=MAX_TEXT)
    undeveloped: bool = False
    uninstantiated: bool = False
    provenance: Provenance | None = None
    place: Place | None = Field(default=None, exclude=True)


class Goal(_Base):
    """A claim. `claim` names the requirement that it restates, if any."""

    type: Literal[ElementType.GOAL] = ElementType.GOAL
    claim: str | None = None


class Strategy(_Base):
    """How a goal follows from the goals below it; makes no claim itself."""

    type: Literal[ElementType.STRATEGY] = ElementType.STRATEGY


class Solution(_Base):
    """A reference to evidence: `evidence` holds record digests or document identifiers, never the evidence."""

    type: Literal[ElementType.SOLUTION] = ElementType.SOLUTION
    evidence: tuple[str, ...] = ()


class Context(_Base):
    """An artefact that is referred to, or an explanation, in whose scope an element is stated."""

    type: Literal[ElementType.CONTEXT] = ElementType.CONTEXT


class Assumption(_Base):
    """A statement that is taken for granted on purpose."""

    type: Literal[ElementType.ASSUMPTION] = ElementType.ASSUMPTION


class Justification(_Base):
    """Why the one element that it is attached to is acceptable (1:2.2.19)."""

    type: Literal[ElementType.JUSTIFICATION] = ElementType.JUSTIFICATION


Element = Annotated[Goal | Strategy | Solution | Context | Assumption | Justification, Field(discriminator="type")]


class Relation(_Frozen):
    """An arrow from `source` to `target`, both identifiers in the same module."""

    type: RelationType
    source: str
    target: str
    place: Place | None = Field(default=None, exclude=True)


class _File(_Frozen):
    """The JSON form, for validation on reading."""

    schema_: Literal["gsn-argument/1"] = Field(alias="schema")
    module: str
    title: str = ""
    elements: tuple[Element, ...]
    relations: tuple[Relation, ...]


class Argument:
    """One argument module: elements and relations in the order in which they were added.

    Every answer is deterministic and follows that order. Identifiers that do not exist in the module raise
    KeyError, except as ends of relations, which may dangle.
    """

    def __init__(self, module: str = "main", title: str = "") -> None:
        self.module = module
        self.title = title
        self._elements: dict[str, Element] = {}
        self._duplicates: list[Element] = []
        self._relations: list[Relation] = []
        self._outgoing: dict[str, list[Relation]] = {}
        self._incoming: dict[str, list[Relation]] = {}
        self._graph: nx.DiGraph[str] | None = None

    # -- building -----------------------------------------------------------------------------------------

    def add(self, *elements: Element) -> None:
        """Add elements. A second element with a known identifier is kept apart, in `duplicates`."""
        for element in elements:
            if element.id in self._elements:
                self._duplicates.append(element)
            else:
                self._elements[element.id] = element
        self._graph = None

    def replace(self, element: Element) -> None:
        """Put a changed element in the place of the one with the same identifier."""
        if element.id not in self._elements:
            raise KeyError(element.id)
        self._elements[element.id] = element

    def relate(self, *relations: Relation) -> None:
        """Add relations, also doubled or dangling ones."""
        for relation in relations:
            self._relations.append(relation)
            self._outgoing.setdefault(relation.source, []).append(relation)
            self._incoming.setdefault(relation.target, []).append(relation)
        self._graph = None

    def support(self, source: str, *targets: str) -> None:
        """`source` is supported by each target."""
        self.relate(*(Relation(type=RelationType.SUPPORTED_BY, source=source, target=t) for t in targets))

    def contextualise(self, source: str, *targets: str) -> None:
        """`source` is stated in the context of each target."""
        self.relate(*(Relation(type=RelationType.IN_CONTEXT_OF, source=source, target=t) for t in targets))

    # -- asking -------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._elements)

    def __iter__(self) -> Iterator[Element]:
        return iter(self._elements.values())

    def __contains__(self, identifier: object) -> bool:
        return identifier in self._elements

    def __getitem__(self, identifier: str) -> Element:
        return self._elements[identifier]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Argument) and self.as_json() == other.as_json()

    __hash__ = None  # type: ignore[assignment]  # mutable: no place in a set

    @property
    def relations(self) -> tuple[Relation, ...]:
        """All relations, also dangling and doubled ones."""
        return tuple(self._relations)

    @property
    def duplicates(self) -> tuple[Element, ...]:
        """Elements whose identifier was already taken; they take part in nothing else."""
        return tuple(self._duplicates)

    def relations_from(self, identifier: str) -> tuple[Relation, ...]:
        """Relations that start at an element."""
        return tuple(self._outgoing.get(identifier, ()))

    def relations_to(self, identifier: str) -> tuple[Relation, ...]:
        """Relations that end at an element."""
        return tuple(self._incoming.get(identifier, ()))

    def _targets(self, identifier: str, kind: RelationType) -> tuple[Element, ...]:
        found: dict[str, Element] = {}
        for relation in self._outgoing.get(identifier, ()):
            if relation.type is kind and relation.target in self._elements:
                found[relation.target] = self._elements[relation.target]
        return tuple(found.values())

    def children(self, identifier: str) -> tuple[Element, ...]:
        """The elements that support an element, each once."""
        return self._targets(identifier, RelationType.SUPPORTED_BY)

    def contexts(self, identifier: str) -> tuple[Element, ...]:
        """The elements in whose context an element stands, each once."""
        return self._targets(identifier, RelationType.IN_CONTEXT_OF)

    def parents(self, identifier: str) -> tuple[Element, ...]:
        """The elements that an element supports or gives context to, each once."""
        found: dict[str, Element] = {}
        for relation in self._incoming.get(identifier, ()):
            if relation.source in self._elements:
                found[relation.source] = self._elements[relation.source]
        return tuple(found.values())

    def roots(self) -> tuple[Element, ...]:
        """Elements that nothing else points at and that are no mere context; several tops are permitted."""
        return tuple(
            element
            for element in self
            if element.type not in CONTEXTUAL and all(parent.id == element.id for parent in self.parents(element.id))
        )

    # -- walking ------------------------------------------------------------------------------------------

    def graph(self) -> nx.DiGraph[str]:
        """The relations whose ends exist, of all types, as a directed graph over identifiers. Read only."""
        if self._graph is None:
            graph: nx.DiGraph[str] = nx.DiGraph()
            graph.add_nodes_from(self._elements)
            graph.add_edges_from(
                (relation.source, relation.target)
                for relation in self._relations
                if relation.source in self._elements and relation.target in self._elements
            )
            self._graph = graph
        return self._graph

    def reachable(self, identifiers: Iterable[str]) -> frozenset[str]:
        """The given elements and all that can be reached from them along any relation."""
        graph = self.graph()
        seen = {identifier for identifier in identifiers if identifier in self._elements}
        waiting = list(seen)
        while waiting:
            for target in graph.successors(waiting.pop()):
                if target not in seen:
                    seen.add(target)
                    waiting.append(target)
        return frozenset(seen)

    def walk(self) -> tuple[Element, ...]:
        """All elements, parents before what supports them; reversed, it serves to roll a status upward.

        Elements on a cycle and those below one have no such place: they come last, in the order of adding.
        """
        graph = self.graph()
        order = {identifier: index for index, identifier in enumerate(self._elements)}
        names = list(order)
        missing = {identifier: graph.in_degree(identifier) for identifier in order}
        ready = [order[identifier] for identifier, count in missing.items() if count == 0]
        heapq.heapify(ready)
        walked: dict[str, None] = {}
        while ready:
            identifier = names[heapq.heappop(ready)]
            walked[identifier] = None
            for target in graph.successors(identifier):
                missing[target] -= 1
                if missing[target] == 0:
                    heapq.heappush(ready, order[target])
        walked.update(dict.fromkeys(identifier for identifier in names if identifier not in walked))
        return tuple(self._elements[identifier] for identifier in walked)

    def cycles(self) -> tuple[tuple[str, ...], ...]:
        """One shortest cycle through the first element of each knot of mutual support (1:2.2.2).

        A cycle is given as its identifiers in order, the first not repeated at the end.
        """
        graph = self.graph()
        order = {identifier: index for index, identifier in enumerate(self._elements)}
        found: list[tuple[str, ...]] = []
        for knot in nx.strongly_connected_components(graph):
            start = min(knot, key=order.__getitem__)
            if len(knot) > 1 or graph.has_edge(start, start):
                found.append(_shortest_cycle(graph, start, knot))
        return tuple(sorted(found, key=lambda cycle: order[cycle[0]]))

    # -- storing ------------------------------------------------------------------------------------------

    def as_json(self) -> dict[str, Any]:
        """The argument as JSON values; places are left out, and so are fields at their default."""
        elements = (*self._elements.values(), *self._duplicates)
        return {
            "schema": SCHEMA,
            "module": self.module,
            "title": self.title,
            "elements": [
                {"type": element.type.value, **element.model_dump(mode="json", exclude_defaults=True)}
                for element in elements
            ],
            "relations": [relation.model_dump(mode="json", exclude_defaults=True) for relation in self._relations],
        }

    @classmethod
    def from_json(cls, value: object, file: str | None = None) -> Argument:
        """Read what `as_json` wrote. Raises InputError (G130) with one finding for each wrong field."""
        try:
            # strict JSON mode: lists stand for tuples and strings for enumerations, nothing else is converted
            read = _File.model_validate_json(json.dumps(value), strict=True)
        except ValidationError as error:
            findings = [
                G130.finding(detail["msg"], Place(file=file, field=".".join(map(str, detail["loc"])) or None))
                for detail in error.errors(include_url=False, include_context=False, include_input=False)
            ]
            raise InputError(*findings) from None
        argument = cls(read.module, read.title)
        argument.add(*read.elements)
        argument.relate(*read.relations)
        return argument


def _shortest_cycle(graph: nx.DiGraph[str], start: str, knot: set[str]) -> tuple[str, ...]:
    """Breadth-first from `start` back to `start` within a strongly connected set that holds it."""
    came_from: dict[str, str] = {}
    waiting = deque([start])
    while True:
        here = waiting.popleft()
        for target in graph.successors(here):
            if target == start:
                path = [here]
                while path[-1] != start:
                    path.append(came_from[path[-1]])
                return tuple(reversed(path))
            if target in knot and target not in came_from:
                came_from[target] = here
                waiting.append(target)
