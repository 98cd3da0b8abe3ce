"""Replay is exact: inside the stated region, on the runtime's own float32 outputs, without a tolerance."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from engine_toys import Files, ball_statement, box_statement, chain, float_trap, npz, outputs, ports

from evidence.errors import InputError, MissingLibraryError
from evidence.records import Counterexample
from evidence.regions import expand
from evidence.replay import Runtime, lies_inside, replay, reproduces, violates
from evidence.specification import (
    CornerEntry,
    InputBalls,
    Linear,
    LinearConstraint,
    SensorError,
    Statement,
    TableCells,
    Within,
)

pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

IDENTITY = chain([(np.eye(2), np.zeros(2))])
ZERO = np.zeros((1, 2))
LABEL = np.zeros(1, np.int64)


def single(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float32)


def inside(statement: Statement, files: Files, *values: float) -> bool:
    return lies_inside(statement, expand(statement, files.__getitem__), 0, single(*values))


def test_a_box_ends_where_its_decimal_numbers_say() -> None:
    files = Files()
    statement = ball_statement(files, IDENTITY, ZERO, LABEL, 0.1)
    above = np.float32(0.1)  # 0.100000001490116..., outside by less than 2e-9
    assert not inside(statement, files, above, 0.0)
    assert inside(statement, files, float(np.nextafter(above, np.float32(0))), 0.0)
    half = ball_statement(files, IDENTITY, ZERO, LABEL, 0.5)
    assert inside(half, files, 0.5, -0.5)
    assert not inside(half, files, float(np.nextafter(np.float32(0.5), np.float32(1))), 0.0)


def test_a_ball_is_tested_exactly() -> None:
    files = Files()
    five = ball_statement(files, IDENTITY, ZERO, LABEL, 5.0, "l2")
    assert inside(five, files, 3.0, 4.0)
    assert not inside(five, files, 3.0, float(np.nextafter(np.float32(4), np.float32(5))))
    less = ball_statement(files, IDENTITY, ZERO, LABEL, 4.9999999999999, "l2")
    assert not inside(less, files, 3.0, 4.0)


def test_sensor_errors_leave_other_inputs_exact() -> None:
    files = Files()
    statement = ball_statement(files, IDENTITY, np.array([[1.0, 2.0]]), LABEL, 0.1)
    assert isinstance(statement.regions, InputBalls)
    sensor = SensorError.model_validate({"tolerances": {"x1": "0.25 1"}})
    statement = statement.model_copy(update={"regions": statement.regions.model_copy(update={"perturbation": sensor})})
    assert inside(statement, files, 1.0, 2.25)
    assert not inside(statement, files, float(np.nextafter(np.float32(1), np.float32(2))), 2.0)
    assert not inside(statement, files, 1.0, 2.2500002)


def test_boxes_and_cells_are_closed() -> None:
    files = Files()
    condition = Linear(all_of=(LinearConstraint(coefficients={"y0": 1.0}),))
    box = box_statement(
        files, IDENTITY, [(np.array([0.1, 0.0]), np.array([0.5, 0.5]))], decision="none", condition=condition
    )
    assert inside(box, files, 0.5, 0.0)
    assert inside(box, files, float(np.float32(0.1)), 0.5)  # that float32 number is above 0.1
    assert not inside(box, files, float(np.nextafter(np.float32(0.1), np.float32(0))), 0.5)
    grid = np.array([0.1, 0.5])
    table = files.add(npz(grid_x0=grid, grid_x1=grid, advisory=np.zeros((2, 2), np.int8)))
    cells = Statement(
        model=files.add(IDENTITY),
        inputs=ports(2),
        outputs=outputs(2),
        regions=TableCells(table=table),
        condition=CornerEntry(),
    )
    assert inside(cells, files, 0.5, 0.5)
    assert not inside(cells, files, 0.50000006, 0.5)


def test_a_tie_violates_and_a_margin_of_one_unit_does_not() -> None:
    files = Files()
    statement = ball_statement(files, IDENTITY, ZERO, LABEL, 1.0)
    condition = expand(statement, files.__getitem__).conditions[0]
    assert violates(statement, condition, np.array([0.3, 0.3]))
    assert not violates(statement, condition, np.array([np.nextafter(0.3, 1), 0.3]))


def test_output_bounds_count_as_stated() -> None:
    files = Files()
    box = [(np.zeros(2), np.ones(2))]
    within = Within.model_validate({"ranges": {"y0": {"lower": 0.0, "upper": 0.5, "unit": "1"}}})
    statement = box_statement(files, IDENTITY, box, decision="none", condition=within)
    condition = expand(statement, files.__getitem__).conditions[0]
    assert violates(statement, condition, np.array([0.5, 0.0]))
    assert violates(statement, condition, np.array([0.0, 0.0]))
    assert not violates(statement, condition, np.array([np.nextafter(0.5, 0), 0.0]))
    assert not violates(statement, condition, np.array([5e-324, 0.0]))


def test_sums_are_exact() -> None:
    files = Files()
    box = [(np.zeros(2), np.ones(2))]
    # y0 + y1 - 1 > 0 at (1, 2^-60): positive, which float64 would round away
    linear = Linear(all_of=(LinearConstraint(coefficients={"y0": 1.0, "y1": 1.0}, greater_than=1.0),))
    statement = box_statement(files, IDENTITY, box, decision="none", condition=linear)
    condition = expand(statement, files.__getitem__).conditions[0]
    assert not violates(statement, condition, np.array([1.0, 2.0**-60]))
    assert violates(statement, condition, np.array([1.0, 0.0]))


def test_counterexamples_and_near_misses_are_told_apart() -> None:
    files = Files()
    inputs = np.array([[0.25, 0.0], [0.25, 0.0], [0.25, 0.0]])
    statement = ball_statement(files, IDENTITY, inputs, np.zeros(3, np.int64), 0.125)
    regions = expand(statement, files.__getitem__)
    found = replay(
        statement,
        regions,
        IDENTITY,
        {
            0: np.array([0.125, 0.125]),  # inside, a tie: a counterexample
            1: np.array([0.1875, 0.125]),  # inside, holds
            2: np.array([0.0, 0.5]),  # violates, outside
        },
    )
    assert [example.region for example in found.counterexamples] == [0]
    assert found.near_misses == (1, 2)
    (example,) = found.counterexamples
    assert example.input == (0.125, 0.125) and example.output == (0.125, 0.125)
    assert "onnxruntime" in example.replayed_by and "float32" in example.replayed_by
    runtime = Runtime(IDENTITY, "toy")
    assert reproduces(statement, regions, example, runtime)
    for forged in (
        {"region": 7},
        {"input": (0.25, 0.0)},
        {"input": (0.1, 0.1)},
        {"input": (0.125,)},
        {"input": (0.0, 0.5)},
    ):
        assert not reproduces(statement, regions, example.model_copy(update=forged), runtime)


def test_the_float_trap_is_executed_as_written() -> None:
    network, low, high = float_trap()
    files = Files()
    condition = Linear(all_of=(LinearConstraint(coefficients={"y0": 1.0}),))
    statement = box_statement(files, network, [(low, high)], decision="none", condition=condition)
    found = replay(statement, expand(statement, files.__getitem__), network, {0: np.array([1.0])})
    assert [example.output for example in found.counterexamples] == [(-0.5,)]


def test_outputs_that_are_not_finite_are_no_counterexample() -> None:
    files = Files()
    network = chain([(np.full((1, 1), 3e38), np.zeros(1)), (np.full((1, 1), -3e38), np.zeros(1))])
    condition = Linear(all_of=(LinearConstraint(coefficients={"y0": 1.0}),))
    statement = box_statement(files, network, [(np.zeros(1), np.ones(1))], decision="none", condition=condition)
    found = replay(statement, expand(statement, files.__getitem__), network, {0: np.array([1.0])})
    assert not found.counterexamples and found.near_misses == (0,)


def test_without_the_runtime_there_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingLibraryError) as caught:
        Runtime(IDENTITY, "toy")
    assert caught.value.finding.code == "E110"
    assert "assurance[replay]" in str(caught.value.finding.remedy)


def test_a_model_that_cannot_be_executed_is_a_clear_error() -> None:
    with pytest.raises(InputError) as caught:
        Runtime(b"nonsense", "toy.onnx")
    assert caught.value.finding.code == "E113"
    with pytest.raises(InputError):
        Runtime(IDENTITY, "toy.onnx").run(single(1.0, 2.0, 3.0))


def test_a_counterexample_is_plain_data() -> None:
    example = Counterexample(region=0, input=(0.5,), output=(1.0,), replayed_by="x")
    assert Counterexample.model_validate_json(example.model_dump_json()) == example
