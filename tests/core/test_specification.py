"""Statements and their expansion: outward rounding, shapes, names, units, conditions, and unusable data."""

from __future__ import annotations

import io
import itertools
import math
import pickle
import random
import zipfile
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from core_toys import DATA, OUTPUTS, PORTS, npz, quantity, statement
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from evidence import regions as expansion
from evidence.digest import of_bytes
from evidence.errors import InputError
from evidence.regions import OutputCondition, expand, read_arrays
from evidence.specification import (
    Boxes,
    ChosenAmong,
    CornerEntry,
    InputBalls,
    KeepLabel,
    L2Ball,
    Linear,
    LinearConstraint,
    LinfBall,
    NamedBox,
    NeverChosen,
    Port,
    Quantity,
    Range,
    SensorError,
    Statement,
    TableCells,
    Within,
)


def balls(data: bytes = DATA, perturbation: Any = None, **changes: Any) -> Statement:
    regions = InputBalls(
        data=of_bytes(data),
        inputs=changes.pop("listed", "all"),
        perturbation=perturbation or LinfBall(eps=quantity("0.1 m")),
    )
    return statement(regions=regions, **changes)


def cells(table: bytes, **changes: Any) -> Statement:
    return statement(regions=TableCells(table=of_bytes(table)), **({"condition": CornerEntry()} | changes))


def boxes(*given: dict[str, tuple[float, float]], **changes: Any) -> Statement:
    named = tuple(
        NamedBox(id=f"b{i}", ranges={k: Range(lower=low, upper=high, unit="m") for k, (low, high) in box.items()})
        for i, box in enumerate(given)
    )
    return statement(regions=Boxes(boxes=named), **({"condition": NeverChosen(outputs=("left",))} | changes))


def refused(given: Statement, data: bytes) -> str:
    with pytest.raises(InputError) as caught:
        expand(given, lambda digest: data)
    assert "Traceback" not in str(caught.value.finding)
    return caught.value.finding.code


# --- quantities ------------------------------------------------------------------------------------------------------

_QUANTITY: TypeAdapter[Any] = TypeAdapter(Quantity)


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [("25 ft", 25.0, "ft"), ("0.05grey", 0.05, "grey"), (" -3e-2  ft/s ", -0.03, "ft/s"), (".5 1/s", 0.5, "1/s")],
)
def test_a_quantity_is_a_number_and_a_unit(text: str, value: float, unit: str) -> None:
    found = _QUANTITY.validate_python(text)
    assert (found.value, found.unit) == (value, unit)


@pytest.mark.parametrize("text", ["25", "0.05", "1e5", "12345", ".5", "ft", "", "nan ft", "1e999 ft", "5 " + "m" * 41])
def test_a_number_without_unit_is_never_split_into_one(text: str) -> None:
    with pytest.raises(ValidationError):
        _QUANTITY.validate_python(text)


@pytest.mark.parametrize("value", [25, 0.05, True, None, [], {"value": 1.0}])
def test_bare_numbers_are_no_quantities(value: object) -> None:
    with pytest.raises(ValidationError):
        _QUANTITY.validate_python(value)


def test_long_text_is_refused_at_once() -> None:
    with pytest.raises(ValidationError):
        _QUANTITY.validate_python("1 a" + " " * 1_000_000 + "b")


def test_quantities_and_ranges_print_every_digit() -> None:
    assert str(_QUANTITY.validate_python("0.1234567891 m")) == "0.1234567891 m"
    assert str(Range(lower=-1234567.5, upper=1e-7, unit="m")) == "[-1234567.5, 1e-07] m"


# --- outward rounding ------------------------------------------------------------------------------------------------


@settings(max_examples=200, deadline=None)
@given(
    st.floats(-1e6, 1e6, allow_nan=False, width=32),
    st.decimals(min_value="0.000001", max_value="1000", places=6),
)
def test_balls_contain_the_decimal_exact_set(center: float, eps: Any) -> None:
    data = npz(inputs=np.array([[center, 0.0]], dtype=np.float32), labels=np.array([0]))
    for perturbation in (
        LinfBall(eps=quantity(f"{eps} m")),
        L2Ball(eps=quantity(f"{eps} m")),
        SensorError(tolerances={"x": quantity(f"{eps} m"), "y": quantity(f"{eps} m")}),
    ):
        found = expand(balls(data, perturbation), lambda digest: data)
        for i, middle in enumerate((Fraction(float(np.float32(center))), Fraction(0))):
            assert Fraction(float(found.lower[0, i])) <= middle - Fraction(eps)
            assert Fraction(float(found.upper[0, i])) >= middle + Fraction(eps)
        if isinstance(perturbation, L2Ball):
            assert found.l2_radius is not None and Fraction(found.l2_radius) >= Fraction(eps)
        else:
            assert found.l2_radius is None


