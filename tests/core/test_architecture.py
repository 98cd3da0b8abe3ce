"""The layers: `evidence` knows nothing of `assurance`, the light surface needs no torch, codes are declared once."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(path for package in ("evidence", "assurance") for path in (ROOT / package).rglob("*.py"))
HEAVY = ("torch", "auto_LiRPA", "weasyprint", "matplotlib", "onnxruntime", "sklearn")


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imported(tree: ast.AST) -> set[str]:
    """Absolute names of all modules that are imported anywhere in a file."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide the direction"
            names.add(node.module or "")
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def at_import_time(tree: ast.Module) -> set[str]:
    """The same for what runs when the module is imported: not inside functions, not for type checkers only."""
    body: list[ast.stmt] = []
    waiting: list[ast.stmt] = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            waiting += node.orelse
            continue
        body.append(node)
        for field in ("body", "orelse", "finalbody"):
            waiting += getattr(node, field, [])
        for handler in getattr(node, "handlers", []):
            waiting += handler.body
    names: set[str] = set()
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            names |= imported(node)
    return names


def within(names: set[str], package: str) -> set[str]:
    return {name for name in names if name == package or name.startswith(package + ".")}


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_import_direction(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    names = imported(tree)
    where = name_of(path)
    if where.startswith("evidence"):
        assert not within(names, "assurance"), "evidence never imports assurance"
    if where.startswith("evidence/checker/"):
        shared = within(names, "evidence") - within(names, "evidence.checker") - within(names, "evidence.diagnostics")
        shared -= within(names, "evidence.errors") | within(names, "evidence.digest") | {"evidence"}
        assert not shared, f"the checker shares nothing with the engines, but imports {shared}"
    for package in HEAVY:
        assert not within(at_import_time(tree), package), f"{package} is imported where it is used, not at the top"
    assert not within(names, "pickle") and not within(names, "dill") and not within(names, "marshal")
    if where != "assurance/gsn/model.py":
        assert not within(names, "networkx")
    if where != "assurance/dossier/html.py":
        assert not within(names, "jinja2")
    if where != "evidence/strict_yaml.py":
        assert not within(names, "yaml"), "YAML is read through evidence/strict_yaml.py only"


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_untrusted_files_are_read_without_running_them(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        assert called not in ("eval", "exec", "compile", "yaml.load", "yaml.unsafe_load", "torch.load"), called
        if called in ("np.load", "numpy.load"):
            given = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
            assert given.get("allow_pickle") == "False", f"{name_of(path)}:{node.lineno}"


def test_the_light_surface_imports_nothing_heavy() -> None:
    """Everything but the engines, in a fresh interpreter: no torch, no renderer, no runtime among the modules."""
    program = f"""
import importlib, pkgutil, sys
import assurance, evidence
heavy = {HEAVY!r}
done = []
for package in (evidence, assurance):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if module.name.startswith("evidence.engines.") or module.name.endswith("__main__"):
            continue
        importlib.import_module(module.name)
        done.append(module.name)
        found = [name for name in heavy if name in sys.modules]
        assert not found, (module.name, found)
for name in ("assurance.snapshot", "assurance.objectives", "evidence.checker.check", "evidence.store", "evidence.engines"):
    assert name in done, name
print(len(done))
"""
    result = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    assert int(result.stdout) > 30


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["verify", "--help"]], ids=" ".join)
def test_help_imports_only_what_it_says(arguments: list[str]) -> None:
    """Nobody waits for a network library to read how a command is called; no other command's file is read either."""
    program = f"""
import sys
from assurance.cli import main
try:
    main({arguments!r})
except SystemExit as ended:
    assert not ended.code, ended.code
unwanted = {(*HEAVY, "onnx", "scipy", "numpy", "pydantic", "jinja2", "networkx", "rich", "cryptography")!r}
found = [name for name in unwanted if name in sys.modules]
assert not found, found
loaded = {{name for name in sys.modules if name.startswith("assurance.cli.")}}
assert loaded <= {{"assurance.cli.common", "assurance.cli.verify"}}, loaded
"""
    result = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("Usage" if "--help" in arguments else "assurance")


def test_importing_the_engines_table_imports_no_engine() -> None:
    program = (
        "import sys, evidence.engines, assurance.loading\n"
        "assert not [n for n in sys.modules if n.startswith('evidence.engines.') and n != 'evidence.engines.base']\n"
    )
    result = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr


def test_each_code_is_declared_at_one_place() -> None:
    seen: dict[str, str] = {}
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not (isinstance(node, ast.Call) and ast.unparse(node.func) == "code" and node.args):
                continue
            first = node.args[0]
            assert isinstance(first, ast.Constant) and isinstance(first.value, str), f"{name_of(path)}:{node.lineno}"
            assert re.fullmatch(r"[CNESLGOTPW][0-9]{3}", first.value), first.value
            assert first.value not in seen, f"{first.value} in {name_of(path)} and {seen[first.value]}"
            seen[first.value] = name_of(path)
    assert len(seen) > 100


def test_every_module_says_what_it_does() -> None:
    for path in SOURCES:
        text = path.read_text("utf-8")
        if text.strip():
            assert ast.get_docstring(ast.parse(text)), f"{name_of(path)} has no docstring"


def test_no_place_of_a_workshop_is_named() -> None:
    """Sources name no absolute path of the machine on which they were written."""
    for path in SOURCES:
        assert not re.search(r"""["'/ ](?:/home/|/root/|/Users/)""", path.read_text("utf-8")), name_of(path)
