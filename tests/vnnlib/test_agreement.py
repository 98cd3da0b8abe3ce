"""The engine's reader and the checker's own reader understand the same files: proofs made from one hold for the other.

Were they to differ in regions, their order, rows or their order, certificates would stay unconfirmed (C).
"""

from __future__ import annotations

import random
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from evidence.digest import of_bytes
from evidence.errors import AssuranceError
from evidence.records import BoundsRecord
from evidence.regions import expand
from evidence.run import examine
from evidence.specification import Port, PropertyFile, PropertyHolds, Statement
from evidence.store import Store
from evidence.vnnlib import read_property

HEAD = "(declare-const X_0 Real)(declare-const X_1 Real)(declare-const Y_0 Real)(declare-const Y_1 Real)\n"
BOX = "(assert (and (<= X_0 1) (>= X_0 -1) (<= X_1 1) (>= X_1 -1)))\n"
NUMBERS = ("0", "1", "-1", "0.5", "(- 2)", "1e-1", "-.5", "3.25e0", "(* 2 0.25)", "(+ 1 -2)")
OUTPUTS = ("Y_0", "Y_1", "(- Y_0 Y_1)", "(+ Y_0 (* 2 Y_1) -1)", "(- Y_1)", "(* 3 (- Y_0 0.1))")
INPUTS = (
    "(<= X_0 0.25)", "(>= X_1 -0.5)", "(< X_1 1)", "(< X_0 0.5)", "(> (* -1 X_0) -0.5)", "(= X_0 0.1)", "(== X_1 0)",
)  # fmt: skip


@pytest.fixture(autouse=True)
def engines() -> None:
    if find_spec("torch") is None or find_spec("auto_LiRPA") is None:
        pytest.skip("torch and auto_LiRPA are not installed")


def network() -> bytes:
    random_ = np.random.default_rng(1)
    sizes = {"w1": (2, 4), "b1": (4,), "w2": (4, 2), "b2": (2,)}
    weights = [numpy_helper.from_array(random_.normal(size=s).astype(np.float32), n) for n, s in sizes.items()]
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 2]) for name in "xy")
    nodes = [
        helper.make_node("Gemm", ["x", "w1", "b1"], ["a"]),
        helper.make_node("Relu", ["a"], ["r"]),
        helper.make_node("Gemm", ["r", "w2", "b2"], ["y"]),
    ]
    made = helper.make_model(
        helper.make_graph(nodes, "g", [x], [y], weights), opset_imports=[helper.make_opsetid("", 13)], ir_version=8
    )
    return bytes(made.SerializeToString())


MODEL = network()


def examined(data: bytes, folder: Path) -> BoundsRecord:
    """The record of a quick examination with the bounds engine."""
    statement = Statement(
        model=of_bytes(MODEL),
        inputs=(Port(name="X_0", unit="1"), Port(name="X_1", unit="1")),
        outputs=("Y_0", "Y_1"),
        decision="none",
        regions=PropertyFile(file=of_bytes(data)),
        condition=PropertyHolds(),
    )
    parameters = {"method": "crown", "attack_restarts": 1, "attack_steps": 5}
    files = {of_bytes(MODEL): MODEL, of_bytes(data): data}
    record = examine(statement, "bounds", parameters, 0, "cpu", files.__getitem__, Store(folder), "t").record
    assert isinstance(record, BoundsRecord)
    return record


def formula(source: random.Random, depth: int) -> str:
    if depth == 0 or source.random() < 0.3:
        if source.random() < 0.25:
            return source.choice(INPUTS)
        parts = [source.choice(OUTPUTS), source.choice([*NUMBERS, *NUMBERS, "Y_1", "(* 0.5 Y_0)"])]
        source.shuffle(parts)
        return f"({source.choice(['<=', '<', '>=', '>', '=='])} {' '.join(parts)})"
    parts = [formula(source, depth - 1) for _ in range(source.randint(1, 3))]
    return f"({source.choice(['and', 'or'])} {' '.join(parts)})"


def test_random_properties(tmp_path: Path) -> None:
    source = random.Random(11)
    letters = ""
    for number in range(250):
        text = HEAD + BOX + "".join(f"(assert {formula(source, 3)})\n" for _ in range(source.randint(1, 3)))
        try:
            count = len(read_property(text.encode()).cases)
        except AssuranceError:
            continue
        if count > 40:
            continue
        record = examined(text.encode(), tmp_path / str(number))
        assert "C" not in record.regions, (text, record.rechecks)
        letters += record.regions
    assert min(letters.count("P"), letters.count("R")) > 30


@pytest.mark.parametrize(
    "text",
    [
        "(assert (< X_1 0.5))(assert (= X_1 0.1))",  # the looser end is excluded, the tighter one is not
        "(assert (= X_1 0.1))(assert (< X_1 0.5))",
        "(assert (or (< X_0 1) (<= X_0 1)))",  # the same closed box: one region
        "(assert (or (<= X_0 2) (<= X_0 1) (<= X_0 0.5)))",  # two of three are the common box
    ],
)
def test_boxes_at_the_border(text: str, tmp_path: Path) -> None:
    record = examined((HEAD + BOX + text + "(assert (>= Y_0 1000))").encode(), tmp_path)
    assert set(record.regions) == {"P"}, record.rechecks


@pytest.mark.parametrize(
    ("constraint", "exact"),
    [
        ("(<= (- Y_0 Y_1) 0)", True),
        ("(<= (- Y_0 Y_1) 0.5)", True),
        ("(<= (- Y_0 Y_1) 1e-400)", False),
        ("(<= Y_0 (* 1.000000000000000000000000000001 Y_1))", False),
    ],
)
def test_conditions_know_whether_they_were_rounded(constraint: str, exact: bool) -> None:
    """A Softmax may be left out only where a row compares two outputs before any rounding."""
    text = "".join(f"(declare-const {name} Real)" for name in ("X_0", "Y_0", "Y_1"))
    text += f"(assert (>= X_0 0)) (assert (<= X_0 1)) (assert {constraint})"
    data = text.encode()
    statement = Statement(
        model=of_bytes(b"any"),
        inputs=(Port(name="X_0", unit="1"),),
        outputs=("Y_0", "Y_1"),
        decision="none",
        regions=PropertyFile(file=of_bytes(data)),
        condition=PropertyHolds(),
    )
    (condition,) = expand(statement, lambda _: data).conditions
    assert condition.exact is exact
