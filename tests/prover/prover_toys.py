"""Toys of the prover's tests: an exact oracle for small ReLU networks in rationals, and short ways to run the prover.

The oracle shares nothing with the engine or the checker: it cuts the box into simplices until every neuron, and every
difference of two rows of a clause, has one sign on each of them. There the margin is affine, so its least value is
taken at a corner.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from engine_toys import Files, Floats, Weights, box_statement

from evidence.records import BoundsRecord
from evidence.run import examine
from evidence.specification import (
    ChosenAmong,
    Condition,
    Linear,
    LinearConstraint,
    NeverChosen,
    Range,
    Statement,
    Within,
)
from evidence.store import Store

Point = tuple[Fraction, ...]
Corner = tuple[Point, Point]
"""An input, and what is computed from it so far."""
Simplex = tuple[Corner, ...]
Rows = list[list[tuple[list[Fraction], Fraction]]]
"""For each clause its rows: coefficients of the outputs, and offset."""


# --- the oracle --------------------------------------------------------------------------------------------------


def least_margin(
    weights: Weights, lower: Sequence[float], upper: Sequence[float], rows: Rows
) -> tuple[Fraction, Point]:
    """The exact least value of min over clauses of max over rows on the box, and an input where it is taken."""
    layers = [([_fractions(line) for line in weight], _fractions(bias)) for weight, bias in weights]
    pieces = _simplices(_fractions(lower), _fractions(upper))
    for number, (weight, bias) in enumerate(layers):
        pieces = [_mapped(piece, weight, bias) for piece in pieces]
        if number < len(layers) - 1:
            for neuron in range(len(bias)):
                pieces = _cut(pieces, lambda values, neuron=neuron: values[neuron])
            pieces = [tuple((x, tuple(max(v, Fraction(0)) for v in values)) for x, values in piece) for piece in pieces]
    best: tuple[Fraction, Point] | None = None
    for clause in rows:
        mine = pieces
        for (a, s), (b, t) in itertools.combinations(clause, 2):
            mine = _cut(mine, lambda y, a=a, s=s, b=b, t=t: _dot(a, y) + s - _dot(b, y) - t)
        for piece in mine:
            for x, y in piece:
                value = max(_dot(a, y) + s for a, s in clause)
                if best is None or value < best[0]:
                    best = value, x
    assert best is not None
    return best


def exact_outputs(weights: Weights, x: Sequence[Fraction]) -> Point:
    """The outputs of the network over the rationals."""
    values = tuple(x)
    for number, (weight, bias) in enumerate(weights):
        values = tuple(
            _dot(_fractions(line), values) + Fraction(float(b)) for line, b in zip(weight, bias, strict=True)
        )
        if number < len(weights) - 1:
            values = tuple(max(value, Fraction(0)) for value in values)
    return values


def exact_margin(weights: Weights, x: Sequence[Fraction], rows: Rows) -> Fraction:
    """The margin at one input."""
    y = exact_outputs(weights, x)
    return min(max(_dot(a, y) + s for a, s in clause) for clause in rows)


def _fractions(values: Any) -> list[Fraction]:
    return [Fraction(float(value)) for value in values]


def _dot(a: Sequence[Fraction], b: Sequence[Fraction]) -> Fraction:
    return sum((x * y for x, y in zip(a, b, strict=True) if x), Fraction(0))


def _mapped(piece: Simplex, weight: list[list[Fraction]], bias: list[Fraction]) -> Simplex:
    return tuple((x, tuple(_dot(line, v) + b for line, b in zip(weight, bias, strict=True))) for x, v in piece)


def _simplices(lower: list[Fraction], upper: list[Fraction]) -> list[Simplex]:
    """Kuhn's triangulation of a box."""
    pieces = []
    for order in itertools.permutations(range(len(lower))):
        corner = list(lower)
        corners = [tuple(corner)]
        for axis in order:
            corner[axis] = upper[axis]
            corners.append(tuple(corner))
        pieces.append(tuple((x, x) for x in corners))
    return pieces


