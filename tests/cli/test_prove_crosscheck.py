"""`assurance prove --cross-check`: what others say is shown; where one disagrees, nothing is called proved."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import evidence.recording
import evidence.run
from evidence.crosscheck import Crossed
from evidence.records import CrossCheck

Cli = Callable[..., Any]
SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "schemas" / "prove.schema.json"
SPEC = """(declare-const X_0 Real)
(declare-const Y_0 Real)
(assert (>= X_0 -1))
(assert (<= X_0 1))
(assert (>= Y_0 1.5))
"""
pytestmark = pytest.mark.skipif(find_spec("onnxruntime") is None, reason="onnxruntime is not installed")


@pytest.fixture
def problem(tmp_path: Path) -> list[object]:
    """y = relu(x) on [-1, 1], never 1.5."""
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 1]) for name in ("x", "y"))
    nodes = [helper.make_node("Gemm", ["x", "w"], ["a"]), helper.make_node("Relu", ["a"], ["y"])]
    weight = numpy_helper.from_array(np.ones((1, 1), np.float32), "w")
    made = helper.make_model(
        helper.make_graph(nodes, "g", [x], [y], [weight]), opset_imports=[helper.make_opsetid("", 13)], ir_version=8
    )
    onnx.save(made, str(tmp_path / "net.onnx"))
    (tmp_path / "spec.vnnlib").write_text(SPEC, "utf-8")
    return ["prove", tmp_path / "net.onnx", tmp_path / "spec.vnnlib", "--store", tmp_path / "store", "--cross-check"]


def test_others_agree(cli: Cli, problem: list[object]) -> None:
    answer = cli(*problem, "--json")
    found = answer.json()
    jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text("utf-8"))).validate(found)
    assert (answer.code, found["verdict"]) == (0, "PROVED")
    assert [(item["disagreed"], item["by"].split(",")[0]) for item in found["cross_checks"]][-1] == ([], "MILP")
    assert found["cross_checks"][-1]["agreed"] == 1
    assert "cross-check by MILP" in cli(*problem).out


def test_a_contradicted_proof_is_unknown(cli: Cli, problem: list[object], monkeypatch: pytest.MonkeyPatch) -> None:
    contrary = CrossCheck(by="other", examined=1, agreed=0, disagreed=(0,), undecided=0, note="region 0: wrong")
    monkeypatch.setattr(evidence.recording, "cross_check", lambda *arguments: Crossed((contrary,)))
    answer = cli(*problem, "--json")
    found = answer.json()
    jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text("utf-8"))).validate(found)
    assert (answer.code, found["verdict"], found["proved"]) == (1, "UNKNOWN", 1)
    assert "other disagrees: region 0: wrong" in found["reason"]
    text = cli(*problem)
    assert text.out.startswith("UNKNOWN\n") and "E116" in text.err and text.code == 1
