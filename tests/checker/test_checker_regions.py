"""Regions and conditions: the checker's derivation against the exact meaning, and against the engines' own."""

from __future__ import annotations

import copy
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from checker_toys import Files, balls, boxes, linear, random_toy, run, statement, toy, whole, worst

from evidence.checker import regions
from evidence.checker.refusals import Refused
from evidence.checker.rounding import Floats
from evidence.digest import canonical_json
from evidence.regions import expand
from evidence.specification import Statement

RNG = np.random.default_rng(3)


def table(files: Files, seed: int = 0) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    grids = {f"grid_x{i}": np.cumsum(rng.uniform(0.1, 1, size=n)) for i, n in enumerate((5, 4, 6))}
    level = np.add.outer(np.add.outer(np.arange(5), np.arange(4)), np.arange(6)) + rng.integers(0, 2, size=(5, 4, 6))
    entry = (level // 5 % 3).astype(np.int8)
    return {"kind": "table-cells", "table": files.arrays(**grids, advisory=entry), "cells": "corners-agree"}


def every_kind(files: Files) -> list[dict[str, Any]]:
    """Statements of all kinds of regions and conditions over a network with 3 inputs and 3 outputs."""
    model = files.add(random_toy(RNG, [3, 4, 3]).onnx())
    data = files.arrays(inputs=RNG.normal(size=(7, 3)).astype(np.float32), labels=RNG.integers(0, 3, size=7))
    sensor = {
        "kind": "sensor-error",
        "tolerances": {"x2": {"value": 0.1, "unit": "m"}, "x0": {"value": 0.3, "unit": "m"}},
    }
    places = [
        boxes([[0.1, -0.2, 0.3], [1, 2, 3]], [[0.2, 0.7, 0.3], [1.5, 2.5, 3.5]]),
        balls(data, "linf", 0.1),
        balls(data, "l2", 0.1, inputs=[4, 0, 6]),
        {"kind": "input-balls", "data": data, "inputs": [1], "perturbation": sensor},
        table(files),
    ]
    limits = {"y2": {"lower": -0.1, "upper": 0.7, "unit": ""}, "y0": {"lower": 0.0, "upper": 0.1, "unit": "m"}}
    limits["y2"]["unit"] = "m"
    asked: list[dict[str, Any]] = [
        {"kind": "chosen-among", "outputs": ["y2", "y0"]},
        {"kind": "never-chosen", "outputs": ["y1"]},
        {"kind": "within", "ranges": limits},
        linear([0.1, 0.2, -0.3], [1, -1, 0], above=0.1),
    ]
    found = []
    for place in places:
        own = {"input-balls": "keep-label", "table-cells": "corner-entry"}.get(place["kind"])
        for condition in asked + ([{"kind": own}] if own else []):
            for decision in ("argmax", "argmin"):
                found.append(statement(model, 3, 3, place, condition, decision=decision))
    return found


def test_agrees_with_the_derivation_of_the_engines() -> None:
    """Same regions in the same order (up to outward widening), same rows in the same order, same clauses."""
    files = Files()
    for value in every_kind(files):
        typed = Statement.model_validate(value)
        assert canonical_json(typed.model_dump(mode="json")) == canonical_json(value)
        theirs, own = expand(typed, files.__getitem__), regions.read(value, files.__getitem__)
        assert len(own.sets) == len(theirs)
        assert (own.sets.lower <= theirs.lower).all() and (own.sets.upper >= theirs.upper).all()
        np.testing.assert_allclose(own.sets.lower, theirs.lower, rtol=1e-15)
        np.testing.assert_allclose(own.sets.upper, theirs.upper, rtol=1e-15)
        if theirs.l2_radius is None:
            assert own.sets.radius is None
        else:
            assert own.sets.radius is not None and own.sets.center is not None
            assert (own.sets.radius >= theirs.l2_radius).all()
            np.testing.assert_array_equal(own.sets.center, theirs.centers)
        for r in range(len(theirs)):
            wanted, given = theirs.conditions[theirs.condition_of[r]], own.conditions[own.condition_of[r]]
            np.testing.assert_array_equal(given.rows, wanted.rows)
            np.testing.assert_array_equal(given.clause, wanted.clause)
            assert (given.offsets <= wanted.offsets).all()
            outputs = RNG.normal(size=(20, 3))
            np.testing.assert_allclose(worst(given, outputs @ given.rows.T + given.offsets), wanted.margins(outputs))


@pytest.mark.parametrize("decision", ["argmax", "argmin"])
def test_conditions_mean_what_they_say(decision: str) -> None:
    """Every condition against its meaning in words, on outputs with many ties."""
    files = Files()
    best = max if decision == "argmax" else min
    for value in every_kind(files):
        if value["decision"] != decision:
            continue
        problem = regions.read(value, files.__getitem__)
        kind = value["condition"]["kind"]
        for y in np.random.default_rng(1).integers(-1, 2, size=(60, 3)).tolist():
            chosen = {j for j in range(3) if y[j] == best(y)}
            for r in (0, len(problem.sets) - 1):
                condition = problem.conditions[problem.condition_of[r]]
                holds = worst(condition, np.array([y]) @ condition.rows.T + condition.offsets)[0] > 0
                if kind == "chosen-among" or kind == "never-chosen":
                    assert holds == (1 not in chosen)
                elif kind == "within":
                    assert holds == (-0.1 < y[2] < 0.7 and 0.0 < y[0] < 0.1)
                elif kind == "linear":
                    assert holds == (0.1 * y[0] + 0.2 * y[1] - 0.3 * y[2] > 0.1 and y[0] - y[1] > 0.1)


def test_labels_and_entries_become_the_expected_decision() -> None:
    """Region r keeps the label of listed input r; a cell keeps the entry of its corners."""
    files = Files()
    for value in every_kind(files):
        if value["condition"]["kind"] not in ("keep-label", "corner-entry"):
            continue
        problem = regions.read(value, files.__getitem__)
        sign = 1.0 if value["decision"] == "argmax" else -1.0
        if value["regions"]["kind"] == "input-balls":
            arrays = np.load(_stream(files[value["regions"]["data"]]))
            listed = value["regions"]["inputs"]
            wanted = arrays["labels"] if listed == "all" else arrays["labels"][list(listed)]
        else:
            wanted = np.array([entry for _, _, entry in _cells(np.load(_stream(files[value["regions"]["table"]])))])
        for r, label in enumerate(wanted.tolist()):
            margin = problem.conditions[problem.condition_of[r]]
            for j in range(3):
                bounds = sign * (np.arange(3) == j)[None, :] @ margin.rows.T
                assert (worst(margin, bounds)[0] > 0) == (j == label)


def _stream(data: bytes) -> Any:
    import io

    return io.BytesIO(data)


def _cells(arrays: Any) -> list[tuple[list[float], list[float], int]]:
    """Cells with agreeing corners, by brute force, in row-major order."""
    entry, grids, found = arrays["advisory"], [arrays[f"grid_x{i}"] for i in range(3)], []
    for i in range(4):
        for j in range(3):
            for k in range(5):
                corners = {int(entry[i + a, j + b, k + c]) for a in (0, 1) for b in (0, 1) for c in (0, 1)}
                if len(corners) == 1:
                    at = list(zip(grids, (i, j, k), strict=True))
                    found.append(([g[p] for g, p in at], [g[p + 1] for g, p in at], corners.pop()))
    return found


def test_cells_by_brute_force() -> None:
    files = Files()
    place = table(files)
    value = statement(files.add(b"model"), 3, 3, place, {"kind": "corner-entry"})
    problem, wanted = regions.read(value, files.__getitem__), _cells(np.load(_stream(files[place["table"]])))
    assert 0 < len(wanted) < 60
    np.testing.assert_array_equal(problem.sets.lower, [cell[0] for cell in wanted])
    np.testing.assert_array_equal(problem.sets.upper, [cell[1] for cell in wanted])


def test_sets_contain_the_decimal_ones() -> None:
    """Boxes and balls with decimal sizes, compared with the decimal numbers as fractions."""
    files = Files()
    rng = np.random.default_rng(2)
    points = np.concatenate([rng.normal(size=(50, 2)) * 10.0 ** rng.integers(-20, 20, size=(50, 1)), [[0.0, 1e-310]]])
    data = files.arrays(inputs=points, labels=np.zeros(51, dtype=np.int64))
    for text in ("0.1", "1e-9", "3.3333333333333333333", "1e-400", "0", "123456.789"):
        for kind in ("linf", "l2"):
            value = statement("sha256:" + "0" * 64, 2, 2, balls(data, kind, float(text)), {"kind": "keep-label"})
            sets = regions.read(value, files.__getitem__).sets
            for r, point in enumerate(points.tolist()):
                for i in range(2):
                    assert Fraction(sets.lower[r, i]) <= Fraction(point[i]) - Fraction(text)
                    assert Fraction(sets.upper[r, i]) >= Fraction(point[i]) + Fraction(text)
            assert sets.radius is None or Fraction(sets.radius[0]) >= Fraction(text)
    for low, high in (("0.1", "0.3"), ("-1e-400", "1e-400"), ("1e22", "1e23"), ("0.29999999999999999999", "0.3")):
        value = statement("sha256:" + "0" * 64, 1, 1, boxes([[float(low)]], [[float(high)]]), linear([1]))
        sets = regions.read(value, files.__getitem__).sets
        assert Fraction(sets.lower[0, 0]) <= Fraction(low) and Fraction(sets.upper[0, 0]) >= Fraction(high)


def test_thresholds_and_coefficients_are_meant_as_decimals() -> None:
    """y0 = 0.1 as a float is above the decimal 0.1, by less than any proof may notice."""
    net = toy(([[0.0]], [0.5]))
    files = Files()
    model = files.add(net.onnx())
    for condition in (
        linear([0.1], above=0.05),
        {"kind": "within", "ranges": {"y0": {"lower": 0.5, "upper": 1.0, "unit": "m"}}},
        {"kind": "within", "ranges": {"y0": {"lower": 0.0, "upper": 0.5, "unit": "m"}}},
    ):
        value = statement(model, 1, 1, boxes([[0]], [[1]]), condition, decision="none")
        assert run(value, files, whole(1)).proved == (False,)
    for condition in (
        linear([0.1], above=0.0499999),
        {"kind": "within", "ranges": {"y0": {"lower": 0.4999999, "upper": 0.5000001, "unit": "m"}}},
    ):
        value = statement(model, 1, 1, boxes([[0]], [[1]]), condition, decision="none")
        assert run(value, files, whole(1)).proved == (True,)


def _change(value: dict[str, Any], path: str, new: Any) -> dict[str, Any]:
    changed = copy.deepcopy(value)
    at: Any = changed
    *parents, last = path.split(".")
    for key in parents:
        at = at[int(key)] if isinstance(at, list) else at[key]
    if new is KeyError:
        del at[last]
    else:
        at[int(last) if isinstance(at, list) else last] = new
    return changed


@pytest.mark.parametrize(
    ("path", "new"),
    [
        ("model", KeyError),
        ("preprocessing", "none"),
        ("model", 3),
        ("inputs", []),
        ("inputs.0.name", "x1"),
        ("inputs.0.unit", "ft"),
        ("outputs", ["y0", "y0"]),
        ("outputs", "y0y1"),
        ("decision", "mean"),
        ("decision", "none"),
        ("regions", None),
        ("regions.kind", "everywhere"),
        ("regions.kind", "boxes"),
        ("regions.inputs", []),
        ("regions.inputs", [0, 0]),
        ("regions.inputs", [5]),
        ("regions.inputs", [-1]),
        ("regions.inputs", [True]),
        ("regions.inputs", [1.0]),
        ("regions.perturbation.kind", "l1"),
        ("regions.perturbation.eps.value", -0.1),
        ("regions.perturbation.eps.value", "0.1"),
        ("regions.perturbation.eps.value", True),
        ("regions.perturbation.eps.value", 10**400),
        ("regions.perturbation.eps.unit", "ft"),
        ("regions.perturbation.eps", 0.1),
        ("regions.perturbation.clip", [0, 1]),
        ("regions.perturbation", {"kind": "sensor-error", "tolerances": {"x9": {"value": 0.1, "unit": None}}}),
        ("condition", {}),
        ("condition.kind", "corner-entry"),
        ("condition.tolerance", 1.0),
        ("condition", {"kind": "chosen-among", "outputs": ["y0", "y1", "y2"]}),
        ("condition", {"kind": "chosen-among", "outputs": []}),
        ("condition", {"kind": "chosen-among", "outputs": ["y7"]}),
        ("condition", {"kind": "chosen-among", "outputs": [["y0"]]}),
        ("condition", {"kind": "never-chosen", "outputs": ["y0", "y1", "y2"]}),
        ("condition", {"kind": "linear", "all_of": []}),
        ("condition", {"kind": "linear", "all_of": [{"coefficients": {}, "greater_than": 0.0}]}),
        ("condition", {"kind": "within", "ranges": {"y0": {"lower": 1.0, "upper": 0.0, "unit": "m"}}}),
        ("condition", {"kind": "within", "ranges": {}}),
        ("condition", {"kind": "linear", "all_of": [{"coefficients": {"y0": 0.0}, "greater_than": -1.0}]}),
        ("condition", {"kind": "linear", "all_of": [{"coefficients": {"y0": 1e-310}, "greater_than": -1.0}]}),
    ],
)
def test_what_is_not_understood_is_refused(path: str, new: Any) -> None:
    files = Files()
    data = files.arrays(inputs=np.zeros((5, 3)), labels=np.zeros(5, dtype=np.int64))
    value = statement(
        files.add(random_toy(RNG, [3, 4, 3]).onnx()), 3, 3, balls(data, "linf", 0.1), {"kind": "keep-label"}
    )
    assert run(value, files, whole(5)).refusal is None
    report = run(_change(value, path, new), files, whole(5))
    assert report.refusal is not None and report.refusal.startswith("N150"), report.refusal
    assert report.proved == () and report.radii is None


def _grids(**changes: Any) -> dict[str, Any]:
    arrays: dict[str, Any] = {"grid_x0": np.arange(3.0), "grid_x1": np.arange(2.0), "advisory": np.zeros((3, 2), int)}
    return {name: value for name, value in {**arrays, **changes}.items() if value is not None}


@pytest.mark.parametrize(
    "arrays",
    [
        _grids(grid_x1=None),
        _grids(advisory=np.zeros((2, 3), int)),
        _grids(advisory=np.zeros((3, 2))),
        _grids(advisory=np.full((3, 2), 2)),
        _grids(advisory=np.full((3, 2), -1)),
        _grids(advisory=np.array([[0, 1], [1, 0], [0, 1]])),
        _grids(grid_x0=np.array([0.0, 0.0, 1.0])),
        _grids(grid_x0=np.array([0.0, np.nan, 1.0])),
        _grids(grid_x0=np.array([0.0, 1.0, np.inf])),
        _grids(grid_x0=np.array([0, 1, 2**60])),
        _grids(grid_x0=np.array([0, 1, 2], dtype=np.longdouble)),
        _grids(grid_x0=np.array(["0", "1", "2"])),
        _grids(advisory=np.array([[0, {}], [0, 0], [0, 0]], dtype=object)),
    ],
)
def test_unusable_tables_are_refused(arrays: dict[str, Any]) -> None:
    files = Files()
    place = {"kind": "table-cells", "table": files.arrays(**arrays), "cells": "corners-agree"}
    value = statement(files.add(random_toy(RNG, [2, 4, 2]).onnx()), 2, 2, place, {"kind": "corner-entry"})
    report = run(value, files, [])
    assert report.refusal is not None and report.refusal.startswith("N153"), report.refusal


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"no archive", b"\x93NUMPY\x01\x00"])
def test_unusable_data_sets_are_refused(data: bytes) -> None:
    files = Files()
    value = statement(files.add(b"x"), 2, 2, balls(files.add(data), "linf", 0.1), {"kind": "keep-label"})
    with pytest.raises(Refused, match=r"not an \.npz file"):
        regions.read(value, files.__getitem__)


def test_data_sets_with_nan_or_wrong_shapes_are_refused() -> None:
    files = Files()
    good: Floats = np.zeros((3, 2))
    for inputs, labels in (
        (good + np.nan, np.zeros(3, int)),
        (good, np.zeros(4, int)),
        (good, np.zeros(3)),
        (good, np.full(3, 2)),
        (good[:, :1], np.zeros(3, int)),
        (good[:0], np.zeros(0, int)),
        (good.astype(np.longdouble), np.zeros(3, int)),
    ):
        data = files.arrays(inputs=inputs, labels=labels)
        value = statement(files.add(b"x"), 2, 2, balls(data, "linf", 0.1), {"kind": "keep-label"})
        with pytest.raises(Refused) as refusal:
            regions.read(value, files.__getitem__)
        assert refusal.value.finding.code == "N153"
