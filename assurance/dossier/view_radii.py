"""View of shares over a radius: how many listed inputs keep their condition within a perturbation of each size.

For bounds the re-checked radius, the unchecked candidate, and the empirical upper bound of attacks stand side by side;
for smoothing the share that keeps the stored label. The picture repeats the table.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assurance.dossier import plots
from assurance.dossier.parts import Figure, Grid, number, share
from evidence.records import BoundsRecord, RunRecord, SmoothingRecord
from evidence.specification import InputBalls, Statement


@dataclass(frozen=True)
class CurveView:
    """A table over radii, what its numbers mean, and its picture."""

    table: Grid
    note: str
    figure: Figure


def curve_view(record: RunRecord, reference: str) -> CurveView | None:
    """The shares of a record over the radius; None where it holds no radii. `reference` names it in the caption."""
    if isinstance(record, SmoothingRecord):
        return _smoothing(record, reference)
    if isinstance(record, BoundsRecord) and record.radius is not None:
        return _radii(record, reference)
    return None


def _steps(top: float, stated: float | None, last: float) -> list[float]:
    """Radii for a table: 0 to `top` in even round steps, the stated one and the largest found one."""
    size = top / 8 if top > 0 else 1.0
    power = 10.0 ** math.floor(math.log10(size))
    step = next(factor * power for factor in (1.0, 2.0, 2.5, 5.0, 10.0) if factor * power >= size * (1 - 1e-9))
    found = {float(f"{i * step:.10g}") for i in range(int(top / step + 1e-9) + 1)}
    found |= {value for value in (stated, last) if value is not None and 0 < value <= top * (1 + 1e-9)}
    # a radius that was shrunk a little below a step reads like it: one row for both
    return sorted(value for value in found if value in (last, stated) or number(value) != number(last))


def _stated_radius(statement: Statement) -> float | None:
    regions = statement.regions
    if isinstance(regions, InputBalls) and regions.perturbation.kind in ("linf", "l2"):
        return float(regions.perturbation.eps.value)
    return None


def _radius_label(value: float, stated: float | None, last: float) -> str:
    if value == stated:
        return f"{number(value)} (stated)"
    return f"{number(value)} (largest found)" if value == last else number(value)


def _radii(record: BoundsRecord, reference: str) -> CurveView:
    radius, count = record.radius, record.count
    assert radius is not None
    stated, last = _stated_radius(record.statement), max(radius.checked, default=0.0)
    clean = record.clean_correct

    def reaching(values: Sequence[float]) -> Callable[[float], int | None]:
        return lambda r: clean if r == 0 else sum(value >= r for value in values)

    def unharmed(r: float) -> int:
        return sum(value is None or value > r for value in radius.attack)

    checked, candidate = reaching(radius.checked), reaching(radius.candidate)
    steps = _steps(radius.limit, stated, last)
    rows = []
    for r in steps:
        cells = [_radius_label(r, stated, last)]
        for value in (checked(r), candidate(r), unharmed(r) if radius.attack else None):
            cells.append("" if value is None else share(value, count))
        rows.append(tuple(cells))
    grid = Grid(
        (f"radius [{radius.unit}]", "verified, re-checked", "bounded, unchecked", "no attack succeeded"),
        tuple(rows),
        numeric=(True, True, True, True),
    )
    note = (
        f"Share of the {count} listed inputs whose verified radius is at least the one in the row. The true share lies "
        "between the re-checked column and the column of attacks; only the former is established. "
        f"The search stopped at {number(radius.limit)} {radius.unit}."
    )
    ordered = [
        ("verified, re-checked", radius.checked),
        ("bounded, unchecked", radius.candidate),
        ("no attack succeeded", tuple(radius.limit if value is None else value for value in radius.attack)),
    ]
    drawn = [_curve(name, values, radius.limit) for name, values in ordered if values]
    title = f"Verified share over radius, record {reference}"
    uri = plots.curves(f"radius [{radius.unit}]", "share of inputs", drawn, stated, "stated radius")
    return CurveView(grid, note, plots.figure(title, f"{title}: step curves of the table beside it", uri))


def _curve(name: str, values: Sequence[float], limit: float) -> plots.Curve:
    """Share of values that are at least x, as a step curve from 0 to the limit."""
    ends = sorted({0.0, limit, *(value for value in values if 0 < value <= limit)})
    return plots.Curve(name, tuple(ends), tuple(sum(v > 0 and v >= x for v in values) / len(values) for x in ends))


def _smoothing(record: SmoothingRecord, reference: str) -> CurveView:
    count, top = record.count, max(item.radius for item in record.inputs)
    stated = _stated_radius(record.statement)
    right = [item.radius for item in record.inputs if not item.abstained and item.predicted == item.label]
    last = max(right, default=0.0)
    limit = max(top, stated or 0.0)
    rows = tuple(
        (_radius_label(r, stated, last), share(record.established(r), count)) for r in _steps(limit, stated, last)
    )
    grid = Grid((f"radius [{record.sigma_unit}]", "keeps the stored label"), rows, numeric=(True, True))
    abstained = sum(item.abstained for item in record.inputs)
    other = sum(not item.abstained and item.predicted != item.label for item in record.inputs)
    error = record.guarantee.error_probability
    together = "all inputs together" if record.guarantee.simultaneous else "each input by itself"
    note = (
        f"Of {count} listed inputs the smoothed classifier abstained at {abstained} and decided for another class than "
        f"the stored label at {other}. Counts hold except with probability {error:g} over the sampling, for {together}. "
        f"Gaussian noise of {record.sigma:g} {record.sigma_unit}, {record.noise} over the inputs; {record.selection_samples} "
        f"samples to choose the class, {record.estimation_samples} to bound its probability."
    )
    curve = plots.Curve(
        "keeps the stored label",
        ends := tuple(sorted({0.0, limit, *right})),
        tuple(record.established(x) / count for x in ends),
    )
    title = f"Share that keeps the label over L2 radius, record {reference}"
    uri = plots.curves(f"L2 radius [{record.sigma_unit}]", "share of inputs", (curve,), stated, "stated radius")
    return CurveView(grid, note, plots.figure(title, f"{title}: step curve of the table beside it", uri))
