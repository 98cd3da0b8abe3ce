"""Makes the aviation example: the advisory table, the network trained to imitate it, and encounter states.

    python examples/vertical_cas/make_network.py [--out FOLDER]

writes beside itself (or into FOLDER)
    vertical_cas_coc.onnx  (h ft, v ft/s, tau s) [N,3] -> scores of five advisories [N,5]; the greatest wins
    table.npz              the advisory of every grid point for previous advisory COC, int8
    encounters.npz         60 encounter states with the table's advisory
    simulation.json        closed loop without advisories, with the table, with network and table
    training_log.json      seeds, versions, loss, agreement, and the digests of the files above

One thread, fixed seeds: the same machine and library versions give the same bytes. Takes some minutes; the
demo never runs it. The encounter model is in encounter_model.py.

What this does NOT do: prove anything. The bounds in the training loss are float32 and serve the optimiser;
evidence about the network is made from the ONNX file by the tool's engines.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import encounter_model as em
import numpy as np
import onnx
import onnxruntime
import scipy
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

SEED = 20261122
SIMULATION_SEED = 7
STEPS = 20_000
BATCH = 512
LEARNING_RATE = 6e-3
HIDDEN = (40, 40, 40)
ADVISORIES = 5
"""Advisories allowed after COC: COC, DNC, DND, DES1500, CL1500."""

OFFSET = np.array([[0.0, 0.0, 20.0]], dtype=np.float32)
SCALE = np.array([[1 / 512, 1 / 32, 1 / 8]], dtype=np.float32)
"""The network's own normalisation (x - OFFSET) * SCALE; powers of two, so that scaling rounds nothing."""

GAP_KNEE = 5e-3
"""A score this far below the best one becomes -1/2 of the training target."""
UNDER_WEIGHT = 4.0
"""Weight of an error that speaks against the best advisory: best one too low, or another too high."""
POINT_WEIGHT, GRID_WEIGHT, CELL_WEIGHT = 3.0, 0.5, 1.0
SHARPNESS = 20.0
"""Score differences are multiplied by this before a cross entropy."""

OPSET, IR_VERSION = 13, 8


@dataclass(frozen=True)
class Cells:
    """The grid's boxes: corners `low`, `high` [M,3] in physical units, `advisory` [M] of the lowest corner,
    `uniform` [M] true where all eight corners share it."""

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    advisory: NDArray[np.int64]
    uniform: NDArray[np.bool_]


def mesh(h: em.Floats, v: em.Floats, tau: em.Floats) -> em.Floats:
    """All points of three axes, [len(h)*len(v)*len(tau), 3]; the last axis runs fastest."""
    return np.stack(np.meshgrid(h, v, tau, indexing="ij"), axis=-1).reshape(-1, 3)


def cells_of(table: em.Advisories) -> Cells:
    """The cells of a table [H, V, T]."""
    corners = np.stack([table[_side(i, 0), _side(i, 1), _side(i, 2)] for i in range(8)])
    low = mesh(em.H_GRID[:-1], em.V_GRID[:-1], em.TAU_GRID[:-1])
    high = mesh(em.H_GRID[1:], em.V_GRID[1:], em.TAU_GRID[1:])
    uniform = (corners == corners[0]).all(axis=0)
    return Cells(low, high, corners[0].ravel().astype(np.int64), uniform.ravel())


def _side(corner: int, axis: int) -> slice:
    return slice(1, None) if corner >> axis & 1 else slice(None, -1)


def compress(scores: em.Floats) -> em.Floats:
    """Scores [..., A] to targets in (-1, 0]: 0 for the best advisory, monotone in the loss of the others.

    Raw scores span six orders of magnitude; only their order decides, and this keeps it.
    """
    gap = scores - scores.max(axis=-1, keepdims=True)
    target: em.Floats = gap / (GAP_KNEE - gap)
    return target


def normalise(points: em.Floats) -> Tensor:
    """Physical points [N,3] to network coordinates, float32."""
    return torch.from_numpy(((points - OFFSET) * SCALE).astype(np.float32))


def forward(layers: list[nn.Linear], x: Tensor) -> Tensor:
    """Scores of normalised inputs [N,3] -> [N,5]."""
    for layer in layers[:-1]:
        x = layer(x).relu()
    out: Tensor = layers[-1](x)
    return out


