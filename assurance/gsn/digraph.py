"""A directed graph over anything that can be a key: nodes and edges, each once, answered in the order of adding.

It holds and orders, no more: which circles there are is for `model.cycles_of`, which asks a graph library.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Iterator
from itertools import chain
from typing import Generic, TypeVar

Node = TypeVar("Node", bound=Hashable)


class Digraph(Generic[Node]):
    """Nodes and edges as they are given; the end of an edge that is no node yet becomes one."""

    def __init__(self, nodes: Iterable[Node], edges: Iterable[tuple[Node, Node]]) -> None:
        self._next: dict[Node, dict[Node, None]] = {node: {} for node in nodes}
        for source, target in edges:
            if source not in self._next:
                self._next[source] = {}
            if target not in self._next:
                self._next[target] = {}
            self._next[source][target] = None

    def __len__(self) -> int:
        return len(self._next)

    def __iter__(self) -> Iterator[Node]:
        return iter(self._next)

    def successors(self, node: Node) -> Collection[Node]:
        """The nodes to which edges lead from a node. Raises KeyError for what is no node."""
        return self._next[node].keys()

    def has_edge(self, source: Node, target: Node) -> bool:
        """Whether an edge leads from one node to the other; False also for what is no node."""
        return source in self._next and target in self._next[source]

    @property
    def edges(self) -> Iterator[tuple[Node, Node]]:
        """The edges, by their sources in the order of nodes."""
        return ((source, target) for source, targets in self._next.items() for target in targets)

    def has_circle(self) -> bool:
        """Whether some node leads to itself, directly or through others."""
        missing = self._leading()
        free = [node for node in self._next if node not in missing]
        for node in free:  # which grows on the way
            for target in self._next[node]:
                missing[target] -= 1
                if not missing[target]:
                    free.append(target)
        return len(free) < len(self)

    def _leading(self) -> Counter[Node]:
        """How many nodes lead to each, as far as any do."""
        return Counter(chain.from_iterable(self._next.values()))

    def sorted(self) -> tuple[Node, ...]:
        """The nodes, each after all that lead to it, else in their order; without those on a circle or beyond one."""
        names = list(self._next)
        place = {node: index for index, node in enumerate(names)}
        missing = self._leading()
        ready = [index for index, node in enumerate(names) if missing[node] == 0]  # ascending: a heap already
        found: list[Node] = []
        while ready:
            node = names[heapq.heappop(ready)]
            found.append(node)
            for target in self._next[node]:
                missing[target] -= 1
                if missing[target] == 0:
                    heapq.heappush(ready, place[target])
        return tuple(found)
