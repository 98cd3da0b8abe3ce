"""The table of engines: name -> "module:function". The only place that loads them, and only when asked to."""

from __future__ import annotations

from evidence.diagnostics import Severity, code
from evidence.engines.base import Engine
from evidence.errors import InputError
from evidence.provenance import require

ENGINES: dict[str, str] = {
    "bounds": "evidence.engines.bounds.engine:run",
    "prover": "evidence.engines.prover.engine:run",
    "smoothing": "evidence.engines.smoothing.engine:run",
    "reachability": "evidence.engines.reachability.engine:run",
}

E_ENGINE = code("E106", Severity.ERROR, "unknown engine", "name one of the engines that are listed")


def load_engine(name: str) -> Engine:
    """The engine with this name. Raises InputError E106, MissingLibraryError E110 when a library that it needs is absent."""
    if name not in ENGINES:
        raise InputError.of(E_ENGINE, f"unknown engine {name!r}", expected=", ".join(ENGINES))
    module, function = ENGINES[name].split(":")
    engine: Engine = getattr(require(module), function)
    return engine
