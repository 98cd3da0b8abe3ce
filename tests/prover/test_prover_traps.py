"""Violations that attacks do not see, and networks that float32 executes differently: never proved."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from engine_toys import Files, Floats, Weights, chain, float_trap
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prover_toys import exact_outputs, positive, prove

from evidence.regions import expand
from evidence.replay import Runtime, reproduces
from evidence.store import Store
from evidence.verdict import Arithmetic

pytest.importorskip("onnxruntime")


def hidden_point(inputs: int, width: float, seed: int) -> tuple[Weights, Floats]:
    """y = 1/2 + benign(x) - 4 relu(1 - sum |x - x0| / width): positive but for a tiny bump downwards around x0."""
    generator = np.random.default_rng(seed)
    center = generator.uniform(-0.9, 0.9, size=inputs).astype(np.float32).astype(np.float64)
    first = np.concatenate([np.eye(inputs), -np.eye(inputs), generator.normal(size=(3, inputs)) / 4])
    bias = np.concatenate([-center, center, np.zeros(3)])
    second = np.zeros((4, len(first)))
    second[0, : 2 * inputs] = -1 / width
    second[1:, 2 * inputs :] = np.eye(3)
    last = np.array([[-4.0, 0.25, 0.25, 0.25]])
    return [(first, bias), (second, np.array([1.0, 0, 0, 0])), (last, np.array([0.5]))], center


@pytest.mark.parametrize("split", ["inputs", "relus"])
@pytest.mark.parametrize(("inputs", "width"), [(2, 1e-4), (3, 1e-4), (5, 1e-3)])
def test_a_hidden_violation_is_never_proved(inputs: int, width: float, split: str, tmp_path: Path) -> None:
    files = Files()
    weights, center = hidden_point(inputs, width, seed=inputs)
    network = chain(weights)
    box = np.full(inputs, -1.0), np.ones(inputs)
    assert Runtime(network, "toy").run(center.astype(np.float32))[0] < 0
    statement = positive(network, *box, files)
    record = prove(statement, files, Store(tmp_path), split=split, timeout=3.0)
    assert record.regions in ("R", "U")
    if inputs == 2:
        assert record.regions == "R"  # a complete search finds what an attack does not


@pytest.mark.parametrize("split", ["inputs", "relus"])
def test_a_hidden_violation_among_many_inputs_is_never_proved(split: str, tmp_path: Path) -> None:
    files = Files()
    weights, center = hidden_point(20, 1e-2, seed=20)
    network = chain(weights)
    assert Runtime(network, "toy").run(center.astype(np.float32))[0] < 0
    statement = positive(network, np.full(20, -1.0), np.ones(20), files)
    assert prove(statement, files, Store(tmp_path), split=split, timeout=1.5).regions in ("R", "U")


def test_the_same_network_without_its_bump_is_proved(tmp_path: Path) -> None:
    weights, _ = hidden_point(3, 1e-3, seed=3)
    weights[-1][0][0, 0] = 0.0
    files = Files()
    statement = positive(chain(weights), np.full(3, -1.0), np.ones(3), files)
    for split in ("inputs", "relus"):
        assert prove(statement, files, Store(tmp_path), split=split).regions == "P"


# --- float32 -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("split", ["inputs", "relus"])
@pytest.mark.parametrize("arithmetic", [Arithmetic.REAL, Arithmetic.FLOAT32])
def test_the_float_trap(arithmetic: Arithmetic, split: str, tmp_path: Path) -> None:
    files = Files()
    network, low, high = float_trap()
    statement = positive(network, low, high, files, arithmetic=arithmetic)
    record = prove(statement, files, Store(tmp_path), split=split, timeout=3.0)
    assert record.regions == "R"
    (example,) = record.counterexamples
    assert reproduces(statement, expand(statement, files.__getitem__), example, Runtime(network, "toy"))


def test_a_proof_over_the_reals_stands_beside_a_replayed_violation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the search proves before any execution was tried, both facts are told, and the violation wins."""
    import evidence.run as runs

    files = Files()
    network, low, high = float_trap()
    engine = runs.load_engine("prover")
    hidden: dict[int, Floats] = {}

    def late(task: object) -> object:
        import evidence.engines.prover.violations as violations

        with monkeypatch.context() as patched:
            patched.setattr(violations.Violations, "_keep", lambda self, region, point: hidden.update({region: point}))
            outcome = engine(task)  # type: ignore[arg-type]
        outcome.violations.update({0: np.array([np.float32(0.95)], dtype=np.float64)})
        return outcome

    monkeypatch.setattr(runs, "load_engine", lambda name: late)
    record = prove(positive(network, low, high, files), files, Store(tmp_path), timeout=3.0)
    assert record.regions == "R"
    (recheck,) = [item for item in record.rechecks if item.what == "bounds"]
    assert "hold over the reals, yet a float32 execution violates" in recheck.note


