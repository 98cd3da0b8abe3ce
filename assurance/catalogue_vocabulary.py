"""The closed vocabularies of catalogues: kinds of entries, marks, scopes, subjects, kinds of evidence, degrees of credit.

Words only, with what they mean and which of them belong together. Not here: the catalogues (catalogue.py), how
evidence of the tool's own records maps to a kind (objectives/).
"""

from __future__ import annotations

from enum import StrEnum

from evidence.verdict import Artefact


class Status(StrEnum):
    """Standing of a document."""

    PUBLISHED = "published"
    DRAFT = "draft"
    PROPOSED = "proposed"
    GUIDANCE = "guidance"


class Scheme(StrEnum):
    """What the entries of a catalogue are, and so which marks they carry."""

    OBJECTIVES = "objectives"
    METHODS = "methods"
    CHECKLIST = "checklist"


class EntryKind(StrEnum):
    OBJECTIVE = "objective"
    METHOD = "method"
    CHECKLIST_ITEM = "checklist-item"


class Mark(StrEnum):
    """What a standard prints for an entry at a level. Null in a catalogue: not known."""

    REQUIRED = "required"
    REQUIRED_WITH_INDEPENDENCE = "required-with-independence"
    NOT_REQUIRED = "not-required"
    HIGHLY_RECOMMENDED = "++"
    RECOMMENDED = "+"
    NO_RECOMMENDATION = "o"


class Applicability(StrEnum):
    """What a mark means for a case."""

    REQUIRED = "required"
    HIGHLY_RECOMMENDED = "highly-recommended"
    RECOMMENDED = "recommended"
    NO_RECOMMENDATION = "no-recommendation"
    NOT_REQUIRED = "not-required"
    UNKNOWN = "unknown"


class Grade(StrEnum):
    """How well something is known."""

    HIGH = "high"
    MEDIUM_HIGH = "medium-high"
    MEDIUM = "medium"
    LOW = "low"


class Scope(StrEnum):
    """Of what an entry has to be shown: the N of "n of N items"."""

    CASE = "case"
    """One item: the case as a whole."""
    REQUIREMENT = "requirement"
    """Each requirement allocated to the ML constituent."""
    DERIVED_REQUIREMENT = "derived-requirement"
    """Each requirement marked derived."""
    MODEL = "model"
    """Each model."""
    PARAMETER_DATA_ITEM = "parameter-data-item"
    """Each model whose declared role is parameter data item; with none the entry does not apply."""
    DATA_SET = "data-set"
    """Each data set."""
    RUN = "run"
    """Each certification run that the case declares."""
    DOCUMENT = "document"
    """Each of the entry's own data items."""


class Subject(StrEnum):
    """What an entry is about."""

    SYSTEM = "system"
    REQUIREMENTS = "requirements"
    ARCHITECTURE = "architecture"
    MODEL_DESCRIPTION = "model-description"
    SOFTWARE_UNIT = "software-unit"
    SOURCE_CODE = "source-code"
    EXECUTABLE_ON_TARGET = "executable-on-target"
    PARAMETER_DATA_ITEM = "parameter-data-item"
    DATA = "data"
    VERIFICATION_DATA = "verification-data"
    CONFIGURATION = "configuration"
    PROCESS = "process"


BEARS: dict[Subject, frozenset[Artefact]] = {
    Subject.SYSTEM: frozenset({Artefact.DOCUMENT, Artefact.EXECUTABLE_ON_TARGET}),
    Subject.REQUIREMENTS: frozenset({Artefact.DOCUMENT}),
    Subject.ARCHITECTURE: frozenset({Artefact.DOCUMENT}),
    Subject.MODEL_DESCRIPTION: frozenset({Artefact.MODEL_DESCRIPTION}),
    Subject.SOFTWARE_UNIT: frozenset({Artefact.MODEL_DESCRIPTION, Artefact.SOURCE_CODE, Artefact.EXECUTABLE_ON_TARGET}),
    Subject.SOURCE_CODE: frozenset({Artefact.SOURCE_CODE}),
    Subject.EXECUTABLE_ON_TARGET: frozenset({Artefact.EXECUTABLE_ON_TARGET}),
    Subject.PARAMETER_DATA_ITEM: frozenset({Artefact.DATA, Artefact.EXECUTABLE_ON_TARGET}),
    Subject.DATA: frozenset({Artefact.DATA}),
    Subject.VERIFICATION_DATA: frozenset({Artefact.DOCUMENT, Artefact.EXECUTABLE_ON_TARGET}),
    Subject.CONFIGURATION: frozenset({Artefact.DOCUMENT}),
    Subject.PROCESS: frozenset({Artefact.DOCUMENT}),
}
"""Which analysed artefact can carry more than supporting credit for an entry about this subject.

Not asked of `PAPER_KINDS`, which reach an entry by naming it.
"""


