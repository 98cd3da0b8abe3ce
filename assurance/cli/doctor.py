"""`assurance doctor`: what is installed, what is missing, how to mend it."""

from __future__ import annotations

import importlib
import importlib.metadata
import sys
from dataclasses import dataclass

import click

from assurance.cli.common import json_option, print_json, print_table


@dataclass(frozen=True)
class _Part:
    name: str
    module: str
    serves: str
    remedy: str


_ENGINES = "pip install 'assurance[engines]'"
_PARTS = (
    _Part("numpy", "numpy", "everything", "pip install assurance"),
    _Part("scipy", "scipy", "linear programs, statistics", "pip install assurance"),
    _Part("onnx", "onnx", "reading networks", "pip install assurance"),
    _Part("onnxruntime", "onnxruntime", "replaying counterexamples", "pip install 'assurance[replay]'"),
    _Part("torch", "torch", "certification runs", _ENGINES),
    _Part(
        "auto_LiRPA",
        "auto_LiRPA",
        "bound propagation",
        "pip install --no-deps auto_LiRPA==0.3 (docs/decisions/0002-auto-lirpa.md)",
    ),
    _Part("matplotlib", "matplotlib", "plots in dossiers", "pip install 'assurance[pdf]'"),
    _Part("weasyprint", "weasyprint", "PDF dossiers", "pip install 'assurance[pdf]'"),
    _Part("cryptography", "cryptography", "signing review packages", "pip install assurance"),
)
_PANGO = "install Pango: Debian/Ubuntu libpango-1.0-0 libpangoft2-1.0-0; macOS brew install pango; Windows MSYS2 pango"


@click.command()
@json_option
def doctor(as_json: bool) -> None:
    """Say what is installed, what is missing, and how to mend it. Missing optional parts are no error."""
    found = [_examine(part) for part in _PARTS]
    if as_json:
        print_json({"python": sys.version.split()[0], "parts": found})
        return
    rows = [[item[key] or "-" for key in ("name", "version", "state", "serves", "remedy")] for item in found]
    print_table("Installation", ["part", "version", "state", "serves", "remedy"], rows)


def _examine(part: _Part) -> dict[str, str | None]:
    remedy: str | None = part.remedy
    version: str | None = None
    try:
        version = importlib.metadata.version(part.name)
        if part.module == "auto_LiRPA":
            from evidence.engines.bounds.lirpa import library

            library()
        else:
            importlib.import_module(part.module)
        state, remedy = "ready", None
    except importlib.metadata.PackageNotFoundError:
        state = "missing"
    except OSError:
        state = "a system library is missing"
        remedy = _PANGO if part.module == "weasyprint" else part.remedy
    except Exception as error:
        state = f"does not load: {type(error).__name__}"
    return {"name": part.name, "version": version, "state": state, "serves": part.serves, "remedy": remedy}
