"""Cells by linear programming, the growing partition, short numbers, and what counts as a violation."""

from __future__ import annotations

import itertools
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from engine_toys import Files, Floats, box_statement, chain, outputs, random_weights, task
from prover_toys import positive, prove

from evidence.engines.prover.boxes import short
from evidence.engines.prover.cells import optimum
from evidence.engines.prover.growth import CLAUSE, CUT, SPLIT, Growth
from evidence.engines.prover.violations import Violations
from evidence.network import read_network
from evidence.regions import expand
from evidence.replay import Runtime, executed
from evidence.specification import ChosenAmong
from evidence.store import Store

# --- cells ---------------------------------------------------------------------------------------------------------


def brute_force(
    row: Floats, offset: float, walls: Floats, heights: Floats, lower: Floats, upper: Floats
) -> float | None:
    """Least value over the corners of the polygon: crossings of two borders that lie inside all others."""
    borders = [
        *zip(walls, heights, strict=True),
        *zip(np.eye(2), -lower, strict=True),
        *zip(-np.eye(2), upper, strict=True),
    ]
    best = None
    for (a, s), (b, t) in itertools.combinations(borders, 2):
        if abs(np.linalg.det(np.stack([a, b]))) < 1e-12:
            continue
        x = np.linalg.solve(np.stack([a, b]), -np.array([s, t]))
        if all(c @ x + u >= -1e-9 for c, u in borders):
            best = min(float(row @ x + offset), np.inf if best is None else best)
    return best


@pytest.mark.parametrize("seed", range(40))
def test_the_optimum_of_a_cell(seed: int) -> None:
    generator = np.random.default_rng(seed)
    walls = generator.integers(-3, 4, size=(int(generator.integers(1, 5)), 2)).astype(np.float64)
    heights = generator.integers(-2, 3, size=len(walls)) / 2.0
    lower = generator.integers(-4, 2, size=2) / 2.0
    upper = lower + generator.integers(1, 4, size=2)
    row, offset = generator.integers(-3, 4, size=2).astype(np.float64), 0.25
    cell = optimum(row[None], np.array([offset]), walls, heights, lower, upper)
    expected = brute_force(row, offset, walls, heights, lower, upper)
    assert cell is not None
    assert cell.weights.tolist() == [1.0]
    # the certificate's bound: weak duality with these prices, computed without the solver
    left = row - cell.prices @ walls
    bound = offset - float(cell.prices @ heights) + float(np.minimum(left * lower, left * upper).sum())
    assert (cell.prices >= 0).all()
    if expected is None:
        assert cell.value == np.inf and bound > 0
    else:
        assert cell.value == pytest.approx(expected, abs=1e-9) and bound == pytest.approx(expected, abs=1e-7)
        assert (walls @ cell.point + heights >= -1e-7).all()


def test_several_rows_of_a_cell() -> None:
    """x or 1 - x is positive everywhere on [-1, 2], and half of each is the proof: the least maximum is 1/2."""
    rows, offsets = np.array([[1.0], [-1.0]]), np.array([0.0, 1.0])
    cell = optimum(rows, offsets, np.zeros((0, 1)), np.zeros(0), np.array([-1.0]), np.array([2.0]))
    assert cell is not None
    assert cell.value == pytest.approx(0.5) and cell.point == pytest.approx([0.5])
    assert cell.weights == pytest.approx([0.5, 0.5])


def test_a_clause_that_needs_different_rows_in_different_places(tmp_path: Path) -> None:
    """y0 = |x|, y1 = x + 1/2, y2 = 1/2 - x: y0 is always below y1 or y2, but below neither everywhere."""
    weights = [
        (np.array([[1.0, 0.0], [-1.0, 0.0]]), np.zeros(2)),
        (np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0]]), np.array([0.0, 0.5, 0.5])),
    ]
    files = Files()
    box = np.array([-1.0, 0.0]), np.array([1.0, 1.0])
    statement = box_statement(
        files, chain(weights), [box], condition=ChosenAmong(outputs=("y1", "y2")), decision="argmax"
    )
    for split in ("inputs", "relus"):
        assert prove(statement, files, Store(tmp_path), split=split, timeout=5.0).regions == "P"
    assert outputs(3) == statement.outputs


