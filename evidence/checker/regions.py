"""From the JSON of a statement and the bytes of its data to input sets and output conditions.

The checker's own derivation: it knows the JSON that a record stores and nothing of the classes that wrote it. An
unknown, missing or differently typed field is refused (N150), because a field that is not understood could change
the meaning. Numbers of a statement stand for decimal texts, which their floats miss by up to half a unit in the
last place: boxes, tolerances and thresholds are widened outward by a whole one; `layers.SLACK` counts a rounding of
coefficients. Arrays of a data set or table are exact as stored. A set or condition without content is refused: it
would make a statement vacuously true. Property files: property.py.
"""

from __future__ import annotations

import io
import itertools
import math
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evidence.checker import property
from evidence.checker.linear import Ints
from evidence.checker.problem import Condition, Problem, Sets, compares
from evidence.checker.refusals import N_CLAIM, N_DATA, N_STATEMENT, Refused
from evidence.checker.rounding import Floats, outward

MAX_ARRAY_BYTES = 1_000_000_000


def read(statement: object, fetch: Callable[[str], bytes]) -> Problem:
    """Derive regions and conditions. Raises Refused N150, N151, N153 or N158; `fetch` gives bytes by digest."""
    keys = ("model", "inputs", "outputs", "decision", "predictor", "arithmetic", "regions", "condition")
    model, ports, names, decision, predictor, arithmetic, regions, condition = _fields(statement, *keys)
    if predictor != "base" or arithmetic not in ("real", "float32"):
        raise Refused.of(
            N_CLAIM,
            f"the statement is about the {predictor} predictor in {arithmetic} arithmetic",
            expected="predictor base, arithmetic real or float32",
        )
    units: dict[str, str] = {}
    for port in _list(ports, "inputs"):
        name, unit = _fields(port, "name", "unit")
        units[_text(name)] = _text(unit)
    outputs = [_text(name) for name in _list(names, "outputs")]
    if len(units) != len(ports) or len(set(outputs)) != len(outputs) or decision not in ("argmax", "argmin", "none"):
        raise _bad("names of inputs or outputs repeat, or the decision rule is unknown")

    kind = regions.get("kind") if isinstance(regions, dict) else None
    labels: Ints | None = None
    resized = None
    if kind == "boxes":
        sets = _boxes(regions, units)
    elif kind == "table-cells":
        sets, labels = _cells(regions, list(units), len(outputs), fetch)
    elif kind == "input-balls":
        sets, labels, resized = _balls(regions, units, len(outputs), fetch)
    elif kind == "property-file":
        return _property(regions, condition, _text(model), len(units), len(outputs), fetch)
    else:
        raise _bad(f"regions of kind {kind!r}")

    named = condition.get("kind") if isinstance(condition, dict) else None
    if named in ("corner-entry", "keep-label"):
        _fields(condition, "kind")
        if kind != {"corner-entry": "table-cells", "keep-label": "input-balls"}[named] or labels is None:
            raise _bad(f"condition {named!r} on regions of kind {kind!r}")
        present, which = np.unique(labels, return_inverse=True)
        conditions = tuple(_decided([int(label)], len(outputs), decision) for label in present)
    else:
        conditions, which = (_fixed(named, condition, outputs, decision),), np.zeros(len(sets), dtype=np.int64)
    return Problem(_text(model), len(units), len(outputs), sets, conditions, which.reshape(-1), resized)


def _property(
    regions: dict[str, Any], condition: object, model: str, inputs: int, outputs: int, fetch: Callable[[str], bytes]
) -> Problem:
    """Both regions and conditions from a property file."""
    _, file = _fields(regions, "kind", "file")
    if _fields(condition, "kind") != ["property-holds"]:
        raise _bad("a property file has its own condition")
    found = property.read(fetch(_text(file)), inputs, outputs)
    different: dict[tuple[object, ...], tuple[int, Condition]] = {}
    which = []
    for each in found.conditions:  # most regions of a file have the same one
        key = (each.rows.tobytes(), each.offsets.tobytes(), each.clause.tobytes(), each.compares)
        which.append(different.setdefault(key, (len(different), each))[0])
    conditions = tuple(each for _, each in different.values())
    return Problem(model, inputs, outputs, Sets(found.lower, found.upper), conditions, np.array(which), None)


# --- reading JSON -----------------------------------------------------------------------------------------------


def _bad(reason: str) -> Refused:
    return Refused.of(N_STATEMENT, reason)


def _fields(value: object, *keys: str) -> list[Any]:
    """The values of a JSON object that has exactly these keys, in this order."""
    if not isinstance(value, dict) or set(value) != set(keys):
        found = sorted(map(str, value)) if isinstance(value, dict) else type(value).__name__
        raise _bad(f"found {found}, expected an object with the fields {', '.join(keys)}")
    return [value[key] for key in keys]


def _list(value: object, what: str) -> list[Any]:
    if not isinstance(value, list | tuple) or not value:
        raise _bad(f"{what}: expected a list that is not empty")
    return list(value)