def margin_bound(layers: list[nn.Linear], low: Tensor, high: Tensor, label: Tensor) -> Tensor:
    """CROWN-IBP lower bound of score[label] - score[a] for every a over boxes, [B,5]; 0 at a = label.

    Hidden layers are bounded by intervals, the margin backwards by linear relaxations (Zhang et al., ICLR
    2020). Plain float32 without outward rounding: a training signal, never evidence.
    """
    hidden: list[tuple[Tensor, Tensor]] = []
    lo, up = low, high
    for layer in layers[:-1]:
        centre, radius = layer((lo + up) / 2), (up - lo) / 2 @ layer.weight.abs().T
        hidden.append((centre - radius, centre + radius))
        lo, up = (centre - radius).relu(), (centre + radius).relu()
    eye = torch.eye(ADVISORIES)
    rows = eye[label][:, None, :] - eye[None]
    constant = rows @ layers[-1].bias
    rows = rows @ layers[-1].weight
    for layer, (lo, up) in zip(reversed(layers[:-1]), reversed(hidden), strict=True):
        chord = up.relu() / (up.relu() - lo.clamp_max(0)).clamp_min(1e-9)
        tangent = (up > -lo).float()
        lift = -lo.clamp_max(0) * chord
        positive, negative = rows.clamp_min(0), rows.clamp_max(0)
        constant = constant + (negative * lift[:, None]).sum(-1)
        rows = positive * tangent[:, None] + negative * chord[:, None]
        constant = constant + rows @ layer.bias
        rows = rows @ layer.weight
    centre, radius = ((low + high) / 2)[:, None], ((high - low) / 2)[:, None]
    return constant + (rows * centre).sum(-1) - (rows.abs() * radius).sum(-1)


def train(scores: em.Floats, table: em.Advisories, cells: Cells) -> tuple[list[nn.Linear], list[dict[str, Any]]]:
    """Fit the network to scores [H,V,T,5]; returns its layers and a summary of the loss curve.

    Three terms: (1) asymmetric squared error to the interpolated scores at random points inside cells;
    (2) cross entropy of the table's advisory at grid points; (3) cross entropy of the worst margins over
    whole uniform cells (box-aware), faded in, with the weakest cells drawn most often.
    """
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    layers = [nn.Linear(a, b) for a, b in zip((3, *HIDDEN), (*HIDDEN, ADVISORIES), strict=True)]
    for layer in layers:
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        nn.init.zeros_(layer.bias)
    parameters = [p for layer in layers for p in layer.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=LEARNING_RATE, weight_decay=1e-5)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, LEARNING_RATE, total_steps=STEPS, pct_start=0.1)

    targets = compress(scores)
    grid = normalise(mesh(em.H_GRID, em.V_GRID, em.TAU_GRID))
    grid_label = torch.from_numpy(table.astype(np.int64).ravel())
    low, high = normalise(cells.low[cells.uniform]), normalise(cells.high[cells.uniform])
    label = torch.from_numpy(cells.advisory[cells.uniform])
    quiet_cell = torch.from_numpy(cells.uniform & (cells.advisory == em.COC))
    # Most of the grid is far from any decision: draw there rarely.
    draw_cell = torch.where(quiet_cell, 0.03, 1.0)
    draw_point = torch.from_numpy(np.where(_near_alert(table).ravel(), 1.0, 0.05))
    draw_box = torch.where(label == em.COC, 0.05, 1.0)

    curve: list[dict[str, Any]] = []
    for step in range(STEPS):
        if step % 500 == 0 and step:
            draw_box = _weakness(layers, low, high, label)
        at = torch.multinomial(draw_cell, BATCH, replacement=True).numpy()
        points = cells.low[at] + (cells.high[at] - cells.low[at]) * torch.rand(BATCH, 3, dtype=torch.float64).numpy()
        target = torch.from_numpy(em.interpolate(targets, points)).float()
        error = forward(layers, normalise(points)) - target
        is_best = nn.functional.one_hot(target.argmax(dim=1), ADVISORIES).bool()
        against = torch.where(is_best, error < 0, error > 0)
        loss = POINT_WEIGHT * (torch.where(against, UNDER_WEIGHT, 1.0) * error**2).mean()

        at_grid = torch.multinomial(draw_point, BATCH, replacement=True)
        loss = loss + GRID_WEIGHT * cross_entropy(forward(layers, grid[at_grid]) * SHARPNESS, grid_label[at_grid])

        grown = min(1.0, max(0.0, (step / STEPS - 0.1) / 0.4))
        if grown > 0:
            box = torch.multinomial(draw_box, BATCH, replacement=True)
            centre, radius = (low[box] + high[box]) / 2, (high[box] - low[box]) / 2 * grown
            worst = margin_bound(layers, centre - radius, centre + radius, label[box])
            loss = loss + CELL_WEIGHT * cross_entropy(-worst * SHARPNESS, label[box])

        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        schedule.step()
        if (step + 1) % 2000 == 0:
            with torch.no_grad():
                agreement = (forward(layers, grid).argmax(dim=1) == grid_label).double().mean().item()
            curve.append({"step": step + 1, "loss": round(loss.item(), 5), "grid_agreement": round(agreement, 5)})
            print(curve[-1], flush=True)
    return layers, curve