@settings(max_examples=100, deadline=None)
@given(st.lists(st.decimals(min_value="-1000", max_value="1000", places=7), min_size=2, max_size=2, unique=True))
def test_boxes_contain_the_decimal_exact_set(ends: list[Any]) -> None:
    low, high = sorted(ends)
    found = expand(boxes({"x": (float(low), float(high)), "y": (0.0, 0.0)}), lambda digest: b"")
    assert Fraction(float(found.lower[0, 0])) <= Fraction(low) and Fraction(float(found.upper[0, 0])) >= Fraction(high)
    assert found.lower[0, 1] < 0 < found.upper[0, 1], "also a range of one point: its decimals may be off"
    assert (found.lower <= found.centers).all() and (found.centers <= found.upper).all()


def test_inputs_without_tolerance_stay_exact() -> None:
    found = expand(balls(perturbation=SensorError(tolerances={"y": quantity("1 m")})), lambda digest: DATA)
    assert (found.lower[:, 0] == found.upper[:, 0]).all() and (found.lower[:, 1] < found.upper[:, 1]).all()
    still = expand(balls(perturbation=LinfBall(eps=quantity("0 m"))), lambda digest: DATA)
    assert (still.lower == still.upper).all()


# --- names, units, order -----------------------------------------------------------------------------------------------


def test_units_and_names_are_compared_as_they_are_written() -> None:
    assert refused(balls(perturbation=LinfBall(eps=quantity("0.1 ft"))), DATA) == "N103"
    assert refused(balls(perturbation=LinfBall(eps=quantity("0.1 M"))), DATA) == "N103"
    assert refused(balls(perturbation=SensorError(tolerances={"z": quantity("1 m")})), DATA) == "N104"
    assert refused(balls(perturbation=LinfBall(eps=quantity("-0.1 m"))), DATA) == "N102"
    assert refused(boxes({"x": (0, 1)}), b"") == "N104"
    assert refused(boxes({"x": (0, 1), "y": (0, 1), "z": (0, 1)}), b"") == "N104"
    other_unit = NamedBox(id="b", ranges={n: Range(lower=0, upper=1, unit="ft") for n in "xy"})
    assert (
        refused(statement(regions=Boxes(boxes=(other_unit,)), condition=NeverChosen(outputs=("left",))), b"") == "N103"
    )
    mixed = (Port(name="x", unit="m"), Port(name="y", unit="s"))
    assert refused(balls(perturbation=L2Ball(eps=quantity("1 m")), inputs=mixed), DATA) == "N103", (
        "one length, one unit"
    )


def test_ranges_are_put_in_the_order_of_the_inputs() -> None:
    found = expand(boxes({"y": (5, 6), "x": (1, 2)}), lambda digest: b"")
    assert np.allclose(found.lower, [[1, 5]]) and np.allclose(found.upper, [[2, 6]])


def test_listed_inputs_keep_their_order_labels_and_names() -> None:
    found = expand(balls(listed=(2, 0)), lambda digest: DATA)
    assert found.names == ("input 2", "input 0") and found.labels.tolist() == [2, 0]
    assert found.centers.tolist() == [[4.0, 5.0], [0.0, 1.0]]
    for region, label in enumerate(found.labels):
        outputs = np.zeros((1, 3))
        outputs[0, label] = 1.0
        assert found.conditions[found.condition_of[region]].margins(outputs)[0] > 0


# --- cells -------------------------------------------------------------------------------------------------------------


