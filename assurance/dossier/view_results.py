"""View of what a record found, in numbers: regions, counterexamples, shares over a radius, output ranges.

Every picture repeats a table. Long lists are cut, and say how much is left out and where it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assurance.dossier.parts import IN_RECORD, Grid, first, left_out, listed, number
from assurance.dossier.view_radii import CurveView, curve_view
from assurance.dossier.view_ranges import RangesView, ranges_view
from assurance.loading import LoadedCase
from assurance.words import condition_words
from evidence.errors import AssuranceError
from evidence.records import BoundsRecord, Counterexample, OutputRangeRecord, RunRecord, SmoothingRecord
from evidence.specification import Boxes, InputBalls, KeepLabel, RegionSet, Statement, TableCells, expand
from evidence.store import Store

MOST_EXAMPLES = 10
MOST_BOXES = 20
MOST_VALUES = 12
MOST_COLUMNS = 8
DIGITS = 4
_VERDICTS = {"P": "proved", "C": "bounded, unchecked", "R": "REFUTED", "U": "undecided"}


@dataclass(frozen=True)
class ResultsView:
    """Tables and pictures of one record."""

    regions: Grid | None
    open: str
    examples: Grid | None
    replayed: str
    curve: CurveView | None
    ranges: RangesView | None


def results_view(loaded: LoadedCase, store: Store, record: RunRecord, reference: str) -> ResultsView:
    """Everything numerical about a record. `reference` names it in captions."""
    known = _Regions(loaded, store, record)
    examples: tuple[Counterexample, ...] = () if isinstance(record, SmoothingRecord) else record.counterexamples
    return ResultsView(
        regions=_region_grid(record),
        open="" if isinstance(record, SmoothingRecord) else _open(known, record),
        examples=_examples(known, record.statement, examples) if examples else None,
        replayed=listed(sorted({item.replayed_by for item in examples})),
        curve=curve_view(record, reference),
        ranges=ranges_view(store, record, reference) if isinstance(record, OutputRangeRecord) else None,
    )


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
        return f"{number(moves[most], DIGITS)} {port.unit} at {port.name}"


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
        left_out(more, "boxes", IN_RECORD),
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
    heads += (*(statement.outputs if spread else ("output",)), "decision", "wanted")
    rows = []
    for item in shown:
        cells = [known.name(item.region)]
        cells += [number(value, DIGITS) for value in item.input] if spread else [_values(inputs, item.input)]
        if moved:
            cells.append(known.change(item) or "")
        cells += [number(value, DIGITS) for value in item.output] if spread else [_values(statement.outputs, item.output)]
        rows.append((*cells, _decision(statement, item.output), known.label(item.region) or condition_words(statement)))
    right = (False, *((True,) * len(inputs) if spread else (False,)), *((False,) if moved else ()))
    right += (*((True,) * len(statement.outputs) if spread else (False,)), False, False)
    return Grid(heads, tuple(rows), left_out(more, "counterexamples", IN_RECORD), right)


def _values(names: Sequence[str], values: Sequence[float]) -> str:
    shown, more = first(list(zip(names, values, strict=False)), MOST_VALUES)
    text = "; ".join(f"{name} {number(value, DIGITS)}" for name, value in shown)
    return text + (f"; {more} more values in the record" if more else "")


def _decision(statement: Statement, output: Sequence[float]) -> str:
    if statement.decision == "none" or len(output) != len(statement.outputs):
        return ""
    best = max(output) if statement.decision == "argmax" else min(output)
    return " = ".join(name for name, value in zip(statement.outputs, output, strict=True) if value == best)
