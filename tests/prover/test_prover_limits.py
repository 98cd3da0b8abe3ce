"""Limits that hold, refusals with a code, and proofs of another network that the checker does not confirm."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
from engine_toys import Files, Floats, ball_statement, box_statement, chain, random_weights
from prover_toys import positive, prove

from evidence.engines import attack, certificate
from evidence.engines.prover import engine, violations
from evidence.errors import InputError, UnsupportedError
from evidence.network import Affine, Model, Network, simplest
from evidence.specification import ChosenAmong, Linear, LinearConstraint, Statement
from evidence.store import Store
from evidence.verdict import Arithmetic, Predictor

SPLITS = pytest.mark.parametrize("split", ["inputs", "relus"])
HARD = chain(random_weights([8, 40, 40, 40, 1], 2))
"""Its least value on the boxes below is far from what relaxations show."""
UNIT = np.full(8, -1.0), np.ones(8)


def hard(files: Files, copies: int = 1) -> Statement:
    """A bound just below what samples show: true or false, but not to be decided in a moment."""
    above = Linear(all_of=(LinearConstraint(coefficients={"y0": 1.0}, greater_than=-9.0),))
    boxes = [(UNIT[0], UNIT[1] + number / 64) for number in range(copies)]
    return box_statement(files, HARD, boxes, decision="none", condition=above)


@SPLITS
def test_a_time_limit_leaves_the_rest_unknown(split: str, tmp_path: Path) -> None:
    files = Files()
    record = prove(hard(files), files, Store(tmp_path), split=split, timeout=0.01)
    assert record.regions == "U"
    assert "time limit" in record.reason


@SPLITS
def test_a_limit_of_parts_is_kept(split: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    grown = engine.Growth

    def watched(inputs: int) -> object:
        made.append(grown(inputs))
        return made[-1]

    monkeypatch.setattr(engine, "Growth", watched)
    files = Files()
    record = prove(hard(files), files, Store(tmp_path), split=split, timeout=60.0, max_parts=300)
    assert record.regions == "U"
    assert "300 parts" in record.reason
    assert len(made[0].kind.values) <= 300 + 2 * 256 * 40


def test_the_time_limit_reaches_into_a_long_attack(tmp_path: Path) -> None:
    """A hundred thousand starts in each of thirty boxes would take minutes."""
    files = Files()
    statement = hard(files, copies=30)
    started = time.monotonic()
    record = prove(statement, files, Store(tmp_path), attack=100_000, timeout=0.5)
    assert time.monotonic() - started < 30
    assert set(record.regions) <= {"U", "P", "R"}
    assert "time limit" in record.reason


@SPLITS
def test_no_starts_mean_no_descent(split: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def descending(*given: object) -> None:
        raise AssertionError("a descent was started")

    monkeypatch.setattr(violations, "descend", descending)
    monkeypatch.setattr(attack, "_descend", descending)
    files = Files()
    network = chain(random_weights([2, 6, 1], 1))
    condition = Linear(all_of=(LinearConstraint(coefficients={"y0": 1.0}, greater_than=50.0),))
    statement = positive(network, np.zeros(2), np.ones(2), files, condition=condition)
    assert prove(statement, files, Store(tmp_path), split=split, attack=0).regions == "R"


def test_what_was_proved_before_a_limit_stays_proved(tmp_path: Path) -> None:
    files = Files()
    easy = np.zeros(8), np.full(8, 1e-3)
    above = Linear(all_of=(LinearConstraint(coefficients={"y0": 1.0}, greater_than=-9.0),))
    statement = box_statement(files, HARD, [easy, UNIT], decision="none", condition=above)
    record = prove(statement, files, Store(tmp_path), split="inputs", timeout=20.0, max_parts=600)
    assert record.regions == "PU"


# --- refusals ------------------------------------------------------------------------------------------------------


def test_refusals_have_codes(tmp_path: Path) -> None:
    files = Files()
    network = chain(random_weights([2, 4, 2], 0))
    inputs, labels = np.zeros((1, 2)), np.zeros(1, dtype=np.int64)
    ball = ball_statement(files, network, inputs, labels, 0.1, norm="l2")
    box = ball_statement(files, network, inputs, labels, 0.1)
    store = Store(tmp_path)
    with pytest.raises(UnsupportedError) as refused:
        prove(ball, files, store)
    assert refused.value.finding.code == "E112"
    with pytest.raises(UnsupportedError) as refused:
        prove(box.model_copy(update={"predictor": Predictor.SMOOTHED}), files, store)
    assert refused.value.finding.code == "E112"
    for parameter, value in (
        ("tiemout", 1.0),
        ("timeout", 0.0),
        ("timeout", -1.0),
        ("max_parts", 0),
        ("split", "both"),
    ):
        with pytest.raises(InputError) as wrong:
            prove(box, files, store, **{parameter: value})
        assert wrong.value.finding.code == "E111"
        assert parameter in wrong.value.finding.message


def test_a_model_of_another_size_is_an_error(tmp_path: Path) -> None:
    files = Files()
    statement = positive(chain(random_weights([2, 4, 1], 0)), np.zeros(2), np.ones(2), files)
    other = statement.model_copy(update={"model": files.add(chain(random_weights([3, 4, 1], 0)))})
    with pytest.raises(InputError) as wrong:
        prove(other, files, Store(tmp_path))
    assert wrong.value.finding.code == "N106"


# --- small networks of every shape ---------------------------------------------------------------------------------


@SPLITS
@pytest.mark.parametrize("arithmetic", [Arithmetic.REAL, Arithmetic.FLOAT32])
def test_a_network_without_relus(split: str, arithmetic: Arithmetic, tmp_path: Path) -> None:
    files = Files()
    network = chain([(np.array([[1.0, -0.5]]), np.array([0.75]))])
    holds = positive(network, np.zeros(2), np.ones(2), files, arithmetic=arithmetic)
    fails = positive(network, np.full(2, -1.0), np.ones(2), files, arithmetic=arithmetic)
    assert prove(holds, files, Store(tmp_path), split=split).regions == "P"
    assert prove(fails, files, Store(tmp_path), split=split).regions == "R"


def test_one_float32_implementation_gets_no_bounds(tmp_path: Path) -> None:
    """The checker knows the reals and every execution in float32: the rest stays unknown, not merely unchecked."""
    files = Files()
    network = chain([(np.array([[1.0, -0.5]]), np.array([0.75]))])
    statement = positive(network, np.zeros(2), np.ones(2), files, arithmetic=Arithmetic.FLOAT32_ONE)
    record = prove(statement, files, Store(tmp_path))
    assert record.regions == "U" and record.guarantee.arithmetic is not Arithmetic.FLOAT32_ONE


@SPLITS
def test_constant_inputs(split: str, tmp_path: Path) -> None:
    files = Files()
    network = chain(random_weights([20, 10, 10, 1], 1))
    lower = np.zeros(20)
    upper = lower.copy()
    upper[3] = 0.5
    least = Linear(all_of=(LinearConstraint(coefficients={"y0": 1.0}, greater_than=-20.0),))
    statement = positive(network, lower, upper, files, condition=least)
    assert prove(statement, files, Store(tmp_path), split=split).regions == "P"


def test_equal_runs_give_equal_records(tmp_path: Path) -> None:
    files = Files()
    statement = hard(files)
    for split in ("inputs", "relus"):
        runs = [
            prove(statement, files, Store(tmp_path / f"{split}{n}"), split=split, timeout=60.0, max_parts=150)
            for n in (0, 1)
        ]
        assert runs[0] == runs[1]


# --- faults in the engine's reader -----------------------------------------------------------------------------------

SQUARE = [
    (np.array([[1.0, 2.0], [-3.0, 1.0]]), np.array([0.5, -0.25])),
    (np.array([[1.0, -1.0], [2.0, 1.0]]), np.array([0.25, 0.5])),
    (np.array([[1.0, 0.0], [-1.0, 2.0]]), np.array([3.0, -3.0])),
]


def with_layer(network: Network, place: int, change: Callable[[Affine], Affine]) -> Network:
    layers = list(network.layers)
    layer = layers[place]
    assert isinstance(layer, Affine)
    layers[place] = change(layer)
    return replace(network, layers=tuple(layers))


def one_weight(network: Network) -> Network:
    def change(layer: Affine) -> Affine:
        weight = layer.weight.copy()
        weight[0, 0] += 100.0
        return replace(layer, weight=weight)

    return with_layer(network, 4, change)


def bias_dropped(network: Network) -> Network:
    return with_layer(network, 4, lambda layer: replace(layer, bias=np.zeros_like(layer.bias)))


def transposed(network: Network) -> Network:
    return with_layer(network, 0, lambda layer: replace(layer, weight=layer.weight.T.copy()))


FAULTS = {
    # outputs above `least` hold for the network as it is read wrongly, and not for the file
    one_weight: ({"y0": 1.0}, 20.0, np.array([1.0, 1.0])),
    bias_dropped: ({"y1": 1.0}, 1.0, np.array([0.0, 0.0])),
    transposed: ({"y1": -1.0}, 0.0, np.array([-1.0, 1.0])),
}


@SPLITS
@pytest.mark.parametrize("fault", list(FAULTS), ids=lambda fault: fault.__name__)
def test_a_fault_in_the_engines_reader_is_caught(
    fault: Callable[[Network], Network], split: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    coefficients, least, center = FAULTS[fault]
    files = Files()
    condition = Linear(all_of=(LinearConstraint(coefficients=coefficients, greater_than=least),))
    box = center - 0.0625, center + 0.0625
    statement = box_statement(files, chain(SQUARE), [box], decision="none", condition=condition)

    def wrongly(graph: object) -> Model:
        found = simplest(graph)  # type: ignore[arg-type]
        assert isinstance(found, Network)
        return fault(found)

    monkeypatch.setattr(engine, "simplest", wrongly)
    offered = Mock(wraps=certificate.write_certificate)
    monkeypatch.setattr(engine, "write_certificate", offered)
    record = prove(statement, files, Store(tmp_path), split=split)
    assert offered.called, "the fault is to make the engine offer a proof"
    assert record.regions == "C"
    (recheck,) = [item for item in record.rechecks if item.what == "bounds"]
    assert recheck.agreed == 0 and recheck.note


@SPLITS
def test_small_faults_on_random_networks_are_never_confirmed_wrongly(
    split: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the engine believes: a confirmed region holds at sampled points of the file's network."""
    files = Files()
    for seed in range(8):
        weights = random_weights([2, 5, 5, 2], seed)
        generator = np.random.default_rng(seed)
        boxes = [(low, low + 0.5) for low in generator.normal(size=(4, 2)).round(3)]
        network = chain(weights)
        statement = box_statement(files, network, boxes, condition=ChosenAmong(outputs=("y0",)), decision="argmax")

        def wrongly(graph: object, seed: int = seed) -> Model:
            found = simplest(graph)  # type: ignore[arg-type]
            assert isinstance(found, Network)
            return with_layer(found, 2, lambda layer: replace(layer, weight=layer.weight.T.copy()))

        monkeypatch.setattr(engine, "simplest", wrongly)
        record = prove(statement, files, Store(tmp_path), split=split, timeout=0.5)
        for letter, (low, high) in zip(record.regions, boxes, strict=True):
            points: Floats = generator.uniform(low, high, size=(500, 2))
            values = points
            for number, (weight, bias) in enumerate(weights):
                values = values @ weight.T + bias
                values = values if number == 2 else np.maximum(values, 0)
            assert letter != "P" or (values[:, 0] > values[:, 1]).all()
