"""Counterexamples of all records, held against a claim wherever they were found.

A replayed counterexample is a fact about one network: this float32 input gave these outputs. The claim that it was found
for may change, widen or go away; the fact stays, and refutes every claim about the same network one of whose regions
contains the input and whose condition the outputs break there. Both tests are exact (evidence/containment.py). The
input says nothing of the smoothed classifier, whose decision is that of a vote, so it never refutes a claim about one.
Not here: what a record's own regions say of a claim (support.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from assurance.register import Register
from evidence.containment import Singles, candidates, refutes, singles
from evidence.records import RunRecord
from evidence.regions import RegionSet
from evidence.specification import Port, Statement
from evidence.verdict import Predictor

_Network = tuple[str, tuple[Port, ...], tuple[str, ...], str]


@dataclass(frozen=True)
class Executions:
    """Different executions of one network: row by row an input, its outputs and the records that hold them."""

    inputs: Singles
    """[E, n]"""
    outputs: Singles
    """[E, m]"""
    records: tuple[tuple[str, ...], ...]


class Counterexamples:
    """The executions that the counterexamples of a register are, by network."""

    def __init__(self, register: Register) -> None:
        found: dict[_Network, dict[tuple[tuple[float, ...], tuple[float, ...]], dict[str, None]]] = {}
        for item in register.runs:
            examples = getattr(item.record, "counterexamples", ())
            if not examples or not _of_the_network(item.record):
                continue
            known = found.setdefault(_network(item.record.statement), {})
            for example in examples:
                known.setdefault((example.input, example.output), {})[item.digest] = None
        self._found = {network: _executions(known) for network, known in found.items()}

    def about(self, statement: Statement) -> Executions | None:
        """All executions of the network that a statement is about; None where there are none, or it is smoothed."""
        if statement.predictor is not Predictor.BASE:
            return None
        return self._found.get(_network(statement))


def refuted_by_others(
    statement: Statement, regions: RegionSet, known: Executions, counted: Mapping[str, frozenset[int]]
) -> dict[str, frozenset[int]]:
    """Regions of a claim that the executions refute, by the record that holds them, beyond those that are `counted`
    for that record already."""
    found: dict[str, set[int]] = {}
    for number, region in candidates(regions, known.inputs):
        records = [name for name in known.records[number] if region not in counted.get(name, ())]
        if records and refutes(statement, regions, region, known.inputs[number], known.outputs[number]):
            for name in records:
                found.setdefault(name, set()).add(region)
    return {name: frozenset(places) for name, places in found.items()}


def _network(statement: Statement) -> _Network:
    """What has to agree so that inputs and outputs mean the same: file, names, units, order, rule of decision."""
    return statement.model, statement.inputs, statement.outputs, statement.decision


def _of_the_network(record: RunRecord) -> bool:
    return record.statement.predictor is Predictor.BASE and record.guarantee.predictor is Predictor.BASE


def _executions(
    known: Mapping[tuple[tuple[float, ...], tuple[float, ...]], Iterable[str]],
) -> Executions | None:
    """Executions as arrays, without those whose numbers are no float32 numbers: nobody has seen such an execution."""
    inputs, outputs, records = [], [], []
    for (point, values), names in known.items():
        x, y = singles(point), singles(values)
        if x is not None and y is not None:
            inputs.append(x)
            outputs.append(y)
            records.append(tuple(names))
    return Executions(np.stack(inputs), np.stack(outputs), tuple(records)) if records else None
