"""A Softmax at the end: when it may be left out, and the graph without it.

Softmax over all outputs keeps their order: output i is larger than output j exactly when it was before. So a
condition may be examined on the network without its Softmax if each of its rows compares two outputs:
c * (y_i - y_j) > 0 with c > 0. Rows that merely sum to zero do not suffice: y0 + y1 > 2 * y2 changes its truth.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from evidence.network.graph import Graph
from evidence.network.operators import Reshape, Softmax, size
from evidence.network.refusals import N_OPERATOR, refusal
from evidence.regions import OutputCondition

_ROUNDED_ZERO = -float(np.nextafter(0.0, 1.0))
"""Zero after an offset has been rounded down by one unit (evidence/regions.py)."""


def ends_in_softmax(graph: Graph) -> bool:
    """Whether a Softmax over all outputs is the graph's last operator but for changes of shape."""
    return _last(graph) is not None


def without_softmax(graph: Graph) -> Graph:
    """The graph with its final Softmax left out, or the graph itself when it has none.

    Only right for conditions that `compares_outputs` accepts.
    """
    position = _last(graph)
    if position is None:
        return graph
    # a relabelling in its place keeps all numbers
    nodes = list(graph.nodes)
    nodes[position] = dataclasses.replace(nodes[position], operator=Reshape(nodes[position].shape))
    return dataclasses.replace(graph, nodes=tuple(nodes), softmax_stripped=True)


def compares_outputs(condition: OutputCondition) -> bool:
    """Whether every row compares two outputs with each other and no offset, so that a Softmax changes nothing."""
    rows = condition.rows
    two = ((rows != 0).sum(axis=1) == 2) & (rows.max(axis=1) == -rows.min(axis=1))
    offsets = (condition.offsets == 0) | (condition.offsets == _ROUNDED_ZERO)
    return bool(condition.exact and two.all() and offsets.all())


def require_final_softmax(graph: Graph) -> None:
    """Raise UnsupportedError N112 for a Softmax that does not order all outputs: inside, or over a part of them."""
    last = _last(graph)
    for position, node in enumerate(graph.nodes):
        if isinstance(node.operator, Softmax) and position != last:
            raise refusal(
                N_OPERATOR, graph.name, node.label, node.kind, "Softmax is supported over all outputs, at the end"
            )


def _last(graph: Graph) -> int | None:
    tensor = graph.result
    while tensor and isinstance(graph.nodes[tensor - 1].operator, Reshape):
        tensor = graph.nodes[tensor - 1].inputs[0]
    if not tensor:
        return None
    node = graph.nodes[tensor - 1]
    softmax = node.operator
    if not isinstance(softmax, Softmax) or size(tuple(node.shape[i] for i in softmax.axes)) != size(node.shape):
        return None
    readers = sum(tensor in other.inputs for other in graph.nodes)
    return tensor - 1 if readers <= 1 else None
