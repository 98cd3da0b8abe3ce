"""The argument: one `Argument` per argument module, which holds elements and the relations between them.

The model *represents*, it does not judge: an argument with cycles, doubled identifiers or dangling relations can
be held, walked and drawn, so that `rules` can report all of its faults at once. It knows no evidence, no status
and no layout. `elements` and `relations` define the values that it holds.

An `Argument` is one module with a namespace of its own (GSN 1:4.2.2); what spans several modules is in
`arguments`. A challenge is not support: walking, parents, tops and circles follow support and context only.
This is the only file that imports networkx.
"""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping
from typing import Any, Final, Literal, TypeVar

from pydantic import Field, ValidationError

from assurance.gsn.digraph import Digraph
from assurance.gsn.elements import CONTEXTUAL, Element, Frozen
from assurance.gsn.relations import (
    CHALLENGES,
    IN_CONTEXT_OF,
    SUPPORTED_BY,
    Choice,
    ClaimPoint,
    Interface,
    PatternCard,
    Relation,
    RelationRef,
    RelationType,
    Suppression,
    Template,
)
from evidence.diagnostics import Place, Severity, code
from evidence.errors import InputError

SCHEMA: Final = "gsn-argument/2"

Kind = Literal["argument", "contract"]
"""A module that argues, or a contract module that joins modules (1:4.7)."""

G130 = code(
    "G130",
    Severity.ERROR,
    "an argument file does not have the expected shape",
    "write the file with `Argument.as_json`, or mend the field that the message names",
)

_Node = TypeVar("_Node", bound=Hashable)


class _File(Frozen):
    """The JSON form, for validation on reading."""

    schema_: Literal["gsn-argument/1", "gsn-argument/2"] = Field(alias="schema")
    module: str
    title: str = ""
    kind: Kind = "argument"
    elements: tuple[Element, ...]
    relations: tuple[Relation, ...]
    choices: tuple[Choice, ...] = ()
    claim_points: tuple[ClaimPoint, ...] = ()
    interfaces: tuple[Interface, ...] = ()
    contains: tuple[str, ...] = ()
    pattern: PatternCard | None = None
    template: Template | None = None
    suppressions: tuple[Suppression, ...] = ()
    extra: tuple[tuple[str, str], ...] = ()


