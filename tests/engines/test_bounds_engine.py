"""The bounds engine: what it may call a candidate, how it splits, radii, parameters, and its refusals."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest
from engine_toys import Files, ball_statement, box_statement, chain, npz, outputs, ports, random_weights, task

from evidence.digest import canonical_json, of_bytes
from evidence.engines import load_engine
from evidence.engines.attack import attack
from evidence.engines.base import BoundsDetails, Outcome
from evidence.errors import AssuranceError, InputError, MissingLibraryError, UnsupportedError
from evidence.network import read_network
from evidence.regions import expand
from evidence.specification import (
    ChosenAmong,
    CornerEntry,
    InputBalls,
    Linear,
    LinearConstraint,
    SensorError,
    Statement,
    TableCells,
    Within,
)
from evidence.verdict import Predictor

if find_spec("torch") is None or find_spec("auto_LiRPA") is None:
    pytest.skip("torch or auto_LiRPA is not installed", allow_module_level=True)

from evidence.engines.bounds.engine import run

NETWORK = chain(random_weights([3, 16, 16, 4], seed=11))


def clean(count: int = 40, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Inputs with the labels that the network gives them."""
    inputs = np.random.default_rng(seed).normal(size=(count, 3)).astype(np.float32).astype(np.float64)
    return inputs, read_network(NETWORK, "toy").forward(inputs).argmax(axis=1).astype(np.int64)


def examined(eps: float, norm: str = "linf", **parameters: Any) -> tuple[Statement, Files, Outcome]:
    files = Files()
    inputs, labels = clean()
    statement = ball_statement(files, NETWORK, inputs, labels, eps, norm)
    return statement, files, run(task(statement, files, **parameters))


def details(outcome: Outcome) -> BoundsDetails:
    assert isinstance(outcome.details, BoundsDetails)
    return outcome.details


def certificate(outcome: Outcome) -> dict[str, Any]:
    assert outcome.certificate is not None
    read: dict[str, Any] = json.loads(gzip.decompress(outcome.certificate))
    return read


