"""The set-up of auto_LiRPA: bounds against hand-computed ones, orderings, and a process left as it was found."""

from __future__ import annotations

import itertools
import logging
import sys
import warnings
from importlib.util import find_spec

import numpy as np
import pytest
from engine_toys import Floats, chain, random_weights

from evidence.errors import MissingLibraryError
from evidence.network import Affine, Network, Relu, read_network

torch = pytest.importorskip("torch", reason="torch is not installed")
if find_spec("auto_LiRPA") is None:
    pytest.skip("auto_LiRPA is not installed", allow_module_level=True)

from evidence.engines.bounds import lirpa  # noqa: E402
from evidence.engines.bounds.lirpa import Bounder, Method, Sets  # noqa: E402

METHODS: tuple[Method, ...] = ("ibp", "crown-ibp", "crown", "alpha-crown")
ROUNDING = 1e-9


def boxes(lower: Floats, upper: Floats) -> Sets:
    return Sets(lower, upper, lower / 2 + upper / 2)


def balls(centers: Floats, radius: Floats) -> Sets:
    half = radius[:, None]
    return Sets(centers - half, centers + half, centers, radius)


def network(*layers: Affine | Relu, inputs: int, outputs: int) -> Network:
    return Network("toy", inputs, outputs, layers, (1, inputs))


def affine(weight: list[list[float]], bias: list[float]) -> Affine:
    return Affine(np.array(weight), np.array(bias))


# y = ReLU(x1 + x2) - ReLU(x1 - x2) on the box [-1, 1] x [0, 1]
TOY = network(affine([[1, 1], [1, -1]], [0, 0]), Relu(2), affine([[1, -1]], [0]), inputs=2, outputs=1)
TOY_BOX = boxes(np.array([[-1.0, 0.0]]), np.array([[1.0, 1.0]]))


def test_interval_bounds_by_hand() -> None:
    # x1+x2 in [-1,2], x1-x2 in [-2,1]; so y in [0-1, 2-0]
    up, down = np.array([[[1.0]]]), np.array([[[-1.0]]])
    assert Bounder(TOY).bound("ibp", TOY_BOX, up).lower[0, 0] == pytest.approx(-1.0, abs=1e-12)
    assert Bounder(TOY).bound("ibp", TOY_BOX, down).lower[0, 0] == pytest.approx(-2.0, abs=1e-12)


def test_crown_bounds_by_hand() -> None:
    # first neuron l=-1,u=2: upper slope 2/3, adaptive lower slope 1; second l=-2,u=1: upper slope 1/3, intercept
    # 2/3; lower slope 0. Lower bound of y: (x1+x2) - (x1-x2)/3 - 2/3 = 2/3 x1 + 4/3 x2 - 2/3, least -4/3 at (-1,0).
    found = Bounder(TOY).bound("crown", TOY_BOX, np.array([[[1.0]]]), coefficients=True)
    assert found.lower[0, 0] == pytest.approx(-4 / 3, abs=1e-6)
    assert found.coefficients is not None
    assert found.coefficients[0, 0] == pytest.approx([2 / 3, 4 / 3], abs=1e-6)


def test_alpha_crown_by_hand() -> None:
    # with lower slope a on the first neuron: a(x1+x2) - (x1-x2)/3 - 2/3, least at x2=0 and x1=-1 or 1:
    # min(-a + 1/3, a - 1/3) - 2/3, best at a = 1/3 with -2/3
    found = Bounder(TOY, iterations=100).bound("alpha-crown", TOY_BOX, np.array([[[1.0]]]))
    assert found.lower[0, 0] == pytest.approx(-2 / 3, abs=0.02)
    assert found.lower[0, 0] <= -2 / 3 + 1e-6
    assert found.slopes is not None
    assert found.slopes[0][0, 0, 0] == pytest.approx(1 / 3, abs=0.02)


@pytest.mark.parametrize("method", METHODS)
def test_affine_networks_have_closed_forms(method: Method) -> None:
    generator = np.random.default_rng(1)
    weight, bias = generator.normal(size=(2, 3)), generator.normal(size=2)
    net = network(Affine(weight, bias), inputs=3, outputs=2)
    centers, radius = generator.normal(size=(5, 3)), generator.uniform(0.1, 1, size=5)
    rows = np.tile(np.eye(2), (5, 1, 1))
    clean = centers @ weight.T + bias
    ball = clean - radius[:, None] * np.linalg.norm(weight, axis=1)
    box = clean - radius[:, None] * np.abs(weight).sum(axis=1)
    bounder = Bounder(net)
    assert np.abs(bounder.bound(method, balls(centers, radius), rows).lower - ball).max() < 1e-12
    cube = boxes(centers - radius[:, None], centers + radius[:, None])
    assert np.abs(bounder.bound(method, cube, rows).lower - box).max() < 1e-12


