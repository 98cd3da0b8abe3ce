"""Which libraries made a result, how a request for a result is identified, and how absent libraries are named.

A request key says: this statement, examined by this engine with these parameters, versions, seed and device
kind. Equal keys have the same answer, so a stored record answers the request again. Versions are read from the
installed metadata: nothing heavy is imported to compute a key.
Not here: dates, hosts, durations (they are no part of a result's identity; evidence/run.py keeps them aside).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from types import ModuleType

from evidence import __version__
from evidence.diagnostics import Severity, code
from evidence.digest import canonical_json, of_bytes
from evidence.errors import MissingLibraryError
from evidence.records.base import Provenance, Scalar
from evidence.specification import Statement

E_LIBRARY = code(
    "E110",
    Severity.ERROR,
    "optional library is missing",
    "install the engines beside the light install: pip install 'assurance[engines]'",
)

REMEDIES = {
    "torch": "pip install 'assurance[engines]'",
    "array_api_compat": "pip install 'assurance[engines]'",
    "onnxruntime": "pip install 'assurance[replay]'",
    "auto_LiRPA": "pip install --no-deps auto_LiRPA==0.3 (beside 'assurance[engines]'; `make setup` does both)",
}
"""What to install for each optional library that a run may need."""

_RECORDED = {
    "bounds": ("numpy", "onnx", "onnxruntime", "torch", "auto_LiRPA"),
    "prover": ("numpy", "onnx", "onnxruntime", "array-api-compat"),
    "smoothing": ("numpy", "scipy", "onnx", "onnxruntime", "torch"),
    "reachability": ("numpy", "scipy", "onnx", "onnxruntime"),
    "cross-check": ("scipy", "torch", "auto_LiRPA"),
}


def require(name: str) -> ModuleType:
    """Import an optional library. Raises MissingLibraryError E110 with its remedy when it is absent."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        absent = (error.name or name).split(".")[0]
        message = f"{name} is not installed" if absent == name else f"{name} needs {absent}, which is not installed"
        raise MissingLibraryError.of(E_LIBRARY, message, remedy=REMEDIES.get(name, REMEDIES.get(absent))) from None


@cache
def version(name: str) -> str:
    """The installed version of a library, which does not change while we run. Raises PackageNotFoundError."""
    return installed_version(name)


def library_versions(engine: str) -> dict[str, str]:
    """Versions of the libraries that this engine's results may depend on; absent ones are left out."""
    found: dict[str, str] = {}
    for name in _RECORDED.get(engine, ("numpy", "scipy", "onnx", "onnxruntime", "torch")):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def request_key(
    statement: Statement,
    engine: str,
    parameters: Mapping[str, Scalar],
    versions: Mapping[str, str],
    seed: int,
    device: str,
) -> str:
    """Digest that identifies a request: all that its answer may depend on. Raises ValueError for NaN parameters."""
    return of_bytes(
        canonical_json(
            {
                "statement": statement.model_dump(mode="json"),
                "engine": engine,
                "engine_version": __version__,
                "parameters": dict(parameters),
                "versions": dict(versions),
                "seed": seed,
                "device": device,
            }
        )
    )


def stamp(
    engine: str, parameters: Mapping[str, Scalar], versions: Mapping[str, str], seed: int, device: str
) -> Provenance:
    """The provenance that a record carries: the same facts as its request key, the statement apart."""
    return Provenance.model_validate(
        {
            "engine": engine,
            "engine_version": __version__,
            "versions": dict(versions),
            "parameters": dict(parameters),
            "seed": seed,
            "device": device,
        }
    )
