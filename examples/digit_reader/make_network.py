"""Makes the automotive example: two digit classifiers and their held-out test set.

    python examples/digit_reader/make_network.py [--out FOLDER]

writes beside itself (or into FOLDER)
    digit_reader.onnx       grey levels [N,64] in [0,1] -> scores [N,10]; trained under Gaussian noise, so that
                            it serves as the base of a smoothed predictor
    digit_reader_linf.onnx  the same interface; trained on interval bounds, so that Linf bounds are not vacuous
    test_set.npz            inputs [N,64] float32, labels [N] int64, and their indices in the data set
    training_log.json       seeds, settings, versions, loss, accuracy, and the digests of the files above

One thread, fixed seeds: the same machine and library versions give the same bytes. The demo never runs it.
Settings were fixed before the test set was looked at; nothing is selected on it.

What this does NOT do: prove anything. Interval bounds in the training loss are float32 and serve the
optimiser; evidence about the networks is made from the ONNX files by the tool's engines.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import sklearn
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

SEED = 20261122
WIDTHS = (64, 128, 64, 10)
CLASSES = 10
TEST_SIZE = 500
GREY_LEVELS = 16.0
"""The data set counts 0..16 set pixels a block; inputs are this count divided by 16."""

BATCH, LEARNING_RATE = 64, 1e-3
NOISE_SIGMA, NOISE_EPOCHS = 0.25, 300
LINF_EPS, LINF_EPOCHS = 0.1, 400
LINF_SHARE = 0.5
"""Weight of the interval loss against the ordinary one once it is fully faded in."""

OPSET, IR_VERSION = 13, 8

Layers = list[nn.Linear]
Loss = Callable[[Layers, Tensor, Tensor, float], Tensor]


@dataclass(frozen=True)
class Split:
    """Training and test inputs [.,64] float32 and labels [.] int64, with the test rows' places in the data."""

    train_inputs: NDArray[np.float32]
    train_labels: NDArray[np.int64]
    test_inputs: NDArray[np.float32]
    test_labels: NDArray[np.int64]
    test_indices: NDArray[np.int64]


def split_digits() -> Split:
    """A random split of scikit-learn's 1,797 digits: 500 held out, the rest for training."""
    digits = load_digits()
    inputs, labels = (digits.data / GREY_LEVELS).astype(np.float32), digits.target.astype(np.int64)
    held_out = np.sort(np.random.default_rng(SEED).permutation(len(labels))[:TEST_SIZE])
    rest = np.setdiff1d(np.arange(len(labels)), held_out)
    return Split(inputs[rest], labels[rest], inputs[held_out], labels[held_out], held_out)


def forward(layers: Layers, x: Tensor) -> Tensor:
    """Scores [N,10] of inputs [N,64]."""
    for layer in layers[:-1]:
        x = layer(x).relu()
    out: Tensor = layers[-1](x)
    return out


def noisy_loss(layers: Layers, x: Tensor, label: Tensor, done: float) -> Tensor:
    """Cross entropy under Gaussian noise of NOISE_SIGMA; not clipped, as smoothing does not clip either."""
    return cross_entropy(forward(layers, x + NOISE_SIGMA * torch.randn_like(x)), label)


def interval_loss(layers: Layers, x: Tensor, label: Tensor, done: float) -> Tensor:
    """Cross entropy mixed with that of the worst scores over an Linf ball inside [0,1] (IBP training).

    Ball and weight grow over the middle of training (Gowal et al., 2018); `done` is its finished share.
    """
    grown = min(1.0, max(0.0, (done - 0.1) / 0.5))
    eps, share = LINF_EPS * grown, LINF_SHARE * grown
    low, high = (x - eps).clamp(0, 1), (x + eps).clamp(0, 1)
    for layer in layers[:-1]:
        centre, radius = layer((low + high) / 2), (high - low) / 2 @ layer.weight.abs().T
        low, high = (centre - radius).relu(), (centre + radius).relu()
    # The last layer is folded into the differences score[a] - score[label], which is tighter.
    weight, bias = layers[-1].weight, layers[-1].bias
    rows = weight[None] - weight[label][:, None]
    centre = (rows @ ((low + high) / 2)[..., None])[..., 0] + bias - bias[label][:, None]
    worst = centre + (rows.abs() @ ((high - low) / 2)[..., None])[..., 0]
    return (1 - share) * cross_entropy(forward(layers, x), label) + share * cross_entropy(worst, label)


