"""A statement's regions and conditions as arrays: boxes and balls with linear output conditions, for the engines.

Numbers in case files mean their decimal text. As float64 they may be off by half a unit in the last place, so
every region is widened outward: the examined set contains the stated one. Data and tables are untrusted: no pickle,
bounded sizes, every mismatch an InputError (N10x). The checker does not use this file: it derives the regions by
itself (checker/regions.py).
"""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evidence.diagnostics import Place, Severity, code
from evidence.errors import InputError, UnsupportedError
from evidence.specification import (
    Boxes,
    ChosenAmong,
    CornerEntry,
    InputBalls,
    KeepLabel,
    L2Ball,
    Linear,
    LinfBall,
    NeverChosen,
    Port,
    PropertyFile,
    SensorError,
    Statement,
    TableCells,
    Within,
)
from evidence.vnnlib import Case, Property, read_property

N_EMPTY = code("N101", Severity.ERROR, "empty input set", "a statement over no inputs is vacuous: list at least one")
N_INVERTED = code("N102", Severity.ERROR, "empty or inverted box", "write lower bounds that are below the upper ones")
N_UNIT = code(
    "N103",
    Severity.ERROR,
    "quantity without unit or with another unit",
    "write value and unit, as in '25 ft'",
)
N_NAME = code("N104", Severity.ERROR, "unknown input or output name", "use the names that the model declares")
N_DATA = code(
    "N105",
    Severity.ERROR,
    "data or table file cannot be used",
    "give an .npz file with the arrays that are named",
)
N_SHAPE = code(
    "N106",
    Severity.ERROR,
    "shapes do not fit",
    "make data, table and model agree in the number of inputs and outputs",
)

Floats = NDArray[np.float64]
MAX_ARRAY_BYTES = 512_000_000
MAX_ROW_NUMBERS = 20_000_000


@dataclass(frozen=True)
class OutputCondition:
    """A conjunction of disjunctions of strict inequalities: every clause has a row with rows @ y + offsets > 0.

    rows: [k, outputs]; offsets: [k]; clause: [k] integer index of the clause that a row belongs to. exact: whether these
    are the stated numbers, but for the offsets' last unit; decimals of a property file need not be float64 numbers.
    """

    rows: Floats
    offsets: Floats
    clause: NDArray[np.int64]
    exact: bool = True

    def margins(self, outputs: Floats) -> Floats:
        """Least satisfied clause for outputs [B, m]: [B], positive where the condition holds."""
        values = outputs @ self.rows.T + self.offsets
        best = [values[:, self.clause == c].max(axis=1) for c in range(int(self.clause.max()) + 1)]
        return np.asarray(np.min(np.stack(best, axis=1), axis=1))


@dataclass(frozen=True)
class RegionSet:
    """R regions in the input space [n]: a box each, for L2 also a ball; `conditions[condition_of[r]]` applies.

    lower, upper: [R, n]; centers: [R, n]; l2_radius: None or the radius of every ball (box then is its hull);
    names: R texts for people; labels: [R] the expected decision or -1; stated: the exact property behind the regions
    when they come from a VNN-LIB file (its regions in the same order).
    """

    lower: Floats
    upper: Floats
    centers: Floats
    l2_radius: float | None
    conditions: tuple[OutputCondition, ...]
    condition_of: NDArray[np.int64]
    labels: NDArray[np.int64]
    names: tuple[str, ...]
    stated: Property | None = None

    def __len__(self) -> int:
        return len(self.lower)


Blobs = Callable[[str], bytes]
"""Gives the bytes that have a digest; raises when they are not at hand or do not match."""


def expand(statement: Statement, blobs: Blobs) -> RegionSet:
    """The regions and conditions of a statement as arrays. Raises InputError (N1xx) when data does not fit."""
    regions = statement.regions
    if isinstance(regions, InputBalls):
        return _balls(statement, regions, blobs)
    if isinstance(regions, Boxes):
        return _boxes(statement, regions)
    if isinstance(regions, PropertyFile):
        return _property(statement, read_property(blobs(regions.file), "property file"))
    return _cells(statement, regions, blobs)


