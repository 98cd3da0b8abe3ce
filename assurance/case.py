"""The case file: what the engineer declares. Pydantic models only; reading and checks of sense stand in `loading.py`.

    system, hazards, ODD -> requirements (text, formal property, review) -> models, data, threat models -> runs
    -> standards, documents, people, acceptances, deviations, challenges and what was decided about them

A requirement's formal property refers to models, data and threat models by id; `claims.py` resolves it into a
typed statement. Nothing here is evidence: the file says what is to be shown, the store holds what was found.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, JsonValue, StrictBool, StringConstraints, model_validator

from assurance.case_compliance import Agreement, RecordedProblem, StandardChoice
from assurance.case_doubts import Challenge, Disposition
from assurance.case_fields import Id, IsoDate, Rationale, RelativePath, Text
from assurance.case_hazards import Hazard
from evidence.digest import Digest
from evidence.records.engineering import Format
from evidence.records.external import ToolName
from evidence.specification import Condition, Frozen, NamedBox, Port, Quantity, Range
from evidence.threat import ThreatModel
from evidence.verdict import Arithmetic, Artefact, GuaranteeKind, Predictor


def _different(value: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(value)) < len(value):
        raise ValueError("the same pattern is named twice")
    return value


class System(Frozen):
    """The system and the function that the constituent serves."""

    name: Text
    function: Text
    description: Text


class Constituent(Frozen):
    """The boundary of the machine-learning constituent inside the system."""

    description: Text
    boundary: Text
    preprocessing: Text
    postprocessing: Text


class OddParameter(Frozen):
    """One parameter of the operational design domain; `input` links it to a model input of the same unit."""

    name: Id
    title: Text
    range: Range
    input: str | None = None


class Odd(Frozen):
    """The operational design domain. What is outside it is not claimed at all."""

    description: Text
    parameters: tuple[OddParameter, ...] = Field(min_length=1)


class Person(Frozen):
    """Somebody who authors, reviews, verifies or accepts."""

    id: Id
    name: Text
    role: Text
    organisation: str | None = None


class SafetyRequirement(Frozen):
    """A system-level safety requirement allocated to the constituent."""

    id: Id
    text: Text
    hazards: tuple[Id, ...] = Field(min_length=1)


class BallsOf(Frozen):
    """Perturbation sets around listed inputs of a data set, as a threat model describes them."""

    kind: Literal["input-balls"] = "input-balls"
    data_set: Id
    inputs: tuple[Annotated[int, Field(ge=0)], ...] | Literal["all"] = "all"
    threat_model: Id


class BoxesOf(Frozen):
    """Explicit boxes in physical units."""

    kind: Literal["boxes"] = "boxes"
    boxes: tuple[NamedBox, ...] = Field(min_length=1)


class CellsOf(Frozen):
    """Cells of a table whose corners agree."""

    kind: Literal["table-cells"] = "table-cells"
    table: Id


class FileOf(Frozen):
    """The input sets of a VNN-LIB file; its numbers count in the units of the model's inputs and outputs."""

    kind: Literal["property-file"] = "property-file"
    property_file: Id


class FormalProperty(Frozen):
    """The formal reading of a requirement, and when it counts as met."""

    model: Id
    regions: Annotated[BallsOf | BoxesOf | CellsOf | FileOf, Field(discriminator="kind")]
    condition: Condition
    at_least: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Share of the regions for which the condition has to be established."""
    guarantee: Literal[GuaranteeKind.PROVED, GuaranteeKind.STATISTICAL] = GuaranteeKind.PROVED
    error_probability: Annotated[float, Field(gt=0, le=0.1)] | None = None
    arithmetic: Literal[Arithmetic.REAL, Arithmetic.FLOAT32, Arithmetic.FLOAT32_ONE] | None = None
    """Of which arithmetic the requirement speaks. When left out: of the model's deployed arithmetic; for a statistical
    property, of the one float32 implementation that is sampled."""
    rationale: Rationale
    """Why this threshold and these regions: sensor error, hazard, operational need."""

    @model_validator(mode="after")
    def _probability(self) -> FormalProperty:
        if self.guarantee is GuaranteeKind.STATISTICAL and self.error_probability is None:
            raise ValueError("a statistical property needs error_probability")
        if self.guarantee is GuaranteeKind.PROVED and self.error_probability is not None:
            raise ValueError("a proved property has no error_probability")
        return self


class MeaningReview(Frozen):
    """Somebody's word that the formal property says what the sentence says."""

    by: Id
    date: IsoDate
    independent: StrictBool
    of: Digest | None = None
    """What was reviewed: digest of sentence and property, as `assurance check` prints it. With it the review lapses
    when either is edited."""
    note: str | None = None


