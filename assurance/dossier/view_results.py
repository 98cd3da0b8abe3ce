"""View of what a record found, in numbers: regions, counterexamples, shares over a radius, output ranges.

Every picture repeats a table. Long lists are cut, and say how much is left out and where it is.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, ValidationError

from assurance.dossier import plots
from assurance.dossier.parts import Figure, Grid, first, left_out, listed, number, share
from assurance.loading import LoadedCase
from assurance.words import condition_words
from evidence.errors import AssuranceError
from evidence.records import BoundsRecord, Counterexample, OutputRange, OutputRangeRecord, RunRecord, SmoothingRecord
from evidence.specification import Boxes, Frozen, InputBalls, KeepLabel, RegionSet, Statement, TableCells, expand
from evidence.store import Store

MOST_EXAMPLES = 10
MOST_BOXES = 20
MOST_VALUES = 12
MOST_COLUMNS = 8
MOST_FIGURES = 6
MAX_PICTURE_BYTES = 20_000_000
_VERDICTS = {"P": "proved", "C": "bounded, unchecked", "R": "REFUTED", "U": "undecided"}
_IN_RECORD = "the record holds all"


@dataclass(frozen=True)
class ResultsView:
    """Tables and pictures of one record."""

    regions: Grid | None
    open: str
    examples: Grid | None
    replayed: str
    curve: Grid | None
    curve_note: str
    ranges: Grid | None
    figures: tuple[Figure, ...]


def results_view(loaded: LoadedCase, store: Store, record: RunRecord, reference: str) -> ResultsView:
    """Everything numerical about a record. `reference` names it in captions."""
    known = _Regions(loaded, store, record)
    curve: Grid | None = None
    curve_note, figures = "", tuple[Figure, ...]()
    ranges: Grid | None = None
    if isinstance(record, SmoothingRecord):
        curve, curve_note, figures = _smoothing(record, reference)
    elif isinstance(record, BoundsRecord) and record.radius is not None:
        curve, curve_note, figures = _radii(record, reference)
    elif isinstance(record, OutputRangeRecord):
        ranges = _ranges(record)
        figures = (*_bars(record, reference), *_reach_sets(store, record, reference))
    examples: tuple[Counterexample, ...] = () if isinstance(record, SmoothingRecord) else record.counterexamples
    return ResultsView(
        regions=_region_grid(record),
        open="" if isinstance(record, SmoothingRecord) else _open(known, record),
        examples=_examples(known, record.statement, examples) if examples else None,
        replayed=listed(sorted({item.replayed_by for item in examples})),
        curve=curve,
        curve_note=curve_note,
        ranges=ranges,
        figures=figures,
    )


# --- regions -----------------------------------------------------------------------------------------------------


class _Regions:
    """Names, centers and labels of a statement's regions, as far as its data are at hand unchanged."""

    def __init__(self, loaded: LoadedCase, store: Store, record: RunRecord) -> None:
        self.statement, self._loaded, self._store = record.statement, loaded, store
        self._expanded: RegionSet | None = None
        self._tried = False

    @property
    def expanded(self) -> RegionSet | None:
        if not self._tried:
            self._tried = True
            try:
                self._expanded = expand(self.statement, self._blob)
            except AssuranceError:
                self._expanded = None
        return self._expanded

    def _blob(self, digest: str) -> bytes:
        path = self._loaded.path_of(digest)
        return path.read_bytes() if path is not None else self._store.get(digest)

    def name(self, region: int) -> str:
        regions = self.statement.regions
        if isinstance(regions, Boxes):
            return regions.boxes[region].id if region < len(regions.boxes) else f"region {region}"
        if isinstance(regions, InputBalls):
            chosen = regions.inputs
            return f"input {region if isinstance(chosen, str) else chosen[region]}"
        if self.expanded is not None and region < len(self.expanded):
            return self.expanded.names[region]
        return f"region {region}"

    def label(self, region: int) -> str | None:
        """The output that the stored label or the table's entry names."""
        if isinstance(self.statement.condition, KeepLabel) or isinstance(self.statement.regions, TableCells):
            held = self.expanded
            if held is not None and region < len(held) and held.labels[region] >= 0:
                return self.statement.outputs[int(held.labels[region])]
        return None

    def change(self, example: Counterexample) -> str | None:
        """The input that moved most from the listed one, relative to nothing: in its own unit."""
        held = self.expanded
        if not isinstance(self.statement.regions, InputBalls) or held is None or example.region >= len(held):
            return None
        moves = [abs(a - b) for a, b in zip(example.input, held.centers[example.region].tolist(), strict=False)]
        most = max(range(len(moves)), key=moves.__getitem__)
        port = self.statement.inputs[most]
        return f"{number(moves[most])} {port.unit} at {port.name}"