# --- the partition -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_entries_are_well_formed(seed: int) -> None:
    generator = np.random.default_rng(seed)
    growth = Growth(3)
    roots = growth.add(2)
    leaves, slabs = roots.tolist(), 0
    for _ in range(60):
        node = leaves.pop(int(generator.integers(len(leaves))))
        if generator.random() < 0.5:
            growth.bound(np.array([node]))
        if generator.random() < 0.3:
            cut_off = [(0, 0, 0.25), (2, 1, 0.75), (2, 0, 0.5)][: int(generator.integers(1, 4))]
            growth.clip(node, cut_off)
            slabs += len(cut_off)
        kind = (CUT, SPLIT, CLAUSE)[int(generator.integers(3))]
        first = int(growth.divide(np.array([node]), kind, np.array([1]), np.array([2]), np.array([0.5]))[0])
        leaves += [first, first + 1]
    offered = dict.fromkeys(leaves[::3], (None,))
    growth.offers.update(offered)
    growth.close(np.array(leaves))
    seen, found = 0, []
    for root in roots.tolist():
        tree, offers = growth.entries(root)
        open_ends = 1
        for token in tree:
            assert open_ends > 0, "tokens follow the end of the tree"
            if token is None:
                open_ends -= 1
            elif token != "bounds":
                open_ends += 1
        assert open_ends == 0
        assert len(offers) == sum(token is None for token in tree)
        seen += len(offers)
        found += [offer for offer in offers if offer is not None]
    assert seen == len(leaves) + slabs
    assert len(found) == len(offered)


def test_columns_keep_their_numbers_when_they_grow() -> None:
    growth = Growth(1)
    numbers = np.concatenate([growth.add(count) for count in (700, 700, 5000)])
    assert numbers.tolist() == list(range(6400))
    assert len(growth.kind.values) == len(growth.first.values) == len(growth.at.values) == 6400


# --- short numbers -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [1e-9, 1e-3, 0.3, 1.0, 7.0, 2e4])
def test_short_numbers_round_as_told(width: float) -> None:
    values = np.random.default_rng(0).normal(size=200) * width
    step = width / 100
    down, near, up = (short(values, np.array(width), direction) for direction in (-1, 0, 1))
    ulp = np.spacing(np.abs(values))
    assert (down <= values + ulp).all() and (up >= values - ulp).all()
    assert (values - down <= step).all() and (up - values <= step).all() and (np.abs(near - values) <= step).all()
    assert max(len(repr(value)) for value in near.tolist()) < 14


def test_short_leaves_what_it_cannot_round() -> None:
    assert short(np.array([np.inf, 1e300, 0.0]), np.array([1.0, 1e-300, 0.0]), 0).tolist() == [np.inf, 1e300, 0.0]


# --- violations ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("light", [True, False])
@pytest.mark.parametrize("sizes", [[3, 8, 2], [30, 12, 12, 3]])
def test_violations_lie_inside_and_replay(light: bool, sizes: list[int]) -> None:
    pytest.importorskip("onnxruntime")
    files = Files()
    network = chain(random_weights(sizes, 3))
    generator = np.random.default_rng(0)
    boxes = []
    for _ in range(6):  # ends that float32 does not hold
        lower = np.round(generator.normal(size=sizes[0]), 3)
        boxes.append((lower, np.round(lower + 0.7, 3)))
    statement = box_statement(files, network, boxes, condition=ChosenAmong(outputs=("y0",)), decision="argmax")
    regions = expand(statement, files.__getitem__)
    violations = Violations(read_network(network, "toy"), task(statement, files))
    violations.attack(range(6), 64, light)
    assert violations.points
    runtime = Runtime(network, "toy")
    for region, point in violations.points.items():
        single = point.astype(np.float32)
        assert (single.astype(np.float64) == point).all()
        ends = statement.regions.boxes[region].ranges.values()  # type: ignore[union-attr]
        for value, span in zip(point.tolist(), ends, strict=True):
            assert Fraction(repr(span.lower)) <= Fraction(value) <= Fraction(repr(span.upper))
        assert executed(statement, regions, region, single, runtime) is not None


def test_a_box_without_float32_numbers_has_no_violation(tmp_path: Path) -> None:
    files = Files()
    lower = np.array([0.1 + 1e-12])
    statement = positive(chain([(np.array([[-1.0]]), np.zeros(1))]), lower, lower + 1e-12, files)
    record = prove(statement, files, Store(tmp_path), timeout=1.0)
    assert record.regions == "U"