def read_arrays(data: bytes, names: tuple[str, ...], file: str) -> dict[str, NDArray[Any]]:
    """The named arrays of an .npz file (no pickle, bounded). Raises InputError N105 naming what is missing."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(item.file_size for item in archive.infolist()) > MAX_ARRAY_BYTES:
                raise InputError.of(N_DATA, f"{file} unpacks to more than {MAX_ARRAY_BYTES} bytes", Place(file))
            if len(set(archive.namelist())) < len(archive.namelist()):
                raise InputError.of(N_DATA, f"{file} holds two arrays of one name", Place(file))
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            missing = [name for name in names if name not in arrays]
            if missing:
                raise InputError.of(N_DATA, f"{file} has no array {', '.join(missing)}", Place(file))
            return {name: np.asarray(arrays[name]) for name in names}
    except InputError:
        raise
    except Exception as error:  # zipfile, zlib and numpy raise what they like for broken bytes
        raise InputError.of(N_DATA, f"{file} is not a readable .npz file: {error!s:.200}", Place(file)) from None


def tolerances(perturbation: LinfBall | L2Ball | SensorError, inputs: tuple[Port, ...]) -> Floats:
    """Half-width of the perturbation for each input [n], rounded up, after checking names and units (N103, N104)."""
    if isinstance(perturbation, SensorError):
        by_name = dict(perturbation.tolerances)
        for name in by_name:
            if name not in {port.name for port in inputs}:
                raise InputError.of(N_NAME, f"unknown input {name!r}")
    else:
        by_name = {port.name: perturbation.eps for port in inputs}
    widths = []
    for port in inputs:
        given = by_name.get(port.name)
        if given is None:
            widths.append(0.0)
            continue
        if given.unit != port.unit:
            raise InputError.of(
                N_UNIT, f"{given} for input {port.name!r}, whose unit is {port.unit!r}", expected=port.unit
            )
        if given.value < 0:
            raise InputError.of(N_INVERTED, f"a negative tolerance of {given} for input {port.name!r}")
        widths.append(math.nextafter(given.value, math.inf) if given.value else 0.0)
    return np.array(widths)


def _balls(statement: Statement, regions: InputBalls, blobs: Blobs) -> RegionSet:
    arrays = read_arrays(blobs(regions.data), ("inputs", "labels"), "data set")
    points, labels = _points(arrays, regions.inputs, len(statement.inputs), len(statement.outputs))
    half = tolerances(regions.perturbation, statement.inputs)
    lower, upper = outward(points, half)
    if not (np.isfinite(lower).all() and np.isfinite(upper).all()):
        raise InputError.of(N_DATA, "inputs and perturbation together exceed the range of float64")
    radius = float(half.max()) if isinstance(regions.perturbation, L2Ball) else None
    if isinstance(statement.condition, KeepLabel):
        conditions, which = _decisions(statement, labels)
    else:
        conditions, which = (_fixed(statement),), np.zeros(len(points), dtype=np.int64)
    chosen = range(len(arrays["inputs"])) if regions.inputs == "all" else regions.inputs
    names = tuple(f"input {i}" for i in chosen)
    return RegionSet(lower, upper, points, radius, conditions, which, labels, names)


def _points(
    arrays: dict[str, NDArray[Any]], chosen: tuple[int, ...] | str, n: int, m: int
) -> tuple[Floats, NDArray[np.int64]]:
    inputs, labels = arrays["inputs"], arrays["labels"]
    if inputs.ndim != 2 or inputs.shape[1] != n or labels.shape != (len(inputs),):
        raise InputError.of(
            N_SHAPE,
            f"inputs {inputs.shape} and labels {labels.shape}",
            expected=f"inputs [N, {n}] and labels [N]",
        )
    if len(inputs) == 0:
        raise InputError.of(N_EMPTY, "the data set holds no inputs")
    if inputs.dtype.kind != "f" or inputs.dtype.itemsize > 8 or labels.dtype.kind not in "iu":
        raise InputError.of(
            N_SHAPE,
            f"inputs of type {inputs.dtype}, labels of type {labels.dtype}",
            expected="floats of at most 64 bits, and integers",
        )
    if not np.isfinite(inputs).all():
        raise InputError.of(N_DATA, "the data set holds NaN or infinite inputs")
    if labels.min() < 0 or labels.max() >= m:
        raise InputError.of(N_SHAPE, f"labels from {labels.min()} to {labels.max()}", expected=f"0 to {m - 1}")
    index = np.arange(len(inputs)) if isinstance(chosen, str) else np.array(chosen, dtype=np.int64)
    if len(index) == 0:
        raise InputError.of(N_EMPTY, "no inputs are listed")
    if index.max() >= len(inputs) or len(np.unique(index)) != len(index):
        raise InputError.of(N_SHAPE, f"listed inputs must be distinct and below {len(inputs)}")
    return inputs[index].astype(np.float64), labels[index].astype(np.int64)


def outward(centers: Floats, half: Floats) -> tuple[Floats, Floats]:
    """Boxes [R, n] around centers that contain the exact ones in spite of rounding."""
    lower = np.where(half > 0, np.nextafter(centers - half, -np.inf), centers)
    upper = np.where(half > 0, np.nextafter(centers + half, np.inf), centers)
    return lower, upper


def check_boxes(regions: Boxes, inputs: tuple[Port, ...]) -> None:
    """Raises InputError where boxes do not have a range for each input (N104), in the input's unit (N103)."""
    names = [port.name for port in inputs]
    for box in regions.boxes:
        if set(box.ranges) != set(names):
            raise InputError.of(
                N_NAME,
                f"box {box.id!r} names {', '.join(box.ranges)}",
                expected=f"a range for each of {', '.join(names)}",
            )
        for port in inputs:
            if box.ranges[port.name].unit != port.unit:
                raise InputError.of(
                    N_UNIT, f"box {box.id!r}: {box.ranges[port.name]} for {port.name!r}", expected=port.unit
                )


