"""Records of output reachability: what the outputs can be over whole input boxes."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from evidence.records.base import Counterexample, RecordBase, VerdictField, require_fitting, require_regions
from evidence.records.letters import RegionVerdicts, require_proofs, require_refutations
from evidence.specification import Frozen, Statement


class OutputRange(Frozen):
    """Bounds of every output over one box, in the order of the statement's outputs.

    `star_*` come from linear programs in floating point and are candidates; `checked_*` were derived again by
    the independent checker and are the ones a claim may use; `sampled_*` were attained by sampled inputs, so
    the true range lies between sampled and checked.
    """

    box: str
    star_lower: tuple[float, ...]
    star_upper: tuple[float, ...]
    checked_lower: tuple[float, ...]
    checked_upper: tuple[float, ...]
    sampled_lower: tuple[float, ...]
    sampled_upper: tuple[float, ...]
    exact: bool
    """True when the star set was split at every undecided ReLU, so that its bounds are exact up to the solver."""
    stars: int
    decisions: tuple[str, ...] = ()
    """Outputs that may be the decision somewhere in the box, after the checker's bounds (others are excluded)."""


class OutputRangeRecord(RecordBase):
    """Reachable outputs of the base network over input boxes, one step, no closed loop."""

    kind: Literal["output-range"] = "output-range"
    statement: Statement
    verdict: VerdictField
    regions: RegionVerdicts
    ranges: tuple[OutputRange, ...]
    counterexamples: tuple[Counterexample, ...] = ()

    @property
    def count(self) -> int:
        return len(self.regions)

    def number(self, letter: str) -> int:
        return self.regions.count(letter)

    @model_validator(mode="after")
    def _coherent(self) -> OutputRangeRecord:
        require_regions(self.statement, self.count)
        require_fitting(self.statement, self.counterexamples)
        if len(self.ranges) != len(self.regions):
            raise ValueError("one output range for each box")
        require_refutations(self.regions, self.verdict, self.counterexamples)
        require_proofs(self.regions, self.rechecks, self.artefacts)
        return self
