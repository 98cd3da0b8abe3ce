"""Randomized smoothing: each test fails if the procedure, its counting or its refusals are wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats
from smoothing_toys import chain, halves, onnx_bytes, task_of

from evidence.engines import load_engine
from evidence.engines.base import Outcome, SmoothingDetails
from evidence.engines.smoothing.engine import run
from evidence.engines.smoothing.sampling import Purpose, Sampler, cache_batch, noise_batch
from evidence.errors import InputError, UnsupportedError
from evidence.network import read_network
from evidence.records.base import Scalar
from evidence.smoothing_radius import error_per_input, smoothed_radius
from evidence.specification import Boxes, ChosenAmong, InputBalls, LinfBall, NamedBox, Range
from evidence.verdict import Predictor

RNG = np.random.default_rng(7)
DIRECTION = np.array([3.0, -4.0, 12.0])  # length 13
SIGMA = 0.5


def details(outcome: Outcome) -> SmoothingDetails:
    assert isinstance(outcome.details, SmoothingDetails)
    return outcome.details


def radii(outcome: Outcome) -> np.ndarray:
    """Radii as a record of this outcome would hold them; 0 where abstained."""
    found = details(outcome)
    error = error_per_input(found.error_probability, len(found.predicted), found.simultaneous)
    return np.array(
        [
            smoothed_radius(hits, found.estimation_samples, error, found.sigma).radius
            for hits in found.successes.tolist()
        ]
    )


def at_distance(distances: np.ndarray) -> np.ndarray:
    """Inputs at these signed distances from the hyperplane of DIRECTION."""
    along = DIRECTION / np.linalg.norm(DIRECTION)
    across = RNG.standard_normal((len(distances), 3))
    across -= np.outer(across @ along, along)
    return np.asarray(distances[:, None] * along + across)


def most(trials: int, probability: float) -> int:
    """Successes that are exceeded with a chance of one in 100,000 only."""
    return int(stats.binom.ppf(1 - 1e-5, trials, probability))


# --- the guarantee ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("noise", ["independent", "shared"])
def test_radius_of_a_linear_classifier_exceeds_the_exact_distance_at_most_as_often_as_stated(noise: str) -> None:
    # The smoothed linear classifier changes its class exactly at the hyperplane: radius > distance is a false one.
    distances = np.linspace(0.05, 0.9, 10)
    inputs = at_distance(distances)
    wrong, repetitions, all_radii = 0, 120, []
    for seed in range(repetitions):
        parameters: dict[str, Scalar] = {
            "sigma": SIGMA, "n_selection": 30, "n_estimation": 600, "error_probability": 0.05,
            "simultaneous": False, "noise": noise,
        }  # fmt: skip
        found = radii(run(task_of(halves(DIRECTION), inputs, [0] * 10, parameters, seed=seed)))
        wrong += int((found > distances).sum())
        all_radii.append(found)
    # counts of one run depend on each other when noise is shared: allow as if only the runs were independent
    assert wrong <= (most(repetitions, 0.05) * 10 if noise == "shared" else most(repetitions * 10, 0.05))
    assert wrong > 0  # the bound is exact: with 1,200 chances at 5 % some must be wrong, else it is loose
    assert (np.mean(all_radii, axis=0)[3:7] > 0.75 * distances[3:7]).all()


def test_shared_noise_keeps_the_error_probability_of_each_input() -> None:
    distances = np.array([0.2, 0.4, 0.6, 0.3, 0.5])
    inputs = at_distance(distances)
    wrong = np.zeros(5, dtype=int)
    for seed in range(250):
        parameters: dict[str, Scalar] = {"sigma": SIGMA, "n_selection": 20, "n_estimation": 200, "error_probability": 0.1,
                      "simultaneous": False}  # fmt: skip
        wrong += radii(run(task_of(halves(DIRECTION), inputs, [0] * 5, parameters, seed=seed))) > distances
    assert (wrong <= most(250, 0.1)).all()
    assert wrong.sum() > 0


def test_simultaneous_radii_are_all_right_except_with_the_stated_probability() -> None:
    distances = np.full(20, 0.3)
    inputs = at_distance(distances)
    wrong_runs = 0
    for seed in range(150):
        parameters: dict[str, Scalar] = {"sigma": SIGMA, "n_selection": 20, "n_estimation": 300, "error_probability": 0.1,
                      "noise": "independent"}  # fmt: skip
        outcome = run(task_of(halves(DIRECTION), inputs, [0] * 20, parameters, seed=seed))
        assert details(outcome).simultaneous
        wrong_runs += bool((radii(outcome) > distances).any())
    assert wrong_runs <= most(150, 0.1)


def test_an_exact_tie_is_rarely_mistaken_for_a_decision() -> None:
    inputs = at_distance(np.zeros(1500))
    parameters: dict[str, Scalar] = {"sigma": SIGMA, "n_selection": 20, "n_estimation": 200, "error_probability": 0.05,
                                     "simultaneous": False, "noise": "independent"}  # fmt: skip
    outcome = run(task_of(halves(DIRECTION), inputs, [0] * 1500, parameters, seed=3))
    assert (radii(outcome) > 0).sum() <= most(1500, 0.05)
    # The procedure that this replaces: choosing the class on the sample that estimates its probability.
    sampler = Sampler(chain(halves(DIRECTION)), inputs, SIGMA, 1, "independent", 3, 1024)
    reused = sampler.select(200, lambda done: None).max(axis=1)
    false_if_reused = sum(not smoothed_radius(int(count), 200, 0.05, SIGMA).abstained for count in reused)
    assert false_if_reused > most(1500, 0.05)


# --- counting ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("noise", ["independent", "shared"])
@pytest.mark.parametrize("decision", ["argmax", "argmin"])
def test_counts_of_a_linear_classifier_agree_with_the_normal_distribution(noise: str, decision: str) -> None:
    distances = np.array([-0.7, -0.2, 0.1, 0.4, 1.1])
    n = 20_000
    parameters: dict[str, Scalar] = {"sigma": SIGMA, "n_estimation": n, "noise": noise}
    outcome = run(
        task_of(halves(DIRECTION, 2.0), at_distance(distances - 2 / 13), [0] * 5, parameters, decision=decision)
    )
    found = details(outcome)
    first = distances > 0 if decision == "argmax" else distances < 0
    assert (found.predicted == np.where(first, 0, 1)).all()
    expected = stats.norm.cdf(np.abs(distances) / SIGMA)
    low, high = stats.binom.ppf([[1e-6], [1 - 1e-6]], n, expected)
    assert ((low <= found.successes) & (found.successes <= high)).all()


@pytest.mark.parametrize("noise", ["independent", "shared"])
def test_counts_are_those_of_the_network_on_the_noisy_inputs(noise: str) -> None:
    # Folding the first layer and working in blocks must not change what is counted: compare with a plain forward.
    layers = [(RNG.standard_normal((9, 4)), RNG.standard_normal(9)), (RNG.standard_normal((3, 9)), np.zeros(3))]
    network = read_network(onnx_bytes(layers), "toy")
    inputs = RNG.standard_normal((6, 4))
    sampler = Sampler(network, inputs, 0.8, 1, noise, 11, 64)  # type: ignore[arg-type]
    chosen = sampler.select(100, lambda done: None)
    classes = chosen.argmax(axis=1)
    reports: list[int] = []
    hits = sampler.estimate(classes, 150, reports.append)
    assert reports == [64 * 6, 128 * 6, 150 * 6]
    for number in range(6):
        stream = 0 if noise == "shared" else number + 1
        for purpose, samples in ((Purpose.SELECTION, 100), (Purpose.ESTIMATION, 150)):
            sizes = [min(64, samples - start) for start in range(0, samples, 64)]
            e = np.vstack([noise_batch(11, purpose, stream, i, (size, 4)) for i, size in enumerate(sizes)])
            expected = network.forward(inputs[number] + 0.8 * e.astype(np.float64)).argmax(axis=1)
            if purpose is Purpose.SELECTION:
                assert np.abs(np.bincount(expected, minlength=3) - chosen[number]).sum() <= 2
            else:
                assert abs(int((expected == classes[number]).sum()) - int(hits[number])) <= 1


def test_a_tie_of_outputs_counts_for_no_class() -> None:
    layers = [(np.array([[1.0], [1.0], [0.0]]), np.array([5.0, 5.0, 0.0]))]
    outcome = run(task_of(layers, np.zeros((1, 1)), [0], {"sigma": 0.1, "n_estimation": 1000}))
    assert details(outcome).successes.tolist() == [0]
    assert radii(outcome).tolist() == [0.0]
    assert not outcome.candidates.any()


def test_overflow_counts_for_no_class() -> None:
    big = 3e38
    layers = [
        (np.array([[big], [big]]), np.array([big, big])),
        (np.array([[1.0, -1.0], [0.0, 0.0]]), np.array([1.0, 0])),
    ]
    sampler = Sampler(chain(layers), np.full((1, 1), 10.0), 0.01, 1, "shared", 0, 32)
    assert sampler.select(64, lambda done: None).sum() == 0
    assert sampler.estimate(np.array([0]), 64, lambda done: None).tolist() == [0]


def test_candidates_need_label_radius_and_no_abstention() -> None:
    distances = np.array([0.6, 0.6, 0.05, 0.0])
    inputs = at_distance(distances)
    outcome = run(task_of(halves(DIRECTION), inputs, [0, 1, 0, 0], {"sigma": SIGMA, "n_estimation": 20_000}, eps=0.4))
    assert outcome.candidates.tolist() == [True, False, False, False]
    assert outcome.violations == {} and outcome.certificate is None and not outcome.complete
    assert any("raw model input" in text and "m is added" in text for text in outcome.assumptions)
    assert any("union bound" in text for text in outcome.assumptions)


# --- determinism -------------------------------------------------------------------------------------------------


def test_a_seed_gives_the_same_counts_again_and_another_seed_others() -> None:
    layers = [(RNG.standard_normal((9, 3)), np.zeros(9)), (RNG.standard_normal((3, 9)), np.zeros(3))]
    inputs = RNG.standard_normal((8, 3))
    found = [
        details(run(task_of(layers, inputs, [0] * 8, {"sigma": 1.0, "n_estimation": 3000}, seed=seed))).successes
        for seed in (5, 5, 6)
    ]
    assert (found[0] == found[1]).all()
    assert (found[0] != found[2]).any()


def test_noise_of_each_batch_is_its_own_and_reproducible() -> None:
    places = [(s, p, i, b) for s in (0, 1) for p in Purpose for i in (0, 1, 2) for b in (0, 1)]
    drawn = {place: noise_batch(*place, (5, 4)).tobytes() for place in places}
    assert len(set(drawn.values())) == len(places)
    assert all(noise_batch(*place, (5, 4)).tobytes() == drawn[place] for place in reversed(places))
    long = noise_batch(0, Purpose.ESTIMATION, 0, 0, (100_000, 1))
    assert abs(long.mean()) < 0.02 and abs(long.std() - 1) < 0.02
    with pytest.raises(ValueError, match="out of range"):
        noise_batch(0, Purpose.SELECTION, 2**30, 0, (1, 1))


def test_batches_fit_the_cache() -> None:
    small = chain([(np.zeros((8, 4)), np.zeros(8)), (np.zeros((2, 8)), np.zeros(2))])
    large = chain([(np.zeros((4096, 4)), np.zeros(4096)), (np.zeros((4096, 4096)), np.zeros(4096))])
    assert cache_batch(small) > cache_batch(large) == 32
    assert cache_batch(large, "cuda") > cache_batch(large)


def test_progress_ends_at_the_total() -> None:
    seen: list[tuple[int, int]] = []
    task = task_of(halves(DIRECTION), at_distance(np.ones(3)), [0] * 3, {"sigma": 1.0, "n_estimation": 5000})
    run(type(task)(**{**vars(task), "progress": lambda done, total, note: seen.append((done, total))}))
    assert seen[-1] == (3 * 5100, 3 * 5100)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


# --- refusals ----------------------------------------------------------------------------------------------------


def test_the_table_of_engines_finds_it() -> None:
    assert load_engine("smoothing") is run


def test_statements_that_it_cannot_treat_are_refused() -> None:
    def refused(**changes: Any) -> str:
        task = task_of(halves(DIRECTION), np.ones((1, 3)), [0], {"sigma": 1.0}, **changes)
        with pytest.raises(UnsupportedError) as caught:
            run(task)
        assert caught.value.finding.code == "E130"
        return caught.value.finding.message

    assert "base network" in refused(predictor=Predictor.BASE)
    task = task_of(halves(DIRECTION), np.ones((1, 3)), [0], {"sigma": 1.0})
    balls = task.statement.regions
    assert isinstance(balls, InputBalls)
    assert "L2" in refused(regions=balls.model_copy(update={"perturbation": LinfBall.model_validate({"eps": "0.1 m"})}))
    assert "condition" in refused(condition=ChosenAmong(outputs=("c0",)))
    box = NamedBox(id="b", ranges={f"x{i}": Range(lower=0, upper=1, unit="m") for i in range(3)})
    assert "L2" in refused(regions=Boxes(boxes=(box,)), condition=ChosenAmong(outputs=("c0",)))


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"sigma": 0.0},
        {"sigma": -1.0},
        {"sigma": "0.25"},
        {"sigma": 1.0, "n_estimation": 0},
        {"sigma": 1.0, "n_selection": 1.5},
        {"sigma": 1.0, "error_probability": 0.0},
        {"sigma": 1.0, "error_probability": 1.0},
        {"sigma": 1.0, "noise": "clipped"},
        {"sigma": 1.0, "alpha": 0.01},
    ],
)
def test_unusable_parameters_are_refused(parameters: dict[str, float]) -> None:
    with pytest.raises(InputError) as caught:
        run(task_of(halves(DIRECTION), np.ones((1, 3)), [0], parameters))
    assert caught.value.finding.code == "E131"


def test_a_network_that_does_not_fit_the_statement_is_refused() -> None:
    task = task_of(halves(DIRECTION), np.ones((1, 3)), [0], {"sigma": 1.0})
    other = onnx_bytes([(np.ones((2, 4)), np.zeros(2))])
    with pytest.raises(InputError) as caught:
        run(type(task)(**{**vars(task), "network": other}))
    assert caught.value.finding.code == "N106"