def _boxes(statement: Statement, regions: Boxes) -> RegionSet:
    check_boxes(regions, statement.inputs)
    names = [port.name for port in statement.inputs]
    lower = [[box.ranges[name].lower for name in names] for box in regions.boxes]
    upper = [[box.ranges[name].upper for name in names] for box in regions.boxes]
    low, high = np.nextafter(np.array(lower), -np.inf), np.nextafter(np.array(upper), np.inf)
    count = len(low)
    return RegionSet(
        low,
        high,
        low / 2 + high / 2,
        None,
        (_fixed(statement),),
        np.zeros(count, dtype=np.int64),
        np.full(count, -1, dtype=np.int64),
        tuple(box.id for box in regions.boxes),
    )


def _property(statement: Statement, stated: Property) -> RegionSet:
    """Regions of a VNN-LIB file. A region's condition has a clause for each of its cases: some row is not met."""
    n, m = len(statement.inputs), len(statement.outputs)
    if (stated.inputs, stated.outputs) != (n, m):
        raise InputError.of(
            N_SHAPE,
            f"the property is about {stated.inputs} inputs and {stated.outputs} outputs",
            Place("property file"),
            expected=f"{n} inputs and {m} outputs, as the model has",
        )
    lower = _outward([region.box.lower for region in stated.regions], -math.inf)
    upper = _outward([region.box.upper for region in stated.regions], math.inf)
    conditions: list[OutputCondition] = []
    which: list[int] = []
    known: dict[tuple[int, ...], int] = {}
    same: dict[object, int] = {}
    for region in stated.regions:
        # regions with the same alternatives on the outputs, as a disjunction of boxes gives, share one condition
        key = tuple(same.setdefault(stated.cases[case].constraints, case) for case in region.cases)
        if key not in known:
            known[key] = len(conditions)
            conditions.append(_alternatives([stated.cases[case] for case in key], m))
        which.append(known[key])
    return RegionSet(
        lower,
        upper,
        lower / 2 + upper / 2,
        None,
        tuple(conditions),
        np.array(which, dtype=np.int64),
        np.full(len(lower), -1, dtype=np.int64),
        tuple(region.name for region in stated.regions),
        stated,
    )


def _outward(ends: list[tuple[Fraction, ...]], direction: float) -> Floats:
    """Exact ends [R, n] as float64, one unit further out: nearest rounding alone could cut the stated set."""
    nearest = np.array([[float(value) for value in row] for row in ends], dtype=np.float64)
    return np.asarray(np.nextafter(nearest, direction))


def _alternatives(cases: list[Case], m: int) -> OutputCondition:
    """One clause for each case, one row for each of its constraints: row @ y + offset > 0 breaks the constraint."""
    count = sum(len(case.constraints) for case in cases)
    if count * m > MAX_ROW_NUMBERS:
        raise UnsupportedError.of(
            N_SHAPE, f"{count} constraints on {m} outputs", Place("property file"), remedy="split the property"
        )
    rows, offsets, clause = np.zeros((count, m)), np.zeros(count), np.zeros(count, dtype=np.int64)
    number = 0
    for index, case in enumerate(cases):
        for constraint in case.constraints:
            for output, factor in constraint.factors:
                rows[number, output] = float(factor)
            offsets[number] = math.nextafter(-float(constraint.bound), -math.inf)
            clause[number] = index
            number += 1
    stated = [[value for _, value in item.factors] + [item.bound] for case in cases for item in case.constraints]
    exact = all(Fraction(float(value)) == value for numbers in stated for value in numbers)
    return OutputCondition(rows, offsets, clause, exact)


