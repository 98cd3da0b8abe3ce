"""Records of randomized smoothing (Cohen, Rosenfeld & Kolter, ICML 2019): counts, from which all else follows."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from evidence.records.base import RecordBase, require_regions
from evidence.specification import Frozen, InputBalls, KeepLabel, L2Ball, Statement
from evidence.verdict import GuaranteeKind, Predictor


class SmoothedInput(Frozen):
    """Counts for one listed input. The radius is recomputed from them, never taken on trust."""

    label: int
    predicted: int
    """Class chosen on the selection sample."""
    successes: Annotated[int, Field(ge=0)]
    """How many of the estimation samples were classified as `predicted`."""
    lower_probability: float
    """One-sided Clopper-Pearson bound on the probability of `predicted` under noise."""
    radius: Annotated[float, Field(ge=0)]
    """Verified L2 radius sigma * Phi^-1(lower_probability); 0 when abstained."""
    abstained: bool


class SmoothingRecord(RecordBase):
    """With the stated probability the smoothed classifier keeps its class within each input's radius.

    The statement is about the smoothed classifier, for the listed inputs, and says nothing of the base network.
    """

    kind: Literal["smoothing"] = "smoothing"
    statement: Statement
    sigma: Annotated[float, Field(gt=0)]
    sigma_unit: str
    noise: Literal["independent", "shared"]
    selection_samples: Annotated[int, Field(ge=1)]
    estimation_samples: Annotated[int, Field(ge=1)]
    inputs: tuple[SmoothedInput, ...] = Field(min_length=1)

    @property
    def count(self) -> int:
        return len(self.inputs)

    def established(self, radius: float) -> int:
        """Listed inputs whose label is kept, with the record's probability, within this L2 radius."""
        return sum(
            not item.abstained and item.predicted == item.label and item.radius >= radius for item in self.inputs
        )

    @model_validator(mode="after")
    def _coherent(self) -> SmoothingRecord:
        regions = self.statement.regions
        if not (isinstance(regions, InputBalls) and isinstance(regions.perturbation, L2Ball)):
            raise ValueError("smoothing speaks of L2 balls around listed inputs only")
        if not isinstance(self.statement.condition, KeepLabel):
            raise ValueError("smoothing speaks of keeping the stored label only")
        if self.guarantee.kind is not GuaranteeKind.STATISTICAL or self.guarantee.predictor is not Predictor.SMOOTHED:
            raise ValueError("a smoothing record is a statistical statement about the smoothed predictor")
        require_regions(self.statement, self.count)
        for number, item in enumerate(self.inputs):
            if item.successes > self.estimation_samples:
                raise ValueError(f"input {number}: more successes than samples")
            if item.abstained != (item.lower_probability <= 0.5) or (item.abstained and item.radius > 0):
                raise ValueError(f"input {number}: abstention does not follow from the probability")
        if self.guarantee.error_probability is None:
            raise ValueError("a statistical record needs its error probability")
        return self
