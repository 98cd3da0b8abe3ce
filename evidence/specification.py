"""What is stated about a network: over which regions of its inputs, which condition on its outputs.

A `Statement` is data: it names model, data and tables by digest and units by name, and means the same to the
engine that examines it, to the checker that re-checks it and to `support.py` that compares it with a claim.
Not here: the arrays that engines work on (regions.py), thresholds and required guarantees (assurance/support.py), the
content of VNN-LIB files (vnnlib/).
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, model_validator

from evidence.digest import Digest
from evidence.verdict import Arithmetic, Predictor


class Frozen(BaseModel):
    """Base of all typed records and statements: immutable, unknown fields refused, no infinity, no NaN."""

    # a command uses few of the models that it imports: each is built when it is first used
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)


# possessive: '0.25' must not be read as 0.2 of the unit '5'
_QUANTITY = re.compile(r"([-+]?+(?:[0-9]++(?:\.[0-9]*+)?+|\.[0-9]++)(?:[eE][-+]?[0-9]++)?+)\s*+(\S.*)", re.DOTALL)
_MAX_QUANTITY = 120


def _quantity(value: Any) -> Any:
    if isinstance(value, str):
        found = _QUANTITY.fullmatch(value.strip()) if len(value) <= _MAX_QUANTITY else None
        if not found:
            raise ValueError(f"{value[:40]!r} is not a quantity: write a number and its unit, as in '25 ft'")
        return {"value": float(found[1]), "unit": found[2]}
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise ValueError(f"{value!r} has no unit: write a number and its unit, as in '{value} ft'")
    return value


def decimal_text(value: float) -> str:
    """A number as short as it can be written without changing it: rounding could claim more than was shown."""
    return repr(float(value)).removesuffix(".0")


class _Quantity(Frozen):
    value: float
    unit: Annotated[str, Field(min_length=1, max_length=40)]

    def __str__(self) -> str:
        return f"{decimal_text(self.value)} {self.unit}"


Quantity = Annotated[_Quantity, BeforeValidator(_quantity)]
"""A number with its unit. Units are compared as text: nothing is converted."""


class Port(Frozen):
    """One scalar input of a model: its name and unit, in the order of the input vector."""

    name: str
    unit: str


# --- perturbations -------------------------------------------------------------------------------------------


class LinfBall(Frozen):
    """Every input may move by at most `eps`, each independently."""

    kind: Literal["linf"] = "linf"
    eps: Quantity


class L2Ball(Frozen):
    """The input vector may move by at most `eps` in Euclidean length. All inputs share one unit."""

    kind: Literal["l2"] = "l2"
    eps: Quantity


class SensorError(Frozen):
    """Each named input may be off by at most its own tolerance; inputs that are not named are exact."""

    kind: Literal["sensor-error"] = "sensor-error"
    tolerances: dict[str, Quantity] = Field(min_length=1)


Perturbation = Annotated[LinfBall | L2Ball | SensorError, Field(discriminator="kind")]


# --- regions -------------------------------------------------------------------------------------------------


class InputBalls(Frozen):
    """A perturbation set around each of the listed inputs of a data set (arrays `inputs` [N, n], `labels` [N])."""

    kind: Literal["input-balls"] = "input-balls"
    data: Digest
    inputs: tuple[Annotated[int, Field(ge=0, lt=2**31)], ...] | Literal["all"] = "all"
    perturbation: Perturbation

    @model_validator(mode="after")
    def _listed(self) -> InputBalls:
        if not self.inputs or (not isinstance(self.inputs, str) and len(set(self.inputs)) != len(self.inputs)):
            raise ValueError("list at least one input, and each only once")
        return self


class Range(Frozen):
    """A closed interval with its unit."""

    lower: float
    upper: float
    unit: Annotated[str, Field(min_length=1)]

    @model_validator(mode="after")
    def _ordered(self) -> Range:
        if self.lower > self.upper:
            raise ValueError(
                f"inverted range: lower {decimal_text(self.lower)} is above upper {decimal_text(self.upper)}"
            )
        return self

    def __str__(self) -> str:
        return f"[{decimal_text(self.lower)}, {decimal_text(self.upper)}] {self.unit}"


class NamedBox(Frozen):
    """A box in physical units: one range for each input of the model."""

    id: str
    ranges: dict[str, Range] = Field(min_length=1)


class Boxes(Frozen):
    """Explicit boxes of the input space."""

    kind: Literal["boxes"] = "boxes"
    boxes: tuple[NamedBox, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _distinct(self) -> Boxes:
        names = [box.id for box in self.boxes]
        if len(set(names)) < len(names):
            twice = next(name for name, times in Counter(names).items() if times > 1)
            raise ValueError(f"the box {twice!r} stands twice: results are joined to boxes by their names")
        return self


class TableCells(Frozen):
    """The cells of a look-up table whose corners all hold the same entry.

    The table is an .npz file: `grid_<input>` (ascending float64 grid points, one array for each model input)
    and `advisory` (integer index of the chosen output at each grid point).
    """

    kind: Literal["table-cells"] = "table-cells"
    table: Digest
    cells: Literal["corners-agree"] = "corners-agree"


class PropertyFile(Frozen):
    """The input sets of a VNN-LIB file: one region for each different box in it (vnnlib/property.py)."""

    kind: Literal["property-file"] = "property-file"
    file: Digest


Regions = Annotated[InputBalls | Boxes | TableCells | PropertyFile, Field(discriminator="kind")]


# --- conditions on the outputs ---------------------------------------------------------------------------------


class KeepLabel(Frozen):
    """The decision is the label stored with the region's input, strictly ahead of every other output."""

    kind: Literal["keep-label"] = "keep-label"


