"""Requirement -> claim: the formal property with its references resolved, and the criterion that decides it.

A claim is what `support.py` compares with records, field by field. It comes from the case file alone: no
result flows in here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from assurance.case import BallsOf, BoxesOf, Case, CellsOf, FileOf, FormalProperty, Requirement
from evidence.digest import canonical_json, of_bytes
from evidence.specification import Boxes, InputBalls, L2Ball, LinfBall, PropertyFile, SensorError, Statement, TableCells
from evidence.verdict import Arithmetic, GuaranteeKind


@dataclass(frozen=True)
class Criterion:
    """When the claim counts as met."""

    at_least: float
    guarantee: GuaranteeKind
    error_probability: float | None


@dataclass(frozen=True)
class Claim:
    """What a requirement demands of the evidence."""

    requirement: str
    statement: Statement
    criterion: Criterion
    reviewed: bool
    """A named person confirmed that the formal property means what the sentence says."""
    review_independent: bool
    criterion_digest: str
    """Identity of what is demanded, apart from the model: retraining keeps it, lowering an epsilon changes it."""
    author: str = ""
    """Who wrote the requirement: neither reviews its meaning independently nor accepts its shortfalls."""
    text: str = ""
    """The requirement's sentence."""
    review_lapsed: bool = False
    """The review was made of another sentence or property, so that it counts for nothing (`reviewed` is False)."""
    noise: tuple[float, str] | None = None
    """Standard deviation and unit of the noise of a deployed smoothed classifier."""

    @cached_property
    def meaning(self) -> str:
        """Digest of sentence and property together: what a meaning review is tied to."""
        return _meaning(self.text, self.criterion_digest)

    @cached_property
    def identity(self) -> str:
        """Digest of model and criterion together: what a deviation is tied to."""
        return of_bytes(canonical_json({"model": self.statement.model, "criterion": self.criterion_digest}))


def claim_of(case: Case, requirement: Requirement) -> Claim | None:
    """The claim of a requirement, or None when it has no formal property.

    References must have been checked (`loading.py`); a statement that is inconsistent in itself raises
    pydantic's ValidationError, which the loader turns into a finding.
    """
    formal = requirement.property
    if formal is None:
        return None
    deployed = case.model(formal.model).smoothing_noise
    noise = (deployed.value, deployed.unit) if deployed else None
    statement = statement_of(case, formal)
    criterion = Criterion(formal.at_least, formal.guarantee, formal.error_probability)
    demanded = _criterion_digest(statement, criterion, noise)
    review = requirement.meaning_review
    valid = review is not None and (review.of is None or review.of == _meaning(requirement.text, demanded))
    return Claim(
        requirement.id,
        statement,
        criterion,
        reviewed=valid,
        review_independent=valid and review is not None and review.independent and review.by != requirement.author,
        criterion_digest=demanded,
        author=requirement.author,
        text=requirement.text,
        review_lapsed=review is not None and not valid,
        noise=noise,
    )


def _meaning(text: str, demanded: str) -> str:
    """Digest of a sentence and of what its property demands."""
    return of_bytes(canonical_json({"text": text, "property": demanded}))


def _criterion_digest(statement: Statement, criterion: Criterion, noise: tuple[float, str] | None) -> str:
    """Identity of what is demanded, apart from the model."""
    wanted = {
        "at_least": criterion.at_least,
        "guarantee": criterion.guarantee.value,
        "error_probability": criterion.error_probability,
    }
    examined = statement.model_dump(mode="json", exclude={"model"})
    return of_bytes(canonical_json({"statement": examined, "criterion": wanted, "noise": noise}))


def statement_of(case: Case, formal: FormalProperty) -> Statement:
    """The typed statement that a run has to examine."""
    model = case.model(formal.model)
    sampled = formal.guarantee is GuaranteeKind.STATISTICAL
    arithmetic = formal.arithmetic or (Arithmetic.FLOAT32_ONE if sampled else model.arithmetic)
    return Statement(
        model=model.digest,
        inputs=model.ports,
        outputs=model.outputs,
        decision=model.decision,
        predictor=model.predictor,
        arithmetic=Arithmetic(arithmetic),
        regions=_regions(case, formal.regions),
        condition=formal.condition,
    )


def perturbation_of(case: Case, formal: FormalProperty) -> LinfBall | L2Ball | SensorError | None:
    """The perturbation set of a property around listed inputs; None for other regions."""
    if not isinstance(formal.regions, BallsOf):
        return None
    wanted = formal.regions.threat_model
    return next(model.perturbation for model in case.threat_models if model.id == wanted)


def _regions(
    case: Case, regions: BallsOf | BoxesOf | CellsOf | FileOf
) -> InputBalls | Boxes | TableCells | PropertyFile:
    if isinstance(regions, BallsOf):
        data = next(item for item in case.data_sets if item.id == regions.data_set)
        threat = next(item for item in case.threat_models if item.id == regions.threat_model)
        return InputBalls(data=data.digest, inputs=regions.inputs, perturbation=threat.perturbation)
    if isinstance(regions, BoxesOf):
        return Boxes(boxes=regions.boxes)
    if isinstance(regions, FileOf):
        given = next(item for item in case.property_files if item.id == regions.property_file)
        return PropertyFile(file=given.digest)
    table = next(item for item in case.tables if item.id == regions.table)
    return TableCells(table=table.digest)
