"""A network y = relu(x0 + x1) - 1 with a property that some inputs violate and some do not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from assurance.cli.prove import statement_of
from evidence.digest import of_bytes
from evidence.external.importing import Given, import_verdict
from evidence.records import ExternalVerdictRecord
from evidence.records.external import ToolName
from evidence.specification import Statement
from evidence.store import Store
from evidence.vnnlib import read_property


def network() -> bytes:
    """y = relu(x0 + x1) - 1."""
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, n]) for name, n in (("x", 2), ("y", 1)))
    nodes = [
        helper.make_node("Gemm", ["x", "w", "b"], ["a"], transB=1),
        helper.make_node("Relu", ["a"], ["r"]),
        helper.make_node("Gemm", ["r", "one", "off"], ["y"], transB=1),
    ]
    weights = [
        numpy_helper.from_array(np.array(value, dtype=np.float32), name)
        for name, value in (("w", [[1.0, 1.0]]), ("b", [0.0]), ("one", [[1.0]]), ("off", [-1.0]))
    ]
    graph = helper.make_graph(nodes, "g", [x], [y], weights)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    return bytes(made.SerializeToString())


def spec(constraint: str = "(>= Y_0 0.5)", upper: str = "1.0") -> bytes:
    """Both inputs from 0 to `upper`; the counterexample meets `constraint`."""
    lines = ["(declare-const X_0 Real)", "(declare-const X_1 Real)", "(declare-const Y_0 Real)"]
    lines += [f"(assert (>= X_{i} 0))\n(assert (<= X_{i} {upper}))" for i in range(2)]
    return "\n".join([*lines, f"(assert {constraint})", ""]).encode()


@dataclass
class Asked:
    """One question, and a store for the answers."""

    store: Store
    model: bytes
    spec: bytes

    @property
    def statement(self) -> Statement:
        return statement_of(read_property(self.spec), of_bytes(self.model), of_bytes(self.spec))

    def say(self, tool: ToolName, result: str) -> ExternalVerdictRecord:
        """Import what a tool's file says."""
        files = {of_bytes(item): item for item in (self.model, self.spec)}
        given = Given(tool, None, result.encode(), "result.txt", self.spec)
        return import_verdict(given, [self.statement], files.__getitem__, self.store)[0]