class Argument:
    """One argument module: elements and relations in the order in which they were added.

    Every answer is deterministic and follows that order. Identifiers that do not exist in the module raise
    KeyError, except as ends of relations, which may dangle.
    """

    def __init__(self, module: str = "main", title: str = "", kind: Kind = "argument") -> None:
        self.module = module
        self.title = title
        self.kind: Kind = kind
        self.choices: tuple[Choice, ...] = ()
        self.claim_points: tuple[ClaimPoint, ...] = ()
        self.interfaces: tuple[Interface, ...] = ()
        self.contains: tuple[str, ...] = ()
        self.pattern: PatternCard | None = None
        self.template: Template | None = None
        self.suppressions: tuple[Suppression, ...] = ()
        self.extra: tuple[tuple[str, str], ...] = ()
        self.place: Place | None = None
        self._elements: dict[str, Element] = {}
        self._duplicates: list[Element] = []
        self._relations: list[Relation] = []
        self._outgoing: defaultdict[str, list[Relation]] = defaultdict(list)
        self._incoming: defaultdict[str, list[Relation]] = defaultdict(list)
        self._named: dict[str | tuple[str, str], list[Relation]] | None = None
        """By what a reference can name them by: their identifiers, and their ends. Made when first asked for."""
        self._aimed: dict[int, list[Relation]] | None = None
        self._graph: Digraph[str] | None = None

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
        self._relations += relations
        for relation in relations:
            self._outgoing[relation.source].append(relation)
            if relation.target or relation.challenged is None:
                self._incoming[relation.target].append(relation)
        self._graph = self._named = self._aimed = None

    def support(self, source: str, *targets: str) -> None:
        """`source` is supported by each target."""
        self.relate(*(Relation(type=SUPPORTED_BY, source=source, target=t) for t in targets))

    def contextualise(self, source: str, *targets: str) -> None:
        """`source` is stated in the context of each target."""
        self.relate(*(Relation(type=IN_CONTEXT_OF, source=source, target=t) for t in targets))

    def challenge(self, source: str, *targets: str | RelationRef) -> None:
        """`source` casts doubt on each target, an element or a relation."""
        for target in targets:
            if isinstance(target, RelationRef):
                self.relate(Relation(type=CHALLENGES, source=source, challenged=target))
            else:
                self.relate(Relation(type=CHALLENGES, source=source, target=target))

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
        """The same elements in the same order, and from each element the same relations in the same order.

        How relations of different elements or types are interleaved says nothing.
        """
        return isinstance(other, Argument) and self._canonical() == other._canonical()

    def _canonical(self) -> dict[str, Any]:
        value = self.as_json()
        value["relations"] = sorted(value["relations"], key=lambda item: (item["source"], item["type"]))
        return value

    __hash__ = None  # type: ignore[assignment]  # mutable: no place in a set

    @property
    def elements(self) -> Mapping[str, Element]:
        """All elements by identifier. Read only."""
        return self._elements

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
        elements = self._elements
        found = {
            relation.target: elements[relation.target]
            for relation in self._outgoing.get(identifier, ())
            if relation.type is kind and relation.target in elements
        }
        return tuple(found.values())

    def children(self, identifier: str) -> tuple[Element, ...]:
        """The elements that support an element, each once."""
        return self._targets(identifier, SUPPORTED_BY)

    def contexts(self, identifier: str) -> tuple[Element, ...]:
        """The elements in whose context an element stands, each once."""
        return self._targets(identifier, IN_CONTEXT_OF)

    def challengers(self, identifier: str) -> tuple[Element, ...]:
        """The elements that challenge an element itself (not a relation of it), each once."""
        found: dict[str, Element] = {}
        for relation in self._incoming.get(identifier, ()):
            if relation.type is CHALLENGES and relation.source in self._elements:
                found[relation.source] = self._elements[relation.source]
        return tuple(found.values())

    def challenges_of(self, challenged: Relation) -> tuple[Relation, ...]:
        """The challenges that are aimed at a relation."""
        if self._aimed is None:
            self._aimed = {}
            for relation in self._relations:
                for target in self.find(relation.challenged) if relation.challenged is not None else ():
                    self._aimed.setdefault(id(target), []).append(relation)
        return tuple(self._aimed.get(id(challenged), ()))

    def find(self, reference: RelationRef) -> tuple[Relation, ...]:
        """The relations that a reference names: one when it is sound; none, or several when it is ambiguous."""
        if self._named is None:
            self._named = defaultdict(list)
            for relation in self._relations:
                if relation.challenged is None:
                    self._named[relation.source, relation.target].append(relation)
                if relation.id is not None:
                    self._named[relation.id].append(relation)
        if reference.id is not None:
            return tuple(self._named.get(reference.id, ()))
        between = self._named.get((reference.source, reference.target), ())
        return tuple(relation for relation in between if reference.type in (None, relation.type))

    def parents(self, identifier: str) -> tuple[Element, ...]:
        """The elements that an element supports or gives context to, each once."""
        found: dict[str, Element] = {}
        for relation in self._incoming.get(identifier, ()):
            if relation.type is not CHALLENGES and relation.source in self._elements:
                found[relation.source] = self._elements[relation.source]
        return tuple(found.values())

    def roots(self) -> tuple[Element, ...]:
        """Elements that support and give context to nothing else, and are no mere context; several are permitted.

        Elements that challenge others are among them: each is the top of its counter-argument.
        """
        serving = {target for source, target in self.graph().edges if source != target}
        return tuple(
            element for id, element in self._elements.items() if id not in serving and element.type not in CONTEXTUAL
        )

    def tops(self) -> tuple[Element, ...]:
        """The roots that challenge nothing: what the argument is for."""
        return tuple(
            element
            for element in self.roots()
            if not any(relation.type is CHALLENGES for relation in self.relations_from(element.id))
        )

    # -- walking ------------------------------------------------------------------------------------------

    def graph(self) -> Digraph[str]:
        """Support and context between elements that exist, as a directed graph over identifiers. Read only."""
        if self._graph is None:
            held = self._elements
            ends = ((item.source, item.target) for item in self._relations if item.type is not CHALLENGES)
            self._graph = Digraph(held, (edge for edge in ends if edge[0] in held and edge[1] in held))
        return self._graph

    def reachable(self, identifiers: Iterable[str]) -> frozenset[str]:
        """The given elements and all that can be reached from them along support and context."""
        successors = self.graph().successors
        new = {identifier for identifier in identifiers if identifier in self._elements}
        seen = set(new)
        while new:
            new = {target for source in new for target in successors(source)} - seen
            seen |= new
        return frozenset(seen)

    def walk(self) -> tuple[Element, ...]:
        """All elements, parents before what supports them; reversed, it serves to roll a status upward.

        Elements on a cycle and those below one have no such place: they come last, in the order of adding.
        """
        walked = dict.fromkeys(self.graph().sorted())
        walked.update(dict.fromkeys(self._elements))  # what is walked already keeps its place
        return tuple(self._elements[identifier] for identifier in walked)

    def cycles(self) -> tuple[tuple[str, ...], ...]:
        """One shortest cycle through the first element of each knot of mutual support (1:2.2.2).

        A cycle is given as its identifiers in order, the first not repeated at the end.
        """
        return _cycles(self.graph())

    # -- storing ------------------------------------------------------------------------------------------

    def as_json(self) -> dict[str, Any]:
        """The argument as JSON values; places are left out, and so are fields at their default."""
        elements = (*self._elements.values(), *self._duplicates)
        value: dict[str, Any] = {
            "schema": SCHEMA,
            "module": self.module,
            "title": self.title,
            "elements": [
                {"type": element.type.value, **element.model_dump(mode="json", exclude_defaults=True)}
                for element in elements
            ],
            "relations": [relation.model_dump(mode="json", exclude_defaults=True) for relation in self._relations],
        }
        if self.kind != "argument":
            value["kind"] = self.kind
        for name in ("choices", "claim_points", "interfaces", "suppressions"):
            if held := getattr(self, name):
                value[name] = [item.model_dump(mode="json", exclude_defaults=True) for item in held]
        for name in ("pattern", "template"):
            if (one := getattr(self, name)) is not None:
                value[name] = one.model_dump(mode="json", exclude_defaults=True)
        if self.contains:
            value["contains"] = list(self.contains)
        if self.extra:
            value["extra"] = [list(item) for item in self.extra]
        return value

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
        argument = cls(read.module, read.title, read.kind)
        argument.add(*read.elements)
        argument.relate(*read.relations)
        for name in (
            "choices",
            "claim_points",
            "interfaces",
            "contains",
            "pattern",
            "template",
            "suppressions",
            "extra",
        ):
            setattr(argument, name, getattr(read, name))
        return argument