def test_cells_are_those_whose_corners_agree() -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        entry = rng.integers(0, 2, size=(4, 5))
        entry[0, 0] = entry[0, 1] = entry[1, 0] = entry[1, 1] = 1
        grids = [np.sort(rng.normal(size=n)) for n in entry.shape]
        table = npz(grid_x=grids[0], grid_y=grids[1], advisory=entry)
        found = expand(cells(table), {of_bytes(table): table}.__getitem__)
        expected = [
            (i, j)
            for i, j in itertools.product(range(3), range(4))
            if len(set(entry[i : i + 2, j : j + 2].ravel())) == 1
        ]
        assert found.names == tuple(f"cell {i}/{j}" for i, j in expected)
        for region, (i, j) in enumerate(expected):
            assert found.lower[region].tolist() == [grids[0][i], grids[1][j]]
            assert found.upper[region].tolist() == [grids[0][i + 1], grids[1][j + 1]]
            assert found.labels[region] == entry[i, j]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"advisory": np.array([[0, 1], [1, 0]])}, "N101"),
        ({"grid_x": np.array([1.0, 0.0])}, "N105"),
        ({"grid_x": np.array([0.0, 0.0])}, "N105"),
        ({"grid_x": np.array([0.0, np.nan])}, "N105"),
        ({"grid_x": np.array([0.0, np.inf])}, "N105"),
        ({"grid_x": np.array(["a", "b"])}, "N105"),
        ({"grid_x": np.array([0, 1 + 1j])}, "N105"),
        ({"grid_x": np.array([2**60, 2**60 + 1])}, "N105"),
        ({"grid_x": np.array([[0.0, 1.0]])}, "N105"),
        ({"grid_x": np.array([0.0])}, "N105"),
        ({"grid_x": np.array([0.0, 1.0, 2.0])}, "N106"),
        ({"advisory": np.array([[0, 0], [0, 3]])}, "N106"),
        ({"advisory": np.array([[0, 0], [0, -1]])}, "N106"),
        ({"advisory": np.zeros((2, 2))}, "N106"),
        ({"advisory": np.full((2, 2), np.nan)}, "N106"),
        ({"advisory": np.array([["a", "b"], ["c", "d"]])}, "N106"),
        ({"advisory": np.zeros(4, dtype=int)}, "N106"),
    ],
)
def test_unusable_tables_are_refused(change: dict[str, Any], code: str) -> None:
    good = {"grid_x": np.array([0.0, 1.0]), "grid_y": np.array([0.0, 1.0]), "advisory": np.zeros((2, 2), dtype=int)}
    table = npz(**good)
    assert len(expand(cells(table), lambda digest: table)) == 1
    table = npz(**(good | change))
    assert refused(cells(table), table) == code


# --- data sets -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"inputs": np.zeros((0, 2)), "labels": np.zeros(0, dtype=int)}, "N101"),
        ({"inputs": np.array([[0.0, np.nan]])}, "N105"),
        ({"inputs": np.array([[0.0, np.inf]])}, "N105"),
        ({"inputs": np.zeros((1, 3))}, "N106"),
        ({"inputs": np.zeros((1, 2, 1))}, "N106"),
        ({"inputs": np.zeros((2, 2))}, "N106"),
        ({"inputs": np.zeros((1, 2), dtype=int)}, "N106"),
        ({"inputs": np.zeros((1, 2), dtype=np.longdouble)}, "N106"),
        ({"inputs": np.array([["a", "b"]])}, "N106"),
        ({"inputs": np.array([[1.7e308, 0.0]])}, "N105"),
        ({"labels": np.array([0.0])}, "N106"),
        ({"labels": np.array([True])}, "N106"),
        ({"labels": np.array([3])}, "N106"),
        ({"labels": np.array([-1])}, "N106"),
        ({"labels": np.array([2**64 - 1], dtype=np.uint64)}, "N106"),
        ({"labels": np.array([[0]])}, "N106"),
    ],
)
def test_unusable_data_sets_are_refused(change: dict[str, Any], code: str) -> None:
    data = npz(**({"inputs": np.zeros((1, 2)), "labels": np.array([0])} | change))
    with np.errstate(over="ignore"):
        assert refused(balls(data, LinfBall(eps=quantity("1e308 m"))), data) == code


def test_listed_inputs_must_exist() -> None:
    assert refused(balls(listed=(0, 3)), DATA) == "N106"
    for listed in ((), (1, 1), (-1,), (2**40,)):
        with pytest.raises(ValidationError):
            balls(listed=listed)


def header(shape: str, descr: str = "<f8") -> bytes:
    text = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}".encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


