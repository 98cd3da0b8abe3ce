"""Small real material for the tests of evidence: statements, arrays, records."""

from __future__ import annotations

import io
import itertools
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from evidence.digest import of_bytes
from evidence.records import BoundsRecord, Counterexample, Guarantee, Provenance, Recheck, overall
from evidence.specification import InputBalls, KeepLabel, LinfBall, Port, Quantity, Statement
from evidence.verdict import Arithmetic, Artefact, GuaranteeKind, Predictor

MODEL = "sha256:" + "a" * 64
PORTS = (Port(name="x", unit="m"), Port(name="y", unit="m"))
OUTPUTS = ("left", "right", "stay")


_QUANTITY: TypeAdapter[Any] = TypeAdapter(Quantity)


def quantity(text: str) -> Any:
    """A number with its unit from text, as a case file has it."""
    return _QUANTITY.validate_python(text)


def npz(**arrays: Any) -> bytes:
    """An .npz file in memory."""
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


DATA = npz(inputs=np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]), labels=np.array([0, 1, 2]))


def statement(**changes: Any) -> Statement:
    """Keep-label under an Linf ball of 0.1 m around every input of `DATA`, with changes."""
    fields: dict[str, Any] = {
        "model": MODEL,
        "inputs": PORTS,
        "outputs": OUTPUTS,
        "regions": InputBalls(data=of_bytes(DATA), perturbation=LinfBall(eps=quantity("0.1 m"))),
        "condition": KeepLabel(),
    }
    return Statement(**(fields | changes))


PROVENANCE = Provenance(engine="toy", engine_version="1", versions={"toy": "1"}, parameters={"steps": 3}, seed=7)


def guarantee(kind: GuaranteeKind = GuaranteeKind.PROVED, **changes: Any) -> Guarantee:
    fields: dict[str, Any] = {
        "kind": kind,
        "arithmetic": Arithmetic.REAL,
        "predictor": Predictor.BASE,
        "complete": False,
    }
    return Guarantee(**(fields | changes))


def bounds_fields(letters: str = "PPP", **changes: Any) -> dict[str, Any]:
    """Fields of a coherent bounds record with these region letters."""
    refuted = [i for i, letter in enumerate(letters) if letter == "R"]
    fields: dict[str, Any] = {
        "title": "toy",
        "artefact": Artefact.MODEL_DESCRIPTION,
        "guarantee": guarantee(),
        "assumptions": ("weights as stored",),
        "provenance": PROVENANCE,
        "rechecks": (Recheck(by="checker 1", what="bounds", agreed=letters.count("P"), of=len(letters)),),
        "artefacts": {"certificate": "sha256:" + "c" * 64} if "P" in letters else {},
        "statement": statement(),
        "method": "crown",
        "verdict": overall(letters),
        "regions": letters,
        "counterexamples": tuple(
            Counterexample(region=i, input=(0.0, 1.0), output=(0.0, 1.0, 0.0), replayed_by="toy runtime")
            for i in refuted
        ),
    }
    return fields | changes


def bounds_record(letters: str = "PPP", **changes: Any) -> BoundsRecord:
    return BoundsRecord(**bounds_fields(letters, **changes))


def corners(lower: Any, upper: Any) -> list[tuple[float, ...]]:
    """All corners of a box."""
    return list(itertools.product(*zip(lower.tolist(), upper.tolist(), strict=True)))
