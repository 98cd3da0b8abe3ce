"""Each operator, with its attributes varied: forward pass, torch and (where it is one) chain equal onnxruntime."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

from engine_toys import model
from network_toys import NODE, agrees, executed, ints, normal, points, single
from onnx import TensorProto, helper, numpy_helper

from evidence.errors import AssuranceError, InputError
from evidence.network import chain, read_graph
from evidence.network.refusals import MAX_RANK


def compared(data: bytes) -> bool:
    """Compare where onnxruntime takes the model; what we take and it does not is left, what it takes we must."""
    try:
        graph = read_graph(data, "toy.onnx")
    except AssuranceError as error:
        from onnx import load_model_from_string

        shape = [dim.dim_value or 1 for dim in load_model_from_string(data).graph.input[0].type.tensor_type.shape.dim]
        stand_in = type("Shape", (), {"precision": "float32", "input_shape": tuple(shape)})()
        x = np.zeros((1, int(np.prod(shape))))
        taken = executed(data, x, stand_in)
        assert taken is None or taken.size == 0, f"refused, but it runs: {error.finding}"
        return False
    if executed(data, points(graph, 1), graph) is None:
        return False
    agrees(data)
    return True


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("opset", [7, 22])
def test_convolution_in_two_dimensions(groups: int, opset: int) -> None:
    done = 0
    for kernel, strides, dilations, pads, bias in itertools.product(
        [(1, 1), (3, 2), (2, 3)],
        [None, (1, 2), (2, 3)],
        [None, (2, 1)],
        [None, (1, 1, 1, 1), (0, 2, 1, 0), (2, 0, 0, 1)],
        [True, False],
    ):
        constants = {"w": normal(done, 4, 4 // groups, *kernel), "b": normal(done + 1, 4) if bias else None}
        constants = {k: v for k, v in constants.items() if v is not None}
        data = single(
            "Conv", ["n", 4, 7, 6], constants, opset, strides=strides, dilations=dilations, pads=pads, group=groups
        )
        done += compared(data)
    assert done >= 100


@pytest.mark.parametrize("mode", ["SAME_UPPER", "SAME_LOWER", "VALID", "NOTSET"])
@pytest.mark.parametrize("kind", ["Conv", "AveragePool", "MaxPool"])
def test_automatic_pads(kind: str, mode: str) -> None:
    done = 0
    for kernel, strides, length in itertools.product([(1, 3), (2, 2), (3, 4)], [None, (1, 2), (3, 2)], [5, 6, 7]):
        if kind == "Conv":
            data = single(kind, [1, 2, length, 6], {"w": normal(1, 3, 2, *kernel)}, auto_pad=mode, strides=strides)
        else:
            data = single(kind, [1, 2, length, 6], auto_pad=mode, strides=strides, kernel_shape=kernel)
        done += compared(data)
    assert done >= 20


def test_convolution_in_one_dimension() -> None:
    for kernel, stride, dilation, pads, groups in itertools.product(
        [1, 3], [None, [2]], [None, [2]], [None, [1, 0], [2, 3]], [1, 3]
    ):
        constants = {"w": normal(2, 6, 3 // groups, kernel), "b": normal(3, 6)}
        data = single("Conv", [1, 3, 9], constants, strides=stride, dilations=dilation, pads=pads, group=groups)
        assert compared(data)


@pytest.mark.parametrize("opset", [7, 10, 19, 22])
@pytest.mark.parametrize("kind", ["AveragePool", "MaxPool"])
def test_pools_in_two_dimensions(kind: str, opset: int) -> None:
    done = 0
    for kernel, strides, pads, ceiling, dilations, counted, length in itertools.product(
        [(2, 2), (3, 2)],
        [None, (2, 2), (2, 3)],
        [None, (1, 1, 1, 1), (1, 0, 0, 1)],
        [0, 1],
        [None, (2, 1)],
        [0, 1],
        [6, 7],
    ):
        more: dict[str, Any] = {}
        if opset >= 10:
            more["ceil_mode"] = ceiling
        elif ceiling:
            continue
        if kind == "AveragePool":
            more["count_include_pad"] = counted
        elif counted:
            continue
        if dilations is not None:
            if opset < (19 if kind == "AveragePool" else 10):
                continue
            more["dilations"] = dilations
        data = single(kind, [1, 2, length, 6], None, opset, kernel_shape=kernel, strides=strides, pads=pads, **more)
        done += compared(data)
    assert done >= 30


def test_pools_in_one_dimension_and_global() -> None:
    for kernel, stride, pads in itertools.product([2, 3], [None, [2]], [None, [1, 0], [1, 1]]):
        for kind in ("AveragePool", "MaxPool"):
            assert compared(single(kind, [1, 3, 8], kernel_shape=[kernel], strides=stride, pads=pads))
    for shape in ([1, 3, 4], [1, 3, 4, 5], [1, 1, 1, 1]):
        assert compared(single("GlobalAveragePool", shape))


def test_windows_that_lie_in_the_border_only_are_refused() -> None:
    data = single("MaxPool", [1, 1, 2, 2], kernel_shape=[1, 1], pads=[1, 0, 0, 0])
    with pytest.raises(AssuranceError) as caught:
        read_graph(data, "toy.onnx")
    assert caught.value.finding.code == "N116"


def test_the_places_of_maxima_are_refused() -> None:
    node = NODE("MaxPool", ["x"], ["y", "i"], kernel_shape=[2, 2])
    with pytest.raises(AssuranceError, match="second result"):
        read_graph(model([node], {}, [1, 1, 4, 4], None), "toy.onnx")


@pytest.mark.parametrize("opset", [7, 9, 13, 14, 15, 22])
def test_batch_normalization(opset: int) -> None:
    for shape in ([1, 3], [1, 3, 4], [1, 3, 2, 2]):
        constants = {
            "s": normal(1, 3),
            "b": normal(2, 3),
            "m": normal(3, 3),
            "v": np.abs(normal(4, 3)) + np.float32(0.1),
        }
        assert compared(single("BatchNormalization", shape, constants, opset, epsilon=0.01, momentum=0.5))
        assert compared(single("BatchNormalization", shape, constants, opset))


def test_gemm_and_matmul() -> None:
    w, vector = normal(1, 5, 3), normal(2, 5)
    for transposed, alpha, beta, c in itertools.product(
        [0, 1], [None, 0.5], [None, -2.0], [None, normal(3, 3), normal(4, 1, 3), normal(5, 1), normal(6, 1, 1)]
    ):
        constants = {"w": w.T.copy() if transposed else w} | ({} if c is None else {"c": c})
        assert compared(single("Gemm", ["n", 5], constants, alpha=alpha, beta=beta, transB=transposed))
    for shape in (["n", 5], [1, 2, 5], [1, 2, 2, 5]):
        assert compared(single("MatMul", shape, {"w": w}))
        assert compared(single("MatMul", shape, {"w": vector}))
    for left in (normal(7, 3, 4), normal(8, 4)):
        for shape in ([1, 4, 2], [1, 2, 4, 3]):
            assert compared(model([NODE("MatMul", ["a", "x"], ["y"])], {"a": left}, shape, None))
    squeeze = [NODE("Squeeze", ["x", "z"], ["v"]), NODE("MatMul", ["a", "v"], ["y"])]
    assert compared(model(squeeze, {"a": normal(9, 3, 4), "z": ints(0)}, [1, 4], None))


@pytest.mark.parametrize("kind", ["Add", "Sub", "Mul", "Div"])
def test_arithmetic_with_constants(kind: str) -> None:
    for shape in ((), (1,), (3,), (2, 3), (1, 2, 3), (2, 1), (4, 2, 3), (1, 1, 2, 3), (1, 1, 1, 1)):
        c = np.asarray(normal(1, *shape) + 3, np.float32)
        assert compared(model([NODE(kind, ["x", "c"], ["y"])], {"c": c}, ["n", 2, 3], None))
        if kind != "Div":
            assert compared(model([NODE(kind, ["c", "x"], ["y"])], {"c": c}, ["n", 2, 3], None))


def test_sums_and_differences_of_computed_tensors() -> None:
    for kind in ("Add", "Sub"):
        nodes = [
            NODE("Relu", ["x"], ["r"]),
            NODE("GlobalAveragePool", ["r"], ["g"]),
            NODE("Reshape", ["g", "s"], ["v"]),
            NODE(kind, ["x", "g"], ["a"]),
            NODE(kind, ["v", "a"], ["y"]),
        ]
        agrees(model(nodes, {"s": ints(2, 1, 1)}, [1, 2, 3, 2], None))


@pytest.mark.parametrize("opset", [7, 13, 16, 22])
def test_activations(opset: int) -> None:
    for kind in ("Relu", "Sigmoid", "Tanh", "LeakyRelu"):
        assert compared(single(kind, ["n", 2, 3], None, opset))
    for alpha in (0.0, 0.2, 1.0, 1.5, -0.3):
        assert compared(single("LeakyRelu", ["n", 6], None, opset, alpha=alpha))


def test_activations_of_large_numbers() -> None:
    data = model([NODE("Mul", ["x", "c"], ["a"]), NODE("Sigmoid", ["a"], ["y"])], {"c": np.float32(1e4)}, [1, 5], None)
    with np.errstate(all="raise", under="ignore"):
        found = read_graph(data, "toy").forward(np.array([[-1.0, 1.0, 0.0, -9.0, 9.0]]))
    assert found.tolist() == [[0.0, 1.0, 0.5, 0.0, 1.0]]


@pytest.mark.parametrize(("low", "high"), [(None, None), (-0.5, None), (None, 0.25), (-0.5, 0.25), (0.1, 0.1)])
def test_clip(low: float | None, high: float | None) -> None:
    assert compared(single("Clip", ["n", 8], None, 9, min=low, max=high))
    ends = {"l": None if low is None else np.float32(low), "h": None if high is None else np.float32(high)}
    for opset in (11, 13, 22):
        assert compared(single("Clip", ["n", 8], ends, opset))


def test_clip_to_an_empty_range_is_refused() -> None:
    with pytest.raises(AssuranceError, match="empty range"):
        read_graph(single("Clip", ["n", 8], {"l": np.float32(1), "h": np.float32(0)}), "toy")


@pytest.mark.parametrize("opset", [7, 11, 13, 22])
def test_softmax_at_the_end(opset: int) -> None:
    assert compared(single("Softmax", ["n", 5], None, opset))
    assert compared(single("Softmax", ["n", 5], None, opset, axis=1))
    nodes = [NODE("Softmax", ["x"], ["s"], axis=1), NODE("Reshape", ["s", "t"], ["y"])]
    assert compared(model(nodes, {"t": ints(1, 1, 5)}, [1, 5], None, opset))
    for shape, axis in (([1, 2, 3], 2), ([1, 5], 0)):
        if opset < 13 and axis == 0:
            continue
        with pytest.raises(AssuranceError, match="over all outputs") as caught:
            read_graph(single("Softmax", shape, None, opset, axis=axis), "toy")
        assert caught.value.finding.code == "N112"


def test_transpose() -> None:
    for order in itertools.permutations(range(4)):
        assert compared(single("Transpose", [1, 2, 3, 4], perm=order))
    assert compared(single("Transpose", [1, 2, 3]))
    nodes = [NODE("Transpose", ["x"], ["t"], perm=[2, 0, 1]), NODE("MatMul", ["t", "w"], ["y"])]
    assert compared(model(nodes, {"w": normal(1, 3, 2)}, [1, 3, 4], None))


def test_reshape() -> None:
    done = 0
    for sizes in itertools.product([-1, 0, 1, 2, 3, 6], repeat=3):
        for allowed in (None, 1):
            done += compared(single("Reshape", [1, 2, 6], {"s": ints(*sizes)}, 14, allowzero=allowed))
    assert done > 20
    for sizes in ((-1,), (12,), (2, 3, 2, 1, 1), (1, 12), (0, 0, -1)):
        assert compared(single("Reshape", ["n", 2, 6], {"s": ints(*sizes)}, 7))


def test_flatten() -> None:
    for axis, opset in itertools.product([None, 0, 1, 2, 3], [7, 9, 11, 13, 22]):
        assert compared(single("Flatten", [1, 2, 3], None, opset, axis=axis))
    for axis in (-1, -2, -3):
        assert compared(single("Flatten", [1, 2, 3], None, 13, axis=axis))


def test_squeeze_and_unsqueeze() -> None:
    for axes in ([0], [2], [0, 2], [-2], [-2, 0], None):
        if axes is None:
            assert compared(single("Squeeze", [1, 3, 1, 2], None, 11))
            assert compared(single("Squeeze", [1, 3, 1, 2], None, 13))
            continue
        if min(axes) >= 0:
            assert compared(single("Squeeze", [1, 3, 1, 2], None, 7, axes=axes))
        assert compared(single("Squeeze", [1, 3, 1, 2], None, 11, axes=axes))
        assert compared(single("Squeeze", [1, 3, 1, 2], {"a": ints(*axes)}, 13))
    assert not compared(single("Squeeze", [1, 3, 1, 2], {"a": ints(1)}, 13))
    for axes in ([0], [2], [3], [0, 4], [4, 0], [1, 2, 3], [-1], [-1, 0], [-2, 1]):
        if min(axes) >= 0:
            assert compared(single("Unsqueeze", [1, 3, 2], None, 7, axes=axes))
        assert compared(single("Unsqueeze", [1, 3, 2], None, 11, axes=axes))
        assert compared(single("Unsqueeze", [1, 3, 2], {"a": ints(*axes)}, 13))
    assert not compared(single("Unsqueeze", [1, 3], {"a": ints(1, 1)}, 13))


def slices() -> Iterator[tuple[int, int, int]]:
    ends = [-(2**62), -7, -6, -5, -2, -1, 0, 1, 3, 5, 6, 9, 2**62]
    yield from itertools.product(ends, ends, [1, 2, 3, -1, -2])


def test_slices_of_one_axis() -> None:
    done = sum(
        compared(single("Slice", [1, 5], {"s": ints(s), "e": ints(e), "a": ints(1), "t": ints(t)}))
        for s, e, t in slices()
    )
    assert done > 100


def test_slices_of_several_axes_and_as_attributes() -> None:
    constants = {"s": ints(1, -3), "e": ints(3, 2**31), "a": ints(1, -1), "t": ints(2, 1)}
    assert compared(single("Slice", [1, 4, 5], constants))
    assert compared(single("Slice", [1, 4, 5], constants, 10))
    assert compared(single("Slice", [1, 4, 5], {"s": ints(0, 1, 2), "e": ints(1, 3, 4)}, 13))
    for opset in (7, 9):
        assert compared(single("Slice", [1, 4, 5], None, opset, starts=[1, 0], ends=[3, -1], axes=[1, 2]))
        assert compared(single("Slice", [1, 4, 5], None, opset, starts=[0, 2], ends=[1, 9]))


def test_split() -> None:
    def parts(attributes: dict[str, Any], count: int, lengths: Any = None, opset: int = 17) -> bytes:
        outputs = [f"p{i}" for i in range(count)]
        operands = ["x"] + (["l"] if lengths is not None else [])
        nodes = [
            NODE("Split", operands, outputs, **attributes),
            NODE("Concat", outputs[::-1], ["c"], axis=attributes.get("axis", 0)),
            NODE("Relu", ["c"], ["y"]),
        ]
        return model(nodes, {} if lengths is None else {"l": ints(*lengths)}, [1, 6, 4], None, opset)

    for opset in (7, 11):
        assert compared(parts({"axis": 1, "split": [1, 3, 2]}, 3, None, opset))
        assert compared(parts({"axis": 2}, 2, None, opset))
    for opset in (13, 18, 22):
        assert compared(parts({"axis": 1}, 3, [1, 3, 2], opset))
        assert compared(parts({"axis": -1}, 2, [1, 3], opset))
    assert compared(parts({"axis": 1}, 3, None, 13))
    for count in (1, 2, 3, 6):
        compared(parts({"axis": 1, "num_outputs": count}, count, None, 18))
    with pytest.raises(InputError, match="parts"):  # 2 + 2 + 2 + 0: runtimes differ
        read_graph(parts({"axis": 1, "num_outputs": 4}, 4, None, 18), "toy.onnx")
    for lengths in ([1, 2], [7, -1], [7]):
        assert not compared(parts({"axis": 1}, len(lengths), lengths))


def test_an_unused_part_of_a_split_is_no_fault() -> None:
    nodes = [NODE("Split", ["x"], ["a", "b"], axis=1), NODE("Relu", ["a"], ["y"])]
    graph = agrees(model(nodes, {}, [1, 6], None, 13))
    assert graph.unused == ()
    assert chain(graph).relus == (3,)


def test_gather() -> None:
    for axis, index in itertools.product(
        [0, 1, 2, -1], [ints(0), ints(-1, 0), np.array(0, np.int64), np.array([[0, -1], [0, 0]], np.int32)]
    ):
        for opset in (7, 11, 13):
            if opset < 11 and index.min() < 0:
                continue
            assert compared(single("Gather", [1, 3, 2], {"i": index}, opset, axis=axis))
    assert not compared(single("Gather", [1, 3, 2], {"i": ints(3)}, axis=1))


def test_concat_of_branches_and_constants() -> None:
    nodes = [
        NODE("Relu", ["x"], ["r"]),
        NODE("Tanh", ["x"], ["t"]),
        NODE("Concat", ["r", "c", "t", "x"], ["y"], axis=-1),
    ]
    agrees(model(nodes, {"c": normal(1, 1, 2, 2)}, [1, 2, 3], None))


@pytest.mark.parametrize("widths", [(0, 0, 1, 2, 0, 0, 3, 1), (0, 1, 0, 0, 0, 2, 0, 0), (0, 0, -1, 1, 0, 0, 2, -2)])
def test_pad(widths: tuple[int, ...]) -> None:
    for value in (None, 1.5):
        for opset in (7, 10):
            assert compared(single("Pad", [1, 2, 4, 4], None, opset, pads=widths, value=value, mode="constant"))
        constants = {"p": ints(*widths)} | ({} if value is None else {"v": np.float32(value)})
        for opset in (11, 13, 17, 21):
            assert compared(single("Pad", [1, 2, 4, 4], constants, opset))
    for axes in ((2, 3), (-1, 1)):
        constants = {"p": ints(1, 2, 0, 3), "v": np.float32(-1), "a": ints(*axes)}
        assert compared(single("Pad", [1, 2, 4, 4], constants, 18))
    with pytest.raises(AssuranceError, match="reflect"):
        read_graph(single("Pad", [1, 2, 4, 4], {"p": ints(*map(abs, widths))}, mode="reflect"), "toy")


def test_identity_dropout_and_cast() -> None:
    for opset in (7, 10):
        nodes = [NODE("Dropout", ["x"], ["d"], ratio=0.5), NODE("Identity", ["d"], ["y"])]
        assert compared(model(nodes, {}, ["n", 3], None, opset))
    for opset in (12, 13, 22):
        assert compared(single("Dropout", ["n", 3], {"r": np.float32(0.5)}, opset))
        assert compared(single("Dropout", ["n", 3], {"r": np.float32(0.5), "t": np.array(False)}, opset))
    with pytest.raises(AssuranceError, match="training"):
        read_graph(single("Dropout", ["n", 3], {"r": np.float32(0.5), "t": np.array(True)}, 13), "toy")
    for opset in (7, 13, 19, 22):
        assert compared(single("Cast", ["n", 3], None, opset, to=TensorProto.FLOAT))
    halves = [
        NODE("Cast", ["c"], ["k"], to=TensorProto.FLOAT),
        NODE("Cast", ["i"], ["j"], to=TensorProto.FLOAT),
        NODE("Mul", ["x", "k"], ["a"]),
        NODE("Add", ["a", "j"], ["y"]),
    ]
    constants = {"c": np.array([0.1, 1 / 3], np.float64), "i": ints(3, -4)}
    graph = agrees(model(halves, constants, ["n", 2], None))
    # a constant is what the cast makes of it, not what it was
    assert graph.forward(np.ones((1, 2))).tolist() == [[float(np.float32(0.1)) + 3, float(np.float32(1 / 3)) - 4]]


def test_constants_in_all_forms() -> None:
    values = [
        {"value": numpy_helper.from_array(np.array([1.5, -2.0], np.float32))},
        {"value_float": 2.5},
        {"value_floats": [1.0, 2.0]},
    ]
    for value in values:
        nodes = [NODE("Constant", [], ["c"], **value), NODE("Mul", ["x", "c"], ["y"])]
        assert compared(model(nodes, {}, ["n", 2], None))
    for value in ({"value_int": 2}, {"value_ints": [2]}):
        nodes = [
            NODE("Constant", [], ["c"], **value),
            NODE("Reshape", ["c", "one"], ["d"]),
            NODE("Gather", ["x", "d"], ["y"], axis=1),
        ]
        assert compared(model(nodes, {"one": ints(1)}, [1, 4], None))


def test_shapes_are_folded_as_exporters_write_them() -> None:
    """x.view(x.shape[0], -1) and x.view(x.size(0), x.size(1) * x.size(2) // 2, 2), traced with dynamic shapes."""
    nodes = [
        NODE("Shape", ["x"], ["s"]),
        NODE("Gather", ["s", "zero"], ["n"], axis=0),
        NODE("Gather", ["s", "one"], ["a"], axis=0),
        NODE("Slice", ["s", "st", "en"], ["b"]),
        NODE("Squeeze", ["b", "ax"], ["b0"]),
        NODE("Mul", ["a", "b0"], ["ab"]),
        NODE("Div", ["ab", "two"], ["half"]),
        NODE("Unsqueeze", ["n", "ax"], ["n1"]),
        NODE("Unsqueeze", ["half", "ax"], ["h1"]),
        NODE("Cast", ["h1"], ["h2"], to=TensorProto.INT64),
        NODE("Concat", ["n1", "h2", "minus"], ["t"], axis=0),
        NODE("Reshape", ["x", "t"], ["r"]),
        NODE("ConstantOfShape", ["t2"], ["c"], value=numpy_helper.from_array(np.array([0.5], np.float32))),
        NODE("Add", ["r", "c"], ["y"]),
    ]
    constants = {
        "zero": np.array(0, np.int64),
        "one": np.array(1, np.int64),
        "two": np.array(2, np.int64),
        "st": ints(2),
        "en": ints(3),
        "ax": ints(0),
        "minus": ints(-1),
        "t2": ints(1, 6, 2),
    }
    graph = agrees(model(nodes, constants, [1, 3, 4], None))
    assert graph.shape(graph.result) == (1, 6, 2)


def test_constant_subgraphs_are_folded() -> None:
    nodes = [
        NODE("Transpose", ["w"], ["wt"]),
        NODE("MatMul", ["wt", "v"], ["m"]),
        NODE("Relu", ["m"], ["rm"]),
        NODE("Concat", ["rm", "rm"], ["k"], axis=1),
        NODE("Sub", ["k", "one"], ["k1"]),
        NODE("MatMul", ["x", "k1"], ["y"]),
    ]
    constants = {"w": normal(1, 3, 2), "v": normal(2, 3, 2), "one": np.float32(1)}
    graph = agrees(model(nodes, constants, ["n", 2], None))
    assert [node.kind for node in graph.nodes] == ["MatMul"]


def test_networks_in_float64_are_read_on_request() -> None:
    graph = helper.make_graph(
        [NODE("MatMul", ["x", "w"], ["a"]), NODE("Tanh", ["a"], ["y"])],
        "double",
        [helper.make_tensor_value_info("x", TensorProto.DOUBLE, [1, 2])],
        [helper.make_tensor_value_info("y", TensorProto.DOUBLE, [1, 2])],
        [numpy_helper.from_array(np.array([[0.1, 0.2], [0.3, 0.4]]), "w")],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()
    with pytest.raises(AssuranceError) as caught:
        read_graph(made, "toy")
    assert caught.value.finding.code == "N117"
    network = read_graph(made, "toy", replayable=False)
    x = points(network)
    expected = executed(made, x, network)
    assert expected is not None and network.precision == "float64"
    assert np.abs(network.forward(x) - expected).max() < 1e-14


def test_results_of_too_many_axes_are_refused() -> None:
    data = single("Unsqueeze", [1, 2], {"a": ints(*range(MAX_RANK))})
    with pytest.raises(AssuranceError) as caught:
        read_graph(data, "toy")
    assert caught.value.finding.code == "N116"