def archive(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        for name, data in members.items():
            file.writestr(f"{name}.npy", data)
    return stream.getvalue()


class Trap:
    """Pickled, it would say so when it is loaded."""

    sprung = False

    def __reduce__(self) -> tuple[Any, ...]:
        return (setattr, (Trap, "sprung", True))


def test_pickles_are_not_loaded() -> None:
    labels = io.BytesIO()
    np.save(labels, np.array([0]))
    for attack in (header("(1, 2)", "|O") + pickle.dumps([Trap(), Trap()]), pickle.dumps(Trap())):
        data = archive(inputs=attack, labels=labels.getvalue())
        assert refused(balls(data), data) in ("N105", "N106")
    assert refused(balls(), pickle.dumps(Trap())) == "N105"
    assert not Trap.sprung


@pytest.mark.parametrize(
    "shape", ["(10**12, 2)", "(1000000000000, 2)", "(99999999999999999999999, 2)", "(-5, 2)", "('a',)"]
)
def test_headers_that_promise_too_much_are_refused(shape: str) -> None:
    data = archive(inputs=header(shape), labels=header("(1,)", "<i8"))
    assert refused(balls(data), data) == "N105"


def test_what_unpacks_to_too_much_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.BytesIO()
    np.savez_compressed(stream, inputs=np.zeros((100_000, 2)), labels=np.zeros(100_000, dtype=int))
    bomb = stream.getvalue()
    assert len(bomb) < 20_000
    monkeypatch.setattr(expansion, "MAX_ARRAY_BYTES", 1_000_000)
    monkeypatch.setattr(np, "load", None)
    assert refused(balls(bomb), bomb) == "N105"


def test_missing_and_doubled_arrays_are_refused() -> None:
    assert refused(balls(), npz(inputs=np.zeros((1, 2)))) == "N105"
    stream = io.BytesIO(DATA)
    with zipfile.ZipFile(stream, "a") as file, pytest.warns(UserWarning, match="Duplicate name"):
        file.writestr("inputs.npy", b"other")
    assert refused(balls(), stream.getvalue()) == "N105", "two readers could each take another one"


def test_damaged_archives_are_findings() -> None:
    rng = random.Random(11)
    stream = io.BytesIO()
    np.savez_compressed(stream, inputs=np.random.default_rng(0).normal(size=(20, 2)), labels=np.zeros(20, dtype=int))
    for good in (DATA, stream.getvalue()):
        for _ in range(1500):
            bad = bytearray(good)
            for _ in range(rng.randint(1, 4)):
                bad[rng.randrange(len(bad))] = rng.randrange(256)
            try:
                read_arrays(bytes(bad[: rng.choice([None, rng.randrange(len(bad))])]), ("inputs", "labels"), "data")
            except InputError as error:
                assert error.finding.code == "N105"


# --- conditions ----------------------------------------------------------------------------------------------------------


def margins(condition: OutputCondition, outputs: np.ndarray[Any, Any]) -> Any:
    return condition.margins(np.atleast_2d(outputs).astype(np.float64))


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_margins_are_the_worst_clause_by_its_best_row(data: st.DataObject) -> None:
    clauses = data.draw(st.lists(st.integers(1, 3), min_size=1, max_size=4))
    number = st.integers(-5, 5).map(float)
    rows = [[data.draw(number) for _ in range(3)] for _ in range(sum(clauses))]
    offsets = [data.draw(number) for _ in rows]
    clause = [c for c, size in enumerate(clauses) for _ in range(size)]
    order = data.draw(st.permutations(range(len(rows))))
    condition = OutputCondition(
        np.array(rows)[order], np.array(offsets)[order], np.array(clause, dtype=np.int64)[order]
    )
    outputs = np.array([[data.draw(number) for _ in range(3)] for _ in range(4)])
    expected = [
        min(
            max(
                sum(a * y for a, y in zip(rows[k], point, strict=True)) + offsets[k]
                for k in range(len(rows))
                if clause[k] == c
            )
            for c in range(len(clauses))
        )
        for point in outputs.tolist()
    ]
    assert margins(condition, outputs).tolist() == expected


def decisions(point: tuple[int, ...], rule: str) -> set[str]:
    best = max(point) if rule == "argmax" else min(point)
    return {name for name, value in zip(OUTPUTS, point, strict=True) if value == best}


@pytest.mark.parametrize("rule", ["argmax", "argmin"])
@pytest.mark.parametrize("named", [("left",), ("left", "stay"), ("stay", "right")])
def test_conditions_on_the_decision_against_all_small_outputs(rule: str, named: tuple[str, ...]) -> None:
    box = {"x": (0.0, 1.0), "y": (0.0, 1.0)}
    among = expand(boxes(box, condition=ChosenAmong(outputs=named), decision=rule), lambda digest: b"").conditions[0]
    never = expand(boxes(box, condition=NeverChosen(outputs=named), decision=rule), lambda digest: b"").conditions[0]
    for point in itertools.product(range(3), repeat=3):
        chosen = decisions(point, rule)
        # a tie between a permitted and a forbidden output is no decision for the permitted one
        assert (margins(among, np.array(point))[0] > 0) == (chosen <= set(named))
        assert (margins(never, np.array(point))[0] > 0) == (not chosen & set(named))


@pytest.mark.parametrize("rule", ["argmax", "argmin"])
def test_keeping_the_label_means_strictly_ahead_of_all(rule: str) -> None:
    found = expand(balls(decision=rule), lambda digest: DATA)
    for region, label in enumerate(found.labels):
        condition = found.conditions[found.condition_of[region]]
        for point in itertools.product(range(3), repeat=3):
            assert (margins(condition, np.array(point))[0] > 0) == (decisions(point, rule) == {OUTPUTS[label]})


def test_within_and_linear_are_strict_and_never_weaker_than_stated() -> None:
    box = {"x": (0.0, 1.0), "y": (0.0, 1.0)}
    within = Within(ranges={"left": Range(lower=-0.1, upper=0.3, unit="1"), "stay": Range(lower=0, upper=1, unit="1")})
    condition = expand(boxes(box, condition=within, decision="none"), lambda digest: b"").conditions[0]
    for left, stay in itertools.product((-0.2, -0.1, 0.0, 0.3, 0.4), (0.0, 0.5, 1.0)):
        assert (margins(condition, np.array([left, 9.0, stay]))[0] > 0) == (-0.1 < left < 0.3 and 0 < stay < 1)
    part = LinearConstraint(coefficients={"left": 2.0, "right": -1.0}, greater_than=0.5)
    other = LinearConstraint(coefficients={"stay": 1.0})
    linear = expand(boxes(box, condition=Linear(all_of=(part, other)), decision="none"), lambda digest: b"").conditions[
        0
    ]
    for point in itertools.product((-0.5, 0.0, 0.5, 1.0), repeat=3):
        stated = 2 * point[0] - point[1] > 0.5 and point[2] > 0
        assert (margins(linear, np.array(point))[0] > 0) == stated
    for threshold in ("0.1", "0.7", "-0.3", "1e-9"):
        part = LinearConstraint(coefficients={"left": 1.0}, greater_than=float(threshold))
        found = expand(boxes(box, condition=Linear(all_of=(part,)), decision="none"), lambda digest: b"").conditions[0]
        assert -Fraction(float(found.offsets[0])) >= Fraction(threshold)


@pytest.mark.parametrize(
    "changes",
    [
        {"condition": ChosenAmong(outputs=OUTPUTS)},
        {"condition": NeverChosen(outputs=OUTPUTS)},
        {"condition": NeverChosen(outputs=(*OUTPUTS, "left"))},
        {"condition": ChosenAmong(outputs=("up",))},
        {"condition": Within(ranges={"up": Range(lower=0, upper=1, unit="1")})},
        {"condition": Linear(all_of=(LinearConstraint(coefficients={"up": 1.0}),))},
        {"condition": CornerEntry()},
        {"decision": "none"},
        {"outputs": ("only",)},
        {"outputs": ("left", "left")},
        {"inputs": (PORTS[0], PORTS[0])},
        {"inputs": ()},
        {"outputs": ()},
    ],
)
def test_vacuous_and_inconsistent_statements_cannot_be_made(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        statement(**changes)


def test_vacuous_parts_cannot_be_made() -> None:
    unit = Range(lower=0, upper=1, unit="m")
    for make in (
        lambda: Boxes(boxes=()),
        lambda: NamedBox(id="b", ranges={}),
        lambda: ChosenAmong(outputs=()),
        lambda: NeverChosen(outputs=()),
        lambda: Within(ranges={}),
        lambda: Linear(all_of=()),
        lambda: LinearConstraint(coefficients={}),
        lambda: LinearConstraint(coefficients={"left": 0.0}, greater_than=-1.0),
        lambda: SensorError(tolerances={}),
        lambda: Range(lower=1, upper=0, unit="m"),
        lambda: Range(lower=0, upper=math.inf, unit="m"),
        lambda: Range(lower=math.nan, upper=1, unit="m"),
        lambda: Range(lower=0, upper=1, unit=""),
    ):
        with pytest.raises(ValidationError):
            make()
    twice = NamedBox(id="b", ranges={"x": unit, "y": unit})
    with pytest.raises(ValidationError, match="stands twice"):
        Boxes(boxes=(twice, NamedBox(id="b", ranges={"x": unit, "y": Range(lower=5, upper=6, unit="m")})))


def test_keep_label_needs_labels() -> None:
    with pytest.raises(ValidationError):
        boxes({"x": (0, 1), "y": (0, 1)}, condition=KeepLabel())


def test_statements_are_immutable_and_closed() -> None:
    made = statement()
    with pytest.raises(ValidationError):
        setattr(made, "model", "sha256:" + "b" * 64)  # noqa: B010
    with pytest.raises(ValidationError):
        Statement(**(made.model_dump() | {"extra": 1}))
    assert Statement.model_validate(made.model_dump(mode="json")) == made
