"""The engine as a whole: ranges, candidates and violations, what the checker makes of the certificate, refusals."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from reachability_toys import ANY, chain, onnx_bytes, random_layers, task_of

from evidence.checker.check import Report, check
from evidence.digest import of_bytes
from evidence.engines import load_engine
from evidence.engines.base import Outcome, RangeDetails, Task
from evidence.engines.reachability.engine import representable, run, sample_box
from evidence.errors import InputError, UnsupportedError
from evidence.regions import RegionSet
from evidence.specification import ChosenAmong, NeverChosen, Range, Within
from evidence.verdict import Predictor

Floats = NDArray[np.float64]
ABSOLUTE = [([[1.0], [-1.0]], [0.0, 0.0]), ([[1.0, 1.0], [0.0, 0.0]], [0.0, 0.5])]
"""y0 = |x|, y1 = 0.5."""
LAYERS = random_layers((3, 8, 8, 3), 4)
BOXES = [([-0.5, -0.5, -0.5], [0.5, 0.2, 0.1]), ([0.3, 0.0, -1.0], [0.3, 0.4, -0.2])]


def details(outcome: Outcome) -> RangeDetails:
    assert isinstance(outcome.details, RangeDetails)
    return outcome.details


def checked(task: Task, outcome: Outcome) -> Report:
    assert outcome.certificate is not None
    files = {of_bytes(task.network): task.network}
    report = check(task.statement.model_dump(mode="json"), outcome.certificate, files.__getitem__)
    assert report.refusal is None and not report.reasons
    return report


def points_of(task: Task, box: int, count: int = 10_000) -> Floats:
    low, high = task.regions.lower[box], task.regions.upper[box]
    return np.asarray(low + (high - low) * np.random.default_rng(9).random((count, len(low))))


# --- ranges ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("max_stars", [2000, 3])
def test_ranges_hold_ten_thousand_points_and_the_checker_confirms_close_ones(max_stars: int) -> None:
    task = task_of(LAYERS, BOXES, parameters={"max_stars": max_stars, "range_tolerance": 0.1})
    outcome = run(task)
    found, report = details(outcome), checked(task, outcome)
    network = chain(LAYERS)
    for box in range(2):
        outputs = network.forward(points_of(task, box))
        low, high = found.star_lower[box], found.star_upper[box]
        for least, most in (
            (low, high),
            (np.array(report.lower[box]), np.array(report.upper[box])),
        ):
            assert (outputs >= least).all() and (outputs <= most).all()
            assert (found.sampled_lower[box] >= least).all() and (found.sampled_upper[box] <= most).all()
        assert (found.sampled_lower[box] <= found.sampled_upper[box]).all()
        near = (low, high) if found.exact[box] else (found.sampled_lower[box], found.sampled_upper[box])
        room = 0.1 * (near[1] - near[0]) + 1e-6
        assert (report.lower[box] >= near[0] - room).all() and (report.upper[box] <= near[1] + room).all()
    assert found.exact == ((True, True) if max_stars == 2000 else (False, False))
    assert outcome.complete is (max_stars == 2000)
    if max_stars == 2000:
        assert found.stars[0] > 3 and outcome.candidates.all()
        # exact: samples of a box in three dimensions come close to the ends
        assert (found.sampled_lower - found.star_lower < 0.1 * (found.star_upper - found.star_lower)).all()


def test_relaxed_ranges_contain_exact_ones() -> None:
    exact = details(run(task_of(LAYERS, BOXES)))
    relaxed = details(run(task_of(LAYERS, BOXES, parameters={"max_stars": 1})))
    assert relaxed.stars == (1, 1) and relaxed.exact == (False, False)
    cut = details(run(task_of(LAYERS, BOXES, parameters={"max_stars": 4})))
    assert cut.stars == (4, 4)
    assert (cut.star_lower <= exact.star_lower + 1e-7).all() and (cut.star_upper >= exact.star_upper - 1e-7).all()
    assert (cut.star_upper - cut.star_lower < relaxed.star_upper - relaxed.star_lower).all()
    assert (relaxed.star_lower <= exact.star_lower + 1e-7).all()
    assert (relaxed.star_upper >= exact.star_upper - 1e-7).all()


# --- conditions ------------------------------------------------------------------------------------------------------


def test_a_condition_that_holds_is_a_candidate_and_the_checker_proves_it() -> None:
    condition = Within(ranges={"y0": Range(lower=-0.01, upper=2.01, unit="1")})
    task = task_of(ABSOLUTE, [([-1.0], [2.0]), ([-1.0], [2.5])], condition)
    outcome = run(task)
    assert outcome.candidates.tolist() == [True, False]
    assert list(outcome.violations) == [1]
    assert abs(outcome.violations[1][0]) > 2.01
    assert checked(task, outcome).proved == (True, False)


def test_a_decision_that_changes_hands_inside_the_box() -> None:
    # |x| against 0.5: on [0.6, 1] y0 is chosen, on [0, 1] either, and y0 - y1 is positive on both outer parts only.
    boxes = [([0.6], [1.0]), ([0.0], [1.0]), ([-0.4], [0.45])]
    chosen = run(task_of(ABSOLUTE, boxes, ChosenAmong(outputs=("y0",))))
    never = run(task_of(ABSOLUTE, boxes, NeverChosen(outputs=("y0",))))
    assert chosen.candidates.tolist() == [True, False, False]
    assert never.candidates.tolist() == [False, False, True]
    assert set(chosen.violations) == {1, 2} and set(never.violations) == {0, 1}


def test_a_disjunction_that_no_single_row_settles_is_proved_by_cutting() -> None:
    # y2 = -0.1 is never chosen among (x, -x, -0.1): neither x nor -x is ahead on all of [-1, 1].
    layers = [([[1.0], [-1.0], [0.0]], [0.0, 0.0, -0.1])]
    task = task_of(layers, [([-1.0], [1.0])], NeverChosen(outputs=("y2",)))
    outcome = run(task)
    assert outcome.candidates.tolist() == [True]
    assert checked(task, outcome).proved == (True,)
    tight = task_of(layers, [([-1.0], [1.0])], NeverChosen(outputs=("y2",)), parameters={"max_leaves": 1})
    outcome = run(tight)
    assert outcome.candidates.tolist() == [True]  # the star shows it, the checker gets no tree
    assert checked(tight, outcome).proved == (False,)


@pytest.mark.parametrize("max_stars", [64, 8])
def test_a_violation_that_samples_miss_is_found_by_the_stars(max_stars: int) -> None:
    # y0 = 5.5 - 50 * (sum of six ramps max(x - 0.98, 0)) on [0, 1]^6: at most the corner brings it down to -0.5.
    n = 6
    ramps = [(np.eye(n), np.full(n, -0.98)), (np.vstack([-50 * np.ones(n), np.zeros(n)]), np.array([5.5, 0.0]))]
    condition = Within(ranges={"y0": Range(lower=0.0, upper=100.0, unit="1")})
    outcome = run(
        task_of(ramps, [([0.0] * n, [1.0] * n)], condition, parameters={"samples": 3, "max_stars": max_stars})
    )
    found = details(outcome)
    assert found.sampled_lower[0, 0] > 0
    assert found.exact == (max_stars == 2**n,) and found.stars == (max_stars,)
    if max_stars == 2**n:
        assert found.star_lower[0, 0] == pytest.approx(-0.5, abs=1e-4)
    assert list(outcome.violations) == [0] and not outcome.candidates[0]
    assert chain(ramps).forward(outcome.violations[0][None])[0, 0] == pytest.approx(-0.5, abs=1e-4)


def test_violations_lie_in_the_box_as_float32_numbers() -> None:
    task = task_of(LAYERS, BOXES, Within(ranges={"y0": Range(lower=100.0, upper=101.0, unit="1")}))
    outcome = run(task)
    assert set(outcome.violations) == {0, 1} and not outcome.candidates.any()
    for box, point in outcome.violations.items():
        assert (point >= task.regions.lower[box]).all() and (point <= task.regions.upper[box]).all()
    assert (outcome.violations[0].astype(np.float32) == outcome.violations[0]).all()


# --- samples, artefact, determinism ------------------------------------------------------------------------------------


def test_samples_hold_all_corners_and_stay_inside() -> None:
    low, high = np.array([-1.0, 0.1, 5.0]), np.array([2.0, 0.3, 5.0])
    points = sample_box(low, high, 500, 3, 0)
    assert len(points) == 500
    assert (points >= low).all() and (points <= high).all()
    corners = {(a, b) for a in (-1.0, 2.0) for b in (np.float32(0.1), np.nextafter(np.float32(0.3), np.float32(0)))}
    assert corners <= {(a, np.float32(b)) for a, b, _ in points.tolist()}
    assert (points.astype(np.float32) == points).all()
    assert len(np.unique(sample_box(np.zeros(40), np.ones(40), 100, 0, 0), axis=0)) == 100
    assert len(sample_box(low, high, 1, 0, 0)) == 1


def test_representable_points_never_leave_the_box() -> None:
    low, high = np.array([0.1, 0.1]), np.array([0.3, 0.1])  # 0.1 is no float32 number
    moved = representable(np.array([[0.1, 0.1], [0.3, 0.1], [9.0, 9.0], [-9.0, 0.1]]), low, high)
    assert (moved >= low).all() and (moved <= high).all()
    assert (moved[:, 0].astype(np.float32) == moved[:, 0]).all()
    assert (moved[:, 1] == 0.1).all()


def contains(polygon: list[list[float]], points: Floats, slack: float) -> NDArray[np.bool_]:
    """Inside an anticlockwise convex polygon."""
    corners = np.array(polygon)
    edges = np.roll(corners, -1, axis=0) - corners
    relative = points[:, None, :] - corners[None]
    across = edges[None, :, 0] * relative[:, :, 1] - edges[None, :, 1] * relative[:, :, 0]
    return np.asarray((across >= -slack).all(axis=1))


@pytest.mark.parametrize("max_stars", [2000, 1])
def test_the_reach_set_polygons_cover_the_outputs(max_stars: int) -> None:
    parameters: dict[str, Any] = {"projection": "y2, y0; y0, y1", "directions": 16, "max_stars": max_stars}
    task = task_of(LAYERS, BOXES, parameters=parameters)
    artefact = json.loads(run(task).artefacts["reach-set"])
    assert artefact["format"] == "assurance-reach-set/1"
    for number, box in enumerate(artefact["boxes"]):
        assert box["name"] == f"box {number}" and box["exact"] is (max_stars > 1)
        outputs = chain(LAYERS).forward(points_of(task, number, 2000))
        for projection, pair in zip(box["projections"], ((2, 0), (0, 1)), strict=True):
            assert projection["outputs"] == [f"y{i}" for i in pair]
            assert 1 <= len(projection["polygons"]) <= 64
            assert 1 <= len(projection["samples"]) <= 200
            seen = outputs[:, list(pair)]
            covered = np.zeros(len(seen), dtype=bool)
            for polygon in projection["polygons"]:
                covered |= contains(polygon, seen, 1e-3)
            assert covered.all()


def test_a_single_output_has_no_picture() -> None:
    outcome = run(task_of([([[1.0]], [0.0])], [([0.0], [1.0])]))
    assert outcome.artefacts == {}


def test_the_same_seed_gives_the_same_bytes() -> None:
    first, second = run(task_of(LAYERS, BOXES[1:], seed=3)), run(task_of(LAYERS, BOXES[1:], seed=3))
    assert first.certificate == second.certificate
    assert first.artefacts == second.artefacts
    assert (details(first).star_lower == details(second).star_lower).all()
    assert first.artefacts != run(task_of(LAYERS, BOXES[1:], seed=4)).artefacts


# --- refusals --------------------------------------------------------------------------------------------------------


def test_the_table_of_engines_finds_it() -> None:
    assert load_engine("reachability") is run


def test_what_it_cannot_treat_is_refused() -> None:
    task = task_of(ABSOLUTE, [([0.0], [1.0])], predictor=Predictor.SMOOTHED)
    with pytest.raises(UnsupportedError) as caught:
        run(task)
    assert caught.value.finding.code == "E140"
    task = task_of(ABSOLUTE, [([0.0], [1.0])])
    balls = RegionSet(**{**vars(task.regions), "l2_radius": 0.5})
    with pytest.raises(UnsupportedError) as caught:
        run(Task(task.statement, balls, task.network, {}))
    assert caught.value.finding.code == "E140"
    with pytest.raises(UnsupportedError) as caught:
        run(task_of(ABSOLUTE, [([0.0], [1.0])] * 3, parameters={"max_boxes": 2}))
    assert caught.value.finding.code == "E142"
    wide = [(np.zeros((1, 1001)), np.zeros(1))]
    with pytest.raises(UnsupportedError) as caught:
        run(task_of(wide, [([0.0] * 1001, [1.0] * 1001)]))
    assert caught.value.finding.code == "E142"


@pytest.mark.parametrize(
    "parameters",
    [
        {"max_stars": 0},
        {"max_leaves": 0},
        {"range_tolerance": 0.0},
        {"samples": 2.5},
        {"directions": 3},
        {"stars": 10},
        {"projection": "y0"},
        {"projection": "y0, y9"},
        {"projection": "y0, y0"},
        {"projection": ";".join(["y0, y1"] * 5)},
    ],
)
def test_unusable_parameters_are_refused(parameters: dict[str, Any]) -> None:
    with pytest.raises(InputError) as caught:
        run(task_of(ABSOLUTE, [([0.0], [1.0])], parameters=parameters))
    assert caught.value.finding.code == "E141"


def test_a_network_that_does_not_fit_the_statement_is_refused() -> None:
    task = task_of(ABSOLUTE, [([0.0], [1.0])], ANY)
    other = onnx_bytes([(np.ones((2, 4)), np.zeros(2))])
    with pytest.raises(InputError) as caught:
        run(Task(task.statement, task.regions, other, {}))
    assert caught.value.finding.code == "N106"
