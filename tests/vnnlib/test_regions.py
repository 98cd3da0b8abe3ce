"""A VNN-LIB property as arrays for the engines, and exactness where counterexamples are judged."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from pydantic import ValidationError

from evidence.digest import of_bytes
from evidence.errors import InputError
from evidence.limits import limits_of
from evidence.records import BoundsRecord, Guarantee
from evidence.regions import RegionSet, expand
from evidence.replay import lies_inside, replay
from evidence.run import named_files
from evidence.specification import Boxes, NamedBox, Port, PropertyFile, PropertyHolds, Range, Statement, Within
from evidence.verdict import Arithmetic, Artefact, GuaranteeKind, Predictor, Verdict

HEAD = "(declare-const X_0 Real)(declare-const X_1 Real)(declare-const Y_0 Real)(declare-const Y_1 Real)\n"


def identity() -> bytes:
    """A network that hands its two inputs through."""
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 2]) for name in "xy")
    weight = numpy_helper.from_array(np.eye(2, dtype=np.float32), "w")
    graph = helper.make_graph([helper.make_node("Gemm", ["x", "w"], ["y"])], "g", [x], [y], [weight])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    return bytes(made.SerializeToString())


def about(text: str, model: bytes = b"", inputs: int = 2) -> tuple[Statement, RegionSet]:
    data = (HEAD + text).encode()
    statement = Statement(
        model=of_bytes(model),
        inputs=tuple(Port(name=f"X_{i}", unit="1") for i in range(inputs)),
        outputs=("Y_0", "Y_1"),
        decision="none",
        regions=PropertyFile(file=of_bytes(data)),
        condition=PropertyHolds(),
    )
    return statement, expand(statement, {of_bytes(data): data}.__getitem__)


BOX = "(assert (and (>= X_0 0.1) (<= X_0 0.7) (>= X_1 -1) (<= X_1 1)))"


def test_boxes_are_rounded_outward_by_one_unit() -> None:
    _, regions = about(BOX + "(assert (<= Y_0 0))")
    assert regions.lower.tolist() == [[math.nextafter(0.1, -1), math.nextafter(-1.0, -2)]]
    assert regions.upper.tolist() == [[math.nextafter(0.7, 1), math.nextafter(1.0, 2)]]
    assert Fraction(float(regions.lower[0, 0])) < Fraction(1, 10) < Fraction(float(regions.lower[0, 0]) + 1e-16)
    assert regions.names == ("case 1",)
    assert regions.labels.tolist() == [-1]


def test_rows_are_positive_where_a_constraint_is_broken() -> None:
    """Two cases in one box: Y_0 <= 0.1 and Y_1 < Y_0; or Y_1 >= 2."""
    _, regions = about(BOX + "(assert (or (and (<= Y_0 0.1) (< Y_1 Y_0)) (>= Y_1 2)))")
    (condition,) = regions.conditions
    assert condition.clause.tolist() == [0, 0, 1]
    assert condition.rows.tolist() == [[1, 0], [-1, 1], [0, -1]]
    assert condition.offsets.tolist() == [math.nextafter(-0.1, -1), -5e-324, math.nextafter(2.0, 0)]
    margins = condition.margins(np.array([[0.2, 0.0], [0.0, 0.5], [0.05, 0.0], [0.2, 2.5]]))
    assert (margins > 0).tolist() == [True, True, False, False]


def test_boxes_with_the_same_alternatives_share_a_condition() -> None:
    _, regions = about(
        "(assert (and (<= X_1 1) (>= X_1 0)))(assert (or (and (<= X_0 1) (>= X_0 0)) (and (<= X_0 3) (>= X_0 2))))"
        "(assert (or (<= Y_0 0) (<= Y_1 0)))"
    )
    assert len(regions) == 2
    assert len(regions.conditions) == 1
    assert regions.condition_of.tolist() == [0, 0]
    assert regions.names == ("cases 1-2", "cases 3-4")


def test_another_number_of_inputs_is_refused() -> None:
    with pytest.raises(InputError) as caught:
        about(BOX + "(assert (<= Y_0 0))", inputs=3)
    assert caught.value.finding.code == "N106"


def test_file_and_condition_belong_together() -> None:
    statement, _ = about(BOX + "(assert (<= Y_0 0))")
    given = statement.model_dump()
    with pytest.raises(ValidationError, match="belong together"):
        Statement.model_validate(
            given | {"condition": Within(ranges={"Y_0": Range(lower=0, upper=1, unit="1")}).model_dump()}
        )
    box = NamedBox(id="b", ranges={name: Range(lower=0, upper=1, unit="1") for name in ("X_0", "X_1")})
    with pytest.raises(ValidationError, match="belong together"):
        Statement.model_validate(given | {"regions": Boxes(boxes=(box,)).model_dump()})


def test_the_property_file_belongs_to_the_evidence() -> None:
    statement, _ = about(BOX + "(assert (<= Y_0 0))")
    assert isinstance(statement.regions, PropertyFile)
    assert named_files(statement) == (statement.model, statement.regions.file)


def test_inside_is_decided_by_the_decimal_text() -> None:
    """The float64 nearest to 0.1 lies above 1/10, the one nearest to 0.7 below 7/10; float32 0.1 above, 0.7 below."""
    statement, regions = about(BOX + "(assert (<= Y_0 0))")
    for value, inside in ((np.float32(0.1), True), (np.nextafter(np.float32(0.1), np.float32(0)), False)):
        assert lies_inside(statement, regions, 0, np.array([value, 0], dtype=np.float32)) == inside
    for value, inside in ((np.float32(0.7), True), (np.nextafter(np.float32(0.7), np.float32(1)), False)):
        assert (Fraction(float(value)) <= Fraction(7, 10)) == inside
        assert lies_inside(statement, regions, 0, np.array([value, 0], dtype=np.float32)) == inside


def _refuted(text: str, *points: tuple[float, float]) -> list[bool]:
    """Whether each point is a counterexample of the network that hands its inputs through."""
    pytest.importorskip("onnxruntime")
    model = identity()
    onnx.checker.check_model(onnx.load_from_string(model))
    statement, regions = about(text, model)
    found = []
    for point in points:
        held = [replay(statement, regions, model, {r: np.array(point)}).counterexamples for r in range(len(regions))]
        found.append(any(held))
    return found


def test_strict_and_closed_constraints_differ_at_a_tie() -> None:
    points = ((0.5, 0.5), (0.5, 0.25), (0.5, 0.75))
    assert _refuted(BOX + "(assert (<= Y_1 Y_0))", *points) == [True, True, False]
    assert _refuted(BOX + "(assert (< Y_1 Y_0))", *points) == [False, True, False]
    assert _refuted(BOX + "(assert (== Y_1 Y_0))", *points) == [True, False, False]


def test_excluded_ends_of_the_input_count() -> None:
    box = BOX.replace("(>= X_1 -1)", "(> X_1 -1)").replace("(<= X_1 1)", "(< X_1 1)")
    points = ((0.5, -1.0), (0.5, 1.0), (0.5, 0.0), (0.5, float(np.nextafter(np.float32(1), np.float32(0)))))
    assert _refuted(box + "(assert (<= Y_0 1))", *points) == [False, False, True, True]
    assert _refuted(BOX + "(assert (<= Y_0 1))", *points) == [True, True, True, True]


def test_input_and_outputs_have_to_meet_the_same_case() -> None:
    """One box; the first case excludes its upper end and asks for a small output, the second for a large one."""
    text = BOX + "(assert (or (and (< X_1 1) (>= Y_1 0.5)) (and (<= X_1 1) (<= Y_1 -0.5))))"
    assert _refuted(text, (0.5, 1.0), (0.5, 0.75), (0.5, -0.75), (0.5, 0.0)) == [False, True, True, False]


def test_the_limits_name_the_file() -> None:
    statement, _ = about(BOX + "(assert (<= Y_0 0))")
    record = BoundsRecord(
        title="t", artefact=Artefact.MODEL_DESCRIPTION, assumptions=(), provenance=None, statement=statement,
        guarantee=Guarantee(
            kind=GuaranteeKind.EMPIRICAL, arithmetic=Arithmetic.REAL, predictor=Predictor.BASE, complete=False
        ),
        method="crown", verdict=Verdict.UNKNOWN, regions="U",
    )  # fmt: skip
    texts = {item.code: item.text for item in limits_of(record)}
    assert isinstance(statement.regions, PropertyFile)
    assert statement.regions.file.removeprefix("sha256:")[:12] in texts["L102"]
    assert "property file" in texts["L113"]