def train(split: Split, loss_of: Loss, epochs: int, seed: int) -> tuple[Layers, list[dict[str, float]]]:
    """Adam with a falling learning rate; returns the layers and the mean loss of ten epochs along the way."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    layers = [nn.Linear(a, b) for a, b in pairwise(WIDTHS)]
    optimiser = torch.optim.Adam([p for layer in layers for p in layer.parameters()], lr=LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, epochs)
    inputs, labels = torch.from_numpy(split.train_inputs), torch.from_numpy(split.train_labels)
    curve: list[dict[str, float]] = []
    for epoch in range(epochs):
        total = 0.0
        for at in torch.split(torch.randperm(len(labels)), BATCH):
            loss = loss_of(layers, inputs[at], labels[at], epoch / epochs)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            total += loss.item() * len(at)
        schedule.step()
        if (epoch + 1) % (epochs // 10) == 0:
            curve.append({"epoch": epoch + 1, "loss": round(total / len(labels), 5)})
            print(curve[-1], flush=True)
    return layers, curve


def to_onnx(layers: Layers, name: str) -> bytes:
    """The chain of Gemm and Relu as the bytes of a model with free batch size N."""
    nodes, constants, current = [], [], "grey"
    for i, layer in enumerate(layers, start=1):
        last = i == len(layers)
        constants.append(numpy_helper.from_array(layer.weight.detach().numpy(), f"w{i}"))
        constants.append(numpy_helper.from_array(layer.bias.detach().numpy(), f"b{i}"))
        out = "scores" if last else f"z{i}"
        nodes.append(helper.make_node("Gemm", [current, f"w{i}", f"b{i}"], [out], name=f"gemm{i}", transB=1))
        if not last:
            current = f"x{i}"
            nodes.append(helper.make_node("Relu", [out], [current], name=f"relu{i}"))
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info("grey", TensorProto.FLOAT, ["N", WIDTHS[0]])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["N", CLASSES])],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="make_network")
    model.ir_version = IR_VERSION
    onnx.checker.check_model(model, full_check=True)
    data: bytes = model.SerializeToString(deterministic=True)
    return data


def deployed_accuracy(model: bytes, layers: Layers, split: Split) -> float:
    """Share of the test set that onnxruntime classifies rightly. Stops when it differs from torch."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    scores = session.run(None, {"grey": split.test_inputs})[0]
    with torch.no_grad():
        difference = float(np.abs(scores - forward(layers, torch.from_numpy(split.test_inputs)).numpy()).max())
    if difference > 1e-5 * max(1.0, float(np.abs(scores).max())):
        raise SystemExit(f"onnxruntime and torch differ by {difference}; expected at most 1e-5 of the greatest score")
    return float((scores.argmax(axis=1) == split.test_labels).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder to write into")
    out: Path = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    split = split_digits()
    recipes: dict[str, tuple[Loss, int]] = {
        "digit_reader.onnx": (noisy_loss, NOISE_EPOCHS),
        "digit_reader_linf.onnx": (interval_loss, LINF_EPOCHS),
    }
    networks: dict[str, Any] = {}
    for number, (file, (loss_of, epochs)) in enumerate(recipes.items()):
        layers, curve = train(split, loss_of, epochs, SEED + number)
        model = to_onnx(layers, file.removesuffix(".onnx"))
        (out / file).write_bytes(model)
        networks[file] = {"curve": curve, "test_accuracy": deployed_accuracy(model, layers, split)}
    np.savez(out / "test_set.npz", inputs=split.test_inputs, labels=split.test_labels, indices=split.test_indices)
    log = {
        "seed": SEED,
        "settings": {
            "widths": list(WIDTHS),
            "train_size": len(split.train_labels),
            "test_size": TEST_SIZE,
            "batch": BATCH,
            "learning_rate": LEARNING_RATE,
            "noise_sigma": NOISE_SIGMA,
            "noise_epochs": NOISE_EPOCHS,
            "linf_eps": LINF_EPS,
            "linf_epochs": LINF_EPOCHS,
            "linf_share": LINF_SHARE,
        },
        "versions": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "scikit-learn": sklearn.__version__,
            "torch": torch.__version__,
            "onnx": onnx.__version__,
            "onnxruntime": onnxruntime.__version__,
        },
        "networks": networks,
        "outputs": {
            f: "sha256:" + hashlib.sha256((out / f).read_bytes()).hexdigest() for f in (*recipes, "test_set.npz")
        },
    }
    text = json.dumps(log, indent=2, sort_keys=True) + "\n"
    (out / "training_log.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