class Requirement(Frozen):
    """A requirement on the constituent: a sentence, its formal property, and the review that joins the two."""

    id: Id
    title: Text
    text: Text
    parents: tuple[Id, ...] = ()
    derived: Rationale | None = None
    """Why this requirement has no parent (fed back to the safety process)."""
    hazards: tuple[Id, ...] = ()
    author: Id
    property: FormalProperty | None = None
    meaning_review: MeaningReview | None = None

    @model_validator(mode="after")
    def _origin(self) -> Requirement:
        if bool(self.parents) == (self.derived is not None):
            raise ValueError(
                f"requirement {self.id}: give either parents or, for a derived one, the reason in 'derived'"
            )
        return self


class DeclaredFile(Frozen):
    """A file of the case: where it lies and which bytes are meant."""

    id: Id
    title: Text
    path: RelativePath
    digest: Digest


class InputFamily(Frozen):
    """Shorthand for many alike inputs, such as pixels: `count` inputs named `prefix` + number, one unit."""

    prefix: Id
    count: Annotated[int, Field(ge=1, le=100_000)]
    unit: Text


class Model(DeclaredFile):
    """A trained network and how it is deployed."""

    role: Literal["low-level-requirement", "parameter-data-item"]
    arithmetic: Literal[Arithmetic.FLOAT32, Arithmetic.REAL]
    """Arithmetic of the deployed computation. `real` only for a specification that nothing executes."""
    predictor: Predictor
    """What is deployed: the base network or the classifier smoothed over noise."""
    smoothing_noise: Quantity | None = None
    """Standard deviation of the Gaussian noise of a deployed smoothed classifier: another noise is another classifier."""
    decision: Literal["argmax", "argmin", "none"] = "argmax"
    made_by: Id | None = None
    """Who trained it: not the person who verifies it where independence is required."""
    inputs: tuple[Port, ...] | InputFamily
    outputs: tuple[Id, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _noise(self) -> Model:
        smoothed = self.predictor is Predictor.SMOOTHED
        if smoothed != (self.smoothing_noise is not None):
            raise ValueError("smoothing_noise is declared for a smoothed predictor, and for no other")
        if self.smoothing_noise is not None:
            units = {port.unit for port in self.ports}
            if self.smoothing_noise.value <= 0 or units != {self.smoothing_noise.unit}:
                raise ValueError(
                    f"smoothing_noise must be positive and in the unit of the inputs ({', '.join(sorted(units))})"
                )
        return self

    @property
    def ports(self) -> tuple[Port, ...]:
        """The inputs one by one, in the order of the input vector."""
        if isinstance(self.inputs, InputFamily):
            family = self.inputs
            return tuple(Port(name=f"{family.prefix}{i}", unit=family.unit) for i in range(family.count))
        return self.inputs


class File(DeclaredFile):
    """A data set, table or property file (VNN-LIB) by path and digest."""

    source: Text
    """Where the data come from, with their licence if they are not the organisation's own."""


class Run(Frozen):
    """One certification run: which engine examines which requirement, with which parameters."""

    id: Id
    requirement: Id
    engine: Id
    parameters: dict[str, str | int | float | bool] = Field(default_factory=dict)
    seed: Annotated[int, Field(ge=0)] = 0
    operator: Id | None = None
    """Who carries it out and answers for it."""


class ExternalVerdict(DeclaredFile):
    """The result file of another verifier about a requirement: kept, replayed, never counted as a proof."""

    tool: ToolName
    tool_version: Annotated[str, StringConstraints(min_length=1, max_length=100, strip_whitespace=True)] | None = None
    requirement: Id
    model: Id
    property_file: Id
    """The VNN-LIB file that the tool was asked about."""

    @property
    def run(self) -> Run:
        """As an entry of the journal: an import answers a requirement as a run does."""
        return Run(id=self.id, requirement=self.requirement, engine=self.tool)


class DocumentItem(DeclaredFile):
    """An external document offered as evidence."""

    evidence: Text
    """Kind of evidence in the catalogues' vocabulary, e.g. 'review-record'."""
    format: Format | None = None
    """How its content is read (docs/engineering-evidence.md). Without it the file is known by its digest only."""
    author: Id
    reviewer: Id | None = None
    independent: StrictBool = False
    date: IsoDate
    about: tuple[Id, ...] = Field(min_length=1)
    """Requirement, model, data-set, table or run ids, data items of the selected standards; 'case'; or a leg of the
    argument that the document is to show: 'requirements' (that they are complete and right), 'implementation', 'preprocessing', 'postprocessing'."""
    objectives: tuple[Text, ...] = ()
    """Objectives that the document is offered for, as 'standard:objective'. Reviews, plans and other kinds whose
    content no tool reads count only for objectives that they name here."""
    examined: Artefact = Artefact.DOCUMENT
    """What the document reports on: a coverage report examines source code, a target test the executable."""


class Deviation(Frozen):
    """A known shortfall that a named person accepts, with the reason. It is shown wherever it matters."""

    id: Id
    about: Text
    """A requirement id, a threat model id (its exclusions are accepted), or 'standard:objective'."""
    rationale: Rationale
    accepted_by: Id
    date: IsoDate
    of: Digest | None = None
    """About a requirement: digest of its model and criterion, as `assurance check` prints it. With it the deviation
    lapses when either changes."""
    regions_at_most: Annotated[int, Field(ge=0)] | None = None
    """About a requirement: how many regions with counterexamples are accepted."""


class Acceptance(Frozen):
    """A named person's acceptance of one objective's proposed status, tied to the digest of what was accepted."""

    objective: Text
    by: Id
    date: IsoDate
    digest: Digest


class Case(Frozen):
    """The whole case file."""

    schema_: Literal["assurance-case/1"] = Field(alias="schema")
    id: Id
    title: Text
    organisation: Text
    issue: Text
    """Issue or revision of the case, as the organisation counts."""
    system: System
    constituent: Constituent
    odd: Odd
    hazards: tuple[Hazard, ...] = Field(min_length=1)
    people: tuple[Person, ...] = Field(min_length=1)
    standards: tuple[StandardChoice, ...] = Field(min_length=1)
    safety_requirements: tuple[SafetyRequirement, ...] = Field(min_length=1)
    requirements: tuple[Requirement, ...] = Field(min_length=1)
    models: tuple[Model, ...] = Field(min_length=1)
    data_sets: tuple[File, ...] = ()
    tables: tuple[File, ...] = ()
    property_files: tuple[File, ...] = ()
    threat_models: tuple[ThreatModel, ...] = ()
    runs: tuple[Run, ...] = ()
    external_verdicts: tuple[ExternalVerdict, ...] = ()
    patterns: Annotated[tuple[Id, ...], AfterValidator(_different)] = Field(
        ("ml-constituent",), min_length=1, max_length=8
    )
    """The argument patterns (`assurance new --list-patterns`), each under a top goal of its own."""
    pattern_data: dict[Id, dict[str, JsonValue] | None] = Field(default_factory=dict)
    """By pattern: what it asks for and only people can say (docs/patterns.md). A leg is a list of document ids."""
    pattern_files: tuple[DeclaredFile, ...] = Field((), max_length=20)
    """The organisation's own patterns. The id is the one that the file gives itself, and none of the library's."""
    documents: tuple[DocumentItem, ...] = ()
    deviations: tuple[Deviation, ...] = ()
    agreements: tuple[Agreement, ...] = ()
    problem_reports: tuple[RecordedProblem, ...] = ()
    challenges: tuple[Challenge, ...] = ()
    dispositions: tuple[Disposition, ...] = ()
    acceptances: tuple[Acceptance, ...] = ()
    evidence_folder: RelativePath = "evidence"

    @property
    def answering(self) -> tuple[Run, ...]:
        """Everything that the journal can name as a run: the runs, then the imported verdicts of other tools."""
        return (*self.runs, *(item.run for item in self.external_verdicts))

    def requirement(self, id: str) -> Requirement:
        return next(item for item in self.requirements if item.id == id)

    def model(self, id: str) -> Model:
        return next(item for item in self.models if item.id == id)

    def person(self, id: str) -> Person:
        return next(item for item in self.people if item.id == id)
