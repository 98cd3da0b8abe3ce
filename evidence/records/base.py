"""What every record carries: statement, guarantee, assumptions, provenance, artefacts, how it was re-checked.

Records are facts about finished runs. They hold no date, host or duration (those live in a sidecar of the
store), so that repeating a run gives the same bytes and the same identity.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, PlainSerializer, model_validator

from evidence.digest import Digest
from evidence.specification import Frozen, Statement
from evidence.verdict import Arithmetic, Artefact, GuaranteeKind, Predictor, Verdict


def _plain(value: Any) -> Any:
    return getattr(value, "value", value)


VerdictField = Annotated[Verdict, PlainSerializer(_plain)]
KindField = Annotated[GuaranteeKind, PlainSerializer(_plain)]
ArithmeticField = Annotated[Arithmetic, PlainSerializer(_plain)]
ArtefactField = Annotated[Artefact, PlainSerializer(_plain)]
PredictorField = Annotated[Predictor, PlainSerializer(_plain)]
Scalar = str | int | float | bool | None


class Guarantee(Frozen):
    """The strength of a record's positive statements."""

    kind: KindField
    arithmetic: ArithmeticField
    predictor: PredictorField
    complete: bool
    """True when the method would also have found every violation; a sound method may be incomplete."""
    error_probability: Annotated[float, Field(gt=0, lt=1)] | None = None
    """Of a statistical statement, over the method's own sampling. It is no failure rate of the function."""
    simultaneous: bool | None = None
    """True when `error_probability` covers all listed inputs together, False when it holds for each alone."""


class Provenance(Frozen):
    """Enough to repeat the run: engine, versions, parameters, seed, device kind."""

    engine: str
    engine_version: str
    versions: dict[str, str]
    parameters: dict[str, Scalar]
    seed: int
    device: Literal["cpu", "cuda"] = "cpu"


class Recheck(Frozen):
    """What was done to the result after the engine had finished, by code that shares nothing with the engine."""

    by: str
    """Name and version of the checker or replaying runtime."""
    what: Literal["counterexamples", "bounds", "radii", "output ranges"]
    agreed: Annotated[int, Field(ge=0)]
    of: Annotated[int, Field(ge=0)]
    note: str = ""

    @model_validator(mode="after")
    def _coherent(self) -> Recheck:
        if self.agreed > self.of:
            raise ValueError(f"{self.agreed} agreed of {self.of}")
        return self


class CrossCheck(Frozen):
    """What another method says of the same regions. It confirms nothing: only its disagreement counts."""

    by: str
    """Name and version of the method."""
    examined: Annotated[int, Field(ge=0)]
    """Regions that it was asked about."""
    agreed: Annotated[int, Field(ge=0)]
    """Regions where it says the same as this record: proved, or refuted."""
    disagreed: tuple[Annotated[int, Field(ge=0)], ...] = ()
    """Regions where it contradicts this record or what the network was seen to do. Both results stand until somebody
    has found out which of them is wrong."""
    undecided: Annotated[int, Field(ge=0)]
    """Regions where it gives no answer, or this record gives none."""
    note: str = ""

    @model_validator(mode="after")
    def _coherent(self) -> CrossCheck:
        if list(self.disagreed) != sorted(set(self.disagreed)):
            raise ValueError("regions of a cross-check are listed once and in order")
        if self.examined != self.agreed + len(self.disagreed) + self.undecided:
            raise ValueError(f"the counts of a cross-check do not add up to {self.examined} regions")
        return self


class Counterexample(Frozen):
    """A concrete input inside region `region` whose outputs violate the condition, as the runtime computed them."""

    region: Annotated[int, Field(ge=0)]
    input: tuple[float, ...]
    output: tuple[float, ...]
    replayed_by: str
    """The runtime that reproduced it, e.g. 'onnxruntime 1.31.1 (float32, CPU)'."""


class RecordBase(Frozen):
    """Fields common to all families. `kind` tells the family and selects the model on reading."""

    schema_version: Literal[1] = 1
    title: str
    artefact: ArtefactField
    guarantee: Guarantee
    assumptions: tuple[str, ...]
    provenance: Provenance | None
    rechecks: tuple[Recheck, ...] = ()
    artefacts: dict[str, Digest] = Field(default_factory=dict)
    """Further stored bytes that belong to the record, by role, e.g. 'certificate'."""


def require_regions(statement: Statement, count: int) -> None:
    """Raises ValueError when a statement lists its regions itself and the record holds another number of results."""
    regions = statement.regions
    listed: tuple[object, ...] | Literal["all"] = "all"
    if regions.kind == "boxes":
        listed = regions.boxes
    elif regions.kind == "input-balls":
        listed = regions.inputs
    if listed != "all" and len(listed) != count:
        raise ValueError(f"{count} results for {len(listed)} stated regions")


def require_fitting(statement: Statement, examples: tuple[Counterexample, ...]) -> None:
    """Raises ValueError for a counterexample with another number of inputs or outputs than the network has."""
    for example in examples:
        if len(example.input) != len(statement.inputs) or len(example.output) != len(statement.outputs):
            raise ValueError(f"the counterexample in region {example.region} does not fit the network")
