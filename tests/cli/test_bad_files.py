"""Files that cannot be examined: one message with file, place and remedy; store and build stay as they were."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from evidence.digest import of_file

Cli = Callable[..., Any]


def nan_weight(file: Path) -> None:
    model = onnx.load(str(file))
    weights = numpy_helper.to_array(model.graph.initializer[0]).copy()
    weights.flat[0] = np.nan
    model.graph.initializer[0].CopyFrom(numpy_helper.from_array(weights, model.graph.initializer[0].name))
    onnx.save(model, str(file))


def unsupported_operator(file: Path) -> None:
    model = onnx.load(str(file))
    last = model.graph.output[0].name
    model.graph.node.append(helper.make_node("Erf", [last], ["after"], name="the_erf"))
    model.graph.output[0].name = "after"
    onnx.save(model, str(file))


def other_shape(file: Path) -> None:
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", n]) for name, n in (("x", 3), ("y", 2)))
    weight = numpy_helper.from_array(np.ones((2, 3), dtype=np.float32), "w")
    graph = helper.make_graph([helper.make_node("Gemm", ["x", "w"], ["y"], transB=1)], "g", [x], [y], [weight])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(file))


def truncated(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:100])


def empty_data(file: Path) -> None:
    np.savez(file, inputs=np.zeros((0, 64), np.float32), labels=np.zeros(0, np.int64))


def nan_data(file: Path) -> None:
    np.savez(file, inputs=np.full((20, 64), np.nan, np.float32), labels=np.zeros(20, np.int64))


def not_npz(file: Path) -> None:
    file.write_text("inputs, labels\n1, 2\n", "utf-8")


@pytest.mark.parametrize(
    ("name", "spoil", "family"),
    [
        ("digit_reader_linf.onnx", nan_weight, "N1"),
        ("digit_reader_linf.onnx", unsupported_operator, "N1"),
        ("digit_reader_linf.onnx", other_shape, "N106"),
        ("digit_reader_linf.onnx", truncated, "N1"),
        ("test_set.npz", empty_data, "N101"),
        ("test_set.npz", nan_data, "N105"),
        ("test_set.npz", not_npz, "N105"),
    ],
)
def test_refused_before_anything_is_run(
    cli: Cli, case: Path, name: str, spoil: Callable[[Path], None], family: str
) -> None:
    file = case / name
    before_digest = of_file(file)
    spoil(file)
    text = (case / "case.yaml").read_text("utf-8")
    (case / "case.yaml").write_text(text.replace(before_digest, of_file(file)), "utf-8")
    kept = {
        path: path.read_bytes()
        for folder in ("evidence", "build")
        for path in (case / folder).rglob("*")
        if path.is_file()
    }
    for command in ("run", "build"):
        answer = cli(command, case)
        assert answer.code == 2, answer.err
        assert f"error {family}" in answer.err
        assert name in answer.err
        assert "remedy" in answer.err
        assert "Traceback" not in answer.err
    now = {
        path: path.read_bytes()
        for folder in ("evidence", "build")
        for path in (case / folder).rglob("*")
        if path.is_file()
    }
    assert now == kept
    assert cli("check", case).code == 1


def test_the_unsupported_node_is_named(cli: Cli, case: Path) -> None:
    file = case / "digit_reader_linf.onnx"
    before = of_file(file)
    unsupported_operator(file)
    text = (case / "case.yaml").read_text("utf-8")
    (case / "case.yaml").write_text(text.replace(before, of_file(file)), "utf-8")
    assert "the_erf" in cli("run", case).err


def test_inputs_outside_the_domain_and_repeats_are_warnings(cli: Cli, case: Path) -> None:
    file = case / "test_set.npz"
    before = of_file(file)
    with np.load(file, allow_pickle=False) as arrays:
        inputs, labels = arrays["inputs"].copy(), arrays["labels"].copy()
    inputs[1], labels[1] = inputs[0], labels[0]
    inputs[2] = 255 * inputs[2]
    np.savez(file, inputs=inputs, labels=labels)
    text = (case / "case.yaml").read_text("utf-8").replace(before, of_file(file))
    text = text.replace("upper: 1, unit: grey}}", "upper: 1, unit: grey}, input: p20}")
    (case / "case.yaml").write_text(text, "utf-8")
    found = {item["code"]: item["message"] for item in cli("check", case, "--json").json()["findings"]}
    assert found["T104"].startswith("1 of 12")
    assert found["T105"].startswith("1 of 12")