def _region_grid(record: RunRecord) -> Grid | None:
    regions = record.statement.regions
    if isinstance(record, SmoothingRecord) or not isinstance(regions, Boxes):
        return None
    names = [port.name for port in record.statement.inputs]
    rows, more = first(list(zip(regions.boxes, record.regions, strict=False)), MOST_BOXES)
    return Grid(
        ("box", "result", *names),
        tuple(
            (box.id, _VERDICTS[letter], *(str(box.ranges[name]) if name in box.ranges else "" for name in names))
            for box, letter in rows
        ),
        left_out(more, "boxes", _IN_RECORD),
    )


def _open(known: _Regions, record: BoundsRecord | OutputRangeRecord) -> str:
    parts = []
    for letter, word in (("U", "Undecided"), ("C", "Bounded but unchecked")):
        places = [i for i, found in enumerate(record.regions) if found == letter]
        if places and not isinstance(record.statement.regions, Boxes):
            shown, more = first(places, MOST_VALUES)
            names = ", ".join(known.name(i) for i in shown) + (f" and {more} more" if more else "")
            parts.append(f"{word}: {names}.")
    return " ".join(parts)


def _examples(known: _Regions, statement: Statement, examples: Sequence[Counterexample]) -> Grid:
    """The first counterexamples with units: one column for each input and output where they are few."""
    shown, more = first(examples, MOST_EXAMPLES)
    spread = len(statement.inputs) + len(statement.outputs) <= MOST_COLUMNS
    moved = isinstance(statement.regions, InputBalls) and known.expanded is not None
    inputs = tuple(f"{port.name} [{port.unit}]" for port in statement.inputs)
    heads = ("region", *(inputs if spread else ("input",)), *(("largest change",) if moved else ()))
    heads += (*(statement.outputs if spread else ("output",)), "decision", "demanded")
    rows = []
    for item in shown:
        cells = [known.name(item.region)]
        cells += [number(value) for value in item.input] if spread else [_values(inputs, item.input)]
        if moved:
            cells.append(known.change(item) or "")
        cells += [number(value) for value in item.output] if spread else [_values(statement.outputs, item.output)]
        rows.append((*cells, _decision(statement, item.output), known.label(item.region) or condition_words(statement)))
    right = (False, *((True,) * len(inputs) if spread else (False,)), *((False,) if moved else ()))
    right += (*((True,) * len(statement.outputs) if spread else (False,)), False, False)
    return Grid(heads, tuple(rows), left_out(more, "counterexamples", _IN_RECORD), right)


def _values(names: Sequence[str], values: Sequence[float]) -> str:
    shown, more = first(list(zip(names, values, strict=False)), MOST_VALUES)
    text = "; ".join(f"{name} {number(value)}" for name, value in shown)
    return text + (f"; {more} more values in the record" if more else "")


def _decision(statement: Statement, output: Sequence[float]) -> str:
    if statement.decision == "none" or len(output) != len(statement.outputs):
        return ""
    best = max(output) if statement.decision == "argmax" else min(output)
    return " = ".join(name for name, value in zip(statement.outputs, output, strict=True) if value == best)


# --- shares over a radius ----------------------------------------------------------------------------------------


def _steps(top: float, stated: float | None, last: float) -> list[float]:
    """Radii for a table: 0 to `top` in even round steps, the stated one and the largest found one."""
    size = top / 8 if top > 0 else 1.0
    power = 10.0 ** math.floor(math.log10(size))
    step = next(factor * power for factor in (1.0, 2.0, 2.5, 5.0, 10.0) if factor * power >= size * (1 - 1e-9))
    found = {float(f"{i * step:.10g}") for i in range(int(top / step + 1e-9) + 1)}
    found |= {value for value in (stated, last) if value is not None and 0 < value <= top * (1 + 1e-9)}
    return sorted(found)


def _stated_radius(statement: Statement) -> float | None:
    regions = statement.regions
    if isinstance(regions, InputBalls) and regions.perturbation.kind in ("linf", "l2"):
        return float(regions.perturbation.eps.value)
    return None


def _radius_label(value: float, stated: float | None, last: float) -> str:
    if value == stated:
        return f"{number(value)} (stated)"
    return f"{number(value)} (largest found)" if value == last else number(value)


def _radii(record: BoundsRecord, reference: str) -> tuple[Grid, str, tuple[Figure, ...]]:
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
    return grid, note, (_drawn(title, f"{title}: step curves of the table above", uri),)


