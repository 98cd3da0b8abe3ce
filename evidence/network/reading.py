"""ONNX bytes -> typed graph.

Read are networks with one input and one output whose nodes are in the table below, in operator sets 7 and
later. Work on constants is done while reading. Inputs and outputs are flat vectors of one sample: the first axis of
the model's input is the batch, taken as one, so a network that mixes samples is read as what it does to one.
Everything else is refused with one coded error that names the node; nothing is skipped or guessed.

Not here: quantised operators, control flow, float32 semantics (evidence/replay.py executes the bytes themselves).
The independent checker has its own reader and uses nothing of this package.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from evidence.diagnostics import Place
from evidence.errors import UnsupportedError
from evidence.network.builders import arithmetic, constants, layers, selection, shapes
from evidence.network.graph import Graph, Node
from evidence.network.model_file import entry, exit_of, parse, require_declared, stored
from evidence.network.refusals import N_CHAIN, N_OPERATOR, OLDEST, OPSETS, refusal
from evidence.network.site import Site, Tensor, Work, constant
from evidence.network.softmax import require_final_softmax

Builder = Callable[[Site], Tensor | list[Tensor]]

BUILDERS: Mapping[str, Builder] = {
    "Add": arithmetic.arithmetic,
    "AveragePool": layers.pool,
    "BatchNormalization": arithmetic.batch_normalization,
    "Cast": shapes.cast,
    "Clip": arithmetic.clip,
    "Concat": selection.concat,
    "Constant": constants.constant,
    "ConstantOfShape": constants.constant_of_shape,
    "Conv": layers.conv,
    "Div": arithmetic.arithmetic,
    "Dropout": shapes.dropout,
    "Flatten": shapes.flatten,
    "Gather": selection.gather,
    "Gemm": arithmetic.gemm,
    "GlobalAveragePool": layers.global_average_pool,
    "Identity": shapes.identity,
    "LeakyRelu": arithmetic.activation,
    "MatMul": arithmetic.matmul,
    "MaxPool": layers.pool,
    "Mul": arithmetic.arithmetic,
    "Pad": selection.pad,
    "Relu": arithmetic.activation,
    "Reshape": shapes.reshape,
    "Shape": constants.shape,
    "Sigmoid": arithmetic.activation,
    "Slice": selection.cut,
    "Softmax": arithmetic.softmax,
    "Split": selection.split,
    "Squeeze": shapes.squeeze,
    "Sub": arithmetic.arithmetic,
    "Tanh": arithmetic.activation,
    "Transpose": selection.transpose,
    "Unsqueeze": shapes.unsqueeze,
}
"""The supported operators."""


def read_graph(data: bytes, name: str, replayable: bool = True) -> Graph:
    """Read an ONNX model. Raises InputError or UnsupportedError N110..N118 with file and node in its place.

    replayable: only what a runtime executes on float32 inputs, as runs need it to replay counterexamples. False:
    networks in float64 and in operator set 6 are read too.
    """
    parsed = parse(data, name, OPSETS if replayable else range(OLDEST, OPSETS.stop))
    arrays = stored(parsed.graph, name)
    port, shape, kind = entry(parsed.graph, arrays, name, not replayable)
    output, declared = exit_of(parsed.graph, name, not replayable)
    tensors = {key: constant(array) for key, array in arrays.items()} | {port: Tensor(shape, kind, 0)}
    work = Work(name, parsed.opset, kind)
    made: list[tuple[str, list[Tensor]]] = []
    for item in parsed.graph.node:
        made.append(_read(work, item, tensors))
    result = tensors.get(output)
    if result is None:
        raise UnsupportedError.of(N_CHAIN, f"no node makes the output {output[:200]!r}", Place(name))
    if not result.computed:
        raise UnsupportedError.of(N_CHAIN, "the output does not depend on the input", Place(name))
    require_declared(result.shape, declared, name)
    graph = dataclasses.replace(
        _pruned(name, shape, work.nodes, result.number, made),
        precision="float32" if kind == "float32" else "float64",
    )
    require_final_softmax(graph)
    return graph


def _read(work: Work, item: Any, tensors: dict[str, Tensor]) -> tuple[str, list[Tensor]]:
    """Read one node: its results are added to `tensors`."""
    kind, outputs = str(item.op_type), [str(output) for output in item.output]
    label = str(item.name or (outputs[0] if outputs else kind))
    if item.domain not in ("", "ai.onnx") or kind not in BUILDERS:
        domain = f" of {item.domain[:60]}" if item.domain else ""
        message = f"operator {kind[:60]}{domain}"
        raise refusal(N_OPERATOR, work.network, label, kind, message, ", ".join(BUILDERS))
    named = [output for output in outputs if output]
    taken = [output for output in named if output in tensors]
    if not outputs or not outputs[0] or taken or len(set(named)) != len(named):
        message = f"results {[output[:60] for output in outputs[:5]]}"
        raise refusal(N_CHAIN, work.network, label, kind, message, "new names")
    unknown = [str(name) for name in item.input if name and name not in tensors]
    if unknown:
        message = f"reads {unknown[0][:200]!r}, which is neither stored nor made by a node before it"
        raise refusal(N_CHAIN, work.network, label, kind, message)
    site = Site(work, item, tensors)
    built = BUILDERS[kind](site)
    site.require_all_asked()
    results = built if isinstance(built, list) else [built]
    tensors.update(zip(outputs, results, strict=False))  # what is left over has no meaning here: reading it is refused
    return label, results


def _pruned(
    name: str, input_shape: tuple[int, ...], nodes: list[Node], result: int, made: list[tuple[str, list[Tensor]]]
) -> Graph:
    """Only the nodes that the output depends on, renumbered."""
    needed, stack = {0, result}, [result]
    while stack:
        tensor = stack.pop()
        for source in nodes[tensor - 1].inputs if tensor else ():
            if source not in needed:
                needed.add(source)
                stack.append(source)
    kept = [tensor for tensor in sorted(needed) if tensor]
    number = {0: 0} | {tensor: place + 1 for place, tensor in enumerate(kept)}
    unused = tuple(
        label
        for label, results in made
        if any(item.computed for item in results) and not any(item.number in needed for item in results)
    )
    renumbered = tuple(
        Node(node.operator, tuple(number[i] for i in node.inputs), node.shape, node.label, node.kind)
        for node in (nodes[tensor - 1] for tensor in kept)
    )
    return Graph(name, input_shape, renumbered, number[result], unused)