def _cut(pieces: list[Simplex], of: Callable[[Point], Fraction]) -> list[Simplex]:
    """The pieces, bisected at an edge until the affine function has one sign on each."""
    done, waiting = [], list(pieces)
    while waiting:
        piece = waiting.pop()
        values = [of(corner[1]) for corner in piece]
        low, high = min(values), max(values)
        if low >= 0 or high <= 0:
            done.append(piece)
            continue
        i, j = values.index(low), values.index(high)
        t = low / (low - high)
        x, v = (
            tuple(p + t * (q - p) for p, q in zip(a, b, strict=True)) for a, b in zip(piece[i], piece[j], strict=True)
        )
        waiting += [(*piece[:k], (x, v), *piece[k + 1 :]) for k in (i, j)]
    return done


def rows_of_condition(condition: Condition, outputs: Sequence[str]) -> Rows:
    """A condition over argmax as rows, written down here once more."""
    zero = Fraction(0)

    def unit(plus: int, minus: int) -> tuple[list[Fraction], Fraction]:
        return [Fraction((i == plus) - (i == minus)) for i in range(len(outputs))], zero

    if isinstance(condition, ChosenAmong | NeverChosen):
        named = {outputs.index(name) for name in condition.outputs}
        allowed = named if isinstance(condition, ChosenAmong) else set(range(len(outputs))) - named
        return [
            [unit(ahead, behind) for ahead in sorted(allowed)]
            for behind in range(len(outputs))
            if behind not in allowed
        ]
    if isinstance(condition, Linear):
        parts = [
            ([Fraction(part.coefficients.get(name, 0.0)) for name in outputs], part.greater_than)
            for part in condition.all_of
        ]
        return [[(row, -Fraction(least))] for row, least in parts]
    assert isinstance(condition, Within)
    rows: Rows = []
    for name, span in condition.ranges.items():
        mine = [Fraction(int(other == name)) for other in outputs]
        rows += [[(mine, -Fraction(span.lower))], [([-value for value in mine], Fraction(span.upper))]]
    return rows


# --- random problems -----------------------------------------------------------------------------------------------


def quarter_weights(generator: np.random.Generator, sizes: Sequence[int]) -> Weights:
    """Layers whose weights and biases are quarters, exact in binary and in decimal."""
    return [
        (generator.integers(-6, 7, size=(b, a)) / 4, generator.integers(-4, 5, size=b) / 4)
        for a, b in itertools.pairwise(sizes)
    ]


def random_condition(generator: np.random.Generator, outputs: Sequence[str], spread: float) -> Condition:
    """Single rows, several clauses, or clauses with several rows; spread: of the outputs."""
    kind = int(generator.integers(4))
    names = list(outputs)
    if kind == 0 or len(names) == 1:
        return Linear(
            all_of=tuple(
                LinearConstraint(
                    coefficients={names[0]: 1.0} | {n: float(generator.integers(-2, 3)) for n in names[1:]},
                    greater_than=float(np.round(generator.uniform(-2, 0.4) * spread * 4)) / 4,
                )
                for _ in range(int(generator.integers(1, 3)))
            )
        )
    if kind == 1:
        low = np.round(generator.uniform(-2, -0.5) * spread * 4) / 4
        return Within(ranges={names[-1]: Range(lower=float(low), upper=float(-low) + 0.5, unit="1")})
    chosen = tuple(sorted(generator.choice(names, size=int(generator.integers(1, len(names))), replace=False).tolist()))
    return ChosenAmong(outputs=chosen) if kind == 2 else NeverChosen(outputs=chosen)


# --- running the prover --------------------------------------------------------------------------------------------


def prove(statement: Statement, files: Mapping[str, bytes], store: Store, **parameters: Any) -> BoundsRecord:
    """The record of a run of the prover."""
    given = {"timeout": 10.0, "attack": 16} | parameters
    record = examine(statement, "prover", given, 0, "cpu", files.__getitem__, store, "a title").record
    assert isinstance(record, BoundsRecord)
    return record


def positive(network: bytes, lower: Floats, upper: Floats, files: Files, **more: Any) -> Statement:
    """The first output stays above zero on a box."""
    above = Linear(all_of=(LinearConstraint(coefficients={"y0": 1.0}),))
    return box_statement(files, network, [(lower, upper)], **({"decision": "none", "condition": above} | more))
