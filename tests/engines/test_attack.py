"""The attack stays inside its regions, finds what is easy to find, repeats itself, and never beats a proof."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from engine_toys import Files, ball_statement, box_statement, chain, random_weights

import evidence.engines.attack
from evidence.engines.attack import Attack, attack
from evidence.network import read_network
from evidence.regions import RegionSet, expand
from evidence.specification import Linear, LinearConstraint, Statement

pytest.importorskip("torch", reason="torch is not installed")


def everywhere(regions: RegionSet) -> np.ndarray:
    return np.ones(len(regions), dtype=bool)


def positive(name: str = "y0", above: float = 0.0) -> Linear:
    return Linear(all_of=(LinearConstraint(coefficients={name: 1.0}, greater_than=above),))


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_every_point_lies_in_its_region_and_is_float32(norm: str) -> None:
    files, generator = Files(), np.random.default_rng(0)
    inputs = generator.normal(size=(50, 20)) * 100
    network = chain(random_weights([20, 16, 3]))
    statement = ball_statement(files, network, inputs, np.zeros(50, np.int64), 0.37, norm)
    regions = expand(statement, files.__getitem__)
    found = attack(read_network(network, "toy"), regions, everywhere(regions), 2, 10, seed=1)
    points = found.inputs.astype(np.float64)
    assert found.tried.all()
    offset = points - inputs
    size = np.linalg.norm(offset, axis=1) if norm == "l2" else np.abs(offset).max(axis=1)
    assert (size <= 0.37).all()
    assert size.max() > 0.3  # it does go to the edge


def test_a_linear_network_is_attacked_exactly() -> None:
    files = Files()
    weight = np.array([[1.0, -2.0, 0.5]])
    network = chain([(weight, np.array([1.0]))])
    centers = np.zeros((1, 3))
    for norm, reach in (("linf", 3.5), ("l2", float(np.linalg.norm(weight)))):
        for eps, hit in ((0.99 / reach, False), (1.01 / reach, True)):
            statement = ball_statement(
                files, network, centers, np.zeros(1, np.int64), eps, norm, decision="none", condition=positive()
            )
            regions = expand(statement, files.__getitem__)
            found = attack(read_network(network, "toy"), regions, everywhere(regions), 1, 50, seed=0)
            assert bool(found.violations) is hit, (norm, eps)


def test_descent_finds_what_sampling_misses() -> None:
    files = Files()
    # y = |w.x| - 0.98 |w|_1 + ...: only near one corner of a 40-dimensional box is y <= 0
    generator = np.random.default_rng(4)
    weight = generator.choice([-1.0, 1.0], size=(1, 40))
    network = chain([(weight, np.array([39.5]))])
    statement = box_statement(files, network, [(-np.ones(40), np.ones(40))], decision="none", condition=positive())
    regions = expand(statement, files.__getitem__)
    toy = read_network(network, "toy")
    assert not attack(toy, regions, everywhere(regions), 0, 1, seed=0).violations
    assert set(attack(toy, regions, everywhere(regions), 1, 30, seed=0).violations) == {0}
    assert not attack(toy, regions, ~everywhere(regions), 1, 30, seed=0).violations


def test_equal_seeds_give_equal_points() -> None:
    files = Files()
    network = chain(random_weights([4, 10, 3]))
    statement = ball_statement(files, network, np.zeros((5, 4)), np.zeros(5, np.int64), 0.1)
    regions = expand(statement, files.__getitem__)
    toy = read_network(network, "toy")
    first, second = (attack(toy, regions, everywhere(regions), 2, 5, seed=9) for _ in range(2))
    assert (first.inputs == second.inputs).all() and (first.margins == second.margins).all()


def test_a_region_without_float32_inputs_is_not_searched() -> None:
    files = Files()
    network = chain([(np.eye(2), np.zeros(2))])
    thin = (np.array([0.1, -1.0]), np.array([0.1, 1.0]))  # 0.1 is no float32 number
    wide = (np.array([0.05, -1.0]), np.array([0.15, 1.0]))
    statement = box_statement(files, network, [thin, wide], decision="none", condition=positive("y1"))
    regions = expand(statement, files.__getitem__)
    found = attack(read_network(network, "toy"), regions, everywhere(regions), 1, 5, seed=0)
    assert found.tried.tolist() == [False, True]
    assert set(found.violations) == {1}


def test_disjunctions_count_as_violated_only_when_every_row_fails() -> None:
    from evidence.specification import ChosenAmong

    files = Files()
    # three outputs: x, -x, 0.5; "chosen among y0, y1" fails only where |x| <= 0.5
    weight, bias = np.array([[1.0], [-1.0], [0.0]]), np.array([0.0, 0.0, 0.5])
    network = chain([(weight, bias)])
    boxes = [(np.array([0.6]), np.array([2.0])), (np.array([0.4]), np.array([2.0]))]
    statement = box_statement(files, network, boxes, condition=ChosenAmong(outputs=("y0", "y1")))
    assert isinstance(statement, Statement)
    regions = expand(statement, files.__getitem__)
    found = attack(read_network(network, "toy"), regions, everywhere(regions), 2, 20, seed=0)
    assert set(found.violations) == {1}
    assert abs(found.violations[1][0]) <= 0.5


def test_an_attack_that_is_stopped_says_so_and_what_it_searched() -> None:
    """One look before each evaluation; regions in pieces, of which the later ones are not begun."""
    files = Files()
    network = chain(random_weights([3, 8, 1]))
    centers = np.random.default_rng(0).normal(size=(10, 3))
    statement = ball_statement(
        files, network, centers, np.zeros(10, np.int64), 0.5, decision="none", condition=positive(above=-50.0)
    )
    regions = expand(statement, files.__getitem__)
    toy = read_network(network, "toy")

    def at_most(looks: int) -> tuple[Attack, int]:
        asked: list[None] = []

        def stop() -> bool:
            asked.append(None)
            return len(asked) > looks

        return attack(toy, regions, everywhere(regions), 3, 20, seed=0, stop=stop), len(asked)

    full = attack(toy, regions, everywhere(regions), 3, 20, seed=0)
    patient, looks = at_most(10**6)
    assert not full.stopped and not patient.stopped and looks > 100
    assert (patient.inputs == full.inputs).all() and (patient.margins == full.margins).all()
    short, asked = at_most(30)
    assert short.stopped and asked < 40 and short.tried.all()
    assert (short.margins >= full.margins).all() and (short.margins > full.margins).any()
    none, _ = at_most(0)
    assert none.stopped and not none.tried.any() and not none.violations


def test_pieces_that_were_not_begun_were_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence.engines.attack, "_EVALUATIONS", 4)
    files = Files()
    network = chain(random_weights([2, 4, 2]))
    statement = ball_statement(files, network, np.zeros((10, 2)), np.zeros(10, np.int64), 0.1)
    regions = expand(statement, files.__getitem__)
    pieces: list[int] = []
    real = evidence.engines.attack._sample

    def watched(search: Any, chosen: Any, *more: Any) -> None:
        pieces.append(len(chosen))
        real(search, chosen, *more)

    monkeypatch.setattr(evidence.engines.attack, "_sample", watched)
    found = attack(
        read_network(network, "toy"), regions, everywhere(regions), 1, 1, seed=0, stop=lambda: len(pieces) >= 2
    )
    assert pieces == [4, 4] and found.stopped
    assert found.tried.tolist() == [True] * 8 + [False] * 2