def _near_alert(table: em.Advisories) -> NDArray[np.bool_]:
    """Grid points with an advisory other than COC at themselves or at a neighbour, [H,V,T]."""
    alert = np.pad(table != em.COC, 1)
    near = np.zeros(table.shape, dtype=np.bool_)
    for i, j, k in np.ndindex(3, 3, 3):
        near |= alert[i : i + table.shape[0], j : j + table.shape[1], k : k + table.shape[2]]
    return near


def _weakness(layers: list[nn.Linear], low: Tensor, high: Tensor, label: Tensor) -> Tensor:
    """How often to draw each uniform cell: more where its worst margin is small or negative."""
    with torch.no_grad():
        worst = margin_bound(layers, low, high, label)
    worst[torch.arange(len(label)), label] = float("inf")
    floor = torch.where(label == em.COC, 0.02, 0.15)
    return torch.sigmoid((0.05 - worst.amin(dim=1)) * 10) + floor


def to_onnx(layers: list[nn.Linear]) -> bytes:
    """The chain Sub, Mul, then Gemm and Relu in turn, as the bytes of a model with free batch size N."""
    nodes = [helper.make_node("Sub", ["state", "offset"], ["shifted"], name="shift")]
    nodes.append(helper.make_node("Mul", ["shifted", "scale"], ["x0"], name="rescale"))
    constants = [numpy_helper.from_array(OFFSET, "offset"), numpy_helper.from_array(SCALE, "scale")]
    for i, layer in enumerate(layers, start=1):
        last = i == len(layers)
        constants.append(numpy_helper.from_array(layer.weight.detach().numpy(), f"w{i}"))
        constants.append(numpy_helper.from_array(layer.bias.detach().numpy(), f"b{i}"))
        out = "scores" if last else f"z{i}"
        nodes.append(helper.make_node("Gemm", [f"x{i - 1}", f"w{i}", f"b{i}"], [out], name=f"gemm{i}", transB=1))
        if not last:
            nodes.append(helper.make_node("Relu", [f"z{i}"], [f"x{i}"], name=f"relu{i}"))
    graph = helper.make_graph(
        nodes,
        "vertical_cas_coc",
        [helper.make_tensor_value_info("state", TensorProto.FLOAT, ["N", 3])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["N", ADVISORIES])],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="make_network")
    model.ir_version = IR_VERSION
    onnx.checker.check_model(model, full_check=True)
    data: bytes = model.SerializeToString(deterministic=True)
    return data


class Deployed:
    """The ONNX bytes run by onnxruntime on one thread: what the figures below are about."""

    def __init__(self, model: bytes) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def scores(self, points: em.Floats) -> NDArray[np.float32]:
        """Scores at physical points [N,3] -> [N,5]."""
        out: NDArray[np.float32] = self._session.run(None, {"state": points.astype(np.float32)})[0]
        return out

    def advise(self, points: em.Floats) -> NDArray[np.int64]:
        """Index of the advisory with the greatest score, [N]; the lowest index wins a tie."""
        winner: NDArray[np.int64] = self.scores(points).argmax(axis=1)
        return winner


def hybrid_policy(network: Deployed, tables: em.Advisories) -> em.Policy:
    """The network while no advisory is active, the table of the active advisory otherwise."""
    by_table = em.table_policy(tables)

    def act(previous: NDArray[np.int64], h: em.Floats, v: em.Floats, tau: int) -> NDArray[np.int64]:
        advice = network.advise(np.column_stack([h, v, np.full_like(h, tau)]))
        return np.where(previous == em.COC, advice, by_table(previous, h, v, tau))

    return act


def closed_loop(network: Deployed, tables: em.Advisories) -> dict[str, Any]:
    """Encounters with separation below 100 ft at closest approach, counted for three systems."""
    policies = {
        "no_advisories": None,
        "table": em.table_policy(tables),
        "network_then_table": hybrid_policy(network, tables),
    }
    report: dict[str, Any] = {}
    for name, policy in policies.items():
        flight = em.simulate(policy, SIMULATION_SEED)
        report[name] = {
            "encounters": flight.separation.size,
            "nmac": int((flight.separation < em.NMAC_FT).sum()),
            "nmac_rate": flight.nmac_rate,
            "alert_rate": flight.alert_rate,
        }
    return {"seed": SIMULATION_SEED, "nmac_below_ft": em.NMAC_FT, "systems": report}