class CornerEntry(Frozen):
    """The decision is the table entry that all corners of the cell share, strictly ahead of every other."""

    kind: Literal["corner-entry"] = "corner-entry"


class ChosenAmong(Frozen):
    """The decision is one of these outputs: each other output is strictly behind at least one of them."""

    kind: Literal["chosen-among"] = "chosen-among"
    outputs: tuple[str, ...] = Field(min_length=1)


class NeverChosen(Frozen):
    """None of these outputs is the decision: each is strictly behind at least one of the others."""

    kind: Literal["never-chosen"] = "never-chosen"
    outputs: tuple[str, ...] = Field(min_length=1)


class Within(Frozen):
    """The named outputs stay strictly between `lower` and `upper`."""

    kind: Literal["within"] = "within"
    ranges: dict[str, Range] = Field(min_length=1)


class LinearConstraint(Frozen):
    """sum(coefficient * output) > greater_than."""

    coefficients: dict[str, float] = Field(min_length=1)
    greater_than: float = 0.0

    @model_validator(mode="after")
    def _about_outputs(self) -> LinearConstraint:
        if not any(self.coefficients.values()):
            raise ValueError("every coefficient is zero: the constraint says nothing about the outputs")
        return self


class Linear(Frozen):
    """All of these strict linear inequalities hold."""

    kind: Literal["linear"] = "linear"
    all_of: tuple[LinearConstraint, ...] = Field(min_length=1)


class PropertyHolds(Frozen):
    """No input of a region, with its outputs, is the counterexample that the VNN-LIB file describes."""

    kind: Literal["property-holds"] = "property-holds"


Condition = Annotated[
    KeepLabel | CornerEntry | ChosenAmong | NeverChosen | Within | Linear | PropertyHolds, Field(discriminator="kind")
]


def _enum_value(value: Any) -> Any:
    return getattr(value, "value", value)


class Statement(Frozen):
    """A property of one network: for every point of every region, the condition holds on the outputs."""

    model: Digest
    inputs: tuple[Port, ...] = Field(min_length=1)
    outputs: tuple[str, ...] = Field(min_length=1)
    decision: Literal["argmax", "argmin", "none"] = "argmax"
    predictor: Annotated[Predictor, PlainSerializer(_enum_value)] = Predictor.BASE
    arithmetic: Annotated[Arithmetic, PlainSerializer(_enum_value)] = Arithmetic.REAL
    regions: Regions
    condition: Condition

    @model_validator(mode="after")
    def _consistent(self) -> Statement:
        # by `kind`: for a few thousand records, asking for classes takes twice as long
        condition, regions, outputs = self.condition.kind, self.regions.kind, set(self.outputs)
        if len({port.name for port in self.inputs}) != len(self.inputs) or len(outputs) != len(self.outputs):
            raise ValueError("input and output names must be unique")
        if condition == "keep-label" and regions != "input-balls":
            raise ValueError("keep-label needs regions of kind input-balls, which carry labels")
        if condition == "corner-entry" and regions != "table-cells":
            raise ValueError("corner-entry needs regions of kind table-cells")
        if (condition == "property-holds") != (regions == "property-file"):
            raise ValueError("property-holds and property-file belong together: the file states inputs and outputs")
        if self.decision == "none" and condition not in ("within", "linear", "property-holds"):
            raise ValueError(
                "a model without a decision rule can only be asked for within, linear or property-file conditions"
            )
        named = _named_outputs(self.condition)
        for name in named:
            if name not in outputs:
                raise ValueError(f"unknown output {name!r}; the model has {', '.join(self.outputs)}")
        if condition in ("chosen-among", "never-chosen") and outputs.issubset(named):
            raise ValueError("the condition names every output: it would be vacuous or unsatisfiable")
        if condition in ("keep-label", "corner-entry") and len(outputs) < 2:
            raise ValueError("a decision among a single output is vacuous: the model needs at least two")
        return self


def _named_outputs(condition: Condition) -> tuple[str, ...]:
    if condition.kind == "chosen-among" or condition.kind == "never-chosen":
        return condition.outputs
    if condition.kind == "within":
        return tuple(condition.ranges)
    if condition.kind == "linear":
        return tuple(name for part in condition.all_of for name in part.coefficients)
    return ()