def _curve(name: str, values: Sequence[float], limit: float) -> plots.Curve:
    """Share of values that are at least x, as a step curve from 0 to the limit."""
    ends = sorted({0.0, limit, *(value for value in values if 0 < value <= limit)})
    return plots.Curve(name, tuple(ends), tuple(sum(v > 0 and v >= x for v in values) / len(values) for x in ends))


def _smoothing(record: SmoothingRecord, reference: str) -> tuple[Grid, str, tuple[Figure, ...]]:
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
    return grid, note, (_drawn(title, f"{title}: step curve of the table above", uri),)


def _drawn(title: str, alt: str, uri: str | None) -> Figure:
    return Figure(title, alt, uri, "" if uri else plots.NOT_DRAWN)


# --- output ranges -----------------------------------------------------------------------------------------------


def _ranges(record: OutputRangeRecord) -> Grid:
    shown, more = first(record.ranges, MOST_BOXES)
    rows = []
    for item in shown:
        for index, name in enumerate(record.statement.outputs):
            rows.append(
                (
                    item.box if index == 0 else "",
                    name,
                    _span(item.checked_lower, item.checked_upper, index),
                    _span(item.star_lower, item.star_upper, index),
                    _span(item.sampled_lower, item.sampled_upper, index),
                    _star_words(item) if index == 0 else "",
                )
            )
    return Grid(
        ("box", "output", "re-checked bounds", "star set (candidate)", "attained by samples", "star set"),
        tuple(rows),
        left_out(more, "boxes", _IN_RECORD),
        (False, False, True, True, True, False),
    )


def _span(lower: Sequence[float], upper: Sequence[float], index: int) -> str:
    if index >= len(lower) or index >= len(upper):
        return "none"
    return f"[{number(lower[index])}, {number(upper[index])}]"


def _star_words(item: OutputRange) -> str:
    kind = "split exactly" if item.exact else "over-approximated"
    decisions = f"; possible decisions: {', '.join(item.decisions)}" if item.decisions else ""
    return f"{item.stars} stars, {kind}{decisions}"


def _bars(record: OutputRangeRecord, reference: str) -> tuple[Figure, ...]:
    figures = []
    for item in record.ranges[:MOST_FIGURES]:
        outer = (item.checked_lower, item.checked_upper)
        if not item.checked_lower or not item.sampled_lower:
            continue
        drawn = [
            plots.Bar(name, (outer[0][i], outer[1][i]), (item.sampled_lower[i], item.sampled_upper[i]))
            for i, name in enumerate(record.statement.outputs)
        ]
        title = f"Output ranges over box {item.box}, record {reference}"
        uri = plots.bars("output: re-checked bounds pale, attained by samples dark", drawn)
        figures.append(_drawn(title, f"{title}: bars of the table above", uri))
    return tuple(figures)


class _Projection(Frozen):
    outputs: tuple[str, str]
    polygons: Annotated[tuple[tuple[tuple[float, float], ...], ...], Field(max_length=2_000)]
    samples: Annotated[tuple[tuple[float, float], ...], Field(max_length=20_000)] = ()


class _Picture(Frozen):
    name: str
    exact: bool
    stars: int
    projections: tuple[_Projection, ...]


class _Pictures(Frozen):
    """The artefact "reach-set" of a record: data for plots, no evidence."""

    format: str
    boxes: Annotated[tuple[_Picture, ...], Field(max_length=10_000)]


def _reach_sets(store: Store, record: OutputRangeRecord, reference: str) -> tuple[Figure, ...]:
    digest = record.artefacts.get("reach-set")
    if digest is None:
        return ()
    try:
        data = store.get(digest)
        held = _Pictures.model_validate(json.loads(data)) if len(data) <= MAX_PICTURE_BYTES else None
    except (AssuranceError, ValidationError, ValueError, RecursionError):
        held = None
    if held is None:
        missing = "Plot not drawn: the stored picture of the reach sets cannot be read."
        return (Figure(f"Reach sets, record {reference}", "", None, missing),)
    wanted = [(box, projection) for box in held.boxes for projection in box.projections]
    figures = []
    for box, projection in wanted[:MOST_FIGURES]:
        x, y = projection.outputs
        title = f"Reach set of box {box.name}: {x} and {y} (candidate, {'exact split' if box.exact else 'over-approximated'})"
        uri = plots.polygons(x, y, projection.polygons, projection.samples)
        figures.append(_drawn(title, f"{title}; polygons enclose the outputs, dots are samples", uri))
    if len(wanted) > MOST_FIGURES:
        figures.append(Figure("", "", None, left_out(len(wanted) - MOST_FIGURES, "pictures of reach sets", "the store holds them")))
    return tuple(figures)
