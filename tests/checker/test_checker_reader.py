"""The checker's own ONNX reader: what it reads it reads rightly, everything else it refuses with a reason."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checker_toys import evaluate, file_of, load, random_toy, toy
from onnx import TensorProto, helper, numpy_helper

from evidence.checker import onnx_reader
from evidence.checker.layers import NONE, RELU
from evidence.checker.refusals import Refused

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
ACASXU = sorted((SHARED / "vnncomp" / "acasxu" / "onnx").glob("*.onnx*"))
OTHERS = [
    SHARED / "vnncomp" / "mnist_fc" / "onnx" / "mnist-net_256x2.onnx",
    SHARED / "archcomp" / "single_pendulum" / "controller_single_pendulum.onnx",
]


@pytest.mark.parametrize("place", [*ACASXU[::9], *OTHERS] or [None], ids=lambda p: "absent" if p is None else p.name)
def test_agrees_with_onnxruntime_on_public_networks(place: Path | None) -> None:
    if place is None or not place.exists():
        pytest.skip("the shared benchmark networks are not at hand")
    ort = pytest.importorskip("onnxruntime")
    data = gzip.decompress(place.read_bytes()) if place.suffix == ".gz" else place.read_bytes()
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    session = ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    port = session.get_inputs()[0]
    shape = [d if isinstance(d, int) else 1 for d in port.shape]
    layers = onnx_reader.read(data)
    rng = np.random.default_rng(0)
    for _ in range(20):
        point = rng.uniform(-1, 1, size=shape).astype(np.float32)
        wanted = session.run(None, {port.name: point})[0].reshape(-1)
        given = evaluate(layers, point.reshape(1, -1).astype(np.float64))[-1][0]
        np.testing.assert_allclose(given, wanted, rtol=1e-5, atol=1e-5 * np.abs(wanted).max())


def _ort(data: bytes, points: np.ndarray) -> np.ndarray:
    ort = pytest.importorskip("onnxruntime")
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    session = ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    rows = [session.run(None, {"x": point[None].astype(np.float32)})[0].reshape(-1) for point in points]
    return np.array(rows)


C3, C1 = np.array([1.5, -2, 4], dtype=np.float32), np.array([[0.5]], dtype=np.float32)
W = np.arange(6, dtype=np.float32).reshape(3, 2) - 2.5
ONE = helper.make_node


@pytest.mark.parametrize(
    ("nodes", "arrays", "outputs"),
    [
        ([ONE("Sub", ["c", "x"], ["y"])], {"c": C3}, 3),
        ([ONE("Sub", ["x", "c"], ["y"])], {"c": C1}, 3),
        ([ONE("Div", ["x", "c"], ["d"]), ONE("Mul", ["c", "d"], ["m"]), ONE("Add", ["c", "m"], ["y"])], {"c": C3}, 3),
        ([ONE("Relu", ["x"], ["r"]), ONE("Relu", ["r"], ["y"])], {}, 3),
        ([ONE("Identity", ["x"], ["y"])], {}, 3),
        ([ONE("Cast", ["x"], ["d"], to=11), ONE("Cast", ["d"], ["y"], to=1)], {}, 3),
        ([ONE("MatMul", ["x", "w"], ["m"]), ONE("Add", ["b", "m"], ["y"])], {"w": W, "b": C3[:2]}, 2),
        ([ONE("Gemm", ["x", "w"], ["y"])], {"w": W}, 2),
        ([ONE("Gemm", ["x", "w", "b"], ["m"]), ONE("Add", ["m", "b"], ["y"])], {"w": W, "b": C3[:2]}, 2),
        ([ONE("Sub", ["x", "c"], ["m"]), ONE("Add", ["m", "c"], ["n"]), ONE("Add", ["n", "c"], ["y"])], {"c": C3}, 3),
        ([ONE("Gemm", ["x", "w", "b"], ["y"])], {"w": W, "b": C1}, 2),
        ([ONE("Gemm", ["x", "w", "b"], ["y"], transB=1)], {"w": W.T, "b": C3[None, :2]}, 2),
        ([ONE("Flatten", ["x"], ["f"], axis=0), ONE("Gemm", ["f", "w"], ["y"])], {"w": W}, 2),
        ([ONE("Flatten", ["x"], ["f"], axis=-1), ONE("Gemm", ["f", "w"], ["y"])], {"w": W}, 2),
        ([ONE("Reshape", ["x", "s"], ["f"]), ONE("MatMul", ["w", "f"], ["y"])], {"s": np.array([3, 1]), "w": W.T}, 2),
        ([ONE("Reshape", ["x", "s"], ["f"]), ONE("MatMul", ["w", "f"], ["y"])], {"s": np.array([-1]), "w": W.T}, 2),
        ([ONE("Reshape", ["x", "s"], ["f"]), ONE("MatMul", ["f", "w"], ["y"])], {"s": np.array([0, 1, -1]), "w": W}, 2),
        (
            [
                ONE("Constant", [], ["w"], value=numpy_helper.from_array(W)),
                ONE("MatMul", ["x", "w"], ["m"]),
                ONE("Relu", ["m"], ["r"]),
                ONE("Add", ["r", "r0"], ["y"]),
            ],
            {"r0": C3[:2]},
            2,
        ),
    ],
)
def test_each_operator_means_what_onnxruntime_computes(nodes: Any, arrays: dict[str, np.ndarray], outputs: int) -> None:
    data = file_of(nodes, arrays, "y", 3, outputs)
    points = np.random.default_rng(1).normal(size=(30, 3)).astype(np.float32)
    given = evaluate(onnx_reader.read(data), points.astype(np.float64))[-1]
    np.testing.assert_allclose(given, _ort(data, points), rtol=1e-5, atol=1e-5)
    assert onnx_reader.read(data).layers[-1].activation == NONE


def test_weights_are_exact_and_layers_are_not_multiplied_out() -> None:
    net = random_toy(np.random.default_rng(2), [4, 6, 5, 2])
    for transposed in (True, False):
        layers = onnx_reader.read(net.onnx(transposed)).layers
        assert [layer.activation for layer in layers] == [RELU, RELU, NONE]
        for layer, step in zip(layers, net.steps, strict=True):
            np.testing.assert_array_equal(
                layer.terms[0][1].picked(np.arange(layer.outputs)), step.weight.astype(np.float64)
            )
            np.testing.assert_array_equal(layer.bias, step.bias.astype(np.float64))


def _edit(change: Callable[[Any], None]) -> bytes:
    model = load(toy((W.T, C3[:2]), (W, C3)).onnx())
    change(model)
    return bytes(model.SerializeToString())


def _renamed(model: Any, node: int, place: int, name: str) -> None:
    model.graph.node[node].input[place] = name


def _weight(model: Any) -> Any:
    return model.graph.initializer[0]


def _attribute(model: Any, node: int, **attributes: Any) -> None:
    for name, value in attributes.items():
        model.graph.node[node].attribute.append(helper.make_attribute(name, value))


def _double(model: Any) -> None:
    model.graph.node.append(helper.make_node("Relu", ["z0"], ["extra"]))
    model.graph.output[0].name = "extra"


def _circle(model: Any) -> None:
    model.graph.node.append(helper.make_node("Identity", ["z1"], ["x"]))
    model.graph.output[0].name = "x"


def _raw(value: float) -> Callable[[Any], None]:
    def change(model: Any) -> None:
        array = np.array(numpy_helper.to_array(_weight(model)))
        array.flat[0] = value
        _weight(model).CopyFrom(numpy_helper.from_array(array, _weight(model).name))

    return change


@pytest.mark.parametrize(
    "change",
    [
        _raw(np.nan),
        _raw(np.inf),
        lambda m: setattr(_weight(m), "data_location", TensorProto.EXTERNAL),
        lambda m: _weight(m).external_data.add(key="location", value="../../etc/passwd"),
        lambda m: setattr(_weight(m), "data_type", TensorProto.FLOAT16),
        lambda m: setattr(_weight(m), "raw_data", _weight(m).raw_data[:-4]),
        lambda m: _weight(m).dims.append(2**40),
        lambda m: _weight(m).dims.__setitem__(0, -2),
        lambda m: _weight(m).float_data.append(1.0),
        lambda m: setattr(_weight(m), "name", m.graph.initializer[1].name),
        lambda m: setattr(m.graph.node[0], "op_type", "Conv"),
        lambda m: setattr(m.graph.node[1], "op_type", "Elu"),
        lambda m: setattr(m.graph.node[1], "domain", "com.microsoft"),
        lambda m: _attribute(m, 0, transA=1),
        lambda m: _attribute(m, 0, transB=1),
        lambda m: _attribute(m, 0, broadcast=1),
        lambda m: _attribute(m, 1, alpha=0.1),
        lambda m: m.graph.node[0].attribute.pop(),
        lambda m: _renamed(m, 2, 0, "z0"),
        lambda m: _renamed(m, 2, 0, "x"),
        lambda m: _renamed(m, 2, 1, "a0"),
        lambda m: _renamed(m, 2, 1, ""),
        lambda m: _renamed(m, 0, 1, "missing"),
        lambda m: m.graph.node[1].input.append("b0"),
        lambda m: m.graph.node[1].output.append("mask"),
        lambda m: m.graph.node[1].output.__setitem__(0, "z0"),
        lambda m: setattr(m.graph.output[0], "name", "a0"),
        _double,
        lambda m: m.graph.output.append(m.graph.output[0]),
        lambda m: m.graph.input.append(helper.make_tensor_value_info("second", 1, [1, 3])),
        lambda m: m.graph.input[0].type.tensor_type.shape.dim[1].Clear(),
        lambda m: setattr(m.graph.input[0].type.tensor_type.shape.dim[1], "dim_value", 4),
        lambda m: setattr(m.graph.input[0].type.tensor_type.shape.dim[0], "dim_value", 2),
        lambda m: setattr(m.graph.input[0].type.tensor_type, "elem_type", TensorProto.INT64),
        lambda m: setattr(m.opset_import[0], "version", 6),
        lambda m: setattr(m.opset_import[0], "version", 99),
        lambda m: m.opset_import.append(m.opset_import[0]),
        lambda m: m.functions.add(name="f"),
        lambda m: m.graph.sparse_initializer.add(),
        lambda m: m.graph.node.insert(0, m.graph.node[2]),
        lambda m: m.graph.node.insert(0, ONE("Constant", [], ["w1"], value=numpy_helper.from_array(W))),
        _circle,
        lambda m: _attribute(m, 0, alpha=1),
        lambda m: m.graph.node.append(helper.make_node("Div", ["z1", "zero"], ["y"])),
        lambda m: m.graph.node.append(helper.make_node("Add", ["z1", "z1"], ["y"])),
        lambda m: m.graph.node.append(helper.make_node("Cast", ["z1"], ["y"], to=7)),
        lambda m: m.graph.node.append(helper.make_node("Cast", ["z1"], ["y"], to=10)),
        lambda m: m.graph.node.append(helper.make_node("Flatten", ["z1"], ["y"], axis=3)),
        lambda m: m.graph.node.append(helper.make_node("Transpose", ["z1"], ["y"])),
    ],
)
def test_everything_else_is_refused(change: Callable[[Any], None]) -> None:
    with pytest.raises(Refused) as refusal:
        onnx_reader.read(_edit(change))
    assert refusal.value.finding.code == "N152"
    assert len(refusal.value.finding.message) > 10


def test_attributes_of_the_wrong_type_are_refused() -> None:
    """A square Gemm whose transB is a float 1.0: reading its integer field would give 0, another network."""
    for attributes in ({"transB": 1.0}, {"alpha": 1}, {"transB": "1"}, {"transB": [1]}):
        node = helper.make_node("Gemm", ["x", "w"], ["y"], **attributes)
        with pytest.raises(Refused, match="attribute"):
            onnx_reader.read(file_of([node], {"w": np.eye(3, k=1, dtype=np.float32)}, "y", 3, 3))


def test_divisors_of_zero_and_wrong_shapes_are_refused() -> None:
    for operator, operands, c in (
        ("Div", ["x", "c"], np.zeros(3)),
        ("Div", ["c", "x"], np.ones(3)),
        ("Add", ["x", "c"], np.ones((3, 1))),
        ("Mul", ["x", "c"], np.ones(2)),
        ("Sub", ["x", "c"], np.ones((2, 3))),
        ("Sub", ["x", "c"], np.ones(3, dtype=np.int64)),
        ("MatMul", ["x", "c"], np.ones((2, 3))),
        ("MatMul", ["x", "c"], np.ones(3)),
        ("MatMul", ["c", "x"], np.ones((3, 3))),
        ("MatMul", ["x", "c"], np.ones((1, 3, 2))),
        ("Gemm", ["c", "x"], np.ones((3, 3))),
        ("Reshape", ["x", "c"], np.array([2, 2])),
        ("Reshape", ["x", "c"], np.array([-1, -1])),
        ("Reshape", ["x", "c"], np.array([-3, -1])),
        ("Reshape", ["x", "c"], np.array([[3]])),
        ("Reshape", ["x", "c"], np.ones(1)),
    ):
        value = c if c.dtype == np.int64 else c.astype(np.float32)
        with pytest.raises(Refused, match=r"node|tensor"):
            onnx_reader.read(file_of([helper.make_node(operator, operands, ["y"])], {"c": value}, "y", 3, 3))


@pytest.mark.parametrize("data", [b"", b"\xff" * 100, b"not a network", gzip.compress(b"x"), bytes(1000)])
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(Refused):
        onnx_reader.read(data)


def test_truncated_files_are_refused_or_read_the_same() -> None:
    """Cutting a file anywhere never yields another network."""
    data = random_toy(np.random.default_rng(4), [2, 3, 2]).onnx()
    whole = onnx_reader.read(data)
    points = np.random.default_rng(5).normal(size=(5, 2))
    for length in range(0, len(data), 3):
        try:
            layers = onnx_reader.read(data[:length])
        except Refused:
            continue
        np.testing.assert_array_equal(evaluate(layers, points)[-1], evaluate(whole, points)[-1])
