"""Records of other tools' verdicts: what a tool said about a property, and what of it could be replayed.

A claimed proof stays a claim: nobody checked it, so no region is ever proved by such a record. A counterexample counts
only after it was replayed exactly; one that holds within a tolerance is a near miss.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from evidence.digest import Digest
from evidence.records.base import Counterexample, RecordBase, VerdictField, require_fitting, require_regions
from evidence.records.letters import require_refutations
from evidence.specification import Statement
from evidence.verdict import Arithmetic, GuaranteeKind, Predictor

ToolName = Literal["alpha-beta-crown", "marabou", "nnenum"]
Claimed = Literal["holds", "violated", "unknown", "timeout", "error"]
"""What a tool's word means: `holds` is a claimed proof, `violated` a claimed counterexample."""


class ExternalVerdictRecord(RecordBase):
    """One verdict of another tool about one network and one property."""

    kind: Literal["external-verdict"] = "external-verdict"
    statement: Statement
    tool: ToolName
    tool_version: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None
    """As the person who imported it says; None when nobody says."""
    said: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    """The tool's own word."""
    claimed: Claimed
    result: Digest
    """The tool's result file; stored with the record."""
    property_file: Digest
    """The VNN-LIB file that the tool was asked about; stored with the record."""
    witness: Literal["none", "replayed", "near miss"]
    """What became of the tool's counterexample."""
    verdict: VerdictField
    """Ours: REFUTED for a replayed counterexample, else UNKNOWN."""
    regions: Annotated[str, StringConstraints(pattern=r"^[CRU]+$")]
    """One letter for each region as in bounds records; C is the tool's unchecked claim of a proof. Never P."""
    counterexamples: Annotated[tuple[Counterexample, ...], Field(max_length=1)] = ()

    @property
    def count(self) -> int:
        return len(self.regions)

    def number(self, letter: str) -> int:
        """How many regions have this letter."""
        return self.regions.count(letter)

    @model_validator(mode="after")
    def _coherent(self) -> ExternalVerdictRecord:
        require_regions(self.statement, self.count)
        require_fitting(self.statement, self.counterexamples)
        require_refutations(self.regions, self.verdict, self.counterexamples)
        if (self.witness == "replayed") != bool(self.counterexamples):
            raise ValueError("a replayed witness is a counterexample, and no other is")
        if self.claimed == "holds" and (set(self.regions) != {"C"} or self.witness != "none"):
            raise ValueError("a claimed proof is about every region and has no witness")
        if self.claimed != "holds" and "C" in self.regions:
            raise ValueError("nothing is claimed to hold where the tool did not say so")
        if self.witness != "none" and self.claimed != "violated":
            raise ValueError("a witness belongs to a claimed violation")
        strength = (self.guarantee.kind, self.guarantee.arithmetic, self.guarantee.predictor, self.guarantee.complete)
        if strength != (*external_strength(self.claimed), Predictor.BASE, False):
            raise ValueError("an unchecked word of another tool cannot be stronger than unchecked")
        if {"result": self.result, "property": self.property_file} != self.artefacts:
            raise ValueError("result and property file belong to the record")
        return self


def external_strength(claimed: Claimed) -> tuple[GuaranteeKind, Arithmetic]:
    """Kind and arithmetic of such a record: an unchecked claim over the reals at best, or one execution."""
    if claimed == "holds":
        return GuaranteeKind.UNCHECKED, Arithmetic.REAL
    return GuaranteeKind.EMPIRICAL, Arithmetic.FLOAT32_ONE
