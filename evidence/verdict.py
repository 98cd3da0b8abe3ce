"""Verdicts of runs and kinds of guarantee. A verdict has no truth value: asking `if verdict` is an error."""

from __future__ import annotations

from enum import StrEnum
from typing import NoReturn


class Verdict(StrEnum):
    """What a run established about its claim. UNKNOWN covers time-outs and bounds that were too loose."""

    PROVED = "PROVED"
    REFUTED = "REFUTED"
    UNKNOWN = "UNKNOWN"

    def __bool__(self) -> NoReturn:
        raise TypeError("a verdict has three values: compare it with Verdict.PROVED, REFUTED or UNKNOWN")


class GuaranteeKind(StrEnum):
    """How strong a statement is, strongest first in `STRENGTH`."""

    PROVED = "proved"
    """A sound deduction, re-checked by the independent checker."""
    STATISTICAL = "statistical"
    """Holds except with a stated error probability over the method's own randomness."""
    UNCHECKED = "unchecked"
    """A computed bound that no independent checker confirmed: a candidate, never a proof."""
    EMPIRICAL = "empirical"
    """Observed on the cases that were tried; says nothing of the others."""
    DOCUMENTARY = "documentary"
    """Stated in a document by a named person."""


STRENGTH = (
    GuaranteeKind.PROVED,
    GuaranteeKind.STATISTICAL,
    GuaranteeKind.UNCHECKED,
    GuaranteeKind.EMPIRICAL,
    GuaranteeKind.DOCUMENTARY,
)


def weakest(kinds: list[GuaranteeKind]) -> GuaranteeKind:
    """The weakest of a non-empty list (a chain is as strong as that). Raises ValueError when empty."""
    return max(kinds, key=STRENGTH.index)


class Arithmetic(StrEnum):
    """Of which arithmetic a statement speaks."""

    REAL = "real"
    """The network as a function over the real numbers, its stored weights taken exactly."""
    FLOAT32 = "float32"
    """Every execution in IEEE binary32, in any order of summation."""
    FLOAT32_ONE = "float32-one-implementation"
    """The one float32 implementation that was sampled or replayed, named in the provenance."""
    NOT_APPLICABLE = "not-applicable"


class Predictor(StrEnum):
    """Which classifier a statement is about. Smoothed evidence says nothing of the base model."""

    BASE = "base"
    SMOOTHED = "smoothed"


class Artefact(StrEnum):
    """What was analysed. A proof about the model description is none about code or the target."""

    MODEL_DESCRIPTION = "model-description"
    SOURCE_CODE = "source-code"
    EXECUTABLE_ON_TARGET = "executable-on-target"
    DOCUMENT = "document"
    DATA = "data"
