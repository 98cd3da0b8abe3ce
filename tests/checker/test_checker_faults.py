"""Are the tests sensitive? One-line faults are planted in a copy of the checker; the tests named beside notice."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CHECKER = ROOT / "evidence" / "checker"

FAULTS: list[tuple[str, str, str, str]] = [
    # file, text that stands there once, what takes its place, tests (an expression for -k)
    ("rounding.py", "return operations * EPS", "return 0.0", "in_spite_of_cancellation"),
    ("bounds.py", "part = layer.roundings * SINGLE", "part = 0.0 * layer.roundings * SINGLE", "float_trap"),
    ("bounds.py", "np.where(size < SINGLE_MOST, 1.000001", "np.where(size == size, 1.000001", "overflow_in_float32"),
    (
        "bounds.py",
        "spread = spread * (1 + 2 * self.net.g) + noise",
        "spread = spread * (1 + 2 * self.net.g)",
        "cancellation",
    ),
    (
        "bounds.py",
        "low = np.where(self.up > 0, (self.chord + 4 * EPS) * self.down, 0.0)",
        "low = 0 * self.up",
        "cost_of_a_chord",
    ),
    (
        "dual.py",
        "loss += np.vecdot(np.abs(nu), bounds.noise.take(of, axis=0))",
        "pass",
        "float_trap or cancellation",
    ),
    ("dual.py", "loss += np.vecdot(size - mu,", "loss += 0.4 * np.vecdot(size - mu,", "by_hand or below"),
    (
        "dual.py",
        "loss -= np.minimum(np.minimum((mu - nu) * up, nu * down), 0.0).sum(axis=1)",
        "pass",
        "cannot_forge or any_slopes",
    ),
    ("dual.py", "np.minimum((mu - nu) * up, nu * down)", "(mu - nu) * up", "no_tree_and_no_multipliers or any_slopes"),
    (
        "dual.py",
        "np.where(betas.sign[here] > 0, mu[row, neuron] - beta, beta)",
        "np.where(betas.sign[here] < 0, mu[row, neuron] - beta, beta)",
        "betas",
    ),
    ("dual.py", "loss += 0.0 * mu.sum(axis=1)", "pass", "nothing_that_is_not_finite"),
    ("dual.py", "lost = loss + sets.radius[of] * length", "lost = loss + 0.9 * sets.radius[of] * length", "euclidean"),
    (
        "smooth.py",
        "found = np.where(inside, np.minimum(ends, slope * turn - root), ends)",
        "found = ends",
        "offset_of_any_slope or enclose_tanh",
    ),
    (
        "walk.py",
        "upper[every, axis] = lower[every, axis] = at",
        "upper[every, axis] = lower[every, axis] = at + 1e-3",
        "leaves_of_a_tree or face",
    ),
    ("walk.py", "yield replace(above, lower=lower)", "yield replace(below, upper=upper)", "leaves_of_a_tree"),
    (
        "walk.py",
        "outside = ~((parts.lower[every, axis] <= at) & (at <= parts.upper[every, axis]))",
        "outside = at != at",
        "forged or malformed_trees",
    ),
    (
        "walk.py",
        "high[every, neuron] = np.minimum(high[every, neuron], 0.0)",
        "high[every, neuron] = np.minimum(high[every, neuron], -1.0)",
        "phase or no_tree",
    ),
    ("walk.py", "phases=_appended(parts.phases, -(neuron + 1))", "phases=_appended(parts.phases, neuron + 1)", "betas"),
    ("walk.py", "(self.low > self.high).any(axis=1)", "(self.low >= self.high).any(axis=1)", "bounds_that_meet"),
    (
        "walk.py",
        "(np.abs(parts.phases) == neuron[:, None] + 1).any(axis=1)",
        "(parts.phases == neuron[:, None] + 1).any(axis=1)",
        "malformed_trees or forged",
    ),
    ("walk.py", "asked=parts.asked & ~named", "asked=parts.asked & named", "separation"),
    (
        "walk.py",
        "np.minimum.at(upper, (which[~below], neuron[~below]), -found[~below])",
        "np.minimum.at(upper, (which[~below], neuron[~below]), found[~below])",
        "inner_bounds or no_tree",
    ),
    (
        "leaves.py",
        "best[of[none & (found > 0)]] = np.inf",
        "best[of[found > 0]] = np.inf",
        "no_tree or graph or separation",
    ),
    (
        "leaves.py",
        "return np.asarray(best.min(axis=1))",
        "return np.asarray(best.max(axis=1))",
        "mean_what or conditions or separation or property",
    ),
    (
        "leaves.py",
        "np.where(parts.asked[index, : condition.clauses], -np.inf, np.inf)",
        "np.where(parts.asked[index, : condition.clauses], -np.inf, np.inf)[:, :1].repeat(condition.clauses, 1)",
        "separation",
    ),
    ("offers.py", "if not (found >= 0).all():", "if False:", "weights"),
    ("tree.py", "if open_parts:", "if False:", "malformed_trees or forged"),
    ("tree.py", "if not splits:", "if False:", "phases_are_split_only"),
    ("check.py", "if offered.statement != _statement_digest(statement):", "if False:", "another_statement"),
    (
        "check.py",
        "if not isinstance(content, bytes) or _sha256(content) != digest:",
        "if not isinstance(content, bytes):",
        "swapped",
    ),
    ("check.py", 'executed=statement["arithmetic"] == "float32"', "executed=False", "float_trap"),
    ("problem.py", "values[0] == -values[1]", "float(values[0]) == -float(values[1])", "softmax"),
    ("problem.py", "return bound == 0 and", "return float(bound) == 0 and", "softmax"),
    ("check.py", "proved[list(self.reasons)] = False", "pass", "malformed or false"),
    ("regions.py", "size = _number(amount)", "size = 0.5 * _number(amount)", "regions or radii or agrees"),
    (
        "regions.py",
        "offsets.append(math.nextafter(-threshold, -math.inf))",
        "offsets.append(math.nextafter(threshold, -math.inf))",
        "regions",
    ),
    (
        "property.py",
        "min(high.get(variable, (end, True)), (end, not atom.strict))",
        "(end, not atom.strict)",
        "tightest",
    ),
    ("property.py", '">=": (-1, False)', '">=": (1, False)', "property"),
    ("property.py", "limit = -form.get(_ONE, Fraction(0))", "limit = form.get(_ONE, Fraction(0))", "property"),
    ("property.py", "if not rows:", "if False:", "everything_else_is_refused"),
    ("property.py", "np.nextafter([[float(low)", "np.array([[float(low)", "boxes_and_rows"),
    (
        "operators.py",
        "bias = use.floats(2) if use.given(2) else np.zeros(len(weight))\n    if bias",
        "bias = np.zeros(len(weight))\n    if bias",
        "each_operator",
    ),
    (
        "operators.py",
        'weight = weight if use.at("transB", 0) else weight.T',
        'weight = weight if weight.shape[0] != weight.shape[1] and use.at("transB", 0) else weight.T',
        "misread or transposed or weights_are_exact",
    ),
    ("operators.py", "shift - mean * factor, each),\n", "shift + mean * factor, each),\n", "each_operator"),
    (
        "operators.py",
        "use.builder.add(use.builder.terms(tensor, -1.0), high,",
        "use.builder.add(use.builder.terms(tensor, -1.0), -high,",
        "each_operator",
    ),
    ("operators.py", "matrix.products + 2)", "0)", "roundings_are_counted"),
    (
        "builder.py",
        "before.activation == NONE and not (before.bias.any() and layer.bias.any())",
        "before.activation == NONE",
        "each_operator",
    ),
    ("builder.py", "uses[source] == 1", "True", "each_operator"),
    (
        "builder.py",
        "roundings=before.roundings + layer.roundings",
        "roundings=0 * layer.roundings",
        "roundings_are_counted",
    ),
    ("linear.py", "np.add.at(found, self.sources, given)", "found[self.sources] = given", "each_operator"),
    ("onnx_file.py", "if not np.isfinite(values).all():", "if False:", "everything_else"),
]


@pytest.mark.parametrize("number", range(len(FAULTS)))
def test_faults_still_have_their_place(number: int) -> None:
    file, old, _, _ = FAULTS[number]
    assert (CHECKER / file).read_text("utf-8").count(old) == 1, (file, old)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(FAULTS)))
def test_planted_faults_are_noticed(number: int, tmp_path: Path) -> None:
    file, old, new, tests = FAULTS[number]
    shutil.copytree(ROOT / "evidence", tmp_path / "evidence", ignore=shutil.ignore_patterns("__pycache__"))
    place = tmp_path / "evidence" / "checker" / file
    place.write_text(place.read_text("utf-8").replace(old, new), encoding="utf-8")
    command = [sys.executable, "-P", "-m", "pytest", str(HERE), "-x", "-q", "--no-header", "-m", "not slow"]
    command += ["-p", "no:cacheprovider", "-k", f"({tests}) and not faults and not qualification"]
    paths = os.pathsep.join([str(tmp_path), str(ROOT)])
    environment = {**os.environ, "PYTHONPATH": paths, "HYPOTHESIS_STORAGE_DIRECTORY": str(tmp_path / "examples")}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 1, f"{file}: {old} -> {new}\n{done.stdout[-2000:]}{done.stderr[-500:]}"
    assert "error" not in done.stdout.splitlines()[-1].lower(), done.stdout[-2000:]
