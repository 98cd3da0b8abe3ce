"""Replaying violations on onnxruntime: what an attack believes becomes a counterexample, or a near miss.

A counterexample is a float32 input that lies in the stated region, tested in exact arithmetic against the decimal
numbers of the statement, and whose float32 outputs, as onnxruntime computes them on one CPU thread with the graph
as written, do not satisfy the condition. No tolerance anywhere. It is a fact about that execution.
Without onnxruntime nothing is replayed and nothing is refuted. Not here: searching for violations.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evidence.diagnostics import Place, Severity, code
from evidence.errors import InputError
from evidence.exact import box_of, decimal, stated_offsets
from evidence.provenance import require
from evidence.records.base import Counterexample
from evidence.regions import Floats, OutputCondition, RegionSet
from evidence.specification import InputBalls, L2Ball, Statement

E_RUNTIME = code(
    "E113", Severity.ERROR, "the model cannot be executed", "check that onnxruntime supports the model's operators"
)


@dataclass(frozen=True)
class Replay:
    """What came of the violations: counterexamples by region, near misses, and the runtime's name and version."""

    counterexamples: tuple[Counterexample, ...]
    near_misses: tuple[int, ...]
    """Regions whose violation lay outside the region or did not violate the condition on the runtime."""
    by: str


class Runtime:
    """A model on onnxruntime: CPU, one thread, no graph optimisation."""

    def __init__(self, model: bytes, name: str) -> None:
        """Raises MissingLibraryError E110 without onnxruntime, InputError E113 when it cannot load the model."""
        library: Any = require("onnxruntime")
        options = library.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.graph_optimization_level = library.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.log_severity_level = 4
        self.name = name
        self.by = f"onnxruntime {library.__version__} (float32, CPU, one thread, graph as written)"
        try:
            self._session = library.InferenceSession(model, options, providers=["CPUExecutionProvider"])
            port = self._session.get_inputs()[0]
        except Exception as error:  # onnxruntime has no common error class
            raise InputError.of(E_RUNTIME, f"onnxruntime cannot load it: {error}", Place(name)) from None
        self._input = port.name
        self._shape = [1] + [size if isinstance(size, int) else 1 for size in port.shape[1:]]

    def run(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Output vector of one flat input vector [n]. Raises InputError E113 when the execution fails."""
        try:
            (output,) = self._session.run(None, {self._input: x.reshape(self._shape)})
            return np.asarray(output, dtype=np.float32).reshape(-1)
        except Exception as error:
            raise InputError.of(E_RUNTIME, f"the execution fails: {error}", Place(self.name)) from None


def replay(statement: Statement, regions: RegionSet, model: bytes, violations: Mapping[int, Floats]) -> Replay:
    """Execute each violation (region -> input [n]) and sort it. Raises MissingLibraryError E110, InputError E113."""
    runtime = Runtime(model, "model")
    counterexamples, near = [], []
    for region, point in sorted(violations.items()):
        x = np.asarray(point, dtype=np.float64).astype(np.float32)
        found = executed(statement, regions, region, x, runtime)
        if found is None:
            near.append(region)
        else:
            counterexamples.append(found)
    return Replay(tuple(counterexamples), tuple(near), runtime.by)


def reproduces(statement: Statement, regions: RegionSet, example: Counterexample, runtime: Runtime) -> bool:
    """True when a stored counterexample still holds: representable, inside, violating, with the outputs that it states."""
    if example.region >= len(regions) or len(example.input) != regions.lower.shape[1]:
        return False
    x = np.array(example.input, dtype=np.float64).astype(np.float32)
    if x.astype(np.float64).tolist() != list(example.input):
        return False
    found = executed(statement, regions, example.region, x, runtime)
    # another version of the runtime may sum in another order; beyond rounding the outputs must be those
    return found is not None and bool(np.allclose(found.output, example.output, rtol=1e-3, atol=1e-5))


def executed(
    statement: Statement, regions: RegionSet, region: int, x: NDArray[np.float32], runtime: Runtime
) -> Counterexample | None:
    """The counterexample that an input [n] is, or None: outside the region, or its outputs meet the condition."""
    if not np.isfinite(x).all() or not lies_inside(statement, regions, region, x):
        return None
    output = runtime.run(x)
    if not violated_in(statement, regions, region, x, output):
        return None
    return Counterexample(
        region=region,
        input=tuple(x.astype(np.float64).tolist()),
        output=tuple(output.astype(np.float64).tolist()),
        replayed_by=runtime.by,
    )


def violated_in(
    statement: Statement, regions: RegionSet, region: int, x: NDArray[np.float32], output: NDArray[np.float32]
) -> bool:
    """Exact test that outputs [m] of an input [n] do not satisfy the condition of a region in which the input lies.

    Outputs that are not finite, or not as many as the condition is about, violate nothing.
    """
    condition = regions.conditions[int(regions.condition_of[region])]
    if len(output) != condition.rows.shape[1] or not np.isfinite(output).all():
        return False
    if regions.stated is not None:
        # excluded ends belong to single cases of the region: input and outputs have to meet the same case
        return regions.stated.refuted_by(region, _exact(x), _exact(output))
    return violates(statement, condition, output.astype(np.float64))


def violates(statement: Statement, condition: OutputCondition, outputs: Floats) -> bool:
    """Exact test that an output vector [m] does not satisfy a condition: some clause has no row above zero.

    Not for regions of a VNN-LIB file, whose exact property decides instead (`RegionSet.stated`).
    """
    offsets = stated_offsets(statement, condition)
    values = _exact(outputs)
    satisfied = {
        int(clause)
        for row, offset, clause in zip(condition.rows, offsets, condition.clause, strict=True)
        if sum((decimal(factor) * value for factor, value in zip(row, values, strict=True)), decimal(offset)) > 0
    }
    return satisfied != set(condition.clause.tolist())


def lies_inside(statement: Statement, regions: RegionSet, region: int, x: NDArray[np.float32]) -> bool:
    """Exact test that an input [n] lies in a region as stated, without the outward widening of `expand`.

    Numbers of the statement count as their shortest decimal text, which is what the case file says; data and
    table entries count as the binary numbers that they are.
    """
    point = _exact(x)
    if regions.stated is not None:
        cases = (regions.stated.cases[index] for index in regions.stated.regions[region].cases)
        return any(case.admits(point) for case in cases)
    stated = statement.regions
    if isinstance(stated, InputBalls) and isinstance(stated.perturbation, L2Ball):
        offsets = [p - Fraction(float(c)) for p, c in zip(point, regions.centers[region], strict=True)]
        return sum(offset**2 for offset in offsets) <= decimal(stated.perturbation.eps.value) ** 2
    return box_of(statement, regions, region).contains(point)


def _exact(values: NDArray[np.float32] | Floats) -> list[Fraction]:
    """Binary numbers as the fractions that they are."""
    return [Fraction(float(value)) for value in values]