def cycles_of(
    nodes: Iterable[_Node],
    edges: Iterable[tuple[_Node, _Node]],
    through: Collection[tuple[_Node, _Node]] | None = None,
) -> tuple[tuple[_Node, ...], ...]:
    """One shortest cycle for each knot of a directed graph; nodes are in their order.

    It runs through the knot's first node or, with `through`, along the first of these edges; knots without one are
    left out. A cycle is given as its nodes in order, the first not repeated at the end.
    """
    return _cycles(Digraph(nodes, edges), through)


def _cycles(
    graph: Digraph[_Node], through: Collection[tuple[_Node, _Node]] | None = None
) -> tuple[tuple[_Node, ...], ...]:
    if not graph.has_circle():
        return ()  # as good as always: it is not worth the time that reading a graph library takes
    import networkx as nx

    order = {node: index for index, node in enumerate(graph)}
    found: list[tuple[_Node, ...]] = []
    knots = [
        knot
        for knot in nx.strongly_connected_components(nx.DiGraph(list(graph.edges)))
        if len(knot) > 1 or any(graph.has_edge(node, node) for node in knot)
    ]
    if through is None:
        for knot in knots:
            start = min(knot, key=order.__getitem__)
            found.append(_shortest_cycle(graph, start, start, knot))
    else:
        number = {node: index for index, knot in enumerate(knots) for node in knot}
        first: dict[int, tuple[_Node, _Node]] = {}
        for source, target in through:
            if source in number and number[source] == number.get(target) and graph.has_edge(source, target):
                first.setdefault(number[source], (source, target))
        for index, (source, target) in first.items():
            if source == target:
                found.append((source,))
            else:  # along the edge first, then the shortest way back
                way = _shortest_cycle(graph, target, source, knots[index])
                found.append((source, *way[:-1]))
    return tuple(sorted(found, key=lambda cycle: order[cycle[0]]))


def _shortest_cycle(graph: Digraph[_Node], start: _Node, end: _Node, knot: set[_Node]) -> tuple[_Node, ...]:
    """Breadth-first from `start` to `end` within a strongly connected set; without the end where both are the same."""
    came_from: dict[_Node, _Node] = {}
    waiting = deque([start])
    while True:
        here = waiting.popleft()
        for target in graph.successors(here):
            if target == end:
                path = [here] if start == end else [end, here]
                while path[-1] != start:
                    path.append(came_from[path[-1]])
                return tuple(reversed(path))
            if target in knot and target not in came_from:
                came_from[target] = here
                waiting.append(target)
