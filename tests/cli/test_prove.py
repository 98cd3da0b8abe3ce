"""`assurance prove`: verdicts, exit codes, the promised JSON, and bad input as one message."""

from __future__ import annotations

import gzip
import importlib
import json
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from evidence.records import BoundsRecord, read_record
from evidence.store import Store

Cli = Callable[..., Any]
SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "schemas" / "prove.schema.json"
HEAD = "(declare-const X_0 Real)\n(declare-const Y_0 Real)\n(assert (>= X_0 -1))\n(assert (<= X_0 1))\n"


def _network(inputs: int = 1) -> bytes:
    """y = relu(x) - relu(x) with x the sum of the inputs: zero, while interval bounds see [-1, 1]."""
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, n]) for name, n in (("x", inputs), ("y", 1)))
    first = np.array([[1.0] * inputs, [1.0] * inputs], dtype=np.float32)
    second = np.array([[1.0, -1.0]], dtype=np.float32)
    nodes = [
        helper.make_node("Gemm", ["x", "w1"], ["a"], transB=1),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("Gemm", ["b", "w2"], ["y"], transB=1),
    ]
    weights = [numpy_helper.from_array(first, "w1"), numpy_helper.from_array(second, "w2")]
    made = helper.make_model(
        helper.make_graph(nodes, "g", [x], [y], weights), opset_imports=[helper.make_opsetid("", 13)], ir_version=8
    )
    return bytes(made.SerializeToString())


