"""View of what a record found, in numbers: regions, counterexamples, shares over a radius, output ranges.

Every picture repeats a table. Long lists are cut, and say how much is left out and where it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assurance.dossier.parts import IN_RECORD, Grid, box_cells, box_heads, first, left_out, listed, number
from assurance.dossier.view_radii import CurveView, curve_view
from assurance.dossier.view_ranges import RangesView, ranges_view
from assurance.loading import LoadedCase
from assurance.words import condition_words
from evidence.errors import AssuranceError
from evidence.records import (
    BoundsRecord,
    Counterexample,
    ExternalVerdictRecord,
    OutputRangeRecord,
    RunRecord,
    SmoothingRecord,
)
from evidence.regions import RegionSet, expand
from evidence.specification import Boxes, InputBalls, KeepLabel, Statement, TableCells
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

    def change(self, example: Counterexample) -> str:
        """The input that moved most from the listed one, in its own unit; empty where that is not known."""
        held = self.expanded
        if not isinstance(self.statement.regions, InputBalls) or held is None or example.region >= len(held):
            return ""
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
        ("box", "result", *box_heads(names)),
        tuple((box.id, _VERDICTS[letter], *box_cells(names, box.ranges)) for box, letter in rows),
        left_out(more, "box", IN_RECORD),
    )


def _open(known: _Regions, record: BoundsRecord | OutputRangeRecord | ExternalVerdictRecord) -> str:
    parts = []
    for letter, word in (("U", "Undecided"), ("C", "Bounded but unchecked")):
        places = [i for i, found in enumerate(record.regions) if found == letter]
        if places and not isinstance(record.statement.regions, Boxes):
            shown, more = first(places, MOST_VALUES)
            names = ", ".join(known.name(i) for i in shown) + (f" and {more} more" if more else "")
            parts.append(f"{word}: {names}.")
    return " ".join(parts)


def _examples(known: _Regions, statement: Statement, examples: Sequence[Counterexample]) -> Grid:
    """The first counterexamples with units: every value where there are few, else what changed and what decided."""
    shown, more = first(examples, MOST_EXAMPLES)
    few = len(statement.inputs) + len(statement.outputs) <= MOST_COLUMNS
    table = _spread(known, statement, shown) if few else _condensed(known, statement, shown)
    note = left_out(more, "counterexample", IN_RECORD)
    if not few:
        note = f"{note} All inputs and outputs of each stand in the record.".strip()
    return Grid(table.heads, table.rows, note, table.numeric)


def _spread(known: _Regions, statement: Statement, examples: Sequence[Counterexample]) -> Grid:
    moved = isinstance(statement.regions, InputBalls) and known.expanded is not None
    rows = []
    for item in examples:
        cells = [known.name(item.region), *(number(value, DIGITS) for value in item.input)]
        cells += [known.change(item)] if moved else []
        cells += [number(value, DIGITS) for value in item.output]
        rows.append((*cells, _decision(statement, item.output), known.label(item.region) or condition_words(statement)))
    inputs = tuple(f"{port.name} [{port.unit}]" for port in statement.inputs)
    change = ("largest change",) if moved else ()
    heads = ("region", *inputs, *change, *statement.outputs, "decision", "wanted")
    right = (False, *(True for _ in inputs), *(False for _ in change), *(True for _ in statement.outputs), False, False)
    return Grid(heads, tuple(rows), numeric=right)


def _condensed(known: _Regions, statement: Statement, examples: Sequence[Counterexample]) -> Grid:
    def valued(name: str, output: Sequence[float]) -> str:
        """An output's name with its value."""
        if name not in statement.outputs:
            return name
        return f"{name} ({number(output[statement.outputs.index(name)], DIGITS)})"

    rows = []
    for item in examples:
        wanted = known.label(item.region)
        rows.append(
            (
                known.name(item.region),
                known.change(item) or "not known here",
                valued(_decision(statement, item.output), item.output),
                valued(wanted, item.output) if wanted else condition_words(statement),
            )
        )
    return Grid(("region", "largest change", "decision (output)", "wanted (output)"), tuple(rows))


def _decision(statement: Statement, output: Sequence[float]) -> str:
    if statement.decision == "none" or len(output) != len(statement.outputs):
        return ""
    best = max(output) if statement.decision == "argmax" else min(output)
    return " = ".join(name for name, value in zip(statement.outputs, output, strict=True) if value == best)
