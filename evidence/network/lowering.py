"""A graph as a list of affine maps between flat vectors, with its other operators in between.

Between two operators that are not affine lies a part of the graph that is: it is replaced by one matrix for each
vector that it starts from, and a bias. The matrices are found by sending unit vectors through the operators
themselves, many at a time, so there is no second account of what an operator means. All in float64: the result is
the same function over the real numbers up to that rounding.
Not here: what is done with the steps (chain.py, prepared.py).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from evidence.diagnostics import Code
from evidence.errors import AssuranceError
from evidence.network.graph import Graph, Node, evaluate
from evidence.network.operators import Array, Operator, Reshape, size
from evidence.network.refusals import MAX_MATRIX, N_LARGE, N_WEIGHT, refusal
from evidence.regions import Floats

_AT_A_TIME = 4_000_000
"""Numbers in the largest tensor of a batch of unit vectors."""


@dataclass(frozen=True)
class Segment:
    """The affine part of a graph that makes `target` from `sources`, by the nodes at `positions` (ascending).

    Tensors are meant by their numbers. No positions: the target is one of the sources.
    """

    target: int
    sources: tuple[int, ...]
    positions: tuple[int, ...]


@dataclass(frozen=True)
class Step:
    """An operator that is not affine, and the segments that make its inputs; for the last step only a segment."""

    segments: tuple[Segment, ...]
    operator: Operator | None
    result: int


def steps(graph: Graph) -> tuple[Step, ...]:
    """The graph's operators that are not affine, in order, then the way to its output."""
    fixed = {0}
    for position, node in enumerate(graph.nodes):
        if not node.operator.affine:
            fixed |= {position + 1, *node.inputs}
    made = {0}
    found = []
    for position, node in enumerate(graph.nodes):
        if node.operator.affine:
            continue
        segments = tuple(segment(graph, tensor, fixed, made) for tensor in node.inputs)
        made |= {*node.inputs, position + 1}
        found.append(Step(segments, node.operator, position + 1))
    found.append(Step((segment(graph, graph.result, fixed, made),), None, graph.result))
    return tuple(found)


def segment(graph: Graph, target: int, fixed: set[int], made: set[int]) -> Segment:
    """The affine nodes between `target` and the tensors in `fixed` that are made already."""
    return part_of(graph, target, fixed & made)


def part_of(graph: Graph, target: int, ends: Collection[int]) -> Segment:
    """The affine nodes between `target` and the tensors in `ends`, which all ways back must meet."""
    sources: set[int] = set()
    positions: set[int] = set()
    stack, seen = [target], {target}
    while stack:
        tensor = stack.pop()
        if tensor in ends:
            sources.add(tensor)
            continue
        positions.add(tensor - 1)
        for source in graph.nodes[tensor - 1].inputs:
            if source not in seen:
                seen.add(source)
                stack.append(source)
    return Segment(target, tuple(sorted(sources)), tuple(sorted(positions)))


def is_relabelling(graph: Graph, part: Segment) -> bool:
    """Whether the target holds the same numbers as its only source, in the same order."""
    return len(part.sources) == 1 and all(isinstance(graph.nodes[i].operator, Reshape) for i in part.positions)


def bias(graph: Graph, part: Segment) -> Floats:
    """What the segment makes of zeros: [target size]. Raises InputError N114 on overflow."""
    zeros = {source: np.zeros((1, *graph.shape(source))) for source in part.sources}
    with np.errstate(all="ignore"):
        found = evaluate(graph.nodes, part.positions, zeros, part.target).reshape(-1)
    return _finite(graph, part, found)


def matrix(graph: Graph, part: Segment, source: int, most: int = MAX_MATRIX) -> Floats:
    """The segment's matrix [target size, source size] for one of its sources.

    Raises UnsupportedError N115 when it has more than `most` numbers, InputError N114 on overflow.
    """
    rows, columns = size(graph.shape(part.target)), size(graph.shape(source))
    if rows * columns > most:
        raise _refusal(graph, part, N_LARGE, f"merged work makes a matrix {rows} x {columns}")
    inside, constant = _touched(graph.nodes, part, source)
    widest = max([columns, *(size(graph.nodes[i].shape) for i in inside)])
    step = max(1, _AT_A_TIME // widest)
    result = np.empty((columns, rows))
    for start in range(0, columns, step):
        count = min(step, columns - start)
        unit = np.zeros((count, columns))
        unit[np.arange(count), np.arange(start, start + count)] = 1.0
        given: dict[int, Array] = {tensor: np.broadcast_to(0.0, (count, *graph.shape(tensor))) for tensor in constant}
        given[source] = unit.reshape(count, *graph.shape(source))
        with np.errstate(all="ignore"):
            found = evaluate(graph.nodes, inside, given, part.target, homogeneous=True)
        result[start : start + count] = found.reshape(count, rows)
    return _finite(graph, part, np.ascontiguousarray(result.T))


def _touched(nodes: Sequence[Node], part: Segment, source: int) -> tuple[list[int], set[int]]:
    """Positions that depend on the source, and the tensors beside it that those read."""
    inside: list[int] = []
    known, others = {source}, set()
    for position in part.positions:
        if known & set(nodes[position].inputs):
            inside.append(position)
            known.add(position + 1)
    for position in inside:
        others |= set(nodes[position].inputs) - known
    return inside, others


def _finite(graph: Graph, part: Segment, array: Floats) -> Floats:
    if not np.isfinite(array).all():
        raise _refusal(graph, part, N_WEIGHT, "merged weights overflow")
    array.setflags(write=False)
    return array


def _refusal(graph: Graph, part: Segment, code: Code, message: str) -> AssuranceError:
    node = graph.nodes[max(part.positions)]
    return refusal(code, graph.name, node.label, node.kind, message)