def choose_encounters(
    table: em.Advisories, tables: em.Advisories, cells: Cells
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """12 states for each advisory, met in simulated encounters while COC was active: inputs, labels.

    Drawn from cells whose corners share the advisory, so that the label does not depend on how the table
    is read between grid points; rounded to 1 ft and .1 ft/s.
    """
    rng = np.random.default_rng(SEED)
    flight = em.simulate(em.table_policy(tables), SIMULATION_SEED + 1)
    taus = np.arange(em.TAU_GRID[-1], -1, -1)[:, None] + np.zeros_like(flight.h)
    met = (flight.previous == em.COC) & (taus >= 2)
    states = np.column_stack([flight.h[met].round(0), flight.v[met].round(1), taus[met]])
    label = em.look_up(table, states)
    shape = tuple(n - 1 for n in table.shape)
    cell = np.ravel_multi_index(tuple(em.cell_of(states).T), shape)
    clear = cells.uniform[cell] & (cells.advisory[cell] == label)
    chosen = np.concatenate(
        [np.sort(rng.choice(np.flatnonzero(clear & (label == a)), 12, replace=False)) for a in range(ADVISORIES)]
    )
    return states[chosen].astype(np.float32), label[chosen]


def sampled_conformity(network: Deployed, cells: Cells) -> dict[str, float | int]:
    """Uniform cells at which 27 points (corners, mid-edges, mid-faces, centre) all get the cell's advisory."""
    low, high, label = (x[cells.uniform] for x in (cells.low, cells.high, cells.advisory))
    good = np.ones(len(label), dtype=np.bool_)
    for i, j, k in np.ndindex(3, 3, 3):
        good &= network.advise(low + (high - low) * np.array([i, j, k]) / 2) == label
    return {
        "cells": len(cells.uniform),
        "uniform_cells": int(cells.uniform.sum()),
        "uniform_cells_alerting": int((label != em.COC).sum()),
        "conforming_27_points": float(good.mean()),
        "conforming_27_points_alerting": float(good[label != em.COC].mean()),
    }


def write_json(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder to write into")
    out: Path = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)

    all_scores = em.solve()
    tables = all_scores.argmax(axis=1).astype(np.int8)
    table, scores = tables[em.COC], np.moveaxis(all_scores[em.COC, :ADVISORIES], 0, -1)
    cells = cells_of(table)
    layers, curve = train(scores, table, cells)

    model = to_onnx(layers)
    network = Deployed(model)
    grid = mesh(em.H_GRID, em.V_GRID, em.TAU_GRID)
    with torch.no_grad():
        twin = forward(layers, normalise(grid)).numpy()
    difference = float(np.abs(network.scores(grid) - twin).max())
    if difference > 1e-5:
        raise SystemExit(f"onnxruntime and torch differ by {difference}; expected at most 1e-5")

    (out / "vertical_cas_coc.onnx").write_bytes(model)
    np.savez(
        out / "table.npz",
        grid_h=em.H_GRID,
        grid_v=em.V_GRID,
        grid_tau=em.TAU_GRID,
        advisory=table,
        allowed=np.array(em.allowed(em.COC), dtype=np.int8),
        previous=np.int8(em.COC),
        names=np.array(em.NAMES),
    )
    inputs, labels = choose_encounters(table, tables, cells)
    np.savez(out / "encounters.npz", inputs=inputs, labels=labels)
    write_json(out / "simulation.json", closed_loop(network, tables))

    advice, truth = network.advise(grid), table.ravel()
    alerting = truth != em.COC
    files = ("vertical_cas_coc.onnx", "table.npz", "encounters.npz", "simulation.json")
    write_json(
        out / "training_log.json",
        {
            "seed": SEED,
            "settings": {
                "steps": STEPS,
                "batch": BATCH,
                "learning_rate": LEARNING_RATE,
                "hidden": list(HIDDEN),
                "weights_point_grid_cell": [POINT_WEIGHT, GRID_WEIGHT, CELL_WEIGHT],
                "under_weight": UNDER_WEIGHT,
                "gap_knee": GAP_KNEE,
                "sharpness": SHARPNESS,
            },
            "versions": {
                "python": platform.python_version(),
                "numpy": np.__version__,
                "scipy": scipy.__version__,
                "torch": torch.__version__,
                "onnx": onnx.__version__,
                "onnxruntime": onnxruntime.__version__,
            },
            "curve": curve,
            "figures": {
                "grid_agreement": float((advice == truth).mean()),
                "grid_agreement_alerting": float((advice == truth)[alerting].mean()),
                "false_alerts_on_grid": float((advice != em.COC)[~alerting].mean()),
                "encounter_agreement": float((network.advise(inputs.astype(np.float64)) == labels).mean()),
                **sampled_conformity(network, cells),
            },
            "outputs": {f: "sha256:" + hashlib.sha256((out / f).read_bytes()).hexdigest() for f in files},
        },
    )


if __name__ == "__main__":
    main()
