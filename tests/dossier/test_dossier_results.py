"""Numbers of a record as tables and pictures: shares over a radius, counterexamples, ranges; plots with and without library."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path

import dossier_sample
import numpy as np
import pytest

from assurance.dossier import plots
from assurance.dossier.parts import Grid, day, listed, number, share, where, without_paths
from assurance.dossier.view import DossierView, build_view
from assurance.dossier.view_radii import curve_view
from assurance.dossier.view_ranges import ranges_view
from assurance.dossier.view_results import MOST_EXAMPLES, results_view
from assurance.snapshot import Snapshot
from evidence.diagnostics import Place
from evidence.records import BoundsRecord, OutputRangeRecord, RunRecord, SmoothingRecord, VerifiedRadius
from evidence.specification import InputBalls, KeepLabel, L2Ball, Port
from evidence.store import Store


def _record(snapshot: Snapshot, run: str) -> RunRecord:
    return next(item.record for item in snapshot.register.runs if item.run == run and item.current)


def _column(table: Grid, index: int) -> list[tuple[float, int]]:
    """Radius and count of each row."""
    return [(float(row[0].split(" ")[0]), int(row[index].split(" ")[0])) for row in table.rows]


def test_radius_table_counts_what_the_record_holds(snapshot: Snapshot) -> None:
    record = _record(snapshot, "run-r1")
    assert isinstance(record, BoundsRecord) and record.radius is not None
    curve = curve_view(record, "x")
    assert curve is not None
    rows = _column(curve.table, 1)
    assert rows[0] == (0.0, record.clean_correct) and len(rows) >= 8
    for radius, count in rows[1:]:
        assert count == sum(value >= radius - 1e-9 for value in record.radius.checked)
    for radius, count in _column(curve.table, 2)[1:]:
        assert count == sum(value >= radius - 1e-9 for value in record.radius.candidate)
    for radius, count in _column(curve.table, 3)[1:]:
        assert count == sum(value is None or value > radius for value in record.radius.attack)
    for row in zip(*(_column(curve.table, index) for index in (1, 2, 3)), strict=True):
        checked, candidate, attacked = (count for _, count in row)
        assert checked <= candidate <= attacked
    assert "largest found" in " ".join(row[0] for row in curve.table.rows)


def test_radius_of_zero_is_no_verified_radius(snapshot: Snapshot) -> None:
    record = _record(snapshot, "run-r1")
    assert isinstance(record, BoundsRecord)
    none = VerifiedRadius(unit="m", limit=1.0, candidate=(0.0,) * 20, checked=(0.0,) * 20, attack=(0.0,) * 20)
    curve = curve_view(record.model_copy(update={"radius": none, "clean_correct": 7}), "x")
    assert curve is not None
    assert _column(curve.table, 1)[0] == (0.0, 7)
    assert {count for _, count in _column(curve.table, 1)[1:]} == {0}
    assert {count for _, count in _column(curve.table, 3)} == {0}


def test_smoothing_table_counts_what_is_established(snapshot: Snapshot) -> None:
    record = _record(snapshot, "run-r4")
    assert isinstance(record, SmoothingRecord)
    curve = curve_view(record, "x")
    assert curve is not None
    for row, (radius, count) in zip(curve.table.rows, _column(curve.table, 1), strict=True):
        slack = 1e-5 if "largest" in row[0] else 0.0
        assert count == record.established(radius - slack)
    assert any("0.25 (stated)" in row[0] for row in curve.table.rows)
    assert "abstained at 1" in curve.note and "another class than the stored label at 1" in curve.note
    assert "0.001" in curve.note


def test_counterexamples_have_units_and_say_what_is_left_out(snapshot: Snapshot, case: tuple[Snapshot, Store]) -> None:
    record = _record(snapshot, "run-r9")
    assert isinstance(record, BoundsRecord)
    many = record.model_copy(update={"counterexamples": tuple(record.counterexamples[0] for _ in range(14))})
    table = results_view(snapshot.loaded, case[1], many, "x").examples
    assert table is not None and len(table.rows) == MOST_EXAMPLES
    assert table.note.startswith("4 further counterexamples left out")
    assert table.heads[1:3] == ("gap [m]", "rate [m/s]")
    with np.load(snapshot.loaded.folder / "encounters.npz") as held:
        label, center = int(held["labels"][0]), held["inputs"][0]
    row = dict(zip(table.heads, table.rows[0], strict=True))
    assert row["region"] == "input 0" and row["wanted"] == ("none", "slow", "stop")[label]
    assert row["decision"] == "slow"  # outputs 0.25, 1.5, 0.125
    moved = np.abs(np.array(record.counterexamples[0].input) - center)
    assert row["largest change"].endswith(f"at {('gap', 'rate')[int(moved.argmax())]}")


def test_many_inputs_are_condensed(snapshot: Snapshot, case: tuple[Snapshot, Store]) -> None:
    record = _record(snapshot, "run-r9")
    assert isinstance(record, BoundsRecord)
    regions = record.statement.regions
    assert isinstance(regions, InputBalls)
    ports = tuple(Port(name=f"p{i}", unit="grey") for i in range(64))
    statement = record.statement.model_copy(
        update={"inputs": ports, "regions": regions.model_copy(update={"data": "sha256:" + "9" * 64})}
    )
    example = record.counterexamples[0].model_copy(update={"input": (0.5,) * 64})
    wide = record.model_copy(update={"statement": statement, "counterexamples": (example,)})
    table = results_view(snapshot.loaded, case[1], wide, "x").examples
    assert table is not None and len(table.heads) == 4
    assert "All inputs and outputs" in table.note and "slow (1.5)" in table.rows[0]


def test_range_table_puts_bounds_and_samples_side_by_side(snapshot: Snapshot, case: tuple[Snapshot, Store]) -> None:
    record = _record(snapshot, "run-r5")
    assert isinstance(record, OutputRangeRecord)
    shown = ranges_view(case[1], record, "x")
    assert shown.table.rows[0] == ("all-left", "none", "[-44.125, 42]", "[-41, 38.5]", "[-40.5, 37.75]")
    assert len(shown.table.rows) == 6 and len(shown.figures) == 2
    unbounded = record.ranges[0].model_copy(update={"checked_lower": (), "checked_upper": ()})
    bare = record.model_copy(update={"ranges": (unbounded, record.ranges[1])})
    assert ranges_view(case[1], bare, "x").table.rows[0][2] == "none"


@pytest.mark.parametrize(
    "data", [b"{", b"[]", b'{"format": "f", "boxes": [{"name": "a"}]}', b'{"boxes": NaN}', b"\xff"]
)
def test_broken_pictures_of_reach_sets_are_named(snapshot: Snapshot, tmp_path: Path, data: bytes) -> None:
    store = Store(tmp_path)
    record = _record(snapshot, "run-r5")
    assert isinstance(record, OutputRangeRecord)
    broken = record.model_copy(update={"artefacts": {**record.artefacts, "reach-set": store.put(data)}})
    figures = ranges_view(store, broken, "x").figures
    assert figures[-1].uri is None and "cannot be read" in figures[-1].missing


def test_reach_sets_are_drawn(snapshot: Snapshot, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    store = Store(tmp_path)
    square = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]
    picture = {"outputs": ["none", "$stop_{x}"], "polygons": [square], "samples": [[0.5, 0.5]]}
    boxes = [{"name": "all-left", "exact": True, "stars": 3, "projections": [picture] * 8}]
    record = _record(snapshot, "run-r5")
    assert isinstance(record, OutputRangeRecord)
    digest = store.put(json.dumps({"format": "assurance-reach-set/1", "boxes": boxes}).encode())
    drawn = ranges_view(store, record.model_copy(update={"artefacts": {"reach-set": digest}}), "x").figures[2:]
    assert len([item for item in drawn if item.uri]) == 6
    assert drawn[-1].missing.startswith("2 further reach set pictures")


def test_plots_are_the_same_bytes_and_hold_no_foreign_markup() -> None:
    pytest.importorskip("matplotlib")
    hostile = "</svg><script>x</script> $\\frac{ {{ 1 }}"
    curve = plots.Curve(hostile, (0.0, 1.0), (1.0, 0.5))
    first = plots.curves(hostile, hostile, (curve,), 0.5, hostile)
    assert first is not None and first == plots.curves(hostile, hostile, (curve,), 0.5, hostile)
    svg = base64.b64decode(first.partition(",")[2]).decode()
    assert "<script" not in svg and "<date>" not in svg and "dc:date" not in svg
    bar = plots.Bar(hostile, (0.0, 1.0), (0.2, 0.3))
    assert plots.bars(hostile, (bar,)) == plots.bars(hostile, (bar,))


def test_without_matplotlib_the_tables_stay(case: tuple[Snapshot, Store], monkeypatch: pytest.MonkeyPatch) -> None:
    from assurance.dossier import html

    monkeypatch.setitem(sys.modules, "matplotlib", None)
    bare = build_view(*case)
    text = html.render(bare)
    assert "Plot not drawn" in text and "largest found" in text and "[-44.125, 42]" in text
    assert "data:image/svg+xml" not in text.split("</style>")[1]


def test_undecided_regions_are_listed_by_name(view: DossierView) -> None:
    cells = next(item for item in view.evidence.records if any(use.run == "run-r6" for use in item.uses))
    assert cells.results.open.startswith("Undecided: cell ") and "Bounded but unchecked: cell " in cells.results.open


def test_condition_of_labels_is_the_sample_kind(snapshot: Snapshot) -> None:
    """The sample has to hold what the tests above rely on."""
    statement = _record(snapshot, "run-r4").statement
    assert isinstance(statement.condition, KeepLabel)
    assert isinstance(statement.regions, InputBalls) and isinstance(statement.regions.perturbation, L2Ball)
    assert len(snapshot.standings) == 11
    assert {item.status.value for item in snapshot.standings.values()} == {
        "supported", "partial", "undeveloped", "contradicted", "in doubt", "stale"
    }  # fmt: skip


def test_shares_are_never_rounded_up() -> None:
    assert share(999, 1000) == "999 of 1000 (99.9\N{NO-BREAK SPACE}%)"
    assert share(9999, 10000).endswith("(99.9\N{NO-BREAK SPACE}%)")
    assert share(1, 10000, up=True).endswith("(0.1\N{NO-BREAK SPACE}%)") and share(1, 10000).endswith(
        "(0\N{NO-BREAK SPACE}%)"
    )
    assert share(1000, 1000) == "1000 of 1000" and share(3, 4) == "3 of 4" and share(0, 500) == "0 of 500"


def test_small_pieces(tmp_path: Path) -> None:
    assert number(1 / 3) == "0.333333" and number(1 / 3, 2) == "0.33"
    assert listed(["a", "b", "c"], 2) == "a, b and 1 more"
    assert day("2026-01-02T03:04:05+00:00") == "2026-01-02" and day("yesterday") == ""
    assert where(Place(str(tmp_path / "case.yaml"), 3, 4, "runs"), tmp_path) == "case.yaml:3:4 [runs]"
    assert where(Place("/somewhere/else.txt", 1), tmp_path) == "else.txt:1"
    assert str(tmp_path) not in without_paths(f"no file {tmp_path}/a.onnx in {tmp_path}", tmp_path)


def test_history_of_a_changed_criterion_stays_visible(view: DossierView) -> None:
    entry = next(item for item in view.requirements if item.id == "R9")
    assert {row.when for row in entry.offered} == {"current", "earlier"}
    assert "S119" in {item.code for item in entry.reasons}


def test_importing_the_dossier_needs_no_heavy_library() -> None:
    code = (
        "import sys; import assurance.dossier, assurance.dossier.html, assurance.dossier.pdf, assurance.dossier.view; "
        "sys.exit(any(name in sys.modules for name in ('torch', 'weasyprint', 'matplotlib', 'onnxruntime', 'sklearn')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_files_of_the_sample_are_deterministic() -> None:
    assert dossier_sample.files()["advisory.onnx"] == dossier_sample.files()["advisory.onnx"]