@pytest.mark.parametrize("first_relu", [False, True])
@pytest.mark.parametrize("euclidean", [False, True])
def test_ten_thousand_samples_lie_inside_and_methods_are_ordered(first_relu: bool, euclidean: bool) -> None:
    generator = np.random.default_rng(2)
    net = read_network(chain(random_weights([3, 12, 12, 4], seed=5)), "toy")
    layers = ((Relu(3),) if first_relu else ()) + net.layers + ((Relu(4),) if first_relu else ())
    net = Network("toy", 3, 4, layers, (1, 3))
    count, each = 20, 500
    centers, radius = generator.normal(size=(count, 3)), generator.uniform(0.01, 0.4, size=count)
    rows = generator.normal(size=(count, 3, 4))
    offset = generator.uniform(-1, 1, size=(each, count, 3))
    if euclidean:
        offset /= np.maximum(np.linalg.norm(offset, axis=2, keepdims=True), 1)
    sets = balls(centers, radius)
    sets = sets if euclidean else boxes(sets.lower, sets.upper)
    seen = np.stack([net.forward(centers + part * radius[:, None]) for part in offset])
    least = np.einsum("bkm,sbm->sbk", rows, seen).min(axis=0)
    bounder = Bounder(net, batch=16)  # the last batch is filled up
    bounds = {method: bounder.bound(method, sets, rows).lower for method in METHODS}
    for method in METHODS:
        assert (bounds[method] <= least + ROUNDING).all(), method
    assert (bounds["alpha-crown"] >= bounds["crown"]).all()
    assert bounds["ibp"].mean() < bounds["crown-ibp"].mean() <= bounds["crown"].mean() < least.mean()


@pytest.mark.parametrize("method", METHODS)
def test_without_perturbation_the_bounds_are_the_outputs(method: Method) -> None:
    net = read_network(chain(random_weights([3, 8, 8, 2], seed=7)), "toy")
    centers = np.random.default_rng(0).normal(size=(9, 3))
    rows = np.tile(np.eye(2), (9, 1, 1))
    exact = net.forward(centers)
    for tiny in (0.0, 1e-9):
        found = Bounder(net).bound(method, boxes(centers - tiny, centers + tiny), rows)
        assert np.abs(found.lower - exact).max() < 1e-6
        found = Bounder(net).bound(method, balls(centers, np.full(9, tiny)), rows)
        assert np.abs(found.lower - exact).max() < 1e-6


def test_batches_do_not_change_the_bounds() -> None:
    net = read_network(chain(random_weights([3, 8, 2])), "toy")
    centers = np.random.default_rng(0).normal(size=(37, 3))
    rows = np.tile(np.eye(2), (37, 1, 1))
    alone = np.concatenate(
        [Bounder(net).bound("crown", boxes(c[None] - 0.1, c[None] + 0.1), rows[:1]).lower for c in centers[:5]]
    )
    together = Bounder(net, batch=16).bound("crown", boxes(centers - 0.1, centers + 0.1), rows).lower
    assert np.abs(alone - together[:5]).max() < 1e-12
    assert Bounder(net).bound("crown", boxes(centers[:0], centers[:0]), rows[:0]).lower.shape == (0, 2)


def test_linear_lower_bounds_hold_at_every_corner() -> None:
    net = read_network(chain(random_weights([3, 10, 10, 2], seed=3)), "toy")
    lower, upper = np.array([[-0.3, -0.2, 0.1]]), np.array([[0.2, 0.4, 0.5]])
    found = Bounder(net).bound("crown", boxes(lower, upper), np.eye(2)[None], coefficients=True)
    assert found.coefficients is not None
    # bound(x) = A x + c with A x + c >= lower at its least corner: recover c from the reported minimum
    slope = found.coefficients[0]
    constant = found.lower[0] - (np.minimum(slope * lower, slope * upper)).sum(axis=1)
    for corner in itertools.product(*zip(lower[0], upper[0], strict=True)):
        assert (slope @ np.array(corner) + constant <= net.forward(np.array([corner]))[0] + ROUNDING).all()


def test_the_process_is_left_as_it_was() -> None:
    dtype, filters = torch.get_default_dtype(), list(warnings.filters)
    handlers = list(logging.getLogger().handlers)
    lirpa.library()
    Bounder(TOY).bound("alpha-crown", TOY_BOX, np.array([[[1.0]]]))
    assert torch.get_default_dtype() == dtype
    assert list(warnings.filters) == filters
    assert logging.getLogger().handlers == handlers
    assert not any("auto_LiRPA" in type(item).__module__ for item in handlers)


def test_import_in_a_fresh_process_leaves_no_handler_and_prints_nothing() -> None:
    import subprocess

    code = (
        "import logging, warnings, torch; before = list(warnings.filters)\n"
        "from evidence.engines.bounds.lirpa import library; library()\n"
        "assert not logging.getLogger().handlers, logging.getLogger().handlers\n"
        "assert list(warnings.filters) == before\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("absent", ["torch", "auto_LiRPA"])
def test_a_missing_library_is_a_clear_error(absent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lirpa.library.cache_clear()
    monkeypatch.setitem(sys.modules, absent, None)
    with pytest.raises(MissingLibraryError) as caught:
        Bounder(TOY)
    assert caught.value.finding.code == "E110"
    assert absent in caught.value.finding.message
    assert "pip install" in str(caught.value.finding.remedy)
    lirpa.library.cache_clear()


def test_the_recursion_limit_is_left_alone() -> None:
    """The library raises it on import; deeply nested input would then crash the interpreter instead of failing."""
    lirpa.library()
    assert sys.getrecursionlimit() < 100_000
