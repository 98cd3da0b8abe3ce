"""The embedded examples' networks, tables and data are whole, plausible and as good as their logs say.

They are committed and never made again by the demo, so a wrong or swapped file has to be found here. Proofs
about the networks are not tested here: they are the tool's own runs.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from evidence import digest

EXAMPLES = Path(__file__).parents[2] / "examples"
CAS, DIGITS = EXAMPLES / "vertical_cas", EXAMPLES / "digit_reader"
MODELS = (CAS / "vertical_cas_coc.onnx", DIGITS / "digit_reader.onnx", DIGITS / "digit_reader_linf.onnx")
COC, DNC, DND, DES1500, CL1500 = range(5)
MIRROR = np.array([COC, DND, DNC, CL1500, DES1500])
"""The advisory for the same encounter turned upside down."""


def log_of(folder: Path) -> dict[str, Any]:
    log: dict[str, Any] = json.loads((folder / "training_log.json").read_text(encoding="utf-8"))
    return log


def arrays(path: Path) -> dict[str, NDArray[Any]]:
    with np.load(path, allow_pickle=False) as stored:
        return dict(stored)


def run(model: Path, inputs: NDArray[Any]) -> NDArray[np.int64]:
    """Index of the greatest score by onnxruntime, [N]."""
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed (extra 'replay')")
    session = runtime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    scores = session.run(None, {session.get_inputs()[0].name: inputs.astype(np.float32)})[0]
    winner: NDArray[np.int64] = scores.argmax(axis=1)
    return winner


def mesh(table: dict[str, NDArray[Any]]) -> NDArray[np.float64]:
    """Grid points [H*V*T, 3] in the order of the ravelled advisory array."""
    return np.stack(np.meshgrid(table["grid_h"], table["grid_v"], table["grid_tau"], indexing="ij"), axis=-1).reshape(
        -1, 3
    )


@pytest.fixture(scope="module")
def table() -> dict[str, NDArray[Any]]:
    return arrays(CAS / "table.npz")


@pytest.fixture(scope="module")
def encounter_model() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("encounter_model", CAS / "encounter_model.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    try:
        spec.loader.exec_module(module)
        yield module
    finally:
        del sys.modules[spec.name]


# --- files -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("folder", [CAS, DIGITS], ids=lambda p: p.name)
def test_log_names_every_made_file_with_its_digest(folder: Path) -> None:
    outputs = log_of(folder)["outputs"]
    made = {p.name for p in folder.iterdir() if p.suffix in {".onnx", ".npz"} or p.name == "simulation.json"}
    assert made <= set(outputs)
    for name, recorded in outputs.items():
        assert digest.of_file(folder / name) == recorded, f"{name} is not the file that the log is about"


def test_made_files_are_small() -> None:
    made = [folder / name for folder in (CAS, DIGITS) for name in log_of(folder)["outputs"]]
    assert sum(path.stat().st_size for path in made) < 1_000_000


@pytest.mark.parametrize("path", MODELS, ids=lambda p: p.name)
def test_network_is_a_plain_chain(path: Path) -> None:
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    kinds = [node.op_type for node in model.graph.node]
    prefix = ["Sub", "Mul"] if path.parent == CAS else []
    gemms = kinds.count("Gemm")
    assert kinds == prefix + ["Gemm", "Relu"] * (gemms - 1) + ["Gemm"]
    current = model.graph.input[0].name
    for node in model.graph.node:
        assert node.input[0] == current
        current = node.output[0]
    assert current == model.graph.output[0].name
    for tensor in model.graph.initializer:
        values = onnx.numpy_helper.to_array(tensor)
        assert values.dtype == np.float32
        assert np.isfinite(values).all()
    batch = model.graph.input[0].type.tensor_type.shape.dim[0]
    assert batch.dim_param == "N"
    assert not model.doc_string
    assert not model.graph.doc_string
    assert model.opset_import[0].version == 13
    assert model.ir_version == 8


# --- aviation ----------------------------------------------------------------------------------------------


def test_table_has_its_grid(table: dict[str, NDArray[Any]]) -> None:
    assert table["advisory"].shape == (len(table["grid_h"]), len(table["grid_v"]), len(table["grid_tau"]))
    assert table["advisory"].dtype == np.int8
    for axis in ("grid_h", "grid_v", "grid_tau"):
        assert table[axis].dtype == np.float64
        assert (np.diff(table[axis]) > 0).all()
    assert table["allowed"].tolist() == [COC, DNC, DND, DES1500, CL1500]
    assert set(np.unique(table["advisory"])) == set(table["allowed"].tolist())
    assert table["names"][:5].tolist() == ["COC", "DNC", "DND", "DES1500", "CL1500"]
    assert int(table["previous"]) == COC
    cells = np.prod([len(table[axis]) - 1 for axis in ("grid_h", "grid_v", "grid_tau")])
    assert cells == log_of(CAS)["figures"]["cells"] <= 40_000


def test_table_is_nearly_mirror_symmetric(table: dict[str, NDArray[Any]]) -> None:
    """Turning the encounter upside down swaps up and down, but for ties and the rates' rounding."""
    turned = MIRROR[table["advisory"][::-1, ::-1]]
    assert (turned == table["advisory"]).mean() > 0.999


