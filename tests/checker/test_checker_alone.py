"""The checker stands alone: what it imports, what it loads, and its own command line."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checker_toys import Files, boxes, certificate, linear, random_toy, statement, whole

import evidence.checker
from evidence.checker import check, rounding
from evidence.checker.refusals import Refused

FOLDER = Path(evidence.checker.__file__).parent
OWN = {"evidence.checker", "evidence.diagnostics", "evidence.errors"}
OTHERS = {"numpy", "numpy.typing", "onnx"}


def _imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide where code comes from"
            found.add(str(node.module))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in ("__import__", "exec", "eval", "compile")
    return found


def test_imports_nothing_but_the_allowed_list() -> None:
    for path in FOLDER.glob("**/*.py"):
        for name in _imports(path):
            allowed = name in OTHERS or name.split(".")[0] in sys.stdlib_module_names - {"importlib", "pickle", "runpy"}
            own = name in OWN or name.startswith("evidence.checker.")
            assert allowed or own, f"{path.name} imports {name}"


def test_onnx_is_used_for_its_protobuf_classes_only() -> None:
    for path in FOLDER.glob("*.py"):
        used = {
            node.attr
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "onnx"
        }
        assert used <= {"ModelProto"}


def test_carriers_of_findings_bring_nothing_else() -> None:
    for name in ("diagnostics", "errors"):
        for module in _imports(FOLDER.parent / f"{name}.py"):
            assert module in OWN or module.split(".")[0] in sys.stdlib_module_names


def test_a_fresh_process_loads_no_engine_and_no_model_of_records() -> None:
    banned = (
        "torch",
        "pydantic",
        "onnxruntime",
        "scipy",
        "evidence.specification",
        "evidence.network",
        "evidence.records",
    )
    program = f"import sys, evidence.checker\nprint([name for name in {banned!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_process_with_changed_arithmetic_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The probe fails where subnormal numbers are flushed to zero."""
    rounding.require_ieee()
    monkeypatch.setattr(rounding, "TINY", 2.0**-1074)  # as if everything below 2^-1074 times 4 were flushed
    with pytest.raises(Refused, match="IEEE 754"):
        rounding.require_ieee()
    report = check({}, b"", lambda digest: b"")
    assert report.refusal is not None and report.refusal.startswith("N157")


def _prepare(folder: Path, above: float) -> tuple[dict[str, Any], Files]:
    files = Files()
    net = random_toy(np.random.default_rng(0), [2, 6, 2])
    centers = np.random.default_rng(1).normal(size=(3, 2))
    value = statement(files.add(net.onnx()), 2, 2, boxes(centers - 0.01, centers + 0.01), linear([1, 0], above=above))
    (folder / "objects" / "ab").mkdir(parents=True)
    for number, data in enumerate(files.values()):
        (folder / "objects" / "ab" / f"file{number}").write_bytes(data)
    (folder / "statement.json").write_text(json.dumps(value))
    (folder / "record.json").write_text(json.dumps({"kind": "bounds", "statement": value}))
    (folder / "certificate.gz").write_bytes(certificate(value, whole(3)))
    return value, files


def _command(*arguments: object) -> tuple[int, str, str]:
    command = [sys.executable, "-m", "evidence.checker", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def test_command_line(tmp_path: Path) -> None:
    _prepare(tmp_path, above=-1e6)
    for name in ("statement.json", "record.json"):
        code, out, err = _command(tmp_path / name, tmp_path / "certificate.gz", tmp_path / "objects")
        assert (code, err) == (0, "")
        assert json.loads(out)["proved"] == [True] * 3 and json.loads(out)["confirmed"] == 3


def test_command_line_says_what_is_not_confirmed(tmp_path: Path) -> None:
    _prepare(tmp_path, above=1e6)
    code, out, _ = _command(tmp_path / "statement.json", tmp_path / "certificate.gz", tmp_path)
    assert code == 1 and json.loads(out)["proved"] == [False] * 3 and set(json.loads(out)["reasons"]) == {"0", "1", "2"}


def test_command_line_refuses_without_a_traceback(tmp_path: Path) -> None:
    _prepare(tmp_path, above=0.0)
    (tmp_path / "empty").mkdir()
    for arguments in (
        (tmp_path / "statement.json", tmp_path / "certificate.gz", tmp_path / "empty"),
        (tmp_path / "statement.json", tmp_path / "record.json", tmp_path),
        (tmp_path / "certificate.gz", tmp_path / "certificate.gz", tmp_path),
        (tmp_path / "missing.json", tmp_path / "certificate.gz", tmp_path),
        (tmp_path / "statement.json",),
        ("--help",),
    ):
        code, out, err = _command(*arguments)
        assert code == 2 and "Traceback" not in err and (out or err)