@pytest.mark.parametrize("norm", ["linf", "l2"])
@pytest.mark.parametrize("method", ["ibp", "crown-ibp", "crown", "alpha-crown"])
def test_no_attack_and_no_sample_succeeds_inside_a_candidate(norm: str, method: str) -> None:
    statement, files, outcome = examined(0.06, norm, method=method)
    assert 0 < outcome.candidates.sum() < len(outcome.candidates)
    assert not set(np.flatnonzero(outcome.candidates)) & set(outcome.violations)
    regions = expand(statement, files.__getitem__)
    toy = read_network(NETWORK, "toy")
    found = attack(toy, regions, outcome.candidates, restarts=4, steps=40, seed=3)
    assert not set(found.violations) & set(np.flatnonzero(outcome.candidates))
    generator = np.random.default_rng(5)
    for region in np.flatnonzero(outcome.candidates):
        offset = generator.uniform(-1, 1, size=(10_000 // 20, 3))
        if norm == "l2":
            offset /= np.maximum(np.linalg.norm(offset, axis=1, keepdims=True), 1)
        seen = toy.forward(regions.centers[region] + 0.06 * offset)
        assert (seen.argmax(axis=1) == regions.labels[region]).all()


def test_tighter_methods_have_more_candidates_and_attacks_bound_them_from_above() -> None:
    counts = [int(examined(0.15, method=method)[2].candidates.sum()) for method in ("ibp", "crown", "alpha-crown")]
    assert counts[0] < counts[1] < counts[2]
    assert counts[2] <= 40 - len(examined(0.15, method="ibp")[2].violations)


def test_every_violation_violates_in_float64_too() -> None:
    statement, files, outcome = examined(0.3)
    regions = expand(statement, files.__getitem__)
    assert outcome.violations
    for region, point in outcome.violations.items():
        assert (point == point.astype(np.float32)).all()
        assert np.abs(point - regions.centers[region]).max() <= 0.3 + 1e-12
        assert read_network(NETWORK, "toy").forward(point[None]).argmax() != regions.labels[region]


def test_at_eps_zero_the_clean_decision_is_what_is_examined() -> None:
    files = Files()
    inputs, labels = clean()
    labels = labels.copy()
    labels[::4] = (labels[::4] + 1) % 4
    outcome = run(task(ball_statement(files, NETWORK, inputs, labels, 0.0), files))
    assert outcome.candidates.tolist() == [i % 4 != 0 for i in range(40)]
    assert set(outcome.violations) == set(range(0, 40, 4))
    assert details(outcome).clean_correct == 30


def test_argmin_decisions() -> None:
    files = Files()
    inputs, _ = clean()
    labels = read_network(NETWORK, "toy").forward(inputs).argmin(axis=1).astype(np.int64)
    statement = ball_statement(files, NETWORK, inputs, labels, 0.001, decision="argmin")
    outcome = run(task(statement, files))
    assert outcome.candidates.mean() > 0.9
    assert details(outcome).clean_correct == 40


# --- splitting ---------------------------------------------------------------------------------------------------


def sawtooth_statement(files: Files) -> Statement:
    """y = |x0| - 0.9 |x0| + 0.05 + x1/1000 > 0 for |x0| <= 1, |x1| <= 10.

    True, but the two |x0| come from separate neurons, whose relaxations cancel to slope 0 in x0: bounds see it only
    after a cut at x0 = 0, which the slope does not suggest. The wide x1 is of no use.
    """
    first = np.array([[1.0, 0.0], [-1.0, 0.0], [1.0, 0.0], [-1.0, 0.0], [0.0, 0.001], [0.0, -0.001]])
    network = chain([(first, np.zeros(6)), (np.array([[1.0, 1.0, -0.9, -0.9, 1.0, -1.0]]), np.array([0.05]))])
    condition = Linear(all_of=(LinearConstraint(coefficients={"y0": 1.0}),))
    return box_statement(files, network, [(-SAW, SAW)], decision="none", condition=condition)


SAW = np.array([1.0, 10.0])


def leaves(tree: list[Any] | None, lower: np.ndarray, upper: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """The parts of a box that a certificate's tree describes (read here on its own, from the format's text)."""
    tokens = list(tree if tree is not None else [None])

    def part(low: np.ndarray, high: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
        token = tokens.pop(0)
        if token is None:
            return [(low, high)]
        coordinate, at = token
        assert low[coordinate] <= at <= high[coordinate]
        below, above = high.copy(), low.copy()
        below[coordinate] = above[coordinate] = at
        return part(low, below) + part(above, high)

    found = part(lower, upper)
    assert not tokens
    return found


@pytest.mark.parametrize("method", ["ibp", "crown", "alpha-crown"])
def test_splitting_proves_what_one_bound_cannot(method: str) -> None:
    files = Files()
    statement = sawtooth_statement(files)
    assert run(task(statement, files, method=method)).candidates.tolist() == [False]
    outcome = run(task(statement, files, method=method, max_leaves=8192))
    assert outcome.candidates.tolist() == [True]
    ((region, tree, _),) = certificate(outcome)["proofs"]
    parts = leaves(tree, -SAW, SAW)
    assert region == 0
    assert 2 <= len(parts) <= (4096 if method == "ibp" else 32)
    assert sum(float(np.prod(high - low)) for low, high in parts) == pytest.approx(40.0)


def test_the_number_of_leaves_is_a_limit() -> None:
    files = Files()
    statement = sawtooth_statement(files)
    whole = certificate(run(task(statement, files, method="ibp", max_leaves=8192)))
    needed = len(leaves(whole["proofs"][0][1], -SAW, SAW))
    assert run(task(statement, files, method="ibp", max_leaves=needed)).candidates.all()
    assert not run(task(statement, files, method="ibp", max_leaves=needed - 1)).candidates.any()


def test_exact_inputs_are_not_cut() -> None:
    files = Files()
    # |x0| as above, beside three inputs that are exact, but widened by outward rounding
    first = np.zeros((4, 4))
    first[:, 0] = [1, -1, 1, -1]
    network = chain([(first, np.zeros(4)), (np.array([[1.0, 1.0, -0.9, -0.9]]), np.array([0.05]))])
    condition = Linear(all_of=(LinearConstraint(coefficients={"y0": 1.0}),))
    box = (np.array([-1.0, 0.0, 0.3, -7.0]), np.array([1.0, 0.0, 0.3, -7.0]))
    statement = box_statement(files, network, [box], decision="none", condition=condition)
    outcome = run(task(statement, files, max_leaves=64))
    assert outcome.candidates.all()
    ((_, tree, _),) = certificate(outcome)["proofs"]
    assert {cut[0] for cut in tree if cut is not None} == {0}


def test_splitting_gives_up_on_violated_boxes_and_reports_where() -> None:
    files = Files()
    first = (np.array([[1.0], [-1.0]]), np.zeros(2))
    network = chain([first, (np.array([[1.0, 1.0]]), np.array([-0.001]))])  # |x| - 0.001
    condition = Linear(all_of=(LinearConstraint(coefficients={"y0": 1.0}),))
    statement = box_statement(
        files, network, [(np.array([-1.0]), np.array([1.0]))], decision="none", condition=condition
    )
    outcome = run(task(statement, files, max_leaves=4096, attack_restarts=0))
    assert not outcome.candidates.any()
    assert abs(float(outcome.violations[0][0])) <= 0.001


def test_leaves_may_use_different_rows_of_a_clause() -> None:
    files = Files()
    # outputs x, -x, 0.1: "among y0, y1" needs y0 on the right and y1 on the left of a gap that the box leaves out
    network = chain([(np.array([[1.0], [-1.0], [0.0]]), np.array([0.0, 0.0, -0.1]))])
    statement = box_statement(
        files, network, [(np.array([-1.0]), np.array([1.0]))], condition=ChosenAmong(outputs=("y0", "y1"))
    )
    assert not run(task(statement, files)).candidates.any()
    assert run(task(statement, files, max_leaves=8)).candidates.all()


def test_table_cells_and_ranges() -> None:
    files = Files()
    grid = np.linspace(-1, 1, 6)
    points = np.stack(np.meshgrid(grid, grid, grid, indexing="ij"), axis=-1).reshape(-1, 3)
    toy = read_network(NETWORK, "toy")
    entry = toy.forward(points).argmax(axis=1).reshape(6, 6, 6).astype(np.int8)
    table = files.add(npz(grid_x0=grid, grid_x1=grid, grid_x2=grid, advisory=entry))
    statement = Statement(
        model=files.add(NETWORK),
        inputs=ports(3),
        outputs=outputs(4),
        regions=TableCells(table=table),
        condition=CornerEntry(),
    )
    regions = expand(statement, files.__getitem__)
    outcome = run(task(statement, files, max_leaves=64))
    assert len(outcome.candidates) == len(regions)
    assert outcome.candidates.mean() > 0.9
    generator = np.random.default_rng(0)
    for region in np.flatnonzero(outcome.candidates):
        width = regions.upper[region] - regions.lower[region]
        seen = toy.forward(regions.lower[region] + generator.random((200, 3)) * width)
        assert (seen.argmax(axis=1) == regions.labels[region]).all()


def test_within_is_strict() -> None:
    files = Files()
    network = chain([(np.array([[1.0]]), np.zeros(1))])
    box = (np.array([0.0]), np.array([1.0]))

    def held(lower: float, upper: float) -> bool:
        condition = Within.model_validate({"ranges": {"y0": {"lower": lower, "upper": upper, "unit": "1"}}})
        statement = box_statement(files, network, [box], decision="none", condition=condition)
        return bool(run(task(statement, files)).candidates[0])

    assert held(-0.001, 1.001)
    assert not held(0.0, 1.001)
    assert not held(-0.001, 1.0)


# --- radii -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_radii_of_a_linear_network_have_a_closed_form(norm: str) -> None:
    files, generator = Files(), np.random.default_rng(0)
    weight = generator.normal(size=(2, 5)).astype(np.float32).astype(np.float64)
    inputs = generator.normal(size=(20, 5)).astype(np.float32).astype(np.float64)
    network = chain([(weight, np.zeros(2))])
    scores = inputs @ weight.T
    labels = scores.argmax(axis=1).astype(np.int64)
    labels[0] = 1 - labels[0]
    gap = np.abs(scores[:, 0] - scores[:, 1])
    slope = weight[0] - weight[1]
    exact = gap / (np.abs(slope).sum() if norm == "linf" else np.linalg.norm(slope))
    exact[0] = 0.0
    statement = ball_statement(files, network, inputs, labels, 0.01, norm)
    limit = float(np.median(exact))
    outcome = run(task(statement, files, radius=True, radius_limit=limit, radius_steps=30, attack_steps=50))
    found = details(outcome)
    verified = np.array(found.radius_candidate)
    assert (verified <= exact).all()
    assert np.abs(verified - np.minimum(exact, limit)).max() < 1e-4
    assert verified[0] == 0.0 and found.radius_attack[0] == 0.0
    for number, nearest in enumerate(found.radius_attack):
        if exact[number] > limit:
            assert nearest is None
        else:
            assert nearest is not None and exact[number] - 1e-9 <= nearest
            assert nearest <= exact[number] * 1.05 + 1e-3
    assert found.radius_unit == "1" and found.radius_limit == limit
    assert certificate(outcome)["radii"] == list(found.radius_candidate)


def test_verified_radii_stay_below_attacked_ones() -> None:
    for norm in ("linf", "l2"):
        _, _, outcome = examined(0.05, norm, radius=True, radius_limit=1.0)
        found = details(outcome)
        pairs = [(v, a) for v, a in zip(found.radius_candidate, found.radius_attack, strict=True) if a is not None]
        assert pairs
        assert all(verified <= attacked for verified, attacked in pairs)
        assert max(found.radius_candidate) > 0


# --- certificates, determinism ------------------------------------------------------------------------------------


def test_the_certificate_names_its_statement_and_is_reproducible() -> None:
    statement, files, outcome = examined(0.06, method="alpha-crown")
    again = run(task(statement, files, method="alpha-crown"))
    assert outcome.certificate == again.certificate
    assert (outcome.candidates == again.candidates).all()
    document = certificate(outcome)
    assert document["format"] == "assurance-certificate/2"
    assert document["statement"] == of_bytes(canonical_json(statement.model_dump(mode="json")))
    assert [proof[0] for proof in document["proofs"]] == np.flatnonzero(outcome.candidates).tolist()


def test_slopes_are_written_only_where_they_are_needed() -> None:
    document = certificate(examined(0.15, method="alpha-crown")[2])
    crown = {proof[0] for proof in certificate(examined(0.15, method="crown")[2])["proofs"]}
    with_slopes = {region: slopes for region, _, slopes in document["proofs"] if slopes is not None}
    assert with_slopes and not set(with_slopes) & crown
    (clauses,) = next(iter(with_slopes.values()))
    assert len(clauses) == 3
    for row, betas, layers in clauses:
        assert row == 0 and betas is None and [len(layer) for layer in layers] == [16, 16]
        assert all(0 <= value <= 1 for layer in layers for value in layer)


def test_nothing_to_prove_leaves_no_certificate() -> None:
    assert examined(50.0)[2].certificate is None


# --- refusals ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "word"),
    [
        ({"colour": "blue"}, "colour"),
        ({"method": "magic"}, "method"),
        ({"max_leaves": 0}, "max_leaves"),
        ({"max_leaves": 2.5}, "max_leaves"),
        ({"batch": "many"}, "batch"),
        ({"radius": 1}, "radius"),
        ({"radius": True}, "radius"),
        ({"radius": True, "radius_limit": -1.0}, "radius_limit"),
        ({"radius": True, "radius_limit": float("inf")}, "radius_limit"),
        ({"attack_steps": 0}, "attack_steps"),
    ],
)
def test_unknown_and_unusable_parameters(parameters: dict[str, Any], word: str) -> None:
    with pytest.raises(InputError) as caught:
        examined(0.1, **parameters)
    assert caught.value.finding.code == "E111"
    assert word in str(caught.value.finding)


def test_what_the_engine_cannot_examine_is_refused() -> None:
    files = Files()
    inputs, labels = clean(4)
    l2 = ball_statement(files, NETWORK, inputs, labels, 0.1, "l2")
    smoothed = l2.model_copy(update={"predictor": Predictor.SMOOTHED})
    boxes = sawtooth_statement(files)
    assert isinstance(l2.regions, InputBalls)
    sensor = SensorError.model_validate({"tolerances": {"x0": "0.1 1"}})
    sensing = l2.model_copy(update={"regions": l2.regions.model_copy(update={"perturbation": sensor})})
    cases: list[tuple[Statement, dict[str, Any]]] = [
        (l2, {"max_leaves": 2}),
        (smoothed, {}),
        (boxes, {"radius": True, "radius_limit": 1.0}),
        (sensing, {"radius": True, "radius_limit": 1.0}),
    ]
    for statement, parameters in cases:
        with pytest.raises(UnsupportedError) as caught:
            run(task(statement, files, **parameters))
        assert caught.value.finding.code == "E112"
    assert run(task(sensing, files)).candidates.any()


def test_a_network_of_another_shape_is_refused() -> None:
    files = Files()
    inputs, labels = clean(4)
    statement = ball_statement(files, NETWORK, inputs, labels, 0.1)
    other = replace(task(statement, files), network=chain(random_weights([3, 5, 5])))
    with pytest.raises(AssuranceError) as caught:
        run(other)
    assert caught.value.finding.code == "N106"


def test_an_absent_device_is_refused() -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has a CUDA device")
    files = Files()
    inputs, labels = clean(4)
    with pytest.raises(MissingLibraryError) as caught:
        run(replace(task(ball_statement(files, NETWORK, inputs, labels, 0.1), files), device="cuda"))
    assert caught.value.finding.code == "E110"


def test_the_table_of_engines_loads_it() -> None:
    assert load_engine("bounds") is run
    with pytest.raises(InputError) as caught:
        load_engine("astrology")
    assert caught.value.finding.code == "E106"


def test_progress_is_reported_within_its_total() -> None:
    files = Files()
    inputs, labels = clean(4)
    seen: list[tuple[int, int, str]] = []
    made = task(ball_statement(files, NETWORK, inputs, labels, 0.1), files, radius=True, radius_limit=0.2)
    run(replace(made, progress=lambda done, total, note: seen.append((done, total, note))))
    assert {note for _, _, note in seen} >= {"ibp bounds", "crown bounds", "attack", "radius search", "attack radius"}
    assert all(0 <= done <= total for done, total, _ in seen)
