"""The engines' ONNX reader: the same function as onnxruntime, and one coded refusal for everything else."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from engine_toys import chain, model, random_weights
from onnx import TensorProto, helper, numpy_helper

from evidence.errors import AssuranceError
from evidence.network import Affine, Network, Relu, read_network, to_torch

ort = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")


def on_runtime(data: bytes, x: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    session = ort.InferenceSession(data, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return np.stack([session.run(None, {name: row.astype(np.float32).reshape(shape)})[0].reshape(-1) for row in x])


def everything() -> bytes:
    """Every supported operator once, with broadcasting, scaling and both orders of Sub."""
    generator = np.random.default_rng(3)
    constants = {
        "mean": generator.normal(size=(1, 2, 3)).astype(np.float32),
        "scale": np.array([2.0], np.float32),
        "shape": np.array([0, -1], np.int64),
        "w": generator.normal(size=(6, 4)).astype(np.float32),
        "b": generator.normal(size=4).astype(np.float32),
        "g": generator.normal(size=(3, 4)).astype(np.float32),
        "c": generator.normal(size=(1, 3)).astype(np.float32),
        "one": np.ones(3, np.float32),
    }
    nodes = [
        helper.make_node("Sub", ["x", "mean"], ["t0"]),
        helper.make_node("Div", ["t0", "scale"], ["t1"]),
        helper.make_node("Flatten", ["t1"], ["t2"], axis=1),
        helper.make_node("Identity", ["t2"], ["t3"]),
        helper.make_node("MatMul", ["t3", "w"], ["t4"]),
        helper.make_node("Add", ["b", "t4"], ["t5"]),
        helper.make_node("Relu", ["t5"], ["t6"]),
        helper.make_node("Constant", [], ["k"], value=numpy_helper.from_array(np.array(3.0, np.float32))),
        helper.make_node("Mul", ["k", "t6"], ["t7"]),
        helper.make_node("Reshape", ["t7", "shape"], ["t8"]),
        helper.make_node("Cast", ["t8"], ["t9"], to=TensorProto.FLOAT),
        helper.make_node("Gemm", ["t9", "g", "c"], ["t10"], alpha=0.5, beta=2.0, transB=1),
        helper.make_node("Relu", ["t10"], ["t11"]),
        helper.make_node("Sub", ["one", "t11"], ["y"]),
    ]
    return model(nodes, constants, ["batch", 2, 3], ["batch", 3])


def test_every_operator_agrees_with_the_runtime_and_with_torch() -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    data = everything()
    network = read_network(data, "toy.onnx")
    assert (network.inputs, network.outputs, network.relus) == (6, 3, (4, 3))
    assert network.input_shape == (1, 2, 3)
    x = np.random.default_rng(0).normal(size=(200, 6)).astype(np.float32).astype(np.float64)
    expected = on_runtime(data, x, (1, 2, 3))
    assert np.abs(network.forward(x) - expected).max() < 1e-5
    with torch.no_grad():
        out = to_torch(network, torch.float64)(torch.tensor(x)).numpy()
    assert np.abs(out - network.forward(x)).max() < 1e-12


def test_layers_alternate_and_are_read_only() -> None:
    network = read_network(chain(random_weights([3, 5, 4, 2])), "toy.onnx")
    assert [type(layer) for layer in network.layers] == [Affine, Relu, Affine, Relu, Affine]
    first = network.layers[0]
    assert isinstance(first, Affine)
    with pytest.raises(ValueError, match="read-only"):
        first.weight[0, 0] = 1.0


def test_affine_layers_are_merged_as_written() -> None:
    constants = {"a": np.array([[2.0, 0.0], [1.0, 1.0]], np.float32), "m": np.array([1.0, -1.0], np.float32)}
    nodes = [
        helper.make_node("Sub", ["x", "m"], ["c"]),
        helper.make_node("Gemm", ["c", "a"], ["g"]),
        helper.make_node("Mul", ["g", "m"], ["y"]),
    ]
    network = read_network(model(nodes, constants, [1, 2], [1, 2]), "toy.onnx")
    (layer,) = network.layers
    assert isinstance(layer, Affine)
    # y = ((x - m) @ a) * m, by hand
    assert layer.weight.tolist() == [[2.0, 1.0], [0.0, -1.0]]
    assert layer.bias.tolist() == [-1.0, -1.0]


@pytest.mark.parametrize("name", ["ACASXU_run2a_1_1_batch_2000", "ACASXU_run2a_3_3_batch_2000"])
def test_public_networks_agree_with_the_runtime(name: str) -> None:
    from pathlib import Path

    path = Path(__file__).parents[2] / ".." / "shared" / "data" / "vnncomp" / "acasxu" / "onnx" / f"{name}.onnx"
    if not path.is_file():
        pytest.skip("benchmark networks are not at hand")
    network = read_network(path.read_bytes(), path.name)
    x = np.random.default_rng(0).uniform(-0.5, 0.5, size=(50, 5)).astype(np.float32).astype(np.float64)
    assert np.abs(network.forward(x) - on_runtime(path.read_bytes(), x, (1, 1, 1, 5))).max() < 1e-5


# --- refusals ----------------------------------------------------------------------------------------------------

W = np.eye(2, dtype=np.float32)
GOOD = {"w": W, "b": np.zeros(2, np.float32)}


def one(kind: str, *names: str, **attributes: Any) -> list[Any]:
    return [helper.make_node(kind, ["x", *names], ["y"], name="the_node", **attributes)]


def edited(data: bytes, edit: Any) -> bytes:
    loaded = onnx.load_model_from_string(data)
    edit(loaded)
    return bytes(loaded.SerializeToString())


def plain(**constants: Any) -> bytes:
    return model(one("MatMul", "w"), {"w": W} | constants, ["n", 2], ["n", 2])


def external(loaded: Any) -> None:
    tensor = loaded.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "/etc/passwd"


def double(data: bytes) -> bytes:
    def edit(loaded: Any) -> None:
        loaded.graph.input[0].type.tensor_type.elem_type = TensorProto.DOUBLE

    return edited(data, edit)


def vast(loaded: Any) -> None:
    del loaded.graph.initializer[0].dims[:]
    loaded.graph.initializer[0].dims.extend([2**31, 2**31])


def with_function(loaded: Any) -> None:
    function = helper.make_function("", "Relu", ["a"], ["b"], one("Abs")[:1], [helper.make_opsetid("", 17)])
    loaded.functions.append(function)


REFUSED: dict[str, tuple[str, bytes]] = {
    "not a model": ("N110", b"\x00\x01 not protobuf"),
    "empty file": ("N110", b""),
    "truncated weights": (
        "N110",
        edited(plain(), lambda m: setattr(m.graph.initializer[0], "raw_data", b"\x00\x00")),
    ),
    "weights elsewhere": ("N111", edited(plain(), external)),
    "unknown operator": ("N112", model(one("Erf"), {}, ["n", 2], ["n", 2])),
    "custom domain": ("N112", model(one("Relu", domain="my.ops"), {}, ["n", 2], ["n", 2])),
    "unknown attribute": ("N112", model(one("Relu", beta=1.0), {}, ["n", 2], ["n", 2])),
    "local function": ("N112", edited(model(one("Relu"), {}, ["n", 2], ["n", 2]), with_function)),
    "transposed input": ("N112", model(one("Gemm", "w", transA=1), GOOD, ["n", 2], ["n", 2])),
    "division by zero": ("N112", model(one("Div", "z"), {"z": np.zeros(1, np.float32)}, ["n", 2], ["n", 2])),
    "division of a constant": (
        "N112",
        model([helper.make_node("Div", ["b", "x"], ["y"])], {"b": np.ones(2, np.float32)}, ["n", 2], ["n", 2]),
    ),
    "weights in double": ("N112", model(one("MatMul", "w"), {"w": W.astype(np.float64)}, ["n", 2], ["n", 2])),
    "cast to double": ("N112", model(one("Cast", to=TensorProto.DOUBLE), {}, ["n", 2], ["n", 2])),
    "branch": (
        "N113",
        model(
            [helper.make_node("Relu", ["x"], ["r"]), helper.make_node("Add", ["x", "r"], ["y"])], {}, ["n", 2], ["n", 2]
        ),
    ),
    "skipped node": (
        "N113",
        model(
            [helper.make_node("Relu", ["x"], ["r"]), helper.make_node("Identity", ["x"], ["y"])],
            {},
            ["n", 2],
            ["n", 2],
        ),
    ),
    "unused end": ("N113", model([helper.make_node("Relu", ["x"], ["z"])], {}, ["n", 2], ["n", 2])),
    "squares its input": ("N112", model([helper.make_node("Mul", ["x", "x"], ["y"])], {}, ["n", 2], ["n", 2])),
    "NaN": ("N114", model(one("MatMul", "w"), {"w": W * np.float32(np.nan)}, ["n", 2], ["n", 2])),
    "infinity": ("N114", model(one("Add", "b"), {"b": np.array([np.inf, 0], np.float32)}, ["n", 2], ["n", 2])),
    "vast weights": ("N115", edited(plain(), vast)),
    "vast input": ("N115", model(one("Relu"), {}, ["n", 2**20, 2**20], ["n", 2])),
    "matrix does not fit": (
        "N116",
        model(one("MatMul", "w"), {"w": np.ones((3, 2), np.float32)}, ["n", 2], ["n", 2]),
    ),
    "constant widens": ("N116", model(one("Add", "b"), {"b": np.ones((3, 1, 2), np.float32)}, ["n", 2], ["n", 2])),
    "reshape does not fit": (
        "N116",
        model(one("Reshape", "s"), {"s": np.array([3, -1], np.int64)}, ["n", 2], ["n", 2]),
    ),
    "two inputs": (
        "N117",
        edited(
            plain(),
            lambda m: m.graph.input.append(helper.make_tensor_value_info("z", TensorProto.FLOAT, [1, 2])),
        ),
    ),
    "fixed batch": ("N117", model(one("Relu"), {}, [7, 2], [7, 2])),
    "open length": ("N117", model(one("Relu"), {}, ["n", "m"], ["n", "m"])),
    "no batch": ("N117", model(one("Relu"), {}, [2], [2])),
    "double input": ("N117", double(plain())),
    "old operator set": ("N118", model(one("Relu"), {}, ["n", 2], ["n", 2], opset=6)),
}


@pytest.mark.parametrize("case", REFUSED)
def test_each_refusal_has_its_code_and_names_the_file(case: str) -> None:
    expected, data = REFUSED[case]
    with pytest.raises(AssuranceError) as caught:
        read_network(data, "toy.onnx")
    assert caught.value.finding.code == expected, str(caught.value.finding)
    assert caught.value.finding.place.file == "toy.onnx"


def test_a_refused_node_is_named() -> None:
    with pytest.raises(AssuranceError, match="the_node") as caught:
        read_network(REFUSED["unknown operator"][1], "toy.onnx")
    assert caught.value.finding.place.element == "the_node"


def test_all_codes_of_the_reader_are_covered() -> None:
    assert {expected for expected, _ in REFUSED.values()} == {f"N11{digit}" for digit in range(9)}


def test_forward_of_a_chain_without_affine_layers() -> None:
    network = Network("t", 2, 2, (Relu(2),), (1, 2))
    assert network.forward(np.array([[-1.0, 2.0]])).tolist() == [[0.0, 2.0]]