def test_table_is_silent_where_nothing_can_be_done_or_need_be(table: dict[str, NDArray[Any]]) -> None:
    advisory, h, v = table["advisory"], np.abs(table["grid_h"]), np.abs(table["grid_v"])
    assert (advisory[..., 0] == COC).all(), "at the closest approach itself"
    assert (advisory[h >= 8000] == COC).all(), "intruder far above or below"
    assert (advisory[np.ix_(h >= 2500, v <= 30)] == COC).all(), "far and no fast approach"


def test_table_leads_away_from_a_close_intruder(table: dict[str, NDArray[Any]]) -> None:
    """Own aircraft climbs towards an intruder 100..200 ft above, 6..10 s ahead: descend; and mirrored."""
    h, v, tau = table["grid_h"], table["grid_v"], table["grid_tau"]
    soon = (tau >= 6) & (tau <= 10)
    above = np.ix_((h >= 100) & (h <= 200), (v >= 15) & (v <= 20), soon)
    below = np.ix_((h <= -100) & (h >= -200), (v <= -15) & (v >= -20), soon)
    assert (table["advisory"][above] == DES1500).all()
    assert (table["advisory"][below] == CL1500).all()


def test_table_is_what_the_encounter_model_gives(table: dict[str, NDArray[Any]], encounter_model: ModuleType) -> None:
    scores = encounter_model.solve()[COC]
    assert np.array_equal(table["grid_h"], encounter_model.H_GRID)
    assert (scores.argmax(axis=0) == table["advisory"]).mean() > 0.999  # ties may fall otherwise elsewhere


def test_encounter_model_dynamics(encounter_model: ModuleType) -> None:
    """Rates by hand: led to the band's edge, free outside it, never back across it."""

    def after(v: float, advisory: int, likelihood: int) -> float:
        return float(encounter_model.next_rate(np.array(v), advisory, likelihood)[1])

    assert after(0.0, CL1500, 0) == pytest.approx(8.33)
    assert after(20.0, CL1500, 0) == 25.0
    assert after(25.0, CL1500, 2) == 25.0
    assert after(30.0, CL1500, 2) == 27.0
    assert after(5.0, DNC, 0) == 0.0
    assert after(-1.0, DNC, 1) == 0.0
    assert after(10.0, COC, 1) == 13.0


def test_encounter_model_hand_computed_conflict(encounter_model: ModuleType) -> None:
    """At tau = 0 only a separation of at most 175 ft costs a conflict; a second before, it is foreseen."""
    scores = encounter_model.solve()[COC, COC]
    h = encounter_model.H_GRID
    level = int(np.flatnonzero(encounter_model.V_GRID == 0)[0])
    assert scores[:, level, 0] == pytest.approx(np.where(np.abs(h) <= 175, -1.0, 0.0) + 1e-9)
    at_zero = int(np.flatnonzero(h == 0)[0])
    assert scores[at_zero, level, 1] == pytest.approx(-1.0, abs=1e-6)


