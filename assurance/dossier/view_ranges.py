"""View of output reachability: ranges of every output over each box, star sets, and pictures of both.

Re-checked bounds, the star set's candidate bounds and what samples attained stand side by side: the true range lies
between the first and the last. Pictures of reach sets come from a stored artefact that is no evidence.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, ValidationError

from assurance.dossier import plots
from assurance.dossier.parts import IN_RECORD, Figure, Grid, first, left_out, number
from evidence.errors import AssuranceError
from evidence.records import OutputRangeRecord
from evidence.specification import Frozen
from evidence.store import Store

MOST_BOXES = 20
MOST_ROWS = 60
MOST_OUTPUTS = 20
MOST_FIGURES = 6
DIGITS = 5
MAX_PICTURE_BYTES = 20_000_000


@dataclass(frozen=True)
class RangesView:
    """Tables of ranges and of star sets, and pictures."""

    table: Grid
    stars: Grid
    figures: tuple[Figure, ...]


def ranges_view(store: Store, record: OutputRangeRecord, reference: str) -> RangesView:
    """The output ranges of a record. `reference` names it in captions."""
    figures = (*_bars(record, reference), *_reach_sets(store, record, reference))
    return RangesView(_ranges(record), _stars(record), figures)


def _ranges(record: OutputRangeRecord) -> Grid:
    names = record.statement.outputs[:MOST_OUTPUTS]
    shown, more = first(record.ranges, max(1, MOST_ROWS // len(names)))
    rows = [
        (
            item.box if index == 0 else "",
            name,
            _span(item.checked_lower, item.checked_upper, index),
            _span(item.star_lower, item.star_upper, index),
            _span(item.sampled_lower, item.sampled_upper, index),
        )
        for item in shown
        for index, name in enumerate(names)
    ]
    notes = (
        left_out(more, "box", IN_RECORD),
        left_out(len(record.statement.outputs) - len(names), "output", IN_RECORD),
    )
    return Grid(
        ("box", "output", "re-checked bounds", "star set (candidate)", "attained by samples"),
        tuple(rows),
        " ".join(filter(None, notes)),
        (False, False, True, True, True),
    )


def _span(lower: Sequence[float], upper: Sequence[float], index: int) -> str:
    if index >= len(lower) or index >= len(upper):
        return "none"
    return f"[{number(lower[index], DIGITS)}, {number(upper[index], DIGITS)}]"


def _stars(record: OutputRangeRecord) -> Grid:
    shown, more = first(record.ranges, MOST_BOXES)
    rows = tuple(
        (
            item.box,
            str(item.stars),
            "split exactly" if item.exact else "over-approximated",
            ", ".join(item.decisions) or "not bounded or no decision rule",
        )
        for item in shown
    )
    heads = ("box", "stars", "star set", "outputs that the re-checked bounds leave as decision")
    return Grid(heads, rows, left_out(more, "box", IN_RECORD), (False, True, False, False))


def _bars(record: OutputRangeRecord, reference: str) -> tuple[Figure, ...]:
    figures = []
    for item in record.ranges[:MOST_FIGURES]:
        outer = (item.checked_lower, item.checked_upper)
        if not item.checked_lower or not item.sampled_lower:
            continue
        drawn = [
            plots.Bar(name, (outer[0][i], outer[1][i]), (item.sampled_lower[i], item.sampled_upper[i]))
            for i, name in enumerate(record.statement.outputs[:MOST_OUTPUTS])
        ]
        title = (
            f"Output ranges over box {item.box}, record {reference}; pale: re-checked bounds, dark: attained by samples"
        )
        uri = plots.bars("output", drawn)
        figures.append(plots.figure(title, f"{title}: bars of the table above", uri))
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
        figures.append(plots.figure(title, f"{title}; polygons enclose the outputs, dots are samples", uri))
    if len(wanted) > MOST_FIGURES:
        figures.append(
            Figure("", "", None, left_out(len(wanted) - MOST_FIGURES, "reach set picture", "the store holds them"))
        )
    return tuple(figures)