def _map(value: object, what: str) -> dict[str, Any]:
    if not isinstance(value, dict) or not value:
        raise _bad(f"{what}: expected an object that is not empty")
    return {_text(key): item for key, item in value.items()}


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise _bad(f"expected a text, found {value!r:.60}")
    return value


def _number(value: object) -> float:
    number = float(value) if isinstance(value, int | float) and abs(value) < 1e300 else math.nan
    if math.isnan(number) or isinstance(value, bool):
        raise _bad(f"expected a finite number, found {value!r:.60}")
    return number


def _range(value: object, unit: str | None = None) -> tuple[float, float]:
    lower, upper, given = _fields(value, "lower", "upper", "unit")
    low, high = _number(lower), _number(upper)
    if low > high or (unit is not None and given != unit):
        raise _bad(f"the range [{low:g}, {high:g}] {given} is inverted or not in {unit}")
    return low, high


# --- input sets -------------------------------------------------------------------------------------------------


def _boxes(regions: dict[str, Any], units: dict[str, str]) -> Sets:
    _, boxes = _fields(regions, "kind", "boxes")
    corners = []
    for box in _list(boxes, "boxes"):
        _, given = _fields(box, "id", "ranges")
        values = _fields(given, *units)
        corners.append([_range(value, unit) for value, unit in zip(values, units.values(), strict=True)])
    ends = np.array(corners, dtype=np.float64)
    return Sets(*outward(ends[:, :, 0], ends[:, :, 1]))


def _cells(regions: dict[str, Any], names: list[str], outputs: int, fetch: Callable[[str], bytes]) -> tuple[Sets, Ints]:
    _, table, cells = _fields(regions, "kind", "table", "cells")
    if cells != "corners-agree" or len(names) > 10:
        raise _bad(f"cells {cells!r} of a table with {len(names)} inputs")
    *axes, entry = _arrays(fetch(_text(table)), *(f"grid_{name}" for name in names), "advisory")
    grids = [_exact(axis, "a table grid") for axis in axes]
    if any(grid.ndim != 1 or len(grid) < 2 or not (grid[1:] > grid[:-1]).all() for grid in grids):
        raise Refused.of(N_DATA, "a table grid is not a strictly ascending list of at least two points")
    if entry.shape != tuple(len(grid) for grid in grids):
        raise Refused.of(N_DATA, f"table entries {entry.shape} on grids of {[len(grid) for grid in grids]} points")
    entry = _labels(entry, outputs)
    first = entry[tuple(slice(None, -1) for _ in grids)]
    agree = np.ones(first.shape, dtype=bool)
    for corner in itertools.product((slice(None, -1), slice(1, None)), repeat=len(grids)):
        agree &= entry[corner] == first
    cell = np.nonzero(agree)  # in row-major order
    if len(cell[0]) == 0:
        raise Refused.of(N_DATA, "no cell of the table has corners that agree")
    lower = np.stack([grid[at] for grid, at in zip(grids, cell, strict=True)], axis=1)
    upper = np.stack([grid[at + 1] for grid, at in zip(grids, cell, strict=True)], axis=1)
    return Sets(lower, upper), first[cell]


def _balls(
    regions: dict[str, Any], units: dict[str, str], outputs: int, fetch: Callable[[str], bytes]
) -> tuple[Sets, Ints, Callable[[Ints, Floats], Sets] | None]:
    _, data, listed, perturbation = _fields(regions, "kind", "data", "inputs", "perturbation")
    points, labels = _arrays(fetch(_text(data)), "inputs", "labels")
    points, labels = _exact(points, "the array of inputs"), _labels(labels, outputs)
    if points.ndim != 2 or points.shape[1] != len(units) or labels.shape != (len(points),) or not len(points):
        raise Refused.of(N_DATA, f"inputs {points.shape} and labels {labels.shape} for {len(units)} model inputs")
    if listed != "all":
        chosen = _list(listed, "listed inputs")
        if any(not isinstance(i, int) or isinstance(i, bool) or not 0 <= i < len(points) for i in chosen):
            raise _bad(f"listed inputs must be whole numbers from 0 to {len(points) - 1}")
        if len(set(chosen)) != len(chosen):
            raise _bad("an input is listed twice")
        points, labels = points[chosen], labels[chosen]

    kind = perturbation.get("kind") if isinstance(perturbation, dict) else None
    if kind == "sensor-error":
        _, given = _fields(perturbation, "kind", "tolerances")
        sizes = {name: _size(value, units.get(name)) for name, value in _map(given, "tolerances").items()}
        half = np.array([sizes.get(name, 0.0) for name in units])
        return _around(points, np.broadcast_to(half, points.shape), None), labels, None
    if kind not in ("linf", "l2"):
        raise _bad(f"perturbation of kind {kind!r}")
    _, eps = _fields(perturbation, "kind", "eps")
    stated = {_size(eps, unit) for unit in units.values()}.pop()

    def resized(index: Ints, radii: Floats) -> Sets:
        half = np.broadcast_to(radii[:, None], (len(index), len(units)))
        return _around(points[index], half, radii if kind == "l2" else None)

    return resized(np.arange(len(points)), np.full(len(points), stated)), labels, resized