def test_encounters_carry_the_tables_advisory(table: dict[str, NDArray[Any]], encounter_model: ModuleType) -> None:
    stored = arrays(CAS / "encounters.npz")
    inputs, labels = stored["inputs"], stored["labels"]
    assert inputs.shape == (60, 3)
    assert inputs.dtype == np.float32
    assert labels.dtype == np.int64
    assert len(np.unique(inputs, axis=0)) == 60
    assert np.bincount(labels).tolist() == [12] * 5
    for column, axis in zip(inputs.T, ("grid_h", "grid_v", "grid_tau"), strict=True):
        assert table[axis][0] <= column.min() <= column.max() <= table[axis][-1]
    found = encounter_model.look_up(table["advisory"], inputs.astype(np.float64))
    assert np.array_equal(found, labels)


def test_simulation_counts_fewer_near_collisions_with_advisories() -> None:
    systems = json.loads((CAS / "simulation.json").read_text(encoding="utf-8"))["systems"]
    without = systems["no_advisories"]
    assert without["alert_rate"] == 0
    assert without["nmac"] > 5000
    for name in ("table", "network_then_table"):
        assert systems[name]["encounters"] == without["encounters"]
        assert systems[name]["nmac"] <= 0.01 * without["nmac"]
        assert 0 < systems[name]["alert_rate"] < 0.5


def test_network_agrees_with_the_table(table: dict[str, NDArray[Any]]) -> None:
    figures = log_of(CAS)["figures"]
    advice, truth = run(MODELS[0], mesh(table)), table["advisory"].ravel()
    alerting = truth != COC
    assert (advice == truth).mean() >= figures["grid_agreement"] - 0.01
    assert (advice == truth)[alerting].mean() >= figures["grid_agreement_alerting"] - 0.01
    assert figures["grid_agreement"] > 0.98


def test_network_takes_physical_units(table: dict[str, NDArray[Any]]) -> None:
    """A network that expected normalised inputs would answer COC to all of these, or to none."""
    states = np.array([[150, 18, 8], [-150, -18, 8], [6000, 0, 20]], dtype=np.float32)
    assert run(MODELS[0], states).tolist() == [DES1500, CL1500, COC]


def test_network_at_the_listed_encounters() -> None:
    stored = arrays(CAS / "encounters.npz")
    agreement = (run(MODELS[0], stored["inputs"]) == stored["labels"]).mean()
    assert agreement >= log_of(CAS)["figures"]["encounter_agreement"] - 0.01


# --- automotive --------------------------------------------------------------------------------------------


def test_test_set_is_held_out_digits() -> None:
    stored = arrays(DIGITS / "test_set.npz")
    settings = log_of(DIGITS)["settings"]
    inputs, labels, indices = stored["inputs"], stored["labels"], stored["indices"]
    assert inputs.shape == (settings["test_size"], 64)
    assert inputs.dtype == np.float32
    assert labels.dtype == indices.dtype == np.int64
    assert len(np.unique(indices)) == settings["test_size"]
    assert np.isin(inputs * 16, np.arange(17)).all()
    assert (np.bincount(labels, minlength=10) >= 30).all(), "every digit occurs"
    datasets = pytest.importorskip("sklearn.datasets", reason="scikit-learn is not installed")
    digits = datasets.load_digits()
    assert settings["test_size"] + settings["train_size"] == len(digits.target)
    assert np.array_equal(digits.target[indices], labels)
    assert np.array_equal((digits.data[indices] / 16).astype(np.float32), inputs)


@pytest.mark.parametrize("path", MODELS[1:], ids=lambda p: p.name)
def test_classifier_is_as_accurate_as_logged(path: Path) -> None:
    stored = arrays(DIGITS / "test_set.npz")
    logged = log_of(DIGITS)["networks"][path.name]["test_accuracy"]
    accuracy = (run(path, stored["inputs"]) == stored["labels"]).mean()
    assert accuracy >= logged - 0.01
    assert accuracy > 0.95
