"""A graph as sums of matrix products and convolutions, with ReLU, sigmoid and tanh between: what auto_LiRPA can bound.

That library cannot bound, or bounds wrongly, many things that networks hold: Clip, Pad, overlapping MaxPool,
AveragePool after Conv, uneven borders, dilations, slices, constants that are broadcast. None of them is left here.
Small affine parts become dense matrices; a large part becomes a convolution with even borders and without dilation
where it is one (Pad, batch normalization and average pooling folded in), a sum of such parts, or else a dense matrix
up to a limit. All vectors are flat. A final Softmax is to be stripped before (softmax.py).
Not here: torch (module below imports it where it is used), what the library is told (evidence/engines/bounds/).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from evidence.network.expansion import expanded
from evidence.network.graph import Graph
from evidence.network.lowering import Segment, bias, is_relabelling, matrix, part_of, steps
from evidence.network.operators import (
    Add,
    AveragePool,
    Conv,
    HyperbolicTangent,
    Logistic,
    Operator,
    Pad,
    Rectifier,
    Reshape,
    Scale,
    Shape,
    size,
)
from evidence.network.refusals import MAX_MATRICES, MAX_MATRIX
from evidence.regions import Floats

if TYPE_CHECKING:
    import torch

DENSE = 10_000_000
"""Numbers up to which a matrix is preferred to a convolution: it is quicker to bound, though larger."""

Kind = Literal["relu", "sigmoid", "tanh"]


@dataclass(frozen=True, eq=False)
class Convolution:
    """A convolution without bias of a flat vector that stands for [C, H, W]; padding: rows and columns on each side."""

    weight: Floats
    shape: Shape
    strides: tuple[int, int]
    padding: tuple[int, int]
    groups: int


@dataclass(frozen=True, eq=False)
class Term:
    """One summand: a map of the vector `source`; None is the identity."""

    source: int
    map: Floats | Convolution | None


@dataclass(frozen=True, eq=False)
class Sum:
    """Vector `result` of length `size` = the sum of its terms + bias."""

    result: int
    size: int
    terms: tuple[Term, ...]
    bias: Floats


@dataclass(frozen=True)
class Activation:
    """Vector `result` = a function of each coordinate of `source`."""

    result: int
    source: int
    kind: Kind


@dataclass(frozen=True, eq=False)
class Prepared:
    """Lines in order; vector 0 is the input of the network. result: the vector that is its output."""

    name: str
    inputs: int
    outputs: int
    lines: tuple[Sum | Activation, ...]
    result: int


def prepared(graph: Graph, dense_input: bool = False, dense: int = DENSE) -> Prepared:
    """Prepare a graph. dense_input: maps of the input itself are matrices (for balls, which need them).

    Raises UnsupportedError N112 or N115 with the node that cannot be prepared; InputError N114 on overflow.
    """
    whole = expanded(graph)
    making = _Making(whole, dense_input)
    lines: list[Sum | Activation] = []
    alias: dict[int, int] = {}
    done = {0}
    for step in steps(whole):
        for part in step.segments:
            if is_relabelling(whole, part):
                alias[part.target] = alias.get(part.sources[0], part.sources[0])
            elif part.target not in done:
                # a convolution cannot take output rows in, a matrix can
                most = dense if part.target != whole.result else MAX_MATRIX
                terms = tuple(Term(alias.get(term.source, term.source), term.map) for term in making.terms(part, most))
                lines.append(Sum(part.target, size(whole.shape(part.target)), terms, bias(whole, part)))
            done.add(part.target)
        if step.operator is not None:
            target = step.segments[0].target
            lines.append(Activation(step.result, alias.get(target, target), _kind(step.operator)))
            done.add(step.result)
    result = alias.get(whole.result, whole.result)
    return Prepared(graph.name, graph.inputs, graph.outputs, tuple(lines), result)


def _kind(operator: Operator) -> Kind:
    if isinstance(operator, Rectifier):
        return "relu"
    if isinstance(operator, Logistic):
        return "sigmoid"
    assert isinstance(operator, HyperbolicTangent)
    return "tanh"


# --- affine parts -------------------------------------------------------------------------------------------------


class _Making:
    """Makes the summands of affine parts, as long as there is room for matrices."""

    def __init__(self, graph: Graph, dense_input: bool) -> None:
        self._graph, self._dense_input = graph, dense_input
        self._room = MAX_MATRICES

    def terms(self, part: Segment, dense: int) -> list[Term]:
        """Summands of a part, without its bias. dense: numbers up to which matrices are preferred."""
        graph = self._graph
        if not part.positions:
            return [Term(part.target, None)]
        rows = size(graph.shape(part.target))
        largest = rows * sum(size(graph.shape(source)) for source in part.sources)
        if largest > dense and not (self._dense_input and 0 in part.sources):
            convolution = _convolution(graph, part)
            if convolution is not None:
                return [Term(part.sources[0], convolution)]
            node = graph.nodes[part.target - 1]
            same = all(graph.shape(i) == node.shape for i in node.inputs)
            if isinstance(node.operator, Add) and node.operator.sign > 0 and same:
                halves = [part_of(graph, tensor, part.sources) for tensor in node.inputs]
                return [term for half in halves for term in self.terms(half, dense)]
        return [self._dense(part, source) for source in part.sources]

    def _dense(self, part: Segment, source: int) -> Term:
        if is_relabelling(self._graph, part):
            return Term(source, None)
        found = matrix(self._graph, part, source, min(self._room, MAX_MATRIX))
        square = found.shape[0] == found.shape[1] == np.count_nonzero(found)
        if square and (found.diagonal() == 1).all():
            return Term(source, None)
        self._room -= found.size
        return Term(source, found)


def _convolution(graph: Graph, part: Segment) -> Convolution | None:
    """The part as one convolution, if it is a pooling or convolution between reshapes, pads and scales."""
    if len(part.sources) != 1 or any(len(graph.nodes[i].inputs) != 1 for i in part.positions):
        return None
    ways = [(graph.nodes[i].operator, graph.shape(graph.nodes[i].inputs[0])) for i in part.positions]
    middle = [place for place, (operator, _) in enumerate(ways) if isinstance(operator, Conv | AveragePool)]
    if len(middle) != 1:
        return None
    (place,) = middle
    operator, shape = ways[place]
    assert isinstance(operator, Conv | AveragePool)
    before = _border(ways[:place])
    scale = _channel_scale(ways[place + 1 :], operator.shape(shape))
    if before is None or scale is None or shape[0] != 1:
        return None
    if isinstance(operator, Conv):
        weight, groups = operator.weight, operator.groups
    elif (operator.divisor == operator.divisor.flat[0]).all():
        groups = shape[1]
        weight = np.full((groups, 1, *operator.windows.kernel), 1.0 / operator.divisor.flat[0])
    else:
        return None
    top, left, bottom, right = (a + b for a, b in zip(before, operator.windows.pads, strict=True))
    channels, height, width = shape[1], shape[2] - before[0] - before[2], shape[3] - before[1] - before[3]
    weight = _undilated(weight * scale[:, None, None, None], operator.windows.dilations)
    # uneven borders become even ones under a kernel with zeros at its edge
    rows, columns = max(top, bottom), max(left, right)
    weight = np.pad(weight, ((0, 0), (0, 0), (rows - top, rows - bottom), (columns - left, columns - right)))
    return Convolution(weight, (channels, height, width), operator.windows.strides, (rows, columns), groups)


def _border(ways: list[tuple[Operator, Shape]]) -> tuple[int, int, int, int] | None:
    """Border (top, left, bottom, right) that these operators put around [1, C, H, W]; None when they do more."""
    border = [0, 0, 0, 0]
    for place, (operator, _) in enumerate(ways):
        if isinstance(operator, Reshape) and not any(border):
            continue
        last = place == len(ways) - 1
        if not (isinstance(operator, Pad) and last and len(operator.before) == 4):
            return None
        if any(operator.before[:2]) or any(operator.after[:2]):
            return None
        border = [*operator.before[2:], *operator.after[2:]]
    top, left, bottom, right = border
    return top, left, bottom, right


def _channel_scale(ways: list[tuple[Operator, Shape]], made: Shape) -> Floats | None:
    """Factor [O] for each channel that these operators multiply [1, O, H, W] with; None when they do more."""
    factor = np.ones(made[1])
    for operator, shape in ways:
        if isinstance(operator, Reshape):
            continue
        if not isinstance(operator, Scale):
            return None
        if operator.scale is None:
            continue
        scale = operator.scale
        if scale.size == 1:
            factor = factor * scale.item()
        elif shape == made and scale.size == made[1] and scale.shape[-3:] == (made[1], 1, 1):
            factor = factor * scale.reshape(-1)
        else:
            return None
    return np.asarray(factor)


def _undilated(weight: Floats, dilations: tuple[int, int]) -> Floats:
    if dilations == (1, 1):
        return weight
    height, width = ((n - 1) * d + 1 for n, d in zip(weight.shape[2:], dilations, strict=True))
    made = np.zeros((*weight.shape[:2], height, width))
    made[:, :, :: dilations[0], :: dilations[1]] = weight
    return made


# --- torch --------------------------------------------------------------------------------------------------------


def prepared_module(network: Prepared, framed_input: bool = False) -> torch.nn.Module:
    """The prepared network as a float64 torch module [B, inputs] -> [B, outputs] of Linear, Conv2d and activations.

    It ends in a Linear, which output rows are merged into. framed_input: nothing but one Linear reads the input.
    """
    import torch

    framed_input = framed_input and not _enters_once(network)

    def fixed(array: Floats) -> torch.nn.Parameter:
        return torch.nn.Parameter(torch.tensor(array, dtype=torch.float64), requires_grad=False)

    def linear(weight: Floats, shift: Floats | None) -> torch.nn.Module:
        made = torch.nn.Linear(weight.shape[1], weight.shape[0], dtype=torch.float64)
        made.weight, made.bias = fixed(weight), fixed(np.zeros(len(weight)) if shift is None else shift)
        return made

    def convolution(given: Convolution, shift: Floats | None) -> torch.nn.Module:
        outputs, each, *kernel = given.weight.shape
        made = torch.nn.Conv2d(
            each * given.groups,
            outputs,
            (kernel[0], kernel[1]),
            given.strides,
            given.padding,
            groups=given.groups,
            dtype=torch.float64,
        )
        made.weight, made.bias = fixed(given.weight), fixed(np.zeros(outputs) if shift is None else shift)
        return made

    class PreparedModule(torch.nn.Module):
        """The lines in order."""

        def __init__(self) -> None:
            super().__init__()
            self.maps = torch.nn.ModuleDict()
            self.shifts = torch.nn.ParameterDict()
            for number, line in enumerate(network.lines):
                if isinstance(line, Activation):
                    continue
                left: Floats | None = line.bias if line.bias.any() else None
                for place, term in enumerate(line.terms):
                    name = f"{number}_{place}"
                    if isinstance(term.map, Convolution):
                        shift = _for_channels(left, term.map, line.size)
                        left = None if shift is not None else left
                        self.maps[name] = convolution(term.map, shift)
                    elif term.map is not None:
                        self.maps[name] = linear(term.map, left)
                        left = None
                if left is not None:
                    self.shifts[f"{number}"] = fixed(left)
            if framed_input:
                self.maps["first"] = linear(np.eye(network.inputs), None)
            last = network.lines[-1] if network.lines else None
            self.whole = (
                isinstance(last, Sum)
                and last.result == network.result
                and len(last.terms) == 1
                and isinstance(last.terms[0].map, np.ndarray)
            )
            if not self.whole:
                self.maps["last"] = linear(np.eye(network.outputs), None)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            values = {0: self.maps["first"](x) if framed_input else x}
            for number, line in enumerate(network.lines):
                if isinstance(line, Activation):
                    values[line.result] = getattr(torch, line.kind)(values[line.source])
                    continue
                total = None
                for place, term in enumerate(line.terms):
                    value = values[term.source]
                    if isinstance(term.map, Convolution):
                        value = self.maps[f"{number}_{place}"](value.reshape(-1, *term.map.shape)).flatten(1)
                    elif term.map is not None:
                        value = self.maps[f"{number}_{place}"](value)
                    total = value if total is None else total + value
                assert total is not None
                values[line.result] = total + self.shifts[f"{number}"] if f"{number}" in self.shifts else total
            result = values[network.result]
            return result if self.whole else self.maps["last"](result)

    return PreparedModule().eval()


def _enters_once(network: Prepared) -> bool:
    """Whether the input is read once, by a matrix."""
    sums = [term.map for line in network.lines if isinstance(line, Sum) for term in line.terms if term.source == 0]
    others = [line for line in network.lines if isinstance(line, Activation) and line.source == 0]
    return len(sums) == 1 and isinstance(sums[0], np.ndarray) and not others and network.result != 0


def _for_channels(shift: Floats | None, given: Convolution, length: int) -> Floats | None:
    """The bias [O] of a convolution that adds this vector, if there is one."""
    if shift is None:
        return None
    places = shift.reshape(len(given.weight), length // len(given.weight))
    return places[:, 0].copy() if (places == places[:, :1]).all() else None