def _cells(statement: Statement, regions: TableCells, blobs: Blobs) -> RegionSet:
    keys = tuple(f"grid_{port.name}" for port in statement.inputs)
    arrays = read_arrays(blobs(regions.table), (*keys, "advisory"), "table")
    grids = [_grid(arrays[key]) for key in keys]
    if arrays["advisory"].dtype.kind not in "iu":
        raise InputError.of(N_SHAPE, f"table entries of type {arrays['advisory'].dtype}", expected="integers")
    entry = arrays["advisory"].astype(np.int64)
    if any(grid.ndim != 1 or len(grid) < 2 or not (np.diff(grid) > 0).all() for grid in grids):
        raise InputError.of(N_DATA, "a table grid is not a strictly ascending list of at least two points")
    if entry.shape != tuple(len(grid) for grid in grids):
        raise InputError.of(N_SHAPE, f"table {entry.shape} on grids of {[len(g) for g in grids]} points")
    if entry.min() < 0 or entry.max() >= len(statement.outputs):
        raise InputError.of(N_SHAPE, f"table entries from {entry.min()} to {entry.max()}")
    least, most = entry, entry
    for axis in range(entry.ndim):
        head = tuple(slice(None, -1) if i == axis else slice(None) for i in range(entry.ndim))
        tail = tuple(slice(1, None) if i == axis else slice(None) for i in range(entry.ndim))
        least, most = np.minimum(least[head], least[tail]), np.maximum(most[head], most[tail])
    where = np.argwhere(least == most)
    if len(where) == 0:
        raise InputError.of(N_EMPTY, "no cell of the table has corners that agree")
    lower = np.stack([grid[where[:, i]] for i, grid in enumerate(grids)], axis=1)
    upper = np.stack([grid[where[:, i] + 1] for i, grid in enumerate(grids)], axis=1)
    labels = least[tuple(where.T)]
    if isinstance(statement.condition, CornerEntry):
        conditions, which = _decisions(statement, labels)
    else:
        conditions, which = (_fixed(statement),), np.zeros(len(where), dtype=np.int64)
    names = tuple("cell " + "/".join(map(str, index)) for index in where.tolist())
    return RegionSet(lower, upper, lower / 2 + upper / 2, None, conditions, which, labels, names)


def _grid(array: NDArray[Any]) -> Floats:
    """Grid points as float64, refused where that would round them."""
    exact = array.dtype.kind == "f" and array.dtype.itemsize <= 8
    if array.dtype.kind in "iu" and array.size:
        exact = bool(array.max() <= 2**53 and array.min() >= -(2**53))
    if not exact or not np.isfinite(array).all():
        raise InputError.of(
            N_DATA, f"a table grid of type {array.dtype}", expected="finite numbers that float64 holds exactly"
        )
    return array.astype(np.float64)


def _decisions(
    statement: Statement, labels: NDArray[np.int64]
) -> tuple[tuple[OutputCondition, ...], NDArray[np.int64]]:
    """One condition for each label that occurs: that output strictly ahead of every other."""
    present, which = np.unique(labels, return_inverse=True)
    m = len(statement.outputs)
    conditions = tuple(_ahead(m, [int(label)], _sign(statement)) for label in present)
    return conditions, which.astype(np.int64).reshape(-1)


def _sign(statement: Statement) -> float:
    return -1.0 if statement.decision == "argmin" else 1.0


def _ahead(m: int, allowed: list[int], sign: float) -> OutputCondition:
    """Each output outside `allowed` is strictly behind at least one inside it."""
    rows, clause = [], []
    for number, behind in enumerate(i for i in range(m) if i not in allowed):
        for ahead in allowed:
            row = np.zeros(m)
            row[ahead], row[behind] = sign, -sign
            rows.append(row)
            clause.append(number)
    return OutputCondition(np.stack(rows), np.zeros(len(rows)), np.array(clause, dtype=np.int64))


def _fixed(statement: Statement) -> OutputCondition:
    condition, m = statement.condition, len(statement.outputs)
    if isinstance(condition, ChosenAmong | NeverChosen):
        named = [statement.outputs.index(name) for name in condition.outputs]
        allowed = named if isinstance(condition, ChosenAmong) else [i for i in range(m) if i not in named]
        return _ahead(m, allowed, _sign(statement))
    rows, offsets = [], []
    if isinstance(condition, Within):
        for name, bounds in condition.ranges.items():
            for sign, bound in ((1.0, bounds.lower), (-1.0, bounds.upper)):
                row = np.zeros(m)
                row[statement.outputs.index(name)] = sign
                rows.append(row)
                offsets.append(math.nextafter(-sign * bound, -math.inf))
    elif isinstance(condition, Linear):
        for part in condition.all_of:
            row = np.zeros(m)
            for name, value in part.coefficients.items():
                row[statement.outputs.index(name)] = value
            rows.append(row)
            offsets.append(math.nextafter(-part.greater_than, -math.inf))
    else:
        raise TypeError(f"{condition.kind} needs labels")
    return OutputCondition(np.stack(rows), np.array(offsets), np.arange(len(rows), dtype=np.int64))