def _size(value: object, unit: str | None) -> float:
    """A tolerance, rounded up, in the input's unit (None: there is no such input)."""
    amount, given = _fields(value, "value", "unit")
    size = _number(amount)
    if size < 0 or unit is None or given != unit:
        raise _bad(f"a tolerance of {size:g} {given} for an input in {unit}")
    return math.nextafter(size, math.inf)


def _around(points: Floats, half: Floats, radius: Floats | None) -> Sets:
    lower, upper = outward(points - half, points + half)
    moves = half > 0  # inputs without a tolerance are exact
    lower, upper = np.where(moves, lower, points), np.where(moves, upper, points)
    return Sets(lower, upper) if radius is None else Sets(lower, upper, points, radius)


def _arrays(data: bytes, *names: str) -> list[NDArray[Any]]:
    """The named arrays of an .npz file: no pickle, bounded size, no name twice. Raises Refused N153."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.namelist()
            if len(set(members)) != len(members) or sum(m.file_size for m in archive.infolist()) > MAX_ARRAY_BYTES:
                raise ValueError("a name occurs twice, or the content is too large")
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            return [np.asarray(arrays[name]) for name in names]
    except Exception as error:  # whatever the readers of untrusted bytes raise, the file is of no use
        raise Refused.of(N_DATA, f"not an .npz file with {', '.join(names)}: {error!s:.200}") from None


def _exact(array: NDArray[Any], what: str) -> Floats:
    """As float64, without rounding: floats of at most 64 bits, or small integers. Raises Refused N153."""
    small = array.dtype.kind in "iu" and array.size and int(np.max(array)) < 2**53 and int(np.min(array)) > -(2**53)
    values = array.astype(np.float64) if small or (array.dtype.kind == "f" and array.dtype.itemsize <= 8) else None
    if values is None or not np.isfinite(values).all():
        raise Refused.of(N_DATA, f"{what} holds values that are not finite, or not exact as float64")
    return values


def _labels(array: NDArray[Any], outputs: int) -> Ints:
    if array.dtype.kind not in "iu" or not array.size or int(np.min(array)) < 0 or int(np.max(array)) >= outputs:
        raise Refused.of(N_DATA, f"labels or entries must be integers from 0 to {outputs - 1}")
    return array.astype(np.int64)


# --- conditions on the outputs ----------------------------------------------------------------------------------


def _decided(allowed: list[int], outputs: int, decision: str) -> Condition:
    """The decision falls on one of `allowed`: each other output is strictly behind at least one of them."""
    if decision == "none":
        raise _bad("a condition on the decision of a model without a decision rule")
    others = [j for j in range(outputs) if j not in allowed]
    if not others or not allowed:
        raise _bad("the condition allows every decision, or none: it would be vacuous or unsatisfiable")
    if len(others) * len(allowed) * outputs > 10_000_000:
        raise _bad("the condition compares more outputs than the checker holds in memory")
    unit = (1.0 if decision == "argmax" else -1.0) * np.eye(outputs)
    rows = np.stack([unit[best] - unit[other] for other in others for best in allowed])
    return Condition(rows, np.zeros(len(rows)), np.repeat(np.arange(len(others)), len(allowed)), True)


def _fixed(kind: object, condition: Any, outputs: list[str], decision: str) -> Condition:
    """A condition that is the same for every region."""
    place = {name: number for number, name in enumerate(outputs)}

    def find(name: object) -> int:
        if not isinstance(name, str) or name not in place:
            raise _bad(f"unknown output {name!r:.60}")
        return place[name]

    if kind in ("chosen-among", "never-chosen"):
        _, names = _fields(condition, "kind", "outputs")
        named = list(dict.fromkeys(find(name) for name in _list(names, "outputs")))
        chosen = named if kind == "chosen-among" else [j for j in place.values() if j not in named]
        return _decided(chosen, len(outputs), decision)

    rows: list[Floats] = []
    offsets: list[float] = []
    plain = []

    def require(coefficients: dict[int, float], threshold: float) -> None:
        """The row sum(coefficients * y) > threshold."""
        row = np.zeros(len(outputs))
        for j, value in coefficients.items():
            row[j] = value
        if not row.any() or not ((row == 0) | (np.abs(row) > 1e-300)).all():
            raise _bad("coefficients are all zero, or too small to be read from decimals")
        rows.append(row)
        offsets.append(math.nextafter(-threshold, -math.inf))
        plain.append(compares(coefficients, threshold))

    if kind == "within":
        _, ranges = _fields(condition, "kind", "ranges")
        for name, value in _map(ranges, "ranges").items():
            lower, upper = _range(value)
            require({find(name): 1.0}, lower)
            require({find(name): -1.0}, -upper)
    elif kind == "linear":
        _, parts = _fields(condition, "kind", "all_of")
        for part in _list(parts, "all_of"):
            given, threshold = _fields(part, "coefficients", "greater_than")
            values = {find(name): _number(value) for name, value in _map(given, "coefficients").items()}
            require(values, _number(threshold))
    else:
        raise _bad(f"condition of kind {kind!r}")
    return Condition(np.stack(rows), np.array(offsets), np.arange(len(rows)), all(plain))
