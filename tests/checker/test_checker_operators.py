"""Each operator against onnxruntime, and the bounds of networks that are no plain chains against samples."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from checker_toys import evaluate, known_bounds
from onnx import TensorProto, helper, numpy_helper

from evidence.checker import onnx_reader
from evidence.checker.layers import Network
from evidence.checker.problem import Sets
from evidence.checker.refusals import Refused

RNG = np.random.default_rng(0)
ONE = helper.make_node


def drawn(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape).astype(np.float32)


def ints(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


def graph(nodes: Any, arrays: dict[str, np.ndarray], shape: Any, output: str = "y", opset: int = 13) -> bytes:
    """ONNX bytes of a graph with input x of a fixed shape; the output's shape is left open."""
    made = helper.make_graph(
        list(nodes),
        "toy",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, list(shape))],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.ascontiguousarray(value), name) for name, value in arrays.items()],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    return bytes(model.SerializeToString())


def executed(data: bytes, points: np.ndarray) -> np.ndarray:
    ort = pytest.importorskip("onnxruntime")
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    session = ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    shape = [size if isinstance(size, int) else 1 for size in session.get_inputs()[0].shape]
    return np.array([session.run(None, {"x": point.reshape(shape).astype(np.float32)})[0].ravel() for point in points])


IMAGE = (1, 4, 6, 5)
CASES: dict[str, tuple[Any, dict[str, np.ndarray], Any, int]] = {
    "gemm-alpha-beta": (
        [ONE("Gemm", ["x", "w", "b"], ["y"], alpha=0.3, beta=-2.0)],
        {"w": drawn(3, 2), "b": drawn(2)},
        (1, 3),
        13,
    ),
    "add-tensors": ([ONE("Relu", ["x"], ["r"]), ONE("Add", ["x", "r"], ["y"])], {}, (1, 3), 13),
    "sub-tensors": ([ONE("Relu", ["x"], ["r"]), ONE("Sub", ["r", "x"], ["y"])], {}, (1, 3), 13),
    "twice-the-same": ([ONE("Add", ["x", "x"], ["y"])], {}, (1, 3), 13),
    "residual": (
        [
            ONE("Gemm", ["x", "w", "b"], ["z"]),
            ONE("Relu", ["z"], ["r"]),
            ONE("Gemm", ["r", "v"], ["s"]),
            ONE("Add", ["s", "z"], ["t"]),
            ONE("Relu", ["t"], ["u"]),
            ONE("Add", ["u", "x"], ["y"]),
        ],
        {"w": drawn(3, 3), "b": drawn(3), "v": drawn(3, 3)},
        (1, 3),
        13,
    ),
    "conv": ([ONE("Conv", ["x", "w", "b"], ["y"])], {"w": drawn(3, 4, 2, 3), "b": drawn(3)}, IMAGE, 13),
    "conv-no-bias": ([ONE("Conv", ["x", "w"], ["y"], kernel_shape=[2, 2])], {"w": drawn(3, 4, 2, 2)}, IMAGE, 13),
    "conv-strides-pads": (
        [ONE("Conv", ["x", "w", "b"], ["y"], strides=[2, 1], pads=[1, 0, 2, 3])],
        {"w": drawn(2, 4, 3, 3), "b": drawn(2)},
        IMAGE,
        13,
    ),
    "conv-dilations": (
        [ONE("Conv", ["x", "w"], ["y"], dilations=[2, 3], pads=[1, 2, 1, 2])],
        {"w": drawn(2, 4, 3, 2)},
        IMAGE,
        13,
    ),
    "conv-groups": (
        [ONE("Conv", ["x", "w", "b"], ["y"], group=2, pads=[1, 1, 1, 1])],
        {"w": drawn(6, 2, 3, 3), "b": drawn(6)},
        IMAGE,
        13,
    ),
    "conv-depthwise": ([ONE("Conv", ["x", "w"], ["y"], group=4, strides=[2, 2])], {"w": drawn(4, 1, 2, 2)}, IMAGE, 13),
    "conv-same-upper": (
        [ONE("Conv", ["x", "w"], ["y"], auto_pad="SAME_UPPER", strides=[2, 3])],
        {"w": drawn(2, 4, 3, 2)},
        IMAGE,
        13,
    ),
    "conv-same-lower": (
        [ONE("Conv", ["x", "w"], ["y"], auto_pad="SAME_LOWER", strides=[1, 2])],
        {"w": drawn(2, 4, 2, 4)},
        IMAGE,
        13,
    ),
    "conv-valid": ([ONE("Conv", ["x", "w"], ["y"], auto_pad="VALID")], {"w": drawn(2, 4, 2, 4)}, IMAGE, 13),
    "conv-1d": ([ONE("Conv", ["x", "w"], ["y"], pads=[1, 1])], {"w": drawn(2, 3, 3)}, (1, 3, 7), 13),
    "conv-conv": (
        [
            ONE("Conv", ["x", "w", "b"], ["c"], pads=[1, 1, 1, 1]),
            ONE("Relu", ["c"], ["r"]),
            ONE("Conv", ["r", "v"], ["y"], strides=[2, 2]),
        ],
        {"w": drawn(3, 4, 3, 3), "b": drawn(3), "v": drawn(2, 3, 2, 2)},
        IMAGE,
        13,
    ),
    "average-pool": ([ONE("AveragePool", ["x"], ["y"], kernel_shape=[2, 3], strides=[2, 1])], {}, IMAGE, 13),
    "average-pool-pads": (
        [ONE("AveragePool", ["x"], ["y"], kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1)],
        {},
        IMAGE,
        13,
    ),
    "max-pool": ([ONE("MaxPool", ["x"], ["y"], kernel_shape=[2, 2], strides=[2, 2])], {}, IMAGE, 13),
    "max-pool-pads": ([ONE("MaxPool", ["x"], ["y"], kernel_shape=[3, 2], pads=[1, 0, 1, 1])], {}, IMAGE, 13),
    "max-pool-dilations": ([ONE("MaxPool", ["x"], ["y"], kernel_shape=[2, 2], dilations=[2, 1])], {}, IMAGE, 13),
    "batch-norm": (
        [ONE("BatchNormalization", ["x", "s", "b", "m", "v"], ["y"], epsilon=0.01, momentum=0.8)],
        {"s": drawn(4), "b": drawn(4), "m": drawn(4), "v": np.abs(drawn(4))},
        IMAGE,
        13,
    ),
    "batch-norm-flat": (
        [ONE("BatchNormalization", ["x", "s", "b", "m", "v"], ["y"])],
        {"s": drawn(3), "b": drawn(3), "m": drawn(3), "v": np.abs(drawn(3))},
        (1, 3),
        9,
    ),
    "sigmoid": ([ONE("Sigmoid", ["x"], ["s"]), ONE("Gemm", ["s", "w"], ["y"])], {"w": drawn(5, 3)}, (1, 5), 13),
    "tanh": (
        [
            ONE("Gemm", ["x", "w"], ["g"]),
            ONE("Tanh", ["g"], ["t"]),
            ONE("Gemm", ["t", "w"], ["h"]),
            ONE("Tanh", ["h"], ["y"]),
        ],
        {"w": drawn(5, 5)},
        (1, 5),
        13,
    ),
    "leaky-relu": ([ONE("LeakyRelu", ["x"], ["y"], alpha=0.125)], {}, (1, 5), 13),
    "leaky-relu-default": ([ONE("LeakyRelu", ["x"], ["y"])], {}, (1, 5), 13),
    "leaky-relu-steep": ([ONE("LeakyRelu", ["x"], ["y"], alpha=-1.5)], {}, (1, 5), 13),
    "clip": (
        [ONE("Clip", ["x", "a", "b"], ["y"])],
        {"a": np.array(-0.3, np.float32), "b": np.array(0.5, np.float32)},
        (1, 9),
        13,
    ),
    "clip-below": ([ONE("Clip", ["x", "a"], ["y"])], {"a": np.array(0, np.float32)}, (1, 9), 13),
    "clip-above": ([ONE("Clip", ["x", "", "b"], ["y"])], {"b": np.array(0.25, np.float32)}, (1, 9), 13),
    "clip-attributes": ([ONE("Clip", ["x"], ["y"], min=-0.5, max=0.25)], {}, (1, 9), 10),
    "transpose": (
        [
            ONE("Transpose", ["x"], ["t"], perm=[0, 2, 3, 1]),
            ONE("Flatten", ["t"], ["f"]),
            ONE("MatMul", ["f", "w"], ["y"]),
        ],
        {"w": drawn(120, 3)},
        IMAGE,
        13,
    ),
    "transpose-default": ([ONE("Transpose", ["x"], ["t"]), ONE("Relu", ["t"], ["y"])], {}, IMAGE, 13),
    "squeeze": ([ONE("Squeeze", ["x", "a"], ["y"])], {"a": ints(0, -1)}, (1, 3, 1), 13),
    "squeeze-all": ([ONE("Squeeze", ["x"], ["y"])], {}, (1, 3, 1), 13),
    "squeeze-attribute": ([ONE("Squeeze", ["x"], ["y"], axes=[2])], {}, (1, 3, 1), 11),
    "unsqueeze": ([ONE("Unsqueeze", ["x", "a"], ["y"])], {"a": ints(-1, 1)}, (1, 3), 13),
    "concat": (
        [
            ONE("Gemm", ["x", "w"], ["g"]),
            ONE("Relu", ["g"], ["r"]),
            ONE("Concat", ["r", "x", "g"], ["c"], axis=-1),
            ONE("Gemm", ["c", "v"], ["y"]),
        ],
        {"w": drawn(3, 2), "v": drawn(7, 4)},
        (1, 3),
        13,
    ),
    "slice": (
        [ONE("Slice", ["x", "s", "e", "a", "t"], ["y"])],
        {"s": ints(1, -1), "e": ints(9, -99), "a": ints(1, -1), "t": ints(2, -2)},
        IMAGE,
        13,
    ),
    "slice-attributes": ([ONE("Slice", ["x"], ["y"], starts=[1, 0], ends=[3, -1], axes=[2, 3])], {}, IMAGE, 9),
    "split": (
        [
            ONE("Split", ["x", "s"], ["a", "b"], axis=1),
            ONE("Relu", ["b"], ["r"]),
            ONE("Concat", ["r", "a"], ["y"], axis=1),
        ],
        {"s": ints(1, 3)},
        IMAGE,
        13,
    ),
    "split-even": (
        [ONE("Split", ["x"], ["a", "b"], axis=2), ONE("Add", ["a", "b"], ["y"])],
        {},
        IMAGE,
        13,
    ),
    "gather": ([ONE("Gather", ["x", "i"], ["y"], axis=2)], {"i": np.array([[0, 5], [-1, 0]])}, IMAGE, 13),
    "gather-scalar": ([ONE("Gather", ["x", "i"], ["y"], axis=1)], {"i": np.array(2)}, IMAGE, 13),
    "gather-then-matmul": (
        [ONE("Gather", ["x", "i"], ["g"], axis=1), ONE("MatMul", ["g", "w"], ["y"])],
        {"i": ints(2, 0, 2, 1), "w": drawn(4, 3)},
        (1, 3),
        13,
    ),
    "pad": (
        [ONE("Pad", ["x", "p"], ["q"]), ONE("Conv", ["q", "w"], ["y"])],
        {"p": ints(0, 0, 1, 0, 0, 0, 2, 1), "w": drawn(2, 4, 3, 3)},
        IMAGE,
        13,
    ),
    "pad-attributes": ([ONE("Pad", ["x"], ["y"], pads=[0, 1, 0, 0], mode="constant", value=0.0)], {}, (1, 3), 10),
    "dropout": ([ONE("Dropout", ["x"], ["d", "mask"]), ONE("Relu", ["d"], ["y"])], {}, (1, 3), 13),
    "constants-are-moved": (
        [
            ONE("Constant", [], ["c"], value_floats=[1.0, -2.0, 3.0]),
            ONE("Unsqueeze", ["c", "a"], ["u"]),
            ONE("Transpose", ["u"], ["t"]),
            ONE("Transpose", ["t"], ["v"]),
            ONE("Mul", ["x", "v"], ["y"]),
        ],
        {"a": ints(0)},
        (1, 3),
        13,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_each_operator_means_what_onnxruntime_computes(name: str) -> None:
    nodes, arrays, shape, opset = CASES[name]
    data = graph(nodes, arrays, shape, opset=opset)
    points = np.random.default_rng(1).normal(size=(20, int(np.prod(shape)))).astype(np.float32)
    net = onnx_reader.read(data)
    wanted = executed(data, points)
    np.testing.assert_allclose(evaluate(net, points)[-1], wanted, rtol=1e-5, atol=1e-5)
    _check_bounds(net, points)
    _check_maps(net)


def _check_bounds(net: Network, points: np.ndarray) -> None:
    """Intervals and dual bounds of every layer hold at sampled points of boxes; the dual is not looser."""
    rng = np.random.default_rng(2)
    lower = points[:3].astype(np.float64)
    upper = lower + rng.uniform(0, 1, size=lower.shape)
    sets = Sets(lower, upper)
    plain = known_bounds(net, sets, ()).layers
    tight = known_bounds(net, sets, ("adaptive", "zero", "one")).layers
    for _ in range(30):
        unit = rng.uniform(size=lower.shape)
        unit = np.round(unit) if rng.uniform() < 0.5 else unit
        for z, bounds, tighter in zip(evaluate(net, lower + unit * (upper - lower)), plain, tight, strict=True):
            assert (z >= bounds.lower - 1e-9).all() and (z <= bounds.upper + 1e-9).all()
            assert (z >= tighter.lower - 1e-9).all() and (z <= tighter.upper + 1e-9).all()
    for bounds, tighter in zip(plain, tight, strict=True):
        assert (tighter.lower >= bounds.lower - 1e-12).all() and (tighter.upper <= bounds.upper + 1e-12).all()


def _check_maps(net: Network) -> None:
    """forward, back, picked and forward_size of every linear map describe one matrix."""
    rng = np.random.default_rng(3)
    for layer in net.layers:
        for _, matrix in layer.terms:
            rows, values = rng.normal(size=(3, matrix.outputs)), rng.normal(size=(4, matrix.inputs))
            full = matrix.picked(np.arange(matrix.outputs))
            np.testing.assert_allclose(matrix.forward(values), values @ full.T, atol=1e-12)
            np.testing.assert_allclose(matrix.back(rows), rows @ full, atol=1e-12)
            np.testing.assert_allclose(matrix.forward_size(np.abs(values)), np.abs(values) @ np.abs(full).T, atol=1e-12)


def test_relus_are_joined_with_the_layer_before_and_numbered_in_file_order() -> None:
    nodes, arrays, shape, opset = CASES["residual"]
    net = onnx_reader.read(graph(nodes, arrays, shape, opset=opset))
    # z is used twice, so its Relu stands apart; the second Relu is joined with the sum before it
    assert [layer.activation for layer in net.layers] == ["none", "relu", "none", "relu", "none"]
    assert net.relus == (1, 3) and net.splits
    for name, splits in (("max-pool", False), ("clip", False), ("leaky-relu", False), ("conv-conv", True)):
        nodes, arrays, shape, opset = CASES[name]
        assert onnx_reader.read(graph(nodes, arrays, shape, opset=opset)).splits == splits, name


def test_roundings_are_counted() -> None:
    """Of each layer of a file; a Relu that is joined with a layer adds none, a bias that is joined adds its own."""
    for name, wanted in {
        "gemm-alpha-beta": [5],
        "add-tensors": [0, 1],
        "residual": [4, 0, 4, 1],
        "conv": [4 * 2 * 3 + 1],
        "conv-groups": [2 * 3 * 3 + 1],
        "average-pool": [2 * 3 + 2],
        "average-pool-pads": [3 * 3 + 2],
        "batch-norm": [8],
        "leaky-relu": [0, 1],
        "clip": [0, 0, 0, 0],
        "max-pool": [0] * 6,
        "sigmoid": [0, 8, 6],
        "transpose": [0, 120],
    }.items():
        nodes, arrays, shape, opset = CASES[name]
        net = onnx_reader.read(graph(nodes, arrays, shape, opset=opset))
        assert [layer.roundings for layer in net.layers][: len(wanted)] == wanted, name
    nodes = [ONE("MatMul", ["x", "w"], ["m"]), ONE("Add", ["m", "b"], ["a"]), ONE("Relu", ["a"], ["r"])]
    nodes.append(ONE("Div", ["r", "b"], ["y"]))
    net = onnx_reader.read(graph(nodes, {"w": drawn(3, 2), "b": drawn(2)}, (1, 3)))
    assert [layer.roundings for layer in net.layers] == [3 + 1, 2]


def test_softmax_is_read_as_last_operator_only() -> None:
    arrays = {"w": drawn(3, 4)}
    plain = [ONE("Gemm", ["x", "w"], ["g"])]
    for opset, attributes in ((13, {}), (13, {"axis": 1}), (11, {}), (11, {"axis": 1})):
        net = onnx_reader.read(graph([*plain, ONE("Softmax", ["g"], ["y"], **attributes)], arrays, (1, 3), opset=opset))
        assert net.softmax and net.outputs == 4
    for after in (ONE("Relu", ["s"], ["y"]), ONE("Identity", ["s"], ["y"])):
        with pytest.raises(Refused):
            onnx_reader.read(graph([*plain, ONE("Softmax", ["g"], ["s"]), after], arrays, (1, 3)))
    for axis in (0, 2, -2):
        with pytest.raises(Refused):
            onnx_reader.read(graph([*plain, ONE("Softmax", ["g"], ["y"], axis=axis)], arrays, (1, 3)))


F = np.float32


@pytest.mark.parametrize(
    ("nodes", "arrays", "shape"),
    [
        ([ONE("Mul", ["x", "x"], ["y"])], {}, (1, 3)),
        ([ONE("MatMul", ["x", "x"], ["y"])], {}, (1, 1)),
        ([ONE("Gemm", ["x", "w", "x"], ["y"])], {"w": drawn(3, 3)}, (1, 3)),
        ([ONE("Conv", ["x", "w"], ["y"])], {"w": drawn(3, 3, 2, 2)}, IMAGE),
        ([ONE("Conv", ["x", "w"], ["y"], group=3)], {"w": drawn(3, 4, 2, 2)}, IMAGE),
        ([ONE("Conv", ["x", "w"], ["y"], kernel_shape=[3, 3])], {"w": drawn(3, 4, 2, 2)}, IMAGE),
        ([ONE("Conv", ["x", "w"], ["y"], strides=[0, 1])], {"w": drawn(3, 4, 2, 2)}, IMAGE),
        ([ONE("Conv", ["x", "w"], ["y"], pads=[-1, 0, 0, 0])], {"w": drawn(3, 4, 2, 2)}, IMAGE),
        ([ONE("Conv", ["x", "w"], ["y"], pads=[10**9] * 4)], {"w": drawn(3, 4, 2, 2)}, IMAGE),
        ([ONE("Conv", ["x", "w"], ["y"], auto_pad="LEFT")], {"w": drawn(3, 4, 2, 2)}, IMAGE),
        ([ONE("Conv", ["x", "w"], ["y"])], {"w": drawn(3, 4, 9, 2)}, IMAGE),
        ([ONE("Conv", ["x", "w", "b"], ["y"])], {"w": drawn(3, 4, 2, 2), "b": drawn(1)}, IMAGE),
        ([ONE("Conv", ["x", "x"], ["y"])], {}, IMAGE),
        ([ONE("AveragePool", ["x"], ["y"], kernel_shape=[3, 3], pads=[1, 1, 1, 1])], {}, IMAGE),
        ([ONE("AveragePool", ["x"], ["y"], kernel_shape=[2, 2], ceil_mode=1)], {}, IMAGE),
        ([ONE("AveragePool", ["x"], ["y"])], {}, IMAGE),
        ([ONE("MaxPool", ["x"], ["y", "where"], kernel_shape=[2, 2])], {}, IMAGE),
        ([ONE("MaxPool", ["x"], ["y"], kernel_shape=[2, 2], storage_order=1)], {}, IMAGE),
        ([ONE("MaxPool", ["x"], ["y"], kernel_shape=[1, 1], pads=[1, 0, 0, 0])], {}, IMAGE),
        (
            [ONE("BatchNormalization", ["x", "s", "s", "s", "v"], ["y"])],
            {"s": drawn(3), "v": np.full(3, -1, dtype=F)},
            (1, 3),
        ),
        ([ONE("BatchNormalization", ["x", "s", "s", "s", "s"], ["y"], training_mode=1)], {"s": np.ones(3, F)}, (1, 3)),
        ([ONE("BatchNormalization", ["x", "s", "s", "s", "s"], ["y"])], {"s": np.ones(2, F)}, (1, 3)),
        ([ONE("LeakyRelu", ["x"], ["y"], alpha=1)], {}, (1, 3)),
        ([ONE("Clip", ["x", "a", "b"], ["y"])], {"a": np.array(1, F), "b": np.array(0, F)}, (1, 3)),
        ([ONE("Clip", ["x", "a"], ["y"])], {"a": np.ones(3, F)}, (1, 3)),
        ([ONE("Clip", ["x", "a"], ["y"])], {"a": np.array(1)}, (1, 3)),
        ([ONE("Transpose", ["x"], ["y"], perm=[0, 0])], {}, (1, 3)),
        ([ONE("Squeeze", ["x", "a"], ["y"])], {"a": ints(1)}, (1, 3)),
        ([ONE("Squeeze", ["x", "a"], ["y"])], {"a": ints(0, 0)}, (1, 3)),
        ([ONE("Unsqueeze", ["x"], ["y"])], {}, (1, 3)),
        ([ONE("Unsqueeze", ["x", "a"], ["y"])], {"a": ints(7)}, (1, 3)),
        ([ONE("Concat", ["x", "c"], ["y"], axis=1)], {"c": drawn(1, 2)}, (1, 3)),
        ([ONE("Concat", ["x", "x"], ["y"])], {}, (1, 3)),
        ([ONE("Concat", ["x", "x"], ["y"], axis=2)], {}, (1, 3)),
        ([ONE("Slice", ["x", "s", "e"], ["y"])], {"s": ints(0), "e": ints(0)}, (1, 3)),
        ([ONE("Slice", ["x", "s", "e"], ["y"])], {"s": ints(0, 0), "e": ints(1)}, (1, 3)),
        ([ONE("Slice", ["x", "s", "s", "s", "s"], ["y"])], {"s": ints(0)}, (1, 3)),
        ([ONE("Split", ["x"], ["y", "z"], axis=1)], {}, (1, 3)),
        ([ONE("Split", ["x", "s"], ["y", "z"], axis=1), ONE("Add", ["y", "z"], ["a"])], {"s": ints(4, -1)}, (1, 3)),
        ([ONE("Gather", ["x", "i"], ["y"], axis=1)], {"i": ints(3)}, (1, 3)),
        ([ONE("Gather", ["x", "i"], ["y"], axis=1)], {"i": drawn(1)}, (1, 3)),
        ([ONE("Pad", ["x", "p"], ["y"])], {"p": ints(0, -1, 0, 0)}, (1, 3)),
        ([ONE("Pad", ["x", "p"], ["y"], mode="reflect")], {"p": ints(0, 1, 0, 0)}, (1, 3)),
        ([ONE("Pad", ["x", "p", "v"], ["y"])], {"p": ints(0, 1, 0, 0), "v": np.array(1, F)}, (1, 3)),
        ([ONE("Pad", ["x", "p"], ["y"])], {"p": ints(0, 10**12, 0, 0)}, (1, 3)),
        ([ONE("Dropout", ["x"], ["y", "mask"]), ONE("Identity", ["mask"], ["z"])], {}, (1, 3)),
        ([ONE("Dropout", ["x", "r", "t"], ["y"])], {"r": np.array(0.5, F), "t": np.array(True)}, (1, 3)),
        ([ONE("Reshape", ["x", "s"], ["y"])], {"s": ints(2, 2)}, (1, 3)),
        ([ONE("Cast", ["x"], ["y"], to=TensorProto.FLOAT16)], {}, (1, 3)),
        ([ONE("Constant", [], ["c"], value_string="a"), ONE("Add", ["x", "c"], ["y"])], {}, (1, 3)),
        (
            [ONE("Dropout", ["x"], ["y", "m"]), ONE("Relu", ["y"], ["m"]), ONE("Add", ["m", "m"], ["z"])],
            {},
            (1, 3),
        ),
        ([ONE("Split", ["x"], [])], {}, (1, 3)),
        ([ONE("Identity", [""], ["c"]), ONE("Gemm", ["x", "w", "c"], ["y"])], {"w": drawn(3, 3)}, (1, 3)),
        ([ONE("Conv", ["x", "w"], ["y"], strides=[1.0, 1.0])], {"w": drawn(3, 4, 2, 2)}, IMAGE),
        ([ONE("Transpose", ["x"], ["y"], perm=[0.0, 1.0])], {}, (1, 3)),
        ([ONE("Squeeze", ["x"], ["y"], axes=[0.0])], {}, (1, 3)),
        ([ONE("LeakyRelu", ["x"], ["y"], alpha=math.nan)], {}, (1, 3)),
        ([ONE("Clip", ["x"], ["y"], min=-math.inf)], {}, (1, 3)),
        ([ONE("Constant", [], ["c"], value_floats=[math.inf]), ONE("Add", ["x", "c"], ["y"])], {}, (1, 3)),
        ([ONE("Relu", ["x"], [])], {}, (1, 3)),
        ([ONE("Relu", ["x"], ["y", "z"])], {}, (1, 3)),
        ([ONE("Relu", [], ["y"])], {}, (1, 3)),
        ([ONE("Relu", [""], ["y"])], {}, (1, 3)),
        ([ONE("Exp", ["x"], ["y"])], {}, (1, 3)),
        ([ONE("If", ["x"], ["y"])], {}, (1, 3)),
    ],
)
def test_other_uses_are_refused(nodes: Any, arrays: dict[str, np.ndarray], shape: Any) -> None:
    with pytest.raises(Refused) as refusal:
        onnx_reader.read(graph(nodes, arrays, shape))
    assert refusal.value.finding.code == "N152" and len(refusal.value.finding.message) > 10


BIG = np.zeros((1, 2**10), dtype=F)


@pytest.mark.parametrize(
    ("nodes", "arrays", "shape"),
    [
        (
            [ONE("Concat", [f"c{i}"] * 100, [f"c{i + 1}"], axis=0) for i in range(9)]
            + [ONE("Gather", ["x", "c9"], ["y"], axis=1)],
            {"c0": ints(0)},
            (1, 3),
        ),
        ([ONE("Gather", ["x", "i"], ["g"]), ONE("Gather", ["g", "i"], ["y"])], {"i": np.zeros(2**18, int)}, (1, 1000)),
        (
            [ONE("Gather", ["w", "i"], ["g"]), ONE("MatMul", ["x", "g"], ["y"])],
            {"i": np.zeros(2**18, int), "w": BIG},
            (1, 3),
        ),
        ([ONE("Pad", ["x", "p"], ["y"])], {"p": ints(*[4000] * 8)}, IMAGE),
        ([ONE("Conv", ["x", "w"], ["y"], pads=[4000] * 6)], {"w": drawn(1, 1, 1, 1, 1)}, (1, 1, 2, 2, 2)),
        (
            [ONE("AveragePool", ["x"], ["y"], kernel_shape=[256, 256], pads=[128] * 4, count_include_pad=1)],
            {},
            (1, 1, 400, 400),
        ),
        ([ONE("Conv", ["x", "w"], ["y"], pads=[2**62] * 4)], {"w": drawn(1, 4, 1, 1)}, IMAGE),
        ([ONE("Unsqueeze", ["x", "a"], ["u"]), ONE("Squeeze", ["u"], ["y"])], {"a": ints(*range(100))}, (1, 3)),
        (
            [ONE("Relu", [f"r{i}" if i else "x"], [f"r{i + 1}"]) for i in range(200)],
            {},
            (1, 2**17),
        ),
        (
            [ONE("Transpose", [f"r{i}" if i else "x"], [f"r{i + 1}"]) for i in range(200)],
            {},
            (1, 2**17),
        ),
    ],
)
def test_small_files_that_ask_for_much_memory_are_refused(
    nodes: Any, arrays: dict[str, np.ndarray], shape: Any
) -> None:
    with pytest.raises(Refused):
        onnx_reader.read(graph(nodes, arrays, shape))