def deep_trap(power: int, margin: float, depth: int, width: int) -> Weights:
    """Each copy adds 2^power and takes it off again through `depth` ReLU layers; y = mean of copies - margin."""
    big = 2.0**power
    layers: Weights = [(np.ones((width, 1)), np.full(width, big))]
    for number in range(depth - 1):
        layers = [*layers, (np.eye(width), np.full(width, -big if number % 2 == 0 else big))]
    left = big if depth % 2 else 0.0
    return [*layers, (np.full((1, width), 1.0 / width), np.array([-left - margin]))]


def violated_in_some_order(weights: Weights, points: Floats) -> bool:
    """Whether some float32 execution, summing forward or backward, gives an output that is not positive."""
    for step in (1, -1):
        values = points.astype(np.float32)
        for number, (weight, bias) in enumerate(weights):
            w = weight.astype(np.float32)
            total = np.zeros((len(values), len(w)), np.float32)
            for i in range(w.shape[1])[::step]:
                total = (total + values[:, i : i + 1] * w[:, i]).astype(np.float32)
            values = (total + bias.astype(np.float32)).astype(np.float32)
            if number < len(weights) - 1:
                values = np.maximum(values, np.float32(0))
        if (values[:, 0] <= 0).any():
            return True
    return False


traps = given(
    power=st.integers(0, 30),
    quarters=st.integers(1, 7),
    depth=st.integers(1, 4),
    width=st.sampled_from([1, 2, 4]),
    split=st.sampled_from(["inputs", "relus"]),
)
few = settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@traps
@few
def test_float32_claims_are_never_proved_where_an_execution_violates(
    power: int, quarters: int, depth: int, width: int, split: str
) -> None:
    weights = deep_trap(power, quarters / 8, depth, width)
    letter = trapped(weights, Arithmetic.FLOAT32, split)
    points = np.linspace(0.875, 1.0, 65, dtype=np.float32)[:, None]
    runtime = Runtime(chain(weights), "toy")
    violated = any(runtime.run(x)[0] <= 0 for x in points) or violated_in_some_order(weights, points.astype(np.float64))
    assert letter != "C"
    assert not (violated and letter == "P")
    if power <= 4 and quarters <= 6:
        assert letter == "P"  # margins far above rounding


@traps
@few
def test_claims_over_the_reals_are_never_proved_where_the_exact_network_violates(
    power: int, quarters: int, depth: int, width: int, split: str
) -> None:
    weights = deep_trap(power, quarters / 8, depth, width)
    letter = trapped(weights, Arithmetic.REAL, split)
    violated = any(exact_outputs(weights, [x])[0] <= 0 for x in (Fraction(7, 8), Fraction(15, 16), Fraction(1)))
    assert letter != "C"
    assert not (violated and letter == "P")


def trapped(weights: Weights, arithmetic: Arithmetic, split: str) -> str:
    with TemporaryDirectory() as folder:
        files = Files()
        statement = positive(chain(weights), np.array([0.875]), np.array([1.0]), files, arithmetic=arithmetic)
        record = prove(statement, files, Store(Path(folder)), split=split, timeout=2.0, max_parts=3000)
        assert all(a.shape[0] == b.shape[1] for (a, _), (b, _) in pairwise(weights))
        return record.regions