class EvidenceKind(StrEnum):
    """The vocabulary in which catalogues ask for evidence; kinds of records map to it."""

    PLAN = "plan"
    REQUIREMENT_RECORD = "requirement-record"
    TRACE_RECORD = "trace-record"
    REVIEW_RECORD = "review-record"
    DATASET_REPORT = "dataset-report"
    TRAINING_RECORD = "training-record"
    PERFORMANCE_TEST = "performance-test"
    FORMAL_LOCAL_ROBUSTNESS = "formal-local-robustness"
    """Sound proof that the decision is kept under a stated perturbation of listed inputs."""
    FORMAL_PROPERTY = "formal-property"
    """Sound proof of an output property over stated boxes or cells."""
    PROBABILISTIC_ROBUSTNESS = "probabilistic-robustness"
    OUTPUT_REACHABILITY = "output-reachability"
    """Bounds of the outputs over boxes: one evaluation of the network."""
    REACHABILITY = "reachability"
    """Reachable states of the closed loop with a plant model. Nothing on board produces it."""
    COUNTEREXAMPLE = "counterexample"
    IMPLEMENTATION_EQUIVALENCE = "implementation-equivalence"
    NUMERICAL_SOUNDNESS = "numerical-soundness"
    COVERAGE_RECORD = "coverage-record"
    MONITOR_EVIDENCE = "monitor-evidence"
    TOOL_QUALIFICATION = "tool-qualification"
    CONFIGURATION_INDEX = "configuration-index"
    PROBLEM_REPORT = "problem-report"
    QUALITY_AUDIT = "quality-audit"
    SAFETY_ANALYSIS = "safety-analysis"


PROOF_KINDS = frozenset(
    {
        EvidenceKind.FORMAL_LOCAL_ROBUSTNESS,
        EvidenceKind.FORMAL_PROPERTY,
        EvidenceKind.OUTPUT_REACHABILITY,
        EvidenceKind.REACHABILITY,
    }
)
"""Kinds that assert something of every input of a set: they earn their credit only when PROVED."""

STATISTICAL_KINDS = frozenset(
    {EvidenceKind.PROBABILISTIC_ROBUSTNESS, EvidenceKind.PERFORMANCE_TEST, EvidenceKind.MONITOR_EVIDENCE}
)
"""Kinds that speak of probability or of a sample: never formal credit, never the whole of an item."""

OPAQUE_KINDS = frozenset(
    {
        EvidenceKind.PLAN,
        EvidenceKind.REVIEW_RECORD,
        EvidenceKind.DATASET_REPORT,
        EvidenceKind.TRAINING_RECORD,
        EvidenceKind.TOOL_QUALIFICATION,
        EvidenceKind.PROBLEM_REPORT,
        EvidenceKind.QUALITY_AUDIT,
        EvidenceKind.SAFETY_ANALYSIS,
    }
)
"""Documents whose content the tool cannot read: they count only for entries that they name themselves.

Otherwise the review that a formal property keeps the meaning of its text would pass for a review of plans.
"""


CODE = frozenset({Artefact.SOURCE_CODE, Artefact.EXECUTABLE_ON_TARGET})
"""Artefacts with statements, decisions and conditions to cover. Learned weights have none."""

PAPER_KINDS = OPAQUE_KINDS | {EvidenceKind.REQUIREMENT_RECORD, EvidenceKind.TRACE_RECORD}
"""Kinds whose analysed artefact is always the document itself; which objective it is for, its naming tells."""


class CreditLevel(StrEnum):
    """How far one fitting record takes one item of an entry's scope."""

    FULL = "full"
    """The record is all that the item needs, acceptance and independence aside."""
    PARTIAL = "partial"
    """A needed part; `remains` says what else."""
    SUPPORTING = "supporting"
    """Worth knowing; leaves the item open."""


class ModelRole(StrEnum):
    """The part that a case declares a model to play in the life cycle."""

    LOW_LEVEL_REQUIREMENT = "low-level-requirement"
    """Its description is low-level requirement and design (in ISO 26262-6: the unit and its design)."""
    PARAMETER_DATA_ITEM = "parameter-data-item"
    """Its weights are data loaded apart from the code (in ISO 26262-6: calibration data)."""


class NextKind(StrEnum):
    RUN = "run"
    DOCUMENT = "document"
    AGREE_WITH_AUTHORITY = "agree-with-authority"