class Problem:
    """A network that is zero everywhere, y = relu(x) - relu(x), and a property about it."""

    def __init__(self, folder: Path, constraint: str) -> None:
        self.network, self.spec, self.store = folder / "net.onnx", folder / "spec.vnnlib", folder / "store"
        self.network.write_bytes(_network())
        self.spec.write_text(HEAD + f"(assert {constraint})\n", "utf-8")

    def arguments(self, *more: object) -> tuple[object, ...]:
        return ("prove", self.network, self.spec, "--store", self.store, *more)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command with the interval method of the bounds engine: what it can decide here is known in closed form."""
    if find_spec("torch") is None or find_spec("auto_LiRPA") is None:
        pytest.skip("torch and auto_LiRPA are not installed")
    module = importlib.import_module("assurance.cli.prove")
    monkeypatch.setattr(module, "ENGINE", "bounds")
    monkeypatch.setattr(module, "parameters", lambda timeout: {"method": "ibp", "attack_restarts": 1})


def _conforms(value: object) -> None:
    schema = json.loads(SCHEMA.read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(value)


def test_proved(cli: Cli, tmp_path: Path) -> None:
    problem = Problem(tmp_path, "(>= Y_0 1.5)")
    answer = cli(*problem.arguments("--json"))
    found = answer.json()
    _conforms(found)
    assert (answer.code, found["verdict"], found["reason"], found["counterexample"]) == (0, "PROVED", None, None)
    assert found["arithmetic"] == "real"
    assert any("checker" in name for name in found["checked_by"])
    text = cli(*problem.arguments())
    assert text.code == 0
    assert text.out.startswith("PROVED\n")
    assert "over real arithmetic" in text.out
    assert "limit L104" in text.out
    assert "robust" not in text.out


def test_refuted_with_a_replayed_counterexample(cli: Cli, tmp_path: Path) -> None:
    problem = Problem(tmp_path, "(<= Y_0 0.25)")
    answer = cli(*problem.arguments("--json"))
    found = answer.json()
    _conforms(found)
    assert (answer.code, found["verdict"], found["reason"]) == (1, "REFUTED", None)
    assert found["counterexample"]["output"] == [0.0]
    assert -1 <= found["counterexample"]["input"][0] <= 1
    assert [name.split()[0] for name in found["checked_by"]] == ["onnxruntime"]
    text = cli(*problem.arguments())
    assert text.code == 1
    assert "X_0 = " in text.out
    assert "Y_0 = 0\n" in text.out


def test_unknown_says_why(cli: Cli, tmp_path: Path) -> None:
    """Interval bounds see y in [-1, 1]; the truth is y = 0."""
    answer = cli(*Problem(tmp_path, "(>= Y_0 0.5)").arguments("--json"))
    found = answer.json()
    _conforms(found)
    assert (answer.code, found["verdict"], found["counterexample"], found["checked_by"]) == (1, "UNKNOWN", None, [])
    assert "undecided" in found["reason"]


def test_a_tie_at_the_border_is_decided_by_strictness(cli: Cli, tmp_path: Path) -> None:
    assert cli(*Problem(tmp_path, "(<= Y_0 0)").arguments("--json")).json()["verdict"] == "REFUTED"
    assert cli(*Problem(tmp_path, "(< Y_0 0)").arguments("--json")).json()["verdict"] == "UNKNOWN"


def test_the_evidence_is_the_record(cli: Cli, tmp_path: Path) -> None:
    problem = Problem(tmp_path, "(<= Y_0 0.25)")
    found = cli(*problem.arguments("--json")).json()
    record = read_record(Path(found["evidence"]).read_bytes(), "evidence")
    assert isinstance(record, BoundsRecord)
    assert record.regions == "R"
    held = {Store(problem.store).get(digest) for digest in Store(problem.store).digests()}
    assert {problem.network.read_bytes(), problem.spec.read_bytes()} <= held
    again = cli(*problem.arguments("--json")).json()
    assert (found["fresh"], again["fresh"], again["evidence"]) == (True, False, found["evidence"])


def test_gzip_is_the_same_statement(cli: Cli, tmp_path: Path) -> None:
    problem = Problem(tmp_path, "(<= Y_0 0.25)")
    first = cli(*problem.arguments("--json")).json()
    for name in ("net.onnx", "spec.vnnlib"):
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress((tmp_path / name).read_bytes()))
    again = cli(
        "prove", tmp_path / "net.onnx.gz", tmp_path / "spec.vnnlib.gz", "--store", problem.store, "--json"
    ).json()
    assert (again["record"], again["fresh"]) == (first["record"], False)


def test_float32_is_another_claim(cli: Cli, tmp_path: Path) -> None:
    problem = Problem(tmp_path, "(>= Y_0 1.5)")
    found = cli(*problem.arguments("--arithmetic", "float32", "--json")).json()
    assert found["arithmetic"] == "float32"
    assert found["verdict"] == "UNKNOWN"  # bounds over the reals say nothing of executions
    problem.spec.write_text(
        "(vnnlib-version <2.0>)(declare-network n (declare-input X float32 [1])(declare-output Y float32 [1]))"
        "(assert (and (<= X[0] 1.0) (>= X[0] 0.0)))(assert (>= Y[0] 1.5))",
        "utf-8",
    )
    assert cli(*problem.arguments("--json")).json()["arithmetic"] == "float32"
    assert cli(*problem.arguments("--arithmetic", "real", "--json")).json()["arithmetic"] == "real"


# --- bad input ---------------------------------------------------------------------------------------------------


def _bad(cli: Cli, problem: Problem, *more: object) -> str:
    answer = cli(*problem.arguments(*more))
    assert answer.code == 2
    assert answer.out == ""
    assert "Traceback" not in answer.err
    assert answer.err.count(": error ") == 1
    assert not problem.store.exists()
    return str(answer.err)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "N122"),
        (HEAD, "N129"),
        (HEAD + "(assert (<= Y_7 0))", "N123"),
        (HEAD.replace("(assert (<= X_0 1))", "(assert (<= Y_0 1))"), "N127"),
        (HEAD + "(assert (<= Y_0))", "N125"),
        (HEAD + "(assert (>= X_0 3))(assert (<= Y_0 1))", "N128"),
        (HEAD + "(assert " + "(and " * 1_000_000, "N121"),
        (HEAD + "(assert (<= Y_0 1e999999999))", "N126"),
        ("\x00\x01", "N120"),
        ("(declare-const X_1 Real)" + HEAD + "(assert (<= X_1 0))(assert (>= X_1 0))(assert (<= Y_0 0))", "N106"),
    ],
)
def test_bad_properties(cli: Cli, tmp_path: Path, text: str, code: str) -> None:
    problem = Problem(tmp_path, "(<= Y_0 0)")
    problem.spec.write_text(text, "utf-8")
    message = _bad(cli, problem)
    assert f"error {code}" in message
    assert "spec.vnnlib" in message


def test_bad_networks(cli: Cli, tmp_path: Path) -> None:
    problem = Problem(tmp_path, "(<= Y_0 0)")
    good = problem.network.read_bytes()
    cut = [good[:size] for size in (1, 50, len(good) // 2, len(good) - 1)]
    for data in (b"", b"not an onnx file", gzip.compress(good)[:-5], *cut):
        problem.network.write_bytes(data)
        assert "net.onnx" in _bad(cli, problem)
    weights = onnx.load_from_string(good)
    weights.graph.initializer[0].CopyFrom(
        numpy_helper.from_array(np.full((2, 1), np.nan, dtype=np.float32), weights.graph.initializer[0].name)
    )
    problem.network.write_bytes(weights.SerializeToString())
    assert "error N1" in _bad(cli, problem)
    problem.network.write_bytes(_network(inputs=2))
    assert "error N106" in _bad(cli, problem)


def test_files_that_are_not_there(cli: Cli, tmp_path: Path) -> None:
    problem = Problem(tmp_path, "(<= Y_0 0)")
    problem.network.unlink()
    assert "error N136" in _bad(cli, problem)
    problem.network.mkdir()
    assert "error N136" in _bad(cli, problem)


@pytest.mark.parametrize(
    "option", [("--timeout", "0"), ("--timeout", "-3"), ("--seed", "-1"), ("--arithmetic", "exact")]
)
def test_usage(cli: Cli, tmp_path: Path, option: tuple[str, str]) -> None:
    assert cli(*Problem(tmp_path, "(<= Y_0 0)").arguments(*option)).code == 2


def test_with_the_engine_itself(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command's own engine decides all three properties, the second with a counterexample."""
    monkeypatch.undo()
    expected = {"(>= Y_0 1.5)": "PROVED", "(<= Y_0 0.25)": "REFUTED", "(>= Y_0 0.5)": "PROVED"}
    for number, (constraint, verdict) in enumerate(expected.items()):
        folder = tmp_path / str(number)
        folder.mkdir()
        found = cli(*Problem(folder, constraint).arguments("--timeout", "20", "--json")).json()
        _conforms(found)
        assert found["verdict"] == verdict, constraint
